// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * User names from certificates, by the rules of RFC 7407.
 *
 * natfw-test: quick timeout=60
 */
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "ktap.h"
#include "mgmt/certname.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

static EVP_PKEY *key;

static X509 *certificate(const char *common_name, const char *names)
{
	X509 *x = X509_new();
	X509_EXTENSION *e;

	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), 0);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	X509_set_pubkey(x, key);
	if (common_name)
		X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_UTF8,
					   (const unsigned char *)common_name, -1, -1, 0);
	if (names) {
		e = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, names);
		EXPECT(e && X509_add_ext(x, e, -1));
		X509_EXTENSION_free(e);
	}
	EXPECT(X509_sign(x, key, EVP_sha256()));
	return x;
}

static void print(struct conf_name_rule *r, const X509 *x, uint8_t hash, const EVP_MD *md)
{
	unsigned int len;

	r->hash = hash;
	X509_digest(x, md, r->fingerprint, &len);
	r->len = (uint8_t)len;
}

static char name[64];

/* What the rules make of @x, which is freed, alone or with an authority; "" if nothing. */
static const char *map(X509 *x, X509 *authority, const struct conf_name_rule *r, unsigned int n)
{
	STACK_OF(X509) *chain = sk_X509_new_null();
	bool found;

	sk_X509_push(chain, x);
	if (authority)
		sk_X509_push(chain, authority);
	found = certname_map(r, n, chain, name, sizeof(name));
	EXPECT_EQ(found, *name != 0);
	sk_X509_free(chain);
	X509_free(x);
	return name;
}

static const char *by(uint8_t type, const char *common_name, const char *names)
{
	struct conf_name_rule r = { .type = type, .name = "fixed" };

	return map(certificate(common_name, names), NULL, &r, 1);
}

static void types(void)
{
	EXPECT(!strcmp(by(CERTNAME_SPECIFIED, "cn", NULL), "fixed"));
	EXPECT(!strcmp(by(CERTNAME_RFC822, "cn", "email:Alice@EXAMPLE.com"), "Alice@example.com"));
	EXPECT(!strcmp(by(CERTNAME_DNS, "cn", "DNS:GW1.Example.COM"), "gw1.example.com"));
	EXPECT(!strcmp(by(CERTNAME_IP, "cn", "IP:192.0.2.7"), "192.0.2.7"));
	EXPECT(!strcmp(by(CERTNAME_IP, "cn", "IP:2001:db8::1"), "20010db8000000000000000000000001"));
	EXPECT(!strcmp(by(CERTNAME_COMMON_NAME, "B\xc3\xb6" "b", NULL), "B\xc3\xb6" "b"));
}

static void any(void)
{
	EXPECT(!strcmp(by(CERTNAME_ANY, "cn", "DNS:A.x,email:b@X"), "a.x"));
	EXPECT(!strcmp(by(CERTNAME_ANY, "cn", "URI:http://x/,email:b@X,DNS:A.x"), "b@x"));
	EXPECT(!strcmp(by(CERTNAME_ANY, "cn", NULL), ""));
}

static void others(void)
{
	EXPECT(!strcmp(by(CERTNAME_DNS, "cn", "email:a@b"), ""));
	EXPECT(!strcmp(by(CERTNAME_COMMON_NAME, NULL, "DNS:a"), ""));
	EXPECT(!strcmp(by(CERTNAME_IP, "cn", NULL), ""));
}

static void fingerprints(void)
{
	X509 *x = certificate("leaf", NULL), *ca = certificate("ca", NULL);
	struct conf_name_rule r[3] = {
		{ .type = CERTNAME_SPECIFIED, .name = "one" },
		{ .type = CERTNAME_SPECIFIED, .name = "two" },
		{ .type = CERTNAME_SPECIFIED, .name = "rest" },
	};

	print(&r[0], x, 5, EVP_sha384());
	print(&r[1], ca, 4, EVP_sha256());
	X509_up_ref(x);
	EXPECT(!strcmp(map(x, ca, r, 3), "one"));
	r[0].fingerprint[47] ^= 1;
	X509_up_ref(x);
	EXPECT(!strcmp(map(x, ca, r, 3), "two"));
	X509_up_ref(x);
	EXPECT(!strcmp(map(x, NULL, r, 3), "rest"));
	X509_up_ref(x);
	EXPECT(!strcmp(map(x, NULL, r, 2), ""));
	/* another algorithm's digest of the same length is another one */
	print(&r[1], ca, 4, EVP_sha512_256());
	EXPECT(!strcmp(map(x, ca, r, 2), ""));
	X509_free(ca);
}

static void next_rule(void)
{
	struct conf_name_rule r[2] = {
		{ .type = CERTNAME_DNS }, { .type = CERTNAME_COMMON_NAME },
	};
	char longest[65];

	EXPECT(!strcmp(map(certificate("cn", NULL), NULL, r, 2), "cn"));
	EXPECT(!strcmp(map(certificate("cn", "DNS:a.b"), NULL, r, 2), "a.b"));
	/* no name that XML cannot carry, and none that is too long */
	EXPECT(!strcmp(map(certificate("a\001b", NULL), NULL, r, 2), ""));
	memset(longest, 'x', 64);
	longest[64] = 0;
	EXPECT(!strcmp(map(certificate(longest, NULL), NULL, r, 2), ""));
	longest[63] = 0;
	EXPECT(!strcmp(map(certificate(longest, NULL), NULL, r, 2), longest));
	EXPECT(!strcmp(map(certificate("cn", NULL), NULL, r, 0), ""));
}

static void valid(void)
{
	static const struct {
		const char *text;
		bool good;
	} rows[] = {
		{ "a", true }, { "", false }, { "a b", true }, { "\x7f", false }, { "\xc2\x80", false },
		{ "\xc3\xa9", true }, { "\xe2\x82\xac", true }, { "\xf0\x9f\x98\x80", true },
		{ "\xc0\xaf", false }, { "\xe0\x80\xaf", false }, { "\xed\xa0\x80", false },
		{ "\xef\xbf\xbf", false }, { "\xf4\x90\x80\x80", false }, { "\xc3", false },
		{ "\xff", false }, { "a\n", false }, { "\x80", false },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		EXPECT_EQ(certname_valid((const uint8_t *)rows[i].text, strlen(rows[i].text)),
			  rows[i].good);
	EXPECT(!certname_valid((const uint8_t *)"a\0b", 3));
}

static void in_the_log(void)
{
	char buf[LOG_NAME], many[64];

	EXPECT(!strcmp(log_name("nms 1", buf, sizeof(buf)), "nms 1"));
	EXPECT(!strcmp(log_name("a\" level=\"b\\", buf, sizeof(buf)), "a\\\" level=\\\"b\\\\"));
	EXPECT(!strcmp(log_name("a\nb", buf, sizeof(buf)), "a?b"));
	memset(many, '"', sizeof(many) - 1);
	many[sizeof(many) - 1] = 0;
	EXPECT_EQ(strlen(log_name(many, buf, sizeof(buf))), 126);
	EXPECT(!strcmp(log_name(many, buf, 4), "\\\""));
}

static const struct ktap_test tests[] = {
	{ "7589-7d,7589-7e,7589-7f,7589-7g,7589-7i each type of name", types },
	{ "7589-7h the first of any kind", any },
	{ "names that are not there", others },
	{ "7589-7c,7589-7b,7407-a fingerprints of the certificate and of authorities", fingerprints },
	{ "7589-7j,7589-7k the next rule where there is no name, or none that can be used", next_rule },
	{ "6242-3a what can be a name", valid },
	{ "names that are no fields of the log", in_the_log },
};

int main(void)
{
	int status;

	key = EVP_EC_gen("P-256");
	status = ktap_main(tests, ARRAY_SIZE(tests));
	EVP_PKEY_free(key);
	return status;
}
