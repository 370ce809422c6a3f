// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mgmt/entries.h"
#include "mgmt/store.h"
#include "mgmt/xml.h"

struct entries_holder {
	struct entries_holder *next;
	char user[64];
	size_t held;
	unsigned int refs;
};

static struct entries_holder *holders;
static size_t all_held;

struct entries_holder *entries_holder(const char *user)
{
	struct entries_holder *h;

	for (h = holders; h && strcmp(h->user, user) != 0; h = h->next)
		;
	if (!h) {
		h = calloc(1, sizeof(*h));
		if (!h)
			return NULL;
		snprintf(h->user, sizeof(h->user), "%s", user);
		h->next = holders;
		holders = h;
	}
	h->refs++;
	return h;
}

void entries_holder_put(struct entries_holder *h)
{
	struct entries_holder **at = &holders;

	if (!h || --h->refs)
		return;
	while (*at != h)
		at = &(*at)->next;
	*at = h->next;
	free(h);
}

bool entries_hold(struct entries_holder *h, size_t octets)
{
	if (octets > ENTRIES_HELD - all_held || octets > ENTRIES_SHARE - h->held)
		return false;
	all_held += octets;
	h->held += octets;
	return true;
}

void entries_release(struct entries_holder *h, size_t octets)
{
	all_held -= octets;
	h->held -= octets;
}

struct entries *entries_take(uint8_t *records, size_t count, size_t size, const struct entries_kind *kind,
			     struct entries_holder *holder, size_t held)
{
	struct entries *e = malloc(sizeof(*e));

	if (!e)
		return NULL;
	*e = (struct entries){ .kind = kind, .records = records, .count = count, .size = size, .holder = holder, .held = held };
	holder->refs++;
	return e;
}

static json_t *take(struct entries *e, size_t max)
{
	json_t *list = json_array();

	for (; max && e->at < e->count; max--, e->at++)
		json_array_append_new(list, e->kind->encode(e->records + e->at * e->size));
	return list;
}

/* ------------------------------------------------------------------ as a tree */

struct lyd_node *entries_portion(struct entries *e, size_t max)
{
	struct lyd_node *tree = NULL;
	json_t *all;
	char *text;

	if (entries_over(e))
		return NULL;
	all = e->kind->wrap(e->kind, take(e, max));
	text = all ? json_dumps(all, JSON_COMPACT) : NULL;
	json_decref(all);
	if (text)
		(void)store_add(&tree, text, LYD_JSON);
	free(text);
	return tree;
}

/* ------------------------------------------------------------------ as text */

static void put_value(struct evbuffer *out, const char *name, json_t *v);

static void put_members(struct evbuffer *out, json_t *object)
{
	const char *name;
	json_t *v;

	json_object_foreach(object, name, v)
		put_value(out, name, v);
}

static void put_content(struct evbuffer *out, json_t *v)
{
	if (json_is_string(v))
		xml_put(out, json_string_value(v), json_string_length(v));
	else if (json_is_integer(v))
		evbuffer_add_printf(out, "%lld", (long long)json_integer_value(v));
	else if (json_is_boolean(v))
		evbuffer_add_printf(out, json_is_true(v) ? "true" : "false");
	else
		put_members(out, v);
}

/* Nodes and their values are called the same in both (RFC 7951). Empty containers are left out. */
static void put_value(struct evbuffer *out, const char *name, json_t *v)
{
	size_t i, len = strlen(name);
	json_t *one;

	if (json_is_array(v)) {
		json_array_foreach(v, i, one)
			put_value(out, name, one);
		return;
	}
	if (json_is_object(v) && !json_object_size(v))
		return;
	evbuffer_add(out, "<", 1);
	evbuffer_add(out, name, len);
	evbuffer_add(out, ">", 1);
	put_content(out, v);
	evbuffer_add(out, "</", 2);
	evbuffer_add(out, name, len);
	evbuffer_add(out, ">", 1);
}

bool entries_text(struct entries *e, size_t max, LYD_FORMAT format, struct evbuffer *out)
{
	json_t *list = take(e, max);
	char *text;

	if (format == LYD_XML) {
		put_value(out, e->kind->entry, list);
		json_decref(list);
		return list;
	}
	text = json_dumps(list, JSON_COMPACT);
	json_decref(list);
	if (text)
		evbuffer_add(out, text + 1, strlen(text) - 2);
	free(text);
	return text;
}

size_t entries_count(const struct entries *e)
{
	size_t n = 0;

	for (; e; e = e->next)
		n += e->count;
	return n;
}

void entries_free(struct entries *e)
{
	struct entries *next;

	for (; e; e = next) {
		next = e->next;
		entries_release(e->holder, e->held);
		entries_holder_put(e->holder);
		free(e->records);
		free(e);
	}
}
