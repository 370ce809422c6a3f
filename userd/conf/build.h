/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the validated tree to plain values, with the checks that no schema can express.
 */
#ifndef _NATFWD_CONF_BUILD_H
#define _NATFWD_CONF_BUILD_H

#include "conf/tree.h"

/* @tree is any node at the top. NULL and @e. What is odd but no error is said in the log. */
struct conf *build_conf(const struct lyd_node *tree, struct conf_error *e);
/*
 * All of it as RFC 7951 JSON with defaults, for free(). Secrets are not in it, and in @tree neither after that.
 * NULL: no memory.
 */
char *build_text(struct lyd_node *tree);

#endif /* _NATFWD_CONF_BUILD_H */
