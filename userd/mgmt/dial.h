/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From an endpoint to a TCP connection: the name is looked up, and all its addresses are tried, IPv6 and
 * IPv4 in turn. Nothing blocks. The answer never comes before dial_start() returns.
 */
#ifndef _NATFWD_MGMT_DIAL_H
#define _NATFWD_MGMT_DIAL_H

#include <event2/event.h>

#include "mgmt/connector.h"

struct dial;

struct dial_ops {
	/*
	 * It is about to connect from @local to @to, and goes on by dial_go(), or by itself after a moment. False: it goes
	 * on at once. NULL: always.
	 */
	bool (*ask)(void *arg, const struct endpoint *local, const struct endpoint *to);
	/* The name is known, TCP begins. */
	void (*connecting)(void *arg, const struct endpoint *to);
	/* @fd is the callee's. The dial is over, and freed. */
	void (*connected)(void *arg, int fd, const struct endpoint *to);
	/* The same if nothing has come of it; @why is valid for the call. */
	void (*failed)(void *arg, enum call_error error, const char *why);
	/* Whether @to may be connected to; the next address if not. NULL: all may. */
	bool (*may)(void *arg, const struct endpoint *to);
};

/*
 * @fd: /etc/resolv.conf, closed here. Names are looked up by what it says from now on; by what was said before if
 * it cannot be read or is not there: -1.
 */
void dial_resolver(struct event_base *base, int fd);
/* @e is copied; it has @seconds in all. NULL: no memory. */
struct dial *dial_start(struct event_base *base, const struct conf_endpoint *e,
			unsigned int seconds, const struct dial_ops *ops, void *arg);
/* What was asked has been answered. */
void dial_go(struct dial *d);
/* Have @fd, a TCP socket, probe a silent peer as @e says. 0 or -errno. */
int dial_keep_alive(int fd, const struct conf_endpoint *e);
/* Give up; nothing is told any more. */
void dial_cancel(struct dial *d);

#endif /* _NATFWD_MGMT_DIAL_H */
