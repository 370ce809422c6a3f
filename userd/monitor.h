/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The monitor: keeps the other processes alive, and gives them what they may not get by themselves.
 */
#ifndef _NATFWD_MONITOR_H
#define _NATFWD_MONITOR_H

#include "conf/conf.h"

struct monitor_options {
	const char *file;		/* configuration */
	int level[SUB_COUNT];		/* enum log_level from the command line, -1: as configured */
};

/*
 * Live as the monitor, with configuration @c, which was made of @source; it owns both from now on. Returns the exit
 * status.
 */
int monitor_main(const struct monitor_options *o, struct conf *c, struct conf_source *source);

#endif /* _NATFWD_MONITOR_H */
