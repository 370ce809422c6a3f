/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Owners of rules: one object for each cookie that has rules, with the number
 * of them that are in force, and of pool ports taken on its account.
 *
 * rule.c gets an owner for each rule and puts it when the rule is freed;
 * map.c charges ports. The namespace's table is made before the first rule
 * and destroyed after the last one is freed (rcu_barrier()).
 */
#ifndef _NATFW_OWNER_H
#define _NATFW_OWNER_H

#include <linux/atomic.h>
#include <linux/refcount.h>
#include <linux/rhashtable-types.h>
#include <uapi/linux/natfw.h>

struct natfw_net;
struct natfw_owners;

struct natfw_owner {
	struct rhash_head	node;
	u8			cookie[NATFW_OWNER_LEN];
	refcount_t		refs;
	u32			rules;	/* in force; nn->lock */
	atomic_t		ports;
	struct natfw_owners	*owners;
	struct rcu_head		rcu;
};

int natfw_owners_init(struct natfw_net *nn);	/* -ENOMEM. May sleep. */
void natfw_owners_fini(struct natfw_net *nn);	/* May sleep. */

/* A reference, or NULL for want of memory. nn->lock. */
struct natfw_owner *natfw_owner_get(struct natfw_net *nn, const u8 *cookie);
void natfw_owner_hold(struct natfw_owner *o);	/* of which the caller has a reference */
void natfw_owner_put(struct natfw_owner *o);	/* any context; NULL is fine */
/* Rules in force of that owner. nn->lock. */
u32 natfw_owner_rules(struct natfw_net *nn, const u8 *cookie);

/* One port more, -EDQUOT if that were more than @quota (0: no limit). */
int natfw_owner_charge(struct natfw_owner *o, u32 quota);
void natfw_owner_uncharge(struct natfw_owner *o);

#endif /* _NATFW_OWNER_H */
