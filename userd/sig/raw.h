/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whole IP packets on their way out: Q-mode messages, and what was intercepted (RFC 5971 5.3.2). */
#ifndef _NATFWD_SIG_RAW_H
#define _NATFWD_SIG_RAW_H

#include "gist/gist.h"

/* The header-included socket of @version (4 or 6); owned from now on. */
void raw_socket(unsigned int version, int fd);
/*
 * Send the packet @octets to where its header says, routed by @to, out of @ifindex if not 0.
 * -EMSGSIZE: does not fit the link. -EAFNOSUPPORT: no socket.
 */
int raw_send(const struct address *to, unsigned int ifindex, struct gist_view octets);
/* struct gist_io.qmode. */
int raw_qmode(void *arg, const struct gist_qmode *q, struct gist_view payload);
void raw_fini(void);

#endif /* _NATFWD_SIG_RAW_H */
