// SPDX-License-Identifier: GPL-2.0-or-later
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/siphash.h"
#include "kern/aces.h"
#include "kern/plan.h"

_Static_assert(sizeof(struct ace_key) == 272, "compared by octets: none may be between members");

/* ------------------------------------------------------------------ one of several */

struct range {
	uint16_t min, max;
};

/* What is matched of the ports, in ranges. 0: none. */
static unsigned int ranges(const struct conf_ports *p, struct range *to)
{
	unsigned int n = 0;

	if (!p->given)
		return 0;
	if (!p->except) {
		to[0] = (struct range){ p->min, p->max };
		return 1;
	}
	if (p->min > 0)
		to[n++] = (struct range){ 0, (uint16_t)(p->min - 1) };
	if (p->max < 65535)
		to[n++] = (struct range){ (uint16_t)(p->max + 1), 65535 };
	return n;
}

static unsigned int at_least_one(unsigned int n)
{
	return n ? n : 1;
}

unsigned int ace_rules(const struct conf_ace *a)
{
	struct range r[2];

	return at_least_one(ranges(&a->sport, r)) * at_least_one(ranges(&a->dport, r)) *
	       (a->icmp ? 2 : 1);
}

/* ------------------------------------------------------------------ the match */

static void match_prefix(struct natfw_match *m, const struct conf_prefix *p, bool source)
{
	if (!p->len)
		return;
	plan_address(source ? &m->src : &m->dst, &p->address);
	natfw_want(m, source ? NATFW_A_MATCH_SRC : NATFW_A_MATCH_DST);
	*(source ? &m->src_len : &m->dst_len) = p->len;
	natfw_want(m, source ? NATFW_A_MATCH_SRC_LEN : NATFW_A_MATCH_DST_LEN);
}

static void match_ip(struct natfw_match *m, const struct conf_ace *a, uint8_t version)
{
	match_prefix(m, &a->source, true);
	match_prefix(m, &a->destination, false);
	if (version) {
		m->family = version;
		natfw_want(m, NATFW_A_MATCH_FAMILY);
	}
	if (a->has_dscp) {
		m->dscp = a->dscp;
		natfw_want(m, NATFW_A_MATCH_DSCP);
	}
	if (a->has_label) {
		m->flow_label = a->label;
		natfw_want(m, NATFW_A_MATCH_FLOW_LABEL);
	}
}

static void match_protocol(struct natfw_match *m, uint32_t protocol)
{
	m->proto = protocol;
	natfw_want(m, NATFW_A_MATCH_PROTO);
}

static void match_icmp(struct natfw_match *m, const struct conf_ace *a)
{
	if (a->has_type) {
		m->icmp_type = a->type;
		natfw_want(m, NATFW_A_MATCH_ICMP_TYPE);
	}
	if (a->has_code) {
		m->icmp_code = a->code;
		natfw_want(m, NATFW_A_MATCH_ICMP_CODE);
	}
}

static void match_sport(struct natfw_match *m, const struct range *r)
{
	m->sport = r->min;
	m->sport_max = r->max;
	natfw_want(m, NATFW_A_MATCH_SPORT);
	natfw_want(m, NATFW_A_MATCH_SPORT_MAX);
}

static void match_dport(struct natfw_match *m, const struct range *r)
{
	m->dport = r->min;
	m->dport_max = r->max;
	natfw_want(m, NATFW_A_MATCH_DPORT);
	natfw_want(m, NATFW_A_MATCH_DPORT_MAX);
}

static void match_ports(struct natfw_match *m, const struct conf_ace *a, unsigned int i)
{
	struct range source[2], destination[2];
	unsigned int s = ranges(&a->sport, source), d = ranges(&a->dport, destination);

	if (s)
		match_sport(m, &source[i % s]);
	if (d)
		match_dport(m, &destination[i / at_least_one(s) % d]);
}

static void match(struct natfw_match *m, const struct conf_ace *a, unsigned int i)
{
	uint8_t version = a->icmp ? (i ? 6 : 4) : a->version;

	match_ip(m, a, version);
	if (a->icmp)
		match_protocol(m, i ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
	else if (a->has_protocol)
		match_protocol(m, a->protocol);
	match_icmp(m, a);
	match_ports(m, a, i);
}

/* ------------------------------------------------------------------ the rule */

/* "list/entry"; what does not fit ends in a hash of all of it. */
static void put_name(char *name, const struct conf_acl *acl, const struct conf_ace *a)
{
	static const uint8_t key[16] = "natfwd-ace";
	char full[sizeof(acl->name) + sizeof(a->name)];
	int n = snprintf(full, sizeof(full), "%s/%s", acl->name, a->name);

	if (n <= NATFW_NAME_MAX)
		memcpy(name, full, (size_t)n + 1);
	else
		snprintf(name, NATFW_NAME_MAX + 1, "%.*s~%08x", NATFW_NAME_MAX - 9, full,
			 (unsigned int)siphash(full, (size_t)n, key));
}

static void translate(struct natfw_nat *n, const struct conf_translation *to)
{
	if (to->pool[0]) {
		n->pool = (char *)to->pool;	/* only read */
		natfw_want(n, NATFW_A_NAT_POOL);
	}
	if (address_is_set(&to->source)) {
		plan_address(&n->src, &to->source);
		natfw_want(n, NATFW_A_NAT_SRC);
	}
	if (address_is_set(&to->destination)) {
		plan_address(&n->dst, &to->destination);
		natfw_want(n, NATFW_A_NAT_DST);
	}
	if (to->dport) {
		n->dport = to->dport;
		natfw_want(n, NATFW_A_NAT_DPORT);
	}
}

void ace_rule(struct natfw_rule *r, char *name, const struct conf_acl *acl,
	      const struct conf_ace *a, unsigned int i, uint32_t ifindex)
{
	static const uint32_t actions[] = {
		[ACE_ACCEPT] = NATFW_ACTION_ALLOW, [ACE_DROP] = NATFW_ACTION_DENY,
		[ACE_REJECT] = NATFW_ACTION_REJECT,
	};

	memset(r, 0, sizeof(*r));
	put_name(name, acl, a);
	r->name = name;
	natfw_want(r, NATFW_A_RULE_NAME);
	r->action = actions[a->forwarding];
	natfw_want(r, NATFW_A_RULE_ACTION);
	if (a->translated) {
		r->action = NATFW_ACTION_NAT;
		natfw_want(r, NATFW_A_RULE_NAT);
		translate(&r->nat, &a->to);
	}
	/* of all zones, the device's own is the one that its packets are in */
	r->flags = NATFW_RULE_FLAG_ZONE_ANY | (a->stateful ? NATFW_RULE_FLAG_STATEFUL : 0);
	natfw_want(r, NATFW_A_RULE_FLAGS);
	natfw_want(r, NATFW_A_RULE_MATCH);
	r->match.ifindex = ifindex;
	natfw_want(&r->match, NATFW_A_MATCH_IFINDEX);
	match(&r->match, a, i);
}

/* ------------------------------------------------------------------ comparing */

/* A family may be said, or follow from what else is. */
static uint32_t family_of(const struct natfw_match *m)
{
	const struct natfw_addr *a = natfw_has(m, NATFW_A_MATCH_SRC) ? &m->src : &m->dst;

	if (a->len)
		return a->len == 4 ? 4 : 6;
	if (natfw_has(m, NATFW_A_MATCH_FAMILY))
		return m->family;
	if (natfw_has(m, NATFW_A_MATCH_FLOW_LABEL))
		return 6;
	if (!natfw_has(m, NATFW_A_MATCH_PROTO))
		return 0;
	return m->proto == IPPROTO_ICMP ? 4 : m->proto == IPPROTO_ICMPV6 ? 6 : 0;
}

static void key_ports(struct ace_key *k, const struct natfw_match *m)
{
	k->sport = m->sport;
	k->sport_max = natfw_has(m, NATFW_A_MATCH_SPORT_MAX) ? m->sport_max : m->sport;
	k->dport = m->dport;
	k->dport_max = natfw_has(m, NATFW_A_MATCH_DPORT_MAX) ? m->dport_max : m->dport;
}

static void key_match(struct ace_key *k, const struct natfw_match *m)
{
	k->has = m->has & ~(1ull << NATFW_A_MATCH_FAMILY | 1ull << NATFW_A_MATCH_SPORT_MAX |
			    1ull << NATFW_A_MATCH_DPORT_MAX | 1ull << NATFW_A_MATCH_SRC_LEN |
			    1ull << NATFW_A_MATCH_DST_LEN | 1ull << NATFW_A_MATCH_IFNAME);
	k->ifindex = m->ifindex;
	k->zone = m->zone;
	k->family = family_of(m);
	memcpy(k->src, m->src.b, m->src.len);
	memcpy(k->dst, m->dst.b, m->dst.len);
	k->src_len = natfw_has(m, NATFW_A_MATCH_SRC_LEN) ? m->src_len : natfw_addr_bits(&m->src);
	k->dst_len = natfw_has(m, NATFW_A_MATCH_DST_LEN) ? m->dst_len : natfw_addr_bits(&m->dst);
	k->proto = m->proto;
	key_ports(k, m);
	k->icmp_type = m->icmp_type;
	k->icmp_code = m->icmp_code;
	k->spi = m->spi;
	k->dscp = m->dscp;
	k->label = m->flow_label;
}

void ace_key(struct ace_key *k, const struct natfw_rule *r)
{
	memset(k, 0, sizeof(*k));
	if (r->name)
		snprintf(k->name, sizeof(k->name), "%s", r->name);
	k->action = r->action;
	k->flags = r->flags;
	key_match(k, &r->match);
	/* the zone that replies come from is the kernel's to find */
	if (r->nat.pool)
		snprintf(k->pool, sizeof(k->pool), "%s", r->nat.pool);
	memcpy(k->nat_src, r->nat.src.b, r->nat.src.len);
	memcpy(k->nat_dst, r->nat.dst.b, r->nat.dst.len);
	k->nat_dport = r->nat.dport;
}
