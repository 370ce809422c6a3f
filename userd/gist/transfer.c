// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sending for applications: with routing state by association or in normal D-mode, without it by a
 * handshake first, or in Q-mode (RFC 5971 4.3.3).
 */
#include <errno.h>
#include <string.h>

#include "gist/engine.h"

static void fill_data(const struct state *st, struct gist_message *m, struct gist_view data)
{
	m->present = GIST_BIT(GIST_MRI) | GIST_BIT(GIST_SID) | GIST_BIT(GIST_NSLP_DATA);
	if (st->alias)
		gist_key_mri(&m->mri, st->alias->mri, st->alias->mri_len);
	else
		gist_state_mri(st, &m->mri);
	m->sid = st->sid;
	m->nslp_data = data;
}

static void endpoints(const struct state *st, struct endpoint *from, struct endpoint *to)
{
	*from = (struct endpoint){ st->peer->own, st->g->config.port };
	*to = (struct endpoint){ st->peer->address, GIST_PORT };
	if (st->role == QUERIER)
		return;
	from->port = GIST_PORT;
	to->port = st->port;
}

int gist_transfer_state(struct state *st, struct gist_view data, uint8_t hops, bool association)
{
	struct endpoint from, to;
	struct gist_message m;
	int error;

	gist_message_init(st->g, &m, GIST_DATA, st->nslpid, hops);
	fill_data(st, &m, data);
	if (st->ma) {
		error = gist_output_stream(st->ma, &m);
		if (!error && association) {
			st->flags |= STATE_RELIABLE;
			st->ma->reliable = true;
		}
		return error;
	}
	endpoints(st, &from, &to);
	gist_message_nli(st->g, &m, &st->peer->own, m.mri.upstream ? st->distance : TTL_DEFAULT);
	return gist_output_datagram(st->g, &m, &from, &to, false);
}

/* Whether what @st has now will do for the message. */
static bool can_send(const struct state *st, bool association)
{
	if (!st->peer || st->validity == BAD || st->phase == AWAITING)
		return false;
	if (st->hs && st->hs->confirm)
		return false; /* nothing before the Confirm (5.1) */
	if (st->ma)
		return st->ma->phase != MA_CONNECTING &&
		       (st->ma->tls || !(st->flags & STATE_SECURE));
	return !association || st->role == RESPONDER;
}

static enum gist_failure failure_of(int error)
{
	switch (error) {
	case -EMSGSIZE:
		return GIST_FAIL_TOO_LARGE;
	case -ENETUNREACH:
	case -EHOSTUNREACH:
		return GIST_FAIL_NO_ROUTE;
	default:
		return GIST_FAIL_LIMIT;
	}
}

void gist_transfer_flush(struct state *st)
{
	struct pending *p;
	int error;

	while (st->hs && st->hs->first && can_send(st, st->hs->first->association)) {
		p = gist_queue_take(st);
		error = gist_transfer_state(st, gist_view(p->data, p->len), p->hops,
					    p->association);
		gist_notify_status(st, p->handle, !error, error ? failure_of(error) : 0, 0);
		gist_queue_free(st->g, p);
	}
}

/* Octets of a Data message in D-mode with an MRI of @mri octets. */
static size_t data_size(const struct gist *g, size_t mri, size_t address, size_t data)
{
	return GIST_HEADER_SIZE + 4 * GIST_TLV_HEAD + mri + GIST_SID_SIZE + 8 +
	       gist_padded(g->config.identity_len) + address + data;
}

/* The route is asked only where the size is not settled otherwise. */
static bool wants_association(struct gist *g, const struct gist_tx *tx, const struct key *k,
			      const struct address *to, const struct state *st)
{
	size_t size = data_size(g, k->mri_len, gist_address_size(to->version), tx->data.len);

	if (tx->reliable || tx->secure || g->config.tls == GIST_TLS_REQUIRED)
		return true;
	return !(st && st->ma) && size > gist_output_limit(g, to);
}

static int send_now(struct state *st, const struct gist_tx *tx, bool association)
{
	int error = gist_transfer_state(st, tx->data, tx->hops, association);

	if (error)
		return error;
	if (st->role == QUERIER)
		gist_querier_active(st);
	gist_notify_status(st, tx->handle, true, 0, 0);
	return 0;
}

static int send_responder(struct state *st, const struct gist_tx *tx, bool association)
{
	bool secure = tx->secure || st->g->config.tls == GIST_TLS_REQUIRED;

	if (secure && st->phase != AWAITING && !(st->ma && st->ma->tls))
		return -ENOENT;
	if (can_send(st, association)) {
		if (!st->ma && data_size(st->g, st->mri_len, 16, tx->data.len) >
				       gist_output_limit(st->g, &st->peer->address))
			return -EMSGSIZE;
		return send_now(st, tx, association);
	}
	return st->hs ? gist_queue_add(st, tx, association) : -ENOENT;
}

static int send_querier(struct state *st, const struct gist_tx *tx, bool association)
{
	bool idle = !st->hs;
	int error;

	if (tx->secure)
		st->flags |= STATE_SECURE;
	if (can_send(st, association) && !(st->hs && st->hs->first))
		return send_now(st, tx, association);
	if (!gist_handshake_begin(st))
		return -ENOBUFS;
	if (association)
		st->flags |= STATE_STACK;
	error = gist_queue_add(st, tx, association);
	if (idle && !error)
		gist_querier_restart(st, true);
	else if (idle && !st->hs->first)
		gist_handshake_end(st);
	return error;
}

/* To a peer known by its handle, over an association (7.1.4). */
static int send_explicit(struct gist *g, const struct gist_tx *tx)
{
	struct peer *p = gist_peer_by_sii(g, tx->sii);
	bool secure = tx->secure || g->config.tls == GIST_TLS_REQUIRED;
	struct gist_message m;
	struct ma *ma;

	ma = p ? gist_peer_association(g, gist_view(p->identity, p->identity_len), &p->address,
				       secure, true) :
		 NULL;
	if (!ma)
		return -ENOENT;
	gist_message_init(g, &m, GIST_DATA, tx->nslpid, tx->hops);
	m.head.explicit_route = true;
	m.present = GIST_BIT(GIST_MRI) | GIST_BIT(GIST_SID) | GIST_BIT(GIST_NSLP_DATA);
	m.mri = *tx->mri;
	m.sid = tx->sid;
	m.nslp_data = tx->data;
	return gist_output_stream(ma, &m);
}

static int send_stateless(struct gist *g, const struct nslp_entry *nslp, const struct gist_tx *tx)
{
	struct gist_message m;
	struct gist_qmode q;
	struct gist_route r;
	struct address own;
	int error = gist_output_route(g, tx->mri, &r, &own);

	if (error)
		return error;
	if (tx->mri->method == GIST_MRM_LOOSE && tx->mri->upstream)
		return -EINVAL;
	if (tx->secure || tx->reliable || g->config.tls == GIST_TLS_REQUIRED)
		return -EINVAL;
	gist_message_init(g, &m, GIST_DATA, tx->nslpid, tx->hops);
	gist_output_qmode_fields(g, nslp, tx->mri, &r, &own, tx->from_flow, tx->ttl, &q);
	m.head.context_free = true;
	m.head.source = address_equal(&q.source, &own);
	m.present = GIST_BIT(GIST_MRI) | GIST_BIT(GIST_SID) | GIST_BIT(GIST_NSLP_DATA);
	m.mri = *tx->mri;
	m.sid = tx->sid;
	m.nslp_data = tx->data;
	gist_message_nli(g, &m, &own, tx->mri->upstream ? 0 : q.ttl);
	if (data_size(g, GIST_MRI_SIZE_MAX, 16, tx->data.len) >
	    gist_output_limit(g, &q.destination))
		return -EMSGSIZE;
	return gist_output_qmode(g, &m, &q);
}

static int send_new(struct gist *g, const struct gist_tx *tx, const struct key *k, bool association)
{
	if (tx->mri->upstream && (tx->mri->method == GIST_MRM_LOOSE || !tx->discover))
		return -ENOENT;
	return gist_querier_start(g, k, tx, association);
}

static int send_routed(struct gist *g, const struct gist_tx *tx)
{
	const struct address *to = tx->mri->upstream ? &tx->mri->source : &tx->mri->destination;
	struct state *st;
	bool association;
	struct key k;

	if (!gist_key_make(&k, tx->mri, tx->mri->upstream, tx->sid, tx->nslpid))
		return -EINVAL;
	if (g->io.local(g->io.arg, to))
		return -EINVAL;
	st = gist_state_find(g, &k);
	association = wants_association(g, tx, &k, to, st);
	if (!st)
		return send_new(g, tx, &k, association);
	return st->role == QUERIER ? send_querier(st, tx, association) :
				     send_responder(st, tx, association);
}

int gist_send(struct gist *g, const struct gist_tx *tx)
{
	const struct nslp_entry *nslp = gist_nslp_find(g, tx->nslpid);

	if (!nslp || !tx->data.len || tx->data.len % 4)
		return -EINVAL;
	if (tx->data.len > NSLP_DATA_MAX)
		return -EMSGSIZE;
	if (tx->sii)
		return send_explicit(g, tx);
	if (tx->no_state)
		return send_stateless(g, nslp, tx);
	return send_routed(g, tx);
}

bool gist_has_association(const struct gist *g, uint64_t sii, enum gist_security *security)
{
	struct peer *p = gist_peer_by_sii(g, sii);
	struct ma *ma;

	for (ma = p ? p->mas : NULL; ma; ma = ma->next) {
		if (ma->phase == MA_CONNECTING)
			continue;
		if (security)
			*security = ma->tls ? GIST_TLS : GIST_CLEAR;
		return true;
	}
	return false;
}
