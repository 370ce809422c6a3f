// SPDX-License-Identifier: GPL-2.0-only
/*
 * Port bitmaps: see portmap.h. Called by lease.c with the pool's lock held.
 */
#include <linux/bitops.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "compat.h"
#include "portmap.h"

/* Guesses before the map is searched in order. */
#define PROBES	8

#define EVEN_BITS	(~0UL / 3)	/* 0101...: bit 0, 2, 4, ... */

/* Words of a chunk there can be room for: what fills an object of kmalloc(). */
static const u16 rooms[] = { 4, 8, 12, 16, 24, 32, 64, 128, 256 };

static struct kmem_cache *map_cache;

static u32 chunk_of(u16 port)
{
	return port / NATFW_CHUNK_PORTS;
}

static u32 bit_of(u16 port)
{
	return port % NATFW_CHUNK_PORTS;
}

/* Evenly distributed in [0, ceil), to nobody's knowledge. */
static u32 random_below(u32 ceil)
{
	return ((u64)get_random_u32() * ceil) >> 32;
}

static bool in_bounds(const struct natfw_portmap *pm, u32 port)
{
	return port >= pm->min && port <= pm->max;
}

/* Needs the pool's lock. */
static struct natfw_portchunk *chunk_at(const struct natfw_portmap *pm, u32 index)
{
	return rcu_dereference_protected(pm->chunk[index], true);
}

static size_t words_size(const struct natfw_portchunk *c)
{
	return c->room * sizeof(unsigned long);
}

struct natfw_portmap *natfw_portmap_create(u16 min, u16 max, atomic_long_t *memory)
{
	struct natfw_portmap *pm;
	u32 first = chunk_of(min), last = chunk_of(max);
	int i;

	pm = kmem_cache_zalloc(map_cache, GFP_ATOMIC | __GFP_NOWARN);
	if (!pm)
		return NULL;
	INIT_LIST_HEAD(&pm->holding);
	pm->min = min;
	pm->max = max;
	pm->memory = memory;
	for (i = 0; i < 2; i++) {
		bitmap_fill(pm->full[i], NATFW_CHUNKS);
		bitmap_clear(pm->full[i], first, last - first + 1);
	}
	atomic_long_add(sizeof(*pm), memory);
	return pm;
}

void natfw_portmap_destroy(struct natfw_portmap *pm)
{
	int i;

	if (!pm)
		return;
	for (i = 0; i < NATFW_CHUNKS; i++) {
		if (!chunk_at(pm, i))
			continue;
		atomic_long_sub(sizeof(*chunk_at(pm, i)) + words_size(chunk_at(pm, i)),
				pm->memory);
		kfree(chunk_at(pm, i)->words);
		kfree(chunk_at(pm, i));
	}
	atomic_long_sub(sizeof(*pm), pm->memory);
	kmem_cache_free(map_cache, pm);
}

static void chunk_bound(const struct natfw_portmap *pm, struct natfw_portchunk *c,
			u32 index)
{
	u32 base = index * NATFW_CHUNK_PORTS, i;

	for (i = 0; i < NATFW_CHUNK_PORTS; i++) {
		if (in_bounds(pm, base + i))
			c->nfree[i & 1]++;
		else
			__set_bit(i, c->busy);
	}
	c->below = pm->min > base ? pm->min - base : 0;
}

static struct natfw_portchunk *chunk_get(struct natfw_portmap *pm, u32 index)
{
	struct natfw_portchunk *c = chunk_at(pm, index);

	if (c)
		return c;
	c = kzalloc(sizeof(*c), GFP_ATOMIC | __GFP_NOWARN);
	if (!c)
		return NULL;
	seqcount_init(&c->moves);
	chunk_bound(pm, c, index);
	rcu_assign_pointer(pm->chunk[index], c);
	atomic_long_add(sizeof(*c), pm->memory);
	return c;
}

static void chunk_tidy(struct natfw_portmap *pm, u32 index)
{
	struct natfw_portchunk *c = chunk_at(pm, index);

	if (c->nused || c->nheld)
		return;
	RCU_INIT_POINTER(pm->chunk[index], NULL);
	atomic_long_sub(sizeof(*c) + words_size(c), pm->memory);
	if (c->words)
		kfree_rcu(c->words, rcu);
	kfree_rcu(c, rcu);
}

/*
 * Words
 */

/* Where the word of bit @bit of @c is, or would be. */
static u32 word_of(const struct natfw_portchunk *c, u32 bit)
{
	u32 n = bit / BITS_PER_LONG, place = 0, i;

	for (i = 0; i < n; i++)
		place += hweight_long(READ_ONCE(c->busy[i]));
	place += hweight_long(READ_ONCE(c->busy[n]) & (BIT(bit % BITS_PER_LONG) - 1));
	return place - c->below;
}

/* Room for one word more. */
static int words_grow(struct natfw_portmap *pm, struct natfw_portchunk *c)
{
	struct natfw_portwords *words, *old = c->words;
	u32 n = c->nused + c->nheld, i = 0;

	if (n < c->room)
		return 0;
	while (rooms[i] <= n)
		i++;
	words = kmalloc_array(rooms[i], sizeof(unsigned long), GFP_ATOMIC | __GFP_NOWARN);
	if (!words)
		return -ENOMEM;
	if (n)
		memcpy(words->word, old->word, n * sizeof(unsigned long));
	atomic_long_add(rooms[i] * sizeof(unsigned long) - words_size(c), pm->memory);
	c->room = rooms[i];
	/*
	 * Within the section, as kfree_rcu() may write to the old ones at once: who
	 * reads them then sees that something moved.
	 */
	raw_write_seqcount_begin(&c->moves);
	WRITE_ONCE(c->words, words);
	raw_write_seqcount_end(&c->moves);
	if (old)
		kfree_rcu(old, rcu);
	return 0;
}

static void word_insert(struct natfw_portchunk *c, u32 bit, unsigned long word)
{
	u32 place = word_of(c, bit), n = c->nused + c->nheld;
	unsigned long *w = c->words->word;

	raw_write_seqcount_begin(&c->moves);
	memmove(&w[place + 1], &w[place], (n - place) * sizeof(*w));
	w[place] = word;
	__set_bit(bit, c->busy);
	raw_write_seqcount_end(&c->moves);
}

static void word_remove(struct natfw_portchunk *c, u32 bit)
{
	u32 place = word_of(c, bit), n = c->nused + c->nheld;
	unsigned long *w = c->words->word;

	raw_write_seqcount_begin(&c->moves);
	memmove(&w[place], &w[place + 1], (n - place - 1) * sizeof(*w));
	__clear_bit(bit, c->busy);
	__clear_bit(bit, c->held);
	raw_write_seqcount_end(&c->moves);
}

/* The port goes on hold, or back into use. */
static void word_change(struct natfw_portchunk *c, u32 bit, bool held, unsigned long word)
{
	raw_write_seqcount_begin(&c->moves);
	c->words->word[word_of(c, bit)] = word;
	if (held)
		__set_bit(bit, c->held);
	else
		__clear_bit(bit, c->held);
	raw_write_seqcount_end(&c->moves);
}

/*
 * Bits of different moments may make a place behind the end: that they are of
 * one is asked before anything is read there. Words are never made fewer, so
 * later ones have that place, too.
 */
static unsigned long word_read(const struct natfw_portchunk *c, u32 bit)
{
	unsigned long word = 0;
	u32 place, seq;

	do {
		seq = read_seqcount_begin(&c->moves);
		word = 0;
		if (!test_bit(bit, c->busy) || test_bit(bit, c->held))
			continue;
		place = word_of(c, bit);
		if (read_seqcount_retry(&c->moves, seq))
			continue;
		word = READ_ONCE(READ_ONCE(c->words)->word[place]);
	} while (read_seqcount_retry(&c->moves, seq));
	return word;
}

/*
 * Ports
 */

void *natfw_portmap_user(const struct natfw_portmap *pm, u16 port)
{
	const struct natfw_portchunk *c = rcu_dereference(pm->chunk[chunk_of(port)]);

	if (!c || !in_bounds(pm, port))
		return NULL;
	return (void *)word_read(c, bit_of(port));
}

bool natfw_portmap_is_free(const struct natfw_portmap *pm, u16 port)
{
	const struct natfw_portchunk *c = chunk_at(pm, chunk_of(port));

	if (!in_bounds(pm, port))
		return false;
	return !c || !test_bit(bit_of(port), c->busy);
}

bool natfw_portmap_is_held(const struct natfw_portmap *pm, u16 port)
{
	const struct natfw_portchunk *c = chunk_at(pm, chunk_of(port));

	return c && test_bit(bit_of(port), c->held);
}

int natfw_portmap_take(struct natfw_portmap *pm, u16 port, void *user)
{
	u32 index = chunk_of(port);
	struct natfw_portchunk *c;

	if (!in_bounds(pm, port))
		return -ERANGE;
	if (!natfw_portmap_is_free(pm, port))
		return -EBUSY;
	c = chunk_get(pm, index);
	if (!c)
		return -ENOMEM;
	if (words_grow(pm, c)) {
		chunk_tidy(pm, index);
		return -ENOMEM;
	}
	word_insert(c, bit_of(port), (unsigned long)user);
	if (!--c->nfree[port & 1])
		__set_bit(index, pm->full[port & 1]);
	c->nused++;
	pm->used++;
	return 0;
}

/* The port of @c at index @index is on hold no more. */
static void portmap_unhold(struct natfw_portmap *pm, struct natfw_portchunk *c, u32 index)
{
	if (!--c->nheld)
		__clear_bit(index, pm->holds);
	pm->held--;
}

/* @port, which counts neither as used nor as held any more, is free. */
static void portmap_free(struct natfw_portmap *pm, struct natfw_portchunk *c, u16 port)
{
	c->nfree[port & 1]++;
	__clear_bit(chunk_of(port), pm->full[port & 1]);
}

void natfw_portmap_release(struct natfw_portmap *pm, u16 port)
{
	u32 index = chunk_of(port);
	struct natfw_portchunk *c = chunk_at(pm, index);
	bool held;

	if (WARN_ON_ONCE(!c || !test_bit(bit_of(port), c->busy)))
		return;
	held = test_bit(bit_of(port), c->held);
	word_remove(c, bit_of(port));
	if (held) {
		portmap_unhold(pm, c, index);
	} else {
		c->nused--;
		pm->used--;
	}
	portmap_free(pm, c, port);
	chunk_tidy(pm, index);
}

void natfw_portmap_hold(struct natfw_portmap *pm, u16 port, u32 until)
{
	u32 index = chunk_of(port);
	struct natfw_portchunk *c = chunk_at(pm, index);

	if (WARN_ON_ONCE(!c || !test_bit(bit_of(port), c->busy)))
		return;
	word_change(c, bit_of(port), true, until);
	__set_bit(index, pm->holds);
	c->nused--;
	c->nheld++;
	if (!pm->held++ || until < pm->due)
		pm->due = until;
	pm->used--;
}

void natfw_portmap_pass(struct natfw_portmap *pm, u16 port, void *user)
{
	struct natfw_portchunk *c = chunk_at(pm, chunk_of(port));

	if (!WARN_ON_ONCE(!c || !test_bit(bit_of(port), c->busy)))
		word_change(c, bit_of(port), false, (unsigned long)user);
}

void natfw_portmap_reclaim(struct natfw_portmap *pm, u16 port, void *user)
{
	u32 index = chunk_of(port);
	struct natfw_portchunk *c = chunk_at(pm, index);

	word_change(c, bit_of(port), false, (unsigned long)user);
	portmap_unhold(pm, c, index);
	c->nused++;
	pm->used++;
}

int natfw_portmap_next(const struct natfw_portmap *pm, u32 port)
{
	const struct natfw_portchunk *c;
	u32 bit, index;

	port = max_t(u32, port, pm->min);
	for (; port <= pm->max; port = (index + 1) * NATFW_CHUNK_PORTS) {
		index = chunk_of(port);
		c = chunk_at(pm, index);
		if (!c || !c->nused)
			continue;
		for (bit = find_next_bit(c->busy, NATFW_CHUNK_PORTS, bit_of(port));
		     bit < NATFW_CHUNK_PORTS && in_bounds(pm, index * NATFW_CHUNK_PORTS + bit);
		     bit = find_next_bit(c->busy, NATFW_CHUNK_PORTS, bit + 1))
			if (!test_bit(bit, c->held))
				return index * NATFW_CHUNK_PORTS + bit;
	}
	return -ENOENT;
}

static void chunk_sweep(struct natfw_portmap *pm, u32 index, u32 now,
			void (*freed)(struct natfw_portmap *pm, u16 port,
				      void *arg), void *arg)
{
	struct natfw_portchunk *c = chunk_at(pm, index);
	u32 bit, port, until;

	for_each_set_bit(bit, c->held, NATFW_CHUNK_PORTS) {
		until = c->words->word[word_of(c, bit)];
		if (until > now) {
			pm->due = min(pm->due, until);
			continue;
		}
		port = index * NATFW_CHUNK_PORTS + bit;
		word_remove(c, bit);
		portmap_unhold(pm, c, index);
		portmap_free(pm, c, port);
		freed(pm, port, arg);
	}
	chunk_tidy(pm, index);
}

void natfw_portmap_sweep(struct natfw_portmap *pm, u32 now,
			 void (*freed)(struct natfw_portmap *pm, u16 port,
				       void *arg), void *arg)
{
	u32 index;

	pm->due = U32_MAX;
	for_each_set_bit(index, pm->holds, NATFW_CHUNKS)
		chunk_sweep(pm, index, now, freed, arg);
}

/* Bits of a word of a chunk whose ports would do. */
static unsigned long word_fits(const struct natfw_portchunk *c, u32 word,
			       enum natfw_port_want want)
{
	unsigned long open = c ? ~c->busy[word] : ~0UL;

	switch (want) {
	case NATFW_PORT_EVEN:
		return open & EVEN_BITS;
	case NATFW_PORT_ODD:
		return open & ~EVEN_BITS;
	case NATFW_PORT_PAIR:
		return open & (open >> 1) & EVEN_BITS;
	default:
		return open;
	}
}

/* Bits of word @word of the chunk from @first to @last (bits of the chunk). */
static unsigned long word_bounds(u32 word, u32 first, u32 last)
{
	u32 base = word * BITS_PER_LONG;
	unsigned long mask = ~0UL;

	if (first > base)
		mask &= ~0UL << (first - base);
	if (last < base + BITS_PER_LONG - 1)
		mask &= ~0UL >> (base + BITS_PER_LONG - 1 - last);
	return mask;
}

/* First fitting port of chunk @index within @min and @max, or -ENOSPC. */
static int chunk_find(const struct natfw_portmap *pm, u32 index, u32 min, u32 max,
		      enum natfw_port_want want)
{
	u32 base = index * NATFW_CHUNK_PORTS, word, first, last;
	unsigned long bits;

	first = max(min, base) - base;
	last = min(max, base + NATFW_CHUNK_PORTS - 1) - base;
	for (word = first / BITS_PER_LONG; word <= last / BITS_PER_LONG; word++) {
		bits = word_fits(chunk_at(pm, index), word, want) &
		       word_bounds(word, first, last);
		if (bits)
			return base + word * BITS_PER_LONG + __ffs(bits);
	}
	return -ENOSPC;
}

/* The next chunk from @index on that may have what is wanted. */
static u32 chunk_next(const struct natfw_portmap *pm, u32 index,
		      enum natfw_port_want want)
{
	if (want == NATFW_PORT_ANY)
		return min(find_next_zero_bit(pm->full[0], NATFW_CHUNKS, index),
			   find_next_zero_bit(pm->full[1], NATFW_CHUNKS, index));
	return find_next_zero_bit(pm->full[want == NATFW_PORT_ODD],
				  NATFW_CHUNKS, index);
}

static int portmap_scan(const struct natfw_portmap *pm, u32 min, u32 max,
			enum natfw_port_want want)
{
	u32 index;
	int port;

	for (index = chunk_next(pm, chunk_of(min), want);
	     index <= chunk_of(max) && index < NATFW_CHUNKS;
	     index = chunk_next(pm, index + 1, want)) {
		port = chunk_find(pm, index, min, max, want);
		if (port >= 0)
			return port;
	}
	return -ENOSPC;
}

static bool portmap_fits(const struct natfw_portmap *pm, u32 port,
			 enum natfw_port_want want)
{
	const struct natfw_portchunk *c = chunk_at(pm, chunk_of(port));
	u32 bit = bit_of(port);

	return word_fits(c, bit / BITS_PER_LONG, want) >> (bit % BITS_PER_LONG) & 1;
}

/* The first port of the wanted parity from @port on. */
static u32 parity_from(u32 port, enum natfw_port_want want)
{
	if (want == NATFW_PORT_ANY)
		return port;
	return port + ((port & 1) != (want == NATFW_PORT_ODD));
}

/* A guess from @min to @max, where @min is of the wanted parity. */
static u32 random_port(u32 min, u32 max, enum natfw_port_want want)
{
	if (want == NATFW_PORT_ANY)
		return min + random_below(max - min + 1);
	return min + 2 * random_below((max - min) / 2 + 1);
}

int natfw_portmap_find(const struct natfw_portmap *pm, u16 min, u16 max,
		       enum natfw_port_want want)
{
	u32 lo = max(min, pm->min), hi = min(max, pm->max), port;
	int found, i;

	if (want == NATFW_PORT_PAIR && !(hi & 1) && hi)
		hi--;	/* its successor is out of bounds */
	lo = parity_from(lo, want);
	if (lo > hi)
		return -ENOSPC;
	for (i = 0; i < PROBES; i++) {
		port = random_port(lo, hi, want);
		if (portmap_fits(pm, port, want))
			return port;
	}
	port = random_port(lo, hi, want);
	found = portmap_scan(pm, port, hi, want);
	return found >= 0 ? found : portmap_scan(pm, lo, port, want);
}

int natfw_portmap_module_init(void)
{
	map_cache = kmem_cache_create("natfw_portmap", sizeof(struct natfw_portmap),
				      0, 0, NULL);
	return map_cache ? 0 : -ENOMEM;
}

void natfw_portmap_module_exit(void)
{
	kmem_cache_destroy(map_cache);
}
