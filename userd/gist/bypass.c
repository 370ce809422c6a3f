// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Letting go on what is not for us: of applications that are not here, and of ours when they do not
 * peer (RFC 5971 4.3.2, 4.3.4).
 */
#include <errno.h>
#include <string.h>

#include "gist/engine.h"

static bool ours(const struct gist *g, const struct gist_arrival *a)
{
	unsigned int i, value;

	for (i = 0; a->rao >= 0 && i < g->nslps; i++) {
		value = a->to.address.version == 4 ? g->nslp[i].rao4 : g->nslp[i].rao6;
		if (value == (unsigned int)a->rao)
			return true;
	}
	return false;
}

static void complain(struct gist *g, const struct inbound *in, struct gist_view octets,
		     const struct gist_fault *fault)
{
	struct gist_message m;
	struct gist_fault unused;

	if (gist_message_parse(&m, octets, GIST_DATAGRAM, g->config.allow, &unused) != GIST_DROP)
		gist_error_send(g, in, &m, fault);
}

static uint16_t link_mtu(struct gist *g, const struct gist_arrival *a)
{
	struct gist_route r = { 0 };

	if (!g->io.route(g->io.arg, &a->to.address, &r) || !r.mtu)
		return DATAGRAM_MAX;
	return r.mtu > UINT16_MAX ? UINT16_MAX : (uint16_t)r.mtu;
}

static bool pass(struct gist *g, const struct inbound *in, struct gist_view octets,
		 struct gist_view payload, bool checks)
{
	struct gist_fault fault;
	int error = g->io.forward(g->io.arg, in->token, payload);

	if (!error)
		COUNT(g, forwarded);
	if (error != -EMSGSIZE || !checks)
		return true;
	gist_fault_mtu(&fault, link_mtu(g, in->arrival));
	complain(g, in, octets, &fault);
	return true;
}

/* 4.3.4: no more than the MRI is looked at, and nothing if its method is not known. */
static bool too_wild(struct gist *g, struct gist_view octets, struct gist_fault *fault)
{
	struct gist_message m;
	struct gist_fault unused;

	gist_message_parse(&m, octets, GIST_DATAGRAM, g->config.allow, &unused);
	return gist_message_has(&m, GIST_MRI) && !gist_validate_wild(&m, fault);
}

bool gist_bypass_foreign(struct gist *g, const struct inbound *in, struct gist_view octets)
{
	bool checks = g->config.bypass_checks;
	struct gist_fault fault;
	struct gist_out o;

	if (!ours(g, in->arrival) || octets.len + 4 > sizeof(g->out))
		return false;
	if (octets.data[1] < 2) {
		gist_fault_plain(&fault, GIST_E_HOPS, 0, "no hops left to go on");
		complain(g, in, octets, &fault);
		return true;
	}
	if (checks && too_wild(g, octets, &fault)) {
		complain(g, in, octets, &fault);
		return true;
	}
	gist_out_init(&o, g->out, sizeof(g->out));
	gist_magic_put(&o);
	gist_out_bytes(&o, octets.data, octets.len);
	g->out[4 + 1]--;
	return pass(g, in, octets, gist_out_view(&o), checks);
}

bool gist_bypass_propagate(struct gist *g, const struct inbound *in, const struct gist_message *m,
			   const struct gist_view *data)
{
	struct gist_message received = *m;
	struct gist_fault fault;
	struct gist_out o;

	if (!m->head.hops) {
		gist_fault_plain(&fault, GIST_E_HOPS, 0, "no hops left to go on");
		gist_error_send(g, in, m, &fault);
		return true;
	}
	received.head.hops++;
	gist_out_init(&o, g->out, sizeof(g->out));
	gist_magic_put(&o);
	gist_message_relay(&o, &received, data);
	if (o.error)
		return true;
	return pass(g, in, m->octets, gist_out_view(&o), true);
}
