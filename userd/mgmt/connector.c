// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mgmt/connector.h"

struct connector {
	const struct connector_ops *ops;
	void *arg;
	struct call **call;
	unsigned int calls;
};

static const char *const state_names[CALL_STATES] = {
	"waiting", "resolving", "connecting", "securing", "up",
};

static const char *const error_names[CALL_ERRORS] = {
	"none", "dns", "refused", "timeout", "local", "tls", "certificate", "revoked",
	"unchecked", "mapping", "authentication", "lost", "closed", "idle",
};

const char *call_state_name(enum call_state s)
{
	return s < CALL_STATES ? state_names[s] : "unknown";
}

const char *call_error_name(enum call_error e)
{
	return e < CALL_ERRORS ? error_names[e] : "unknown";
}

static uint64_t now(const struct connector *k)
{
	return k->ops->now(k->arg);
}

/* ------------------------------------------------------------------ time */

static void wake(struct connector *k)
{
	uint64_t first = 0;
	unsigned int i;

	for (i = 0; i < k->calls; i++)
		if (k->call[i]->at && (!first || k->call[i]->at < first))
			first = k->call[i]->at;
	k->ops->wake(k->arg, first);
}

static void set_state(struct connector *k, struct call *c, enum call_state state)
{
	enum call_state old = c->state;

	c->state = state;
	c->since = now(k);
	if (state != old)
		k->ops->changed(k->arg, c, old);
}

/* Half of what doubling has come to, and up to as much again at random. */
static uint64_t pause_of(const struct connector *k, const struct call *c)
{
	uint64_t most = 1000ull * c->conf->backoff_max, ms = 1000ull * c->conf->backoff_min;
	unsigned int i;

	for (i = 1; i < c->failures && ms < most; i++)
		ms *= 2;
	if (ms > most)
		ms = most;
	return ms / 2 + k->ops->random(k->arg, (uint32_t)(ms / 2 + 1));
}

/* Ms until the next of the times anchor + n x period. The anchor may be in the future. */
static uint64_t to_next_period(const struct connector *k, const struct call *c)
{
	int64_t wall = (int64_t)k->ops->wall(k->arg), period = c->conf->period;
	int64_t past = (wall - (int64_t)c->anchor) % period;

	return 1000ull * (uint64_t)(past < 0 ? -past : period - past);
}

/* ------------------------------------------------------------------ which endpoint */

static unsigned int first_endpoint(const struct connector *k, const struct call *c)
{
	switch (c->conf->start_with) {
	case CALL_START_LAST:
		return c->last < c->conf->endpoints ? c->last : 0;
	case CALL_START_RANDOM:
		return k->ops->random(k->arg, c->conf->endpoints);
	default:
		return 0;
	}
}

/* A new turn through all endpoints. */
static void restart(const struct connector *k, struct call *c)
{
	c->endpoint = first_endpoint(k, c);
	c->tried = 0;
	c->rounds = 0;
}

/* After a failure: this one again, or the next. False: a periodic client has had them all. */
static bool next_endpoint(struct call *c)
{
	if (c->tried < c->conf->max_attempts)
		return true;
	c->tried = 0;
	c->endpoint = (c->endpoint + 1) % c->conf->endpoints;
	return ++c->rounds < c->conf->endpoints || !c->conf->periodic;
}

/* ------------------------------------------------------------------ attempts */

static void dial(struct connector *k, struct call *c)
{
	c->tried++;
	c->attempts++;
	c->used = c->endpoint;
	c->at = now(k) + 1000ull * c->conf->max_wait;
	c->by_period = false;
	*c->user = 0;
	set_state(k, c, CALL_RESOLVING);
	k->ops->dial(k->arg, c);
}

static void wait_until(struct connector *k, struct call *c, uint64_t at)
{
	c->at = at;
	set_state(k, c, CALL_WAITING);
}

static void await_period(struct connector *k, struct call *c)
{
	restart(k, c);
	c->failures = 0;
	c->by_period = true;
	wait_until(k, c, now(k) + to_next_period(k, c));
}

static void failed(struct connector *k, struct call *c)
{
	c->failed++;
	c->failures++;
	if (next_endpoint(c))
		wait_until(k, c, now(k) + pause_of(k, c));
	else
		await_period(k, c);
}

/*
 * A session that held is no reason to wait, but one that did not is a failure: a manager that hangs up at once
 * would be called without end.
 */
static void session_over(struct connector *k, struct call *c, enum call_error error)
{
	bool held = now(k) - c->since >= 1000ull * c->conf->minimum_uptime;

	if (c->conf->periodic && (error == CALL_IDLE || error == CALL_CLOSED)) {
		await_period(k, c);
		return;
	}
	if (!held) {
		failed(k, c);
		return;
	}
	c->failures = 1;
	restart(k, c);
	wait_until(k, c, now(k) + pause_of(k, c));
}

static void ended(struct connector *k, struct call *c, enum call_error error, const char *why)
{
	bool was_up = c->state == CALL_UP;

	c->error = error;
	snprintf(c->why, sizeof(c->why), "%s", why ? why : "");
	c->link = NULL;
	if (was_up)
		session_over(k, c, error);
	else
		failed(k, c);
}

static void expired(struct connector *k, struct call *c)
{
	bool idle = c->state == CALL_UP;

	c->at = 0;
	if (c->state == CALL_WAITING) {
		dial(k, c);
		return;
	}
	if (idle && k->ops->waits && k->ops->waits(k->arg, c)) {
		connector_active(k, c);
		return;
	}
	k->ops->hang_up(k->arg, c);
	if (idle)
		ended(k, c, CALL_IDLE, "idle timeout");
	else
		ended(k, c, CALL_TIMEOUT, c->state == CALL_SECURING ? "not authenticated in time" :
		      "not connected in time");
}

void connector_run(struct connector *k)
{
	uint64_t t = now(k);
	unsigned int i;

	for (i = 0; i < k->calls; i++)
		if (k->call[i]->at && k->call[i]->at <= t)
			expired(k, k->call[i]);
	wake(k);
}

void connector_clock_set(struct connector *k)
{
	unsigned int i;

	for (i = 0; i < k->calls; i++)
		if (k->call[i]->by_period)
			k->call[i]->at = now(k) + to_next_period(k, k->call[i]);
	wake(k);
}

/* ------------------------------------------------------------------ from the transport */

void connector_progress(struct connector *k, struct call *c, enum call_state state)
{
	if (state <= c->state || c->state == CALL_WAITING || state >= CALL_UP)
		return;
	/* the time to authenticate is counted by itself (RFC 8071 3.1, S5) */
	if (state == CALL_SECURING)
		c->at = now(k) + 1000ull * c->conf->authentication_time;
	set_state(k, c, state);
	wake(k);
}

void connector_up(struct connector *k, struct call *c, const char *user)
{
	if (c->state == CALL_WAITING || c->state == CALL_UP)
		return;
	snprintf(c->user, sizeof(c->user), "%s", user);
	c->sessions++;
	c->last = c->endpoint;
	c->at = 0;
	set_state(k, c, CALL_UP);
	connector_active(k, c);
}

void connector_active(struct connector *k, struct call *c)
{
	if (c->state != CALL_UP || !c->conf->periodic || !c->conf->idle_timeout) {
		wake(k);
		return;
	}
	c->at = now(k) + 1000ull * c->conf->idle_timeout;
	wake(k);
}

void connector_over(struct connector *k, struct call *c, enum call_error error, const char *why)
{
	if (c->state == CALL_WAITING)
		return;
	ended(k, c, error, why);
	wake(k);
}

/* ------------------------------------------------------------------ configuration */

static bool same_endpoints(const struct conf_call *a, const struct conf_call *b)
{
	return a->endpoints == b->endpoints &&
	       !memcmp(a->endpoint, b->endpoint, a->endpoints * sizeof(*a->endpoint));
}

/* Structs come from calloc(), so what is between members is zero; the pointer is not compared. */
static bool same(const struct conf_call *a, const struct conf_call *b)
{
	struct conf_call x = *a, y = *b;

	x.endpoint = y.endpoint = NULL;
	return !memcmp(&x, &y, sizeof(x)) && same_endpoints(a, b);
}

/* Structs come from calloc(), so what is between members is zero. */
bool connector_same_way(const struct conf_endpoint *a, const struct conf_endpoint *b)
{
	struct conf_endpoint x = *a, y = *b;

	x.keep_wait = y.keep_wait = 0;
	x.keep_attempts = y.keep_attempts = 0;
	return !memcmp(&x, &y, sizeof(x));
}

/* The index in @conf of the endpoint that @c has a session by; conf->endpoints: it has none, or that is no more. */
static unsigned int way_of(const struct call *c, const struct conf_call *conf)
{
	unsigned int i = 0;

	if (!c->conf || c->state != CALL_UP)
		return conf->endpoints;
	while (i < conf->endpoints && !connector_same_way(&c->conf->endpoint[c->endpoint], &conf->endpoint[i]))
		i++;
	return i;
}

/* The client called as @conf is, taken out of the old ones; NULL: there is none. */
static struct call *take(struct connector *k, const struct conf_call *conf)
{
	struct call *c;
	unsigned int i;

	for (i = 0; i < k->calls; i++) {
		c = k->call[i];
		if (!c || strcmp(c->conf->name, conf->name) != 0)
			continue;
		k->call[i] = NULL;
		return c;
	}
	return NULL;
}

static void begin(struct connector *k, struct call *c)
{
	c->state = CALL_WAITING;
	c->since = now(k);
	c->failures = 0;
	restart(k, c);
	c->by_period = c->conf->periodic && c->conf->has_anchor;
	c->anchor = c->conf->has_anchor ? c->conf->anchor : k->ops->wall(k->arg);
	c->at = now(k) + (c->by_period ? to_next_period(k, c) : 0);
	/* 0 is never */
	c->at += !c->at;
}

static void stop(struct connector *k, struct call *c)
{
	if (c->state == CALL_UP)
		k->ops->leave(k->arg, c);
	else if (c->state != CALL_WAITING)
		k->ops->hang_up(k->arg, c);
	c->link = NULL;
}

/* The session stays, and what comes after it is by @conf. */
static void go_on(struct connector *k, struct call *c, const struct conf_call *conf, unsigned int way)
{
	c->conf = conf;
	c->endpoint = c->used = c->last = way;
	c->tried = c->rounds = 0;
	c->anchor = conf->has_anchor ? conf->anchor : k->ops->wall(k->arg);
	c->at = conf->periodic && conf->idle_timeout ? now(k) + 1000ull * conf->idle_timeout : 0;
}

static void adopt(struct connector *k, struct call *c, const struct conf_call *conf)
{
	bool unchanged = c->conf && same(c->conf, conf);
	unsigned int way = way_of(c, conf);

	if (unchanged) {
		c->conf = conf;
		return;
	}
	if (way < conf->endpoints) {
		go_on(k, c, conf, way);
		return;
	}
	if (c->conf)
		stop(k, c);
	c->conf = conf;
	c->last = conf->endpoints;
	begin(k, c);
}

static void drop(struct connector *k, struct call *c)
{
	if (c)
		stop(k, c);
	free(c);
}

static void drop_all(struct connector *k)
{
	unsigned int i;

	for (i = 0; i < k->calls; i++)
		drop(k, k->call[i]);
	free(k->call);
}

/* As many as are needed, new ones for those that are not there, so that nothing fails half-way. */
static struct call **make(unsigned int n)
{
	struct call **made = calloc(n + 1, sizeof(*made));
	unsigned int i;

	for (i = 0; made && i < n; i++) {
		made[i] = calloc(1, sizeof(*made[i]));
		if (made[i])
			continue;
		while (i--)
			free(made[i]);
		free(made);
		return NULL;
	}
	return made;
}

int connector_conf(struct connector *k, const struct conf_call *conf, unsigned int n)
{
	struct call **new = make(n), *old;
	unsigned int i;

	if (!new)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		old = take(k, &conf[i]);
		if (old) {
			free(new[i]);
			new[i] = old;
		}
		adopt(k, new[i], &conf[i]);
	}
	drop_all(k);
	k->call = new;
	k->calls = n;
	wake(k);
	return 0;
}

/* ------------------------------------------------------------------ life */

struct connector *connector_create(const struct connector_ops *ops, void *arg)
{
	struct connector *k = calloc(1, sizeof(*k));

	if (!k)
		return NULL;
	k->ops = ops;
	k->arg = arg;
	return k;
}

void connector_destroy(struct connector *k)
{
	if (!k)
		return;
	drop_all(k);
	free(k);
}

struct call *connector_call(struct connector *k, unsigned int i)
{
	return i < k->calls ? k->call[i] : NULL;
}

bool connector_call_now(struct connector *k, const char *name)
{
	unsigned int i;

	for (i = 0; i < k->calls; i++) {
		struct call *c = k->call[i];

		if (strcmp(c->conf->name, name) != 0)
			continue;
		if (c->state == CALL_WAITING)
			dial(k, c);
		wake(k);
		return true;
	}
	return false;
}
