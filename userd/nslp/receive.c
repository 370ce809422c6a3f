// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "nslp/create.h"
#include "nslp/delete.h"
#include "nslp/gateway.h"
#include "nslp/initiate.h"
#include "nslp/peer.h"
#include "nslp/place.h"
#include "nslp/receive.h"
#include "nslp/forward.h"
#include "nslp/report.h"
#include "nslp/reserve.h"
#include "nslp/respond.h"

unsigned int nslp_options(const struct nslp *n)
{
	return (n->c.allow & ~(unsigned int)NSLP_AT_NAT) |
		(nslp_place_nat(n) ? NSLP_AT_NAT : 0);
}

uint32_t nslp_lifetime_accept(const struct nslp *n, uint32_t asked, uint16_t *refuse)
{
	if (n->c.lifetime_max && asked > n->c.lifetime_max)
		return n->c.lifetime_max;
	if (asked < n->c.lifetime_min)
		*refuse = NSLP_LIFETIME_SMALL;
	return asked;
}

bool nslp_plan(struct nslp *n, struct nslp_rule *r, const struct gist_rx *rx,
	       const struct nslp_message *m, struct nslp_fault *fault)
{
	if (m->type == NSLP_CREATE)
		return nslp_plan_create(n, r, rx, m, fault);
	return nslp_plan_external(n, r, rx, m, fault);
}

/* --- requests -------------------------------------------------------------------------------- */

static bool begin(struct nslp_session *s, const struct gist_rx *rx, const struct nslp_message *m)
{
	uint16_t refuse = 0;
	uint32_t lifetime = nslp_lifetime_accept(s->n, m->lifetime, &refuse);
	struct nslp_exchange *x = nslp_exchange_begin(s, m->msn, lifetime);

	if (!x || !nslp_exchange_keep(x, rx->data))
		return false;
	x->refuse = refuse;
	x->refuse_object = refuse ? NSLP_LIFETIME : 0;
	x->proxy = m->proxy;
	x->beyond = m->beyond;
	x->near = nslp_peer_get(s->n, rx->peer);
	return true;
}

/* A session that is not there yet (3.2.8). */
static void first(struct nslp *n, const struct gist_rx *rx, const struct nslp_message *m,
		  struct nslp_rule *rule)
{
	struct nslp_peer *near = nslp_peer_get(n, rx->peer);
	struct nslp_session *s = nslp_session_create(n, rx->sid, near);

	nslp_peer_put(n, near);
	if (!s) {
		nslp_count(n, NSLP_N_full);
		nslp_rule_fini(rule);
		nslp_refuse(n, rx, m, NSLP_NO_RESOURCES, 0);
		return;
	}
	s->rule = *rule;
	n->stats.memory += nslp_rule_memory(rule);
	if (begin(s, rx, m)) {
		nslp_gate_admit(s, rx, m);
		return;
	}
	nslp_session_free(s);
	nslp_refuse(n, rx, m, NSLP_NO_RESOURCES, 0);
}

/* Put @rule in place of what the session's first request asked for, or beside what is in force. */
static bool update(struct nslp_session *s, struct nslp_rule *rule)
{
	struct nslp_exchange *x = s->exchange;

	if (x->fresh) {
		s->n->stats.memory += nslp_rule_memory(rule) - nslp_rule_memory(&s->rule);
		nslp_rule_fini(&s->rule);
		s->rule = *rule;
		return true;
	}
	x->next = malloc(sizeof(*rule));
	if (!x->next)
		return false;
	*x->next = *rule;
	return true;
}

/* Refresh or update of a session that is there (3.7.3, 3.10). */
static void again(struct nslp_session *s, const struct gist_rx *rx, const struct nslp_message *m,
		  struct nslp_rule *rule, bool same)
{
	struct nslp *n = s->n;

	if (begin(s, rx, m) && (same || update(s, rule))) {
		if (same)
			nslp_rule_fini(rule);
		nslp_gate_admit(s, rx, m);
		return;
	}
	nslp_rule_fini(rule);
	if (s->state == SESSION_PENDING)
		nslp_session_end(s, NSLP_NO_RESOURCES, "out of memory");
	else
		nslp_exchange_end(s);
	nslp_refuse(n, rx, m, NSLP_NO_RESOURCES, 0);
}

static void take_in(struct nslp *n, struct nslp_session *s, const struct gist_rx *rx,
		   const struct nslp_message *m)
{
	struct nslp_fault fault = { 0 };
	struct nslp_rule rule;
	bool same;

	if (!nslp_rule_read(&rule, rx->mri, m, &fault)) {
		nslp_rule_fini(&rule);
		nslp_refuse(n, rx, m, fault.code, fault.object);
		return;
	}
	same = s && nslp_rule_same(&s->rule, &rule);
	if (!same && !nslp_plan(n, &rule, rx, m, &fault)) {
		nslp_rule_fini(&rule);
		log_info(SUB_NSLP, "%s refused: %s", nslp_type_name(m->type), fault.why);
		nslp_refuse(n, rx, m, fault.code, fault.object);
		return;
	}
	if (s)
		again(s, rx, m, &rule, same);
	else
		first(n, rx, m, &rule);
}

/* Newer than what was accepted, and than what is under way (3.5). */
static bool is_newer(const struct nslp_session *s, uint32_t msn)
{
	const struct nslp_exchange *x = s->exchange;

	if (x && x->stage != NSLP_STAGE_RESTORE && !nslp_msn_newer(msn, x->msn))
		return false;
	if (x && x->fresh)
		return true;	/* nothing was accepted yet but what is under way */
	return nslp_msn_newer(msn, s->msn);
}

static void request(struct nslp *n, const struct gist_rx *rx, const struct nslp_message *m)
{
	struct nslp_session *s = nslp_session_find(n, rx->sid);

	/* What this node began comes from nobody else (3.7.1, 3.7.2); types do not mix (3.7.3). */
	if (s && (nslp_session_initiated(s) || s->rule.type != m->type)) {
		nslp_count(n, NSLP_N_dropped);
		return;
	}
	if (s && !is_newer(s, m->msn)) {
		nslp_count(n, NSLP_N_replayed);
		return;
	}
	if (s && m->lifetime && !nslp_peer_paced(n, s->near)) {
		nslp_count(n, NSLP_N_paced);
		return;
	}
	if (!m->lifetime)
		nslp_delete(n, s, rx, m);
	else
		take_in(n, s, rx, m);
}

/* --- RESPONSEs ------------------------------------------------------------------------------- */

/* From the side the request went to, about the flow as it is there. */
static bool from_far(struct nslp_session *s, const struct gist_rx *rx)
{
	struct gist_mri back = nslp_inverted(&nslp_session_rule(s)->far);

	return !rx->explicit_route && gist_mri_equal(&back, rx->mri);
}

static void response(struct nslp *n, const struct gist_rx *rx, const struct nslp_message *m)
{
	struct nslp_session *s = nslp_session_find(n, rx->sid);
	struct nslp_exchange *x = s ? s->exchange : NULL;

	if (!s || !from_far(s, rx)) {
		nslp_count(n, NSLP_N_dropped);
		return;
	}
	if (!x || x->stage != NSLP_STAGE_SENT || m->msn != x->msn) {
		nslp_forward_late(s, rx, m);
		return;
	}
	if (nslp_session_initiated(s))
		nslp_initiate_answered(s, m);
	else
		nslp_forward_answered(s, rx, m);
}

/* --- everything ------------------------------------------------------------------------------ */

static void count(struct nslp *n, unsigned int type)
{
	static const enum nslp_counter counter[] = {
		[NSLP_CREATE] = NSLP_N_create_received,
		[NSLP_EXTERNAL] = NSLP_N_external_received,
		[NSLP_RESPONSE] = NSLP_N_response_received,
		[NSLP_NOTIFY] = NSLP_N_notify_received,
	};

	if (type >= NSLP_CREATE && type <= NSLP_NOTIFY)
		nslp_count(n, counter[type]);
}

static void malformed(struct nslp *n, const struct gist_rx *rx, const struct nslp_message *m,
		      enum nslp_verdict verdict, const struct nslp_fault *fault)
{
	nslp_count(n, NSLP_N_malformed);
	log_debug(SUB_NSLP, "%s malformed: %s", nslp_type_name(m->type), fault->why);
	if (verdict == NSLP_REFUSE)
		nslp_refuse(n, rx, m, fault->code, fault->object);
	else
		nslp_count(n, NSLP_N_dropped);
}

static void dispatch(struct nslp *n, const struct gist_rx *rx, const struct nslp_message *m)
{
	if (m->type == NSLP_NOTIFY)
		nslp_report_received(n, rx, m);
	else if (nslp_sid_zero(rx->sid))
		nslp_delete_aggregate(n, rx, m);
	else if (m->type == NSLP_RESPONSE)
		response(n, rx, m);
	else if (rx->explicit_route)
		nslp_count(n, NSLP_N_dropped);	/* GIST has not looked where it comes from */
	else
		request(n, rx, m);
}

void nslp_receive(void *engine, const struct gist_rx *rx)
{
	struct nslp *n = engine;
	struct nslp_fault fault;
	struct nslp_message m;
	enum nslp_verdict verdict;

	if (rx->query || (!rx->validated && !rx->explicit_route)) {
		nslp_count(n, NSLP_N_dropped);
		return;
	}
	verdict = nslp_message_parse(&m, rx->data, nslp_options(n), &fault);
	count(n, m.type);
	if (verdict == NSLP_ACCEPT)
		dispatch(n, rx, &m);
	else
		malformed(n, rx, &m, verdict, &fault);
}

/*
 * A message that ends here is for us if we respond, or may be for somebody behind us; one for
 * others only if we forward. An EXTERNAL that finds no edge is to be told so (3.7.2). Nothing in a
 * Query is looked at: nobody has shown to be where he says.
 */
enum gist_peering nslp_receive_query(void *engine, const struct gist_rx *rx,
				     struct gist_view *answer)
{
	struct nslp *n = engine;
	bool create = rx->mri->method == GIST_MRM_PATH && !rx->mri->upstream;

	(void)answer;
	if (nslp_sid_zero(rx->sid))
		return GIST_IGNORE;
	if (n->c.forward)
		return GIST_PEER;
	if (!rx->endpoint && !nslp_place_local(n, create ? &rx->mri->destination :
					       rx->mri->method == GIST_MRM_LOOSE ?
					       &rx->mri->destination : &rx->mri->source))
		return GIST_PROPAGATE;
	if (create && !n->c.respond && !nslp_initiate_any(n))
		return GIST_IGNORE;
	return GIST_PEER;
}
