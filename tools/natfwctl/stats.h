/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counters by reason.
 */
#ifndef _NATFWCTL_STATS_H
#define _NATFWCTL_STATS_H

#include <stdio.h>

#include "model.h"

/*
 * Print a list of struct natfw_counter, each line led by @indent. Zero ones
 * only with -a, what they mean with -v.
 */
void stats_print(FILE *f, const struct natfw_list *counters, const char *indent);

#endif /* _NATFWCTL_STATS_H */
