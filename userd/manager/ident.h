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
};

/*
 * Read the issuers of @s, which must stay, and their revocation lists. NULL and @why if one cannot be
 * read, is no CA, or a list is not signed by its issuer.
 */
struct ident *ident_load(const struct settings *s, char *why, size_t size);
void ident_free(struct ident *id);
/*
 * Whose is @leaf? @chain: what the peer sent with it, or NULL. True: @out has the device; false: it has
 * the reason.
 */
bool ident_certificate(struct ident *id, struct inventory *v, X509 *leaf, STACK_OF(X509) *chain,
		       time_t now, struct identity *out);
/* Whose SSH host key has this SHA-256? */
bool ident_host_key(struct inventory *v, const uint8_t digest[DIGEST_SIZE], struct identity *out);

#endif /* _MANAGER_IDENT_H */
