// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "base/log.h"
#include "kern/plan.h"
#include "policy/flow.h"

void plan_address(struct natfw_addr *to, const struct address *from)
{
	memset(to, 0, sizeof(*to));
	to->len = (uint8_t)(address_bits(from) / 8);
	memcpy(to->b, from->b, to->len);
}

void plan_address_back(struct address *to, const struct natfw_addr *from)
{
	memset(to, 0, sizeof(*to));
	to->version = from->len == 4 ? 4 : from->len == 16 ? 6 : 0;
	memcpy(to->b, from->b, from->len <= 16 ? from->len : 0);
}

void plan_count(const struct gate_flow *f, uint8_t kind, uint8_t translation, unsigned int *holds,
		unsigned int *rules)
{
	bool endpoint = translation == GATE_SOURCE || translation == GATE_BIND ||
			translation == GATE_BOTH;
	uint8_t types[FLOW_ICMP_MAX];
	unsigned int n;

	*holds = endpoint ? 1u + f->more_ports : 0;
	*rules = 0;
	if (kind == GATE_RESERVE)
		return;
	n = flow_icmp(f, types);
	*rules = n ? n : 1;
	/* two rules, not a range of ports, which would permit (p, q + 1) too */
	if (f->more_ports && (translation != GATE_PLAIN || (f->has_sport && f->has_dport)))
		*rules = 2;
}

void plan_init(struct plan *p, struct places *places, const uint8_t *owner,
	       const struct ledger_row *row, const struct grant *g, uint64_t now)
{
	const struct conf_interface *pool = places_find(places, g->pool_ifindex, now);

	memset(p, 0, sizeof(*p));
	memcpy(p->owner, owner, sizeof(p->owner));
	session_tag(row->sid, p->tag);
	p->in_known = places_zone(places, g->in_ifindex, now, &p->in_zone);
	places_zone(places, g->out_ifindex, now, &p->out_zone);
	p->pool = pool && pool->pool[0] ? pool->pool : NULL;
}

static void put_head(struct natfw_rule *r, const struct plan *p, uint32_t action, uint32_t flags)
{
	memset(r, 0, sizeof(*r));
	memcpy(r->owner, p->owner, sizeof(r->owner));
	natfw_want(r, NATFW_A_RULE_OWNER);
	r->name = (char *)p->tag;	/* only read */
	natfw_want(r, NATFW_A_RULE_NAME);
	r->action = action;
	natfw_want(r, NATFW_A_RULE_ACTION);
	r->flags = flags;
	natfw_want(r, NATFW_A_RULE_FLAGS);
	r->lifetime = p->lifetime;
	natfw_want(r, NATFW_A_RULE_LIFETIME);
	r->priority = action == NATFW_ACTION_DENY ? PLAN_DENY : PLAN_ALLOW;
	natfw_want(r, NATFW_A_RULE_PRIORITY);
	natfw_want(r, NATFW_A_RULE_MATCH);
}

static void match_zone(struct natfw_rule *r, bool known, uint32_t zone)
{
	if (!known) {
		r->flags |= NATFW_RULE_FLAG_ZONE_ANY;
		return;
	}
	r->match.zone = zone;
	natfw_want(&r->match, NATFW_A_MATCH_ZONE);
}

static void match_source(struct natfw_match *m, const struct address *a, uint8_t len)
{
	if (!len)
		return;
	plan_address(&m->src, a);
	natfw_want(m, NATFW_A_MATCH_SRC);
	m->src_len = len;
	natfw_want(m, NATFW_A_MATCH_SRC_LEN);
}

static void match_destination(struct natfw_match *m, const struct address *a, uint8_t len)
{
	if (!len)
		return;
	plan_address(&m->dst, a);
	natfw_want(m, NATFW_A_MATCH_DST);
	m->dst_len = len;
	natfw_want(m, NATFW_A_MATCH_DST_LEN);
}

static void match_protocol(struct natfw_match *m, uint8_t protocol)
{
	m->proto = protocol;
	natfw_want(m, NATFW_A_MATCH_PROTO);
}

static void match_sport(struct natfw_match *m, unsigned int first, unsigned int more)
{
	m->sport = first;
	natfw_want(m, NATFW_A_MATCH_SPORT);
	m->sport_max = first + more;
	natfw_want(m, NATFW_A_MATCH_SPORT_MAX);
}

static void match_dport(struct natfw_match *m, unsigned int first, unsigned int more)
{
	m->dport = first;
	natfw_want(m, NATFW_A_MATCH_DPORT);
	m->dport_max = first + more;
	natfw_want(m, NATFW_A_MATCH_DPORT_MAX);
}

/* Of a pair, rule @i is for one port; a single rule is for both. */
static void match_ports(struct natfw_match *m, const struct grant *g, const struct gate_flow *f,
			unsigned int i)
{
	unsigned int more = g->rules == 1 ? f->more_ports : 0;
	unsigned int at = f->more_ports && g->rules > 1 ? i : 0;

	if (f->has_sport)
		match_sport(m, f->sport + at, more);
	if (f->has_dport)
		match_dport(m, f->dport + at, more);
}

static void match_icmp(struct natfw_match *m, const struct gate_flow *f, unsigned int i)
{
	uint8_t types[FLOW_ICMP_MAX];

	if (i >= flow_icmp(f, types))
		return;
	m->icmp_type = types[i];
	natfw_want(m, NATFW_A_MATCH_ICMP_TYPE);
}

static void match_flow(struct natfw_match *m, const struct grant *g, const struct gate_flow *f,
		       unsigned int i)
{
	match_source(m, &f->source, f->source_len);
	match_destination(m, &f->destination, f->destination_len);
	if (!f->source_len && !f->destination_len) {
		m->family = f->version;
		natfw_want(m, NATFW_A_MATCH_FAMILY);
	}
	if (f->has_protocol)
		match_protocol(m, f->protocol);
	match_ports(m, g, f, i);
	match_icmp(m, f, i);
	if (f->has_spi) {
		m->spi = f->spi;
		natfw_want(m, NATFW_A_MATCH_SPI);
	}
}

static void nat_source(struct natfw_nat *n, const struct endpoint *e, unsigned int i)
{
	plan_address(&n->src, &e->address);
	natfw_want(n, NATFW_A_NAT_SRC);
	n->sport = e->port + i;
	natfw_want(n, NATFW_A_NAT_SPORT);
}

static void nat_destination(struct natfw_nat *n, const struct endpoint *e, unsigned int i)
{
	plan_address(&n->dst, &e->address);
	natfw_want(n, NATFW_A_NAT_DST);
	n->dport = e->port + i;
	natfw_want(n, NATFW_A_NAT_DPORT);
}

static void nat_zone(struct natfw_nat *n, uint32_t zone)
{
	n->out_zone = zone;
	natfw_want(n, NATFW_A_NAT_OUT_ZONE);
}

void plan_hold(struct natfw_rule *r, const struct plan *p, const struct grant *g, unsigned int i)
{
	bool bind = g->translation == GATE_BIND;
	struct endpoint e;
	struct gate_flow f;

	grant_flow(g, &f);
	put_head(r, p, NATFW_ACTION_NAT, NATFW_RULE_FLAG_STATEFUL | NATFW_RULE_FLAG_INACTIVE);
	/* whose endpoint it is: a binding's is where the flow ends, any other's where it begins */
	match_zone(r, bind || p->in_known, bind ? p->out_zone : p->in_zone);
	match_source(&r->match, bind ? &f.destination : &f.source, f.version == 4 ? 32 : 128);
	match_protocol(&r->match, f.protocol);
	match_sport(&r->match, (bind ? f.dport : f.sport) + i, 0);
	natfw_want(r, NATFW_A_RULE_NAT);
	if (g->has & GRANT_EXTERNAL) {
		grant_external(g, &e);
		nat_source(&r->nat, &e, i);
		nat_zone(&r->nat, bind ? p->in_zone : p->out_zone);
		return;
	}
	r->nat.pool = (char *)p->pool;	/* only read */
	natfw_want(&r->nat, NATFW_A_NAT_POOL);
	if (f.more_ports)
		r->flags |= NATFW_RULE_FLAG_PAIR;
}

void plan_rule(struct natfw_rule *r, const struct plan *p, const struct grant *g, unsigned int i)
{
	unsigned int at = g->has & GRANT_PAIR && g->rules > 1 ? i : 0;
	struct endpoint e;
	struct gate_flow f;

	grant_flow(g, &f);
	if (g->kind == GATE_DENY)
		put_head(r, p, NATFW_ACTION_DENY, 0);
	else
		put_head(r, p, g->translation == GATE_PLAIN ? NATFW_ACTION_ALLOW : NATFW_ACTION_NAT,
			 NATFW_RULE_FLAG_STATEFUL);
	match_zone(r, p->in_known, p->in_zone);
	match_flow(&r->match, g, &f, i);
	if (r->action != NATFW_ACTION_NAT)
		return;
	natfw_want(r, NATFW_A_RULE_NAT);
	if (g->has & GRANT_EXTERNAL && g->translation != GATE_DESTINATION) {
		grant_external(g, &e);
		nat_source(&r->nat, &e, at);
	}
	if (g->has & GRANT_INTERNAL) {
		grant_internal(g, &e);
		nat_destination(&r->nat, &e, at);
	}
	nat_zone(&r->nat, p->out_zone);
}

static bool same_address(const struct natfw_addr *a, const struct natfw_addr *b)
{
	return a->len == b->len && !memcmp(a->b, b->b, a->len);
}

static bool same_match(const struct natfw_match *a, const struct natfw_match *b)
{
	uint64_t differ = a->has ^ b->has;

	/* what the kernel leaves out, or adds, as a matter of course */
	differ &= ~(1ull << NATFW_A_MATCH_FAMILY | 1ull << NATFW_A_MATCH_SPORT_MAX |
		    1ull << NATFW_A_MATCH_DPORT_MAX | 1ull << NATFW_A_MATCH_SRC_LEN |
		    1ull << NATFW_A_MATCH_DST_LEN);
	return !differ && same_address(&a->src, &b->src) && same_address(&a->dst, &b->dst) &&
	       a->src_len == b->src_len && a->dst_len == b->dst_len && a->proto == b->proto &&
	       a->sport == b->sport && a->dport == b->dport && a->icmp_type == b->icmp_type &&
	       a->spi == b->spi && a->zone == b->zone;
}

/* External endpoints are what the kernel says, so they are not compared. */
bool plan_same(const struct natfw_rule *r, const struct natfw_rule *want)
{
	const uint32_t flags = NATFW_RULE_FLAG_INACTIVE | NATFW_RULE_FLAG_ZONE_ANY;

	return r->action == want->action && (r->flags & flags) == (want->flags & flags) &&
	       same_match(&r->match, &want->match) && same_address(&r->nat.dst, &want->nat.dst) &&
	       r->nat.dport == want->nat.dport;
}
