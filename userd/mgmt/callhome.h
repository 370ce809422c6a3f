/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calling managers: the connector, with sockets, TLS and sessions put to it (RFC 8071).
 */
#ifndef _NATFWD_MGMT_CALLHOME_H
#define _NATFWD_MGMT_CALLHOME_H

#include <event2/event.h>

#include "proc.h"

int callhome_init(struct event_base *base);
/* Managers from now on, whose files have been read; @m has to stay until the next time. 0 or -ENOMEM. */
int callhome_conf(const struct conf_mgmt *m);
/* Begin to call. */
void callhome_start(void);
/* Kern lets in answers to flow @id. */
void callhome_flow_open(uint32_t id);
/* Kern is new: tell it of connections there are. */
void callhome_flows(void);
/* Call @name now; unknown names are ignored. */
void callhome_now(const char *name);
/* Tell @fn of each manager. */
void callhome_each(void (*fn)(void *arg, const struct call_info *i), void *arg);
/* Numbers for metrics. */
void callhome_stats(void (*fn)(void *arg, const struct stat_value *v), void *arg);
/* Hang up everything. */
void callhome_end(void);

#endif /* _NATFWD_MGMT_CALLHOME_H */
