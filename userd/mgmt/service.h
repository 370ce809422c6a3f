/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A TCP service near this node, offered over a connection that this node opened: the other end is its client
 * (draft-lear-callhome, 4). Octets are carried as they are, and neither end is read from while the other does not
 * take what there is, so memory is bounded. That an end says no more is passed on.
 */
#ifndef _NATFWD_MGMT_SERVICE_H
#define _NATFWD_MGMT_SERVICE_H

#include <event2/event.h>

#include "mgmt/connector.h"
#include "proc.h"

struct bufferevent;
struct service;

struct service_ops {
	/* Something went on. */
	void (*active)(void *arg);
	/* It is over, and freed when this returns; @why is valid for the call. */
	void (*over)(void *arg, enum call_error error, const char *why);
};

void service_init(struct event_base *base);
/* @bev, of which @conf's client is at the other end, is owned from now on, also if it fails: NULL. */
struct service *service_open(struct bufferevent *bev, const struct conf_service *conf,
			     const struct service_ops *ops, void *arg);
/* Drop it, telling nobody. NULL is allowed. */
void service_close(struct service *s);
/* Numbers for metrics. */
void service_stats(void (*fn)(void *arg, const struct stat_value *v), void *arg);

#endif /* _NATFWD_MGMT_SERVICE_H */
