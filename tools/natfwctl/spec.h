/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A rule as text:
 *
 *	[priority N] ACTION [MATCH]... [TRANSLATION]... [OPTION]...
 *
 * What spec_print() writes is what spec_read() reads. Rules are kept in a
 * canonical form, in which attributes that say what absence says as well are
 * absent, so that equal rules have equal encodings.
 */
#ifndef _NATFWCTL_SPEC_H
#define _NATFWCTL_SPEC_H

#include <stdio.h>

#include "model.h"
#include "words.h"

#define SPEC_PRIORITY	1000	/* where none is given */

/*
 * Read the rest of @w into @r, which is cleared first and ends up canonical.
 * The caller finishes @r (natfw_object_fini()) on failure as well.
 */
bool spec_read(struct words *w, struct natfw_rule *r);
/* Write @r, on one line and without a newline. */
void spec_print(FILE *f, const struct natfw_rule *r);
/* Bring a rule from anywhere into canonical form; state and counters go. */
void spec_canon(struct natfw_rule *r);
#endif /* _NATFWCTL_SPEC_H */
