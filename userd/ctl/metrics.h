/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Metrics for Prometheus, over HTTP: what all processes count, in the text format 0.0.4.
 */
#ifndef _NATFWD_CTL_METRICS_H
#define _NATFWD_CTL_METRICS_H

#include <event2/event.h>

void metrics_init(struct event_base *base);
/* Answer at the listening socket @fd, owned from now on, and no longer at the one before; -1: none. */
void metrics_listen(int fd);

#endif /* _NATFWD_CTL_METRICS_H */
