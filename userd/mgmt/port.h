/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ports at which managers may connect, where the configuration has any: then as with a call, but that it was the
 * manager who opened the connection. Strangers may do so too, so there are limits to what they take up.
 */
#ifndef _NATFWD_MGMT_PORT_H
#define _NATFWD_MGMT_PORT_H

#include <event2/event.h>

#include "proc.h"

int port_init(struct event_base *base);
/*
 * Ports from now on. What came in by one that is gone or has changed is hung up. Sockets are still to be asked for.
 * 0 or -ENOMEM, and then nothing has changed.
 */
int port_conf(const struct conf_mgmt *m);
/* Ask for sockets that are not here. */
void port_renew(void);
/* A socket that was asked for, number @arg; owned. -1: it could not be had. */
void port_socket(uint32_t arg, int fd);
/* Numbers for metrics. */
void port_stats(void (*fn)(void *arg, const struct stat_value *v), void *arg);
/* Hang up everything. */
void port_end(void);

#endif /* _NATFWD_MGMT_PORT_H */
