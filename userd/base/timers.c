// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>

#include "base/timers.h"

#define ARITY	4	/* shallower than two: fewer cache lines for each start */

void timers_init(struct timers *h, uint64_t now)
{
	*h = (struct timers){ .now = now };
}

void timers_fini(struct timers *h)
{
	free(h->heap);
	*h = (struct timers){ .now = h->now };
}

static void put(struct timers *h, uint32_t slot, struct timer *t)
{
	h->heap[slot] = t;
	t->slot = slot;
}

static uint32_t parent(uint32_t slot)
{
	return (slot - 2) / ARITY + 1;
}

static void up(struct timers *h, uint32_t slot, struct timer *t)
{
	while (slot > 1 && h->heap[parent(slot)]->at > t->at) {
		put(h, slot, h->heap[parent(slot)]);
		slot = parent(slot);
	}
	put(h, slot, t);
}

/* The earliest of the children of @slot; 0 if it has none. */
static uint32_t child(const struct timers *h, uint32_t slot)
{
	uint64_t first = (uint64_t)(slot - 1) * ARITY + 2, i;
	uint32_t best = 0;

	for (i = first; i < first + ARITY && i <= h->count; i++)
		if (!best || h->heap[i]->at < h->heap[best]->at)
			best = (uint32_t)i;
	return best;
}

static void down(struct timers *h, uint32_t slot, struct timer *t)
{
	uint32_t next;

	while ((next = child(h, slot)) && h->heap[next]->at < t->at) {
		put(h, slot, h->heap[next]);
		slot = next;
	}
	put(h, slot, t);
}

static int grow(struct timers *h)
{
	uint32_t size = h->size ? h->size * 2 : 64;
	struct timer **heap;

	if (h->count + 1 < h->size)
		return 0;
	heap = reallocarray(h->heap, size, sizeof(*heap));
	if (!heap)
		return -ENOMEM;
	h->heap = heap;
	h->size = size;
	return 0;
}

/* Put @t where it belongs, now that @slot is free. */
static void settle(struct timers *h, uint32_t slot, struct timer *t)
{
	if (slot > 1 && h->heap[parent(slot)]->at > t->at)
		up(h, slot, t);
	else
		down(h, slot, t);
}

int timer_start(struct timers *h, struct timer *t, uint64_t after)
{
	uint64_t at = after > TIMERS_NEVER - 1 - h->now ? TIMERS_NEVER - 1 : h->now + after;
	int error;

	if (t->slot) {
		t->at = at;
		settle(h, t->slot, t);
		return 0;
	}
	error = grow(h);
	if (error)
		return error;
	t->at = at;
	up(h, ++h->count, t);
	return 0;
}

void timer_stop(struct timers *h, struct timer *t)
{
	struct timer *last;
	uint32_t slot = t->slot;

	if (!slot)
		return;
	t->slot = 0;
	last = h->heap[h->count--];
	if (last != t)
		settle(h, slot, last);
}

uint64_t timer_left(const struct timers *h, const struct timer *t)
{
	if (!t->slot)
		return TIMERS_NEVER;
	return t->at > h->now ? t->at - h->now : 0;
}

uint64_t timers_next(const struct timers *h)
{
	return h->count ? h->heap[1]->at : TIMERS_NEVER;
}

bool timers_run(struct timers *h, uint64_t now, unsigned int max)
{
	unsigned int fired = 0;
	struct timer *t;

	while (h->count && h->heap[1]->at <= now) {
		if (max && fired == max)
			return false;
		t = h->heap[1];
		if (t->at > h->now)
			h->now = t->at;
		timer_stop(h, t);
		t->fn(t);
		fired++;
	}
	if (now > h->now)
		h->now = now;
	return true;
}
