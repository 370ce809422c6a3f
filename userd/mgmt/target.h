/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Parameters that operations on datastores have in common, and waiting for one's turn.
 */
#ifndef _NATFWD_MGMT_TARGET_H
#define _NATFWD_MGMT_TARGET_H

#include "mgmt/datastore.h"
#include "mgmt/request.h"

/* The datastore in parameter @name (target, source). False, and @r has been answered, if there is none. */
bool target_read(struct request *r, const char *name, enum datastore *which);
/* The same, and it may be an element config instead, which is *@config then; otherwise NULL. */
bool target_or_config(struct request *r, const char *name, enum datastore *which,
		      const struct lyd_node **config);
/* Whether all parameters of the operation are among @names, up to a NULL. Otherwise @r has been answered. */
bool target_known(struct request *r, const char *const *names);
/*
 * The number of parameter @name among @words, up to a NULL; @otherwise if it is not there. -1, and @r has been
 * answered: it is none of them.
 */
int target_word(struct request *r, const char *name, const char *const *words, int otherwise);
/* True: a commit is under way; @run is called with @r when it is done. */
bool target_waits(struct request *r, void (*run)(struct request *r));
/* commit_done of requests: answers. */
void target_done(void *arg, const struct mgmt_error *e);
/* The commit of @r has begun, or (NULL) there is no memory for it. */
void target_begun(struct request *r, struct commit *c);

#endif /* _NATFWD_MGMT_TARGET_H */
