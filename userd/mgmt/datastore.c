// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/log.h"
#include "conf/schema.h"
#include "mgmt/datastore.h"

static struct lyd_node *running, *candidate;	/* candidate NULL: the same as running */

const struct lyd_node *datastore_tree(enum datastore which)
{
	return which == DATASTORE_CANDIDATE && candidate ? candidate : running;
}

struct lyd_node *datastore_copy(enum datastore which)
{
	const struct lyd_node *tree = datastore_tree(which);
	struct lyd_node *copy = NULL;

	if (tree)
		(void)lyd_dup_siblings(tree, NULL, LYD_DUP_RECURSIVE | LYD_DUP_WITH_FLAGS, &copy);
	return copy;
}

struct lyd_node *datastore_read(enum datastore which)
{
	struct lyd_node *copy = datastore_copy(which);

	schema_drop_secrets(copy);
	return copy;
}

void datastore_set_candidate(struct lyd_node *tree)
{
	lyd_free_all(candidate);
	candidate = tree;
}

bool datastore_changed(void)
{
	return candidate;
}

/* NULL: there was nothing before, or it was the same. */
static struct lyd_node *difference(const struct lyd_node *new, struct ly_ctx *ctx)
{
	struct lyd_node *diff = NULL;

	if (running && lyd_diff_siblings(running, new, 0, &diff))
		log_error(SUB_MGMT, "no memory to tell what has changed");
	ly_err_clean(ctx, NULL);
	return diff;
}

void datastore_conf(struct ly_ctx *ctx, const char *json, struct lyd_node **diff)
{
	struct lyd_node *new = NULL;

	if (!json || lyd_parse_data_mem(ctx, json, LYD_JSON, LYD_PARSE_ONLY | LYD_PARSE_NO_STATE, 0,
					&new)) {
		log_error(SUB_MGMT, "the configuration cannot be read: %s", ly_errmsg(ctx));
		ly_err_clean(ctx, NULL);
		return;
	}
	if (!edit_defaults(&new, ctx))
		log_error(SUB_MGMT, "no memory for defaults of the configuration");
	if (diff)
		*diff = difference(new, ctx);
	lyd_free_all(running);
	running = new;
}
