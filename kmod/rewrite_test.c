// SPDX-License-Identifier: GPL-2.0-only
/*
 * Translation against checksums computed from scratch. Names begin with the
 * requirements they show (conformance reads them).
 */
#include <kunit/test.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/random.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/ipv6.h>
#include <net/sctp/checksum.h>

#include "net.h"
#include "emit.h"
#include "rewrite.h"

#define NATFW_TEST_ROOM		128
#define NATFW_TEST_MAX		2048
#define NATFW_TEST_ROUNDS	500

/* What a packet is to look like. */
struct natfw_shape {
	bool	v6;
	u8	proto;
	u8	type;		/* of ICMP */
	u8	extra;		/* IPv4 options or extension headers, bytes */
	u16	payload;	/* behind the transport header */
	u16	cover;		/* bytes the checksum covers, 0: all */
};

struct natfw_test {
	struct natfw_net	*nn;
	struct natfw_pkt	p;
	struct natfw_xlat	x;
};

/* ---- the reference: checksums over everything ---- */

static unsigned int natfw_test_nhlen(const struct natfw_shape *s)
{
	return (s->v6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr)) + s->extra;
}

static unsigned int natfw_test_l4len(u8 proto)
{
	return proto == IPPROTO_TCP ? 20 : proto == IPPROTO_SCTP ? 12 :
	       proto == IPPROTO_DCCP ? 16 : proto == IPPROTO_GRE ? 4 : 8;
}

/* Sum as the receiver makes it: pseudo header and @cover bytes of @len. */
static __sum16 natfw_test_sum(const void *nh, const void *l4, bool v6, u8 proto,
			      unsigned int len, unsigned int cover)
{
	const struct ipv6hdr *ih6 = nh;
	const struct iphdr *ih = nh;
	__wsum sum = csum_partial(l4, cover ?: len, 0);

	if (proto == IPPROTO_ICMP)
		return csum_fold(sum);
	if (v6)
		return csum_ipv6_magic(&ih6->saddr, &ih6->daddr, len, proto, sum);
	return csum_tcpudp_magic(ih->saddr, ih->daddr, len, proto, sum);
}

/* True if a receiver would take the packet at @nh, its transport at @l4. */
static bool natfw_test_sound(const void *nh, const void *l4, unsigned int len,
			     const struct natfw_shape *s)
{
	const struct iphdr *ih = nh;
	const struct natfw_l4 *info = natfw_l4_find(s->proto, s->v6);

	if (!s->v6 && ip_fast_csum(nh, ih->ihl))
		return false;
	return !info->csum ||
	       !natfw_test_sum(nh, l4, s->v6, s->proto, len, s->cover);
}

/* ---- making packets ---- */

static void natfw_test_addr(union natfw_addr *a, bool v6)
{
	get_random_bytes(a, sizeof(*a));
	if (v6)
		a->b[0] = 0x20;
	else
		natfw_addr_set4(a, a->a32[0]);
}

static void natfw_test_nh4(struct iphdr *ih, const struct natfw_shape *s,
			   const struct natfw_key *k, unsigned int len)
{
	memset(ih, 0, natfw_test_nhlen(s));
	memset(ih + 1, IPOPT_NOOP, s->extra);
	ih->version = 4;
	ih->ihl = natfw_test_nhlen(s) / 4;
	ih->tot_len = htons(len);
	ih->id = htons(0x1234);
	ih->frag_off = htons(IP_DF);
	ih->ttl = 64;
	ih->protocol = s->proto;
	ih->saddr = k->src.a32[3];
	ih->daddr = k->dst.a32[3];
	ih->check = ip_fast_csum(ih, ih->ihl);
}

/* @s->extra bytes of destination options. */
static void natfw_test_nh6(struct ipv6hdr *ih, const struct natfw_shape *s,
			   const struct natfw_key *k, unsigned int len)
{
	u8 *ext = (u8 *)(ih + 1);

	memset(ih, 0, natfw_test_nhlen(s));
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

static void natfw_test_seal(void *nh, u8 *l4, unsigned int len,
			    const struct natfw_shape *s)
{
	const struct natfw_l4 *info = natfw_l4_find(s->proto, s->v6);
	__sum16 *sum = (__sum16 *)(l4 + info->csum);

	if (!info->csum)
		return;
	*sum = 0;
	*sum = natfw_test_sum(nh, l4, s->v6, s->proto, len, s->cover);
	if (info->mangle && !*sum)
		*sum = CSUM_MANGLED_0;
}

/* Transport header and payload of @len bytes at @l4, random but for the key. */
static void natfw_test_l4(u8 *l4, unsigned int len, const struct natfw_shape *s,
			  const struct natfw_key *k)
{
	__be16 *w = (__be16 *)l4;

	get_random_bytes(l4, len);
	if (s->proto == IPPROTO_ICMP || s->proto == IPPROTO_ICMPV6) {
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

/* A whole packet into @buf; returns its length. */
static unsigned int natfw_test_packet(u8 *buf, const struct natfw_shape *s,
				      const struct natfw_key *k)
{
	unsigned int nhlen = natfw_test_nhlen(s);
	unsigned int len = natfw_test_l4len(s->proto) + s->payload;

	if (s->v6)
		natfw_test_nh6((struct ipv6hdr *)buf, s, k, nhlen + len);
	else
		natfw_test_nh4((struct iphdr *)buf, s, k, nhlen + len);
	natfw_test_l4(buf + nhlen, len, s, k);
	natfw_test_seal(buf, buf + nhlen, len, s);
	return nhlen + len;
}

static void natfw_test_key(struct natfw_key *k, const struct natfw_shape *s)
{
	bool query = s->proto == IPPROTO_ICMP || s->proto == IPPROTO_ICMPV6;

	memset(k, 0, sizeof(*k));
	natfw_test_addr(&k->src, s->v6);
	natfw_test_addr(&k->dst, s->v6);
	k->proto = s->proto;
	if (!natfw_proto_has_ports(s->proto) && !query)
		return;
	get_random_bytes(&k->ports, sizeof(k->ports));
	if (query && natfw_icmp_request(s->v6, s->type))
		k->dport = 0;
	else if (query)
		k->sport = 0;
}

static void natfw_test_xlat(struct natfw_xlat *x, const struct natfw_shape *s)
{
	struct natfw_key k;

	natfw_test_key(&k, s);
	x->src = k.src;
	x->dst = k.dst;
	x->sport = k.sport;
	x->dport = k.dport;
}

static void natfw_test_skb(struct kunit *test, struct natfw_pkt *p, const void *data,
			   unsigned int len, bool v6)
{
	struct sk_buff *skb = alloc_skb(NATFW_TEST_ROOM + len, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb_reserve(skb, NATFW_TEST_ROOM);
	skb_put_data(skb, data, len);
	skb_reset_mac_header(skb);
	skb_reset_network_header(skb);
	skb->protocol = v6 ? htons(ETH_P_IPV6) : htons(ETH_P_IP);
	kfree_skb(p->skb);
	p->skb = skb;
}

/* A random packet of shape @s in t->p, and a translation for it in t->x. */
static void natfw_test_make(struct kunit *test, const struct natfw_shape *s)
{
	struct natfw_test *t = test->priv;
	struct natfw_pkt *p = &t->p;
	u8 *buf = kunit_kzalloc(test, NATFW_TEST_MAX, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, buf);
	natfw_test_key(&p->key, s);
	natfw_test_xlat(&t->x, s);
	natfw_test_skb(test, p, buf, natfw_test_packet(buf, s, &p->key), s->v6);
	kunit_kfree(test, buf);
	p->flags = s->v6 ? NATFW_P_V6 : 0;
	if (s->proto == IPPROTO_ICMP || s->proto == IPPROTO_ICMPV6)
		p->flags |= NATFW_P_QUERY;
	p->icmp_type = s->type;
	p->thoff = natfw_test_nhlen(s);
	skb_set_transport_header(p->skb, p->thoff);
}

static const void *natfw_test_at(const struct natfw_pkt *p)
{
	return p->skb->data + p->thoff;
}

/* ---- what must have come out ---- */

static void natfw_expect_addrs(struct kunit *test, const void *nh, bool v6,
			       const union natfw_addr *src,
			       const union natfw_addr *dst)
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

static void natfw_expect_ports(struct kunit *test, const void *l4,
			       const struct natfw_shape *s, __be16 sport, __be16 dport)
{
	const __be16 *w = l4;

	if (natfw_proto_has_ports(s->proto)) {
		KUNIT_EXPECT_EQ(test, ntohs(w[0]), ntohs(sport));
		KUNIT_EXPECT_EQ(test, ntohs(w[1]), ntohs(dport));
	} else if (s->proto == IPPROTO_ICMP || s->proto == IPPROTO_ICMPV6) {
		KUNIT_EXPECT_EQ(test, ntohs(w[2]),
				ntohs(natfw_icmp_request(s->v6, s->type) ? sport
									 : dport));
	}
}

static void natfw_expect_done(struct kunit *test, const struct natfw_shape *s)
{
	const struct natfw_test *t = test->priv;
	const struct natfw_pkt *p = &t->p;
	unsigned int len = p->skb->len - p->thoff;

	natfw_expect_addrs(test, p->skb->data, s->v6, &t->x.src, &t->x.dst);
	natfw_expect_ports(test, natfw_test_at(p), s, t->x.sport, t->x.dport);
	KUNIT_EXPECT_TRUE(test, natfw_test_sound(p->skb->data, natfw_test_at(p),
						 len, s));
}

/* Translate packets of shape @s with all payload lengths up to some. */
static void natfw_test_shape(struct kunit *test, struct natfw_shape s)
{
	struct natfw_test *t = test->priv;
	unsigned int n;

	for (n = 0; n < NATFW_TEST_ROUNDS; n++) {
		s.payload = n % 67;
		natfw_test_make(test, &s);
		KUNIT_ASSERT_EQ(test, natfw_rewrite(&t->p, &t->x), 0);
		natfw_expect_done(test, &s);
	}
}

static void natfw_test_shapes(struct kunit *test, const struct natfw_shape *s,
			      unsigned int n)
{
	while (n--)
		natfw_test_shape(test, s[n]);
}

static void natfw_test_tcp(struct kunit *test)
{
	static const struct natfw_shape s[] = {
		{ .proto = IPPROTO_TCP },
		{ .proto = IPPROTO_TCP, .extra = 8 },
		{ .proto = IPPROTO_TCP, .v6 = true },
		{ .proto = IPPROTO_TCP, .v6 = true, .extra = 24 },
	};

	natfw_test_shapes(test, s, ARRAY_SIZE(s));
}

static void natfw_test_udp(struct kunit *test)
{
	static const struct natfw_shape s[] = {
		{ .proto = IPPROTO_UDP },
		{ .proto = IPPROTO_UDP, .extra = 12 },
		{ .proto = IPPROTO_UDP, .v6 = true },
		{ .proto = IPPROTO_UDP, .v6 = true, .extra = 8 },
	};

	natfw_test_shapes(test, s, ARRAY_SIZE(s));
}

static void natfw_test_icmp(struct kunit *test)
{
	static const struct natfw_shape s[] = {
		{ .proto = IPPROTO_ICMP, .type = ICMP_ECHO },
		{ .proto = IPPROTO_ICMP, .type = ICMP_ECHOREPLY },
		{ .proto = IPPROTO_ICMP, .type = ICMP_TIMESTAMP },
		{ .proto = IPPROTO_ICMP, .type = ICMP_TIMESTAMPREPLY },
		{ .proto = IPPROTO_ICMPV6, .type = ICMPV6_ECHO_REQUEST, .v6 = true },
		{ .proto = IPPROTO_ICMPV6, .type = ICMPV6_ECHO_REPLY, .v6 = true },
	};

	natfw_test_shapes(test, s, ARRAY_SIZE(s));
}

static void natfw_test_udplite(struct kunit *test)
{
	static const struct natfw_shape s[] = {
		{ .proto = IPPROTO_UDPLITE },
		{ .proto = IPPROTO_UDPLITE, .cover = 8 },
		{ .proto = IPPROTO_UDPLITE, .cover = 8, .v6 = true },
	};

	natfw_test_shapes(test, s, ARRAY_SIZE(s));
}

static void natfw_test_dccp(struct kunit *test)
{
	static const struct natfw_shape s[] = {
		{ .proto = IPPROTO_DCCP, .payload = 33 },
		{ .proto = IPPROTO_DCCP, .cover = 16 },
		{ .proto = IPPROTO_DCCP, .v6 = true },
	};
	struct natfw_test *t = test->priv;
	u8 cover;

	natfw_test_shapes(test, s, ARRAY_SIZE(s));
	natfw_test_make(test, &s[0]);
	cover = t->p.skb->data[t->p.thoff + 5];
	KUNIT_ASSERT_EQ(test, natfw_rewrite(&t->p, &t->x), 0);
	KUNIT_EXPECT_EQ(test, t->p.skb->data[t->p.thoff + 5], cover);
}

static void natfw_test_portless(struct kunit *test)
{
	static const struct natfw_shape s[] = {
		{ .proto = IPPROTO_GRE },
		{ .proto = IPPROTO_ESP },
		{ .proto = IPPROTO_ESP, .v6 = true },
	};

	natfw_test_shapes(test, s, ARRAY_SIZE(s));
}

/* ---- UDP and its zero ---- */

static void natfw_test_udp_none(struct kunit *test)
{
	const struct natfw_shape s = { .proto = IPPROTO_UDP, .payload = 21 };
	struct natfw_test *t = test->priv;
	struct udphdr *uh;

	natfw_test_make(test, &s);
	uh = (struct udphdr *)(t->p.skb->data + t->p.thoff);
	uh->check = 0;
	KUNIT_ASSERT_EQ(test, natfw_rewrite(&t->p, &t->x), 0);
	uh = (struct udphdr *)(t->p.skb->data + t->p.thoff);
	KUNIT_EXPECT_EQ(test, (__force u16)uh->check, 0);
	natfw_expect_addrs(test, t->p.skb->data, false, &t->x.src, &t->x.dst);
}

/* Every source port in turn: with one of them the sum comes out as zero. */
static void natfw_test_udp_zero(struct kunit *test)
{
	const struct natfw_shape s = { .proto = IPPROTO_UDP, .payload = 4 };
	struct natfw_test *t = test->priv;
	u32 port, hits = 0;
	__sum16 sum;

	natfw_test_make(test, &s);
	for (port = 0; port <= U16_MAX; port++) {
		t->x.sport = htons(port);
		KUNIT_ASSERT_EQ(test, natfw_rewrite(&t->p, &t->x), 0);
		sum = ((const struct udphdr *)natfw_test_at(&t->p))->check;
		KUNIT_ASSERT_NE(test, (__force u16)sum, 0);
		hits += sum == CSUM_MANGLED_0;
		if (!(port % 256) || sum == CSUM_MANGLED_0)
			natfw_expect_done(test, &s);
	}
	KUNIT_EXPECT_GE(test, hits, 1U);
}

/* ---- SCTP ---- */

static __le32 *natfw_test_crc(const struct natfw_pkt *p)
{
	return &((struct sctphdr *)(p->skb->data + p->thoff))->checksum;
}

static void natfw_test_sctp(struct kunit *test)
{
	struct natfw_shape s = { .proto = IPPROTO_SCTP };
	struct natfw_test *t = test->priv;
	__le32 error;
	unsigned int n;

	for (n = 0; n < NATFW_TEST_ROUNDS; n++) {
		s.payload = n % 67;
		s.v6 = n & 1;
		natfw_test_make(test, &s);
		error = n & 2 ? 0 : cpu_to_le32(get_random_u32());
		*natfw_test_crc(&t->p) = sctp_compute_cksum(t->p.skb, t->p.thoff) ^ error;
		KUNIT_ASSERT_EQ(test, natfw_rewrite(&t->p, &t->x), 0);
		natfw_expect_done(test, &s);
		KUNIT_EXPECT_EQ(test, (__force u32)*natfw_test_crc(&t->p),
				(__force u32)(sctp_compute_cksum(t->p.skb, t->p.thoff) ^
					      error));
	}
}

static void natfw_test_sctp_addrs(struct kunit *test)
{
	const struct natfw_shape s = { .proto = IPPROTO_SCTP, .payload = 40 };
	struct natfw_test *t = test->priv;
	__le32 crc;

	natfw_test_make(test, &s);
	crc = *natfw_test_crc(&t->p);
	t->x.sport = t->p.key.sport;
	t->x.dport = t->p.key.dport;
	KUNIT_ASSERT_EQ(test, natfw_rewrite(&t->p, &t->x), 0);
	natfw_expect_done(test, &s);
	KUNIT_EXPECT_EQ(test, (__force u32)*natfw_test_crc(&t->p), (__force u32)crc);
}

/* ---- what damage becomes ---- */

static void natfw_test_damaged(struct kunit *test)
{
	const struct natfw_shape s = { .proto = IPPROTO_TCP, .payload = 50 };
	struct natfw_test *t = test->priv;

	natfw_test_make(test, &s);
	t->p.skb->data[t->p.skb->len - 1] ^= 0x40;
	KUNIT_ASSERT_EQ(test, natfw_rewrite(&t->p, &t->x), 0);
	KUNIT_EXPECT_FALSE(test, natfw_test_sound(t->p.skb->data, natfw_test_at(&t->p),
						  t->p.skb->len - t->p.thoff, &s));
}

/* ---- offloads ---- */

/* Leave the transport checksum to the device. */
static void natfw_test_partial(struct natfw_test *t, const struct natfw_shape *s)
{
	const struct natfw_l4 *l4 = natfw_l4_find(s->proto, s->v6);
	struct sk_buff *skb = t->p.skb;
	unsigned int len = skb->len - t->p.thoff;
	const struct natfw_key *k = &t->p.key;
	__sum16 sum;

	if (s->v6)
		sum = ~csum_ipv6_magic(&k->src.in6, &k->dst.in6, len, s->proto, 0);
	else
		sum = ~csum_tcpudp_magic(k->src.a32[3], k->dst.a32[3], len,
					 s->proto, 0);
	*(__sum16 *)(skb->data + t->p.thoff + l4->csum) = sum;
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_headroom(skb) + t->p.thoff;
	skb->csum_offset = l4->csum;
}

static void natfw_test_offload(struct kunit *test)
{
	static const u8 protos[] = { IPPROTO_TCP, IPPROTO_UDP };
	struct natfw_test *t = test->priv;
	struct natfw_shape s = {};
	unsigned int n;

	for (n = 0; n < NATFW_TEST_ROUNDS; n++) {
		s.proto = protos[n & 1];
		s.v6 = n & 2;
		s.payload = n % 67;
		natfw_test_make(test, &s);
		natfw_test_partial(t, &s);
		KUNIT_ASSERT_EQ(test, natfw_rewrite(&t->p, &t->x), 0);
		KUNIT_EXPECT_EQ(test, (int)t->p.skb->ip_summed, CHECKSUM_PARTIAL);
		KUNIT_ASSERT_EQ(test, skb_checksum_help(t->p.skb), 0);
		natfw_expect_done(test, &s);
	}
}

/* Each segment of t->p must be a good packet; returns how many there are. */
static unsigned int natfw_expect_segments(struct kunit *test,
					  const struct natfw_shape *s)
{
	struct natfw_test *t = test->priv;
	struct sk_buff *segs, *next, *seg;
	unsigned int n = 0;

	segs = skb_gso_segment(t->p.skb, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(segs));
	skb_list_walk_safe(segs, seg, next) {
		skb_mark_not_on_list(seg);
		KUNIT_ASSERT_EQ(test, skb_linearize(seg), 0);
		natfw_expect_addrs(test, seg->data, s->v6, &t->x.src, &t->x.dst);
		natfw_expect_ports(test, seg->data + t->p.thoff, s, t->x.sport,
				   t->x.dport);
		KUNIT_EXPECT_TRUE(test,
				  natfw_test_sound(seg->data, seg->data + t->p.thoff,
						   seg->len - t->p.thoff, s));
		kfree_skb(seg);
		n++;
	}
	return n;
}

static void natfw_test_gso_one(struct kunit *test, const struct natfw_shape *s,
			       u32 type)
{
	struct natfw_test *t = test->priv;

	natfw_test_make(test, s);
	natfw_test_partial(t, s);
	skb_shinfo(t->p.skb)->gso_size = 100;
	skb_shinfo(t->p.skb)->gso_segs = 10;
	skb_shinfo(t->p.skb)->gso_type = type;
	KUNIT_ASSERT_EQ(test, natfw_rewrite(&t->p, &t->x), 0);
	KUNIT_EXPECT_EQ(test, natfw_expect_segments(test, s), 10U);
}

static void natfw_test_gso(struct kunit *test)
{
	static const struct natfw_shape tcp = { .proto = IPPROTO_TCP, .payload = 955 };
	static const struct natfw_shape tcp6 = {
		.proto = IPPROTO_TCP, .payload = 1000, .v6 = true,
	};
	static const struct natfw_shape udp = { .proto = IPPROTO_UDP, .payload = 955 };

	natfw_test_gso_one(test, &tcp, SKB_GSO_TCPV4);
	natfw_test_gso_one(test, &tcp6, SKB_GSO_TCPV6);
	natfw_test_gso_one(test, &udp, SKB_GSO_UDP_L4);
}

/* As GRO chains whole datagrams: behind the first one, headers are out of sight. */
static void natfw_test_chain(struct kunit *test, const struct natfw_shape *s,
			     unsigned int count)
{
	struct natfw_test *t = test->priv;
	struct sk_buff *head, **tail;
	struct natfw_pkt more = {};
	u8 *buf = kunit_kzalloc(test, NATFW_TEST_MAX, GFP_KERNEL);
	unsigned int len;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	natfw_test_make(test, s);
	head = t->p.skb;
	tail = &skb_shinfo(head)->frag_list;
	skb_shinfo(head)->gso_size = s->payload;
	skb_shinfo(head)->gso_segs = count;
	skb_shinfo(head)->gso_type = SKB_GSO_UDP_L4 | SKB_GSO_FRAGLIST;
	while (--count) {
		len = natfw_test_packet(buf, s, &t->p.key);
		more.skb = NULL;
		natfw_test_skb(test, &more, buf, len, s->v6);
		skb_pull(more.skb, t->p.thoff + 8);
		*tail = more.skb;
		tail = &more.skb->next;
		head->len += more.skb->len;
		head->data_len += more.skb->len;
		head->truesize += more.skb->truesize;
	}
	len = head->len;
	((struct udphdr *)natfw_test_at(&t->p))->len = htons(len - t->p.thoff);
	if (s->v6) {
		ipv6_hdr(head)->payload_len = htons(len - sizeof(struct ipv6hdr));
	} else {
		ip_hdr(head)->tot_len = htons(len);
		ip_send_check(ip_hdr(head));
	}
}

static void natfw_test_fraglist(struct kunit *test)
{
	struct natfw_shape s = { .proto = IPPROTO_UDP, .payload = 111 };
	struct natfw_test *t = test->priv;

	for (s.v6 = false;; s.v6 = true) {
		natfw_test_chain(test, &s, 5);
		KUNIT_ASSERT_EQ(test, natfw_rewrite(&t->p, &t->x), 0);
		KUNIT_EXPECT_EQ(test, natfw_expect_segments(test, &s), 5U);
		if (s.v6)
			break;
	}
}

/* ---- identification ---- */

static void natfw_test_id(struct kunit *test)
{
	const struct natfw_shape s = { .proto = IPPROTO_UDP, .payload = 10 };
	struct natfw_test *t = test->priv;
	__be16 last = 0;
	unsigned int n;

	for (n = 0; n < 20; n++) {
		struct natfw_xlat x = t->x;
		struct iphdr *ih;

		natfw_test_make(test, &s);
		if (n)
			t->x = x;
		ih = ip_hdr(t->p.skb);
		ih->frag_off = 0;
		ip_send_check(ih);
		KUNIT_ASSERT_EQ(test, natfw_rewrite(&t->p, &t->x), 0);
		natfw_expect_done(test, &s);
		ih = ip_hdr(t->p.skb);
		KUNIT_EXPECT_NE(test, ntohs(ih->id), ntohs(last));
		last = ih->id;
	}
}

static void natfw_test_df(struct kunit *test)
{
	const struct natfw_shape s = { .proto = IPPROTO_UDP, .payload = 10 };
	struct natfw_test *t = test->priv;

	natfw_test_make(test, &s);
	KUNIT_ASSERT_EQ(test, natfw_rewrite(&t->p, &t->x), 0);
	KUNIT_EXPECT_EQ(test, ntohs(ip_hdr(t->p.skb)->id), 0x1234);
	KUNIT_EXPECT_EQ(test, ntohs(ip_hdr(t->p.skb)->frag_off), IP_DF);
}

/* ---- refusals ---- */

static void natfw_expect_refused(struct kunit *test)
{
	struct natfw_test *t = test->priv;

	KUNIT_EXPECT_EQ(test, natfw_rewrite(&t->p, &t->x),
			natfw_fail(NATFW_R_NOT_TRANSLATABLE));
	natfw_expect_addrs(test, t->p.skb->data, natfw_pkt_is6(&t->p),
			   &t->p.key.src, &t->p.key.dst);
}

static void natfw_test_refused(struct kunit *test)
{
	struct natfw_shape s = { .proto = IPPROTO_AH, .payload = 20 };
	struct natfw_test *t = test->priv;

	natfw_test_make(test, &s);
	natfw_expect_refused(test);
	s.proto = IPPROTO_UDP;
	natfw_test_make(test, &s);
	t->p.flags |= NATFW_P_FRAG | NATFW_P_OPAQUE;
	natfw_expect_refused(test);
}

static void natfw_test_source_route(struct kunit *test)
{
	const struct natfw_shape s = { .proto = IPPROTO_UDP, .extra = 8, .payload = 20 };
	const struct natfw_shape s6 = { .proto = IPPROTO_UDP, .extra = 24, .payload = 20,
					.v6 = true };
	struct natfw_test *t = test->priv;
	u8 *opt;

	natfw_test_make(test, &s);
	t->p.flags |= NATFW_P_SLOW;
	opt = t->p.skb->data + sizeof(struct iphdr) + 1;
	opt[0] = IPOPT_LSRR;
	opt[1] = 7;
	natfw_expect_refused(test);
	opt[0] = IPOPT_RR;
	ip_send_check(ip_hdr(t->p.skb));
	KUNIT_EXPECT_EQ(test, natfw_rewrite(&t->p, &t->x), 0);
	natfw_expect_done(test, &s);

	natfw_test_make(test, &s6);
	t->p.flags |= NATFW_P_SLOW;
	ipv6_hdr(t->p.skb)->nexthdr = NEXTHDR_ROUTING;
	opt = t->p.skb->data + sizeof(struct ipv6hdr);
	opt[2] = IPV6_SRCRT_TYPE_2;
	opt[3] = 1;
	natfw_expect_refused(test);
	opt[3] = 0;
	KUNIT_EXPECT_EQ(test, natfw_rewrite(&t->p, &t->x), 0);
	natfw_expect_done(test, &s6);
}

/* ---- ICMP errors ---- */

/* An error in t->p about a packet of shape @s, of which @quote bytes are there. */
static void natfw_test_error(struct kunit *test, const struct natfw_shape *s,
			     unsigned int quote, unsigned int tail)
{
	struct natfw_shape outer = {
		.v6 = s->v6,
		.proto = s->v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP,
		.type = s->v6 ? ICMPV6_DEST_UNREACH : ICMP_DEST_UNREACH,
	};
	struct natfw_test *t = test->priv;
	struct natfw_pkt *p = &t->p;
	struct natfw_key k;
	u8 *buf = kunit_kzalloc(test, NATFW_TEST_MAX, GFP_KERNEL);
	unsigned int len;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	natfw_test_key(&k, s);
	natfw_test_xlat(&t->x, s);
	natfw_test_key(&p->key, &outer);
	p->key.ports = 0;
	p->key.dst = k.src;
	p->thoff = natfw_test_nhlen(&outer);
	p->inner.nhoff = p->thoff + 8;
	p->inner.thoff = p->inner.nhoff + natfw_test_nhlen(s);
	len = natfw_test_packet(buf + p->inner.nhoff, s, &k);
	quote = min(quote, len);
	p->inner.len = quote;
	natfw_key_reverse(&p->inner.key, &k, 0);
	get_random_bytes(buf + p->inner.nhoff + quote, tail);
	outer.payload = quote + tail;
	len = p->inner.nhoff + outer.payload;
	if (s->v6)
		natfw_test_nh6((struct ipv6hdr *)buf, &outer, &p->key, len);
	else
		natfw_test_nh4((struct iphdr *)buf, &outer, &p->key, len);
	buf[p->thoff] = outer.type;
	buf[p->thoff + 1] = 3;
	natfw_test_seal(buf, buf + p->thoff, len - p->thoff, &outer);
	p->flags = NATFW_P_ICMPERR | (s->v6 ? NATFW_P_V6 : 0);
	natfw_test_skb(test, p, buf, len, s->v6);
	kunit_kfree(test, buf);
}

/*
 * Restore it and see what it is then. The transport of the quoted packet is
 * verified where all of it is there and was good (@whole).
 */
static void natfw_expect_restored(struct kunit *test, const struct natfw_shape *s,
				  bool whole)
{
	const struct natfw_shape outer = {
		.v6 = s->v6, .proto = s->v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP,
	};
	struct natfw_test *t = test->priv;
	struct natfw_pkt *p = &t->p;
	struct natfw_xlat to = { .src = p->key.src, .dst = t->x.src };
	const u8 *d;

	KUNIT_ASSERT_EQ(test, natfw_icmp_verify(p), 0);
	KUNIT_ASSERT_EQ(test, natfw_icmp_restore(p, &to, &t->x), 0);
	d = p->skb->data;
	natfw_expect_addrs(test, d, s->v6, &to.src, &to.dst);
	KUNIT_EXPECT_TRUE(test, natfw_test_sound(d, d + p->thoff,
						 p->skb->len - p->thoff, &outer));
	KUNIT_EXPECT_EQ(test, d[p->thoff], s->v6 ? ICMPV6_DEST_UNREACH : ICMP_DEST_UNREACH);
	KUNIT_EXPECT_EQ(test, d[p->thoff + 1], 3);
	d += p->inner.nhoff;
	natfw_expect_addrs(test, d, s->v6, &t->x.src, &t->x.dst);
	natfw_expect_ports(test, d + natfw_test_nhlen(s), s, t->x.sport, t->x.dport);
	if (!s->v6)
		KUNIT_EXPECT_EQ(test, (__force u16)ip_fast_csum(d, d[0] & 15), 0);
	if (whole)
		KUNIT_EXPECT_TRUE(test,
				  natfw_test_sound(d, d + natfw_test_nhlen(s),
						   p->inner.len - natfw_test_nhlen(s), s));
}

static const struct natfw_shape natfw_test_quoted[] = {
	{ .proto = IPPROTO_TCP, .payload = 30 },
	{ .proto = IPPROTO_TCP, .payload = 31, .v6 = true },
	{ .proto = IPPROTO_UDP, .payload = 17 },
	{ .proto = IPPROTO_UDP, .payload = 18, .v6 = true },
	{ .proto = IPPROTO_UDP, .payload = 18, .v6 = true, .extra = 8 },
	{ .proto = IPPROTO_UDPLITE, .payload = 17, .cover = 8 },
	{ .proto = IPPROTO_DCCP, .payload = 17 },
	{ .proto = IPPROTO_SCTP, .payload = 17 },
	{ .proto = IPPROTO_ICMP, .type = ICMP_ECHO, .payload = 9 },
	{ .proto = IPPROTO_ICMP, .type = ICMP_ECHOREPLY, .payload = 9 },
	{ .proto = IPPROTO_ICMPV6, .type = ICMPV6_ECHO_REQUEST, .v6 = true, .payload = 9 },
	{ .proto = IPPROTO_GRE, .payload = 9 },
};

static void natfw_test_error_whole(struct kunit *test)
{
	unsigned int n, i;

	for (n = 0; n < 20 * ARRAY_SIZE(natfw_test_quoted); n++) {
		i = n % ARRAY_SIZE(natfw_test_quoted);
		natfw_test_error(test, &natfw_test_quoted[i], 1000, 0);
		natfw_expect_restored(test, &natfw_test_quoted[i], true);
	}
}

/* As little as RFC 792 asks for, and every length above it. */
static void natfw_test_error_cut(struct kunit *test)
{
	const struct natfw_shape *s;
	unsigned int n, cut;

	for (n = 0; n < ARRAY_SIZE(natfw_test_quoted); n++) {
		s = &natfw_test_quoted[n];
		for (cut = 8; cut < 28; cut++) {
			natfw_test_error(test, s, natfw_test_nhlen(s) + cut, 0);
			natfw_expect_restored(test, s, false);
		}
	}
}

static void natfw_test_error_options(struct kunit *test)
{
	const struct natfw_shape s = { .proto = IPPROTO_UDP, .extra = 4, .payload = 12 };

	natfw_test_error(test, &s, 1000, 0);
	natfw_expect_restored(test, &s, true);
}

/* Multi-part messages: what stands behind the quotation stays as it is. */
static void natfw_test_error_extended(struct kunit *test)
{
	const struct natfw_shape s = { .proto = IPPROTO_TCP, .payload = 100 };
	struct natfw_test *t = test->priv;
	u8 was[24];

	natfw_test_error(test, &s, 128, sizeof(was));
	skb_copy_bits(t->p.skb, t->p.skb->len - sizeof(was), was, sizeof(was));
	natfw_expect_restored(test, &s, false);
	KUNIT_EXPECT_EQ(test, memcmp(was, skb_tail_pointer(t->p.skb) - sizeof(was),
				     sizeof(was)), 0);
}

static void natfw_test_error_forged(struct kunit *test)
{
	const struct natfw_shape s = { .proto = IPPROTO_TCP, .payload = 100 };
	struct natfw_test *t = test->priv;

	natfw_test_error(test, &s, 60, 0);
	t->p.skb->data[t->p.thoff + 2] ^= 1;
	KUNIT_EXPECT_EQ(test, natfw_icmp_verify(&t->p), natfw_fail(NATFW_R_ICMP_CSUM));
	natfw_test_error(test, &natfw_test_quoted[1], 60, 0);
	t->p.skb->data[t->p.skb->len - 1] ^= 1;
	KUNIT_EXPECT_EQ(test, natfw_icmp_verify(&t->p), natfw_fail(NATFW_R_ICMP_CSUM));
}

/* Two changes that cancel out for the ICMP checksum, and not for the header's. */
static void natfw_test_error_inner_csum(struct kunit *test)
{
	const struct natfw_shape s = { .proto = IPPROTO_TCP, .payload = 100 };
	struct natfw_test *t = test->priv;
	__be16 *len, *seq;

	natfw_test_error(test, &s, 60, 0);
	len = (__be16 *)(t->p.skb->data + t->p.inner.nhoff + 2);
	seq = (__be16 *)(t->p.skb->data + t->p.inner.thoff + 4);
	swap(*len, *seq);
	KUNIT_EXPECT_EQ(test, natfw_icmp_verify(&t->p), natfw_fail(NATFW_R_ICMP_CSUM));
}

static void natfw_test_error_inner_l4(struct kunit *test)
{
	const struct natfw_shape s = { .proto = IPPROTO_UDP, .payload = 11 };
	const struct natfw_shape outer = { .proto = IPPROTO_ICMP };
	struct natfw_test *t = test->priv;

	natfw_test_error(test, &s, 1000, 0);
	t->p.skb->data[t->p.inner.thoff + 6] ^= 0x55;
	natfw_test_seal(t->p.skb->data, t->p.skb->data + t->p.thoff,
			t->p.skb->len - t->p.thoff, &outer);
	natfw_expect_restored(test, &s, false);
}

static int natfw_rewrite_test_init(struct kunit *test)
{
	struct natfw_test *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	if (!t)
		return -ENOMEM;
	t->nn = kunit_kzalloc(test, sizeof(*t->nn), GFP_KERNEL);
	if (!t->nn)
		return -ENOMEM;
	t->nn->net = &init_net;
	t->p.nn = t->nn;
	test->priv = t;
	return 0;
}

static void natfw_rewrite_test_exit(struct kunit *test)
{
	struct natfw_test *t = test->priv;

	if (t)
		kfree_skb(t->p.skb);
}

#define NATFW_CASE(fn, title)	{ .run_case = (fn), .name = (title) }

static struct kunit_case natfw_rewrite_cases[] = {
	NATFW_CASE(natfw_test_tcp, "3022-1 TCP"),
	NATFW_CASE(natfw_test_udp, "3022-1 UDP"),
	NATFW_CASE(natfw_test_icmp, "3022-1 ICMP queries"),
	NATFW_CASE(natfw_test_damaged, "3022-1 damage stays visible"),
	NATFW_CASE(natfw_test_udp_none, "X-4787-15 no UDP checksum stays none"),
	NATFW_CASE(natfw_test_udp_zero, "X-4787-15 UDP checksum never comes out as zero"),
	NATFW_CASE(natfw_test_udplite, "X-4787-16 UDP-Lite"),
	NATFW_CASE(natfw_test_dccp, "5597-11,5597-12 DCCP"),
	NATFW_CASE(natfw_test_sctp, "X-SCTP-2 CRC after ports changed"),
	NATFW_CASE(natfw_test_sctp_addrs, "X-SCTP-1 addresses alone leave the CRC"),
	NATFW_CASE(natfw_test_portless, "X-PRT-1 protocols without ports"),
	NATFW_CASE(natfw_test_offload, "X-FP-5 checksum left to the device"),
	NATFW_CASE(natfw_test_gso, "X-FP-5 segments"),
	NATFW_CASE(natfw_test_fraglist, "X-FP-5 chained datagrams"),
	NATFW_CASE(natfw_test_id, "6864-1,7857-10 identification"),
	NATFW_CASE(natfw_test_df, "6864-2 DF and what goes with it"),
	NATFW_CASE(natfw_test_refused, "X-PRT-2 what cannot be translated"),
	NATFW_CASE(natfw_test_source_route, "3022-4 source routes"),
	NATFW_CASE(natfw_test_error_whole, "3022-2,5508-4a,5508-4b,5508-4c whole quotation"),
	NATFW_CASE(natfw_test_error_cut, "X-5508-12 quotation cut short"),
	NATFW_CASE(natfw_test_error_options, "5508-3b options in the quotation"),
	NATFW_CASE(natfw_test_error_extended, "5508-3d extensions"),
	NATFW_CASE(natfw_test_error_forged, "5508-3 wrong ICMP checksum"),
	NATFW_CASE(natfw_test_error_inner_csum, "5508-3a wrong embedded IP checksum"),
	NATFW_CASE(natfw_test_error_inner_l4, "5508-3c wrong embedded transport checksum"),
	{}
};

static struct kunit_suite natfw_rewrite_suite = {
	.name = "natfw_rewrite",
	.init = natfw_rewrite_test_init,
	.exit = natfw_rewrite_test_exit,
	.test_cases = natfw_rewrite_cases,
};

kunit_test_suite(natfw_rewrite_suite);
