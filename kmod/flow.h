/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Flows: the table entries packets hit.
 *
 * A flow is what one rule makes of one key. It has one half per direction: a
 * cached verdict or a stateless exact rule has just the first, a stateful or
 * translated flow has both. Translation needs no data of its own: a packet
 * that matches one half leaves as the other half's key reversed.
 *
 * Flows of a wildcard rule are made by packets, reply half first, and age
 * out. The flow of an exact rule is made with the rule and goes with it.
 *
 * half->gen and node.slot say for which rule generation and ingress device
 * the flow was last found to be the winner; with other ones it is looked at
 * again (natfw_flow_find()).
 *
 * Lifetime: RCU. Whoever removes the nodes from the table (first successful
 * natfw_table_remove() of half 0) disposes of the flow.
 */
#ifndef _NATFW_FLOW_H
#define _NATFW_FLOW_H

#include <net/dst.h>
#include "parse.h"
#include "table.h"

struct natfw_map;
struct natfw_rule;

/* Packets in the upper 28 bits, bytes in the lower 36; folded when half full. */
struct natfw_acc {
	atomic64_t	acc;
	u64		packets;	/* folded; atomic64 semantics by cmpxchg-free add */
	u64		bytes;
};

struct natfw_half {
	struct natfw_node	node;
	u32			gen;		/* low bits of nn->gen, 0: never looked at */
	u32			dst_cookie;
	struct dst_entry __rcu	*dst;		/* cached route of this direction */
	struct natfw_acc	count;
};

#define NATFW_FLOW_TWO		BIT(0)	/* has a reply half */
#define NATFW_FLOW_NAT		BIT(1)
#define NATFW_FLOW_RULE		BIT(2)	/* stands for an exact rule */
#define NATFW_FLOW_DENY		BIT(3)
#define NATFW_FLOW_SEEN		BIT(4)	/* packet seen in the first direction */
#define NATFW_FLOW_REPLIED	BIT(5)	/* packet seen in the reply direction */
#define NATFW_FLOW_DEAD		BIT(6)

struct natfw_flow {
	struct natfw_rule	*rule;		/* reference */
	union {
		struct {
			struct natfw_map	*map;	/* reference, or NULL */
			struct natfw_peer	*peer;	/* reference, or NULL */
		};
		struct rcu_head	rcu;
	};
	u8			flags;
	u8			state;		/* enum natfw_flow_state */
	u8			tcp;		/* FINs seen, flow.c */
	u8			pad;
	u32			memory;
	struct natfw_half	half[];
};

/* What a packet's source and destination become. */
struct natfw_xlat {
	union natfw_addr	src, dst;
	__be16			sport, dport;
	bool			do_src, do_dst;	/* address or port differs */
};

static inline struct natfw_half *natfw_node_half(struct natfw_node *n)
{
	return container_of(n, struct natfw_half, node);
}

static inline struct natfw_flow *natfw_half_flow(struct natfw_half *h)
{
	return container_of(h - !!(h->node.flags & NATFW_NODE_REPLY),
			    struct natfw_flow, half[0]);
}

/* How packets of half @h of @f leave. */
static inline void natfw_flow_xlat(const struct natfw_flow *f,
				   const struct natfw_half *h,
				   struct natfw_xlat *x)
{
	const struct natfw_half *o =
		&f->half[!(h->node.flags & NATFW_NODE_REPLY)];

	x->src = o->node.key.dst;
	x->dst = o->node.key.src;
	x->sport = o->node.key.dport;
	x->dport = o->node.key.sport;
	x->do_src = !natfw_addr_equal(&x->src, &h->node.key.src) ||
		    x->sport != h->node.key.sport;
	x->do_dst = !natfw_addr_equal(&x->dst, &h->node.key.dst) ||
		    x->dport != h->node.key.dport;
}

#endif /* _NATFW_FLOW_H */
