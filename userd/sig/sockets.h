/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sockets of the signalling process. They need privileges that it has not got: the monitor
 * opens them here, as root, and hands them over.
 *
 *	UDP4, UDP6	0: conf gist.port; 1: port 270 too, if that is another one
 *	RAW4, RAW6	0: IP header included, for Q-mode and for what was intercepted and goes on
 *	TRAP		0: nfnetlink_log group SIG_TRAP_GROUP, with the rule that feeds it
 *	RAO4, RAO6	0: raw router alert sockets; not there while there is a trap
 *	TCP, TLS	0: IPv4, 1: IPv6; listening
 *	ROUTE		0: rtnetlink for questions, 1: for events
 *
 * What the process needs of the kernel once it has them is in userd/sandbox.c.
 */
#ifndef _NATFWD_SIG_SOCKETS_H
#define _NATFWD_SIG_SOCKETS_H

#include "conf/conf.h"
#include "proc.h"

#define SIG_TRAP_GROUP	270
#define SIG_PORT	270	/* Q-mode messages and all that is not a reply go there */
#define SIG_HOPS	64	/* TTL of normal-mode datagrams */

/*
 * Open number @arg of @which as @c says: a descriptor that does not block, -ENOENT if there is no
 * such socket by this configuration, or another negative errno. To be asked in the order of enum
 * proc_socket, and again for all when the process is started again.
 *
 * With the trap a socket is kept here that owns the rule: the rule is gone when the monitor is.
 */
int sig_socket_open(const struct conf *c, enum proc_socket which, uint32_t arg);

#endif /* _NATFWD_SIG_SOCKETS_H */
