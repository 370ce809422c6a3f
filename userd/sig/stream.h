/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Streams of messaging associations: TCP, with or without TLS (RFC 5971 5.7.2, 5.7.3). What is
 * accepted the engine hears of once the other side has said something: the first octets, or by whom
 * it is in a complete TLS handshake.
 */
#ifndef _NATFWD_SIG_STREAM_H
#define _NATFWD_SIG_STREAM_H

#include "gist/gist.h"

/* struct gist_io.connect, .stream, .backlog and .close. */
int stream_connect(void *arg, uint32_t ma, const struct gist_target *to);
int stream_write(void *arg, uint32_t ma, struct gist_view octets);
size_t stream_backlog(void *arg, uint32_t ma);
void stream_close(void *arg, uint32_t ma, bool flush);

/* A connection that was accepted from @from by our @to; @fd is owned from now on. */
void stream_accepted(int fd, bool tls, const struct endpoint *from, const struct endpoint *to);
/* Whether nothing is queued on any of them. */
bool stream_idle(void);
/* Look at the authorised peer list again (4.4.2). */
void stream_review(void);
void stream_fini(void);

#endif /* _NATFWD_SIG_STREAM_H */
