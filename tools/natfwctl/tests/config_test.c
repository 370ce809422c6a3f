// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "devspec.h"
#include "ktap.h"
#include "netspec.h"
#include "poolspec.h"
#include "spec.h"
#include "text.h"

static const uint8_t zero[NATFW_OWNER_LEN];

static const char whole_file[] =
	"# a comment\n"
	"net set emit direct flow-max 1000 timeout udp 5m\r\n"
	"net set timeout tcp-established 2h\n"
	"\n"
	"pool add \"the pool\" 192.0.2.0/28 192.0.2.100-192.0.2.102 ports 2000-3000 \\\n"
	"	mapping apdm filtering adf preserve block-size 64 # trailing\n"
	"dev attach eth0 zone 3 default drop emit stack\n"
	"dev attach eth1\n"
	"rule add priority 7 allow tcp \\\n"
	"	from 10.0.0.0/8 \\\n"
	"	dport 80\n"
	"rule add snat pool \"the pool\"";

static char *print_pool(const struct natfw_pool *p)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	poolspec_print(f, p);
	fclose(f);
	return text;
}

static char *print_net(const struct natfw_net *n)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	netspec_print(f, n);
	fclose(f);
	return text;
}

static void check_text(char *text, const char *want)
{
	CHECK(!strcmp(text, want), "%s\n#  not  %s", text, want);
	free(text);
}

static void test_whole(void)
{
	const struct config_pool *p;
	const struct config_dev *d;
	struct natfw_rule r;
	struct config c;

	CHECK(config_parse(&c, whole_file, sizeof(whole_file) - 1, zero), "line %u: %s",
	      c.error.line, c.error.text);
	CHECK(c.devs.n == 2 && c.pools.n == 1 && ruleset_count(&c.rules) == 2);
	check_text(print_net(&c.net),
		   "emit direct flow-max 1000 timeout udp 300 timeout tcp-established 7200");
	p = config_pool(&c, "the pool");
	CHECK(p && p->line == 5);
	if (p)
		check_text(print_pool(&p->pool),
			   "\"the pool\" 192.0.2.0/28 192.0.2.100-192.0.2.102 ports 2000-3000 mapping address-and-port-dependent filtering address-dependent preserve block-size 64");
	d = config_dev(&c, "eth0");
	CHECK(d && d->line == 7 && d->dev.zone == 3 && d->dev.verdict == NATFW_VERDICT_DROP &&
	      d->dev.emit == NATFW_EMIT_STACK);
	CHECK(!ruleset_get(&c.rules, 0, &r));
	check_text(text_of(&r), "priority 7 allow proto tcp from 10.0.0.0/8 dport 80");
	natfw_object_fini(&natfw_rule_set, &r);
	CHECK(ruleset_entry(&c.rules, 0)->line == 9 && ruleset_entry(&c.rules, 1)->line == 12);
	config_fini(&c);
}

static const struct {
	const char *text;
	unsigned int line;
	const char *token, *why;
} errors[] = {
	{ "rule add allow\nrule add allow foo\n", 2, "foo", "not expected" },
	{ "rule add allow \\\n  from \\\n  10.0.0.0/40\n", 3, "10.0.0.0/40", "longer" },
	{ "rules add allow", 1, "rules", "a statement is" },
	{ "rule allow", 1, "allow", "in a file it is 'rule add'" },
	{ "rule", 1, "rule", "in a file it is 'rule add'" },
	{ "\n\ndev attach", 3, "", "a device is missing" },
	{ "dev attach a\ndev attach a", 2, "a", "a second time" },
	{ "dev attach a xdp", 1, "", "native, generic, auto or off is missing" },
	{ "dev attach a xdp fast", 1, "fast", "native, generic, auto or off" },
	{ "pool add p 1.2.3.4\npool add p 1.2.3.5", 2, "p", "already" },
	{ "pool add p", 1, "", "needs an address" },
	{ "pool add p 1.2.3.4 1.2.3.4-1.2.3.3", 1, "1.2.3.4-1.2.3.3", "ends before" },
	{ "pool add p 1.2.3.4-::1", 1, "1.2.3.4-::1", "ends before" },
	{ "pool add p 1.2.3.4/33", 1, "1.2.3.4/33", "prefix length" },
	{ "pool add p 1.2.3.4 ports 0-5", 1, "0-5", "cannot be used" },
	{ "pool add p 1.2.3.4 block-size 48", 1, "48", "power of two" },
	{ "pool add p 1.2.3.4 hold 2d", 1, "2d", "at most" },
	{ "net set timeout foo 5", 1, "foo", "no such timeout" },
	{ "net set emit inherit", 1, "inherit", "nothing to inherit" },
	{ "net set", 1, "", "say what" },
	{ "rule add allow name \"abc", 1, "", "not closed" },
	{ "rule add allow name \"a\\qc\"", 1, "", "backslash" },
	{ "rule add allow a\\ b", 1, "a\\", "not expected" },
	{ "rule add allow owner 00112233445566778899aabbccddeeff", 1, "", "another owner" },
};

static void test_errors(void)
{
	struct config c;
	unsigned int i;

	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		CHECK(!config_parse(&c, errors[i].text, strlen(errors[i].text), zero),
		      "accepted: %s", errors[i].text);
		CHECK(c.error.line == errors[i].line && !strcmp(c.error.token, errors[i].token) &&
		      strstr(c.error.text, errors[i].why), "%s: gave %u '%s' %s", errors[i].text,
		      c.error.line, c.error.token, c.error.text);
		config_fini(&c);
	}
}

static void token_is(const struct config *c, unsigned int line, const char *attr,
		     const char *want)
{
	char buf[64];

	config_token(c, line, attr, buf, sizeof(buf));
	CHECK(!strcmp(buf, want), "%s of line %u: '%s', not '%s'", attr, line, buf, want);
}

static void test_tokens(void)
{
	static const char text[] =
		"pool add p 1.2.3.4 ports 5-6\n"
		"rule add snat pool p tcp from 10.0.0.0/8 \\\n to 1.2.3.4:80 mark 5 lifetime 3\n"
		"rule add dnat 10.0.0.1:80 tcp dport 81 dev eth0\n";
	struct config c;

	CHECK(config_parse(&c, text, sizeof(text) - 1, zero), "%s", c.error.text);
	token_is(&c, 2, "match.src-len", "10.0.0.0/8");
	token_is(&c, 2, "match.dport", "1.2.3.4:80");
	token_is(&c, 2, "nat.pool", "p");
	token_is(&c, 2, "mark", "5");
	token_is(&c, 2, "lifetime", "3");
	token_is(&c, 4, "nat.dport", "10.0.0.1:80");
	token_is(&c, 4, "match.dport", "81");
	token_is(&c, 4, "match.ifname", "eth0");
	token_is(&c, 1, "port-min", "5-6");
	token_is(&c, 1, "name", "p");
	token_is(&c, 1, "", "p");
	config_fini(&c);
}

static void test_owner(void)
{
	uint8_t owner[NATFW_OWNER_LEN] = { 1 };
	struct natfw_rule r;
	struct config c;

	CHECK(config_parse(&c, "rule add allow", 14, owner));
	CHECK(!ruleset_get(&c.rules, 0, &r));
	CHECK(natfw_has(&r, NATFW_A_RULE_OWNER) && !memcmp(r.owner, owner, sizeof(owner)));
	natfw_object_fini(&natfw_rule_set, &r);
	config_fini(&c);
}

static void test_net_difference(void)
{
	static const char text[] = "net set flow-max 5 watermark 80 timeout udp 7 timeout icmp 9";
	struct natfw_net have = { .flow_max = 6, .watermark = 80,
				  .timeout = { .udp = 7, .icmp = 8 } };
	struct natfw_net want, undo;
	struct config c;

	CHECK(config_parse(&c, text, sizeof(text) - 1, zero), "%s", c.error.text);
	want = c.net;
	CHECK(netspec_difference(&want, &have, &undo));
	check_text(print_net(&want), "flow-max 5 timeout icmp 9");
	check_text(print_net(&undo), "flow-max 6 timeout icmp 8");
	have = c.net;
	want = c.net;
	CHECK(!netspec_difference(&want, &have, &undo));
	config_fini(&c);
}

const struct ktap_test config_tests[] = {
	{ "config: a whole file", test_whole },
	{ "config: errors name line and word", test_errors },
	{ "config: refused attributes lead back to words", test_tokens },
	{ "config: rules get the owner asked for", test_owner },
	{ "config: settings are compared", test_net_difference },
	{ NULL, NULL },
};
