// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "gist/code.h"
#include "nslp/create.h"
#include "nslp/initiate.h"
#include "nslp/match.h"
#include "nslp/place.h"

static bool refuse(struct nslp_fault *f, unsigned int code, const char *why)
{
	return nslp_fault(f, code, 0, why);
}

/* This node is the NR. Its own packets are filtered only where it is told so. */
static bool respond(struct nslp *n, struct nslp_rule *r, const struct nslp_interface *arrival,
		    const struct nslp_message *m, struct nslp_fault *fault)
{
	/* A CREATE that an edge sends at our own wish is accepted in any case (3.7.6.1). */
	if (!n->c.respond && !(nslp_message_has(m, NSLP_NONCE) &&
			       nslp_initiate_nonce(n, m->nonce)))
		return refuse(fault, NSLP_NOT_REACHED, "no NR here");
	r->role = SESSION_NR;
	r->gated = n->c.forward || arrival->firewall;
	return true;
}

/* Out by an interface that translates: the source becomes external (3.7.1). */
static bool leave(struct nslp *n, struct nslp_rule *r, const struct nslp_interface *arrival,
		  const struct nslp_message *m, struct nslp_fault *fault)
{
	const struct nslp_interface *out;
	struct gist_route route;

	if (!nslp_place_route(n, &r->near.destination, &route))
		return refuse(fault, NSLP_NOT_REACHED, "no route to the receiver");
	r->out = route.ifindex;
	out = nslp_place_interface(n, route.ifindex);
	r->role = SESSION_NF;
	if (m->proxy && n->c.proxy && out->edge && !arrival->outside)
		r->role = SESSION_PROXY_NR;
	if (r->out == r->in || !nslp_place_translates(out, r->near.source.version))
		return true;
	if (r->action == NSLP_DENY)
		return refuse(fault, NSLP_NOT_APPLICABLE, "deny at a NAT");
	r->translation = GATE_SOURCE;
	return true;
}

/* In by a reservation at a NAT, from outside, or from inside and back in (2.6, 3.8). */
static bool enter(struct nslp *n, struct nslp_rule *r, const struct nslp_interface *arrival,
		  const struct nslp_session *reservation, struct nslp_fault *fault)
{
	struct nslp_extra *extra = nslp_rule_extra(r);
	const struct nslp_interface *out;
	struct gist_route route;

	if (!extra)
		return refuse(fault, NSLP_NO_RESOURCES, "out of memory");
	if (!nslp_place_route(n, nslp_rule_receiver(&reservation->rule), &route))
		return refuse(fault, NSLP_NOT_REACHED, "no route to the receiver");
	memcpy(extra->ref, reservation->sid, GATE_SID);
	r->out = route.ifindex;
	r->role = SESSION_NF;
	out = nslp_place_interface(n, route.ifindex);
	r->translation = GATE_DESTINATION;
	if (!arrival->outside || (r->out != r->in && nslp_place_translates(out, 4)))
		r->translation = GATE_BOTH;
	return true;
}

/* At a firewall, or on the way out of a NAT. */
static bool pass(struct nslp *n, struct nslp_rule *r, const struct nslp_interface *arrival,
		 const struct nslp_message *m, const struct nslp_session *reservation,
		 struct nslp_fault *fault)
{
	if (!n->c.forward)
		return refuse(fault, NSLP_NOT_REACHED, "this node does not forward");
	if (nslp_place_translates(arrival, r->near.source.version))
		return refuse(fault, NSLP_NO_RESERVATION, "no reservation at this NAT");
	if (arrival->outside && n->c.need_reservation && !reservation)
		return refuse(fault, NSLP_NO_RESERVATION, "no reservation at this firewall");
	return leave(n, r, arrival, m, fault);
}

static bool plan(struct nslp *n, struct nslp_rule *r, const struct gist_rx *rx,
		 const struct nslp_message *m, struct nslp_fault *fault)
{
	const struct nslp_interface *arrival = nslp_place_interface(n, r->in);
	struct nslp_session *reservation = nslp_match(n, &r->near);

	if (reservation && reservation->rule.translation == GATE_BIND)
		return enter(n, r, arrival, reservation, fault);
	if (!rx->endpoint && !nslp_place_local(n, &r->near.destination))
		return pass(n, r, arrival, m, reservation, fault);
	if (n->c.forward && nslp_place_translates(arrival, r->near.source.version))
		return refuse(fault, NSLP_NO_RESERVATION, "no reservation at this NAT");
	return respond(n, r, arrival, m, fault);
}

bool nslp_plan_create(struct nslp *n, struct nslp_rule *r, const struct gist_rx *rx,
		      const struct nslp_message *m, struct nslp_fault *fault)
{
	if (r->near.method != GIST_MRM_PATH || r->near.upstream)
		return refuse(fault, NSLP_INTERNAL, "CREATE goes with the flow, path-coupled");
	r->kind = r->action == NSLP_DENY ? GATE_DENY : GATE_ALLOW;
	r->translation = GATE_PLAIN;
	r->gated = true;
	r->in = rx->peer ? rx->peer->ifindex : 0;
	if (nslp_match_denied(n, &r->near, rx->sid))
		return refuse(fault, NSLP_CONFLICT, "flow is denied here");
	return plan(n, r, rx, m, fault);
}
