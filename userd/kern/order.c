// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>

#include "kern/order.h"

#define STEP	1000	/* between neighbours, where there is room */

/* ------------------------------------------------------------------ which of them can stay */

struct chain {
	size_t *end;		/* [k]: the lowest that a rising row of k + 1 ends with */
	size_t *before;		/* [i]: the one before i in its row */
	size_t n;		/* length of the longest row */
};

static size_t place(const struct chain *c, const uint32_t *priority, uint32_t p)
{
	size_t low = 0, high = c->n;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (priority[c->end[mid]] < p)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void find_rows(struct chain *c, const uint32_t *priority, size_t n, uint32_t first,
		      uint32_t last)
{
	size_t i, at;

	for (i = 0; i < n; i++) {
		if (priority[i] < first || priority[i] > last)
			continue;
		at = place(c, priority, priority[i]);
		c->before[i] = at ? c->end[at - 1] : i;
		c->end[at] = i;
		if (at == c->n)
			c->n++;
	}
}

/* Only the longest rising row stays; the others have none any more. */
static int keep_longest(uint32_t *priority, size_t n, uint32_t first, uint32_t last)
{
	struct chain c = { calloc(n, sizeof(size_t)), calloc(n, sizeof(size_t)), 0 };
	bool *stays = calloc(n, sizeof(*stays));
	size_t i, left;
	int err = c.end && c.before && stays ? 0 : -ENOMEM;

	if (!err) {
		find_rows(&c, priority, n, first, last);
		for (left = c.n, i = c.n ? c.end[c.n - 1] : 0; left; left--, i = c.before[i])
			stays[i] = true;
		for (i = 0; i < n; i++)
			if (!stays[i])
				priority[i] = 0;
	}
	free(c.end);
	free(c.before);
	free(stays);
	return err;
}

/* ------------------------------------------------------------------ what the others get */

/*
 * @n of them, above @low and below @high. @head: none is before them, @tail: none follows; there is room
 * left then for more.
 */
static bool fill(uint32_t *priority, size_t n, uint64_t low, uint64_t high, bool head, bool tail)
{
	uint64_t room = high - low, step = room / (n + 1);
	size_t i;

	if (n && !step)
		return false;
	if ((head || tail) && step > STEP)
		step = STEP;
	if (head)
		low += (room - step * (n + 1)) / (tail ? 2 : 1);
	for (i = 0; i < n; i++)
		priority[i] = (uint32_t)(low + step * (i + 1));
	return true;
}

static bool fill_gaps(uint32_t *priority, size_t n, uint32_t first, uint32_t last)
{
	uint64_t low = (uint64_t)first - 1;
	size_t i = 0, from;

	while (i < n) {
		for (from = i; i < n && !priority[i]; i++)
			;
		if (!fill(priority + from, i - from, low,
			  i < n ? priority[i] : (uint64_t)last + 1, !from, i == n))
			return false;
		if (i < n)
			low = priority[i++];
	}
	return true;
}

int order_assign(uint32_t *priority, size_t n, uint32_t first, uint32_t last)
{
	size_t i;
	int err;

	if (n > (uint64_t)last - first + 1)
		return -ENOSPC;
	if (!n)
		return 0;
	err = keep_longest(priority, n, first, last);
	if (err || fill_gaps(priority, n, first, last))
		return err;
	for (i = 0; i < n; i++)
		priority[i] = 0;
	return fill_gaps(priority, n, first, last) ? 0 : -ENOSPC;
}
