/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of libnatfw share.
 */
#ifndef _LIBNATFW_PRIVATE_H
#define _LIBNATFW_PRIVATE_H

#include <jansson.h>
#include <stddef.h>

#include "natfw_session.h"

#define PUBLIC	__attribute__((visibility("default")))

/* Whoever sends longer lines is not natfwd. */
#define LINE_OCTETS	(1u << 20)

/* What an answer is for. */
enum call_for {
	CALL_WAITED,		/* natfw_rpc() and the like look at it themselves */
	CALL_OPEN,		/* session-open, session-attach, a change */
	CALL_REFRESH,
	CALL_CLOSE_NEXT,	/* session-open whose session was closed before it had a name */
	CALL_NOTHING,		/* nobody wants to know */
};

/* A request that is not answered yet. */
struct call {
	struct call *next;
	uint64_t id;
	enum call_for what;
	struct natfw_session *session;	/* CALL_OPEN, CALL_REFRESH */
	natfw_told *told;		/* natfw_get(): of each line of data */
	void *arg;
	bool done;
	json_t *output;			/* owned; NULL if refused */
	struct natfw_why why;
};

struct natfw_session {
	struct natfw_session *next;
	struct natfw_conn *conn;
	struct natfw_status status;
	natfw_changed *fn;
	void *arg;
	bool opening;			/* session-open is not answered yet */
	bool changed;			/* @fn has to be told */
};

struct natfw_conn {
	int fd;
	bool broken;
	struct natfw_why why;		/* of what broke it */
	char *in;			/* [in_size] what has come and is not taken yet */
	size_t in_len, in_size;
	char *out;			/* [out_size] not yet taken by the socket */
	size_t out_len, out_size;
	uint64_t id;			/* of the last request */
	struct call *calls;		/* the newest first */
	struct natfw_session *sessions;
	natfw_told *watch;
	void *watch_arg;
};

/* why.c: fill @why (NULL is fine) in and return -@code. */
int why_set(struct natfw_why *why, int code, const char *field, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* What "error" of an answer says. */
void why_error(struct natfw_why *why, const json_t *error);

/* ask.c: @ask as input of session-open; NULL and @why if it makes no sense. */
json_t *ask_json(const struct natfw_ask *ask, struct natfw_why *why);

/*
 * conn.c: queue {"id": ..., @verb: @what}; @what is taken over in any case. NULL and @why: it
 * cannot be sent. The caller owns the call until call_free(), or leaves it to the answer (not
 * CALL_WAITED).
 *
 */
struct call *conn_request(struct natfw_conn *c, enum call_for for_what, const char *verb,
			  json_t *what, struct natfw_why *why);
/* The same for {"rpc": {"natfw:@name": @input}}. */
struct call *conn_rpc(struct natfw_conn *c, enum call_for for_what, const char *name,
		      json_t *input, struct natfw_why *why);
/* Wait at most @ms (-1: no limit) for something to come, and take it. 0, also if nothing did. */
int conn_turn(struct natfw_conn *c, int ms, struct natfw_why *why);
void call_free(struct natfw_conn *c, struct call *call);
/* Milliseconds of a clock that does not jump; what is left until @end of it, -1: no limit. */
int64_t clock_ms(void);
int clock_left(int64_t end);

/* session.c: an answer for @call->session; an event; the connection has ended. */
void session_answer(struct natfw_conn *c, struct call *call);
void session_event(struct natfw_conn *c, const json_t *event);
void session_lost(struct natfw_conn *c);
/* Call natfw_changed functions that are due. */
void session_tell(struct natfw_conn *c);

#endif /* _LIBNATFW_PRIVATE_H */
