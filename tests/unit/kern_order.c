// SPDX-License-Identifier: GPL-2.0-or-later
// natfw-test: quick host timeout=60
/*
 * Priorities of static rules: they rise, and as few as can be change.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kern/order.h"
#include "ktap.h"

#define FIRST	10000
#define LAST	999999

static bool rises(const uint32_t *p, size_t n, uint32_t first, uint32_t last)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (p[i] < first || p[i] > last || (i && p[i] <= p[i - 1]))
			return false;
	return true;
}

static void from_nothing(void)
{
	static uint32_t p[5000];

	EXPECT_EQ(order_assign(p, 0, FIRST, LAST), 0);
	EXPECT_EQ(order_assign(p, 5000, FIRST, LAST), 0);
	EXPECT(rises(p, 5000, FIRST, LAST));
}

static void stays(void)
{
	uint32_t p[] = { 10000, 10001, 500000, 999999 }, q[4];

	memcpy(q, p, sizeof(p));
	EXPECT_EQ(order_assign(p, 4, FIRST, LAST), 0);
	EXPECT(!memcmp(p, q, sizeof(p)));
}

static void between(void)
{
	uint32_t p[] = { 0, 20000, 0, 0, 20003, 0 };

	EXPECT_EQ(order_assign(p, 6, FIRST, LAST), 0);
	EXPECT(rises(p, 6, FIRST, LAST));
	EXPECT(p[1] == 20000 && p[4] == 20003);
}

/* The one that moved is the one that changes. */
static void moved(void)
{
	uint32_t p[] = { 20000, 30000, 90000, 40000, 50000 };

	EXPECT_EQ(order_assign(p, 5, FIRST, LAST), 0);
	EXPECT(rises(p, 5, FIRST, LAST));
	EXPECT(p[0] == 20000 && p[1] == 30000 && p[3] == 40000 && p[4] == 50000);
}

/* Where there is no room left between two, all are made anew. */
static void crowded(void)
{
	uint32_t p[] = { 20000, 0, 20001 }, full[] = { 5, 0, 0 }, few[] = { 0, 0, 0 };

	EXPECT_EQ(order_assign(p, 3, FIRST, LAST), 0);
	EXPECT(rises(p, 3, FIRST, LAST));
	EXPECT_EQ(order_assign(full, 3, 4, 6), 0);
	EXPECT(full[0] == 4 && full[1] == 5 && full[2] == 6);
	EXPECT_EQ(order_assign(few, 3, 4, 5), -ENOSPC);
}

/* What is out of range, or the same as another, is of no use. */
static void strange(void)
{
	uint32_t p[] = { 5, 20000, 20000, 4000000000u };

	EXPECT_EQ(order_assign(p, 4, FIRST, LAST), 0);
	EXPECT(rises(p, 4, FIRST, LAST));
	EXPECT(p[1] == 20000 || p[2] == 20000);
}

/* Many times one more, at its head, its tail and in its middle. */
static void grows(void)
{
	static uint32_t p[3001];
	size_t n = 0, i, at, kept, changed = 0;
	uint32_t before[3001];

	srand(1);
	while (n < 3000) {
		at = n % 3 == 0 ? 0 : n % 3 == 1 ? n : (size_t)rand() % (n + 1);
		memmove(p + at + 1, p + at, (n - at) * sizeof(*p));
		p[at] = 0;
		n++;
		memcpy(before, p, n * sizeof(*p));
		if (!EXPECT_EQ(order_assign(p, n, FIRST, LAST), 0) || !EXPECT(rises(p, n, FIRST, LAST)))
			return;
		for (kept = i = 0; i < n; i++)
			kept += before[i] == p[i];
		changed += n - kept;
	}
	printf("# %zu priorities given for %zu rules\n", changed, n);
	EXPECT(changed < 60 * n);
}

int main(void)
{
	static const struct ktap_test tests[] = {
		{ "all are new", from_nothing },
		{ "what is in order stays", stays },
		{ "what is new goes between", between },
		{ "one that moved changes alone", moved },
		{ "no room left", crowded },
		{ "what cannot stay", strange },
		{ "one more, many times", grows },
	};

	return ktap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
