// SPDX-License-Identifier: GPL-2.0-or-later
#include <netinet/in.h>
#include <string.h>

#include "base/name.h"
#include "nslp/code.h"
#include "policy/flow.h"
#include "policy/policy.h"

/* One decision on its way. */
struct ask {
	const struct conf *c;
	const struct policy_io *io;
	const struct policy_ask *a;
	const struct gate_request *r;
	const struct gate_flow *f;
	struct policy_verdict *v;
};

static bool refuse(struct ask *q, unsigned int code, unsigned int object, const char *why)
{
	q->v->code = (uint16_t)code;
	q->v->object = (uint16_t)object;
	q->v->why = why;
	return false;
}

static bool is_gateway(const struct conf *c)
{
	return c->nslp.forward;
}

/*
 * Conditions of an entry
 */

static bool in_prefixes(const struct address *a, const struct conf_prefix *p, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (address_within(a, &p[i].address, p[i].len))
			return true;
	return !n;
}

/*
 * What an entry permits has to be in it as a whole; what it refuses only has to touch it, or a
 * request wide enough would get past it.
 */
static bool prefix_fits(const struct address *a, uint8_t len, const struct conf_prefix *p,
			bool permit)
{
	if (!p->len)
		return true;
	if (len >= p->len)
		return address_within(a, &p->address, p->len);
	return !permit && (!len || address_within(&p->address, a, len));
}

static bool prefixes_fit(const struct address *a, uint8_t len, const struct conf_prefix *p,
			 unsigned int n, bool permit)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (prefix_fits(a, len, &p[i], permit))
			return true;
	return !n;
}

/* A local application is known by the end of the flow that is on this node. */
static const struct address *requester_address(const struct ask *q)
{
	if (!policy_local(q->r))
		return &q->r->who.peer;
	return q->r->kind == GATE_ALLOW ? &q->f->source : &q->f->destination;
}

static bool fits_place(const struct ask *q, const struct conf_policy *e)
{
	const struct policy_side *from = q->a->from;

	if (e->local && !policy_local(q->r))
		return false;
	if (e->interface[0] && !(from && from->name && !strcmp(e->interface, from->name)))
		return false;
	if (e->has_zone && !(from && from->name && e->zone == from->zone))
		return false;
	return in_prefixes(requester_address(q), e->from, e->froms);
}

/* EXTERNAL that denies is a block; so is a CREATE that denies. */
static bool fits_kind(const struct ask *q, const struct conf_policy *e)
{
	if (q->r->who.proxy && !e->proxy && (e->create || e->external || e->block))
		return false;
	if (!e->create && !e->external && !e->block)
		return !e->proxy || q->r->who.proxy;
	switch (q->r->kind) {
	case GATE_ALLOW:
		return e->create;
	case GATE_DENY:
		return e->block;
	default:
		return e->external;
	}
}

static bool fits_protocol(const struct ask *q, const struct conf_policy *e)
{
	unsigned int i;

	if (!q->f->has_protocol && !e->permit)
		return true;
	for (i = 0; i < e->protocols; i++)
		if (q->f->has_protocol && q->f->protocol == e->protocol[i])
			return true;
	return !e->protocols;
}

/* Whether the entry restricts ports at all: "1-65535" does not, but says that any may be opened. */
static bool port_restricted(const struct conf_policy *e)
{
	return e->port_max && !(e->port_min <= 1 && e->port_max == UINT16_MAX);
}

static bool fits_port(const struct ask *q, const struct conf_policy *e)
{
	unsigned int last = q->f->dport + q->f->more_ports;

	if (!port_restricted(e))
		return true;
	if (!e->permit)
		return !q->f->has_dport || (last >= e->port_min && q->f->dport <= e->port_max);
	return q->f->has_dport && q->f->dport >= e->port_min && last <= e->port_max;
}

/* All conditions but those about who it is and what protocol. */
static bool fits_rest(const struct ask *q, const struct conf_policy *e)
{
	return fits_place(q, e) && fits_kind(q, e) && fits_port(q, e) &&
	       prefixes_fit(&q->f->destination, q->f->destination_len, e->toward, e->towards,
			    e->permit) &&
	       prefixes_fit(&q->f->source, q->f->source_len, e->source, e->sources, e->permit);
}

static bool fits_identity(const struct ask *q, const struct conf_policy *e)
{
	if (e->key_id && e->key_id != q->a->key && !q->a->resumed)
		return false;
	return !e->tls_name[0] || (q->r->who.tls && name_fits(e->tls_name, q->r->who.name));
}

/* Entries that nearly fit, for a better answer than "not authorized". */
struct near {
	bool identity, protocol;
};

static const struct conf_policy *find_entry(const struct ask *q, struct near *near)
{
	const struct conf_policy *e = q->c->policy;
	unsigned int i;

	for (i = 0; i < q->c->policies; i++, e++) {
		if (!fits_rest(q, e))
			continue;
		if (!fits_identity(q, e)) {
			near->identity |= e->permit;
			continue;
		}
		if (fits_protocol(q, e))
			return e;
		near->protocol |= e->permit;
	}
	return NULL;
}

/*
 * Whose flow it is
 */

static bool source_is_requesters(const struct ask *q)
{
	const struct gate_request *r = q->r;

	if (policy_local(r))
		return flow_source_host(q->f) && q->io->own(q->io->arg, &q->f->source);
	if (!q->f->source_len)
		return false;
	if (flow_source_host(q->f) && address_equal(&q->f->source, &r->who.peer))
		return true;
	return r->who.ifindex && q->io->behind(q->io->arg, &q->f->source, r->who.ifindex);
}

static bool destination_is_requesters(const struct ask *q)
{
	if (!flow_destination_host(q->f))
		return false;
	if (policy_local(q->r))
		return q->io->own(q->io->arg, &q->f->destination);
	return address_equal(&q->f->destination, &q->r->who.peer);
}

static bool is_requesters(const struct ask *q)
{
	if (q->r->kind == GATE_ALLOW && q->a->reservation == RESERVATION_FITS)
		return true;	/* the receiver has asked for it */
	return q->r->kind == GATE_ALLOW ? source_is_requesters(q) : destination_is_requesters(q);
}

/*
 * How wide it is
 */

static bool too_wide(uint8_t len, uint8_t min4, uint8_t version)
{
	return len < (version == 4 ? min4 : 4 * min4);
}

static bool check_width(struct ask *q, uint8_t source_min, uint8_t destination_min)
{
	if (too_wide(q->f->destination_len, destination_min, q->f->version))
		return refuse(q, NSLP_DESTINATION_WIDE, 0, "destination prefix too short");
	if (q->r->kind != GATE_DENY && too_wide(q->f->source_len, source_min, q->f->version))
		return refuse(q, NSLP_SOURCE_WIDE, 0, "source prefix too short");
	return true;
}

/* What a receiver keeps out may be as wide as it likes, and what only is reserved opens nothing. */
static bool check_ports(struct ask *q, bool any_source_port, bool any_port)
{
	const struct gate_flow *f = q->f;

	if (q->r->kind == GATE_DENY || !f->has_protocol || !flow_protocol_ports(f->protocol))
		return true;
	if (!f->has_dport && !any_port)
		return refuse(q, NSLP_DESTINATION_PORT_WIDE, 0, "all destination ports");
	if (q->r->kind == GATE_ALLOW && !f->has_sport && !any_source_port)
		return refuse(q, NSLP_SOURCE_PORT_WIDE, 0, "all source ports");
	return true;
}

static bool check_icmp(struct ask *q)
{
	unsigned int i;

	for (i = 0; q->r->kind != GATE_DENY && i < q->f->icmp_count; i++)
		if (!flow_icmp_permitted(q->f->protocol, q->f->icmp[i]))
			return refuse(q, NSLP_ICMP_TYPE, NSLP_ICMP, "ICMP type not let through");
	return true;
}

static bool check_nat(struct ask *q)
{
	const struct gate_flow *f = q->f;

	if (q->r->translation == GATE_PLAIN)
		return true;
	if (q->r->kind == GATE_DENY)
		return refuse(q, NSLP_NOT_APPLICABLE, NSLP_EFI, "deny at a translator");
	if (f->has_protocol && f->protocol == IPPROTO_AH)
		return refuse(q, NSLP_PROTOCOL, 0, "AH cannot be translated");
	if (!f->has_protocol || !flow_protocol_ports(f->protocol))
		return refuse(q, NSLP_PLAIN_IP, 0, "translation needs ports");
	if (q->r->translation != GATE_BIND && !f->has_sport &&
	    q->r->translation != GATE_DESTINATION)
		return refuse(q, NSLP_SOURCE_PORT_WIDE, 0, "translation needs a source port");
	if (!f->has_dport)
		return refuse(q, NSLP_DESTINATION_PORT_WIDE, 0,
			      "translation needs a destination port");
	return true;
}

/* A pair is reserved from an even port on, as its external ports will be. */
static bool check_pair(struct ask *q)
{
	const struct gate_flow *f = q->f;
	uint16_t port = q->r->translation == GATE_BIND ? f->dport : f->sport;

	if (f->more_ports && port & 1 &&
	    (q->r->translation == GATE_SOURCE || q->r->translation == GATE_BIND ||
	     q->r->translation == GATE_BOTH))
		return refuse(q, NSLP_SUB_PORTS, NSLP_EFI, "two ports from an odd one on");
	return true;
}

static bool check_lifetime(struct ask *q, uint32_t entry_max)
{
	const struct conf_nslp *n = &q->c->nslp;
	uint32_t max = n->lifetime_max;

	if (entry_max && (!max || entry_max < max))
		max = entry_max;
	if (!q->r->lifetime || q->r->lifetime < n->lifetime_min)
		return refuse(q, NSLP_LIFETIME_SMALL, NSLP_LIFETIME, "lifetime too small");
	q->v->lifetime = max && q->r->lifetime > max ? max : q->r->lifetime;
	return true;
}

/* What holds whoever decides. */
static bool check_always(struct ask *q, uint32_t lifetime_max)
{
	return check_nat(q) && check_pair(q) && check_icmp(q) && check_lifetime(q, lifetime_max);
}

/*
 * Deciding
 */

static bool from_outside(const struct ask *q)
{
	return q->a->from && q->a->from->outside;
}

/* A CREATE that comes in from outside, and what it may rest on. */
static bool check_outside(struct ask *q, const struct conf_policy *e)
{
	bool needs = !e || q->c->nslp.need_reservation || q->r->translation == GATE_DESTINATION ||
		     q->r->translation == GATE_BOTH;

	if (q->r->kind != GATE_ALLOW || q->a->reservation == RESERVATION_FITS || !is_gateway(q->c))
		return true;
	/* inside too: whoever enters by a reservation has to have one */
	if (q->r->translation == GATE_DESTINATION || q->r->translation == GATE_BOTH)
		return refuse(q, NSLP_NO_RESERVATION, 0, "no reservation");
	if (from_outside(q) && needs)
		return refuse(q, NSLP_NO_RESERVATION, 0, "no reservation");
	return true;
}

static bool decide_entry(struct ask *q, const struct conf_policy *e)
{
	bool any_port = e->port_max && !port_restricted(e);
	uint8_t source_min = e->source_len_min;

	q->v->entry = e->name;
	q->v->waived = e->key_id && e->key_id != q->a->key;
	q->v->sessions_max = e->sessions_max ? e->sessions_max : q->c->policy_sessions_max;
	if (!e->permit)
		return refuse(q, NSLP_NOT_AUTHORIZED, 0, "refused by an entry");
	if (!check_outside(q, e))
		return false;
	if (!e->third_party && !is_requesters(q))
		return refuse(q, NSLP_NOT_AUTHORIZED, 0, "somebody else's flow");
	if (q->r->kind == GATE_RESERVE && !q->f->source_len && !e->any_sender)
		return refuse(q, NSLP_SOURCE_WIDE, 0, "sender not known");
	if (q->r->kind == GATE_RESERVE && e->any_sender)
		source_min = 0;
	return check_width(q, source_min, e->destination_len_min) &&
	       check_ports(q, e->any_sender, any_port) && check_always(q, e->lifetime_max);
}

static bool root_at_host(const struct ask *q)
{
	return policy_local(q->r) && !q->r->who.uid && !is_gateway(q->c);
}

static bool check_not_near(struct ask *q, const struct near *near)
{
	if (near->identity)
		return refuse(q, NSLP_NOT_AUTHENTICATED, NSLP_AUTH, "has to be proved");
	if (near->protocol)
		return refuse(q, NSLP_PROTOCOL, 0, "permitted for other protocols");
	return true;
}

static bool decide_built_in(struct ask *q, const struct near *near)
{
	bool reserve = q->r->kind != GATE_ALLOW;

	if (root_at_host(q))
		return check_always(q, 0);
	if (q->r->who.proxy)
		return check_not_near(q, near) &&
		       refuse(q, NSLP_NOT_AUTHORIZED, 0, "on behalf of somebody else");
	if (reserve && from_outside(q))
		return refuse(q, NSLP_EXTERNAL_SIDE, 0, "EXTERNAL from outside");
	if (!is_requesters(q))
		return check_not_near(q, near) &&
		       (from_outside(q) ? check_outside(q, NULL) : true) &&
		       refuse(q, NSLP_NOT_AUTHORIZED, 0, "somebody else's flow");
	if (!check_outside(q, NULL))
		return false;
	if (!q->f->has_protocol && q->r->kind == GATE_ALLOW && is_gateway(q->c))
		return refuse(q, NSLP_PLAIN_IP, 0, "all protocols");
	return check_width(q, reserve ? 0 : 32, 32) && check_ports(q, false, false) &&
	       check_always(q, 0);
}

void policy_decide(const struct conf *c, const struct policy_io *io, const struct policy_ask *ask,
		   struct policy_verdict *v)
{
	struct ask q = {
		.c = c, .io = io, .a = ask, .r = ask->request, .f = &ask->request->flow, .v = v,
	};
	struct near near = { false };
	const struct conf_policy *e;

	*v = (struct policy_verdict){
		.sessions_max = c->policy_sessions_max, .entry = POLICY_BUILT_IN, .why = "",
	};
	e = find_entry(&q, &near);
	if (e)
		decide_entry(&q, e);
	else
		decide_built_in(&q, &near);
}
