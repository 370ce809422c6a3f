/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules of one priority in the order wanted, to tell whether one more can stay
 * where it is: that is, whether no overlapping rule before it is to be made
 * anew or has a higher id.
 */
#ifndef _NATFWCTL_ORDER_H
#define _NATFWCTL_ORDER_H

#include "pattern.h"
#include "ruleset.h"

#define ORDER_NEW	UINT64_MAX	/* id of a rule that is to be made */

struct order_rule {
	uint64_t id;
	size_t nr;
};

struct order {
	const struct ruleset *set;
	struct pattern *pattern;	/* [n] by place of adding */
	struct order_rule *kept;	/* [nkept] by id; nr is the place */
	size_t *head, *next;		/* new rules by address; SIZE_MAX ends */
	size_t *fresh;			/* [nnew] new rules */
	size_t mask;
	size_t wild;			/* new rules without whole address */
	size_t n, nkept, nnew;
	uint64_t budget;		/* comparisons left; then all overlap */
};

/* For at most @n rules of @set. -ENOMEM; order_fini() in any case. */
int order_init(struct order *o, const struct ruleset *set, size_t n);
void order_fini(struct order *o);
/* True if rule @nr, which has @id, can follow those added so far. */
bool order_may_stay(struct order *o, size_t nr, uint64_t id);
/* Append rule @nr with @id, ORDER_NEW if it is to be made. -ENOMEM. */
int order_add(struct order *o, size_t nr, uint64_t id);

#endif /* _NATFWCTL_ORDER_H */
