/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between a file and its plain values: the data tree of the schema, in which every node remembers the
 * line it came from (in its priv).
 */
#ifndef _NATFWD_CONF_TREE_H
#define _NATFWD_CONF_TREE_H

#include "conf/schema.h"
#include "conf/document.h"

/*
 * What @file says, validated, defaults added; for lyd_free_all(). NULL and @e. Members of @file are those of the
 * container natfw, or this container, as "natfw:natfw"; and what other modules have at the top, with the name
 * of the module in front ("ietf-netconf-acm:nacm").
 */
struct lyd_node *tree_create(struct ly_ctx *ctx, const struct doc_value *file,
			     struct conf_error *e);

/* Validate, and add defaults. False and @e, with line and path of what is wrong. */
bool tree_validate(struct lyd_node **tree, struct conf_error *e);
/* What module @module has at the top as @name, beside @tree or as it; or NULL. */
const struct lyd_node *tree_top(const struct lyd_node *tree, const char *module, const char *name);
/* The first child of @parent called @name, and the next one with the name of @n; or NULL. */
const struct lyd_node *tree_find(const struct lyd_node *parent, const char *name);
const struct lyd_node *tree_next(const struct lyd_node *n);
/* Canonical value of the leaf @name of @parent, NULL if it is not there. */
const char *tree_value(const struct lyd_node *parent, const char *name);
/* Say in @e what is wrong at @n. Returns false. */
bool tree_fail(struct conf_error *e, const struct lyd_node *n, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Line of @n or of the nearest node around it that came from a file; 0: none. */
unsigned int tree_line(const struct lyd_node *n);

#endif /* _NATFWD_CONF_TREE_H */
