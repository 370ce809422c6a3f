// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>

#include "base/http.h"
#include "mgmt/http.h"

#define AHEAD		(1u << 20)	/* octets not taken by the peer, until it is read from again */
#define INPUT_MAX	(64u << 10)	/* octets read ahead */
#define REQUEST_SECONDS	60		/* from the first octet of a request to the last */
#define WRITE_SECONDS	60		/* without an octet taken */
#define LINGER_SECONDS	5		/* for the peer to read why it was refused */
#define TURN_MAX	64		/* pieces in one turn of the loop */
#ifndef LEAVE_SECONDS
#define LEAVE_SECONDS	100		/* for the request under way: operations take 90 at most */
#endif

struct http_conn {
	struct bufferevent *bev;
	struct http http;
	struct http_request request;
	struct evbuffer *body;
	struct event *timer;
	const struct http_ops *ops;
	void *arg;
	bool arriving;			/* a request, of which something has come */
	bool busy;			/* it has not been answered */
	bool streaming;
	bool last;			/* no other request is taken */
	bool refused;
	bool leaving;			/* when it has been answered */
	bool ending, lingering;
	enum session_end end;
	const char *why;
};

static const struct {
	const char *name;
	bool list;			/* several are as one */
} fields[HTTP_FIELDS] = {
	[HTTP_ACCEPT] = { "accept", true },
	[HTTP_CONTENT_ENCODING] = { "content-encoding", true },
	[HTTP_CONTENT_TYPE] = { "content-type", false },
	[HTTP_EXPECT] = { "expect", true },
	[HTTP_HOST] = { "host", false },
	[HTTP_IF_MATCH] = { "if-match", true },
	[HTTP_IF_MODIFIED_SINCE] = { "if-modified-since", false },
	[HTTP_IF_NONE_MATCH] = { "if-none-match", true },
	[HTTP_IF_UNMODIFIED_SINCE] = { "if-unmodified-since", false },
};

/* ------------------------------------------------------------------ times */

char *http_date(time_t t, char *buf)
{
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(buf, 30, "%a, %d %b %Y %H:%M:%S GMT", &tm);
	return buf;
}

time_t http_time(const char *text)
{
	static const char *const forms[] = {
		"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y",
	};
	const char *end;
	struct tm tm;
	size_t i;

	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		memset(&tm, 0, sizeof(tm));
		end = strptime(text, forms[i], &tm);
		if (end && !*end)
			return timegm(&tm);
	}
	return -1;
}

/* ------------------------------------------------------------------ the end */

static void forget_request(struct http_conn *c)
{
	unsigned int i;

	for (i = 0; i < HTTP_FIELDS; i++)
		free(c->request.field[i]);
	free(c->request.target);
	free(c->request.body);
	c->request = (struct http_request){ .body = NULL };
	if (c->body)
		evbuffer_free(c->body);
	c->body = NULL;
}

void http_destroy(struct http_conn *c)
{
	SSL *ssl;

	if (!c)
		return;
	forget_request(c);
	http_fini(&c->http);
	if (c->timer)
		event_free(c->timer);
	ssl = bufferevent_openssl_get_ssl(c->bev);
	if (ssl && c->end != SESSION_LOST && SSL_is_init_finished(ssl))
		SSL_shutdown(ssl);
	bufferevent_free(c->bev);
	free(c);
}

static void over(struct http_conn *c)
{
	const struct http_ops *ops = c->ops;
	enum session_end end = c->end;
	const char *why = c->why;
	void *arg = c->arg;

	http_destroy(c);
	ops->over(arg, end, why);
}

size_t http_backlog(const struct http_conn *c)
{
	return evbuffer_get_length(bufferevent_get_output(c->bev));
}

/*
 * To close while something that nobody has read is there would make the system reset the connection, and the
 * peer might lose the answer (RFC 9112, 9.6).
 */
static void linger(struct http_conn *c)
{
	const struct timeval tv = { LINGER_SECONDS, 0 };
	SSL *ssl = bufferevent_openssl_get_ssl(c->bev);

	c->lingering = true;
	if (ssl)
		SSL_shutdown(ssl);
	shutdown(bufferevent_getfd(c->bev), SHUT_WR);
	evbuffer_drain(bufferevent_get_input(c->bev), evbuffer_get_length(bufferevent_get_input(c->bev)));
	bufferevent_enable(c->bev, EV_READ);
	event_add(c->timer, &tv);
}

/* Once what is written has gone out; from the loop, so that who calls this may go on with @c. */
static void end(struct http_conn *c, enum session_end how, const char *why)
{
	const struct timeval now = { 0, 0 }, last = { WRITE_SECONDS, 0 };

	if (c->ending)
		return;
	c->ending = true;
	c->end = how;
	c->why = why;
	event_add(c->timer, http_backlog(c) ? &last : &now);
}

void http_leave(struct http_conn *c, const char *why)
{
	const struct timeval limit = { LEAVE_SECONDS, 0 };

	c->last = true;
	if (!c->busy) {
		end(c, SESSION_PARTED, why);
		return;
	}
	if (c->ending || c->leaving)
		return;
	c->leaving = true;
	event_add(c->timer, &limit);
}

/* What it was asked for last does not end. */
static void leave_late(struct http_conn *c)
{
	c->ending = true;
	c->end = SESSION_PARTED;
	c->why = "the answer takes too long for who is to leave";
	over(c);
}

static void refuse(struct http_conn *c, unsigned int status, const char *why)
{
	c->last = c->refused = c->busy = true;
	c->why = why;
	event_del(c->timer);
	c->ops->refuse(c->arg, status, why);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct http_conn *c = arg;

	(void)fd;
	(void)what;
	if (!c->ending && c->leaving)
		leave_late(c);
	else if (!c->ending)
		refuse(c, 408, "the request takes too long");
	else if (c->refused && !c->lingering && !http_backlog(c))
		linger(c);
	else
		over(c);
}

/* ------------------------------------------------------------------ answers */

static const char *phrase(unsigned int status)
{
	static const struct {
		unsigned int status;
		const char *text;
	} phrases[] = {
		{ 200, "OK" }, { 201, "Created" }, { 204, "No Content" }, { 304, "Not Modified" },
		{ 400, "Bad Request" }, { 401, "Unauthorized" }, { 403, "Forbidden" }, { 404, "Not Found" },
		{ 405, "Method Not Allowed" }, { 406, "Not Acceptable" }, { 408, "Request Timeout" },
		{ 409, "Conflict" }, { 412, "Precondition Failed" }, { 413, "Content Too Large" },
		{ 414, "URI Too Long" }, { 415, "Unsupported Media Type" }, { 417, "Expectation Failed" },
		{ 431, "Request Header Fields Too Large" }, { 500, "Internal Server Error" },
		{ 501, "Not Implemented" }, { 503, "Service Unavailable" },
		{ 505, "HTTP Version Not Supported" },
	};
	size_t i;

	for (i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++)
		if (phrases[i].status == status)
			return phrases[i].text;
	return "";
}

static struct evbuffer *begin_answer(struct http_conn *c, unsigned int status, struct evbuffer *more)
{
	struct evbuffer *out = bufferevent_get_output(c->bev);
	char date[30];

	evbuffer_add_printf(out, "HTTP/1.1 %u %s\r\nDate: %s\r\n", status, phrase(status),
			    http_date(time(NULL), date));
	if (c->last)
		evbuffer_add_printf(out, "Connection: close\r\n");
	if (more) {
		evbuffer_add_buffer(out, more);
		evbuffer_free(more);
	}
	return out;
}

static void answered(struct http_conn *c)
{
	forget_request(c);
	c->busy = c->streaming = c->arriving = false;
	if (c->last) {
		end(c, c->refused ? SESSION_BROKEN : SESSION_CLOSED,
		    c->refused ? c->why : "closed after the last answer");
		return;
	}
	http_listen(&c->http);
	/* what came meanwhile waits to be taken */
	bufferevent_trigger(c->bev, EV_READ, BEV_TRIG_IGNORE_WATERMARKS | BEV_TRIG_DEFER_CALLBACKS);
}

void http_answer(struct http_conn *c, unsigned int status, struct evbuffer *more, struct evbuffer *body)
{
	bool head = !strcmp(c->request.method, "HEAD");
	struct evbuffer *out = begin_answer(c, status, more);

	if (status != 204 && status != 304)
		evbuffer_add_printf(out, "Content-Length: %zu\r\n", body ? evbuffer_get_length(body) : 0);
	evbuffer_add(out, "\r\n", 2);
	if (body && !head)
		evbuffer_add_buffer(out, body);
	if (body)
		evbuffer_free(body);
	answered(c);
}

void http_stream(struct http_conn *c, struct evbuffer *more)
{
	struct evbuffer *out = begin_answer(c, 200, more);

	c->streaming = true;
	c->last |= c->http.old;
	if (!c->http.old)
		evbuffer_add_printf(out, "Transfer-Encoding: chunked\r\n");
	evbuffer_add(out, "\r\n", 2);
	if (!strcmp(c->request.method, "HEAD"))
		answered(c);
}

void http_stream_put(struct http_conn *c, const void *data, size_t len)
{
	struct evbuffer *out = bufferevent_get_output(c->bev);

	if (!len || !c->streaming)
		return;
	if (!c->http.old)
		evbuffer_add_printf(out, "%zx\r\n", len);
	evbuffer_add(out, data, len);
	if (!c->http.old)
		evbuffer_add(out, "\r\n", 2);
}

void http_stream_end(struct http_conn *c)
{
	if (!c->streaming)
		return;
	if (!c->http.old)
		evbuffer_add(bufferevent_get_output(c->bev), "0\r\n\r\n", 5);
	answered(c);
}

void http_stream_break(struct http_conn *c, const char *why)
{
	c->last = true;
	end(c, SESSION_LOST, why);
}

/* ------------------------------------------------------------------ requests */

/* Another line of a list is behind those that were there; what is no list has one line (RFC 9110, 5.3). */
static bool add_value(char **at, const char *value, bool list)
{
	char *both;

	if (!*at) {
		*at = strdup(value);
		return *at;
	}
	if (!list || asprintf(&both, "%s, %s", *at, value) < 0)
		return false;
	free(*at);
	*at = both;
	return true;
}

static bool on_field(void *arg, const char *name, const char *value)
{
	struct http_conn *c = arg;
	unsigned int i;

	for (i = 0; i < HTTP_FIELDS; i++)
		if (!strcasecmp(name, fields[i].name))
			return add_value(&c->request.field[i], value, fields[i].list);
	return true;
}

/* The form that is for proxies has to be taken as well (RFC 9112, 3.2.2). False: neither of the forms. */
static bool take_target(struct http_conn *c)
{
	const char *path = c->http.target;

	if (!strncasecmp(path, "https://", 8)) {
		path = strpbrk(path + 8, "/?");
		path = path ? path : "/";
	}
	if (*path != '/' && strcmp(path, "*") != 0)
		return false;
	c->request.target = strdup(path);
	return c->request.target;
}

static void take_head(struct http_conn *c)
{
	const char *expect = c->request.field[HTTP_EXPECT];

	c->last |= c->http.close;
	memcpy(c->request.method, c->http.method, sizeof(c->request.method));
	if (!c->http.old && !c->request.field[HTTP_HOST])
		refuse(c, 400, "no Host");
	else if (!take_target(c))
		refuse(c, 400, "the target of the request is no path");
	else if (expect && !c->http.old && strcasecmp(expect, "100-continue"))
		refuse(c, 417, "what is expected is not known");
	else if (expect && !c->http.old && (c->http.chunked || c->http.left))
		evbuffer_add_printf(bufferevent_get_output(c->bev), "HTTP/1.1 100 Continue\r\n\r\n");
}

static void take_data(struct http_conn *c, const uint8_t *piece, size_t size)
{
	if (!c->body)
		c->body = evbuffer_new();
	if (!c->body || evbuffer_add(c->body, piece, size))
		refuse(c, 503, "no memory for the request");
}

static void take_end(struct http_conn *c)
{
	struct http_request *r = &c->request;

	event_del(c->timer);
	if (c->body) {
		r->len = evbuffer_get_length(c->body);
		r->body = malloc(r->len + 1);
		if (!r->body) {
			refuse(c, 503, "no memory for the request");
			return;
		}
		evbuffer_remove(c->body, r->body, r->len);
		r->body[r->len] = '\0';
		evbuffer_free(c->body);
		c->body = NULL;
	}
	c->busy = true;
	c->ops->request(c->arg, r);
}

static void begin_request(struct http_conn *c)
{
	const struct timeval tv = { REQUEST_SECONDS, 0 };

	c->arriving = true;
	event_add(c->timer, &tv);
}

/* A piece of what has come. False: no more now. */
static bool take_piece(struct http_conn *c, struct evbuffer *in)
{
	struct evbuffer_iovec v = { .iov_base = "", .iov_len = 0 };
	const uint8_t *piece;
	enum http_event e;
	size_t used, size;

	if (c->ending || c->busy || http_backlog(c) > AHEAD)
		return false;
	if (evbuffer_peek(in, -1, NULL, &v, 1) < 1 && !c->arriving)
		return false;
	if (!c->arriving)
		begin_request(c);
	e = http_next(&c->http, v.iov_base, v.iov_len, &used, &piece, &size);
	if (e == HTTP_HEAD)
		take_head(c);
	else if (e == HTTP_DATA)
		take_data(c, piece, size);
	evbuffer_drain(in, used);
	if (e == HTTP_END)
		take_end(c);
	else if (e == HTTP_BAD)
		refuse(c, c->http.status, "not HTTP/1.1, or what cannot be trusted to be understood");
	else if (e == HTTP_LONG)
		refuse(c, c->http.status, "the request is too long");
	return e != HTTP_MORE || evbuffer_get_length(in);
}

static void on_readable(struct bufferevent *bev, void *arg)
{
	struct evbuffer *in = bufferevent_get_input(bev);
	unsigned int turns = TURN_MAX;
	struct http_conn *c = arg;

	if (c->lingering || c->refused)
		evbuffer_drain(in, evbuffer_get_length(in));
	while (turns && take_piece(c, in))
		turns--;
	if (!turns)
		bufferevent_trigger(bev, EV_READ,
				    BEV_TRIG_IGNORE_WATERMARKS | BEV_TRIG_DEFER_CALLBACKS);
}

static void on_written(struct bufferevent *bev, void *arg)
{
	const struct timeval now = { 0, 0 };
	struct http_conn *c = arg;

	if (c->ending) {
		if (!c->lingering)
			event_add(c->timer, &now);
	} else if (c->streaming) {
		c->ops->drained(c->arg);
	} else {
		on_readable(bev, arg);
	}
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
	struct http_conn *c = arg;

	(void)bev;
	if (!c->ending) {
		c->ending = true;
		c->end = what & BEV_EVENT_EOF ? SESSION_LEFT : SESSION_LOST;
		c->why = what & BEV_EVENT_EOF ? "closed by the manager" :
			 what & BEV_EVENT_TIMEOUT ? "the manager takes nothing" : "connection lost";
	}
	over(c);
}

struct http_conn *http_create(struct bufferevent *bev, const struct http_ops *ops, void *arg)
{
	const struct timeval write = { WRITE_SECONDS, 0 };
	struct http_conn *c = calloc(1, sizeof(*c));

	if (c)
		c->timer = evtimer_new(bufferevent_get_base(bev), on_timer, c);
	if (!c || !c->timer) {
		free(c);
		bufferevent_free(bev);
		return NULL;
	}
	c->bev = bev;
	c->ops = ops;
	c->arg = arg;
	http_init(&c->http, HTTP_BODY_MAX);
	c->http.field = on_field;
	c->http.arg = c;
	http_listen(&c->http);
	bufferevent_setcb(bev, on_readable, on_written, on_event, c);
	bufferevent_setwatermark(bev, EV_READ, 0, INPUT_MAX);
	bufferevent_set_timeouts(bev, NULL, &write);
	bufferevent_enable(bev, EV_READ | EV_WRITE);
	return c;
}
