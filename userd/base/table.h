/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hash tables of nodes that live in their owners, grown step by step: no single insert pays for a
 * whole rehash, so a table of several hundred thousand sessions never stops the loop. The caller
 * hashes (base/siphash.h) and compares. One thread.
 *
 *	for (n = table_first(&t, hash); n; n = table_next(n, hash))
 *		if (same(container_of(n, struct session, node), key)) ...
 */
#ifndef _NATFWD_BASE_TABLE_H
#define _NATFWD_BASE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct table_node {
	struct table_node *next;
	uint64_t hash;
};

struct table {
	struct table_node **bucket, **old;	/* old: not yet moved, from @moved on */
	uint32_t size, old_size, moved;		/* sizes are powers of two */
	uint32_t count;
};

#ifndef container_of
#define container_of(ptr, type, member) ((type *)((char *)(ptr) - offsetof(type, member)))
#endif

void table_init(struct table *t);
/* Frees the buckets; nodes are just forgotten. */
void table_fini(struct table *t);
/* 0, or -ENOMEM only while the table has no bucket at all. */
int table_add(struct table *t, struct table_node *n, uint64_t hash);
/* Take @n out, which must be in. */
void table_del(struct table *t, struct table_node *n);
/* The first node with @hash, and the next one after @n; NULL at the end. */
struct table_node *table_first(const struct table *t, uint64_t hash);
struct table_node *table_next(const struct table_node *n, uint64_t hash);
/*
 * Call @fn for every node; @fn may take out the node it is given, and nothing may be put in. Ends
 * early when @fn returns false.
 */
void table_each(struct table *t, bool (*fn)(struct table_node *n, void *arg), void *arg);

#endif /* _NATFWD_BASE_TABLE_H */
