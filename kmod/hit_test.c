// SPDX-License-Identifier: GPL-2.0-only
/*
 * Translation the short way, against checksums computed from scratch, and the keys it
 * goes by.
 */
#include <kunit/test.h>
#include <linux/random.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/ip.h>

#include "hit.h"
#include "packet_test.h"

#define HIT_ROUNDS	200
#define HIT_DATA	21	/* odd: the last byte counts as a word's first */

enum hit_sum {
	HIT_SUMMED,
	HIT_PARTIAL,	/* left to the card */
	HIT_NONE,	/* UDP without one */
	HIT_SUMS
};

/* A packet, and the flow it is of. */
struct hit {
	struct natfw_sample	s;
	enum hit_sum		sum;
	struct natfw_pkt	p;
	struct natfw_xlat	x;	/* what it is to become */
	struct natfw_flow	flow;
	u64			halves[2 * (sizeof(struct natfw_half) / sizeof(u64) +
					    NATFW_NODE_WORDS6)];
};

static __sum16 *hit_l4sum(const struct hit *t)
{
	void *h = t->p.skb->data + t->p.thoff;

	return t->s.proto == IPPROTO_TCP ? &((struct tcphdr *)h)->check
					 : &((struct udphdr *)h)->check;
}

static void hit_packet(struct kunit *test, struct hit *t)
{
	natfw_sample_create(test, &t->p, &t->s);
	natfw_sample_xlat(&t->x, &t->s);
	if (t->sum == HIT_PARTIAL)
		natfw_sample_unseal(&t->p, &t->s);
	else if (t->sum == HIT_NONE)
		*hit_l4sum(t) = 0;
}

/* Half @i of the flow, under @k. */
static void hit_half(struct hit *t, u32 i, const struct natfw_key *k)
{
	struct natfw_half *h = natfw_flow_half(&t->flow, i);

	h->node.flags = i ? NATFW_NODE_REPLY : 0;
	natfw_node_set_key(&h->node, k);
}

/* A flow whose half @i is that of the packet. */
static struct natfw_half *hit_flow(struct hit *t, u32 i)
{
	struct natfw_key reply = {
		.src = t->x.dst, .dst = t->x.src,
		.sport = t->x.dport, .dport = t->x.sport, .proto = t->s.proto,
	};

	memset(&t->flow, 0, sizeof(t->flow) + sizeof(t->halves));
	t->flow.flags = NATFW_FLOW_TWO | NATFW_FLOW_NAT | (t->s.v6 ? NATFW_FLOW_V6 : 0);
	hit_half(t, i, &t->p.key);
	hit_half(t, !i, &reply);
	return natfw_flow_half(&t->flow, i);
}

static void hit_rewrite(struct hit *t, const struct natfw_half *h)
{
	local_bh_disable();
	t->p.cpu = smp_processor_id();
	natfw_test_hit_rewrite(&t->p, h);
	local_bh_enable();
}

static void hit_check_header(struct kunit *test, const struct hit *t)
{
	const void *nh = t->p.skb->data;
	const struct ipv6hdr *ih6 = nh;
	const struct iphdr *ih = nh;

	natfw_expect_addrs(test, nh, t->s.v6, &t->x.src, &t->x.dst);
	KUNIT_EXPECT_EQ(test, t->s.v6 ? ih6->hop_limit : ih->ttl, 63);
	if (t->s.v6)
		return;
	KUNIT_EXPECT_EQ(test, ip_fast_csum(ih, ih->ihl), 0);
	KUNIT_EXPECT_EQ(test, ih->frag_off, t->s.may_fragment ? 0 : htons(IP_DF));
}

static void hit_check_transport(struct kunit *test, const struct hit *t)
{
	struct sk_buff *skb = t->p.skb;

	natfw_expect_endpoints(test, skb->data + t->p.thoff, &t->s, &t->x);
	if (t->sum == HIT_NONE) {
		KUNIT_EXPECT_EQ(test, *hit_l4sum(t), 0);
		return;
	}
	if (t->sum == HIT_PARTIAL)
		KUNIT_ASSERT_EQ(test, skb_checksum_help(skb), 0);
	KUNIT_EXPECT_TRUE(test, natfw_sample_sound(skb->data, skb->data + t->p.thoff,
						   skb->len - t->p.thoff, &t->s));
}

static void hit_round(struct kunit *test, struct hit *t, u32 half)
{
	__be16 id;

	hit_packet(test, t);
	id = ip_hdr(t->p.skb)->id;
	hit_rewrite(t, hit_flow(t, half));
	hit_check_header(test, t);
	hit_check_transport(test, t);
	if (!t->s.v6 && !t->s.may_fragment)
		KUNIT_EXPECT_EQ(test, ip_hdr(t->p.skb)->id, id);
}

static void natfw_hit_sums(struct kunit *test)
{
	struct hit *t = test->priv;
	u32 i;

	for (i = 0; i < HIT_ROUNDS * 16 * HIT_SUMS; i++) {
		t->s.v6 = i & 1;
		t->s.proto = i & 2 ? IPPROTO_TCP : IPPROTO_UDP;
		t->s.may_fragment = i & 4;
		t->sum = i / 16 % HIT_SUMS;
		if (t->sum == HIT_NONE && t->s.proto == IPPROTO_TCP)
			continue;
		hit_round(test, t, !!(i & 8));
	}
}

/* Two datagrams of the same source that may be fragmented are told apart. */
static void natfw_hit_ids(struct kunit *test)
{
	struct hit *t = test->priv;
	const struct natfw_half *h;
	struct iphdr *ih;
	__be16 id;

	t->s.proto = IPPROTO_UDP;
	t->s.may_fragment = true;
	hit_packet(test, t);
	h = hit_flow(t, 0);
	hit_rewrite(t, h);
	ih = ip_hdr(t->p.skb);
	id = ih->id;
	natfw_sample_header(ih, &t->s, &t->p.key, t->p.skb->len);
	hit_rewrite(t, h);
	KUNIT_EXPECT_NE(test, ih->id, id);
}

static void natfw_hit_tail(struct kunit *test)
{
	struct natfw_key a = {}, b = {};
	u32 i;

	for (i = 0; i < HIT_ROUNDS; i++) {
		a.ports = (__force __be32)get_random_u32();
		a.proto = get_random_u32();
		a.kind = NATFW_KIND_PEER;
		a.zone = get_random_u32();
		natfw_key_set_tail(&b, a.ports, a.proto, NATFW_KIND_PEER, a.zone);
		KUNIT_EXPECT_MEMEQ(test, &a, &b, sizeof(a));
	}
}

static int natfw_hit_test_init(struct kunit *test)
{
	struct hit *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	if (!t)
		return -ENOMEM;
	t->s.payload = HIT_DATA;
	test->priv = t;
	return 0;
}

static void natfw_hit_test_exit(struct kunit *test)
{
	struct hit *t = test->priv;

	if (t)
		kfree_skb(t->p.skb);
}

static struct kunit_case natfw_hit_cases[] = {
	{ .run_case = natfw_hit_sums, .name = "3022-1 TCP and UDP, the short way" },
	{ .run_case = natfw_hit_ids, .name = "6864-1,7857-10 identification, the short way" },
	{ .run_case = natfw_hit_tail, .name = "the last word of a key" },
	{}
};

static struct kunit_suite natfw_hit_suite = {
	.name = "natfw_hit",
	.init = natfw_hit_test_init,
	.exit = natfw_hit_test_exit,
	.test_cases = natfw_hit_cases,
};

kunit_test_suite(natfw_hit_suite);
