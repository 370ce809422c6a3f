/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A NETCONF session (RFC 6241): a user name that the transport has authenticated, and a stream of octets,
 * wherever they come from. One request is answered after the other.
 */
#ifndef _NATFWD_MGMT_SESSION_H
#define _NATFWD_MGMT_SESSION_H

#include <event2/buffer.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/address.h"
#include "mgmt/framing.h"

struct bufferevent;

enum session_end {
	SESSION_CLOSED,		/* by close-session */
	SESSION_LEFT,		/* the other end closed the stream in order */
	SESSION_KILLED,		/* by kill-session */
	SESSION_LOST,		/* the stream broke, or takes nothing any more */
	SESSION_BROKEN,		/* what came is not NETCONF */
	SESSION_SILENT,		/* no hello in time */
	SESSION_PARTED,		/* ended from here, as its way is configured otherwise now */
};

/* Callbacks of who made the session, which is freed when over() returns. Not after session_destroy(). */
struct session_ops {
	void (*active)(void *arg);
	void (*over)(void *arg, enum session_end end, const char *why);
};

struct request;
struct stream_sub;

struct session {
	struct session *next;
	uint32_t id;
	char user[64];
	const char *transport;		/* as ietf-netconf-monitoring has it: "netconf-tls", "netconf-ssh" */
	struct endpoint peer;
	time_t login;
	uint32_t in_rpcs, in_bad_rpcs, out_errors, out_notifications;
	struct stream_sub *sub;		/* to events; NULL: none */
	uint32_t killed_by;		/* a session; 0: none */
	/* inside */
	struct bufferevent *bev;
	struct framing framing;
	struct event *timer;
	const struct session_ops *ops;
	void *arg;
	struct request *request;	/* under way; nothing is read meanwhile */
	bool replying;			/* a part of the answer is written, and its end is not */
	bool ready;			/* the manager's hello has come */
	bool leaving;			/* when the request under way is answered */
	bool ending;			/* when all is written */
	enum session_end end;
	const char *why;
};

/* Numbers over all sessions of this process's life, for monitoring. */
struct session_totals {
	time_t start;
	uint32_t sessions, dropped, bad_hellos, in_rpcs, in_bad_rpcs, out_errors, out_notifications;
};

extern struct session_totals session_totals;

void session_init(struct event_base *base);
/* @bev is the session's from now on, also if it fails: NULL. Our hello is sent at once. */
struct session *session_create(struct bufferevent *bev, const char *user, const char *transport,
			       const struct endpoint *peer, const struct session_ops *ops, void *arg);
/* Drop it, telling nobody. NULL is allowed. */
void session_destroy(struct session *s);
struct session *session_find(uint32_t id);
struct session *session_first(void);
/* End it once what is written has gone out. */
void session_end(struct session *s, enum session_end end, const char *why);
/* The same once the request under way, if there is one, has been answered, or takes too long. Nothing more is read. */
void session_leave(struct session *s, enum session_end end, const char *why);
/* Send @body, which is taken, as one message, or the last part of one; the request is done. */
void session_reply(struct session *s, struct evbuffer *body);
/* Send all that is in @body as a part of a message. False: enough until rpc_resume(). */
bool session_reply_part(struct session *s, struct evbuffer *body);

/* Send @body, which is taken, as one message beside any request. False, and nothing is taken: no room. */
bool session_notify(struct session *s, struct evbuffer *body);

#endif /* _NATFWD_MGMT_SESSION_H */
