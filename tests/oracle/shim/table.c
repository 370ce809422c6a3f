// SPDX-License-Identifier: GPL-2.0-or-later
/* natfw-test: quick host timeout=120 */
/*
 * kmod/table.c against a naive list: random insertions, removals, lookups and
 * walks while the array grows and shrinks, from one thread and from several.
 */
#include "shim.h"

#include "../../../kmod/table.c"

#include "../ktap.h"

struct item {
	struct natfw_node	node;
	u64			words[NATFW_NODE_WORDS6];	/* of its key */
	struct natfw_key	key;
	bool			in;
	u32			seen;
};

static struct natfw_table table;
static atomic_long_t memory;
static __thread u64 dice;

static u32 rnd(u32 n)
{
	dice = dice * 6364136223846793005ULL + 1442695040888963407ULL;
	return (dice >> 33) % n;
}

static void key_make(struct natfw_key *k, u32 a, u32 b, u8 kind)
{
	memset(k, 0, sizeof(*k));
	if (a & 1) {
		k->src.b[0] = 0xfd;
		k->src.b[15] = a;
		k->dst.b[14] = a >> 8;
	} else {
		natfw_addr_set4(&k->src, htonl(0x0a000000 | a));
		natfw_addr_set4(&k->dst, htonl(0x0b000000 | b));
	}
	k->sport = htons(b);
	k->dport = htons(b >> 16);
	k->proto = 17;
	k->kind = kind;
}

/* Give @it, which is not in the table, its key. */
static void item_key(struct item *it, u32 a, u32 b, u8 kind)
{
	key_make(&it->key, a, b, kind);
	natfw_node_set_key(&it->node, &it->key);
}

static u32 hash_of(const struct natfw_key *k)
{
	return natfw_table_hash(&table, k);
}

/* How often @want is found under its key, and whether nothing else is. */
static int found(const struct item *want, bool *strange)
{
	u32 hash = hash_of(&want->key);
	struct natfw_table_match m;
	struct natfw_node *n;
	int times = 0;

	for (n = natfw_table_first(&table, &want->key, hash, &m); n;
	     n = natfw_table_next(&table, &want->key, hash, &m)) {
		times += n == &want->node;
		*strange |= !natfw_node_has_key(n, &want->key) || !natfw_node_same_key(n, &want->node);
	}
	return times;
}

static bool any_clash(struct natfw_node *old, void *arg)
{
	*(struct natfw_node **)arg = old;
	return true;
}

/* one thread */

struct single {
	struct item	*items;
	u32		n, in, wrong;
};

/* Is a node with the same key in, by looking at all? */
static bool same_key_in(const struct single *s, const struct item *it)
{
	u32 i;

	for (i = 0; i < s->n; i++)
		if (s->items[i].in && natfw_key_equal(&s->items[i].key, &it->key))
			return true;
	return false;
}

static void single_insert(struct single *s, struct item *it)
{
	struct natfw_node *clash = NULL;
	bool exclusive = rnd(4) == 0, expect = exclusive && same_key_in(s, it);
	int err;

	err = natfw_table_insert(&table, &it->node, hash_of(&it->key),
				 exclusive ? any_clash : NULL, &clash);
	if (expect ? err != -EEXIST || !clash : err && err != -ENOMEM)
		s->wrong++;
	if (err)
		return;
	it->in = true;
	s->in++;
}

static void single_step(struct single *s)
{
	struct item *it = &s->items[rnd(s->n)];
	bool strange = false;
	int times;

	rcu_read_lock();
	times = found(it, &strange);
	rcu_read_unlock();
	if (strange || (it->in ? times < 1 || times > 2 : times))
		s->wrong++;
	if (!it->in && rnd(3)) {
		single_insert(s, it);
	} else if (it->in && !rnd(2)) {
		s->wrong += !natfw_table_remove(&table, &it->node);
		it->in = false;
		s->in--;
	} else if (!it->in) {
		s->wrong += natfw_table_remove(&table, &it->node);
	}
}

static void count_seen(struct natfw_node *n, void *arg)
{
	(void)arg;
	container_of(n, struct item, node)->seen++;
}

static u32 walk_wrong(const struct single *s)
{
	struct natfw_table_cursor c = { 0 };
	u32 i, wrong = 0;

	for (i = 0; i < s->n; i++)
		s->items[i].seen = 0;
	while (natfw_table_walk(&table, &c, 7, count_seen, NULL))
		;
	for (i = 0; i < s->n; i++)
		wrong += s->items[i].in ? s->items[i].seen < 1 || s->items[i].seen > 2
					: s->items[i].seen != 0;
	return wrong;
}

static void settle_table(void)
{
	/* resizing waits for readers, so nothing of it can be seen half done */
	cancel_work_sync(&table.grow_work);
}

static void test_single(const char *what, u32 n, u32 steps, u32 keys, u32 hash_mask, int fail)
{
	struct single s = { .items = shim_alloc(n * sizeof(*s.items), __GFP_NOFAIL), .n = n };
	u32 i, walks = 0;

	shim_hash_mask = hash_mask;
	dice = n + keys;
	shim_fail_every = 0;
	natfw_table_init(&table, 1, &memory);
	shim_fail_every = fail;
	for (i = 0; i < n; i++)
		item_key(&s.items[i], rnd(keys), rnd(2), i & 3);
	for (i = 0; i < steps; i++) {
		single_step(&s);
		if (i % (steps / 8) == 0)
			walks += walk_wrong(&s);
		if (i % 5000 == 0)
			natfw_table_tidy(&table);
	}
	settle_table();
	ktap_is(!s.wrong, "table %s: %u steps as the naive list, %u wrong", what, steps, s.wrong);
	ktap_is(!walks, "table %s: walks see everything", what);
	ktap_is(atomic_read(&table.count) == (int)s.in, "table %s: counts %u nodes", what, s.in);
	for (i = 0; i < n; i++)
		if (s.items[i].in)
			natfw_table_remove(&table, &s.items[i].node);
	shim_fail_every = 0;
	natfw_table_fini(&table);
	ktap_is(!atomic_read(&memory), "table %s: memory gauge returns to zero", what);
	free(s.items);
}

/* many threads: each has nodes of its own and must always find them */

#define THREADS	4
#define OWN	4000

struct worker {
	pthread_t	thread;
	u32		number, steps, missed, strange;
	struct item	*items;
};

static void worker_step(struct worker *w, struct item *it)
{
	bool strange = false;
	int times;

	rcu_read_lock();
	times = found(it, &strange);
	w->missed += it->in ? times < 1 : times != 0;
	w->strange += strange;
	rcu_read_unlock();
	if (!it->in) {
		it->in = !natfw_table_insert(&table, &it->node, hash_of(&it->key),
					     NULL, NULL);
	} else if (rnd(100) < 30) {
		w->missed += !natfw_table_remove(&table, &it->node);
		it->in = false;
	}
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;
	u32 i, span;

	dice = w->number;
	for (i = 0; i < w->steps; i++) {
		/* waves of many and few nodes make the array grow and shrink */
		span = i / 20000 & 1 ? 50 : OWN;
		worker_step(w, &w->items[rnd(span)]);
	}
	for (i = 0; i < OWN; i++)
		if (w->items[i].in)
			w->missed += !natfw_table_remove(&table, &w->items[i].node);
	return NULL;
}

static void walk_nothing(struct natfw_node *n, void *arg)
{
	struct natfw_key key;

	natfw_node_key(n, &key);
	*(u32 *)arg += natfw_addr_is4(&key.src);
}

static void worker_start(struct worker *w, u32 i)
{
	u32 k;

	*w = (struct worker){ .number = i + 1, .steps = 200000 };
	w->items = shim_alloc(OWN * sizeof(*w->items), __GFP_NOFAIL);
	for (k = 0; k < OWN; k++)
		item_key(&w->items[k], i * OWN + k, k & 1, 0);
	pthread_create(&w->thread, NULL, worker_main, w);
}

static void test_threads(void)
{
	struct natfw_table_cursor c = { 0 };
	struct worker w[THREADS];
	u32 i, missed = 0, strange = 0, seen = 0;

	shim_hash_mask = ~0U;
	natfw_table_init(&table, 1, &memory);
	for (i = 0; i < THREADS; i++)
		worker_start(&w[i], i);
	for (i = 0; i < 2000; i++) {
		natfw_table_walk(&table, &c, 64, walk_nothing, &seen);
		natfw_table_tidy(&table);
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(w[i].thread, NULL);
		missed += w[i].missed;
		strange += w[i].strange;
		free(w[i].items);
	}
	settle_table();
	ktap_is(!missed && !strange, "table: %u threads always find their nodes, %u missed",
		THREADS, missed);
	ktap_is(!atomic_read(&table.count), "table: empty afterwards");
	natfw_table_fini(&table);
	ktap_is(!atomic_read(&memory), "table: memory gauge returns to zero");
}

/*
 * Arrays so large that nodes are moved by tag and number of their bucket
 * alone, there and back.
 */
static void test_huge(void)
{
	u32 n = 300000, i, missed = 0;
	struct item *items = shim_alloc(n * sizeof(*items), __GFP_NOFAIL);
	bool strange = false;

	shim_hash_mask = ~0U;
	natfw_table_init(&table, 0x10000, &memory);
	for (i = 0; i < n; i++) {
		item_key(&items[i], 2 * i, i, 0);
		missed += !!natfw_table_insert(&table, &items[i].node,
					       hash_of(&items[i].key), NULL, NULL);
	}
	settle_table();
	ktap_is(natfw_table_buckets(&table) > 0x10000, "table huge: it grew to %u buckets",
		natfw_table_buckets(&table));
	for (i = 0; i < n; i++) {
		rcu_read_lock();
		missed += found(&items[i], &strange) != 1;
		rcu_read_unlock();
		if (i % 16)
			missed += !natfw_table_remove(&table, &items[i].node);
		else
			items[i].in = true;
	}
	natfw_table_tidy(&table);
	settle_table();
	ktap_is(natfw_table_buckets(&table) < 0x10000, "table huge: and shrank to %u",
		natfw_table_buckets(&table));
	for (i = 0; i < n; i += 16) {
		rcu_read_lock();
		missed += found(&items[i], &strange) != 1;
		rcu_read_unlock();
		missed += !natfw_table_remove(&table, &items[i].node);
	}
	ktap_is(!missed && !strange, "table huge: all nodes found, %u missed", missed);
	natfw_table_fini(&table);
	free(items);
}

/* The slot that packets' memory is asked for by, beside what a loop finds. */
static void test_guess(void)
{
	struct natfw_bucket b = {};
	u32 i, slot, wrong = 0, at[NATFW_BUCKET_SLOTS + 1] = {};
	u16 tag;

	for (i = 0; i < 200000; i++) {
		/* few values, so that tags are met, differ by one and stand twice */
		tag = rnd(6) + (rnd(2) ? 0x7fff : 0xfffd);
		b.tag[rnd(NATFW_BUCKET_SLOTS)] = tag + rnd(3) - 1;
		for (slot = 0; slot < NATFW_BUCKET_SLOTS && b.tag[slot] != tag; slot++)
			;
		wrong += natfw_bucket_guess(&b, tag) != slot;
		at[slot]++;
	}
	ktap_is(!wrong, "the slot memory is asked for is that of the tag");
	for (slot = 0; slot <= NATFW_BUCKET_SLOTS; slot++)
		wrong += !at[slot];
	ktap_is(!wrong, "every slot was, and none");
}

int main(void)
{
	ktap_start();
	shim_work_start();
	test_single("small", 200, 200000, 60, ~0U, 0);
	test_single("large", 20000, 400000, 1 << 20, ~0U, 0);
	test_single("crowded", 3000, 60000, 1 << 20, 0x00000007, 0);
	test_single("one tag", 5000, 60000, 1 << 20, 0x0000ffff, 0);
	test_single("without memory", 5000, 100000, 1 << 20, 0xffff0fff, 7);
	test_guess();
	test_huge();
	test_threads();
	shim_work_stop();
	ktap_is(!shim_warnings, "no warnings");
	return ktap_end();
}
