// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The responding node (RFC 5971 6.3).
 *
 * Usually nothing is stored before the Confirm has come (8.4): all that is needed then is in the
 * Confirm and its Responder-Cookie, so that Queries with forged sources cost no memory. State that
 * exists is not touched by a Query but for a mark that a Confirm is awaited; so nobody who cannot
 * receive what is sent to the peer can end or move it. With config.delayed off, state is made by
 * the Query, and the Response repeated until the Confirm comes.
 */
#include <stdlib.h>
#include <string.h>

#include "gist/engine.h"

#define VALIDITY_TIMES 20u   /* of our own, at most */

/* What is known while a Query is answered. */
struct answer {
	struct key key; /* of the state it is for: as we send */
	struct grant grant;
	struct address own;
	struct ma *ma; /* re-used, or NULL */
	struct gist_view payload;
};

static uint32_t choose_validity(struct gist *g, uint32_t wish)
{
	uint64_t most = (uint64_t)g->config.validity * VALIDITY_TIMES;

	if (wish < VALIDITY_MIN)
		wish = VALIDITY_MIN;
	if (wish > most)
		wish = (uint32_t)most;
	return gist_limiter_validity(g, wish);
}

static uint8_t hops_away(const struct gist_arrival *a, const struct gist_message *m)
{
	if (m->mri.upstream)
		return m->nli.ttl;
	return a->ttl && m->nli.ttl > a->ttl ? m->nli.ttl - a->ttl : 0;
}

static bool own_address(struct gist *g, const struct inbound *in, const struct gist_message *m,
			struct address *own)
{
	struct gist_route r = { 0 };

	if (g->io.interface_address(g->io.arg, in->arrival->ifindex, m->nli.address.version, own))
		return true;
	if (!g->io.route(g->io.arg, &m->nli.address, &r) || !address_is_set(&r.source))
		return false;
	*own = r.source;
	return true;
}

/* 4.4.3, 5.7.1: both elements of the NLI, and not weaker than what either side wants. */
static struct ma *reusable(struct gist *g, const struct gist_message *m)
{
	struct ma *ma;

	if (!gist_message_has(m, GIST_PROPOSAL))
		return NULL;
	ma = gist_peer_association(g, m->nli.identity, &m->nli.address, false, true);
	if (ma && gist_stacks_met(m, ma->tls) && (ma->tls || g->config.tls != GIST_TLS_REQUIRED))
		return ma;
	ma = gist_peer_association(g, m->nli.identity, &m->nli.address, true, true);
	return ma && gist_stacks_met(m, true) ? ma : NULL;
}

static void fill_grant(struct gist *g, const struct inbound *in, const struct gist_message *m,
		       struct grant *grant)
{
	*grant = (struct grant){
		.ifindex = in->arrival->ifindex,
		.port = in->arrival->from.port,
		.distance = hops_away(in->arrival, m),
		.validity = choose_validity(g, m->nli.validity),
	};
	if (!gist_message_has(m, GIST_NATT))
		return;
	grant->flags = GRANT_NAT;
	grant->address = m->nli.address;
}

static void keep_mri(struct grant *grant, const struct key *key)
{
	grant->mri_len = key->mri_len;
	memcpy(grant->mri, key->mri, key->mri_len);
}

/* The cookie; the MRI it is bound to is the querying node's, which the Confirm will have. */
static size_t make_cookie(struct gist *g, const struct gist_message *m, struct answer *a,
			  uint8_t cookie[GRANT_MAX])
{
	bool nat = gist_message_has(m, GIST_NATT);
	const struct gist_mri *mri = nat ? &m->natt.mri : &m->mri;
	struct key wire;
	struct grant_bind b = { &wire, m->nli.identity, &m->nli.address };

	if (!gist_key_make(&wire, mri, mri->upstream, m->sid, m->head.nslpid))
		return 0;
	if (nat)
		keep_mri(&a->grant, &a->key);
	return gist_grant_write(g, &a->grant, &b, cookie);
}

static void accept_stacks(struct gist *g, const struct gist_message *query, struct answer *a,
			  struct gist_message *m, struct stacks *s)
{
	if (!gist_message_has(query, GIST_PROPOSAL) || a->ma || !gist_stacks_accepted(g, s))
		return;
	m->proposal = s->p;
	m->stackconf = s->s;
	m->present |= GIST_BIT(GIST_PROPOSAL) | GIST_BIT(GIST_STACKCONF);
	a->grant.flags |= GRANT_STACK;
}

static void echo(const struct gist_message *query, struct gist_message *m)
{
	m->present = GIST_BIT(GIST_MRI) | GIST_BIT(GIST_SID) | GIST_BIT(GIST_QUERY_COOKIE);
	m->mri = query->mri;
	m->mri.upstream = !query->mri.upstream;
	m->echo = query->tlv[GIST_MRI].value;
	m->sid = query->sid;
	m->query_cookie = query->query_cookie;
	if (!gist_message_has(query, GIST_NATT))
		return;
	m->natt = query->natt;
	m->present |= GIST_BIT(GIST_NATT);
}

static void endpoints(const struct inbound *in, const struct gist_message *m,
		      const struct answer *a, struct endpoint *from, struct endpoint *to)
{
	*from = (struct endpoint){ a->own, in->arrival->to.port };
	*to = (struct endpoint){ m->nli.address, in->arrival->from.port };
}

static int send_response(struct gist *g, const struct inbound *in, const struct gist_message *query,
			 struct answer *a)
{
	struct endpoint from, to;
	uint8_t cookie[GRANT_MAX];
	struct gist_message m;
	struct stacks s;
	size_t len;

	gist_message_init(g, &m, GIST_RESPONSE, query->head.nslpid, 0);
	echo(query, &m);
	gist_message_nli(g, &m, &a->own, m.mri.upstream ? a->grant.distance : TTL_DEFAULT);
	m.nli.validity = a->grant.validity;
	accept_stacks(g, query, a, &m, &s);
	len = make_cookie(g, query, a, cookie);
	if (!len)
		return -1;
	m.head.reply = true;
	m.responder_cookie = gist_view(cookie, len);
	m.present |= GIST_BIT(GIST_RESPONDER_COOKIE);
	m.nslp_data = a->payload;
	if (a->payload.len && a->payload.len % 4 == 0 && a->payload.len <= 256)
		m.present |= GIST_BIT(GIST_NSLP_DATA);
	if (a->ma)
		return gist_output_stream(a->ma, &m);
	endpoints(in, query, a, &from, &to);
	return gist_output_datagram(g, &m, &from, &to, false);
}

/* --- state made by the Query (config.delayed off) ------------------------------------------ */

/* Keep the Response just sent, which is still in g->out, to repeat it. */
static void keep_response(struct state *st, const struct inbound *in, const struct gist_message *m,
			  const struct answer *a)
{
	struct gist *g = st->g;
	struct gist_header head;
	struct gist_view none = { NULL, 0 };

	if (!gist_handshake_begin(st))
		return;
	st->hs->wait = g->config.t1;
	st->hs->last = false;
	st->hs->next = gist_now(g) + st->hs->wait;
	endpoints(in, m, a, &st->hs->from, &st->hs->to);
	gist_header_parse(&head, gist_view(g->out + 4, GIST_HEADER_SIZE));
	gist_handshake_answer(st->hs, none,
			      gist_view(g->out, a->ma ? 0 : 4 + gist_header_total(&head)));
}

static struct state *make_early(struct gist *g, const struct inbound *in,
				const struct gist_message *m, const struct answer *a)
{
	struct state *st;
	struct peer *p =
		gist_peer_get(g, m->nli.identity, &m->nli.address, in->arrival->ifindex, &a->own);

	if (!p)
		return NULL;
	st = gist_state_create(g, &a->key, RESPONDER);
	if (!st) {
		gist_peer_put(g, p);
		return NULL;
	}
	gist_state_set_peer(st, p);
	st->port = in->arrival->from.port;
	return st;
}

static void no_confirm(struct state *st)
{
	struct handshake *hs = st->hs;
	struct gist *g = st->g;

	if (hs->last) {
		if (st->phase == AWAITING) {
			gist_state_end(st, NO_EVENT, GIST_FAIL_NO_RESPONSE, 0);
			return;
		}
		hs->next = 0; /* the state is good until it expires */
		st->phase = ESTABLISHED;
		gist_handshake_end(st);
		gist_state_arm(st);
		return;
	}
	if (hs->answer_len && gist_limiter_take(g, hs->answer_len + DATAGRAM_HEADERS)) {
		COUNT(g, retransmit);
		COUNT(g, response_sent);
		g->io.datagram(g->io.arg, &hs->from, &hs->to,
			       gist_view(hs->answer, hs->answer_len));
	}
	hs->wait *= 2;
	hs->last = hs->wait >= g->config.t2;
	hs->next = gist_now(g) + (hs->last ? g->config.t2 : hs->wait);
	gist_state_arm(st);
}

/* 4.4.4: what leads on is not refreshed when what has led here has ended. */
static void expire(struct state *st)
{
	struct state *next = gist_state_opposite(st);

	if (next && next->role == QUERIER)
		gist_state_finish(next);
	gist_state_end(st, GIST_STATE_LOST, GIST_FAIL_NO_RESPONSE, 0);
}

void gist_responder_timer(struct state *st)
{
	uint64_t now = gist_now(st->g);

	gist_state_tell_broken(st);
	st->flags &= (uint16_t)~(STATE_CHECK | STATE_URGENT);
	if (st->expire && st->expire <= now)
		expire(st);
	else if (st->hs && st->hs->next && st->hs->next <= now)
		no_confirm(st);
	else
		gist_state_arm(st);
}

/* --- Query ------------------------------------------------------------------------------- */

static void mark(struct gist *g, const struct inbound *in, const struct gist_message *m,
		 const struct answer *a)
{
	struct state *st = gist_state_find(g, &a->key);

	if (st && st->role == QUERIER)
		return;
	if (!st && !gist_state_delayed(g))
		st = make_early(g, in, m, a);
	if (!st)
		return;
	if (st->phase == ESTABLISHED)
		st->phase = REFRESHING;
	if (!gist_state_delayed(g))
		keep_response(st, in, m, a);
	gist_state_arm(st);
}

static void respond(struct gist *g, const struct inbound *in, const struct gist_message *m,
		    struct gist_view payload)
{
	struct answer a = { .payload = payload };
	struct gist_fault fault;

	if (!gist_key_make(&a.key, &m->mri, !m->mri.upstream, m->sid, m->head.nslpid)) {
		gist_fault_value(&fault, GIST_E_COMBINATION, &m->tlv[GIST_MRI], GIST_TLV_HEAD + 2,
				 "SPI together with ports");
		gist_error_send(g, in, m, &fault);
		return;
	}
	if (!own_address(g, in, m, &a.own))
		return;
	fill_grant(g, in, m, &a.grant);
	a.ma = reusable(g, m);
	if (!send_response(g, in, m, &a))
		mark(g, in, m, &a);
}

static enum gist_peering ask(struct gist *g, const struct inbound *in, const struct gist_message *m,
			     struct gist_view *answer)
{
	const struct nslp_entry *nslp = gist_nslp_find(g, m->head.nslpid);
	struct peer *known =
		gist_peer_find(g, m->nli.identity, &m->nli.address, in->arrival->ifindex);
	struct gist_peer peer = {
		.sii = known ? known->sii : 0,
		.address = m->nli.address,
		.ifindex = in->arrival->ifindex,
	};
	struct gist_rx rx;

	gist_notify_fill(g, in, m, &rx);
	rx.peer = &peer;
	return nslp->ops.query ? nslp->ops.query(nslp->ops.arg, &rx, answer) : GIST_PROPAGATE;
}

/* A refresh, or what may well be one. */
static bool known(struct gist *g, const struct gist_message *m)
{
	struct key k;

	return gist_key_make(&k, &m->mri, !m->mri.upstream, m->sid, m->head.nslpid) &&
	       gist_state_find(g, &k);
}

bool gist_responder_query(struct gist *g, const struct inbound *in, const struct gist_message *m)
{
	struct gist_view answer = { NULL, 0 };
	enum gist_peering peering;

	if (gist_view_equal(m->nli.identity, gist_view(g->config.identity, g->config.identity_len)))
		return !in->transit; /* our own, come around */
	if (gist_limiter_wait(g) > 1 || (!gist_limiter_spare(g) && !known(g, m))) {
		COUNT(g, limited);
		return true;
	}
	peering = ask(g, in, m, &answer);
	if (peering == GIST_IGNORE)
		return true;
	if (peering == GIST_PROPAGATE && in->transit)
		return gist_bypass_propagate(g, in, m, answer.len ? &answer : NULL);
	respond(g, in, m, answer);
	return true;
}

/* --- Confirm ----------------------------------------------------------------------------- */

/* A Confirm with all that is proven by its cookie. */
struct proof {
	struct key wire, key; /* MRI as the peer has it, as the Query had it here */
	struct grant grant;
	struct address address; /* of the peer */
	struct state *st;
};

/* The state a bad Confirm is about, if it is its peer who has sent it. */
static struct state *state_of_sender(struct gist *g, const struct inbound *in, struct key *wire,
				     const struct gist_message *m)
{
	struct state *st;
	struct key k;

	if (!gist_key_make(&k, &m->mri, !m->mri.upstream, wire->sid, wire->nslpid))
		return NULL;
	st = gist_state_find_peer(g, &k);
	if (!st || st->role != RESPONDER || !st->peer)
		return NULL;
	if (in->ma)
		return st->ma == in->ma ? st : NULL;
	return !st->ma && address_equal(&st->peer->address, &in->arrival->from.address) ? st : NULL;
}

/* 5.7.1: no state, and none left; a new association is closed. */
static void refuse(struct gist *g, const struct inbound *in, const struct gist_message *m,
		   struct key *wire, const char *why)
{
	struct state *st = state_of_sender(g, in, wire, m);
	struct gist_fault fault;

	COUNT(g, bad_cookie);
	gist_remark(g, "confirm refused: %s", why);
	if (g->config.cookie_errors && gist_message_has(m, GIST_RESPONDER_COOKIE)) {
		gist_fault_value(&fault, GIST_E_COOKIE, &m->tlv[GIST_RESPONDER_COOKIE], 0, why);
		gist_error_send(g, in, m, &fault);
	}
	if (st)
		gist_state_end(st, GIST_STATE_LOST, GIST_FAIL_SECURITY, 0);
	if (in->ma && !in->ma->peer)
		gist_ma_close(in->ma, 0);
}

static bool read_proof(struct gist *g, const struct gist_message *m, struct proof *p)
{
	struct grant_bind b = { &p->wire, m->nli.identity, &m->nli.address };
	struct gist_mri mri = m->mri;

	if (!gist_message_has(m, GIST_RESPONDER_COOKIE) ||
	    !gist_grant_read(g, m->responder_cookie, &b, &p->grant))
		return false;
	p->address = m->nli.address;
	if (!(p->grant.flags & GRANT_NAT))
		return gist_key_make(&p->key, &mri, !mri.upstream, m->sid, m->head.nslpid);
	p->address = p->grant.address;
	p->key = (struct key){ m->sid, m->head.nslpid, p->grant.mri_len, { 0 } };
	memcpy(p->key.mri, p->grant.mri, p->grant.mri_len);
	return true;
}

/* Why the association and the proposal are not what was agreed, or NULL. */
static const char *check_stacks(struct gist *g, const struct inbound *in,
				const struct gist_message *m, const struct proof *p)
{
	bool stack = p->grant.flags & GRANT_STACK;

	if (!in->ma)
		return g->config.tls == GIST_TLS_REQUIRED ? "not on an association" : NULL;
	if (g->config.tls == GIST_TLS_REQUIRED && !in->ma->tls)
		return "association without TLS";
	if (!stack)
		return in->ma->peer ? NULL : "no association was proposed";
	if (!gist_message_has(m, GIST_PROPOSAL) || !gist_stacks_are_ours(g, &m->proposal))
		return "not the proposal that was sent";
	return NULL;
}

/* False, and said so, if it comes from somebody else or lacks what the first one must have. */
static bool check_sender(struct gist *g, const struct inbound *in, const struct gist_message *m,
			 const struct proof *p)
{
	struct gist_fault fault;

	if (!in->ma) {
		if (address_equal(&in->arrival->from.address, &p->address))
			return true;
		COUNT(g, spoofed);
		return false;
	}
	if (in->ma->peer && !gist_peer_is(in->ma->peer, m->nli.identity, &p->address)) {
		COUNT(g, spoofed);
		gist_fault_plain(&fault, GIST_E_DELIVERY, 0, "association of another peer");
		gist_error_send(g, in, m, &fault);
		return false;
	}
	if (!in->ma->peer && !gist_message_has(m, GIST_STACKCONF)) {
		gist_fault_type(&fault, GIST_E_MISSING, GIST_STACKCONF, "hold time missing");
		gist_error_send(g, in, m, &fault);
		return false;
	}
	return true;
}

static bool peer_full(const struct gist *g, const struct peer *p)
{
	return p->host->responders >= g->config.states - g->config.states / 4;
}

/*
 * The row for the peer; one from an upstream Query of ours gives way to its downstream one
 * (5.8.1.3).
 */
static struct state *row(struct gist *g, const struct proof *p, const struct peer *peer,
			 bool upstream)
{
	struct state *st = p->st;

	if (st && st->role == QUERIER) {
		if (upstream)
			return NULL;
		gist_state_end(st, NO_EVENT, GIST_FAIL_NO_RESPONSE, 0);
		st = NULL;
	}
	if (st)
		return st;
	if (peer_full(g, peer)) {
		COUNT(g, full);
		return NULL;
	}
	return gist_state_create(g, &p->key, RESPONDER);
}

static void take_association(struct state *st, const struct inbound *in,
			     const struct gist_message *m, struct peer *peer)
{
	if (!in->ma) {
		gist_state_unbind(st);
		return;
	}
	if (!in->ma->peer)
		gist_ma_set_peer(in->ma, peer);
	if (gist_message_has(m, GIST_STACKCONF))
		in->ma->hold = m->stackconf.hold;
	if (!in->ma->greeted)
		gist_ma_greet(in->ma);
	gist_state_bind(st, in->ma);
}

static bool turn_alias(struct state *st, const struct gist_message *m, bool nat)
{
	struct key k;

	if (!nat)
		return !gist_state_alias(st, NULL);
	return gist_key_make(&k, &m->mri, !m->mri.upstream, m->sid, m->head.nslpid) &&
	       !gist_state_alias(st, &k);
}

static bool own_for(struct gist *g, const struct inbound *in, const struct proof *p,
		    struct address *own)
{
	struct gist_route r = { 0 };

	if (in->arrival) {
		*own = in->arrival->to.address;
		return true;
	}
	if (g->io.interface_address(g->io.arg, p->grant.ifindex, p->address.version, own))
		return true;
	if (!g->io.route(g->io.arg, &p->address, &r) || !address_is_set(&r.source))
		return false;
	*own = r.source;
	return true;
}

static void establish(struct state *st, const struct proof *p)
{
	st->phase = ESTABLISHED;
	st->validity = GOOD;
	st->port = p->grant.port;
	st->distance = p->grant.distance;
	st->expire = gist_now(st->g) + p->grant.validity;
	if (st->hs) {
		st->hs->next = 0;
		gist_transfer_flush(st);
		gist_queue_fail(st, GIST_FAIL_ASSOCIATION, 0);
		gist_handshake_end(st);
	}
	gist_state_arm(st);
}

/* Takes over the reference @peer. */
static void install(struct gist *g, const struct inbound *in, const struct gist_message *m,
		    const struct proof *p, struct peer *peer)
{
	struct state *st = row(g, p, peer, m->mri.upstream);
	enum validity before;
	struct peer *old;
	bool changed;

	if (!st) {
		gist_peer_put(g, peer);
		return;
	}
	old = st->peer;
	before = st->validity;
	changed = old && !gist_peer_is(old, m->nli.identity, &p->address);
	if (old)
		old->refs++;
	gist_state_set_peer(st, peer);
	take_association(st, in, m, peer);
	if (!turn_alias(st, m, p->grant.flags & GRANT_NAT))
		log_warn(SUB_GIST, "out of memory for a peer behind a NAT");
	establish(st, p);
	if (changed || before != GOOD)
		gist_notify_network(st, GIST_ROUTE_GOOD, st->peer);
	if (changed)
		gist_notify_network(st, GIST_ROUTE_DELETED, old);
	gist_peer_put(g, old);
	gist_notify_message(st, in, m);
}

/*
 * Less than what protects the state now: for all one can tell, somebody on the path who wants it. The
 * peer, if it has changed its mind, has only to let the state expire.
 */
static bool weaker(const struct proof *p, const struct inbound *in)
{
	return p->st && p->st->ma && p->st->ma->tls && !(in->ma && in->ma->tls);
}

static bool lacks_state(struct gist *g, const struct inbound *in, const struct gist_message *m)
{
	struct gist_fault fault;
	struct key k;

	if (gist_state_delayed(g))
		return false;
	if (gist_key_make(&k, &m->mri, !m->mri.upstream, m->sid, m->head.nslpid) &&
	    (gist_state_find(g, &k) || gist_state_find_peer(g, &k)))
		return false;
	COUNT(g, no_state);
	gist_fault_plain(&fault, GIST_E_NO_STATE, 0, "Confirm without routing state");
	gist_error_send(g, in, m, &fault);
	return true;
}

void gist_responder_confirm(struct gist *g, const struct inbound *in, const struct gist_message *m)
{
	struct address own;
	struct proof p = { 0 };
	struct peer *peer;
	const char *why;

	if (!gist_key_make(&p.wire, &m->mri, m->mri.upstream, m->sid, m->head.nslpid) ||
	    lacks_state(g, in, m))
		return;
	if (!read_proof(g, m, &p)) {
		refuse(g, in, m, &p.wire, "cookie is not one of ours");
		return;
	}
	if (!check_sender(g, in, m, &p))
		return;
	why = check_stacks(g, in, m, &p);
	if (why) {
		refuse(g, in, m, &p.wire, why);
		return;
	}
	p.st = gist_state_find(g, &p.key);
	if (p.st && p.st->role == RESPONDER && p.st->phase == ESTABLISHED)
		return; /* rule 10 */
	if (weaker(&p, in)) {
		COUNT(g, spoofed);
		gist_remark(g, "confirm refused: it would take a session off its TLS association");
		return;
	}
	if (!own_for(g, in, &p, &own))
		return;
	peer = gist_peer_get(g, m->nli.identity, &p.address, p.grant.ifindex, &own);
	if (peer)
		install(g, in, m, &p, peer);
}

void gist_responder_lost(struct state *st, bool reliable, uint32_t spread)
{
	if (reliable)
		gist_state_soon(st, STATE_BROKEN, spread);
}
