// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * POST, PUT, PATCH and DELETE of data (RFC 8040, 4.4 to 4.7): each is an edit of running, with operations as
 * NETCONF has them, which is in force and on disk when it is answered.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mgmt/commit.h"
#include "mgmt/confirm.h"
#include "mgmt/datastore.h"
#include "mgmt/hush.h"
#include "mgmt/lock.h"
#include "mgmt/nacm.h"
#include "mgmt/rest_body.h"
#include "mgmt/store.h"

#define KEYS_MAX	1024	/* octets of an entry's keys as predicates */

/* An edit while it is made. */
struct edit {
	struct lyd_node *top;		/* all of it */
	struct lyd_node *node;		/* the one that is created, replaced, merged or deleted; NULL: all */
	enum edit_default def;
};

/* ------------------------------------------------------------------ what is there */

/* What may not be read is not there for who may not. */
static struct lyd_node *seen(const struct restconf *r, struct lyd_node *n)
{
	return n && nacm_may_see(r->user, n) ? n : NULL;
}

static struct lyd_node *existing(const struct restconf *r)
{
	return seen(r, resource_find(&r->target, datastore_tree(DATASTORE_RUNNING)));
}

/* By basic mode trim what has its default value is not there (RFC 6243, 2.2.2). */
static bool exists(const struct lyd_node *n)
{
	return n && !(n->flags & LYD_DEFAULT);
}

/* A container without presence is there whenever what it is in is. */
static bool is_structure(const struct lysc_node *s)
{
	return s->nodetype == LYS_CONTAINER && !(s->flags & LYS_PRESENCE);
}

static bool parent_exists(const struct restconf *r)
{
	return !lysc_data_parent(r->target.schema) ||
	       seen(r, resource_parent(&r->target, datastore_tree(DATASTORE_RUNNING)));
}

static bool missing(struct restconf *r)
{
	rest_fail(r, 404, "invalid-value", "there is none");
	return false;
}

/* ------------------------------------------------------------------ a new place */

static bool mark(const struct lyd_node *n, const char *name, const char *value)
{
	return !lyd_new_meta(NULL, (struct lyd_node *)n, NULL, name, value, 0, NULL);
}

/* [k='v']... of an entry; false: a value has both kinds of quotation marks, or they are too long. */
static bool predicates(const struct lyd_node *entry, char keys[KEYS_MAX])
{
	const struct lyd_node *k;
	size_t n = 0;

	LY_LIST_FOR(lyd_child(entry), k) {
		const char *value = lyd_get_value(k);
		char quote = strchr(value, '\'') ? '"' : '\'';

		if (!lysc_is_key(k->schema))
			break;
		if (strchr(value, quote) || n >= KEYS_MAX)
			return false;
		n += (size_t)snprintf(keys + n, KEYS_MAX - n, "[%s=%c%s%c]", k->schema->name, quote, value,
				      quote);
	}
	return n < KEYS_MAX;
}

/* The point has to be an entry of the list that @node is of, beside it. */
static const char *mark_point(const struct restconf *r, const struct lyd_node *node)
{
	const char *wrong = "the point is no entry beside it";
	bool list = node->schema->nodetype == LYS_LIST;
	struct resource at = { .way = NULL };
	char keys[KEYS_MAX];
	struct uri u;

	if (!uri_read(&u, r->query.point) && !resource_point(&at, store_ctx(), &u) && at.instance &&
	    at.schema == node->schema && seen(r, resource_find(&at, datastore_tree(DATASTORE_RUNNING))) &&
	    (!list || predicates(at.last, keys)) &&
	    mark(node, list ? "yang:key" : "yang:value", list ? keys : lyd_get_value(at.last)))
		wrong = NULL;
	resource_fini(&at);
	uri_fini(&u);
	return wrong;
}

/* False, and the request is answered. */
static bool place(struct restconf *r, const struct lyd_node *node)
{
	static const char *const words[] = {
		[INSERT_LAST] = "last", [INSERT_FIRST] = "first", [INSERT_BEFORE] = "before",
		[INSERT_AFTER] = "after",
	};
	const char *wrong = NULL;

	if (!(r->query.given & QUERY(QUERY_INSERT)))
		return true;
	if (!lysc_is_userordered(node->schema))
		wrong = "what is not ordered by its user has no place";
	else if (!mark(node, "yang:insert", words[r->query.insert]))
		wrong = "out of memory";
	else if (r->query.given & QUERY(QUERY_POINT))
		wrong = mark_point(r, node);
	if (wrong)
		rest_fail(r, 400, "invalid-value", "%s", wrong);
	return !wrong;
}

/* ------------------------------------------------------------------ the edit */

/* The child of @parent, or of the top, that was parsed, and is the only one. NULL: it is not so. */
static struct lyd_node *only_child(const struct lyd_node *parent, struct lyd_node *tree)
{
	struct lyd_node *first = parent ? lyd_child_no_keys(parent) : tree;

	return first && !first->next ? first : NULL;
}

static bool operate(struct restconf *r, const struct lyd_node *n, const char *operation)
{
	if (mark(n, "ietf-netconf:operation", operation))
		return true;
	rest_give_up(r);
	return false;
}

/* The body, in the place it is meant for. */
static bool read_body(struct restconf *r, struct edit *e, struct lyd_node *parent)
{
	struct lyd_node *tree;
	bool good = rest_body_read(r, parent, false, &tree);

	if (!parent)
		e->top = tree;
	if (!good)
		return false;
	e->node = only_child(parent, tree);
	if (e->node)
		return true;
	rest_fail(r, 400, "invalid-value", "a body has exactly one instance");
	return false;
}

static bool make_post(struct restconf *r, struct edit *e)
{
	struct lyd_node *parent = NULL;

	if (!rest_body_check(r))
		return false;
	if (r->target.kind == RESOURCE_DATA) {
		if (!existing(r))
			return missing(r);
		parent = resource_copy(&r->target, &e->top);
	}
	if (r->target.kind == RESOURCE_DATA && !parent) {
		rest_give_up(r);
		return false;
	}
	return read_body(r, e, parent) && operate(r, e->node, "create") && place(r, e->node);
}

/* The entry that is in the body has to be the one in the path (RFC 8040, 4.5 and 4.6.1). */
static bool is_target(const struct restconf *r, struct lyd_node *n)
{
	struct lyd_node *match;

	if (n->schema != r->target.schema)
		return false;
	return !r->target.instance || !(n->schema->nodetype & (LYS_LIST | LYS_LEAFLIST)) ||
	       !lyd_find_sibling_first(n, r->target.last, &match);
}

/* @operation on the target, which the body is. */
static bool make_target(struct restconf *r, struct edit *e, const char *operation)
{
	struct lyd_node *way = resource_copy(&r->target, &e->top), *parent = way;

	if (r->target.last && !way) {
		rest_give_up(r);
		return false;
	}
	if (r->target.instance) {
		parent = (struct lyd_node *)lyd_parent(way);
		if (!parent)
			e->top = NULL;
		lyd_free_tree(way);
	}
	if (!read_body(r, e, parent))
		return false;
	if (is_target(r, e->node))
		return operate(r, e->node, operation);
	rest_fail(r, 400, "invalid-value", "the body is another instance than the path");
	return false;
}

static bool make_put(struct restconf *r, struct edit *e)
{
	if (!rest_body_check(r))
		return false;
	if (r->target.kind == RESOURCE_DATASTORE) {
		e->def = EDIT_REPLACE;
		return rest_body_read(r, NULL, true, &e->top);
	}
	if (!parent_exists(r))
		return missing(r);
	return make_target(r, e, "replace") && place(r, e->node);
}

static bool make_patch(struct restconf *r, struct edit *e)
{
	struct lyd_node *n;

	if (!rest_body_check(r))
		return false;
	if (r->target.kind == RESOURCE_DATASTORE) {
		e->def = EDIT_MERGE;
		return rest_body_read(r, NULL, true, &e->top);
	}
	n = existing(r);
	if (!n || (!exists(n) && !is_structure(n->schema) && !(n->schema->nodetype & LYD_NODE_TERM)))
		return missing(r);
	return make_target(r, e, "merge");
}

static bool make_delete(struct restconf *r, struct edit *e)
{
	const struct lyd_node *n = existing(r);

	if (!exists(n))
		return missing(r);
	if (lyd_dup_single(n, NULL, LYD_DUP_WITH_PARENTS, &e->node)) {
		rest_give_up(r);
		return false;
	}
	for (e->top = e->node; lyd_parent(e->top); e->top = (struct lyd_node *)lyd_parent(e->top))
		;
	return operate(r, e->node, "delete");
}

/* ------------------------------------------------------------------ where it is then */

static void put_value(struct evbuffer *out, const char *value)
{
	for (; *value; value++) {
		if (isalnum((unsigned char)*value) || strchr("-._~", *value))
			evbuffer_add(out, value, 1);
		else
			evbuffer_add_printf(out, "%%%02X", (unsigned char)*value);
	}
}

static void put_keys(struct evbuffer *out, const struct lyd_node *n)
{
	const struct lyd_node *k;
	char before = '=';

	if (n->schema->nodetype == LYS_LEAFLIST) {
		evbuffer_add(out, &before, 1);
		put_value(out, lyd_get_value(n));
	}
	LY_LIST_FOR(n->schema->nodetype == LYS_LIST ? lyd_child(n) : NULL, k) {
		if (!lysc_is_key(k->schema))
			break;
		evbuffer_add(out, &before, 1);
		put_value(out, lyd_get_value(k));
		before = ',';
	}
}

/* Names of modules where they are another one than that of the node around (RFC 8040, 3.5.3). */
static void put_location(struct evbuffer *out, const struct lyd_node *n)
{
	const struct lyd_node *parent = lyd_parent(n);
	const struct lys_module *m = n->schema->module;

	if (parent)
		put_location(out, parent);
	if (parent && parent->schema->module == m)
		evbuffer_add_printf(out, "/%s", n->schema->name);
	else
		evbuffer_add_printf(out, "/%s:%s", m->name, n->schema->name);
	put_keys(out, n);
}

static char *location_of(const struct lyd_node *n)
{
	struct evbuffer *out = evbuffer_new();
	char *text = NULL;

	if (!out)
		return NULL;
	evbuffer_add_printf(out, "/" RESTCONF_ROOT "/data");
	put_location(out, n);
	evbuffer_add(out, "", 1);
	text = strdup((const char *)evbuffer_pullup(out, -1));
	evbuffer_free(out);
	return text;
}

/* ------------------------------------------------------------------ commit */

/* What is told of then is what was created (RFC 9110, 15.3.2). */
static void go_to_location(struct restconf *r)
{
	resource_fini(&r->target);
	uri_fini(&r->uri);
	if (!uri_read(&r->uri, r->location))
		(void)resource_read(&r->target, store_ctx(), &r->uri);
}

static void on_committed(void *arg, const struct mgmt_error *e)
{
	struct restconf *r = arg;
	struct evbuffer *fields;
	unsigned int status;

	r->commit = NULL;
	if (e) {
		rest_error(r, 0, e);
		return;
	}
	if (r->location && r->method == REST_POST)
		go_to_location(r);
	/* conditions have been looked at before; the tag is the new one */
	fields = rest_conditions(r, &status);
	if (fields && r->location && r->method == REST_POST)
		evbuffer_add_printf(fields, "Location: %s\r\n", r->location);
	rest_done(r, r->location ? 201 : 204, fields);
}

/*
 * What is on trial is confirmed by this, unless somebody is to say the word for that, and only then; locks hold
 * whoever has them (RFC 8040, 1.4).
 */
static bool may_commit(struct mgmt_error *e)
{
	uint32_t session;

	if (!lock_allows(DATASTORE_RUNNING, 0, e))
		return false;
	if (!confirm_is_pending(&session) || session)
		return true;
	return error_set(e, "in-use", NULL, "a commit waits to be confirmed by its persist-id");
}

static void commit(struct restconf *r, struct edit *e)
{
	struct commit_wish w = { .user = r->user, .how = CHANGE_KEEP };
	struct mgmt_error error;

	if (!may_commit(&error)) {
		rest_error(r, 0, &error);
		return;
	}
	w.wanted = datastore_copy(DATASTORE_RUNNING);
	if (!edit_apply(&w.wanted, e->top, e->def, &error)) {
		lyd_free_all(w.wanted);
		hush_edit(&error, r->user, e->top);
		rest_error(r, 0, &error);
		return;
	}
	r->commit = commit_begin(&w, on_committed, r);
	if (!r->commit)
		rest_fail(r, 0, "resource-denied", "out of memory");
}

static bool make(struct restconf *r, struct edit *e)
{
	switch (r->method) {
	case REST_POST:
		return make_post(r, e);
	case REST_PUT:
		return make_put(r, e);
	case REST_PATCH:
		return make_patch(r, e);
	default:
		return make_delete(r, e);
	}
}

/* What is created, so that it can be told where it is; NULL: nothing is. */
static const struct lyd_node *created(const struct restconf *r, const struct edit *e)
{
	if (r->method == REST_POST)
		return e->node;
	return r->method == REST_PUT && e->node && !exists(existing(r)) && !is_structure(e->node->schema) ?
	       e->node : NULL;
}

static void edit(struct restconf *r)
{
	struct edit e = { .def = EDIT_NONE };
	const struct lyd_node *new;
	struct evbuffer *fields;
	unsigned int status;

	fields = rest_conditions(r, &status);
	if (fields)
		evbuffer_free(fields);
	if (status) {
		rest_fail(r, status, "operation-failed", "it is not as the request wants it to be");
		return;
	}
	if (make(r, &e)) {
		new = created(r, &e);
		r->location = new ? location_of(new) : NULL;
		commit(r, &e);
	}
	lyd_free_all(e.top);
}

static void on_turn(void *arg)
{
	struct restconf *r = arg;

	r->waiter = NULL;
	edit(r);
}

/* After what is under way: what it changes is what this one's conditions are on. */
void rest_edit(struct restconf *r)
{
	if (!commit_is_busy()) {
		edit(r);
		return;
	}
	r->waiter = commit_wait(on_turn, r);
	if (!r->waiter)
		rest_give_up(r);
}
