/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Settings, pools and devices of a file against those in force: what has to
 * be done before the rules come into force, and what after.
 *
 * Steps before can be undone. Those after only remove what nothing needs any
 * more, or begin to drop packets that no rule matches.
 */
#ifndef _NATFWCTL_INFRA_H
#define _NATFWCTL_INFRA_H

#include "config.h"
#include "state.h"

union infra_object {
	uint64_t has;
	struct natfw_net net;
	struct natfw_dev dev;
	struct natfw_pool pool;		/* strings and lists are borrowed */
};

struct infra_step {
	unsigned int cmd, undo_cmd;	/* NATFW_CMD_*; undo_cmd 0: nothing to undo */
	unsigned int line;		/* in the file, or 0 */
	bool quiet;			/* part of a step told of already */
	union infra_object obj, undo;
};

/* A program to be put on a device, or taken off, last of all. */
struct infra_xdp {
	const char *ifname;
	enum xdp_mode mode;
};

struct infra {
	struct natfw_list before, after;	/* struct infra_step */
	struct natfw_list xdp;			/* struct infra_xdp */
	unsigned int ndone;			/* of "before" */
};

/*
 * Find the steps from @s to @c; what @keep spares is not removed. Objects are
 * borrowed from both. False if it cannot be done, with c->error set.
 */
bool infra_plan(struct infra *in, struct config *c, const struct state *s, bool keep);
/*
 * Carry the steps before out. On failure undoes those done, sets c->error and
 * returns false.
 */
bool infra_before(struct infra *in, struct config *c);
void infra_undo(struct infra *in);
/* Carry out those after; each failure is told of. False if there was one. */
bool infra_after(const struct infra *in);
/* Print one line for each step. */
void infra_print(FILE *f, const struct infra *in);
unsigned int infra_count(const struct infra *in);
void infra_fini(struct infra *in);

#endif /* _NATFWCTL_INFRA_H */
