// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "mgmt/fields.h"
#include "mgmt/filter.h"
#include "mgmt/natwish.h"
#include "mgmt/resource.h"

#define VALUE_MAX	128	/* octets of a value that can be one of a mapping */
#define STEPS_MAX	32

enum { NAT, INSTANCES, INSTANCE, TABLE, ENTRY, LEVELS };

static const char *const names[LEVELS] = { "nat", "instances", "instance", "mapping-table", "mapping-entry" };

/* ------------------------------------------------------------------ one wish */

static bool read_number(const char *text, unsigned long most, unsigned long *n)
{
	char *end;

	if (!isdigit((unsigned char)*text))
		return false;
	*n = strtoul(text, &end, 10);
	return !*end && *n <= most;
}

/* Mappings have one address, and that is how it is compared: with its prefix length. */
static bool read_address(const char *text, struct endpoint *e, uint8_t *len)
{
	unsigned int n;

	if (!strchr(text, '/') || !address_read_prefix(&e->address, &n, text) || n != address_bits(&e->address))
		return false;
	*len = (uint8_t)n;
	return true;
}

static bool read_port(const char *text, uint16_t *port, bool *has)
{
	unsigned long n;

	*has = read_number(text, UINT16_MAX, &n);
	*port = *has ? (uint16_t)n : 0;
	return *has;
}

static bool narrow_port(struct map_wish *w, const char *container, const char *name, const char *value)
{
	if (strcmp(name, "start-port-number") != 0)
		return true;
	if (!strcmp(container, "internal-src-port"))
		return read_port(value, &w->internal.port, &w->has_internal_port);
	if (!strcmp(container, "external-src-port"))
		return read_port(value, &w->external.port, &w->has_external_port);
	return true;
}

/* A mapping that is wanted has @value for the leaf @name. False: none can have it. */
static bool narrow_leaf(struct map_wish *w, const char *name, const char *value)
{
	unsigned long n;

	if (!strcmp(name, "internal-src-address"))
		return read_address(value, &w->internal, &w->internal_len);
	if (!strcmp(name, "external-src-address"))
		return read_address(value, &w->external, &w->external_len);
	if (!strcmp(name, "index")) {
		if (!read_number(value, UINT32_MAX, &n) || !n)
			return false;
		w->index = (uint32_t)n;
	} else if (!strcmp(name, "transport-protocol")) {
		w->has_protocol = read_number(value, UINT8_MAX, &n);
		w->protocol = w->has_protocol ? (uint8_t)n : 0;
		return w->has_protocol;
	}
	return true;
}

/* The same of a leaf in @container, or in none (NULL). */
static bool narrow(struct map_wish *w, const char *container, const char *name, const char *value)
{
	return container ? narrow_port(w, container, name, value) : narrow_leaf(w, name, value);
}

static void want_all_maps(struct nat_wish *w)
{
	w->maps = true;
	w->which = (struct map_wishes){ .wish = { { 0 } }, .n = 1 };
}

static void want_maps(struct nat_wish *w, const struct map_wish *one)
{
	w->maps = true;
	if (w->which.n < NAT_WISHES_MAX)
		w->which.wish[w->which.n++] = *one;
	else
		want_all_maps(w);
}

void natwish_all(struct nat_wish *w)
{
	w->instance = true;
	want_all_maps(w);
}

/* ------------------------------------------------------------------ subtrees */

static const char *value_of(const struct lyd_node *f, char text[VALUE_MAX])
{
	return xml_text(f, text, VALUE_MAX);
}

/* What is in containers of an entry does not say which entries are selected, but what of them. */
static void entry_subtree(struct nat_wish *w, const struct lyd_node *f)
{
	struct map_wish one = { 0 };
	char text[VALUE_MAX];
	const struct lyd_node *c;

	LY_LIST_FOR(lyd_child(f), c)
		if (filter_is_match(c) && !narrow_leaf(&one, xml_name(c), value_of(c, text)))
			return;
	want_maps(w, &one);
}

/* Whether an instance other than the one there is, is asked for. */
static bool is_other(const struct lyd_node *instance)
{
	char text[VALUE_MAX];
	const struct lyd_node *c;

	LY_LIST_FOR(lyd_child(instance), c)
		if (!strcmp(xml_name(c), "id") && filter_is_match(c) && strcmp(value_of(c, text), "1") != 0)
			return true;
	return false;
}

static void level_subtree(struct nat_wish *w, const struct lyd_node *f, unsigned int level)
{
	const struct lyd_node *c;

	if (level == ENTRY) {
		entry_subtree(w, f);
		return;
	}
	if (level == INSTANCE && is_other(f))
		return;
	if (filter_is_whole(f)) {
		w->instance = w->instance || level < TABLE;
		want_all_maps(w);
		return;
	}
	LY_LIST_FOR(lyd_child(f), c) {
		if (!strcmp(xml_name(c), names[level + 1]))
			level_subtree(w, c, level + 1);
		else if (level == INSTANCE && (!filter_is_match(c) || strcmp(xml_name(c), "id") != 0))
			w->instance = true;
	}
}

void natwish_subtree(struct nat_wish *w, const struct lyd_node *filter)
{
	const struct lyd_node *f;

	*w = (struct nat_wish){ 0 };
	LY_LIST_FOR(lyd_child(filter), f)
		if (!strcmp(xml_name(f), names[NAT]))
			level_subtree(w, f, NAT);
}

/* ------------------------------------------------------------------ XPath */

struct reader {
	const char *at;
	char name[VALUE_MAX];
	bool beside;			/* a comparison was with something but id */
};

static void blanks(struct reader *r)
{
	r->at += strspn(r->at, " \t\r\n");
}

static bool take(struct reader *r, const char *word)
{
	blanks(r);
	if (strncmp(r->at, word, strlen(word)) != 0)
		return false;
	r->at += strlen(word);
	return true;
}

static bool name_char(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.';
}

/* A name without its prefix: what else has such a name is asked for too. */
static bool take_name(struct reader *r)
{
	size_t len;

	blanks(r);
	if (!isalpha((unsigned char)*r->at) && *r->at != '_')
		return false;
	for (len = 0; name_char(r->at[len]); len++)
		;
	if (r->at[len] == ':' && r->at[len + 1] != ':') {
		r->at += len + 1;
		return take_name(r);
	}
	if (len >= sizeof(r->name))
		return false;
	memcpy(r->name, r->at, len);
	r->name[len] = 0;
	r->at += len;
	return true;
}

/* A literal, or a number, to @text. */
static bool take_value(struct reader *r, char text[VALUE_MAX])
{
	const char *from;
	size_t len;
	char quote;

	blanks(r);
	quote = *r->at;
	from = r->at;
	if (quote == '\'' || quote == '"') {
		from++;
		len = strcspn(from, quote == '"' ? "\"" : "'");
		r->at = from + len + (from[len] != 0);
	} else {
		len = strspn(from, "0123456789");
		r->at += len;
	}
	if (!len || len >= VALUE_MAX)
		return false;
	memcpy(text, from, len);
	text[len] = 0;
	return true;
}

/* name = value, or container/name = value; *@can: some mapping may be so. */
static bool take_comparison(struct reader *r, struct map_wish *one, bool *can)
{
	char container[VALUE_MAX] = "", value[VALUE_MAX];

	if (!take_name(r))
		return false;
	if (take(r, "/")) {
		memcpy(container, r->name, sizeof(container));
		if (!take_name(r))
			return false;
	}
	if (!take(r, "=") || !take_value(r, value))
		return false;
	r->beside = r->beside || *container || strcmp(r->name, "id") != 0;
	*can = narrow(one, *container ? container : NULL, r->name, value) && *can;
	return true;
}

/* [comparison and comparison...]; false: it is something else. */
static bool take_predicates(struct reader *r, struct map_wish *one, bool *can)
{
	while (take(r, "[")) {
		do {
			if (!take_comparison(r, one, can))
				return false;
		} while (take(r, "and "));
		if (!take(r, "]"))
			return false;
	}
	return true;
}

/* Where a path leads. */
struct route {
	unsigned int level;		/* names[] up to here */
	unsigned int steps;
	bool can;			/* there may be such a mapping */
	bool beside;			/* by what an instance has besides its id and mappings */
	struct map_wish one;
};

static void want_route(struct nat_wish *w, const struct route *to)
{
	bool ended = to->level == to->steps;

	w->instance = w->instance || to->beside;
	if (to->level == LEVELS) {
		if (to->can)
			want_maps(w, &to->one);
	} else if (to->level && ended) {
		w->instance = w->instance || to->level < TABLE + 1;
		want_all_maps(w);
	} else if (to->level == INSTANCE + 1) {
		w->instance = true;
	}
}

static bool take_step(struct reader *r, struct route *to)
{
	struct map_wish none = { 0 };
	bool entry = to->level == ENTRY && to->steps == ENTRY, can = true;

	if (!take_name(r))
		return false;
	if (to->level == to->steps && to->level < LEVELS && !strcmp(r->name, names[to->level]))
		to->level++;
	entry = entry && to->level == LEVELS;
	to->steps++;
	r->beside = false;
	if (!take_predicates(r, entry ? &to->one : &none, entry ? &to->can : &can))
		return false;
	to->beside = to->beside || (r->beside && !entry && to->level == to->steps);
	return true;
}

/* A path from the root; false: it is not plain, and may go anywhere. */
static bool take_path(struct reader *r, struct nat_wish *w)
{
	struct route to = { .can = true };

	while (take(r, "/"))
		if (!take_step(r, &to))
			return false;
	want_route(w, &to);
	return to.steps;
}

void natwish_xpath(struct nat_wish *w, const char *select)
{
	struct reader r = { .at = select };

	*w = (struct nat_wish){ 0 };
	do {
		if (!take_path(&r, w)) {
			natwish_all(w);
			return;
		}
	} while (take(&r, "|"));
	blanks(&r);
	if (*r.at)
		natwish_all(w);
}

/* ------------------------------------------------------------------ RESTCONF */

/* Whether one of @f leads from names[level - 1] to mappings. */
static bool fields_reach(const struct field *f, unsigned int level)
{
	for (; f; f = f->next)
		if (!strcmp(f->name, names[level]) &&
		    (!f->child || level == ENTRY || fields_reach(f->child, level + 1)))
			return true;
	return false;
}

/* How many nodes of names[] @n is in, itself with them; 0: it is elsewhere. *@beside: below those, but not on the way. */
static unsigned int level_of(const struct lysc_node *n, bool *beside)
{
	unsigned int level;

	*beside = false;
	if (!n)
		return 0;
	level = level_of(lysc_data_parent(n), beside);
	if (!*beside && level < LEVELS && !strcmp(n->name, names[level]))
		return level + 1;
	*beside = level < LEVELS;
	return level;
}

static void entry_resource(struct nat_wish *w, const struct resource *r)
{
	struct map_wish one = { 0 };
	const struct lyd_node *n;

	for (n = r->last; n; n = lyd_parent(n))
		if (!strcmp(LYD_NAME(n), names[ENTRY]) && lyd_child(n) &&
		    !narrow_leaf(&one, LYD_NAME(lyd_child(n)), lyd_get_value(lyd_child(n))))
			return;
	want_maps(w, &one);
}

void natwish_resource(struct nat_wish *w, const struct resource *r, const struct fields *fields, unsigned int depth)
{
	bool beside = false;
	unsigned int level = r->kind == RESOURCE_DATASTORE ? 0 : level_of(r->schema, &beside);

	*w = (struct nat_wish){ 0 };
	if (!level && r->kind != RESOURCE_DATASTORE)
		return;
	if (level == LEVELS) {
		entry_resource(w, r);
		return;
	}
	w->instance = level <= TABLE;
	if (beside || (fields->first && !fields_reach(fields->first, level)) ||
	    (depth && !fields->first && depth < LEVELS - level + 1))
		return;
	want_all_maps(w);
}
