/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where NATFW-MIB's objects come from: the kernel (netlink, as anybody may ask it) and natfwd (its control
 * socket). Both wait for their answers, for some seconds at most: this process has nothing else to do, and
 * the master agent does not wait for it.
 */
#ifndef _NATFWD_SNMP_SOURCES_H
#define _NATFWD_SNMP_SOURCES_H

#include <stdbool.h>

#include "snmp/table.h"

/* Numbers below natfwObjects. */
enum {
	MIB_KERNEL = 1, MIB_DAEMON, MIB_RULES, MIB_POOLS, MIB_DEVICES, MIB_REASONS,
	MIB_SESSIONS, MIB_CALLS, MIB_COUNTERS,
};

extern struct table kernel_table, rule_table, pool_table, device_table, reason_table;
extern struct table daemon_table, session_table, call_table, counter_table;

/*
 * Connect to natfwd at @path (NULL: the usual place), and give up all rights on that connection but to
 * read. False and a line on standard error: not now.
 */
bool daemon_connect(const char *path);
/* Whether it was connected and is not any more. */
bool daemon_lost(void);

#endif /* _NATFWD_SNMP_SOURCES_H */
