/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The module's pools, for operators and managers.
 */
#ifndef _NATFWD_KERN_NAT_H
#define _NATFWD_KERN_NAT_H

#include "base/nat.h"

struct gate;
struct stat_value;

/* Look what pools there are, and number them. 0 or -errno; -ENOENT: no module. */
int nat_look(struct gate *g);
/*
 * Pools from *@at on, which is moved, until @fn says false; false when the end was reached. They are looked at anew
 * with *@at 0.
 */
bool nat_list(struct gate *g, uint32_t *at, bool (*fn)(void *arg, const struct pool_info *i), void *arg);
/* The module as a whole. */
void nat_describe(struct gate *g, struct nat_info *i);
/* Metrics of all pools, labelled by their names. */
void nat_stats(struct gate *g, void (*fn)(void *arg, const struct stat_value *v), void *arg);

#endif /* _NATFWD_KERN_NAT_H */
