/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Identities of this node for TLS: what it shows and whom it believes, from files that the monitor opens.
 */
#ifndef _NATFWD_MGMT_CREDENTIALS_H
#define _NATFWD_MGMT_CREDENTIALS_H

#include <event2/event.h>
#include <openssl/ssl.h>

#include "proc.h"

/* Before privileges go: what the library opens. @renewed is told what may have changed: those of identity @name. */
void credentials_init(struct event_base *base, void (*renewed)(const char *name));
/*
 * Identities from now on; their files are still to be asked for. What has not changed is used as it was until
 * they are there.
 * 0 or -ENOMEM.
 */
int credentials_conf(const struct conf_mgmt *m);
/* Ask for the files, the first time or as they may have been renewed. */
void credentials_renew(void);
/* A file that was asked for; @fd is closed here, -1: there is none. */
void credentials_file(enum proc_socket which, uint32_t arg, int fd);
/* A connection with the server's role, by what identity @name has now. NULL: it has nothing usable, or no memory. */
SSL *credentials_accept(const char *name);
/*
 * The protocol that is spoken on @ssl, for a peer that asks by ALPN (RFC 7301): it gets this or no connection. Without
 * it the extension is not answered. @protocol has to stay.
 */
void credentials_offer(SSL *ssl, const char *protocol);
/* What went wrong with a handshake, in words, and whether it is the peer's certificate that is not accepted. */
const char *credentials_error(const SSL *ssl, unsigned long code, bool *certificate);
/* Whether there is an identity @name, and its files have been read. */
bool credentials_usable(const char *name);
/* What is to be asked about managers that identity @name was shown to. NULL: there is no such identity. */
const struct conf_ocsp *credentials_ocsp(const char *name);
/* Whether @ssl was begun with what identity @name has now, its authorities and lists. */
bool credentials_are_of(const char *name, const SSL *ssl);
/*
 * Whether a manager with @chain, which was accepted once, still comes from an authority of @name and is on none of its
 * lists. Of a certificate or list that has expired meanwhile that is not said. NULL, or what is wrong, static text; then
 * *@revoked tells whether it is that.
 */
const char *credentials_again(const char *name, STACK_OF(X509) *chain, bool *revoked);
/* Numbers for metrics. */
void credentials_stats(void (*fn)(void *arg, const struct stat_value *v), void *arg);
void credentials_fini(void);

#endif /* _NATFWD_MGMT_CREDENTIALS_H */
