/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Adjacencies: a route together with the neighbour packets on it go to. All
 * flows that leave the same way share one, so a hit finds device, neighbour
 * and what there is to know of the route in lines that are in the cache
 * already, instead of looking up each.
 *
 * An adjacency is never changed but for its neighbour. Whether it still holds
 * is for dst_check() to say, packet by packet; with the next route comes
 * another one.
 *
 * The neighbour is kept only while it is reachable, and let go when its device
 * goes down: whoever holds a neighbour keeps it in the kernel's table, which
 * is small, and its device from going away.
 *
 * Lifetime: each half that caches one has a reference; RCU.
 */
#ifndef _NATFW_ADJ_H
#define _NATFW_ADJ_H

#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/rhashtable-types.h>
#include <net/dst.h>
#include <net/neighbour.h>

#include "emit.h"

struct natfw_adj_key {
	struct dst_entry	*dst;
	union natfw_addr	hop;	/* next hop */
};

struct natfw_adj {
	/* read by packets */
	struct natfw_adj_key	key;	/* reference to the dst */
	struct neighbour __rcu	*neigh;	/* reference, or NULL */
	u32			cookie;	/* for dst_check() */
	u8			type;	/* enum natfw_route_type: FORWARD or LOCAL */
	bool			plain;	/* forwarding, and nothing but a header to prepend */
	bool			cross;	/* @neigh is of the other family */

	refcount_t		refs;
	struct natfw_net	*nn;
	struct rhash_head	node;
	struct rcu_head		rcu;
};

/*
 * The adjacency of a packet to @daddr on @rt, which is of type FORWARD or
 * LOCAL. A reference, or NULL: no memory, or the route cannot be held. RCU,
 * bottom halves off.
 */
struct natfw_adj *natfw_adj_get(struct natfw_net *nn, const struct natfw_route *rt,
				const union natfw_addr *daddr, bool v6);
/* NULL is fine. Any context. */
void natfw_adj_put(struct natfw_adj *a);

/* The neighbour, if the packet can go there at once; else NULL. RCU. */
static inline struct neighbour *natfw_adj_neigh(const struct natfw_adj *a)
{
	struct neighbour *n = rcu_dereference(a->neigh);

	if (likely(n && READ_ONCE(n->nud_state) & NUD_CONNECTED && !READ_ONCE(n->dead)))
		return n;
	return NULL;
}

/* @n is where packets of @a go. Kept if it is reachable. RCU, bottom halves off. */
void natfw_adj_meet(struct natfw_adj *a, struct neighbour *n, bool cross);

/* Let go of the neighbours that are reachable no more. May sleep. */
void natfw_adj_sweep(struct natfw_net *nn);
/* Let go of those of @dev, which goes down or away. rtnl. */
void natfw_adj_forget(struct natfw_net *nn, const struct net_device *dev);

int natfw_adj_init(struct natfw_net *nn);
/* No flow is left, and a grace period has passed. May sleep. */
void natfw_adj_fini(struct natfw_net *nn);

#endif /* _NATFW_ADJ_H */
