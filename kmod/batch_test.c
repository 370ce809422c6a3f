// SPDX-License-Identifier: GPL-2.0-only
/* When packets are taken together, batch.c; the clock is the test's. */
#include <kunit/test.h>

#include "batch.h"

#define ENOUGH	(50000 / HZ)	/* packets a jiffy */

static struct natfw_batch *make_batch(struct kunit *test)
{
	struct natfw_batch *b = kunit_kzalloc(test, sizeof(*b), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, b);
	b->online = true;
	b->tick = jiffies;
	b->again = b->tick;
	return b;
}

/* @packets come, then the next jiffy begins. True if its packets are taken. */
static bool after(struct natfw_batch *b, u32 packets)
{
	b->seen = packets;
	natfw_batch_tick(b, b->tick + 1);
	return b->on;
}

static void batch_rate(struct kunit *test)
{
	struct natfw_batch *b = make_batch(test);

	KUNIT_EXPECT_FALSE(test, after(b, 0));
	KUNIT_EXPECT_FALSE(test, after(b, ENOUGH - 1));
	KUNIT_EXPECT_TRUE(test, after(b, ENOUGH));
	KUNIT_EXPECT_TRUE(test, after(b, 10 * ENOUGH));
	KUNIT_EXPECT_FALSE(test, after(b, ENOUGH - 1));
}

/* What was seen before a pause says nothing of now. */
static void batch_pause(struct kunit *test)
{
	struct natfw_batch *b = make_batch(test);

	KUNIT_EXPECT_TRUE(test, after(b, ENOUGH));
	b->seen = ENOUGH;
	natfw_batch_tick(b, b->tick + 2);
	KUNIT_EXPECT_FALSE(test, b->on);
}

static void batch_offline(struct kunit *test)
{
	struct natfw_batch *b = make_batch(test);

	b->online = false;
	KUNIT_EXPECT_FALSE(test, after(b, ENOUGH));
}

static void learn(struct natfw_batch *b, u32 times, u32 n, u32 passed)
{
	while (times--)
		natfw_batch_learn(b, n, passed);
}

/* @n packets a batch, of which the stack gets @passed, do not pay. */
static void check_poor(struct kunit *test, u32 n, u32 passed)
{
	struct natfw_batch *b = make_batch(test);
	u32 i;

	KUNIT_ASSERT_TRUE(test, after(b, ENOUGH));
	learn(b, 7, n, passed);
	KUNIT_EXPECT_TRUE(test, b->on);
	/* a good one among them is enough to go on */
	learn(b, 1, NATFW_BATCH, 0);
	learn(b, 7, n, passed);
	KUNIT_EXPECT_TRUE(test, b->on);
	learn(b, 1, n, passed);
	KUNIT_EXPECT_FALSE(test, b->on);
	/* and then it is left for a while, whatever the rate */
	b->tick = jiffies;
	KUNIT_EXPECT_FALSE(test, after(b, ENOUGH));
	for (i = 0; i < HZ; i++)
		after(b, ENOUGH);
	KUNIT_EXPECT_TRUE(test, b->on);
}

static void batch_poor(struct kunit *test)
{
	check_poor(test, 1, 0);
	check_poor(test, 3, 0);
	check_poor(test, NATFW_BATCH, NATFW_BATCH / 2 + 1);
}

static void batch_good(struct kunit *test)
{
	struct natfw_batch *b = make_batch(test);

	KUNIT_ASSERT_TRUE(test, after(b, ENOUGH));
	learn(b, 100, 4, 2);
	learn(b, 100, NATFW_BATCH, NATFW_BATCH / 2);
	KUNIT_EXPECT_TRUE(test, b->on);
}

static struct kunit_case batch_cases[] = {
	KUNIT_CASE(batch_rate),
	KUNIT_CASE(batch_pause),
	KUNIT_CASE(batch_offline),
	KUNIT_CASE(batch_poor),
	KUNIT_CASE(batch_good),
	{}
};

static struct kunit_suite batch_suite = {
	.name		= "natfw-batch",
	.test_cases	= batch_cases,
};

kunit_test_suite(batch_suite);
