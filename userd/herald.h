/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a process tells the management process unasked, for those who subscribed to events: HERALD_RATE in a
 * second, and HERALD_BURST at once. What is more is counted, and the number told once a second, so a flood of events
 * costs next to nothing here, and nothing there.
 */
#ifndef _NATFWD_HERALD_H
#define _NATFWD_HERALD_H

#include <event2/event.h>

#include "proc.h"

#define HERALD_RATE	50
#define HERALD_BURST	200

/* 0 or -ENOMEM. Before that nothing is told. */
int herald_init(struct event_base *base);
/* Whether one more may be told now; to be asked before it is put into words. If not, it is counted. */
bool herald_may(void);
/* Tell it. What the channel has no room for is counted. */
void herald(enum msg_type type, const void *data, size_t len);
void herald_fini(void);

#endif /* _NATFWD_HERALD_H */
