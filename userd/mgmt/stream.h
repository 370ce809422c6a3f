/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Streams of events (RFC 5277, 3.2): what happens, as notifications of the modules, to whoever subscribed, over
 * whatever protocol, and again to who comes later.
 *
 * All events go to one record of STREAM_EVENTS and STREAM_OCTETS at most; what does not fit any more falls out at its
 * other end. A subscription is a place in the record, so it takes no memory however slow its subscriber is: one that
 * has not taken an event when it falls out has missed it, and is told that it is over. Subscribers are told from the
 * loop, never from inside of the functions here.
 */
#ifndef _NATFWD_MGMT_STREAM_H
#define _NATFWD_MGMT_STREAM_H

#include <event2/event.h>
#include <libyang/libyang.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "proc.h"

#define STREAM_EVENTS	2048
#define STREAM_OCTETS	(2u << 20)	/* as XML */
#define STREAM_SUBS	256		/* subscriptions at a time */

struct stream_event {
	struct timespec at;
	const struct lyd_node *node;	/* the notification */
	const char *xml;		/* it as XML, without an envelope */
};

/* Its time as date-and-time, UTC. */
#define STREAM_TIME	40
const char *stream_time(const struct timespec *t, char buf[STREAM_TIME]);
/* Read a date-and-time of any zone. False: it is none. */
bool stream_read_time(const char *text, struct timespec *t);

enum stream_end {
	STREAM_STOPPED,		/* its stop time has come; the subscriber has been told by notificationComplete */
	STREAM_SLOW,		/* events were lost to it */
};

struct stream_ops {
	/*
	 * An event. False: no room, tell it again after stream_resume(). May cancel the subscription, and must not
	 * emit events.
	 */
	bool (*event)(void *arg, const struct stream_event *e);
	/* The subscription is over, and gone when this returns. May be followed by another one at once. */
	void (*over)(void *arg, enum stream_end end);
};

struct stream_wish {
	const char *stream;		/* NULL: "NETCONF" */
	const char *user;
	const struct lyd_node *filter;	/* element of xml_read(), subtree or xpath; copied; NULL: none */
	const char *xpath;		/* an expression with names of modules for prefixes; NULL: none */
	struct timespec start, stop;	/* all zero: none */
};

enum stream_fault {
	STREAM_GOOD,
	STREAM_UNKNOWN,		/* no stream of this name */
	STREAM_FILTER,		/* the filter is none */
	STREAM_FUTURE,		/* start is later than now */
	STREAM_UNSTARTED,	/* stop without start */
	STREAM_BACKWARD,	/* stop is not later than start */
	STREAM_FULL,		/* too many subscriptions, or no memory */
};

struct stream_sub;

int stream_setup(struct event_base *base, const struct ly_ctx *ctx);
/* Drops all events and subscriptions, and tells nobody. */
void stream_clear(void);
/* Something has happened; takes @notification, which is at the top of a module. NULL, and it is dropped: ignored. */
void stream_emit(struct lyd_node *notification);
/* NULL: see *@fault. The first event is told after this has returned. */
struct stream_sub *stream_subscribe(const struct stream_wish *w, const struct stream_ops *ops,
				    void *arg, enum stream_fault *fault);
/* There is room again. */
void stream_resume(struct stream_sub *s);
/* End it; tells nobody. NULL is allowed. */
void stream_cancel(struct stream_sub *s);

/* What streams there are. */
struct stream_info {
	const char *name, *description;
	struct timespec created;	/* since when there is a record */
	struct timespec aged;		/* of the last event that is in it no more; zero: none */
};

/* By number; false: there is no such. */
bool stream_info(unsigned int i, struct stream_info *info);
/* The same as nc-notifications has it, added to *@tree. False: no memory. */
bool stream_state(struct lyd_node **tree);
/* Numbers for metrics. */
void stream_stats(void (*fn)(void *arg, const struct stat_value *v), void *arg);

#endif /* _NATFWD_MGMT_STREAM_H */
