// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/siphash.h"
#include "nslp/match.h"

struct nslp_reservation {
	struct table_node node;
	struct nslp_session *s;
	uint64_t order;			/* the lower the older */
	struct gate_flow flow;		/* destination as CREATEs have it */
};

static uint64_t hash_of(const struct nslp *n, const struct address *to, uint16_t port)
{
	uint8_t key[19];

	memset(key, 0, sizeof(key));
	key[0] = to->version;
	memcpy(key + 1, to->b, to->version == 4 ? 4 : sizeof(to->b));
	key[17] = port >> 8;
	key[18] = (uint8_t)port;
	return siphash(key, sizeof(key), n->key);
}

/* The flow of a reservation, to the external endpoint where there is one. */
static void flow_of(const struct nslp_session *s, struct gate_flow *f)
{
	const struct nslp_rule *r = &s->rule;

	nslp_rule_flow(r, f);
	if (r->type != NSLP_EXTERNAL || r->translation != GATE_BIND || !r->extra)
		return;
	f->destination = r->extra->external.address;
	f->destination_len = (uint8_t)address_bits(&f->destination);
	if (f->has_dport && r->extra->external.port)
		f->dport = r->extra->external.port;
}

/* Allow reservations, and denies that are in force: of CREATE, and at the edge of EXTERNAL. */
static bool wanted(const struct nslp_session *s)
{
	const struct nslp_rule *r = &s->rule;

	if (s->rule.role == SESSION_NI)
		return false;
	if (r->type == NSLP_EXTERNAL)
		return r->action == NSLP_ALLOW || r->role == SESSION_EDGE;
	return r->action == NSLP_DENY;
}

void nslp_match_remove(struct nslp_session *s)
{
	struct nslp_reservation *v = s->reservation;

	if (!v)
		return;
	table_del(&s->n->reservations, &v->node);
	s->n->stats.memory -= sizeof(*v);
	s->reservation = NULL;
	free(v);
}

static struct nslp_reservation *make(struct nslp_session *s)
{
	struct nslp_reservation *v = s->reservation;

	if (v) {
		table_del(&s->n->reservations, &v->node);
		return v;
	}
	v = calloc(1, sizeof(*v));
	if (!v)
		return NULL;
	v->s = s;
	v->order = s->n->order++;
	s->n->stats.memory += sizeof(*v);
	return v;
}

void nslp_match_update(struct nslp_session *s)
{
	struct nslp_reservation *v;
	struct address to = { 0 };
	struct nslp *n = s->n;

	if (!wanted(s)) {
		nslp_match_remove(s);
		return;
	}
	v = make(s);
	s->reservation = v;
	if (!v) {
		log_warn(SUB_NSLP, "out of memory: a reservation will match no CREATE");
		return;
	}
	flow_of(s, &v->flow);
	if (v->flow.destination_len && v->flow.destination_len ==
	    address_bits(&v->flow.destination))
		to = v->flow.destination;
	if (!table_add(&n->reservations, &v->node,
		       hash_of(n, &to, v->flow.has_dport ? v->flow.dport : 0)))
		return;
	n->stats.memory -= sizeof(*v);
	free(v);
	s->reservation = NULL;
}

/* --- the comparison of section 3.8 ----------------------------------------------------------- */

static bool ports_fit(bool restricted, uint16_t first, unsigned int more, bool has, uint16_t port)
{
	if (!restricted)
		return true;
	return has && port >= first && port <= first + more;
}

static bool prefix_fits(const struct address *a, unsigned int len, const struct address *in,
			unsigned int in_len)
{
	return !in_len || (len >= in_len && address_within(a, in, in_len));
}

/* Whether the flow of @m is within @f. */
static bool covers(const struct gate_flow *f, const struct gist_mri *m)
{
	if (f->version != m->source.version)
		return false;
	if (f->has_protocol && (!m->has_protocol || m->protocol != f->protocol))
		return false;
	if (f->has_spi && (!m->has_spi || m->spi != f->spi))
		return false;
	return prefix_fits(&m->source, m->source_prefix, &f->source, f->source_len) &&
		prefix_fits(&m->destination, m->destination_prefix, &f->destination,
			    f->destination_len) &&
		ports_fit(f->has_sport, f->sport, 0, m->has_sport, m->sport) &&
		ports_fit(f->has_dport, f->dport, f->more_ports, m->has_dport, m->dport);
}

static bool better(const struct nslp_reservation *a, const struct nslp_reservation *b)
{
	unsigned int wa = a->flow.source_len * 2u + a->flow.has_sport;
	unsigned int wb = b->flow.source_len * 2u + b->flow.has_sport;

	return wa != wb ? wa > wb : a->order < b->order;
}

struct query {
	const struct nslp *n;
	const struct gist_mri *mri;
	uint8_t action;
	const uint8_t *except;		/* session that does not count; or NULL */
	struct nslp_reservation *best;
};

static void look(struct query *q, const struct address *to, uint16_t port)
{
	uint64_t hash = hash_of(q->n, to, port);
	struct nslp_reservation *v;
	struct table_node *node;

	for (node = table_first(&q->n->reservations, hash); node; node = table_next(node, hash)) {
		v = container_of(node, struct nslp_reservation, node);
		if (v->s->rule.action != q->action || !covers(&v->flow, q->mri) ||
		    (q->except && !memcmp(q->except, v->s->sid, GATE_SID)))
			continue;
		if (!q->best || better(v, q->best))
			q->best = v;
	}
}

/* All places it can be in: with the port, the port before (sub_ports), and without. */
static void look_everywhere(struct query *q)
{
	static const struct address any;
	const struct gist_mri *m = q->mri;
	uint16_t port = m->has_dport ? m->dport : 0;
	const struct address *to[] = { &m->destination, &any };
	unsigned int i;

	for (i = 0; i < 2; i++) {
		look(q, to[i], 0);
		if (!port)
			continue;
		look(q, to[i], port);
		if (port > 1)
			look(q, to[i], port - 1);
	}
}

struct nslp_session *nslp_match(const struct nslp *n, const struct gist_mri *mri)
{
	struct query q = { .n = n, .mri = mri, .action = NSLP_ALLOW };

	if (n->reservations.count)
		look_everywhere(&q);
	return q.best ? q.best->s : NULL;
}

bool nslp_match_denied(const struct nslp *n, const struct gist_mri *mri, const uint8_t *sid)
{
	struct query q = { .n = n, .mri = mri, .action = NSLP_DENY, .except = sid };

	if (n->reservations.count)
		look_everywhere(&q);
	return q.best;
}
