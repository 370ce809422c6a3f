// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "nslp/app.h"
#include "nslp/forward.h"
#include "nslp/proxy.h"
#include "nslp/receive.h"
#include "nslp/reserve.h"
#include "nslp/respond.h"
#include "nslp/sign.h"

static void put(struct nslp_message *m, const struct nslp_answer *a)
{
	memset(m, 0, sizeof(*m));
	m->type = NSLP_RESPONSE;
	m->present = NSLP_BIT(NSLP_MSN) | NSLP_BIT(NSLP_INFO);
	m->msn = a->msn;
	m->info.code = a->code;
	m->info.object = a->object;
	m->lifetime = a->lifetime;
	m->external = a->external;
	m->binding = a->binding;
	m->present |= a->has_lifetime ? NSLP_BIT(NSLP_LIFETIME) : 0;
	m->present |= a->has_external ? NSLP_BIT(NSLP_EXTERNAL_IP) : 0;
	m->present |= a->has_binding ? NSLP_BIT(NSLP_BINDING) : 0;
}

void nslp_respond(struct nslp *n, const uint8_t *sid, const struct gist_mri *near,
		  const struct nslp_answer *a)
{
	struct gist_mri back = nslp_inverted(near);
	uint8_t buf[NSLP_MESSAGE_MAX];
	struct nslp_message m;
	struct gist_view v;

	put(&m, a);
	nslp_count(n, NSLP_N_response_sent);
	n->stats.response[NSLP_CLASS(a->code) & 7]++;
	if (nslp_sign(n, a->sign ? sid : NULL, &back, &m, buf, sizeof(buf), &v) ||
	    nslp_send(n, sid, &back, v, 0, a->sii))
		log_debug(SUB_NSLP, "RESPONSE could not be sent");
}

void nslp_refuse(struct nslp *n, const struct gist_rx *rx, const struct nslp_message *m,
		 uint16_t code, uint16_t object)
{
	struct nslp_answer a = { .code = code, .object = object, .sign = m->auths };

	if (NSLP_CLASS(code) != NSLP_CLASS_PROTOCOL)
		nslp_count(n, NSLP_N_refused);
	a.msn = nslp_message_has(m, NSLP_MSN) ? m->msn : 0;
	/* What is about no session has no routing state to go back by. */
	if (rx->explicit_route && rx->peer && nslp_sid_zero(rx->sid))
		a.sii = rx->peer->sii;
	nslp_respond(n, rx->sid, rx->mri, &a);
}

/* What a success to the request has in it (3.7.2, 4.3.3). */
static void success(const struct nslp_session *s, const struct nslp_message *request,
		    struct nslp_answer *a)
{
	memset(a, 0, sizeof(*a));
	a->msn = s->msn;
	a->code = NSLP_SUCCESS;
	a->has_lifetime = true;
	a->lifetime = s->lifetime;
	a->sign = request->auths;
	a->has_external = nslp_reserve_external(&s->rule, &a->external);
	a->has_binding = nslp_message_has(request, NSLP_BINDING);
	a->binding = request->binding;
}

/* The answer goes first, then what the request asked for beyond it; each may end the session. */
static void conclude(struct nslp_session *s, const struct nslp_message *request)
{
	struct nslp *n = s->n;
	struct nslp_answer a;
	uint8_t sid[GATE_SID];

	memcpy(sid, s->sid, sizeof(sid));
	success(s, request, &a);
	nslp_respond(n, sid, &s->rule.near, &a);
	s = nslp_session_find(n, sid);
	if (s && s->rule.role == SESSION_EDGE && s->proxy)
		nslp_proxy_follow(s, request);
	s = nslp_session_find(n, sid);
	if (s && s->beyond && s->rule.role != SESSION_NR)
		nslp_forward_beyond(s, request);
}

void nslp_respond_opened(struct nslp_session *s)
{
	struct nslp_exchange *x = s->exchange;
	struct gist_view octets = x->octets;
	struct nslp_message request;
	struct nslp_fault fault;
	struct nslp *n = s->n;
	uint8_t sid[GATE_SID];

	memcpy(sid, s->sid, sizeof(sid));
	x->octets = gist_view(NULL, 0);
	if (!x->fresh)
		nslp_count(n, NSLP_N_refreshed);
	nslp_session_establish(s, x->lifetime);
	nslp_exchange_end(s);
	nslp_message_parse(&request, octets, nslp_options(n), &fault);
	if (s->rule.role == SESSION_NR)
		nslp_app_passive(s);
	s = nslp_session_find(n, sid);	/* whoever was told may have closed it */
	if (s)
		conclude(s, &request);
	free((void *)(uintptr_t)octets.data);
}
