// SPDX-License-Identifier: GPL-2.0-or-later
// natfw-test: quick host timeout=60
/*
 * Entries of access control lists as rules of the module, and which rules are the same.
 */
#include <netinet/in.h>
#include <string.h>

#include "kern/aces.h"
#include "ktap.h"

static const struct conf_acl acl = { .name = "office" };

static struct natfw_rule rule_of(const struct conf_ace *a, unsigned int i)
{
	static char name[NATFW_NAME_MAX + 1];
	struct natfw_rule r;

	ace_rule(&r, name, &acl, a, i, 7);
	return r;
}

static void plain(void)
{
	const struct conf_ace a = { .name = "all", .forwarding = ACE_ACCEPT, .stateful = true };
	struct natfw_rule r = rule_of(&a, 0);

	EXPECT_EQ(ace_rules(&a), 1);
	EXPECT(!strcmp(r.name, "office/all") && r.action == NATFW_ACTION_ALLOW);
	EXPECT_EQ(r.flags, NATFW_RULE_FLAG_ZONE_ANY | NATFW_RULE_FLAG_STATEFUL);
	EXPECT(r.match.ifindex == 7 && r.match.has == 1ull << NATFW_A_MATCH_IFINDEX);
	EXPECT(!natfw_has(&r, NATFW_A_RULE_LIFETIME));
}

static void actions(void)
{
	struct conf_ace a = { .name = "x", .forwarding = ACE_DROP };

	EXPECT_EQ(rule_of(&a, 0).action, NATFW_ACTION_DENY);
	EXPECT_EQ(rule_of(&a, 0).flags, NATFW_RULE_FLAG_ZONE_ANY);
	a.forwarding = ACE_REJECT;
	EXPECT_EQ(rule_of(&a, 0).action, NATFW_ACTION_REJECT);
	a.forwarding = ACE_ACCEPT;
	EXPECT_EQ(rule_of(&a, 0).action, NATFW_ACTION_ALLOW);
	EXPECT_EQ(rule_of(&a, 0).flags, NATFW_RULE_FLAG_ZONE_ANY);
}

static void fields(void)
{
	const struct conf_ace a = {
		.name = "x", .version = 6, .has_protocol = true, .protocol = IPPROTO_TCP,
		.source = { { 6, { 0x20, 1 } }, 16 }, .destination = { { 6, { 0x20, 2 } }, 32 },
		.has_dscp = true, .dscp = 46, .has_label = true, .label = 99,
		.sport = { .given = true, .min = 1, .max = 2 },
		.dport = { .given = true, .min = 443, .max = 443 },
	};
	struct natfw_rule r = rule_of(&a, 0);

	EXPECT(r.match.family == 6 && r.match.proto == IPPROTO_TCP);
	EXPECT(r.match.src.len == 16 && r.match.src.b[1] == 1 && r.match.src_len == 16);
	EXPECT(r.match.dst.len == 16 && r.match.dst.b[1] == 2 && r.match.dst_len == 32);
	EXPECT(r.match.dscp == 46 && r.match.flow_label == 99);
	EXPECT(r.match.sport == 1 && r.match.sport_max == 2);
	EXPECT(r.match.dport == 443 && r.match.dport_max == 443);
	EXPECT(natfw_has(&r.match, NATFW_A_MATCH_SPORT) && natfw_has(&r.match, NATFW_A_MATCH_DPORT));
	EXPECT(!natfw_has(&r.match, NATFW_A_MATCH_ICMP_TYPE));
}

/* Whether exactly @ports of all pairs of four ports are matched, each once. */
static unsigned int covered(const struct conf_ace *a)
{
	unsigned int i, s, d, hits, n = 0;

	for (s = 0; s <= 65535; s += 13107)
		for (d = 0; d <= 65535; d += 13107) {
			for (hits = i = 0; i < ace_rules(a); i++) {
				struct natfw_match m = rule_of(a, i).match;

				hits += (!natfw_has(&m, NATFW_A_MATCH_SPORT) ||
					 (s >= m.sport && s <= m.sport_max)) &&
					(!natfw_has(&m, NATFW_A_MATCH_DPORT) ||
					 (d >= m.dport && d <= m.dport_max));
			}
			EXPECT(hits <= 1);
			n += hits;
		}
	return n;
}

static void all_but(void)
{
	struct conf_ace a = { .name = "x", .has_protocol = true, .protocol = IPPROTO_UDP };

	a.dport = (struct conf_ports){ true, true, 13107, 13107 };
	EXPECT_EQ(ace_rules(&a), 2);
	EXPECT_EQ(covered(&a), 6 * 5);
	a.sport = (struct conf_ports){ true, true, 26214, 26214 };
	EXPECT_EQ(ace_rules(&a), 4);
	EXPECT_EQ(covered(&a), 5 * 5);
	/* at the ends there is but one range left */
	a.sport = (struct conf_ports){ true, true, 0, 0 };
	EXPECT_EQ(ace_rules(&a), 2);
	EXPECT_EQ(covered(&a), 5 * 5);
	a.sport = (struct conf_ports){ true, true, 65535, 65535 };
	EXPECT_EQ(covered(&a), 5 * 5);
	a.dport = (struct conf_ports){ true, false, 0, 13107 };
	EXPECT_EQ(covered(&a), 5 * 2);
}

static void icmp(void)
{
	struct conf_ace a = { .name = "x", .icmp = true, .has_type = true, .type = 8 };
	struct natfw_match six = rule_of(&a, 1).match;

	EXPECT_EQ(ace_rules(&a), 2);
	EXPECT(rule_of(&a, 0).match.proto == IPPROTO_ICMP && rule_of(&a, 0).match.family == 4);
	EXPECT(six.proto == IPPROTO_ICMPV6 && six.family == 6 && six.icmp_type == 8);
	EXPECT(!natfw_has(&six, NATFW_A_MATCH_ICMP_CODE));
}

static void translated(void)
{
	struct conf_ace a = {
		.name = "x", .version = 4, .translated = true, .stateful = true,
		.has_protocol = true, .protocol = IPPROTO_TCP,
		.to = { .pool = "out", .destination = { 4, { 10, 0, 0, 1 } }, .dport = 8080 },
	};
	struct natfw_rule r = rule_of(&a, 0);

	EXPECT(r.action == NATFW_ACTION_NAT && natfw_has(&r, NATFW_A_RULE_NAT));
	EXPECT(!strcmp(r.nat.pool, "out") && r.nat.dst.b[3] == 1 && r.nat.dport == 8080);
	EXPECT(natfw_has(&r.nat, NATFW_A_NAT_POOL) && natfw_has(&r.nat, NATFW_A_NAT_DST));
	EXPECT(natfw_has(&r.nat, NATFW_A_NAT_DPORT) && !natfw_has(&r.nat, NATFW_A_NAT_SRC));
	EXPECT(r.flags & NATFW_RULE_FLAG_STATEFUL);
}

/* Long ones end in a hash, by which those of one beginning differ. */
static void names(void)
{
	struct conf_acl list;
	struct conf_ace a = { .version = 4 }, b = { .version = 4 };
	char one[NATFW_NAME_MAX + 1], two[NATFW_NAME_MAX + 1];
	struct natfw_rule r;

	memset(&list, 0, sizeof(list));
	memset(list.name, 'l', sizeof(list.name) - 1);
	memset(a.name, 'a', sizeof(a.name) - 1);
	memset(b.name, 'a', sizeof(b.name) - 2);
	ace_rule(&r, one, &list, &a, 0, 1);
	ace_rule(&r, two, &list, &b, 0, 1);
	EXPECT(strlen(one) == NATFW_NAME_MAX && strlen(two) == NATFW_NAME_MAX && strcmp(one, two));
	EXPECT(!strncmp(one, list.name, 40));
}

static bool same(const struct natfw_rule *a, const struct natfw_rule *b)
{
	struct ace_key x, y;

	ace_key(&x, a);
	ace_key(&y, b);
	return !memcmp(&x, &y, sizeof(x));
}

/* What the kernel says of a rule differs from what it was asked for. */
static void keys(void)
{
	const struct conf_ace a = {
		.name = "x", .version = 4, .has_protocol = true, .protocol = IPPROTO_TCP,
		.source = { { 4, { 10 } }, 32 }, .dport = { .given = true, .min = 443, .max = 443 },
	};
	struct natfw_rule want = rule_of(&a, 0), have = want;

	have.id = 5;
	have.priority = 77;
	have.match.sport_max = 0;
	have.match.has &= ~(1ull << NATFW_A_MATCH_DPORT_MAX | 1ull << NATFW_A_MATCH_FAMILY |
			    1ull << NATFW_A_MATCH_SRC_LEN);
	strcpy(have.match.ifname, "lan");
	natfw_want(&have.match, NATFW_A_MATCH_IFNAME);
	EXPECT(same(&want, &have));
	have.match.dport = 444;
	EXPECT(!same(&want, &have));
	have = want;
	have.match.src_len = 31;
	EXPECT(!same(&want, &have));
	have = want;
	have.action = NATFW_ACTION_REJECT;
	EXPECT(!same(&want, &have));
	have = want;
	have.match.ifindex = 8;
	EXPECT(!same(&want, &have));
	have = want;
	have.nat.pool = (char *)"out";
	EXPECT(!same(&want, &have));
	have = want;
	have.nat.dport = 1;
	EXPECT(!same(&want, &have));
	have = want;
	have.name = (char *)"office/y";
	EXPECT(!same(&want, &have));
	have = want;
	natfw_want(&have.match, NATFW_A_MATCH_ICMP_TYPE);
	EXPECT(!same(&want, &have));
}

int main(void)
{
	static const struct ktap_test tests[] = {
		{ "an entry for everything", plain },
		{ "actions", actions },
		{ "every field", fields },
		{ "all ports but one", all_but },
		{ "ICMP of both families", icmp },
		{ "translation", translated },
		{ "names", names },
		{ "which rules are the same", keys },
	};

	return ktap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
