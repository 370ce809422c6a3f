// SPDX-License-Identifier: GPL-2.0-or-later
/* natfw-test: core quick host timeout=60 */
/* The oracle against known vectors, and against itself turned round. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gen.h"
#include "ktap.h"
#include "rewrite.h"
#include "sum.h"

static void test_crc32c(void)
{
	static const uint8_t zeros[32];
	uint8_t ones[32], up[32];
	int i;

	memset(ones, 0xff, sizeof(ones));
	for (i = 0; i < 32; i++)
		up[i] = i;
	ktap_is(crc32c("123456789", 9) == 0xe3069283, "crc32c of the check string");
	/* RFC 3720 appendix B.4 */
	ktap_is(crc32c(zeros, 32) == 0x8a9136aa, "crc32c of zeros (RFC 3720)");
	ktap_is(crc32c(ones, 32) == 0x62a8ab43, "crc32c of ones (RFC 3720)");
	ktap_is(crc32c(up, 32) == 0x46dd794e, "crc32c of 0..31 (RFC 3720)");
}

static void test_sum(void)
{
	/* RFC 1071 section 3 */
	static const uint8_t rfc1071[] = { 0, 1, 0xf2, 3, 0xf4, 0xf5, 0xf6, 0xf7 };
	static const uint8_t header[] = {
		0x45, 0, 0, 0x73, 0, 0, 0x40, 0, 0x40, 0x11, 0xb8, 0x61,
		0xc0, 0xa8, 0, 1, 0xc0, 0xa8, 0, 0xc7,
	};

	ktap_is(sum_fold(sum_add(0, rfc1071, 8)) == 0xddf2, "sum of RFC 1071");
	ktap_is(sum_add(0, rfc1071, 7) != sum_add(0, rfc1071, 8), "odd byte counts high");
	ktap_is(packet_ipsum(header) == 0xb861, "IPv4 header checksum");
}

/* The checksum is another implementation's. */
static void test_udp(void)
{
	static const uint8_t query[] = {
		0x45, 0x00, 0x00, 0x21, 0x00, 0x01, 0x00, 0x00, 0x40, 0x11, 0x7c, 0xc9,
		0x7f, 0x00, 0x00, 0x01, 0x7f, 0x00, 0x00, 0x01,
		0x00, 0x35, 0x00, 0x35, 0x00, 0x0d, 0x00, 0x00, 'h', 'e', 'l', 'l', 'o',
	};
	struct packet p = { .len = sizeof(query) };
	struct view v;
	struct l4sum s;

	memcpy(p.data, query, sizeof(query));
	packet_fill_sums(&p);
	ktap_is(!memcmp(p.data, query, sizeof(query)), "UDP of IPv4 stays without checksum");
	put16(p.data + 26, 1);
	packet_fill_sums(&p);
	ktap_is(get16(p.data + 26) == 0xbd95, "UDP checksum, odd length");
	ktap_is(view_parse(&v, p.data, p.len) && packet_l4sum(p.data, &v, &s) &&
		s.have == s.want, "checksum found right");
	p.data[30] ^= 1;
	ktap_is(packet_l4sum(p.data, &v, &s) && s.have != s.want, "checksum found wrong");
}

static struct xlat other_ends(struct rng *r, const struct view *v)
{
	struct xlat x = xlat_none(v);

	x.src = gen_addr(r, v->family);
	x.dst = gen_addr(r, v->family);
	if (v->ports || v->query) {
		x.sport = x.sport ? rnd(r, 65535) + 1 : 0;
		x.dport = x.dport ? rnd(r, 65535) + 1 : 0;
	}
	return x;
}

static bool sums_right(const struct packet *p)
{
	struct view v;
	struct l4sum s;

	if (!view_parse(&v, p->data, p->len))
		return false;
	if (v.family == 4 && packet_ipsum(p->data) != get16(p->data + 10))
		return false;
	return !packet_l4sum(p->data, &v, &s) || s.have == s.want;
}

static void test_round(void)
{
	struct rng r = { 1 };
	int i, same = 0, right = 0, differ = 0, n = 20000;

	for (i = 0; i < n; i++) {
		struct packet p, q, back;
		struct xlat there, again;
		struct view v;

		gen_packet(&r, &p, i & 1 ? 4 : 6, NULL, 0);
		view_parse(&v, p.data, p.len);
		again = xlat_none(&v);
		there = other_ends(&r, &v);
		rewrite(&q, &p, &there, false);
		rewrite(&back, &q, &again, false);
		same += packet_same(&p, &back, NULL);
		differ += !packet_same(&p, &q, NULL);
		right += sums_right(&p) == sums_right(&q);
	}
	ktap_is(same == n, "%d of %d packets rewritten there and back are the same", same, n);
	ktap_is(right == n, "%d of %d checksums stay right or wrong", right, n);
	ktap_is(differ == n, "%d of %d packets were changed by rewriting", differ, n);
}

static void test_error(void)
{
	struct rng r = { 2 };
	int i, same = 0, right = 0, n = 20000;

	for (i = 0; i < n; i++) {
		struct packet p, e, q, back;
		struct xlat in, in2, out, out2;
		struct view v, w;

		gen_packet(&r, &p, i & 1 ? 4 : 6, NULL, 0);
		gen_error(&r, &e, &p);
		view_parse(&v, e.data, e.len);
		view_parse(&w, p.data, p.len);
		out = xlat_none(&v);
		in = xlat_none(&w);
		out2 = other_ends(&r, &v);
		in2 = other_ends(&r, &w);
		if (!rewrite_error(&q, &e, &out2, &in2, false) ||
		    !rewrite_error(&back, &q, &out, &in, false))
			continue;
		same += packet_same(&e, &back, NULL);
		right += sums_right(&q);
	}
	ktap_is(same == n, "%d of %d errors rewritten there and back are the same", same, n);
	ktap_is(right == n, "%d of %d errors leave with right checksums", right, n);
}

/* One set of rules: how many of @n packets hit one, how many are wildcards. */
static int hits(struct rng *r, int n, int *wild)
{
	struct oracle o = { 0 };
	struct rule all[15];
	int i, hit = 0;

	for (i = 0; i < 15; i++) {
		gen_rule(r, &all[i], 4, GEN_ALL);
		all[i].id = i + 1;
		oracle_add(&o, &all[i]);
		*wild += !rule_exact(&all[i]);
	}
	for (i = 0; i < n; i++) {
		struct packet p;
		struct view v;

		gen_packet(r, &p, 4, &o, 0);
		view_parse(&v, p.data, p.len);
		hit += !!oracle_match(&o, &v, 0, 0);
	}
	free(o.rules);
	free(o.flows);
	return hit;
}

static void test_match(void)
{
	struct rng r = { 3 };
	int i, hit = 0, wild = 0;

	for (i = 0; i < 20; i++)
		hit += hits(&r, 200, &wild);
	ktap_is(hit > 1300 && hit < 3800, "%d of 4000 packets hit a rule", hit);
	ktap_is(wild > 200 && wild < 290, "%d of 300 rules are wildcards", wild);
}

int main(void)
{
	ktap_start();
	test_crc32c();
	test_sum();
	test_udp();
	test_round();
	test_error();
	test_match();
	return ktap_end();
}
