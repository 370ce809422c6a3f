// SPDX-License-Identifier: GPL-2.0-or-later
/* Of OCSP: which signatures count. */
#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "ktap.h"
#include "ocsp.h"

static EVP_PKEY *rsa, *ec, *ed;

static X509 *certify(const char *name, long serial, EVP_PKEY *key, X509 *issuer, EVP_PKEY *by,
		     const EVP_MD *md, int nid, const char *extension)
{
	X509 *x = X509_new();
	X509_NAME *n = X509_get_subject_name(x);
	X509_EXTENSION *e;

	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), serial);
	X509_NAME_add_entry_by_txt(n, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(x, issuer ? X509_get_subject_name(issuer) : n);
	X509_gmtime_adj(X509_getm_notBefore(x), -3600);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	X509_set_pubkey(x, key);
	e = X509V3_EXT_conf_nid(NULL, NULL, nid, extension);
	X509_add_ext(x, e, -1);
	X509_EXTENSION_free(e);
	X509_sign(x, by, md);
	return x;
}

struct signing {
	X509 *signer;
	EVP_PKEY *key;
	const EVP_MD *md;
	bool pss;
};

/* Good, as @s signs it. */
static enum ocsp_standing read_signed(X509 *x, X509 *by, const struct signing *s)
{
	OCSP_BASICRESP *b = OCSP_BASICRESP_new();
	OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), x, by);
	ASN1_TIME *since = X509_gmtime_adj(NULL, -60), *until = X509_gmtime_adj(NULL, 60);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *how = NULL;
	OCSP_RESPONSE *r;
	uint8_t *der = NULL;
	struct ocsp_answer a;
	int len;

	OCSP_basic_add1_status(b, id, V_OCSP_CERTSTATUS_GOOD, 0, NULL, since, until);
	EVP_DigestSignInit(ctx, &how, s->md, NULL, s->key);
	if (s->pss)
		EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING);
	OCSP_basic_sign_ctx(b, s->signer, ctx, NULL, 0);
	r = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, b);
	len = i2d_OCSP_RESPONSE(r, &der);
	ocsp_read(der, (size_t)len, x, by, &a);
	OPENSSL_free(der);
	OCSP_RESPONSE_free(r);
	EVP_MD_CTX_free(ctx);
	ASN1_TIME_free(since);
	ASN1_TIME_free(until);
	OCSP_CERTID_free(id);
	OCSP_BASICRESP_free(b);
	return a.standing;
}

static enum ocsp_standing by_itself(EVP_PKEY *key, const EVP_MD *md, bool pss)
{
	const EVP_MD *usual = key == ed ? NULL : EVP_sha256();
	X509 *ca = certify("authority", 1, key, NULL, key, usual, NID_basic_constraints, "CA:TRUE");
	X509 *x = certify("device", 2, ec, ca, key, usual, NID_basic_constraints, "CA:FALSE");
	const struct signing s = { ca, key, md, pss };
	enum ocsp_standing is = read_signed(x, ca, &s);

	X509_free(x);
	X509_free(ca);
	return is;
}

static void test_digests(void)
{
	EXPECT_EQ(by_itself(rsa, EVP_sha256(), false), STANDING_GOOD);
	EXPECT_EQ(by_itself(rsa, EVP_sha512(), false), STANDING_GOOD);
	EXPECT_EQ(by_itself(ec, EVP_sha384(), false), STANDING_GOOD);
	EXPECT_EQ(by_itself(ed, NULL, false), STANDING_GOOD);
	EXPECT_EQ(by_itself(rsa, EVP_sha1(), false), STANDING_UNKNOWN);
	EXPECT_EQ(by_itself(ec, EVP_sha1(), false), STANDING_UNKNOWN);
	EXPECT_EQ(by_itself(rsa, EVP_md5(), false), STANDING_UNKNOWN);
}

/* Where the digest is not in the name of the algorithm. */
static void test_pss(void)
{
	EXPECT_EQ(by_itself(rsa, EVP_sha256(), true), STANDING_GOOD);
	EXPECT_EQ(by_itself(rsa, EVP_sha1(), true), STANDING_UNKNOWN);
}

static enum ocsp_standing delegated(const EVP_MD *md)
{
	X509 *ca = certify("authority", 1, rsa, NULL, rsa, EVP_sha256(), NID_basic_constraints, "CA:TRUE");
	X509 *x = certify("device", 2, ec, ca, rsa, EVP_sha256(), NID_basic_constraints, "CA:FALSE");
	X509 *helper = certify("responder", 3, ec, ca, rsa, md, NID_ext_key_usage, "OCSPSigning");
	const struct signing s = { helper, ec, EVP_sha256(), false };
	enum ocsp_standing is = read_signed(x, ca, &s);

	X509_free(helper);
	X509_free(x);
	X509_free(ca);
	return is;
}

static void test_delegated(void)
{
	EXPECT_EQ(delegated(EVP_sha256()), STANDING_GOOD);
	EXPECT_EQ(delegated(EVP_sha1()), STANDING_UNKNOWN);
}

static const struct ktap_test tests[] = {
	{ "what SHA-1 or MD5 sign does not count", test_digests },
	{ "nor by RSASSA-PSS", test_pss },
	{ "nor by whom a certificate by SHA-1 permits that", test_delegated },
};

int main(void)
{
	int status;

	rsa = EVP_RSA_gen(2048);
	ec = EVP_EC_gen("P-256");
	ed = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	status = ktap_main(tests, sizeof(tests) / sizeof(tests[0]));
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(ec);
	EVP_PKEY_free(ed);
	return status;
}
