// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "ktap.h"
#include "semantics.h"
#include "spec.h"
#include "text.h"

/* What is read, and how it is printed. */
static const struct {
	const char *in, *out;
} good[] = {
	{ "allow", "priority 1000 allow" },
	{ "deny", "priority 1000 deny" },
	{ "drop", "priority 1000 deny" },
	{ "accept tcp", "priority 1000 allow proto tcp" },
	{ "priority 5 reject udp", "priority 5 reject proto udp" },
	{ "allow priority 5", "priority 5 allow" },
	{ "priority 0 allow", "priority 0 allow" },
	{ "priority 4294967295 allow", "priority 4294967295 allow" },
	{ "allow stateful tcp from 10.0.0.0/8 to any dport 80",
	  "priority 1000 allow stateful proto tcp from 10.0.0.0/8 dport 80" },
	{ "allow tcp from 10.0.0.1/8", "priority 1000 allow proto tcp from 10.0.0.0/8" },
	{ "allow from 10.0.0.1:1024-2048 tcp",
	  "priority 1000 allow proto tcp from 10.0.0.1 sport 1024-2048" },
	{ "allow udp to [2001:db8::1]:53",
	  "priority 1000 allow proto udp to 2001:db8::1 dport 53" },
	{ "allow tcp dport ssh", "priority 1000 allow proto tcp dport 22" },
	{ "allow tcp sport 1-1", "priority 1000 allow proto tcp sport 1" },
	{ "allow tcp sport 0-65535", "priority 1000 allow proto tcp sport 0-65535" },
	{ "allow from 0.0.0.0/0", "priority 1000 allow family ip" },
	{ "allow from ::/0 to ::/0", "priority 1000 allow family ip6" },
	{ "allow family ip6 from 2001:db8::/32", "priority 1000 allow from 2001:db8::/32" },
	{ "allow icmp type echo-request", "priority 1000 allow proto icmp type echo-request" },
	{ "allow icmpv6 type 3 code 1",
	  "priority 1000 allow proto icmpv6 type time-exceeded code 1" },
	{ "allow type 77 icmp", "priority 1000 allow proto icmp type 77" },
	{ "allow esp spi 0x10", "priority 1000 allow proto esp spi 0x10" },
	{ "allow proto 200", "priority 1000 allow proto 200" },
	{ "allow proto any", "priority 1000 allow" },
	{ "allow dscp ef", "priority 1000 allow dscp ef" },
	{ "allow dscp 3", "priority 1000 allow dscp 3" },
	{ "allow flowlabel 0xfffff", "priority 1000 allow flowlabel 0xfffff" },
	{ "allow dev eth0", "priority 1000 allow dev eth0" },
	{ "allow dev eth0.5 zone 7", "priority 1000 allow dev eth0.5 zone 7" },
	{ "allow zone 0", "priority 1000 allow" },
	{ "allow zone any", "priority 1000 allow zone any" },
	{ "snat 192.0.2.1 from 10.0.0.1", "priority 1000 nat from 10.0.0.1 snat 192.0.2.1" },
	{ "nat from 10.0.0.0/24 snat 192.0.2.0/24",
	  "priority 1000 nat from 10.0.0.0/24 snat 192.0.2.0/24" },
	{ "snat pool p1 udp from 10.0.0.1:5004 pair parity",
	  "priority 1000 nat proto udp from 10.0.0.1 sport 5004 snat pool p1 parity pair" },
	{ "snat pool \"my pool\"", "priority 1000 nat snat pool \"my pool\"" },
	{ "dnat 10.0.0.1:8080 tcp to 192.0.2.1:80",
	  "priority 1000 nat proto tcp to 192.0.2.1 dport 80 dnat 10.0.0.1:8080" },
	{ "dnat [2001:db8::1]:80 tcp", "priority 1000 nat proto tcp dnat [2001:db8::1]:80" },
	{ "dnat [2001:db8::]/64:80-81 tcp dport 90-91 to 2001:db8:1::/64",
	  "priority 1000 nat proto tcp to 2001:db8:1::/64 dport 90-91 dnat [2001:db8::/64]:80-81" },
	{ "dnat any:81 tcp dport 80", "priority 1000 nat proto tcp dport 80 dnat any:81" },
	{ "snat 1.2.3.4:9-19 dnat 8.8.8.8 tcp from 1.1.1.1:1-11 out-zone 4",
	  "priority 1000 nat proto tcp from 1.1.1.1 sport 1-11 snat 1.2.3.4:9-19 dnat 8.8.8.8 out-zone 4" },
	{ "nat stateful snat pool x", "priority 1000 nat snat pool x" },
	{ "allow emit direct mark 16 lifetime 1h name web inactive",
	  "priority 1000 allow inactive emit direct mark 0x10 lifetime 3600 name web" },
	{ "allow emit inherit lifetime 0", "priority 1000 allow" },
	{ "allow mark 0", "priority 1000 allow mark 0x0" },
	{ "allow name \"a \\\"b\\\\ #c\"", "priority 1000 allow name \"a \\\"b\\\\ #c\"" },
	{ "allow name \"tab\\x09\"", "priority 1000 allow name \"tab\\x09\"" },
	{ "allow owner 00112233445566778899aabbccddeeff",
	  "priority 1000 allow owner 00112233445566778899aabbccddeeff" },
	{ "allow owner 0", "priority 1000 allow" },
};

static const struct {
	const char *in, *why;
} bad[] = {
	{ "tcp", "the action is missing" },
	{ "allow deny", "'deny': a rule has one action" },
	{ "allow foo", "'foo': not expected here" },
	{ "allow from", "an address is missing after 'from'" },
	{ "allow from nowhere", "'nowhere': not an address" },
	{ "allow from 10.0.0.0/33", "'10.0.0.0/33': the prefix is longer" },
	{ "allow from 1.2.3.4 from 1.2.3.5", "'from': given twice" },
	{ "allow from 1.2.3.4:5 sport 5", "'5': the source port is given twice" },
	{ "allow tcp udp", "'udp': the protocol is given twice" },
	{ "allow dport 90-80", "'90-80': the range of ports ends before" },
	{ "allow dport 70000", "'70000': not a port" },
	{ "allow type 3", "an ICMP type needs" },
	{ "allow icmp type foo", "'foo' is no icmp type" },
	{ "allow icmp code 3", "an ICMP code needs a type" },
	{ "allow from 1.2.3.4 to ::1", "IPv4 and IPv6 are mixed" },
	{ "allow family ip to ::1", "IPv4 and IPv6 are mixed" },
	{ "allow family ipx", "'ipx': the family is" },
	{ "nat tcp", "action nat needs snat or dnat" },
	{ "allow snat 1.2.3.4", "go with action nat, not with allow" },
	{ "snat 1.2.3.4:0", "'1.2.3.4:0': cannot translate to port 0" },
	{ "snat pool", "a pool is missing" },
	{ "allow mark x", "'x': the mark must be a number" },
	{ "allow zone 65535", "'65535': the zone must be" },
	{ "allow zone any zone 5", "'zone': given twice" },
	{ "allow dscp 64", "'64': the DSCP must be" },
	{ "allow flowlabel 0x100000", "'0x100000': the flow label" },
	{ "allow emit fast", "'fast': emit must be one of inherit, stack, direct" },
	{ "allow lifetime soon", "'soon': the lifetime" },
	{ "allow owner 12", "'12': an owner cookie is" },
	{ "allow dev averyveryverylongname", "not a device name" },
	{ "allow priority -1", "'-1': the priority must be" },
	{ "allow proto foo", "'foo': not a protocol" },
};

/* Read and print; what comes out must read as the same rule again. */
static void round_trip(const char *in, const char *out)
{
	struct natfw_rule r, again;
	char why[256], *text, *text2;

	if (!text_rule(in, &r, why)) {
		CHECK(false, "%s: %s", in, why);
		natfw_object_fini(&natfw_rule_set, &r);
		return;
	}
	text = text_of(&r);
	CHECK(!strcmp(text, out), "%s\n#  gave  %s\n#  not   %s", in, text, out);
	CHECK(text_rule(text, &again, why), "%s: %s", text, why);
	text2 = text_of(&again);
	CHECK(!strcmp(text, text2), "%s became %s", text, text2);
	free(text);
	free(text2);
	natfw_object_fini(&natfw_rule_set, &r);
	natfw_object_fini(&natfw_rule_set, &again);
}

static void test_good(void)
{
	unsigned int i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		round_trip(good[i].in, good[i].out);
}

static void test_bad(void)
{
	struct natfw_rule r;
	char why[256];
	unsigned int i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		why[0] = 0;
		CHECK(!text_rule(bad[i].in, &r, why), "'%s' accepted", bad[i].in);
		CHECK(!strncmp(why, bad[i].why, strlen(bad[i].why)) || strstr(why, bad[i].why),
		      "%s\n#  gave  %s\n#  not   %s", bad[i].in, why, bad[i].why);
		natfw_object_fini(&natfw_rule_set, &r);
	}
}

/* What the kernel dumps becomes what the file said. */
static void test_canonical(void)
{
	struct natfw_rule file, kernel;
	char why[256], *a, *b;

	CHECK(text_rule("snat pool p icmp from 10.0.0.0/8 to 1.2.3.4", &file, why));
	CHECK(text_rule("snat pool p icmp from 10.0.0.0/8 to 1.2.3.4", &kernel, why));
	kernel.id = 7;
	kernel.match.family = 4;
	kernel.match.dst_len = 32;
	kernel.match.zone = 0;
	kernel.match.has |= 1ull << NATFW_A_MATCH_FAMILY | 1ull << NATFW_A_MATCH_DST_LEN |
			    1ull << NATFW_A_MATCH_ZONE;
	kernel.flags |= NATFW_RULE_FLAG_STATEFUL;
	kernel.has |= 1ull << NATFW_A_RULE_ID | 1ull << NATFW_A_RULE_OWNER |
		      1ull << NATFW_A_RULE_EMIT | 1ull << NATFW_A_RULE_FLAGS |
		      1ull << NATFW_A_RULE_LIFETIME | 1ull << NATFW_A_RULE_PACKETS;
	spec_canon(&kernel);
	a = text_of(&file);
	b = text_of(&kernel);
	CHECK(file.has == kernel.has && file.match.has == kernel.match.has, "%s / %s", a, b);
	CHECK(!strcmp(a, b), "%s / %s", a, b);
	free(a);
	free(b);
	natfw_object_fini(&natfw_rule_set, &file);
	natfw_object_fini(&natfw_rule_set, &kernel);
}

static const struct {
	const char *in, *attr;	/* NULL: makes sense */
} meaning[] = {
	{ "allow dport 80", "match.dport" },
	{ "allow icmp sport 80", "match.sport" },
	{ "allow tcp spi 4", "match.spi" },
	{ "deny mark 4", "mark" },
	{ "reject emit direct", "emit" },
	{ "deny stateful", "flags" },
	{ "allow pair", "flags" },
	{ "snat 1.2.3.4", "nat.src" },
	{ "snat 1.2.3.0/24 from 10.0.0.0/16", "nat.src" },
	{ "dnat 1.2.3.0/24 to 10.0.0.0/16", "nat.dst" },
	{ "dnat 1.2.3.4 to 10.0.0.0/16", NULL },
	{ "dnat any:80-90 tcp dport 80-89", "nat.dport" },
	{ "dnat any:80-90 tcp dport 180-190", NULL },
	{ "dnat any:80", "nat.dport" },
	{ "snat pool p snat any:80 tcp", NULL },
	{ "snat pool p gre", "nat.pool" },
	{ "snat pool p ah", "match.proto" },
	{ "allow flowlabel 3 from 1.2.3.4", "match.flow-label" },
	{ "allow icmp from ::1", "match.proto" },
	{ "allow tcp dport 80", NULL },
};

static void test_meaning(void)
{
	const char *why, *attr;
	struct natfw_rule r;
	char text[256];
	unsigned int i;

	for (i = 0; i < sizeof(meaning) / sizeof(meaning[0]); i++) {
		attr = "";
		if (!text_rule(meaning[i].in, &r, text)) {
			natfw_object_fini(&natfw_rule_set, &r);
			continue;
		}
		why = semantics_check(&r, &attr);
		CHECK(!why == !meaning[i].attr, "%s: %s", meaning[i].in, why ? why : "accepted");
		if (why && meaning[i].attr)
			CHECK(!strcmp(attr, meaning[i].attr), "%s: %s", meaning[i].in, attr);
		natfw_object_fini(&natfw_rule_set, &r);
	}
}

const struct ktap_test spec_tests[] = {
	{ "spec: text to rule to text", test_good },
	{ "spec: errors name the word and the reason", test_bad },
	{ "spec: a dumped rule equals the one asked for", test_canonical },
	{ "spec: rules that make no sense", test_meaning },
	{ NULL, NULL },
};
