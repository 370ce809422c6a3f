/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Accepting connections. */
#ifndef _NATFWD_SIG_LISTEN_H
#define _NATFWD_SIG_LISTEN_H

#include <stdbool.h>
#include <stdint.h>

/* A listening socket; owned from now on, in place of the older one with this @tls and @arg. */
void listen_socket(bool tls, uint32_t arg, int fd);
void listen_fini(void);

#endif /* _NATFWD_SIG_LISTEN_H */
