// SPDX-License-Identifier: GPL-2.0-or-later
#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "manager/manager.h"
#include "manager/relay.h"

#define EARLY_MAX	16384
#define LOW		(RELAY_HIGH / 4)
#define PLAIN_MAX	16	/* calls held for a plain service */
#define LINGER_SECONDS	10	/* for what the device still says when the tool says no more */

struct tool;

struct relay_call {
	struct manager *m;
	struct session *s;
	struct device *device;		/* NULL: plain */
	const char *service;		/* the listener's */
	struct relay_call *next;	/* of the device, or of all plain ones; the newest first */
	struct evbuffer *early;
	struct tool *tool;		/* NULL: idle */
	bool familiar;
};

struct tool {
	struct manager *m;
	struct tool *next;
	struct bufferevent *bev;
	struct device *device;		/* NULL: plain; also after the device went away */
	char service[SERVICE_NAME];
	json_t *id;
	struct relay_call *call;	/* NULL: waits, or it is over */
	struct event *timer;
	void (*released)(void *arg);
	void *arg;
	bool over;			/* to be freed when it has taken what there is for it */
	bool quiet;			/* says no more */
};

/* ------------------------------------------------------------------ tools */

static void free_tool(struct tool *t)
{
	struct tool **at;

	for (at = &t->m->tools; *at != t; at = &(*at)->next)
		;
	*at = t->next;
	if (t->call)
		t->call->tool = NULL;
	t->released(t->arg);
	event_free(t->timer);
	bufferevent_free(t->bev);
	json_decref(t->id);
	free(t);
}

static void set_timer(struct tool *t, unsigned int seconds)
{
	const struct timeval tv = { (time_t)seconds, 0 };

	event_add(t->timer, &tv);
}

/* Nothing more comes for it. */
static void end_tool(struct tool *t)
{
	t->over = true;
	bufferevent_disable(t->bev, EV_READ);
	set_timer(t, LINGER_SECONDS);
	if (!evbuffer_get_length(bufferevent_get_output(t->bev)))
		free_tool(t);
}

static void say(struct tool *t, json_t *message)
{
	char *text;

	if (message && t->id)
		json_object_set(message, "id", t->id);
	text = message ? json_dumps(message, JSON_COMPACT) : NULL;
	json_decref(message);
	if (text)
		evbuffer_add_printf(bufferevent_get_output(t->bev), "%s\n", text);
	free(text);
}

static void refuse(struct tool *t, const char *why)
{
	say(t, json_pack("{s:b, s:s}", "done", 1, "error", why));
	end_tool(t);
}

/* The tool has gone, and its call with it. */
static void lose_tool(struct tool *t, const char *why)
{
	struct session *s = t->call ? t->call->s : NULL;

	free_tool(t);
	if (s)
		session_end(s, false, why);
}

/* ------------------------------------------------------------------ between the two */

static void send_on(struct tool *t)
{
	struct evbuffer *in = bufferevent_get_input(t->bev);

	if (!evbuffer_get_length(in))
		return;
	if (t->quiet)
		set_timer(t, LINGER_SECONDS);
	if (session_send(t->call->s, in) > RELAY_HIGH)
		bufferevent_disable(t->bev, EV_READ);
}

static void on_tool_read(struct bufferevent *bev, void *arg)
{
	struct tool *t = arg;

	(void)bev;
	if (t->call)
		send_on(t);
}

static void on_tool_written(struct bufferevent *bev, void *arg)
{
	struct tool *t = arg;

	if (t->call)
		session_pause(t->call->s, false);
	else if (t->over && !evbuffer_get_length(bufferevent_get_output(bev)))
		free_tool(t);
}

static void on_tool_end(struct bufferevent *bev, short what, void *arg)
{
	struct tool *t = arg;

	(void)bev;
	if (!t->call || !(what & BEV_EVENT_EOF)) {
		lose_tool(t, "the tool has gone");
		return;
	}
	t->quiet = true;
	session_finish(t->call->s);
	set_timer(t, LINGER_SECONDS);
}

static void on_tool_timer(evutil_socket_t fd, short what, void *arg)
{
	struct tool *t = arg;

	(void)fd;
	(void)what;
	if (t->call || t->over)
		lose_tool(t, "the tool has ended");
	else
		refuse(t, "the device has not called for it");
}

static void join(struct relay_call *c, struct tool *t)
{
	char source[SOURCE_TEXT];

	session_source(c->s, source);
	c->tool = t;
	t->call = c;
	event_del(t->timer);
	log_info(SUB_NET, "relay joined service=%s device=%s source=%s", c->service,
		 c->device ? c->device->record.name : "-", source);
	say(t, json_pack("{s:b, s:s, s:s, s:s}", "done", 1, "relay", c->service,
			 "device", c->device ? c->device->record.name : "", "source", source));
	bufferevent_write_buffer(t->bev, c->early);
	send_on(t);
}

void relay_data(struct relay_call *c, const uint8_t *data, size_t len)
{
	struct evbuffer *to;

	if (!c->tool) {
		if (evbuffer_get_length(c->early) + len > EARLY_MAX)
			session_end(c->s, false, "it says too much before anybody asked");
		else
			evbuffer_add(c->early, data, len);
		return;
	}
	to = bufferevent_get_output(c->tool->bev);
	bufferevent_write(c->tool->bev, data, len);
	if (c->tool->quiet)
		set_timer(c->tool, LINGER_SECONDS);
	if (evbuffer_get_length(to) > RELAY_HIGH)
		session_pause(c->s, true);
}

void relay_written(struct relay_call *c)
{
	if (c->tool && !c->tool->quiet)
		bufferevent_enable(c->tool->bev, EV_READ);
}

/* ------------------------------------------------------------------ calls */

static struct relay_call **calls_of(struct manager *m, struct device *d)
{
	return d ? &d->calls : &m->plain_calls;
}

static bool for_service(const struct relay_call *c, const char *service)
{
	return !c->tool && !strcmp(c->service, service);
}

void relay_gone(struct relay_call *c)
{
	struct relay_call **at = calls_of(c->m, c->device);
	struct tool *t = c->tool;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	evbuffer_free(c->early);
	free(c);
	if (!t)
		return;
	t->call = NULL;
	end_tool(t);
}

/* Of those that hold a place for it, the oldest; rather one whose source no device was ever seen at. */
static struct relay_call *oldest(struct relay_call *c, const char *service, unsigned int most)
{
	struct relay_call *stranger = NULL, *any = NULL;
	unsigned int n = 0;

	for (; c; c = c->next) {
		if (!for_service(c, service))
			continue;
		n++;
		any = c;
		if (!c->familiar)
			stranger = c;
	}
	if (n < most)
		return NULL;
	return stranger ? stranger : any;
}

static struct tool *waiting_for(const struct manager *m, const struct device *d, const char *service)
{
	struct tool *t, *found = NULL;

	/* the one that waits longest is the last */
	for (t = m->tools; t; t = t->next)
		if (!t->call && !t->over && t->device == d && !strcmp(t->service, service))
			found = t;
	return found;
}

struct relay_call *relay_offer(struct manager *m, struct session *s, struct device *d,
			       const char *service, bool familiar)
{
	struct relay_call *c = calloc(1, sizeof(*c)), **list = calls_of(m, d), *old;
	struct tool *t;

	if (c)
		c->early = evbuffer_new();
	if (!c || !c->early) {
		free(c);
		return NULL;
	}
	old = oldest(*list, service, d ? 1 : PLAIN_MAX);
	if (old) {
		m->count.replaced++;
		session_end(old->s, false, "replaced by a newer one");
	}
	*c = (struct relay_call){ m, s, d, service, *list, c->early, NULL, familiar };
	*list = c;
	t = waiting_for(m, d, service);
	if (t)
		join(c, t);
	return c;
}

bool relay_joined(const struct relay_call *c)
{
	return c->tool;
}

const char *relay_service(const struct relay_call *c)
{
	return c->service;
}

const struct relay_call *relay_next(const struct device *d, const struct relay_call *before)
{
	return before ? before->next : d->calls;
}

/* ------------------------------------------------------------------ asking for one */

enum transport relay_transport(const struct settings *s, const char *service)
{
	unsigned int i;

	for (i = 0; i < s->listens; i++)
		if (s->listen[i].service && !strcmp(s->listen[i].service, service))
			return s->listen[i].transport;
	return TRANSPORT_COUNT;
}

/* The newest: of two calls the older one is more likely to be dead. A source that is known goes first. */
static struct relay_call *idle_call(struct relay_call *c, const char *service)
{
	struct relay_call *found = NULL;

	for (; c; c = c->next)
		if (for_service(c, service) && (!found || (c->familiar && !found->familiar)))
			found = c;
	return found;
}

bool relay_tool(struct manager *m, struct bufferevent *bev, struct device *d, const char *service,
		unsigned int seconds, json_t *id, void (*released)(void *arg), void *arg)
{
	struct relay_call *c = idle_call(*calls_of(m, d), service);
	struct tool *t = calloc(1, sizeof(*t));

	if (t)
		t->timer = evtimer_new(m->base, on_tool_timer, t);
	if (!t || !t->timer) {
		free(t);
		return false;
	}
	t->m = m;
	t->bev = bev;
	t->device = d;
	t->id = json_incref(id);
	t->released = released;
	t->arg = arg;
	strncpy(t->service, service, SERVICE_NAME - 1);
	t->next = m->tools;
	m->tools = t;
	m->count.relayed++;
	bufferevent_setcb(bev, on_tool_read, on_tool_written, on_tool_end, t);
	bufferevent_setwatermark(bev, EV_READ, 0, RELAY_HIGH);
	bufferevent_setwatermark(bev, EV_WRITE, LOW, 0);
	bufferevent_enable(bev, EV_READ | EV_WRITE);
	set_timer(t, seconds);
	if (c)
		join(c, t);
	return true;
}

void relay_device_gone(struct manager *m, struct device *d)
{
	struct tool *t, *next;

	for (t = m->tools; t; t = next) {
		next = t->next;
		if (t->device != d)
			continue;
		t->device = NULL;
		if (!t->call && !t->over)
			refuse(t, "the device is not expected any more");
	}
}

void relay_end_all(struct manager *m)
{
	while (m->tools)
		free_tool(m->tools);
}
