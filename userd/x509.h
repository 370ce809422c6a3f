/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Certificates and keys, as every process that speaks TLS needs them. */
#ifndef _NATFWD_X509_H
#define _NATFWD_X509_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>

/* The first certificate of @in, PEM, is @c's own, others lead up to an authority and are sent along. */
bool x509_load_chain(SSL_CTX *c, BIO *in);
/* The private key that belongs to it. */
bool x509_load_key(SSL_CTX *c, BIO *in);
/*
 * The last Common Name of @x's subject, which is the most specific one, in UTF-8; not terminated. Its length,
 * and *@utf8 is for the caller to OPENSSL_free(); -1 if there is none, or it cannot be written so.
 */
int x509_common_name(const X509 *x, uint8_t **utf8);

#endif /* _NATFWD_X509_H */
