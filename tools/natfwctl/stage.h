/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Differences of rules carried out in one transaction.
 */
#ifndef _NATFWCTL_STAGE_H
#define _NATFWCTL_STAGE_H

#include "client.h"
#include "config.h"
#include "diff.h"
#include "transaction.h"

struct stage {
	const struct config *c;		/* where the rules added come from */
	const struct ruleset *have;
	const struct diff *d;
	bool replace;			/* flush the owner instead of single removals */
	const uint32_t *generation;	/* refuse if rules changed since, or NULL */
};

/*
 * Stage and, unless @dry, commit. Returns 0 or a negative errno: -ESTALE means
 * try again; else @err says in which line of the file what is wrong.
 */
int stage_run(const struct stage *s, struct natfw_client *cl, bool dry,
	      struct config_error *err);
/*
 * Change in place what can be: name, emit mode, mark, activity, lifetime of
 * the pairs in s->d->set. Each failure is told of; returns their number.
 */
unsigned int stage_change(const struct stage *s, struct natfw_client *cl);

#endif /* _NATFWCTL_STAGE_H */
