// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The routing state table (RFC 5971 4.2.1).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gist/engine.h"

static bool matches(const struct state *st, const struct key *k, const uint8_t *mri, size_t len)
{
	return st->nslpid == k->nslpid && len == k->mri_len && !memcmp(mri, k->mri, len) &&
	       !memcmp(st->sid, k->sid, GIST_SID_SIZE);
}

struct state *gist_state_find(struct gist *g, const struct key *k)
{
	uint64_t hash = gist_key_hash(g, k);
	struct table_node *n;
	struct state *st;

	for (n = table_first(&g->states, hash); n; n = table_next(n, hash)) {
		st = container_of(n, struct state, node);
		if (matches(st, k, st->mri, st->mri_len))
			return st;
	}
	return NULL;
}

struct state *gist_state_opposite(const struct state *st)
{
	struct gist_mri mri;
	struct key k;

	gist_state_mri(st, &mri);
	if (!gist_key_make(&k, &mri, !mri.upstream, st->sid, st->nslpid))
		return NULL;
	return gist_state_find(st->g, &k);
}

void gist_state_finish(struct state *st)
{
	st->flags |= STATE_FINAL;
	if (!st->expire)
		st->inactive = gist_now(st->g) + st->g->config.validity;
	gist_state_arm(st);
}

/* 8.4: before anything is refused. */
bool gist_state_delayed(const struct gist *g)
{
	uint32_t states = g->roles[QUERIER] + g->roles[RESPONDER];

	return g->config.delayed || states >= g->config.states - g->config.states / 4;
}

static struct state *find_alias(struct gist *g, const struct key *k)
{
	uint64_t hash = gist_key_hash(g, k);
	struct table_node *n;
	struct alias *a;

	for (n = table_first(&g->aliases, hash); n; n = table_next(n, hash)) {
		a = container_of(n, struct alias, node);
		if (matches(a->state, k, a->mri, a->mri_len))
			return a->state;
	}
	return NULL;
}

struct state *gist_state_find_peer(struct gist *g, const struct key *k)
{
	struct state *st = g->aliases.count ? find_alias(g, k) : NULL;

	if (st)
		return st;
	st = gist_state_find(g, k);
	return st && !st->alias ? st : NULL;
}

void gist_state_mri(const struct state *st, struct gist_mri *mri)
{
	gist_key_mri(mri, st->mri, st->mri_len);
}

static void fire(struct timer *t)
{
	struct state *st = container_of(t, struct state, timer);

	if (st->role == QUERIER)
		gist_querier_timer(st);
	else
		gist_responder_timer(st);
}

struct state *gist_state_create(struct gist *g, const struct key *k, enum role role)
{
	struct state *st;

	if (g->roles[QUERIER] + g->roles[RESPONDER] >= g->config.states) {
		COUNT(g, full);
		return NULL;
	}
	st = calloc(1, sizeof(*st) + k->mri_len);
	if (!st)
		return NULL;
	st->g = g;
	st->role = (uint8_t)role;
	st->nslpid = k->nslpid;
	st->lifetime = g->config.inactive;
	memcpy(st->sid, k->sid, GIST_SID_SIZE);
	st->mri_len = k->mri_len;
	memcpy(st->mri, k->mri, k->mri_len);
	timer_init(&st->timer, fire);
	if (table_add(&g->states, &st->node, gist_key_hash(g, k))) {
		free(st);
		return NULL;
	}
	g->roles[role]++;
	g->memory += sizeof(*st) + st->mri_len;
	return st;
}

static void drop_alias(struct state *st)
{
	if (!st->alias)
		return;
	table_del(&st->g->aliases, &st->alias->node);
	st->g->memory -= sizeof(*st->alias) + st->alias->mri_len;
	free(st->alias);
	st->alias = NULL;
}

int gist_state_alias(struct state *st, const struct key *k)
{
	struct alias *a;

	drop_alias(st);
	if (!k)
		return 0;
	a = calloc(1, sizeof(*a) + k->mri_len);
	if (!a)
		return -ENOBUFS;
	a->state = st;
	a->mri_len = k->mri_len;
	memcpy(a->mri, k->mri, k->mri_len);
	if (table_add(&st->g->aliases, &a->node, gist_key_hash(st->g, k))) {
		free(a);
		return -ENOBUFS;
	}
	st->alias = a;
	st->g->memory += sizeof(*a) + a->mri_len;
	return 0;
}

void gist_state_end(struct state *st, int event, enum gist_failure failure, uint16_t error)
{
	struct gist *g = st->g;

	timer_stop(g->timers, &st->timer);
	table_del(&g->states, &st->node);
	drop_alias(st);
	gist_state_unbind(st);
	g->roles[st->role]--;
	gist_queue_fail(st, failure, error);
	gist_handshake_end(st);
	if (event != NO_EVENT)
		gist_notify_network(st, (enum gist_event)event, st->peer);
	gist_state_set_peer(st, NULL);
	g->memory -= sizeof(*st) + st->mri_len;
	free(st);
}

void gist_state_set_peer(struct state *st, struct peer *p)
{
	if (st->peer && st->role == RESPONDER)
		st->peer->host->responders--;
	gist_peer_put(st->g, st->peer);
	st->peer = p;
	if (p && st->role == RESPONDER)
		p->host->responders++;
}

void gist_state_bind(struct state *st, struct ma *ma)
{
	if (st->ma == ma)
		return;
	gist_state_unbind(st);
	st->ma = ma;
	st->ma_next = ma->states;
	st->ma_prev = &ma->states;
	if (ma->states)
		ma->states->ma_prev = &st->ma_next;
	ma->states = st;
	ma->sessions++;
	gist_ma_wanted(ma);
}

void gist_state_unbind(struct state *st)
{
	struct ma *ma = st->ma;

	if (!ma)
		return;
	*st->ma_prev = st->ma_next;
	if (st->ma_next)
		st->ma_next->ma_prev = st->ma_prev;
	st->ma = NULL;
	ma->sessions--;
	if (!ma->sessions)
		gist_ma_unwanted(ma);
}

static void sooner(uint64_t *at, uint64_t candidate)
{
	if (candidate && candidate < *at)
		*at = candidate;
}

void gist_state_arm(struct state *st)
{
	uint64_t at = TIMERS_NEVER, now = gist_now(st->g);

	sooner(&at, st->expire);
	if (st->hs)
		sooner(&at, st->hs->next);
	if (st->role == QUERIER) {
		sooner(&at, st->inactive);
		if (st->phase == ESTABLISHED && !(st->flags & STATE_FINAL))
			sooner(&at, st->refresh);
	}
	if (st->flags & (STATE_CHECK | STATE_URGENT | STATE_BROKEN))
		sooner(&at, now + 1);
	if (at == TIMERS_NEVER)
		timer_stop(st->g->timers, &st->timer);
	else if (timer_start(st->g->timers, &st->timer, at > now ? at - now : 0))
		log_error(SUB_GIST, "out of memory for timers");
}

void gist_state_soon(struct state *st, unsigned int flags, uint32_t spread)
{
	struct gist *g = st->g;

	st->flags |= (uint16_t)flags;
	if (timer_start(g->timers, &st->timer, gist_random_between(g, 0, spread)))
		log_error(SUB_GIST, "out of memory for timers");
}

void gist_state_tell_broken(struct state *st)
{
	if (!(st->flags & STATE_BROKEN))
		return;
	st->flags &= (uint16_t)~STATE_BROKEN;
	gist_notify_network(st, GIST_COMMUNICATION_FAILURE, st->peer);
}

bool gist_handshake_begin(struct state *st)
{
	struct gist *g = st->g;

	if (st->hs)
		return true;
	if (g->handshakes >= g->config.handshakes) {
		COUNT(g, full);
		return false;
	}
	st->hs = calloc(1, sizeof(*st->hs));
	if (!st->hs)
		return false;
	st->hs->end = &st->hs->first;
	g->handshakes++;
	g->memory += sizeof(*st->hs);
	return true;
}

void gist_handshake_answer(struct handshake *hs, struct gist_view cookie, struct gist_view rest)
{
	free(hs->answer);
	hs->answer_len = hs->cookie_len = 0;
	hs->answer = malloc(cookie.len + rest.len + 1);
	if (!hs->answer)
		return;
	if (cookie.len)
		memcpy(hs->answer, cookie.data, cookie.len);
	if (rest.len)
		memcpy(hs->answer + cookie.len, rest.data, rest.len);
	hs->cookie_len = (uint16_t)cookie.len;
	hs->answer_len = (uint16_t)(cookie.len + rest.len);
}

/* What waits is to be taken out before. */
void gist_handshake_end(struct state *st)
{
	if (!st->hs)
		return;
	free(st->hs->answer);
	free(st->hs);
	st->hs = NULL;
	st->g->handshakes--;
	st->g->memory -= sizeof(*st->hs);
}
