// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reception (RFC 5971 4.3.1, 4.3.2) and the stateless node machine (6.1): a message is read, what
 * is wrong with it said, and then given to whom it belongs.
 */
#include "gist/engine.h"

static void count(struct gist *g, const struct gist_message *m)
{
	static const enum gist_counter by_type[GIST_TYPES] = {
		[GIST_QUERY] = GIST_N_query_received,
		[GIST_RESPONSE] = GIST_N_response_received,
		[GIST_CONFIRM] = GIST_N_confirm_received,
		[GIST_DATA] = GIST_N_data_received,
		[GIST_ERROR] = GIST_N_error_received,
		[GIST_MA_HELLO] = GIST_N_hello_received,
	};

	if (m->head.type < GIST_TYPES)
		g->counter[by_type[m->head.type]]++;
}

static void no_state(struct gist *g, const struct inbound *in, const struct gist_message *m,
		     enum gist_error_code code, const char *why)
{
	struct gist_fault fault;

	COUNT(g, no_state);
	gist_fault_plain(&fault, code, 0, why);
	gist_error_send(g, in, m, &fault);
}

/* Whether the sender of Data in D-mode is who its state says (5.3.1). */
static bool from_peer(const struct state *st, const struct inbound *in,
		      const struct gist_message *m)
{
	const struct peer *p = st->peer;

	if (!p || !address_equal(&in->arrival->from.address, &p->address))
		return false;
	if (st->alias) /* its NLI is the one behind the NAT */
		return gist_view_equal(m->nli.identity, gist_view(p->identity, p->identity_len));
	return gist_peer_is(p, m->nli.identity, &m->nli.address);
}

/* What goes by an association is not taken from a datagram as well, if that is to protect it. */
static bool wants_tls(const struct state *st)
{
	return st->g->config.tls == GIST_TLS_REQUIRED || (st->ma && st->ma->tls);
}

static void stream_data(struct gist *g, const struct inbound *in, const struct gist_message *m,
			struct state *st)
{
	if (!st || st->ma != in->ma) {
		no_state(g, in, m, GIST_E_DELIVERY, "association is not this session's");
		return;
	}
	if (st->role == QUERIER)
		gist_querier_heard(st);
	gist_notify_message(st, in, m);
}

static void datagram_data(struct gist *g, const struct inbound *in, const struct gist_message *m,
			  struct state *st)
{
	bool plausible = gist_message_has(m, GIST_NATT) ||
			 address_equal(&in->arrival->from.address, &m->nli.address);

	if (st && st->phase != AWAITING && (!from_peer(st, in, m) || wants_tls(st))) {
		COUNT(g, spoofed);
	} else if (!st || st->phase == AWAITING) {
		if (plausible && (!st || st->role == RESPONDER))
			no_state(g, in, m, GIST_E_NO_STATE, "Data without routing state");
	} else {
		if (st->role == QUERIER)
			gist_querier_heard(st);
		gist_notify_message(st, in, m);
	}
}

/* Routing state has no say (4.3.2), but the configuration, and who the packet says it is from. */
static void unchecked(struct gist *g, const struct inbound *in, const struct gist_message *m)
{
	if (!in->ma && g->config.tls == GIST_TLS_REQUIRED)
		return;
	if (!in->ma && m->head.source && !gist_message_has(m, GIST_NATT) &&
	    !address_equal(&in->arrival->from.address, &m->nli.address))
		COUNT(g, spoofed);
	else
		gist_notify_unchecked(g, in, m);
}

static void data(struct gist *g, const struct inbound *in, const struct gist_message *m)
{
	struct key k;
	struct state *st = NULL;

	if (m->head.context_free || m->head.explicit_route) {
		unchecked(g, in, m);
		return;
	}
	if (gist_key_make(&k, &m->mri, !m->mri.upstream, m->sid, m->head.nslpid))
		st = gist_state_find_peer(g, &k);
	if (in->ma)
		stream_data(g, in, m, st);
	else
		datagram_data(g, in, m, st);
}

/* Q-mode: is it what it says it is? Else an Error, and it is used up. */
static bool valid(struct gist *g, const struct inbound *in, const struct gist_message *m)
{
	struct gist_fault fault;

	if (!gist_message_qmode(m))
		return true;
	if (gist_validate_nat(in->arrival, m, &fault) &&
	    gist_validate_qmode(g, in->arrival, m, &fault))
		return true;
	gist_error_send(g, in, m, &fault);
	return false;
}

/* True: consumed. */
static bool dispatch(struct gist *g, const struct inbound *in, const struct gist_message *m)
{
	if (!valid(g, in, m))
		return true;
	switch (m->head.type) {
	case GIST_QUERY:
		return gist_responder_query(g, in, m);
	case GIST_RESPONSE:
		gist_querier_response(g, in, m);
		break;
	case GIST_CONFIRM:
		gist_responder_confirm(g, in, m);
		break;
	case GIST_DATA:
		data(g, in, m);
		break;
	case GIST_ERROR:
		gist_error_received(g, in, m);
		break;
	default:
		gist_ma_hello(in->ma, m);
		break;
	}
	return true;
}

/* A faulty Response is answered only if it belongs to a handshake of ours (5.6). */
static bool response_is_ours(struct gist *g, const struct gist_message *m)
{
	const unsigned int need = GIST_BIT(GIST_MRI) | GIST_BIT(GIST_SID) |
				  GIST_BIT(GIST_QUERY_COOKIE);
	struct state *st;
	struct key k;

	if ((m->present & need) != need ||
	    !gist_key_make(&k, &m->mri, !m->mri.upstream, m->sid, m->head.nslpid))
		return false;
	st = gist_state_find(g, &k);
	return st && st->role == QUERIER && gist_query_cookie_check(g, st, m->query_cookie);
}

static void refuse(struct gist *g, const struct inbound *in, const struct gist_message *m,
		   const struct gist_fault *fault)
{
	COUNT(g, malformed);
	log_debug(SUB_GIST, "message refused: %u/%u %s", fault->code, fault->subcode,
		  fault->why ? fault->why : "");
	if (m->head.type != GIST_RESPONSE || response_is_ours(g, m))
		gist_error_send(g, in, m, fault);
}

/* The NSLP is not here: 7/0 at the end of a path, 6/0 if we are meant (4.3.4). */
static void foreign(struct gist *g, const struct inbound *in, struct gist_view octets)
{
	enum gist_mode mode = in->ma ? GIST_CONNECTION : GIST_DATAGRAM;
	struct gist_message m;
	struct gist_fault fault;

	if (gist_message_parse(&m, octets, mode, g->config.allow, &fault) == GIST_DROP ||
	    m.head.type == GIST_RESPONSE)
		return;
	/* MRI and SID are repeated without being looked into, so the method need not be known. */
	if (m.tlv[GIST_MRI].value.len && m.tlv[GIST_MRI].value.len <= UINT8_MAX * 4)
		m.present |= GIST_BIT(GIST_MRI);
	if (gist_message_qmode(&m))
		gist_fault_plain(&fault, GIST_E_ENDPOINT, 0, "no such application at the end");
	else
		gist_fault_plain(&fault, GIST_E_NSLPID, 0, "no such application");
	gist_error_send(g, in, &m, &fault);
}

static bool about_application(const struct gist_header *h)
{
	return h->type != GIST_ERROR && h->type != GIST_MA_HELLO;
}

bool gist_node_datagram(struct gist *g, const struct inbound *in, struct gist_view octets)
{
	struct gist_message m;
	struct gist_header head;
	struct gist_fault fault;
	enum gist_verdict verdict;
	bool fits;

	if (!gist_header_parse(&head, octets))
		return !in->transit;
	fits = gist_header_check(&head, GIST_DATAGRAM, &fault);
	if (in->transit && (!head.context_free || (!fits && fault.code != GIST_E_HOPS)))
		return false; /* no exact match (4.3.1, 4.3.4) */
	if ((fits || in->transit) && about_application(&head) && !gist_nslp_find(g, head.nslpid)) {
		if (in->transit)
			return gist_bypass_foreign(g, in, octets);
		foreign(g, in, octets);
		return true;
	}
	verdict = gist_message_parse(&m, octets, GIST_DATAGRAM, g->config.allow, &fault);
	count(g, &m);
	if (verdict != GIST_ACCEPT) {
		if (verdict == GIST_REFUSE)
			refuse(g, in, &m, &fault);
		return true;
	}
	m.head.hops--;
	return dispatch(g, in, &m);
}

/* On an association that has not been proven yet only a Confirm means anything. */
static bool premature(const struct ma *ma, const struct gist_message *m)
{
	return !ma->peer && m->head.type != GIST_CONFIRM && m->head.type != GIST_MA_HELLO;
}

bool gist_node_stream(struct ma *ma, struct gist_view octets)
{
	struct inbound in = { .ma = ma };
	struct gist *g = ma->g;
	struct gist_message m;
	struct gist_fault fault;
	enum gist_verdict verdict;

	verdict = gist_message_parse(&m, octets, GIST_CONNECTION, g->config.allow, &fault);
	count(g, &m);
	if (verdict != GIST_ACCEPT) {
		if (verdict == GIST_REFUSE)
			refuse(g, &in, &m, &fault);
		return fault.code != GIST_E_HEADER ||
		       (fault.subcode != GIST_E_VERSION && fault.subcode != GIST_E_LENGTH);
	}
	m.head.hops--;
	if (about_application(&m.head) && !gist_nslp_find(g, m.head.nslpid)) {
		foreign(g, &in, octets);
		return true;
	}
	if (premature(ma, &m)) {
		no_state(g, &in, &m, GIST_E_DELIVERY, "nothing has been confirmed here");
		return false;
	}
	dispatch(g, &in, &m);
	return true;
}
