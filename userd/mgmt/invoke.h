/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Operations of natfw.yang for managers, be they NETCONF's or RESTCONF's: operations on sessions, by which a user
 * has what he opened himself, and actions of sessions in the tree, by which access control says who has what. The
 * control process has the sessions, and is asked (ctl/manager.h).
 *
 * Access control is the caller's.
 */
#ifndef _NATFWD_MGMT_INVOKE_H
#define _NATFWD_MGMT_INVOKE_H

#include <event2/event.h>

#include "mgmt/error.h"

#define INVOKES_MAX	128	/* under way */

struct invoke;

struct invoke_result {
	const struct mgmt_error *error;		/* NULL: it is done */
	bool missing;				/* the node that an action is of is not there */
	const struct lyd_node *output;		/* the operation, with its output in it; NULL: there is none */
};

int invoke_init(struct event_base *base);
/* What child @name of @op says; NULL: there is none. */
const char *invoke_value(const struct lyd_node *op, const char *name);
/* Whether managers have @op, an operation or action. */
bool invoke_serves(const struct lysc_node *op);
/*
 * Run @op, which is validated and served, for @user. @done is called once, not before this returns; what it is
 * given is valid for the call. It takes 90 seconds at most. NULL: too much to do.
 */
struct invoke *invoke_start(const char *user, const struct lyd_node *op,
			    void (*done)(void *arg, const struct invoke_result *r), void *arg);
/* Nobody waits any more; what was asked for is done all the same. NULL is allowed. */
void invoke_cancel(struct invoke *v);
/* MSG_MANAGER_ANSWER; false if it is none. */
bool invoke_message(const void *data, size_t len);
/* The control process was restarted, and will not answer. */
void invoke_lost(void);

#endif /* _NATFWD_MGMT_INVOKE_H */
