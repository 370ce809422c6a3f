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
#include <net/ip6_checksum.h>

#include "hit.h"

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
	struct sk_buff		*skb;
	struct natfw_pkt	p;
	struct natfw_key	to;	/* source and destination it is to leave with */
	bool			v6, tcp, df;
	enum hit_sum		sum;
	struct natfw_flow	flow;
	u64			halves[2 * (sizeof(struct natfw_half) / sizeof(u64) +
					    NATFW_NODE_WORDS6)];
};

static void hit_random_addr(union natfw_addr *a, bool v6)
{
	if (v6)
		get_random_bytes(a, sizeof(*a));
	else
		natfw_addr_set4(a, (__force __be32)get_random_u32());
}

static void hit_random_key(struct natfw_key *k, const struct hit *t)
{
	memset(k, 0, sizeof(*k));
	hit_random_addr(&k->src, t->v6);
	hit_random_addr(&k->dst, t->v6);
	k->ports = (__force __be32)get_random_u32();
	k->proto = t->tcp ? IPPROTO_TCP : IPPROTO_UDP;
}

static unsigned int hit_thoff(const struct hit *t)
{
	return t->v6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr);
}

static unsigned int hit_l4len(const struct hit *t)
{
	return (t->tcp ? sizeof(struct tcphdr) : sizeof(struct udphdr)) + HIT_DATA;
}

static __sum16 *hit_l4sum(const struct hit *t)
{
	void *h = t->skb->data + hit_thoff(t);

	return t->tcp ? &((struct tcphdr *)h)->check : &((struct udphdr *)h)->check;
}

/* Checksum of the pseudo header of a packet of @k, and of what @over is the sum of. */
static __sum16 hit_pseudo(const struct hit *t, const struct natfw_key *k, __wsum over)
{
	u32 len = hit_l4len(t);

	if (t->v6)
		return csum_ipv6_magic(&k->src.in6, &k->dst.in6, len, k->proto, over);
	return csum_tcpudp_magic(k->src.a32[3], k->dst.a32[3], len, k->proto, over);
}

static __wsum hit_transport_sum(const struct hit *t)
{
	return csum_partial(t->skb->data + hit_thoff(t), hit_l4len(t), 0);
}

static void hit_header(struct hit *t)
{
	struct ipv6hdr *ih6 = (struct ipv6hdr *)t->skb->data;
	struct iphdr *ih = (struct iphdr *)t->skb->data;

	if (t->v6) {
		*ih6 = (struct ipv6hdr){ .version = 6, .hop_limit = 64, .saddr = t->p.key.src.in6,
					 .daddr = t->p.key.dst.in6, .nexthdr = t->p.key.proto,
					 .payload_len = htons(hit_l4len(t)) };
		return;
	}
	*ih = (struct iphdr){ .version = 4, .ihl = 5, .ttl = 64, .protocol = t->p.key.proto,
			      .saddr = t->p.key.src.a32[3], .daddr = t->p.key.dst.a32[3],
			      .id = (__force __be16)get_random_u32(),
			      .frag_off = t->df ? htons(IP_DF) : 0,
			      .tot_len = htons(t->skb->len) };
	ip_send_check(ih);
}

static void hit_transport(struct hit *t)
{
	u8 *h = t->skb->data + hit_thoff(t);
	__sum16 *sum = hit_l4sum(t);

	get_random_bytes(h, hit_l4len(t));
	memcpy(h, &t->p.key.ports, 4);
	*sum = 0;
	if (t->sum == HIT_PARTIAL) {
		t->skb->ip_summed = CHECKSUM_PARTIAL;
		t->skb->csum_start = skb_headroom(t->skb) + hit_thoff(t);
		t->skb->csum_offset = (u8 *)sum - h;
		*sum = ~hit_pseudo(t, &t->p.key, 0);
	} else if (t->sum == HIT_SUMMED) {
		*sum = hit_pseudo(t, &t->p.key, hit_transport_sum(t)) ?: CSUM_MANGLED_0;
	}
}

static void hit_packet(struct kunit *test, struct hit *t)
{
	t->skb = alloc_skb(256, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, t->skb);
	skb_reserve(t->skb, 64);
	skb_put(t->skb, hit_thoff(t) + hit_l4len(t));
	hit_random_key(&t->p.key, t);
	hit_header(t);
	hit_transport(t);
	t->p.skb = t->skb;
	t->p.thoff = hit_thoff(t);
	t->p.flags = t->v6 ? NATFW_P_V6 : 0;
	t->p.ttl = 64;
}

/* Half @i of the flow, under @k. */
static void hit_half(struct hit *t, u32 i, const struct natfw_key *k)
{
	struct natfw_half *h = natfw_flow_half(&t->flow, i);

	h->node.flags = i ? NATFW_NODE_REPLY : 0;
	natfw_node_set_key(&h->node, k);
}

/* A flow whose half @i is that of the packet, which is to become @t->to. */
static struct natfw_half *hit_flow(struct hit *t, u32 i)
{
	struct natfw_key other;

	memset(&t->flow, 0, sizeof(t->flow) + sizeof(t->halves));
	t->flow.flags = NATFW_FLOW_TWO | NATFW_FLOW_NAT | (t->v6 ? NATFW_FLOW_V6 : 0);
	hit_random_key(&t->to, t);
	natfw_key_reverse(&other, &t->to, 0);
	hit_half(t, i, &t->p.key);
	hit_half(t, !i, &other);
	return natfw_flow_half(&t->flow, i);
}

static void hit_check4(struct kunit *test, const struct hit *t, __be16 id)
{
	const struct iphdr *ih = (const struct iphdr *)t->skb->data;

	KUNIT_EXPECT_EQ(test, ip_fast_csum(ih, ih->ihl), 0);
	KUNIT_EXPECT_EQ(test, ih->ttl, 63);
	KUNIT_EXPECT_EQ(test, ih->saddr, t->to.src.a32[3]);
	KUNIT_EXPECT_EQ(test, ih->daddr, t->to.dst.a32[3]);
	if (t->df)
		KUNIT_EXPECT_EQ(test, ih->id, id);
}

static void hit_check6(struct kunit *test, const struct hit *t)
{
	const struct ipv6hdr *ih = (const struct ipv6hdr *)t->skb->data;

	KUNIT_EXPECT_EQ(test, ih->hop_limit, 63);
	KUNIT_EXPECT_TRUE(test, ipv6_addr_equal(&ih->saddr, &t->to.src.in6));
	KUNIT_EXPECT_TRUE(test, ipv6_addr_equal(&ih->daddr, &t->to.dst.in6));
}

static void hit_check_transport(struct kunit *test, const struct hit *t)
{
	__sum16 sum = *hit_l4sum(t);

	KUNIT_EXPECT_MEMEQ(test, t->skb->data + hit_thoff(t), &t->to.ports, 4);
	if (t->sum == HIT_NONE)
		KUNIT_EXPECT_EQ(test, sum, 0);
	else if (t->sum == HIT_PARTIAL)
		KUNIT_EXPECT_EQ(test, (u16)~(__force u16)sum % 0xffff,
				(__force u16)hit_pseudo(t, &t->to, 0) % 0xffff);
	else
		KUNIT_EXPECT_EQ(test, hit_pseudo(t, &t->to, hit_transport_sum(t)), 0);
	if (!t->tcp && t->sum == HIT_SUMMED)
		KUNIT_EXPECT_NE(test, sum, 0);
}

static void hit_round(struct kunit *test, struct hit *t, u32 half)
{
	const struct natfw_half *h;
	__be16 id;

	hit_packet(test, t);
	h = hit_flow(t, half);
	id = ((const struct iphdr *)t->skb->data)->id;
	local_bh_disable();
	t->p.cpu = smp_processor_id();
	natfw_test_hit_rewrite(&t->p, h);
	local_bh_enable();
	if (t->v6)
		hit_check6(test, t);
	else
		hit_check4(test, t, id);
	hit_check_transport(test, t);
	kfree_skb(t->skb);
}

static void natfw_hit_sums(struct kunit *test)
{
	struct hit *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, t);
	for (i = 0; i < HIT_ROUNDS * 16 * HIT_SUMS; i++) {
		t->v6 = i & 1;
		t->tcp = i & 2;
		t->df = i & 4;
		t->sum = i / 16 % HIT_SUMS;
		if (t->sum == HIT_NONE && t->tcp)
			continue;
		hit_round(test, t, !!(i & 8));
	}
}

/* Two datagrams of the same source that may be fragmented are told apart. */
static void natfw_hit_ids(struct kunit *test)
{
	struct hit *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	const struct natfw_half *h;
	struct iphdr *ih;
	__be16 id;

	KUNIT_ASSERT_NOT_NULL(test, t);
	hit_packet(test, t);
	h = hit_flow(t, 0);
	ih = (struct iphdr *)t->skb->data;
	local_bh_disable();
	t->p.cpu = smp_processor_id();
	natfw_test_hit_rewrite(&t->p, h);
	id = ih->id;
	hit_header(t);
	natfw_test_hit_rewrite(&t->p, h);
	local_bh_enable();
	KUNIT_EXPECT_NE(test, ih->id, id);
	kfree_skb(t->skb);
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

static struct kunit_case natfw_hit_cases[] = {
	{ .run_case = natfw_hit_sums, .name = "3022-1 TCP and UDP, the short way" },
	{ .run_case = natfw_hit_ids, .name = "6864-1,7857-10 identification, the short way" },
	{ .run_case = natfw_hit_tail, .name = "the last word of a key" },
	{}
};

static struct kunit_suite natfw_hit_suite = {
	.name = "natfw_hit",
	.test_cases = natfw_hit_cases,
};

kunit_test_suite(natfw_hit_suite);
