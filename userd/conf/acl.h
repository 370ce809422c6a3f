/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From ietf-access-control-list (RFC 8519), with the deviations of natfw-acl.yang, to plain values.
 */
#ifndef _NATFWD_CONF_ACL_H
#define _NATFWD_CONF_ACL_H

#include "conf/tree.h"

/* Of @acls, the container acls, or NULL, to @c. False and @e: something no rule can say. */
bool build_acls(struct conf *c, const struct lyd_node *acls, struct conf_error *e);

#endif /* _NATFWD_CONF_ACL_H */
