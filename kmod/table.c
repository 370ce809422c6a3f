// SPDX-License-Identifier: GPL-2.0-only
/*
 * The exact-match hash table; table.h says what it promises.
 *
 * Each bucket has a lock of its own, so that the worker who moves the table to
 * another array is hardly ever in anybody's way, even if the host takes its
 * processor away while it holds one. Once moved, a bucket refers writers to
 * the next array; what stands in it is left to readers, and to removal.
 */
#include <linux/jiffies.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/prefetch.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "table.h"

#define NATFW_BUCKET_SLOTS	5
#define NATFW_TABLE_MIN		256		/* buckets */
#define NATFW_TABLE_MAX		BIT(24)

struct natfw_bucket {
	u16				tag[NATFW_BUCKET_SLOTS];
	u16				moved;	/* to the next array; first of a chain */
	arch_spinlock_t			lock;	/* for the chain; first of it */
	struct natfw_bucket __rcu	*next;
	struct natfw_node __rcu		*slot[NATFW_BUCKET_SLOTS];
} __aligned(64);

static_assert(sizeof(struct natfw_bucket) == 64);
/* natfw_bucket_guess() */
static_assert(NATFW_BUCKET_SLOTS == 5 && !offsetof(struct natfw_bucket, tag));

struct natfw_buckets {
	struct natfw_buckets __rcu	*next;	/* array being filled from this */
	u32				mask;
	struct natfw_bucket		*b;
};

static u16 natfw_tag(u32 hash)
{
	return hash >> 16;
}

/*
 * One lock at a time, or that of a bucket being moved and one of the array
 * it is moved to. Bottom halves are off. The kernel's own spinlock_t does not
 * fit when it is debugged, hence the annotation by hand.
 */
static void natfw_bucket_lock(struct natfw_table *t, struct natfw_bucket *b, int nested)
{
	lockdep_assert(in_softirq() || irqs_disabled());
	lock_acquire_exclusive(&t->dep_map, nested, 0, NULL, _THIS_IP_);
	arch_spin_lock(&b->lock);
}

static void natfw_bucket_unlock(struct natfw_table *t, struct natfw_bucket *b)
{
	arch_spin_unlock(&b->lock);
	lock_release(&t->dep_map, _THIS_IP_);
}

/* For what the caller has locked. */
#define natfw_table_deref(t, p) \
	rcu_dereference_protected(p, lock_is_held(&(t)->dep_map))

/*
 * Lock the bucket new nodes of @hash go to. The array cannot go: bottom halves
 * are off, which the grace period before that waits for.
 */
static struct natfw_bucket *natfw_bucket_find(struct natfw_table *t, u32 hash,
					      struct natfw_buckets **in)
{
	struct natfw_buckets *a = rcu_dereference_bh(t->cur);
	struct natfw_bucket *b;

	for (;;) {
		b = &a->b[hash & a->mask];
		natfw_bucket_lock(t, b, 0);
		if (likely(!b->moved))
			break;
		natfw_bucket_unlock(t, b);
		a = rcu_dereference_bh(a->next);
	}
	*in = a;
	return b;
}

static struct natfw_buckets *natfw_buckets_alloc(struct natfw_table *t, u32 n)
{
	struct natfw_buckets *a = kzalloc(sizeof(*a), GFP_KERNEL);

	if (!a)
		return NULL;
	a->b = kvcalloc(n, sizeof(*a->b), GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!a->b) {
		kfree(a);
		return NULL;
	}
	a->mask = n - 1;
	atomic_long_add(n * sizeof(*a->b), t->memory);
	return a;
}

static struct natfw_bucket *natfw_bucket_alloc(struct natfw_table *t, gfp_t gfp)
{
	struct natfw_bucket *b = kzalloc(sizeof(*b), gfp);

	if (b)
		atomic_long_add(sizeof(*b), t->memory);
	return b;
}

static void natfw_bucket_free(struct natfw_table *t, struct natfw_bucket *b)
{
	atomic_long_sub(sizeof(*b), t->memory);
	kfree(b);
}

/* The array must be out of reach of readers. */
static void natfw_buckets_free(struct natfw_table *t, struct natfw_buckets *a)
{
	struct natfw_bucket *b, *next;
	u32 i;

	for (i = 0; i <= a->mask; i++) {
		next = rcu_dereference_protected(a->b[i].next, true);
		while ((b = next)) {
			next = rcu_dereference_protected(b->next, true);
			natfw_bucket_free(t, b);
		}
		if (!(i & 0xfff))
			cond_resched();
	}
	atomic_long_sub((a->mask + 1UL) * sizeof(*a->b), t->memory);
	kvfree(a->b);
	kfree(a);
}

/* The node in slot @i of @b if it is under @key, of which @tag is; or NULL. */
static __always_inline struct natfw_node *natfw_slot_match(const struct natfw_bucket *b, u32 i,
							   u16 tag, const struct natfw_key *key)
{
	struct natfw_node *n;

	if (READ_ONCE(b->tag[i]) != tag)
		return NULL;
	n = rcu_dereference(b->slot[i]);
	natfw_node_prefetch(n);
	return n && natfw_node_has_key(n, key) ? n : NULL;
}

static struct natfw_node *natfw_table_scan(const struct natfw_key *key, u32 hash,
					   struct natfw_table_match *m)
{
	const struct natfw_bucket *b = m->chain;
	u16 tag = natfw_tag(hash);
	struct natfw_node *n;

	for (;;) {
		for (; b; b = rcu_dereference(b->next), m->slot = 0) {
			while (m->slot < NATFW_BUCKET_SLOTS) {
				n = natfw_slot_match(b, m->slot++, tag, key);
				if (n) {
					m->chain = b;
					return n;
				}
			}
		}
		m->b = rcu_dereference(m->b->next);
		if (likely(!m->b))
			return NULL;
		b = &m->b->b[hash & m->b->mask];
	}
}

struct natfw_node *natfw_table_hit(const struct natfw_table *t,
				   const struct natfw_key *key, u32 hash)
{
	const struct natfw_buckets *a;
	const struct natfw_bucket *b;
	u16 tag = natfw_tag(hash);
	struct natfw_node *n;
	u32 i;

	for (a = rcu_dereference(t->cur); a; a = rcu_dereference(a->next)) {
		for (b = &a->b[hash & a->mask]; b; b = rcu_dereference(b->next)) {
			for (i = 0; i < NATFW_BUCKET_SLOTS; i++) {
				n = natfw_slot_match(b, i, tag, key);
				if (n)
					return n;
			}
		}
	}
	return NULL;
}

void natfw_table_prepare(const struct natfw_table *t, u32 hash)
{
	const struct natfw_buckets *a = rcu_dereference(t->cur);

	prefetch(&a->b[hash & a->mask]);
}

/*
 * The first slot of @b with @tag, most likely; NATFW_BUCKET_SLOTS if there is none. All
 * tags at once: which it is would be guessed wrong most of the time. On big-endian machines it
 * may be a slot before it.
 */
static u32 natfw_bucket_guess(const struct natfw_bucket *b, u16 tag)
{
	const u64 ones = 0x0001000100010001ULL;
	u64 x = *(const u64 *)b->tag ^ tag * ones;
	u64 zero = (x - ones) & ~x & ones << 15;

	if (!zero)
		return READ_ONCE(b->tag[4]) == tag ? 4 : NATFW_BUCKET_SLOTS;
#ifdef CONFIG_CPU_BIG_ENDIAN
	return __builtin_clzll(zero) / 16;
#else
	return __builtin_ctzll(zero) / 16;
#endif
}

struct natfw_node *natfw_table_guess(const struct natfw_table *t, u32 hash)
{
	const struct natfw_buckets *a = rcu_dereference(t->cur);
	const struct natfw_bucket *b;
	u32 i;

	for (b = &a->b[hash & a->mask]; b; b = rcu_dereference(b->next)) {
		i = natfw_bucket_guess(b, natfw_tag(hash));
		if (likely(i != NATFW_BUCKET_SLOTS))
			return rcu_dereference(b->slot[i]);
	}
	return NULL;
}

struct natfw_node *natfw_table_first(const struct natfw_table *t,
				     const struct natfw_key *key, u32 hash,
				     struct natfw_table_match *m)
{
	m->b = rcu_dereference(t->cur);
	m->chain = &m->b->b[hash & m->b->mask];
	m->slot = 0;
	return natfw_table_scan(key, hash, m);
}

struct natfw_node *natfw_table_next(const struct natfw_table *t,
				    const struct natfw_key *key, u32 hash,
				    struct natfw_table_match *m)
{
	if (!m->b)
		return NULL;
	return natfw_table_scan(key, hash, m);
}

/* An empty slot in the chain of @b, or NULL; *@last is then its end. */
static struct natfw_node __rcu **natfw_free_slot(struct natfw_bucket *b, u16 tag,
						 struct natfw_bucket **last)
{
	u32 i;

	for (; b; b = rcu_dereference_protected(b->next, true)) {
		*last = b;
		for (i = 0; i < NATFW_BUCKET_SLOTS; i++) {
			if (rcu_access_pointer(b->slot[i]))
				continue;
			WRITE_ONCE(b->tag[i], tag);
			return &b->slot[i];
		}
	}
	return NULL;
}

/*
 * Put @n into bucket @b, which is locked. With no slot free, *@spare is used up,
 * or if NULL one is allocated with @gfp; -ENOMEM without.
 */
static int natfw_buckets_put(struct natfw_table *t, struct natfw_bucket *b,
			     struct natfw_node *n, u32 hash,
			     struct natfw_bucket **spare, gfp_t gfp)
{
	struct natfw_bucket *last, *more = NULL;
	struct natfw_node __rcu **slot;

	slot = natfw_free_slot(b, natfw_tag(hash), &last);
	if (slot) {
		rcu_assign_pointer(*slot, n);
		return 0;
	}
	if (spare)
		swap(more, *spare);
	else
		more = natfw_bucket_alloc(t, gfp);
	if (!more)
		return -ENOMEM;
	more->tag[0] = natfw_tag(hash);
	RCU_INIT_POINTER(more->slot[0], n);
	rcu_assign_pointer(last->next, more);
	return 0;
}

/* The slot of @n in the chain of @b, or NULL. */
static struct natfw_node __rcu **natfw_slot_of(struct natfw_bucket *b,
					       const struct natfw_node *n)
{
	u32 i;

	for (; b; b = rcu_dereference_protected(b->next, true))
		for (i = 0; i < NATFW_BUCKET_SLOTS; i++)
			if (rcu_access_pointer(b->slot[i]) == n)
				return &b->slot[i];
	return NULL;
}

struct natfw_clash {
	struct natfw_node	*node;
	bool			(*fn)(struct natfw_node *old, void *arg);
	void			*arg;
};

/* True if a node of the same key in the chain of @b makes the clash function say so. */
static bool natfw_bucket_clashes(struct natfw_bucket *b, u16 tag,
				 const struct natfw_clash *c)
{
	struct natfw_node *old;
	u32 i;

	for (; b; b = rcu_dereference_protected(b->next, true)) {
		for (i = 0; i < NATFW_BUCKET_SLOTS; i++) {
			if (b->tag[i] != tag)
				continue;
			old = rcu_dereference_protected(b->slot[i], true);
			if (old && natfw_node_same_key(old, c->node) && c->fn(old, c->arg))
				return true;
		}
	}
	return false;
}

/*
 * Nodes that are enough for @buckets: 85 % of the slots. One in ten has then
 * gone to an overflow bucket, and the larger table is not less than 42 % full.
 */
static u32 natfw_table_load(u32 buckets)
{
	return buckets * 4 + buckets / 4;
}

static void natfw_table_kick(struct natfw_table *t, const struct natfw_buckets *a)
{
	u32 n = atomic_read(&t->count);

	if (n > natfw_table_load(a->mask + 1) && a->mask + 1 < NATFW_TABLE_MAX &&
	    !rcu_access_pointer(a->next) && !READ_ONCE(t->closing))
		queue_work(natfw_wq, &t->grow_work);
}

int natfw_table_insert(struct natfw_table *t, struct natfw_node *node, u32 hash,
		       bool (*clash)(struct natfw_node *old, void *arg),
		       void *arg)
{
	struct natfw_clash c = { .node = node, .fn = clash, .arg = arg };
	struct natfw_buckets *a;
	struct natfw_bucket *b;
	int err = -EEXIST;

	local_bh_disable();
	b = natfw_bucket_find(t, hash, &a);
	if (!clash || !natfw_bucket_clashes(b, natfw_tag(hash), &c))
		err = natfw_buckets_put(t, b, node, hash, NULL, GFP_ATOMIC | __GFP_NOWARN);
	/* before anybody can take it out */
	if (!err)
		atomic_inc(&t->count);
	natfw_bucket_unlock(t, b);
	if (!err)
		natfw_table_kick(t, a);
	local_bh_enable();
	return err;
}

/*
 * Whoever finds it in the first bucket that was not moved has taken it out. What
 * is left of it in buckets that were has to go as well, and so has a copy in the
 * array a bucket is just being moved to: that may take several attempts. Where
 * there is a copy, the array is seen here, as it came before our lock of the
 * bucket; and what is not found there any more will not be copied.
 */
bool natfw_table_remove(struct natfw_table *t, struct natfw_node *node)
{
	u32 hash = natfw_node_hash(t, node);
	bool taken = false, decided = false;
	struct natfw_node __rcu **slot;
	struct natfw_buckets *a;
	struct natfw_bucket *b;

	local_bh_disable();
	for (a = rcu_dereference_bh(t->cur); a; a = rcu_dereference_bh(a->next)) {
		b = &a->b[hash & a->mask];
		natfw_bucket_lock(t, b, 0);
		slot = natfw_slot_of(b, node);
		if (slot)
			RCU_INIT_POINTER(*slot, NULL);
		if (!decided && !b->moved) {
			taken = slot;
			decided = true;
		}
		natfw_bucket_unlock(t, b);
	}
	if (taken)
		atomic_dec(&t->count);
	local_bh_enable();
	return taken;
}

/* The hash of what is in slot @s of @b, a bucket of chain @i of an array of @mask. */
static u32 natfw_slot_hash(const struct natfw_table *t, const struct natfw_bucket *b, u32 s,
			   u32 i, u32 mask)
{
	/* tag and number of the bucket are all of it: the node's line is spared */
	if (mask >= U16_MAX)
		return (u32)b->tag[s] << 16 | (i & U16_MAX);
	return natfw_node_hash(t, rcu_dereference_protected(b->slot[s], true));
}

/* Put @n, of a bucket being moved, into array @to, unless it is there already. */
static int natfw_bucket_copy(struct natfw_table *t, struct natfw_buckets *to,
			     struct natfw_node *n, u32 hash, struct natfw_bucket **spare)
{
	struct natfw_bucket *b = &to->b[hash & to->mask];
	int err = 0;

	natfw_bucket_lock(t, b, SINGLE_DEPTH_NESTING);
	if (!natfw_slot_of(b, n))
		err = natfw_buckets_put(t, b, n, hash, spare, 0);
	natfw_bucket_unlock(t, b);
	return err;
}

/* Move bucket @i of @from; false, and not done yet, if another spare is needed. */
static bool natfw_bucket_move(struct natfw_table *t, struct natfw_buckets *from,
			      struct natfw_buckets *to, u32 i,
			      struct natfw_bucket **spare)
{
	struct natfw_bucket *first = &from->b[i], *b;
	struct natfw_node *n;
	int err = 0;
	u32 s;

	local_bh_disable();
	natfw_bucket_lock(t, first, 0);
	for (b = first; b && !err; b = natfw_table_deref(t, b->next)) {
		for (s = 0; s < NATFW_BUCKET_SLOTS && !err; s++) {
			n = natfw_table_deref(t, b->slot[s]);
			if (n)
				err = natfw_bucket_copy(t, to, n,
							natfw_slot_hash(t, b, s, i, from->mask),
							spare);
		}
	}
	first->moved = !err;
	natfw_bucket_unlock(t, first);
	local_bh_enable();
	return !err;
}

/* Move to an array of @n buckets. t->resizing. */
static void natfw_table_resize(struct natfw_table *t, u32 n)
{
	struct natfw_buckets *from = rcu_dereference_protected(t->cur, true);
	struct natfw_buckets *to = natfw_buckets_alloc(t, n);
	struct natfw_bucket *spare = NULL;
	u32 i;

	if (!to)
		return;		/* chains get longer instead */
	rcu_assign_pointer(from->next, to);
	for (i = 0; i <= from->mask; i++) {
		do {
			if (!spare)
				spare = natfw_bucket_alloc(t, GFP_KERNEL |
							      __GFP_NOFAIL);
		} while (!natfw_bucket_move(t, from, to, i, &spare));
		cond_resched();
	}
	rcu_assign_pointer(t->cur, to);
	if (spare)
		natfw_bucket_free(t, spare);
	/*
	 * A writer that still has @from has bottom halves off, which the grace
	 * period waits for; all of its buckets refer it to @to.
	 */
	synchronize_rcu();
	natfw_buckets_free(t, from);
}

/* Nodes the table has, or is to have. */
static u32 natfw_table_want(const struct natfw_table *t)
{
	return max_t(u32, atomic_read(&t->count), READ_ONCE(t->reserved));
}

/* As large as it should be. */
static void natfw_table_fit(struct natfw_table *t)
{
	u32 want = natfw_table_want(t), n = natfw_table_buckets(t);

	lockdep_assert_held(&t->resizing);
	if (READ_ONCE(t->closing))
		return;
	if (want > natfw_table_load(n) || want < n * NATFW_BUCKET_SLOTS / 16)
		n = roundup_pow_of_two(want / 4 + 1);	/* 40 to 80 % full */
	n = clamp(n, NATFW_TABLE_MIN, NATFW_TABLE_MAX);
	if (n != natfw_table_buckets(t))
		natfw_table_resize(t, n);
}

static void natfw_table_grow(struct work_struct *work)
{
	struct natfw_table *t = container_of(work, struct natfw_table, grow_work);

	mutex_lock(&t->resizing);
	natfw_table_fit(t);
	mutex_unlock(&t->resizing);
}

void natfw_table_tidy(struct natfw_table *t)
{
	u32 n = natfw_table_buckets(t);

	if (n > NATFW_TABLE_MIN && natfw_table_want(t) < n / 4)
		queue_work(natfw_wq, &t->grow_work);
}

void natfw_table_reserve(struct natfw_table *t, u32 nodes)
{
	WRITE_ONCE(t->reserved, nodes);
}

void natfw_table_settle(struct natfw_table *t)
{
	mutex_lock(&t->resizing);
	natfw_table_fit(t);
	mutex_unlock(&t->resizing);
}

u32 natfw_table_buckets(const struct natfw_table *t)
{
	u32 n;

	rcu_read_lock();
	n = rcu_dereference(t->cur)->mask + 1;
	rcu_read_unlock();
	return n;
}

int natfw_table_init(struct natfw_table *t, u32 buckets, atomic_long_t *memory)
{
	static struct lock_class_key key;
	struct natfw_buckets *a;

	memset(t, 0, sizeof(*t));
	t->memory = memory;
	get_random_bytes(&t->secret, sizeof(t->secret));
	INIT_WORK(&t->grow_work, natfw_table_grow);
	mutex_init(&t->resizing);
	lockdep_init_map(&t->dep_map, "natfw_bucket", &key, 0);
	a = natfw_buckets_alloc(t, max_t(u32, roundup_pow_of_two(buckets), NATFW_TABLE_MIN));
	if (!a)
		return -ENOMEM;
	RCU_INIT_POINTER(t->cur, a);
	return 0;
}

void natfw_table_fini(struct natfw_table *t)
{
	WRITE_ONCE(t->closing, true);
	cancel_work_sync(&t->grow_work);
	WARN_ON_ONCE(atomic_read(&t->count));
	natfw_buckets_free(t, rcu_dereference_protected(t->cur, true));
}

static void natfw_walk_bucket(const struct natfw_bucket *b,
			      void (*fn)(struct natfw_node *node, void *arg),
			      void *arg)
{
	struct natfw_node *n;
	u32 i;

	for (; b; b = rcu_dereference(b->next)) {
		for (i = 0; i < NATFW_BUCKET_SLOTS; i++) {
			n = rcu_dereference(b->slot[i]);
			if (n)
				fn(n, arg);
		}
	}
}

/* Bucket @i of @a and what belongs to it in the array being filled. */
static void natfw_walk_one(const struct natfw_buckets *a, u32 i,
			   void (*fn)(struct natfw_node *node, void *arg),
			   void *arg)
{
	const struct natfw_buckets *next = rcu_dereference(a->next);
	u32 j;

	natfw_walk_bucket(&a->b[i], fn, arg);
	if (!next)
		return;
	for (j = i & next->mask; j <= next->mask; j += a->mask + 1)
		natfw_walk_bucket(&next->b[j], fn, arg);
}

bool natfw_table_walk(struct natfw_table *t, struct natfw_table_cursor *cursor,
		      u32 budget, void (*fn)(struct natfw_node *node, void *arg),
		      void *arg)
{
	const struct natfw_buckets *a;
	bool more;

	rcu_read_lock();
	a = rcu_dereference(t->cur);
	if (cursor->size > a->mask + 1)
		cursor->bucket = 0;	/* it shrank: what was seen is unclear */
	cursor->size = a->mask + 1;
	while (budget-- && cursor->bucket <= a->mask)
		natfw_walk_one(a, cursor->bucket++, fn, arg);
	more = cursor->bucket <= a->mask;
	rcu_read_unlock();
	if (!more)
		cursor->bucket = 0;
	return more;
}
