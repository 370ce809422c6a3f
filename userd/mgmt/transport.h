/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a TCP connection, whoever opened it, to a session: who is at the other end is found out by TLS or
 * SSH, of which this node is the server (RFC 8071, 3.1), and then it may speak NETCONF, or with a service of this
 * node. Plain relays are the exception: there the service finds out.
 */
#ifndef _NATFWD_MGMT_TRANSPORT_H
#define _NATFWD_MGMT_TRANSPORT_H

#include <event2/event.h>

#include "mgmt/connector.h"
#include "proc.h"

struct transport;

/* Of who opened it. Never called before transport_open() has returned. */
struct transport_ops {
	/* There is a session with @user, or a service is open to it; "": nobody knows who that is. */
	void (*up)(void *arg, const char *user);
	/* Something went on in the session. */
	void (*active)(void *arg);
	/* It is over, and freed when this returns; @why is valid for the call. */
	void (*over)(void *arg, enum call_error error, const char *why);
};

/* What a connection is to become; copied. */
struct transport_want {
	const struct conf_endpoint *endpoint;
	const char *client;		/* whose endpoint it is; "": a listener's */
	struct endpoint remote;
};

void transport_init(struct event_base *base);
/*
 * Who is let in from now on; @m has to stay until the next time. Who would not be any more, or under another name, is hung
 * up: who is no longer known in SSH, and whose certificate has no name or another one.
 */
void transport_conf(const struct conf_mgmt *m);
/*
 * @fd is owned from now on. NULL, and *@why, if something here is in the way. There is no limit of time: who
 * opens it closes it when authentication takes too long.
 */
struct transport *transport_open(int fd, const struct transport_want *w,
				 const struct transport_ops *ops, void *arg, const char **why);
/* Drop it, telling nobody. NULL is allowed. */
void transport_close(struct transport *t);
/* What identity @name shows or believes may have changed: who is revoked, or comes from elsewhere now, is hung up. */
void transport_renewed(const char *name);
/*
 * End its session once what has been asked of it is answered and that has gone out; over() follows. False: there is
 * no session to be ended so.
 */
bool transport_leave(struct transport *t, const char *why);
/* Whether its session waits for events, and so is not idle though nothing goes on. */
bool transport_waits(const struct transport *t);
/* As natfw.yang has it: "tls". */
const char *transport_name(enum conf_transport which);

#endif /* _NATFWD_MGMT_TRANSPORT_H */
