// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "mgmt/callhome.h"
#include "mgmt/certname.h"
#include "mgmt/connector.h"
#include "mgmt/dial.h"
#include "mgmt/events.h"
#include "mgmt/service.h"
#include "mgmt/transport.h"

#define CLOCK_SECONDS	30	/* between looks at whether the clock was set */
#define CLOCK_STEP	2	/* seconds it may differ without that */

/* What there is of a call, one after the other: a dial, a transport with its session. */
struct link {
	struct link *next;		/* of those that take their leave */
	struct call *call;		/* NULL: takes its leave */
	struct endpoint remote;
	struct call_flow flow;		/* that kern knows of; id 0: of none */
	struct dial *dial;
	struct transport *transport;
};

static struct {
	struct event_base *base;
	struct event *wake, *clock;
	struct connector *connector;
	const struct conf_mgmt *conf;
	struct link *leaving;		/* of calls that are no more as they were */
	bool started;			/* files have been asked for */
	int64_t offset;			/* of the wall clock, s */
	uint64_t by_error[CALL_ERRORS];
} home;

/* ------------------------------------------------------------------ clocks */

static uint64_t now_ms(void *arg)
{
	struct timespec t;

	(void)arg;
	clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static uint64_t wall(void *arg)
{
	(void)arg;
	return (uint64_t)time(NULL);
}

static uint32_t random_below(void *arg, uint32_t below)
{
	uint32_t n = 0;

	(void)arg;
	RAND_bytes((uint8_t *)&n, sizeof(n));
	return below ? n % below : 0;
}

static void wake(void *arg, uint64_t at)
{
	uint64_t now = now_ms(NULL), ms = at > now ? at - now : 0;
	struct timeval tv = { (time_t)(ms / 1000), (suseconds_t)(ms % 1000 * 1000) };

	(void)arg;
	if (at)
		event_add(home.wake, &tv);
	else
		event_del(home.wake);
}

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	connector_run(home.connector);
}

static int64_t clock_offset(void)
{
	return (int64_t)wall(NULL) - (int64_t)(now_ms(NULL) / 1000);
}

static void on_clock(evutil_socket_t fd, short what, void *arg)
{
	int64_t offset = clock_offset(), step = offset - home.offset;

	(void)fd;
	(void)what;
	(void)arg;
	home.offset = offset;
	if (step > CLOCK_STEP || step < -CLOCK_STEP)
		connector_clock_set(home.connector);
}

/* ------------------------------------------------------------------ a link ends */

/* Kern lets in what it answers, whatever else is refused. */
static int tell_flow(const struct call_flow *f)
{
	return f->id ? proc_send(PROC_KERN, MSG_CALL_FLOW, f, sizeof(*f)) : -ENOENT;
}

static void free_link(struct link *l)
{
	if (!l)
		return;
	l->flow.open = false;
	(void)tell_flow(&l->flow);
	dial_cancel(l->dial);
	transport_close(l->transport);
	free(l);
}

static void left(struct link *l)
{
	struct link **at = &home.leaving;

	while (*at != l)
		at = &(*at)->next;
	*at = l->next;
	free_link(l);
}

static void over(struct link *l, enum call_error error, const char *why)
{
	struct call *c = l->call;

	if (!c) {
		left(l);
		return;
	}
	free_link(l);
	home.by_error[error]++;
	connector_over(home.connector, c, error, why);
}

static void hang_up(void *arg, struct call *c)
{
	(void)arg;
	free_link(c->link);
	c->link = NULL;
}

/* Whoever has changed what the call is by gets the answer to that by it. */
static void leave(void *arg, struct call *c)
{
	struct link *l = c->link;

	(void)arg;
	c->link = NULL;
	if (!l || !l->transport || !transport_leave(l->transport, "its configuration has changed")) {
		free_link(l);
		return;
	}
	l->call = NULL;
	l->next = home.leaving;
	home.leaving = l;
}

/* ------------------------------------------------------------------ a session */

static void on_up(void *arg, const char *user)
{
	struct link *l = arg;

	connector_up(home.connector, l->call, user);
}

static void on_active(void *arg)
{
	struct link *l = arg;

	if (l->call)
		connector_active(home.connector, l->call);
}

static void on_over(void *arg, enum call_error error, const char *why)
{
	struct link *l = arg;

	l->transport = NULL;
	over(l, error, why);
}

static const struct transport_ops transport_ops = { on_up, on_active, on_over };

/* ------------------------------------------------------------------ a connection */

static const struct conf_endpoint *endpoint_of(const struct call *c)
{
	return &c->conf->endpoint[c->endpoint];
}

static bool on_ask(void *arg, const struct endpoint *local, const struct endpoint *to)
{
	static uint32_t last;
	struct link *l = arg;

	if (!l->flow.id)
		l->flow.id = ++last ? last : ++last;
	l->flow.open = true;
	l->flow.local = *local;
	l->flow.remote = *to;
	return !tell_flow(&l->flow);
}

static void on_connecting(void *arg, const struct endpoint *to)
{
	struct link *l = arg;

	l->remote = *to;
	connector_progress(home.connector, l->call, CALL_CONNECTING);
}

static void on_connected(void *arg, int fd, const struct endpoint *to)
{
	struct link *l = arg;
	struct transport_want want = { endpoint_of(l->call), l->call->conf->name, *to };
	const char *why;

	l->dial = NULL;
	l->remote = *to;
	l->transport = transport_open(fd, &want, &transport_ops, l, &why);
	if (l->transport)
		connector_progress(home.connector, l->call, CALL_SECURING);
	else
		over(l, CALL_LOCAL, why);
}

static void on_failed(void *arg, enum call_error error, const char *why)
{
	struct link *l = arg;

	l->dial = NULL;
	over(l, error, why);
}

static const struct dial_ops dial_ops = { on_ask, on_connecting, on_connected, on_failed, NULL };

/* Without memory for it, it ends as one that nobody answers. */
static void dial(void *arg, struct call *c)
{
	struct link *l = calloc(1, sizeof(*l));

	(void)arg;
	c->link = l;
	if (!l)
		return;
	l->call = c;
	l->dial = dial_start(home.base, endpoint_of(c), c->conf->max_wait, &dial_ops, l);
}

void callhome_flow_open(uint32_t id)
{
	const struct call *c;
	const struct link *l;
	unsigned int i;

	for (i = 0; (c = connector_call(home.connector, i)); i++) {
		l = c->link;
		if (l && l->dial && l->flow.id == id)
			dial_go(l->dial);
	}
}

void callhome_flows(void)
{
	const struct call *c;
	const struct link *l;
	unsigned int i;

	for (i = 0; (c = connector_call(home.connector, i)); i++) {
		l = c->link;
		if (l)
			(void)tell_flow(&l->flow);
	}
	for (l = home.leaving; l; l = l->next)
		(void)tell_flow(&l->flow);
}

/* ------------------------------------------------------------------ the log */

static void changed(void *arg, struct call *c, enum call_state old)
{
	const struct link *l = c->link;
	char to[ENDPOINT_TEXT] = "-", user[LOG_NAME];
	struct endpoint remote = { 0 };

	(void)arg;
	if (l)
		remote = l->remote;
	events_call(c, old, &remote);
	if (l && address_is_set(&l->remote.address))
		endpoint_text(&l->remote, to);
	if (c->state == CALL_UP)
		log_notice(SUB_MGMT, "manager called client=\"%s\" endpoint=\"%s\" at=%s user=\"%s\"",
			   c->conf->name, endpoint_of(c)->name, to,
			   log_name(c->user, user, sizeof(user)));
	else if (c->state == CALL_WAITING)
		log_at(SUB_MGMT, old == CALL_UP ? LEVEL_NOTICE : LEVEL_INFO,
		       "call over client=\"%s\" was=%s reason=%s text=\"%s\" next=\"%s\" in_ms=%llu",
		       c->conf->name, call_state_name(old), call_error_name(c->error), c->why,
		       endpoint_of(c)->name,
		       (unsigned long long)(c->at > c->since ? c->at - c->since : 0));
	else
		log_debug(SUB_MGMT, "call client=\"%s\" endpoint=\"%s\" state=%s at=%s", c->conf->name,
			  endpoint_of(c)->name, call_state_name(c->state), to);
}

static bool waits(void *arg, const struct call *c)
{
	const struct link *l = c->link;

	(void)arg;
	return l && l->transport && transport_waits(l->transport);
}

static const struct connector_ops ops = {
	now_ms, wall, random_below, dial, hang_up, leave, wake, changed, waits,
};

/* ------------------------------------------------------------------ what is known */

static void describe(const struct call *c, struct call_info *i)
{
	const struct link *l = c->link;
	uint64_t now = now_ms(NULL);

	*i = (struct call_info){
		.state = c->state, .error = c->error, .attempts = c->attempts, .sessions = c->sessions,
		.failures = c->failed, .since = (uint32_t)((now - c->since) / 1000),
	};
	if (c->state == CALL_WAITING)
		i->next = c->at > now ? (uint32_t)((c->at - now + 999) / 1000) : 0;
	if (l)
		i->remote = l->remote;
	snprintf(i->name, sizeof(i->name), "%s", c->conf->name);
	snprintf(i->endpoint, sizeof(i->endpoint), "%s", endpoint_of(c)->name);
	snprintf(i->transport, sizeof(i->transport), "%s",
		 transport_name(endpoint_of(c)->transport));
	snprintf(i->user, sizeof(i->user), "%s", c->state == CALL_UP ? c->user : "");
	snprintf(i->why, sizeof(i->why), "%s", c->why);
}

void callhome_each(void (*fn)(void *arg, const struct call_info *i), void *arg)
{
	struct call_info info;
	const struct call *c;
	unsigned int i;

	for (i = 0; (c = connector_call(home.connector, i)); i++) {
		describe(c, &info);
		fn(arg, &info);
	}
}

static void tell(void (*fn)(void *arg, const struct stat_value *v), void *arg, const char *name,
		 const char *help, const struct call *c, uint64_t number)
{
	struct stat_value v = { .gauge = !strstr(name, "_total"), .number = number,
				.label = "client" };

	snprintf(v.name, sizeof(v.name), "callhome_%s", name);
	snprintf(v.help, sizeof(v.help), "%s", help);
	/* a label has less room than a name */
	snprintf(v.value, sizeof(v.value), "%.31s", c->conf->name);
	fn(arg, &v);
}

void callhome_stats(void (*fn)(void *arg, const struct stat_value *v), void *arg)
{
	struct stat_value v = { .name = "callhome_ended_total", .label = "reason",
				.help = "Calls that ended, by reason" };
	const struct call *c;
	unsigned int i;

	for (i = 0; (c = connector_call(home.connector, i)); i++) {
		tell(fn, arg, "up", "There is a session with the manager", c, c->state == CALL_UP);
		tell(fn, arg, "attempts_total", "Attempts to call the manager", c, c->attempts);
		tell(fn, arg, "sessions_total", "Sessions with the manager", c, c->sessions);
		tell(fn, arg, "failures_total", "Attempts without a session that lasted", c, c->failed);
	}
	for (i = 1; i < CALL_ERRORS && connector_call(home.connector, 0); i++) {
		snprintf(v.value, sizeof(v.value), "%s", call_error_name(i));
		v.number = home.by_error[i];
		fn(arg, &v);
	}
	service_stats(fn, arg);
}

/* ------------------------------------------------------------------ life */

int callhome_init(struct event_base *base)
{
	const struct timeval tick = { CLOCK_SECONDS, 0 };

	home.base = base;
	home.wake = evtimer_new(base, on_wake, NULL);
	home.clock = event_new(base, -1, EV_PERSIST, on_clock, NULL);
	home.connector = connector_create(&ops, NULL);
	home.offset = clock_offset();
	if (!home.wake || !home.clock || !home.connector || event_add(home.clock, &tick))
		return -ENOMEM;
	return 0;
}

static int set_calls(void)
{
	return connector_conf(home.connector, home.conf->call, home.conf->calls);
}

int callhome_conf(const struct conf_mgmt *m)
{
	const struct conf_mgmt *old = home.conf;
	int err;

	home.conf = m;
	err = home.started ? set_calls() : 0;
	if (err)
		home.conf = old;
	else
		transport_conf(m);
	return err;
}

void callhome_start(void)
{
	home.started = true;
	if (home.conf && set_calls())
		log_error(SUB_MGMT, "no memory to call managers");
}

void callhome_now(const char *name)
{
	(void)connector_call_now(home.connector, name);
}

void callhome_end(void)
{
	connector_destroy(home.connector);
	home.connector = NULL;
	while (home.leaving)
		left(home.leaving);
}
