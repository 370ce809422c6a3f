/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tree that managers read: the configuration in force, and the state as far as somebody wants it.
 */
#ifndef _NATFWD_MGMT_GATHER_H
#define _NATFWD_MGMT_GATHER_H

#include <libyang/libyang.h>
#include <stdbool.h>

struct gather;

struct gather_wish {
	unsigned int parts;		/* of /natfw/state, by bit of state.h */
	bool config;
	bool monitoring;		/* netconf-state */
	bool restconf;			/* restconf-state */
	bool library;			/* yang-library and modules-state */
	bool streams;			/* netconf/streams */
	bool denied;			/* counters in nacm */
};

/*
 * @done is called once, not before this returns, with the tree, which is the callee's; NULL: there is nothing.
 * What nobody should see is in it (nacm_prune()). NULL: too much to do.
 */
struct gather *gather_start(const struct gather_wish *wish,
			    void (*done)(void *arg, struct lyd_node *tree), void *arg);
/* Nobody waits any more. NULL is allowed. */
void gather_cancel(struct gather *g);

#endif /* _NATFWD_MGMT_GATHER_H */
