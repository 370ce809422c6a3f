/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The exact-match hash table: flows and permissions by key.
 *
 * A bucket is one cache line: five pointers with a 16-bit tag of the hash
 * each, and a chain to overflow buckets. A miss costs one line, a hit that
 * line and the node's own. Nodes are not linked intrusively, so that while
 * the table grows a node can stand in the old and the new array at once and
 * readers, who look into the old and then the new, never miss it.
 *
 * Several nodes may have the same key (an exact rule and, over it, the cached
 * verdict of a wildcard rule with a better priority; the old and the new rule
 * within an atomic replace). Readers see all of them by natfw_table_next().
 *
 * Readers: RCU. Writers: any context with bottom halves, locks taken inside.
 * Nodes must stay allocated until an RCU grace period after removal.
 */
#ifndef _NATFW_TABLE_H
#define _NATFW_TABLE_H

#include <linux/atomic.h>
#include <linux/mutex.h>
#include <linux/prefetch.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "key.h"

#define NATFW_NODE_REPLY	BIT(0)	/* second direction of a flow */
#define NATFW_NODE_DEAD		BIT(1)	/* superseded: readers pass over it */
#define NATFW_NODE_SHARED	BIT(2)	/* others stand under its key: compare */
#define NATFW_NODE_V6		BIT(3)	/* the long form of the key follows */

/*
 * What stands in the table. The key follows directly: two words if it is of
 * IPv4 addresses, five otherwise. It does not change once the node is in.
 *
 * @gen, @slot and @flags are written one by one and read in one piece by
 * packets (@state), so that no barrier is needed between them.
 */
struct natfw_node {
	union {
		u64		state;
		struct {
			u32	gen;	/* flows: rule generation it won in, 0: none */
			u16	slot;	/* flows: device the verdict was found for */
			u8	flags;
			u8	pad;
		};
	};
	u32			used;	/* flows: jiffies of the last packet, coarse */
	u16			ident;	/* flows: which source of IPv4 identifications */
	u16			spare;
};

static_assert(sizeof(struct natfw_node) == 16);

/* What @state of a node with these is. */
static inline u64 natfw_node_state(u32 gen, u16 slot, u8 flags)
{
	union {
		struct {
			u32	gen;
			u16	slot;
			u8	flags;
			u8	pad;
		};
		u64	state;
	} u = { { .gen = gen, .slot = slot, .flags = flags } };

	return u.state;
}

#define NATFW_NODE_WORDS4	2
#define NATFW_NODE_WORDS6	5

/* A node with room for a key of either family. */
struct natfw_wide_node {
	struct natfw_node	node;
	u64			words[NATFW_NODE_WORDS6];
};

static_assert(sizeof(struct natfw_wide_node) == sizeof(struct natfw_node) + 40);

static inline bool natfw_node_is6(const struct natfw_node *n)
{
	return READ_ONCE(n->flags) & NATFW_NODE_V6;
}

static inline const u64 *natfw_node_words(const struct natfw_node *n)
{
	return (const u64 *)(n + 1);
}

/* Protocol, ports, kind and zone of the key, whose form is known. */
static inline const struct natfw_tail *natfw_node_tail_of(const struct natfw_node *n, bool v6)
{
	u32 last = v6 ? NATFW_NODE_WORDS6 - 1 : NATFW_NODE_WORDS4 - 1;

	return (const struct natfw_tail *)(natfw_node_words(n) + last);
}

static inline const struct natfw_tail *natfw_node_tail(const struct natfw_node *n)
{
	return natfw_node_tail_of(n, natfw_node_is6(n));
}

/*
 * An IPv4 flow's two halves lie on two neighbouring lines, aligned to both, and a hit
 * needs both: have them come at the same time. Where lines are longer, both are one.
 */
static __always_inline void natfw_node_prefetch(const struct natfw_node *n)
{
	prefetch((const void *)((unsigned long)n ^ 64));
}

/* Before the node is in the table. There must be room for the key's form. */
static inline void natfw_node_set_key(struct natfw_node *n, const struct natfw_key *k)
{
	const u64 *x = (const u64 *)k;
	u64 *w = (u64 *)(n + 1);
	u32 i;

	if (natfw_key_is4(k)) {
		n->flags &= ~NATFW_NODE_V6;
		w[0] = natfw_key_pair4(k);
		w[1] = natfw_key_tail(k);
	} else {
		n->flags |= NATFW_NODE_V6;
		for (i = 0; i < NATFW_NODE_WORDS6; i++)
			w[i] = x[i];
	}
}

static inline void natfw_node_src(const struct natfw_node *n, union natfw_addr *a)
{
	const u64 *w = natfw_node_words(n);

	if (natfw_node_is6(n)) {
		a->w[0] = w[0];
		a->w[1] = w[1];
	} else {
		natfw_addr_set4(a, (__force __be32)(w[0] >> 32));
	}
}

static inline void natfw_node_dst(const struct natfw_node *n, union natfw_addr *a)
{
	const u64 *w = natfw_node_words(n);

	if (natfw_node_is6(n)) {
		a->w[0] = w[2];
		a->w[1] = w[3];
	} else {
		natfw_addr_set4(a, (__force __be32)w[0]);
	}
}

static inline bool natfw_node_same_key(const struct natfw_node *a,
				       const struct natfw_node *b)
{
	u32 words = natfw_node_is6(a) ? NATFW_NODE_WORDS6 : NATFW_NODE_WORDS4;

	return natfw_node_is6(a) == natfw_node_is6(b) &&
	       !memcmp(natfw_node_words(a), natfw_node_words(b), words * sizeof(u64));
}

/* The key in its long form. */
static inline void natfw_node_key(const struct natfw_node *n, struct natfw_key *k)
{
	natfw_node_src(n, &k->src);
	natfw_node_dst(n, &k->dst);
	((u64 *)k)[4] = *(const u64 *)natfw_node_tail(n);
}

static inline bool natfw_node_has_key(const struct natfw_node *n, const struct natfw_key *k)
{
	const u64 *w = natfw_node_words(n), *x = (const u64 *)k;

	if (natfw_key_is4(k))
		return !natfw_node_is6(n) &&
		       !((w[0] ^ natfw_key_pair4(k)) | (w[1] ^ natfw_key_tail(k)));
	return natfw_node_is6(n) &&
	       !((w[0] ^ x[0]) | (w[1] ^ x[1]) | (w[2] ^ x[2]) | (w[3] ^ x[3]) |
		 (w[4] ^ x[4]));
}

struct natfw_buckets;

/* Where all deferred work of the module runs; main.c. */
extern struct workqueue_struct *natfw_wq;

struct natfw_table {
	struct natfw_buckets __rcu	*cur;
	hsiphash_key_t			secret;
	atomic_t			count;		/* nodes */
	u32				reserved;	/* nodes there is to be room for */
	atomic_long_t			*memory;	/* charged for arrays */
	struct work_struct		grow_work;
	struct mutex			resizing;	/* one array is filled from another */
	bool				closing;
	struct lockdep_map		dep_map;	/* of all buckets' locks */
};

/* Position of a lookup among equal keys, and of a walk; zero to start. */
struct natfw_table_cursor {
	u32	bucket;
	u32	size;	/* of the array the position is in */
};

struct natfw_table_match {
	const struct natfw_buckets	*b;	/* array being searched */
	const void			*chain;	/* bucket in the chain */
	u32				slot;
};

/* @memory is charged for arrays. -ENOMEM. May sleep. */
int natfw_table_init(struct natfw_table *t, u32 buckets, atomic_long_t *memory);
/* The table must be empty and out of reach of packets. May sleep. */
void natfw_table_fini(struct natfw_table *t);

static inline u32 natfw_table_hash(const struct natfw_table *t,
				   const struct natfw_key *key)
{
	return natfw_key_hash(key, &t->secret);
}

static inline u32 natfw_node_hash(const struct natfw_table *t, const struct natfw_node *n)
{
	struct natfw_key key;

	natfw_node_key(n, &key);
	return natfw_table_hash(t, &key);
}

/*
 * First node with @key, or NULL; with natfw_table_next() every one of them, in
 * no order. @m is scratch of the caller. Needs RCU. A node may turn up twice
 * while the table grows.
 */
struct natfw_node *natfw_table_first(const struct natfw_table *t,
				     const struct natfw_key *key, u32 hash,
				     struct natfw_table_match *m);
struct natfw_node *natfw_table_next(const struct natfw_table *t,
				    const struct natfw_key *key, u32 hash,
				    struct natfw_table_match *m);
/* The same as natfw_table_first(), for who does not go on. */
struct natfw_node *natfw_table_hit(const struct natfw_table *t,
				   const struct natfw_key *key, u32 hash);

/*
 * Ask for the bucket natfw_table_hit() will look at; and when that is there, the node it
 * will most likely find. That may be under another key, and NULL does not say that there
 * is nothing. RCU.
 */
void natfw_table_prepare(const struct natfw_table *t, u32 hash);
struct natfw_node *natfw_table_guess(const struct natfw_table *t, u32 hash);

/*
 * Insert @node under its key. @clash, if not NULL, is called with the bucket
 * locked for each node already there under the same key; returning true
 * refuses the insertion with -EEXIST. -ENOMEM if no overflow bucket can be had.
 */
int natfw_table_insert(struct natfw_table *t, struct natfw_node *node, u32 hash,
		       bool (*clash)(struct natfw_node *old, void *arg),
		       void *arg);

/* Take @node out. False if it was not there (somebody else took it out). */
bool natfw_table_remove(struct natfw_table *t, struct natfw_node *node);

/*
 * Call @fn, under RCU, for every node of up to @budget buckets from @cursor on.
 * Nodes that stay put throughout a full walk are seen at least once, maybe
 * twice. False when the end was reached; the cursor is then at the start.
 */
bool natfw_table_walk(struct natfw_table *t, struct natfw_table_cursor *cursor,
		      u32 budget, void (*fn)(struct natfw_node *node, void *arg),
		      void *arg);
/*
 * There is to be room for @nodes, all there are included, until told of fewer (0:
 * as many as there are): so that the table does not grow again and again while
 * many are loaded. One caller at a time.
 */
void natfw_table_reserve(struct natfw_table *t, u32 nodes);
/*
 * Make that room now, and on the caller's account; without memory there will be
 * less. May sleep; takes a grace period.
 */
void natfw_table_settle(struct natfw_table *t);
/* Give back memory if few nodes are left. Any context that may queue work. */
void natfw_table_tidy(struct natfw_table *t);
/* Buckets in the array now; walks are sized by it. */
u32 natfw_table_buckets(const struct natfw_table *t);

#endif /* _NATFW_TABLE_H */
