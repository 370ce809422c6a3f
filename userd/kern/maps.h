/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Looking through the module's mappings, of which there may be a million: piece by piece, between other things.
 */
#ifndef _NATFWD_KERN_MAPS_H
#define _NATFWD_KERN_MAPS_H

#include <event2/event.h>

#include "base/nat.h"
#include "proc.h"

#define MAPS_LOOKS	4	/* at once */

struct gate;

void maps_init(struct event_base *base, struct gate *g);
/* Tell @to all mappings that fit @w by MSG_MAP_INFO, with @number in front: as many as NAT_MAPS_MAX, then the end. */
void maps_tell(enum proc_id to, uint64_t number, const struct map_wishes *w);
/* Nobody waits at @to any more. */
void maps_forget(enum proc_id to);

#endif /* _NATFWD_KERN_MAPS_H */
