/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A connection to the natfw family of one network namespace.
 *
 * Requests are answered by the kernel before sendmsg() returns, so they never
 * make an event loop wait, whatever the socket's mode. One thread at a time.
 * Objects given are borrowed; objects returned belong to the caller.
 */
#ifndef _NATFW_LIB_CLIENT_H
#define _NATFW_LIB_CLIENT_H

#include "dump.h"
#include "error.h"
#include "model.h"

struct natfw_client;

/* Bits of @flags below. */
#define NATFW_ECHO	1	/* ask for the resulting object as reply */

/*
 * Connect within network namespace @netns (see natfw_netns_enter(); NULL: the
 * caller's). -ENOENT if the family is not there: the module is not loaded.
 */
int natfw_client_open(struct natfw_client **c, const char *netns, struct natfw_error *e);
void natfw_client_close(struct natfw_client *c);
/* The socket, for poll(). */
int natfw_client_fd(const struct natfw_client *c);
/* Version of the family in the kernel. */
unsigned int natfw_client_version(const struct natfw_client *c);

/*
 * Carry out command @cmd (NATFW_CMD_*) on @obj, a struct of
 * natfw_command_set(@cmd), or NULL. The reply goes to @reply unless NULL; it
 * is empty when there was none. 0, or a negative errno with @e filled in.
 */
int natfw_client_do(struct natfw_client *c, unsigned int cmd, unsigned int flags,
		    const void *obj, void *reply, struct natfw_error *e);

/*
 * Collect the objects @cmd dumps, as @filter (or NULL) restricts. A dump that
 * the kernel marks inconsistent is repeated NATFW_DUMP_TRIES times; then what
 * came last is returned with d->partial set.
 */
int natfw_client_dump(struct natfw_client *c, unsigned int cmd, const void *filter,
		      struct natfw_dump *d, struct natfw_error *e);
#define NATFW_DUMP_TRIES	5

#endif /* _NATFW_LIB_CLIENT_H */
