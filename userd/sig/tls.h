/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TLS for messaging associations (RFC 5971 5.7.3): 1.2 and later, certificates on both sides, each
 * checked against the configured authorities (and revocation lists in the same file).
 */
#ifndef _NATFWD_SIG_TLS_H
#define _NATFWD_SIG_TLS_H

#include <openssl/ssl.h>

#include "proc.h"
#include "sig/peerdb.h"

/* Libraries, before privileges go: what OpenSSL reads from files it reads now. */
void tls_init(void);
/* A PEM file: own chain, private key, authorities. Takes its contents and closes it. */
void tls_file(enum proc_socket which, int fd);
/*
 * Make new connections with the files given last. False, and the old ones stay in use: they do not
 * go together; or there are none.
 */
bool tls_load(void);
/* Whether there is anything to make connections with. */
bool tls_ready(void);
/* For one connection; @accept: as the server. NULL: tls_ready() is false, or out of memory. */
SSL *tls_new(bool accept);
/* What the authenticated peer is called. */
void tls_names(const SSL *ssl, struct peer_names *n);
/* What went wrong last, in words. */
const char *tls_error(unsigned long code, const SSL *ssl);
void tls_fini(void);

#endif /* _NATFWD_SIG_TLS_H */
