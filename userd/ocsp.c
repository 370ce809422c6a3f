// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <openssl/err.h>
#include <openssl/http.h>
#include <openssl/ocsp.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "ocsp.h"

#define SKEW	300	/* s that clocks may differ */
#define AUTH_LEVEL	1	/* of OpenSSL: SHA-1 signs no certificates there */
#define AGE	3600	/* s that a response is good for which does not say */

/* ------------------------------------------------------------------ requests */

bool ocsp_id(const X509 *x, const X509 *by, uint8_t id[OCSP_ID_SIZE])
{
	OCSP_CERTID *c = OCSP_cert_to_id(EVP_sha256(), x, by);
	unsigned int size = OCSP_ID_SIZE;
	uint8_t *der = NULL;
	int len = c ? i2d_OCSP_CERTID(c, &der) : -1;
	bool good = len > 0 && EVP_Digest(der, (size_t)len, id, &size, EVP_sha256(), NULL) == 1;

	OPENSSL_free(der);
	OCSP_CERTID_free(c);
	return good;
}

/* SHA-1 names the certificate, and is what every responder knows (RFC 5019, 2.1.1); it proves nothing. */
uint8_t *ocsp_request(const X509 *x, const X509 *by, size_t *len)
{
	OCSP_REQUEST *r = OCSP_REQUEST_new();
	OCSP_CERTID *c = r ? OCSP_cert_to_id(EVP_sha1(), x, by) : NULL;
	uint8_t *der = NULL;
	int n = -1;

	if (c && OCSP_request_add0_id(r, c))
		n = i2d_OCSP_REQUEST(r, &der);
	else
		OCSP_CERTID_free(c);
	OCSP_REQUEST_free(r);
	ERR_clear_error();
	*len = n > 0 ? (size_t)n : 0;
	return n > 0 ? der : NULL;
}

/* ------------------------------------------------------------------ responses */

/* RSASSA-PSS has it beside its name (RFC 4055, 3.1). */
static int pss_digest(const X509_ALGOR *algorithm)
{
	RSA_PSS_PARAMS *p = NULL;
	const ASN1_OBJECT *o;
	int digest = NID_sha1;

	if (algorithm->parameter)
		p = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(RSA_PSS_PARAMS), algorithm->parameter);
	if (p && p->hashAlgorithm) {
		X509_ALGOR_get0(&o, NULL, NULL, p->hashAlgorithm);
		digest = OBJ_obj2nid(o);
	}
	RSA_PSS_PARAMS_free(p);
	return digest;
}

/* What SHA-1 or MD5 sign, others can make. */
static bool strong(const OCSP_BASICRESP *b)
{
	const X509_ALGOR *algorithm = OCSP_resp_get0_tbs_sigalg(b);
	const ASN1_OBJECT *o;
	int digest, name;

	X509_ALGOR_get0(&o, NULL, NULL, algorithm);
	name = OBJ_obj2nid(o);
	if (name == NID_ED25519 || name == NID_ED448)
		return true;
	if (name == NID_rsassaPss)
		digest = pss_digest(algorithm);
	else if (!OBJ_find_sigid_algs(name, &digest, NULL))
		return false;
	return digest == NID_sha256 || digest == NID_sha384 || digest == NID_sha512;
}

/* By @by itself, or by whom it certified for OCSP, not with SHA-1 either: nobody else is an anchor. */
static bool is_signed(OCSP_BASICRESP *b, X509 *by)
{
	X509_STORE *store = X509_STORE_new();
	STACK_OF(X509) *known = sk_X509_new_null();
	bool good = store && known && X509_STORE_add_cert(store, by) == 1 &&
		    sk_X509_push(known, by) > 0 && strong(b);

	if (good) {
		X509_VERIFY_PARAM_set_auth_level(X509_STORE_get0_param(store), AUTH_LEVEL);
		good = OCSP_basic_verify(b, known, store, OCSP_PARTIAL_CHAIN | OCSP_NOEXPLICIT) == 1;
	}
	sk_X509_free(known);
	X509_STORE_free(store);
	return good;
}

/* It may name the certificate by any digest. */
static bool is_about(const OCSP_SINGLERESP *s, X509 *x, X509 *by)
{
	const OCSP_CERTID *theirs = OCSP_SINGLERESP_get0_id(s);
	OCSP_CERTID *ours;
	ASN1_OBJECT *digest = NULL;
	const EVP_MD *md;
	bool same;

	OCSP_id_get0_info(NULL, &digest, NULL, NULL, (OCSP_CERTID *)theirs);
	md = digest ? EVP_get_digestbyobj(digest) : NULL;
	ours = md ? OCSP_cert_to_id(md, x, by) : NULL;
	same = ours && !OCSP_id_cmp(ours, theirs);
	OCSP_CERTID_free(ours);
	return same;
}

static time_t seconds(const ASN1_GENERALIZEDTIME *t)
{
	struct tm tm;

	return ASN1_TIME_to_tm(t, &tm) == 1 ? timegm(&tm) : 0;
}

/* What an extension that must not be passed over says is not known here. */
static void read_single(OCSP_SINGLERESP *s, struct ocsp_answer *a)
{
	ASN1_GENERALIZEDTIME *since, *until;
	int status = OCSP_single_get0_status(s, NULL, NULL, &since, &until);

	if (OCSP_SINGLERESP_get_ext_by_critical(s, 1, -1) >= 0) {
		a->why = "the OCSP response is not understood";
		return;
	}
	if (OCSP_check_validity(since, until, SKEW, until ? -1 : AGE) != 1) {
		a->why = "the OCSP response is out of date";
		return;
	}
	if (status == V_OCSP_CERTSTATUS_UNKNOWN) {
		a->why = "the responder does not know the certificate";
		return;
	}
	a->standing = status == V_OCSP_CERTSTATUS_GOOD ? STANDING_GOOD : STANDING_REVOKED;
	a->why = "certificate revoked";
	a->since = seconds(since);
	a->until = until ? seconds(until) : a->since + AGE;
}

/* Of several about it the worst counts. */
static void read_all(OCSP_BASICRESP *b, X509 *x, X509 *by, struct ocsp_answer *a)
{
	struct ocsp_answer one;
	OCSP_SINGLERESP *s;
	int i;

	a->why = "the OCSP response is about another certificate";
	for (i = 0; i < OCSP_resp_count(b) && a->standing != STANDING_REVOKED; i++) {
		s = OCSP_resp_get0(b, i);
		if (!is_about(s, x, by))
			continue;
		one = (struct ocsp_answer){ .standing = STANDING_UNKNOWN };
		read_single(s, &one);
		if (one.standing != STANDING_UNKNOWN || a->standing == STANDING_UNKNOWN)
			*a = one;
	}
}

static const char *refusal(long status)
{
	switch (status) {
	case OCSP_RESPONSE_STATUS_TRYLATER:
		return "the responder says: try later";
	case OCSP_RESPONSE_STATUS_UNAUTHORIZED:
		return "the responder says: not one of mine";
	case OCSP_RESPONSE_STATUS_INTERNALERROR:
		return "the responder says: internal error";
	default:
		return "the responder refuses the request";
	}
}

void ocsp_read(const uint8_t *der, size_t len, X509 *x, X509 *by, struct ocsp_answer *a)
{
	const uint8_t *at = der;
	OCSP_RESPONSE *r = NULL;
	OCSP_BASICRESP *b = NULL;
	long status = OCSP_RESPONSE_STATUS_SUCCESSFUL;

	*a = (struct ocsp_answer){ .why = der ? "this is no OCSP response" : "no OCSP response" };
	if (der && len <= OCSP_RESPONSE_MAX)
		r = d2i_OCSP_RESPONSE(NULL, &at, (long)len);
	if (r && at == der + len) {
		status = OCSP_response_status(r);
		b = status == OCSP_RESPONSE_STATUS_SUCCESSFUL ? OCSP_response_get1_basic(r) : NULL;
	}
	if (status != OCSP_RESPONSE_STATUS_SUCCESSFUL)
		a->why = refusal(status);
	else if (b && OCSP_BASICRESP_get_ext_by_critical(b, 1, -1) >= 0)
		a->why = "the OCSP response is not understood";
	else if (b && !is_signed(b, by))
		a->why = "the OCSP response is not signed by who may";
	else if (b)
		read_all(b, x, by, a);
	OCSP_BASICRESP_free(b);
	OCSP_RESPONSE_free(r);
	ERR_clear_error();
}

/* ------------------------------------------------------------------ responders */

char *ocsp_responder(X509 *x)
{
	STACK_OF(OPENSSL_STRING) *all = X509_get1_ocsp(x);
	struct ocsp_place p;
	char *found = NULL;
	int i;

	for (i = 0; !found && i < sk_OPENSSL_STRING_num(all); i++)
		if (ocsp_place(sk_OPENSSL_STRING_value(all, i), &p))
			found = OPENSSL_strdup(sk_OPENSSL_STRING_value(all, i));
	X509_email_free(all);
	return found;
}

static bool printable(const char *text)
{
	for (; *text; text++)
		if (*text <= ' ' || *text >= 0x7f)
			return false;
	return true;
}

/* Whoever took the URL apart looks for brackets, and not at what is between them. */
static bool put_host(struct ocsp_place *p, const char *host)
{
	static const char usual[] =
		"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-._:";
	size_t len = strlen(host);

	if (*host == '[' && len > 2) {
		host++;
		len -= 2;
	}
	if (!len || len >= sizeof(p->host) || strspn(host, usual) < len)
		return false;
	memcpy(p->host, host, len);
	p->host[len] = 0;
	return true;
}

static bool put_target(struct ocsp_place *p, const char *path, const char *query)
{
	int n = snprintf(p->target, sizeof(p->target), "%s%s%s", *path ? path : "/", *query ? "?" : "",
			 query);

	return n > 0 && n < (int)sizeof(p->target) && *p->target == '/';
}

bool ocsp_place(const char *url, struct ocsp_place *p)
{
	char *user = NULL, *host = NULL, *path = NULL, *query = NULL, *fragment = NULL;
	int secure = 0, port = 0;
	bool good = !strncasecmp(url, "http://", 7) && printable(url) &&
		    OSSL_HTTP_parse_url(url, &secure, &user, &host, NULL, &port, &path, &query,
					&fragment) == 1;

	good = good && !secure && !*user && !*fragment && port > 0 && port < 65536 &&
	       put_host(p, host) && put_target(p, path, query);
	p->port = good ? (uint16_t)port : 0;
	OPENSSL_free(user);
	OPENSSL_free(host);
	OPENSSL_free(path);
	OPENSSL_free(query);
	OPENSSL_free(fragment);
	ERR_clear_error();
	return good;
}
