// SPDX-License-Identifier: GPL-2.0-only
/*
 * Port bitmaps: see portmap.h. Called by lease.c with the pool's lock held.
 */
#include <linux/random.h>
#include <linux/slab.h>

#include "compat.h"
#include "portmap.h"

/* Guesses before the map is searched in order. */
#define PROBES	8

#define EVEN_BITS	(~0UL / 3)	/* 0101...: bit 0, 2, 4, ... */

static struct kmem_cache *chunk_cache;
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
		if (!pm->chunk[i])
			continue;
		kmem_cache_free(chunk_cache, pm->chunk[i]);
		atomic_long_sub(sizeof(*pm->chunk[i]), pm->memory);
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
}

static struct natfw_portchunk *chunk_get(struct natfw_portmap *pm, u32 index)
{
	struct natfw_portchunk *c = pm->chunk[index];

	if (c)
		return c;
	c = kmem_cache_zalloc(chunk_cache, GFP_ATOMIC | __GFP_NOWARN);
	if (!c)
		return NULL;
	chunk_bound(pm, c, index);
	pm->chunk[index] = c;
	atomic_long_add(sizeof(*c), pm->memory);
	return c;
}

static void chunk_tidy(struct natfw_portmap *pm, u32 index)
{
	struct natfw_portchunk *c = pm->chunk[index];

	if (c->nused || c->nheld)
		return;
	pm->chunk[index] = NULL;
	kmem_cache_free(chunk_cache, c);
	atomic_long_sub(sizeof(*c), pm->memory);
}

bool natfw_portmap_is_free(const struct natfw_portmap *pm, u16 port)
{
	const struct natfw_portchunk *c = pm->chunk[chunk_of(port)];

	if (!in_bounds(pm, port))
		return false;
	return !c || !test_bit(bit_of(port), c->busy);
}

bool natfw_portmap_is_held(const struct natfw_portmap *pm, u16 port)
{
	const struct natfw_portchunk *c = pm->chunk[chunk_of(port)];

	return c && test_bit(bit_of(port), c->held);
}

int natfw_portmap_take(struct natfw_portmap *pm, u16 port)
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
	__set_bit(bit_of(port), c->busy);
	if (!--c->nfree[port & 1])
		__set_bit(index, pm->full[port & 1]);
	c->nused++;
	pm->used++;
	return 0;
}

static void portmap_unhold(struct natfw_portmap *pm, u16 port)
{
	u32 index = chunk_of(port);
	struct natfw_portchunk *c = pm->chunk[index];

	__clear_bit(bit_of(port), c->held);
	if (!--c->nheld)
		__clear_bit(index, pm->holds);
	pm->held--;
}

static void portmap_free(struct natfw_portmap *pm, u16 port)
{
	u32 index = chunk_of(port);
	struct natfw_portchunk *c = pm->chunk[index];

	__clear_bit(bit_of(port), c->busy);
	c->nfree[port & 1]++;
	__clear_bit(index, pm->full[port & 1]);
}

void natfw_portmap_release(struct natfw_portmap *pm, u16 port)
{
	u32 index = chunk_of(port);
	struct natfw_portchunk *c = pm->chunk[index];

	if (WARN_ON_ONCE(!c || !test_bit(bit_of(port), c->busy)))
		return;
	if (test_bit(bit_of(port), c->held)) {
		portmap_unhold(pm, port);
	} else {
		c->nused--;
		pm->used--;
	}
	portmap_free(pm, port);
	chunk_tidy(pm, index);
}

void natfw_portmap_hold(struct natfw_portmap *pm, u16 port, u32 until)
{
	u32 index = chunk_of(port);
	struct natfw_portchunk *c = pm->chunk[index];

	if (WARN_ON_ONCE(!c || !test_bit(bit_of(port), c->busy)))
		return;
	__set_bit(bit_of(port), c->held);
	__set_bit(index, pm->holds);
	c->until[bit_of(port)] = until;
	c->nused--;
	c->nheld++;
	if (!pm->held++ || until < pm->due)
		pm->due = until;
	pm->used--;
}

void natfw_portmap_reclaim(struct natfw_portmap *pm, u16 port)
{
	portmap_unhold(pm, port);
	pm->chunk[chunk_of(port)]->nused++;
	pm->used++;
}

static void chunk_sweep(struct natfw_portmap *pm, u32 index, u32 now,
			void (*freed)(struct natfw_portmap *pm, u16 port,
				      void *arg), void *arg)
{
	struct natfw_portchunk *c = pm->chunk[index];
	u32 bit, port;

	for_each_set_bit(bit, c->held, NATFW_CHUNK_PORTS) {
		if (c->until[bit] > now) {
			pm->due = min(pm->due, c->until[bit]);
			continue;
		}
		port = index * NATFW_CHUNK_PORTS + bit;
		portmap_unhold(pm, port);
		portmap_free(pm, port);
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
		bits = word_fits(pm->chunk[index], word, want) &
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
	const struct natfw_portchunk *c = pm->chunk[chunk_of(port)];
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
	chunk_cache = kmem_cache_create("natfw_ports", sizeof(struct natfw_portchunk),
					0, 0, NULL);
	map_cache = kmem_cache_create("natfw_portmap", sizeof(struct natfw_portmap),
				      0, 0, NULL);
	if (chunk_cache && map_cache)
		return 0;
	natfw_portmap_module_exit();
	return -ENOMEM;
}

void natfw_portmap_module_exit(void)
{
	kmem_cache_destroy(map_cache);
	kmem_cache_destroy(chunk_cache);
}
