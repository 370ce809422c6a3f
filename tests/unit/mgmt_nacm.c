// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Access control by rules (RFC 8341): who sees what, changes what, runs what, and is told of what.
 *
 * natfw-test: quick timeout=60
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ktap.h"
#include "mgmt/nacm.h"
#include "mgmt/nodepath.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define ACM		"urn:ietf:params:xml:ns:yang:ietf-netconf-acm"

static const char module[] =
	"module acme {"
	"  yang-version 1.1; namespace urn:acme; prefix a;"
	"  import ietf-netconf-acm { prefix nacm; }"
	"  container top {"
	"    leaf plain { type string; }"
	"    leaf file { nacm:default-deny-write; type string; }"
	"    leaf secret { nacm:default-deny-all; type string; }"
	"    container vault { nacm:default-deny-all; leaf inside { type string; } }"
	"    container state { config false; leaf counter { type uint32; } list line { leaf text { type string; } } }"
	"    list interface {"
	"      key name; leaf name { type string; } leaf mtu { type uint16; }"
	"      leaf owner { type string; }"
	"      container deep { leaf x { type string; } }"
	"      action reset;"
	"    }"
	"    list ordered { key name; ordered-by user; leaf name { type string; } }"
	"    leaf-list tag { type string; }"
	"    choice how {"
	"      case one { leaf one { type string; } }"
	"      case two { leaf two { type string; } leaf more { type string; } }"
	"    }"
	"  }"
	"  container other { presence other; leaf plain { type string; } }"
	"  rpc harmless;"
	"  rpc dangerous { nacm:default-deny-all; }"
	"  notification event;"
	"  notification secret-event { nacm:default-deny-all; }"
	"}";

static const char data[] =
	"<top xmlns='urn:acme'><plain>p</plain><file>f</file><secret>s</secret><vault><inside>i</inside></vault>"
	"<state><counter>7</counter><line><text>1</text></line><line><text>2</text></line></state>"
	"<interface><name>eth0</name><mtu>1500</mtu><owner>andy</owner><deep><x>1</x></deep></interface>"
	"<interface><name>dummy</name><mtu>9000</mtu><owner>wilma</owner><deep><x>2</x></deep></interface>"
	"<tag>red</tag><tag>blue</tag></top>"
	"<other xmlns='urn:acme'><plain>q</plain></other>"
	"<nacm xmlns='" ACM "'><enable-nacm>true</enable-nacm></nacm>";

/* Those of RFC 8341, A.1. */
#define GROUPS \
	"<groups>" \
	"<group><name>admin</name><user-name>admin</user-name><user-name>andy</user-name></group>" \
	"<group><name>limited</name><user-name>wilma</user-name><user-name>bam-bam</user-name></group>" \
	"<group><name>guest</name><user-name>guest</user-name><user-name>guest@example.com</user-name></group>" \
	"</groups>"

#define LIST(name, group, rules) \
	"<rule-list><name>" name "</name><group>" group "</group>" rules "</rule-list>"
#define RULE(name, what, access, action) \
	"<rule><name>" name "</name>" what "<access-operations>" access "</access-operations><action>" \
	action "</action></rule>"
#define MODULE(name)	"<module-name>" name "</module-name>"
#define RPC(name)	"<rpc-name>" name "</rpc-name>"
#define EVENT(name)	"<notification-name>" name "</notification-name>"
#define PATH(path)	"<path xmlns:a='urn:acme' xmlns:n='" ACM "'>" path "</path>"

static struct ly_ctx *ctx;

/* ------------------------------------------------------------------ helpers */

static struct lyd_node *parse(const char *xml)
{
	struct lyd_node *tree = NULL;

	if (lyd_parse_data_mem(ctx, xml, LYD_XML, LYD_PARSE_ONLY | LYD_PARSE_STRICT, 0, &tree))
		printf("# %s\n", ly_errmsg(ctx));
	return tree;
}

static void rules(const char *nacm)
{
	char *xml = NULL;
	struct lyd_node *tree;

	EXPECT(asprintf(&xml, "<nacm xmlns='" ACM "'>%s</nacm>", nacm) > 0);
	tree = parse(xml);
	EXPECT(tree && !nacm_conf(tree));
	lyd_free_all(tree);
	free(xml);
}

static struct lyd_node *seen_by(const char *user)
{
	struct lyd_node *tree = parse(data);

	nacm_prune(user, &tree);
	return tree;
}

static bool sees(const char *user, const char *path)
{
	struct lyd_node *tree = seen_by(user);
	struct lyd_node *n = NULL;
	bool seen = tree && !lyd_find_path(tree, path, false, &n);

	ly_err_clean(ctx, NULL);
	lyd_free_all(tree);
	return seen;
}

static unsigned int count_of(const struct lyd_node *tree, const char *name)
{
	const struct lyd_node *n;
	unsigned int count = 0;

	LY_LIST_FOR(tree ? lyd_child(tree) : NULL, n)
		count += !strcmp(LYD_NAME(n), name);
	return count;
}

static bool changes_at(const char *user, const char *before, const char *after, char *path, size_t len)
{
	struct lyd_node *a = parse(before), *b = parse(after), *diff = NULL;
	bool may;

	EXPECT(!lyd_diff_siblings(a, b, 0, &diff) && diff);
	may = nacm_may_write(user, diff, path, len);
	lyd_free_all(a);
	lyd_free_all(b);
	lyd_free_all(diff);
	return may;
}

static bool changes(const char *user, const char *before, const char *after)
{
	char path[256];

	return changes_at(user, before, after, path, sizeof(path));
}

#define TOP(inner)	"<top xmlns='urn:acme'>" inner "</top>"
#define IFACE(name, mtu) "<interface><name>" name "</name><mtu>" mtu "</mtu></interface>"

static bool creates(const char *user)
{
	return changes(user, TOP(""), TOP("<plain>1</plain>"));
}

static bool updates(const char *user)
{
	return changes(user, TOP("<plain>1</plain>"), TOP("<plain>2</plain>"));
}

static bool deletes(const char *user)
{
	return changes(user, TOP("<plain>1</plain>"), TOP(""));
}

static const struct lysc_node *node(const char *name, const char *from)
{
	return lys_find_child(NULL, ly_ctx_get_module_implemented(ctx, from), name, 0, 0, 0);
}

static bool runs(const char *user, const char *name)
{
	const struct lysc_node *rpc = node(name, "acme");

	return nacm_may_exec(user, rpc ? rpc : node(name, "ietf-netconf"));
}

static bool hears(const char *user, const char *name)
{
	const struct lysc_node *n = node(name, "acme");

	return nacm_may_hear(user, n ? n : node(name, "nc-notifications"));
}

/* ------------------------------------------------------------------ without rules */

static void without_configuration(void)
{
	EXPECT(!nacm_conf(NULL));
	EXPECT(sees("anybody", "/acme:top/plain") && sees("anybody", "/acme:top/interface[name='eth0']/mtu"));
	EXPECT(!creates("anybody") && !updates("anybody") && !deletes("anybody"));
	EXPECT(runs("anybody", "harmless") && runs("anybody", "get") && runs("anybody", "edit-config"));
	EXPECT(!runs("anybody", "kill-session") && !runs("anybody", "delete-config"));
	EXPECT(hears("anybody", "event"));
}

static void tags(void)
{
	EXPECT(!nacm_conf(NULL));
	EXPECT(!sees("anybody", "/acme:top/secret") && !sees("anybody", "/acme:top/vault"));
	EXPECT(!sees("anybody", "/ietf-netconf-acm:nacm"));
	EXPECT(sees("anybody", "/acme:top/file"));
	EXPECT(!runs("anybody", "dangerous") && !hears("anybody", "secret-event"));
	rules("<write-default>permit</write-default>");
	EXPECT(updates("anybody"));
	EXPECT(!changes("anybody", TOP("<file>1</file>"), TOP("<file>2</file>")));
	EXPECT(!changes("anybody", TOP(""), TOP("<vault><inside>2</inside></vault>")));
	/* what is written, with all below, where a rule says so */
	rules(GROUPS LIST("l", "admin", RULE("r", MODULE("acme"), "*", "permit")));
	EXPECT(sees("andy", "/acme:top/secret") && sees("andy", "/acme:top/vault/inside"));
	EXPECT(changes("andy", TOP("<file>1</file>"), TOP("<file>2</file>")));
	EXPECT(runs("andy", "dangerous") && hears("andy", "secret-event"));
	EXPECT(!sees("andy", "/ietf-netconf-acm:nacm"));
	EXPECT(!sees("wilma", "/acme:top/secret") && !runs("wilma", "dangerous"));
}

static void defaults(void)
{
	rules("<read-default>deny</read-default><exec-default>deny</exec-default>");
	EXPECT(!sees("x", "/acme:top") && !hears("x", "event") && !runs("x", "harmless"));
	EXPECT(runs("x", "close-session"));
	EXPECT(hears("x", "replayComplete") && hears("x", "notificationComplete"));
	rules("<write-default>permit</write-default><exec-default>permit</exec-default>");
	EXPECT(creates("x") && updates("x") && deletes("x"));
	EXPECT(!runs("x", "kill-session") && !runs("x", "delete-config"));
	rules("<enable-nacm>false</enable-nacm><read-default>deny</read-default>");
	EXPECT(sees("x", "/acme:top/secret") && creates("x") && runs("x", "kill-session") && hears("x", "event"));
}

/* The recovery session has no name, whatever names others have. */
static void recovery(void)
{
	rules("<read-default>deny</read-default><exec-default>deny</exec-default>");
	EXPECT(sees(NULL, "/acme:top/secret") && sees(NULL, "/ietf-netconf-acm:nacm"));
	EXPECT(creates(NULL) && deletes(NULL) && runs(NULL, "kill-session") && hears(NULL, "secret-event"));
	EXPECT(!sees("", "/acme:top") && !sees("recovery", "/acme:top") && !sees("root", "/acme:top"));
	EXPECT(!creates("root") && !runs("recovery", "kill-session"));
}

/* ------------------------------------------------------------------ RFC 8341, appendix A */

static void appendix_modules(void)
{
	rules("<exec-default>deny</exec-default>" GROUPS
	      LIST("guest-acl", "guest", RULE("deny-acme", MODULE("acme"), "*", "deny"))
	      LIST("limited-acl", "limited", RULE("permit-acme", MODULE("acme"), "read", "permit")
		   RULE("permit-exec", MODULE("*"), "exec", "permit"))
	      LIST("admin-acl", "admin", RULE("permit-all", MODULE("*"), "*", "permit")));
	EXPECT(!sees("guest", "/acme:top") && !sees("guest@example.com", "/acme:other"));
	EXPECT(!hears("guest", "event") && !runs("guest", "harmless"));
	EXPECT(sees("wilma", "/acme:top/secret") && !creates("wilma"));
	EXPECT(runs("bam-bam", "harmless") && runs("wilma", "kill-session") && runs("wilma", "edit-config"));
	EXPECT(sees("andy", "/ietf-netconf-acm:nacm") && creates("admin") && runs("admin", "delete-config"));
	EXPECT(sees("stranger", "/acme:top") && !runs("stranger", "get"));
}

static void appendix_operations(void)
{
	rules("<exec-default>deny</exec-default>" GROUPS
	      "<rule-list><name>guest-limited-acl</name><group>limited</group><group>guest</group>"
	      RULE("deny-kill-session", MODULE("ietf-netconf") RPC("kill-session"), "exec", "deny")
	      RULE("deny-delete-config", MODULE("ietf-netconf") RPC("delete-config"), "exec", "deny")
	      "</rule-list>"
	      LIST("limited-acl", "limited",
		   RULE("permit-edit-config", MODULE("ietf-netconf") RPC("edit-config"), "exec", "permit")));
	EXPECT(runs("wilma", "edit-config") && !runs("wilma", "kill-session") && !runs("wilma", "get"));
	EXPECT(!runs("guest", "edit-config") && !runs("guest", "delete-config"));
	/* an operation's name is no node's */
	EXPECT(sees("wilma", "/acme:top/plain"));
	rules(GROUPS LIST("l", "limited", RULE("r", RPC("*"), "*", "deny")));
	EXPECT(!runs("wilma", "get") && sees("wilma", "/acme:top") && hears("wilma", "event"));
}

static void appendix_nodes(void)
{
	rules("<read-default>permit</read-default>" GROUPS
	      LIST("guest-acl", "guest", RULE("deny-nacm", PATH(" /n:nacm "), "*", "deny"))
	      LIST("limited-acl", "limited",
		   RULE("permit-config", PATH("/a:top/a:vault"), "read create update delete", "permit"))
	      "<rule-list><name>guest-limited-acl</name><group>guest</group><group>limited</group>"
	      RULE("permit-dummy", PATH("/a:top/a:interface[a:name='dummy']"), "read update", "permit")
	      "</rule-list>"
	      LIST("admin-acl", "admin", RULE("permit-interface", PATH("/a:top/a:interface"), "*", "permit")));
	EXPECT(!sees("guest", "/ietf-netconf-acm:nacm"));
	EXPECT(sees("wilma", "/acme:top/vault/inside") && !sees("guest", "/acme:top/vault"));
	EXPECT(changes("wilma", TOP("<vault><inside>1</inside></vault>"), TOP("<vault><inside>2</inside></vault>")));
	/* the dummy may be altered, and neither made nor taken away, and others not at all */
	EXPECT(changes("guest", TOP(IFACE("dummy", "1")), TOP(IFACE("dummy", "2"))));
	EXPECT(!changes("guest", TOP(IFACE("eth0", "1")), TOP(IFACE("eth0", "2"))));
	EXPECT(!changes("guest", TOP(""), TOP(IFACE("dummy", "1"))));
	EXPECT(!changes("guest", TOP(IFACE("dummy", "1")), TOP("")));
	EXPECT(changes("admin", TOP(""), TOP(IFACE("eth7", "1"))) && changes("andy", TOP(IFACE("eth7", "1")), TOP("")));
	EXPECT(!creates("admin"));
}

static void appendix_notifications(void)
{
	rules(GROUPS "<rule-list><name>sys-acl</name><group>limited</group><group>guest</group>"
	      RULE("deny", MODULE("acme") EVENT("event"), "read", "deny") "</rule-list>"
	      LIST("admin-acl", "admin", RULE("all", EVENT("*"), "read", "permit")));
	EXPECT(!hears("wilma", "event") && !hears("guest", "event") && hears("stranger", "event"));
	EXPECT(hears("admin", "event") && hears("admin", "secret-event") && !hears("stranger", "secret-event"));
	EXPECT(sees("wilma", "/acme:top/plain") && runs("wilma", "harmless"));
}

/* ------------------------------------------------------------------ matching */

static void order(void)
{
	const char permit[] = LIST("a", "limited", RULE("p", MODULE("acme"), "*", "permit"));
	const char deny[] = LIST("b", "limited", RULE("d", MODULE("*"), "*", "deny"));
	char text[4096];

	snprintf(text, sizeof(text), GROUPS "%s%s", permit, deny);
	rules(text);
	EXPECT(runs("wilma", "harmless") && !runs("wilma", "get") && sees("wilma", "/acme:top"));
	snprintf(text, sizeof(text), GROUPS "%s%s", deny, permit);
	rules(text);
	EXPECT(!runs("wilma", "harmless") && !sees("wilma", "/acme:top"));
	rules(GROUPS LIST("l", "limited", RULE("1", PATH("/a:top/a:plain"), "read", "deny")
			  RULE("2", MODULE("acme"), "*", "permit")));
	EXPECT(!sees("wilma", "/acme:top/plain") && sees("wilma", "/acme:top/secret") && updates("wilma"));
}

static void groups(void)
{
	rules("<enable-external-groups>true</enable-external-groups>" GROUPS
	      LIST("all", "*", RULE("1", MODULE("acme"), "*", "deny")));
	EXPECT(!sees("wilma", "/acme:top") && !sees("admin", "/acme:top"));
	/* who is in no group is not in all of them */
	EXPECT(sees("stranger", "/acme:top"));
	rules(GROUPS LIST("none", "nobody", RULE("1", MODULE("acme"), "*", "deny")));
	EXPECT(sees("wilma", "/acme:top"));
	/* in two groups, of which the second is in the list */
	rules("<groups><group><name>x</name><user-name>u</user-name></group>"
	      "<group><name>y</name><user-name>u</user-name></group></groups>"
	      LIST("l", "y", RULE("1", MODULE("acme"), "*", "deny")));
	EXPECT(!sees("u", "/acme:top"));
}

static void access_bits(void)
{
	rules(GROUPS LIST("l", "admin", RULE("1", MODULE("acme"), "create", "permit")));
	EXPECT(creates("admin") && !updates("admin") && !deletes("admin"));
	rules(GROUPS LIST("l", "admin", RULE("1", MODULE("acme"), "update", "permit")));
	EXPECT(!creates("admin") && updates("admin") && !deletes("admin"));
	rules(GROUPS LIST("l", "admin", RULE("1", MODULE("acme"), "delete", "permit")));
	EXPECT(!creates("admin") && !updates("admin") && deletes("admin"));
	rules(GROUPS LIST("l", "admin", RULE("1", MODULE("acme"), "exec", "deny")));
	EXPECT(!runs("admin", "harmless") && sees("admin", "/acme:top") && hears("admin", "event"));
	rules(GROUPS LIST("l", "admin", RULE("1", MODULE("acme"), "read", "deny")));
	EXPECT(runs("admin", "harmless") && !sees("admin", "/acme:top") && !hears("admin", "event"));
}

static void paths(void)
{
	/* everything */
	rules(GROUPS LIST("l", "admin", RULE("1", PATH("/"), "*", "permit")));
	EXPECT(sees("admin", "/acme:top/secret") && sees("admin", "/ietf-netconf-acm:nacm") && creates("admin"));
	EXPECT(!runs("admin", "dangerous"));
	/* with keys; state as well as configuration */
	rules(GROUPS LIST("l", "admin", RULE("1", PATH("/a:top/a:interface[a:name=\"eth0\"]/a:deep"), "read", "deny")
			  RULE("2", PATH("/a:top/a:state/a:counter"), "read", "deny")));
	EXPECT(sees("admin", "/acme:top/interface[name='eth0']/mtu") &&
	       !sees("admin", "/acme:top/interface[name='eth0']/deep") &&
	       sees("admin", "/acme:top/interface[name='dummy']/deep/x") &&
	       !sees("admin", "/acme:top/state/counter"));
	/* the first rule for one, the second for all others */
	rules(GROUPS LIST("l", "limited", RULE("1", PATH("/a:top/a:interface[a:name='eth0']"), "read", "permit")
			  RULE("2", PATH("/a:top/a:interface"), "read", "deny")));
	EXPECT(sees("wilma", "/acme:top/interface[name='eth0']/deep/x") &&
	       !sees("wilma", "/acme:top/interface[name='dummy']") && sees("wilma", "/acme:top/plain"));
	/* a leaf-list's entry, a position */
	rules(GROUPS LIST("l", "limited", RULE("1", PATH("/a:top/a:tag[.='red']"), "read", "deny")
			  RULE("2", PATH("/a:top/a:state/a:line[2]"), "read", "deny")));
	EXPECT(!sees("wilma", "/acme:top/tag[.='red']") && sees("wilma", "/acme:top/tag[.='blue']"));
	EXPECT(sees("wilma", "/acme:top/state/line[1]") && !sees("wilma", "/acme:top/state/line[2]"));
	EXPECT(sees("admin", "/acme:top/state/line[2]"));
}

static void keys(void)
{
	struct lyd_node *tree;

	/* an entry without its key would be another one */
	rules(GROUPS LIST("l", "admin", RULE("1", PATH("/a:top/a:interface[a:name='eth0']/a:name"), "read", "deny")));
	tree = seen_by("admin");
	EXPECT(count_of(tree, "interface") == 1 && count_of(tree, "plain") == 1);
	lyd_free_all(tree);
	EXPECT(!sees("admin", "/acme:top/interface[name='eth0']") && sees("admin", "/acme:top/interface[name='dummy']"));
	/* what is around may not be read, so what is inside is not either */
	rules("<read-default>deny</read-default>" GROUPS
	      LIST("l", "admin", RULE("1", PATH("/a:top/a:plain"), "read", "permit")));
	EXPECT(!sees("admin", "/acme:top"));
}

/* Whether there may be an entry that is seen, whatever entries there are. */
static bool may_see_some(const char *user)
{
	return nacm_may_see_some(user, lys_find_path(ctx, NULL, "/acme:top/interface", 0));
}

static void some_entries(void)
{
	rules(GROUPS LIST("l", "limited", RULE("1", PATH("/a:top/a:interface"), "read", "deny")));
	EXPECT(!may_see_some("wilma") && may_see_some("admin") && may_see_some(NULL));
	rules(GROUPS LIST("l", "limited", RULE("1", PATH("/a:top"), "read", "deny")));
	EXPECT(!may_see_some("wilma"));
	rules(GROUPS LIST("l", "limited", RULE("1", PATH("/a:top/a:interface/a:name"), "read", "deny")));
	EXPECT(!may_see_some("wilma"));
	rules(GROUPS LIST("l", "limited", RULE("1", PATH("/a:top/a:interface/a:mtu"), "read", "deny")));
	EXPECT(may_see_some("wilma"));
	/* all but one, and one */
	rules(GROUPS LIST("l", "limited", RULE("1", PATH("/a:top/a:interface[a:name='eth0']"), "read", "permit")
			  RULE("2", PATH("/a:top/a:interface"), "read", "deny")));
	EXPECT(may_see_some("wilma"));
	rules(GROUPS LIST("l", "limited", RULE("1", PATH("/a:top/a:interface[a:name='eth0']"), "read", "deny")));
	EXPECT(may_see_some("wilma"));
}

static void bad_paths(void)
{
	static const char *const bad[] = {
		"", "a:top", "/top", "/a:top/", "//a:top", "/a:top[", "/a:top[b", "/a:top[b=", "/a:top[b='", "/a:top[b='x'",
		"/a:top[b>'x']", "/a:top[0]", "/a:top[b=1]", "/a:top | /a:other", "/a:*", "/a:top/text()", "/a:top[a:b='x' or 1]",
		"/a:top[b=$USER]", "/a::top", "/a:top x", "/3:top", "/a:top[.]",
	};
	static const char *const good[] = {
		"/", " / ", "/a:top", "/a:top/b/c:d", "/a:top[b='x'][c:d=\"'\"] / e", "/a:t-_.1[ . = 'x' ]", "/a:top[17]",
		"\n\t/a:top\n",
	};
	struct lyd_node *tree;
	const char *wrong;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		wrong = NULL;
		EXPECT(!nodepath_parse(bad[i], &wrong) && wrong);
	}
	for (i = 0; i < ARRAY_SIZE(good); i++) {
		struct nodepath *p = nodepath_parse(good[i], &wrong);

		EXPECT(p);
		nodepath_free(p);
	}
	/* and the configuration's type takes none of them */
	tree = parse("<nacm xmlns='" ACM "'>" LIST("l", "g", RULE("r", PATH("/a:top/a:interface[a:mtu > 5]"), "*", "deny"))
		     "</nacm>");
	EXPECT(!tree);
	lyd_free_all(tree);
}

/* ------------------------------------------------------------------ writing */

#define ADMIN(path, access)	GROUPS LIST("l", "admin", RULE("1", PATH(path), access, "permit"))

static void unchanged(void)
{
	char path[256];

	/* what only leads there needs no right */
	rules(ADMIN("/a:top/a:interface[a:name='eth0']/a:mtu", "update"));
	EXPECT(changes("admin", TOP("<plain>1</plain>" IFACE("eth0", "1")), TOP("<plain>1</plain>" IFACE("eth0", "2"))));
	EXPECT(!changes_at("admin", TOP("<plain>1</plain>" IFACE("eth0", "1")),
			   TOP("<plain>2</plain>" IFACE("eth0", "2")), path, sizeof(path)));
	EXPECT(!strcmp(path, "/acme:top/plain"));
	/* nothing to do */
	EXPECT(nacm_may_write("admin", NULL, path, sizeof(path)));
}

static void below(void)
{
	/* all that is made has to be permitted, to the last leaf */
	rules(GROUPS LIST("l", "admin", RULE("1", PATH("/a:top/a:interface/a:owner"), "create", "deny")
			  RULE("2", PATH("/a:top/a:interface"), "create", "permit")));
	EXPECT(changes("admin", TOP(""), TOP(IFACE("eth1", "1"))));
	EXPECT(!changes("admin", TOP(""), TOP("<interface><name>eth1</name><owner>x</owner></interface>")));
	/* a container that means nothing is there anyway */
	rules(ADMIN("/a:top/a:interface/a:deep/a:x", "create delete"));
	EXPECT(changes("admin", TOP(IFACE("e", "1")),
		       TOP("<interface><name>e</name><mtu>1</mtu><deep><x>1</x></deep></interface>")));
	EXPECT(changes("admin", TOP(IFACE("e", "1")),
		       TOP("<interface><name>e</name><mtu>1</mtu><deep><x>1</x></deep></interface>")));
	/* one that means something is not */
	rules(ADMIN("/a:other/a:plain", "*"));
	EXPECT(!changes("admin", TOP(""), TOP("") "<other xmlns='urn:acme'><plain>1</plain></other>"));
	rules(ADMIN("/a:other", "*"));
	EXPECT(changes("admin", TOP(""), TOP("") "<other xmlns='urn:acme'><plain>1</plain></other>"));
}

static void choices(void)
{
	rules(ADMIN("/a:top/a:one", "create"));
	EXPECT(changes("admin", TOP("<two>1</two><more>1</more>"), TOP("<one>1</one>")));
	EXPECT(!changes("admin", TOP("<two>1</two><more>1</more>"), TOP("<two>1</two>")));
	EXPECT(!changes("admin", TOP("<two>1</two>"), TOP("")));
}

static void moved(void)
{
	const char ab[] = TOP("<ordered><name>a</name></ordered><ordered><name>b</name></ordered>");
	const char ba[] = TOP("<ordered><name>b</name></ordered><ordered><name>a</name></ordered>");

	rules(ADMIN("/a:top/a:ordered", "create delete"));
	EXPECT(!changes("admin", ab, ba));
	rules(ADMIN("/a:top/a:ordered", "update"));
	EXPECT(changes("admin", ab, ba));
}

static void hidden_paths(void)
{
	char path[256];

	/* of what may not be read nothing is told */
	rules(GROUPS LIST("l", "admin", RULE("1", PATH("/a:top/a:interface"), "read", "deny")));
	EXPECT(!changes_at("admin", TOP(IFACE("eth0", "1")), TOP(IFACE("eth0", "2")), path, sizeof(path)));
	EXPECT(!strcmp(path, "/acme:top"));
	rules("<read-default>deny</read-default>");
	EXPECT(!changes_at("admin", TOP(IFACE("eth0", "1")), TOP(IFACE("eth0", "2")), path, sizeof(path)));
	EXPECT(!strcmp(path, ""));
}

/* ------------------------------------------------------------------ the rest */

static void actions(void)
{
	struct lyd_node *tree = parse(TOP(IFACE("eth0", "1") IFACE("dummy", "1"))), *n = NULL, *action = NULL;

	EXPECT(!lyd_find_path(tree, "/acme:top/interface[name='dummy']", false, &n));
	EXPECT(!lyd_new_inner(n, NULL, "reset", false, &action));
	EXPECT(!nacm_conf(NULL));
	EXPECT(nacm_may_act("wilma", action));
	rules(GROUPS LIST("l", "limited", RULE("1", PATH("/a:top/a:interface[a:name='dummy']/a:reset"), "exec", "deny")));
	EXPECT(!nacm_may_act("wilma", action) && nacm_may_act("admin", action) && nacm_may_act(NULL, action));
	/* what it is of has to be readable */
	rules(GROUPS LIST("l", "limited", RULE("1", PATH("/a:top/a:interface[a:name='dummy']"), "read", "deny")));
	EXPECT(!nacm_may_act("wilma", action));
	rules("<exec-default>deny</exec-default>");
	EXPECT(!nacm_may_act("wilma", action));
	lyd_free_all(tree);
}

static void counters(void)
{
	struct nacm_denied before, after;
	struct lyd_node *tree = NULL, *n = NULL;

	EXPECT(!nacm_conf(NULL));
	before = *nacm_denied();
	EXPECT(!runs("x", "kill-session") && !creates("x") && !hears("x", "secret-event"));
	EXPECT(!nacm_could_hear("x", node("secret-event", "acme")) && sees("x", "/acme:top"));
	after = *nacm_denied();
	EXPECT_EQ(after.operations, before.operations + 1);
	EXPECT_EQ(after.data_writes, before.data_writes + 1);
	EXPECT_EQ(after.notifications, before.notifications + 1);
	EXPECT(nacm_state(ctx, &tree));
	EXPECT(!lyd_find_path(tree, "/ietf-netconf-acm:nacm/denied-data-writes", false, &n));
	EXPECT(n && strtoul(lyd_get_value(n), NULL, 10) == after.data_writes);
	lyd_free_all(tree);
}

/* Who has begun under some rules goes on under them. */
static void held(void)
{
	struct lyd_node *tree = parse(data);
	struct nacm *n;

	rules("<read-default>deny</read-default>");
	n = nacm_take();
	EXPECT(!nacm_conf(NULL));
	nacm_prune_by(n, "x", &tree);
	EXPECT(!tree);
	nacm_release(n);
	EXPECT(sees("x", "/acme:top"));
}

/* More users than are kept. */
static void users(void)
{
	char name[16];
	int i;

	rules(ADMIN("/a:top", "*"));
	for (i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "user%d", i);
		EXPECT(!creates(name));
		EXPECT(creates("andy"));
	}
}

static uint64_t cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* With rules that tell entries apart, in a build that is several times slower. */
static void many(void)
{
	struct lyd_node *tree = NULL, *n;
	unsigned int i, left = 0;
	char name[16], text[8192];
	uint64_t start;
	size_t at;

	at = (size_t)snprintf(text, sizeof(text), GROUPS "<rule-list><name>l</name><group>admin</group>");
	for (i = 0; i < 20; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "<rule><name>r%u</name><path xmlns:a='urn:acme'>"
			"/a:top/a:interface[a:name='i%u']</path><action>deny</action></rule>", i, i * 7);
	snprintf(text + at, sizeof(text) - at, "</rule-list>");
	rules(text);
	EXPECT(!lyd_new_path(NULL, ctx, "/acme:top", NULL, 0, &tree));
	for (i = 0; i < 10000; i++) {
		snprintf(name, sizeof(name), "i%u", i);
		EXPECT(!lyd_new_list(tree, NULL, "interface", 0, &n, name));
		EXPECT(!lyd_new_term(n, NULL, "mtu", "1500", 0, NULL));
	}
	start = cpu_ms();
	nacm_prune("admin", &tree);
	EXPECT(cpu_ms() - start < 1000);
	LY_LIST_FOR(lyd_child(tree), n)
		left++;
	EXPECT_EQ(left, 10000 - 20);
	lyd_free_all(tree);
}

static const struct ktap_test tests[] = {
	{ "8341-3.4.1a,8341-d,8341-3.4.4c without a configuration", without_configuration },
	{ "8341-3.4.5c what the modules mark", tags },
	{ "8341-3.4.4b,8341-3.4.6a,8341-3.4.4c defaults, and what they do not change", defaults },
	{ "X-8341-g the recovery session has no name", recovery },
	{ "RFC 8341 A.2: modules", appendix_modules },
	{ "RFC 8341 A.3: operations", appendix_operations },
	{ "8341-3.4.5b RFC 8341 A.4: nodes", appendix_nodes },
	{ "RFC 8341 A.5: notifications", appendix_notifications },
	{ "8341-3.4.4a the first rule that fits", order },
	{ "groups, and all of them", groups },
	{ "8341-3.4.5b every kind of access by itself", access_bits },
	{ "8341-3.4.5a paths, with keys and without", paths },
	{ "keys and what is around are read first", keys },
	{ "whether some entry of a list may be seen, whatever is in it", some_entries },
	{ "paths that are none", bad_paths },
	{ "8341-3.2.5a,8341-3.2.8a what does not change needs no right", unchanged },
	{ "what is below", below },
	{ "what a choice takes away", choices },
	{ "entries that are moved", moved },
	{ "8341-3.4.4d the path of what is refused, as far as it may be read", hidden_paths },
	{ "actions", actions },
	{ "8341-e refusals are counted", counters },
	{ "8341-3.4a rules stay for who began with them", held },
	{ "many users", users },
	{ "10,000 entries", many },
};

int main(void)
{
	static const char *const modules[] = { "ietf-netconf-acm", "ietf-netconf", "nc-notifications" };
	size_t i;
	int bad;

	ly_log_options(LY_LOSTORE);
	if (ly_ctx_new("../../userd/yang/ietf:../../userd/yang", 0, &ctx))
		return 1;
	for (i = 0; i < ARRAY_SIZE(modules); i++)
		if (!ly_ctx_load_module(ctx, modules[i], NULL, NULL))
			printf("# %s: %s\n", modules[i], ly_errmsg(ctx));
	if (lys_parse_mem(ctx, module, LYS_IN_YANG, NULL))
		printf("# acme: %s\n", ly_errmsg(ctx));
	bad = ktap_main(tests, ARRAY_SIZE(tests));
	nacm_fini();
	ly_ctx_destroy(ctx);
	return bad;
}
