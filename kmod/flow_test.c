// SPDX-License-Identifier: GPL-2.0-only
/* Layout and counters of flows, keys in their short form, identifications. */
#include <kunit/test.h>
#include <linux/bottom_half.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "flow.h"
#include "ident.h"

static struct natfw_flow *make_flow(struct kunit *test, bool v6)
{
	struct natfw_flow *f;

	f = kunit_kzalloc(test, sizeof(*f) + 2 * natfw_half_size(v6), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, f);
	f->flags = NATFW_FLOW_TWO | (v6 ? NATFW_FLOW_V6 : 0);
	natfw_flow_half(f, 1)->node.flags = NATFW_NODE_REPLY;
	return f;
}

static void random_key(struct natfw_key *k, bool v6)
{
	get_random_bytes(k, sizeof(*k));
	k->kind = NATFW_KIND_FLOW;
	if (v6) {
		k->src.b[0] = 0xfd;
		k->dst.b[0] = 0xfd;
	} else {
		natfw_addr_set4(&k->src, k->src.a32[3]);
		natfw_addr_set4(&k->dst, k->dst.a32[3]);
	}
}

static void check_keys(struct kunit *test, bool v6)
{
	struct natfw_flow *f = make_flow(test, v6);
	struct natfw_key k[2], back, other;
	struct natfw_half *h;
	u32 i;

	for (i = 0; i < 2; i++) {
		random_key(&k[i], v6);
		natfw_node_set_key(&natfw_flow_half(f, i)->node, &k[i]);
	}
	for (i = 0; i < 2; i++) {
		h = natfw_flow_half(f, i);
		natfw_node_key(&h->node, &back);
		KUNIT_EXPECT_TRUE(test, natfw_key_equal(&back, &k[i]));
		KUNIT_EXPECT_TRUE(test, natfw_node_has_key(&h->node, &k[i]));
		KUNIT_EXPECT_FALSE(test, natfw_node_has_key(&h->node, &k[!i]));
		KUNIT_EXPECT_PTR_EQ(test, natfw_half_flow(h), f);
		KUNIT_EXPECT_PTR_EQ(test, natfw_half_other(h), natfw_flow_half(f, !i));
		KUNIT_EXPECT_EQ(test, natfw_half_reply(h), i == 1);
		KUNIT_EXPECT_EQ(test, natfw_node_tail(&h->node)->zone, k[i].zone);
	}
	/* each bit counts, but that source and destination are of one family */
	h = natfw_flow_half(f, 0);
	for (i = 0; i < sizeof(other) * 8; i++) {
		if (!v6 && i / 8 >= 16 && i / 8 < 28)
			continue;
		other = k[0];
		((u8 *)&other)[i / 8] ^= BIT(i % 8);
		KUNIT_EXPECT_FALSE_MSG(test, natfw_node_has_key(&h->node, &other), "bit %u", i);
	}
}

static void flow_keys(struct kunit *test)
{
	check_keys(test, false);
	check_keys(test, true);
}

/* Counters go on beyond what the halves themselves can hold. */
static void flow_counters(struct kunit *test)
{
	const u64 full = NATFW_ACC_FULL & NATFW_ACC_BYTES;
	struct natfw_flow *f = make_flow(test, false);
	u64 packets[2] = {}, bytes[2] = {};
	struct natfw_half *h;
	u32 i, len;

	for (i = 0; i < 2000; i++) {
		h = natfw_flow_half(f, i & 1);
		/* as if many had come: just below half full in bytes, or in packets */
		if (i % 100 < 2) {
			u64 more = i % 200 < 100 ? full - 10000
						 : (BIT_ULL(27) - 20) << NATFW_ACC_SHIFT;

			atomic64_set(&h->acc, 0);
			packets[i & 1] = natfw_half_packets(h) + (more >> NATFW_ACC_SHIFT);
			bytes[i & 1] = natfw_half_bytes(h) + (more & NATFW_ACC_BYTES);
			atomic64_set(&h->acc, more);
		}
		len = 60 + get_random_u32_below(60000);
		natfw_half_count(h, len);
		packets[i & 1]++;
		bytes[i & 1] += len;
		KUNIT_ASSERT_EQ(test, natfw_half_packets(h), packets[i & 1]);
		KUNIT_ASSERT_EQ(test, natfw_half_bytes(h), bytes[i & 1]);
	}
	KUNIT_EXPECT_NOT_NULL(test, f->extra);
	kfree(f->extra);
}

/* The value is not met again until others have been all the way round. */
static void ident_unique(struct kunit *test)
{
	u32 *last = kunit_kcalloc(test, 65536, sizeof(*last), GFP_KERNEL);
	u16 source = get_random_u32_below(1024);
	u32 i, n, count, close = 0;
	u16 id;

	KUNIT_ASSERT_NOT_NULL(test, last);
	for (i = 1, n = 1; i < 40000; i++) {
		count = i % 100 ? 1 : 1 + get_random_u32_below(40);
		local_bh_disable();
		id = natfw_ident_take(smp_processor_id(), source, count);
		local_bh_enable();
		for (; count; count--, id++, n++) {
			close += last[id] && n - last[id] < 32768;
			last[id] = n;
		}
	}
	KUNIT_EXPECT_EQ(test, close, 0u);
}

static void ident_sources(struct kunit *test)
{
	union natfw_addr a, b;
	u32 i, same = 0;

	natfw_addr_set4(&b, htonl(0xc0000201));
	for (i = 0; i < 4096; i++) {
		natfw_addr_set4(&a, htonl(0x0a000000 + i));
		KUNIT_EXPECT_LT(test, natfw_ident_source(&a, &b, 17), 1024);
		KUNIT_EXPECT_EQ(test, natfw_ident_source(&a, &b, 17),
				natfw_ident_source(&a, &b, 17));
		same += natfw_ident_source(&a, &b, 17) == natfw_ident_source(&a, &b, 6);
	}
	/* protocols are told apart: 4 are expected to fall together */
	KUNIT_EXPECT_LT(test, same, 40u);
}

static struct kunit_case flow_cases[] = {
	KUNIT_CASE(flow_keys),
	KUNIT_CASE(flow_counters),
	KUNIT_CASE(ident_unique),
	KUNIT_CASE(ident_sources),
	{}
};

static struct kunit_suite flow_suite = {
	.name		= "natfw-flow",
	.test_cases	= flow_cases,
};

kunit_test_suite(flow_suite);
