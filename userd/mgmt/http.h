/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The server's side of an HTTP/1.1 connection (RFC 9110, 9112), whoever opened it: requests come one after the
 * other, and the next is not looked at before the last is answered. What a peer can make us hold is bounded:
 * the head, the body, what is read ahead, and how long any of them may take.
 */
#ifndef _NATFWD_MGMT_HTTP_H
#define _NATFWD_MGMT_HTTP_H

#include <event2/buffer.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>

#include "mgmt/session.h"

#define HTTP_BODY_MAX	(2u << 20)	/* octets of a request's body */

/* Fields of a request that mean something here; others are read and forgotten. */
enum http_field {
	HTTP_ACCEPT, HTTP_CONTENT_ENCODING, HTTP_CONTENT_TYPE, HTTP_EXPECT, HTTP_HOST, HTTP_IF_MATCH,
	HTTP_IF_MODIFIED_SINCE, HTTP_IF_NONE_MATCH, HTTP_IF_UNMODIFIED_SINCE, HTTP_FIELDS,
};

struct http_request {
	char method[16];
	char *target;			/* as it came, but in origin form: a path and a query; or "*" */
	char *field[HTTP_FIELDS];	/* NULL: there is none. Lists in several lines are one. */
	char *body;			/* ends in a zero octet that does not count; NULL: there is none */
	size_t len;
};

struct http_conn;

/* The connection, which is freed when over() returns, may not be destroyed in these. */
struct http_ops {
	/* @r is valid until it is answered, which may be at once. */
	void (*request)(void *arg, const struct http_request *r);
	/* What came is refused with @status: to be answered as well. Nothing follows. */
	void (*refuse)(void *arg, unsigned int status, const char *why);
	/* All that was written to a stream has been taken. */
	void (*drained)(void *arg);
	void (*over)(void *arg, enum session_end end, const char *why);
};

/* @bev is the connection's from now on, also if it fails: NULL. */
struct http_conn *http_create(struct bufferevent *bev, const struct http_ops *ops, void *arg);
/* Drop it, telling nobody. NULL is allowed. */
void http_destroy(struct http_conn *c);
/*
 * Answer the request. @fields are whole lines of the head, @body what is said of it there; both are taken, both
 * may be NULL. The answer to HEAD is as that to GET.
 */
void http_answer(struct http_conn *c, unsigned int status, struct evbuffer *fields, struct evbuffer *body);
/* Answer with a body that has no end yet, in pieces. @fields are taken. */
void http_stream(struct http_conn *c, struct evbuffer *fields);
/* Another piece, written at once. */
void http_stream_put(struct http_conn *c, const void *data, size_t len);
/* That was the last one. */
void http_stream_end(struct http_conn *c);
/* What is streamed cannot be gone on with: so that it is not taken for whole, the connection ends. */
void http_stream_break(struct http_conn *c, const char *why);
/*
 * That was the last request; the end is told when its answer, if there is one under way, has gone out, or takes too
 * long.
 */
void http_leave(struct http_conn *c, const char *why);
/* Octets that the peer has not taken. */
size_t http_backlog(const struct http_conn *c);
/* A time of the form that HTTP has for it (RFC 9110, 5.6.7) to @buf, of 30 octets; returns it. */
char *http_date(time_t t, char *buf);
/* The time that @text says in any of the three forms, or -1. */
time_t http_time(const char *text);

#endif /* _NATFWD_MGMT_HTTP_H */
