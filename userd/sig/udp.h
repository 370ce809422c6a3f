/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Normal mode: datagrams to and from our own addresses (RFC 5971 5.3.1). */
#ifndef _NATFWD_SIG_UDP_H
#define _NATFWD_SIG_UDP_H

#include "gist/gist.h"

/* The socket of @version (4 or 6) bound to @port; owned from now on, in place of an older one. */
void udp_socket(unsigned int version, uint16_t port, int fd);
/* struct gist_io.datagram. -EAFNOSUPPORT: no socket; -EMSGSIZE: does not fit the path. */
int udp_send(void *arg, const struct endpoint *from, const struct endpoint *to,
	     struct gist_view payload);
void udp_fini(void);

#endif /* _NATFWD_SIG_UDP_H */
