/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an XPath expression may cost before it is evaluated, which cannot be stopped once it has begun.
 */
#ifndef _NATFWD_MGMT_XPATH_H
#define _NATFWD_MGMT_XPATH_H

#include <stdbool.h>
#include <stddef.h>

#define XPATH_EACH	20	/* times that all nodes are gone through, however many they are */

/*
 * Nodes that evaluating @expr goes through at most, roughly, in a tree of @nodes of them: what is in a predicate
 * counts for each node it is of, unless it only goes down from there. HUGE_VAL: brackets too deep, or the operator mod.
 */
double xpath_cost(const char *expr, size_t nodes);

/* Whether that is no more than @most, or than to go through all a few times. A million takes about a quarter of a second. */
bool xpath_is_cheap(const char *expr, size_t nodes, double most);

/*
 * Whether @expr is a path down by names, with comparisons of nodes with literals as its predicates, so that it selects of
 * an entry the same whatever other entries there are. False also if that is not plain to see.
 */
bool xpath_is_local(const char *expr);

#endif /* _NATFWD_MGMT_XPATH_H */
