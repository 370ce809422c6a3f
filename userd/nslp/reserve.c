// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "gist/code.h"
#include "nslp/place.h"
#include "nslp/reserve.h"

static bool refuse(struct nslp_fault *f, unsigned int code, unsigned int object, const char *why)
{
	return nslp_fault(f, code, object, why);
}

/* Where it is headed: the sender, or the SDA; NULL if that is left open. */
static const struct address *heading(const struct gist_mri *m)
{
	if (m->method == GIST_MRM_LOOSE)
		return &m->destination;
	return address_is_any(&m->source) ? NULL : &m->source;
}

/* The interface it goes out by, or would go. NULL: nowhere. */
static const struct nslp_interface *way_out(struct nslp *n, struct nslp_rule *r)
{
	const struct address *to = heading(&r->near);
	const struct nslp_interface *i;
	struct gist_route route;

	if (to && !nslp_place_local(n, to)) {
		if (!nslp_place_route(n, to, &route))
			return NULL;
		r->in = route.ifindex;
		return nslp_place_interface(n, route.ifindex);
	}
	i = nslp_place_outside(n);
	r->in = i ? i->ifindex : 0;
	return i;
}

static bool at_nat(const struct nslp_rule *r, struct nslp_fault *fault)
{
	if (r->action == NSLP_DENY)
		return refuse(fault, NSLP_NOT_APPLICABLE, NSLP_EFI, "deny at a NAT");
	if (!r->extra || !r->extra->has_dtinfo)
		return refuse(fault, NSLP_DTINFO_REQUIRED, NSLP_DTINFO, "no DTINFO at a NAT");
	return true;
}

static bool plan(struct nslp *n, struct nslp_rule *r, const struct nslp_interface *out,
		 const struct nslp_message *m, struct nslp_fault *fault)
{
	bool nat = nslp_place_translates(out, r->near.source.version) && r->in != r->out;

	if (r->near.method == GIST_MRM_LOOSE && r->near.source.version != 4)
		return refuse(fault, NSLP_PROTOCOL, 0, "loose-end for IPv6");
	if (nat && !at_nat(r, fault))
		return false;
	r->translation = nat ? GATE_BIND : GATE_PLAIN;
	r->role = out->edge ? SESSION_EDGE : SESSION_NF;
	if (m->proxy && out->edge && r->action == NSLP_ALLOW && !n->c.proxy)
		return refuse(fault, NSLP_NOT_AUTHORIZED, 0, "no proxy here");
	return true;
}

bool nslp_plan_external(struct nslp *n, struct nslp_rule *r, const struct gist_rx *rx,
			const struct nslp_message *m, struct nslp_fault *fault)
{
	const struct nslp_interface *out;

	if (r->near.method == GIST_MRM_PATH ? !r->near.upstream : r->near.upstream)
		return refuse(fault, NSLP_INTERNAL, 0, "EXTERNAL goes against the flow");
	r->kind = r->action == NSLP_DENY ? GATE_DENY : GATE_RESERVE;
	r->gated = true;
	r->out = rx->peer ? rx->peer->ifindex : 0;
	if (!n->c.forward)
		return refuse(fault, NSLP_NO_EDGE, 0, "no edge here");
	if (nslp_place_interface(n, r->out)->outside)
		return refuse(fault, NSLP_EXTERNAL_SIDE, 0, "EXTERNAL from outside");
	out = way_out(n, r);
	if (!out)
		return refuse(fault, NSLP_NO_EDGE, 0, "no way out");
	return plan(n, r, out, m, fault);
}

/* The one port for all addresses is the first NAT's, and holds while later ones have the same. */
static void append(struct nslp_binding *b, const struct endpoint *e, uint8_t *buf, size_t size)
{
	size_t len = b->addresses.len;

	if (e->address.version != 4 || len + 4 > size)
		return;
	if (len)
		memcpy(buf, b->addresses.data, len);
	memcpy(buf + len, e->address.b, 4);
	b->port = len && b->port != e->port ? 0 : e->port;
	b->addresses = gist_view(buf, len + 4);
}

void nslp_reserve_rewrite(const struct nslp_rule *r, struct nslp_message *out, uint8_t *buf,
			  size_t size)
{
	const struct endpoint *e;

	if (r->type != NSLP_EXTERNAL || r->translation != GATE_BIND || !r->extra)
		return;
	e = &r->extra->external;
	if (out->dtinfo.has_ports && out->dtinfo.receiver_port && e->port)
		out->dtinfo.receiver_port = e->port;
	if (nslp_message_has(out, NSLP_BINDING))
		append(&out->binding, e, buf, size);
}

/* At a NAT the endpoint of its own; at a firewall what a NAT behind it has written (3.7.2). */
bool nslp_reserve_external(const struct nslp_rule *r, struct nslp_external *e)
{
	const struct nslp_extra *x = r->extra;
	const struct address *a = &r->near.source;

	if (r->type != NSLP_EXTERNAL || r->action != NSLP_ALLOW || !x)
		return false;
	e->version = 4;
	if (r->translation == GATE_BIND) {
		e->port = x->external.port;
		memcpy(e->address, x->external.address.b, sizeof(e->address));
		return x->external.address.version == 4;
	}
	if (r->near.method != GIST_MRM_LOOSE || !x->has_dtinfo || a->version != 4)
		return false;
	e->port = x->dtinfo.receiver_port;
	memcpy(e->address, a->b, sizeof(e->address));
	return true;
}
