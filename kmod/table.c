// SPDX-License-Identifier: GPL-2.0-only
/*
 * The exact-match hash table; table.h says what it promises.
 *
 * A node's stripe is the low bits of its hash, and no array has fewer buckets
 * than there are stripes. So the one stripe lock of a hash covers its bucket
 * in the array in use and in the one being filled.
 */
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/prefetch.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "table.h"

#define NATFW_BUCKET_SLOTS	5
#define NATFW_STRIPES		256
#define NATFW_TABLE_MAX		BIT(26)	/* buckets */

struct natfw_bucket {
	u16				tag[NATFW_BUCKET_SLOTS];
	struct natfw_bucket __rcu	*next;
	struct natfw_node __rcu		*slot[NATFW_BUCKET_SLOTS];
} __aligned(64);

static_assert(sizeof(struct natfw_bucket) == 64);

struct natfw_buckets {
	struct natfw_buckets __rcu	*next;	/* array being filled from this */
	u32				mask;
	struct natfw_bucket		*b;
};

static u16 natfw_tag(u32 hash)
{
	return hash >> 16;
}

static spinlock_t *natfw_stripe(const struct natfw_table *t, u32 hash)
{
	return &t->stripes[hash & (t->nstripes - 1)];
}

/* Arrays change only under every stripe in turn and t->resizing. */
#define natfw_table_deref(t, p, hash) \
	rcu_dereference_protected(p, lockdep_is_held(natfw_stripe(t, hash)))

static struct natfw_buckets *natfw_buckets_alloc(struct natfw_table *t, u32 n)
{
	struct natfw_buckets *a = kzalloc(sizeof(*a), GFP_KERNEL);

	if (!a)
		return NULL;
	a->b = kvcalloc(n, sizeof(*a->b), GFP_KERNEL_ACCOUNT);
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

/*
 * A flow's two halves lie on two neighbouring lines, aligned to both, and a hit
 * needs both: have them come at the same time.
 */
static void natfw_node_prefetch(const struct natfw_node *n)
{
	prefetch((const void *)((unsigned long)n ^ 64));
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
				u32 i = m->slot++;

				if (READ_ONCE(b->tag[i]) != tag)
					continue;
				n = rcu_dereference(b->slot[i]);
				natfw_node_prefetch(n);
				if (n && natfw_node_has_key(n, key)) {
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
 * Put @n into array @a. With no slot free, *@spare is used up, or if NULL one
 * is allocated with @gfp; -ENOMEM without. Needs the stripe lock.
 */
static int natfw_buckets_put(struct natfw_table *t, struct natfw_buckets *a,
			     struct natfw_node *n, u32 hash,
			     struct natfw_bucket **spare, gfp_t gfp)
{
	struct natfw_bucket *last, *more = NULL;
	struct natfw_node __rcu **slot;

	slot = natfw_free_slot(&a->b[hash & a->mask], natfw_tag(hash), &last);
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

/* Call @fn for each node in the bucket of @hash; stop and return true at true. */
static bool natfw_bucket_any(struct natfw_buckets *a, u32 hash,
			     bool (*fn)(struct natfw_node __rcu **slot, void *arg),
			     void *arg)
{
	struct natfw_bucket *b = &a->b[hash & a->mask];
	u32 i;

	for (; b; b = rcu_dereference_protected(b->next, true))
		for (i = 0; i < NATFW_BUCKET_SLOTS; i++)
			if (rcu_access_pointer(b->slot[i]) && fn(&b->slot[i], arg))
				return true;
	return false;
}

struct natfw_clash {
	struct natfw_node	*node;
	bool			(*fn)(struct natfw_node *old, void *arg);
	void			*arg;
};

static bool natfw_clash_one(struct natfw_node __rcu **slot, void *arg)
{
	struct natfw_node *old = rcu_dereference_protected(*slot, true);
	struct natfw_clash *c = arg;

	return natfw_node_same_key(old, c->node) && c->fn(old, c->arg);
}

static void natfw_table_kick(struct natfw_table *t, const struct natfw_buckets *a)
{
	u32 n = atomic_read(&t->count);

	/* three quarters of the slots */
	if (n / 15 > (a->mask >> 2) && a->mask < NATFW_TABLE_MAX &&
	    !rcu_access_pointer(a->next) && !READ_ONCE(t->closing))
		queue_work(natfw_wq, &t->grow_work);
}

int natfw_table_insert(struct natfw_table *t, struct natfw_node *node, u32 hash,
		       bool (*clash)(struct natfw_node *old, void *arg),
		       void *arg)
{
	struct natfw_clash c = { .node = node, .fn = clash, .arg = arg };
	spinlock_t *lock = natfw_stripe(t, hash);
	struct natfw_buckets *a, *next;
	int err = -EEXIST;

	spin_lock_bh(lock);
	a = natfw_table_deref(t, t->cur, hash);
	next = natfw_table_deref(t, a->next, hash);
	if (clash && (natfw_bucket_any(a, hash, natfw_clash_one, &c) ||
		      (next && natfw_bucket_any(next, hash, natfw_clash_one, &c))))
		goto out;
	if (next)
		a = next;
	err = natfw_buckets_put(t, a, node, hash, NULL, GFP_ATOMIC);
	if (!err) {
		atomic_inc(&t->count);
		natfw_table_kick(t, a);
	}
out:
	spin_unlock_bh(lock);
	return err;
}

static bool natfw_remove_one(struct natfw_node __rcu **slot, void *arg)
{
	if (rcu_access_pointer(*slot) != arg)
		return false;
	RCU_INIT_POINTER(*slot, NULL);
	return true;
}

bool natfw_table_remove(struct natfw_table *t, struct natfw_node *node)
{
	u32 hash = natfw_node_hash(t, node);
	spinlock_t *lock = natfw_stripe(t, hash);
	struct natfw_buckets *a, *next;
	bool found;

	spin_lock_bh(lock);
	a = natfw_table_deref(t, t->cur, hash);
	next = natfw_table_deref(t, a->next, hash);
	found = natfw_bucket_any(a, hash, natfw_remove_one, node);
	if (next)
		found |= natfw_bucket_any(next, hash, natfw_remove_one, node);
	if (found)
		atomic_dec(&t->count);
	spin_unlock_bh(lock);
	return found;
}

static bool natfw_same_node(struct natfw_node __rcu **slot, void *arg)
{
	return rcu_access_pointer(*slot) == arg;
}

/* Copy what is in bucket @i of @from; false if another spare is needed. */
static bool natfw_bucket_copy(struct natfw_table *t, struct natfw_buckets *from,
			      struct natfw_buckets *to, u32 i,
			      struct natfw_bucket **spare)
{
	struct natfw_bucket *b;
	struct natfw_node *n;
	bool done = true;
	u32 hash, s;

	spin_lock_bh(natfw_stripe(t, i));
	for (b = &from->b[i]; b; b = rcu_dereference_protected(b->next, true)) {
		for (s = 0; s < NATFW_BUCKET_SLOTS; s++) {
			n = rcu_dereference_protected(b->slot[s], true);
			if (!n)
				continue;
			hash = natfw_node_hash(t, n);
			if (natfw_bucket_any(to, hash, natfw_same_node, n))
				continue;	/* copied before the spare ran out */
			if (natfw_buckets_put(t, to, n, hash, spare, 0)) {
				done = false;
				goto out;
			}
		}
	}
out:
	spin_unlock_bh(natfw_stripe(t, i));
	return done;
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
		} while (!natfw_bucket_copy(t, from, to, i, &spare));
		cond_resched();
	}
	rcu_assign_pointer(t->cur, to);
	if (spare)
		natfw_bucket_free(t, spare);
	/*
	 * A writer that still works on @from holds a stripe with bottom
	 * halves off, which the grace period waits for; it also wrote to @to.
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
	u32 slots = natfw_table_buckets(t) * NATFW_BUCKET_SLOTS;
	u32 want = natfw_table_want(t), n = natfw_table_buckets(t);

	lockdep_assert_held(&t->resizing);
	if (READ_ONCE(t->closing))
		return;
	if (want > slots / 4 * 3)
		n = roundup_pow_of_two(want / 2);	/* 40 % full */
	else if (want < slots / 16)
		n = roundup_pow_of_two(want / 2 + 1);
	n = clamp(n, t->nstripes, NATFW_TABLE_MAX);
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

	if (n > t->nstripes && natfw_table_want(t) < n / 4)
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
	struct natfw_buckets *a;
	u32 i;

	memset(t, 0, sizeof(*t));
	t->memory = memory;
	t->nstripes = NATFW_STRIPES;
	get_random_bytes(&t->secret, sizeof(t->secret));
	INIT_WORK(&t->grow_work, natfw_table_grow);
	mutex_init(&t->resizing);
	t->stripes = kvcalloc(t->nstripes, sizeof(*t->stripes), GFP_KERNEL);
	if (!t->stripes)
		return -ENOMEM;
	for (i = 0; i < t->nstripes; i++)
		spin_lock_init(&t->stripes[i]);
	a = natfw_buckets_alloc(t, max(roundup_pow_of_two(buckets), t->nstripes));
	if (!a) {
		kvfree(t->stripes);
		return -ENOMEM;
	}
	RCU_INIT_POINTER(t->cur, a);
	return 0;
}

void natfw_table_fini(struct natfw_table *t)
{
	WRITE_ONCE(t->closing, true);
	cancel_work_sync(&t->grow_work);
	WARN_ON_ONCE(atomic_read(&t->count));
	natfw_buckets_free(t, rcu_dereference_protected(t->cur, true));
	kvfree(t->stripes);
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
