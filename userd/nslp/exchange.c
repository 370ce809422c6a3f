// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "base/log.h"
#include "nslp/exchange.h"
#include "nslp/forward.h"
#include "nslp/gateway.h"
#include "nslp/initiate.h"
#include "nslp/report.h"
#include "nslp/respond.h"

/* From here on the request is the session's: number, flags and who it came from (3.5). */
static void take_over(struct nslp_session *s)
{
	struct nslp_exchange *x = s->exchange;

	s->msn = x->msn;
	s->proxy = x->proxy;
	s->beyond = x->beyond;
	if (s->state == SESSION_TRANSITORY)
		nslp_session_transitory(s, true);	/* as long again, for the answer to come */
	if (!x->near || x->near == s->near)
		return;
	if (s->counted) {
		s->near->pending--;
		x->near->pending++;
	}
	nslp_peer_put(s->n, s->near);
	s->near = nslp_peer_ref(x->near);
}

static bool translate(struct nslp_session *s, const struct gate_answer *a)
{
	struct nslp_rule *rule = nslp_session_rule(s);
	size_t before = nslp_rule_memory(&s->rule);
	bool done = nslp_rule_translate(rule, a);

	s->n->stats.memory += nslp_rule_memory(&s->rule) - before;
	return done;
}

static void go_on(struct nslp_session *s)
{
	switch (nslp_session_rule(s)->role) {
	case SESSION_NF:
		nslp_forward(s);
		break;
	case SESSION_NI:
	case SESSION_PROXY_NI:
		nslp_initiate_send(s);
		break;
	default:
		nslp_gate_open(s);
		break;
	}
}

void nslp_exchange_admitted(struct nslp_session *s, const struct gate_answer *a)
{
	struct nslp_exchange *x = s->exchange;

	if (a) {
		s->granted = true;
		if (a->lifetime && a->lifetime < x->lifetime)
			x->lifetime = a->lifetime;
	}
	if (x->refuse) {
		nslp_exchange_fail(s, x->refuse, x->refuse_object, "lifetime too small");
		return;
	}
	if (a && (x->fresh || x->next) && !translate(s, a)) {
		nslp_exchange_fail(s, NSLP_INTERNAL, 0, "the gate reserved nothing");
		return;
	}
	if (!nslp_session_initiated(s))
		take_over(s);
	go_on(s);
}

void nslp_exchange_opened(struct nslp_session *s)
{
	switch (nslp_session_rule(s)->role) {
	case SESSION_NF:
		nslp_forward_opened(s);
		break;
	case SESSION_NI:
	case SESSION_PROXY_NI:
		nslp_initiate_opened(s);
		break;
	default:
		nslp_respond_opened(s);
		break;
	}
}

/* The end of the request; what was in force before it stays. */
static void settle(struct nslp_session *s, uint16_t code, const char *why)
{
	bool fresh = s->exchange->fresh;
	bool update = s->exchange->next;
	bool sent = s->exchange->stage == NSLP_STAGE_SENT;

	if (fresh || (sent && nslp_exchange_final(code))) {
		nslp_session_end(s, code, why);
		return;
	}
	nslp_exchange_end(s);
	if (update)
		nslp_gate_revert(s);
}

void nslp_exchange_fail(struct nslp_session *s, uint16_t code, uint16_t object, const char *why)
{
	struct nslp_exchange *x = s->exchange;
	struct nslp_rule *rule = nslp_session_rule(s);
	struct gist_mri near = rule->near;
	struct nslp *n = s->n;
	uint8_t sid[GATE_SID];
	char tag[SESSION_TAG];
	uint32_t msn = x->msn;

	if (nslp_session_initiated(s)) {
		nslp_initiate_failed(s, code, object, why);
		return;
	}
	log_at(SUB_NSLP, x->fresh ? LEVEL_DEBUG : LEVEL_INFO,
	       "request refused sid=%s code=%u/0x%02x why=\"%s\"", session_tag(s->sid, tag),
	       code >> 8, code & 0xff, why);
	nslp_count(n, NSLP_N_refused);
	memcpy(sid, s->sid, sizeof(sid));
	if (x->stage == NSLP_STAGE_OPEN && rule->role == SESSION_NF && x->fresh)
		nslp_report_far(s, NSLP_TERMINATED);
	s = nslp_session_find(n, sid);
	if (s && s->exchange == x)
		settle(s, code, why);
	nslp_respond(n, sid, &near, &(struct nslp_answer){ .msn = msn, .code = code,
							   .object = object });
}

void nslp_exchange_drop(struct nslp_session *s, uint16_t code, const char *why)
{
	nslp_count(s->n, NSLP_N_dropped);
	if (nslp_session_initiated(s))
		nslp_initiate_failed(s, code, 0, why);
	else
		settle(s, code, why);
}

void nslp_exchange_timeout(struct nslp_session *s)
{
	if (!s->exchange) {
		nslp_session_end(s, 0, "timed out");
		return;
	}
	if (s->exchange->stage != NSLP_STAGE_SENT)
		nslp_exchange_fail(s, NSLP_NO_RESOURCES, 0, "the gate does not answer");
	else if (nslp_session_initiated(s))
		nslp_initiate_timeout(s);
	else
		nslp_session_end(s, 0, "no RESPONSE");
}
