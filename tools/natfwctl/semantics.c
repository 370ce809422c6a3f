// SPDX-License-Identifier: GPL-2.0-or-later
#include <netinet/in.h>
#include <string.h>

#include "proto.h"
#include "semantics.h"

#define M(r, a)		natfw_has(&(r)->match, NATFW_A_MATCH_##a)
#define N(r, a)		natfw_has(&(r)->nat, NATFW_A_NAT_##a)

/* Name the attribute and return the reason. */
static const char *refuse(const char **attr, const char *path, const char *why)
{
	*attr = path;
	return why;
}

static bool has_ports(const struct natfw_rule *r)
{
	return M(r, PROTO) && proto_has_ports(r->match.proto);
}

static const char *check_match(const struct natfw_rule *r, const char **attr)
{
	const struct natfw_match *m = &r->match;

	if (M(r, SPORT) && !has_ports(r))
		return refuse(attr, "match.sport", "ports need a protocol that has them");
	if (M(r, DPORT) && !has_ports(r))
		return refuse(attr, "match.dport", "ports need a protocol that has them");
	if (M(r, SPI) && !(M(r, PROTO) && (m->proto == IPPROTO_ESP || m->proto == IPPROTO_AH)))
		return refuse(attr, "match.spi", "an SPI needs proto esp or ah");
	if (M(r, FLOW_LABEL) && (m->src.len == 4 || m->dst.len == 4 ||
				 (M(r, FAMILY) && m->family == 4)))
		return refuse(attr, "match.flow-label", "only IPv6 packets have a flow label");
	if (!M(r, PROTO) || !proto_is_icmp(m->proto))
		return NULL;
	if ((m->proto == IPPROTO_ICMP && (m->src.len == 16 || m->dst.len == 16)) ||
	    (m->proto == IPPROTO_ICMPV6 && (m->src.len == 4 || m->dst.len == 4)))
		return refuse(attr, "match.proto", "not in packets of this address family");
	return NULL;
}

static const char *check_options(const struct natfw_rule *r, const char **attr)
{
	bool permits = r->action == NATFW_ACTION_ALLOW || r->action == NATFW_ACTION_NAT;

	if (!permits && natfw_has(r, NATFW_A_RULE_MARK))
		return refuse(attr, "mark", "only permitted packets are marked");
	if (!permits && natfw_has(r, NATFW_A_RULE_EMIT))
		return refuse(attr, "emit", "only permitted packets leave");
	if (!permits && (r->flags & NATFW_RULE_FLAG_STATEFUL))
		return refuse(attr, "flags", "only permitted packets have replies");
	if ((r->flags & (NATFW_RULE_FLAG_PARITY | NATFW_RULE_FLAG_PAIR)) && !N(r, POOL))
		return refuse(attr, "flags", "parity and pair are matters of a pool's ports");
	return NULL;
}

/* Prefix length in force: 0 where the address is not matched or not there. */
static uint32_t length(bool has, bool has_len, uint32_t len, const struct natfw_addr *a)
{
	return !has ? 0 : has_len ? len : natfw_addr_bits(a);
}

static const char *check_nat_addr(const struct natfw_rule *r, const char **attr)
{
	const struct natfw_match *m = &r->match;
	const struct natfw_nat *n = &r->nat;
	uint32_t from = length(M(r, SRC), M(r, SRC_LEN), m->src_len, &m->src);
	uint32_t to = length(M(r, DST), M(r, DST_LEN), m->dst_len, &m->dst);
	uint32_t src = length(N(r, SRC), N(r, SRC_LEN), n->src_len, &n->src);
	uint32_t dst = length(N(r, DST), N(r, DST_LEN), n->dst_len, &n->dst);

	if (N(r, POOL) && (N(r, SRC) || N(r, SPORT)))
		return refuse(attr, "nat.pool", "the source is from a pool, and given too");
	if (N(r, SRC) && src != from)
		return refuse(attr, "nat.src", src == natfw_addr_bits(&n->src) ?
			      "many source addresses cannot become one; use a pool" :
			      "the prefix is not as long as that of 'from'");
	if (N(r, DST) && dst != to && dst != natfw_addr_bits(&n->dst))
		return refuse(attr, "nat.dst", "the prefix is not as long as that of 'to'");
	return NULL;
}

static uint32_t span(bool has_max, uint32_t first, uint32_t last)
{
	return has_max ? last - first : 0;
}

static const char *check_nat_ports(const struct natfw_rule *r, const char **attr)
{
	const struct natfw_match *m = &r->match;
	const struct natfw_nat *n = &r->nat;
	uint32_t sport = span(N(r, SPORT_MAX), n->sport, n->sport_max);
	uint32_t dport = span(N(r, DPORT_MAX), n->dport, n->dport_max);

	if ((N(r, SPORT) || N(r, DPORT)) && !has_ports(r))
		return refuse(attr, N(r, SPORT) ? "nat.sport" : "nat.dport",
			      "translating ports needs a protocol that has them");
	if (sport && (!M(r, SPORT) || sport != span(M(r, SPORT_MAX), m->sport, m->sport_max)))
		return refuse(attr, "nat.sport", "the range of ports is not as long as that of 'sport'");
	if (dport && (!M(r, DPORT) || dport != span(M(r, DPORT_MAX), m->dport, m->dport_max)))
		return refuse(attr, "nat.dport", "the range of ports is not as long as that of 'dport'");
	return NULL;
}

static const char *check_nat(const struct natfw_rule *r, const char **attr)
{
	const char *why;

	if (r->action != NATFW_ACTION_NAT)
		return NULL;
	if (M(r, PROTO) && r->match.proto == IPPROTO_AH)
		return refuse(attr, "match.proto", "AH protects addresses and cannot be translated");
	if (M(r, SPI))
		return refuse(attr, "match.spi", "replies carry another SPI; translate by addresses");
	if (N(r, POOL) && M(r, PROTO) && !has_ports(r) && !proto_is_icmp(r->match.proto))
		return refuse(attr, "nat.pool", "the protocol has nothing a pool could translate");
	if (r->nat.has == 1ull << NATFW_A_NAT_OUT_ZONE)
		return refuse(attr, "nat.out-zone", "nothing is translated");
	why = check_nat_addr(r, attr);
	return why ? why : check_nat_ports(r, attr);
}

const char *semantics_check(const struct natfw_rule *r, const char **attr)
{
	const char *why = check_match(r, attr);

	if (!why)
		why = check_nat(r, attr);
	return why ? why : check_options(r, attr);
}
