// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What applications are told (RFC 5971 4.1, appendix B).
 */
#include <string.h>

#include "gist/engine.h"

void gist_notify_peer(const struct state *st, const struct peer *peer, struct gist_peer *out)
{
	*out = (struct gist_peer){
		.sii = peer->sii,
		.address = peer->address,
		.ifindex = peer->ifindex,
	};
	if (!st->ma || peer != st->peer)
		return;
	out->ma = st->ma->id;
	out->name = st->ma->name;
	out->security = st->ma->tls ? GIST_TLS : GIST_CLEAR;
}

void gist_notify_status(struct state *st, uint32_t handle, bool sent, enum gist_failure failure,
			uint16_t error)
{
	const struct nslp_entry *nslp = gist_nslp_find(st->g, st->nslpid);
	struct gist_status s = {
		.handle = handle,
		.nslpid = st->nslpid,
		.sid = st->sid,
		.sent = sent,
		.failure = failure,
		.error = error,
	};
	struct gist_peer peer;
	struct gist_mri mri;

	if (!handle || !nslp || !nslp->ops.status)
		return;
	gist_state_mri(st, &mri);
	s.mri = &mri;
	if (st->peer) {
		gist_notify_peer(st, st->peer, &peer);
		s.peer = &peer;
	}
	nslp->ops.status(nslp->ops.arg, &s);
}

void gist_notify_network(struct state *st, enum gist_event event, struct peer *about)
{
	const struct nslp_entry *nslp = gist_nslp_find(st->g, st->nslpid);
	struct gist_network n = { .event = event, .nslpid = st->nslpid, .sid = st->sid };
	struct gist_peer peer;
	struct gist_mri mri;

	if (!nslp || !nslp->ops.network)
		return;
	gist_state_mri(st, &mri);
	n.mri = &mri;
	n.upstream = mri.upstream;
	if (about) {
		gist_notify_peer(st, about, &peer);
		n.peer = &peer;
	}
	nslp->ops.network(nslp->ops.arg, &n);
}

/* The flow ends at this node, in the direction the message goes. */
static bool ends_here(struct gist *g, const struct gist_mri *mri)
{
	return g->io.local(g->io.arg, mri->upstream ? &mri->source : &mri->destination);
}

/* NLI says what TTL the packet had at first (A.3.3). */
static int distance(const struct inbound *in, const struct gist_message *m)
{
	if (!in->arrival || !in->arrival->ttl || !gist_message_has(m, GIST_NLI) || m->mri.upstream)
		return -1;
	if (!m->nli.ttl || m->nli.ttl < in->arrival->ttl)
		return -1;
	return m->nli.ttl - in->arrival->ttl;
}

void gist_notify_fill(struct gist *g, const struct inbound *in, const struct gist_message *m,
		      struct gist_rx *rx)
{
	*rx = (struct gist_rx){
		.nslpid = m->head.nslpid,
		.sid = m->sid,
		.mri = &m->mri,
		.mri_value = m->tlv[GIST_MRI].value,
		.data = m->nslp_data,
		.query = m->head.type == GIST_QUERY,
		.explicit_route = m->head.explicit_route,
		.hops = m->head.hops,
		.distance = distance(in, m),
		.translated = gist_message_has(m, GIST_NATT),
	};
	if (in->arrival)
		rx->ttl = in->arrival->ttl;
	rx->endpoint = m->head.context_free ? !in->transit : ends_here(g, &m->mri);
}

/* Messages that came by @st have its MRI turned around, even where a NAT is between. */
static void local_mri(const struct state *st, struct gist_mri *mri,
		      uint8_t value[GIST_MRI_SIZE_MAX], struct gist_rx *rx)
{
	struct gist_out o;

	gist_state_mri(st, mri);
	mri->upstream = !mri->upstream;
	gist_out_init(&o, value, GIST_MRI_SIZE_MAX);
	gist_mri_value_put(&o, mri);
	rx->mri = mri;
	rx->mri_value = gist_out_view(&o);
	rx->translated = true;
}

void gist_notify_message(struct state *st, const struct inbound *in, const struct gist_message *m)
{
	const struct nslp_entry *nslp = gist_nslp_find(st->g, st->nslpid);
	uint8_t value[GIST_MRI_SIZE_MAX];
	struct gist_peer peer;
	struct gist_mri mri;
	struct gist_rx rx;

	if (!gist_message_has(m, GIST_NSLP_DATA) || !nslp || !nslp->ops.message)
		return;
	gist_notify_fill(st->g, in, m, &rx);
	if (st->alias) {
		local_mri(st, &mri, value, &rx);
		rx.endpoint = ends_here(st->g, &mri);
	}
	rx.validated = true;
	gist_notify_peer(st, st->peer, &peer);
	if (!in->ma) {
		/* Whatever association there is, this did not come by it. */
		peer.ma = 0;
		peer.name = NULL;
		peer.security = GIST_CLEAR;
	}
	rx.peer = &peer;
	if (rx.distance < 0 && st->distance)
		rx.distance = st->distance;
	nslp->ops.message(nslp->ops.arg, &rx);
}

void gist_notify_unchecked(struct gist *g, const struct inbound *in, const struct gist_message *m)
{
	const struct nslp_entry *nslp = gist_nslp_find(g, m->head.nslpid);
	struct gist_peer peer = { 0 };
	struct peer *known;
	struct gist_rx rx;

	if (!nslp || !nslp->ops.message)
		return;
	gist_notify_fill(g, in, m, &rx);
	if (in->ma) {
		peer.address = in->ma->peer->address;
		peer.sii = in->ma->peer->sii;
		peer.ifindex = in->ma->peer->ifindex;
		peer.ma = in->ma->id;
		peer.name = in->ma->name;
		peer.security = in->ma->tls ? GIST_TLS : GIST_CLEAR;
	} else {
		known = gist_peer_find(g, m->nli.identity, &m->nli.address, in->arrival->ifindex);
		peer.sii = known ? known->sii : 0;
		peer.address = m->nli.address;
		peer.ifindex = in->arrival->ifindex;
	}
	rx.peer = &peer;
	nslp->ops.message(nslp->ops.arg, &rx);
}
