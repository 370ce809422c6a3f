// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kern/gate_private.h"
#include "nslp/code.h"
#include "policy/flow.h"

#define REFUSALS_LOGGED	20	/* a second */

/* The gate whose timers run; a process has one. */
static struct gate *running;

bool gate_needs_rules(const struct gate *g)
{
	return g->conf->nslp.forward || g->conf->acl_points || g->conf->pools;
}

uint32_t gate_seconds(const struct gate *g)
{
	return (uint32_t)(g->now / 1000);
}

uint32_t gate_left(const struct gate *g, uint32_t until)
{
	uint32_t now = gate_seconds(g);

	return until > now ? until - now : 0;
}

/*
 * Answers
 */

static void put_endpoints(struct gate_answer *a, const struct grant *gr)
{
	grant_external(gr, &a->external);
	grant_internal(gr, &a->internal);
	if (gr->translation == GATE_BIND)
		memset(&a->internal, 0, sizeof(a->internal));
	if (gr->translation == GATE_DESTINATION)
		memset(&a->external, 0, sizeof(a->external));
	a->has_external = address_is_set(&a->external.address);
}

static void send_answer(struct gate *g, const struct gate_answer *a)
{
	g->io.answer(g->io.policy.arg, a);
}

static void put_why(struct gate_answer *a, const char *why)
{
	snprintf(a->why, sizeof(a->why), "%s", why);
}

static uint8_t op_of(uint8_t work)
{
	switch (work) {
	case WORK_ADMIT:
		return GATE_ADMIT;
	case WORK_HOLD:
		return GATE_HOLD;
	default:
		return GATE_OPEN;
	}
}

void gate_answer(struct gate *g, const struct work *w, uint16_t code, const char *why)
{
	struct gate_answer a = { .id = w->request, .op = op_of(w->kind), .code = code };
	const struct grant *gr = w->kind == WORK_ADMIT ? w->row->next : w->row->now;

	if (w->kind == WORK_MEND || w->kind == WORK_LIFE)
		return;
	memcpy(a.sid, w->row->sid, GATE_SID);
	a.lifetime = w->kind == WORK_ADMIT ? w->row->granted : w->lifetime;
	if (!code && gr)
		put_endpoints(&a, gr);
	put_why(&a, why);
	send_answer(g, &a);
}

static void answer_request(struct gate *g, const struct gate_request *r, uint16_t code,
			   uint16_t object, const char *why)
{
	struct gate_answer a = { .id = r->id, .op = r->op, .code = code, .object = object };

	if (r->op == GATE_CLOSE)
		return;
	memcpy(a.sid, r->sid, GATE_SID);
	put_why(&a, why);
	send_answer(g, &a);
}

/*
 * Rows
 */

void gate_grant_drop(struct gate *g, struct grant *gr)
{
	unsigned int i;

	if (!gr)
		return;
	for (i = 0; i < (unsigned int)gr->holds + gr->rules; i++)
		work_drop(g, gr->id[i]);
	grant_free(&g->ledger, gr);
}

void gate_row_end(struct gate *g, struct ledger_row *row, uint16_t code, const char *why)
{
	struct gate_answer a = { .op = GATE_GONE, .code = code };
	char tag[SESSION_TAG];

	if (code) {
		memcpy(a.sid, row->sid, GATE_SID);
		put_why(&a, why);
		send_answer(g, &a);
		g->counter[GATE_N_gone]++;
		log_info(SUB_KERN, "session gone: %s sid=%s", why, session_tag(row->sid, tag));
	}
	if (row->now)
		gate_tell_rule(g, row, code ? RULE_ENDED : RULE_CLOSED, why);
	gate_grant_drop(g, row->now);
	gate_grant_drop(g, row->next);
	row->now = NULL;
	row->next = NULL;
	if (row->requester)
		requester_give(&g->requesters, row->requester);
	ledger_del(&g->ledger, row);
}

/* The kernel's clock counts seconds of its own; let it be first. */
#define GRACE	2

void gate_row_timer(struct gate *g, struct ledger_row *row)
{
	uint64_t at = UINT64_MAX, until;

	if (row->now)
		at = ((uint64_t)row->now_until + (row->open ? GRACE : 0)) * 1000;
	until = (uint64_t)row->next_until * 1000;
	if (row->next && until < at)
		at = until;
	/* relative to the heap's clock, which stands while it runs */
	timer_start(&g->ledger.timers, &row->timer,
		    at > g->ledger.timers.now ? at - g->ledger.timers.now : 0);
}

static void row_expired(struct timer *t)
{
	struct ledger_row *row = container_of(t, struct ledger_row, timer);
	struct gate *g = running;
	uint32_t now = gate_seconds(g);
	uint8_t sid[GATE_SID];

	if (row->busy) {
		/* after which it may be gone, or live longer */
		memcpy(sid, row->sid, sizeof(sid));
		work_flush(g);
		row = ledger_find(&g->ledger, sid);
		if (!row || timer_running(&row->timer))
			return;
	}
	if (row->next && row->next_until <= now) {
		gate_grant_drop(g, row->next);
		row->next = NULL;
	}
	if (row->now && row->now_until > now)
		gate_row_timer(g, row);
	else if (!row->next || row->now)
		gate_row_end(g, row, row->now ? NSLP_EXPIRED : NSLP_TERMINATED,
			     row->now ? "expired" : "was not opened in time");
	else
		gate_row_timer(g, row);
}

/*
 * ADMIT
 */

/* One on its way through policy. */
struct admission {
	struct gate *g;
	const struct gate_request *r;
	struct ledger_row *row;		/* NULL: new */
	struct ledger_row *reserved;	/* the reservation it rests on */
	struct grant *same;		/* of the row, for that very flow; or NULL */
	struct grant_spec spec;
	struct policy_verdict verdict;
	struct requester_id who;
	bool silent;
};

static bool refuse(struct admission *a, uint16_t code, const char *why)
{
	a->verdict.code = code;
	a->verdict.why = why;
	return false;
}

static bool needs_reservation(const struct gate_request *r)
{
	return r->translation == GATE_DESTINATION || r->translation == GATE_BOTH;
}

static const uint8_t no_sid[GATE_SID];

/* A CREATE on its way to a reservation. */
struct quest {
	struct gate *g;
	const struct gate_request *r;
	bool outside;			/* where it comes from */
};

static bool same_zone(const struct quest *q, uint32_t a, uint32_t b)
{
	struct places *places = &q->g->places;
	uint32_t za, zb;

	return !places_zone(places, a, q->g->now, &za) || !places_zone(places, b, q->g->now, &zb) ||
	       za == zb;
}

/*
 * Addresses mean something within a zone: the receiver has to be in the one that the reservation
 * came from, and who comes from outside in the one it is toward.
 */
static bool in_its_zones(const struct ledger_row *row, void *arg)
{
	const struct quest *q = arg;

	return same_zone(q, row->now->out_ifindex, q->r->out_ifindex) &&
	       (!q->outside || same_zone(q, row->now->in_ifindex, q->r->in_ifindex));
}

static struct ledger_row *find_reservation(struct gate *g, const struct gate_request *r,
					   bool outside)
{
	struct quest q = { g, r, outside };
	bool translated = needs_reservation(r);
	struct ledger_row *row;

	if (r->kind != GATE_ALLOW)
		return NULL;
	if (!memcmp(r->ref, no_sid, GATE_SID))
		return ledger_reservation(&g->ledger, &r->flow, translated, in_its_zones, &q);
	row = ledger_find(&g->ledger, r->ref);
	return row && ledger_fits(row, &r->flow, translated) && in_its_zones(row, &q) ? row : NULL;
}

static void find_same(struct admission *a)
{
	struct ledger_row *row = a->row;

	if (row && row->now && grant_is(row->now, &a->spec))
		a->same = row->now;
	else if (row && row->next && grant_is(row->next, &a->spec))
		a->same = row->next;
}

static bool check_proof(struct admission *a, const struct gate_proof *proof, uint32_t *key)
{
	struct gate *g = a->g;
	const char *why;

	*key = 0;
	if (!a->r->has_proof)
		return true;
	switch (proof_verify(&g->proofs, g->conf, a->r, proof, g->io.ntp(g->io.policy.arg), key,
			     &why)) {
	case PROOF_BAD:
		a->silent = true;
		return refuse(a, NSLP_NOT_AUTHENTICATED, why);
	case PROOF_REFUSED:
		a->verdict.object = NSLP_AUTH;
		return refuse(a, NSLP_NOT_AUTHORIZED, why);
	default:
		return true;
	}
}

static bool ask_policy(struct admission *a, const struct gate_proof *proof)
{
	struct gate *g = a->g;
	struct policy_side side;
	struct policy_ask ask = { .request = a->r };

	a->verdict.entry = "proof";
	if (!check_proof(a, proof, &ask.key))
		return false;
	if (a->r->who.ifindex) {
		places_side(&g->places, a->r->who.ifindex, g->now, &side);
		ask.from = &side;
	}
	a->reserved = find_reservation(g, a->r, ask.from && ask.from->outside);
	if (a->reserved || (a->same && a->same == a->row->now && a->row->open))
		ask.reservation = RESERVATION_FITS;
	ask.resumed = !a->row && !a->r->has_proof && g->now < g->calm_until &&
		      adopt_knows(g, a->r->sid);
	requester_identify(&a->who, &a->r->who, ask.key);
	policy_decide(g->conf, &g->io.policy, &ask, &a->verdict);
	return !a->verdict.code;
}

/* Which pool, if one is needed. */
static bool find_pool(struct admission *a)
{
	struct gate *g = a->g;
	uint32_t ifindex = a->r->translation == GATE_BIND ? a->r->in_ifindex : a->r->out_ifindex;
	const struct place *place;

	if (!a->spec.holds)
		return true;
	place = places_pool(&g->places, ifindex, g->now);
	if (place)
		a->spec.pool_ifindex = place->ifindex;
	else if (a->r->translation == GATE_BOTH && a->reserved)
		a->spec.pool_ifindex = a->reserved->now->pool_ifindex;
	if (a->spec.pool_ifindex)
		return true;
	log_warn(SUB_KERN, "no interface with nat and pool for a flow by interface %u", ifindex);
	return refuse(a, NSLP_NO_RESOURCES, "no pool to take an address from");
}

/*
 * Requesters are who the signalling process says they are. It has no more sessions than it may; those
 * of an earlier life may be here besides.
 */
static bool full(const struct gate *g)
{
	uint64_t most = 2ull * g->conf->nslp.sessions;

	return most && g->ledger.rows.count >= most;
}

static bool check_quota(struct admission *a)
{
	struct gate *g = a->g;
	struct requester *r;
	const char *why = NULL;

	if (!a->row && full(g))
		return refuse(a, NSLP_NO_RESOURCES, "more sessions than there may be");
	r = requester_get(&g->requesters, &a->who, g->now);
	if (!r)
		return refuse(a, NSLP_NO_RESOURCES, "too many requesters");
	if (!a->row)
		why = requester_take(&g->requesters, r, a->verdict.sessions_max,
				     g->now >= g->calm_until, g->now);
	else
		requester_move(&g->requesters, a->row->requester, r);
	if (why) {
		g->counter[GATE_N_quota]++;
		return refuse(a, NSLP_NO_RESOURCES, why);
	}
	if (!a->row)
		a->row = ledger_add(&g->ledger, a->r->sid);
	if (!a->row) {
		requester_give(&g->requesters, r);
		return refuse(a, NSLP_NO_RESOURCES, "out of memory");
	}
	a->row->requester = r;
	a->row->ifindex = a->r->who.ifindex;
	a->row->proxy = a->r->who.proxy;
	return true;
}

/* Without the module a gateway can promise nothing. */
static bool check_module(struct admission *a)
{
	if (!gate_needs_rules(a->g) || link_up(&a->g->link) || a->same ||
	    !(a->spec.holds + a->spec.rules))
		return true;
	return refuse(a, NSLP_NO_RESOURCES, "the kernel module is not loaded");
}

static void log_decision(const struct admission *a)
{
	enum log_level level = a->verdict.code ? LEVEL_NOTICE : a->same ? LEVEL_DEBUG : LEVEL_INFO;
	static const char *const kinds[] = { "allow", "deny", "reserve" };
	char tag[SESSION_TAG], who[REQUESTER_TEXT], flow[FLOW_TEXT], name[2 * sizeof(who)];
	struct gate *g = a->g;

	if (!log_on(SUB_POLICY, level))
		return;
	if (a->verdict.code) {
		if (g->refusals_logged != g->now / 1000 && g->refusals_dropped)
			log_notice(SUB_POLICY, "more requests refused count=%u",
				   g->refusals_dropped);
		if (g->refusals_logged != g->now / 1000)
			g->refusals = g->refusals_dropped = 0;
		g->refusals_logged = g->now / 1000;
		if (g->refusals++ >= REFUSALS_LOGGED) {
			g->refusals_dropped++;
			return;
		}
	}
	log_write(SUB_POLICY, level,
		  "request %s sid=%s requester=\"%s\" kind=%s flow=\"%s\" entry=%s lifetime=%u%s%s",
		  a->verdict.code ? "refused" : "granted", session_tag(a->r->sid, tag),
		  log_name(requester_text(&a->who, who), name, sizeof(name)),
		  kinds[a->r->kind], flow_text(&a->r->flow, flow),
		  a->verdict.entry, a->verdict.lifetime, a->verdict.code ? " why=" : "",
		  a->verdict.code ? a->verdict.why : "");
}

static void answer_refused(struct admission *a)
{
	struct gate_answer answer = {
		.id = a->r->id, .op = GATE_ADMIT, .code = a->verdict.code,
		.object = a->verdict.object, .silent = a->silent,
	};

	a->g->counter[GATE_N_refused]++;
	memcpy(answer.sid, a->r->sid, GATE_SID);
	put_why(&answer, a->verdict.why);
	send_answer(a->g, &answer);
}

/* What goes where, beyond the external endpoint, which the kernel chooses. */
static void set_internal(struct admission *a, struct grant *gr)
{
	struct endpoint e = { .address = a->r->flow.destination, .port = a->r->flow.dport };
	const struct gate_request *r = a->r;

	if (r->translation == GATE_BIND) {
		grant_set_internal(gr, &e);
	} else if (needs_reservation(r) && a->reserved) {
		grant_internal(a->reserved->now, &e);
		grant_set_internal(gr, &e);
	}
}

static void answer_now(const struct admission *a, const struct grant *gr)
{
	struct gate_answer answer = { .id = a->r->id, .op = GATE_ADMIT };

	memcpy(answer.sid, a->r->sid, GATE_SID);
	answer.lifetime = a->row->granted;
	put_endpoints(&answer, gr);
	send_answer(a->g, &answer);
}

/* Prepare what is new beside what is in force. */
static void prepare(struct admission *a)
{
	struct ledger_row *row = a->row;
	struct gate *g = a->g;

	gate_grant_drop(g, row->next);
	row->next = grant_new(&g->ledger, &a->spec);
	if (!row->next) {
		answer_request(g, a->r, NSLP_NO_RESOURCES, 0, "out of memory");
		if (!row->now)
			gate_row_end(g, row, 0, NULL);
		return;
	}
	set_internal(a, row->next);
	row->next_until = gate_seconds(g) + PENDING_MS / 1000;
	gate_row_timer(g, row);
	if (gate_needs_rules(g) && g->orphans.count && adopt_row(g, row)) {
		answer_now(a, row->now);
	} else if (a->verdict.waived) {
		/* what is not there from before is new, and wants a proof */
		answer_request(g, a->r, NSLP_NOT_AUTHENTICATED, NSLP_AUTH, "has to be signed");
		gate_row_end(g, row, 0, NULL);
	} else {
		work_add(g, WORK_ADMIT, row, a->r->id, row->granted);
	}
}

static void admitted(struct admission *a)
{
	struct ledger_row *row = a->row;

	row->granted = a->verdict.lifetime;
	if (!a->same) {
		prepare(a);
		return;
	}
	if (a->same == row->now) {
		/* whatever else was prepared is not wanted any more */
		gate_grant_drop(a->g, row->next);
		row->next = NULL;
	} else {
		row->next_until = gate_seconds(a->g) + PENDING_MS / 1000;
		gate_row_timer(a->g, row);
	}
	answer_now(a, a->same);
}

static void admit(struct gate *g, const struct gate_message *m)
{
	const struct gate_request *r = &m->request;
	struct admission a = {
		.g = g, .r = r, .row = ledger_find(&g->ledger, r->sid),
		.spec = {
			.flow = &r->flow, .kind = r->kind, .translation = r->translation,
			.in_ifindex = r->in_ifindex, .out_ifindex = r->out_ifindex,
		},
	};

	if (gate_needs_rules(g))
		plan_count(&r->flow, r->kind, r->translation, &a.spec.holds, &a.spec.rules);
	find_same(&a);
	if (!ask_policy(&a, &m->proof) || (!a.same && !find_pool(&a)) || !check_module(&a) ||
	    !check_quota(&a)) {
		log_decision(&a);
		answer_refused(&a);
		return;
	}
	g->counter[GATE_N_granted]++;
	log_decision(&a);
	admitted(&a);
}

/*
 * OPEN, HOLD, CLOSE
 */

static uint32_t lifetime_of(const struct ledger_row *row, const struct gate_request *r)
{
	return r->lifetime && r->lifetime < row->granted ? r->lifetime : row->granted;
}

static void open_row(struct gate *g, struct ledger_row *row, const struct gate_request *r)
{
	struct grant *gr = row->next ? row->next : row->now;

	if (gr->kind == GATE_RESERVE) {
		answer_request(g, r, NSLP_INTERNAL, 0, "a reservation is not to be opened");
		return;
	}
	if (!row->next && !row->open) {
		/* so far only remembered */
		row->next = row->now;
		row->next_until = row->now_until;
		row->now = NULL;
	}
	work_add(g, row->next ? WORK_OPEN : WORK_REFRESH, row, r->id, lifetime_of(row, r));
}

static void hold_row(struct gate *g, struct ledger_row *row, const struct gate_request *r)
{
	struct grant *gr = row->next ? row->next : row->now;

	/* a denial that somebody further out enforces is only remembered here */
	if (gr->kind == GATE_ALLOW)
		answer_request(g, r, NSLP_INTERNAL, 0, "only a reservation can be held");
	else
		work_add(g, WORK_HOLD, row, r->id, lifetime_of(row, r));
}

static void dispatch(struct gate *g, const struct gate_message *m)
{
	const struct gate_request *r = &m->request;
	struct ledger_row *row = ledger_find(&g->ledger, r->sid);

	if (row && row->busy) {
		work_flush(g);
		row = ledger_find(&g->ledger, r->sid);
	}
	if (r->op == GATE_ADMIT)
		admit(g, m);
	else if (!row)
		answer_request(g, r, NSLP_ENDED, 0, "no such session");
	else if (r->op == GATE_OPEN)
		open_row(g, row, r);
	else if (r->op == GATE_HOLD)
		hold_row(g, row, r);
	else {
		g->counter[GATE_N_closed]++;
		gate_row_end(g, row, 0, NULL);
	}
}

void gate_request(struct gate *g, const void *data, size_t len)
{
	struct gate_message m;
	const char *why = gate_check(&m, data, len);

	g->counter[GATE_N_requests]++;
	if (!why) {
		dispatch(g, &m);
		return;
	}
	g->counter[GATE_N_malformed]++;
	log_warn(SUB_KERN, "request that makes no sense: %s", why);
	if (len >= sizeof(struct gate_request))
		answer_request(g, &m.request, NSLP_INTERNAL, 0, why);
}

void gate_flush(struct gate *g)
{
	work_flush(g);
}

bool gate_waiting(const struct gate *g)
{
	return g->works || g->drop.n;
}

/*
 * Life
 */

struct gate *gate_create(const struct gate_io *io, const uint8_t owner[16], uint64_t now)
{
	struct gate *g = calloc(1, sizeof(*g));
	uint8_t key[16];

	if (!g)
		return NULL;
	g->io = *io;
	g->now = now;
	g->calm_until = now + CALM_MS;
	memcpy(g->owner, owner, sizeof(g->owner));
	static_init(&g->statics, owner);
	io->random(io->policy.arg, key, sizeof(key));
	ledger_init(&g->ledger, key, row_expired, now);
	requesters_init(&g->requesters, key, 0);
	proofs_init(&g->proofs, key);
	table_init(&g->orphans);
	link_init(&g->link);
	if (places_init(&g->places)) {
		gate_destroy(g);
		return NULL;
	}
	return g;
}

void gate_destroy(struct gate *g)
{
	if (!g)
		return;
	adopt_forget(g);
	table_fini(&g->orphans);
	link_fini(&g->link);
	ledger_fini(&g->ledger);
	requesters_fini(&g->requesters);
	places_fini(&g->places);
	static_fini(&g->statics);
	pools_fini(&g->pools);
	poolids_fini(&g->poolids);
	ids_fini(&g->drop);
	base_fini(g);
	ids_fini(&g->mend);
	ids_fini(&g->mend_nat);
	free(g->slots.slot);
	free(g);
}

/* Before interfaces and rules that name them. */
void gate_pools(struct gate *g)
{
	struct conf_error e;

	if (!pools_make(g, g->conf, NULL, &e))
		log_error(SUB_KERN, "a pool cannot be had: %s path=%s", e.text, e.path);
}

int gate_configure(struct gate *g, const struct conf *c)
{
	int err = places_configure(&g->places, c, g->now);

	if (err)
		return err;
	g->conf = c;
	g->statics.said = NULL;
	g->requesters.rate = c->policy_rate;
	review_sessions(g);
	if (link_up(&g->link)) {
		gate_pools(g);
		base_devices(g);
		base_install(g);
	}
	return 0;
}

bool gate_apply(struct gate *g, struct conf_error *e)
{
	bool good;

	work_flush(g);
	mend_probe(g);
	good = static_apply(g, e);
	/* rules name them no more */
	if (good)
		pools_drop(g, g->conf, &g->pools);
	return good;
}

bool gate_try(struct gate *g, const struct conf *c, struct conf_error *e)
{
	struct pools made = { 0 };
	bool good;

	work_flush(g);
	good = pools_make(g, c, &made, e) && static_try(g, c, e);
	pools_undo(g, &made);
	return good;
}

bool gate_has_module(const struct gate *g)
{
	return link_up(&g->link);
}

void gate_fds(const struct gate *g, int *events, int *family)
{
	*events = link_up(&g->link) ? natfw_events_fd(g->link.events) : -1;
	*family = g->link.family;
}

#define SECOND	1000

/* What is to be looked after now and then. */
static void each_second(struct gate *g)
{
	if (g->now < g->second_next)
		return;
	g->second_next = g->now + SECOND;
	requesters_sweep(&g->requesters, g->now);
	places_look(&g->places, g->now);
	mend_probe(g);
	static_look(g);
	if (g->orphans.count && g->now > g->orphans_until)
		adopt_forget(g);
}

void gate_clock(struct gate *g, uint64_t now)
{
	if (now > g->now)
		g->now = now;
}

uint64_t gate_tick(struct gate *g, uint64_t now)
{
	uint64_t next;
	bool all;

	gate_clock(g, now);
	running = g;
	all = timers_run(&g->ledger.timers, g->now, 1024);
	each_second(g);
	mend_step(g);
	work_flush(g);
	if (!all || g->mended < g->mend.n)
		return 0;
	next = timers_next(&g->ledger.timers);
	if (next > g->second_next)
		next = g->second_next;
	return next > g->now ? next - g->now : 0;
}
