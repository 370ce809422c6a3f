/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Many requests at once, each judged on its own: for programs that have a lot to say at a time.
 *
 * Requests are packed many to one sendmsg(), and the kernel says only what was refused and what was
 * asked for by NATFW_ECHO, so that a request costs a few microseconds. txn-begin and txn-commit may
 * be among them. What an earlier request was refused for does not keep later ones from being done.
 */
#ifndef _NATFW_LIB_BATCH_H
#define _NATFW_LIB_BATCH_H

#include "client.h"

struct natfw_batch;

/*
 * What became of request @nr, counted from 0: @err is 0 or a negative errno with @e; @reply is the
 * object that was asked for (of natfw_command_set()), or NULL. Called for requests that were
 * refused and those with a reply, in order.
 */
typedef void (*natfw_batch_cb)(void *arg, unsigned int nr, int err, const void *reply,
			       const struct natfw_error *e);

/* @c must outlive the batch, and be used for nothing else between add and run. */
int natfw_batch_new(struct natfw_batch **b, struct natfw_client *c);
void natfw_batch_free(struct natfw_batch *b);
/* Requests added since the last run. */
unsigned int natfw_batch_count(const struct natfw_batch *b);
/* Add command @cmd on @obj (or NULL). -ENOMEM, -EINVAL: then the whole batch cannot be sent. */
int natfw_batch_add(struct natfw_batch *b, unsigned int cmd, unsigned int flags, const void *obj);
/* Forget what was added. */
void natfw_batch_reset(struct natfw_batch *b);
/*
 * Send all, and forget them. A request with NATFW_ECHO whose reply was lost counts as refused for
 * -EPROTO. 0, or a negative errno when nothing more can be said about some of them: the connection
 * is to be closed then and what the kernel has looked at.
 */
int natfw_batch_run(struct natfw_batch *b, natfw_batch_cb cb, void *arg, struct natfw_error *e);

#endif /* _NATFW_LIB_BATCH_H */
