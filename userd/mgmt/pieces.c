// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "mgmt/pieces.h"

#define LISTS_MAX	8
#define MARK		"natfw-entries-%u"	/* a name that no node has */
#define MARK_VALUE	"-"

/* A list whose entries are not in the tree. */
struct list {
	struct entries *left;
	const char *module;
	bool all;			/* of it is told, as entries_text() does */
	struct evbuffer *first;		/* text of the first portion of which there is something left */
	size_t at;			/* in the text of the tree, where the mark begins */
	size_t mark;			/* how long that is */
};

struct pieces {
	struct lyd_node *tree;
	struct entries *entries;
	struct list list[LISTS_MAX];
	unsigned int lists, now;
	bool cut, printed;		/* the tree is */
	uint32_t print;
	char *text;			/* of the tree */
	size_t len, said;
	struct evbuffer *out;
	struct event *turn, *late;
	const struct pieces_ops *ops;
	void *arg;
};

static struct event_base *loop;

/* ------------------------------------------------------------------ entries as text */

/* The first list entry in @tree below containers, and entries of lists that are around it. */
static struct lyd_node *first_entry(struct lyd_node *tree, const struct entries *e)
{
	struct lyd_node *n, *found = NULL;

	LY_LIST_FOR(tree, n) {
		if (n->schema->nodetype == LYS_LIST && !strcmp(n->schema->name, e->kind->entry))
			return n;
		if (n->schema->nodetype & (LYS_CONTAINER | LYS_LIST))
			found = first_entry(lyd_child(n), e);
		if (found)
			return found;
	}
	return NULL;
}

/* What is around them in the text of their parent is taken away. */
static bool put_xml(struct evbuffer *out, const char *text, size_t len)
{
	const char *from = strchr(text, '>'), *end = from ? strrchr(text, '<') : NULL;

	(void)len;
	return !end || end <= from || !evbuffer_add(out, from + 1, (size_t)(end - from) - 1);
}

static bool put_json(struct evbuffer *out, const char *text, size_t len)
{
	const char *from = strchr(text, '[');
	size_t tail = strlen("]}}");

	if (!from || (size_t)(from - text) + 1 + tail > len)
		return true;
	return !evbuffer_add(out, from + 1, len - tail - (size_t)(from - text) - 1);
}

static bool print_entries(const struct pieces *p, struct evbuffer *out, const struct lyd_node *entry)
{
	bool xml = p->ops->format == LYD_XML, good;
	char *text = NULL;

	if (lyd_print_mem(&text, lyd_parent(entry), p->ops->format, LYD_PRINT_SHRINK | p->print) || !text)
		return false;
	if (!xml && evbuffer_get_length(out))
		evbuffer_add(out, ",", 1);
	good = xml ? put_xml(out, text, strlen(text)) : put_json(out, text, strlen(text));
	free(text);
	return good;
}

/* ------------------------------------------------------------------ marks in the tree */

static struct lyd_node *same_in(struct lyd_node *tree, const struct lyd_node *n)
{
	const struct lyd_node *parent = lyd_parent(n);
	struct lyd_node *match = NULL;

	if (parent) {
		tree = same_in(tree, parent);
		tree = tree ? lyd_child(tree) : NULL;
	}
	return tree && !lyd_find_sibling_first(tree, n, &match) ? match : NULL;
}

static struct lyd_node *top_of(struct lyd_node *n)
{
	while (lyd_parent(n))
		n = (struct lyd_node *)lyd_parent(n);
	return n;
}

/* What is around @entry is in the tree, and a mark where it would be. */
static bool mark(struct pieces *p, const struct lyd_node *entry)
{
	const struct lyd_node *parent = lyd_parent(entry);
	struct lyd_node *copy = NULL, *at;
	char name[32];

	snprintf(name, sizeof(name), MARK, p->lists);
	if (lyd_dup_single(parent, NULL, LYD_DUP_WITH_PARENTS, &copy))
		return false;
	copy = top_of(copy);
	if (lyd_merge_siblings(&p->tree, copy, LYD_MERGE_DESTRUCT))
		return false;
	p->list[p->lists].module = parent->schema->module->name;
	at = same_in(p->tree, parent);
	return at && !lyd_new_opaq(at, NULL, name, MARK_VALUE, NULL, parent->schema->module->name, NULL);
}

/* ------------------------------------------------------------------ marks in the text */

static bool find_xml(const struct pieces *p, unsigned int i, struct list *l)
{
	const char *from, *end;
	char name[40];

	snprintf(name, sizeof(name), "<" MARK, i);
	from = strstr(p->text, name);
	end = from ? strstr(from, "</") : NULL;
	end = end ? strchr(end, '>') : NULL;
	if (!end)
		return false;
	l->at = (size_t)(from - p->text);
	l->mark = (size_t)(end - from) + 1;
	return true;
}

/* The name may have that of its module before it. */
static bool find_json(const struct pieces *p, unsigned int i, struct list *l)
{
	const char *from, *end;
	char name[48];

	snprintf(name, sizeof(name), MARK "\":\"" MARK_VALUE "\"", i);
	from = strstr(p->text, name);
	if (!from)
		return false;
	end = from + strlen(name);
	while (from > p->text && *from != '"')
		from--;
	l->at = (size_t)(from - p->text);
	l->mark = (size_t)(end - from);
	return true;
}

static int by_place(const void *a, const void *b)
{
	const struct list *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

static bool find_marks(struct pieces *p)
{
	unsigned int i;

	for (i = 0; i < p->lists; i++)
		if (!(p->ops->format == LYD_XML ? find_xml : find_json)(p, i, &p->list[i]))
			return false;
	qsort(p->list, p->lists, sizeof(p->list[0]), by_place);
	return true;
}

static bool print_tree(struct pieces *p)
{
	struct evbuffer *text = evbuffer_new();
	bool good = text && p->ops->print(p->arg, text, p->tree) && !evbuffer_add(text, "", 1);

	if (good) {
		p->len = evbuffer_get_length(text) - 1;
		p->text = malloc(p->len + 1);
		good = p->text && evbuffer_remove(text, p->text, p->len + 1) >= 0;
	}
	if (text)
		evbuffer_free(text);
	lyd_free_all(p->tree);
	p->tree = NULL;
	p->printed = true;
	return good && find_marks(p);
}

/* ------------------------------------------------------------------ turns */

static void release(struct pieces *p)
{
	unsigned int i;

	for (i = 0; i < LISTS_MAX; i++)
		if (p->list[i].first)
			evbuffer_free(p->list[i].first);
	lyd_free_all(p->tree);
	entries_free(p->entries);
	free(p->text);
	if (p->out)
		evbuffer_free(p->out);
	if (p->turn)
		event_free(p->turn);
	if (p->late)
		event_free(p->late);
	free(p);
}

/* The next portion of @e to @out; with @first, which gets the list, it may be the first with something in it. */
static bool take_portion(struct pieces *p, struct entries *e, struct evbuffer *out, const struct lysc_node **first)
{
	struct lyd_node *tree = entries_portion(e, ENTRIES_PORTION), *entry;
	bool good = tree && p->ops->cut(p->arg, &tree);

	entry = good ? first_entry(tree, e) : NULL;
	if (entry)
		good = print_entries(p, out, entry) && (!first || mark(p, entry));
	if (entry && first)
		*first = entry->schema;
	lyd_free_all(tree);
	return good;
}

static bool same_text(struct evbuffer *a, struct evbuffer *b)
{
	size_t len = evbuffer_get_length(a);

	return len == evbuffer_get_length(b) && !memcmp(evbuffer_pullup(a, -1), evbuffer_pullup(b, -1), len);
}

/*
 * Whether text without trees will do. Where all is told that is known to be so if it came to the same for the first
 * portion, whatever modules say of defaults, order and forms of values.
 */
static bool is_plain(const struct pieces *p, const struct entries *e, const struct lysc_node *list,
		     struct evbuffer *first)
{
	struct evbuffer *text = list && p->ops->all(p->arg, list) ? evbuffer_new() : NULL;
	struct entries again = *e;
	bool plain;

	again.at = 0;
	plain = text && entries_text(&again, e->at, p->ops->format, text) && same_text(text, first);
	if (text)
		evbuffer_free(text);
	return plain;
}

/* Lists in which nothing is left have no place in the tree. */
static bool begin_list(struct pieces *p, struct entries *e)
{
	struct list *l = &p->list[p->lists];
	const struct lysc_node *list = NULL;
	bool is_first = !e->at;

	if (!l->first)
		l->first = evbuffer_new();
	if (!l->first || !take_portion(p, e, l->first, &list))
		return false;
	l->all = is_first && is_plain(p, e, list, l->first);
	if (evbuffer_get_length(l->first)) {
		l->left = e;
		p->lists++;
		p->now++;
	} else if (entries_over(e)) {
		p->now++;
	}
	return true;
}

static struct entries *nth(const struct pieces *p, unsigned int i)
{
	struct entries *e;

	for (e = p->entries; e && i; i--)
		e = e->next;
	return p->lists < LISTS_MAX ? e : NULL;
}

/* Text up to a mark, and what is already there of its entries. */
static void say_up_to(struct pieces *p, const struct list *l)
{
	if (p->said > l->at)
		return;
	evbuffer_add(p->out, p->text + p->said, l->at - p->said);
	p->said = l->at + l->mark;
	/* with the name of its module where there is nothing around it (RFC 7951, 4) */
	if (p->ops->format == LYD_JSON)
		evbuffer_add_printf(p->out, "\"%s%s%s\":[", l->at == 1 ? l->module : "", l->at == 1 ? ":" : "",
				    l->left->kind->entry);
	evbuffer_add_buffer(p->out, l->first);
}

static bool go_on(struct pieces *p, struct list *l)
{
	struct evbuffer *text;
	bool good;

	say_up_to(p, l);
	if (entries_over(l->left)) {
		if (p->ops->format == LYD_JSON)
			evbuffer_add(p->out, "]", 1);
		p->now++;
		return true;
	}
	text = evbuffer_new();
	good = text && (l->all ? entries_text(l->left, ENTRIES_TEXT, p->ops->format, text) :
			take_portion(p, l->left, text, NULL));
	if (good && p->ops->format == LYD_JSON && evbuffer_get_length(text))
		evbuffer_add(p->out, ",", 1);
	if (good)
		evbuffer_add_buffer(p->out, text);
	if (text)
		evbuffer_free(text);
	return good;
}

/* One step; *@over: there is no other. False: it failed. */
static bool step(struct pieces *p, bool *over)
{
	struct entries *e = p->printed ? NULL : nth(p, p->now);

	*over = false;
	if (!p->cut) {
		p->cut = true;
		return p->ops->cut(p->arg, &p->tree);
	}
	if (e)
		return begin_list(p, e);
	if (!p->printed) {
		p->now = 0;
		return print_tree(p);
	}
	if (p->now < p->lists)
		return go_on(p, &p->list[p->now]);
	*over = true;
	return !evbuffer_add(p->out, p->text + p->said, p->len - p->said);
}

static void finish(struct pieces *p, bool good)
{
	struct evbuffer *out = p->out;

	p->out = NULL;
	if (!good) {
		evbuffer_free(out);
		out = NULL;
	}
	p->ops->done(p->arg, out);
	release(p);
}

static void on_turn(evutil_socket_t fd, short what, void *arg)
{
	struct pieces *p = arg;
	bool over;

	(void)fd;
	(void)what;
	if (!step(p, &over))
		finish(p, false);
	else if (over)
		finish(p, true);
	else if (!p->printed || p->ops->more(p->arg, p->out))
		pieces_resume(p);
}

/* However slowly it is read, what is held for it is given back some day. */
static void on_late(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	finish(arg, false);
}

void pieces_resume(struct pieces *p)
{
	const struct timeval now = { 0, 0 };

	if (p)
		event_add(p->turn, &now);
}

void pieces_init(struct event_base *base)
{
	loop = base;
}

struct pieces *pieces_start(struct lyd_node *tree, struct entries *entries, uint32_t print,
			    const struct pieces_ops *ops, void *arg)
{
	const struct timeval most = { PIECES_SECONDS, 0 };
	struct pieces *p = calloc(1, sizeof(*p));

	if (!p) {
		lyd_free_all(tree);
		entries_free(entries);
		return NULL;
	}
	*p = (struct pieces){ .tree = tree, .entries = entries, .print = print, .ops = ops, .arg = arg,
			      .out = evbuffer_new(), .turn = evtimer_new(loop, on_turn, p),
			      .late = evtimer_new(loop, on_late, p) };
	if (!p->out || !p->turn || !p->late || event_add(p->late, &most)) {
		release(p);
		return NULL;
	}
	pieces_resume(p);
	return p;
}

void pieces_cancel(struct pieces *p)
{
	if (p)
		release(p);
}

bool pieces_collect(struct lyd_node **tree, struct entries *entries)
{
	bool good = entries_count(entries) <= PIECES_COLLECT;
	struct lyd_node *more;
	struct entries *e;

	for (e = entries; good && e; e = e->next) {
		more = entries_portion(e, e->count);
		good = !more || !lyd_merge_siblings(tree, more, LYD_MERGE_DESTRUCT);
	}
	entries_free(entries);
	return good;
}
