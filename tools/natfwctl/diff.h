/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What to do to get from the rules in force to those wanted, touching as few
 * as possible.
 *
 * Among rules of equal priority the lowest id wins, and ids only grow: a rule
 * made now comes after every rule there is. So a rule can stay only if no
 * overlapping rule that is to come before it is new or has a higher id. Every
 * other one has to be made again, and that is exactly what is done.
 */
#ifndef _NATFWCTL_DIFF_H
#define _NATFWCTL_DIFF_H

#include "ruleset.h"

struct diff_pair {
	size_t have, want;
};

struct diff {
	size_t *del;		/* [ndel] numbers in "have" */
	size_t *add;		/* [nadd] numbers in "want", in the order to make them */
	struct diff_pair *set;	/* [nset] to be changed in place */
	size_t ndel, nadd, nset;
	size_t kept;		/* rules that stay, changed or not */
	size_t again;		/* of the added: there, but in the wrong order */
};

/*
 * Compare @have (with ids) with @want (in the order wanted among equal
 * priorities). 0 or -ENOMEM; diff_fini() is due in any case.
 */
int diff_rules(struct diff *d, const struct ruleset *have, const struct ruleset *want);
/* Everything goes and everything comes. */
int diff_replace(struct diff *d, const struct ruleset *have, const struct ruleset *want);
void diff_fini(struct diff *d);

#endif /* _NATFWCTL_DIFF_H */
