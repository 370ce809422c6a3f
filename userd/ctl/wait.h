/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Waiting for what becomes of a session that was asked for: established, refused, over.
 */
#ifndef _NATFWD_CTL_WAIT_H
#define _NATFWD_CTL_WAIT_H

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/session.h"

#define WAITS_MAX	128
#define WAITS_HERE	96	/* of programs on this node, others are kept for managers */
#define WAITS_USER	32	/* of one user, and of one manager */

void wait_init(struct event_base *base);
/*
 * @done is called once, not before this returns, with what the signalling process says of the session with @tag
 * next, but that it is pending or its route changes; NULL: it has said nothing in @seconds. It is @uid who waits,
 * with GATE_MANAGER manager @user. False: too many wait.
 */
bool wait_start(uint32_t uid, const char *user, uint64_t tag, unsigned int seconds,
		void (*done)(void *arg, const struct session_event *e), void *arg);
/* What the signalling process says. */
void wait_event(const struct session_event *e);
/* Whether @e says that what was asked for was not granted. */
bool wait_refused(const struct session_event *e);

#endif /* _NATFWD_CTL_WAIT_H */
