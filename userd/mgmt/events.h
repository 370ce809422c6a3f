/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What happens, as notifications for stream_emit(): those of RFC 6470, and natfw's own. Each of these may be called
 * anywhere but from stream_ops.event; without memory nothing is told.
 */
#ifndef _NATFWD_MGMT_EVENTS_H
#define _NATFWD_MGMT_EVENTS_H

#include <libyang/libyang.h>

#include "mgmt/connector.h"
#include "mgmt/session.h"
#include "proc.h"

/* The hello of @s has come. */
void events_session_start(const struct session *s);
/* It ends: for s->end if that was decided (s->ending), or hung up from here. */
void events_session_end(const struct session *s);

/* Who did it. NULL for one of these, or for its user: the daemon itself, or somebody on this node. */
struct events_by {
	const char *user;
	uint32_t session;		/* 0: one that is not NETCONF's */
	const struct address *host;	/* NULL: that of the session, if there is one */
};

/* Fill @by, for a NETCONF session. Returns @by. */
const struct events_by *events_by_session(struct events_by *by, const struct session *s);
/*
 * A configuration is in force that differs by @diff, which is what lyd_diff_siblings() makes, from the one before.
 * Where it differs in more than EVENTS_EDITS places, only the trees that have changed are told.
 */
#define EVENTS_EDITS	64
void events_config_change(const struct events_by *by, const struct lyd_node *diff);

enum events_confirm {
	EVENTS_CONFIRM_START, EVENTS_CONFIRM_CANCEL, EVENTS_CONFIRM_TIMEOUT, EVENTS_CONFIRM_EXTEND,
	EVENTS_CONFIRM_COMPLETE,
};

/* A confirmed commit goes on. @by is not looked at if it timed out; @seconds with start and extend. */
void events_confirmed_commit(const struct events_by *by, enum events_confirm what, uint32_t seconds);

/* A call has come to another state, from @old; @to may be unset. */
void events_call(const struct call *c, enum call_state old, const struct endpoint *to);

/* As for proc_ops: what other processes tell of sessions, rules and pools. False if it is not for here. */
bool events_message(enum proc_id from, enum msg_type type, const void *data, size_t len);
/* Numbers for metrics. */
void events_stats(void (*fn)(void *arg, const struct stat_value *v), void *arg);

#endif /* _NATFWD_MGMT_EVENTS_H */
