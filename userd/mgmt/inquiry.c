// SPDX-License-Identifier: GPL-2.0-or-later
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/http.h"
#include "mgmt/dial.h"
#include "mgmt/inquiry.h"
#include "ocsp.h"

#define MOST	16	/* at a time */

struct inquiry {
	inquiry_fn fn;
	void *arg;
	struct ocsp_place place;
	struct evbuffer *request;
	struct event *late;
	struct dial *dial;
	struct bufferevent *bev;
	struct http http;
	uint8_t *body;
	size_t len;
	bool far, typed;	/* typed: it says it is a response of OCSP */
};

static struct event_base *loop;
static unsigned int count;

void inquiry_init(struct event_base *base)
{
	loop = base;
}

/* ------------------------------------------------------------------ the end */

void inquiry_cancel(struct inquiry *q)
{
	if (!q)
		return;
	dial_cancel(q->dial);
	if (q->bev)
		bufferevent_free(q->bev);
	if (q->late)
		event_free(q->late);
	if (q->request)
		evbuffer_free(q->request);
	http_fini(&q->http);
	free(q->body);
	free(q);
	count--;
}

static void finish(struct inquiry *q, const char *why)
{
	uint8_t *body = q->body;
	size_t len = q->len;
	inquiry_fn fn = q->fn;
	void *arg = q->arg;

	q->body = NULL;
	inquiry_cancel(q);
	fn(arg, why ? NULL : body, why ? 0 : len, why);
	free(body);
}

static void on_late(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	finish(arg, "the responder does not answer in time");
}

/* ------------------------------------------------------------------ the response */

static bool on_field(void *arg, const char *name, const char *value)
{
	static const char type[] = "application/ocsp-response";
	struct inquiry *q = arg;
	const size_t len = sizeof(type) - 1;

	if (!strcasecmp(name, "content-type"))
		q->typed = !strncasecmp(value, type, len) && (!value[len] || strchr("; \t", value[len]));
	return true;
}

/* The parser has seen to it that no more comes than there is room for. */
static bool keep(struct inquiry *q, const uint8_t *piece, size_t len)
{
	if (!q->body)
		q->body = malloc(OCSP_RESPONSE_MAX);
	if (!q->body || len > OCSP_RESPONSE_MAX - q->len)
		return false;
	memcpy(q->body + q->len, piece, len);
	q->len += len;
	return true;
}

/* False: @q is over. */
static bool take(struct inquiry *q, enum http_event e, const uint8_t *piece, size_t len)
{
	const char *why = NULL;

	if (e == HTTP_MORE)
		return true;
	if (e == HTTP_HEAD && q->http.status != 200)
		why = q->http.status / 100 == 3 ? "the responder is somewhere else" :
		      "the responder refuses the request";
	else if (e == HTTP_HEAD && !q->typed)
		why = "the responder does not speak OCSP";
	else if (e == HTTP_BAD)
		why = "the responder does not speak HTTP";
	else if (e == HTTP_LONG)
		why = "the OCSP response is too long";
	else if (e == HTTP_DATA && !keep(q, piece, len))
		why = "out of memory";
	else if (e == HTTP_END && !q->len)
		why = "the OCSP response is empty";
	if (!why && e != HTTP_END)
		return true;
	finish(q, why);
	return false;
}

static void on_readable(struct bufferevent *bev, void *arg)
{
	struct inquiry *q = arg;
	struct evbuffer *in = bufferevent_get_input(bev);
	size_t len = evbuffer_get_length(in), at = 0, used, size = 0;
	const uint8_t *data = len ? evbuffer_pullup(in, -1) : NULL, *piece = NULL;
	enum http_event e = HTTP_DATA;

	if (!data)
		return;
	/* that it ends is told after the last piece, where nothing is left */
	while (e != HTTP_MORE) {
		e = http_next(&q->http, data + at, len - at, &used, &piece, &size);
		if (!take(q, e, piece, size))
			return;
		at += used;
	}
	evbuffer_drain(in, len);
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
	(void)bev;
	if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR))
		finish(arg, "the responder closed the connection");
}

/* ------------------------------------------------------------------ the connection */

static void on_connecting(void *arg, const struct endpoint *to)
{
	(void)arg;
	(void)to;
}

static void on_connected(void *arg, int fd, const struct endpoint *to)
{
	struct inquiry *q = arg;

	(void)to;
	q->dial = NULL;
	q->bev = bufferevent_socket_new(loop, fd, BEV_OPT_CLOSE_ON_FREE);
	if (!q->bev) {
		close(fd);
		finish(q, "out of memory");
		return;
	}
	bufferevent_setcb(q->bev, on_readable, NULL, on_event, q);
	bufferevent_setwatermark(q->bev, EV_READ, 0, 16384);
	http_expect(&q->http, false);
	bufferevent_write_buffer(q->bev, q->request);
	bufferevent_enable(q->bev, EV_READ | EV_WRITE);
}

static void on_failed(void *arg, enum call_error error, const char *why)
{
	struct inquiry *q = arg;
	char text[96];

	(void)error;
	q->dial = NULL;
	snprintf(text, sizeof(text), "the responder cannot be reached: %s", why);
	finish(q, text);
}

/* Whoever wrote the URL shall not reach what only this node reaches, or its neighbours. */
static bool is_near(const struct address *a)
{
	static const struct {
		struct address prefix;
		unsigned int len;
	} near[] = {
		{ { 4, { 0 } }, 8 }, { { 4, { 127 } }, 8 }, { { 4, { 169, 254 } }, 16 },
		{ { 4, { 224 } }, 3 }, { { 6, { 0 } }, 64 }, { { 6, { 0xfe, 0x80 } }, 10 },
		{ { 6, { 0xff } }, 8 },
	};
	size_t i;

	for (i = 0; i < sizeof(near) / sizeof(near[0]); i++)
		if (address_within(a, &near[i].prefix, near[i].len))
			return true;
	return false;
}

/* An address that is called from itself is this node's; a datagram socket knows without a packet. */
static bool is_own(const struct endpoint *to)
{
	struct sockaddr_storage ss;
	socklen_t len = endpoint_to_sockaddr(to, &ss);
	int fd = socket(ss.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct endpoint from = { 0 };
	bool own = fd < 0;

	if (!own && !connect(fd, (struct sockaddr *)&ss, len)) {
		len = sizeof(ss);
		own = getsockname(fd, (struct sockaddr *)&ss, &len) ||
		      !endpoint_from_sockaddr(&from, (struct sockaddr *)&ss) ||
		      address_equal(&from.address, &to->address);
	}
	if (fd >= 0)
		close(fd);
	return own;
}

static bool on_may(void *arg, const struct endpoint *to)
{
	const struct inquiry *q = arg;

	return !q->far || (!is_near(&to->address) && !is_own(to));
}

static const struct dial_ops dial_ops = { NULL, on_connecting, on_connected, on_failed, on_may };

/* ------------------------------------------------------------------ the beginning */

static bool write_request(struct inquiry *q, const uint8_t *request, size_t len)
{
	const struct ocsp_place *p = &q->place;
	bool six = strchr(p->host, ':');
	char port[8] = "";

	if (p->port != 80)
		snprintf(port, sizeof(port), ":%u", p->port);
	q->request = evbuffer_new();
	return q->request &&
	       evbuffer_add_printf(q->request, "POST %s HTTP/1.1\r\nHost: %s%s%s%s\r\n"
				   "Content-Type: application/ocsp-request\r\n"
				   "Accept: application/ocsp-response\r\nContent-Length: %zu\r\n"
				   "Connection: close\r\n\r\n", p->target, six ? "[" : "", p->host,
				   six ? "]" : "", port, len) > 0 &&
	       !evbuffer_add(q->request, request, len);
}

static bool begin(struct inquiry *q, unsigned int seconds)
{
	const struct timeval late = { seconds, 0 };
	struct conf_endpoint to = { .port = q->place.port };

	memcpy(to.remote, q->place.host, sizeof(to.remote));
	q->late = evtimer_new(loop, on_late, q);
	if (!q->late || event_add(q->late, &late))
		return false;
	q->dial = dial_start(loop, &to, seconds, &dial_ops, q);
	return q->dial;
}

struct inquiry *inquiry_start(const char *url, const uint8_t *request, size_t len, unsigned int seconds,
			      bool far, inquiry_fn fn, void *arg, const char **why)
{
	struct inquiry *q = count < MOST ? calloc(1, sizeof(*q)) : NULL;

	*why = count < MOST ? "out of memory" : "too many responders are asked just now";
	if (!q)
		return NULL;
	count++;
	q->fn = fn;
	q->arg = arg;
	q->far = far;
	http_init(&q->http, OCSP_RESPONSE_MAX);
	q->http.field = on_field;
	q->http.arg = q;
	if (!ocsp_place(url, &q->place))
		*why = "the responder's URL is none";
	else if (write_request(q, request, len) && begin(q, seconds))
		return q;
	inquiry_cancel(q);
	return NULL;
}
