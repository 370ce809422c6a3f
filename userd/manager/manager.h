/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parts of a running manager, and what they tell each other. One loop, one thread (and the one of
 * store.c, which shares nothing with it but the batches it is handed).
 *
 *	door.c		listens; lets connections wait for their handshake, and begins it
 *	session.c	a connection from its handshake to its end: whose it is, what is asked on it
 *	job.c		requests for many devices, device by device
 *	relay.c		calls that tools of this node are joined with
 *	control.c	the control socket: who asks
 */
#ifndef _MANAGER_MANAGER_H
#define _MANAGER_MANAGER_H

#include <event2/event.h>
#include <netinet/in.h>

#include "manager/admit.h"
#include "manager/credential.h"
#include "manager/engine.h"
#include "manager/ident.h"
#include "manager/inventory.h"
#include "manager/settings.h"
#include "manager/store.h"

struct control;
struct door;
struct relay_call;
struct session;
struct tool;

struct counters {
	uint64_t accepted, established, ended, refused, expired, replaced, requests, relayed;
	uint64_t stapled;		/* responses of OCSP that speak for a device */
};

struct manager {
	struct event_base *base;
	struct settings *settings;
	const char *config;
	struct inventory inventory;
	struct store *store;
	struct ident *ident;
	struct credential *credentials;
	struct admit *admit;
	struct door *door;
	struct control *control;
	struct session *sessions, *dead;
	struct tool *tools;		/* relay.c's */
	struct relay_call *plain_calls;	/* likewise; those of devices are there */
	struct event *reap, *flush, *signal[3];
	struct counters count;
	unsigned int live;		/* sessions that are established */
	uint64_t told;			/* the second in which strangers were told of in the log */
	unsigned int lines, untold;	/* in that second; and what was left out */
	bool ending;
	int status;
};

/* ms of CLOCK_MONOTONIC */
uint64_t manager_now(void);
/* Numeric, without the port; IPv4 in IPv6 as IPv4. */
void manager_source_text(const struct sockaddr_storage *from, char out[SOURCE_TEXT]);
/* The other way round, for addresses that were stored. */
bool manager_source_parse(const char *text, struct sockaddr_storage *out);
/* Read issuers and revocation lists again. NULL, or what is wrong with them: nothing changes then. */
const char *manager_reload(struct manager *m);

/* ------------------------------------------------------------------ door.c */

/* Open the listeners of @s: descriptors, before privileges are dropped. NULL and @why. */
struct door *door_open(const struct settings *s, char *why, size_t size);
/* Begin to accept. 0 or -ENOMEM. */
int door_start(struct door *d, struct manager *m);
void door_free(struct door *d);
/* A handshake is over: there may be room for the next one. */
void door_pump(struct door *d);

/* ------------------------------------------------------------------ session.c */

/* On @fd, which called at @l and belongs to it, errors included. admit_begin() has counted it; it tells admit_end(). */
void session_start(struct manager *m, int fd, const struct settings_listen *l, struct source *source,
		   const struct sockaddr_storage *from);
/* What was asked was answered; @a is gone afterwards. */
typedef void (*session_answer_fn)(void *arg, const struct answer *a);
/*
 * Ask; @seconds until the session is given up. NULL, and @fn is called once, later; or why not, and
 * nothing was sent. One question at a time.
 */
const char *session_ask(struct session *s, const struct order *o, unsigned int seconds,
			session_answer_fn fn, void *arg);
bool session_busy(const struct session *s);
/* End it. @bye: as the protocol has it, waiting a little for the answer. */
void session_end(struct session *s, bool bye, const char *why);
/* End all that is established with @d. */
void session_close_device(struct manager *m, struct device *d, const char *why);
/* End what is a session of @d, or would become one: @d goes away. */
void session_forget_device(struct manager *m, struct device *d);
/* Issuers and lists were read again: end sessions of devices that are revoked now. */
void session_judge_again(struct manager *m);
/* Seconds of wall time since when, and what is spoken. */
uint64_t session_since(const struct session *s);
void session_describe(const struct session *s, char *out, size_t size);
/* Of a relay: take @from whole, to be sent. How much is not sent yet. */
size_t session_send(struct session *s, struct evbuffer *from);
void session_pause(struct session *s, bool paused);
/* Nothing more will be sent. */
void session_finish(struct session *s);
/* Where it comes from, for people. */
void session_source(const struct session *s, char out[SOURCE_TEXT]);
void session_end_all(struct manager *m);
/* Free those that have ended; from no callback of theirs. */
void session_reap(struct manager *m);

/* ------------------------------------------------------------------ job.c */

/* @d has a session that is idle: begin what waits for it. */
void job_device_ready(struct device *d);

#endif /* _MANAGER_MANAGER_H */
