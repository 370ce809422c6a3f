// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pools, without packets. Names begin with the requirements they show
 * (conformance reads them).
 */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/inet.h>
#include <linux/random.h>
#include <linux/rhashtable.h>
#include <linux/slab.h>

#include "owner.h"
#include "pool_test.h"

#define STRESS_HOSTS	40
#define STRESS_ROUNDS	20000

static int take_ask(struct kunit *test, u32 host, const struct natfw_port_ask *ask,
		    struct natfw_lease *lease)
{
	struct pool_test *t = test->priv;
	struct natfw_host *h;
	union natfw_addr addr;
	int err = -ENOMEM;

	natfw_addr_set4(&addr, htonl(0x0a000000 + host));
	lock(t);
	h = natfw_host_get(t->pool, &addr, 0);
	if (h) {
		err = natfw_pool_take(t->pool, h, ask, lease);
		natfw_host_settle(t->pool, h);
	}
	unlock(t);
	return err;
}

static int take(struct kunit *test, u32 host, u8 proto, u16 port,
		struct natfw_lease *lease)
{
	struct natfw_port_ask ask = { .proto = proto, .port = port };

	return take_ask(test, host, &ask, lease);
}

static void give(struct kunit *test, const struct natfw_lease *lease)
{
	struct pool_test *t = test->priv;

	lock(t);
	natfw_pool_give(t->pool, lease, true);
	if (lease->host)
		natfw_host_tidy(t->pool, lease->host);
	unlock(t);
}

static int claim(struct kunit *test, u8 proto, u16 port, struct natfw_lease *lease)
{
	struct pool_test *t = test->priv;
	int err;

	lock(t);
	err = natfw_pool_claim(t->pool, proto, 0, port, NULL, lease);
	unlock(t);
	return err;
}

static void many_addresses(struct pool_test *t)
{
	set_range(&t->ranges[0], "198.51.100.9", "198.51.100.10");
	set_range(&t->ranges[1], "192.0.2.1", "192.0.2.4");
	set_range(&t->ranges[2], "203.0.113.255", "203.0.114.0");
	t->nranges = 3;
}

static void pool_ranges(struct kunit *test)
{
	struct pool_test *t = test->priv;
	union natfw_addr addr;
	u32 i;

	many_addresses(t);
	make(test);
	KUNIT_ASSERT_EQ(test, t->pool->naddrs, 8U);
	for (i = 0; i < 8; i++) {
		natfw_pool_address(t->pool, i, &addr);
		KUNIT_EXPECT_EQ(test, natfw_pool_index(t->pool, &addr), (int)i);
		KUNIT_EXPECT_TRUE(test, natfw_pool_owns(t->nn, 0, &addr));
		KUNIT_EXPECT_FALSE(test, natfw_pool_owns(t->nn, 1, &addr));
	}
	natfw_addr_set4(&addr, in_aton("192.0.2.5"));
	KUNIT_EXPECT_FALSE(test, natfw_pool_owns(t->nn, 0, &addr));
	natfw_addr_set4(&addr, in_aton("203.0.114.1"));
	KUNIT_EXPECT_FALSE(test, natfw_pool_owns(t->nn, 0, &addr));
}

static void pool_paired(struct kunit *test)
{
	static const u8 protos[] = { IPPROTO_UDP, IPPROTO_TCP, IPPROTO_ICMP };
	struct natfw_lease first, lease;
	struct pool_test *t = test->priv;
	u32 i, host, others = 0, last = 0;

	many_addresses(t);
	make(test);
	for (host = 1; host < 30; host++) {
		KUNIT_ASSERT_EQ(test, take(test, host, IPPROTO_UDP, 99, &first), 0);
		others += host > 1 && first.address != last;
		last = first.address;
		for (i = 0; i < 50; i++) {
			KUNIT_ASSERT_EQ(test, take(test, host, protos[i % 3], i, &lease), 0);
			KUNIT_ASSERT_EQ(test, lease.address, first.address);
		}
	}
	/* and hosts are spread over the addresses */
	KUNIT_EXPECT_GT(test, others, 10U);
}

static void pool_paired_full(struct kunit *test)
{
	struct natfw_lease lease, first;
	struct pool_test *t = test->priv;
	u32 i;

	many_addresses(t);
	t->conf.port_max = t->conf.port_min + 9;
	make(test);
	KUNIT_ASSERT_EQ(test, take(test, 1, IPPROTO_UDP, 99, &first), 0);
	for (i = 1; i < 10; i++)
		KUNIT_ASSERT_EQ(test, take(test, 1, IPPROTO_UDP, 99, &lease), 0);
	KUNIT_EXPECT_EQ(test, take(test, 1, IPPROTO_UDP, 99, &lease), -ENOSPC);
	/* the other protocol's ports are its own */
	KUNIT_EXPECT_EQ(test, take(test, 1, IPPROTO_TCP, 99, &lease), 0);
	/* nobody else suffers */
	for (i = 2; i < 9; i++)
		KUNIT_EXPECT_EQ(test, take(test, i, IPPROTO_UDP, 99, &lease), 0);
}

static void pool_unpaired(struct kunit *test)
{
	struct pool_test *t = test->priv;
	struct natfw_lease lease;
	u32 i;

	many_addresses(t);
	t->conf.port_max = t->conf.port_min + 9;
	t->conf.flags = NATFW_POOL_FLAG_UNPAIRED;
	make(test);
	for (i = 0; i < 80; i++)
		KUNIT_ASSERT_EQ(test, take(test, 1, IPPROTO_UDP, 99, &lease), 0);
	KUNIT_EXPECT_EQ(test, take(test, 1, IPPROTO_UDP, 99, &lease), -ENOSPC);
}

static void pool_preserve(struct kunit *test)
{
	struct natfw_lease a, b, c;
	struct pool_test *t = test->priv;

	t->conf.flags = NATFW_POOL_FLAG_PRESERVE | NATFW_POOL_FLAG_PARITY;
	make(test);
	KUNIT_ASSERT_EQ(test, take(test, 1, IPPROTO_UDP, 40001, &a), 0);
	KUNIT_EXPECT_EQ(test, a.port, 40001);
	KUNIT_ASSERT_EQ(test, take(test, 2, IPPROTO_UDP, 40001, &b), 0);
	KUNIT_EXPECT_NE(test, b.port, 40001);
	KUNIT_EXPECT_EQ(test, b.port & 1, 1);
	KUNIT_ASSERT_EQ(test, take(test, 2, IPPROTO_TCP, 40001, &c), 0);
	KUNIT_EXPECT_EQ(test, c.port, 40001);
}

static void pool_classes(struct kunit *test)
{
	struct pool_test *t = test->priv;
	struct natfw_lease lease;
	u32 i;

	t->conf.port_min = 1000;
	make(test);
	for (i = 0; i < 24; i++) {
		KUNIT_ASSERT_EQ(test, take(test, 1, IPPROTO_UDP, 500, &lease), 0);
		KUNIT_EXPECT_LT(test, lease.port, 1024);
		KUNIT_ASSERT_EQ(test, take(test, 1, IPPROTO_UDP, 40000, &lease), 0);
		KUNIT_EXPECT_GE(test, lease.port, 1024);
	}
	/* better a port of the other class than none */
	KUNIT_ASSERT_EQ(test, take(test, 1, IPPROTO_UDP, 500, &lease), 0);
	KUNIT_EXPECT_GE(test, lease.port, 1024);
}

static void pool_parity(struct kunit *test)
{
	struct pool_test *t = test->priv;
	struct natfw_lease lease;
	u32 i;

	t->conf.flags = NATFW_POOL_FLAG_PARITY;
	make(test);
	for (i = 0; i < 500; i++) {
		KUNIT_ASSERT_EQ(test, take(test, i % 7, IPPROTO_UDP, i, &lease), 0);
		KUNIT_ASSERT_EQ(test, lease.port & 1, (int)(i & 1));
	}
}

static void pool_host_quota(struct kunit *test)
{
	struct pool_test *t = test->priv;
	struct natfw_lease lease;
	struct natfw_port_ask ask = { .proto = IPPROTO_UDP, .port = 4000, .pair = true };
	u32 i;

	t->conf.host_quota = 20;
	make(test);
	for (i = 0; i < 19; i++)
		KUNIT_ASSERT_EQ(test, take(test, 1, i % 2 ? IPPROTO_UDP : IPPROTO_TCP,
					   i, &lease), 0);
	KUNIT_EXPECT_EQ(test, take_ask(test, 1, &ask, &lease), -EDQUOT);
	KUNIT_EXPECT_EQ(test, take(test, 1, IPPROTO_ICMP, 1, &lease), 0);
	KUNIT_EXPECT_EQ(test, take(test, 1, IPPROTO_UDP, 1, &lease), -EDQUOT);
	KUNIT_EXPECT_EQ(test, take(test, 2, IPPROTO_UDP, 1, &lease), 0);
	give(test, &lease);
	expect_gauges(test, 10, 0, 1);
}

static void pool_owner_quota(struct kunit *test)
{
	struct natfw_owner owner = {};

	KUNIT_EXPECT_EQ(test, natfw_owner_charge(&owner, 2), 0);
	KUNIT_EXPECT_EQ(test, natfw_owner_charge(&owner, 2), 0);
	KUNIT_EXPECT_EQ(test, natfw_owner_charge(&owner, 2), -EDQUOT);
	KUNIT_EXPECT_EQ(test, atomic_read(&owner.ports), 2);
	natfw_owner_uncharge(&owner);
	KUNIT_EXPECT_EQ(test, natfw_owner_charge(&owner, 2), 0);
	KUNIT_EXPECT_EQ(test, natfw_owner_charge(&owner, 0), 0);
}

static void pool_hold(struct kunit *test)
{
	struct pool_test *t = test->priv;
	struct natfw_lease lease;
	unsigned long freed;

	t->conf.port_max = t->conf.port_min;
	t->conf.hold = 2;
	make(test);
	KUNIT_ASSERT_EQ(test, take(test, 1, IPPROTO_UDP, 9, &lease), 0);
	give(test, &lease);
	freed = jiffies;
	expect_gauges(test, 0, 1, 0);
	KUNIT_EXPECT_EQ(test, take(test, 1, IPPROTO_UDP, 9, &lease), -ENOSPC);
	while (take(test, 2, IPPROTO_UDP, 9, &lease) &&
	       time_before(jiffies, freed + 10 * HZ))
		msleep(20);
	KUNIT_EXPECT_TRUE(test, time_after_eq(jiffies, freed + 2 * HZ));
	expect_gauges(test, 1, 0, 1);
}

static void pool_blocks(struct kunit *test)
{
	struct pool_test *t = test->priv;
	struct natfw_lease *lease;
	u32 i, base;

	t->conf.block_size = 64;
	make(test);
	lease = kunit_kzalloc(test, 65 * sizeof(*lease), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, lease);
	KUNIT_ASSERT_EQ(test, take(test, 1, IPPROTO_UDP, 9, &lease[0]), 0);
	base = lease[0].port & ~63;
	for (i = 1; i < 64; i++) {
		KUNIT_ASSERT_EQ(test, take(test, 1, IPPROTO_UDP, 9, &lease[i]), 0);
		KUNIT_ASSERT_EQ(test, lease[i].port & ~63, base);
	}
	/* one more, out of a second block; another host out of a third */
	KUNIT_ASSERT_EQ(test, take(test, 1, IPPROTO_UDP, 9, &lease[64]), 0);
	KUNIT_EXPECT_NE(test, lease[64].port & ~63, base);
	give(test, &lease[64]);
	KUNIT_ASSERT_EQ(test, take(test, 2, IPPROTO_UDP, 9, &lease[64]), 0);
	KUNIT_EXPECT_NE(test, lease[64].port & ~63, base);
	for (i = 0; i < 65; i++)
		give(test, &lease[i]);
	expect_gauges(test, 0, 0, 0);
}

static void pool_block_quota(struct kunit *test)
{
	struct pool_test *t = test->priv;
	struct natfw_lease lease;
	u32 i;

	t->conf.block_size = 1024;
	t->conf.port_max = 4095;	/* three blocks */
	make(test);
	for (i = 1; i <= 3; i++)
		KUNIT_ASSERT_EQ(test, take(test, i, IPPROTO_UDP, 9, &lease), 0);
	KUNIT_EXPECT_EQ(test, take(test, 4, IPPROTO_UDP, 9, &lease), -ENOSPC);
	give(test, &lease);	/* the third host's last port: its block goes */
	KUNIT_EXPECT_EQ(test, take(test, 4, IPPROTO_UDP, 9, &lease), 0);
}

static void pool_block_hold(struct kunit *test)
{
	struct pool_test *t = test->priv;
	struct natfw_lease lease;
	u32 i;

	t->conf.block_size = 64;
	t->conf.port_min = 1024;
	t->conf.port_max = 1087;	/* one block */
	t->conf.hold = 1;
	make(test);
	KUNIT_ASSERT_EQ(test, take(test, 1, IPPROTO_UDP, 9, &lease), 0);
	give(test, &lease);
	expect_gauges(test, 0, 1, 1);
	KUNIT_EXPECT_EQ(test, take(test, 2, IPPROTO_UDP, 9, &lease), -ENOSPC);
	for (i = 0; i < 250 && take(test, 2, IPPROTO_UDP, 9, &lease); i++)
		msleep(20);
	expect_gauges(test, 1, 0, 1);
}

static void pool_claim(struct kunit *test)
{
	struct pool_test *t = test->priv;
	struct natfw_lease lease, fixed;

	t->conf.hold = 100;
	make(test);
	KUNIT_ASSERT_EQ(test, take(test, 1, IPPROTO_UDP, 9, &lease), 0);
	KUNIT_EXPECT_EQ(test, claim(test, IPPROTO_UDP, lease.port, &fixed), -EBUSY);
	give(test, &lease);
	expect_gauges(test, 0, 1, 0);
	/* an administrator may have a port that is on hold */
	KUNIT_EXPECT_EQ(test, claim(test, IPPROTO_UDP, lease.port, &fixed), 0);
	expect_gauges(test, 1, 0, 0);
	give(test, &fixed);
	expect_gauges(test, 0, 0, 0);
}

static void pool_watermark(struct kunit *test)
{
	struct natfw_lease lease[10];
	struct pool_test *t = test->priv;
	u32 i;

	t->conf.port_max = t->conf.port_min + 9;
	make(test);
	for (i = 0; i < 10; i++) {
		KUNIT_ASSERT_EQ(test, take(test, i, IPPROTO_UDP, 9, &lease[i]), 0);
		KUNIT_EXPECT_EQ(test, t->pool->high, i >= 7);
	}
	for (i = 0; i < 10; i++) {
		give(test, &lease[i]);
		KUNIT_EXPECT_EQ(test, t->pool->high, i < 2);
	}
}

/* Take and give at random; no port twice, none lost, no host left over. */
static void pool_stress(struct kunit *test)
{
	struct natfw_lease *lease, l;
	struct pool_test *t = test->priv;
	u32 i, j, n = 0, max = 4096;

	many_addresses(t);
	t->conf.port_max = 1900;
	t->conf.block_size = get_random_u32() % 2 ? 32 : 0;
	t->conf.flags = get_random_u32() % 8;
	make(test);
	lease = kunit_kzalloc(test, max * sizeof(*lease), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, lease);
	for (i = 0; i < STRESS_ROUNDS; i++) {
		if (n < max && get_random_u32() % 5 < 3) {
			if (!take(test, get_random_u32() % STRESS_HOSTS, IPPROTO_UDP,
				  get_random_u32(), &l))
				lease[n++] = l;
		} else if (n) {
			j = get_random_u32() % n;
			give(test, &lease[j]);
			lease[j] = lease[--n];
		}
	}
	expect_gauges(test, n, 0, t->pool->nhosts);
	for (i = 0; i < n; i++) {
		for (j = i + 1; j < n; j++)
			KUNIT_ASSERT_FALSE(test, lease[i].port == lease[j].port &&
					   lease[i].address == lease[j].address);
	}
	while (n)
		give(test, &lease[--n]);
	expect_gauges(test, 0, 0, 0);
}

static struct kunit_case pool_cases[] = {
	{ .run_case = pool_ranges, .name = "6888-3 ranges apart from one another" },
	{ .run_case = pool_paired, .name = "4787-2,6888-2 a host keeps one address" },
	{ .run_case = pool_paired_full, .name = "7857-4,7857-5 a paired address runs out" },
	{ .run_case = pool_unpaired, .name = "6888-2b pairing relaxed" },
	{ .run_case = pool_preserve, .name = "7857-9 preserved port, collision" },
	{ .run_case = pool_classes, .name = "4787-3a system ports and others" },
	{ .run_case = pool_parity, .name = "4787-4 parity" },
	{ .run_case = pool_host_quota, .name = "6888-4 ports of a host" },
	{ .run_case = pool_owner_quota, .name = "6888-4 ports of an owner" },
	{ .run_case = pool_hold, .name = "6888-8 hold time" },
	{ .run_case = pool_blocks, .name = "6888-14 blocks of ports" },
	{ .run_case = pool_block_quota, .name = "6888-14 a block is given back" },
	{ .run_case = pool_block_hold, .name = "6888-8,6888-14 a block outlives its holds" },
	{ .run_case = pool_claim, .name = "6888-8 static ports are exempt from holds" },
	{ .run_case = pool_watermark, .name = "6888-11c watermark with hysteresis" },
	{ .run_case = pool_stress, .name = "4787-3 many hosts at random" },
	{}
};

static struct kunit_suite pool_suite = {
	.name = "natfw_pool",
	.init = pool_test_init,
	.exit = pool_test_exit,
	.test_cases = pool_cases,
};

kunit_test_suite(pool_suite);
