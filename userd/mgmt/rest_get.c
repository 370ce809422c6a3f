// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * GET and HEAD of the datastore and what is in it (RFC 8040, 4.3).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mgmt/fields.h"
#include "mgmt/filter.h"
#include "mgmt/gather.h"
#include "mgmt/nacm.h"
#include "mgmt/natwish.h"
#include "mgmt/pieces.h"
#include "mgmt/rest.h"
#include "mgmt/state.h"

#define COPY_MAX	4096	/* octets that are copied rather than referred to */
#define STEPS		3	/* of a path that says which state is wanted */
#define AHEAD_PARTS	(256u << 10)	/* octets not taken, until a long answer is gone on with */

/* ------------------------------------------------------------------ what is to be gathered */

/* The names of the nodes above @n and of itself, from the top. */
static unsigned int names_of(const struct lysc_node *n, const char *name[STEPS])
{
	unsigned int depth;

	if (!n)
		return 0;
	/* choices and cases are in the schema only */
	depth = names_of(lysc_data_parent(n), name);
	if (depth < STEPS)
		name[depth] = n->name;
	return depth + 1;
}

static unsigned int parts_of(const char *const name[STEPS], unsigned int depth)
{
	unsigned int i;

	if (!strcmp(name[0], "acls"))
		return 1u << STATE_ACES;
	if (strcmp(name[0], "natfw") != 0 || (depth > 1 && strcmp(name[1], "state") != 0))
		return 0;
	for (i = 0; depth > 2 && i < STATE_PARTS; i++)
		if (STATE_ALL & STATE_BIT(i) && !strcmp(name[2], state_name(i)))
			return 1u << i;
	return STATE_ALL;
}

static void wish_for(struct gather_wish *w, const char *const name[STEPS], unsigned int depth)
{
	w->parts |= parts_of(name, depth);
	w->monitoring |= !strcmp(name[0], "netconf-state");
	w->streams |= !strcmp(name[0], "netconf");
	w->denied |= !strcmp(name[0], "nacm");
	w->restconf |= !strcmp(name[0], "restconf-state");
	w->library |= !strcmp(name[0], "yang-library") || !strcmp(name[0], "modules-state");
}

/* All that may be at the top, as far as somebody has to be asked for it. */
static void wish_for_all(struct gather_wish *w, const struct fields *f)
{
	static const char *const tops[][STEPS] = {
		{ "natfw" }, { "acls" }, { "netconf-state" }, { "restconf-state" }, { "yang-library" },
		{ "modules-state" }, { "netconf" }, { "nacm" },
	};
	size_t i;

	for (i = 0; i < sizeof(tops) / sizeof(tops[0]); i++)
		if (!f->first || fields_want(f, tops[i][0]))
			wish_for(w, tops[i], 1);
}

/* ------------------------------------------------------------------ less of it */

static bool is_key(const struct lyd_node *n)
{
	return n->schema && lysc_is_key(n->schema);
}

/* Whether there is something left of @n. */
static bool keep_content(struct lyd_node *n, bool config)
{
	struct lyd_node *c, *next;
	bool own = !!(n->schema->flags & LYS_CONFIG_W) == config, some = false;

	LY_LIST_FOR_SAFE(lyd_child_no_keys(n), next, c) {
		if (keep_content(c, config))
			some = true;
		else
			lyd_free_tree(c);
	}
	return own || some;
}

static void cut_content(struct lyd_node **tree, enum query_content content)
{
	struct lyd_node *n, *next;

	LY_LIST_FOR_SAFE(*tree, next, n) {
		if (keep_content(n, content == CONTENT_CONFIG))
			continue;
		if (n == *tree)
			*tree = next;
		lyd_free_tree(n);
	}
}

/* What a field was made of is of level 1, and so is what is around it (RFC 8040, 4.8.2). */
static void cut_depth(struct lyd_node *n, unsigned int level, unsigned int depth)
{
	uint32_t flags = n->flags;
	struct lyd_node *c, *next;

	LY_LIST_FOR_SAFE(lyd_child_no_keys(n), next, c) {
		unsigned int below = filter_kept(c) ? 1 : level + 1;

		if (below > depth)
			lyd_free_tree(c);
		else
			cut_depth(c, below, depth);
	}
	/* it is not empty because of that, and is to be printed if it was */
	n->flags = flags;
}

static bool cut_fields(const struct fields *f, struct lyd_node *n)
{
	struct lyd_node *c, *child = lyd_child(n);

	if (!fields_keep(f, child))
		return false;
	/* an entry without its keys is none */
	LY_LIST_FOR(child, c)
		if (is_key(c))
			filter_keep(c);
	filter_prune(&child);
	return true;
}

/* ------------------------------------------------------------------ printing */

static void free_text(const void *text, size_t len, void *arg)
{
	(void)len;
	(void)arg;
	free((void *)text);
}

/* @text is taken; a long one is not copied. */
static bool put_text(struct evbuffer *out, char *text)
{
	size_t len = text ? strlen(text) : 0;

	if (len > COPY_MAX)
		return !evbuffer_add_reference(out, text, len, free_text, NULL);
	if (len)
		evbuffer_add(out, text, len);
	free(text);
	return true;
}

/* @all: its siblings too. */
static bool put_tree(struct evbuffer *out, const struct lyd_node *n, bool all, const struct restconf *r)
{
	uint32_t how = LYD_PRINT_SHRINK | r->query.print;
	char *text = NULL;

	if (all)
		how |= LYD_PRINT_WITHSIBLINGS;
	if (r->query.depth)
		how |= LYD_PRINT_KEEPEMPTYCONT;
	/* of a leaf its value in use is told, whatever the mode (RFC 8040, 3.5.4) */
	if (!all && (n->schema->nodetype & LYD_NODE_TERM))
		how = LYD_PRINT_SHRINK | LYD_PRINT_WD_ALL;
	if (lyd_print_mem(&text, n, r->format == REST_XML ? LYD_XML : LYD_JSON, how))
		return false;
	return put_text(out, text);
}

static bool put_datastore(struct evbuffer *out, const struct lyd_node *tree, const struct restconf *r)
{
	bool xml = r->format == REST_XML, good = true;

	evbuffer_add_printf(out, xml ? "<data xmlns=\"" RESTCONF_NS "\">" : "{\"ietf-restconf:data\":");
	if (tree)
		good = put_tree(out, tree, true, r);
	else if (!xml)
		evbuffer_add(out, "{}", 2);
	evbuffer_add_printf(out, xml ? "</data>" : "}");
	return good;
}

/* Containers and entries with nothing in them are left out by the printer, but were asked for. */
static bool put_one(struct evbuffer *out, const struct lyd_node *n, const struct restconf *r)
{
	const struct lysc_node *s = n->schema;

	if (!put_tree(out, n, false, r))
		return false;
	if (evbuffer_get_length(out) > 2)
		return true;
	evbuffer_drain(out, 2);
	if (r->format == REST_XML)
		evbuffer_add_printf(out, "<%s xmlns=\"%s\"/>", s->name, s->module->ns);
	else
		evbuffer_add_printf(out, "{\"%s:%s\":{}}", s->module->name, s->name);
	return true;
}

/* One array of what each of them is an array of one of. */
static bool put_many(struct evbuffer *out, const struct lyd_node *first, const struct restconf *r)
{
	const struct lysc_node *s = first->schema;
	const struct lyd_node *n;
	size_t open = strlen(s->module->name) + strlen(s->name) + strlen("{\":\":[");
	struct evbuffer *one = evbuffer_new();
	bool good = one;

	LY_LIST_FOR(first, n) {
		if (!good || n->schema != s)
			continue;
		good = put_tree(one, n, false, r) && evbuffer_get_length(one) > open + 2;
		if (!good)
			break;
		if (n != first)
			evbuffer_drain(one, open);
		if (n != first)
			evbuffer_add(out, ",", 1);
		evbuffer_remove_buffer(one, out, evbuffer_get_length(one) - 2);
		evbuffer_drain(one, 2);
	}
	if (one)
		evbuffer_free(one);
	evbuffer_add(out, "]}", 2);
	return good;
}

static struct evbuffer *print(const struct restconf *r, const struct lyd_node *n)
{
	struct evbuffer *out = evbuffer_new();
	bool good = false;

	if (out && r->target.kind == RESOURCE_DATASTORE)
		good = put_datastore(out, n, r);
	else if (out && resource_many(&r->target) && r->format == REST_JSON)
		good = put_many(out, n, r);
	else if (out)
		good = put_one(out, n, r);
	if (out && !good)
		evbuffer_free(out);
	return good ? out : NULL;
}

/* ------------------------------------------------------------------ the answer */

/* Less of a resource. False: it takes too long. */
static bool cut_one(struct lyd_node *n, const struct query *q, const struct fields *f)
{
	bool good = true;

	if (q->content != CONTENT_ALL)
		(void)keep_content(n, q->content == CONTENT_CONFIG);
	if (q->fields)
		good = cut_fields(f, n);
	if (q->depth)
		cut_depth(n, 1, q->depth);
	return good;
}

/* The datastore is of level 1. */
static void cut_tops(struct lyd_node **tree, unsigned int depth)
{
	struct lyd_node *n, *next;

	LY_LIST_FOR_SAFE(*tree, next, n) {
		unsigned int level = filter_kept(n) ? 1 : 2;

		if (level <= depth) {
			cut_depth(n, level, depth);
			continue;
		}
		if (n == *tree)
			*tree = next;
		lyd_free_tree(n);
	}
}

static bool cut_datastore(struct lyd_node **tree, const struct query *q, const struct fields *f)
{
	bool good = true;

	if (q->content != CONTENT_ALL)
		cut_content(tree, q->content);
	if (q->fields) {
		good = fields_keep(f, *tree);
		filter_prune(tree);
	}
	if (q->depth)
		cut_tops(tree, q->depth);
	return good;
}

static bool cut(const struct restconf *r, struct lyd_node **tree, struct lyd_node *target)
{
	struct fields f = { .n = 0 };
	struct lyd_node *n;
	bool good = true;

	if (r->query.fields)
		(void)fields_read(&f, r->query.fields);
	if (!target)
		good = cut_datastore(tree, &r->query, &f);
	LY_LIST_FOR(target, n)
		if (n == target || (n->schema == target->schema && resource_many(&r->target)))
			good = good && cut_one(n, &r->query, &f);
	fields_fini(&f);
	return good;
}

static bool is_several(const struct restconf *r, const struct lyd_node *target)
{
	const struct lyd_node *n;

	LY_LIST_FOR(target ? target->next : NULL, n)
		if (n->schema == target->schema && resource_many(&r->target))
			return true;
	return false;
}

/* The target is NULL for all of the tree. */
static void answer(struct restconf *r, struct lyd_node **tree, struct lyd_node *target)
{
	struct evbuffer *fields, *body;
	unsigned int status;

	fields = rest_conditions(r, &status);
	if (status == 304) {
		rest_done(r, status, fields);
		return;
	}
	body = fields && !status && cut(r, tree, target) ? print(r, target ? target : *tree) : NULL;
	if (body) {
		rest_answer(r, 200, fields, body);
		return;
	}
	if (fields)
		evbuffer_free(fields);
	if (status)
		rest_fail(r, status, "operation-failed", "it is not as the request wants it to be");
	else
		rest_fail(r, 0, "resource-denied", "too much to do");
}

/* @tree is taken. */
static void answer_tree(struct restconf *r, struct lyd_node *tree)
{
	struct lyd_node *target;

	nacm_prune_by(r->rules, r->user, &tree);
	target = r->target.kind == RESOURCE_DATA ? resource_find(&r->target, tree) : NULL;
	if (!target && r->target.kind == RESOURCE_DATA)
		rest_fail(r, 404, "invalid-value", "there is none");
	else if (r->format == REST_XML && is_several(r, target))
		rest_fail(r, 400, "invalid-value", "several entries are no document in XML");
	else
		answer(r, &tree, target);
	lyd_free_all(tree);
}

/* ------------------------------------------------------------------ answers in pieces */

/* What is around the target, or beside it, is not printed. */
static bool cut_piece(void *arg, struct lyd_node **tree)
{
	struct restconf *r = arg;
	struct lyd_node *target;

	nacm_prune_by(r->rules, r->user, tree);
	if (r->target.kind != RESOURCE_DATA)
		return cut(r, tree, NULL);
	target = resource_find(&r->target, *tree);
	if (target)
		return cut(r, tree, target);
	lyd_free_all(*tree);
	*tree = NULL;
	return true;
}

static bool tells_all(void *arg, const struct lysc_node *list)
{
	struct restconf *r = arg;

	return !r->query.fields && !r->query.depth && nacm_reads_all(r->rules, r->user, list);
}

/* All there is of a list as such are its entries. */
static bool print_list(const struct restconf *r, struct evbuffer *out, const struct lyd_node *tree)
{
	const struct lyd_node *parent = resource_parent(&r->target, tree), *mark = lyd_child(parent);

	while (mark && mark->schema)
		mark = mark->next;
	return mark && 0 < evbuffer_add_printf(out, "{\"%s\":\"%s\"}", LYD_NAME(mark), lyd_get_value(mark));
}

static bool print_piece(void *arg, struct evbuffer *out, struct lyd_node *tree)
{
	struct restconf *r = arg;
	struct lyd_node *n = tree;
	struct evbuffer *text;

	if (r->target.kind == RESOURCE_DATA)
		n = resource_find(&r->target, tree);
	/* entries that come in pieces are not in the tree */
	if (!n && resource_many(&r->target) && resource_parent(&r->target, tree)) {
		r->missing = !print_list(r, out, tree);
		return !r->missing;
	}
	r->missing = !n && r->target.kind == RESOURCE_DATA;
	if (r->missing)
		return false;
	text = print(r, n);
	if (!text)
		return false;
	evbuffer_add_buffer(out, text);
	evbuffer_free(text);
	return true;
}

static void write_piece(struct restconf *r, struct evbuffer *out)
{
	struct evbuffer_iovec v;

	while (evbuffer_peek(out, -1, NULL, &v, 1) > 0) {
		http_stream_put(r->http, v.iov_base, v.iov_len);
		evbuffer_drain(out, v.iov_len);
	}
}

/* The head tells all there is to be told to HEAD. */
static bool more(void *arg, struct evbuffer *out)
{
	struct restconf *r = arg;
	struct http_conn *c = r->http;
	struct evbuffer *fields;

	if (!r->begun && evbuffer_get_length(out) < PIECES_WHOLE)
		return true;
	if (!r->begun) {
		fields = rest_head(r, r->fields);
		r->fields = NULL;
		if (r->method == REST_HEAD) {
			rest_forget(r);
			r->request = NULL;
			http_stream(c, fields);
			return false;
		}
		http_stream(c, fields);
		r->begun = true;
	}
	write_piece(r, out);
	r->ops->active(r->arg);
	return http_backlog(c) < AHEAD_PARTS;
}

static void end_stream(struct restconf *r, struct evbuffer *out)
{
	struct http_conn *c = r->http;

	if (out)
		write_piece(r, out);
	rest_forget(r);
	r->request = NULL;
	if (out)
		http_stream_end(c);
	else
		http_stream_break(c, "out of memory");
}

static void on_pieces(void *arg, struct evbuffer *out)
{
	struct evbuffer *fields;
	struct restconf *r = arg;

	r->pieces = NULL;
	if (r->begun) {
		end_stream(r, out);
	} else if (out) {
		fields = r->fields;
		r->fields = NULL;
		rest_answer(r, 200, fields, out);
		return;
	} else if (r->missing) {
		rest_fail(r, 404, "invalid-value", "there is none");
	} else {
		rest_fail(r, 0, "resource-denied", "too much to do");
	}
	if (out)
		evbuffer_free(out);
}

static void answer_pieces(struct restconf *r, struct gathered *g)
{
	static const struct pieces_ops json = {
		.format = LYD_JSON, .cut = cut_piece, .all = tells_all, .print = print_piece, .more = more, .done = on_pieces,
	}, xml = {
		.format = LYD_XML, .cut = cut_piece, .all = tells_all, .print = print_piece, .more = more, .done = on_pieces,
	};
	uint32_t how = r->query.print | (r->query.depth ? LYD_PRINT_KEEPEMPTYCONT : 0);

	r->pieces = pieces_start(g->tree, g->entries, how, r->format == REST_XML ? &xml : &json, r);
	if (!r->pieces)
		rest_give_up(r);
}

/* Whether the target is one of the lists @e, or in an entry of one. */
static bool is_in_list(const struct restconf *r, const struct entries *e)
{
	const struct lysc_node *n;

	for (; e; e = e->next)
		for (n = r->target.schema; n; n = n->parent)
			if (n->nodetype == LYS_LIST && n->flags & LYS_CONFIG_R && !strcmp(n->name, e->kind->entry))
				return true;
	return false;
}

/* Conditions are for what is configured; state has none that would be met or not. */
static void answer_long(struct restconf *r, struct gathered *g)
{
	unsigned int status;

	r->fields = rest_conditions(r, &status);
	if (r->fields && !status) {
		answer_pieces(r, g);
		return;
	}
	lyd_free_all(g->tree);
	entries_free(g->entries);
	if (!r->fields) {
		rest_give_up(r);
	} else if (status == 304) {
		struct evbuffer *fields = r->fields;

		r->fields = NULL;
		rest_done(r, status, fields);
	} else {
		rest_fail(r, status, "operation-failed", "it is not as the request wants it to be");
	}
}

static void on_gathered(void *arg, struct gathered *g)
{
	struct restconf *r = arg;

	r->gather = NULL;
	if (g->refused) {
		rest_fail(r, 0, "resource-denied", "%s", g->refused);
	} else if (!g->entries) {
		answer_tree(r, g->tree);
	} else if (!is_in_list(r, g->entries) || (resource_many(&r->target) && r->format == REST_JSON)) {
		answer_long(r, g);
	} else if (pieces_collect(&g->tree, g->entries)) {
		answer_tree(r, g->tree);
	} else {
		lyd_free_all(g->tree);
		if (resource_many(&r->target))
			rest_fail(r, 400, "invalid-value", "several entries are no document in XML");
		else
			rest_fail(r, 0, "resource-denied", "that is one of too many to look for: read the list");
	}
}

/* The session that is named in the path of the target. */
static void read_session(const struct restconf *r, char *tag, size_t size)
{
	const struct lyd_node *n, *key;

	for (n = r->target.last; n; n = lyd_parent(n)) {
		key = n->schema->nodetype == LYS_LIST ? lyd_child(n) : NULL;
		if (key && !strcmp(n->schema->name, "session") && strlen(lyd_get_value(key)) < size)
			snprintf(tag, size, "%s", lyd_get_value(key));
	}
}

static void wish_for_nat(const struct restconf *r, const struct fields *f, struct gather_wish *wish)
{
	struct nat_wish nat;

	if (r->query.content == CONTENT_CONFIG)
		return;
	natwish_resource(&nat, &r->target, f, r->query.depth);
	natwish_put(&nat, r->user, wish);
}

void rest_get(struct restconf *r)
{
	struct gather_wish wish = { .config = r->query.content != CONTENT_STATE };
	const char *name[STEPS] = { NULL }, *wrong;
	struct fields f = { .n = 0 };

	wrong = r->query.fields ? fields_read(&f, r->query.fields) : NULL;
	/* what is around state, and keys, may be configured */
	wish.config = true;
	if (r->query.content == CONTENT_CONFIG)
		wish.parts = 0;
	else if (r->target.kind == RESOURCE_DATASTORE)
		wish_for_all(&wish, &f);
	else
		wish_for(&wish, name, names_of(r->target.schema, name));
	read_session(r, wish.tag, sizeof(wish.tag));
	if (!wrong)
		wish_for_nat(r, &f, &wish);
	gather_hide(&wish, r->user);
	fields_fini(&f);
	if (wrong) {
		rest_fail(r, 400, "invalid-value", "%s", wrong);
		return;
	}
	r->gather = gather_start(&wish, on_gathered, r);
	if (!r->gather)
		rest_fail(r, 0, "resource-denied", "too much to do");
}
