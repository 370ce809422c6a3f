// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "mgmt/fields.h"
#include "mgmt/filter.h"

#define DEPTH_MAX	32		/* parentheses in each other */
#define STEPS_MAX	50000000u	/* names compared for one request */

/* ------------------------------------------------------------------ the expression */

struct reader {
	struct fields *f;
	char *at;
	unsigned int depth;
	const char *wrong;
};

static const char *identifier(struct reader *r)
{
	char *from = r->at;

	while (isalnum((unsigned char)*r->at) || (*r->at && strchr("_-.", *r->at)))
		r->at++;
	if (from == r->at)
		r->wrong = "fields: a name is missing";
	return from;
}

/* The character at hand is what ends the name before; it is taken, and makes room for a zero. */
static char take(struct reader *r)
{
	char c = *r->at;

	if (c)
		*r->at++ = '\0';
	return c;
}

static struct field *new_field(struct reader *r)
{
	struct fields *f = r->f;
	struct field *n;

	if (f->n == FIELDS_MAX) {
		r->wrong = "fields: too many";
		return NULL;
	}
	n = &f->field[f->n++];
	n->name = identifier(r);
	return n;
}

/* An api-identifier; *@end is the character behind it. */
static struct field *read_name(struct reader *r, char *end)
{
	struct field *n = new_field(r);

	if (!n || r->wrong)
		return NULL;
	*end = take(r);
	if (*end != ':')
		return n;
	n->module = n->name;
	n->name = identifier(r);
	*end = r->wrong ? '\0' : take(r);
	return n;
}

static struct field *read_list(struct reader *r, char *end);

/* A path, with or without what is in parentheses behind it. */
static struct field *read_path(struct reader *r, char *end)
{
	struct field *n = read_name(r, end);

	if (!n || r->wrong)
		return NULL;
	if (*end == '/') {
		n->child = read_path(r, end);
	} else if (*end == '(') {
		if (++r->depth > DEPTH_MAX)
			r->wrong = "fields: too deep";
		else
			n->child = read_list(r, end);
		r->depth--;
		if (!r->wrong && *end != ')')
			r->wrong = "fields: a parenthesis is not closed";
		if (!r->wrong)
			*end = take(r);
	}
	return r->wrong ? NULL : n;
}

static struct field *read_list(struct reader *r, char *end)
{
	struct field *first = read_path(r, end), *last = first;

	while (!r->wrong && *end == ';') {
		last->next = read_path(r, end);
		last = last->next;
	}
	return r->wrong ? NULL : first;
}

const char *fields_read(struct fields *f, const char *expr)
{
	struct reader r = { .f = f };
	char end = '\0';

	*f = (struct fields){ .text = strdup(expr) };
	r.at = f->text;
	if (!f->text)
		return "no memory";
	f->first = read_list(&r, &end);
	if (!r.wrong && end)
		r.wrong = "fields: something is behind the expression";
	return r.wrong;
}

void fields_fini(struct fields *f)
{
	free(f->text);
	f->text = NULL;
	f->first = NULL;
}

/* ------------------------------------------------------------------ the data */

static bool is(const struct field *f, const struct lyd_node *n)
{
	const struct lyd_node *parent = lyd_parent(n);

	if (!n->schema || strcmp(f->name, n->schema->name) != 0)
		return false;
	if (f->module)
		return !strcmp(f->module, n->schema->module->name);
	return !parent || n->schema->module == parent->schema->module;
}

static void keep(const struct field *first, struct lyd_node *siblings, unsigned int *steps)
{
	const struct field *f;
	struct lyd_node *n;

	LY_LIST_FOR(siblings, n) {
		for (f = first; f; f = f->next) {
			if (++*steps > STEPS_MAX)
				return;
			if (!is(f, n))
				continue;
			if (f->child)
				keep(f->child, lyd_child(n), steps);
			else
				filter_keep(n);
		}
	}
}

bool fields_keep(const struct fields *f, struct lyd_node *siblings)
{
	unsigned int steps = 0;

	keep(f->first, siblings, &steps);
	return steps <= STEPS_MAX;
}

bool fields_want(const struct fields *f, const char *name)
{
	const struct field *n;

	for (n = f->first; n; n = n->next)
		if (!strcmp(n->name, name))
			return true;
	return false;
}
