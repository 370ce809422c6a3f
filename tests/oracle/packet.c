// SPDX-License-Identifier: GPL-2.0-or-later
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "packet.h"
#include "sum.h"

uint16_t get16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

void put16(uint8_t *p, uint16_t v)
{
	p[0] = v >> 8;
	p[1] = v;
}

void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

bool addr_equal(const struct addr *a, const struct addr *b)
{
	return a->len == b->len && !memcmp(a->b, b->b, a->len);
}

static bool addr_bit(const struct addr *a, unsigned int i)
{
	return a->b[i / 8] >> (7 - i % 8) & 1;
}

bool addr_within(const struct addr *a, const struct addr *net, unsigned int bits)
{
	unsigned int i;

	if (a->len != net->len)
		return false;
	for (i = 0; i < bits; i++)
		if (addr_bit(a, i) != addr_bit(net, i))
			return false;
	return true;
}

struct addr addr_join(const struct addr *net, unsigned int bits, const struct addr *host)
{
	struct addr r = *net;
	unsigned int i;

	for (i = bits; i < 8u * net->len; i++) {
		r.b[i / 8] &= ~(1 << (7 - i % 8));
		if (addr_bit(host, i))
			r.b[i / 8] |= 1 << (7 - i % 8);
	}
	return r;
}

const char *addr_text(const struct addr *a)
{
	static char ring[8][64];
	static int n;
	char *s = ring[n++ % 8];

	if (!a->len)
		return "-";
	inet_ntop(a->len == 4 ? AF_INET : AF_INET6, a->b, s, sizeof(ring[0]));
	return s;
}

bool proto_has_ports(uint8_t proto)
{
	return proto == P_TCP || proto == P_UDP || proto == P_UDPLITE ||
	       proto == P_SCTP || proto == P_DCCP;
}

bool is_query(int family, uint8_t type, bool *answer)
{
	if (family == 6) {
		*answer = type == 129;
		return type == 128 || type == 129;
	}
	*answer = type == 0 || type == 14;
	return type == 0 || type == 8 || type == 13 || type == 14;
}

bool is_error(int family, uint8_t type)
{
	if (family == 6)
		return type >= 1 && type <= 4;
	return type == 3 || type == 11 || type == 12 || type == 4;
}

static struct addr addr_from(const uint8_t *b, uint8_t len)
{
	struct addr a = { .len = len };

	memcpy(a.b, b, len);
	return a;
}

static bool view_ipv4(struct view *v, const uint8_t *d, size_t len)
{
	size_t ihl, total;

	if (len < 20)
		return false;
	ihl = (d[0] & 15) * 4;
	total = get16(d + 2);
	if (ihl < 20 || total < ihl || ihl > len)
		return false;
	v->family = 4;
	v->dscp = d[1] >> 2;
	v->ttl = d[8];
	v->proto = d[9];
	v->proto_at = 9;
	v->src = addr_from(d + 12, 4);
	v->dst = addr_from(d + 16, 4);
	v->l4 = ihl;
	v->end = total;
	v->options = ihl > 20;
	v->more = get16(d + 6) & 0x2000;
	v->frag_off = (get16(d + 6) & 0x1fff) * 8;
	v->frag = v->more || v->frag_off;
	v->frag_id = get16(d + 4);
	return true;
}

static bool view_ext6(struct view *v, const uint8_t *d, size_t len)
{
	for (;;) {
		switch (v->proto) {
		case P_HOPOPTS:
		case P_DSTOPTS:
		case P_ROUTING:
			if (v->l4 + 8 > len)
				return false;
			v->options = true;
			v->proto_at = v->l4;
			v->proto = d[v->l4];
			v->l4 += 8 + 8 * d[v->l4 + 1];
			break;
		case P_FRAGMENT:
			if (v->l4 + 8 > len)
				return false;
			v->options = true;
			v->frag_hdr = v->l4;
			v->proto_at = v->l4;
			v->proto = d[v->l4];
			v->frag_off = get16(d + v->l4 + 2) & 0xfff8;
			v->more = d[v->l4 + 3] & 1;
			v->frag_id = get32(d + v->l4 + 4);
			v->frag = v->more || v->frag_off;
			v->l4 += 8;
			if (v->frag_off)
				return true;
			break;
		default:
			return v->l4 <= len;
		}
	}
}

static bool view_ipv6(struct view *v, const uint8_t *d, size_t len)
{
	if (len < 40)
		return false;
	v->family = 6;
	v->dscp = get16(d) >> 6 & 63;
	v->label = get32(d) & 0xfffff;
	v->end = 40 + get16(d + 4);
	v->proto = d[6];
	v->proto_at = 6;
	v->ttl = d[7];
	v->src = addr_from(d + 8, 16);
	v->dst = addr_from(d + 24, 16);
	v->l4 = 40;
	return view_ext6(v, d, len);
}

static void view_icmp(struct view *v, const uint8_t *d, size_t n)
{
	if (n < 8)
		return;
	v->type = d[0];
	v->code = d[1];
	v->query = is_query(v->family, v->type, &v->answer);
	v->id = get16(d + 4);
	v->error = is_error(v->family, v->type);
	v->inner = v->l4 + 8;
}

static void view_upper(struct view *v, const uint8_t *d, size_t n)
{
	uint8_t proto = v->proto;

	if (proto_has_ports(proto) && n >= 4) {
		v->ports = true;
		v->sport = get16(d);
		v->dport = get16(d + 2);
	} else if ((v->family == 4 && proto == P_ICMP) ||
		   (v->family == 6 && proto == P_ICMP6)) {
		view_icmp(v, d, n);
	} else if (proto == P_ESP && n >= 4) {
		v->spi_there = true;
		v->spi = get32(d);
	} else if (proto == P_AH && n >= 8) {
		v->spi_there = true;
		v->spi = get32(d + 4);
	}
}

bool view_parse(struct view *v, const uint8_t *data, size_t len)
{
	bool ok = false;
	size_t end;

	memset(v, 0, sizeof(*v));
	if (len && data[0] >> 4 == 4)
		ok = view_ipv4(v, data, len);
	else if (len && data[0] >> 4 == 6)
		ok = view_ipv6(v, data, len);
	if (!ok) {
		v->family = 0;
		return false;
	}
	end = v->end < len ? v->end : len;
	if (!v->frag_off && v->l4 <= end)
		view_upper(v, data + v->l4, end - v->l4);
	return v->end <= len && v->l4 <= v->end;
}

static uint32_t pseudo_sum(const struct view *v, size_t n)
{
	uint8_t tail[8] = { n >> 24, n >> 16, n >> 8, n, 0, 0, 0, v->proto };
	uint32_t acc;

	acc = sum_add(0, v->src.b, v->src.len);
	acc = sum_add(acc, v->dst.b, v->dst.len);
	return sum_add(acc, tail, sizeof(tail));
}

/* Bytes of the upper layer a checksum covers; false if that makes no sense. */
static bool covered(const struct view *v, const uint8_t *d, size_t n, size_t *cover)
{
	size_t cscov;

	*cover = n;
	if (v->proto == P_UDPLITE) {
		cscov = get16(d + 4);
		*cover = cscov ? cscov : n;
		return *cover >= 8 && *cover <= n;
	}
	if (v->proto == P_DCCP) {
		cscov = d[5] & 15;
		if (cscov)
			*cover = d[4] * 4 + (cscov - 1) * 4;
		return *cover <= n;
	}
	return true;
}

static const struct {
	uint8_t proto, at, least;
} sums[] = {
	{ P_TCP, 16, 20 },
	{ P_UDP, 6, 8 },
	{ P_UDPLITE, 6, 8 },
	{ P_DCCP, 6, 12 },
	{ P_SCTP, 8, 12 },
	{ P_ICMP, 2, 4 },
	{ P_ICMP6, 2, 4 },
};

static int sum_offset(const struct view *v, size_t n)
{
	size_t i;

	for (i = 0; i < sizeof(sums) / sizeof(*sums); i++)
		if (sums[i].proto == v->proto && n >= sums[i].least)
			return sums[i].at;
	return -1;
}

static uint32_t want_crc(const uint8_t *d, size_t n)
{
	uint8_t copy[PACKET_MAX];
	uint32_t crc;

	memcpy(copy, d, n);
	memset(copy + 8, 0, 4);
	crc = crc32c(copy, n);
	return crc;
}

static uint32_t get32le(const uint8_t *p)
{
	return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
}

static bool l4sum_crc(const uint8_t *d, size_t n, struct l4sum *s)
{
	s->crc = true;
	s->have = get32le(d + 8);
	s->want = want_crc(d, n);
	return true;
}

bool packet_l4sum(const uint8_t *data, const struct view *v, struct l4sum *s)
{
	const uint8_t *d = data + v->l4;
	size_t n = v->end - v->l4, cover;
	int at = sum_offset(v, n);
	uint32_t acc;

	if (at < 0 || v->frag)
		return false;
	if ((v->proto == P_ICMP) != (v->family == 4) &&
	    (v->proto == P_ICMP || v->proto == P_ICMP6))
		return false;
	s->at = v->l4 + at;
	if (v->proto == P_SCTP)
		return l4sum_crc(d, n, s);
	s->crc = false;
	s->have = get16(data + s->at);
	if (!covered(v, d, n, &cover) || (v->proto == P_UDP && !s->have))
		return false;
	acc = v->proto == P_ICMP ? 0 : pseudo_sum(v, n);
	acc = sum_add(acc, d, cover);
	/* without what is in the field now */
	acc = sum_sub(sum_fold(acc), s->have);
	s->want = sum_field(acc);
	if (!s->want && (v->proto == P_UDP || v->proto == P_UDPLITE))
		s->want = 0xffff;
	return true;
}

void packet_l4sum_put(uint8_t *data, const struct l4sum *s, uint32_t value)
{
	uint8_t *p = data + s->at;

	if (!s->crc) {
		put16(p, value);
		return;
	}
	p[0] = value;
	p[1] = value >> 8;
	p[2] = value >> 16;
	p[3] = value >> 24;
}

uint16_t packet_ipsum(const uint8_t *data)
{
	uint8_t copy[60];
	size_t ihl = (data[0] & 15) * 4;

	memcpy(copy, data, ihl);
	memset(copy + 10, 0, 2);
	return sum_field(sum_add(0, copy, ihl));
}

void data_fill_sums(uint8_t *data, size_t len)
{
	struct view v;
	struct l4sum s;

	if (!view_parse(&v, data, len))
		return;
	if (v.family == 4)
		put16(data + 10, packet_ipsum(data));
	if (packet_l4sum(data, &v, &s))
		packet_l4sum_put(data, &s, s.want);
}

void packet_fill_sums(struct packet *p)
{
	data_fill_sums(p->data, p->len);
}

void packet_dump(const char *what, const uint8_t *data, size_t len)
{
	size_t i;

	printf("# %s, %zu bytes:", what, len);
	for (i = 0; i < len; i++)
		printf("%s%02x", i % 32 ? i % 2 ? "" : " " : "\n#   ", data[i]);
	printf("\n");
}

const char *view_text(const struct view *v)
{
	static char ring[4][256];
	static int n;
	char *s = ring[n++ % 4];

	snprintf(s, sizeof(ring[0]),
		 "v%d %s -> %s proto %d ports %d>%d id %d type %d/%d spi %x dscp %d label %x ttl %d%s%s%s",
		 v->family, addr_text(&v->src), addr_text(&v->dst), v->proto,
		 v->sport, v->dport, v->id, v->type, v->code, v->spi, v->dscp,
		 v->label, v->ttl, v->options ? " options" : "",
		 v->frag ? " fragment" : "", v->error ? " error" : "");
	return s;
}
