// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "mgmt/resource.h"

static enum resource_fault fault(struct resource *r, enum resource_fault f, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static enum resource_fault fault(struct resource *r, enum resource_fault f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->wrong, sizeof(r->wrong), fmt, ap);
	va_end(ap);
	return f;
}

/* ------------------------------------------------------------------ in the schema */

static const struct lysc_node *action_of(const struct lysc_node *parent, const struct lys_module *m,
					 const char *name)
{
	const struct lysc_node *a;

	LY_LIST_FOR(parent ? (const struct lysc_node *)lysc_node_actions(parent) : NULL, a)
		if (a->module == m && !strcmp(a->name, name))
			return a;
	return NULL;
}

static const struct lysc_node *child_of(const struct lysc_node *parent, const struct lys_module *m,
					const char *name)
{
	const struct lysc_node *n = NULL;

	while ((n = lys_getnext(n, parent, parent ? NULL : m->compiled, 0)))
		if (n->module == m && !strcmp(n->name, name) && !(n->nodetype & (LYS_RPC | LYS_NOTIF)))
			return n;
	return action_of(parent, m, name);
}

/* A name without a module is of the module that its parent is of (RFC 8040, 3.5.3). */
static enum resource_fault find_schema(struct resource *r, const struct ly_ctx *ctx, const struct uri_step *s)
{
	const struct lys_module *m;

	if (!s->module && !r->schema)
		return fault(r, RESOURCE_BAD, "%.64s: which module is it of?", s->name);
	m = s->module ? ly_ctx_get_module_implemented(ctx, s->module) : r->schema->module;
	if (!m)
		return fault(r, RESOURCE_UNKNOWN, "no module %.64s", s->module);
	if (s->module && r->schema && m == r->schema->module)
		/* allowed by the grammar, and by what others send */
		m = r->schema->module;
	r->schema = child_of(r->schema, m, s->name);
	return r->schema ? RESOURCE_GOOD : fault(r, RESOURCE_UNKNOWN, "no node %.64s", s->name);
}

static unsigned int count_keys(const struct lysc_node *list)
{
	const struct lysc_node *c;
	unsigned int n = 0;

	for (c = lysc_node_child(list); c && lysc_is_key(c); c = c->next)
		n++;
	return n;
}

/* ------------------------------------------------------------------ the way */

static enum resource_fault add(struct resource *r, LY_ERR err, struct lyd_node *n)
{
	const struct ly_ctx *ctx = r->schema->module->ctx;
	const char *why = err ? ly_errmsg(ctx) : NULL;
	enum resource_fault f = RESOURCE_GOOD;

	if (err)
		f = fault(r, RESOURCE_BAD, "%s", why ? why : "bad key value");
	ly_err_clean((struct ly_ctx *)ctx, NULL);
	if (err)
		return f;
	r->last = n;
	if (!r->way)
		r->way = n;
	return RESOURCE_GOOD;
}

static enum resource_fault add_entry(struct resource *r, const struct uri_step *s)
{
	unsigned int keys = count_keys(r->schema);
	const char *const *k = s->key;
	struct lyd_node *n = NULL;
	LY_ERR err;

	if (!keys || keys > URI_KEYS)
		return fault(r, RESOURCE_BAD, "entries of %s have no keys", r->schema->name);
	if (s->keys != keys)
		return fault(r, RESOURCE_BAD, "%s has %u key values, not %u", r->schema->name, keys, s->keys);
	/* no more are taken than there are keys */
	err = lyd_new_list(r->last, r->schema->module, r->schema->name, 0, &n, k[0], k[1], k[2], k[3],
			   k[4], k[5], k[6], k[7]);
	return add(r, err, n);
}

static enum resource_fault add_step(struct resource *r, const struct uri_step *s)
{
	struct lyd_node *n = NULL;
	LY_ERR err;

	r->instance = true;
	if (r->schema->nodetype == LYS_LIST && s->keys)
		return add_entry(r, s);
	if (r->schema->nodetype == LYS_LEAFLIST && s->keys == 1) {
		err = lyd_new_term(r->last, r->schema->module, r->schema->name, s->key[0], 0, &n);
		return add(r, err, n);
	}
	if (s->keys)
		return fault(r, RESOURCE_BAD, "%s has no key values", r->schema->name);
	if (r->schema->nodetype == LYS_CONTAINER) {
		err = lyd_new_inner(r->last, r->schema->module, r->schema->name, 0, &n);
		return add(r, err, n);
	}
	r->instance = false;
	return RESOURCE_GOOD;
}

static enum resource_fault take_step(struct resource *r, const struct ly_ctx *ctx, const struct uri_step *s)
{
	enum resource_fault f;

	if (r->schema && !r->instance)
		return resource_many(r) ?
		       fault(r, RESOURCE_BAD, "which entry of %s?", r->schema->name) :
		       fault(r, RESOURCE_UNKNOWN, "nothing is in %s", r->schema->name);
	if (r->schema && r->schema->nodetype == LYS_LEAFLIST)
		return fault(r, RESOURCE_UNKNOWN, "nothing is in %s", r->schema->name);
	f = find_schema(r, ctx, s);
	return f ? f : add_step(r, s);
}

static enum resource_fault take_data(struct resource *r, const struct ly_ctx *ctx, const struct uri_step *s,
				     unsigned int n)
{
	enum resource_fault f = RESOURCE_GOOD;

	r->kind = n ? RESOURCE_DATA : RESOURCE_DATASTORE;
	for (; !f && n; n--, s++)
		f = take_step(r, ctx, s);
	if (!f && r->schema && r->schema->nodetype == LYS_ACTION)
		r->kind = RESOURCE_ACTION;
	return f;
}

/* ------------------------------------------------------------------ other resources */

static enum resource_fault take_operation(struct resource *r, const struct ly_ctx *ctx, const struct uri_step *s)
{
	const struct lys_module *m = s->module ? ly_ctx_get_module_implemented(ctx, s->module) : NULL;
	const struct lysc_node *n;

	if (!s->module)
		return fault(r, RESOURCE_BAD, "%.64s: which module is it of?", s->name);
	if (s->keys)
		return fault(r, RESOURCE_BAD, "operations have no key values");
	LY_LIST_FOR(m && m->compiled ? (const struct lysc_node *)m->compiled->rpcs : NULL, n)
		if (!strcmp(n->name, s->name))
			r->schema = n;
	r->kind = RESOURCE_OPERATION;
	return r->schema ? RESOURCE_GOOD : fault(r, RESOURCE_UNKNOWN, "no operation %.64s", s->name);
}

static bool is_step(const struct uri_step *s, const char *name)
{
	return !s->module && !s->keys && !strcmp(s->name, name);
}

static enum resource_fault take_root(struct resource *r, const struct ly_ctx *ctx, const struct uri_step *s,
				     unsigned int n)
{
	r->kind = RESOURCE_ROOT;
	if (!n)
		return RESOURCE_GOOD;
	if (is_step(s, "data"))
		return take_data(r, ctx, s + 1, n - 1);
	r->kind = RESOURCE_OPERATIONS;
	if (is_step(s, "operations") && n == 1)
		return RESOURCE_GOOD;
	if (is_step(s, "operations") && n == 2)
		return take_operation(r, ctx, s + 1);
	r->kind = RESOURCE_VERSION;
	if (is_step(s, "yang-library-version") && n == 1)
		return RESOURCE_GOOD;
	r->kind = RESOURCE_STREAM;
	if (is_step(s, "streams") && n == 3 && !s[1].keys && !s[2].keys) {
		r->stream = s[1].name;
		r->encoding = s[2].name;
		return RESOURCE_GOOD;
	}
	r->kind = RESOURCE_NONE;
	return fault(r, RESOURCE_UNKNOWN, "no such resource");
}

enum resource_fault resource_read(struct resource *r, const struct ly_ctx *ctx, const struct uri *u)
{
	*r = (struct resource){ .kind = RESOURCE_NONE };
	if (u->steps == 2 && is_step(&u->step[0], ".well-known") && is_step(&u->step[1], "host-meta")) {
		r->kind = RESOURCE_HOST_META;
		return RESOURCE_GOOD;
	}
	if (u->steps && is_step(&u->step[0], RESTCONF_ROOT))
		return take_root(r, ctx, &u->step[1], u->steps - 1);
	return fault(r, RESOURCE_UNKNOWN, "no such resource");
}

enum resource_fault resource_point(struct resource *r, const struct ly_ctx *ctx, const struct uri *u)
{
	*r = (struct resource){ .kind = RESOURCE_NONE };
	if (u->steps > 2 && is_step(&u->step[0], RESTCONF_ROOT) && is_step(&u->step[1], "data"))
		return take_data(r, ctx, &u->step[2], u->steps - 2);
	return take_data(r, ctx, u->step, u->steps);
}

void resource_fini(struct resource *r)
{
	lyd_free_all(r->way);
	*r = (struct resource){ .kind = RESOURCE_NONE };
}

/* ------------------------------------------------------------------ in a tree */

bool resource_many(const struct resource *r)
{
	return r->schema && !r->instance && (r->schema->nodetype & (LYS_LIST | LYS_LEAFLIST));
}

/* The node of @tree that is @n of the way. */
static struct lyd_node *find(const struct lyd_node *n, const struct lyd_node *tree)
{
	const struct lyd_node *parent = lyd_parent(n);
	struct lyd_node *match = NULL;

	if (parent) {
		tree = find(parent, tree);
		tree = tree ? lyd_child(tree) : NULL;
	}
	return tree && !lyd_find_sibling_first(tree, n, &match) ? match : NULL;
}

static struct lyd_node *first_of(const struct lyd_node *tree, const struct lysc_node *schema)
{
	const struct lyd_node *n;

	LY_LIST_FOR(tree, n)
		if (n->schema == schema)
			return (struct lyd_node *)n;
	return NULL;
}

struct lyd_node *resource_find(const struct resource *r, const struct lyd_node *tree)
{
	const struct lyd_node *parent;

	if (r->instance)
		return find(r->last, tree);
	parent = r->last ? find(r->last, tree) : NULL;
	if (r->last && !parent)
		return NULL;
	return first_of(parent ? lyd_child(parent) : tree, r->schema);
}

struct lyd_node *resource_parent(const struct resource *r, const struct lyd_node *tree)
{
	const struct lyd_node *parent = r->instance ? lyd_parent(r->last) : r->last;

	return parent ? find(parent, tree) : NULL;
}

struct lyd_node *resource_copy(const struct resource *r, struct lyd_node **top)
{
	struct lyd_node *copy = NULL;

	*top = NULL;
	if (!r->last || lyd_dup_single(r->last, NULL, LYD_DUP_WITH_PARENTS | LYD_DUP_RECURSIVE, &copy))
		return NULL;
	for (*top = copy; lyd_parent(*top); *top = (struct lyd_node *)lyd_parent(*top))
		;
	return copy;
}
