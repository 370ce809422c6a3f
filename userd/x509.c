// SPDX-License-Identifier: GPL-2.0-or-later
/* Certificates and keys: see x509.h. */
#include <openssl/err.h>
#include <openssl/pem.h>

#include "x509.h"

bool x509_load_chain(SSL_CTX *c, BIO *in)
{
	X509 *x = PEM_read_bio_X509(in, NULL, NULL, NULL);
	bool ok = x && SSL_CTX_use_certificate(c, x) == 1;

	X509_free(x);
	while (ok && (x = PEM_read_bio_X509(in, NULL, NULL, NULL))) {
		ok = SSL_CTX_add0_chain_cert(c, x) == 1;
		if (!ok)
			X509_free(x);
	}
	ERR_clear_error();	/* that there was no other one */
	return ok;
}

bool x509_load_key(SSL_CTX *c, BIO *in)
{
	EVP_PKEY *k = PEM_read_bio_PrivateKey(in, NULL, NULL, NULL);
	bool ok = k && SSL_CTX_use_PrivateKey(c, k) == 1 && SSL_CTX_check_private_key(c) == 1;

	EVP_PKEY_free(k);
	return ok;
}

int x509_common_name(const X509 *x, uint8_t **utf8)
{
	const X509_NAME *subject = X509_get_subject_name(x);
	int at = -1, next;

	while ((next = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0)
		at = next;
	if (at < 0)
		return -1;
	return ASN1_STRING_to_UTF8(utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
}
