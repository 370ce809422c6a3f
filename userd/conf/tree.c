// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/tree.h"

struct maker {
	struct ly_ctx *ctx;
	const struct lys_module *module;	/* natfw's */
	struct lyd_node *natfw;			/* its container */
	struct lyd_node *tree;			/* first at the top */
	struct conf_error *e;
};

/* ------------------------------------------------------------------ errors */

/* "a/b[c='d']" of @parent, then "/@name" if it is not NULL. */
static void put_path(struct conf_error *e, const struct lyd_node *parent, const char *name)
{
	char *path = parent ? lyd_path(parent, LYD_PATH_STD, NULL, 0) : NULL;

	snprintf(e->path, sizeof(e->path), "%s%s%s", path ? path : "", name ? "/" : "",
		 name ? name : "");
	free(path);
}

static bool fail(struct maker *m, const struct doc_value *v, const struct lyd_node *parent,
		 const char *fmt, ...) __attribute__((format(printf, 4, 5)));

static bool fail(struct maker *m, const struct doc_value *v, const struct lyd_node *parent,
		 const char *fmt, ...)
{
	va_list ap;

	m->e->line = v->line;
	put_path(m->e, parent, v->key);
	va_start(ap, fmt);
	vsnprintf(m->e->text, sizeof(m->e->text), fmt, ap);
	va_end(ap);
	return false;
}

/* What libyang said about @v. */
static bool refused(struct maker *m, const struct doc_value *v, const struct lyd_node *parent)
{
	char text[sizeof(m->e->text)], path[sizeof(m->e->path)];

	schema_error(m->ctx, text, sizeof(text), path, sizeof(path));
	return fail(m, v, parent, "%s", text);
}

unsigned int tree_line(const struct lyd_node *n)
{
	for (; n; n = lyd_parent(n))
		if (n->priv)
			return (unsigned int)(uintptr_t)n->priv;
	return 0;
}

bool tree_fail(struct conf_error *e, const struct lyd_node *n, const char *fmt, ...)
{
	va_list ap;

	e->line = tree_line(n);
	put_path(e, n, NULL);
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	return false;
}

/* ------------------------------------------------------------------ looking */

const struct lyd_node *tree_find(const struct lyd_node *parent, const char *name)
{
	const struct lyd_node *n;

	LY_LIST_FOR(lyd_child(parent), n)
		if (n->schema && !strcmp(n->schema->name, name))
			return n;
	return NULL;
}

const struct lyd_node *tree_next(const struct lyd_node *n)
{
	const struct lysc_node *schema = n->schema;

	for (n = n->next; n; n = n->next)
		if (n->schema == schema)
			return n;
	return NULL;
}

const struct lyd_node *tree_top(const struct lyd_node *tree, const char *module, const char *name)
{
	const struct lyd_node *n;

	LY_LIST_FOR(lyd_first_sibling(tree), n)
		if (n->schema && !strcmp(n->schema->name, name) &&
		    !strcmp(n->schema->module->name, module))
			return n;
	return NULL;
}

const char *tree_value(const struct lyd_node *parent, const char *name)
{
	const struct lyd_node *n = tree_find(parent, name);

	return n ? lyd_get_value(n) : NULL;
}

/* ------------------------------------------------------------------ making */

static void mark(struct lyd_node *n, const struct doc_value *v)
{
	n->priv = (void *)(uintptr_t)v->line;
}

static bool make_members(struct maker *m, struct lyd_node *parent, const struct doc_value *map,
			 const struct doc_value *but);

/* RFC 7951, 6.9: a type of no values but to be there is [null]. */
static bool is_empty(const struct lysc_node *s, const struct doc_value *v)
{
	return s->nodetype == LYS_LEAF &&
	       ((const struct lysc_node_leaf *)s)->type->basetype == LY_TYPE_EMPTY &&
	       v->kind == DOC_LIST && v->child && !v->child->next && doc_null(v->child);
}

static bool make_leaf(struct maker *m, struct lyd_node *parent, const struct lysc_node *s,
		      const struct doc_value *v)
{
	const char *text = is_empty(s, v) ? "" : v->text;
	struct lyd_node *n;

	if (!text)
		return fail(m, v, parent, "a single value was expected");
	if (v->kind == DOC_SCALAR && doc_null(v))
		return fail(m, v, parent, "has no value");
	if (lyd_new_term(parent, s->module, s->name, text, 0, &n))
		return refused(m, v, parent);
	mark(n, v);
	return true;
}

static bool make_leaf_list(struct maker *m, struct lyd_node *parent, const struct lysc_node *s,
			   const struct doc_value *v)
{
	const struct doc_value *one;

	if (v->kind == DOC_SCALAR)
		return make_leaf(m, parent, s, v);
	if (v->kind != DOC_LIST)
		return fail(m, v, parent, "a list of values was expected");
	for (one = v->child; one; one = one->next)
		if (!make_leaf(m, parent, s, one)) {
			put_path(m->e, parent, s->name);
			return false;
		}
	return true;
}

/* A member of the map that may have the module's name in front. */
static const struct doc_value *member(const struct doc_value *map, const struct lysc_node *s)
{
	const struct doc_value *v = doc_member(map, s->name);
	char full[192];

	if (v)
		return v;
	snprintf(full, sizeof(full), "%s:%s", s->module->name, s->name);
	return doc_member(map, full);
}

/* Whether it has to be wherever what it is in is. What is in a choice is left to libyang. */
static bool is_wanted(const struct lysc_node *s)
{
	return s->flags & LYS_MAND_TRUE && s->flags & LYS_CONFIG_W && s->parent &&
	       s->parent->nodetype & (LYS_LIST | LYS_CONTAINER);
}

/* libyang finds these as well, and knows less about where. @what: words for @n. */
static bool check_members(struct maker *m, const struct lyd_node *n, const struct doc_value *v,
			  const char *what)
{
	const struct lysc_node *s = NULL;

	while ((s = lys_getnext(s, n->schema, NULL, 0))) {
		if (!is_wanted(s) || member(v, s))
			continue;
		tree_fail(m->e, n, "%s without %s", what, s->name);
		put_path(m->e, n, s->name);
		return false;
	}
	return true;
}

/*
 * An empty container that is one of several to choose from is as good as absent (RFC 7950, 7.5.1). Whoever wrote
 * it meant something, and "any TCP" must not become "anything".
 */
static bool chooses_nothing(const struct lysc_node *s, const struct doc_value *v)
{
	return !v->child && !(s->flags & LYS_PRESENCE) && s->parent && s->parent->nodetype == LYS_CASE;
}

static bool make_container(struct maker *m, struct lyd_node *parent, const struct lysc_node *s,
			   const struct doc_value *v)
{
	struct lyd_node *n;

	if (v->kind != DOC_MAP && !doc_null(v))
		return fail(m, v, parent, "members were expected");
	if (chooses_nothing(s, v))
		return fail(m, v, parent, "with nothing in it, it says nothing");
	if (lyd_new_inner(parent, s->module, s->name, 0, &n))
		return refused(m, v, parent);
	if (!parent)
		lyd_insert_sibling(m->tree, n, &m->tree);
	mark(n, v);
	return check_members(m, n, v, s->name) && make_members(m, n, v, NULL);
}

/* The key of a list; all of them have one. */
static const struct lysc_node *list_key(const struct lysc_node *list)
{
	return lysc_node_child(list);
}

/* The same. */
static bool check_entry(struct maker *m, const struct lyd_node *n, const struct doc_value *v)
{
	struct lyd_node *first = NULL;

	lyd_find_sibling_first(lyd_child(lyd_parent(n)), n, &first);
	if (first && first != n) {
		tree_fail(m->e, n, "is there twice, first in line %u", tree_line(first));
		return false;
	}
	return check_members(m, n, v, "an entry");
}

static bool make_entry(struct maker *m, struct lyd_node *parent, const struct lysc_node *schema,
		       const struct doc_value *v)
{
	const struct lysc_node *key = list_key(schema);
	const struct doc_value *k = v->kind == DOC_MAP ? member(v, key) : NULL;
	struct lyd_node *n;

	if (v->kind != DOC_MAP)
		return fail(m, v, parent, "an entry with members was expected");
	if (!k || k->kind != DOC_SCALAR || doc_null(k))
		return fail(m, v, parent, "an entry without %s", key->name);
	if (lyd_new_list(parent, schema->module, schema->name, 0, &n, k->text))
		return refused(m, k, parent);
	mark(n, v);
	return check_entry(m, n, v) && make_members(m, n, v, k);
}

static bool make_list(struct maker *m, struct lyd_node *parent, const struct lysc_node *schema,
		      const struct doc_value *v)
{
	const struct doc_value *one;

	if (doc_null(v))
		return true;
	if (v->kind != DOC_LIST)
		return fail(m, v, parent, "a list of entries was expected (- %s: ...)",
			    list_key(schema)->name);
	for (one = v->child; one; one = one->next)
		if (!make_entry(m, parent, schema, one)) {
			if (!strstr(m->e->path + 1, schema->name))
				put_path(m->e, parent, schema->name);
			return false;
		}
	return true;
}

/* What @name, with or without the name of a module in front, is in @parent, NULL: at the top (RFC 7951, 4). */
static const struct lysc_node *find_schema(const struct maker *m, const struct lyd_node *parent,
					   const char *name)
{
	const struct lys_module *module = parent ? parent->schema->module : NULL;
	const char *colon = strchr(name, ':');
	char prefix[128];

	if (colon) {
		snprintf(prefix, sizeof(prefix), "%.*s", (int)(colon - name), name);
		module = ly_ctx_get_module_implemented(m->ctx, prefix);
		name = colon + 1;
	}
	return module ? lys_find_child(parent ? parent->schema : NULL, module, name, 0, 0, 0) : NULL;
}

static bool make_member(struct maker *m, struct lyd_node *parent, const struct doc_value *v)
{
	const struct lysc_node *s = find_schema(m, parent, v->key);

	if (!s || s->nodetype & (LYS_RPC | LYS_ACTION | LYS_NOTIF))
		return fail(m, v, parent, "there is no such setting");
	if (!(s->flags & LYS_CONFIG_W))
		return fail(m, v, parent, "is state, and cannot be configured");
	switch (s->nodetype) {
	case LYS_CONTAINER:
		return make_container(m, parent, s, v);
	case LYS_LIST:
		return make_list(m, parent, s, v);
	case LYS_LEAFLIST:
		return make_leaf_list(m, parent, s, v);
	default:
		return make_leaf(m, parent, s, v);
	}
}

/* All but the member @but, which is there already. */
static bool make_members(struct maker *m, struct lyd_node *parent, const struct doc_value *map,
			 const struct doc_value *but)
{
	const struct doc_value *v;

	for (v = map->child; v; v = v->next)
		if (v != but && !make_member(m, parent, v))
			return false;
	return true;
}

/* ------------------------------------------------------------------ validation */

/* The node that @path leads to, or the nearest above that is there. */
static const struct lyd_node *nearest(struct lyd_node *tree, char *path)
{
	struct lyd_node *n = NULL;
	char *slash;

	while (*path && lyd_find_path(tree, path, 0, &n) && !n) {
		slash = strrchr(path, '/');
		if (!slash)
			break;
		*slash = 0;
	}
	ly_err_clean((struct ly_ctx *)LYD_CTX(tree), NULL);
	return n ? n : tree;
}

bool tree_validate(struct lyd_node **tree, struct conf_error *e)
{
	struct ly_ctx *ctx = (struct ly_ctx *)LYD_CTX(*tree);
	char path[sizeof(e->path)];

	if (!lyd_validate_all(tree, NULL, LYD_VALIDATE_NO_STATE, NULL))
		return true;
	schema_error(ctx, e->text, sizeof(e->text), e->path, sizeof(e->path));
	memcpy(path, e->path, sizeof(path));
	e->line = tree_line(nearest(*tree, path));
	return false;
}

/* Members are natfw's unless they have the name of another module in front. */
static bool is_beside(const struct doc_value *v)
{
	return strchr(v->key, ':') && strncmp(v->key, SCHEMA_MODULE ":", sizeof(SCHEMA_MODULE)) != 0;
}

static bool make_top(struct maker *m, const struct doc_value *file)
{
	const struct doc_value *whole, *v;

	if (file->kind != DOC_MAP)
		return doc_null(file) || fail(m, file, NULL, "members were expected");
	whole = doc_member(file, SCHEMA_MODULE ":natfw");
	if (whole && whole->kind != DOC_MAP && !doc_null(whole))
		return fail(m, whole, NULL, "members were expected");
	for (v = file->child; v; v = v->next) {
		if (is_beside(v) && !make_member(m, NULL, v))
			return false;
		if (!is_beside(v) && whole && v != whole)
			return fail(m, v, m->natfw, "stands beside " SCHEMA_MODULE
				    ":natfw, and not in it");
		if (!is_beside(v) && !whole && !make_member(m, m->natfw, v))
			return false;
	}
	return !whole || make_members(m, m->natfw, whole, NULL);
}

struct lyd_node *tree_create(struct ly_ctx *ctx, const struct doc_value *file,
			     struct conf_error *e)
{
	struct maker m = {
		.ctx = ctx, .e = e,
		.module = ly_ctx_get_module_implemented(ctx, SCHEMA_MODULE),
	};

	if (lyd_new_inner(NULL, m.module, "natfw", 0, &m.natfw)) {
		snprintf(e->text, sizeof(e->text), "out of memory");
		return NULL;
	}
	m.tree = m.natfw;
	if (!make_top(&m, file))
		goto failed;
	if (tree_validate(&m.tree, e))
		return m.tree;
failed:
	lyd_free_all(m.tree);
	return NULL;
}
