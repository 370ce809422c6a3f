// SPDX-License-Identifier: GPL-2.0-only
/*
 * Endpoints of a host: see endpoint.h. Pieces are hash tables with linear
 * probing, of which a quarter stays empty unless memory is short.
 */
#include <linux/jhash.h>
#include <linux/kernel.h>
#include <linux/slab.h>

#include "endpoint.h"

#define PIECE_MAX	4096	/* bytes */
#define DEPTH_MAX	12

struct natfw_endpoint_piece {
	u16			size;	/* places */
	u16			used;
	u8			depth;	/* low bits of the hash all entries have in common */
	struct natfw_endpoint	at[] __aligned(8);
};

/* Not secret: a host can but make its own lookups slower, and by a page at most. */
static u32 endpoint_hash(u8 proto, u16 port)
{
	return jhash_1word((u32)proto << 16 | port, 0);
}

/* Place of @hash in @p, by its upper bits. */
static u32 home(const struct natfw_endpoint_piece *p, u32 hash)
{
	return reciprocal_scale(hash, p->size);
}

static u32 after(const struct natfw_endpoint_piece *p, u32 place)
{
	return place + 1 < p->size ? place + 1 : 0;
}

static struct natfw_endpoint_piece **piece_of(struct natfw_endpoints *e, u32 hash)
{
	return e->depth ? &e->dir[hash & (BIT(e->depth) - 1)] : &e->piece;
}

static size_t piece_bytes(u32 size)
{
	return offsetof(struct natfw_endpoint_piece, at[size]);
}

/* A piece of @bytes. */
static struct natfw_endpoint_piece *piece_new(u32 bytes, u8 depth, atomic_long_t *memory)
{
	struct natfw_endpoint_piece *p;

	p = kzalloc(bytes, GFP_ATOMIC | __GFP_NOWARN);
	if (!p)
		return NULL;
	p->size = (bytes - piece_bytes(0)) / sizeof(p->at[0]);
	p->depth = depth;
	atomic_long_add(piece_bytes(p->size), memory);
	return p;
}

static void piece_free(struct natfw_endpoint_piece *p, atomic_long_t *memory)
{
	atomic_long_sub(piece_bytes(p->size), memory);
	kfree(p);
}

/* There must be an empty place. */
static void piece_put(struct natfw_endpoint_piece *p, u32 hash,
		      const struct natfw_endpoint *new)
{
	u32 i = home(p, hash);

	while (p->at[i].used)
		i = after(p, i);
	p->at[i] = *new;
	p->at[i].used = 1;
	p->used++;
}

/* Place of the endpoint, or -ENOENT. */
static int piece_find(const struct natfw_endpoint_piece *p, u32 hash, u8 proto, u16 port)
{
	u32 i;

	for (i = home(p, hash); p->at[i].used; i = after(p, i)) {
		if (p->at[i].port == port && p->at[i].proto == proto)
			return i;
	}
	return -ENOENT;
}

/* True if, going round, @home is not within (@hole, @at]. */
static bool may_move(u32 hole, u32 at, u32 home)
{
	return hole <= at ? home <= hole || home > at : home <= hole && home > at;
}

/* Empty @hole, without leaving a gap in what is probed. */
static void piece_close(struct natfw_endpoint_piece *p, u32 hole)
{
	u32 i;

	for (i = after(p, hole); p->at[i].used; i = after(p, i)) {
		if (!may_move(hole, i, home(p, endpoint_hash(p->at[i].proto, p->at[i].port))))
			continue;
		p->at[hole] = p->at[i];
		hole = i;
	}
	p->at[hole].used = 0;
	p->used--;
}

/* Entries of @from go to @to[0] or, if @bit of their hash is set, @to[1]. */
static void piece_deal(const struct natfw_endpoint_piece *from,
		       struct natfw_endpoint_piece *to[2], u32 bit)
{
	u32 hash, i;

	for (i = 0; i < from->size; i++) {
		if (!from->at[i].used)
			continue;
		hash = endpoint_hash(from->at[i].proto, from->at[i].port);
		piece_put(to[!!(hash & bit)], hash, &from->at[i]);
	}
}

/* A piece twice as large instead. */
static int piece_grow(struct natfw_endpoint_piece **slot, atomic_long_t *memory)
{
	struct natfw_endpoint_piece *old = *slot, *to[2];

	to[0] = piece_new(old ? 2 * (piece_bytes(old->size)) : 32, 0, memory);
	if (!to[0])
		return -ENOMEM;
	if (old) {
		piece_deal(old, to, 0);
		piece_free(old, memory);
	}
	*slot = to[0];
	return 0;
}

static int dir_double(struct natfw_endpoints *e, atomic_long_t *memory)
{
	u32 n = BIT(e->depth);
	struct natfw_endpoint_piece **dir;

	dir = kmalloc_array(2 * n, sizeof(*dir), GFP_ATOMIC | __GFP_NOWARN);
	if (!dir)
		return -ENOMEM;
	if (e->depth) {
		memcpy(dir, e->dir, n * sizeof(*dir));
		memcpy(dir + n, e->dir, n * sizeof(*dir));
		kfree(e->dir);
		atomic_long_add(n * sizeof(*dir), memory);
	} else {
		dir[0] = e->piece;
		dir[1] = e->piece;
		atomic_long_add(2 * sizeof(*dir), memory);
	}
	e->dir = dir;
	e->depth++;
	return 0;
}

/* Two pieces instead of the one of @hash. */
static int piece_split(struct natfw_endpoints *e, u32 hash, atomic_long_t *memory)
{
	struct natfw_endpoint_piece *old = *piece_of(e, hash), *to[2];
	u32 bit = BIT(old->depth), i;

	if (old->depth == DEPTH_MAX ||
	    (old->depth == e->depth && dir_double(e, memory)))
		return -ENOMEM;
	to[0] = piece_new(PIECE_MAX, old->depth + 1, memory);
	to[1] = piece_new(PIECE_MAX, old->depth + 1, memory);
	if (!to[0] || !to[1]) {
		for (i = 0; i < 2; i++)
			if (to[i])
				piece_free(to[i], memory);
		return -ENOMEM;
	}
	piece_deal(old, to, bit);
	for (i = hash & (bit - 1); i < BIT(e->depth); i += bit)
		e->dir[i] = to[!!(i & bit)];
	piece_free(old, memory);
	return 0;
}

/* Room for one entry more under @hash. */
static int endpoints_room(struct natfw_endpoints *e, u32 hash, atomic_long_t *memory)
{
	struct natfw_endpoint_piece *p = *piece_of(e, hash);
	int err;

	if (p && p->used + 1 < p->size - p->size / 4)
		return 0;
	if (!p || 2 * piece_bytes(p->size) <= PIECE_MAX)
		err = piece_grow(piece_of(e, hash), memory);
	else
		err = piece_split(e, hash, memory);
	if (!err)
		return 0;
	/* short of memory: fill it up, but for the place that ends searches */
	return p && p->used + 1 < p->size ? 0 : err;
}

const struct natfw_endpoint *natfw_endpoint_find(const struct natfw_endpoints *e,
						 u8 proto, u16 port)
{
	u32 hash = endpoint_hash(proto, port);
	const struct natfw_endpoint_piece *p;
	int place;

	if (!e->count)
		return NULL;
	p = e->depth ? e->dir[hash & (BIT(e->depth) - 1)] : e->piece;
	place = piece_find(p, hash, proto, port);
	return place < 0 ? NULL : &p->at[place];
}

int natfw_endpoint_add(struct natfw_endpoints *e, const struct natfw_endpoint *new,
		       atomic_long_t *memory)
{
	u32 hash = endpoint_hash(new->proto, new->port);

	if (endpoints_room(e, hash, memory))
		return -ENOMEM;
	if ((*piece_of(e, hash))->used + 1 >= (*piece_of(e, hash))->size)
		return -ENOMEM;		/* all went to one side of the split */
	piece_put(*piece_of(e, hash), hash, new);
	e->count++;
	return 0;
}

void natfw_endpoint_del(struct natfw_endpoints *e, u8 proto, u16 port,
			atomic_long_t *memory)
{
	u32 hash = endpoint_hash(proto, port);
	int place = -ENOENT;

	if (e->count)
		place = piece_find(*piece_of(e, hash), hash, proto, port);
	if (WARN_ON_ONCE(place < 0))
		return;
	piece_close(*piece_of(e, hash), place);
	if (!--e->count)
		natfw_endpoints_free(e, memory);
}

void natfw_endpoints_free(struct natfw_endpoints *e, atomic_long_t *memory)
{
	u32 n = BIT(e->depth), i;

	if (!e->depth) {
		if (e->piece)
			piece_free(e->piece, memory);
	} else {
		/* the last of the places that lead to a piece */
		for (i = 0; i < n; i++)
			if (i >> e->dir[i]->depth == (n - 1) >> e->dir[i]->depth)
				piece_free(e->dir[i], memory);
		kfree(e->dir);
		atomic_long_sub(n * sizeof(*e->dir), memory);
	}
	memset(e, 0, sizeof(*e));
}
