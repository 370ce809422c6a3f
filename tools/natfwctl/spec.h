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
/* Copy what a canonical rule says of its match to a form in which nothing is implied. */
struct spec_view {
	uint32_t family;	/* 4, 6, or 0: both */
	struct natfw_addr src, dst;	/* len 0: any */
	uint32_t src_len, dst_len;
	bool any_zone;
};
void spec_view(const struct natfw_rule *r, struct spec_view *v);

#endif /* _NATFWCTL_SPEC_H */
