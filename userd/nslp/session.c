// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/siphash.h"
#include "nslp/app.h"
#include "nslp/exchange.h"
#include "nslp/gateway.h"
#include "nslp/match.h"
#include "nslp/proxy.h"
#include "nslp/report.h"
#include "nslp/session.h"

_Static_assert(sizeof(struct nslp_session) <= 400, "a session is to be below 400 octets");

static uint64_t hash_of(const struct nslp *n, const uint8_t *sid)
{
	return siphash(sid, GATE_SID, n->key);
}

struct nslp_session *nslp_session_find(const struct nslp *n, const uint8_t *sid)
{
	uint64_t hash = hash_of(n, sid);
	struct nslp_session *s;
	struct table_node *node;

	for (node = table_first(&n->sessions, hash); node; node = table_next(node, hash)) {
		s = container_of(node, struct nslp_session, node);
		if (!memcmp(s->sid, sid, GATE_SID))
			return s;
	}
	return NULL;
}

/* --- states and timers ----------------------------------------------------------------------- */

static uint32_t *gauge(struct nslp *n, enum session_state state)
{
	if (state == SESSION_PENDING)
		return &n->stats.pending;
	return state == SESSION_ESTABLISHED ? &n->stats.established : &n->stats.transitory;
}

static void count_pending(struct nslp_session *s, bool on)
{
	if (!s->near || s->counted == on)
		return;
	s->counted = on;
	s->near->pending += on ? 1 : -1;
}

void nslp_session_state(struct nslp_session *s, enum session_state state)
{
	if (s->state == state)
		return;
	if (s->state != SESSION_DEAD)
		--*gauge(s->n, s->state);
	if (state != SESSION_DEAD)
		++*gauge(s->n, state);
	s->state = state;
	count_pending(s, state == SESSION_PENDING);
}

/* Never -ENOMEM: the timer runs from the session's first moment on. */
static void move_timer(struct nslp_session *s, uint64_t after)
{
	timer_start(s->n->timers, &s->timer, after);
}

void nslp_session_deadline(struct nslp_session *s, uint64_t after)
{
	if (s->state == SESSION_PENDING)
		move_timer(s, after);
}

uint32_t nslp_session_left(const struct nslp_session *s)
{
	uint64_t now = s->n->timers->now;

	if (s->state == SESSION_PENDING)
		return (uint32_t)(timer_left(s->n->timers, &s->timer) / 1000);
	return s->expiry > now ? (uint32_t)((s->expiry - now) / 1000) : 0;
}

static void fire(struct timer *t)
{
	struct nslp_session *s = container_of(t, struct nslp_session, timer);

	if (s->state == SESSION_PENDING)
		nslp_exchange_timeout(s);
	else
		nslp_report_expired(s);
}

/* --- from first to last ---------------------------------------------------------------------- */

static bool room(const struct nslp *n, const struct nslp_peer *near)
{
	if (n->down || n->sessions.count >= n->c.sessions)
		return false;
	return !near || near->pending < n->c.sessions_per_peer;
}

struct nslp_session *nslp_session_create(struct nslp *n, const uint8_t *sid,
					 struct nslp_peer *near)
{
	struct nslp_session *s = room(n, near) ? calloc(1, sizeof(*s)) : NULL;

	if (!s)
		return NULL;
	s->n = n;
	s->state = SESSION_DEAD;
	memcpy(s->sid, sid, GATE_SID);
	timer_init(&s->timer, fire);
	if (timer_start(n->timers, &s->timer, NSLP_GATE_WAIT)) {
		free(s);
		return NULL;
	}
	if (table_add(&n->sessions, &s->node, hash_of(n, sid))) {
		timer_stop(n->timers, &s->timer);
		free(s);
		return NULL;
	}
	s->near = nslp_peer_ref(near);
	n->stats.sessions++;
	n->stats.memory += sizeof(*s);
	nslp_session_state(s, SESSION_PENDING);
	return s;
}

/* GIST may forget its routing state, but not before what was sent last has gone. */
static void let_go(struct nslp_session *s, bool near, bool far)
{
	struct gist_mri back = nslp_inverted(&s->rule.near);
	struct nslp *n = s->n;

	if (near && s->near)
		n->lower->set_lifetime(n->gist, NSLP_ID, s->sid, &back, NSLP_LINGER);
	if (far && s->reached)
		n->lower->set_lifetime(n->gist, NSLP_ID, s->sid, &s->rule.far, NSLP_LINGER);
}

void nslp_session_free(struct nslp_session *s)
{
	struct nslp *n = s->n;

	let_go(s, true, true);
	nslp_exchange_end(s);
	nslp_session_state(s, SESSION_DEAD);
	nslp_match_remove(s);
	nslp_app_forget(s);
	if (s->link)
		s->link->link = NULL;
	timer_stop(n->timers, &s->timer);
	table_del(&n->sessions, &s->node);
	nslp_peer_put(n, s->near);
	nslp_peer_put(n, s->far);
	n->stats.sessions--;
	n->stats.memory -= sizeof(*s) + nslp_rule_memory(&s->rule);
	nslp_rule_fini(&s->rule);
	free(s);
}

static void changed(const struct nslp_session *s, enum session_state state, uint16_t code,
		    const char *why)
{
	if (s->n->io.changed)
		s->n->io.changed(s->n->io.arg, s, state, code, why);
}

static void log_end(const struct nslp_session *s, uint16_t code, const char *why)
{
	char tag[SESSION_TAG];

	log_at(SUB_NSLP, code == NSLP_TERMINATED ? LEVEL_NOTICE : LEVEL_INFO,
	       "session ended sid=%s type=%s code=%u/0x%02x why=\"%s\"",
	       session_tag(s->sid, tag), nslp_type_name(s->rule.type), code >> 8, code & 0xff,
	       why);
}

void nslp_session_end(struct nslp_session *s, uint16_t code, const char *why)
{
	struct session_event e;
	struct nslp *n = s->n;
	bool tell = nslp_app_event(s, &e, SESSION_DEAD, code, why);

	log_end(s, code, why);
	changed(s, SESSION_DEAD, code, why);
	nslp_gate_close(s);
	if (s->rule.role == SESSION_EDGE)
		nslp_proxy_end(s);
	nslp_session_free(s);
	if (tell)
		n->io.event(n->io.arg, &e);
}

/* An update has succeeded: its rule is the session's from now on. */
static void swap_rule(struct nslp_session *s)
{
	struct nslp_rule *next = s->exchange ? s->exchange->next : NULL;

	if (!next)
		return;
	let_go(s, !gist_mri_equal(&s->rule.near, &next->near),
	       !gist_mri_equal(&s->rule.far, &next->far));
	s->n->stats.memory -= nslp_rule_memory(&s->rule);
	nslp_rule_fini(&s->rule);
	s->rule = *next;
	s->n->stats.memory += nslp_rule_memory(&s->rule);
	free(next);
	s->exchange->next = NULL;
}

static void tell_log(const struct nslp_session *s)
{
	static const char *const role[] = {
		[SESSION_NI] = "ni", [SESSION_NF] = "nf", [SESSION_NR] = "nr",
		[SESSION_EDGE] = "edge", [SESSION_PROXY_NI] = "proxy-ni",
		[SESSION_PROXY_NR] = "proxy-nr",
	};
	char tag[SESSION_TAG];

	log_at(SUB_NSLP, s->state == SESSION_PENDING ? LEVEL_INFO : LEVEL_DEBUG,
	       "session %s sid=%s type=%s role=%s lifetime=%u",
	       s->state == SESSION_PENDING ? "established" : "refreshed",
	       session_tag(s->sid, tag), nslp_type_name(s->rule.type), role[s->rule.role],
	       s->lifetime);
}

void nslp_session_establish(struct nslp_session *s, uint32_t lifetime)
{
	bool fresh = s->state != SESSION_ESTABLISHED;
	struct gist_mri back;

	swap_rule(s);
	back = nslp_inverted(&s->rule.near);
	s->lifetime = lifetime;
	s->expiry = s->n->timers->now + (uint64_t)lifetime * 1000;
	tell_log(s);
	nslp_session_state(s, SESSION_ESTABLISHED);
	move_timer(s, (uint64_t)lifetime * 1000);
	nslp_match_update(s);
	if (s->near)
		nslp_keep(s->n, s->sid, &back, lifetime);
	if (s->reached)
		nslp_keep(s->n, s->sid, &s->rule.far, lifetime);
	if (fresh)
		changed(s, SESSION_ESTABLISHED, 0, "");
}

void nslp_session_transitory(struct nslp_session *s, bool hold)
{
	uint64_t now = s->n->timers->now;
	uint64_t left = s->expiry > now ? s->expiry - now : 0;

	if (s->state == SESSION_PENDING)
		return;
	if (s->state == SESSION_ESTABLISHED)
		changed(s, SESSION_TRANSITORY, 0, "");
	nslp_session_state(s, SESSION_TRANSITORY);
	move_timer(s, hold && s->n->c.transitory < left ? s->n->c.transitory : left);
}

/* --- a request under way --------------------------------------------------------------------- */

struct nslp_exchange *nslp_exchange_begin(struct nslp_session *s, uint32_t msn, uint32_t lifetime)
{
	bool fresh = s->state == SESSION_PENDING;
	struct nslp_exchange *x = calloc(1, sizeof(*x));

	if (!x)
		return NULL;
	nslp_exchange_end(s);
	x->fresh = fresh;
	x->msn = msn;
	x->lifetime = lifetime;
	s->exchange = x;
	s->n->stats.memory += sizeof(*x);
	return x;
}

bool nslp_exchange_keep(struct nslp_exchange *x, struct gist_view octets)
{
	uint8_t *copy = octets.len && octets.len <= NSLP_MESSAGE_MAX ? malloc(octets.len) : NULL;

	nslp_exchange_forget(x);
	if (!copy)
		return false;
	memcpy(copy, octets.data, octets.len);
	x->octets = gist_view(copy, octets.len);
	return true;
}

void nslp_exchange_forget(struct nslp_exchange *x)
{
	free((void *)(uintptr_t)x->octets.data);
	x->octets = gist_view(NULL, 0);
}

void nslp_exchange_end(struct nslp_session *s)
{
	struct nslp_exchange *x = s->exchange;

	if (!x)
		return;
	s->exchange = NULL;
	nslp_exchange_forget(x);
	nslp_peer_put(s->n, x->near);
	if (x->next)
		nslp_rule_fini(x->next);
	free(x->next);
	free(x);
	s->n->stats.memory -= sizeof(*x);
}

/* --- many ------------------------------------------------------------------------------------ */

struct collect {
	bool (*match)(const struct nslp_session *s, const void *arg);
	const void *arg;
	uint8_t (*sid)[GATE_SID];
	uint32_t count;
};

static bool collect(struct table_node *node, void *arg)
{
	struct nslp_session *s = container_of(node, struct nslp_session, node);
	struct collect *c = arg;

	if (c->match(s, c->arg))
		memcpy(c->sid[c->count++], s->sid, GATE_SID);
	return true;
}

uint8_t (*nslp_session_collect(struct nslp *n, bool (*match)(const struct nslp_session *s,
							     const void *arg),
			       const void *arg, uint32_t *count))[GATE_SID]
{
	struct collect c = { .match = match, .arg = arg };

	*count = 0;
	c.sid = n->sessions.count ? calloc(n->sessions.count, GATE_SID) : NULL;
	if (!c.sid)
		return NULL;
	table_each(&n->sessions, collect, &c);
	*count = c.count;
	return c.sid;
}
