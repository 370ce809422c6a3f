/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the manager proves itself by, read at the start while files can still be opened. Each is used
 * toward the devices bound to it and no others (RFC 8071 3.1 C7).
 */
#ifndef _MANAGER_CREDENTIAL_H
#define _MANAGER_CREDENTIAL_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "manager/settings.h"

struct credential {
	const struct settings_credential *s;
	X509 *certificate;		/* NULL: none */
	STACK_OF(X509) *chain;
	EVP_PKEY *key;
	struct ssh_key_struct *ssh_key;	/* libssh's; NULL: none */
	char *password;			/* NULL: none */
};

/*
 * All of @s, which must stay: an array of s->credentials. NULL and @why if a file cannot be read, a key
 * can be read by others, or key and certificate do not belong together.
 */
struct credential *credentials_load(const struct settings *s, char *why, size_t size);
void credentials_free(struct credential *c, unsigned int n);

#endif /* _MANAGER_CREDENTIAL_H */
