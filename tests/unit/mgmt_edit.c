// SPDX-License-Identifier: GPL-2.0-or-later
// natfw-test: quick host timeout=60
/*
 * edit-config's operations on trees: what comes of each, what is refused, and in which words.
 */
#include <stdlib.h>
#include <string.h>

#include "ktap.h"
#include "mgmt/edit.h"
#include "mgmt/modules.h"

#define NC	" xmlns:nc=\"urn:ietf:params:xml:ns:netconf:base:1.0\" xmlns:y=\"urn:ietf:params:xml:ns:yang:1\""
#define NATFW(inside)	"<natfw xmlns=\"urn:natfw:yang:natfw\"" NC ">" inside "</natfw>"
#define ACLS(inside)	"<acls xmlns=\"urn:ietf:params:xml:ns:yang:ietf-access-control-list\"" NC ">" inside "</acls>"
#define ENTRY(name, more)	"<entry><name>" name "</name>" more "</entry>"
#define PERMIT		"<action>permit</action>"
#define ABC		NATFW("<policy>" ENTRY("a", PERMIT) ENTRY("b", PERMIT) ENTRY("c", PERMIT) "</policy>")
#define ACE(inside)	ACLS("<acl><name>x</name><aces><ace><name>1</name><matches>" inside \
			     "</matches></ace></aces></acl>")

static struct ly_ctx *ctx;

static struct lyd_node *parse(const char *xml)
{
	struct lyd_node *tree = NULL;

	if (lyd_parse_data_mem(ctx, xml, LYD_XML, LYD_PARSE_ONLY | LYD_PARSE_OPAQ, 0, &tree))
		printf("# %s\n", ly_errmsg(ctx));
	return tree;
}

/* The tree as XML without defaults; for free(). */
static char *print(const struct lyd_node *tree)
{
	char *text = NULL;

	if (tree)
		lyd_print_mem(&text, tree, LYD_XML, LYD_PRINT_SHRINK | LYD_PRINT_WD_TRIM |
			      LYD_PRINT_WITHSIBLINGS);
	return text ? text : strdup("");
}

struct outcome {
	bool good;
	struct mgmt_error e;
	char *text;
};

static struct outcome edit(const char *before, const char *by, enum edit_default def)
{
	struct lyd_node *tree = *before ? parse(before) : NULL, *e = parse(by);
	struct outcome o = { 0 };

	edit_defaults(&tree, ctx);
	o.good = edit_apply(&tree, e, def, &o.e);
	o.text = print(tree);
	lyd_free_all(tree);
	lyd_free_all(e);
	return o;
}

static char *plain(const char *xml)
{
	struct lyd_node *tree = *xml ? parse(xml) : NULL;
	char *text;

	edit_defaults(&tree, ctx);
	text = print(tree);
	lyd_free_all(tree);
	return text;
}

static void becomes_by(const char *before, const char *by, enum edit_default def, const char *after)
{
	struct outcome o = edit(before, by, def);
	char *want = plain(after);

	if (!EXPECT(o.good && !strcmp(o.text, want)))
		printf("# %s\n# not %s\n# %s %s\n", o.text, want, o.good ? "" : o.e.tag, o.e.message);
	free(o.text);
	free(want);
}

static void becomes(const char *before, const char *by, const char *after)
{
	becomes_by(before, by, EDIT_MERGE, after);
}

static void refuses_by(const char *before, const char *by, enum edit_default def, const char *tag,
		       const char *path)
{
	struct outcome o = edit(before, by, def);

	if (!EXPECT(!o.good && !strcmp(o.e.tag, tag) && !strcmp(o.e.path, path) && *o.e.message))
		printf("# %s %s: %s\n", o.good ? "good" : o.e.tag, o.e.path, o.e.message);
	free(o.text);
}

static void refuses(const char *before, const char *by, const char *tag, const char *path)
{
	refuses_by(before, by, EDIT_MERGE, tag, path);
}

/* ------------------------------------------------------------------ operations */

static void merge(void)
{
	becomes("", NATFW("<gist><port>7</port></gist>"), NATFW("<gist><port>7</port></gist>"));
	becomes(NATFW("<gist><port>7</port><t1>20</t1></gist>"), NATFW("<gist><port>8</port></gist>"),
		NATFW("<gist><port>8</port><t1>20</t1></gist>"));
	becomes(ABC, NATFW("<policy>" ENTRY("b", "<zone>4</zone>") "</policy>"),
		NATFW("<policy>" ENTRY("a", PERMIT) ENTRY("b", PERMIT "<zone>4</zone>")
		      ENTRY("c", PERMIT) "</policy>"));
	becomes(NATFW("<gist><address>10.0.0.1</address></gist>"),
		NATFW("<gist><address>10.0.0.2</address><address>10.0.0.1</address></gist>"),
		NATFW("<gist><address>10.0.0.1</address><address>10.0.0.2</address></gist>"));
}

/* Few siblings are not looked for as many are. */
static void few(void)
{
	becomes(NATFW("<key><id>1</id><name>x</name></key>"), NATFW("<key><id>1</id><name>y</name></key>"),
		NATFW("<key><id>1</id><name>y</name></key>"));
	refuses(NATFW("<key><id>1</id><name>x</name></key>"),
		NATFW("<key><id>1</id><name nc:operation=\"create\">y</name></key>"), "data-exists",
		"/natfw:natfw/key[id='1']/name");
}

static void replace(void)
{
	becomes(NATFW("<gist><port>7</port><t1>20</t1></gist><nslp><respond>false</respond></nslp>"),
		NATFW("<gist nc:operation=\"replace\"><port>8</port></gist>"),
		NATFW("<gist><port>8</port></gist><nslp><respond>false</respond></nslp>"));
	becomes(ABC, NATFW("<policy><entry nc:operation=\"replace\"><name>b</name>"
			   "<action>refuse</action></entry></policy>"),
		NATFW("<policy>" ENTRY("a", PERMIT) ENTRY("b", "<action>refuse</action>")
		      ENTRY("c", PERMIT) "</policy>"));
	becomes("", NATFW("<nslp nc:operation=\"replace\"><respond>false</respond></nslp>"),
		NATFW("<nslp><respond>false</respond></nslp>"));
	becomes(NATFW("<gist><port>7</port></gist>"),
		NATFW("<gist><port nc:operation=\"replace\">9</port></gist>"),
		NATFW("<gist><port>9</port></gist>"));
	becomes_by(ABC, NATFW("<gist><port>7</port></gist>"), EDIT_REPLACE,
		   NATFW("<gist><port>7</port></gist>"));
}

static void create(void)
{
	becomes(ABC, NATFW("<policy><entry nc:operation=\"create\"><name>d</name>" PERMIT
			   "</entry></policy>"),
		NATFW("<policy>" ENTRY("a", PERMIT) ENTRY("b", PERMIT) ENTRY("c", PERMIT)
		      ENTRY("d", PERMIT) "</policy>"));
	refuses(ABC, NATFW("<policy><entry nc:operation=\"create\"><name>b</name>" PERMIT
			   "</entry></policy>"), "data-exists",
		"/natfw:natfw/policy/entry[name='b']");
	refuses(NATFW("<gist><port>7</port></gist>"),
		NATFW("<gist><port nc:operation=\"create\">7</port></gist>"), "data-exists",
		"/natfw:natfw/gist/port");
	refuses(NATFW("<gist><port>7</port></gist>"),
		NATFW("<gist nc:operation=\"create\"><t1>20</t1></gist>"), "data-exists",
		"/natfw:natfw/gist");
	/* a default is not there */
	becomes("", NATFW("<gist><port nc:operation=\"create\">270</port></gist>"), "");
	becomes("", NATFW("<gist nc:operation=\"create\"><port>7</port></gist>"),
		NATFW("<gist><port>7</port></gist>"));
}

static void delete(void)
{
	becomes(ABC, NATFW("<policy><entry nc:operation=\"delete\"><name>b</name></entry></policy>"),
		NATFW("<policy>" ENTRY("a", PERMIT) ENTRY("c", PERMIT) "</policy>"));
	becomes(ABC, NATFW("<policy nc:operation=\"delete\"/>"), "");
	becomes(NATFW("<gist><port>7</port></gist>"),
		NATFW("<gist><port nc:operation=\"delete\"/></gist>"), "");
	refuses(ABC, NATFW("<policy><entry nc:operation=\"delete\"><name>z</name></entry></policy>"),
		"data-missing", "/natfw:natfw/policy/entry[name='z']");
	refuses("", NATFW("<gist><port nc:operation=\"delete\">270</port></gist>"), "data-missing",
		"/natfw:natfw/gist/port");
	refuses(NATFW("<gist><address>10.0.0.1</address></gist>"),
		NATFW("<gist><address nc:operation=\"delete\">10.0.0.2</address></gist>"),
		"data-missing", "/natfw:natfw/gist/address[.='10.0.0.2']");
}

static void remove_silently(void)
{
	becomes(ABC, NATFW("<policy><entry nc:operation=\"remove\"><name>z</name></entry>"
			   "<entry nc:operation=\"remove\"><name>a</name></entry></policy>"),
		NATFW("<policy>" ENTRY("b", PERMIT) ENTRY("c", PERMIT) "</policy>"));
	becomes(ABC, NATFW("<nslp nc:operation=\"remove\"/><gist><port nc:operation=\"remove\"/></gist>"),
		ABC);
}

static void none(void)
{
	becomes_by(ABC, NATFW("<policy><entry><name>b</name><zone nc:operation=\"merge\">4</zone></entry>"
			      "</policy>"), EDIT_NONE,
		   NATFW("<policy>" ENTRY("a", PERMIT) ENTRY("b", PERMIT "<zone>4</zone>")
			 ENTRY("c", PERMIT) "</policy>"));
	refuses_by(ABC, NATFW("<policy><entry><name>z</name><zone nc:operation=\"merge\">4</zone></entry>"
			      "</policy>"), EDIT_NONE, "data-missing",
		   "/natfw:natfw/policy/entry[name='z']");
	refuses_by(ABC, NATFW("<gist><port>7</port></gist>"), EDIT_NONE, "data-missing",
		   "/natfw:natfw/gist/port");
	becomes_by("", NATFW("<gist><port nc:operation=\"create\">7</port></gist>"), EDIT_NONE,
		   NATFW("<gist><port>7</port></gist>"));
}

static void nested(void)
{
	becomes(NATFW("<gist><port>7</port><t1>20</t1></gist>"),
		NATFW("<gist><port>8</port><t1 nc:operation=\"delete\"/></gist>"),
		NATFW("<gist><port>8</port></gist>"));
	/* what is replaced has nothing in it any more */
	refuses(NATFW("<gist><port>7</port><t1>20</t1></gist>"),
		NATFW("<gist nc:operation=\"replace\"><t1 nc:operation=\"delete\"/></gist>"),
		"data-missing", "/natfw:natfw/gist/t1");
	becomes(ABC, NATFW("<policy nc:operation=\"delete\"/><policy>" ENTRY("z", PERMIT) "</policy>"),
		NATFW("<policy>" ENTRY("z", PERMIT) "</policy>"));
}

/* ------------------------------------------------------------------ order, choices */

#define PUT(name, attributes) \
	NATFW("<policy><entry " attributes "><name>" name "</name>" PERMIT "</entry></policy>")
#define ORDER(a, b, c, d) \
	NATFW("<policy>" ENTRY(a, PERMIT) ENTRY(b, PERMIT) ENTRY(c, PERMIT) ENTRY(d, PERMIT) "</policy>")

static void order(void)
{
	becomes(ABC, PUT("d", "y:insert=\"first\""), ORDER("d", "a", "b", "c"));
	becomes(ABC, PUT("d", "y:insert=\"last\""), ORDER("a", "b", "c", "d"));
	becomes(ABC, PUT("d", ""), ORDER("a", "b", "c", "d"));
	becomes(ABC, PUT("d", "y:insert=\"before\" y:key=\"[name='b']\""), ORDER("a", "d", "b", "c"));
	becomes(ABC, PUT("d", "y:insert=\"after\" xmlns:p=\"urn:natfw:yang:natfw\" y:key=\"[p:name='b']\""),
		ORDER("a", "b", "d", "c"));
	becomes(ABC, PUT("d", "nc:operation=\"create\" y:insert=\"after\" y:key=\"[name=&quot;a&quot;]\""),
		ORDER("a", "d", "b", "c"));
	/* one that is there moves, or stays without a word */
	becomes(ABC, PUT("c", "y:insert=\"first\""),
		NATFW("<policy>" ENTRY("c", PERMIT) ENTRY("a", PERMIT) ENTRY("b", PERMIT) "</policy>"));
	becomes(ABC, PUT("a", "nc:operation=\"replace\""), ABC);
	becomes(ABC, PUT("a", "nc:operation=\"replace\" y:insert=\"last\""),
		NATFW("<policy>" ENTRY("b", PERMIT) ENTRY("c", PERMIT) ENTRY("a", PERMIT) "</policy>"));
}

static void disorder(void)
{
	struct outcome o = edit(ABC, PUT("d", "y:insert=\"before\" y:key=\"[name='z']\""), EDIT_MERGE);

	EXPECT(!o.good && !strcmp(o.e.tag, "bad-attribute") && !strcmp(o.e.bad, "key"));
	EXPECT(o.e.app_tag && !strcmp(o.e.app_tag, "missing-instance"));
	free(o.text);
	refuses(ABC, PUT("d", "y:insert=\"after\""), "missing-attribute",
		"/natfw:natfw/policy/entry[name='d']");
	refuses(ABC, PUT("a", "y:insert=\"after\" y:key=\"[name='a']\""), "bad-attribute",
		"/natfw:natfw/policy/entry[name='a']");
	refuses("", NATFW("<interface y:insert=\"first\"><name>a</name></interface>"),
		"unknown-attribute", "/natfw:natfw/interface[name='a']");
}

static void types(void)
{
	refuses("", NATFW("<gist><port>lots</port></gist>"), "invalid-value", "/natfw:natfw/gist/port");
	refuses("", NATFW("<gist><port nc:operation=\"create\"/></gist>"), "invalid-value",
		"/natfw:natfw/gist/port");
	refuses("", NATFW("<gist><porto>7</porto></gist>"), "unknown-element", "/natfw:natfw/gist/porto");
	refuses("", NATFW("<policy><entry><zone>4</zone></entry></policy>"), "missing-element",
		"/natfw:natfw/policy/entry");
	refuses("", NATFW("<state><version>7</version></state>"), "unknown-element",
		"/natfw:natfw/state");
	refuses("", "<x xmlns=\"urn:x\"/>", "unknown-namespace", "/x");
}

/* Features that are not supported: match-on-eth, and interface-stats. */
static void features(void)
{
	refuses("", ACE("<eth><ethertype>ipv4</ethertype></eth>"), "unknown-element",
		"/ietf-access-control-list:acls/acl[name='x']/aces/ace[name='1']/matches/eth");
	refuses(ABC, ACLS("<acl><name>x</name><aces><ace><name>1</name><matches><ipv4><dscp>1</dscp></ipv4>"
			  "<eth/></matches></ace></aces></acl>"), "unknown-element",
		"/ietf-access-control-list:acls/acl[name='x']/aces/ace[name='1']/matches/eth");
}

static void choices(void)
{
	becomes(ACE("<ipv4><dscp>4</dscp></ipv4>"), ACE("<ipv6><dscp>5</dscp></ipv6>"),
		ACE("<ipv6><dscp>5</dscp></ipv6>"));
	becomes(ACE("<ipv4><dscp>4</dscp></ipv4><tcp><destination-port><operator>eq</operator>"
		    "<port>22</port></destination-port></tcp>"),
		ACE("<tcp><destination-port><lower-port>20</lower-port><upper-port>29</upper-port>"
		    "</destination-port></tcp>"),
		ACE("<ipv4><dscp>4</dscp></ipv4><tcp><destination-port><lower-port>20</lower-port>"
		    "<upper-port>29</upper-port></destination-port></tcp>"));
	refuses("", ACE("<ipv4><dscp>4</dscp></ipv4><ipv6><dscp>5</dscp></ipv6>"), "bad-element",
		"/ietf-access-control-list:acls/acl[name='x']/aces/ace[name='1']/matches/ipv6");
	becomes(ACE("<ipv4><dscp>4</dscp></ipv4>"),
		ACE("<ipv4 nc:operation=\"delete\"/><ipv6><dscp>5</dscp></ipv6>"), ACE("<ipv6><dscp>5</dscp></ipv6>"));
	/* looking for something in another case does not make it the one */
	becomes_by(ACE("<ipv4><dscp>4</dscp></ipv4>"), ACE("<ipv6><dscp nc:operation=\"remove\"/></ipv6>"),
		   EDIT_NONE, ACE("<ipv4><dscp>4</dscp></ipv4>"));
}

/* ------------------------------------------------------------------ going on after errors */

static void count(void *arg, const struct mgmt_error *e)
{
	int *n = arg;

	if (!strcmp(e->tag, "data-missing"))
		++*n;
}

static void continues(void)
{
	struct lyd_node *tree = parse(ABC), *e = parse(NATFW(
		"<gist><port nc:operation=\"delete\"/><t1>20</t1></gist>"
		"<policy><entry nc:operation=\"delete\"><name>z</name></entry>"
		"<entry nc:operation=\"delete\"><name>a</name></entry></policy>"));
	char *want = plain(NATFW("<gist><t1>20</t1></gist><policy>" ENTRY("b", PERMIT) ENTRY("c", PERMIT)
				 "</policy>"));
	char *text;
	int n = 0;

	EXPECT(!edit_apply_each(&tree, e, EDIT_MERGE, count, &n));
	text = print(tree);
	EXPECT_EQ(n, 2);
	EXPECT(!strcmp(text, want));
	free(text);
	free(want);
	lyd_free_all(tree);
	lyd_free_all(e);
}

int main(void)
{
	static const struct ktap_test tests[] = {
		{ "6241-7.2a merge", merge },
		{ "leaves with few others", few },
		{ "6241-7.2b,6241-7.2g replace, one thing or all", replace },
		{ "6241-7.2c create", create },
		{ "6241-7.2d delete", delete },
		{ "6241-7.2e remove", remove_silently },
		{ "6241-7.2f default operation none", none },
		{ "6241-7.2l operations inside others", nested },
		{ "7950-7.8a insert", order },
		{ "insert where there is nothing to be next to", disorder },
		{ "7950-8.3b what does not fit the schema", types },
		{ "7950-8.3d what is behind a feature that is off", features },
		{ "7950-8.3c one case of a choice", choices },
		{ "6241-7.2j continue-on-error", continues },
	};
	int status;

	ctx = modules_create();
	if (!ctx)
		return 1;
	status = ktap_main(tests, sizeof(tests) / sizeof(tests[0]));
	ly_ctx_destroy(ctx);
	return status;
}
