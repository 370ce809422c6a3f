// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mgmt/edit.h"

#define DEPTH_MAX	64
#define KEYS_MAX	1024	/* octets of an entry's keys as predicates */

enum operation { OP_MERGE, OP_REPLACE, OP_NONE, OP_CREATE, OP_DELETE, OP_REMOVE };

static const char *const words[] = { "merge", "replace", "none", "create", "delete", "remove" };

struct editor {
	struct lyd_node **tree;
	struct mgmt_error e;		/* of the node at hand */
	void (*failed)(void *arg, const struct mgmt_error *e);	/* NULL: the first error is the end */
	void *arg;
	bool bad;
};

/* ------------------------------------------------------------------ looking */

static struct lyd_node *first_of(const struct editor *ed, struct lyd_node *parent)
{
	return parent ? lyd_child(parent) : *ed->tree;
}

/* What @en is about, among the children of @parent (NULL: at the top). NULL: it is not there. */
static struct lyd_node *match(const struct editor *ed, struct lyd_node *parent,
			      const struct lyd_node *en)
{
	struct lyd_node *n = NULL;

	/* of a leaf the library would look for the value, too, where there are few siblings */
	if (en->schema->nodetype & (LYS_LIST | LYS_LEAFLIST))
		(void)lyd_find_sibling_first(first_of(ed, parent), en, &n);
	else
		(void)lyd_find_sibling_val(first_of(ed, parent), en->schema, NULL, 0, &n);
	return n;
}

/* By basic mode trim what has its default value is not there (RFC 6243, 2.2.2). */
static bool exists(const struct lyd_node *n)
{
	return n && !(n->flags & LYD_DEFAULT);
}

static bool is_structure(const struct lyd_node *n)
{
	return n->schema->nodetype == LYS_CONTAINER && !(n->schema->flags & LYS_PRESENCE);
}

static const char *meta(const struct lyd_node *n, const char *module, const char *name)
{
	const struct lyd_meta *m;

	LY_LIST_FOR(n->meta, m)
		if (!strcmp(m->name, name) && !strcmp(m->annotation->module->name, module))
			return lyd_get_meta_value(m);
	return NULL;
}

/* The same of what was read without a schema. */
static const char *opaque_operation(const struct lyd_node *en)
{
	const struct lyd_attr *a = ((const struct lyd_node_opaq *)en)->attr;

	while (a && strcmp(a->name.name, "operation") != 0)
		a = a->next;
	return a ? a->value : NULL;
}

static enum operation operation_of(const struct lyd_node *en, enum operation outer)
{
	const char *word = en->schema ? meta(en, "ietf-netconf", "operation") : opaque_operation(en);
	enum operation op;

	for (op = OP_MERGE; word && op <= OP_REMOVE; op++)
		if (!strcmp(word, words[op]))
			return op;
	return outer;
}

/* ------------------------------------------------------------------ taking away */

static void drop(struct editor *ed, struct lyd_node *n)
{
	if (*ed->tree == n)
		*ed->tree = n->next;
	lyd_free_tree(n);
}

/* The choice that @s is in, and by which case; NULL: none. Those around it one by one. */
static const struct lysc_node *choice_of(const struct lysc_node *s, const struct lysc_node **branch)
{
	for (; s->parent && s->parent->nodetype & (LYS_CASE | LYS_CHOICE); s = s->parent)
		if (s->parent->nodetype == LYS_CHOICE) {
			*branch = s;
			return s->parent;
		}
	return NULL;
}

static bool is_within(const struct lysc_node *s, const struct lysc_node *around)
{
	for (; s; s = s->parent)
		if (s == around)
			return true;
	return false;
}

/* One case at a time is there (RFC 7950, 7.9): what is in others goes when @schema comes. */
static void drop_other_cases(struct editor *ed, struct lyd_node *parent,
			     const struct lysc_node *schema)
{
	const struct lysc_node *branch = NULL, *choice = choice_of(schema, &branch);
	struct lyd_node *n, *next;

	for (; choice; choice = choice_of(choice, &branch))
		LY_LIST_FOR_SAFE(first_of(ed, parent), next, n)
			if (is_within(n->schema, choice) && !is_within(n->schema, branch))
				drop(ed, n);
}

/* All in @n but its keys. */
static void empty(struct editor *ed, struct lyd_node *n)
{
	struct lyd_node *c, *next;

	LY_LIST_FOR_SAFE(lyd_child_no_keys(n), next, c)
		drop(ed, c);
}

/* ------------------------------------------------------------------ order */

/*
 * Predicates of keys without prefixes, which are those of a document that is no more: a key is in the module of its
 * list. To @out.
 */
static const char *plain_keys(const char *keys, char out[KEYS_MAX])
{
	size_t n = 0, name = 0;
	char quote = 0;

	for (; *keys && n < KEYS_MAX - 1; keys++) {
		if (quote)
			quote = *keys == quote ? 0 : quote;
		else if (*keys == '\'' || *keys == '"')
			quote = *keys;
		if (!quote && *keys == ':') {
			n = name;
			continue;
		}
		out[n++] = *keys;
		if (!quote && *keys == '[')
			name = n;
	}
	out[n] = 0;
	return out;
}

/* The entry next to which @en wants to be, of the list or leaf-list of @n. */
static struct lyd_node *neighbour(struct editor *ed, struct lyd_node *parent, struct lyd_node *n,
				  const struct lyd_node *en)
{
	bool list = n->schema->nodetype == LYS_LIST;
	const char *where = meta(en, "yang", list ? "key" : "value");
	struct lyd_node *other = NULL;
	char keys[KEYS_MAX];

	if (!where) {
		error_bad(&ed->e, "missing-attribute", list ? "key" : "value", n, "next to which one?");
		return NULL;
	}
	if (list)
		where = plain_keys(where, keys);
	(void)lyd_find_sibling_val(first_of(ed, parent), n->schema, where, strlen(where), &other);
	ly_err_clean((struct ly_ctx *)LYD_CTX(n), NULL);
	if (other && other != n)
		return other;
	error_bad(&ed->e, "bad-attribute", list ? "key" : "value", n, "there is no other such entry");
	ed->e.app_tag = "missing-instance";
	return NULL;
}

static bool put_beside(struct editor *ed, struct lyd_node *parent, struct lyd_node *n,
		       const struct lyd_node *en, bool before)
{
	struct lyd_node *other = neighbour(ed, parent, n, en);

	if (!other)
		return false;
	if (before)
		lyd_insert_before(other, n);
	else
		lyd_insert_after(other, n);
	return true;
}

/* To the first or last place among those of its schema. */
static void put_at_end(struct editor *ed, struct lyd_node *parent, struct lyd_node *n, bool last)
{
	struct lyd_node *c, *end = NULL;

	LY_LIST_FOR(first_of(ed, parent), c) {
		if (c->schema != n->schema || c == n)
			continue;
		end = c;
		if (!last)
			break;
	}
	if (end && last)
		lyd_insert_after(end, n);
	else if (end)
		lyd_insert_before(end, n);
}

/* Where @en wants it (RFC 7950, 7.7.9 and 7.8.6). Otherwise @n stays where it is, which is the end for a new one. */
static bool place(struct editor *ed, struct lyd_node *parent, struct lyd_node *n,
		  const struct lyd_node *en)
{
	const char *insert = meta(en, "yang", "insert");
	bool good = true;

	if (!insert)
		return true;
	if (!lysc_is_userordered(n->schema))
		return error_bad(&ed->e, "unknown-attribute", "insert", n, "has no order of users");
	if (!strcmp(insert, "before") || !strcmp(insert, "after"))
		good = put_beside(ed, parent, n, en, *insert == 'b');
	else
		put_at_end(ed, parent, n, !strcmp(insert, "last"));
	*ed->tree = lyd_first_sibling(*ed->tree);
	return good;
}

/* ------------------------------------------------------------------ putting in */

/* A copy of @en in @parent, with its keys, without what else is in it. NULL: no memory. */
static struct lyd_node *make(struct editor *ed, struct lyd_node *parent, const struct lyd_node *en)
{
	struct lyd_node *n = NULL;

	if (lyd_dup_single(en, (struct lyd_node_inner *)parent, LYD_DUP_NO_META, &n)) {
		error_set(&ed->e, "resource-denied", en, "out of memory");
		return NULL;
	}
	if (!parent)
		lyd_insert_sibling(*ed->tree, n, ed->tree);
	return n;
}

static bool change(struct editor *ed, struct lyd_node *n, const struct lyd_node *en)
{
	LY_ERR err = lyd_change_term(n, lyd_get_value(en));

	if (!err || err == LY_EEXIST || err == LY_ENOT)
		return true;
	return error_libyang(&ed->e, (struct ly_ctx *)LYD_CTX(n));
}

static bool apply_children(struct editor *ed, struct lyd_node *n, const struct lyd_node *en,
			   enum operation op, unsigned int depth);

/* It is to be there with what @en has: merge, replace, create. */
static bool put(struct editor *ed, struct lyd_node *parent, struct lyd_node *n,
		const struct lyd_node *en, enum operation op, unsigned int depth)
{
	bool term = en->schema->nodetype & LYD_NODE_TERM;

	if (!n) {
		drop_other_cases(ed, parent, en->schema);
		n = make(ed, parent, en);
	} else if (op == OP_REPLACE && !term) {
		empty(ed, n);
	}
	if (!n || !place(ed, parent, n, en))
		return false;
	if (!term)
		return apply_children(ed, n, en, op, depth + 1);
	return en->schema->nodetype == LYS_LEAFLIST || change(ed, n, en);
}

/* Only what is in it is to change. */
static bool pass(struct editor *ed, struct lyd_node *parent, struct lyd_node *n,
		 const struct lyd_node *en, unsigned int depth)
{
	if (!exists(n) && !is_structure(en))
		return error_set(&ed->e, "data-missing", en, "is not there");
	if (en->schema->nodetype & LYD_NODE_TERM)
		return true;
	if (n)
		return apply_children(ed, n, en, OP_NONE, depth + 1);
	n = make(ed, parent, en);
	if (!n || !apply_children(ed, n, en, OP_NONE, depth + 1))
		return false;
	if (lyd_child(n))
		drop_other_cases(ed, parent, en->schema);
	else
		drop(ed, n);
	return true;
}

/* ------------------------------------------------------------------ nodes */

static const struct lys_module *module_of(const struct lyd_node_opaq *o)
{
	if (o->format == LY_VALUE_XML)
		return ly_ctx_get_module_implemented_ns(o->ctx, o->name.module_ns ? o->name.module_ns : "");
	return ly_ctx_get_module_implemented(o->ctx, o->name.module_name ? o->name.module_name : "");
}

/* The first key of list @s that @o does not have; NULL: all are there. */
static const struct lysc_node *missing_key(const struct lysc_node *s, const struct lyd_node_opaq *o)
{
	const struct lysc_node *key = lysc_node_child(s);
	const struct lyd_node *c;

	for (; key && lysc_is_key(key); key = key->next) {
		LY_LIST_FOR(o->child, c)
			if (!strcmp(LYD_NAME(c), key->name))
				break;
		if (!c)
			return key;
	}
	return NULL;
}

/* Why @en has no schema, @s being what its name stands for (NULL: nothing). */
static bool misfit(struct editor *ed, const struct lyd_node *en, const struct lysc_node *s)
{
	const struct lyd_node_opaq *o = (const struct lyd_node_opaq *)en;
	const struct lysc_node *key = s && s->nodetype == LYS_LIST ? missing_key(s, o) : NULL;
	struct mgmt_error where;

	if (!module_of(o))
		return error_bad(&ed->e, "unknown-namespace", o->name.name, en, "no module has this namespace");
	if (!s)
		return error_bad(&ed->e, "unknown-element", o->name.name, en, "there is no such node");
	if (key)
		return error_bad(&ed->e, "missing-element", key->name, en, "an entry has its key");
	ly_err_clean((struct ly_ctx *)o->ctx, NULL);
	(void)lyd_parse_opaq_error(en);
	error_libyang(&ed->e, (struct ly_ctx *)o->ctx);
	error_set(&where, ed->e.tag, en, "%s", "");
	memcpy(ed->e.path, where.path, sizeof(where.path));
	return false;
}

/* A leaf that goes away needs no value; whatever else does not fit the schema is wrong. */
static bool apply_opaque(struct editor *ed, struct lyd_node *parent, const struct lyd_node *en,
			 enum operation outer)
{
	const struct lyd_node_opaq *o = (const struct lyd_node_opaq *)en;
	const struct lys_module *m = module_of(o);
	const struct lysc_node *s = m ? lys_find_child(parent ? parent->schema : NULL, m, o->name.name,
						       0, 0, 0) : NULL;
	enum operation op = operation_of(en, outer);
	struct lyd_node *n = NULL;

	if (!s || s->nodetype != LYS_LEAF || o->child || (op != OP_DELETE && op != OP_REMOVE) ||
	    strspn(o->value, " \t\r\n") != strlen(o->value))
		return misfit(ed, en, s);
	(void)lyd_find_sibling_val(first_of(ed, parent), s, NULL, 0, &n);
	if (op == OP_DELETE && !exists(n))
		return error_set(&ed->e, "data-missing", en, "is not there");
	if (n)
		drop(ed, n);
	return true;
}

static bool apply_node(struct editor *ed, struct lyd_node *parent, const struct lyd_node *en,
		       enum operation outer, unsigned int depth)
{
	struct lyd_node *n;
	enum operation op = operation_of(en, outer);

	if (!en->schema)
		return apply_opaque(ed, parent, en, outer);
	if (depth > DEPTH_MAX)
		return error_set(&ed->e, "too-big", NULL, "too deep");
	if (!(en->schema->flags & LYS_CONFIG_W))
		return error_bad(&ed->e, "unknown-element", en->schema->name, en, "is state");
	n = match(ed, parent, en);
	switch (op) {
	case OP_NONE:
		return pass(ed, parent, n, en, depth);
	case OP_CREATE:
		if (exists(n))
			return error_set(&ed->e, "data-exists", en, "is there already");
		break;
	case OP_DELETE:
		if (!exists(n))
			return error_set(&ed->e, "data-missing", en, "is not there");
		/* fall through */
	case OP_REMOVE:
		if (n)
			drop(ed, n);
		return true;
	default:
		break;
	}
	return put(ed, parent, n, en, op, depth);
}

/* False: it is to end here. */
static bool apply_one(struct editor *ed, struct lyd_node *parent, const struct lyd_node *en,
		      enum operation outer, unsigned int depth)
{
	if (apply_node(ed, parent, en, outer, depth))
		return true;
	/* what is in a node that failed has been told of */
	if (ed->failed && ed->e.tag)
		ed->failed(ed->arg, &ed->e);
	ed->e.tag = ed->failed ? NULL : ed->e.tag;
	ed->bad = true;
	return ed->failed;
}

/* Whether @a and @b are of two cases of one choice. */
static bool exclude(const struct lysc_node *a, const struct lysc_node *b)
{
	const struct lysc_node *branch = NULL, *choice = choice_of(a, &branch);

	for (; choice; choice = choice_of(choice, &branch))
		if (is_within(b, choice) && !is_within(b, branch))
			return true;
	return false;
}

/* Nodes of two cases are not to come in one edit (RFC 7950, 8.3.1), but to go. */
static bool is_one_case(struct editor *ed, const struct lyd_node *first, enum operation outer)
{
	const struct lysc_node *branch;
	const struct lyd_node *a, *b;
	enum operation op;

	LY_LIST_FOR(first, a) {
		op = operation_of(a, outer);
		if (!a->schema || !choice_of(a->schema, &branch) || op == OP_DELETE || op == OP_REMOVE)
			continue;
		for (b = first; b != a; b = b->next) {
			op = operation_of(b, outer);
			if (b->schema && op != OP_DELETE && op != OP_REMOVE && exclude(a->schema, b->schema))
				return error_bad(&ed->e, "bad-element", a->schema->name, a,
						 "goes not with %s", b->schema->name);
		}
	}
	return true;
}

static bool apply_children(struct editor *ed, struct lyd_node *n, const struct lyd_node *en,
			   enum operation op, unsigned int depth)
{
	const struct lyd_node *c;

	if (!is_one_case(ed, lyd_child_no_keys(en), op))
		return false;
	LY_LIST_FOR(lyd_child_no_keys(en), c)
		if (!apply_one(ed, n, c, op, depth))
			return false;
	return true;
}

/* ------------------------------------------------------------------ defaults */

static bool mark(struct lyd_node *n)
{
	struct lyd_node *c;
	bool all = true;

	LY_LIST_FOR(lyd_child(n), c)
		all &= mark(c);
	if (n->schema->nodetype & LYD_NODE_TERM)
		all = n->schema->nodetype == LYS_LEAF && !lysc_is_key(n->schema) && lyd_is_default(n);
	else if (!is_structure(n))
		all = false;
	if (all)
		n->flags |= LYD_DEFAULT;
	else
		n->flags &= ~LYD_DEFAULT;
	return all;
}

bool edit_defaults(struct lyd_node **tree, struct ly_ctx *ctx)
{
	struct lyd_node *n;

	if (lyd_new_implicit_all(tree, ctx, LYD_IMPLICIT_NO_STATE, NULL))
		return false;
	LY_LIST_FOR(*tree, n)
		mark(n);
	return true;
}

/* ------------------------------------------------------------------ the whole */

/* default-operation replace is about the whole datastore (RFC 6241, 7.2). */
static void empty_all(struct editor *ed)
{
	lyd_free_all(*ed->tree);
	*ed->tree = NULL;
}

static bool apply(struct editor *ed, const struct lyd_node *edit, enum edit_default def)
{
	struct ly_ctx *ctx = edit ? (struct ly_ctx *)LYD_CTX(edit) : NULL;
	enum operation op = def == EDIT_NONE ? OP_NONE : def == EDIT_REPLACE ? OP_REPLACE : OP_MERGE;
	const struct lyd_node *en;

	if (!ctx && *ed->tree)
		ctx = (struct ly_ctx *)LYD_CTX(*ed->tree);
	if (def == EDIT_REPLACE)
		empty_all(ed);
	LY_LIST_FOR(edit, en)
		if (!apply_one(ed, NULL, en, op, 0))
			return false;
	if (ctx && !edit_defaults(ed->tree, ctx))
		return error_set(&ed->e, "resource-denied", NULL, "out of memory");
	return !ed->bad;
}

bool edit_apply(struct lyd_node **tree, const struct lyd_node *edit, enum edit_default def,
		struct mgmt_error *e)
{
	struct editor ed = { .tree = tree };
	bool good = apply(&ed, edit, def);

	if (!good)
		*e = ed.e;
	return good;
}

bool edit_apply_each(struct lyd_node **tree, const struct lyd_node *edit, enum edit_default def,
		     void (*failed)(void *arg, const struct mgmt_error *e), void *arg)
{
	struct editor ed = { .tree = tree, .failed = failed, .arg = arg };

	return apply(&ed, edit, def);
}
