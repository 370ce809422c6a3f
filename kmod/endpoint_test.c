// SPDX-License-Identifier: GPL-2.0-only
/*
 * The index of a host's endpoints against a plain array, on the kernel's own allocator,
 * whose sizes it counts on. tests/oracle/shim/endpoint.c has more.
 */
#include <kunit/test.h>
#include <linux/in.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "endpoint.h"

#define PORTS	3000
#define ROUNDS	60000

static const u8 protos[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP };

struct endpoint_test {
	struct natfw_endpoints	e;
	atomic_long_t		memory;
	u32			want[ARRAY_SIZE(protos)][PORTS]; /* external, address; 0: none */
	u32			count;
};

static int endpoint_test_init(struct kunit *test)
{
	test->priv = kunit_kzalloc(test, sizeof(struct endpoint_test), GFP_KERNEL);
	return test->priv ? 0 : -ENOMEM;
}

static void endpoint_test_exit(struct kunit *test)
{
	struct endpoint_test *t = test->priv;

	if (t)
		natfw_endpoints_free(&t->e, &t->memory);
}

static void add(struct kunit *test, u8 proto, u16 port, u16 address, u16 external)
{
	struct endpoint_test *t = test->priv;
	struct natfw_endpoint new = {
		.port = port, .proto = proto, .address = address, .external = external,
	};

	KUNIT_ASSERT_EQ(test, natfw_endpoint_add(&t->e, &new, &t->memory), 0);
	t->count++;
}

/* What is found, as in want[]. */
static u32 find(struct endpoint_test *t, u8 proto, u16 port)
{
	struct natfw_endpoint e;

	if (!natfw_endpoint_find(&t->e, proto, port, &e) || e.port != port || e.proto != proto)
		return 0;
	return (u32)e.external << 16 | e.address;
}

/* Add or, if @less, take out. One in @others is not at the first address. */
static void step(struct kunit *test, u32 others, bool less)
{
	struct endpoint_test *t = test->priv;
	u32 i = get_random_u32() % ARRAY_SIZE(protos), port = get_random_u32() % PORTS;
	u32 *want = &t->want[i][port], random = get_random_u32();

	KUNIT_ASSERT_EQ(test, find(t, protos[i], port), *want);
	if (*want && less) {
		natfw_endpoint_del(&t->e, protos[i], port, &t->memory);
		*want = 0;
		t->count--;
	} else if (!*want && !less) {
		*want = (random | 1 << 31) & 0xffff0000;
		if (random % others == 0)
			*want |= random % 500;
		add(test, protos[i], port, *want & 0xffff, *want >> 16);
	}
}

static void random_steps(struct kunit *test, u32 others)
{
	struct endpoint_test *t = test->priv;
	u32 i, port;

	for (i = 0; i < ROUNDS; i++)
		step(test, others, get_random_u32() % 100 < (i / (ROUNDS / 4) & 1 ? 80 : 20));
	KUNIT_EXPECT_EQ(test, t->e.count, t->count);
	for (i = 0; i < ARRAY_SIZE(protos); i++) {
		for (port = 0; port < PORTS; port++) {
			KUNIT_ASSERT_EQ(test, find(t, protos[i], port), t->want[i][port]);
			if (t->want[i][port])
				natfw_endpoint_del(&t->e, protos[i], port, &t->memory);
		}
	}
	KUNIT_EXPECT_EQ(test, atomic_long_read(&t->memory), 0);
}

static void test_one_address(struct kunit *test)
{
	random_steps(test, U32_MAX);
}

static void test_some_addresses(struct kunit *test)
{
	random_steps(test, 300);
}

static void test_any_address(struct kunit *test)
{
	random_steps(test, 1);
}

/* What is charged is what kmalloc() gives, not less. */
static void test_sizes(struct kunit *test)
{
	struct endpoint_test *t = test->priv;
	u16 port;

	for (port = 0; !t->e.tables; port++) {
		if (port)
			KUNIT_EXPECT_EQ(test, ksize(t->e.piece), atomic_long_read(&t->memory));
		add(test, IPPROTO_TCP, port, 1, 1024 + port);
	}
	KUNIT_EXPECT_GT(test, port, 60);
}

struct endpoint_bytes {
	u32	count;
	u32	most;		/* tenths of a byte, each */
};

static void test_bytes(struct kunit *test)
{
	static const struct endpoint_bytes bytes[] = {
		{ 1, 160 }, { 10, 64 }, { 100, 60 }, { 1000, 60 }, { 10000, 55 }, { 60000, 50 },
	};
	struct endpoint_test *t = test->priv;
	u32 i, n;

	for (i = 0; i < ARRAY_SIZE(bytes); i++) {
		for (n = 0; n < bytes[i].count; n++)
			add(test, IPPROTO_UDP, 1024 + n, 1, 1024 + n);
		KUNIT_EXPECT_LE(test, atomic_long_read(&t->memory) * 10,
				(long)bytes[i].count * bytes[i].most);
		natfw_endpoints_free(&t->e, &t->memory);
		KUNIT_EXPECT_EQ(test, atomic_long_read(&t->memory), 0);
	}
}

static struct kunit_case endpoint_cases[] = {
	{ .run_case = test_one_address, .name = "of one address, against an array" },
	{ .run_case = test_some_addresses, .name = "some of other addresses, against an array" },
	{ .run_case = test_any_address, .name = "of any address, against an array" },
	{ .run_case = test_sizes, .name = "pieces are of sizes kmalloc() has" },
	{ .run_case = test_bytes, .name = "bytes each" },
	{}
};

static struct kunit_suite endpoint_suite = {
	.name = "natfw_endpoint",
	.init = endpoint_test_init,
	.exit = endpoint_test_exit,
	.test_cases = endpoint_cases,
};

kunit_test_suite(endpoint_suite);
