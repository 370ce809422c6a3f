/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Priorities for rules that are to be tried in a given order, of which some have one already: as few
 * as can be get another one, so that an entry put among others leaves those and their flows alone.
 */
#ifndef _NATFWD_KERN_ORDER_H
#define _NATFWD_KERN_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * @priority has @n, in order; 0: has none yet. Where it comes back changed, the rule has to be made
 * anew. All are from @first to @last then, and rise. -ENOSPC: there are not so many; -ENOMEM.
 */
int order_assign(uint32_t *priority, size_t n, uint32_t first, uint32_t last);

#endif /* _NATFWD_KERN_ORDER_H */
