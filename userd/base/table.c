// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>

#include "base/table.h"

#define SIZE_MIN	64
#define STEP		4	/* buckets moved with each insert: done before the next growth */

void table_init(struct table *t)
{
	*t = (struct table){ 0 };
}

void table_fini(struct table *t)
{
	free(t->bucket);
	free(t->old);
	table_init(t);
}

/* The chain that has, or is to have, nodes with @hash. */
static struct table_node **chain(const struct table *t, uint64_t hash)
{
	if (t->old && (hash & (t->old_size - 1)) >= t->moved)
		return &t->old[hash & (t->old_size - 1)];
	return &t->bucket[hash & (t->size - 1)];
}

static void move_bucket(struct table *t)
{
	struct table_node *n = t->old[t->moved], *next;
	struct table_node **to;

	t->moved++;
	for (; n; n = next) {
		next = n->next;
		to = &t->bucket[n->hash & (t->size - 1)];
		n->next = *to;
		*to = n;
	}
	if (t->moved < t->old_size)
		return;
	free(t->old);
	t->old = NULL;
}

/* A failure to grow makes longer chains, nothing worse. */
static void grow(struct table *t)
{
	struct table_node **bucket;

	if (t->old || t->count < t->size || t->size > UINT32_MAX / 2)
		return;
	bucket = calloc((size_t)t->size * 2, sizeof(struct table_node *));
	if (!bucket)
		return;
	t->old = t->bucket;
	t->old_size = t->size;
	t->moved = 0;
	t->bucket = bucket;
	t->size *= 2;
}

int table_add(struct table *t, struct table_node *n, uint64_t hash)
{
	struct table_node **to;
	unsigned int i;

	if (!t->bucket) {
		t->bucket = calloc(SIZE_MIN, sizeof(struct table_node *));
		if (!t->bucket)
			return -ENOMEM;
		t->size = SIZE_MIN;
	}
	grow(t);
	for (i = 0; i < STEP && t->old; i++)
		move_bucket(t);
	n->hash = hash;
	to = chain(t, hash);
	n->next = *to;
	*to = n;
	t->count++;
	return 0;
}

void table_del(struct table *t, struct table_node *n)
{
	struct table_node **at = chain(t, n->hash);

	while (*at != n)
		at = &(*at)->next;
	*at = n->next;
	n->next = NULL;
	t->count--;
}

static struct table_node *skip(struct table_node *n, uint64_t hash)
{
	while (n && n->hash != hash)
		n = n->next;
	return n;
}

struct table_node *table_first(const struct table *t, uint64_t hash)
{
	return t->bucket ? skip(*chain(t, hash), hash) : NULL;
}

struct table_node *table_next(const struct table_node *n, uint64_t hash)
{
	return skip(n->next, hash);
}

static bool each(struct table_node *n, bool (*fn)(struct table_node *n, void *arg), void *arg)
{
	struct table_node *next;

	for (; n; n = next) {
		next = n->next;
		if (!fn(n, arg))
			return false;
	}
	return true;
}

void table_each(struct table *t, bool (*fn)(struct table_node *n, void *arg), void *arg)
{
	uint32_t i;

	while (t->old)
		move_bucket(t);
	for (i = 0; i < t->size; i++)
		if (!each(t->bucket[i], fn, arg))
			return;
}
