/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A dump that is delivered in pieces and can be given up, for event loops: nothing is collected, and the kernel
 * makes the next piece when one was read. It has a connection of its own, for closing that is the only way
 * to stop a dump.
 */
#ifndef _NATFW_LIB_WALK_H
#define _NATFW_LIB_WALK_H

#include "client.h"

struct natfw_walk;

/* Ask for the objects @cmd dumps, as @filter (or NULL) restricts, of the caller's network namespace. */
int natfw_walk_open(struct natfw_walk **w, unsigned int cmd, const void *filter, struct natfw_error *e);
void natfw_walk_close(struct natfw_walk *w);
/* Readable when there is a piece. */
int natfw_walk_fd(const struct natfw_walk *w);
/*
 * Hand the objects of one piece, some 32 KiB, to @fn, which borrows them. 1: go on, whether there was a piece or
 * not; 0: that was all; or a negative errno with @e filled in.
 */
int natfw_walk_read(struct natfw_walk *w, void (*fn)(void *arg, const void *obj), void *arg,
		    struct natfw_error *e);

#endif /* _NATFW_LIB_WALK_H */
