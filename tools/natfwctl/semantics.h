/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What makes a rule meaningless whatever else is there. The kernel has the
 * last word; this finds the same without one.
 */
#ifndef _NATFWCTL_SEMANTICS_H
#define _NATFWCTL_SEMANTICS_H

#include "model.h"

/*
 * NULL if canonical rule @r makes sense; else why not, and in @attr the path
 * of the attribute at fault ("match.sport").
 */
const char *semantics_check(const struct natfw_rule *r, const char **attr);

#endif /* _NATFWCTL_SEMANTICS_H */
