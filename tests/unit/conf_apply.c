// SPDX-License-Identifier: GPL-2.0-or-later
// natfw-test: quick host timeout=60
/*
 * Differences applied to what a file says, and files written again: what comes of it is read as the same.
 */
#include <stdlib.h>
#include <string.h>

#include "conf/apply.h"
#include "conf/schema.h"
#include "conf/tree.h"
#include "conf/write.h"
#include "ktap.h"

#define Y	" xmlns:y=\"urn:ietf:params:xml:ns:yang:1\""
#define NATFW(op, inside) "<natfw xmlns=\"urn:natfw:yang:natfw\"" Y " y:operation=\"" op "\">" inside "</natfw>"

static void quiet(enum log_subsystem sub, enum log_level level, const char *line)
{
	(void)sub;
	(void)level;
	(void)line;
}

static bool apply(const char *text, const char *diff, struct apply_result *r)
{
	struct conf_error e;

	if (apply_diff(text, strlen(text), diff, r, &e))
		return true;
	printf("# %s: %s\n", e.path, e.text);
	return false;
}

/* What @diff makes of @text has the settings of @want, whatever either looks like. */
static void becomes(const char *text, const char *diff, const char *want)
{
	struct apply_result r;
	struct conf_error e;
	struct conf *c = conf_read_text(want, strlen(want), &e), *again;

	if (!EXPECT(c && apply(text, diff, &r))) {
		printf("# by %s\n", diff);
		conf_free(c);
		return;
	}
	if (!EXPECT(!strcmp(r.conf->tree, c->tree)))
		printf("# %s\n# not %s\n", r.conf->tree, c->tree);
	again = conf_read_text(r.text, r.len, &e);
	if (!EXPECT(again && !strcmp(again->tree, c->tree)))
		printf("# %s:%u %s %s\n", r.text, e.line, e.path, e.text);
	conf_free(again);
	conf_free(c);
	apply_free(&r);
}

static void refuses(const char *text, const char *diff, const char *path, const char *says)
{
	struct apply_result r;
	struct conf_error e;

	if (!EXPECT(!apply_diff(text, strlen(text), diff, &r, &e) && !strcmp(e.path, path) &&
		    strstr(e.text, says) && !e.line && !r.conf && !r.text))
		printf("# by %s\n# line %u, %s: %s\n", diff, e.line, e.path, e.text);
	apply_free(&r);
}

/* ------------------------------------------------------------------ applying */

#define POLICY	"policy:\n  entry:\n  - {name: a, action: permit}\n  - {name: b, action: permit}\n" \
		"  - {name: c, action: refuse}\n"

static void leaves(void)
{
	becomes("gist: {port: 7}\n",
		NATFW("none", "<gist><port y:operation=\"replace\" y:orig-value=\"7\" "
			      "y:orig-default=\"false\">8</port></gist>"), "gist: {port: 8}\n");
	becomes("gist: {port: 7}\n", NATFW("none", "<gist><port y:operation=\"delete\">7</port></gist>"),
		"{}\n");
	becomes("", NATFW("none", "<gist><port y:operation=\"create\">7</port></gist>"),
		"gist: {port: 7}\n");
	/* it said what is the default */
	becomes("gist: {port: 270}\n", NATFW("none", "<gist><port y:operation=\"create\">7</port></gist>"),
		"gist: {port: 7}\n");
}

static void entries(void)
{
	becomes(POLICY, NATFW("none", "<policy><entry y:operation=\"delete\"><name>b</name></entry></policy>"),
		"policy: {entry: [{name: a, action: permit}, {name: c, action: refuse}]}\n");
	becomes(POLICY, NATFW("none", "<policy><entry y:operation=\"create\" y:key=\"[name='a']\">"
			      "<name>x</name><action>permit</action></entry></policy>"),
		"policy: {entry: [{name: a, action: permit}, {name: x, action: permit}, "
		"{name: b, action: permit}, {name: c, action: refuse}]}\n");
	becomes(POLICY, NATFW("none", "<policy><entry y:operation=\"replace\" y:key=\"\" "
			      "y:orig-default=\"false\" y:orig-key=\"[name='b']\"><name>c</name>"
			      "</entry></policy>"),
		"policy: {entry: [{name: c, action: refuse}, {name: a, action: permit}, "
		"{name: b, action: permit}]}\n");
}

static void beside(void)
{
	becomes("gist: {port: 7}\n",
		"<nacm xmlns=\"urn:ietf:params:xml:ns:yang:ietf-netconf-acm\"" Y " y:operation=\"none\">"
		"<write-default y:operation=\"create\">permit</write-default></nacm>",
		"gist: {port: 7}\nietf-netconf-acm:nacm: {write-default: permit}\n");
}

#define ACLS	"<acl><name>office</name><aces><ace y:operation=\"create\" y:key=\"\"><name>web</name>" \
		"<actions><forwarding>accept</forwarding>" \
		"</actions></ace></aces></acl>"

/* The container that the library had made for what was not said is not there twice, nor gone when looked at. */
static void first_of_module(void)
{
	becomes("gist: {port: 7}\n",
		"<acls xmlns=\"urn:ietf:params:xml:ns:yang:ietf-access-control-list\"" Y
		" y:operation=\"create\">" ACLS "</acls>",
		"gist: {port: 7}\nietf-access-control-list:acls: {acl: [{name: office, aces: {ace: "
		"[{name: web, actions: {forwarding: accept}}]}}]}\n");
	becomes("", NATFW("none", "<management y:operation=\"create\"><cert-to-name><id>1</id>"
			  "<map-type>common-name</map-type></cert-to-name></management>"),
		"management: {cert-to-name: [{id: 1, map-type: common-name}]}\n");
}

#define KEY	"key: [{id: 1, secret: c2VjcmV0LXNlY3JldA==}]\n"

static void secrets(void)
{
	struct apply_result r;

	if (EXPECT(apply(KEY, NATFW("none", "<gist><port y:operation=\"create\">7</port></gist>"), &r))) {
		EXPECT(r.conf->key_count == 1 && !memcmp(r.conf->keys[0].secret, "secret-secret", 13));
		EXPECT(strstr(r.text, "c2VjcmV0LXNlY3JldA==") && !strstr(r.conf->tree, "c2Vj"));
	}
	apply_free(&r);
	if (EXPECT(apply(KEY, NATFW("none", "<key y:operation=\"none\"><id>1</id><secret y:operation="
				    "\"create\">b3RoZXItc2VjcmV0</secret></key>"), &r)))
		EXPECT(r.conf->key_count == 1 && !memcmp(r.conf->keys[0].secret, "other-secret", 12));
	apply_free(&r);
}

static void wrong(void)
{
	refuses("gist: {port: 7, tcp-port: 9}\n",
		NATFW("none", "<gist><tls-port y:operation=\"create\">9</tls-port></gist>"),
		"/natfw:natfw/gist/tls-port", "same as tcp-port");
	refuses(POLICY, NATFW("none", "<policy><entry y:operation=\"create\" y:key=\"\"><name>x</name>"
			      "</entry></policy>"),
		"/natfw:natfw/policy/entry/action", "Mandatory");
	refuses("gist: {port: 7}\n", NATFW("none", "<gist><port y:operation=\"create\">8</port></gist>"),
		"/natfw:natfw/gist/port", "already");
	refuses(POLICY, NATFW("none", "<policy><entry y:operation=\"create\" y:key=\"\"><name>a</name>"
			      "<action>permit</action></entry></policy>"),
		"/natfw:natfw/policy/entry[name='a']", "already");
	refuses("", "<natfw", "", "");
	refuses("", "", "", "");
	refuses("", "<other xmlns=\"urn:x\"/>", "", "");
	refuses("", NATFW("none", "<state><version y:operation=\"create\">1</version></state>"), "", "");
	refuses(POLICY, NATFW("none", "<policy><entry y:operation=\"delete\"><name>z</name></entry></policy>"),
		"", "");
}

/* ------------------------------------------------------------------ writing */

static char *written(const char *text, enum write_format format)
{
	struct ly_ctx *ctx = schema_create();
	struct conf_error e;
	struct doc_value *file = doc_read(text, strlen(text), &e);
	struct lyd_node *tree = file ? tree_create(ctx, file, &e) : NULL;
	size_t len;
	char *out = tree ? write_tree(tree, format, &len) : NULL;

	lyd_free_all(tree);
	doc_free(file);
	ly_ctx_destroy(ctx);
	return out;
}

static void again(const char *text, enum write_format format)
{
	char *once = written(text, format), *twice = once ? written(once, format) : NULL;
	struct conf_error e;
	struct conf *a = conf_read_text(text, strlen(text), &e);
	struct conf *b = once ? conf_read_text(once, strlen(once), &e) : NULL;

	if (!EXPECT(a && b && !strcmp(a->tree, b->tree) && twice && !strcmp(once, twice)))
		printf("# %s# %s: %s\n", once ? once : "", e.path, e.text);
	EXPECT(!once || write_format_of(once, strlen(once)) == format);
	conf_free(a);
	conf_free(b);
	free(once);
	free(twice);
}

static const char odd[] =
	"gist: {port: 270, address: [10.0.0.1, '2001:db8::1']}\n"
	"interface: [{name: '1'}, {name: 'null'}, {name: 'yes'}, {name: \"a'b\"}, {name: '#x'}, {name: '-'},\n"
	"  {name: '~'}, {name: '{}'}, {name: '1e3'}]\n"
	"key: [{id: 1, name: 'a  b', secret: c2VjcmV0LXNlY3JldA==}]\n"
	"policy: {entry: [{name: 'a: b #c', action: permit, from: [10.0.0.0/8, '::/0'], port: 1-2}]}\n"
	"ietf-netconf-acm:nacm:\n"
	"  groups: {group: [{name: g, user-name: [u, \"\\u00e4\\u4e2d\", 'x y', 'a\"b']}]}\n"
	"  rule-list: [{name: l, group: ['*'], rule: [{name: r, module-name: '*', path: '/',\n"
	"    access-operations: read update, action: permit, comment: \"two\\nlines \\t:\"}]}]\n";

static void writes(void)
{
	char *text = written("gist: {port: 270}\n", WRITE_YAML);

	again(odd, WRITE_YAML);
	again(odd, WRITE_JSON);
	again("", WRITE_YAML);
	again("{}", WRITE_JSON);
	/* what was said is said again, though it is the default */
	EXPECT(text && strstr(text, "port: 270"));
	free(text);
}

static void owns(void)
{
	char *text = written(odd, WRITE_YAML);
	struct apply_result r;
	const char diff[] = NATFW("none", "<gist><t1 y:operation=\"create\">77</t1></gist>");

	if (EXPECT(apply(odd, diff, &r)))
		EXPECT(!r.own);
	apply_free(&r);
	if (EXPECT(apply(text, diff, &r)))
		EXPECT(r.own && strncmp(r.text, text, 60) == 0);
	apply_free(&r);
	free(text);
}

/* A file with a user's @n keys of nearly 2000 octets each; more of it is to be freed. */
static char *many_keys(unsigned int n)
{
	char *text = malloc(n * 2100ul + 200), *at = text, body[1901];
	unsigned int i;

	if (!text)
		return NULL;
	memset(body, 'A', sizeof(body) - 1);
	body[sizeof(body) - 1] = 0;
	at += sprintf(at, "management:\n  ssh:\n    user:\n");
	for (i = 0; i < n; i++) {
		if (i % 15 == 0)
			at += sprintf(at, "    - name: u%u\n      authorized-key:\n", i);
		at += sprintf(at, "      - {name: k%u, public-key: ssh-rsa %sB%05u}\n", i, body, i);
	}
	return text;
}

#define KEY_OCTETS	1961	/* of an entry, as it is written */

/* As much as there may be, and one more. */
static void too_large(void)
{
	static const char diff[] = NATFW("none", "<management><ssh><user><name>u0</name><authorized-key y:operation=\"create\">"
					 "<name>more</name><public-key>ssh-rsa %sB</public-key></authorized-key></user></ssh>"
					 "</management>");
	unsigned int n = CONF_FILE_MAX / KEY_OCTETS;
	char key[1901], xml[sizeof(diff) + sizeof(key)];
	struct apply_result r;
	struct conf_error e;
	char *text;

	memset(key, 'A', sizeof(key) - 1);
	key[sizeof(key) - 1] = 0;
	snprintf(xml, sizeof(xml), diff, key);
	text = many_keys(n - 2);
	EXPECT(text && apply(text, xml, &r) && r.len <= CONF_FILE_MAX && r.len > CONF_FILE_MAX - 4 * KEY_OCTETS);
	apply_free(&r);
	free(text);
	text = many_keys(n);
	EXPECT(text && strlen(text) <= CONF_FILE_MAX && !apply_diff(text, strlen(text), xml, &r, &e));
	EXPECT(strstr(e.text, "larger than 4 MiB") && !r.text && !r.conf);
	free(text);
}

int main(void)
{
	static const struct ktap_test tests[] = {
		{ "leaves", leaves },
		{ "a file that would be too large to be read again is not written", too_large },
		{ "entries, and their order", entries },
		{ "other modules", beside },
		{ "the first of a module", first_of_module },
		{ "X-NC-9: secrets stay, and new ones are taken", secrets },
		{ "what is wrong changes nothing", wrong },
		{ "what is written is read as the same", writes },
		{ "what natfwd wrote is known from what people wrote", owns },
	};

	log_capture(quiet);
	return ktap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
