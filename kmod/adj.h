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
 * The header to a neighbour on Ethernet is copied together with the address it
 * was made of. That address still being the neighbour's is all it takes for the
 * copy to be right, and is seen by one load; the kernel's own copy takes a
 * sequence lock. (If the device's own address changes, its neighbours are dead.)
 *
 * The neighbour is kept only while it is reachable, and let go when its device
 * goes down: whoever holds a neighbour keeps it in the kernel's table, which
 * is small, and its device from going away.
 *
 * Lifetime: each half that caches one has a reference; RCU.
 */
#ifndef _NATFW_ADJ_H
#define _NATFW_ADJ_H

#include <linux/if_ether.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/rhashtable-types.h>
#include <net/dst.h>
#include <net/neighbour.h>

#include "emit.h"

/* Who packets of an adjacency are given to. Never changes. */
struct natfw_hop {
	struct neighbour	*n;	/* reference */
	u64			ha;	/* address @header was made of; 0: there is none */
	u64			header[HH_DATA_MOD / sizeof(u64)]; /* Ethernet, at the end */
	bool			cross;	/* @n is of the other family */
	struct rcu_head		rcu;
};

/*
 * With the cookie: IPv6 goes on with the same route when others were added, but
 * whose packets went there before may have another one now, and has to look.
 */
struct natfw_adj_key {
	struct dst_entry	*dst;
	union natfw_addr	next;	/* hop */
	u32			cookie;	/* for dst_check() */
	u32			pad;
};

struct natfw_adj {
	/* read by packets */
	struct natfw_adj_key	key;	/* reference to the dst */
	struct natfw_hop __rcu	*hop;	/* ours, or NULL */
	u8			type;	/* enum natfw_route_type: FORWARD or LOCAL */
	bool			plain;	/* forwarding, and nothing but a header to prepend */

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

/* Who the packet can be given to at once, or NULL. RCU. */
static inline const struct natfw_hop *natfw_adj_hop(const struct natfw_adj *a)
{
	const struct natfw_hop *hop = rcu_dereference(a->hop);

	if (likely(hop && READ_ONCE(hop->n->nud_state) & NUD_CONNECTED &&
		   !READ_ONCE(hop->n->dead)))
		return hop;
	return NULL;
}

/* True if hop->header is what packets to it begin with. RCU. */
static inline bool natfw_hop_ready(const struct natfw_hop *hop)
{
	return hop->ha && hop->ha == READ_ONCE(*(const u64 *)hop->n->ha);
}

/*
 * Packets of @a go to @n: remember that, if it is reachable and not known yet.
 * RCU, bottom halves off.
 */
void natfw_adj_meet(struct natfw_adj *a, struct neighbour *n, bool cross);

/* Let go of the neighbours that are reachable no more. May sleep. */
void natfw_adj_sweep(struct natfw_net *nn);
/* Let go of those of @dev, which goes down or away. rtnl. */
void natfw_adj_forget(struct natfw_net *nn, const struct net_device *dev);

int natfw_adj_init(struct natfw_net *nn);
/* No flow is left, and a grace period has passed. May sleep. */
void natfw_adj_fini(struct natfw_net *nn);

#endif /* _NATFW_ADJ_H */
