/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Edits of a tree as edit-config describes them (RFC 6241, 7.2; RFC 7950, 7).
 */
#ifndef _NATFWD_MGMT_EDIT_H
#define _NATFWD_MGMT_EDIT_H

#include "mgmt/error.h"

enum edit_default { EDIT_MERGE, EDIT_REPLACE, EDIT_NONE };

/*
 * Apply @edit, whose nodes may have metadata ietf-netconf:operation and yang:insert, yang:key, yang:value, to
 * *@tree, and add defaults. False, and @e: *@tree is as far as it had come, so have a copy. Nothing is validated
 * but types.
 */
bool edit_apply(struct lyd_node **tree, const struct lyd_node *edit, enum edit_default def,
		struct mgmt_error *e);
/*
 * The same for error-option continue-on-error: @failed is told of each error, and the node that has it is left
 * out with all in it. False if there was one.
 */
bool edit_apply_each(struct lyd_node **tree, const struct lyd_node *edit, enum edit_default def,
		     void (*failed)(void *arg, const struct mgmt_error *e), void *arg);
/*
 * What has its default value is marked so (basic mode trim, RFC 6243, 2.2), containers with nothing else in them
 * as well, and defaults that are missing are added. False: no memory.
 */
bool edit_defaults(struct lyd_node **tree, struct ly_ctx *ctx);

#endif /* _NATFWD_MGMT_EDIT_H */
