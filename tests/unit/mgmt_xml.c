// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * XML from managers: what is read is opaque to the last node, and small enough, or is not read.
 *
 * natfw-test: quick timeout=60
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ktap.h"
#include "mgmt/xml.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define NC		"urn:ietf:params:xml:ns:netconf:base:1.0"
#define A		"<a xmlns=\"urn:x\">"
#define MOUNT		"<schema-mounts xmlns=\"urn:ietf:params:xml:ns:yang:ietf-yang-schema-mount\""

static struct ly_ctx *ctx;

/* What is wrong with @text; what is not is walked through with all there is to ask. */
static enum xml_fault read_text(const char *text)
{
	enum xml_fault fault;
	struct lyd_node *tree = xml_read(ctx, text, &fault);
	const struct lyd_node *n;
	char buf[64];

	EXPECT(!tree == !!fault);
	LYD_TREE_DFS_BEGIN(tree, n) {
		EXPECT(strlen(xml_name(n)) > 0);
		xml_ns(n);
		xml_text(n, buf, sizeof(buf));
		xml_attribute(n, "a");
		xml_child(n, NC, "a");
		LYD_TREE_DFS_END(tree, n);
	}
	lyd_free_all(tree);
	return fault;
}

static void good(void)
{
	enum xml_fault fault;
	struct lyd_node *tree = xml_read(ctx, "\n<a xmlns='urn:x' b='1'><c> d\n</c><e xmlns=''/></a>", &fault);
	const struct lyd_node *c;
	char buf[8];

	EXPECT(tree && fault == XML_GOOD && xml_is(tree, "urn:x", "a"));
	EXPECT(!strcmp(xml_attribute(tree, "b")->value, "1") && !xml_attribute(tree, "c"));
	c = xml_child(tree, "urn:x", "c");
	EXPECT(c && !strcmp(xml_text(c, buf, sizeof(buf)), "d"));
	lyd_free_all(tree);
	EXPECT_EQ(read_text(A "</a>"), XML_GOOD);
}

static void malformed(void)
{
	static const char *const bad[] = {
		"", " ", "a", "<a>", "<a", "<a b='", "<a></b>", "<a/><b/>", "<!--", "<a><![CDATA[</a>",
		"<!DOCTYPE a []><a/>", "<a b='1'c></a>", "<a>&b;</a>", "<a:b/>",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_EQ(read_text(bad[i]), XML_MALFORMED);
}

/* Elements the library knows by itself, which it would make another kind of node of. */
static void known(void)
{
	static const char *const bad[] = {
		"<hello xmlns=\"" NC "\">" MOUNT "/></hello>",
		MOUNT "/>",
		A MOUNT "><namespace><prefix>p</prefix><uri>urn:x</uri></namespace></schema-mounts></a>",
		A MOUNT "><mount-point><module>m</module><label>l</label><shared-schema/></mount-point>"
		"</schema-mounts></a>",
		A MOUNT "><b xmlns=\"urn:x\"/></schema-mounts></a>",
		A "<b><c/>" MOUNT "/></b><d/></a>",
		A "<b/>" MOUNT "/><d/></a>",
		A "<s:schema-mounts xmlns:s=\"urn:ietf:params:xml:ns:yang:&#105;etf-yang-schema-mount\"/></a>",
		A MOUNT "><namespace><prefix>p</prefix></namespace></schema-mounts></a>",
		A MOUNT "><namespace><uri>u</uri></namespace></schema-mounts></a>",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_EQ(read_text(bad[i]), XML_MALFORMED);
	/* what of them does not fit is made opaque by the library, as all else is */
	EXPECT_EQ(read_text(A MOUNT " c=\"1\">d</schema-mounts></a>"), XML_GOOD);
	/* the same names elsewhere are nothing special */
	EXPECT_EQ(read_text(A "<schema-mounts xmlns=\"urn:x\"><namespace/></schema-mounts></a>"), XML_GOOD);
}

/* Whatever else the context has of its own, by name, with something in it that is not known. */
static void known_of_any_module(void)
{
	const struct lys_module *m;
	const struct lysc_node *top;
	enum xml_fault fault;
	unsigned int seen = 0;
	char text[512];
	uint32_t at = 0;

	while ((m = ly_ctx_get_module_iter(ctx, &at))) {
		LY_LIST_FOR(m->compiled ? m->compiled->data : NULL, top) {
			snprintf(text, sizeof(text), A "<%s xmlns=\"%s\"/></a>", top->name, m->ns);
			fault = read_text(text);
			EXPECT(fault == XML_MALFORMED || !(top->nodetype & LYD_NODE_INNER));
			seen++;
		}
	}
	EXPECT(seen > 0);
}

/* <a> with @n of @part in it. */
static enum xml_fault read_many(const char *begin, const char *part, unsigned int n, const char *end)
{
	size_t size = strlen(begin) + n * (strlen(part) + 8) + strlen(end) + 1, len;
	char *text = malloc(size);
	enum xml_fault fault;
	unsigned int i;

	len = (size_t)sprintf(text, "%s", begin);
	for (i = 0; i < n; i++)
		len += (size_t)snprintf(text + len, size - len, part, i);
	snprintf(text + len, size - len, "%s", end);
	fault = read_text(text);
	free(text);
	return fault;
}

static void limits(void)
{
	EXPECT_EQ(read_many(A, "<b/>", XML_PARTS_MAX - 2, "</a>"), XML_GOOD);
	EXPECT_EQ(read_many(A, "<b/>", XML_PARTS_MAX - 1, "</a>"), XML_TOO_BIG);
	EXPECT_EQ(read_many("<a xmlns='urn:x'", " b%u='1'", XML_PARTS_MAX - 2, "/>"), XML_GOOD);
	EXPECT_EQ(read_many("<a xmlns='urn:x'", " b%u='1'", XML_PARTS_MAX, "/>"), XML_TOO_BIG);
	EXPECT_EQ(read_many(A, "<b c=\"1\"/>", XML_PARTS_MAX / 2, "</a>"), XML_TOO_BIG);
	/* text is no element */
	EXPECT_EQ(read_many(A "<![CDATA[", "<b/>", XML_PARTS_MAX, "]]></a>"), XML_GOOD);
	EXPECT_EQ(read_many("", "<a>", 128, ""), XML_MALFORMED);
	EXPECT_EQ(read_many("", "<a>", 5000, "</a>"), XML_MALFORMED);
}

static const struct ktap_test tests[] = {
	{ "what is well formed", good },
	{ "6241-3.2a what is not, and document types", malformed },
	{ "elements of modules the library has by itself", known },
	{ "those of any such module", known_of_any_module },
	{ "elements and attributes have a limit", limits },
};

int main(void)
{
	int bad;

	ctx = xml_create();
	bad = ktap_main(tests, ARRAY_SIZE(tests));
	ly_ctx_destroy(ctx);
	return bad;
}
