// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "mgmt/filter.h"
#include "mgmt/hello.h"
#include "mgmt/xpath.h"

#define WAY_MAX		8	/* nodes from the top to a list of state */
#define VALUE_MAX	4096	/* octets of a value that is compared */
#define STEPS_MAX	100000000u	/* names compared for one request: a second or so */
#define XPATH_MAX	4e6		/* the same of nodes an expression goes through */
#define XPATH_ALL	4e7		/* of a tree in pieces, one in a turn of the loop */
#define XPATH_EVENT_MAX	2e4		/* for one event: there are many, and more subscribers */
#define EVENT_NODES	64		/* that an event may well have */

/* Marks in lyd_node.priv, which is nobody else's in trees made for a reply. */
#define PART	((void *)1)	/* itself, and of what is below only what is marked as well */
#define WHOLE	((void *)2)

/* ------------------------------------------------------------------ marks */

static void mark(struct lyd_node *n, void *how)
{
	if (n->priv != WHOLE)
		n->priv = how;
}

/* What is around it has to be there too, and the keys of lists, by which they are told apart. */
static void mark_around(struct lyd_node *n)
{
	struct lyd_node *key;

	for (; n; n = (struct lyd_node *)lyd_parent(n)) {
		mark(n, PART);
		LY_LIST_FOR(lyd_child(n), key)
			if (key->schema && lysc_is_key(key->schema))
				mark(key, WHOLE);
	}
}

void filter_prune(struct lyd_node **tree)
{
	struct lyd_node *n, *next, *child;

	for (n = *tree; n; n = next) {
		next = n->next;
		if (n->priv == WHOLE)
			continue;
		if (!n->priv) {
			if (n == *tree)
				*tree = next;
			lyd_free_tree(n);
			continue;
		}
		child = lyd_child(n);
		if (child)
			filter_prune(&child);
	}
}

void filter_keep(struct lyd_node *n)
{
	mark_around(n);
	mark(n, WHOLE);
}

bool filter_kept(const struct lyd_node *n)
{
	return n->priv;
}

/* ------------------------------------------------------------------ subtrees */

static unsigned int steps;		/* of this request */

static bool same_name(const struct lyd_node *f, const struct lyd_node *d)
{
	const char *ns = xml_ns(f);

	steps++;
	return d->schema && !strcmp(xml_name(f), d->schema->name) &&
	       (!*ns || !strcmp(ns, d->schema->module->ns)) &&
	       /* attributes have to be there too, and our data has none */
	       !xml_opaque(f)->attr;
}

static bool has_children(const struct lyd_node *f)
{
	return xml_opaque(f)->child;
}

bool filter_is_match(const struct lyd_node *f)
{
	char text[VALUE_MAX];

	return !has_children(f) && *xml_text(f, text, sizeof(text));
}

static bool value_fits(const struct lyd_node *f, const struct lyd_node *d)
{
	char text[VALUE_MAX];

	return (d->schema->nodetype & LYD_NODE_TERM) &&
	       !strcmp(xml_text(f, text, sizeof(text)), lyd_get_value(d));
}

static bool child_fits(const struct lyd_node *f, const struct lyd_node *parent)
{
	const struct lyd_node *d;

	LY_LIST_FOR(lyd_child(parent), d)
		if (same_name(f, d) && value_fits(f, d))
			return true;
	return false;
}

/* All content match nodes in @f fit @d; *@only: there is nothing else in it. */
static bool matches_fit(const struct lyd_node *f, const struct lyd_node *d, bool *only)
{
	const struct lyd_node *c;

	*only = true;
	LY_LIST_FOR(lyd_child(f), c) {
		if (!filter_is_match(c))
			*only = false;
		else if (!child_fits(c, d))
			return false;
	}
	return true;
}

static void select_in(struct lyd_node *data, const struct lyd_node *filters);

/* @f is an element with elements in it. */
static void select_inside(struct lyd_node *d, const struct lyd_node *f)
{
	struct lyd_node *key;
	bool only;

	if (!matches_fit(f, d, &only))
		return;
	if (only) {
		filter_keep(d);
		return;
	}
	LY_LIST_FOR(lyd_child(d), key) {
		const struct lyd_node *c;

		LY_LIST_FOR(lyd_child(f), c) {
			if (filter_is_match(c) && same_name(c, key))
				filter_keep(key);
		}
	}
	select_in(lyd_child(d), lyd_child(f));
}

static void select_one(struct lyd_node *d, const struct lyd_node *f)
{
	if (has_children(f))
		select_inside(d, f);
	else if (!filter_is_match(f) || value_fits(f, d))
		filter_keep(d);
}

/* Content match nodes among @filters have been seen to already, except at the top, where there are none. */
static void select_in(struct lyd_node *data, const struct lyd_node *filters)
{
	const struct lyd_node *f;
	struct lyd_node *d;

	LY_LIST_FOR(filters, f) {
		if (filter_is_match(f))
			continue;
		LY_LIST_FOR(data, d) {
			if (steps > STEPS_MAX)
				return;
			if (same_name(f, d))
				select_one(d, f);
		}
	}
}

bool filter_subtree(struct lyd_node **tree, const struct lyd_node *filter, unsigned int *taken)
{
	steps = *taken;
	select_in(*tree, lyd_child(filter));
	*taken = steps;
	if (steps > STEPS_MAX)
		return false;
	filter_prune(tree);
	return true;
}

static bool is_selected(const struct lyd_node *d, const struct lyd_node *f);

static bool any_selected(const struct lyd_node *data, const struct lyd_node *filters)
{
	const struct lyd_node *f, *d;

	LY_LIST_FOR(filters, f)
		LY_LIST_FOR(data, d)
			if (steps < STEPS_MAX && same_name(f, d) && is_selected(d, f))
				return true;
	return false;
}

/* Content match nodes that fit are selected themselves (RFC 6241, 6.2.5). */
static bool is_selected(const struct lyd_node *d, const struct lyd_node *f)
{
	const struct lyd_node *c;
	bool only;

	if (!has_children(f))
		return !filter_is_match(f) || value_fits(f, d);
	if (!matches_fit(f, d, &only))
		return false;
	LY_LIST_FOR(lyd_child(f), c)
		if (filter_is_match(c))
			return true;
	return any_selected(lyd_child(d), lyd_child(f));
}

/* Whether one of @filters is @name or selects all there is. */
static bool may_select(const struct lyd_node *filter, const char *name, const struct lyd_node **in)
{
	const struct lyd_node *f;

	LY_LIST_FOR(lyd_child(filter), f) {
		if (strcmp(xml_name(f), name) != 0)
			continue;
		*in = f;
		return true;
	}
	return false;
}

bool filter_is_whole(const struct lyd_node *f)
{
	const struct lyd_node *c;

	LY_LIST_FOR(lyd_child(f), c)
		if (!filter_is_match(c))
			return false;
	return true;
}

bool filter_wants(const struct lyd_node *filter, const char *part)
{
	const struct lyd_node *natfw, *state, *in;

	/* several of one name are rare: then all is gathered */
	LY_LIST_FOR(lyd_child(filter), natfw) {
		if (strcmp(xml_name(natfw), "natfw") != 0)
			continue;
		if (filter_is_whole(natfw))
			return true;
		if (!may_select(natfw, "state", &state))
			continue;
		if (!part || filter_is_whole(state) || may_select(state, part, &in))
			return true;
	}
	return false;
}

static bool names(const struct lyd_node *f, const struct lysc_node *node)
{
	const char *ns = xml_ns(f);

	return !strcmp(xml_name(f), node->name) && (!*ns || !strcmp(ns, node->module->ns)) && !xml_opaque(f)->attr;
}

/* Those of @filters that lead to @node, from the top, without a condition on the way. */
static bool covers(const struct lyd_node *filters, const struct lysc_node *const *way, unsigned int n)
{
	const struct lyd_node *f, *c;
	bool condition;

	LY_LIST_FOR(n ? filters : NULL, f) {
		if (!names(f, *way))
			continue;
		if (!has_children(f) && !filter_is_match(f))
			return true;
		condition = filter_is_match(f);
		LY_LIST_FOR(lyd_child(f), c)
			condition = condition || filter_is_match(c);
		if (!condition && covers(lyd_child(f), way + 1, n - 1))
			return true;
	}
	return false;
}

bool filter_selects_all(const struct lyd_node *filter, const struct lysc_node *node)
{
	const struct lysc_node *way[WAY_MAX];
	unsigned int n = 0;

	for (; node && n < WAY_MAX; node = lysc_data_parent(node))
		way[WAY_MAX - ++n] = node;
	return !node && covers(lyd_child(filter), way + WAY_MAX - n, n);
}

/* The one element in @f; NULL: there are more, or none, or it is not called @name. */
static const struct lyd_node *only(const struct lyd_node *f, const char *name)
{
	const struct lyd_node *c = f ? lyd_child(f) : NULL;

	return c && !c->next && !strcmp(xml_name(c), name) ? c : NULL;
}

void filter_session(const struct lyd_node *filter, char *tag, size_t size)
{
	const struct lyd_node *state = only(only(filter, "natfw"), "state"), *entry, *c;

	*tag = '\0';
	entry = only(only(state, "sessions"), "session");
	if (!entry)
		entry = only(only(state, "rules"), "rule");
	LY_LIST_FOR(entry ? lyd_child(entry) : NULL, c)
		if (!strcmp(xml_name(c), "session") && filter_is_match(c) && strlen(xml_opaque(c)->value) < size)
			xml_text(c, tag, size);
}

/* ------------------------------------------------------------------ XPath */

bool filter_xpath_is_local(const struct lyd_attr *select)
{
	return xpath_is_local(select->value);
}

static size_t count_nodes(const struct lyd_node *n)
{
	size_t count = 0;

	for (; n; n = n->next)
		count += 1 + count_nodes(lyd_child(n));
	return count;
}

bool filter_xpath_ends(const struct lyd_node *tree, const struct lyd_attr *select, struct filter_spent *spent)
{
	size_t nodes = count_nodes(tree);

	spent->nodes += (double)nodes;
	spent->cost += xpath_cost(select->value, nodes);
	return xpath_is_cheap(select->value, nodes, XPATH_MAX) &&
	       (spent->cost <= XPATH_ALL || spent->cost <= XPATH_EACH * spent->nodes);
}

const char *filter_xpath(struct lyd_node **tree, const struct lyd_attr *select)
{
	struct ly_set *set = NULL;
	LY_ERR err;
	uint32_t i;

	if (!*tree)
		return NULL;
	err = lyd_find_xpath4(NULL, *tree, select->value, select->format, select->val_prefix_data,
			      NULL, &set);
	ly_err_clean((struct ly_ctx *)LYD_CTX(*tree), NULL);
	if (err)
		return "no expression that selects nodes";
	for (i = 0; i < set->count; i++)
		filter_keep(set->dnodes[i]);
	ly_set_free(set, NULL);
	filter_prune(tree);
	return NULL;
}

/* 0: no, 1: yes, -1: the expression is none. */
static int eval_xpath(const struct lyd_node *n, const char *expr, LY_VALUE_FORMAT format, void *prefixes)
{
	size_t nodes = count_nodes(n);
	struct ly_set *set = NULL;
	ly_bool yes = 0;
	LY_ERR err;

	if (!xpath_is_cheap(expr, nodes > EVENT_NODES ? nodes : EVENT_NODES, XPATH_EVENT_MAX))
		return -1;
	/* from the root, if it selects nodes */
	err = lyd_find_xpath4(NULL, n, expr, format, prefixes, NULL, &set);
	if (!err)
		yes = set->count > 0;
	else
		err = lyd_eval_xpath3(n, NULL, expr, format, prefixes, NULL, &yes);
	ly_set_free(set, NULL);
	ly_err_clean((struct ly_ctx *)LYD_CTX(n), NULL);
	return err ? -1 : yes;
}

/* With NETCONF's namespace or without any; examples in RFC 5277 have both. */
static const struct lyd_attr *attribute(const struct lyd_node *filter, const char *name)
{
	const struct lyd_attr *a;

	for (a = xml_opaque(filter)->attr; a; a = a->next)
		if (!strcmp(a->name.name, name) &&
		    (!a->name.prefix || (a->name.module_ns && !strcmp(a->name.module_ns, NETCONF_NS))))
			return a;
	return NULL;
}

static int eval_filter(const struct lyd_node *n, const struct lyd_node *filter)
{
	const struct lyd_attr *type = attribute(filter, "type");
	const struct lyd_attr *select = attribute(filter, "select");

	if (!type || !strcmp(type->value, "subtree")) {
		steps = 0;
		return any_selected(n, lyd_child(filter));
	}
	if (strcmp(type->value, "xpath") || !select)
		return -1;
	return eval_xpath(n, select->value, select->format, select->val_prefix_data);
}

bool filter_fits(const struct lyd_node *n, const struct lyd_node *filter)
{
	return eval_filter(n, filter) == 1;
}

bool filter_fits_xpath(const struct lyd_node *n, const char *expr)
{
	return eval_xpath(n, expr, LY_VALUE_JSON, NULL) == 1;
}

bool filter_is_good(const struct lyd_node *n, const struct lyd_node *filter)
{
	return eval_filter(n, filter) >= 0;
}

bool filter_is_xpath(const struct lyd_node *n, const char *expr)
{
	return eval_xpath(n, expr, LY_VALUE_JSON, NULL) >= 0;
}
