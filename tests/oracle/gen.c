// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "gen.h"
#include "sum.h"

/* splitmix64 */
uint64_t rnd64(struct rng *r)
{
	uint64_t z = r->s += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

uint32_t rnd(struct rng *r, uint32_t n)
{
	return rnd64(r) % n;
}

bool chance(struct rng *r, int percent)
{
	return rnd(r, 100) < (uint32_t)percent;
}

static const uint8_t site_net[SITES + 1] = { 1, 2, 3, 9 };

/* 10.SITE.x.y and fd00:SITE::x.y, few of them, so that rules and packets meet. */
struct addr gen_site_addr(struct rng *r, int family, int site)
{
	struct addr a = { .len = family == 4 ? 4 : 16 };
	uint8_t x = chance(r, 90) ? rnd(r, 3) : rnd(r, 250);
	uint8_t y = chance(r, 90) ? 1 + rnd(r, 8) : 1 + rnd(r, 250);

	if (family == 4) {
		a.b[0] = 10;
		a.b[1] = site_net[site];
		a.b[2] = x;
		a.b[3] = y;
		return a;
	}
	a.b[0] = 0xfd;
	a.b[3] = site_net[site];
	if (chance(r, 5))
		a.b[8 + rnd(r, 6)] = rnd(r, 256);
	a.b[14] = x;
	a.b[15] = y;
	return a;
}

struct addr gen_addr(struct rng *r, int family)
{
	return gen_site_addr(r, family, rnd(r, SITES + 1));
}

int addr_site(const struct addr *a)
{
	int i;

	for (i = 0; i <= SITES; i++)
		if (a->len == 4 ? a->b[0] == 10 && a->b[1] == site_net[i]
				: a->b[0] == 0xfd && a->b[3] == site_net[i])
			return i;
	return -1;
}

static uint16_t gen_port(struct rng *r)
{
	static const uint16_t known[] = { 53, 80, 443, 5060 };

	switch (rnd(r, 4)) {
	case 0:
		return known[rnd(r, 4)];
	case 1:
		return 1 + rnd(r, 65535);
	default:
		return 1000 + rnd(r, 16);
	}
}

bool gen_no_ipsec;

static uint8_t gen_proto(struct rng *r, int family)
{
	uint32_t n = rnd(r, gen_no_ipsec ? 88 : 100);

	if (n < 27)
		return P_TCP;
	if (n < 54)
		return P_UDP;
	if (n < 60)
		return P_UDPLITE;
	if (n < 68)
		return P_SCTP;
	if (n < 74)
		return P_DCCP;
	if (n < 88)
		return family == 4 ? P_ICMP : P_ICMP6;
	if (n < 92)
		return P_ESP;
	if (n < 94)
		return P_AH;
	if (n < 97)
		return P_GRE;
	return 253;
}

/* rules */

static void mask(struct prefix *p)
{
	struct addr zero = { .len = p->a.len };

	p->a = addr_join(&p->a, p->bits, &zero);
}

static void gen_prefix(struct rng *r, struct prefix *p, int family, bool narrow)
{
	static const uint8_t bits4[] = { 8, 12, 16, 22, 23, 24, 29, 30, 31, 32, 32, 32 };
	static const uint8_t bits6[] = { 8, 31, 32, 64, 112, 119, 120, 125, 126, 127, 128, 128 };
	int from = narrow ? 5 : chance(r, 3) ? 0 : chance(r, 30) ? 2 : 3;

	p->on = true;
	p->a = gen_addr(r, family);
	p->bits = (family == 4 ? bits4 : bits6)[from + rnd(r, 12 - from)];
	mask(p);
}

static void gen_range(struct rng *r, struct range *g)
{
	g->on = true;
	g->lo = gen_port(r);
	g->hi = g->lo;
	if (chance(r, 50))
		return;
	g->hi = chance(r, 80) ? g->lo + rnd(r, 24) : 65535;
	if (g->hi < g->lo)
		g->hi = 65535;
}

static struct field some(uint32_t v)
{
	return (struct field){ true, v };
}

static uint8_t gen_type(struct rng *r, int family)
{
	static const uint8_t t4[] = { 8, 0, 8, 0, 13, 14, 3, 11, 40 };
	static const uint8_t t6[] = { 128, 129, 128, 129, 1, 3, 2, 4, 200 };

	return (family == 4 ? t4 : t6)[rnd(r, 9)];
}

static void gen_upper(struct rng *r, struct match *m, int family, int features)
{
	uint8_t proto = m->proto.v;

	if (proto_has_ports(proto)) {
		if (chance(r, 25))
			gen_range(r, &m->sport);
		if (chance(r, 60))
			gen_range(r, &m->dport);
	} else if (proto == P_ESP || proto == P_AH) {
		if (chance(r, 60))
			m->spi = some(0x100 + rnd(r, 4));
	} else if ((proto == P_ICMP || proto == P_ICMP6) && features & GEN_EXOTIC) {
		if (chance(r, 60))
			m->type = some(gen_type(r, family));
		if (m->type.on && chance(r, 30))
			m->code = some(rnd(r, 3));
	}
}

static void gen_exotic(struct rng *r, struct rule *u, int family)
{
	struct match *m = &u->match;

	if (chance(r, 8))
		m->dscp = some(rnd(r, 3) * 10);
	if (family == 6 && chance(r, 8))
		m->label = some(rnd(r, 3));
	if (chance(r, 15))
		u->flags |= RF_ZONE_ANY;
}

static void gen_wild(struct rng *r, struct rule *u, int family, int features)
{
	struct match *m = &u->match;

	if (chance(r, 65))
		gen_prefix(r, &m->src, family, false);
	if (chance(r, 70))
		gen_prefix(r, &m->dst, family, false);
	if (chance(r, 75)) {
		m->proto = some(gen_proto(r, family));
		gen_upper(r, m, family, features);
	}
	if (!m->src.on && !m->dst.on && chance(r, 90))
		gen_prefix(r, &m->dst, family, false);
	if (!m->src.on && !m->dst.on && chance(r, 50))
		m->family = some(family);
	if (features & GEN_EXOTIC)
		gen_exotic(r, u, family);
	if (features & GEN_DEV && chance(r, 8))
		m->dev = rnd(r, SITES);
}

static void gen_exact(struct rng *r, struct rule *u, int family)
{
	struct match *m = &u->match;
	uint16_t port;

	gen_prefix(r, &m->src, family, true);
	gen_prefix(r, &m->dst, family, true);
	m->src.a = gen_addr(r, family);
	m->dst.a = gen_addr(r, family);
	m->src.bits = m->dst.bits = 8 * m->src.a.len;
	do {
		m->proto = some(gen_proto(r, family));
	} while (m->proto.v == P_ICMP || m->proto.v == P_ICMP6);
	if (proto_has_ports(m->proto.v)) {
		port = gen_port(r);
		m->sport = (struct range){ true, port, port };
		port = gen_port(r);
		m->dport = (struct range){ true, port, port };
	} else if (m->proto.v == P_ESP || m->proto.v == P_AH) {
		m->spi = some(0x100 + rnd(r, 4));
	}
}

static void gen_nat_side(struct rng *r, struct prefix *to, struct prefix *from, int family)
{
	if (!from->on || from->bits < (family == 4 ? 22u : 112u))
		gen_prefix(r, from, family, true);
	to->on = true;
	to->bits = from->bits;
	to->a = gen_site_addr(r, family, chance(r, 70) ? SITE_OUTSIDE : rnd(r, SITES));
	mask(to);
}

static void gen_nat_ports(struct rng *r, struct range *to, const struct range *from,
			  bool possible)
{
	uint16_t span = from->on ? from->hi - from->lo : 0;

	if (!possible || (!from->on && chance(r, 80)) || chance(r, 30))
		return;
	to->on = true;
	if (chance(r, 10))
		span = 0;	/* all to one port */
	to->lo = 1 + rnd(r, 65535 - span);
	to->hi = to->lo + span;
}

static void gen_nat(struct rng *r, struct rule *u, int family)
{
	struct translation *n = &u->nat;
	struct match *m = &u->match;
	bool ports = m->proto.on && proto_has_ports(m->proto.v);
	int which = 1 + rnd(r, 3);

	if (which & 1) {
		gen_nat_side(r, &n->src, &m->src, family);
		gen_nat_ports(r, &n->sport, &m->sport, ports);
	}
	if (which & 2) {
		gen_nat_side(r, &n->dst, &m->dst, family);
		gen_nat_ports(r, &n->dport, &m->dport, ports);
	}
	if (which & 2 && chance(r, 15)) {	/* all to one host */
		n->dst.a = gen_site_addr(r, family, rnd(r, SITES));
		n->dst.bits = 8 * n->dst.a.len;
	}
	m->family.on = false;
	m->spi.on = false;
	if (m->proto.v == P_AH)
		m->proto.on = false;
}

static enum action gen_action(struct rng *r, int features)
{
	uint32_t n = rnd(r, 100);

	if (n < 35 && features & GEN_NAT)
		return ACT_NAT;
	if (n < 42 && features & GEN_REJECT)
		return ACT_REJECT;
	return n < 65 ? ACT_DENY : ACT_ALLOW;
}

void gen_rule(struct rng *r, struct rule *u, int family, int features)
{
	static const uint32_t priorities[] = { 0, 10, 100, 1000, 1000, 1000, 5000, 4294967295 };

	memset(u, 0, sizeof(*u));
	u->match.dev = -1;
	u->priority = priorities[rnd(r, 8)];
	u->owner[0] = rnd(r, 3);
	if (chance(r, 25))
		gen_exact(r, u, family);
	else
		gen_wild(r, u, family, features);
	u->action = gen_action(r, features);
	if (u->action == ACT_NAT)
		gen_nat(r, u, family);
	if (u->action == ACT_NAT ||
	    (u->action == ACT_ALLOW && features & GEN_STATE && chance(r, 50)))
		u->flags |= RF_STATEFUL;
	if (features & GEN_EMIT && u->action != ACT_DENY && u->action != ACT_REJECT)
		u->emit = rnd(r, 3);
}

/* packets */

/* What to build, before it is bytes. */
struct draft {
	int		family;
	struct addr	src, dst;
	uint8_t		proto, dscp, type, code, ttl;
	uint16_t	sport, dport, id;
	uint32_t	label, spi;
};

static void draft_random(struct rng *r, struct draft *d, int family)
{
	memset(d, 0, sizeof(*d));
	d->family = family;
	d->src = gen_addr(r, family);
	d->dst = gen_addr(r, family);
	d->proto = gen_proto(r, family);
	d->sport = gen_port(r);
	d->dport = gen_port(r);
	d->id = rnd(r, 4);
	d->type = gen_type(r, family);
	d->code = rnd(r, 3);
	d->spi = 0x100 + rnd(r, 4);
	d->dscp = chance(r, 70) ? 0 : rnd(r, 3) * 10;
	d->label = chance(r, 70) ? 0 : rnd(r, 3);
	d->ttl = 2 + rnd(r, 254);
}

static void aim_prefix(struct addr *a, const struct prefix *p)
{
	if (p->on)
		*a = addr_join(&p->a, p->bits, a);
}

static void aim_port(struct rng *r, uint16_t *port, const struct range *g)
{
	if (!g->on)
		return;
	switch (rnd(r, 3)) {
	case 0:
		*port = g->lo;
		break;
	case 1:
		*port = g->hi;
		break;
	default:
		*port = g->lo + rnd(r, g->hi - g->lo + 1);
	}
}

static void draft_aim(struct rng *r, struct draft *d, const struct match *m)
{
	aim_prefix(&d->src, &m->src);
	aim_prefix(&d->dst, &m->dst);
	if (m->proto.on)
		d->proto = m->proto.v;
	aim_port(r, &d->sport, &m->sport);
	aim_port(r, &d->dport, &m->dport);
	if (m->type.on)
		d->type = m->type.v;
	if (m->code.on)
		d->code = m->code.v;
	if (m->spi.on)
		d->spi = m->spi.v;
	if (m->dscp.on)
		d->dscp = m->dscp.v;
	if (m->label.on)
		d->label = m->label.v;
}

/* One thing a little off. */
static void draft_miss(struct rng *r, struct draft *d)
{
	struct addr *a = chance(r, 50) ? &d->src : &d->dst;

	switch (rnd(r, 8)) {
	case 0:
		a->b[a->len - 1] ^= 1 << rnd(r, 4);
		break;
	case 1:
		a->b[a->len - 2] ^= 1 << rnd(r, 2);
		break;
	case 2:
		d->sport += chance(r, 50) ? 1 : -1;
		break;
	case 3:
		d->dport += chance(r, 50) ? 1 : -1;
		break;
	case 4:
		d->proto = gen_proto(r, d->family);
		break;
	case 5:
		d->type ^= 1;
		break;
	case 6:
		d->spi ^= 1;
		break;
	default:
		d->dscp ^= 1;
	}
}

static bool same_family(const struct match *m, int family)
{
	if (m->src.on)
		return (m->src.a.len == 4) == (family == 4);
	if (m->dst.on)
		return (m->dst.a.len == 4) == (family == 4);
	return !m->family.on || m->family.v == (uint32_t)family;
}

static void draft_make(struct rng *r, struct draft *d, int family, const struct oracle *o)
{
	const struct rule *u;

	draft_random(r, d, family);
	if (!o || !o->nrules || chance(r, 15))
		return;
	u = o->rules[rnd(r, o->nrules)];
	if (!same_family(&u->match, family))
		return;
	draft_aim(r, d, &u->match);
	if (chance(r, 35))
		draft_miss(r, d);
}

static size_t gen_payload_len(struct rng *r)
{
	uint32_t n = rnd(r, 10);

	if (n < 2)
		return 0;
	if (n < 8)
		return rnd(r, 64);
	return rnd(r, 1200);
}

static void noise(struct rng *r, uint8_t *p, size_t n)
{
	while (n--)
		*p++ = rnd64(r);
}

static size_t put_tcp(struct rng *r, uint8_t *p, size_t payload)
{
	size_t opts = chance(r, 20) ? 4 * rnd(r, 6) : 0;

	noise(r, p + 4, 16 + opts + payload);
	memset(p + 20, 1, opts);
	p[12] = (20 + opts) << 2;
	/* no SYN and RST at once, and the like: those are for the mangler */
	p[13] = chance(r, 50) ? 0x10 : chance(r, 50) ? 0x02 : 0x18;
	put16(p + 16, 0);
	put16(p + 18, 0);
	return 20 + opts + payload;
}

static size_t put_udp(struct rng *r, uint8_t *p, size_t payload, const struct draft *d)
{
	noise(r, p + 4, 4 + payload);
	put16(p + 4, 8 + payload);
	put16(p + 6, chance(r, d->family == 4 ? 15 : 3) ? 0 : 1);
	return 8 + payload;
}

static size_t put_udplite(struct rng *r, uint8_t *p, size_t payload)
{
	noise(r, p + 8, payload);
	put16(p + 4, chance(r, 50) ? 0 : 8 + rnd(r, payload + 1));
	put16(p + 6, 1);
	return 8 + payload;
}

static size_t put_dccp(struct rng *r, uint8_t *p, size_t payload)
{
	size_t words = payload / 4;

	noise(r, p + 4, 12 + payload);
	p[4] = 4;
	p[5] = chance(r, 50) ? 0 : 1 + rnd(r, words > 14 ? 15 : words + 1);
	put16(p + 6, 1);
	p[8] = 0x05;
	return 16 + payload;
}

static size_t put_sctp(struct rng *r, uint8_t *p, size_t payload)
{
	noise(r, p + 4, 8);
	p[12] = 0;
	p[13] = 3;
	noise(r, p + 16, payload);
	put16(p + 14, 16 + payload);
	memset(p + 16 + payload, 0, 15);
	return 12 + ((16 + payload + 3) & ~3u);
}

static size_t put_icmp(struct rng *r, uint8_t *p, size_t payload, const struct draft *d)
{
	noise(r, p + 4, 4 + payload);
	p[0] = d->type;
	p[1] = d->code;
	put16(p + 4, d->id);
	return 8 + payload;
}

static size_t put_esp(struct rng *r, uint8_t *p, size_t payload, const struct draft *d)
{
	noise(r, p, 16 + payload);
	put32(p, d->spi);
	return 16 + payload;
}

static size_t put_ah(struct rng *r, uint8_t *p, size_t payload, const struct draft *d)
{
	noise(r, p, 24 + payload);
	p[0] = 253;
	p[1] = 4;
	put16(p + 2, 0);
	put32(p + 4, d->spi);
	return 24 + payload;
}

static size_t put_gre(struct rng *r, uint8_t *p, size_t payload)
{
	noise(r, p, 4 + payload);
	put16(p, 0);
	put16(p + 2, 0x0800);
	return 4 + payload;
}

static size_t put_upper(struct rng *r, uint8_t *p, const struct draft *d)
{
	size_t payload = gen_payload_len(r);

	put16(p, d->sport);
	put16(p + 2, d->dport);
	switch (d->proto) {
	case P_TCP:
		return put_tcp(r, p, payload);
	case P_UDP:
		return put_udp(r, p, payload, d);
	case P_UDPLITE:
		return put_udplite(r, p, payload);
	case P_DCCP:
		return put_dccp(r, p, payload);
	case P_SCTP:
		return put_sctp(r, p, payload);
	case P_ICMP:
	case P_ICMP6:
		return put_icmp(r, p, payload, d);
	case P_ESP:
		return put_esp(r, p, payload, d);
	case P_AH:
		return put_ah(r, p, payload, d);
	case P_GRE:
		return put_gre(r, p, payload);
	default:
		noise(r, p, payload);
		return payload;
	}
}

static size_t put_options4(struct rng *r, uint8_t *p, bool plain)
{
	size_t n = plain || chance(r, 92) ? 0 : 4 * (1 + rnd(r, 3));

	memset(p, 1, n);	/* no operation */
	if (n && chance(r, 50))
		p[n - 1] = 0;	/* end of list */
	return n;
}

static size_t put_ipv4(struct rng *r, uint8_t *p, const struct draft *d, bool plain)
{
	size_t ihl = 20 + put_options4(r, p + 20, plain);

	p[0] = 0x40 | ihl / 4;
	p[1] = d->dscp << 2 | rnd(r, 2);
	put16(p + 4, rnd64(r));
	put16(p + 6, 0x4000);
	p[8] = d->ttl;
	p[9] = d->proto;
	put16(p + 10, 0);
	memcpy(p + 12, d->src.b, 4);
	memcpy(p + 16, d->dst.b, 4);
	return ihl;
}

/* Linux takes no more than seven bytes of padding from a hop-by-hop header. */
static size_t put_ext(struct rng *r, uint8_t *p, uint8_t next, bool hop)
{
	size_t n = hop ? 8 : 8 * (1 + rnd(r, 2));

	memset(p, 0, n);
	p[0] = next;
	p[1] = n / 8 - 1;
	p[2] = 1;		/* PadN over all of it */
	p[3] = n - 4;
	return n;
}

static size_t put_ipv6(struct rng *r, uint8_t *p, const struct draft *d, bool plain)
{
	bool hop = !plain && chance(r, 4), dst = !plain && chance(r, 6);
	size_t n = 40;

	put32(p, 6u << 28 | (uint32_t)d->dscp << 22 | d->label);
	p[6] = hop ? P_HOPOPTS : dst ? P_DSTOPTS : d->proto;
	p[7] = d->ttl;
	memcpy(p + 8, d->src.b, 16);
	memcpy(p + 24, d->dst.b, 16);
	if (hop)
		n += put_ext(r, p + n, dst ? P_DSTOPTS : d->proto, true);
	if (dst)
		n += put_ext(r, p + n, d->proto, false);
	return n;
}

static void put_length(struct packet *p, int family)
{
	if (family == 4)
		put16(p->data + 2, p->len);
	else
		put16(p->data + 4, p->len - 40);
}

static void spoil_sum(struct rng *r, struct packet *p)
{
	struct view v;
	struct l4sum s;

	view_parse(&v, p->data, p->len);
	if (v.proto == P_ICMP || v.proto == P_ICMP6)
		return;
	if (packet_l4sum(p->data, &v, &s))
		packet_l4sum_put(p->data, &s, s.want ^ (1 << rnd(r, 15)));
}

static bool draft_error(const struct draft *d)
{
	return (d->proto == P_ICMP || d->proto == P_ICMP6) && is_error(d->family, d->type);
}

static void build(struct rng *r, struct packet *p, const struct draft *d, int how)
{
	bool plain = how & GENP_PLAIN;
	size_t n = d->family == 4 ? put_ipv4(r, p->data, d, plain)
				  : put_ipv6(r, p->data, d, plain);

	p->len = n + put_upper(r, p->data + n, d);
	put_length(p, d->family);
	packet_fill_sums(p);
}

void gen_packet(struct rng *r, struct packet *p, int family, const struct oracle *o,
		int how)
{
	struct packet about;
	struct draft d;

	draft_make(r, &d, family, o);
	if (draft_error(&d) && how & GENP_NOERR)
		d.type = family == 4 ? 8 : 128;
	if (!(how & GENP_TTL) && chance(r, 3))
		d.ttl = rnd(r, 2);
	if (draft_error(&d)) {
		uint8_t type = d.type, code = d.code;

		d.proto = P_UDP;
		build(r, &about, &d, how);
		gen_error(r, p, &about);
		p->data[family == 4 ? 20 : 40] = type;
		p->data[family == 4 ? 21 : 41] = code;
		packet_fill_sums(p);
		return;
	}
	build(r, p, &d, how);
	if (!(how & GENP_SUMS) && chance(r, 4))
		spoil_sum(r, p);
}

/* How much of the packet in error goes along: RFC 792's least, or more. */
static size_t quote_len(struct rng *r, const struct packet *p, const struct view *v)
{
	size_t least = v->l4 + 8 < p->len ? v->l4 + 8 : p->len;
	size_t most = p->len < 1232 ? p->len : 1232;

	if (v->family == 4 && most > 548)
		most = 548;
	if (chance(r, 30) || most <= least)
		return least;
	return least + rnd(r, most - least + 1);
}

static void pick_error(struct rng *r, uint8_t *b, int family)
{
	static const uint8_t t4[][2] = { { 3, 1 }, { 3, 3 }, { 3, 4 }, { 11, 0 }, { 12, 0 } };
	static const uint8_t t6[][2] = { { 1, 0 }, { 1, 4 }, { 2, 0 }, { 3, 0 }, { 4, 1 } };
	const uint8_t *t = (family == 4 ? t4 : t6)[rnd(r, 5)];

	b[0] = t[0];
	b[1] = t[1];
}

void gen_error(struct rng *r, struct packet *e, const struct packet *p)
{
	struct draft d = { 0 };
	struct view v;
	size_t at, n;

	view_parse(&v, p->data, p->len);
	d.family = v.family;
	d.proto = v.family == 4 ? P_ICMP : P_ICMP6;
	d.ttl = 64;
	d.dst = v.src;
	d.src = chance(r, 50) ? v.dst : gen_addr(r, v.family);
	at = v.family == 4 ? put_ipv4(r, e->data, &d, true)
			   : put_ipv6(r, e->data, &d, true);
	memset(e->data + at, 0, 8);
	pick_error(r, e->data + at, v.family);
	if (e->data[at] == (v.family == 4 ? 3 : 2))
		put16(e->data + at + 6, 1400);
	n = quote_len(r, p, &v);
	memcpy(e->data + at + 8, p->data, n);
	e->len = at + 8 + n;
	put_length(e, v.family);
	packet_fill_sums(e);
}

void gen_reply(struct rng *r, struct packet *q, const struct packet *p)
{
	struct draft d;
	struct view v;

	view_parse(&v, p->data, p->len);
	draft_random(r, &d, v.family);
	d.src = v.dst;
	d.dst = v.src;
	d.sport = v.dport;
	d.dport = v.sport;
	d.proto = v.proto;
	d.id = v.id;
	d.code = v.code;
	d.type = v.type;
	if (v.query && v.family == 4)
		d.type = v.type == 8 ? 0 : v.type == 0 ? 8 : v.type ^ 3;
	else if (v.query)
		d.type = v.type ^ 1;
	build(r, q, &d, GENP_PLAIN);
}
