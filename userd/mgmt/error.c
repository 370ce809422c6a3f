// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/schema.h"
#include "mgmt/error.h"

static void fill(struct mgmt_error *e, const char *tag, const char *bad, const struct lyd_node *n,
		 const char *fmt, va_list ap)
{
	char *path = n ? lyd_path(n, LYD_PATH_STD, NULL, 0) : NULL;

	*e = (struct mgmt_error){ .type = "application", .tag = tag };
	snprintf(e->path, sizeof(e->path), "%s", path ? path : "");
	snprintf(e->bad, sizeof(e->bad), "%s", bad ? bad : "");
	vsnprintf(e->message, sizeof(e->message), fmt, ap);
	free(path);
}

bool error_set(struct mgmt_error *e, const char *tag, const struct lyd_node *n, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fill(e, tag, NULL, n, fmt, ap);
	va_end(ap);
	return false;
}

bool error_bad(struct mgmt_error *e, const char *tag, const char *bad, const struct lyd_node *n,
	       const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fill(e, tag, bad, n, fmt, ap);
	va_end(ap);
	return false;
}

/* The last name in @path, without its keys. */
static void last_name(const char *path, char *name, size_t len)
{
	const char *from = path;
	char quote = 0;

	for (; *path; path++) {
		if (quote)
			quote = *path == quote ? 0 : quote;
		else if (*path == '\'' || *path == '"')
			quote = *path;
		else if (*path == '/' || *path == ':')
			from = path + 1;
	}
	snprintf(name, len, "%.*s", (int)strcspn(from, "["), from);
}

/* What libyang does not say by the application's tag, it says in words. */
static const struct {
	const char *words, *tag, *app_tag;
	bool bad;		/* the tag names an element */
} known[] = {
	{ "not found as a child", "unknown-element", NULL, true },
	{ "state node", "unknown-element", NULL, true },
	{ "No module with namespace", "unknown-namespace", NULL, true },
	{ "missing its key", "missing-element", NULL, true },
	{ "cases of a choice", "bad-element", NULL, true },
	{ "Data for both cases", "bad-element", NULL, true },
	{ "When condition", "unknown-element", NULL, true },
	{ "Mandatory choice", "data-missing", "missing-choice", false },
	{ "Mandatory node", "data-missing", NULL, false },
	{ "no target instance", "data-missing", "instance-required", false },
	{ "Must condition", "operation-failed", "must-violation", false },
	{ "Too many", "operation-failed", "too-many-elements", false },
	{ "Too few", "operation-failed", "too-few-elements", false },
	{ "Unique data", "operation-failed", "data-not-unique", false },
	{ "Duplicate instance", "operation-failed", "data-not-unique", false },
};

static bool fits(size_t i, const struct ly_err_item *item)
{
	if (item->apptag)
		return known[i].app_tag && !strcmp(known[i].app_tag, item->apptag);
	return item->msg && strstr(item->msg, known[i].words);
}

static void classify(struct mgmt_error *e, const struct ly_err_item *item)
{
	size_t i;

	e->tag = "invalid-value";
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (!fits(i, item))
			continue;
		e->tag = known[i].tag;
		e->app_tag = known[i].app_tag;
		if (known[i].bad)
			last_name(e->path, e->bad, sizeof(e->bad));
		return;
	}
}

bool error_libyang(struct mgmt_error *e, struct ly_ctx *ctx)
{
	const struct ly_err_item *item = ly_err_first(ctx);
	struct ly_err_item first;

	if (!item)
		return error_set(e, "resource-denied", NULL, "out of memory");
	first = *item;
	first.msg = item->msg ? strdup(item->msg) : NULL;
	first.apptag = item->apptag ? strdup(item->apptag) : NULL;
	*e = (struct mgmt_error){ .type = "application" };
	schema_error(ctx, e->message, sizeof(e->message), e->path, sizeof(e->path));
	classify(e, &first);
	free(first.msg);
	free(first.apptag);
	return false;
}
