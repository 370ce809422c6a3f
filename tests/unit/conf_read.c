// SPDX-License-Identifier: GPL-2.0-or-later
// natfw-test: quick host timeout=60
/*
 * The configuration file: what is said comes out as values, what is wrong is named by line and path.
 */
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "ktap.h"

#define EXAMPLE	"../../Documentation/examples/natfwd.yaml"

static void quiet(enum log_subsystem sub, enum log_level level, const char *line)
{
	(void)sub;
	(void)level;
	(void)line;
}

static struct conf *read_text(const char *text)
{
	struct conf_error e;
	struct conf *c = conf_read_text(text, strlen(text), &e);

	if (!c)
		printf("# line %u, %s: %s\n", e.line, e.path, e.text);
	return c;
}

/* ------------------------------------------------------------------ defaults */

static void defaults(void)
{
	struct conf *c = conf_default();

	if (!EXPECT(c))
		return;
	EXPECT(!c->interfaces && !c->policies && !c->key_count && !c->gist.peers);
	EXPECT(c->gist.ipv6 && c->gist.port == 270 && c->gist.tcp_port == 270);
	EXPECT_EQ(c->gist.tls_port, 5971);
	EXPECT(!c->gist.tls && !c->gist.peer_default && !c->gist.old_numbers);
	EXPECT_EQ(c->gist.validity, 30000);
	EXPECT(c->nslp.forward && c->nslp.respond && !c->nslp.proxy && !c->nslp.need_reservation);
	EXPECT(c->nslp.lifetime_min <= c->nslp.lifetime &&
	       c->nslp.lifetime <= c->nslp.lifetime_max);
	EXPECT(!strcmp(c->control.socket, "/run/natfwd/control") && !*c->control.group);
	EXPECT(!address_is_set(&c->control.metrics.address));
	EXPECT(!strcmp(c->user, "natfwd") && !strcmp(c->state, "/var/lib/natfwd"));
	EXPECT(!c->syslog && c->level[SUB_GIST] == LEVEL_INFO && !c->module_required);
	EXPECT(c->policy_sessions_max == 256 && c->policy_rate == 50);
	conf_free(c);
}

static void timers_of_rfc(void)
{
	struct conf *c = conf_default();

	if (!EXPECT(c))
		return;
	EXPECT_EQ(c->gist.t1, 500);
	EXPECT_EQ(c->gist.t2, 32000);
	EXPECT(c->nslp.transitory >= 30);
	/* (K + 0.5) * 1.5 * R with K = 3 and R = 300 s */
	EXPECT(c->nslp.lifetime >= 1575);
	conf_free(c);
}

/* ------------------------------------------------------------------ values */

static void example_interfaces(const struct conf *c)
{
	if (!EXPECT_EQ(c->interfaces, 2))
		return;
	EXPECT(!strcmp(c->interface[0].name, "eth0") && !strcmp(c->interface[0].pool, "internet"));
	EXPECT(c->interface[0].outside && c->interface[0].edge && c->interface[0].nat);
	EXPECT(c->interface[0].firewall && c->interface[0].attach && c->interface[0].drop);
	EXPECT(!c->interface[1].outside && !c->interface[1].firewall && !c->interface[1].drop);
}

static void example_policy(const struct conf *c)
{
	const struct conf_policy *p = c->policy;

	if (!EXPECT_EQ(c->policies, 6))
		return;
	EXPECT(!p[0].permit && p[0].protocols == 1 && p[0].protocol[0] == 6);
	EXPECT(p[0].port_min == 25 && p[0].port_max == 25 && !p[0].create && !p[0].has_zone);
	EXPECT(p[1].permit && p[1].third_party && p[1].create && p[1].external && !p[1].block);
	EXPECT(p[1].froms == 1 && p[1].from[0].len == 32 && p[1].from[0].address.b[3] == 20);
	EXPECT(p[1].port_min == 10000 && p[1].port_max == 20000 && p[1].lifetime_max == 7200);
	EXPECT(p[1].sessions_max == 4000 && !strcmp(p[1].interface, "eth1"));
	EXPECT(p[2].towards == 2 && p[2].toward[1].address.version == 6 && p[2].toward[1].len == 48);
	EXPECT(p[2].source_len_min == 24 && p[2].destination_len_min == 32);
	EXPECT(!strcmp(p[2].tls_name, "*.partner.example"));
	EXPECT(p[3].key_id == 7 && p[4].local && p[4].any_sender);
	EXPECT(p[5].has_zone && p[5].zone == 5 && !p[5].permit);
}

static void example(void)
{
	struct conf_error e;
	struct conf *c = conf_read(EXAMPLE, &e);

	if (!EXPECT(c))
		return;
	example_interfaces(c);
	example_policy(c);
	EXPECT(c->key_count == 1 && c->keys[0].id == 7 && c->keys[0].transform == 12);
	EXPECT(c->keys[0].len == 29 && !memcmp(c->keys[0].secret, "change me", 9));
	EXPECT(c->nslp.key_id == 7 && !strcmp(c->control.group, "natfwd"));
	EXPECT(c->control.metrics.port == 9270 && c->control.metrics.address.b[0] == 127);
	EXPECT(c->level[SUB_GIST] == LEVEL_NOTICE && c->level[SUB_KERN] == LEVEL_INFO);
	conf_free(c);
}

static void tls_and_peers(void)
{
	struct conf *c = read_text("gist:\n"
				   "  tls: required\n"
				   "  certificate: /c\n"
				   "  key: /k\n"
				   "  authority: /a\n"
				   "  address: [192.0.2.1, '2001:db8::1']\n"
				   "  peer-default: permit\n"
				   "  peer:\n"
				   "    - {name: a.example, at: 192.0.2.0/25}\n"
				   "    - {name: '*.example', action: refuse}\n");

	if (!EXPECT(c))
		return;
	EXPECT(c->gist.tls == 2 && !strcmp(c->gist.certificate, "/c"));
	EXPECT(!strcmp(c->gist.key, "/k") && !strcmp(c->gist.authority, "/a"));
	EXPECT(c->gist.addresses == 2 && c->gist.address[1].version == 6);
	EXPECT(c->gist.peers == 2 && c->gist.peer[0].permit && c->gist.peer[0].at.len == 25);
	EXPECT(!c->gist.peer[1].permit && !c->gist.peer[1].at.len && c->gist.peer_default);
	conf_free(c);
}

/* Names that look like numbers or truth stay names, quotes or not. */
static void plain_scalars(void)
{
	struct conf *c = read_text("policy:\n"
				   "  entry:\n"
				   "    - {name: 123, action: permit}\n"
				   "    - {name: yes, action: permit}\n"
				   "    - {name: 'true', action: refuse, protocol: 17}\n"
				   "gist: {port: '271'}\n");

	if (!EXPECT(c))
		return;
	EXPECT(c->policies == 3 && !strcmp(c->policy[0].name, "123"));
	EXPECT(!strcmp(c->policy[1].name, "yes") && !strcmp(c->policy[2].name, "true"));
	EXPECT(c->policy[2].protocol[0] == 17 && c->gist.port == 271);
	conf_free(c);
}

static void json(void)
{
	struct conf *c = read_text("{\"natfw:natfw\": {\"gist\": {\"port\": 4711},\n"
				   " \"interface\": [{\"name\": \"lo\", \"zone\": 3}],\n"
				   " \"natfw:nslp\": {\"proxy\": true}}}\n");

	if (!EXPECT(c))
		return;
	EXPECT(c->gist.port == 4711 && c->interfaces == 1 && c->interface[0].zone == 3);
	EXPECT(c->nslp.proxy);
	conf_free(c);
}

static void other_modules(void)
{
	struct conf *c = read_text("gist: {port: 4711}\n"
				   "ietf-netconf-acm:nacm:\n"
				   "  write-default: permit\n"
				   "  groups:\n"
				   "    group: [{name: admin, user-name: [a, b]}]\n"
				   "ietf-access-control-list:acls:\n"
				   "  acl:\n"
				   "  - name: x\n"
				   "    type: ipv4-acl-type\n"
				   "    aces:\n"
				   "      ace:\n"
				   "      - name: ssh\n"
				   "        matches:\n"
				   "          ipv4: {destination-ipv4-network: 10.0.0.0/8}\n"
				   "          tcp: {destination-port: {port: 22}}\n"
				   "        actions: {forwarding: accept}\n");

	if (!EXPECT(c))
		return;
	EXPECT_EQ(c->gist.port, 4711);
	EXPECT(strstr(c->tree, "\"ietf-netconf-acm:nacm\":{") && strstr(c->tree, "\"user-name\":[\"a\",\"b\"]"));
	EXPECT(strstr(c->tree, "\"ietf-access-control-list:acls\":{"));
	conf_free(c);
	c = read_text("{\"natfw:natfw\": {\"gist\": {\"port\": 4711}}, "
		      "\"ietf-netconf-acm:nacm\": {\"enable-nacm\": false}}");
	EXPECT(c && c->gist.port == 4711 && strstr(c->tree, "\"enable-nacm\":false"));
	conf_free(c);
}

static void tree_is_readable(void)
{
	struct conf_error e;
	struct conf *c = conf_read(EXAMPLE, &e), *again;

	if (!EXPECT(c))
		return;
	EXPECT(strstr(c->tree, "\"telephone exchange\""));
	EXPECT(!strstr(c->tree, "secret") && !strstr(c->tree, "Y2hhbmdl"));
	/* the key cannot be read again, as it has no secret */
	again = conf_read_text(c->tree, strlen(c->tree), &e);
	EXPECT(!again && strstr(e.path, "/key[id='7']"));
	conf_free(again);
	conf_free(c);
}

/* ------------------------------------------------------------------ errors */

struct wrong {
	const char *text;
	unsigned int line;
	const char *path, *says;
};

static const struct wrong wrongs[] = {
	{ "gist: {}\nfoo:nacm: {}\n", 2, "/foo:nacm", "no such" },
	{ "nacm: {}\n", 1, "/natfw:natfw/nacm", "no such" },
	{ "ietf-netconf-acm:nacm:\n  denied-operations: 4\n", 2,
	  "/ietf-netconf-acm:nacm/denied-operations", "state" },
	{ "ietf-netconf-acm:nacm:\n  rule-list:\n  - name: a\n    rule:\n    - {name: r}\n", 5,
	  "/ietf-netconf-acm:nacm/rule-list[name='a']/rule[name='r']/action", "without action" },
	{ "natfw:natfw: {}\ngist: {}\n", 2, "/natfw:natfw/gist", "beside" },
	{ "ietf-access-control-list:acls:\n  attachment-points:\n    interface:\n"
	  "    - interface-id: eth0\n      ingress:\n        acl-sets:\n"
	  "          acl-set: [{name: none}]\n", 7,
	  "/ietf-access-control-list:acls/attachment-points/interface[interface-id='eth0']/ingress/"
	  "acl-sets/acl-set[name='none']/name", "no target" },
	{ "gist:\n  port: 70000\n", 2, "/natfw:natfw/gist/port", "70000" },
	{ "gist:\n  port: x\n", 2, "/natfw:natfw/gist/port", "x" },
	{ "gist:\n  prot: 270\n", 2, "/natfw:natfw/gist/prot", "no such" },
	{ "gost: {}\n", 1, "/natfw:natfw/gost", "no such" },
	{ "gist: 5\n", 1, "/natfw:natfw/gist", "members" },
	{ "gist:\n  port: [1]\n", 2, "/natfw:natfw/gist/port", "single" },
	{ "gist:\n  port:\n", 2, "/natfw:natfw/gist/port", "no value" },
	{ "gist:\n  ipv6: yes\n", 2, "/natfw:natfw/gist/ipv6", "yes" },
	{ "\ngist:\n\n  tls: offered\n", 4, "/natfw:natfw/gist/tls", "certificate" },
	{ "gist:\n  t1: 600\n  t2: 500\n", 3, "/natfw:natfw/gist/t2", "t1" },
	{ "gist:\n  tls-port: 270\n", 2, "/natfw:natfw/gist/tls-port", "tcp-port" },
	{ "gist:\n  ipv6: false\n  address:\n  - 192.0.2.1\n  - 2001:db8::1\n", 5,
	  "/natfw:natfw/gist/address", "IPv6" },
	{ "gist:\n  address: [192.0.2.1, 192.0.2.256]\n", 2, "/natfw:natfw/gist/address", "192.0.2.256" },
	{ "interface:\n  - name: a\n  - name: b\n    nat: true\n", 4,
	  "/natfw:natfw/interface[name='b']/nat", "outside" },
	{ "interface:\n  - name: b\n    side: outside\n    nat: true\n", 4,
	  "/natfw:natfw/interface[name='b']/nat", "pool" },
	{ "interface:\n  - name: b\n    edge: true\n", 3, "/natfw:natfw/interface[name='b']/edge",
	  "outside" },
	{ "interface:\n  - name: b\n  - name: b\n", 3, "/natfw:natfw/interface[name='b']", "twice" },
	{ "interface:\n  - side: outside\n", 2, "/natfw:natfw/interface", "name" },
	{ "interface:\n  name: b\n", 2, "/natfw:natfw/interface", "list" },
	{ "interface: [b]\n", 1, "/natfw:natfw/interface", "entry" },
	{ "interface:\n  - name: far-too-long-for-it\n", 2, "/natfw:natfw/interface", "length" },
	{ "nslp:\n  lifetime: 5\n", 2, "/natfw:natfw/nslp/lifetime", "between" },
	{ "nslp:\n  lifetime-max: 100\n  lifetime-min: 200\n  lifetime: 150\n", 0,
	  "/natfw:natfw/nslp/lifetime", "lifetime" },
	{ "nslp:\n  transitory: 29\n", 2, "/natfw:natfw/nslp/transitory", "29" },
	{ "nslp:\n  key-id: 7\n", 2, "/natfw:natfw/nslp/key-id", "7" },
	{ "policy:\n  entry:\n    - name: a\n", 3, "/natfw:natfw/policy/entry[name='a']/action",
	  "action" },
	{ "policy:\n  entry:\n    - name: a\n      action: permit\n      port: 9-8\n", 5,
	  "/natfw:natfw/policy/entry[name='a']/port", "1 to 65535" },
	{ "policy:\n  entry:\n    - name: a\n      action: permit\n      protocol: icmp\n      port: 9\n",
	  6, "/natfw:natfw/policy/entry[name='a']/port", "protocol" },
	{ "policy:\n  entry:\n    - name: a\n      action: permit\n      lifetime-max: 5\n", 5,
	  "/natfw:natfw/policy/entry[name='a']/lifetime-max", "lifetime-min" },
	{ "policy:\n  entry:\n    - name: a\n      action: permit\n      key-id: 9\n", 5,
	  "/natfw:natfw/policy/entry[name='a']/key-id", "9" },
	{ "key:\n  - id: 1\n", 2, "/natfw:natfw/key[id='1']/secret", "secret" },
	{ "key:\n  - id: 1\n    secret: AAAA\n", 3, "/natfw:natfw/key[id='1']/secret", "length" },
	{ "key:\n  - id: 0\n    secret: AAAAAAAAAAAA\n", 2, "/natfw:natfw/key", "range" },
	{ "state:\n  daemon: {}\n", 2, "/natfw:natfw/state", "state" },
	{ "control:\n  metrics:\n    port: 0\n", 3, "/natfw:natfw/control/metrics/port", "0" },
	{ "daemon:\n  log:\n    level: loud\n", 3, "/natfw:natfw/daemon/log/level", "loud" },
	{ "a: b: c\n", 1, "", "mapping" },
	{ "a:\n\tb: 1\n", 2, "", "token" },
	{ "gist: {port: 1, port: 2}\n", 1, "", "twice" },
	{ "gist: &a {port: 1}\nnslp: *a\n", 2, "", "alias" },
	{ "gist: !!map {port: 1}\n", 1, "", "tag" },
	{ "a: 1\n---\nb: 1\n", 2, "", "document" },
	{ "- a\n", 1, "", "members" },
	{ "? [a]\n: b\n", 1, "", "name" },
	{ "gist:\n  port: \"27\\0\"\n", 2, "", "zero" },
	{ "[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]", 1, "", "deep" },
	{ "gist: {port: 270\n", 2, "", "expected" },
	{ "a: \xff\xfe\n", 1, "", "" },
};

static void one_wrong(const struct wrong *w)
{
	struct conf_error e = { 0 };
	struct conf *c = conf_read_text(w->text, strlen(w->text), &e);
	bool path = *w->path ? strstr(e.path, w->path) != NULL : !*e.path;

	if (!EXPECT(!c && *e.text && strstr(e.text, w->says) && path) ||
	    !EXPECT(e.line == w->line || (!w->line && e.line)))
		printf("# of %s\n#   line %u, path %s: %s\n", w->text, e.line, e.path, e.text);
	conf_free(c);
}

static void errors(void)
{
	size_t i;

	for (i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++)
		one_wrong(&wrongs[i]);
}

static void files(void)
{
	struct conf_error e;

	EXPECT(!conf_read("/nonexistent/natfwd.yaml", &e) && !e.line && strstr(e.text, "No such"));
	EXPECT(!conf_read("/", &e) && strstr(e.text, "not a file"));
	EXPECT(!conf_read("/dev/zero", &e) && strstr(e.text, "not a file"));
}

int main(void)
{
	static const struct ktap_test tests[] = {
		{ "what is not said has its default", defaults },
		{ "default timers are those of the RFCs", timers_of_rfc },
		{ "all of the example comes out as it says", example },
		{ "TLS, peers and addresses", tls_and_peers },
		{ "types come from the schema, not from how a value looks", plain_scalars },
		{ "RFC 7951 JSON is read as well", json },
		{ "other modules are beside natfw's", other_modules },
		{ "the tree for the control socket has no secrets", tree_is_readable },
		{ "errors name line and path", errors },
		{ "what is no file is said to be none", files },
	};

	log_capture(quiet);
	return ktap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
