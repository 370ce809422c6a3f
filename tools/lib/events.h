/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Notifications of the natfw family, on a socket of their own.
 *
 * The descriptor never blocks and fits an event loop: when it is readable
 * call natfw_events_read(). When the kernel or the socket lost events the
 * callback gets an overrun marker: whatever is cached must be dumped again.
 */
#ifndef _NATFW_LIB_EVENTS_H
#define _NATFW_LIB_EVENTS_H

#include "client.h"

struct natfw_events;

struct natfw_event {
	unsigned int ntf;		/* NATFW_CMD_*_NTF */
	const struct natfw_set *set;	/* what @obj is */
	const void *obj;		/* borrowed until the callback returns */
};

typedef void (*natfw_event_cb)(void *arg, const struct natfw_event *ev);

/*
 * Subscribe to @groups (names, NULL at the end: NATFW_MCGRP_*) of @netns.
 * Overrun markers come with the rule group and whenever the socket overflows.
 */
int natfw_events_open(struct natfw_events **ev, const char *netns, const char *const *groups,
		      struct natfw_error *e);
void natfw_events_close(struct natfw_events *ev);
int natfw_events_fd(const struct natfw_events *ev);
/*
 * Deliver every event that is there. 0, or a negative errno when the socket
 * is no longer usable.
 */
int natfw_events_read(struct natfw_events *ev, natfw_event_cb cb, void *arg,
		      struct natfw_error *e);

#endif /* _NATFW_LIB_EVENTS_H */
