/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Configuration inside requests: the element config of edit-config, copy-config and validate.
 */
#ifndef _NATFWD_MGMT_PAYLOAD_H
#define _NATFWD_MGMT_PAYLOAD_H

#include "mgmt/error.h"

/*
 * What is in element @config, which xml_read() made, as data with the metadata that edit_apply() looks for; for
 * lyd_free_all(). What does not fit the modules is opaque in it, and edit_apply() says what is wrong with it. False
 * and @e: attributes are wrong, or there is no memory. *@edit may be NULL: nothing is in it.
 */
bool payload_edit(const struct lyd_node *config, struct lyd_node **edit, struct mgmt_error *e);

/* The same as a whole configuration, with defaults. NULL and @e. */
struct lyd_node *payload_tree(const struct lyd_node *config, struct mgmt_error *e);

#endif /* _NATFWD_MGMT_PAYLOAD_H */
