// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "nslp/app.h"
#include "nslp/closing.h"
#include "nslp/exchange.h"
#include "nslp/gateway.h"
#include "nslp/initiate.h"
#include "nslp/report.h"

static int ask(struct nslp *n, const struct gate_request *r, const struct gate_proof *proof)
{
	return n->io.gate(n->io.arg, r, proof);
}

static void request_init(struct nslp_session *s, struct gate_request *r, enum gate_op op,
			 uint32_t lifetime)
{
	const struct nslp_rule *rule = nslp_session_rule(s);

	memset(r, 0, sizeof(*r));
	r->id = ++s->n->gate_id;
	r->op = op;
	r->kind = rule->kind;
	r->translation = rule->translation;
	r->lifetime = lifetime;
	r->in_ifindex = rule->in;
	r->out_ifindex = rule->out;
	memcpy(r->sid, s->sid, GATE_SID);
	if (rule->extra)
		memcpy(r->ref, rule->extra->ref, GATE_SID);
}

/* --- who asks -------------------------------------------------------------------------------- */

static void who_peer(struct gate_who *w, const struct nslp_peer *p, const struct nslp_rule *rule)
{
	w->peer = p->address;
	w->ifindex = rule->type == NSLP_CREATE ? rule->in : rule->out;
	w->tls = p->tls;
	snprintf(w->name, sizeof(w->name), "%s", p->name);
}

/* A secondary session is the wish of whoever asked for the primary one (3.7.6.1). */
static void who(const struct nslp_session *s, struct gate_who *w)
{
	const struct nslp_exchange *x = s->exchange;
	bool secondary = s->rule.role == SESSION_PROXY_NI && s->link;
	const struct nslp_session *asker = secondary ? s->link : s;
	const struct nslp_peer *near = asker == s && x && x->near ? x->near : asker->near;
	struct nslp_session *rule_of = (struct nslp_session *)(uintptr_t)asker;

	memset(w, 0, sizeof(*w));
	w->uid = nslp_app_uid(s);
	w->proxy = asker != s || (x ? x->proxy : s->proxy);
	if (near)
		who_peer(w, near, nslp_session_rule(rule_of));
	else if (nslp_app_user(s))
		snprintf(w->name, sizeof(w->name), "%s", nslp_app_user(s));
}

/* What a SESSION_AUTH object is to be checked against; too long is no proof at all. */
static bool prove(struct gate_proof *p, const struct gist_rx *rx, const struct nslp_message *m)
{
	if (!rx || !m->auths || rx->data.len + rx->mri_value.len > sizeof(p->octets))
		return false;
	memset(p, 0, sizeof(*p));
	p->message_len = (uint16_t)rx->data.len;
	p->mri_len = (uint16_t)rx->mri_value.len;
	memcpy(p->octets, rx->data.data, rx->data.len);
	if (rx->mri_value.len)
		memcpy(p->octets + rx->data.len, rx->mri_value.data, rx->mri_value.len);
	return true;
}

/* --- asking ---------------------------------------------------------------------------------- */

/* The answer may come at once: nothing of @s is used after it. */
static void put(struct nslp_session *s, const struct gate_request *r,
		const struct gate_proof *proof)
{
	s->exchange->gate = r->id;
	if (!ask(s->n, r, proof))
		return;
	s->exchange->gate = 0;
	nslp_exchange_fail(s, NSLP_NO_RESOURCES, 0, "the gate cannot be reached");
}

void nslp_gate_admit(struct nslp_session *s, const struct gist_rx *rx,
		     const struct nslp_message *m)
{
	struct nslp_rule *rule = nslp_session_rule(s);
	struct nslp_exchange *x = s->exchange;
	struct gate_proof proof;
	struct gate_request r;

	x->stage = NSLP_STAGE_ADMIT;
	if (!rule->gated) {
		nslp_exchange_admitted(s, NULL);
		return;
	}
	request_init(s, &r, GATE_ADMIT, x->lifetime);
	nslp_rule_flow(rule, &r.flow);
	who(s, &r.who);
	r.has_proof = prove(&proof, rx, m);
	put(s, &r, r.has_proof ? &proof : NULL);
}

/* Only what may pass data is opened: a deny counts where it is enforced (3.7.2). */
static enum gate_op opening(const struct nslp_rule *rule)
{
	if (rule->kind == GATE_RESERVE)
		return GATE_HOLD;
	if (rule->type == NSLP_EXTERNAL && rule->role != SESSION_EDGE)
		return GATE_HOLD;
	return GATE_OPEN;
}

void nslp_gate_open(struct nslp_session *s)
{
	struct nslp_rule *rule = nslp_session_rule(s);
	struct nslp_exchange *x = s->exchange;
	struct gate_request r;

	x->stage = NSLP_STAGE_OPEN;
	if (!rule->gated) {
		nslp_exchange_opened(s);
		return;
	}
	nslp_session_deadline(s, NSLP_GATE_WAIT);
	request_init(s, &r, opening(rule), x->lifetime);
	put(s, &r, NULL);
}

/* Also what is asked for and not answered yet: it may be granted. */
void nslp_gate_close(struct nslp_session *s)
{
	struct gate_request r;

	if (!s->granted && (!s->exchange || !s->exchange->gate))
		return;
	s->granted = false;
	request_init(s, &r, GATE_CLOSE, 0);
	if (ask(s->n, &r, NULL))
		nslp_closing_add(s->n, s->sid);
}

static int ask_again(struct nslp_session *s, uint64_t *id)
{
	struct gate_request r;

	request_init(s, &r, GATE_ADMIT, nslp_session_left(s));
	nslp_rule_flow(&s->rule, &r.flow);
	who(s, &r.who);
	*id = r.id;
	return ask(s->n, &r, NULL);
}

void nslp_gate_revert(struct nslp_session *s)
{
	uint64_t id;

	if (s->rule.gated && s->granted && ask_again(s, &id))
		log_debug(SUB_NSLP, "the gate cannot be reached: a failed update stays prepared");
}

int nslp_gate_restore(struct nslp_session *s)
{
	struct nslp_exchange *x;
	int rc;

	if (!s->rule.gated)
		return 0;
	x = nslp_exchange_begin(s, s->msn, nslp_session_left(s));
	if (!x)
		return -ENOBUFS;
	x->stage = NSLP_STAGE_RESTORE;
	x->proxy = s->proxy;
	rc = ask_again(s, &x->gate);
	if (rc)
		nslp_exchange_end(s);
	return rc;
}

/* --- answers --------------------------------------------------------------------------------- */

static void gone(struct nslp_session *s, const struct gate_answer *a)
{
	if (a->code == NSLP_REAUTHENTICATE) {
		nslp_report(s, NSLP_REAUTHENTICATE);
		return;
	}
	s->granted = false;
	if (nslp_session_left(s) <= 1 && s->state != SESSION_PENDING)
		nslp_report_expired(s);
	else
		nslp_report_terminated(s, a->why[0] ? a->why : "its rules are no more");
}

/* The same as before, or nothing: the neighbours know the old external endpoint. */
static bool same_binding(const struct nslp_session *s, const struct gate_answer *a)
{
	struct nslp_rule r = s->rule;
	struct nslp_extra extra = { 0 };
	bool same;

	if (s->rule.extra)
		extra = *s->rule.extra;
	r.extra = &extra;
	same = nslp_rule_translate(&r, a) && gist_mri_equal(&r.far, &s->rule.far);
	if (s->rule.translation == GATE_BIND && s->rule.extra)
		same &= extra.external.port == s->rule.extra->external.port;
	return same;
}

/*
 * Policy wants a proof that is not kept: whoever has to give it is asked to, and has until the hold
 * of a transitory session ends.
 */
static void prove_again(struct nslp_session *s)
{
	nslp_exchange_end(s);
	nslp_session_transitory(s, true);
	if (nslp_session_initiated(s))
		nslp_initiate_again(s);
	else
		nslp_report(s, NSLP_REAUTHENTICATE);
}

static void restored(struct nslp_session *s, const struct gate_answer *a)
{
	struct nslp_exchange *x = s->exchange;
	struct gate_request r;

	if (a->code == NSLP_NOT_AUTHENTICATED || a->code == NSLP_NOT_AUTHORIZED) {
		prove_again(s);
		return;
	}
	if (a->code || (a->op == GATE_ADMIT && !same_binding(s, a))) {
		s->granted &= !a->code;
		nslp_report_terminated(s, "its rules could not be made again");
		return;
	}
	if (a->op != GATE_ADMIT) {
		nslp_exchange_end(s);
		return;
	}
	request_init(s, &r, opening(&s->rule), nslp_session_left(s));
	x->gate = r.id;
	if (ask(s->n, &r, NULL))
		nslp_report_terminated(s, "its rules could not be made again");
}

/*
 * What the answer says is about the request that was asked for last, or about nothing: a newer one
 * has taken its place since.
 */
void nslp_gate_answer(struct nslp *n, const struct gate_answer *a)
{
	struct nslp_session *s = nslp_session_find(n, a->sid);
	struct nslp_exchange *x = s ? s->exchange : NULL;

	if (s && (!a->id || a->op == GATE_GONE)) {
		gone(s, a);
		return;
	}
	if (!x || x->gate != a->id)
		return;
	x->gate = 0;
	if (x->stage == NSLP_STAGE_RESTORE)
		restored(s, a);
	else if (a->code && a->silent)
		nslp_exchange_drop(s, a->code, a->why);
	else if (a->code)
		nslp_exchange_fail(s, a->code, a->object, a->why);
	else if (x->stage == NSLP_STAGE_ADMIT)
		nslp_exchange_admitted(s, a);
	else
		nslp_exchange_opened(s);
}
