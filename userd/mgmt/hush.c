// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mgmt/hush.h"
#include "mgmt/nacm.h"

/* A path does not lead to nodes that were read without their schema. */
static const struct lyd_node *find_opaque(const struct lyd_node *first, const char *path)
{
	const struct lyd_node *n, *found;
	char *own;

	LY_LIST_FOR(first, n) {
		own = n->schema ? NULL : lyd_path(n, LYD_PATH_STD, NULL, 0);
		found = own && !strcmp(own, path) ? n : NULL;
		free(own);
		if (!found)
			found = find_opaque(lyd_child(n), path);
		if (found)
			return found;
	}
	return NULL;
}

/* What @path leads to, or the last node there is on the way. */
static const struct lyd_node *find(const struct lyd_node *tree, const char *path)
{
	const struct lyd_node *opaque = find_opaque(tree, path);
	struct lyd_node *n = NULL;
	LY_ERR err;

	if (opaque || !tree)
		return opaque;
	err = lyd_find_path(tree, path, 0, &n);
	ly_err_clean((struct ly_ctx *)LYD_CTX(tree), NULL);
	return err && err != LY_EINCOMPLETE ? NULL : n;
}

static bool may_tell(const char *path, const char *user, const struct lyd_node *tree)
{
	const struct lyd_node *n = find(tree, path);

	return !n || nacm_may_see(user, n);
}

/* The library puts paths between quotation marks, with values in single ones. */
static bool may_tell_all(const char *message, const char *user, const struct lyd_node *tree)
{
	const char *from = message, *end;
	bool may = true;
	char *path;

	while (may && (from = strstr(from, "\"/"))) {
		end = strchr(++from, '"');
		/* cut off: it cannot be known what it was */
		if (!end)
			return !tree || nacm_may_see(user, tree);
		path = strndup(from, (size_t)(end - from));
		may = path && may_tell(path, user, tree);
		free(path);
		from = end + 1;
	}
	return may;
}

bool hush_tells(const struct mgmt_error *e, const char *user, const struct lyd_node *tree)
{
	return (!*e->path || may_tell(e->path, user, tree)) && may_tell_all(e->message, user, tree);
}

void hush_edit(struct mgmt_error *e, const char *user, const struct lyd_node *edit)
{
	const struct lyd_node *n = find(edit, e->path);

	if (hush_tells(e, user, edit))
		return;
	/* the same as if there was nothing else wrong with it */
	error_set(e, "access-denied", NULL, "this user may not change that");
	nacm_refuse(user, n, e->path, sizeof(e->path));
}

void hush_validation(struct mgmt_error *e, const char *user, const struct lyd_node *wanted)
{
	if (!hush_tells(e, user, wanted))
		error_set(e, "operation-failed", NULL, "it does not go with what is there");
}
