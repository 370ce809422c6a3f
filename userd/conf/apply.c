// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/apply.h"
#include "conf/build.h"
#include "conf/write.h"

#define DEPTH_MAX	32	/* elements inside each other; no module of ours has half as many */

static bool fail(struct conf_error *e, const char *text)
{
	snprintf(e->text, sizeof(e->text), "%s", text);
	return false;
}

/* Lines are those of the file as it was, and say nothing of what is new. */
static bool without_line(struct conf_error *e)
{
	e->line = 0;
	return false;
}

/* Whether elements are no deeper in each other than libyang, which calls itself for each, should go. */
static bool is_flat(const char *xml)
{
	unsigned int depth = 0;

	while ((xml = strchr(xml, '<'))) {
		const char *end = strchr(xml, '>');

		if (!end)
			return false;
		if (xml[1] == '/')
			depth -= depth > 0;
		else if (end[-1] != '/')
			depth++;
		if (depth > DEPTH_MAX)
			return false;
		xml = end;
	}
	return true;
}

/* ------------------------------------------------------------------ the difference */

static const char *own_operation(const struct lyd_node *n)
{
	const struct lyd_meta *m;

	LY_LIST_FOR(n->meta, m)
		if (!strcmp(m->name, "operation") && !strcmp(m->annotation->module->name, "yang"))
			return lyd_get_meta_value(m);
	return "";
}

/* True if @n stands for nothing said: the library does not expect it beside what is created. */
static bool is_implicit(const struct lyd_node *n, const struct lyd_node *created)
{
	return n->flags & LYD_DEFAULT && created->schema->nodetype == LYS_CONTAINER;
}

/*
 * What is created is not there, which the library does not look at; but for what is hidden from who made the
 * difference, and for defaults, which go when it comes.
 */
static bool make_way(struct lyd_node **tree, const struct lyd_node *created, struct conf_error *e)
{
	char *path = lyd_path(created, LYD_PATH_STD, NULL, 0);
	struct lyd_node *there = NULL;
	bool good = path;

	/* it finds what is nearest, too */
	if (path && *tree && lyd_find_path(*tree, path, 0, &there))
		there = NULL;
	ly_err_clean((struct ly_ctx *)LYD_CTX(created), NULL);
	if (there && (schema_secret(there->schema) || is_implicit(there, created))) {
		if (there == *tree)
			*tree = there->next;
		lyd_free_tree(there);
	} else if (there && !(there->flags & LYD_DEFAULT) &&
		   created->schema->nodetype != LYS_CONTAINER) {
		good = tree_fail(e, there, "is there already");
	}
	free(path);
	return good;
}

static bool make_all_way(struct lyd_node **tree, const struct lyd_node *first, struct conf_error *e)
{
	const struct lyd_node *n;

	LY_LIST_FOR(first, n) {
		if (!strcmp(own_operation(n), "create") && !make_way(tree, n, e))
			return false;
		if (!make_all_way(tree, lyd_child(n), e))
			return false;
	}
	return true;
}

/* Differences are between trees in which a default said and one not said are the same. */
static void mark_defaults(struct lyd_node *n)
{
	struct lyd_node *c;

	LY_LIST_FOR(lyd_child(n), c)
		mark_defaults(c);
	if (n->schema->nodetype == LYS_LEAF && !lysc_is_key(n->schema) && lyd_is_default(n))
		n->flags |= LYD_DEFAULT;
}

static struct lyd_node *parse_diff(struct ly_ctx *ctx, const char *xml, struct conf_error *e)
{
	struct lyd_node *diff = NULL;
	char path[sizeof(e->path)];

	if (!is_flat(xml)) {
		fail(e, "the difference is too deep");
	} else if (lyd_parse_data_mem(ctx, xml, LYD_XML,
				      LYD_PARSE_ONLY | LYD_PARSE_STRICT | LYD_PARSE_NO_STATE, 0,
				      &diff)) {
		schema_error(ctx, e->text, sizeof(e->text), path, sizeof(path));
		diff = NULL;
	} else if (!diff) {
		fail(e, "no difference");
	}
	return diff;
}

static bool merge_in(struct lyd_node **tree, const char *xml, struct conf_error *e)
{
	struct ly_ctx *ctx = (struct ly_ctx *)LYD_CTX(*tree);
	struct lyd_node *diff = parse_diff(ctx, xml, e), *n;
	LY_ERR err = LY_SUCCESS;
	bool good;

	if (!diff)
		return false;
	LY_LIST_FOR(*tree, n)
		mark_defaults(n);
	good = make_all_way(tree, diff, e) || without_line(e);
	if (good)
		err = lyd_diff_apply_all(tree, diff);
	lyd_free_all(diff);
	if (err)
		schema_error(ctx, e->text, sizeof(e->text), e->path, sizeof(e->path));
	return good && !err;
}

/* ------------------------------------------------------------------ the whole */

/* Whether they are the same, in whatever order that means nothing. */
static bool same_trees(const struct lyd_node *a, const struct lyd_node *b)
{
	struct lyd_node *diff = NULL;
	bool same = !lyd_diff_siblings(lyd_first_sibling(a), lyd_first_sibling(b), 0, &diff) && !diff;

	ly_err_clean((struct ly_ctx *)LYD_CTX(a), NULL);
	lyd_free_all(diff);
	return same;
}

/*
 * What is in force is what the file will be read as: a value that would be read as another, or not at all, shows now,
 * and not when the daemon does not start again.
 */
static bool read_back(struct ly_ctx *ctx, const struct lyd_node *tree, struct apply_result *r,
		      struct conf_error *e)
{
	struct doc_value *file = doc_read(r->text, r->len, e);
	struct lyd_node *again = file ? tree_create(ctx, file, e) : NULL;

	doc_free(file);
	if (again && !same_trees(tree, again))
		fail(e, "would be read from the file as something else");
	else if (again)
		r->conf = build_conf(again, e);
	if (r->conf)
		r->conf->tree = build_text(again);
	lyd_free_all(again);
	if (r->conf && !r->conf->tree)
		return fail(e, "out of memory");
	return r->conf || without_line(e);
}

static bool finish(struct ly_ctx *ctx, struct lyd_node *tree, enum write_format format,
		   struct apply_result *r, struct conf_error *e)
{
	struct conf *c = build_conf(tree, e);

	conf_free(c);
	if (!c)
		return without_line(e);
	r->text = write_tree(tree, format, &r->len);
	if (!r->text)
		return fail(e, "out of memory");
	return r->len <= CONF_FILE_MAX ? read_back(ctx, tree, r, e) :
	       fail(e, "the file would be larger than 4 MiB");
}

/* Whether writing what was read gives the same text. */
static bool is_own(struct lyd_node *tree, enum write_format format, const char *text, size_t len)
{
	size_t n;
	char *again = write_tree(tree, format, &n);
	bool same = again && n == len && !memcmp(again, text, len);

	free(again);
	return same;
}

static bool apply(struct ly_ctx *ctx, const char *text, size_t len, const char *diff,
		  struct apply_result *r, struct conf_error *e)
{
	enum write_format format = write_format_of(text, len);
	struct doc_value *file = doc_read(text, len, e);
	struct lyd_node *tree = file ? tree_create(ctx, file, e) : NULL;
	bool good = tree;

	doc_free(file);
	if (good)
		r->own = is_own(tree, format, text, len);
	good = good && merge_in(&tree, diff, e) && (tree_validate(&tree, e) || without_line(e)) &&
	       finish(ctx, tree, format, r, e);
	lyd_free_all(tree);
	return good;
}

bool apply_in(struct ly_ctx *ctx, const char *text, size_t len, const char *diff,
	      struct apply_result *r, struct conf_error *e)
{
	*r = (struct apply_result){ 0 };
	*e = (struct conf_error){ 0 };
	if (apply(ctx, text, len, diff, r, e))
		return true;
	apply_free(r);
	return false;
}

bool apply_diff(const char *text, size_t len, const char *diff, struct apply_result *r,
		struct conf_error *e)
{
	struct ly_ctx *ctx = schema_create();
	bool good;

	*r = (struct apply_result){ 0 };
	*e = (struct conf_error){ 0 };
	if (!ctx)
		return fail(e, "the schema cannot be read");
	good = apply_in(ctx, text, len, diff, r, e);
	ly_ctx_destroy(ctx);
	return good;
}

void apply_free(struct apply_result *r)
{
	conf_free(r->conf);
	if (r->text)
		explicit_bzero(r->text, r->len);
	free(r->text);
	*r = (struct apply_result){ 0 };
}
