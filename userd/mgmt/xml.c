// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mgmt/xml.h"

#define DEPTH_MAX	128
#define XML_NO_NAMESPACE	"urn:natfw:no-namespace"

struct ly_ctx *xml_create(void)
{
	struct ly_ctx *ctx;

	ly_log_options(LY_LOSTORE);
	return ly_ctx_new(NULL, LY_CTX_NO_YANGLIBRARY | LY_CTX_DISABLE_SEARCHDIRS, &ctx) ? NULL : ctx;
}

/* Behind the next @end from @text on; NULL: there is none. */
static const char *behind(const char *text, const char *end)
{
	text = strstr(text, end);
	return text ? text + strlen(end) : NULL;
}

/* Behind the start tag at @text; *@empty: it is the whole element. Its attributes are added to *@parts. */
static const char *behind_tag(const char *text, bool *empty, unsigned int *parts)
{
	const char *quote;

	for (text++; *text && *text != '>'; text++) {
		if (*text != '"' && *text != '\'')
			continue;
		quote = strchr(text + 1, *text);
		if (!quote)
			return NULL;
		text = quote;
		++*parts;
	}
	*empty = text[-1] == '/';
	return *text ? text + 1 : NULL;
}

/*
 * libyang's parser calls itself for each level, and each element and attribute takes many times the memory of its
 * text, so what is deeper or more than any message has to be, or has markup without an end, is not given to it.
 */
static enum xml_fault measure(const char *text)
{
	unsigned int depth = 0, parts = 0;
	bool empty;

	while (text && (text = strchr(text, '<'))) {
		if (!strncmp(text, "<!--", 4)) {
			text = behind(text + 4, "-->");
		} else if (!strncmp(text, "<![CDATA[", 9)) {
			text = behind(text, "]]>");
		} else if (text[1] == '?') {
			text = behind(text, "?>");
		} else if (text[1] == '/') {
			depth -= depth > 0;
			text = behind(text, ">");
		} else {
			parts++;
			text = behind_tag(text, &empty, &parts);
			depth += text && !empty;
		}
		if (!text || depth > DEPTH_MAX)
			return XML_MALFORMED;
		if (parts > XML_PARTS_MAX)
			return XML_TOO_BIG;
	}
	return XML_GOOD;
}

/* libyang refuses document types as well; this is not left to a version of it (RFC 6241, 3.2). */
static bool has_doctype(const char *text)
{
	return strstr(text, "<!DOCTYPE");
}

enum xml_fault xml_check(const char *text)
{
	return has_doctype(text) ? XML_MALFORMED : measure(text);
}

/*
 * The library has modules of its own in every context, and makes of their top-level elements, wherever they are,
 * nodes of another type than those of all others.
 */
static bool all_opaque(const struct lyd_node *tree)
{
	const struct lyd_node *n;

	LYD_TREE_DFS_BEGIN(tree, n) {
		if (n->schema)
			return false;
		LYD_TREE_DFS_END(tree, n);
	}
	return true;
}

static struct lyd_node *parse(struct ly_ctx *ctx, const char *text)
{
	struct lyd_node *tree = NULL;

	if (!lyd_parse_data_mem(ctx, text, LYD_XML, LYD_PARSE_ONLY | LYD_PARSE_OPAQ, 0, &tree))
		return tree;
	lyd_free_all(tree);
	return NULL;
}

/*
 * An element in no namespace is nothing we know, but who wrote it gets to know which; libyang reads no message in
 * which there is one. So it is put into a namespace that nobody has.
 */
static struct lyd_node *parse_within(struct ly_ctx *ctx, const char *text)
{
	struct lyd_node *around, *tree = NULL;
	char *whole;

	if (!strncmp(text, "<?xml", 5))
		text = behind(text, "?>");
	if (!text || asprintf(&whole, "<none xmlns=\"" XML_NO_NAMESPACE "\">%s</none>", text) < 0)
		return NULL;
	around = parse(ctx, whole);
	free(whole);
	/* one message, and not the end of what was put around it and something else */
	if (around && !around->next)
		tree = lyd_child(around);
	if (tree && !tree->next)
		lyd_unlink_tree(tree);
	else
		tree = NULL;
	lyd_free_all(around);
	return tree;
}

static bool lacks_namespace(struct ly_ctx *ctx)
{
	const char *why = ly_errmsg(ctx);

	return why && strstr(why, "Missing XML namespace");
}

struct lyd_node *xml_read(struct ly_ctx *ctx, const char *text, enum xml_fault *fault)
{
	struct lyd_node *tree;

	text += strspn(text, " \t\r\n");
	*fault = xml_check(text);
	if (*fault)
		return NULL;
	tree = parse(ctx, text);
	if (!tree && lacks_namespace(ctx))
		tree = parse_within(ctx, text);
	ly_err_clean(ctx, NULL);
	if (tree && !tree->next && all_opaque(tree))
		return tree;
	lyd_free_all(tree);
	*fault = XML_MALFORMED;
	return NULL;
}

const struct lyd_node_opaq *xml_opaque(const struct lyd_node *n)
{
	static const struct lyd_node_opaq none = { .name = { .name = "" }, .value = "" };

	return n->schema ? &none : (const struct lyd_node_opaq *)n;
}

const char *xml_name(const struct lyd_node *n)
{
	return xml_opaque(n)->name.name;
}

const char *xml_ns(const struct lyd_node *n)
{
	const char *ns = xml_opaque(n)->name.module_ns;

	return ns ? ns : "";
}

const char *xml_text(const struct lyd_node *n, char *buf, size_t size)
{
	const char *value = xml_opaque(n)->value ? xml_opaque(n)->value : "";
	size_t len;

	value += strspn(value, " \t\r\n");
	len = strlen(value);
	while (len && strchr(" \t\r\n", value[len - 1]))
		len--;
	if (xml_opaque(n)->child || len >= size)
		len = 0;
	memcpy(buf, value, len);
	buf[len] = 0;
	return buf;
}

bool xml_is(const struct lyd_node *n, const char *ns, const char *name)
{
	return !strcmp(xml_name(n), name) && !strcmp(xml_ns(n), ns);
}

const struct lyd_node *xml_child(const struct lyd_node *n, const char *ns, const char *name)
{
	const struct lyd_node *c;

	LY_LIST_FOR(xml_opaque(n)->child, c)
		if (xml_is(c, ns, name))
			return c;
	return NULL;
}

const struct lyd_attr *xml_attribute(const struct lyd_node *n, const char *name)
{
	const struct lyd_attr *a;

	for (a = xml_opaque(n)->attr; a; a = a->next)
		if (!a->name.prefix && !strcmp(a->name.name, name))
			return a;
	return NULL;
}

static const char *reference(char c)
{
	switch (c) {
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '&':
		return "&amp;";
	case '"':
		return "&quot;";
	default:
		return NULL;
	}
}

void xml_put(struct evbuffer *out, const char *text, size_t len)
{
	size_t from = 0, i;

	for (i = 0; i < len; i++) {
		const char *r = reference(text[i]);

		if (!r)
			continue;
		evbuffer_add(out, text + from, i - from);
		evbuffer_add(out, r, strlen(r));
		from = i + 1;
	}
	evbuffer_add(out, text + from, len - from);
}
