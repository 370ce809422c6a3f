// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The querying node (RFC 5971 6.2): finds the next signalling peer and keeps it known.
 *
 * A peer that is not confirmed in time is not used any longer, while Queries go on to the limit
 * (4.2.1: its row is gone; 6.2: the machine lives until No_Response has run out).
 */
#include <errno.h>
#include <string.h>

#include "gist/engine.h"

#define RETRY 1000 /* ms until a handshake there was no room for */

/* Which transmissions go out with our own address where the first has the flow's (5.8.1.2). */
static bool own_source(unsigned int transmission)
{
	return transmission > 2 && transmission % 2;
}

static bool secure(const struct state *st)
{
	return (st->flags & STATE_SECURE) || st->g->config.tls == GIST_TLS_REQUIRED;
}

/* 5.1: a Query that has to do with an association proposes stacks. */
static void propose(struct state *st, struct gist_message *m, struct stacks *s)
{
	if (!(st->flags & STATE_STACK) || !gist_stacks_wanted(st->g, secure(st), s))
		return;
	m->proposal = s->p;
	m->stackconf = s->s;
	m->present |= GIST_BIT(GIST_PROPOSAL) | GIST_BIT(GIST_STACKCONF);
}

static int send_query(struct state *st)
{
	const struct nslp_entry *nslp = gist_nslp_find(st->g, st->nslpid);
	unsigned int number = st->transmissions + 1u;
	uint8_t cookie[COOKIE_SIZE];
	struct gist_message m;
	struct gist_qmode q;
	struct gist_route r;
	struct address own;
	struct stacks s;
	int error;

	gist_message_init(st->g, &m, GIST_QUERY, st->nslpid, st->hs->hops);
	gist_state_mri(st, &m.mri);
	error = gist_output_route(st->g, &m.mri, &r, &own);
	if (error)
		return error;
	gist_output_qmode_fields(st->g, nslp, &m.mri, &r, &own,
				 (st->flags & STATE_FROM_FLOW) && !own_source(number), st->hs->ttl,
				 &q);
	m.head.context_free = m.head.reply = true;
	m.head.source = address_equal(&q.source, &own);
	m.present = GIST_BIT(GIST_MRI) | GIST_BIT(GIST_SID) | GIST_BIT(GIST_QUERY_COOKIE);
	m.sid = st->sid;
	gist_query_cookie(st->g, st, number, cookie);
	m.query_cookie = gist_view(cookie, sizeof(cookie));
	gist_message_nli(st->g, &m, &own, m.mri.upstream ? st->distance : q.ttl);
	propose(st, &m, &s);
	error = gist_output_qmode(st->g, &m, &q);
	if (!error)
		st->route = gist_route_hash(st->g, &r);
	return error;
}

/* How long the transmission just made is waited for: T1, doubled up to T2 (5.3.3). */
static void set_wait(struct state *st)
{
	const struct gist_config *c = &st->g->config;
	struct handshake *hs = st->hs;
	uint64_t now = gist_now(st->g);

	hs->wait = hs->wait ? hs->wait * 2 : c->t1;
	if (hs->wait >= c->t2) {
		hs->wait = c->t2;
		hs->last = true;
	}
	hs->next = now + hs->wait;
	if (hs->deadline && hs->next >= hs->deadline) {
		hs->next = hs->deadline > now ? hs->deadline : now + 1;
		hs->last = true;
	}
}

/* Held back by the rate limiter, a Query counts as not made yet. */
static void transmit(struct state *st)
{
	struct handshake *hs = st->hs;
	int error = send_query(st);

	if (error == -ENOBUFS && (!hs->deadline || hs->deadline > gist_now(st->g))) {
		hs->next = gist_now(st->g) + gist_limiter_wait(st->g) +
			   gist_random_between(st->g, 0, st->g->config.t1);
		return;
	}
	if (st->transmissions < UINT8_MAX)
		st->transmissions++;
	set_wait(st);
}

/* Nothing has been sent yet, and nothing that was counts. */
static void fresh(struct state *st)
{
	struct handshake *hs = st->hs;

	hs->wait = 0;
	hs->last = hs->confirm = false;
	st->transmissions = 0;
	st->flags &= (uint16_t)~(STATE_CHECK | STATE_URGENT);
	st->g->io.random(st->g->io.arg, &st->nonce, sizeof(st->nonce));
}

static void begin(struct state *st)
{
	fresh(st);
	transmit(st);
	gist_state_arm(st);
}

/* The row is gone; what goes on is the search for a new one. */
static void forget_peer(struct state *st)
{
	st->phase = AWAITING;
	st->validity = BAD;
	st->expire = 0;
	gist_state_unbind(st);
	gist_state_set_peer(st, NULL);
}

void gist_querier_restart(struct state *st, bool keep)
{
	if (!gist_handshake_begin(st)) {
		st->refresh = gist_now(st->g) + RETRY;
		gist_state_arm(st);
		return;
	}
	if (keep && st->peer && st->validity != BAD)
		st->phase = REFRESHING;
	else
		forget_peer(st);
	begin(st);
}

void gist_querier_again(struct state *st)
{
	unsigned int strikes = st->strikes;
	uint64_t wait = (uint64_t)st->g->config.t1 << (strikes < 8 ? strikes : 8);

	if (st->phase == AWAITING && st->hs && st->hs->next)
		return;			/* it is being looked for */
	if (st->strikes < UINT8_MAX)
		st->strikes++;
	if (!strikes || !gist_handshake_begin(st)) {
		gist_querier_restart(st, false);
		return;
	}
	forget_peer(st);
	fresh(st);
	st->hs->next = gist_now(st->g) + (wait < st->g->config.t2 ? wait : st->g->config.t2);
	gist_state_arm(st);
}

static int prepare(struct state *st, const struct gist_tx *tx, bool association)
{
	if (!gist_handshake_begin(st))
		return -ENOBUFS;
	st->flags |= association ? STATE_STACK : 0;
	st->flags |= tx->secure ? STATE_SECURE : 0;
	st->flags |= tx->from_flow ? STATE_FROM_FLOW : 0;
	st->hs->hops = tx->hops;
	st->hs->ttl = tx->ttl;
	st->hs->deadline = tx->timeout ? gist_now(st->g) + tx->timeout : 0;
	return gist_queue_add(st, tx, association);
}

int gist_querier_start(struct gist *g, const struct key *k, const struct gist_tx *tx,
		       bool association)
{
	struct gist_route r;
	struct address own;
	struct state *st;
	int error = gist_output_route(g, tx->mri, &r, &own);

	if (error)
		return error;
	st = gist_state_create(g, k, QUERIER);
	if (!st)
		return -ENOBUFS;
	error = prepare(st, tx, association);
	if (error) {
		gist_state_end(st, NO_EVENT, GIST_FAIL_LIMIT, 0);
		return error;
	}
	begin(st);
	return 0;
}

void gist_querier_active(struct state *st)
{
	if (st->lifetime)
		st->inactive = gist_now(st->g) + st->lifetime;
}

void gist_querier_heard(struct state *st)
{
	st->strikes = 0;
	gist_querier_active(st);
}

/* --- timers ------------------------------------------------------------------------------ */

static void no_response(struct state *st)
{
	if (!st->hs->last) {
		if (st->transmissions)
			COUNT(st->g, retransmit);
		transmit(st);
		gist_state_arm(st);
		return;
	}
	log_debug(SUB_GIST, "no response to queries, transmissions=%u", st->transmissions);
	gist_state_end(st, st->phase == AWAITING ? GIST_LAST_NODE : GIST_STATE_LOST,
		       GIST_FAIL_NO_RESPONSE, 0);
}

static void expired(struct state *st)
{
	if (st->flags & STATE_FINAL) {
		gist_state_end(st, NO_EVENT, GIST_FAIL_NO_RESPONSE, 0);
		return;
	}
	gist_notify_network(st, GIST_ROUTE_BAD, st->peer);
	if (st->hs && st->hs->next)
		forget_peer(st);
	else
		gist_querier_restart(st, false);
	gist_state_arm(st);
}

static void inactive(struct state *st)
{
	gist_state_end(st, (st->flags & STATE_LIFETIME) ? NO_EVENT : GIST_STATE_LOST,
		       GIST_FAIL_NO_RESPONSE, 0);
}

static bool due(const struct state *st, uint64_t at)
{
	return at && at <= gist_now(st->g);
}

void gist_querier_timer(struct state *st)
{
	gist_state_tell_broken(st);
	if (due(st, st->inactive)) {
		inactive(st);
	} else if (st->flags & (STATE_CHECK | STATE_URGENT)) {
		gist_route_check(st);
		gist_state_arm(st);
	} else if (st->hs && due(st, st->hs->next)) {
		no_response(st);
	} else if (due(st, st->expire)) {
		expired(st);
	} else if (st->phase == ESTABLISHED && due(st, st->refresh) && !(st->flags & STATE_FINAL)) {
		gist_querier_restart(st, true);
	} else {
		gist_state_arm(st);
	}
}

/* --- Confirm ----------------------------------------------------------------------------- */

static void fill_confirm(struct state *st, struct gist_message *m)
{
	const struct handshake *hs = st->hs;

	gist_message_init(st->g, m, GIST_CONFIRM, st->nslpid, hs->hops);
	m->present = GIST_BIT(GIST_MRI) | GIST_BIT(GIST_SID);
	gist_state_mri(st, &m->mri);
	m->sid = st->sid;
	gist_message_nli(st->g, m, &st->peer->own, m->mri.upstream ? st->distance : TTL_DEFAULT);
	if (!hs->cookie_len)
		return;
	m->responder_cookie = gist_view(hs->answer, hs->cookie_len);
	m->present |= GIST_BIT(GIST_RESPONDER_COOKIE);
}

/* On an association the responder's proposal comes back to it, and the hold time if it is new. */
static void fill_stacks(struct state *st, struct gist_message *m)
{
	const struct handshake *hs = st->hs;
	size_t len = hs->answer_len - hs->cookie_len;
	struct gist_tlv tlv = { .type = GIST_PROPOSAL };
	struct gist_fault fault;

	if (!len)
		return;
	tlv.all = gist_view(hs->answer + hs->cookie_len, len);
	tlv.value = gist_view(tlv.all.data + GIST_TLV_HEAD, len - GIST_TLV_HEAD);
	if (!gist_proposal_parse(&m->proposal, &tlv, &fault))
		return;
	m->present |= GIST_BIT(GIST_PROPOSAL);
	if (st->ma->greeted)
		return;
	m->stackconf.hold = st->g->config.hold;
	m->present |= GIST_BIT(GIST_STACKCONF);
}

static int send_confirm(struct state *st)
{
	struct endpoint from = { st->peer->own, st->g->config.port };
	struct endpoint to = { st->peer->address, GIST_PORT };
	struct gist_message m;
	int error;

	fill_confirm(st, &m);
	if (!st->ma)
		return gist_output_datagram(st->g, &m, &from, &to, true);
	fill_stacks(st, &m);
	error = gist_output_stream(st->ma, &m);
	if (!error)
		st->ma->greeted = true;
	return error;
}

/* The peer is found and can be reached: Confirm, then what has waited. */
static void complete(struct state *st)
{
	if (st->hs->confirm && send_confirm(st)) {
		st->hs->next = gist_now(st->g) + st->g->config.t1;
		st->hs->last = true;
		gist_state_arm(st);
		return;
	}
	st->hs->confirm = false;
	st->validity = GOOD;
	gist_transfer_flush(st);
	/* What is left wants an association that nobody can have. */
	gist_queue_fail(st, secure(st) ? GIST_FAIL_SECURITY : GIST_FAIL_ASSOCIATION, 0);
	gist_handshake_end(st);
	gist_state_arm(st);
}

void gist_querier_connected(struct state *st)
{
	if (st->hs && st->hs->confirm)
		complete(st);
}

/* --- Response ---------------------------------------------------------------------------- */

static struct state *find(struct gist *g, const struct gist_message *m)
{
	bool nat = gist_message_has(m, GIST_NATT);
	const struct gist_mri *mri = nat ? &m->natt.mri : &m->mri;
	struct state *st;
	struct key k;

	if (!gist_key_make(&k, mri, nat ? mri->upstream : !mri->upstream, m->sid, m->head.nslpid))
		return NULL;
	st = gist_state_find(g, &k);
	return st && st->role == QUERIER ? st : NULL;
}

/* 7.2.1: not from where it says it is from: a NAT that does not know GIST. */
static bool from_peer(const struct inbound *in, const struct gist_message *m)
{
	if (in->ma)
		return in->ma->peer && gist_peer_is(in->ma->peer, m->nli.identity, &m->nli.address);
	return address_equal(&in->arrival->from.address, &m->nli.address);
}

/* No other association while what was sent by this one may not have got there (4.4.5). */
static bool outstanding(const struct state *st)
{
	return st->ma && (st->flags & STATE_RELIABLE) && st->ma->phase != MA_CONNECTING &&
	       st->g->io.backlog(st->g->io.arg, st->ma->id);
}

/* 4.4.3: an association that is there, or a new one to where the Response says. */
static struct ma *pick(struct state *st, const struct gist_message *m, struct peer *p)
{
	struct ma *ma =
		gist_peer_association(st->g, m->nli.identity, &m->nli.address, secure(st), false);
	struct endpoint to = { .address = m->nli.address };
	bool tls;

	if (ma)
		return ma;
	if (outstanding(st))
		return NULL;
	if (!gist_stacks_choose(st->g, m, secure(st), &tls, &to.port))
		return NULL;
	return gist_ma_open(st->g, p, &to, tls, m->stackconf.hold);
}

static void attach(struct state *st, const struct inbound *in, const struct gist_message *m,
		   struct peer *p, bool changed)
{
	struct ma *ma = in->ma;

	if (!ma && (st->flags & STATE_STACK) && gist_message_has(m, GIST_PROPOSAL))
		ma = pick(st, m, p);
	if (ma)
		gist_state_bind(st, ma);
	else if (changed)
		gist_state_unbind(st);
}

static void set_distance(struct state *st, const struct inbound *in, const struct gist_message *m)
{
	st->distance = 0;
	if (m->mri.upstream)
		st->distance = m->nli.ttl;
	else if (in->arrival && in->arrival->ttl && m->nli.ttl > in->arrival->ttl)
		st->distance = m->nli.ttl - in->arrival->ttl;
}

static void set_timers(struct state *st, uint32_t validity)
{
	uint64_t now = gist_now(st->g);

	if (validity < VALIDITY_MIN)
		validity = VALIDITY_MIN;
	if (validity > VALIDITY_MAX)
		validity = VALIDITY_MAX;
	st->hs->next = 0;
	st->hs->deadline = 0;
	st->expire = now + validity;
	st->refresh = now + gist_random_refresh(st->g, validity);
	if (!st->inactive)
		gist_querier_active(st);
}

static void keep_answer(struct state *st, const struct gist_message *m)
{
	struct gist_view none = { NULL, 0 };

	st->hs->confirm = m->head.reply;
	gist_handshake_answer(st->hs, m->responder_cookie,
			      gist_message_has(m, GIST_PROPOSAL) ? m->tlv[GIST_PROPOSAL].all :
								   none);
}

/* Tell of a peer that is new, or another than before, or trusted again. */
static void tell_route(struct state *st, struct peer *old, bool changed, enum validity before)
{
	if (changed || before != GOOD)
		gist_notify_network(st, GIST_ROUTE_GOOD, st->peer);
	if (changed && old)
		gist_notify_network(st, GIST_ROUTE_DELETED, old);
}

static void take_up(struct state *st, const struct inbound *in, const struct gist_message *m,
		    struct peer *p)
{
	struct peer *old = st->peer;
	bool changed = old && !gist_peer_is(old, m->nli.identity, &m->nli.address);
	enum validity before = st->validity;

	if (old)
		old->refs++;
	attach(st, in, m, p, changed);
	gist_state_set_peer(st, p);
	st->phase = ESTABLISHED;
	set_distance(st, in, m);
	set_timers(st, m->nli.validity);
	keep_answer(st, m);
	if (!st->ma || st->ma->phase != MA_CONNECTING)
		complete(st);
	else
		gist_state_arm(st);
	tell_route(st, old, changed, before);
	gist_peer_put(st->g, old);
	if (gist_message_has(m, GIST_NSLP_DATA)) {
		gist_querier_active(st);
		gist_notify_message(st, in, m);
	}
}

void gist_querier_response(struct gist *g, const struct inbound *in, const struct gist_message *m)
{
	struct state *st = find(g, m);
	struct gist_fault fault;
	struct peer *p;

	if (!st || !gist_query_cookie_check(g, st, m->query_cookie)) {
		COUNT(g, bad_cookie);
		log_debug(SUB_GIST, "response to no query of ours dropped");
		return;
	}
	if (!gist_message_natt_check(m, &fault)) {
		gist_error_send(g, in, m, &fault);
		return;
	}
	if (!from_peer(in, m)) {
		COUNT(g, spoofed);
		gist_remark(g, "response from another address than its NLI has: a NAT on the way");
		gist_querier_refused(st, NO_EVENT, GIST_E_OBJECT << 8 | GIST_E_UNTRANSLATED);
		return;
	}
	if (!st->hs && !gist_handshake_begin(st))
		return;
	p = gist_peer_get(g, m->nli.identity, &m->nli.address,
			  in->ma ? in->ma->ifindex : in->arrival->ifindex,
			  in->ma ? &in->ma->peer->own : &in->arrival->to.address);
	if (p)
		take_up(st, in, m, p);
}

/* --- what else can happen ---------------------------------------------------------------- */

void gist_querier_refused(struct state *st, int event, uint16_t error)
{
	if (event == NO_EVENT && st->validity != BAD)
		event = GIST_STATE_LOST;
	gist_state_end(st, event, GIST_FAIL_REFUSED, error);
}

bool gist_querier_farther(struct state *st)
{
	if (!st->hs || st->hs->hops == UINT8_MAX)
		return false;
	st->hs->hops = UINT8_MAX;
	begin(st);
	return true;
}

void gist_querier_lost(struct state *st, bool reliable, int error, uint32_t spread)
{
	unsigned int flags = 0;

	if (st->hs && st->hs->confirm) {
		gist_state_end(st, st->validity == BAD ? NO_EVENT : GIST_STATE_LOST,
			       GIST_FAIL_ASSOCIATION, 0);
		return;
	}
	if (!error)
		return;
	if (reliable)
		flags |= STATE_BROKEN;
	if (!(st->flags & STATE_FINAL) && !(st->hs && st->hs->next)) {
		st->validity = st->validity == GOOD ? TENTATIVE : st->validity;
		flags |= STATE_URGENT;
	}
	if (flags)
		gist_state_soon(st, flags, spread);
}
