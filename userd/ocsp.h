/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * OCSP (RFC 6960): what a responder is asked about a certificate, and what its response says of it. The encodings and
 * the signatures are OpenSSL's; here are no sockets, no memory of what was said, and no policy.
 *
 * Requests have no nonce, and none is looked for: responses are made ahead of time and handed on by others, so what
 * bounds a replay is the time they are good for.
 */
#ifndef _NATFWD_OCSP_H
#define _NATFWD_OCSP_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define OCSP_ID_SIZE	32
#define OCSP_RESPONSE_MAX	65536	/* octets */

enum ocsp_standing {
	STANDING_UNKNOWN,	/* nothing that could be believed was said */
	STANDING_GOOD,
	STANDING_REVOKED,
};

struct ocsp_answer {
	enum ocsp_standing standing;
	const char *why;	/* in words, unless it is good; static */
	time_t since, until;	/* what it is good for; both 0 if it is unknown */
	bool unasked;		/* unknown, as something was wanting here and nobody was asked */
};

/* Where a responder is. */
struct ocsp_place {
	char host[256];		/* name or address, without brackets */
	uint16_t port;
	char target[1024];	/* path and query */
};

/*
 * Who @x, certified by @by, is to responders, as a key to remember it by: issuer's name, issuer's key and serial number.
 * False: out of memory.
 */
bool ocsp_id(const X509 *x, const X509 *by, uint8_t id[OCSP_ID_SIZE]);
/* A request about it, *@len octets, to be freed by OPENSSL_free(). NULL: out of memory. */
uint8_t *ocsp_request(const X509 *x, const X509 *by, size_t *len);
/*
 * What the @len octets of @der, an OCSPResponse from anywhere, say of @x, certified by @by. It has to be signed by @by
 * or by whom @by certified for that (RFC 6960, 4.2.2.2), be about this certificate, and be good now, give or take
 * five minutes; without a nextUpdate for an hour. @der NULL: there was none.
 */
void ocsp_read(const uint8_t *der, size_t len, X509 *x, X509 *by, struct ocsp_answer *a);
/*
 * The first responder that @x names and that is asked by plain HTTP (RFC 5280, 4.2.2.1); to be freed by OPENSSL_free(). NULL:
 * none. Whoever made the certificate wrote that, and nobody else may be believed about it.
 */
char *ocsp_responder(X509 *x);
/* Takes @url apart. False: not an http: URL of a host, or it has somebody's name or a fragment in it. */
bool ocsp_place(const char *url, struct ocsp_place *p);

#endif /* _NATFWD_OCSP_H */
