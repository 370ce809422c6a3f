/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interception (RFC 5971 5.3.2.1, 4.3.2, 4.3.4): packets on their way to somebody else, looked at,
 * and taken, or put on their way again.
 *
 * They come from the trap (sig/nft.h: nothing but Q-mode messages in transit, all values of the
 * router alert option) or, where the kernel has no nf_tables, from raw router alert sockets. Those
 * also get copies of packets to this node, which are not ours to handle: they have a way of their
 * own, through sig/udp.h.
 */
#ifndef _NATFWD_SIG_INTERCEPT_H
#define _NATFWD_SIG_INTERCEPT_H

#include "gist/gist.h"

/* The nfnetlink_log socket; owned from now on. */
void intercept_trap(int fd);
/* A raw router alert socket of @version (4 or 6); owned from now on. */
void intercept_alert(unsigned int version, int fd);
/* struct gist_io.forward. */
int intercept_forward(void *arg, const void *token, struct gist_view payload);
void intercept_fini(void);

#endif /* _NATFWD_SIG_INTERCEPT_H */
