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

/* Both are about the field and say different things. */
#define DIFFER(a, b, ATTR, field)						\
	(HAS(a, ATTR) && HAS(b, ATTR) && (a)->m.field != (b)->m.field)

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
	if (DIFFER(a, b, PROTO, proto) || (a->family && b->family && a->family != b->family))
		return false;
	if (!a->any_zone && !b->any_zone && a->m.zone != b->m.zone)
		return false;
	if (!prefixes_meet(&a->m.src, a->src_len, &b->m.src, b->src_len) ||
	    !prefixes_meet(&a->m.dst, a->dst_len, &b->m.dst, b->dst_len))
		return false;
	if (ranges_apart(a, b) || DIFFER(a, b, ICMP_TYPE, icmp_type) ||
	    DIFFER(a, b, ICMP_CODE, icmp_code) || DIFFER(a, b, SPI, spi) ||
	    DIFFER(a, b, DSCP, dscp) || DIFFER(a, b, FLOW_LABEL, flow_label))
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

uint32_t pattern_fields(const struct pattern *p)
{
	uint32_t set = 0;

#define ABOUT(FIELD, cond)	set |= (cond) ? 1u << PATTERN_##FIELD : 0
	ABOUT(FAMILY, HAS(p, FAMILY) && !p->src_len && !p->dst_len);
	ABOUT(ZONE, !p->any_zone);
	ABOUT(DEV, HAS(p, IFNAME) || HAS(p, IFINDEX));
	ABOUT(PROTO, HAS(p, PROTO));
	ABOUT(SRC, p->src_len);
	ABOUT(DST, p->dst_len);
	ABOUT(SPORT, HAS(p, SPORT));
	ABOUT(DPORT, HAS(p, DPORT));
	ABOUT(TYPE, HAS(p, ICMP_TYPE));
	ABOUT(CODE, HAS(p, ICMP_CODE));
	ABOUT(SPI, HAS(p, SPI));
	ABOUT(DSCP, HAS(p, DSCP));
	ABOUT(LABEL, HAS(p, FLOW_LABEL));
#undef ABOUT
	return set;
}

static bool dev_differs(const struct pattern *p, const struct natfw_test *t)
{
	if (HAS(p, IFNAME))
		return strcmp(p->m.ifname, t->ifname);
	return HAS(p, IFINDEX) && natfw_has(t, NATFW_A_TEST_IFINDEX) &&
	       p->m.ifindex != t->ifindex;
}

uint32_t pattern_miss(const struct pattern *p, const struct natfw_test *t, uint32_t zone)
{
	const struct natfw_match *m = &p->m;
	uint32_t miss = 0;

#define MISS(FIELD, cond)	miss |= (cond) ? 1u << PATTERN_##FIELD : 0
	MISS(FAMILY, p->family && p->family != addr_family(&t->src));
	MISS(ZONE, !p->any_zone && m->zone != zone);
	MISS(DEV, dev_differs(p, t));
	MISS(PROTO, HAS(p, PROTO) && m->proto != t->proto);
	MISS(SRC, p->src_len && !natfw_addr_prefix_equal(&m->src, &t->src, p->src_len));
	MISS(DST, p->dst_len && !natfw_addr_prefix_equal(&m->dst, &t->dst, p->dst_len));
	MISS(SPORT, HAS(p, SPORT) && (t->sport < m->sport || t->sport > m->sport_max));
	MISS(DPORT, HAS(p, DPORT) && (t->dport < m->dport || t->dport > m->dport_max));
	MISS(TYPE, HAS(p, ICMP_TYPE) && m->icmp_type != t->icmp_type);
	MISS(CODE, HAS(p, ICMP_CODE) && m->icmp_code != t->icmp_code);
	MISS(SPI, HAS(p, SPI) && m->spi != t->spi);
	MISS(DSCP, HAS(p, DSCP) && m->dscp != t->dscp);
	MISS(LABEL, HAS(p, FLOW_LABEL) && m->flow_label != t->flow_label);
#undef MISS
	return miss;
}
