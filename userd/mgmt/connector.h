/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The call home connector: when to call which manager, at which of its endpoints, and when again.
 *
 * It knows nothing of transports, sockets or clocks: those are given as operations, so all of it runs in
 * tests on a clock that is moved by hand. A client is one manager, an endpoint one way to it, a call one
 * attempt and, if that succeeds, the session that follows. Of each client there is one call at most.
 *
 * Endpoints are tried in turn, each max_attempts times; after every failure there is a pause that doubles,
 * with jitter, up to backoff_max, so that many devices do not return at once to a manager that was away. A
 * persistent client calls for ever. A periodic one calls at anchor + n x period, and gives up until the next
 * such time when every endpoint has had its attempts; when nothing goes on for idle_timeout the call is
 * ended. Times are in ms unless said otherwise. One thread, no locking.
 */
#ifndef _NATFWD_MGMT_CONNECTOR_H
#define _NATFWD_MGMT_CONNECTOR_H

#include "conf/conf.h"

enum call_state {
	CALL_WAITING,		/* for its next attempt */
	CALL_RESOLVING,		/* name to addresses */
	CALL_CONNECTING,	/* TCP */
	CALL_SECURING,		/* TLS or SSH, with authentication */
	CALL_UP,		/* a session */
	CALL_STATES,
};

/* Why a call ended; the order is that of the enumeration in natfw.yang. */
enum call_error {
	CALL_NONE,		/* nothing has failed yet, or it was ended from here */
	CALL_DNS,		/* the name has no address */
	CALL_REFUSED,		/* TCP: refused, or unreachable */
	CALL_TIMEOUT,		/* not connected, or not authenticated, in time */
	CALL_LOCAL,		/* something is wrong on this side */
	CALL_TLS,		/* handshake failed */
	CALL_CERTIFICATE,	/* the manager's certificate is not accepted */
	CALL_REVOKED,		/* it is revoked */
	CALL_UNCHECKED,		/* it is not known whether it is, and has to be */
	CALL_MAPPING,		/* no user name can be derived from it */
	CALL_AUTHENTICATION,	/* SSH ended without a session */
	CALL_LOST,		/* the connection broke, or keepalives were not answered */
	CALL_CLOSED,		/* the manager ended the session */
	CALL_IDLE,		/* ended from here: nothing went on */
	CALL_ERRORS,
};

struct call {
	const struct conf_call *conf;	/* connector_conf()'s */
	enum call_state state;
	unsigned int endpoint;		/* index; of the next attempt when waiting */
	unsigned int used;		/* of the last attempt */
	unsigned int last;		/* that a session was had with; conf->endpoints: none */
	unsigned int tried;		/* attempts at this endpoint in this turn */
	unsigned int rounds;		/* endpoints that have had all their attempts */
	unsigned int failures;		/* in a row, for the pause */
	uint64_t at;			/* next attempt, end of this one, or of idleness; 0: none */
	uint64_t since;			/* of the state */
	uint64_t anchor;		/* s since 1970 */
	bool by_period;			/* waits for its period, and not after a failure */
	uint64_t attempts, sessions, failed;
	enum call_error error;		/* the last */
	char why[96];			/* it, in words; may be empty */
	char user[64];			/* who is at the other end of a session */
	void *link;			/* the transport's */
};

struct connector;

struct connector_ops {
	uint64_t (*now)(void *arg);		/* ms, never goes back */
	uint64_t (*wall)(void *arg);		/* s since 1970 */
	uint32_t (*random)(void *arg, uint32_t below);
	/* Begin to connect to its endpoint. What comes of it is told by connector_...(), not before this returns. */
	void (*dial)(void *arg, struct call *c);
	/* Drop what there is of it, in whatever state; tells nothing any more. */
	void (*hang_up)(void *arg, struct call *c);
	/* Its session is over as soon as what has been asked in it is answered; tells nothing any more. */
	void (*leave)(void *arg, struct call *c);
	/* Call connector_run() at @at, or never if that is 0. */
	void (*wake)(void *arg, uint64_t at);
	/* The state of @c has changed from @old; for the log and who else is told. */
	void (*changed)(void *arg, struct call *c, enum call_state old);
	/* May be NULL: whether its session waits for events, and so is not idle though nothing goes on. */
	bool (*waits)(void *arg, const struct call *c);
};

/* NULL: no memory. @ops and @arg have to stay. */
struct connector *connector_create(const struct connector_ops *ops, void *arg);
/* Hangs up everything. */
void connector_destroy(struct connector *k);
/*
 * Clients from now on; @conf has to stay until the next time. Clients whose configuration is the same go on
 * undisturbed, and so do sessions by endpoints that are the same but for keepalive, in clients that are not; others
 * are ended and begin anew. 0 or -ENOMEM, and then nothing has changed.
 */
int connector_conf(struct connector *k, const struct conf_call *conf, unsigned int n);
/* The time that was asked for has come. */
void connector_run(struct connector *k);
/* The wall clock was set: periods are counted anew. */
void connector_clock_set(struct connector *k);

/* From the transport: it goes on. Later states only; others are ignored. */
void connector_progress(struct connector *k, struct call *c, enum call_state state);
/* There is a session with @user. */
void connector_up(struct connector *k, struct call *c, const char *user);
/* Something went on in the session. */
void connector_active(struct connector *k, struct call *c);
/* It is over, before or after there was a session. What the transport had of it is gone. */
void connector_over(struct connector *k, struct call *c, enum call_error error, const char *why);

/* Call @name now, if there is no call yet. false: no such client. */
bool connector_call_now(struct connector *k, const char *name);
/* Every client, by index; NULL: no more. */
struct call *connector_call(struct connector *k, unsigned int i);
/* Whether a session by @a is one by @b as well: where to, where from, and with which keys. Not so keepalive. */
bool connector_same_way(const struct conf_endpoint *a, const struct conf_endpoint *b);
const char *call_state_name(enum call_state s);
const char *call_error_name(enum call_error e);

#endif /* _NATFWD_MGMT_CONNECTOR_H */
