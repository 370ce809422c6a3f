// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Errors sent and received (RFC 5971 5.6, 4.4.6).
 *
 * None is believed that does not repeat header, SID and MRI of something sent by us, and comes from
 * the peer (its address, or its association) or is about a Query that has not been answered yet: a
 * node anywhere on the path may have something to say about that one.
 */
#include <errno.h>

#include "gist/engine.h"

static bool about_nat(const struct gist_message *m, const struct gist_fault *fault)
{
	return fault->code == GIST_E_OBJECT && fault->subcode == GIST_E_UNTRANSLATED &&
	       !gist_message_has(m, GIST_NATT);
}

/* Where it goes and from where; ports are those of the message, swapped (5.3.1, 7.2.1). */
static bool endpoints(struct gist *g, const struct inbound *in, const struct gist_message *m,
		      const struct gist_fault *fault, struct endpoint *from, struct endpoint *to)
{
	const struct gist_arrival *a = in->arrival;

	from->port = a->to.port;
	to->port = a->from.port;
	if (about_nat(m, fault)) {
		from->address = a->to.address;
		to->address = a->from.address;
		return true;
	}
	if (!gist_reply_address(m, &a->from.address, &to->address))
		return false;
	if (!in->transit && g->io.local(g->io.arg, &a->to.address)) {
		from->address = a->to.address;
		return true;
	}
	return g->io.interface_address(g->io.arg, a->ifindex, to->address.version, &from->address);
}

static void send_datagram(struct gist *g, const struct inbound *in, const struct gist_message *m,
			  const struct gist_fault *fault)
{
	struct gist_reply reply = { .hops = g->config.hops, .comment = g->config.comments };
	struct endpoint from, to;
	struct gist_message n;
	struct gist_out o;
	struct address own;

	if (!endpoints(g, in, m, fault, &from, &to)) {
		gist_remark(g, "nobody to tell of error %u/%u", fault->code, fault->subcode);
		return;
	}
	own = from.address;
	if (!g->io.local(g->io.arg, &own) &&
	    !g->io.interface_address(g->io.arg, in->arrival->ifindex, own.version, &own))
		return;
	gist_message_init(g, &n, GIST_ERROR, GIST_NSLPID_NONE, 0);
	gist_message_nli(g, &n, &own, 0);
	reply.nli = &n.nli;
	reply.source = address_equal(&own, &from.address);
	gist_out_init(&o, g->out, sizeof(g->out));
	gist_magic_put(&o);
	gist_reply_put(&o, m, fault, &reply);
	if (o.error || o.len - 4 > gist_output_limit(g, &to.address)) {
		gist_remark(g, "error %u/%u cannot be sent", fault->code, fault->subcode);
		return;
	}
	if (!gist_limiter_spare(g)) {
		COUNT(g, limited);
		return;
	}
	if (gist_limiter_take(g, o.len + DATAGRAM_HEADERS) &&
	    !g->io.datagram(g->io.arg, &from, &to, gist_out_view(&o)))
		COUNT(g, error_sent);
}

static void send_stream(struct gist *g, struct ma *ma, const struct gist_message *m,
			const struct gist_fault *fault)
{
	struct gist_reply reply = {
		.hops = g->config.hops,
		.source = true,
		.comment = g->config.comments,
	};
	struct gist_out o;

	gist_out_init(&o, g->out, sizeof(g->out));
	gist_reply_put(&o, m, fault, &reply);
	if (o.error || g->io.stream(g->io.arg, ma->id, gist_out_view(&o)))
		return;
	COUNT(g, error_sent);
	gist_ma_sent(ma);
}

void gist_error_send(struct gist *g, const struct inbound *in, const struct gist_message *m,
		     const struct gist_fault *fault)
{
	log_debug(SUB_GIST, "error %u/%u about %s: %s", fault->code, fault->subcode,
		  gist_type_name(m->head.type), fault->why ? fault->why : "");
	if (m->head.type == GIST_ERROR)
		return;
	if (in->ma)
		send_stream(g, in->ma, m, fault);
	else
		send_datagram(g, in, m, fault);
}

/* --- received ---------------------------------------------------------------------------- */

/* What was sent, as the Error tells it. */
static struct state *find(struct gist *g, const struct gist_message *m, struct gist_header *head)
{
	const struct gist_error *e = &m->error;
	struct gist_tlv tlv = m->tlv[GIST_ERROR_DATA];
	struct gist_fault fault;
	struct gist_mri mri;
	struct key k;

	if (!e->sid || !e->mri.len ||
	    !gist_header_parse(head, gist_view(e->header, GIST_HEADER_SIZE)))
		return NULL;
	if (gist_message_has(m, GIST_NATT) && head->type == GIST_QUERY)
		mri = m->natt.mri;
	else if (!gist_mri_value_parse(&mri, e->mri, &tlv, 0, &fault))
		return NULL;
	if (!gist_key_make(&k, &mri, mri.upstream, e->sid, head->nslpid))
		return NULL;
	return head->type == GIST_QUERY ? gist_state_find(g, &k) : gist_state_find_peer(g, &k);
}

/* What went by an association is answered there. */
static bool from_peer(const struct state *st, const struct inbound *in)
{
	if (in->ma || st->ma)
		return st->ma == in->ma;
	return st->peer && address_equal(&in->arrival->from.address, &st->peer->address);
}

static bool query_outstanding(const struct state *st)
{
	return st->role == QUERIER && st->hs && st->hs->next && st->transmissions;
}

/* A Query has been refused by somebody on its way (4.3.4, 7.2.1). */
static void about_query(struct state *st, const struct gist_error *e)
{
	switch (e->code) {
	case GIST_E_HOPS:
		if (gist_querier_farther(st))
			return;
		break;
	case GIST_E_TOO_LARGE:
		if (!(st->flags & STATE_STACK)) {
			st->flags |= STATE_STACK;
			gist_querier_restart(st, true);
			return;
		}
		break;
	case GIST_E_ENDPOINT:
		gist_querier_refused(st, GIST_LAST_NODE, (uint16_t)(e->code << 8 | e->subcode));
		return;
	default:
		break;
	}
	gist_querier_refused(st, NO_EVENT, (uint16_t)(e->code << 8 | e->subcode));
}

/* 4/0 as 5/0: the peer has no state, or not with this association (4.4.6). */
static void about_other(struct state *st, const struct gist_header *head,
			const struct gist_error *e)
{
	bool lost = e->code == GIST_E_NO_STATE || e->code == GIST_E_DELIVERY;

	if (lost && st->role == QUERIER && head->type != GIST_RESPONSE)
		gist_querier_again(st);
	else if (e->code == GIST_E_NO_STATE && st->role == RESPONDER && st->phase != AWAITING)
		gist_state_end(st, GIST_STATE_LOST, GIST_FAIL_REFUSED, (uint16_t)(e->code << 8));
	else if (head->type == GIST_CONFIRM && st->role == QUERIER)
		gist_querier_refused(st, NO_EVENT, (uint16_t)(e->code << 8 | e->subcode));
	else if (head->type == GIST_DATA)
		gist_notify_network(st, GIST_COMMUNICATION_FAILURE, st->peer);
}

void gist_error_received(struct gist *g, const struct inbound *in, const struct gist_message *m)
{
	struct gist_header head;
	struct state *st = find(g, m, &head);

	log_debug(SUB_GIST, "error received: %s", gist_error_name(m->error.code, m->error.subcode));
	if (!st)
		return;
	if (head.type == GIST_QUERY) {
		if (!in->ma && query_outstanding(st))
			about_query(st, &m->error);
		return;
	}
	if (!from_peer(st, in)) {
		COUNT(g, spoofed);
		return;
	}
	about_other(st, &head, &m->error);
}
