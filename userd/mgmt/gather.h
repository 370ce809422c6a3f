/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tree that managers read: the configuration in force, and the state as far as somebody wants it.
 */
#ifndef _NATFWD_MGMT_GATHER_H
#define _NATFWD_MGMT_GATHER_H

#include <libyang/libyang.h>
#include <stdbool.h>

#include "base/log.h"
#include "base/nat.h"

struct entries;
struct gather;

struct gather_wish {
	char user[64];			/* who holds what is gathered */
	char tag[SESSION_TAG];		/* of the one session that is wanted; empty: all are */
	unsigned int parts;		/* by bit of state.h */
	unsigned int empty;		/* of those, the ones whose entries nobody is to be asked for */
	struct map_wishes maps;		/* with STATE_MAPS: which */
	bool config;
	bool monitoring;		/* netconf-state */
	bool restconf;			/* restconf-state */
	bool library;			/* yang-library and modules-state */
	bool streams;			/* netconf/streams */
	bool denied;			/* counters in nacm */
};

struct gathered {
	struct lyd_node *tree;		/* NULL: there is nothing */
	struct entries *entries;	/* of lists that are not in it; NULL: none */
	const char *refused;		/* why neither is there, in words; NULL: it is */
};

/*
 * @done is called once, not before this returns, with what is the callee's. What nobody should see is in it
 * (nacm_prune()). NULL: too much to do.
 */
struct gather *gather_start(const struct gather_wish *wish, void (*done)(void *arg, struct gathered *g), void *arg);
/* Lists of which @user may see no entry are not asked for: nor is he told that there is too much in them. */
void gather_hide(struct gather_wish *wish, const char *user);
/* Nobody waits any more. NULL is allowed. */
void gather_cancel(struct gather *g);

#endif /* _NATFWD_MGMT_GATHER_H */
