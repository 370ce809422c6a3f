// SPDX-License-Identifier: GPL-2.0-or-later
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "mgmt/certname.h"
#include "mgmt/confirm.h"
#include "mgmt/events.h"
#include "mgmt/hello.h"
#include "mgmt/lock.h"
#include "mgmt/rpc.h"
#include "mgmt/session.h"
#include "mgmt/stream.h"

#define MESSAGE_MAX	(2u << 20)	/* octets of a request: thousands of entries in one edit */
#define HELLO_MAX	65536
#define AHEAD		(1u << 20)	/* octets not taken by the manager, until it is read from again */
#define AHEAD_EVENTS	(64u << 10)	/* the same of events */
#define AHEAD_PARTS	(256u << 10)	/* the same, until a long answer is gone on with */
#define INPUT_MAX	(128u << 10)	/* octets read ahead */
#define HELLO_SECONDS	30
#define WRITE_SECONDS	60		/* without an octet taken */
#define LEAVE_SECONDS	100		/* for the request under way: operations take 90 at most */
#define TURN_MAX	16		/* requests in one turn of the loop */

struct session_totals session_totals;

static struct event_base *loop;
static struct session *sessions;
static uint32_t last_id;

/* ------------------------------------------------------------------ list */

struct session *session_first(void)
{
	return sessions;
}

struct session *session_find(uint32_t id)
{
	struct session *s;

	for (s = sessions; s; s = s->next)
		if (s->id == id)
			return s;
	return NULL;
}

/* Of no other session there is, and never 0, which is nobody's (RFC 6241, 7.5). */
static uint32_t new_id(void)
{
	do
		last_id++;
	while (!last_id || session_find(last_id));
	return last_id;
}

static void unlink_session(struct session *s)
{
	struct session **at = &sessions;

	while (*at && *at != s)
		at = &(*at)->next;
	if (*at)
		*at = s->next;
}

/* ------------------------------------------------------------------ the end */

void session_destroy(struct session *s)
{
	SSL *ssl;

	if (!s)
		return;
	events_session_end(s);
	unlink_session(s);
	rpc_cancel(s);
	stream_cancel(s->sub);
	lock_session_over(s->id);
	confirm_session_over(s->id);
	framing_fini(&s->framing);
	if (s->timer)
		event_free(s->timer);
	/* a last word, as far as that takes no time (RFC 7589, 4) */
	ssl = bufferevent_openssl_get_ssl(s->bev);
	if (ssl && s->end != SESSION_LOST)
		SSL_shutdown(ssl);
	bufferevent_free(s->bev);
	free(s);
}

static void over(struct session *s)
{
	const struct session_ops *ops = s->ops;
	enum session_end end = s->end;
	const char *why = s->why;
	char user[LOG_NAME];
	void *arg = s->arg;

	session_totals.dropped += end != SESSION_CLOSED && end != SESSION_LEFT && end != SESSION_PARTED;
	log_info(SUB_MGMT, "session over id=%u user=\"%s\" why=\"%s\"", s->id,
		 log_name(s->user, user, sizeof(user)), why);
	session_destroy(s);
	ops->over(arg, end, why);
}

static size_t backlog(const struct session *s)
{
	return evbuffer_get_length(bufferevent_get_output(s->bev));
}

/* From the loop, so that who calls this may go on with @s. */
static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct session *s = arg;

	(void)fd;
	(void)what;
	if (!s->ending && !s->leaving) {
		s->end = SESSION_SILENT;
		s->why = "no hello in time";
		session_totals.bad_hellos++;
	}
	over(s);
}

void session_end(struct session *s, enum session_end end, const char *why)
{
	const struct timeval now = { 0, 0 }, last = { 5, 0 };

	if (s->ending)
		return;
	s->ending = true;
	s->end = end;
	s->why = why;
	bufferevent_disable(s->bev, EV_READ);
	event_add(s->timer, backlog(s) ? &last : &now);
}

void session_leave(struct session *s, enum session_end end, const char *why)
{
	const struct timeval limit = { LEAVE_SECONDS, 0 };

	if (!s->request) {
		session_end(s, end, why);
		return;
	}
	if (s->ending)
		return;
	/* whoever is told to go again and again has no more time for it */
	if (!s->leaving)
		event_add(s->timer, &limit);
	s->leaving = true;
	s->end = end;
	s->why = why;
	bufferevent_disable(s->bev, EV_READ);
}

/* ------------------------------------------------------------------ out */

static void write_part(const struct session *s, struct evbuffer *body)
{
	struct evbuffer *out = bufferevent_get_output(s->bev);
	size_t len = evbuffer_get_length(body);

	if (s->framing.chunked && len)
		evbuffer_add_printf(out, "\n#%zu\n", len);
	evbuffer_add_buffer(out, body);
}

static void write_message(struct session *s, struct evbuffer *body)
{
	struct evbuffer *out = bufferevent_get_output(s->bev);

	write_part(s, body);
	evbuffer_free(body);
	if (s->framing.chunked)
		evbuffer_add(out, "\n##\n", 4);
	else
		evbuffer_add(out, FRAMING_MARKER, sizeof(FRAMING_MARKER) - 1);
}

void session_reply(struct session *s, struct evbuffer *body)
{
	write_message(s, body);
	s->replying = false;
	s->request = NULL;
	if (s->leaving)
		session_end(s, s->end, s->why);
	if (s->ending)
		return;
	/* what came meanwhile waits to be taken */
	bufferevent_enable(s->bev, EV_READ);
	bufferevent_trigger(s->bev, EV_READ, BEV_TRIG_IGNORE_WATERMARKS | BEV_TRIG_DEFER_CALLBACKS);
}

bool session_reply_part(struct session *s, struct evbuffer *body)
{
	write_part(s, body);
	s->replying = true;
	s->ops->active(s->arg);
	return backlog(s) < AHEAD_PARTS;
}

/* Answers may be as long as they are; events wait for them. */
bool session_notify(struct session *s, struct evbuffer *body)
{
	if (s->ending || s->replying || backlog(s) > AHEAD_EVENTS)
		return false;
	write_message(s, body);
	s->out_notifications++;
	session_totals.out_notifications++;
	return true;
}

/* ------------------------------------------------------------------ in */

static void take_hello(struct session *s)
{
	bool chunked;
	const char *wrong = hello_read(s->framing.text, &chunked);

	if (wrong) {
		session_totals.bad_hellos++;
		session_end(s, SESSION_BROKEN, wrong);
		return;
	}
	event_del(s->timer);
	s->ready = true;
	s->framing.chunked = chunked;
	s->framing.max = MESSAGE_MAX;
	events_session_start(s);
}

static void take_message(struct session *s)
{
	s->ops->active(s->arg);
	if (s->ready)
		rpc_take(s, s->framing.text);
	else
		take_hello(s);
}

static void take_fault(struct session *s, enum framing_result r)
{
	if (r == FRAMING_TOO_BIG && s->ready)
		rpc_too_big(s);
	session_end(s, SESSION_BROKEN, r == FRAMING_BAD ? "no framing" : "message too long");
}

/* A piece of what has come. False: no more now. */
static bool take_piece(struct session *s, struct evbuffer *in)
{
	struct evbuffer_iovec piece;
	enum framing_result r;
	size_t used;

	if (s->ending || s->leaving || s->request || backlog(s) > AHEAD ||
	    evbuffer_peek(in, -1, NULL, &piece, 1) < 1)
		return false;
	r = framing_take(&s->framing, piece.iov_base, piece.iov_len, &used);
	evbuffer_drain(in, used);
	if (r == FRAMING_MESSAGE)
		take_message(s);
	else if (r != FRAMING_MORE)
		take_fault(s, r);
	return true;
}

static void on_readable(struct bufferevent *bev, void *arg)
{
	struct evbuffer *in = bufferevent_get_input(bev);
	struct session *s = arg;
	unsigned int turns = TURN_MAX;

	while (turns && evbuffer_get_length(in) && take_piece(s, in))
		turns--;
	if (!turns && evbuffer_get_length(in))
		bufferevent_trigger(bev, EV_READ,
				    BEV_TRIG_IGNORE_WATERMARKS | BEV_TRIG_DEFER_CALLBACKS);
}

/* All has been taken by the manager: on with what waited for that. */
static void on_written(struct bufferevent *bev, void *arg)
{
	const struct timeval now = { 0, 0 };
	struct session *s = arg;

	if (s->ending) {
		event_add(s->timer, &now);
		return;
	}
	rpc_resume(s);
	stream_resume(s->sub);
	on_readable(bev, arg);
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
	struct session *s = arg;

	(void)bev;
	if (s->ending) {
		over(s);
		return;
	}
	s->ending = true;
	s->end = what & BEV_EVENT_EOF ? SESSION_LEFT : SESSION_LOST;
	s->why = what & BEV_EVENT_EOF ? "closed by the manager" :
		 what & BEV_EVENT_TIMEOUT ? "the manager takes nothing" : "connection lost";
	over(s);
}

/* ------------------------------------------------------------------ life */

void session_init(struct event_base *base)
{
	loop = base;
	session_totals.start = time(NULL);
}

static void start(struct session *s)
{
	const struct timeval write = { WRITE_SECONDS, 0 }, hello = { HELLO_SECONDS, 0 };

	bufferevent_setcb(s->bev, on_readable, on_written, on_event, s);
	bufferevent_setwatermark(s->bev, EV_READ, 0, INPUT_MAX);
	bufferevent_set_timeouts(s->bev, NULL, &write);
	event_add(s->timer, &hello);
	bufferevent_enable(s->bev, EV_READ | EV_WRITE);
}

struct session *session_create(struct bufferevent *bev, const char *user, const char *transport,
			       const struct endpoint *peer, const struct session_ops *ops, void *arg)
{
	struct session *s = calloc(1, sizeof(*s));
	struct evbuffer *hello;

	if (s)
		s->timer = evtimer_new(loop, on_timer, s);
	if (!s || !s->timer) {
		free(s);
		bufferevent_free(bev);
		return NULL;
	}
	s->bev = bev;
	s->ops = ops;
	s->arg = arg;
	s->id = new_id();
	s->transport = transport;
	s->peer = *peer;
	s->login = time(NULL);
	snprintf(s->user, sizeof(s->user), "%s", user);
	framing_init(&s->framing, HELLO_MAX);
	s->next = sessions;
	sessions = s;
	session_totals.sessions++;
	hello = hello_make(s->id);
	if (!hello) {
		session_destroy(s);
		return NULL;
	}
	start(s);
	write_message(s, hello);
	return s;
}
