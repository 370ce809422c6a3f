// SPDX-License-Identifier: GPL-2.0-or-later
// natfw-test: quick host timeout=60
/*
 * Access control lists (RFC 8519) of the configuration: what is said comes out as values, and what no rule
 * can say is refused, by line and path.
 */
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "ktap.h"

static void quiet(enum log_subsystem sub, enum log_level level, const char *line)
{
	(void)sub;
	(void)level;
	(void)line;
}

#define HEAD \
	"interface: [{name: lan}, {name: wan, side: outside}]\n" \
	"ietf-access-control-list:acls:\n"
#define LIST(type) \
	"  acl:\n" \
	"  - name: office\n" \
	"    type: " type "\n" \
	"    aces:\n" \
	"      ace:\n"
#define BOTH	"natfw-acl:ipv4-ipv6-acl-type"
#define ACE(name, matches, actions) \
	"      - {name: " name ", matches: {" matches "}, actions: {" actions "}}\n"
#define AT_LAN \
	"  attachment-points:\n" \
	"    interface: [{interface-id: lan, ingress: {acl-sets: {acl-set: [{name: office}]}}}]\n"
#define PERMIT	"forwarding: accept"

static struct conf *read_text(const char *text)
{
	struct conf_error e;
	struct conf *c = conf_read_text(text, strlen(text), &e);

	if (!c)
		printf("# line %u, %s: %s\n", e.line, e.path, e.text);
	return c;
}

/* ------------------------------------------------------------------ values */

static bool is_prefix(const struct conf_prefix *p, const char *text)
{
	char buf[ADDRESS_TEXT + 8];
	size_t n;

	address_text(&p->address, buf);
	n = strlen(buf);
	snprintf(buf + n, sizeof(buf) - n, "/%u", p->len);
	return !strcmp(buf, text);
}

static void ipv4(void)
{
	struct conf *c = read_text(HEAD LIST("ipv4-acl-type")
		ACE("a", "ipv4: {source-ipv4-network: 10.1.2.3/16, destination-ipv4-network: "
		    "192.0.2.1/32, dscp: 46}, tcp: {source-port: {lower-port: 1024, upper-port: 65535}, "
		    "destination-port: {operator: eq, port: 443}}", PERMIT)
		ACE("b", "ipv4: {protocol: 47}", "forwarding: drop")
		AT_LAN);
	const struct conf_ace *a = c && EXPECT_EQ(c->acls, 1) ? c->acl[0].ace : NULL;

	if (!a || !EXPECT_EQ(c->acl[0].aces, 2))
		return;
	EXPECT(!strcmp(c->acl[0].name, "office") && !strcmp(a->name, "a"));
	EXPECT(a->version == 4 && is_prefix(&a->source, "10.1.0.0/16"));
	EXPECT(is_prefix(&a->destination, "192.0.2.1/32"));
	EXPECT(a->has_dscp && a->dscp == 46 && !a->has_label && !a->has_type);
	EXPECT(a->has_protocol && a->protocol == 6);
	EXPECT(a->sport.given && !a->sport.except && a->sport.min == 1024 && a->sport.max == 65535);
	EXPECT(a->dport.given && a->dport.min == 443 && a->dport.max == 443);
	EXPECT(a->forwarding == ACE_ACCEPT && a->stateful && a->line == 8);
	EXPECT(a[1].has_protocol && a[1].protocol == 47 && !a[1].dport.given);
	EXPECT(a[1].forwarding == ACE_DROP && !a[1].stateful);
	conf_free(c);
}

static void ipv6(void)
{
	struct conf *c = read_text(HEAD LIST(BOTH)
		ACE("a", "ipv6: {source-ipv6-network: '2001:db8::/32', flow-label: 77}, icmp: {type: 128, code: 0}",
		    "forwarding: reject")
		ACE("b", "icmp: {type: 8}", PERMIT ", 'natfw-acl:stateful': false")
		ACE("c", "", PERMIT));
	const struct conf_ace *a = c && EXPECT_EQ(c->acls, 1) ? c->acl[0].ace : NULL;

	if (!a || !EXPECT_EQ(c->acl[0].aces, 3))
		return;
	EXPECT(a->version == 6 && is_prefix(&a->source, "2001:db8::/32") && !a->destination.len);
	EXPECT(a->has_label && a->label == 77 && a->has_protocol && a->protocol == 58 && !a->icmp);
	EXPECT(a->has_type && a->type == 128 && a->has_code && a->code == 0);
	EXPECT(a->forwarding == ACE_REJECT);
	EXPECT(!a[1].version && a[1].icmp && !a[1].has_protocol && a[1].type == 8 && !a[1].stateful);
	EXPECT(!a[2].version && !a[2].has_protocol && a[2].stateful);
	EXPECT_EQ(c->acl_points, 0);
	conf_free(c);
}

static void operators(void)
{
	static const struct {
		const char *operator;
		bool except;
		uint16_t min, max;
	} all[] = {
		{ "", false, 99, 99 }, { "operator: eq, ", false, 99, 99 },
		{ "operator: lte, ", false, 0, 99 }, { "operator: gte, ", false, 99, 65535 },
		{ "operator: neq, ", true, 99, 99 },
	};
	char text[1024];
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct conf *c;

		snprintf(text, sizeof(text), HEAD LIST(BOTH)
			 ACE("a", "udp: {destination-port: {%sport: 99}}", PERMIT), all[i].operator);
		c = read_text(text);
		if (!EXPECT(c))
			return;
		EXPECT(c->acl[0].ace[0].protocol == 17 && !c->acl[0].ace[0].sport.given);
		EXPECT(c->acl[0].ace[0].dport.given);
		EXPECT_EQ(c->acl[0].ace[0].dport.except, all[i].except);
		EXPECT_EQ(c->acl[0].ace[0].dport.min, all[i].min);
		EXPECT_EQ(c->acl[0].ace[0].dport.max, all[i].max);
		conf_free(c);
	}
}

static void translations(void)
{
	struct conf *c = read_text(HEAD LIST("ipv4-acl-type")
		ACE("a", "", PERMIT ", 'natfw-acl:translate': {source-pool: out}")
		ACE("b", "tcp: {destination-port: {port: 80}}", PERMIT
		    ", 'natfw-acl:translate': {destination-address: 10.0.0.1, destination-port: 8080}")
		ACE("c", "", PERMIT));
	const struct conf_ace *a = c && EXPECT_EQ(c->acls, 1) ? c->acl[0].ace : NULL;

	if (!a || !EXPECT_EQ(c->acl[0].aces, 3))
		return;
	EXPECT(a->translated && a->stateful && !strcmp(a->to.pool, "out") && !a->to.dport);
	EXPECT(!address_is_set(&a->to.source) && !address_is_set(&a->to.destination));
	EXPECT(a[1].translated && a[1].to.destination.version == 4 && a[1].to.dport == 8080);
	EXPECT(!a[1].to.pool[0] && !a[2].translated);
	conf_free(c);
}

static void pools(void)
{
	struct conf *c = read_text("pool:\n- {name: net, address: [192.0.2.0/28, 198.51.100.7], port-min: 2000, "
				   "filtering: address-dependent, hold: 5}\n- {name: six, address: ['2001:db8::/120']}\n"), *d;
	void *packed;
	size_t len;

	if (!EXPECT(c) || !EXPECT_EQ(c->pools, 2))
		return;
	EXPECT(!strcmp(c->pool[0].name, "net") && c->pool[0].addresses == 2);
	EXPECT(is_prefix(&c->pool[0].address[0], "192.0.2.0/28"));
	EXPECT(is_prefix(&c->pool[0].address[1], "198.51.100.7/32"));
	EXPECT(c->pool[0].port_min == 2000 && c->pool[0].port_max == 65535 && c->pool[0].filtering == 1);
	EXPECT(c->pool[0].hold == 5 && c->pool[1].hold == 120 && !c->pool[1].preserve);
	EXPECT_EQ(conf_pack(c, &packed, &len), 0);
	d = conf_unpack(packed, len);
	if (EXPECT(d))
		EXPECT(d->pools == 2 && is_prefix(&d->pool[1].address[0], "2001:db8::/120"));
	conf_free(d);
	free(packed);
	conf_free(c);
}

/* The type of a list is the family of its entries. */
static void types(void)
{
	struct conf *c = read_text(HEAD LIST("ipv6-acl-type") ACE("a", "icmp: {type: 1}", PERMIT));

	if (!EXPECT(c))
		return;
	EXPECT(c->acl[0].ace[0].version == 6 && c->acl[0].ace[0].protocol == 58);
	EXPECT(!c->acl[0].ace[0].icmp);
	conf_free(c);
}

static void points(void)
{
	struct conf *c = read_text(HEAD
		"  acl: [{name: a}, {name: b}, {name: c}]\n"
		"  attachment-points:\n"
		"    interface:\n"
		"    - {interface-id: wan, ingress: {acl-sets: {acl-set: [{name: c}, {name: a}]}}}\n"
		"    - {interface-id: lan}\n"), *d;
	void *packed;
	size_t len;

	if (!EXPECT(c) || !EXPECT_EQ(c->acl_points, 2))
		return;
	EXPECT(!strcmp(c->acl_point[0].interface, "wan"));
	EXPECT(c->acl_point[0].acls == 2 && c->acl_point[0].acl[0] == 2 &&
	       c->acl_point[0].acl[1] == 0);
	EXPECT(c->acl_point[1].acls == 0 && !strcmp(c->acl_point[1].interface, "lan"));
	/* to another process and back, which believes no number */
	EXPECT_EQ(conf_pack(c, &packed, &len), 0);
	d = conf_unpack(packed, len);
	if (EXPECT(d)) {
		EXPECT(d->acls == 3 && !strcmp(d->acl[1].name, "b"));
		EXPECT(d->acl_points == 2 && d->acl_point[0].acl[0] == 2);
	}
	conf_free(d);
	free(packed);
	c->acl_point[0].acl[0] = 3;
	EXPECT_EQ(conf_pack(c, &packed, &len), 0);
	EXPECT(!conf_unpack(packed, len));
	free(packed);
	conf_free(c);
}

/* ------------------------------------------------------------------ errors */

static const struct wrong {
	const char *text;
	unsigned int line;
	const char *path, *says;
} wrongs[] = {
	{ HEAD LIST("ipv4-acl-type") ACE("a", "ipv4: {ttl: 3}", PERMIT), 8, "/matches/ipv4/ttl",
	  "no such setting" },
	{ HEAD LIST(BOTH) ACE("a", "tcp: {flags: syn}", PERMIT), 8, "/matches/tcp/flags", "no such setting" },
	{ HEAD LIST(BOTH) ACE("a", "eth: {ethertype: ipv4}", PERMIT), 8, "/matches/eth", "no such setting" },
	{ HEAD LIST(BOTH) ACE("a", "ingress-interface: lan", PERMIT), 8, "/matches/ingress-interface",
	  "no such setting" },
	{ HEAD LIST(BOTH) ACE("a", "icmp: {rest-of-header: AAAA}", PERMIT), 8, "/icmp/rest-of-header",
	  "no such setting" },
	{ HEAD LIST(BOTH) ACE("a", "tcp: {}", PERMIT), 8, "/matches/tcp", "says nothing" },
	{ HEAD LIST(BOTH) ACE("a", "icmp: {code: 1}", PERMIT), 8, "/matches/icmp", "without a type" },
	{ HEAD LIST(BOTH) ACE("a", "", "forwarding: teleport"), 8, "/actions/forwarding", "teleport" },
	{ HEAD LIST(BOTH) ACE("a", "", PERMIT ", logging: log-syslog"), 8, "/actions/logging", "counted" },
	{ HEAD LIST(BOTH) ACE("a", "", ""), 8, "/ace[name='a']/actions/forwarding", "actions without forwarding" },
	{ HEAD LIST("ipv4-acl-type") ACE("a", "ipv4: {protocol: 17}, tcp: {source-port: {port: 1}}", PERMIT), 8,
	  "/matches/tcp", "protocol 17" },
	{ HEAD LIST("ipv4-acl-type") ACE("a", "ipv4: {protocol: 58}", PERMIT), 8, "/ipv4/protocol", "IPv4" },
	{ HEAD LIST(BOTH) ACE("a", "udp: {source-port: {lower-port: 9, upper-port: 8}}", PERMIT), 8,
	  "/source-port/lower-port", "less than" },
	{ HEAD LIST(BOTH) ACE("a", "", PERMIT) ACE("a", "", PERMIT), 9, "/ace[name='a']", "twice" },
	{ HEAD LIST("ipv4-acl-type") ACE("a", "ipv4: {protocol: 1}", PERMIT)
	  "  - {name: six, type: ipv6-acl-type, aces: {ace: [{name: b, matches: {ipv4: {protocol: 1}}, actions: {"
	  PERMIT "}}]}}\n", 9, "/acl[name='six']/aces/ace[name='b']/matches/ipv4", "ipv6-acl-type" },
	{ HEAD LIST("ipv4-acl-type") ACE("a", "", "forwarding: drop, 'natfw-acl:translate': {source-pool: p}"), 8,
	  "natfw-acl:translate", "only what is accepted" },
	{ HEAD LIST("ipv4-acl-type") ACE("a", "", PERMIT ", 'natfw-acl:translate': {source-pool: p, source-address: 10.0.0.1}"), 8,
	  "natfw-acl:translate", "from a pool, or" },
	{ HEAD LIST("ipv4-acl-type") ACE("a", "", PERMIT ", 'natfw-acl:translate': {}"), 8, "natfw-acl:translate", "to what" },
	{ HEAD LIST("ipv4-acl-type") ACE("a", "", PERMIT ", 'natfw-acl:translate': {destination-address: '::1'}"), 8,
	  "natfw-acl:translate/destination-address", "IPv4" },
	{ HEAD LIST(BOTH) ACE("a", "", PERMIT ", 'natfw-acl:translate': {source-pool: p}"), 8, "natfw-acl:translate",
	  "for IPv4 or for IPv6" },
	{ "pool: [{name: a, address: [192.0.2.1, '2001:db8::1']}]\n", 1, "/pool[name='a']", "both families" },
	{ "pool: [{name: a}]\n", 1, "address", "" },
	{ "pool: [{name: a, address: [192.0.2.1], port-min: 9, port-max: 8}]\n", 1, "/port-min", "above port-max" },
	{ HEAD "  acl: [{name: a/b}]\n", 3, "", "pattern" },
	{ HEAD "  acl: [{name: a}]\n  attachment-points: {interface: [{interface-id: dmz}]}\n", 4,
	  "/interface-id", "dmz" },
	{ HEAD "  acl: [{name: a}]\n  attachment-points: {interface: [{interface-id: lan, ingress: {acl-sets: "
	  "{acl-set: [{name: b}]}}}]}\n", 4, "/acl-set[name='b']/name", "b" },
	{ HEAD "  acl: [{name: a}]\n  attachment-points: {interface: [{interface-id: lan, egress: {acl-sets: "
	  "{acl-set: [{name: a}]}}}]}\n", 4, "/egress", "ingress only" },
};

static void one_wrong(const struct wrong *w)
{
	struct conf_error e;
	struct conf *c = conf_read_text(w->text, strlen(w->text), &e);

	if (!EXPECT(!c && strstr(e.path, w->path) && strstr(e.text, w->says) && e.line == w->line))
		printf("# of %s\n#   line %u, path %s: %s\n", w->text, e.line, e.path, e.text);
	conf_free(c);
}

static void errors(void)
{
	size_t i;

	for (i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++)
		one_wrong(&wrongs[i]);
}

int main(void)
{
	static const struct ktap_test tests[] = {
		{ "an entry for IPv4", ipv4 },
		{ "entries for IPv6 and for both", ipv6 },
		{ "operators of ports", operators },
		{ "translations", translations },
		{ "pools", pools },
		{ "the type of a list", types },
		{ "lists of interfaces, packed and unpacked", points },
		{ "what no rule can say is refused, by line and path", errors },
	};

	log_capture(quiet);
	return ktap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
