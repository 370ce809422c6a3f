/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A rule: what packets it matches, what becomes of them, how long it lives.
 *
 * Visibility. A packet takes nn->gen once, and a rule counts for it while
 * from <= gen < to. A new rule is put into the tables with from = NEVER,
 * where no packet sees it; a commit sets from (and, for what goes, to) to
 * gen + 1 and then raises gen, so all of it comes into force for a packet or
 * none. What went is unlinked after that and freed after a grace period. A
 * packet that took the gen before may miss what is unlinked as it searches;
 * natfw_gen_stale() tells, and it starts over with the new gen.
 *
 * Exact rules (host addresses, one protocol, one port each or one SPI, one
 * zone, nothing else) stand in the flow table as flows of their own; all
 * others are in the classifier.
 *
 * Lifetime: the creator's reference goes at removal, each flow holds one.
 */
#ifndef _NATFW_RULE_H
#define _NATFW_RULE_H

#include <linux/jiffies.h>
#include <linux/percpu.h>
#include "net.h"

#define NATFW_NEVER	U64_MAX

struct natfw_pkt;
struct natfw_map;
struct natfw_pool;
struct natfw_owner;
struct natfw_flow;
struct natfw_txn;

/* Bits of natfw_match.set: fields beyond addresses that are conditions. */
#define NATFW_M_FAMILY	BIT(0)
#define NATFW_M_SRC	BIT(1)
#define NATFW_M_DST	BIT(2)
#define NATFW_M_PROTO	BIT(3)
#define NATFW_M_SPORT	BIT(4)
#define NATFW_M_DPORT	BIT(5)
#define NATFW_M_TYPE	BIT(6)
#define NATFW_M_CODE	BIT(7)
#define NATFW_M_SPI	BIT(8)
#define NATFW_M_DSCP	BIT(9)
#define NATFW_M_LABEL	BIT(10)
#define NATFW_M_DEV	BIT(11)
#define NATFW_M_ZONE	BIT(12)	/* clear: any zone */

/* Conditions that packets of one key and device may meet or not. */
#define NATFW_M_BEYOND_KEY \
	(NATFW_M_DSCP | NATFW_M_LABEL | NATFW_M_TYPE | NATFW_M_CODE)

struct natfw_match {
	union natfw_addr	src, dst;	/* host bits zero */
	u16			set;		/* NATFW_M_* */
	u8			src_len, dst_len; /* of 128; an IPv4 /24 is 120 */
	bool			is4;		/* valid with NATFW_M_FAMILY */
	u8			proto;
	u16			sport_min, sport_max;	/* host order */
	u16			dport_min, dport_max;
	u8			icmp_type, icmp_code;
	u8			dscp;
	u16			zone;
	u32			flow_label;	/* host order */
	__be32			spi;
	int			ifindex;
};

/* Bits of natfw_nat.set */
#define NATFW_N_SRC	BIT(0)	/* src/src_len */
#define NATFW_N_SPORT	BIT(1)	/* sport_min/max */
#define NATFW_N_POOL	BIT(2)
#define NATFW_N_DST	BIT(3)
#define NATFW_N_DPORT	BIT(4)
#define NATFW_N_OUT_ZONE BIT(5)

struct natfw_nat {
	union {
		union natfw_addr	src;
		struct natfw_pool	*pool;	/* with NATFW_N_POOL */
	};
	union natfw_addr	dst;
	u16			set;
	u8			src_len, dst_len;	/* of 128 */
	u16			sport_min, sport_max;
	u16			dport_min, dport_max;
	u16			out_zone;
};

struct natfw_rule_counter {	/* per CPU */
	u64	packets;
	u64	bytes;
};

/*
 * Only as much of it is allocated as the rule needs (natfw_rule_size()): up to
 * map for exact rules, whose match is the key of their flow; with map and nat if
 * they translate; all of it for rules with wildcards.
 */
struct natfw_rule {
	/* what packets read, and little else: one cache line */
	u64			from, to;
	u64			id;
	u32			priority;
	u32			mark;
	u32			flags;		/* NATFW_RULE_FLAG_*, READ_ONCE */
	u8			action;		/* enum natfw_action */
	u8			emit;		/* enum natfw_emit, may be INHERIT */
	bool			has_mark;
	bool			exact;
	struct natfw_rule_counter __percpu *counters; /* NULL for exact rules */
	unsigned long		used;		/* jiffies, 0: never; coarse */
	u32			lifetime;	/* seconds as asked, 0: none */
	u8			why;		/* enum natfw_del_reason */
	/* nn->lock */
	bool			staged:1;
	bool			late:1;		/* endpoints can be claimed at commit only */
	bool			has_pool:1;	/* nat.pool is a reference */
	bool			mapped:1;	/* mappings may have known it */
	bool			doomed:1;	/* natfw_doom_add() */

	/* control */
	struct natfw_net	*nn;
	union {
		struct natfw_flow	*flow;		/* own one of an exact rule */
		struct natfw_subtable	*subtable;	/* of any other */
	};
	struct natfw_owner	*owner;		/* reference */
	char			*name;		/* or NULL */
	time64_t		expires;	/* natfw_now() seconds, 0: none */
	atomic_t		nflows;		/* with state */
	refcount_t		refs;
	union {
		struct list_head	list;	/* txn, while staged */
		struct hlist_node	wheel;	/* while expires is not 0 */
		struct rcu_head		rcu;
	};

	struct natfw_map	*map[2];	/* endpoints kept for the rule; references */
	struct natfw_nat	nat;

	struct natfw_match	match;
	struct hlist_node	chain[2];	/* classifier bucket, by version of its array */
	u32			chain_hash;	/* of what the subtable's mask covers */
};

/* What is read of a rule for each packet lies together. Sparse does not align members. */
#ifndef __CHECKER__
static_assert(offsetof(struct natfw_rule, nn) == 64);
static_assert(offsetof(struct natfw_rule, map) == 128);
static_assert(offsetof(struct natfw_rule, match) == 192);
#endif

static inline bool natfw_rule_translates(const struct natfw_rule *r)
{
	return r->action == NATFW_ACTION_NAT;
}

static inline bool natfw_rule_visible(const struct natfw_rule *r, u64 gen)
{
	return READ_ONCE(r->from) <= gen && gen < READ_ONCE(r->to) &&
	       !(READ_ONCE(r->flags) & NATFW_RULE_FLAG_INACTIVE);
}

/*
 * To be asked when everything was searched that was in force at *@gen, and
 * before anything is made of the result. True if rules that were may have been
 * unlinked meanwhile: search again, by *@gen as it is then.
 */
static inline bool natfw_gen_stale(const struct natfw_net *nn, u64 *gen)
{
	u64 cut;

	/* pairs with natfw_rule_cut(): who missed a rule sees why */
	smp_rmb();
	/* the rules as they are since come after it */
	cut = smp_load_acquire(&nn->cut_gen);
	if (likely(cut <= *gen))
		return false;
	/* pairs with natfw_rule_commit() */
	*gen = smp_load_acquire(&nn->gen);
	return true;
}

/* True if @a wins over @b. */
static inline bool natfw_rule_beats(const struct natfw_rule *a,
				    const struct natfw_rule *b)
{
	return a->priority != b->priority ? a->priority < b->priority
					  : a->id < b->id;
}

/* Note when the rule was used last: coarse, so that it is rarely written. */
static inline void natfw_rule_touch(struct natfw_rule *r)
{
	unsigned long used = READ_ONCE(r->used);

	if (!used || jiffies - used >= HZ)
		WRITE_ONCE(r->used, jiffies | 1);
}

/* A packet of @len bytes met @r, which is no exact rule. Bottom halves off. */
static inline void natfw_rule_hit(struct natfw_rule *r, int cpu, u32 len)
{
	struct natfw_rule_counter *c;

	if (r->counters) {
		c = per_cpu_ptr(r->counters, cpu);
		c->packets++;
		c->bytes += len;
	}
	natfw_rule_touch(r);
}

/* What netlink asks for; everything validated by natfw_rule_create(). */
struct natfw_rule_spec {
	u32			priority;
	u8			action;
	u8			emit;
	bool			has_mark;
	u32			mark;
	u32			flags;
	u32			lifetime;
	u8			cookie[NATFW_OWNER_LEN];
	const struct natfw_txn	*txn;		/* it is part of, or NULL */
	const struct natfw_rule	*last;		/* made before, maybe of the same owner; or NULL */
	const char		*name;		/* borrowed, or NULL */
	struct natfw_match	match;
	struct natfw_nat	nat;		/* pool: borrowed */
};

/* What @r matches. nn->lock, or RCU while it is in force. */
void natfw_rule_match(const struct natfw_rule *r, struct natfw_match *m);

/*
 * Make a rule, invisible yet: checks that match and translation go together,
 * reserves pool endpoints, puts it into table or classifier, counts it
 * against limits. On failure nothing is left behind and @extack says why.
 * -EINVAL, -EEXIST, -ENOSPC, -EDQUOT, -ENOMEM, -EOPNOTSUPP. Needs nn->lock.
 */
struct natfw_rule *natfw_rule_create(struct natfw_net *nn,
				     const struct natfw_rule_spec *spec,
				     struct netlink_ext_ack *extack);
/* Undo natfw_rule_create() for a rule that never came into force. nn->lock. */
void natfw_rule_discard(struct natfw_rule *r);

/*
 * Put in force every rule on @add (linked by rule.list) and take out those on
 * @del (array of @ndel), in one generation. Cannot fail. Sends events: one by
 * one, or for more than NATFW_EVENT_BULK an overrun marker. nn->lock.
 * Removed rules get .why = @why. Returns the new generation.
 */
u64 natfw_rule_commit(struct natfw_net *nn, struct list_head *add,
		      struct natfw_rule **del, u32 ndel, u8 why);

/* Take out the rules that match a device which is no more. nn->lock. */
void natfw_rule_dev_gone(struct natfw_net *nn, int ifindex);
/* nn->lock. NULL if there is none in force. */
struct natfw_rule *natfw_rule_find(struct natfw_net *nn, u64 id);
/* New lifetime from now; 0 makes it permanent. nn->lock. */
void natfw_rule_refresh(struct natfw_rule *r, u32 lifetime);
/* Active or not, others: takes effect as a commit of its own. nn->lock. */
void natfw_rule_set_flags(struct natfw_rule *r, u32 flags);
/* New name (copied), -ENOMEM. nn->lock. */
int natfw_rule_rename(struct natfw_rule *r, const char *name);
int natfw_rule_module_init(void);
void natfw_rule_module_exit(void);
bool natfw_rule_owned(const struct natfw_rule *r, const u8 *cookie);
/* A reference. False if it had its last one, and is only kept by RCU any more. */
bool __must_check natfw_rule_hold(struct natfw_rule *r);
void natfw_rule_put(struct natfw_rule *r);	/* any context; frees by RCU */
/* Totals so far. Any context. */
void natfw_rule_count(const struct natfw_rule *r, u64 *packets, u64 *bytes);
/* Serves the expiry wheel; delayed work of the namespace. */
void natfw_rule_wheel(struct work_struct *work);
/* The rule that stands for "no rule" in cached flows; NULL if out of memory. */
struct natfw_rule *natfw_fallback_create(struct natfw_net *nn);
/* Everything out, without events per rule; namespace exit. nn->lock. */
void natfw_rule_flush_all(struct natfw_net *nn);

/*
 * For commit.c. All need nn->lock, unless said.
 */
static inline bool natfw_rule_of_dev(const struct natfw_rule *r)
{
	return !r->exact && r->match.set & NATFW_M_DEV;
}

/* True if @r takes part in hairpinning as a destination. */
static inline bool natfw_rule_turns_dst(const struct natfw_rule *r)
{
	return natfw_rule_translates(r) && r->nat.set & (NATFW_N_DST | NATFW_N_DPORT);
}

/*
 * Let go of the pool and of reserved endpoints. Not left to the last reference: a
 * mapping holds one on the rule that made it.
 */
void natfw_rule_unreserve(struct natfw_rule *r);
/*
 * Static translations of one endpoint keep it from being handed out by a pool:
 * claim those of @r, which matches @m. -EBUSY, with extack set, if one is another's
 * that @txn (or NULL) does not take out.
 */
int natfw_rule_claim(struct natfw_rule *r, const struct natfw_match *m,
		     const struct natfw_txn *txn, struct netlink_ext_ack *extack);
/*
 * natfw_rule_put() for a flow of @r, a grace period after the flow was unlinked:
 * but for mappings, packets find an exact rule by its flow alone, so that there
 * is nobody else to wait for. Any context.
 */
void natfw_rule_put_late(struct natfw_rule *r);

/* The fields of @m that a packet must have, against what it has. */
bool natfw_match_pkt(const struct natfw_match *m, const struct natfw_pkt *p);
/* The same for what a flow's key may not tell: device, SPI, DSCP, label, ICMP type. */
bool natfw_match_beyond(const struct natfw_match *m, const struct natfw_pkt *p);
/* True if @m names one key and nothing else. */
bool natfw_match_exact(const struct natfw_match *m);
/* A key that packets of @m have: the one, if it is exact, else by the first of each range. */
void natfw_match_key(struct natfw_key *k, const struct natfw_match *m);

/*
 * A mapping outlives the rule that made it while flows use it. If that rule is
 * no longer in force at @gen, the mapping goes over to @r. Any context.
 */
void natfw_map_adopt(struct natfw_map *m, struct natfw_rule *r, u64 gen);

#define NATFW_EVENT_BULK	4096

#endif /* _NATFW_RULE_H */
