// SPDX-License-Identifier: GPL-2.0-or-later
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "proto.h"
#include "spec.h"
#include "value.h"

/* A rule being read. */
struct reading {
	struct natfw_rule *r;
	bool has_action, is_nat;
	const char *type;	/* ICMP type by name or number, borrowed */
};

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define MATCH(rd)	(&((struct reading *)(rd))->r->match)
#define NAT(rd)		(&((struct reading *)(rd))->r->nat)
#define RULE(rd)	(((struct reading *)(rd))->r)

static bool set_action(struct words *w, struct reading *rd, uint32_t action)
{
	if (rd->has_action)
		return words_fail(w, "a rule has one action");
	rd->has_action = true;
	rd->r->action = action;
	natfw_want(rd->r, NATFW_A_RULE_ACTION);
	return true;
}

static bool read_allow(struct words *w, void *rd)
{
	return set_action(w, rd, NATFW_ACTION_ALLOW);
}

static bool read_deny(struct words *w, void *rd)
{
	return set_action(w, rd, NATFW_ACTION_DENY);
}

static bool read_reject(struct words *w, void *rd)
{
	return set_action(w, rd, NATFW_ACTION_REJECT);
}

static bool read_nat(struct words *w, void *rd)
{
	return set_action(w, rd, NATFW_ACTION_NAT);
}

static bool read_priority(struct words *w, void *rd)
{
	natfw_want(RULE(rd), NATFW_A_RULE_PRIORITY);
	return read_number(w, "the priority", 0, UINT32_MAX, &RULE(rd)->priority);
}

static bool set_proto(struct words *w, struct natfw_match *m, uint32_t proto)
{
	if (natfw_has(m, NATFW_A_MATCH_PROTO) && m->proto != proto)
		return words_fail(w, "the protocol is given twice");
	m->proto = proto;
	natfw_want(m, NATFW_A_MATCH_PROTO);
	return true;
}

static bool read_proto_key(struct words *w, void *rd)
{
	uint32_t proto;

	if (words_take(w, "any"))
		return true;
	return read_proto(w, &proto) && set_proto(w, MATCH(rd), proto);
}

/* A protocol's name by itself. */
static bool read_proto_name(struct words *w, void *rd)
{
	return set_proto(w, MATCH(rd), (uint32_t)proto_find(w->v[w->at - 1]));
}

static bool set_sport(struct words *w, struct natfw_match *m, uint32_t first, uint32_t last)
{
	if (natfw_has(m, NATFW_A_MATCH_SPORT))
		return words_fail(w, "the source port is given twice");
	m->sport = first;
	m->sport_max = last;
	m->has |= 1ull << NATFW_A_MATCH_SPORT | 1ull << NATFW_A_MATCH_SPORT_MAX;
	return true;
}

static bool set_dport(struct words *w, struct natfw_match *m, uint32_t first, uint32_t last)
{
	if (natfw_has(m, NATFW_A_MATCH_DPORT))
		return words_fail(w, "the destination port is given twice");
	m->dport = first;
	m->dport_max = last;
	m->has |= 1ull << NATFW_A_MATCH_DPORT | 1ull << NATFW_A_MATCH_DPORT_MAX;
	return true;
}

static bool read_from(struct words *w, void *rd)
{
	struct natfw_match *m = MATCH(rd);
	struct endpoint ep;

	if (!read_endpoint(w, &ep))
		return false;
	if (ep.addr.len) {
		m->src = ep.addr;
		m->src_len = ep.len;
		m->has |= 1ull << NATFW_A_MATCH_SRC | 1ull << NATFW_A_MATCH_SRC_LEN;
	}
	return !ep.has_port || set_sport(w, m, ep.port, ep.port_max);
}

static bool read_to(struct words *w, void *rd)
{
	struct natfw_match *m = MATCH(rd);
	struct endpoint ep;

	if (!read_endpoint(w, &ep))
		return false;
	if (ep.addr.len) {
		m->dst = ep.addr;
		m->dst_len = ep.len;
		m->has |= 1ull << NATFW_A_MATCH_DST | 1ull << NATFW_A_MATCH_DST_LEN;
	}
	return !ep.has_port || set_dport(w, m, ep.port, ep.port_max);
}

static bool read_sport(struct words *w, void *rd)
{
	uint32_t first, last;

	return read_ports(w, 0, &first, &last) && set_sport(w, MATCH(rd), first, last);
}

static bool read_dport(struct words *w, void *rd)
{
	uint32_t first, last;

	return read_ports(w, 0, &first, &last) && set_dport(w, MATCH(rd), first, last);
}

static bool read_type(struct words *w, void *rd)
{
	((struct reading *)rd)->type = words_next(w, "an ICMP type");
	return ((struct reading *)rd)->type;
}

static bool read_code(struct words *w, void *rd)
{
	natfw_want(MATCH(rd), NATFW_A_MATCH_ICMP_CODE);
	return read_number(w, "the ICMP code", 0, 255, &MATCH(rd)->icmp_code);
}

static bool read_spi(struct words *w, void *rd)
{
	natfw_want(MATCH(rd), NATFW_A_MATCH_SPI);
	return read_number(w, "the SPI", 0, UINT32_MAX, &MATCH(rd)->spi);
}

static bool read_dscp(struct words *w, void *rd)
{
	const char *s = words_peek(w);
	int v = s ? dscp_find(s) : -1;

	natfw_want(MATCH(rd), NATFW_A_MATCH_DSCP);
	if (v < 0)
		return read_number(w, "the DSCP", 0, 63, &MATCH(rd)->dscp);
	w->at++;
	MATCH(rd)->dscp = (uint32_t)v;
	return true;
}

static bool read_flowlabel(struct words *w, void *rd)
{
	natfw_want(MATCH(rd), NATFW_A_MATCH_FLOW_LABEL);
	return read_number(w, "the flow label", 0, 0xfffff, &MATCH(rd)->flow_label);
}

static bool read_dev(struct words *w, void *rd)
{
	natfw_want(MATCH(rd), NATFW_A_MATCH_IFNAME);
	return read_ifname(w, MATCH(rd)->ifname);
}

static bool read_zone(struct words *w, void *rd)
{
	if (words_take(w, "any")) {
		RULE(rd)->flags |= NATFW_RULE_FLAG_ZONE_ANY;
		return true;
	}
	natfw_want(MATCH(rd), NATFW_A_MATCH_ZONE);
	return read_number(w, "the zone", 0, 65534, &MATCH(rd)->zone);
}

static bool read_family(struct words *w, void *rd)
{
	const char *s = words_next(w, "a family");

	if (!s)
		return false;
	if (!strcmp(s, "ip") || !strcmp(s, "ip4") || !strcmp(s, "inet") || !strcmp(s, "4"))
		MATCH(rd)->family = 4;
	else if (!strcmp(s, "ip6") || !strcmp(s, "inet6") || !strcmp(s, "6"))
		MATCH(rd)->family = 6;
	else
		return words_fail(w, "the family is ip or ip6");
	natfw_want(MATCH(rd), NATFW_A_MATCH_FAMILY);
	return true;
}

static bool nat_port(struct words *w, const struct endpoint *ep)
{
	return !ep->has_port || ep->port ? true : words_fail(w, "cannot translate to port 0");
}

static bool read_snat(struct words *w, void *p)
{
	struct reading *rd = p;
	struct natfw_nat *n = NAT(rd);
	struct endpoint ep;

	rd->is_nat = true;
	if (words_take(w, "pool")) {
		natfw_want(n, NATFW_A_NAT_POOL);
		return read_text(w, "a pool", &n->pool);
	}
	if (!read_endpoint(w, &ep) || !nat_port(w, &ep))
		return false;
	if (ep.addr.len) {
		n->src = ep.addr;
		n->src_len = ep.len;
		n->has |= 1ull << NATFW_A_NAT_SRC | 1ull << NATFW_A_NAT_SRC_LEN;
	}
	if (ep.has_port) {
		n->sport = ep.port;
		n->sport_max = ep.port_max;
		n->has |= 1ull << NATFW_A_NAT_SPORT | 1ull << NATFW_A_NAT_SPORT_MAX;
	}
	return true;
}

static bool read_dnat(struct words *w, void *p)
{
	struct reading *rd = p;
	struct natfw_nat *n = NAT(rd);
	struct endpoint ep;

	rd->is_nat = true;
	if (!read_endpoint(w, &ep) || !nat_port(w, &ep))
		return false;
	if (ep.addr.len) {
		n->dst = ep.addr;
		n->dst_len = ep.len;
		n->has |= 1ull << NATFW_A_NAT_DST | 1ull << NATFW_A_NAT_DST_LEN;
	}
	if (ep.has_port) {
		n->dport = ep.port;
		n->dport_max = ep.port_max;
		n->has |= 1ull << NATFW_A_NAT_DPORT | 1ull << NATFW_A_NAT_DPORT_MAX;
	}
	return true;
}

static bool read_out_zone(struct words *w, void *rd)
{
	natfw_want(NAT(rd), NATFW_A_NAT_OUT_ZONE);
	return read_number(w, "the zone", 0, 65534, &NAT(rd)->out_zone);
}

static bool read_emit(struct words *w, void *rd)
{
	natfw_want(RULE(rd), NATFW_A_RULE_EMIT);
	return read_name(w, "emit", &natfw_emit_names, &RULE(rd)->emit);
}

static bool read_mark(struct words *w, void *rd)
{
	natfw_want(RULE(rd), NATFW_A_RULE_MARK);
	return read_number(w, "the mark", 0, UINT32_MAX, &RULE(rd)->mark);
}

static bool read_lifetime(struct words *w, void *rd)
{
	natfw_want(RULE(rd), NATFW_A_RULE_LIFETIME);
	return read_seconds(w, "the lifetime", &RULE(rd)->lifetime);
}

static bool read_owner_key(struct words *w, void *rd)
{
	natfw_want(RULE(rd), NATFW_A_RULE_OWNER);
	return read_owner(w, RULE(rd)->owner);
}

static bool read_name_key(struct words *w, void *rd)
{
	natfw_want(RULE(rd), NATFW_A_RULE_NAME);
	return read_text(w, "a name", &RULE(rd)->name);
}

static bool read_flag(struct words *w, void *rd)
{
	int bit = natfw_name_find(&natfw_rule_flag_names, w->v[w->at - 1]);

	RULE(rd)->flags |= 1u << bit;
	return true;
}

static const struct words_key keys[] = {
	{ "priority", read_priority, false }, { "prio", read_priority, false },
	{ "allow", read_allow, true }, { "accept", read_allow, true },
	{ "deny", read_deny, true }, { "drop", read_deny, true },
	{ "reject", read_reject, true }, { "nat", read_nat, true },
	{ "stateful", read_flag, false }, { "inactive", read_flag, false },
	{ "parity", read_flag, false }, { "pair", read_flag, false },
	{ "proto", read_proto_key, false },
	{ "tcp", read_proto_name, true }, { "udp", read_proto_name, true },
	{ "icmp", read_proto_name, true }, { "icmpv6", read_proto_name, true },
	{ "ipv6-icmp", read_proto_name, true }, { "sctp", read_proto_name, true },
	{ "dccp", read_proto_name, true }, { "udplite", read_proto_name, true },
	{ "esp", read_proto_name, true }, { "ah", read_proto_name, true },
	{ "gre", read_proto_name, true },
	{ "from", read_from, false }, { "saddr", read_from, false },
	{ "to", read_to, false }, { "daddr", read_to, false },
	{ "sport", read_sport, false }, { "dport", read_dport, false },
	{ "type", read_type, false }, { "code", read_code, false },
	{ "spi", read_spi, false }, { "dscp", read_dscp, false },
	{ "flowlabel", read_flowlabel, false },
	{ "dev", read_dev, false }, { "iif", read_dev, false },
	{ "zone", read_zone, false }, { "family", read_family, false },
	{ "snat", read_snat, false }, { "dnat", read_dnat, false },
	{ "out-zone", read_out_zone, false }, { "emit", read_emit, false },
	{ "mark", read_mark, false }, { "lifetime", read_lifetime, false },
	{ "owner", read_owner_key, false }, { "name", read_name_key, false },
};

_Static_assert(COUNT(keys) <= 64, "words_keys() keeps a bit for each");

static bool finish_type(struct words *w, struct reading *rd)
{
	struct natfw_match *m = &rd->r->match;
	uint64_t n;
	int v;

	if (!rd->type) {
		if (natfw_has(m, NATFW_A_MATCH_ICMP_CODE))
			return words_fail_all(w, "an ICMP code needs a type");
		return true;
	}
	if (!natfw_has(m, NATFW_A_MATCH_PROTO) || !proto_is_icmp(m->proto))
		return words_fail_all(w, "an ICMP type needs proto icmp or icmpv6");
	v = icmp_type_find(m->proto, rd->type);
	if (v < 0 && number_parse(rd->type, 0, 255, &n))
		v = (int)n;
	if (v < 0)
		return words_fail_all(w, "'%s' is no %s type", rd->type, proto_name(m->proto));
	m->icmp_type = (uint32_t)v;
	natfw_want(m, NATFW_A_MATCH_ICMP_TYPE);
	return true;
}

static bool finish_action(struct words *w, struct reading *rd)
{
	struct natfw_rule *r = rd->r;

	if (rd->is_nat && !rd->has_action) {
		rd->has_action = true;
		r->action = NATFW_ACTION_NAT;
		natfw_want(r, NATFW_A_RULE_ACTION);
	}
	if (!rd->has_action)
		return words_fail_all(w, "the action is missing: allow, deny, reject, nat, snat or dnat");
	if (rd->is_nat && r->action != NATFW_ACTION_NAT)
		return words_fail_all(w, "snat and dnat go with action nat, not with %s",
				      natfw_name(&natfw_action_names, r->action));
	if (r->action == NATFW_ACTION_NAT && !rd->is_nat)
		return words_fail_all(w, "action nat needs snat or dnat");
	return true;
}

static bool finish_families(struct words *w, const struct natfw_rule *r)
{
	const struct natfw_addr *a[] = { &r->match.src, &r->match.dst, &r->nat.src, &r->nat.dst };
	uint32_t len = 0;
	unsigned int i;

	if (natfw_has(&r->match, NATFW_A_MATCH_FAMILY))
		len = r->match.family == 4 ? 4 : 16;
	for (i = 0; i < COUNT(a); i++) {
		if (!a[i]->len)
			continue;
		if (len && len != a[i]->len)
			return words_fail_all(w, "IPv4 and IPv6 are mixed in one rule");
		len = a[i]->len;
	}
	return true;
}

bool spec_read(struct words *w, struct natfw_rule *r)
{
	struct reading rd = { .r = r };

	memset(r, 0, sizeof(*r));
	r->priority = SPEC_PRIORITY;
	if (!words_keys(w, keys, COUNT(keys), &rd, NULL) || !words_done(w))
		return false;
	if (!finish_action(w, &rd) || !finish_type(w, &rd) || !finish_families(w, r))
		return false;
	if ((r->flags & NATFW_RULE_FLAG_ZONE_ANY) && natfw_has(&r->match, NATFW_A_MATCH_ZONE))
		return words_fail_all(w, "the zone is given twice");
	natfw_want(r, NATFW_A_RULE_PRIORITY);
	natfw_want(r, NATFW_A_RULE_FLAGS);
	if (r->match.has)
		natfw_want(r, NATFW_A_RULE_MATCH);
	if (r->nat.has)
		natfw_want(r, NATFW_A_RULE_NAT);
	spec_canon(r);
	return true;
}

/* Absent if @cond. */
#define DROP_IF(obj, attr, cond)	do { if (cond) natfw_drop(obj, attr); } while (0)

static void canon_addr(struct natfw_match *m)
{
	uint32_t src = natfw_addr_bits(&m->src), dst = natfw_addr_bits(&m->dst);

	if (natfw_has(m, NATFW_A_MATCH_SRC) && !natfw_has(m, NATFW_A_MATCH_SRC_LEN))
		m->src_len = src;
	if (natfw_has(m, NATFW_A_MATCH_DST) && !natfw_has(m, NATFW_A_MATCH_DST_LEN))
		m->dst_len = dst;
	if (natfw_has(m, NATFW_A_MATCH_SRC) || natfw_has(m, NATFW_A_MATCH_DST)) {
		m->family = src == 32 || dst == 32 ? 4 : 6;
		natfw_want(m, NATFW_A_MATCH_FAMILY);
	}
	natfw_addr_fill(&m->src, m->src_len, false);
	natfw_addr_fill(&m->dst, m->dst_len, false);
	DROP_IF(m, NATFW_A_MATCH_SRC, !m->src_len);
	DROP_IF(m, NATFW_A_MATCH_DST, !m->dst_len);
	DROP_IF(m, NATFW_A_MATCH_SRC_LEN, !m->src_len || m->src_len == src);
	DROP_IF(m, NATFW_A_MATCH_DST_LEN, !m->dst_len || m->dst_len == dst);
}

/* True if the family follows from other fields, as the kernel sees it. */
static bool family_implied(const struct natfw_match *m, const struct natfw_nat *n)
{
	return natfw_has(m, NATFW_A_MATCH_SRC) || natfw_has(m, NATFW_A_MATCH_DST) ||
	       natfw_has(m, NATFW_A_MATCH_FLOW_LABEL) ||
	       (natfw_has(m, NATFW_A_MATCH_PROTO) && proto_is_icmp(m->proto)) ||
	       natfw_has(n, NATFW_A_NAT_SRC) || natfw_has(n, NATFW_A_NAT_DST) ||
	       natfw_has(n, NATFW_A_NAT_POOL);
}

static void canon_match(struct natfw_match *m, const struct natfw_nat *n)
{
	canon_addr(m);
	DROP_IF(m, NATFW_A_MATCH_FAMILY, family_implied(m, n));
	DROP_IF(m, NATFW_A_MATCH_SPORT_MAX, m->sport_max == m->sport);
	DROP_IF(m, NATFW_A_MATCH_DPORT_MAX, m->dport_max == m->dport);
	DROP_IF(m, NATFW_A_MATCH_IFINDEX, natfw_has(m, NATFW_A_MATCH_IFNAME));
	DROP_IF(m, NATFW_A_MATCH_ZONE, !m->zone);
}

static void canon_nat(struct natfw_nat *n)
{
	if (natfw_has(n, NATFW_A_NAT_SRC) && !natfw_has(n, NATFW_A_NAT_SRC_LEN))
		n->src_len = natfw_addr_bits(&n->src);
	if (natfw_has(n, NATFW_A_NAT_DST) && !natfw_has(n, NATFW_A_NAT_DST_LEN))
		n->dst_len = natfw_addr_bits(&n->dst);
	natfw_addr_fill(&n->src, n->src_len, false);
	natfw_addr_fill(&n->dst, n->dst_len, false);
	DROP_IF(n, NATFW_A_NAT_SRC_LEN, n->src_len == natfw_addr_bits(&n->src));
	DROP_IF(n, NATFW_A_NAT_DST_LEN, n->dst_len == natfw_addr_bits(&n->dst));
	DROP_IF(n, NATFW_A_NAT_SPORT_MAX, n->sport_max == n->sport);
	DROP_IF(n, NATFW_A_NAT_DPORT_MAX, n->dport_max == n->dport);
}

#define RULE_ASKED	(1ull << NATFW_A_RULE_PRIORITY | 1ull << NATFW_A_RULE_OWNER |	\
			 1ull << NATFW_A_RULE_NAME | 1ull << NATFW_A_RULE_ACTION |	\
			 1ull << NATFW_A_RULE_MATCH | 1ull << NATFW_A_RULE_NAT |	\
			 1ull << NATFW_A_RULE_EMIT | 1ull << NATFW_A_RULE_MARK |	\
			 1ull << NATFW_A_RULE_FLAGS | 1ull << NATFW_A_RULE_LIFETIME)

void spec_canon(struct natfw_rule *r)
{
	r->has &= RULE_ASKED;
	canon_match(&r->match, &r->nat);
	canon_nat(&r->nat);
	if (!natfw_has(r, NATFW_A_RULE_PRIORITY))
		r->priority = SPEC_PRIORITY;
	natfw_want(r, NATFW_A_RULE_PRIORITY);
	if (r->action == NATFW_ACTION_NAT)
		r->flags &= ~(uint32_t)NATFW_RULE_FLAG_STATEFUL;
	DROP_IF(r, NATFW_A_RULE_OWNER, owner_is_zero(r->owner));
	DROP_IF(r, NATFW_A_RULE_NAME, !r->name || !r->name[0]);
	DROP_IF(r, NATFW_A_RULE_MATCH, !r->match.has);
	DROP_IF(r, NATFW_A_RULE_NAT, !r->nat.has);
	DROP_IF(r, NATFW_A_RULE_EMIT, r->emit == NATFW_EMIT_INHERIT);
	DROP_IF(r, NATFW_A_RULE_FLAGS, !r->flags);
	DROP_IF(r, NATFW_A_RULE_LIFETIME, !r->lifetime);
}

static void print_addr_match(FILE *f, const char *word, const struct natfw_addr *a,
			     uint32_t len, bool has_len)
{
	fprintf(f, " %s ", word);
	print_prefix(f, a, has_len ? len : natfw_addr_bits(a));
}

static void print_icmp(FILE *f, const struct natfw_match *m)
{
	const char *name;

	if (natfw_has(m, NATFW_A_MATCH_ICMP_TYPE)) {
		name = icmp_type_name(m->proto, m->icmp_type);
		if (name)
			fprintf(f, " type %s", name);
		else
			fprintf(f, " type %u", m->icmp_type);
	}
	if (natfw_has(m, NATFW_A_MATCH_ICMP_CODE))
		fprintf(f, " code %u", m->icmp_code);
}

static void print_match_rest(FILE *f, const struct natfw_match *m)
{
	const char *name = dscp_name(m->dscp);

	if (natfw_has(m, NATFW_A_MATCH_SPI))
		fprintf(f, " spi 0x%x", m->spi);
	if (natfw_has(m, NATFW_A_MATCH_DSCP) && name)
		fprintf(f, " dscp %s", name);
	else if (natfw_has(m, NATFW_A_MATCH_DSCP))
		fprintf(f, " dscp %u", m->dscp);
	if (natfw_has(m, NATFW_A_MATCH_FLOW_LABEL))
		fprintf(f, " flowlabel 0x%x", m->flow_label);
	if (natfw_has(m, NATFW_A_MATCH_IFNAME)) {
		fputs(" dev ", f);
		print_text(f, m->ifname);
	}
	if (natfw_has(m, NATFW_A_MATCH_ZONE) && m->zone)
		fprintf(f, " zone %u", m->zone);
}

static void print_match(FILE *f, const struct natfw_match *m, const struct natfw_nat *n)
{
	if (natfw_has(m, NATFW_A_MATCH_PROTO)) {
		fputs(" proto ", f);
		print_proto(f, m->proto);
	}
	if (natfw_has(m, NATFW_A_MATCH_FAMILY) && !family_implied(m, n))
		fputs(m->family == 4 ? " family ip" : " family ip6", f);
	if (natfw_has(m, NATFW_A_MATCH_SRC))
		print_addr_match(f, "from", &m->src, m->src_len,
				 natfw_has(m, NATFW_A_MATCH_SRC_LEN));
	if (natfw_has(m, NATFW_A_MATCH_SPORT)) {
		fputs(" sport ", f);
		print_ports(f, m->sport, natfw_has(m, NATFW_A_MATCH_SPORT_MAX) ?
			    m->sport_max : m->sport);
	}
	if (natfw_has(m, NATFW_A_MATCH_DST))
		print_addr_match(f, "to", &m->dst, m->dst_len,
				 natfw_has(m, NATFW_A_MATCH_DST_LEN));
	if (natfw_has(m, NATFW_A_MATCH_DPORT)) {
		fputs(" dport ", f);
		print_ports(f, m->dport, natfw_has(m, NATFW_A_MATCH_DPORT_MAX) ?
			    m->dport_max : m->dport);
	}
	print_icmp(f, m);
	print_match_rest(f, m);
}

/* ADDR[/LEN][:P[-P]], with "any" where only the port changes. */
static void print_target(FILE *f, const struct natfw_addr *a, uint32_t len, bool has_port,
			 uint32_t first, uint32_t last)
{
	bool bracket = a->len == 16 && has_port;

	if (bracket)
		putc('[', f);
	print_prefix(f, a, len);
	if (bracket)
		putc(']', f);
	if (!has_port)
		return;
	putc(':', f);
	print_ports(f, first, last);
}

static void print_snat(FILE *f, const struct natfw_nat *n)
{
	bool port = natfw_has(n, NATFW_A_NAT_SPORT);

	if (natfw_has(n, NATFW_A_NAT_POOL) && n->pool) {
		fputs(" snat pool ", f);
		print_text(f, n->pool);
	} else if (natfw_has(n, NATFW_A_NAT_SRC) || port) {
		fputs(" snat ", f);
		print_target(f, &n->src, natfw_has(n, NATFW_A_NAT_SRC_LEN) ? n->src_len :
			     natfw_addr_bits(&n->src), port, n->sport,
			     natfw_has(n, NATFW_A_NAT_SPORT_MAX) ? n->sport_max : n->sport);
	}
}

static void print_nat(FILE *f, const struct natfw_nat *n)
{
	bool port = natfw_has(n, NATFW_A_NAT_DPORT);

	print_snat(f, n);
	if (natfw_has(n, NATFW_A_NAT_DST) || port) {
		fputs(" dnat ", f);
		print_target(f, &n->dst, natfw_has(n, NATFW_A_NAT_DST_LEN) ? n->dst_len :
			     natfw_addr_bits(&n->dst), port, n->dport,
			     natfw_has(n, NATFW_A_NAT_DPORT_MAX) ? n->dport_max : n->dport);
	}
	if (natfw_has(n, NATFW_A_NAT_OUT_ZONE))
		fprintf(f, " out-zone %u", n->out_zone);
}

static void print_flags(FILE *f, const struct natfw_rule *r)
{
	if (r->flags & NATFW_RULE_FLAG_ZONE_ANY)
		fputs(" zone any", f);
	if (r->flags & NATFW_RULE_FLAG_PARITY)
		fputs(" parity", f);
	if (r->flags & NATFW_RULE_FLAG_PAIR)
		fputs(" pair", f);
	if (r->flags & NATFW_RULE_FLAG_INACTIVE)
		fputs(" inactive", f);
}

static void print_options(FILE *f, const struct natfw_rule *r)
{
	char owner[OWNER_TEXT];

	print_flags(f, r);
	if (natfw_has(r, NATFW_A_RULE_EMIT) && r->emit != NATFW_EMIT_INHERIT)
		fprintf(f, " emit %s", natfw_name(&natfw_emit_names, r->emit) ?: "?");
	if (natfw_has(r, NATFW_A_RULE_MARK))
		fprintf(f, " mark 0x%x", r->mark);
	if (natfw_has(r, NATFW_A_RULE_LIFETIME) && r->lifetime)
		fprintf(f, " lifetime %u", r->lifetime);
	if (natfw_has(r, NATFW_A_RULE_OWNER) && !owner_is_zero(r->owner))
		fprintf(f, " owner %s", owner_text(r->owner, owner));
	if (natfw_has(r, NATFW_A_RULE_NAME) && r->name && r->name[0]) {
		fputs(" name ", f);
		print_text(f, r->name);
	}
}

void spec_print(FILE *f, const struct natfw_rule *r)
{
	bool nat = r->action == NATFW_ACTION_NAT;

	fprintf(f, "priority %u %s", r->priority, natfw_name(&natfw_action_names, r->action) ?: "?");
	if (!nat && (r->flags & NATFW_RULE_FLAG_STATEFUL))
		fputs(" stateful", f);
	print_match(f, &r->match, &r->nat);
	if (nat)
		print_nat(f, &r->nat);
	print_options(f, r);
}
