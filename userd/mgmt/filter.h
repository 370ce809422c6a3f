/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What of a data tree a manager asked for: subtree filters (RFC 6241, 6) and XPath (8.9). What is not
 * selected is taken out of the tree.
 */
#ifndef _NATFWD_MGMT_FILTER_H
#define _NATFWD_MGMT_FILTER_H

#include "mgmt/xml.h"

/*
 * Keep in *@tree what the children of @filter, an element of xml_read(), select. *@steps, 0 in the beginning, counts
 * what it takes for several trees together. False: too long.
 */
bool filter_subtree(struct lyd_node **tree, const struct lyd_node *filter, unsigned int *steps);
/* Whether what the expression selects of a list's entries does not depend on other entries, or on how many there are. */
bool filter_xpath_is_local(const struct lyd_attr *select);
/* What an expression has cost of several trees together, and the nodes in them. */
struct filter_spent {
	double cost, nodes;
};

/*
 * Whether the expression in an attribute select, which nothing stops once it has begun, is no more than can be done, with
 * *@spent, zeros in the beginning, before; it is counted there.
 */
bool filter_xpath_ends(const struct lyd_node *tree, const struct lyd_attr *select, struct filter_spent *spent);
/* The same by that. NULL, or what is wrong with it. */
const char *filter_xpath(struct lyd_node **tree, const struct lyd_attr *select);
/* Whether a subtree filter may select something of /natfw/state/@part; NULL: of /natfw/state. */
bool filter_wants(const struct lyd_node *filter, const char *part);
/* A content match node of a subtree filter (RFC 6241, 6.2.5). */
bool filter_is_match(const struct lyd_node *f);
/* Whether in an element of one is nothing but such nodes, so that all is selected of what fits. */
bool filter_is_whole(const struct lyd_node *f);
/* Whether @filter selects all there is of @node, whatever its values. */
bool filter_selects_all(const struct lyd_node *filter, const struct lysc_node *node);
/* The only session that @filter may select something of, if it is of one; else empty. */
void filter_session(const struct lyd_node *filter, char *tag, size_t size);

/*
 * Whether a notification fits a filter, which is an element as above with attributes type and select, or an XPath
 * expression with names of modules for prefixes: something is selected, or the result is true (RFC 5277, 3.6).
 */
bool filter_fits(const struct lyd_node *n, const struct lyd_node *filter);
bool filter_fits_xpath(const struct lyd_node *n, const char *expr);
/* Whether it is a filter at all, tried on a node @n. */
bool filter_is_good(const struct lyd_node *n, const struct lyd_node *filter);
bool filter_is_xpath(const struct lyd_node *n, const char *expr);

/* For other ways to select: keep @n and what is in it; then take out of *@tree what nobody kept. */
void filter_keep(struct lyd_node *n);
void filter_prune(struct lyd_node **tree);
/* Whether filter_keep() was told of @n itself or of something in it. */
bool filter_kept(const struct lyd_node *n);

#endif /* _NATFWD_MGMT_FILTER_H */
