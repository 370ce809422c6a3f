// SPDX-License-Identifier: GPL-2.0-only
/*
 * Endpoints of a host: see endpoint.h. A piece is an array without gaps, in order
 * of the hash.
 *
 * Most hosts have one external address (RFC 4787 REQ-2), and there is a table for each
 * protocol. So a piece says once for all its entries which protocol and address they
 * have. Where they differ, in a host with few endpoints or with a second address, the
 * piece is wide: each entry has its own.
 */
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/prefetch.h>
#include <linux/slab.h>

#include "endpoint.h"

/* Bytes of a piece: what kmalloc() has. */
static const u16 piece_bytes[] = {
	16, 32, 64, 96, 128, 192, 256, 512, 1024, 2048, 4096
};

#define SIZE_SPLIT	6	/* larger ones are split, if that may be */
#define SIZE_LAST	(ARRAY_SIZE(piece_bytes) - 1)

/*
 * A directory doubles when there are so many endpoints, and so has no more than one place
 * for two of them, even of a host that chose its ports so that they all fall into one
 * piece. That piece grows meanwhile, but not beyond a page: at @depth there are no more
 * than 1 << (16 - depth) hashes for it, and before the directory doubles less than 4 <<
 * depth endpoints, hence 511 entries at most that it has to grow for.
 */
#define DIR_MIN(depth)	(4U << (depth))

/* u16 of an entry */
#define NARROW	2	/* hash, external port */
#define WIDE	4	/* address and protocol as well */

struct natfw_endpoint_piece {
	u16	count;		/* entries */
	u16	address;	/* of each, as is the protocol, unless they are wide */
	u8	proto;
	u8	words;		/* NARROW or WIDE */
	u8	size;		/* by piece_bytes[] */
	u8	depth;		/* low bits of the hash all entries have in common */
	u16	at[];
};

static_assert(sizeof(struct natfw_endpoint_piece) == 8);

/* Endpoints of one protocol. */
struct natfw_endpoint_table {
	union {
		struct natfw_endpoint_piece	*piece;	/* depth 0; NULL: none */
		struct natfw_endpoint_piece	**dir;	/* by the hash's low bits */
	};
	u32	count;
	u8	proto;
	u8	depth;		/* bits of the hash the directory goes by */
};

/* What a piece has of an endpoint. */
struct entry {
	u16	hash;
	u16	external;
	u16	address;
	u8	proto;
};

/*
 * A permutation: no two ports have the same, so it stands for the port. Spreads ports in
 * sequence, and those a power of two apart, by its low bits as well as by the others.
 * Not secret: a host can but make its own lookups slower, and by a page at most.
 */
static u16 port_hash(u16 port)
{
	u32 h = port * 0xa3d3U & 0xffff;

	h ^= h >> 7;
	h = h * 0xdb2dU & 0xffff;
	return h ^ h >> 8;
}

/*
 * One piece
 */

static struct entry piece_entry(const struct natfw_endpoint_piece *p, u32 i)
{
	const u16 *at = &p->at[i * p->words];
	bool wide = p->words == WIDE;

	return (struct entry) {
		.hash = at[0],
		.external = at[1],
		.address = wide ? at[2] : p->address,
		.proto = wide ? at[3] : p->proto,
	};
}

static void piece_set(struct natfw_endpoint_piece *p, u32 i, const struct entry *e)
{
	u16 *at = &p->at[i * p->words];

	at[0] = e->hash;
	at[1] = e->external;
	if (p->words == WIDE) {
		at[2] = e->address;
		at[3] = e->proto;
	} else {
		p->address = e->address;
		p->proto = e->proto;
	}
}

/* The first entry with @hash or a larger one. Halves without branches to be guessed wrong. */
static u32 piece_lower(const struct natfw_endpoint_piece *p, u16 hash)
{
	u32 words = p->words, n = p->count, half, i = 0;

	for (; n > 1; n -= half) {
		half = n / 2;
		i += half * (p->at[(i + half - 1) * words] < hash);
	}
	return i + (n && p->at[i * words] < hash);
}

/* Number of the entry, or -ENOENT. */
static int piece_find(const struct natfw_endpoint_piece *p, u16 hash, u8 proto)
{
	u32 i;

	for (i = piece_lower(p, hash); i < p->count; i++) {
		if (p->at[i * p->words] != hash)
			break;
		if (piece_entry(p, i).proto == proto)
			return i;
	}
	return -ENOENT;
}

/* True if @count entries of @words fit into a piece of @size. */
static bool piece_fits(u32 count, u8 words, u8 size)
{
	return sizeof(struct natfw_endpoint_piece) + count * words * sizeof(u16) <=
	       piece_bytes[size];
}

static struct natfw_endpoint_piece *piece_new(u8 words, u8 size, u8 depth,
					      atomic_long_t *memory)
{
	struct natfw_endpoint_piece *p;

	p = kmalloc(piece_bytes[size], GFP_ATOMIC | __GFP_NOWARN);
	if (!p)
		return NULL;
	*p = (struct natfw_endpoint_piece) {
		.words = words, .size = size, .depth = depth,
	};
	atomic_long_add(piece_bytes[size], memory);
	return p;
}

static void piece_free(struct natfw_endpoint_piece *p, atomic_long_t *memory)
{
	if (!p)
		return;
	atomic_long_sub(piece_bytes[p->size], memory);
	kfree(p);
}

/* Move entries from @i on by @by places. */
static void piece_shift(struct natfw_endpoint_piece *p, u32 i, int by)
{
	memmove(&p->at[(i + by) * p->words], &p->at[i * p->words],
		(p->count - i) * p->words * sizeof(u16));
	p->count += by;
}

/* There must be room. */
static void piece_insert(struct natfw_endpoint_piece *p, const struct entry *e)
{
	u32 i = piece_lower(p, e->hash);

	piece_shift(p, i, 1);
	piece_set(p, i, e);
}

/*
 * Pieces made from others
 */

/*
 * How many entries of @p have @value in the bits @mask of the hash, and in @words the kind
 * of piece that these can have.
 */
static u32 piece_survey(const struct natfw_endpoint_piece *p, u16 mask, u16 value, u8 *words)
{
	struct entry e, first = {};
	u32 count = 0, i;

	*words = NARROW;
	for (i = 0; i < p->count && p->words == NARROW; i++)
		count += (p->at[i * NARROW] & mask) == value;
	for (i = 0; i < p->count && p->words == WIDE; i++) {
		e = piece_entry(p, i);
		if ((e.hash & mask) != value)
			continue;
		if (!count++)
			first = e;
		else if (e.address != first.address || e.proto != first.proto)
			*words = WIDE;
	}
	return count;
}

/* Entries of @from go to @to[0] or, if @bit of their hash is set, @to[1]. */
static void piece_deal(const struct natfw_endpoint_piece *from,
		       struct natfw_endpoint_piece **to, u16 bit)
{
	struct natfw_endpoint_piece *p;
	struct entry e;
	u32 i;

	for (i = 0; i < from->count; i++) {
		e = piece_entry(from, i);
		p = to[!!(e.hash & bit)];
		piece_set(p, p->count++, &e);
	}
}

/* The smallest size for @count entries of @words, larger than all if there is none. */
static u8 size_for(u32 count, u8 words)
{
	u8 size = 0;

	while (size <= SIZE_LAST && !piece_fits(count, words, size))
		size++;
	return size;
}

/* An empty piece, as small as can be for what piece_survey() finds in @p. */
static struct natfw_endpoint_piece *piece_for(const struct natfw_endpoint_piece *p, u16 mask,
					      u16 value, u8 depth, atomic_long_t *memory)
{
	u8 words;
	u32 count = piece_survey(p, mask, value, &words);

	return piece_new(words, size_for(count, words), depth, memory);
}

/* @old, which goes, as a piece of @words and @size; it may be NULL. Or NULL. */
static struct natfw_endpoint_piece *piece_grow(struct natfw_endpoint_piece *old, u8 words,
					       u8 size, atomic_long_t *memory)
{
	struct natfw_endpoint_piece *p;

	p = piece_new(words, size, old ? old->depth : 0, memory);
	if (!p || !old)
		return p;
	if (words == old->words) {
		memcpy(p->at, old->at, old->count * words * sizeof(u16));
		p->count = old->count;
		p->address = old->address;
		p->proto = old->proto;
	} else {
		piece_deal(old, &p, 0);
	}
	piece_free(old, memory);
	return p;
}

/* The kind that @p has to be for @e to be added. */
static u8 piece_words(const struct natfw_endpoint_piece *p, const struct entry *e)
{
	if (!p || (p->words == NARROW && !p->count))
		return NARROW;
	return p->address == e->address && p->proto == e->proto ? p->words : WIDE;
}

/* Add @e to the piece at @slot, or to the first there. -E2BIG beyond @largest. */
static int piece_add(struct natfw_endpoint_piece **slot, const struct entry *e, u8 largest,
		     atomic_long_t *memory)
{
	struct natfw_endpoint_piece *p = *slot;
	u32 count = p ? p->count + 1 : 1;
	u8 words = piece_words(p, e), size;

	if (!p || words != p->words || !piece_fits(count, words, p->size)) {
		size = size_for(count, words);
		if (size > largest)
			return -E2BIG;
		p = piece_grow(p, words, size, memory);
		if (!p)
			return -ENOMEM;
		*slot = p;
	}
	piece_insert(p, e);
	return 0;
}

/* Make the piece at @slot as small as it can be. */
static void piece_shrink(struct natfw_endpoint_piece **slot, atomic_long_t *memory)
{
	struct natfw_endpoint_piece *old = *slot, *p;

	p = piece_for(old, 0, 0, old->depth, memory);
	if (!p)
		return;
	piece_deal(old, &p, 0);
	piece_free(old, memory);
	*slot = p;
}

/* Take that out of the piece at @slot, which is made smaller if half of it is empty. */
static bool piece_del(struct natfw_endpoint_piece **slot, u16 hash, u8 proto,
		      atomic_long_t *memory)
{
	struct natfw_endpoint_piece *p = *slot;
	int i = p ? piece_find(p, hash, proto) : -ENOENT;

	if (WARN_ON_ONCE(i < 0))
		return false;
	piece_shift(p, i + 1, -1);
	/* two sizes, lest it grows again with the next */
	if (p->size >= 2 && piece_fits(p->count, p->words, p->size - 2))
		piece_shrink(slot, memory);
	return true;
}

/*
 * One protocol
 */

static struct natfw_endpoint_piece **table_slot(struct natfw_endpoint_table *t, u16 hash)
{
	return t->depth ? &t->dir[hash & (BIT(t->depth) - 1)] : &t->piece;
}

/* Of the directory, all places for the piece of @hash are @p's, which replaces it. */
static void table_set(struct natfw_endpoint_table *t, u16 hash,
		      struct natfw_endpoint_piece *p)
{
	u32 step = BIT(p->depth), i;

	if (!t->depth)
		t->piece = p;
	for (i = hash & (step - 1); t->depth && i < BIT(t->depth); i += step)
		t->dir[i] = p;
}

static int table_double(struct natfw_endpoint_table *t, atomic_long_t *memory)
{
	u32 n = BIT(t->depth);
	struct natfw_endpoint_piece **dir;

	if (t->count + 1 < DIR_MIN(t->depth))
		return -ENOSPC;
	dir = kmalloc_array(2 * n, sizeof(*dir), GFP_ATOMIC | __GFP_NOWARN);
	if (!dir)
		return -ENOMEM;
	memcpy(dir, table_slot(t, 0), n * sizeof(*dir));
	memcpy(dir + n, dir, n * sizeof(*dir));
	atomic_long_add(2 * n * sizeof(*dir), memory);
	if (t->depth) {
		kfree(t->dir);
		atomic_long_sub(n * sizeof(*dir), memory);
	}
	t->dir = dir;
	t->depth++;
	return 0;
}

/* Two pieces instead of the one of @hash. */
static int table_split(struct natfw_endpoint_table *t, u16 hash, atomic_long_t *memory)
{
	struct natfw_endpoint_piece *old = *table_slot(t, hash), *to[2];
	u16 bit = BIT(old->depth);

	if (old->depth == t->depth && table_double(t, memory))
		return -ENOMEM;
	to[0] = piece_for(old, bit, 0, old->depth + 1, memory);
	to[1] = piece_for(old, bit, bit, old->depth + 1, memory);
	if (!to[0] || !to[1]) {
		piece_free(to[0], memory);
		piece_free(to[1], memory);
		return -ENOMEM;
	}
	piece_deal(old, to, bit);
	table_set(t, hash & ~bit, to[0]);
	table_set(t, hash | bit, to[1]);
	piece_free(old, memory);
	return 0;
}

/* Add @e to its piece, as long as that does not get larger than @largest: -E2BIG. */
static int table_put(struct natfw_endpoint_table *t, const struct entry *e, u8 largest,
		     atomic_long_t *memory)
{
	struct natfw_endpoint_piece **slot = table_slot(t, e->hash), *p = *slot;
	int err;

	err = piece_add(&p, e, largest, memory);
	if (p != *slot)
		table_set(t, e->hash, p);
	return err;
}

static int table_add(struct natfw_endpoint_table *t, const struct entry *e,
		     atomic_long_t *memory)
{
	int err;

	do {
		err = table_put(t, e, SIZE_SPLIT, memory);
	} while (err == -E2BIG && !table_split(t, e->hash, memory));
	/* may not be split, or memory is short */
	if (err == -E2BIG)
		err = table_put(t, e, SIZE_LAST, memory);
	if (!err)
		t->count++;
	return err == -E2BIG ? -ENOMEM : err;
}

static void table_free(struct natfw_endpoint_table *t, atomic_long_t *memory)
{
	u32 n = BIT(t->depth), i;

	if (!t->depth) {
		piece_free(t->piece, memory);
	} else {
		/* the last of the places that lead to a piece */
		for (i = 0; i < n; i++)
			if (i >> t->dir[i]->depth == (n - 1) >> t->dir[i]->depth)
				piece_free(t->dir[i], memory);
		kfree(t->dir);
		atomic_long_sub(n * sizeof(*t->dir), memory);
	}
	t->piece = NULL;
	t->depth = 0;
}

static bool table_del(struct natfw_endpoint_table *t, u16 hash, atomic_long_t *memory)
{
	struct natfw_endpoint_piece **slot = table_slot(t, hash), *p = *slot;

	if (!piece_del(&p, hash, t->proto, memory))
		return false;
	if (p != *slot)
		table_set(t, hash, p);
	if (!--t->count)
		table_free(t, memory);
	return true;
}

/*
 * The host
 */

static struct natfw_endpoint_table *table_of(const struct natfw_endpoints *e, u8 proto)
{
	u32 i;

	for (i = 0; i < e->tables; i++)
		if (e->table[i].proto == proto)
			return &e->table[i];
	return NULL;
}

/* Bytes of an array of @n tables, which doubles. */
static size_t tables_bytes(u32 n)
{
	return n ? roundup_pow_of_two(n) * sizeof(struct natfw_endpoint_table) : 0;
}

static struct natfw_endpoint_table *table_get(struct natfw_endpoints *e, u8 proto,
					      atomic_long_t *memory)
{
	size_t had = tables_bytes(e->tables), wants = tables_bytes(e->tables + 1);
	struct natfw_endpoint_table *t = table_of(e, proto);

	if (t)
		return t;
	if (wants > had) {
		t = kzalloc(wants, GFP_ATOMIC | __GFP_NOWARN);
		if (!t)
			return NULL;
		if (had)
			memcpy(t, e->table, had);
		kfree(e->table);
		e->table = t;
		atomic_long_add(wants - had, memory);
	}
	t = &e->table[e->tables++];
	t->proto = proto;
	return t;
}

static int tables_add(struct natfw_endpoints *e, const struct entry *new,
		      atomic_long_t *memory)
{
	struct natfw_endpoint_table *t = table_get(e, new->proto, memory);

	return t ? table_add(t, new, memory) : -ENOMEM;
}

/* A table, that of @e, whose endpoints have one protocol, instead of one piece. */
static int endpoints_lift(struct natfw_endpoints *e, atomic_long_t *memory)
{
	struct natfw_endpoints to = { .count = e->count };
	struct natfw_endpoint_table *t = table_get(&to, e->piece->proto, memory);

	if (!t)
		return -ENOMEM;
	t->piece = e->piece;
	t->count = e->count;
	*e = to;
	return 0;
}

/* A table for each protocol instead of one piece. */
static int endpoints_spread(struct natfw_endpoints *e, atomic_long_t *memory)
{
	struct natfw_endpoints to = { .count = e->count };
	struct entry entry;
	int err = 0;
	u32 i;

	if (e->piece->words == NARROW)
		return endpoints_lift(e, memory);
	for (i = 0; i < e->piece->count && !err; i++) {
		entry = piece_entry(e->piece, i);
		err = tables_add(&to, &entry, memory);
	}
	if (err) {
		natfw_endpoints_free(&to, memory);
		return err;
	}
	piece_free(e->piece, memory);
	*e = to;
	return 0;
}

/* All lines of a large piece at once: halving it would want one after the other. */
static __always_inline void piece_prefetch(const struct natfw_endpoint_piece *p)
{
	const char *line = (const char *)p;
	u32 i;

	for (i = 0; i < piece_bytes[SIZE_SPLIT]; i += 64)
		prefetch(line + i);
}

static const struct natfw_endpoint_piece *piece_of(const struct natfw_endpoints *e, u8 proto,
						   u16 hash)
{
	const struct natfw_endpoint_piece *p;
	struct natfw_endpoint_table *t;

	if (!e->tables)
		return e->piece;
	t = table_of(e, proto);
	p = t ? *table_slot(t, hash) : NULL;
	if (p)
		piece_prefetch(p);
	return p;
}

bool natfw_endpoint_find(const struct natfw_endpoints *e, u8 proto, u16 port,
			 struct natfw_endpoint *found)
{
	u16 hash = port_hash(port);
	const struct natfw_endpoint_piece *p = piece_of(e, proto, hash);
	int i = p ? piece_find(p, hash, proto) : -ENOENT;
	struct entry entry;

	if (i < 0)
		return false;
	entry = piece_entry(p, i);
	*found = (struct natfw_endpoint) {
		.port = port,
		.proto = proto,
		.address = entry.address,
		.external = entry.external,
	};
	return true;
}

int natfw_endpoint_add(struct natfw_endpoints *e, const struct natfw_endpoint *new,
		       atomic_long_t *memory)
{
	struct entry entry = {
		.hash = port_hash(new->port),
		.external = new->external,
		.address = new->address,
		.proto = new->proto,
	};
	int err = -E2BIG;

	if (!e->tables)
		err = piece_add(&e->piece, &entry, SIZE_SPLIT, memory);
	if (err == -E2BIG && !e->tables && endpoints_spread(e, memory))
		err = -ENOMEM;
	if (err == -E2BIG)
		err = tables_add(e, &entry, memory);
	if (!err)
		e->count++;
	return err;
}

void natfw_endpoint_del(struct natfw_endpoints *e, u8 proto, u16 port,
			atomic_long_t *memory)
{
	struct natfw_endpoint_table *t = table_of(e, proto);
	u16 hash = port_hash(port);

	if (!e->tables)
		e->count -= piece_del(&e->piece, hash, proto, memory);
	else if (!WARN_ON_ONCE(!t))
		e->count -= table_del(t, hash, memory);
	if (!e->count)
		natfw_endpoints_free(e, memory);
}

void natfw_endpoints_free(struct natfw_endpoints *e, atomic_long_t *memory)
{
	u32 i;

	if (!e->tables)
		piece_free(e->piece, memory);
	for (i = 0; i < e->tables; i++)
		table_free(&e->table[i], memory);
	if (e->tables) {
		kfree(e->table);
		atomic_long_sub(tables_bytes(e->tables), memory);
	}
	memset(e, 0, sizeof(*e));
}
