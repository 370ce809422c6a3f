/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Errors that would tell a user of what access control hides from it (RFC 8341, 3.2.4 and 5.2): that there is something, or
 * is not, and what is in it.
 */
#ifndef _NATFWD_MGMT_HUSH_H
#define _NATFWD_MGMT_HUSH_H

#include "mgmt/error.h"

/*
 * Whether @e, about nodes of @tree, may be told to @user. Paths that lead to none of its nodes, nor to where one could
 * be, tell nothing.
 */
bool hush_tells(const struct mgmt_error *e, const char *user, const struct lyd_node *tree);
/* An edit that failed: if it may not be told why, it was not permitted. */
void hush_edit(struct mgmt_error *e, const char *user, const struct lyd_node *edit);
/* A configuration that is not valid, by what this user does not see. */
void hush_validation(struct mgmt_error *e, const char *user, const struct lyd_node *wanted);

#endif /* _NATFWD_MGMT_HUSH_H */
