/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Access control (RFC 8341): who may run what, read what, change what, and be told of what.
 *
 * A user is a name that a transport has authenticated. NULL is the recovery session (3.3.3): whoever may write the
 * configuration file or is root at the control socket, and nobody that comes over a network, whatever the name.
 * Transports know no groups, so enable-external-groups adds none. Without a configuration: reading and
 * operations are permitted, writing is not (3.4.1).
 *
 * Rules are compiled when the configuration changes, and once more for each user, so that a tree is looked
 * at only where rules tell its nodes apart. One thread, no locking.
 */
#ifndef _NATFWD_MGMT_NACM_H
#define _NATFWD_MGMT_NACM_H

#include <libyang/libyang.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proc.h"

struct nacm;

/*
 * Rules from now on: those in /nacm among @running and its siblings, which may be NULL. 0 or -ENOMEM, and then
 * the rules before stay.
 */
int nacm_conf(const struct lyd_node *running);
/*
 * The rules in force now. Who needs the same ones for the whole of a request (3.4) takes them at its beginning, and
 * gives them back.
 */
struct nacm *nacm_take(void);
/* NULL is allowed. */
void nacm_release(struct nacm *n);
/* Drops all there is. */
void nacm_fini(void);

/* Whether @user may run @rpc (3.4.4). A refusal is counted. */
bool nacm_may_exec(const char *user, const struct lysc_node *rpc);
/* The same of an action, a node in the tree of its parents. */
bool nacm_may_act(const char *user, const struct lyd_node *action);
/*
 * Takes out of *@tree and its siblings what @user may not read, with all below, silently (3.2.4). An entry of a list
 * that loses a key goes whole.
 */
void nacm_prune(const char *user, struct lyd_node **tree);
/* The same by rules that were taken before. */
void nacm_prune_by(struct nacm *n, const char *user, struct lyd_node **tree);
/* Whether @user may read all instances of @node, with all that is in them, and what is around it. */
bool nacm_reads_all(struct nacm *n, const char *user, const struct lysc_node *node);
/*
 * Whether @user may read @n and all that is around it, be it there or only asked about: who may not is not told
 * whether it is.
 */
bool nacm_may_see(const char *user, const struct lyd_node *n);
/* Whether @user may read any instance of @list, with its keys and what is around it. */
bool nacm_may_see_some(const char *user, const struct lysc_node *list);
/* Counts that @user may not write @n, which it may not see; @path as for nacm_may_write(). */
void nacm_refuse(const char *user, const struct lyd_node *n, char *path, size_t len);
/*
 * Whether @user may make the changes in @diff, which is what lyd_diff_siblings() makes without LYD_DIFF_DEFAULTS.
 * Containers without presence are there anyway, and what a choice takes away when another case comes needs no
 * right (3.2.5). If not, @path is what of the first node refused @user may read (JSON instance-identifier, may be
 * ""), and the refusal is counted.
 */
bool nacm_may_write(const char *user, const struct lyd_node *diff, char *path, size_t len);
/* Whether @user may be told of @notification, at the top of a module (3.4.6). A refusal is counted. */
bool nacm_may_hear(const char *user, const struct lysc_node *notification);
/* The same for a subscriber that would not be told anyway: not counted. */
bool nacm_could_hear(const char *user, const struct lysc_node *notification);

/* Refusals since the process began. */
struct nacm_denied {
	uint32_t operations, data_writes, notifications;
};

const struct nacm_denied *nacm_denied(void);
/* The same for metrics. */
void nacm_stats(void (*fn)(void *arg, const struct stat_value *v), void *arg);
/* Adds them to *@tree. False: no memory, or the module is not in @ctx. */
bool nacm_state(const struct ly_ctx *ctx, struct lyd_node **tree);

#endif /* _NATFWD_MGMT_NACM_H */
