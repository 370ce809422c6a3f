/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bodies of requests as data.
 */
#ifndef _NATFWD_MGMT_REST_BODY_H
#define _NATFWD_MGMT_REST_BODY_H

#include "mgmt/rest.h"

/* False, and the request is answered, if there is none, or it is not of a type that is understood. */
bool rest_body_check(struct restconf *r);
/*
 * Parse it as children of @parent, which has keys only, or of the top if that is NULL: *@tree. With @whole it is of
 * the datastore resource, and what is in that is taken. Nothing is validated but names and types. False, and the
 * request is answered: *@tree may be something or not.
 */
bool rest_body_read(struct restconf *r, struct lyd_node *parent, bool whole, struct lyd_node **tree);
/*
 * Input of the operation that is the target, validated: *@op, a node of it, in @parent if that is not NULL, for
 * lyd_free_all(). False, and the request is answered.
 */
bool rest_body_input(struct restconf *r, struct lyd_node *parent, struct lyd_node **op);

#endif /* _NATFWD_MGMT_REST_BODY_H */
