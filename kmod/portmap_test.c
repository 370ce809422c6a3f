// SPDX-License-Identifier: GPL-2.0-only
/*
 * Port bitmaps against a plain array. Names begin with the requirements they
 * show (conformance reads them).
 */
#include <kunit/test.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "portmap.h"

#define ROUNDS		60000
#define SAMPLES		10000

/* What the reference knows of a port. */
enum port_state {
	PORT_FREE,
	PORT_USED,
	PORT_HELD,
};

struct portmap_test {
	struct natfw_portmap	*pm;
	atomic_long_t		memory;
	u8			state[65536];	/* enum port_state */
	u32			until[65536];
	u32			used, held;
	u32			freed;		/* calls of note_freed() */
};

static int portmap_test_init(struct kunit *test)
{
	test->priv = kunit_kzalloc(test, sizeof(struct portmap_test), GFP_KERNEL);
	return test->priv ? 0 : -ENOMEM;
}

static void portmap_test_exit(struct kunit *test)
{
	struct portmap_test *t = test->priv;

	if (t)
		natfw_portmap_destroy(t->pm);
}

/* Whoever uses a port can be told from any other. */
static void *user_of(u32 port)
{
	return (void *)(0x1000UL + port);
}

static void start(struct kunit *test, u16 min, u16 max)
{
	struct portmap_test *t = test->priv;

	t->pm = natfw_portmap_create(min, max, &t->memory);
	KUNIT_ASSERT_NOT_NULL(test, t->pm);
}

static void note_freed(struct natfw_portmap *pm, u16 port, void *arg)
{
	struct portmap_test *t = arg;

	t->freed++;
	if (t->state[port] == PORT_HELD)
		t->held--;
	t->state[port] = PORT_FREE;
}

/* Take ports that are wanted until there is none; each must be new and fit. */
static u32 drain(struct kunit *test, u16 min, u16 max, enum natfw_port_want want)
{
	struct portmap_test *t = test->priv;
	u32 count = 0;
	int port;

	for (;;) {
		port = natfw_portmap_find(t->pm, min, max, want);
		if (port < 0)
			break;
		KUNIT_ASSERT_GE(test, port, (int)min);
		KUNIT_ASSERT_LE(test, port, (int)max);
		KUNIT_ASSERT_EQ(test, (int)t->state[port], (int)PORT_FREE);
		KUNIT_ASSERT_EQ(test, natfw_portmap_take(t->pm, port, user_of(port)), 0);
		t->state[port] = PORT_USED;
		count++;
	}
	KUNIT_EXPECT_EQ(test, port, -ENOSPC);
	return count;
}

static void portmap_whole(struct kunit *test)
{
	struct portmap_test *t = test->priv;
	u32 port;

	start(test, 1, 65535);
	KUNIT_EXPECT_EQ(test, drain(test, 1, 65535, NATFW_PORT_ANY), 65535U);
	KUNIT_EXPECT_EQ(test, t->pm->used, 65535U);
	KUNIT_EXPECT_EQ(test, natfw_portmap_take(t->pm, 4000, user_of(4000)), -EBUSY);
	for (port = 1; port <= 65535; port++)
		natfw_portmap_release(t->pm, port);
	KUNIT_EXPECT_EQ(test, t->pm->used, 0U);
	KUNIT_EXPECT_EQ(test, (size_t)atomic_long_read(&t->memory), sizeof(*t->pm));
}

static void portmap_bounds(struct kunit *test)
{
	static const u16 edges[][2] = {
		{ 1, 1 }, { 255, 255 }, { 255, 256 }, { 256, 256 }, { 300, 301 },
		{ 1023, 1025 }, { 65280, 65535 }, { 65535, 65535 }, { 1000, 2100 },
	};
	struct portmap_test *t = test->priv;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(edges); i++) {
		u16 min = edges[i][0], max = edges[i][1];

		memset(t->state, PORT_FREE, sizeof(t->state));
		start(test, min, max);
		KUNIT_EXPECT_EQ(test, natfw_portmap_take(t->pm, min - 1, user_of(min - 1)),
				-ERANGE);
		if (max < 65535)
			KUNIT_EXPECT_EQ(test,
					natfw_portmap_take(t->pm, max + 1, user_of(max + 1)),
					-ERANGE);
		KUNIT_EXPECT_EQ(test, drain(test, 1, 65535, NATFW_PORT_ANY),
				(u32)(max - min + 1));
		natfw_portmap_destroy(t->pm);
		t->pm = NULL;
		KUNIT_EXPECT_EQ(test, atomic_long_read(&t->memory), 0L);
	}
}

static void portmap_parity(struct kunit *test)
{
	struct portmap_test *t = test->priv;
	u32 port, n;

	start(test, 1001, 3000);
	n = drain(test, 1001, 3000, NATFW_PORT_EVEN);
	KUNIT_EXPECT_EQ(test, n, 1000U);
	for (port = 1001; port <= 3000; port++)
		KUNIT_ASSERT_EQ(test, t->state[port] == PORT_USED, !(port & 1));
	n = drain(test, 1001, 3000, NATFW_PORT_ODD);
	KUNIT_EXPECT_EQ(test, n, 1000U);
}

static void portmap_pairs(struct kunit *test)
{
	struct portmap_test *t = test->priv;
	u32 count = 0;
	int port;

	start(test, 1001, 2000);
	KUNIT_ASSERT_EQ(test, natfw_portmap_take(t->pm, 1501, user_of(1501)), 0);
	for (;;) {
		port = natfw_portmap_find(t->pm, 1, 65535, NATFW_PORT_PAIR);
		if (port < 0)
			break;
		KUNIT_ASSERT_EQ(test, port & 1, 0);
		KUNIT_ASSERT_EQ(test, natfw_portmap_take(t->pm, port, user_of(port)), 0);
		KUNIT_ASSERT_EQ(test, natfw_portmap_take(t->pm, port + 1, user_of(port + 1)), 0);
		count++;
	}
	/* 1002/1003 to 1998/1999, save 1500/1501; 2000 has no partner */
	KUNIT_EXPECT_EQ(test, count, 498U);
	KUNIT_EXPECT_TRUE(test, natfw_portmap_is_free(t->pm, 2000));
	KUNIT_EXPECT_TRUE(test, natfw_portmap_is_free(t->pm, 1500));
}

static void portmap_hold(struct kunit *test)
{
	struct portmap_test *t = test->priv;

	start(test, 5000, 5000);
	KUNIT_ASSERT_EQ(test, natfw_portmap_take(t->pm, 5000, user_of(5000)), 0);
	natfw_portmap_hold(t->pm, 5000, 120);
	KUNIT_EXPECT_TRUE(test, natfw_portmap_is_held(t->pm, 5000));
	KUNIT_EXPECT_EQ(test, t->pm->due, 120U);
	natfw_portmap_sweep(t->pm, 119, note_freed, t);
	KUNIT_EXPECT_EQ(test, natfw_portmap_find(t->pm, 1, 65535, NATFW_PORT_ANY), -ENOSPC);
	KUNIT_EXPECT_EQ(test, natfw_portmap_take(t->pm, 5000, user_of(5000)), -EBUSY);
	natfw_portmap_sweep(t->pm, 120, note_freed, t);
	KUNIT_EXPECT_EQ(test, t->freed, 1U);
	KUNIT_EXPECT_EQ(test, natfw_portmap_find(t->pm, 1, 65535, NATFW_PORT_ANY), 5000);
}

static void portmap_reclaim(struct kunit *test)
{
	struct portmap_test *t = test->priv;

	start(test, 5000, 5010);
	KUNIT_ASSERT_EQ(test, natfw_portmap_take(t->pm, 5000, user_of(5000)), 0);
	natfw_portmap_hold(t->pm, 5000, 120);
	natfw_portmap_reclaim(t->pm, 5000, user_of(5000));
	KUNIT_EXPECT_EQ(test, t->pm->used, 1U);
	KUNIT_EXPECT_EQ(test, t->pm->held, 0U);
	natfw_portmap_sweep(t->pm, 500, note_freed, t);
	KUNIT_EXPECT_EQ(test, t->freed, 0U);
	KUNIT_EXPECT_FALSE(test, natfw_portmap_is_free(t->pm, 5000));
	natfw_portmap_release(t->pm, 5000);
	KUNIT_EXPECT_EQ(test, (size_t)atomic_long_read(&t->memory), sizeof(*t->pm));
}

/* Ports in a row say nothing of the next: mean, quarters, correlation. */
static void portmap_random(struct kunit *test)
{
	u32 quarter[4] = {}, port, last = 0, near = 0, i;
	struct portmap_test *t = test->priv;
	u64 sum = 0;

	start(test, 1024, 65535);
	for (i = 0; i < SAMPLES; i++) {
		port = natfw_portmap_find(t->pm, 1024, 65535, NATFW_PORT_ANY);
		KUNIT_ASSERT_EQ(test, natfw_portmap_take(t->pm, port, user_of(port)), 0);
		sum += port;
		quarter[(port - 1024) / 16128]++;
		near += abs((int)port - (int)last) < 645;	/* 1 % either way */
		last = port;
	}
	sum /= SAMPLES;
	KUNIT_EXPECT_GT(test, sum, 33279ULL - 1000);
	KUNIT_EXPECT_LT(test, sum, 33279ULL + 1000);
	for (i = 0; i < 4; i++) {
		KUNIT_EXPECT_GT(test, quarter[i], SAMPLES / 4U - 300);
		KUNIT_EXPECT_LT(test, quarter[i], SAMPLES / 4U + 300);
	}
	KUNIT_EXPECT_LT(test, near, SAMPLES / 50U + 100);
}

/* Nearly full: every port must still be found, at a bounded cost. */
static void portmap_nearly_full(struct kunit *test)
{
	struct portmap_test *t = test->priv;
	u32 i, port;
	int found;

	start(test, 1, 65535);
	drain(test, 1, 65535, NATFW_PORT_ANY);
	for (i = 0; i < 2000; i++) {
		port = 1 + get_random_u32() % 65535;
		natfw_portmap_release(t->pm, port);
		found = natfw_portmap_find(t->pm, 1, 65535, port & 1 ? NATFW_PORT_ODD
								      : NATFW_PORT_EVEN);
		KUNIT_ASSERT_EQ(test, found, (int)port);
		KUNIT_ASSERT_EQ(test, natfw_portmap_take(t->pm, port, user_of(port)), 0);
	}
}

static void step_take(struct kunit *test, struct portmap_test *t, u32 port)
{
	int err = natfw_portmap_take(t->pm, port, user_of(port));

	KUNIT_ASSERT_EQ(test, !err, t->state[port] == PORT_FREE);
	if (err)
		return;
	t->state[port] = PORT_USED;
	t->used++;
}

static void step_find(struct kunit *test, struct portmap_test *t, u32 a, u32 b)
{
	enum natfw_port_want want = get_random_u32() % 4;
	int port = natfw_portmap_find(t->pm, min(a, b), max(a, b), want);
	u32 i, last = max(a, b);

	if (port >= 0) {
		KUNIT_ASSERT_EQ(test, (int)t->state[port], (int)PORT_FREE);
		if (want == NATFW_PORT_PAIR)
			KUNIT_ASSERT_EQ(test, (int)t->state[port + 1], (int)PORT_FREE);
		return;
	}
	for (i = min(a, b); i <= last && i - min(a, b) < 600; i++) {
		if (t->state[i] != PORT_FREE)
			continue;
		if (want == NATFW_PORT_PAIR)
			KUNIT_ASSERT_TRUE(test, i & 1 || i + 1 > last ||
					  t->state[i + 1] != PORT_FREE);
		else
			KUNIT_ASSERT_TRUE(test, want != NATFW_PORT_ANY &&
					  (i & 1) != (want == NATFW_PORT_ODD));
	}
}

static void step_drop(struct portmap_test *t, u32 port, u32 now)
{
	if (t->state[port] == PORT_USED && get_random_u32() % 2) {
		t->until[port] = now + 1 + get_random_u32() % 50;
		natfw_portmap_hold(t->pm, port, t->until[port]);
		t->state[port] = PORT_HELD;
		t->used--;
		t->held++;
	} else if (t->state[port] == PORT_USED) {
		natfw_portmap_release(t->pm, port);
		t->state[port] = PORT_FREE;
		t->used--;
	} else if (t->state[port] == PORT_HELD && get_random_u32() % 2) {
		natfw_portmap_reclaim(t->pm, port, user_of(port));
		t->state[port] = PORT_USED;
		t->held--;
		t->used++;
	}
}

/* Every port in use is whose it was given to, and no other is anybody's. */
static void check_users(struct kunit *test, u32 min, u32 max)
{
	struct portmap_test *t = test->priv;
	int next = natfw_portmap_next(t->pm, 0);
	u32 port;

	rcu_read_lock();
	for (port = min; port <= max; port++) {
		bool used = t->state[port] == PORT_USED;

		KUNIT_EXPECT_PTR_EQ(test, natfw_portmap_user(t->pm, port),
				    used ? user_of(port) : NULL);
		if (!used)
			continue;
		KUNIT_EXPECT_EQ(test, next, (int)port);
		next = natfw_portmap_next(t->pm, port + 1);
	}
	KUNIT_EXPECT_EQ(test, next, -ENOENT);
	KUNIT_EXPECT_NULL(test, natfw_portmap_user(t->pm, min - 1));
	KUNIT_EXPECT_NULL(test, natfw_portmap_user(t->pm, max + 1));
	rcu_read_unlock();
}

/* Whatever happens, no port is given twice and none is lost. */
static void portmap_stress(struct kunit *test)
{
	struct portmap_test *t = test->priv;
	u32 i, now = 0, port, min = 900, max = 2500;

	start(test, min, max);
	for (i = 0; i < ROUNDS; i++) {
		port = min + get_random_u32() % (max - min + 1);
		switch (get_random_u32() % 4) {
		case 0:
		case 1:
			step_take(test, t, port);
			break;
		case 2:
			step_drop(t, port, now);
			break;
		default:
			step_find(test, t, port, min + get_random_u32() % (max - min + 1));
		}
		if (i % 50 == 0)
			natfw_portmap_sweep(t->pm, ++now, note_freed, t);
		if (i % 2000 == 0)
			check_users(test, min, max);
		KUNIT_ASSERT_EQ(test, t->pm->used, t->used);
		KUNIT_ASSERT_EQ(test, t->pm->held, t->held);
	}
	for (port = min; port <= max; port++) {
		KUNIT_ASSERT_EQ(test, natfw_portmap_is_free(t->pm, port),
				t->state[port] == PORT_FREE);
		if (t->state[port] == PORT_HELD)
			KUNIT_ASSERT_GT(test, t->until[port], now);
	}
	check_users(test, min, max);
}

static struct kunit_case portmap_cases[] = {
	{ .run_case = portmap_whole, .name = "4787-3 every port once, none twice" },
	{ .run_case = portmap_bounds, .name = "7422-2 bounds of the port range" },
	{ .run_case = portmap_parity, .name = "4787-4 parity" },
	{ .run_case = portmap_pairs, .name = "4787-4 pairs" },
	{ .run_case = portmap_hold, .name = "6888-8 a freed port is held" },
	{ .run_case = portmap_reclaim, .name = "6888-8 a held port taken on purpose" },
	{ .run_case = portmap_random, .name = "6888-15,7857-9 ports cannot be foreseen" },
	{ .run_case = portmap_nearly_full, .name = "6888-13 the last port is found" },
	{ .run_case = portmap_stress, .name = "4787-3 against an array" },
	{}
};

static struct kunit_suite portmap_suite = {
	.name = "natfw_portmap",
	.init = portmap_test_init,
	.exit = portmap_test_exit,
	.test_cases = portmap_cases,
};

kunit_test_suite(portmap_suite);
