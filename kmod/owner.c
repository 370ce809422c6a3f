// SPDX-License-Identifier: GPL-2.0-only
/*
 * Owners by cookie: see owner.h. Created under nn->lock, so no two of one
 * cookie are made at once; put in any context.
 *
 * An owner without references may still stand in the table for a moment.
 * Whoever comes across it then, the one that put it or the next to ask for
 * that cookie, takes it out.
 */
#include <linux/rhashtable.h>
#include <linux/slab.h>

#include "net.h"
#include "owner.h"

struct natfw_owners {
	struct rhashtable	table;
};

static const struct rhashtable_params owner_params = {
	.head_offset = offsetof(struct natfw_owner, node),
	.key_offset = offsetof(struct natfw_owner, cookie),
	.key_len = NATFW_OWNER_LEN,
	.automatic_shrinking = true,
};

int natfw_owners_init(struct natfw_net *nn)
{
	int err = -ENOMEM;

	nn->owners = kzalloc(sizeof(*nn->owners), GFP_KERNEL);
	if (nn->owners)
		err = rhashtable_init(&nn->owners->table, &owner_params);
	if (!err)
		return 0;
	kfree(nn->owners);
	nn->owners = NULL;
	return err;
}

void natfw_owners_fini(struct natfw_net *nn)
{
	if (!nn->owners)
		return;
	rhashtable_destroy(&nn->owners->table);
	kfree(nn->owners);
	nn->owners = NULL;
}

/* A reference to the owner there is; a dead one is taken out. */
static struct natfw_owner *owner_find(struct natfw_owners *owners, const u8 *cookie)
{
	struct natfw_owner *o;

	rcu_read_lock();
	o = rhashtable_lookup(&owners->table, cookie, owner_params);
	if (o && !refcount_inc_not_zero(&o->refs)) {
		rhashtable_remove_fast(&owners->table, &o->node, owner_params);
		o = NULL;
	}
	rcu_read_unlock();
	return o;
}

struct natfw_owner *natfw_owner_get(struct natfw_net *nn, const u8 *cookie)
{
	struct natfw_owner *o;

	lockdep_assert_held(&nn->lock);
	o = owner_find(nn->owners, cookie);
	if (o)
		return o;
	o = kzalloc(sizeof(*o), GFP_KERNEL);
	if (!o)
		return NULL;
	memcpy(o->cookie, cookie, NATFW_OWNER_LEN);
	refcount_set(&o->refs, 1);
	o->owners = nn->owners;
	if (rhashtable_insert_fast(&nn->owners->table, &o->node, owner_params)) {
		kfree(o);
		return NULL;
	}
	return o;
}

void natfw_owner_hold(struct natfw_owner *o)
{
	refcount_inc(&o->refs);
}

void natfw_owner_put(struct natfw_owner *o)
{
	if (!o || !refcount_dec_and_test(&o->refs))
		return;
	rhashtable_remove_fast(&o->owners->table, &o->node, owner_params);
	kfree_rcu(o, rcu);
}

u32 natfw_owner_rules(struct natfw_net *nn, const u8 *cookie)
{
	struct natfw_owner *o;
	u32 rules;

	lockdep_assert_held(&nn->lock);
	rcu_read_lock();
	o = rhashtable_lookup(&nn->owners->table, cookie, owner_params);
	rules = o ? o->rules : 0;
	rcu_read_unlock();
	return rules;
}

int natfw_owner_charge(struct natfw_owner *o, u32 quota)
{
	if (!o)
		return 0;
	if ((u32)atomic_inc_return(&o->ports) <= quota || !quota)
		return 0;
	atomic_dec(&o->ports);
	return -EDQUOT;
}

void natfw_owner_uncharge(struct natfw_owner *o)
{
	if (o)
		atomic_dec(&o->ports);
}
