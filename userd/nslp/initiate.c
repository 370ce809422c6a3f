// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "nslp/app.h"
#include "nslp/exchange.h"
#include "nslp/gateway.h"
#include "nslp/initiate.h"
#include "nslp/local.h"
#include "nslp/receive.h"
#include "nslp/sign.h"

#define TRIES		5	/* requests without success, then it is given up */
#define WAIT		10000	/* ms for the RESPONSE to the first */
#define PAUSE		2000	/* ms after the first transient failure */

/* --- composing ------------------------------------------------------------------------------- */

static uint32_t own_nonce(const struct nslp_session *s)
{
	return gist_get32(s->sid);
}

/* The nonce ties a CREATE to the EXTERNAL-PROXY it comes from (3.7.6.1; AMB-04, AMB-05). */
static void put_nonce(const struct nslp_session *s, struct nslp_message *m)
{
	if (s->rule.role == SESSION_PROXY_NI) {
		m->nonce = s->rule.extra ? s->rule.extra->nonce : 0;
		m->present |= NSLP_BIT(NSLP_NONCE);
	} else if (s->proxy) {
		m->nonce = own_nonce(s);
		m->present |= NSLP_BIT(NSLP_NONCE);
	}
}

static void compose(struct nslp_session *s, struct nslp_message *m, uint32_t lifetime)
{
	const struct nslp_rule *rule = nslp_session_rule(s);

	memset(m, 0, sizeof(*m));
	m->type = rule->type;
	m->proxy = s->proxy && rule->role == SESSION_NI;
	m->beyond = m->proxy && s->beyond;
	m->present = NSLP_BIT(NSLP_LIFETIME) | NSLP_BIT(NSLP_MSN);
	m->lifetime = lifetime;
	m->msn = s->msn;
	nslp_rule_objects(rule, m);
	put_nonce(s, m);
	if (s->local && s->local->binding && rule->type == NSLP_EXTERNAL) {
		m->present |= NSLP_BIT(NSLP_BINDING);
		m->binding.version = 4;
	}
}

static int transmit(struct nslp_session *s, uint32_t lifetime, uint32_t handle)
{
	const struct nslp_rule *rule = nslp_session_rule(s);
	uint8_t buf[NSLP_MESSAGE_MAX];
	struct nslp *n = s->n;
	struct nslp_message m;
	struct gist_view v;
	int rc;

	compose(s, &m, lifetime);
	rc = nslp_sign(n, s->local ? s->sid : NULL, &rule->far, &m, buf, sizeof(buf), &v);
	if (rc)
		return rc;
	nslp_count(n, m.type == NSLP_CREATE ? NSLP_N_create_sent : NSLP_N_external_sent);
	return nslp_send(n, s->sid, &rule->far, v, handle, 0);
}

/* --- asking ---------------------------------------------------------------------------------- */

int nslp_initiate(struct nslp_session *s, uint32_t lifetime, struct nslp_rule *next)
{
	bool fresh = s->state == SESSION_PENDING;
	struct nslp_rule *copy = NULL;

	if (next && !fresh) {
		copy = malloc(sizeof(*copy));
		if (!copy)
			return -ENOBUFS;
		*copy = *next;
	}
	if (!nslp_exchange_begin(s, s->msn + 1, lifetime)) {
		free(copy);
		return -ENOBUFS;
	}
	if (next && fresh) {
		s->n->stats.memory += nslp_rule_memory(next) - nslp_rule_memory(&s->rule);
		nslp_rule_fini(&s->rule);
		s->rule = *next;
	}
	s->msn++;
	s->exchange->next = copy;
	s->exchange->proxy = s->proxy;
	nslp_gate_admit(s, NULL, NULL);
	return 0;
}

/* An update that got lost is asked for again as such. */
static struct nslp_rule *take_next(struct nslp_session *s)
{
	struct nslp_rule *next = s->exchange ? s->exchange->next : NULL;

	if (next)
		s->exchange->next = NULL;
	return next;
}

void nslp_initiate_again(struct nslp_session *s)
{
	struct nslp_rule *next = take_next(s);
	uint32_t lifetime = s->local ? s->local->asked : s->lifetime;

	if (!s->local && s->exchange && s->exchange->fresh)
		lifetime = s->exchange->lifetime;
	if (nslp_initiate(s, lifetime, next)) {
		log_warn(SUB_NSLP, "out of memory: a refresh is left out");
		if (next)
			nslp_rule_fini(next);
	}
	free(next);
}

static void next_try(struct nslp_session *s, uint64_t after)
{
	if (s->local)
		timer_start(s->n->timers, &s->local->timer, after);
}

/* The more often in vain the later, but in what is left of the lifetime a few times more (3.4). */
static uint64_t backoff(const struct nslp_session *s, uint64_t first)
{
	uint64_t after = first << s->local->tries;
	uint64_t most = (uint64_t)nslp_session_left(s) * 250;

	if (s->state == SESSION_PENDING || after < most)
		return after;
	return most > PAUSE ? most : PAUSE;
}

/* Uniform in 0.5 R .. 1.5 R, so that refreshes of many do not fall into step (3.4). */
static uint64_t jitter(struct nslp *n, uint64_t r)
{
	uint32_t random;

	n->io.random(n->io.arg, &random, sizeof(random));
	return r / 2 + (uint64_t)((double)random / UINT32_MAX * (double)r);
}

void nslp_initiate_later(struct nslp_session *s)
{
	if (s->local)
		next_try(s, jitter(s->n, backoff(s, PAUSE)));
}

/* A RESPONSE has to come within the lifetime first asked for; further tries do not add to it. */
static void to_deadline(struct nslp_session *s)
{
	uint64_t now = s->n->timers->now;

	if (!s->local)
		nslp_session_deadline(s, (uint64_t)s->exchange->lifetime * 1000);
	else
		nslp_session_deadline(s, s->local->until > now ? s->local->until - now : 0);
}

static void await(struct nslp_session *s)
{
	struct nslp_local *l = s->local;

	to_deadline(s);
	if (!l)
		return;
	next_try(s, backoff(s, WAIT));
	if (l->tries < TRIES)
		l->tries++;
}

void nslp_initiate_send(struct nslp_session *s)
{
	struct nslp_exchange *x = s->exchange;
	struct gist_mri far = nslp_session_rule(s)->far;
	uint32_t lifetime = x->lifetime;
	struct nslp *n = s->n;
	uint8_t sid[GATE_SID];
	int rc;

	x->stage = NSLP_STAGE_SENT;
	x->handle = ++n->handle ? n->handle : ++n->handle;
	s->reached = true;
	memcpy(sid, s->sid, sizeof(sid));
	await(s);
	rc = transmit(s, lifetime, x->handle);
	if (!rc)
		nslp_keep(n, sid, &far, lifetime);
	else
		nslp_initiate_unsent(s, rc == -ENOBUFS ? GIST_FAIL_LIMIT :
				     rc == -EMSGSIZE ? GIST_FAIL_TOO_LARGE : GIST_FAIL_NO_ROUTE);
}

void nslp_initiate_delete(struct nslp_session *s)
{
	if (!s->reached)
		return;
	nslp_exchange_end(s);
	s->msn++;
	transmit(s, 0, 0);
}

/* --- answers --------------------------------------------------------------------------------- */

static void learn(struct nslp_local *l, const struct nslp_message *m)
{
	const struct nslp_binding *b = &m->binding;
	size_t i;

	if (nslp_message_has(m, NSLP_EXTERNAL_IP)) {
		l->has_external = true;
		l->external.port = m->external.port;
		l->external.address = (struct address){ .version = 4 };
		memcpy(l->external.address.b, m->external.address, 4);
	}
	if (!nslp_message_has(m, NSLP_BINDING))
		return;
	l->binding_port = b->port;
	l->bindings = 0;
	for (i = 0; i + 4 <= b->addresses.len && l->bindings < SESSION_BINDINGS; i += 4) {
		l->address[l->bindings] = (struct address){ .version = 4 };
		memcpy(l->address[l->bindings++].b, b->addresses.data + i, 4);
	}
}

/* A node on the path says which lifetime it could do with: once it gets its will (3.4). */
static bool adjust(struct nslp_session *s, const struct nslp_message *m)
{
	struct nslp_local *l = s->local;

	if (!l || l->adjusted || !nslp_message_has(m, NSLP_LIFETIME) || !m->lifetime)
		return false;
	if (m->info.code != NSLP_GRANT_BIG && m->info.code != NSLP_GRANT_SMALL &&
	    m->info.code != NSLP_LIFETIME_SMALL && m->info.code != NSLP_LIFETIME_BIG)
		return false;
	l->adjusted = true;
	l->asked = m->lifetime;
	return true;
}

void nslp_initiate_answered(struct nslp_session *s, const struct nslp_message *m)
{
	struct nslp_exchange *x = s->exchange;

	if (NSLP_CLASS(m->info.code) != NSLP_CLASS_SUCCESS) {
		if (adjust(s, m))
			nslp_initiate_again(s);
		else
			nslp_initiate_failed(s, m->info.code, m->info.object,
					     nslp_code_name(m->info.code));
		return;
	}
	if (m->lifetime < x->lifetime)
		x->lifetime = m->lifetime;
	if (s->local)
		learn(s->local, m);
	nslp_gate_open(s);
}

static void schedule(struct nslp_session *s)
{
	struct nslp_local *l = s->local;
	uint64_t granted = (uint64_t)s->lifetime * 1000;
	uint64_t r = granted * 4 / 21;	/* 1 / 5.25 */

	if (!l)
		return;
	if (l->refresh)
		r = l->refresh < granted / 3 ? l->refresh : granted / 3;
	l->tries = 0;
	next_try(s, jitter(s->n, r));
}

void nslp_initiate_opened(struct nslp_session *s)
{
	struct nslp_exchange *x = s->exchange;

	nslp_session_establish(s, x->lifetime);
	if (!x->fresh)
		nslp_count(s->n, NSLP_N_refreshed);
	nslp_exchange_end(s);
	schedule(s);
	nslp_app_tell(s, NSLP_SUCCESS, 0, "established");
}

/* --- failures -------------------------------------------------------------------------------- */

/* What is there stays until its lifetime ends, unless it is over for good (AMB-21). */
static bool over(const struct nslp_session *s, uint16_t code)
{
	bool fresh = s->state == SESSION_PENDING;

	if (NSLP_CLASS(code) == NSLP_CLASS_TRANSIENT)
		return fresh && s->local->tries >= TRIES;
	return fresh || nslp_exchange_final(code);
}

void nslp_initiate_failed(struct nslp_session *s, uint16_t code, uint16_t object,
			  const char *why)
{
	bool update = s->exchange && s->exchange->next;

	if (!s->local || over(s, code)) {
		nslp_session_end(s, code, why);
		return;
	}
	nslp_exchange_end(s);
	if (update)
		nslp_gate_revert(s);
	to_deadline(s);
	next_try(s, jitter(s->n, backoff(s, PAUSE)));
	if (s->local->tries < TRIES)
		s->local->tries++;
	if (s->state != SESSION_PENDING)
		nslp_app_tell(s, code, object, why);
}

void nslp_initiate_unsent(struct nslp_session *s, enum gist_failure failure)
{
	static const char *const why[] = {
		[GIST_FAIL_NO_RESPONSE] = "no NATFW node answers",
		[GIST_FAIL_REFUSED] = "the next node refuses",
		[GIST_FAIL_ASSOCIATION] = "no association with the next node",
		[GIST_FAIL_SECURITY] = "the next node is not trusted",
		[GIST_FAIL_TOO_LARGE] = "message too large",
		[GIST_FAIL_NO_ROUTE] = "no route",
		[GIST_FAIL_LIMIT] = "out of resources",
	};
	uint16_t code = s->rule.type == NSLP_CREATE ? NSLP_NOT_REACHED : NSLP_NO_EDGE;

	if (failure == GIST_FAIL_ASSOCIATION || failure == GIST_FAIL_LIMIT)
		code = NSLP_NO_RESOURCES;
	else if (failure == GIST_FAIL_SECURITY)
		code = NSLP_NOT_AUTHENTICATED;
	else if (failure == GIST_FAIL_TOO_LARGE)
		code = NSLP_INTERNAL;
	nslp_initiate_failed(s, code, 0, why[failure]);
}

void nslp_initiate_timeout(struct nslp_session *s)
{
	nslp_session_end(s, 0, "no RESPONSE");
}

void nslp_initiate_notified(struct nslp_session *s, uint16_t code)
{
	bool again = code == NSLP_ROUTE_CHANGE || code == NSLP_REAUTHENTICATE;
	struct nslp *n = s->n;
	uint8_t sid[GATE_SID];

	if (code == NSLP_EXPIRED || code == NSLP_TERMINATED) {
		nslp_session_end(s, code, nslp_code_name(code));
		return;
	}
	if (code == NSLP_ROUTE_CHANGE && s->state == SESSION_TRANSITORY)
		return;
	memcpy(sid, s->sid, sizeof(sid));
	nslp_session_transitory(s, false);
	nslp_app_tell(s, code, 0, nslp_code_name(code));
	s = again ? nslp_session_find(n, sid) : NULL;
	if (s)
		nslp_initiate_again(s);
}

/* --- proxy mode ------------------------------------------------------------------------------ */

static bool reserves_by_proxy(const struct nslp_local *l)
{
	return l->s->proxy && l->s->rule.type == NSLP_EXTERNAL;
}

bool nslp_initiate_nonce(const struct nslp *n, uint32_t nonce)
{
	const struct nslp_local *l;

	for (l = n->local; l; l = l->next)
		if (reserves_by_proxy(l) && own_nonce(l->s) == nonce)
			return true;
	return false;
}

bool nslp_initiate_any(const struct nslp *n)
{
	const struct nslp_local *l;

	for (l = n->local; l; l = l->next)
		if (reserves_by_proxy(l))
			return true;
	return false;
}
