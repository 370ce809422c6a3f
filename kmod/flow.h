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
 * node.gen and node.slot say for which rule generation and ingress device
 * the flow was last found to be the winner; with other ones it is looked at
 * again (natfw_flow_find()).
 *
 * A flow of two halves is two cache lines (IPv4) or three, aligned, and all
 * that a hit needs of the rule is copied into it, so that neither the rule nor
 * anything else of the flow's own is touched:
 *
 *	rule map extra flags..| adj acc node | key | adj acc node key	IPv4
 *	0                     32             64    80
 *
 * Lifetime: RCU. Whoever removes the nodes from the table (first successful
 * natfw_table_remove() of half 0) disposes of the flow.
 */
#ifndef _NATFW_FLOW_H
#define _NATFW_FLOW_H

#include <linux/llist.h>
#include "net.h"
#include "parse.h"
#include "rule.h"
#include "stats.h"
#include "table.h"

struct natfw_adj;
struct natfw_map;
struct natfw_match;
struct natfw_peer;
struct natfw_rule;
struct natfw_txn;

/*
 * One direction. @acc has packets in the upper 28 bits, bytes in the lower 36;
 * half full it is emptied into the flow's natfw_extra.
 */
struct natfw_half {
	struct natfw_adj __rcu	*adj;	/* next hop packets took last; reference */
	atomic64_t		acc;
	struct natfw_node	node;	/* and its key */
};

static_assert(sizeof(struct natfw_half) == 32);

#define NATFW_ACC_SHIFT	36
#define NATFW_ACC_BYTES	((1ULL << NATFW_ACC_SHIFT) - 1)
#define NATFW_ACC_FULL	(BIT_ULL(63) | BIT_ULL(NATFW_ACC_SHIFT - 1))

/* What only few flows have. Stays until the flow is freed. */
struct natfw_extra {
	struct natfw_peer	*peer;		/* reference, or NULL */
	atomic64_t		packets[2];	/* of each half, beyond natfw_half.acc */
	atomic64_t		bytes[2];
};

#define NATFW_FLOW_TWO		BIT(0)	/* has a reply half */
#define NATFW_FLOW_NAT		BIT(1)
#define NATFW_FLOW_RULE		BIT(2)	/* stands for an exact rule */
#define NATFW_FLOW_DENY		BIT(3)
#define NATFW_FLOW_SEEN		BIT(4)	/* packet seen in the first direction */
#define NATFW_FLOW_REPLIED	BIT(5)	/* packet seen in the reply direction */
#define NATFW_FLOW_V6		BIT(7)

struct natfw_flow {
	struct natfw_rule	*rule;		/* reference */
	union {
		struct natfw_map	*map;	/* reference, NULL, or folded: pool.h */
		struct llist_node	dead;	/* once disposed of */
	};
	struct natfw_extra	*extra;		/* or NULL; set once */
	u8			flags;
	u8			state;		/* enum natfw_flow_state */
	u8			tcp;		/* FINs seen, flow.c */
	u8			action;		/* of the rule, enum natfw_action */
	/* of an exact rule, natfw_flow_follow(); for others the rule is asked */
	u8			emit;		/* enum natfw_emit */
	bool			marks;		/* it sets a mark */
	u8			pad[2];
};

static_assert(sizeof(struct natfw_flow) == 32);

static inline size_t natfw_half_size(bool v6)
{
	return sizeof(struct natfw_half) +
	       (v6 ? NATFW_NODE_WORDS6 : NATFW_NODE_WORDS4) * sizeof(u64);
}

/* Half @i of @f, 0 or 1. */
static inline struct natfw_half *natfw_flow_half(const struct natfw_flow *f, u32 i)
{
	size_t off = i * natfw_half_size(f->flags & NATFW_FLOW_V6);

	return (struct natfw_half *)((char *)(f + 1) + off);
}

static inline bool natfw_half_reply(const struct natfw_half *h)
{
	return READ_ONCE(h->node.flags) & NATFW_NODE_REPLY;
}

static inline struct natfw_half *natfw_node_half(struct natfw_node *n)
{
	return container_of(n, struct natfw_half, node);
}

static inline struct natfw_flow *natfw_half_flow(const struct natfw_half *h)
{
	u8 flags = READ_ONCE(h->node.flags);
	char *first = (char *)h;

	if (flags & NATFW_NODE_REPLY)
		first -= natfw_half_size(flags & NATFW_NODE_V6);
	return (struct natfw_flow *)first - 1;
}

/* The flow of which @n is the first half, or NULL. */
static inline struct natfw_flow *natfw_node_flow(struct natfw_node *n)
{
	if (natfw_node_tail(n)->kind != NATFW_KIND_FLOW || n->flags & NATFW_NODE_REPLY)
		return NULL;
	return natfw_half_flow(natfw_node_half(n));
}

/* The half of the other direction, of a flow that has two: the one before or after. */
static inline struct natfw_half *natfw_half_other(const struct natfw_half *h)
{
	u8 flags = READ_ONCE(h->node.flags);
	ssize_t off = natfw_half_size(flags & NATFW_NODE_V6);

	return (struct natfw_half *)((char *)h + (flags & NATFW_NODE_REPLY ? -off : off));
}

/* What a packet's source and destination become. */
struct natfw_xlat {
	union natfw_addr	src, dst;
	union {
		struct {
			__be16	sport;
			__be16	dport;
		};
		__be32		ports;
	};
};

/* How packets of half @h, which is one of two, leave. */
static inline void natfw_half_xlat(const struct natfw_half *h, struct natfw_xlat *x)
{
	const struct natfw_node *o = &natfw_half_other(h)->node;
	const struct natfw_tail *t = natfw_node_tail(o);

	natfw_node_dst(o, &x->src);
	natfw_node_src(o, &x->dst);
	/* in one piece, as it is read */
	x->ports = natfw_ports_reverse(t->ports);
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
/*
 * Ask for memory that natfw_flow_hit() (hit.h) will want: first for what is known from
 * the key, some time later for what is known from that. RCU.
 */
void natfw_flow_prepare(struct natfw_pkt *p);	/* sets p->hash */
void natfw_flow_fetch(struct natfw_pkt *p);		/* sets p->node, for this RCU section */
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
/*
 * State of a TCP connection after a packet with flags @th. RFC 7857 section 2: OPENING
 * until both sides spoke, CLOSING after both FINs.
 */
u8 natfw_tcp_next(struct natfw_flow *f, const struct natfw_half *h, u8 th);

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
/* Free the flows that were disposed of; work of the namespace. */
void natfw_flow_reap(struct work_struct *work);
/* Take @f out of the table and dispose of it; false if somebody else did. */
bool natfw_flow_kill(struct natfw_net *nn, struct natfw_flow *f);
/* End flows (NULL: of all rules); those of exact rules stay. Process context. */
u32 natfw_flow_flush(struct natfw_net *nn, const struct natfw_rule *rule,
		     const u8 *cookie);
/* Jiffies since the last packet of @f, up to a second late. */
u32 natfw_flow_idle(const struct natfw_flow *f);
/* Seconds until @f ends if no packet comes; 0: overdue; -1: never. */
long natfw_flow_left(const struct natfw_net *nn, const struct natfw_flow *f);
/*
 * The flow of @h is what packets of now and of this device get. In one piece, or
 * not at all if somebody else is about it: half of one stamp and half of another
 * would speak for packets that nobody has judged.
 */
static inline void natfw_half_stamp(struct natfw_half *h, const struct natfw_pkt *p)
{
	struct natfw_node was = { .state = READ_ONCE(h->node.state) }, now = was;

	now.gen = (u32)p->gen;
	now.slot = p->nd->slot;
	cmpxchg(&h->node.state, was.state, now.state);
}

/* How packets of @f leave, enum natfw_emit. RCU. */
static inline u8 natfw_flow_emit(const struct natfw_flow *f)
{
	return f->flags & NATFW_FLOW_RULE ? READ_ONCE(f->emit) : READ_ONCE(f->rule->emit);
}

/* The mark they get, or NULL. RCU. */
static inline const u32 *natfw_flow_mark(const struct natfw_flow *f)
{
	bool marks = f->flags & NATFW_FLOW_RULE ? READ_ONCE(f->marks)
						: READ_ONCE(f->rule->has_mark);

	return marks ? &f->rule->mark : NULL;
}

/* Mark or emit mode of @r, an exact rule in force, changed: so does its flow. nn->lock. */
static inline void natfw_flow_follow(struct natfw_flow *f, const struct natfw_rule *r)
{
	WRITE_ONCE(f->emit, r->emit);
	WRITE_ONCE(f->marks, r->has_mark);
}

/* natfw_flow.extra, made if need be. NULL: no memory. Any context. */
struct natfw_extra *natfw_flow_extra(struct natfw_flow *f);
/* Of one direction so far. Any context in which @h stays. */
u64 natfw_half_packets(const struct natfw_half *h);
u64 natfw_half_bytes(const struct natfw_half *h);
/* Empty natfw_half.acc of @h, which is half full. Packets. */
void natfw_half_fold(struct natfw_half *h);
/* Ages flows out; delayed work of the namespace. */
void natfw_flow_gc(struct work_struct *work);
/* Sweep soon: rules with flows have died. nn->lock. */
void natfw_flow_sweep(struct natfw_net *nn);
/* All flows out, exact ones too; no packet can come. */
void natfw_flow_flush_all(struct natfw_net *nn);

static inline void natfw_half_count(struct natfw_half *h, u32 bytes)
{
	u64 v = atomic64_add_return((1ULL << NATFW_ACC_SHIFT) + bytes, &h->acc);

	if (unlikely(v & NATFW_ACC_FULL))
		natfw_half_fold(h);
}

#endif /* _NATFW_FLOW_H */
