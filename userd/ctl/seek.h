/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A session by its tag that goes through this node, or begins or ends here, and what it has in the kernel.
 */
#ifndef _NATFWD_CTL_SEEK_H
#define _NATFWD_CTL_SEEK_H

#include "base/session.h"
#include "proc.h"

#define SEEKS_MAX	5	/* at a time; each takes two questions of QUERY_MAX */
#define SEEKS_RULES	3	/* of them with rules: traces leave room for who ends a session */
#define SEEK_RULES	32	/* of a session; others are not told */

struct seek_found {
	const struct session_info *session;	/* NULL: there is none */
	struct rule_info rule[SEEK_RULES];
	unsigned int rules;
	const char *broken;		/* why it is not whole, NULL: nothing is wrong */
};

/*
 * @done is called once, not before this returns. @rules: those are wanted too. False: too many at once.
 */
bool seek_start(uint64_t tag, bool rules, void (*done)(void *arg, const struct seek_found *f), void *arg);

#endif /* _NATFWD_CTL_SEEK_H */
