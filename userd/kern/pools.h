/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pools of the configuration. They have no owner in the module, and no transaction: one is made if there is none of
 * its name, kept as the configuration says, and taken out when a configuration has it no more that follows one
 * that had it, unless rules still name it. One that is there with other addresses is somebody else's, or flows
 * stand on it: that is refused.
 */
#ifndef _NATFWD_KERN_POOLS_H
#define _NATFWD_KERN_POOLS_H

#include "conf/conf.h"

struct gate;

/* Names, of pools that were made. */
struct pools {
	char (*name)[64];
	unsigned int n;
};

/*
 * Make the module have the pools of @c. False and @e, with the pool's path: one cannot be had; others are seen to. With
 * @made, what is there stays as it is, and what was made is noted in it, for pools_undo().
 */
bool pools_make(struct gate *g, const struct conf *c, struct pools *made, struct conf_error *e);
/* Take out what was made, and forget it. */
void pools_undo(struct gate *g, struct pools *made);
/* Take out those of @had that @c has no more, and note in it which those are now. */
void pools_drop(struct gate *g, const struct conf *c, struct pools *had);
void pools_fini(struct pools *p);

#endif /* _NATFWD_KERN_POOLS_H */
