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
#include "stats.h"
#include "table.h"

struct natfw_map;
struct natfw_match;
struct natfw_peer;
struct natfw_rule;
struct natfw_txn;

/* Packets in the upper 28 bits, bytes in the lower 36; folded when half full. */
struct natfw_acc {
	atomic64_t	acc;
	atomic64_t	packets;	/* folded */
	atomic64_t	bytes;
};

#define NATFW_ACC_SHIFT	36
#define NATFW_ACC_BYTES	((1ULL << NATFW_ACC_SHIFT) - 1)
#define NATFW_ACC_FULL	(BIT_ULL(63) | BIT_ULL(NATFW_ACC_SHIFT - 1))

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

/* What natfw_test_pkt() answers; rule and addresses valid within the RCU section. */
struct natfw_test_result {
	u8			source;		/* enum natfw_test_source */
	struct natfw_rule	*rule;		/* NULL with source default */
	u8			emit;
	bool			has_xlat;
	struct natfw_xlat	xlat;
	u32			subtables;
};

/*
 * What is to be done with a packet: the flow half that stands for it, or just
 * a rule where no flow is kept, or neither (default verdict).
 */
struct natfw_decision {
	struct natfw_half	*half;
	struct natfw_rule	*rule;
};

int natfw_flow_module_init(void);
void natfw_flow_module_exit(void);

/* Rules went while @p was judged by them: judge it again. No natfw_fail(). */
#define NATFW_STALE	2

/*
 * Find, or make, what stands for @p. 0, or natfw_fail(reason) if the packet
 * ends here. Hit path: no lock, no shared write. RCU, bottom halves off.
 */
int natfw_flow_find(struct natfw_pkt *p, struct natfw_decision *v);
/* The half that stands under @key for a packet like @p, or NULL; makes nothing. */
struct natfw_half *natfw_flow_peek(const struct natfw_pkt *p,
				   const struct natfw_key *key);
/* The same, and ESP or AH flows that stand under the key without its SPI. */
struct natfw_half *natfw_flow_best(const struct natfw_pkt *p,
				   const struct natfw_key *key);
/*
 * The flow with state that a packet of @key, not @p itself, would belong to by
 * its key: what an ICMP error @p is about. NULL if there is none.
 */
struct natfw_half *natfw_flow_about(const struct natfw_pkt *p,
				    const struct natfw_key *key);
/* Count a packet, refresh the idle timer, follow the connection's state. */
void natfw_flow_touch(const struct natfw_pkt *p, struct natfw_flow *f,
		      struct natfw_half *h);
/* Which rule and translation @p would meet, without making anything. RCU. */
void natfw_test_pkt(struct natfw_pkt *p, struct natfw_test_result *res);

/*
 * The flow of an exact rule that matches @m, put in the table. ERR_PTR(-EEXIST) if replies
 * would look like those of another exact rule, save one that @txn (or NULL)
 * takes out; -ENOMEM. nn->lock.
 */
struct natfw_flow *natfw_flow_create_exact(struct natfw_rule *r,
					   const struct natfw_match *m,
					   const struct natfw_txn *txn);
/* What the rule of @f matches, if it is an exact one: it was made of this. */
void natfw_exact_match(const struct natfw_flow *f, struct natfw_match *m);
/* Let go of a flow that is not in the table (any more). Any context. */
void natfw_flow_dispose(struct natfw_net *nn, struct natfw_flow *f);
/* Take @f out of the table and dispose of it; false if somebody else did. */
bool natfw_flow_kill(struct natfw_net *nn, struct natfw_flow *f);
/*
 * The same in two steps, for who ends many at a time and waits for packets once:
 * after a grace period each flow natfw_flow_unlink() was true for is given to
 * natfw_flow_reap(), in any context, which returns the flow's reference to its
 * rule.
 */
bool natfw_flow_unlink(struct natfw_net *nn, struct natfw_flow *f);
struct natfw_rule *natfw_flow_reap(struct natfw_flow *f);
/* Have RCU do so, and put the rule. */
void natfw_flow_reap_later(struct natfw_flow *f);
/* End flows (NULL: of all rules); those of exact rules stay. Process context. */
u32 natfw_flow_flush(struct natfw_net *nn, const struct natfw_rule *rule,
		     const u8 *cookie);
/* Seconds until @f ends if no packet comes; 0: overdue; -1: never. */
long natfw_flow_left(const struct natfw_net *nn, const struct natfw_flow *f);
u64 natfw_acc_packets(const struct natfw_acc *a);
u64 natfw_acc_bytes(const struct natfw_acc *a);
/* Ages flows out; delayed work of the namespace. */
void natfw_flow_gc(struct work_struct *work);
/* Sweep soon: rules with flows have died. nn->lock. */
void natfw_flow_sweep(struct natfw_net *nn);
/* All flows out, exact ones too; no packet can come. */
void natfw_flow_flush_all(struct natfw_net *nn);

static inline void natfw_acc_add(struct natfw_acc *a, u32 bytes)
{
	u64 v = atomic64_add_return((1ULL << NATFW_ACC_SHIFT) + bytes, &a->acc);

	if (likely(!(v & NATFW_ACC_FULL)))
		return;
	v = atomic64_xchg(&a->acc, 0);
	atomic64_add(v >> NATFW_ACC_SHIFT, &a->packets);
	atomic64_add(v & NATFW_ACC_BYTES, &a->bytes);
}

#endif /* _NATFW_FLOW_H */
