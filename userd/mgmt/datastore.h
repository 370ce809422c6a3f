/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Configuration datastores (RFC 6241, 5.1): running, which is in force, and candidate. Neither has secrets
 * in it, but for new ones in candidate (schema_secret()).
 */
#ifndef _NATFWD_MGMT_DATASTORE_H
#define _NATFWD_MGMT_DATASTORE_H

#include "mgmt/edit.h"

enum datastore { DATASTORE_RUNNING, DATASTORE_CANDIDATE };

/* Borrowed until the next event; NULL: nothing is there yet. */
const struct lyd_node *datastore_tree(enum datastore which);
/* A copy, for lyd_free_all(); NULL: nothing is there, or no memory. */
struct lyd_node *datastore_copy(enum datastore which);
/* The same without secrets, for those who read. */
struct lyd_node *datastore_read(enum datastore which);
/* @tree, which is taken, becomes the candidate; NULL: what is running, and nothing is changed in it any more. */
void datastore_set_candidate(struct lyd_node *tree);
/* Whether the candidate has been set, and not been committed or discarded since. */
bool datastore_changed(void);
/*
 * A new configuration in force, as conf.tree has it. A candidate nobody has changed goes along. *@diff, unless NULL,
 * is what has changed in running, the caller's; it stays as it is if nothing was there, or nothing has.
 */
void datastore_conf(struct ly_ctx *ctx, const char *json, struct lyd_node **diff);

#endif /* _NATFWD_MGMT_DATASTORE_H */
