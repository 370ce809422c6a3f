// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "base/siphash.h"
#include "gist/engine.h"

void gist_message_init(struct gist *g, struct gist_message *m, enum gist_type type, uint16_t nslpid,
		       uint8_t hops)
{
	memset(m, 0, sizeof(*m));
	m->head.type = (uint8_t)type;
	m->head.nslpid = nslpid;
	m->head.hops = hops ? hops : g->config.hops;
	m->head.source = true;
}

void gist_message_nli(struct gist *g, struct gist_message *m, const struct address *own,
		      uint8_t ttl)
{
	m->nli.identity = gist_view(g->config.identity, g->config.identity_len);
	m->nli.address = *own;
	m->nli.validity = gist_limiter_validity(g, g->config.validity);
	m->nli.ttl = ttl;
	m->present |= GIST_BIT(GIST_NLI);
}

static void count(struct gist *g, const struct gist_message *m)
{
	static const enum gist_counter by_type[GIST_TYPES] = {
		[GIST_QUERY] = GIST_N_query_sent,     [GIST_RESPONSE] = GIST_N_response_sent,
		[GIST_CONFIRM] = GIST_N_confirm_sent, [GIST_DATA] = GIST_N_data_sent,
		[GIST_ERROR] = GIST_N_error_sent,     [GIST_MA_HELLO] = GIST_N_hello_sent,
	};

	g->counter[by_type[m->head.type]]++;
}

static int build_datagram(struct gist *g, struct gist_message *m, struct gist_out *o)
{
	m->mode = GIST_DATAGRAM;
	gist_out_init(o, g->out, sizeof(g->out));
	gist_magic_put(o);
	gist_message_put(o, m);
	return o->error;
}

int gist_output_datagram(struct gist *g, struct gist_message *m, const struct endpoint *from,
			 const struct endpoint *to, bool owe)
{
	struct gist_out o;
	int error = build_datagram(g, m, &o);

	if (error)
		return error;
	if (owe)
		gist_limiter_owe(g, o.len + DATAGRAM_HEADERS);
	else if (!gist_limiter_take(g, o.len + DATAGRAM_HEADERS))
		return -ENOBUFS;
	error = g->io.datagram(g->io.arg, from, to, gist_out_view(&o));
	if (!error)
		count(g, m);
	return error;
}

int gist_output_qmode(struct gist *g, struct gist_message *m, const struct gist_qmode *q)
{
	struct gist_out o;
	int error = build_datagram(g, m, &o);

	if (error)
		return error;
	if (!gist_limiter_take(g, o.len + DATAGRAM_HEADERS))
		return -ENOBUFS;
	error = g->io.qmode(g->io.arg, q, gist_out_view(&o));
	if (!error)
		count(g, m);
	return error;
}

int gist_output_stream(struct ma *ma, struct gist_message *m)
{
	struct gist *g = ma->g;
	struct gist_out o;
	int error;

	m->mode = GIST_CONNECTION;
	gist_out_init(&o, g->out, sizeof(g->out));
	gist_message_put(&o, m);
	if (o.error)
		return o.error;
	error = g->io.stream(g->io.arg, ma->id, gist_out_view(&o));
	if (error)
		return error;
	count(g, m);
	gist_ma_sent(ma);
	return 0;
}

size_t gist_output_limit(struct gist *g, const struct address *to)
{
	struct gist_route r;
	size_t mtu = DATAGRAM_MAX;

	if (g->io.route(g->io.arg, to, &r) && r.mtu && r.mtu < mtu)
		mtu = r.mtu;
	return mtu > DATAGRAM_HEADERS ? mtu - DATAGRAM_HEADERS : 0;
}

int gist_output_route(struct gist *g, const struct gist_mri *mri, struct gist_route *r,
		      struct address *own)
{
	const struct address *to = mri->upstream ? &mri->source : &mri->destination;

	if (!gist_address_unicast(to))
		return -EINVAL;
	memset(r, 0, sizeof(*r));
	if (!g->io.route(g->io.arg, to, r))
		return -ENETUNREACH;
	if (r->local)
		return -EINVAL;
	*own = r->source;
	if (own->version == to->version && gist_address_unicast(own))
		return 0;
	if (!g->io.interface_address(g->io.arg, r->ifindex, to->version, own))
		return -ENETUNREACH;
	return 0;
}

uint32_t gist_route_hash(const struct gist *g, const struct gist_route *r)
{
	uint8_t in[4 + sizeof(r->gateway.b) + 1] = { 0 };
	uint32_t hash;

	memcpy(in, &r->ifindex, 4);
	in[4] = r->gateway.version;
	memcpy(in + 5, r->gateway.b, sizeof(r->gateway.b));
	hash = (uint32_t)siphash(in, sizeof(in), g->table_key);
	return hash ? hash : 1;
}

/* A flow's source can be given as ours only if it is one address. */
static bool one_source(const struct gist_mri *mri)
{
	return mri->method == GIST_MRM_LOOSE || mri->source_prefix == address_bits(&mri->source);
}

void gist_output_qmode_fields(struct gist *g, const struct nslp_entry *nslp,
			      const struct gist_mri *mri, const struct gist_route *r,
			      const struct address *own, bool from_flow, uint8_t ttl,
			      struct gist_qmode *q)
{
	bool v4 = mri->source.version == 4;

	*q = (struct gist_qmode){
		.source = *own,
		.destination = mri->upstream ? mri->source : mri->destination,
		.sport = g->config.port,
		.ttl = ttl ? ttl : TTL_DEFAULT,
		.rao = -1,
		.ifindex = r->ifindex,
	};
	if (mri->upstream)
		q->ttl = TTL_UPSTREAM;
	else if (from_flow && one_source(mri) && gist_address_unicast(&mri->source))
		q->source = mri->source;
	if (!v4 || !g->config.no_rao)
		q->rao = (int)(v4 ? nslp->rao4 : nslp->rao6);
	if (mri->upstream || mri->method != GIST_MRM_PATH)
		return;
	q->ds = mri->has_ds ? mri->ds : 0;
	q->label = mri->has_label ? mri->label : 0;
}
