/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What of a data tree a manager asked for: subtree filters (RFC 6241, 6) and XPath (8.9). What is not
 * selected is taken out of the tree.
 */
#ifndef _NATFWD_MGMT_FILTER_H
#define _NATFWD_MGMT_FILTER_H

#include "mgmt/xml.h"

/* Keep in *@tree what the children of @filter, an element of xml_read(), select. False: it takes too long. */
bool filter_subtree(struct lyd_node **tree, const struct lyd_node *filter);
/* The same by an attribute select. NULL, or what is wrong with it. */
const char *filter_xpath(struct lyd_node **tree, const struct lyd_attr *select);
/* Whether a subtree filter may select something of /natfw/state/@part; NULL: of /natfw/state. */
bool filter_wants(const struct lyd_node *filter, const char *part);

#endif /* _NATFWD_MGMT_FILTER_H */
