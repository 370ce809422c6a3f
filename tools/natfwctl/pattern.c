// SPDX-License-Identifier: GPL-2.0-or-later
#include <netinet/in.h>
#include <string.h>

#include "pattern.h"
#include "proto.h"

#define HAS(p, attr)	natfw_has(&(p)->m, NATFW_A_MATCH_##attr)

static uint32_t addr_family(const struct natfw_addr *a)
{
	return a->len == 4 ? 4 : 6;
}

static uint32_t rule_family(const struct natfw_rule *r)
{
	const struct natfw_match *m = &r->match;

	if (natfw_has(m, NATFW_A_MATCH_FAMILY))
		return m->family;
	if (natfw_has(m, NATFW_A_MATCH_SRC))
		return addr_family(&m->src);
	if (natfw_has(m, NATFW_A_MATCH_DST))
		return addr_family(&m->dst);
	if (natfw_has(m, NATFW_A_MATCH_FLOW_LABEL))
		return 6;
	if (natfw_has(m, NATFW_A_MATCH_PROTO) && proto_is_icmp(m->proto))
		return m->proto == IPPROTO_ICMP ? 4 : 6;
	if (natfw_has(&r->nat, NATFW_A_NAT_SRC))
		return addr_family(&r->nat.src);
	if (natfw_has(&r->nat, NATFW_A_NAT_DST))
		return addr_family(&r->nat.dst);
	return 0;
}

void pattern_init(struct pattern *p, const struct natfw_rule *r)
{
	p->m = r->match;
	p->family = rule_family(r);
	p->any_zone = r->flags & NATFW_RULE_FLAG_ZONE_ANY;
	p->src_len = !HAS(p, SRC) ? 0 : HAS(p, SRC_LEN) ? p->m.src_len :
		     natfw_addr_bits(&p->m.src);
	p->dst_len = !HAS(p, DST) ? 0 : HAS(p, DST_LEN) ? p->m.dst_len :
		     natfw_addr_bits(&p->m.dst);
	if (!HAS(p, SPORT_MAX))
		p->m.sport_max = p->m.sport;
	if (!HAS(p, DPORT_MAX))
		p->m.dport_max = p->m.dport;
	if (!HAS(p, ZONE))
		p->m.zone = 0;
}

static bool prefixes_meet(const struct natfw_addr *a, uint32_t alen,
			  const struct natfw_addr *b, uint32_t blen)
{
	uint32_t len = alen < blen ? alen : blen;

	return !len || natfw_addr_prefix_equal(a, b, len);
}

/* Both are about attribute @attr and say different things. */
static bool differ(const struct pattern *a, const struct pattern *b, unsigned int attr)
{
	size_t off = natfw_match_set.field[attr].off;
	const uint32_t *x = (const uint32_t *)((const char *)&a->m + off);
	const uint32_t *y = (const uint32_t *)((const char *)&b->m + off);

	return (a->m.has & b->m.has) >> attr & 1 && *x != *y;
}

static bool ranges_apart(const struct pattern *a, const struct pattern *b)
{
	if (HAS(a, SPORT) && HAS(b, SPORT) &&
	    (a->m.sport_max < b->m.sport || b->m.sport_max < a->m.sport))
		return true;
	return HAS(a, DPORT) && HAS(b, DPORT) &&
	       (a->m.dport_max < b->m.dport || b->m.dport_max < a->m.dport);
}

bool pattern_overlap(const struct pattern *a, const struct pattern *b)
{
	if (differ(a, b, NATFW_A_MATCH_PROTO) || (a->family && b->family && a->family != b->family))
		return false;
	if (!a->any_zone && !b->any_zone && a->m.zone != b->m.zone)
		return false;
	if (!prefixes_meet(&a->m.src, a->src_len, &b->m.src, b->src_len) ||
	    !prefixes_meet(&a->m.dst, a->dst_len, &b->m.dst, b->dst_len))
		return false;
	if (ranges_apart(a, b) || differ(a, b, NATFW_A_MATCH_ICMP_TYPE) ||
	    differ(a, b, NATFW_A_MATCH_ICMP_CODE) || differ(a, b, NATFW_A_MATCH_SPI) ||
	    differ(a, b, NATFW_A_MATCH_DSCP) || differ(a, b, NATFW_A_MATCH_FLOW_LABEL))
		return false;
	return !(HAS(a, IFNAME) && HAS(b, IFNAME) && strcmp(a->m.ifname, b->m.ifname));
}

static const char *const fields[PATTERN_FIELDS] = {
	[PATTERN_FAMILY] = "family", [PATTERN_ZONE] = "zone", [PATTERN_DEV] = "dev",
	[PATTERN_PROTO] = "proto", [PATTERN_SRC] = "from", [PATTERN_DST] = "to",
	[PATTERN_SPORT] = "sport", [PATTERN_DPORT] = "dport", [PATTERN_TYPE] = "type",
	[PATTERN_CODE] = "code", [PATTERN_SPI] = "spi", [PATTERN_DSCP] = "dscp",
	[PATTERN_LABEL] = "flowlabel",
};

const char *pattern_field(enum pattern_miss field)
{
	return fields[field];
}

static uint32_t bit_if(enum pattern_miss field, bool cond)
{
	return cond ? 1u << field : 0;
}

uint32_t pattern_fields(const struct pattern *p)
{
	uint32_t set = 0;

	set |= bit_if(PATTERN_FAMILY, HAS(p, FAMILY) && !p->src_len && !p->dst_len);
	set |= bit_if(PATTERN_ZONE, !p->any_zone);
	set |= bit_if(PATTERN_DEV, HAS(p, IFNAME) || HAS(p, IFINDEX));
	set |= bit_if(PATTERN_PROTO, HAS(p, PROTO));
	set |= bit_if(PATTERN_SRC, p->src_len);
	set |= bit_if(PATTERN_DST, p->dst_len);
	set |= bit_if(PATTERN_SPORT, HAS(p, SPORT));
	set |= bit_if(PATTERN_DPORT, HAS(p, DPORT));
	set |= bit_if(PATTERN_TYPE, HAS(p, ICMP_TYPE));
	set |= bit_if(PATTERN_CODE, HAS(p, ICMP_CODE));
	set |= bit_if(PATTERN_SPI, HAS(p, SPI));
	set |= bit_if(PATTERN_DSCP, HAS(p, DSCP));
	set |= bit_if(PATTERN_LABEL, HAS(p, FLOW_LABEL));
	return set;
}

static bool dev_differs(const struct pattern *p, const struct natfw_test *t)
{
	if (HAS(p, IFNAME))
		return strcmp(p->m.ifname, t->ifname);
	return HAS(p, IFINDEX) && natfw_has(t, NATFW_A_TEST_IFINDEX) &&
	       p->m.ifindex != t->ifindex;
}

static bool within(const struct natfw_addr *net, uint32_t len, const struct natfw_addr *a)
{
	return !len || natfw_addr_prefix_equal(net, a, len);
}

static bool outside(uint32_t port, uint32_t first, uint32_t last)
{
	return port < first || port > last;
}

uint32_t pattern_miss(const struct pattern *p, const struct natfw_test *t, uint32_t zone)
{
	const struct natfw_match *m = &p->m;
	uint32_t miss = 0;

	miss |= bit_if(PATTERN_FAMILY, p->family && p->family != addr_family(&t->src));
	miss |= bit_if(PATTERN_ZONE, !p->any_zone && m->zone != zone);
	miss |= bit_if(PATTERN_DEV, dev_differs(p, t));
	miss |= bit_if(PATTERN_PROTO, HAS(p, PROTO) && m->proto != t->proto);
	miss |= bit_if(PATTERN_SRC, !within(&m->src, p->src_len, &t->src));
	miss |= bit_if(PATTERN_DST, !within(&m->dst, p->dst_len, &t->dst));
	miss |= bit_if(PATTERN_SPORT, HAS(p, SPORT) && outside(t->sport, m->sport, m->sport_max));
	miss |= bit_if(PATTERN_DPORT, HAS(p, DPORT) && outside(t->dport, m->dport, m->dport_max));
	miss |= bit_if(PATTERN_TYPE, HAS(p, ICMP_TYPE) && m->icmp_type != t->icmp_type);
	miss |= bit_if(PATTERN_CODE, HAS(p, ICMP_CODE) && m->icmp_code != t->icmp_code);
	miss |= bit_if(PATTERN_SPI, HAS(p, SPI) && m->spi != t->spi);
	miss |= bit_if(PATTERN_DSCP, HAS(p, DSCP) && m->dscp != t->dscp);
	miss |= bit_if(PATTERN_LABEL, HAS(p, FLOW_LABEL) && m->flow_label != t->flow_label);
	return miss;
}
