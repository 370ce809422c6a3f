// SPDX-License-Identifier: GPL-2.0-only
/* Adjacencies: see adj.h. */
#include <linux/rhashtable.h>
#include <linux/slab.h>
#include <net/ip6_route.h>
#include <net/lwtunnel.h>
#include <net/route.h>
#include <net/xfrm.h>

#include "adj.h"
#include "net.h"

static const struct rhashtable_params natfw_adj_params = {
	.key_len		= sizeof(struct natfw_adj_key),
	.key_offset		= offsetof(struct natfw_adj, key),
	.head_offset		= offsetof(struct natfw_adj, node),
	.automatic_shrinking	= true,
};

/* ---- objects ---- */

static void natfw_adj_hop(const struct dst_entry *dst, const union natfw_addr *daddr,
			  bool v6, union natfw_addr *hop)
{
	const struct rtable *rt = container_of(dst, struct rtable, dst);

	if (v6)
		hop->in6 = *rt6_nexthop(container_of(dst, struct rt6_info, dst),
					&daddr->in6);
	else if (rt->rt_gw_family == AF_INET6)
		hop->in6 = rt->rt_gw6;
	else if (rt->rt_gw_family)
		natfw_addr_set4(hop, rt->rt_gw4);
	else
		*hop = *daddr;
}

static void natfw_adj_key(struct natfw_adj_key *k, const struct natfw_route *rt,
			  const union natfw_addr *daddr, bool v6)
{
	memset(k, 0, sizeof(*k));
	k->dst = rt->dst;
	if (rt->type == NATFW_ROUTE_FORWARD)
		natfw_adj_hop(rt->dst, daddr, v6, &k->hop);
}

static void natfw_adj_free_rcu(struct rcu_head *rcu)
{
	struct natfw_adj *a = container_of(rcu, struct natfw_adj, rcu);
	struct neighbour *n = rcu_dereference_protected(a->neigh, true);

	/* a packet may have met it after the last reference went */
	if (n)
		neigh_release(n);
	dst_release(a->key.dst);
	kfree(a);
}

static void natfw_adj_meet_nobody(struct natfw_adj *a)
{
	struct neighbour *n = unrcu_pointer(xchg(&a->neigh, NULL));

	if (n)
		neigh_release(n);
}

/* Out of reach of natfw_adj_get() already. */
static void natfw_adj_dispose(struct natfw_adj *a)
{
	natfw_adj_meet_nobody(a);
	atomic_long_sub(sizeof(*a), &a->nn->memory);
	call_rcu(&a->rcu, natfw_adj_free_rcu);
}

void natfw_adj_put(struct natfw_adj *a)
{
	if (!a || !refcount_dec_and_test(&a->refs))
		return;
	rhashtable_remove_fast(&a->nn->adjs, &a->node, natfw_adj_params);
	natfw_adj_dispose(a);
}

static struct natfw_adj *natfw_adj_alloc(struct natfw_net *nn,
					 const struct natfw_adj_key *key,
					 const struct natfw_route *rt)
{
	struct natfw_adj *a = kzalloc(sizeof(*a), GFP_ATOMIC | __GFP_NOWARN);

	if (!a)
		return NULL;
	/* a route that is nobody's but ours (no next hop keeps it) cannot be held */
	if (!dst_hold_safe(rt->dst)) {
		kfree(a);
		return NULL;
	}
	a->key = *key;
	a->nn = nn;
	a->cookie = rt->cookie;
	a->type = rt->type;
	a->plain = rt->type == NATFW_ROUTE_FORWARD && !rt->dst->lwtstate &&
		   !dst_xfrm(rt->dst);
	refcount_set(&a->refs, 1);
	atomic_long_add(sizeof(*a), &nn->memory);
	return a;
}

static struct natfw_adj *natfw_adj_find(struct natfw_net *nn,
					const struct natfw_adj_key *key)
{
	struct natfw_adj *a = rhashtable_lookup(&nn->adjs, key, natfw_adj_params);

	return a && refcount_inc_not_zero(&a->refs) ? a : NULL;
}

struct natfw_adj *natfw_adj_get(struct natfw_net *nn, const struct natfw_route *rt,
				const union natfw_addr *daddr, bool v6)
{
	struct natfw_adj_key key;
	struct natfw_adj *a;

	RCU_LOCKDEP_WARN(!rcu_read_lock_held(), "adjacencies are freed by RCU");
	natfw_adj_key(&key, rt, daddr, v6);
	a = natfw_adj_find(nn, &key);
	if (a)
		return a;
	a = natfw_adj_alloc(nn, &key, rt);
	if (!a)
		return NULL;
	if (!rhashtable_lookup_insert_fast(&nn->adjs, &a->node, natfw_adj_params))
		return a;
	/* another was faster, or is just going: the next packet will find out */
	natfw_adj_dispose(a);
	return natfw_adj_find(nn, &key);
}

/* ---- neighbours ---- */

void natfw_adj_meet(struct natfw_adj *a, struct neighbour *n, bool cross)
{
	struct neighbour *old;

	RCU_LOCKDEP_WARN(!rcu_read_lock_held(), "neighbours are freed by RCU");
	if (rcu_access_pointer(a->neigh) == n ||
	    !(READ_ONCE(n->nud_state) & NUD_CONNECTED) || READ_ONCE(n->dead) ||
	    !refcount_inc_not_zero(&n->refcnt))
		return;
	/* what decides it is in the key, so it is the same each time */
	WRITE_ONCE(a->cross, cross);
	old = unrcu_pointer(xchg(&a->neigh, RCU_INITIALIZER(n)));
	if (old)
		neigh_release(old);
}

/*
 * Call @unfit for the neighbour of each adjacency and let go of it if true. One
 * that comes in meanwhile may be missed: it has just been found to be fit.
 */
static void natfw_adj_each(struct natfw_net *nn,
			   bool (*unfit)(const struct neighbour *n, const void *arg),
			   const void *arg)
{
	struct rhashtable_iter iter;
	struct natfw_adj *a;
	struct neighbour *n;

	rhashtable_walk_enter(&nn->adjs, &iter);
	do {
		rhashtable_walk_start(&iter);
		while ((a = rhashtable_walk_next(&iter)) && !IS_ERR(a)) {
			n = rcu_dereference(a->neigh);
			if (n && unfit(n, arg))
				natfw_adj_meet_nobody(a);
		}
		rhashtable_walk_stop(&iter);
		cond_resched();
	} while (a == ERR_PTR(-EAGAIN));	/* it was resized: some come twice */
	rhashtable_walk_exit(&iter);
}

static bool natfw_adj_lost(const struct neighbour *n, const void *arg)
{
	return !(READ_ONCE(n->nud_state) & NUD_CONNECTED) || READ_ONCE(n->dead);
}

void natfw_adj_sweep(struct natfw_net *nn)
{
	natfw_adj_each(nn, natfw_adj_lost, NULL);
}

static bool natfw_adj_on(const struct neighbour *n, const void *dev)
{
	return n->dev == dev;
}

void natfw_adj_forget(struct natfw_net *nn, const struct net_device *dev)
{
	natfw_adj_each(nn, natfw_adj_on, dev);
}

/* ---- namespaces ---- */

int natfw_adj_init(struct natfw_net *nn)
{
	return rhashtable_init(&nn->adjs, &natfw_adj_params);
}

void natfw_adj_fini(struct natfw_net *nn)
{
	WARN_ON_ONCE(atomic_read(&nn->adjs.nelems));
	rhashtable_destroy(&nn->adjs);
}
