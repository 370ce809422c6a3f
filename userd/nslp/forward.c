// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "nslp/exchange.h"
#include "nslp/forward.h"
#include "nslp/gateway.h"
#include "nslp/receive.h"
#include "nslp/report.h"
#include "nslp/reserve.h"
#include "nslp/respond.h"

#define BINDING_MAX	256	/* octets of addresses in an EXTERNAL_BINDING */

/* --- requests -------------------------------------------------------------------------------- */

/* @in as it goes on from here: lower lifetime, and what a NAT changes (3.4, 3.7.2). */
static int send_request(struct nslp_session *s, const struct nslp_message *in, uint32_t lifetime,
			uint32_t handle)
{
	const struct nslp_rule *rule = nslp_session_rule(s);
	uint8_t buf[NSLP_MESSAGE_MAX], bindings[BINDING_MAX];
	struct nslp_message out = *in;
	struct nslp *n = s->n;
	struct gist_out o;

	out.lifetime = lifetime;
	out.auth = gist_view(NULL, 0);
	nslp_reserve_rewrite(rule, &out, bindings, sizeof(bindings));
	gist_out_init(&o, buf, sizeof(buf));
	nslp_message_forward(&o, in, &out, nslp_options(n));
	if (o.error)
		return o.error;
	nslp_count(n, in->type == NSLP_CREATE ? NSLP_N_create_sent : NSLP_N_external_sent);
	return nslp_send(n, s->sid, &rule->far, gist_out_view(&o), handle, 0);
}

/* State on both sides is wanted for as long as the RESPONSE may take (3.2.8). */
static void await(struct nslp_session *s, uint32_t lifetime)
{
	struct gist_mri back = nslp_inverted(&nslp_session_rule(s)->near);

	nslp_session_deadline(s, (uint64_t)lifetime * 1000);
	nslp_keep(s->n, s->sid, &back, lifetime);
}

void nslp_forward(struct nslp_session *s)
{
	struct nslp_exchange *x = s->exchange;
	struct gist_mri far = nslp_session_rule(s)->far;
	struct gist_view octets = x->octets;
	uint32_t lifetime = x->lifetime;
	struct nslp_message m;
	struct nslp_fault fault;
	struct nslp *n = s->n;
	uint8_t sid[GATE_SID];
	int rc;

	x->octets = gist_view(NULL, 0);
	x->stage = NSLP_STAGE_SENT;
	x->handle = ++n->handle ? n->handle : ++n->handle;
	s->reached = true;
	memcpy(sid, s->sid, sizeof(sid));
	await(s, lifetime);
	nslp_message_parse(&m, octets, nslp_options(n), &fault);
	rc = send_request(s, &m, lifetime, x->handle);
	if (!rc)
		nslp_keep(n, sid, &far, lifetime);
	else
		nslp_forward_failed(s, rc == -ENOBUFS ? GIST_FAIL_LIMIT :
				    rc == -EMSGSIZE ? GIST_FAIL_TOO_LARGE : GIST_FAIL_NO_ROUTE);
	free((void *)(uintptr_t)octets.data);
}

void nslp_forward_delete(struct nslp_session *s, const struct nslp_message *m)
{
	uint8_t buf[NSLP_MESSAGE_MAX];
	struct nslp_message last = { .type = s->rule.type };
	struct gist_out o;

	if (!s->reached)
		return;
	if (m) {
		send_request(s, m, 0, 0);
		return;
	}
	last.present = NSLP_BIT(NSLP_LIFETIME) | NSLP_BIT(NSLP_MSN);
	last.msn = s->msn + 1;
	nslp_rule_objects(&s->rule, &last);
	nslp_reserve_rewrite(&s->rule, &last, NULL, 0);
	gist_out_init(&o, buf, sizeof(buf));
	nslp_message_put(&o, &last, nslp_options(s->n));
	if (!o.error)
		nslp_send(s->n, s->sid, &s->rule.far, gist_out_view(&o), 0, 0);
}

void nslp_forward_beyond(struct nslp_session *s, const struct nslp_message *m)
{
	s->reached = true;
	if (send_request(s, m, m->lifetime ? s->lifetime : 0, 0))
		log_debug(SUB_NSLP, "nobody beyond the edge");
}

/* What GIST's failure means for the request (3.7.1; AMB-44). */
static uint16_t failure_code(const struct nslp_session *s, enum gist_failure failure)
{
	if (failure == GIST_FAIL_LIMIT || failure == GIST_FAIL_ASSOCIATION)
		return NSLP_NO_RESOURCES;
	if (failure == GIST_FAIL_TOO_LARGE)
		return NSLP_INTERNAL;
	return s->rule.type == NSLP_CREATE ? NSLP_NOT_REACHED : NSLP_NO_EDGE;
}

/* The last node on the way answers in the receiver's place, if asked to (3.7.6.2; AMB-28). */
static bool become_proxy(struct nslp_session *s, enum gist_failure failure)
{
	struct nslp_exchange *x = s->exchange;

	if (s->rule.type != NSLP_CREATE || !x->proxy || !s->n->c.proxy ||
	    (failure != GIST_FAIL_NO_RESPONSE && failure != GIST_FAIL_NO_ROUTE))
		return false;
	nslp_session_rule(s)->role = SESSION_PROXY_NR;
	s->beyond = false;
	return true;
}

void nslp_forward_failed(struct nslp_session *s, enum gist_failure failure)
{
	if (become_proxy(s, failure))
		nslp_gate_open(s);
	else
		nslp_exchange_fail(s, failure_code(s, failure), 0, "no next hop");
}

/* --- RESPONSEs ------------------------------------------------------------------------------- */

static void pass_back(struct nslp *n, const uint8_t *sid, const struct gist_mri *near,
		      struct gist_view octets)
{
	struct gist_mri back = nslp_inverted(near);
	uint8_t buf[NSLP_MESSAGE_MAX];
	struct nslp_message m;
	struct nslp_fault fault;
	struct gist_out o;

	if (nslp_message_parse(&m, octets, nslp_options(n), &fault) != NSLP_ACCEPT)
		return;
	gist_out_init(&o, buf, sizeof(buf));
	nslp_message_forward(&o, &m, &m, nslp_options(n));
	if (o.error)
		return;
	nslp_count(n, NSLP_N_response_sent);
	n->stats.response[NSLP_CLASS(m.info.code) & 7]++;
	nslp_send(n, sid, &back, gist_out_view(&o), 0, 0);
}

/* The NR granted what was not accepted here: neither side may go on with it (3.4). */
static void bad_grant(struct nslp_session *s, uint16_t code, uint32_t limit)
{
	struct nslp_answer a = { .code = code, .object = NSLP_LIFETIME, .has_lifetime = true,
				 .lifetime = limit, .msn = s->exchange->msn };
	struct gist_mri near = nslp_session_rule(s)->near;
	struct nslp *n = s->n;
	uint8_t sid[GATE_SID];

	memcpy(sid, s->sid, sizeof(sid));
	s->exchange->stage = NSLP_STAGE_OPEN;	/* what GIST has to say of it is late */
	nslp_report_far(s, NSLP_TERMINATED);
	s = nslp_session_find(n, sid);
	if (s)
		nslp_session_end(s, code, "lifetime granted is not acceptable");
	nslp_respond(n, sid, &near, &a);
}

static void succeeded(struct nslp_session *s, const struct gist_rx *rx,
		      const struct nslp_message *m)
{
	struct nslp_exchange *x = s->exchange;

	if (m->lifetime > x->lifetime) {
		bad_grant(s, NSLP_GRANT_BIG, x->lifetime);
		return;
	}
	if (m->lifetime < s->n->c.lifetime_min) {
		bad_grant(s, NSLP_GRANT_SMALL, s->n->c.lifetime_min);
		return;
	}
	if (!nslp_exchange_keep(x, rx->data)) {
		nslp_exchange_fail(s, NSLP_NO_RESOURCES, 0, "out of memory");
		return;
	}
	x->lifetime = m->lifetime;
	nslp_gate_open(s);
}

/* An error ends a session that begins; one that is there lasts, but for good reasons (AMB-21). */
static void refused(struct nslp_session *s, const struct gist_rx *rx,
		    const struct nslp_message *m)
{
	bool over = s->exchange->fresh || nslp_exchange_final(m->info.code);
	struct gist_mri near = nslp_session_rule(s)->near;
	bool update = s->exchange->next;
	struct nslp *n = s->n;
	uint8_t sid[GATE_SID];

	memcpy(sid, s->sid, sizeof(sid));
	if (over) {
		nslp_session_end(s, m->info.code, "refused further on");
	} else {
		nslp_exchange_end(s);
		if (update)
			nslp_gate_revert(s);
	}
	pass_back(n, sid, &near, rx->data);
}

static void learn_far(struct nslp_session *s, const struct gist_rx *rx)
{
	struct nslp_peer *old = s->far;

	if (nslp_peer_is(old, rx->peer))
		return;
	s->far = nslp_peer_get(s->n, rx->peer);
	nslp_peer_put(s->n, old);
}

void nslp_forward_answered(struct nslp_session *s, const struct gist_rx *rx,
			   const struct nslp_message *m)
{
	learn_far(s, rx);
	if (NSLP_CLASS(m->info.code) == NSLP_CLASS_SUCCESS)
		succeeded(s, rx, m);
	else
		refused(s, rx, m);
}

void nslp_forward_opened(struct nslp_session *s)
{
	struct nslp_exchange *x = s->exchange;
	struct gist_view octets = x->octets;
	struct nslp *n = s->n;
	uint8_t sid[GATE_SID];

	x->octets = gist_view(NULL, 0);
	memcpy(sid, s->sid, sizeof(sid));
	if (!x->fresh)
		nslp_count(n, NSLP_N_refreshed);
	nslp_session_establish(s, x->lifetime);
	nslp_exchange_end(s);
	pass_back(n, sid, &s->rule.near, octets);
	free((void *)(uintptr_t)octets.data);
}

void nslp_forward_late(struct nslp_session *s, const struct gist_rx *rx,
		       const struct nslp_message *m)
{
	bool edge = s->rule.role == SESSION_EDGE || s->rule.role == SESSION_PROXY_NR;

	if (!edge || !s->beyond || m->msn != s->msn) {
		nslp_count(s->n, NSLP_N_dropped);
		return;
	}
	learn_far(s, rx);
	pass_back(s->n, s->sid, &s->rule.near, rx->data);
}
