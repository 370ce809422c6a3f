// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "rewrite.h"
#include "sum.h"

struct xlat xlat_none(const struct view *v)
{
	struct xlat x = { .src = v->src, .dst = v->dst };

	if (v->ports) {
		x.sport = v->sport;
		x.dport = v->dport;
	} else if (v->query) {
		x.sport = v->answer ? 0 : v->id;
		x.dport = v->answer ? v->id : 0;
	}
	return x;
}

struct xlat xlat_turn(const struct xlat *x)
{
	return (struct xlat){ x->dst, x->src, x->dport, x->sport };
}

static void put_addrs(uint8_t *d, const struct view *v, const struct xlat *x)
{
	size_t at = v->family == 4 ? 12 : 8;

	memcpy(d + at, x->src.b, x->src.len);
	memcpy(d + at + x->src.len, x->dst.b, x->dst.len);
}

static void put_ports(uint8_t *d, const struct view *v, const struct xlat *x)
{
	if (v->ports) {
		put16(d + v->l4, x->sport);
		put16(d + v->l4 + 2, x->dport);
	} else if (v->query) {
		put16(d + v->l4 + 4, v->answer ? x->dport : x->sport);
	}
}

static void put_ttl(uint8_t *d, const struct view *v)
{
	d[v->family == 4 ? 8 : 7]--;
}

/* What a field that held @have, where @was was right, holds where @want is. */
static uint32_t carry_error(const struct l4sum *was, const struct l4sum *want)
{
	if (was->have == was->want)
		return want->want;
	if (was->crc)
		return want->want ^ was->want ^ was->have;
	return sum_fold((uint32_t)want->want + sum_sub(was->have, was->want));
}

static void fix_l4(uint8_t *d, size_t len, bool had, const struct l4sum *was)
{
	struct view v;
	struct l4sum now;

	if (!had || !view_parse(&v, d, len) || !packet_l4sum(d, &v, &now))
		return;
	packet_l4sum_put(d, &now, carry_error(was, &now));
}

static void fix_ip(uint8_t *d, uint16_t error)
{
	uint16_t want = packet_ipsum(d);

	put16(d + 10, error ? sum_fold((uint32_t)want + error) : want);
}

static uint16_t ip_error(const uint8_t *d)
{
	return get16(d + 10) == packet_ipsum(d) ? 0 :
	       sum_sub(get16(d + 10), packet_ipsum(d));
}

bool rewrite(struct packet *out, const struct packet *in, const struct xlat *x,
	     bool forward)
{
	struct l4sum was;
	uint16_t error = 0;
	struct view v;
	bool had;

	if (!view_parse(&v, in->data, in->len))
		return false;
	had = packet_l4sum(in->data, &v, &was);
	if (v.family == 4)
		error = ip_error(in->data);
	*out = *in;
	/* what lies behind the packet's own length is not part of it */
	out->len = v.end;
	if (x) {
		put_addrs(out->data, &v, x);
		put_ports(out->data, &v, x);
	}
	if (forward)
		put_ttl(out->data, &v);
	if (x)
		fix_l4(out->data, out->len, had, &was);
	if (v.family == 4)
		fix_ip(out->data, error);
	return true;
}

/*
 * The embedded packet's checksum cannot be computed anew, most of it is cut
 * off. It must change by as much as what it covers does.
 */
static uint16_t ends_sum(const uint8_t *d, const struct view *v, bool pseudo)
{
	uint32_t acc = 0;

	if (pseudo) {
		acc = sum_add(acc, v->src.b, v->src.len);
		acc = sum_add(acc, v->dst.b, v->dst.len);
	}
	if (v->ports)
		acc = sum_add(acc, d + v->l4, 4);
	else if (v->query)
		acc = sum_add(acc, d + v->l4 + 4, 2);
	return sum_fold(acc);
}

static int inner_sum_at(const struct view *v)
{
	switch (v->proto) {
	case P_TCP:
		return 16;
	case P_UDP:
	case P_UDPLITE:
	case P_DCCP:
		return 6;
	case P_ICMP:
	case P_ICMP6:
		return 2;
	}
	return -1;
}

static void inner_fix(uint8_t *d, const struct view *v, size_t have, uint16_t before,
		      uint16_t after)
{
	int at = inner_sum_at(v);
	uint16_t sum;

	if (at < 0 || v->l4 + at + 2 > have)
		return;
	sum = get16(d + v->l4 + at);
	if (v->proto == P_UDP && !sum)
		return;
	/* the field is the complement of the sum */
	sum = sum_field((uint32_t)sum_sub((uint16_t)~sum, before) + after);
	if (!sum && (v->proto == P_UDP || v->proto == P_UDPLITE))
		sum = 0xffff;
	put16(d + v->l4 + at, sum);
}

static bool rewrite_inner(uint8_t *d, size_t have, const struct xlat *x)
{
	uint16_t before, after, error = 0;
	struct view v, w;
	bool pseudo;

	view_parse(&v, d, have);
	if (!v.family)
		return false;
	pseudo = v.proto != P_ICMP;
	before = ends_sum(d, &v, pseudo);
	if (v.family == 4)
		error = ip_error(d);
	put_addrs(d, &v, x);
	put_ports(d, &v, x);
	view_parse(&w, d, have);
	after = ends_sum(d, &w, pseudo);
	inner_fix(d, &v, have, before, after);
	if (v.family == 4)
		fix_ip(d, error);
	return true;
}

bool rewrite_error(struct packet *out, const struct packet *in,
		   const struct xlat *outer, const struct xlat *inner,
		   bool forward)
{
	struct view v;

	if (!view_parse(&v, in->data, in->len) || !v.error)
		return false;
	*out = *in;
	out->len = v.end;
	if (!rewrite_inner(out->data + v.inner, v.end - v.inner, inner))
		return false;
	put_addrs(out->data, &v, outer);
	if (forward)
		put_ttl(out->data, &v);
	packet_fill_sums(out);
	return true;
}

bool packet_same(const struct packet *a, const struct packet *b, const struct blur *blur)
{
	struct packet x = *a, y = *b;

	if (a->len != b->len)
		return false;
	if (blur && blur->n && blur->at + blur->n <= a->len) {
		memset(x.data + blur->at, 0, blur->n);
		memset(y.data + blur->at, 0, blur->n);
	}
	return !memcmp(x.data, y.data, x.len);
}
