// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "mgmt/query.h"

static int word(const char *value, const char *const *words, int n)
{
	int i;

	for (i = 0; i < n; i++)
		if (!strcmp(value, words[i]))
			return i;
	return -1;
}

static const char *take_content(struct query *q, const char *value)
{
	static const char *const words[] = { "all", "config", "nonconfig" };
	int i = word(value, words, 3);

	q->content = i < 0 ? CONTENT_ALL : (enum query_content)i;
	return i < 0 ? "content is config, nonconfig or all" : NULL;
}

static const char *take_depth(struct query *q, const char *value)
{
	char *end;

	if (!strcmp(value, "unbounded"))
		return NULL;
	q->depth = *value >= '1' && *value <= '9' ? (unsigned int)strtoul(value, &end, 10) : 0;
	return !q->depth || *end || end - value > 5 || q->depth > 65535 ?
	       "depth is a number from 1 to 65535, or unbounded" : NULL;
}

static const char *take_insert(struct query *q, const char *value)
{
	static const char *const words[] = { "last", "first", "before", "after" };
	int i = word(value, words, 4);

	q->insert = i < 0 ? INSERT_LAST : (enum query_insert)i;
	return i < 0 ? "insert is first, last, before or after" : NULL;
}

/*
 * What was said explicitly is not told from a default, so there is no mode explicit. The library tags defaults in
 * XML in another namespace than RFC 6243 has; in JSON the tag is right, but two modes for one format each serve nobody.
 */
static const char *take_defaults(struct query *q, const char *value)
{
	static const char *const words[] = { "trim", "report-all" };
	int i = word(value, words, 2);

	q->print = i == 1 ? LYD_PRINT_WD_ALL : LYD_PRINT_WD_TRIM;
	return i < 0 ? "with-defaults is trim or report-all" : NULL;
}

/* Whether it is a time is up to who knows streams. */
static const char *take_start(struct query *q, const char *value)
{
	q->start = value;
	return NULL;
}

static const char *take_stop(struct query *q, const char *value)
{
	q->stop = value;
	return NULL;
}

static const char *take_fields(struct query *q, const char *value)
{
	q->fields = value;
	return *value ? NULL : "fields are empty";
}

static const char *take_filter(struct query *q, const char *value)
{
	q->filter = value;
	return *value ? NULL : "the filter is empty";
}

static const char *take_point(struct query *q, const char *value)
{
	q->point = value;
	return *value ? NULL : "the point is empty";
}

static const struct {
	const char *name;
	const char *(*take)(struct query *q, const char *value);
} parameters[QUERY_PARAMETERS] = {
	[QUERY_CONTENT] = { "content", take_content },
	[QUERY_DEPTH] = { "depth", take_depth },
	[QUERY_FIELDS] = { "fields", take_fields },
	[QUERY_FILTER] = { "filter", take_filter },
	[QUERY_INSERT] = { "insert", take_insert },
	[QUERY_POINT] = { "point", take_point },
	[QUERY_START] = { "start-time", take_start },
	[QUERY_STOP] = { "stop-time", take_stop },
	[QUERY_DEFAULTS] = { "with-defaults", take_defaults },
};

static const char *take(struct query *q, const char *name, const char *value, unsigned int allowed)
{
	unsigned int i;

	for (i = 0; i < QUERY_PARAMETERS && strcmp(name, parameters[i].name) != 0; i++)
		;
	if (i == QUERY_PARAMETERS || !(allowed & QUERY(i)))
		return "a query parameter that is not one for this";
	if (q->given & QUERY(i))
		return "a query parameter twice";
	q->given |= QUERY(i);
	return parameters[i].take(q, value);
}

/* Those that need each other (RFC 8040, 4.8.6 and 4.8.8). */
static const char *check(const struct query *q)
{
	bool pointed = q->insert == INSERT_BEFORE || q->insert == INSERT_AFTER;

	if (pointed != !!(q->given & QUERY(QUERY_POINT)))
		return "point goes with insert before and after";
	if ((q->given & QUERY(QUERY_STOP)) && !(q->given & QUERY(QUERY_START)))
		return "stop-time goes with start-time";
	return NULL;
}

const char *query_read(struct query *q, const struct uri *u, unsigned int allowed)
{
	const char *wrong = NULL;
	unsigned int i;

	*q = (struct query){ .print = LYD_PRINT_WD_TRIM };
	for (i = 0; !wrong && i < u->parameters; i++)
		wrong = take(q, u->parameter[i].name, u->parameter[i].value, allowed);
	return wrong ? wrong : check(q);
}
