// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "mgmt/certname.h"
#include "x509.h"

/* A name being made; empty: none. */
struct maker {
	char *text;
	size_t size;
};

/* ------------------------------------------------------------------ fingerprints */

/* TLS HashAlgorithm (RFC 5246, 7.4.1.4.1). */
static const EVP_MD *digest_of(uint8_t hash)
{
	switch (hash) {
	case 1:
		return EVP_md5();
	case 2:
		return EVP_sha1();
	case 3:
		return EVP_sha224();
	case 4:
		return EVP_sha256();
	case 5:
		return EVP_sha384();
	case 6:
		return EVP_sha512();
	default:
		return NULL;
	}
}

static bool has_fingerprint(const X509 *x, const struct conf_name_rule *r)
{
	const EVP_MD *md = digest_of(r->hash);
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned int len;

	return md && X509_digest(x, md, digest, &len) == 1 && len == r->len &&
	       !CRYPTO_memcmp(digest, r->fingerprint, len);
}

/* The certificate itself, or an authority it was verified by. */
static bool fits(const struct conf_name_rule *r, const STACK_OF(X509) *chain)
{
	int i;

	if (!r->hash)
		return true;
	for (i = 0; i < sk_X509_num(chain); i++)
		if (has_fingerprint(sk_X509_value(chain, i), r))
			return true;
	return false;
}

/* ------------------------------------------------------------------ names */

/* Octets of the character that begins at @text, 0 if that is none; its number to *@c. */
static size_t utf8_read(const uint8_t *text, size_t len, uint32_t *c)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = *text < 0x80 ? 1 : *text >> 5 == 6 ? 2 : *text >> 4 == 14 ? 3 :
		   *text >> 3 == 30 ? 4 : 0, i;

	if (!n || n > len)
		return 0;
	*c = n == 1 ? *text : *text & (0x7f >> n);
	for (i = 1; i < n; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		*c = *c << 6 | (text[i] & 0x3f);
	}
	return *c < least[n] || (*c >= 0xd800 && *c <= 0xdfff) || *c > 0x10ffff ? 0 : n;
}

bool certname_valid(const uint8_t *text, size_t len)
{
	uint32_t c;
	size_t n;

	if (!len)
		return false;
	for (; len; text += n, len -= n) {
		n = utf8_read(text, len, &c);
		if (!n || c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0xfffe || c == 0xffff)
			return false;
	}
	return true;
}

static void put(const struct maker *m, const void *text, size_t len)
{
	*m->text = 0;
	if (len >= m->size || !certname_valid(text, len))
		return;
	memcpy(m->text, text, len);
	m->text[len] = 0;
}

static void lower(char *text)
{
	for (; *text; text++)
		*text = (char)tolower((unsigned char)*text);
}

static void put_email(const struct maker *m, const ASN1_STRING *s)
{
	char *at;

	put(m, ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s));
	at = strrchr(m->text, '@');
	if (at)
		lower(at);
}

static void put_dns(const struct maker *m, const ASN1_STRING *s)
{
	put(m, ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s));
	lower(m->text);
}

static void put_ip(const struct maker *m, const ASN1_STRING *s)
{
	const uint8_t *b = ASN1_STRING_get0_data(s);
	char text[33];
	int i;

	if (ASN1_STRING_length(s) == 4)
		snprintf(text, sizeof(text), "%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
	else if (ASN1_STRING_length(s) == 16)
		for (i = 0; i < 16; i++)
			sprintf(text + 2 * i, "%02x", b[i]);
	else
		return;
	put(m, text, strlen(text));
}

static void put_general(const struct maker *m, const GENERAL_NAME *g, uint8_t type)
{
	bool any = type == CERTNAME_ANY;

	if (g->type == GEN_EMAIL && (any || type == CERTNAME_RFC822))
		put_email(m, g->d.rfc822Name);
	else if (g->type == GEN_DNS && (any || type == CERTNAME_DNS))
		put_dns(m, g->d.dNSName);
	else if (g->type == GEN_IPADD && (any || type == CERTNAME_IP))
		put_ip(m, g->d.iPAddress);
}

/* The first that can be used, in the order of the certificate. */
static void put_alternative(const struct maker *m, const X509 *x, uint8_t type)
{
	GENERAL_NAMES *all = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	int i;

	for (i = 0; !*m->text && i < sk_GENERAL_NAME_num(all); i++)
		put_general(m, sk_GENERAL_NAME_value(all, i), type);
	GENERAL_NAMES_free(all);
}

static void put_common_name(const struct maker *m, const X509 *x)
{
	uint8_t *utf8;
	int len = x509_common_name(x, &utf8);

	if (len < 0)
		return;
	put(m, utf8, (size_t)len);
	OPENSSL_free(utf8);
}

bool certname_map(const struct conf_name_rule *rule, unsigned int n, const STACK_OF(X509) *chain,
		  char *name, size_t size)
{
	const struct maker m = { name, size };
	const X509 *x = sk_X509_num(chain) > 0 ? sk_X509_value(chain, 0) : NULL;

	*name = 0;
	for (; x && n && !*name; n--, rule++) {
		if (!fits(rule, chain))
			continue;
		if (rule->type == CERTNAME_SPECIFIED)
			put(&m, rule->name, strlen(rule->name));
		else if (rule->type == CERTNAME_COMMON_NAME)
			put_common_name(&m, x);
		else
			put_alternative(&m, x, rule->type);
	}
	return *name;
}
