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
#include <net/ipv6.h>
#include <net/sctp/checksum.h>

#include "net.h"
#include "emit.h"
#include "packet_test.h"
#include "rewrite.h"

#define NATFW_TEST_ROUNDS	500

struct natfw_test {
	struct natfw_net	*nn;
	struct natfw_pkt	p;
	struct natfw_xlat	x;
};

/* A random packet like @s in t->p, and a translation for it in t->x. */
static void natfw_test_make(struct kunit *test, const struct natfw_sample *s)
{
	struct natfw_test *t = test->priv;

	natfw_sample_create(test, &t->p, s);
	natfw_sample_xlat(&t->x, s);
}

static const void *natfw_test_at(const struct natfw_pkt *p)
{
	return p->skb->data + p->thoff;
}

/* ---- what must have come out ---- */

static void natfw_expect_done(struct kunit *test, const struct natfw_sample *s)
{
	const struct natfw_test *t = test->priv;
	const struct natfw_pkt *p = &t->p;
	unsigned int len = p->skb->len - p->thoff;

	natfw_expect_addrs(test, p->skb->data, s->v6, &t->x.src, &t->x.dst);
	natfw_expect_endpoints(test, natfw_test_at(p), s, &t->x);
	KUNIT_EXPECT_TRUE(test, natfw_sample_sound(p->skb->data, natfw_test_at(p), len, s));
}

/* Translate packets like @s with all payload lengths up to some. */
static void natfw_test_shape(struct kunit *test, struct natfw_sample s)
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

static void natfw_test_shapes(struct kunit *test, const struct natfw_sample *s,
			      unsigned int n)
{
	while (n--)
		natfw_test_shape(test, s[n]);
}

static void natfw_test_tcp(struct kunit *test)
{
	static const struct natfw_sample s[] = {
		{ .proto = IPPROTO_TCP },
		{ .proto = IPPROTO_TCP, .extra = 8 },
		{ .proto = IPPROTO_TCP, .v6 = true },
		{ .proto = IPPROTO_TCP, .v6 = true, .extra = 24 },
	};

	natfw_test_shapes(test, s, ARRAY_SIZE(s));
}

static void natfw_test_udp(struct kunit *test)
{
	static const struct natfw_sample s[] = {
		{ .proto = IPPROTO_UDP },
		{ .proto = IPPROTO_UDP, .extra = 12 },
		{ .proto = IPPROTO_UDP, .v6 = true },
		{ .proto = IPPROTO_UDP, .v6 = true, .extra = 8 },
	};

	natfw_test_shapes(test, s, ARRAY_SIZE(s));
}

static void natfw_test_icmp(struct kunit *test)
{
	static const struct natfw_sample s[] = {
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
	static const struct natfw_sample s[] = {
		{ .proto = IPPROTO_UDPLITE },
		{ .proto = IPPROTO_UDPLITE, .cover = 8 },
		{ .proto = IPPROTO_UDPLITE, .cover = 8, .v6 = true },
	};

	natfw_test_shapes(test, s, ARRAY_SIZE(s));
}

static void natfw_test_dccp(struct kunit *test)
{
	static const struct natfw_sample s[] = {
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
	static const struct natfw_sample s[] = {
		{ .proto = IPPROTO_GRE },
		{ .proto = IPPROTO_ESP },
		{ .proto = IPPROTO_ESP, .v6 = true },
	};

	natfw_test_shapes(test, s, ARRAY_SIZE(s));
}

/* ---- UDP and its zero ---- */

static void natfw_test_udp_none(struct kunit *test)
{
	const struct natfw_sample s = { .proto = IPPROTO_UDP, .payload = 21 };
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
	const struct natfw_sample s = { .proto = IPPROTO_UDP, .payload = 4 };
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
	struct natfw_sample s = { .proto = IPPROTO_SCTP };
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
	const struct natfw_sample s = { .proto = IPPROTO_SCTP, .payload = 40 };
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
	const struct natfw_sample s = { .proto = IPPROTO_TCP, .payload = 50 };
	struct natfw_test *t = test->priv;

	natfw_test_make(test, &s);
	t->p.skb->data[t->p.skb->len - 1] ^= 0x40;
	KUNIT_ASSERT_EQ(test, natfw_rewrite(&t->p, &t->x), 0);
	KUNIT_EXPECT_FALSE(test, natfw_sample_sound(t->p.skb->data, natfw_test_at(&t->p),
						    t->p.skb->len - t->p.thoff, &s));
}

/* ---- offloads ---- */

static void natfw_test_offload(struct kunit *test)
{
	static const u8 protos[] = { IPPROTO_TCP, IPPROTO_UDP };
	struct natfw_test *t = test->priv;
	struct natfw_sample s = {};
	unsigned int n;

	for (n = 0; n < NATFW_TEST_ROUNDS; n++) {
		s.proto = protos[n & 1];
		s.v6 = n & 2;
		s.payload = n % 67;
		natfw_test_make(test, &s);
		natfw_sample_unseal(&t->p, &s);
		KUNIT_ASSERT_EQ(test, natfw_rewrite(&t->p, &t->x), 0);
		KUNIT_EXPECT_EQ(test, (int)t->p.skb->ip_summed, CHECKSUM_PARTIAL);
		KUNIT_ASSERT_EQ(test, skb_checksum_help(t->p.skb), 0);
		natfw_expect_done(test, &s);
	}
}

/* Each segment of t->p must be a good packet; returns how many there are. */
static unsigned int natfw_expect_segments(struct kunit *test,
					  const struct natfw_sample *s)
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
		natfw_expect_endpoints(test, seg->data + t->p.thoff, s, &t->x);
		KUNIT_EXPECT_TRUE(test,
				  natfw_sample_sound(seg->data, seg->data + t->p.thoff,
						     seg->len - t->p.thoff, s));
		kfree_skb(seg);
		n++;
	}
	return n;
}

static void natfw_test_gso_one(struct kunit *test, const struct natfw_sample *s,
			       u32 type)
{
	struct natfw_test *t = test->priv;

	natfw_test_make(test, s);
	natfw_sample_unseal(&t->p, s);
	skb_shinfo(t->p.skb)->gso_size = 100;
	skb_shinfo(t->p.skb)->gso_segs = 10;
	skb_shinfo(t->p.skb)->gso_type = type;
	KUNIT_ASSERT_EQ(test, natfw_rewrite(&t->p, &t->x), 0);
	KUNIT_EXPECT_EQ(test, natfw_expect_segments(test, s), 10U);
}

static void natfw_test_gso(struct kunit *test)
{
	static const struct natfw_sample tcp = { .proto = IPPROTO_TCP, .payload = 955 };
	static const struct natfw_sample tcp6 = {
		.proto = IPPROTO_TCP, .payload = 1000, .v6 = true,
	};
	static const struct natfw_sample udp = { .proto = IPPROTO_UDP, .payload = 955 };

	natfw_test_gso_one(test, &tcp, SKB_GSO_TCPV4);
	natfw_test_gso_one(test, &tcp6, SKB_GSO_TCPV6);
	natfw_test_gso_one(test, &udp, SKB_GSO_UDP_L4);
}

/* As GRO chains whole datagrams: behind the first one, headers are out of sight. */
static void natfw_test_chain(struct kunit *test, const struct natfw_sample *s,
			     unsigned int count)
{
	struct natfw_test *t = test->priv;
	struct sk_buff *head, **tail;
	struct natfw_pkt more = {};
	u8 *buf = kunit_kzalloc(test, NATFW_SAMPLE_MAX, GFP_KERNEL);
	unsigned int len;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	natfw_test_make(test, s);
	head = t->p.skb;
	tail = &skb_shinfo(head)->frag_list;
	skb_shinfo(head)->gso_size = s->payload;
	skb_shinfo(head)->gso_segs = count;
	skb_shinfo(head)->gso_type = SKB_GSO_UDP_L4 | SKB_GSO_FRAGLIST;
	while (--count) {
		len = natfw_sample_write(buf, s, &t->p.key);
		more.skb = NULL;
		natfw_sample_skb(test, &more, buf, len, s->v6);
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
	struct natfw_sample s = { .proto = IPPROTO_UDP, .payload = 111 };
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
	const struct natfw_sample s = { .proto = IPPROTO_UDP, .payload = 10, .may_fragment = true };
	struct natfw_test *t = test->priv;
	__be16 last = 0;
	unsigned int n;

	for (n = 0; n < 20; n++) {
		struct natfw_xlat x = t->x;
		struct iphdr *ih;

		natfw_test_make(test, &s);
		if (n)
			t->x = x;
		KUNIT_ASSERT_EQ(test, natfw_rewrite(&t->p, &t->x), 0);
		natfw_expect_done(test, &s);
		ih = ip_hdr(t->p.skb);
		KUNIT_EXPECT_NE(test, ntohs(ih->id), ntohs(last));
		last = ih->id;
	}
}

static void natfw_test_df(struct kunit *test)
{
	const struct natfw_sample s = { .proto = IPPROTO_UDP, .payload = 10 };
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
	struct natfw_sample s = { .proto = IPPROTO_AH, .payload = 20 };
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
	const struct natfw_sample s = { .proto = IPPROTO_UDP, .extra = 8, .payload = 20 };
	const struct natfw_sample s6 = { .proto = IPPROTO_UDP, .extra = 24, .payload = 20,
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

/* An error in t->p about a packet like @s, of which @quote bytes are there. */
static void natfw_test_error(struct kunit *test, const struct natfw_sample *s,
			     unsigned int quote, unsigned int tail)
{
	struct natfw_sample outer = {
		.v6 = s->v6,
		.proto = s->v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP,
		.type = s->v6 ? ICMPV6_DEST_UNREACH : ICMP_DEST_UNREACH,
	};
	struct natfw_test *t = test->priv;
	struct natfw_pkt *p = &t->p;
	struct natfw_key k;
	u8 *buf = kunit_kzalloc(test, NATFW_SAMPLE_MAX, GFP_KERNEL);
	unsigned int len;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	natfw_sample_key(&k, s);
	natfw_sample_xlat(&t->x, s);
	natfw_sample_key(&p->key, &outer);
	p->key.ports = 0;
	p->key.dst = k.src;
	p->thoff = natfw_sample_nhlen(&outer);
	p->inner.nhoff = p->thoff + 8;
	p->inner.thoff = p->inner.nhoff + natfw_sample_nhlen(s);
	len = natfw_sample_write(buf + p->inner.nhoff, s, &k);
	quote = min(quote, len);
	p->inner.len = quote;
	natfw_key_reverse(&p->inner.key, &k, 0);
	get_random_bytes(buf + p->inner.nhoff + quote, tail);
	outer.payload = quote + tail;
	len = p->inner.nhoff + outer.payload;
	natfw_sample_header(buf, &outer, &p->key, len);
	buf[p->thoff] = outer.type;
	buf[p->thoff + 1] = 3;
	natfw_sample_seal(buf, buf + p->thoff, len - p->thoff, &outer);
	p->flags = NATFW_P_ICMPERR | (s->v6 ? NATFW_P_V6 : 0);
	natfw_sample_skb(test, p, buf, len, s->v6);
	kunit_kfree(test, buf);
}

/*
 * Restore it and see what it is then. The transport of the quoted packet is
 * verified where all of it is there and was good (@whole).
 */
static void natfw_expect_restored(struct kunit *test, const struct natfw_sample *s,
				  bool whole)
{
	const struct natfw_sample outer = {
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
	KUNIT_EXPECT_TRUE(test, natfw_sample_sound(d, d + p->thoff,
						   p->skb->len - p->thoff, &outer));
	KUNIT_EXPECT_EQ(test, d[p->thoff], s->v6 ? ICMPV6_DEST_UNREACH : ICMP_DEST_UNREACH);
	KUNIT_EXPECT_EQ(test, d[p->thoff + 1], 3);
	d += p->inner.nhoff;
	natfw_expect_addrs(test, d, s->v6, &t->x.src, &t->x.dst);
	natfw_expect_endpoints(test, d + natfw_sample_nhlen(s), s, &t->x);
	if (!s->v6)
		KUNIT_EXPECT_EQ(test, (__force u16)ip_fast_csum(d, d[0] & 15), 0);
	if (whole)
		KUNIT_EXPECT_TRUE(test,
				  natfw_sample_sound(d, d + natfw_sample_nhlen(s),
						     p->inner.len - natfw_sample_nhlen(s), s));
}

static const struct natfw_sample natfw_test_quoted[] = {
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
	const struct natfw_sample *s;
	unsigned int n, cut;

	for (n = 0; n < ARRAY_SIZE(natfw_test_quoted); n++) {
		s = &natfw_test_quoted[n];
		for (cut = 8; cut < 28; cut++) {
			natfw_test_error(test, s, natfw_sample_nhlen(s) + cut, 0);
			natfw_expect_restored(test, s, false);
		}
	}
}

static void natfw_test_error_options(struct kunit *test)
{
	const struct natfw_sample s = { .proto = IPPROTO_UDP, .extra = 4, .payload = 12 };

	natfw_test_error(test, &s, 1000, 0);
	natfw_expect_restored(test, &s, true);
}

/* Multi-part messages: what stands behind the quotation stays as it is. */
static void natfw_test_error_extended(struct kunit *test)
{
	const struct natfw_sample s = { .proto = IPPROTO_TCP, .payload = 100 };
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
	const struct natfw_sample s = { .proto = IPPROTO_TCP, .payload = 100 };
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
	const struct natfw_sample s = { .proto = IPPROTO_TCP, .payload = 100 };
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
	const struct natfw_sample s = { .proto = IPPROTO_UDP, .payload = 11 };
	const struct natfw_sample outer = { .proto = IPPROTO_ICMP };
	struct natfw_test *t = test->priv;

	natfw_test_error(test, &s, 1000, 0);
	t->p.skb->data[t->p.inner.thoff + 6] ^= 0x55;
	natfw_sample_seal(t->p.skb->data, t->p.skb->data + t->p.thoff,
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
