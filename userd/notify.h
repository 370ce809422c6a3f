/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Telling the service manager, by the protocol of sd_notify(3): datagrams of VARIABLE=VALUE lines to the
 * socket that NOTIFY_SOCKET names. Without a service manager nothing happens.
 */
#ifndef _NATFWD_NOTIFY_H
#define _NATFWD_NOTIFY_H

#include <stdint.h>

/* Take NOTIFY_SOCKET and WATCHDOG_USEC out of the environment. To be called first. */
void notify_init(void);
/* Lines, a printf() format. Never waits; what cannot be sent is lost. */
void notify(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* RELOADING=1, with the time that goes with it. */
void notify_reloading(void);
/* Ms between WATCHDOG=1 that the service manager expects at least; 0: none. */
uint64_t notify_watchdog(void);

#endif /* _NATFWD_NOTIFY_H */
