// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets for tests, see packet_test.h. There are none in here.
 */
#include <kunit/test.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/random.h>
#include <linux/skbuff.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/ipv6.h>

#include "flow.h"
#include "packet_test.h"
#include "parse.h"
#include "rewrite.h"

#define NATFW_SAMPLE_ROOM	128

static bool natfw_sample_icmp(const struct natfw_sample *s)
{
	return s->proto == IPPROTO_ICMP || s->proto == IPPROTO_ICMPV6;
}

unsigned int natfw_sample_nhlen(const struct natfw_sample *s)
{
	return (s->v6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr)) + s->extra;
}

static unsigned int natfw_sample_l4len(u8 proto)
{
	return proto == IPPROTO_TCP ? 20 : proto == IPPROTO_SCTP ? 12 :
	       proto == IPPROTO_DCCP ? 16 : proto == IPPROTO_GRE ? 4 : 8;
}

/* ---- checksums ---- */

/* Where it is, 0: there is none of this kind. */
static unsigned int natfw_sample_sum_at(u8 proto)
{
	switch (proto) {
	case IPPROTO_TCP:
		return 16;
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_DCCP:
		return 6;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return 2;
	default:
		return 0;
	}
}

/* Zero would say that there is none (RFC 768), or be wrong (RFC 3828). */
static bool natfw_sample_not_zero(u8 proto)
{
	return proto == IPPROTO_UDP || proto == IPPROTO_UDPLITE;
}

/* Of the pseudo header and what @sum is the sum of. */
static __sum16 natfw_sample_pseudo(const void *nh, const struct natfw_sample *s,
				   unsigned int len, __wsum sum)
{
	const struct ipv6hdr *ih6 = nh;
	const struct iphdr *ih = nh;

	if (s->v6)
		return csum_ipv6_magic(&ih6->saddr, &ih6->daddr, len, s->proto, sum);
	return csum_tcpudp_magic(ih->saddr, ih->daddr, len, s->proto, sum);
}

/* As the receiver makes it. */
static __sum16 natfw_sample_sum(const void *nh, const void *l4, unsigned int len,
				const struct natfw_sample *s)
{
	__wsum sum = csum_partial(l4, s->cover ?: len, 0);

	if (s->proto == IPPROTO_ICMP)
		return csum_fold(sum);
	return natfw_sample_pseudo(nh, s, len, sum);
}

void natfw_sample_seal(void *nh, u8 *l4, unsigned int len, const struct natfw_sample *s)
{
	__sum16 *sum = (__sum16 *)(l4 + natfw_sample_sum_at(s->proto));

	if (!natfw_sample_sum_at(s->proto))
		return;
	*sum = 0;
	*sum = natfw_sample_sum(nh, l4, len, s);
	if (natfw_sample_not_zero(s->proto) && !*sum)
		*sum = CSUM_MANGLED_0;
}

void natfw_sample_unseal(struct natfw_pkt *p, const struct natfw_sample *s)
{
	struct sk_buff *skb = p->skb;

	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_headroom(skb) + p->thoff;
	skb->csum_offset = natfw_sample_sum_at(s->proto);
	*(__sum16 *)(skb->data + p->thoff + skb->csum_offset) =
		~natfw_sample_pseudo(skb->data, s, skb->len - p->thoff, 0);
}

bool natfw_sample_sound(const void *nh, const void *l4, unsigned int len,
			const struct natfw_sample *s)
{
	const struct iphdr *ih = nh;
	unsigned int at = natfw_sample_sum_at(s->proto);

	if (!s->v6 && ip_fast_csum(nh, ih->ihl))
		return false;
	if (natfw_sample_not_zero(s->proto) && !*(const __sum16 *)(l4 + at))
		return false;
	return !at || !natfw_sample_sum(nh, l4, len, s);
}

/* ---- headers ---- */

static void natfw_sample_header4(struct iphdr *ih, const struct natfw_sample *s,
				 const struct natfw_key *k, unsigned int len)
{
	memset(ih, 0, natfw_sample_nhlen(s));
	memset(ih + 1, IPOPT_NOOP, s->extra);
	ih->version = 4;
	ih->ihl = natfw_sample_nhlen(s) / 4;
	ih->tot_len = htons(len);
	ih->id = htons(0x1234);
	ih->frag_off = s->may_fragment ? 0 : htons(IP_DF);
	ih->ttl = 64;
	ih->protocol = s->proto;
	ih->saddr = k->src.a32[3];
	ih->daddr = k->dst.a32[3];
	ih->check = ip_fast_csum(ih, ih->ihl);
}

/* @s->extra bytes of destination options. */
static void natfw_sample_header6(struct ipv6hdr *ih, const struct natfw_sample *s,
				 const struct natfw_key *k, unsigned int len)
{
	u8 *ext = (u8 *)(ih + 1);

	memset(ih, 0, natfw_sample_nhlen(s));
	ih->version = 6;
	ih->payload_len = htons(len - sizeof(*ih));
	ih->nexthdr = s->extra ? NEXTHDR_DEST : s->proto;
	ih->hop_limit = 64;
	ih->saddr = k->src.in6;
	ih->daddr = k->dst.in6;
	if (!s->extra)
		return;
	ext[0] = s->proto;
	ext[1] = s->extra / 8 - 1;
	ext[2] = IPV6_TLV_PADN;
	ext[3] = s->extra - 4;
}

void natfw_sample_header(void *nh, const struct natfw_sample *s, const struct natfw_key *k,
			 unsigned int len)
{
	if (s->v6)
		natfw_sample_header6(nh, s, k, len);
	else
		natfw_sample_header4(nh, s, k, len);
}

/* Transport header and payload of @len bytes at @l4, random but for the key. */
static void natfw_sample_l4(u8 *l4, unsigned int len, const struct natfw_sample *s,
			    const struct natfw_key *k)
{
	__be16 *w = (__be16 *)l4;

	get_random_bytes(l4, len);
	if (natfw_sample_icmp(s)) {
		l4[0] = s->type;
		w[2] = natfw_icmp_request(s->v6, s->type) ? k->sport : k->dport;
		return;
	}
	if (!natfw_proto_has_ports(s->proto))
		return;
	w[0] = k->sport;
	w[1] = k->dport;
	if (s->proto == IPPROTO_TCP)
		l4[12] = 5 << 4;
	else if (s->proto == IPPROTO_UDP)
		w[2] = htons(len);
	else if (s->proto == IPPROTO_UDPLITE)
		w[2] = htons(s->cover);
}

/* ---- packets ---- */

static void natfw_sample_addr(union natfw_addr *a, bool v6)
{
	get_random_bytes(a, sizeof(*a));
	if (v6)
		a->b[0] = 0x20;
	else
		natfw_addr_set4(a, a->a32[0]);
}

void natfw_sample_key(struct natfw_key *k, const struct natfw_sample *s)
{
	memset(k, 0, sizeof(*k));
	natfw_sample_addr(&k->src, s->v6);
	natfw_sample_addr(&k->dst, s->v6);
	k->proto = s->proto;
	if (!natfw_proto_has_ports(s->proto) && !natfw_sample_icmp(s))
		return;
	get_random_bytes(&k->ports, sizeof(k->ports));
	if (!natfw_sample_icmp(s))
		return;
	if (natfw_icmp_request(s->v6, s->type))
		k->dport = 0;
	else
		k->sport = 0;
}

void natfw_sample_xlat(struct natfw_xlat *x, const struct natfw_sample *s)
{
	struct natfw_key k;

	natfw_sample_key(&k, s);
	x->src = k.src;
	x->dst = k.dst;
	x->sport = k.sport;
	x->dport = k.dport;
}

unsigned int natfw_sample_write(u8 *buf, const struct natfw_sample *s, const struct natfw_key *k)
{
	unsigned int nhlen = natfw_sample_nhlen(s);
	unsigned int len = natfw_sample_l4len(s->proto) + s->payload;

	natfw_sample_header(buf, s, k, nhlen + len);
	natfw_sample_l4(buf + nhlen, len, s, k);
	natfw_sample_seal(buf, buf + nhlen, len, s);
	return nhlen + len;
}

void natfw_sample_skb(struct kunit *test, struct natfw_pkt *p, const void *data,
		      unsigned int len, bool v6)
{
	struct sk_buff *skb = alloc_skb(NATFW_SAMPLE_ROOM + len, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb_reserve(skb, NATFW_SAMPLE_ROOM);
	skb_put_data(skb, data, len);
	skb_reset_mac_header(skb);
	skb_reset_network_header(skb);
	skb->protocol = v6 ? htons(ETH_P_IPV6) : htons(ETH_P_IP);
	kfree_skb(p->skb);
	p->skb = skb;
}

void natfw_sample_create(struct kunit *test, struct natfw_pkt *p, const struct natfw_sample *s)
{
	u8 *buf = kunit_kzalloc(test, NATFW_SAMPLE_MAX, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, buf);
	natfw_sample_key(&p->key, s);
	natfw_sample_skb(test, p, buf, natfw_sample_write(buf, s, &p->key), s->v6);
	kunit_kfree(test, buf);
	p->flags = s->v6 ? NATFW_P_V6 : 0;
	if (natfw_sample_icmp(s))
		p->flags |= NATFW_P_QUERY;
	p->icmp_type = s->type;
	p->ttl = 64;
	p->thoff = natfw_sample_nhlen(s);
	skb_set_transport_header(p->skb, p->thoff);
}

/* ---- what must have come out ---- */

void natfw_expect_addrs(struct kunit *test, const void *nh, bool v6,
			const union natfw_addr *src, const union natfw_addr *dst)
{
	const struct ipv6hdr *ih6 = nh;
	const struct iphdr *ih = nh;

	if (v6) {
		KUNIT_EXPECT_TRUE(test, ipv6_addr_equal(&ih6->saddr, &src->in6));
		KUNIT_EXPECT_TRUE(test, ipv6_addr_equal(&ih6->daddr, &dst->in6));
	} else {
		KUNIT_EXPECT_TRUE(test, ih->saddr == src->a32[3]);
		KUNIT_EXPECT_TRUE(test, ih->daddr == dst->a32[3]);
	}
}

void natfw_expect_endpoints(struct kunit *test, const void *l4, const struct natfw_sample *s,
			    const struct natfw_xlat *x)
{
	const __be16 *w = l4;

	if (natfw_proto_has_ports(s->proto)) {
		KUNIT_EXPECT_EQ(test, ntohs(w[0]), ntohs(x->sport));
		KUNIT_EXPECT_EQ(test, ntohs(w[1]), ntohs(x->dport));
	} else if (natfw_sample_icmp(s)) {
		KUNIT_EXPECT_EQ(test, ntohs(w[2]),
				ntohs(natfw_icmp_request(s->v6, s->type) ? x->sport : x->dport));
	}
}
