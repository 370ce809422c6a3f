// SPDX-License-Identifier: GPL-2.0-only
/* Adjacencies: see adj.h. */
#include <linux/etherdevice.h>
#include <linux/if_arp.h>
#include <linux/if_vlan.h>
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

static void natfw_adj_next(const struct dst_entry *dst, const union natfw_addr *daddr,
			   bool v6, union natfw_addr *next)
{
	const struct rtable *rt = container_of(dst, struct rtable, dst);

	if (v6)
		next->in6 = *rt6_nexthop(container_of(dst, struct rt6_info, dst),
					&daddr->in6);
	else if (rt->rt_gw_family == AF_INET6)
		next->in6 = rt->rt_gw6;
	else if (rt->rt_gw_family)
		natfw_addr_set4(next, rt->rt_gw4);
	else
		*next = *daddr;
}

static void natfw_adj_key_of(struct natfw_adj_key *k, const struct natfw_route *rt,
			     const union natfw_addr *daddr, bool v6)
{
	memset(k, 0, sizeof(*k));
	k->dst = rt->dst;
	k->cookie = rt->cookie;
	if (rt->type == NATFW_ROUTE_FORWARD)
		natfw_adj_next(rt->dst, daddr, v6, &k->next);
}

static void natfw_hop_put(struct natfw_hop *hop)
{
	if (!hop)
		return;
	neigh_release(hop->n);
	kfree_rcu(hop, rcu);
}

static void natfw_adj_free_rcu(struct rcu_head *rcu)
{
	struct natfw_adj *a = container_of(rcu, struct natfw_adj, rcu);

	/* a packet may have met it after the last reference went */
	natfw_hop_put(unrcu_pointer(a->hop));
	dst_release(a->key.dst);
	kfree(a);
}

static void natfw_adj_meet_nobody(struct natfw_adj *a)
{
	natfw_hop_put(unrcu_pointer(xchg(&a->hop, NULL)));
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
	natfw_adj_key_of(&key, rt, daddr, v6);
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

/*
 * A VLAN device keeps no headers, though most have none of their own: what is below puts
 * the tag in when it sends. With VLAN_FLAG_REORDER_HDR, which is usual, that is so. Should
 * somebody clear the flag later, the tag is put in all the same, save for VLANs within
 * that VLAN, which the kernel then gets wrong as well.
 */
static bool natfw_vlan_plain(const struct net_device *dev)
{
#if IS_ENABLED(CONFIG_VLAN_8021Q)
	if (!is_vlan_dev(dev))
		return false;
	do {
		if (!(READ_ONCE(vlan_dev_priv(dev)->flags) & VLAN_FLAG_REORDER_HDR))
			return false;
		dev = vlan_dev_priv(dev)->real_dev;
	} while (is_vlan_dev(dev));
	return dev->type == ARPHRD_ETHER && dev->header_ops &&
	       dev->header_ops->cache == eth_header_cache;
#else
	return false;
#endif
}

/* The kernel has a header to @n by now. */
static bool natfw_neigh_kept(const struct neighbour *n)
{
	/* pairs with eth_header_cache(): what has a length was written before */
	return smp_load_acquire(&n->hh.hh_len) == ETH_HLEN;
}

/* True if the header of packets to @n is Ethernet's, and to be had. */
static bool natfw_neigh_plain(const struct neighbour *n)
{
	return n->dev->type == ARPHRD_ETHER && (natfw_neigh_kept(n) || natfw_vlan_plain(n->dev));
}

static void natfw_hop_copy(struct natfw_hop *hop, const struct neighbour *n)
{
	unsigned int seq;

	do {
		seq = read_seqbegin(&n->hh.hh_lock);
		memcpy(hop->header, n->hh.hh_data, sizeof(hop->header));
	} while (read_seqretry(&n->hh.hh_lock, seq));
}

static void natfw_hop_header(struct natfw_hop *hop, const struct neighbour *n)
{
	struct ethhdr *eh = (struct ethhdr *)((u8 *)hop->header + HH_DATA_OFF(ETH_HLEN));
	u64 ha;

	if (!natfw_neigh_plain(n))
		return;
	if (natfw_neigh_kept(n)) {
		natfw_hop_copy(hop, n);
	} else {
		memcpy(eh->h_dest, n->ha, ETH_ALEN);
		ether_addr_copy(eh->h_source, n->dev->dev_addr);
	}
	/* of packets, which need not be of the neighbour's family (RFC 8950) */
	eh->h_proto = htons(hop->cross || n->tbl->family == AF_INET ? ETH_P_IP : ETH_P_IPV6);
	ha = READ_ONCE(*(const u64 *)n->ha);
	/* the address is changed first, its header a moment later */
	if (!memcmp(eh->h_dest, &ha, ETH_ALEN))
		hop->ha = ha;
}

static struct natfw_hop *natfw_hop_make(struct neighbour *n, bool cross)
{
	struct natfw_hop *hop = kzalloc(sizeof(*hop), GFP_ATOMIC | __GFP_NOWARN);

	if (!hop)
		return NULL;
	if (!refcount_inc_not_zero(&n->refcnt)) {
		kfree(hop);
		return NULL;
	}
	hop->n = n;
	hop->cross = cross;
	natfw_hop_header(hop, n);
	return hop;
}

/* True if there is more to know of @n than @hop says. */
static bool natfw_hop_news(const struct natfw_hop *hop, const struct neighbour *n)
{
	if (!hop || hop->n != n)
		return true;
	return !natfw_hop_ready(hop) && READ_ONCE(*(const u64 *)n->ha) && natfw_neigh_plain(n);
}

void natfw_adj_meet(struct natfw_adj *a, struct neighbour *n, bool cross)
{
	struct natfw_hop *hop;

	RCU_LOCKDEP_WARN(!rcu_read_lock_held(), "neighbours are freed by RCU");
	if (!natfw_hop_news(rcu_dereference(a->hop), n) ||
	    !(READ_ONCE(n->nud_state) & NUD_CONNECTED) || READ_ONCE(n->dead))
		return;
	hop = natfw_hop_make(n, cross);
	if (hop)
		natfw_hop_put(unrcu_pointer(xchg(&a->hop, RCU_INITIALIZER(hop))));
}

/* ---- what all of them are asked ---- */

/*
 * Call @unfit for the neighbour of each adjacency and let go of it if true. One
 * that comes in meanwhile may be missed: it has just been found to be fit.
 */
static void natfw_adj_each(struct natfw_net *nn,
			   bool (*unfit)(const struct neighbour *n, const void *arg),
			   const void *arg)
{
	struct rhashtable_iter iter;
	struct natfw_hop *hop;
	struct natfw_adj *a;

	rhashtable_walk_enter(&nn->adjs, &iter);
	do {
		rhashtable_walk_start(&iter);
		while ((a = rhashtable_walk_next(&iter)) && !IS_ERR(a)) {
			hop = rcu_dereference(a->hop);
			if (hop && unfit(hop->n, arg))
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
