// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Route changes, and what applications say of routing state (RFC 5971 7.1, B.5, B.6).
 *
 * Whatever goes through the table only marks; what follows is done by the timer of each state, a
 * little later and not all at once.
 */
#include <string.h>

#include "gist/engine.h"

#define SPREAD 500 /* ms that checks after a route change are spread over */

struct change {
	const struct address *prefix;
	unsigned int len;
};

static bool concerned(const struct state *st, const struct change *c)
{
	const struct address *to;
	struct gist_mri mri;

	if (!c->prefix || !c->prefix->version)
		return true;
	gist_state_mri(st, &mri);
	to = mri.upstream ? &mri.source : &mri.destination;
	return address_within(to, c->prefix, c->len);
}

static bool mark_route(struct table_node *n, void *arg)
{
	struct state *st = container_of(n, struct state, node);
	struct change *c = arg;

	if (st->role != QUERIER || !concerned(st, c))
		return true;
	gist_state_soon(st, STATE_CHECK, SPREAD + GIST_SPREAD(st->g->states.count));
	return true;
}

void gist_route_changed(struct gist *g, const struct address *prefix, unsigned int len)
{
	struct change c = { prefix, len };

	table_each(&g->states, mark_route, &c);
}

static bool route_is_same(struct state *st)
{
	struct gist_mri mri;
	struct gist_route r;
	struct address own;

	gist_state_mri(st, &mri);
	if (gist_output_route(st->g, &mri, &r, &own))
		return !st->route;
	return gist_route_hash(st->g, &r) == st->route;
}

/* The timer's part: a look at the forwarding table (7.1.3), or straight to a new handshake. */
void gist_route_check(struct state *st)
{
	bool urgent = st->flags & STATE_URGENT;

	st->flags &= (uint16_t)~(STATE_CHECK | STATE_URGENT);
	if (st->hs && st->hs->next && !urgent)
		return; /* a handshake is under way, by the new route */
	if (!urgent && route_is_same(st))
		return;
	if (!urgent && st->validity == GOOD) {
		st->validity = TENTATIVE;
		gist_notify_network(st, GIST_ROUTE_TENTATIVE, st->peer);
	}
	if (!(st->flags & STATE_FINAL))
		gist_querier_restart(st, st->validity != BAD);
}

struct match {
	uint16_t nslpid;    /* 0: any */
	const uint8_t *sid; /* NULL: any */
	struct key key;	    /* MRI only */
	bool bad, urgent;
	uint32_t lifetime;
};

static bool matches(const struct state *st, const struct match *m)
{
	return (!m->nslpid || st->nslpid == m->nslpid) && st->mri_len == m->key.mri_len &&
	       !memcmp(st->mri, m->key.mri, st->mri_len) &&
	       (!m->sid || !memcmp(st->sid, m->sid, GIST_SID_SIZE));
}

/* 7.1.3: also at once if the neighbour on the other side has no doubt. */
static bool other_is_good(const struct state *st)
{
	const struct state *other = gist_state_opposite(st);

	return other && other->role == RESPONDER && other->validity == GOOD;
}

static bool invalidate(struct table_node *n, void *arg)
{
	struct state *st = container_of(n, struct state, node);
	struct match *m = arg;

	if (!matches(st, m))
		return true;
	st->validity = m->bad ? BAD : st->validity == GOOD ? TENTATIVE : st->validity;
	if (st->role == QUERIER && (m->bad || m->urgent || other_is_good(st)))
		gist_state_soon(st, STATE_URGENT, m->urgent ? 0 : SPREAD);
	return true;
}

void gist_invalidate(struct gist *g, uint16_t nslpid, const struct gist_mri *mri, bool bad,
		     bool urgent)
{
	static const uint8_t any[GIST_SID_SIZE];
	struct match m = { .nslpid = nslpid, .bad = bad, .urgent = urgent };

	if (gist_key_make(&m.key, mri, mri->upstream, any, nslpid))
		table_each(&g->states, invalidate, &m);
}

/* 0 stops refreshing: the state ends when its validity does (4.4.4). */
static void set_lifetime(struct state *st, uint32_t lifetime)
{
	if (st->role != QUERIER)
		return;
	st->flags |= STATE_LIFETIME;
	if (!lifetime) {
		gist_state_finish(st);
		return;
	}
	st->flags &= (uint16_t)~STATE_FINAL;
	st->lifetime = lifetime;
	st->inactive = gist_now(st->g) + lifetime;
	gist_state_arm(st);
}

static bool set_one(struct table_node *n, void *arg)
{
	struct state *st = container_of(n, struct state, node);
	struct match *m = arg;

	if (matches(st, m))
		set_lifetime(st, m->lifetime);
	return true;
}

void gist_set_lifetime(struct gist *g, uint16_t nslpid, const uint8_t *sid,
		       const struct gist_mri *mri, uint32_t lifetime)
{
	static const uint8_t any[GIST_SID_SIZE];
	struct match m = { .nslpid = nslpid, .lifetime = lifetime };
	struct state *st;

	if (!gist_key_make(&m.key, mri, mri->upstream, sid ? sid : any, nslpid))
		return;
	if (!sid) {
		table_each(&g->states, set_one, &m);
		return;
	}
	st = gist_state_find(g, &m.key);
	if (st)
		set_lifetime(st, lifetime);
}
