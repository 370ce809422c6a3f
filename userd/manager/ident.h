/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whose certificate it is (RFC 8071 3.1 C5 to C7, RFC 7589 5 and 6): pinned, or certified by a configured
 * issuer and naming a device that is expected; not revoked either way. Where the connection came from is
 * not asked.
 */
#ifndef _MANAGER_IDENT_H
#define _MANAGER_IDENT_H

#include <openssl/x509.h>
#include <time.h>

#include "manager/inventory.h"

struct ident;

/* What a peer is, or why it is nobody. */
struct identity {
	struct device *device;			/* NULL: refused, for @reason */
	const char *reason;			/* static text */
	uint8_t digest[DIGEST_SIZE];		/* of the certificate or host key */
	char identifier[DEVICE_ID];		/* that it claims, printable; may be empty */
	bool exclusive;				/* pinned, or by an issuer of these devices alone */
	/* what OCSP has to say first, unless @by is NULL: ident_stapled() */
	X509 *leaf, *by;			/* it, and whose signature it has */
	const char *unlisted;			/* no list speaks for it, which only OCSP can make up for; or NULL */
	bool required;				/* OCSP has to speak for it */
};

/*
 * Read the issuers of @s, which must stay, and their revocation lists. NULL and @why if one cannot be
 * read, is no CA, or a list is not signed by its issuer.
 */
struct ident *ident_load(const struct settings *s, char *why, size_t size);
void ident_free(struct ident *id);
/*
 * Whose is @leaf? @chain: what the peer sent with it, or NULL. True: @out has the device, and with @out->by OCSP has
 * to be asked before anything else; false: it has the reason.
 */
bool ident_certificate(struct ident *id, struct inventory *v, X509 *leaf, STACK_OF(X509) *chain,
		       time_t now, struct identity *out);
/*
 * What the device showed of OCSP, or that it showed nothing (@der NULL): NULL, it may be let in; or why not, static
 * text. ident_done() in any case.
 */
const char *ident_stapled(const struct identity *id, const uint8_t *der, size_t len);
/* Whether @reason, from here, is that a certificate was revoked. */
bool ident_tells_revoked(const char *reason);
/*
 * Whether @leaf, which was accepted with @chain, has been withdrawn since, or one above it: by lists, out of date or not,
 * and whatever else would now speak against it.
 */
bool ident_is_revoked(struct ident *id, struct inventory *v, X509 *leaf, STACK_OF(X509) *chain,
		      time_t now);
/* Give up what @id has of the certificate. */
void ident_done(struct identity *id);
/* Whose SSH host key has this SHA-256? */
bool ident_host_key(struct inventory *v, const uint8_t digest[DIGEST_SIZE], struct identity *out);

#endif /* _MANAGER_IDENT_H */
