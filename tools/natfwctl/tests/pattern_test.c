// SPDX-License-Identifier: GPL-2.0-or-later
#include "ktap.h"
#include "pattern.h"
#include "text.h"

static bool overlap(const char *a, const char *b)
{
	struct natfw_rule x, y;
	struct pattern p, q;
	char why[256];
	bool yes;

	CHECK(text_rule(a, &x, why), "%s: %s", a, why);
	CHECK(text_rule(b, &y, why), "%s: %s", b, why);
	pattern_init(&p, &x);
	pattern_init(&q, &y);
	yes = pattern_overlap(&p, &q);
	CHECK(yes == pattern_overlap(&q, &p), "%s / %s: not symmetric", a, b);
	natfw_object_fini(&natfw_rule_set, &x);
	natfw_object_fini(&natfw_rule_set, &y);
	return yes;
}

static void test_overlap(void)
{
	CHECK(overlap("allow", "deny"));
	CHECK(overlap("allow tcp", "deny from 10.0.0.0/8"));
	CHECK(!overlap("allow tcp", "deny udp"));
	CHECK(overlap("allow from 10.0.0.0/8", "allow from 10.1.0.0/16"));
	CHECK(!overlap("allow from 10.0.0.0/8", "allow from 11.1.0.0/16"));
	CHECK(!overlap("allow from 10.0.0.0/8", "allow from 2001:db8::/32"));
	CHECK(!overlap("allow from 10.0.0.0/8", "allow to 2001:db8::/32"));
	CHECK(!overlap("allow family ip", "allow icmpv6"));
	CHECK(overlap("allow tcp dport 80-90", "allow tcp dport 90-95"));
	CHECK(!overlap("allow tcp dport 80-90", "allow tcp dport 91-95"));
	CHECK(overlap("allow tcp dport 80-90", "allow tcp sport 91-95"));
	CHECK(!overlap("allow zone 1", "allow zone 2"));
	CHECK(!overlap("allow zone 1", "allow"));
	CHECK(overlap("allow zone any", "allow zone 2"));
	CHECK(!overlap("allow dev a", "allow dev b"));
	CHECK(overlap("allow dev a", "allow"));
	CHECK(!overlap("allow dscp 1", "allow dscp 2"));
	CHECK(!overlap("allow icmp type 8", "allow icmp type 0"));
	CHECK(overlap("allow icmp type 8", "allow icmp type 8 code 0"));
	CHECK(!overlap("allow esp spi 1", "allow esp spi 2"));
}

static uint32_t miss(const char *text, const struct natfw_test *t, uint32_t zone)
{
	struct natfw_rule r;
	struct pattern p;
	char why[256];

	CHECK(text_rule(text, &r, why), "%s: %s", text, why);
	pattern_init(&p, &r);
	natfw_object_fini(&natfw_rule_set, &r);
	return pattern_miss(&p, t, zone);
}

static void test_miss(void)
{
	struct natfw_test t = { .proto = 6, .sport = 1000, .dport = 80, .ifname = "e0" };

	natfw_addr_parse(&t.src, "10.0.0.1");
	natfw_addr_parse(&t.dst, "192.0.2.1");
	CHECK(!miss("allow tcp from 10.0.0.0/8 dport 80 dev e0", &t, 0));
	CHECK(miss("allow tcp from 10.0.0.0/8 dport 81", &t, 0) == 1u << PATTERN_DPORT);
	CHECK(miss("allow udp from 11.0.0.0/8", &t, 0) ==
	      (1u << PATTERN_PROTO | 1u << PATTERN_SRC));
	CHECK(miss("allow", &t, 4) == 1u << PATTERN_ZONE);
	CHECK(!miss("allow zone any", &t, 4));
	CHECK(miss("allow dev e1", &t, 0) == 1u << PATTERN_DEV);
	CHECK(miss("allow family ip6", &t, 0) == 1u << PATTERN_FAMILY);
	CHECK(miss("allow dscp 5", &t, 0) == 1u << PATTERN_DSCP);
}

const struct ktap_test pattern_tests[] = {
	{ "pattern: overlap", test_overlap },
	{ "pattern: which field a packet misses", test_miss },
	{ NULL, NULL },
};
