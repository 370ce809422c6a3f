/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an XPath expression may cost before it is evaluated, which cannot be stopped once it has begun.
 */
#ifndef _NATFWD_MGMT_XPATH_H
#define _NATFWD_MGMT_XPATH_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Nodes that evaluating @expr goes through at most, roughly, in a tree of @nodes of them: what is in a predicate
 * counts for each node it is of, unless it only goes down from there. HUGE_VAL: brackets too deep.
 */
double xpath_cost(const char *expr, size_t nodes);

/* Whether that is no more than @most, or than to go through all a few times. A million takes about a quarter of a second. */
bool xpath_is_cheap(const char *expr, size_t nodes, double most);

#endif /* _NATFWD_MGMT_XPATH_H */
