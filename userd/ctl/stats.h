/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What this process counts by itself.
 */
#ifndef _NATFWD_CTL_STATS_H
#define _NATFWD_CTL_STATS_H

#include "proc.h"

enum stats_event { STATS_CLIENTS, STATS_REQUESTS, STATS_ERRORS, STATS_EVENTS, STATS_SCRAPES, STATS_RELOADS,
		   STATS_EVENTS_COUNT };

void stats_count(enum stats_event e);
/* A process was started again. */
void stats_restarted(enum proc_id id);
/* Value number @i, from 0; false: there is none. */
bool stats_own(unsigned int i, struct stat_value *v);

#endif /* _NATFWD_CTL_STATS_H */
