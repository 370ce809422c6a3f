// SPDX-License-Identifier: GPL-2.0-or-later
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "manager/ident.h"
#include "ocsp.h"

#define CHAIN_MAX	10	/* certificates looked at of what a peer sends */

struct issuer {
	const struct settings_issuer *s;
	X509_STORE *store;
	STACK_OF(X509) *certificates;
	STACK_OF(X509_CRL) *crls;
};

static const char withdrawn[] = "certificate revoked";

struct ident {
	const struct settings *s;
	struct issuer *issuer;
};

/* ------------------------------------------------------------------ reading issuers */

static bool fail(char *why, size_t size, const char *file, const char *what)
{
	snprintf(why, size, "%s: %s", file, what);
	ERR_clear_error();
	return false;
}

/* Whether the system trusts it for the web, where anybody may have a certificate by it. */
static bool known_to_all(X509 *x)
{
	X509_STORE *all = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509_OBJECT *found = NULL;
	bool same = false;

	if (all && ctx && X509_STORE_set_default_paths(all) &&
	    X509_STORE_CTX_init(ctx, all, NULL, NULL))
		found = X509_STORE_CTX_get_obj_by_subject(ctx, X509_LU_X509,
							  X509_get_subject_name(x));
	if (found)
		same = !X509_cmp(X509_OBJECT_get0_X509(found), x);
	X509_OBJECT_free(found);
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(all);
	ERR_clear_error();
	return same;
}

static bool add_certificate(struct issuer *i, X509 *x, char *why, size_t size)
{
	if (X509_check_ca(x) < 1) {
		X509_free(x);
		return fail(why, size, i->s->certificates, "has a certificate that is no CA's");
	}
	if (known_to_all(x) && !i->s->shared)
		log_warn(SUB_CONF, "issuer %s is a public authority; one of the device maker's own "
			 "is better, and shared: true tells so", i->s->name);
	if (X509_STORE_add_cert(i->store, x) && sk_X509_push(i->certificates, x))
		return true;
	X509_free(x);
	return fail(why, size, i->s->certificates, "out of memory");
}

static bool read_certificates(struct issuer *i, char *why, size_t size)
{
	BIO *in = BIO_new_file(i->s->certificates, "r");
	bool good = true;
	X509 *x;

	if (!in)
		return fail(why, size, i->s->certificates, "cannot be opened");
	while (good && (x = PEM_read_bio_X509(in, NULL, NULL, NULL)))
		good = add_certificate(i, x, why, size);
	BIO_free(in);
	ERR_clear_error();
	if (good && !sk_X509_num(i->certificates))
		return fail(why, size, i->s->certificates, "has no certificate in PEM");
	return good;
}

static bool signed_by_one(const struct issuer *i, X509_CRL *crl)
{
	int n;

	for (n = 0; n < sk_X509_num(i->certificates); n++) {
		X509 *x = sk_X509_value(i->certificates, n);

		if (!X509_NAME_cmp(X509_get_subject_name(x), X509_CRL_get_issuer(crl)))
			return X509_CRL_verify(crl, X509_get0_pubkey(x)) == 1;
	}
	return true;	/* of an issuer in between; looked at when it is used */
}

static bool read_crls(struct issuer *i, char *why, size_t size)
{
	BIO *in = i->s->crl ? BIO_new_file(i->s->crl, "r") : NULL;
	bool good = true;
	X509_CRL *crl;

	if (!i->s->crl)
		return true;
	if (!in)
		return fail(why, size, i->s->crl, "cannot be opened");
	while (good && (crl = PEM_read_bio_X509_CRL(in, NULL, NULL, NULL))) {
		good = signed_by_one(i, crl) && sk_X509_CRL_push(i->crls, crl);
		if (!good)
			X509_CRL_free(crl);
	}
	BIO_free(in);
	ERR_clear_error();
	if (!good)
		return fail(why, size, i->s->crl, "has a list that is not signed by its issuer");
	return sk_X509_CRL_num(i->crls) || fail(why, size, i->s->crl, "has no list in PEM");
}

static bool load_issuer(struct issuer *i, char *why, size_t size)
{
	i->store = X509_STORE_new();
	i->certificates = sk_X509_new_null();
	i->crls = sk_X509_CRL_new_null();
	if (!i->store || !i->certificates || !i->crls)
		return fail(why, size, i->s->name, "out of memory");
	return read_certificates(i, why, size) && read_crls(i, why, size);
}

struct ident *ident_load(const struct settings *s, char *why, size_t size)
{
	struct ident *id = calloc(1, sizeof(*id));
	unsigned int i;

	snprintf(why, size, "out of memory");
	if (!id)
		return NULL;
	id->s = s;
	id->issuer = calloc(s->issuers + 1, sizeof(*id->issuer));
	for (i = 0; id->issuer && i < s->issuers; i++) {
		id->issuer[i].s = &s->issuer[i];
		if (!load_issuer(&id->issuer[i], why, size))
			goto failed;
	}
	if (id->issuer)
		return id;
failed:
	ident_free(id);
	return NULL;
}

void ident_free(struct ident *id)
{
	unsigned int i;

	if (!id)
		return;
	for (i = 0; id->issuer && i < id->s->issuers; i++) {
		X509_STORE_free(id->issuer[i].store);
		sk_X509_pop_free(id->issuer[i].certificates, X509_free);
		sk_X509_CRL_pop_free(id->issuer[i].crls, X509_CRL_free);
	}
	free(id->issuer);
	free(id);
}

/* ------------------------------------------------------------------ revocation */

/* A list with a critical extension is about less than, or something else than, we think. */
static bool plain(const X509_CRL *crl)
{
	const STACK_OF(X509_EXTENSION) *all = X509_CRL_get0_extensions(crl);
	int i;

	for (i = 0; i < sk_X509_EXTENSION_num(all); i++)
		if (X509_EXTENSION_get_critical(sk_X509_EXTENSION_value(all, i)))
			return false;
	return true;
}

static bool current(const X509_CRL *crl, time_t now)
{
	const ASN1_TIME *next = X509_CRL_get0_nextUpdate(crl);

	return X509_cmp_time(X509_CRL_get0_lastUpdate(crl), &now) < 0 &&
	       (!next || X509_cmp_time(next, &now) > 0);
}

static bool names_source(X509 *x)
{
	return X509_get_ext_by_NID(x, NID_crl_distribution_points, -1) >= 0 ||
	       X509_get_ext_by_NID(x, NID_info_access, -1) >= 0;
}

static const char *without_list(const struct issuer *i, X509 *x, bool stale)
{
	if (i->s->revocation == REVOCATION_REQUIRED ||
	    (i->s->revocation == REVOCATION_IF_NAMED && (stale || names_source(x))))
		return stale ? "revocation list out of date" : "no revocation list";
	return NULL;
}

/* Why @x, certified by @by, must not be believed; NULL: it may, unless *@unlisted says what is missing for that. */
static const char *revoked(const struct issuer *i, X509 *x, X509 *by, time_t now,
			   const char **unlisted)
{
	bool stale = false, listed = false;
	X509_REVOKED *entry;
	int n;

	for (n = 0; n < sk_X509_CRL_num(i->crls); n++) {
		X509_CRL *crl = sk_X509_CRL_value(i->crls, n);

		if (X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_issuer_name(x)) ||
		    !plain(crl) || (by && X509_CRL_verify(crl, X509_get0_pubkey(by)) != 1))
			continue;
		/* 2: taken off the list again, in one that tells differences */
		if (X509_CRL_get0_by_cert(crl, &entry, x) == 1)
			return withdrawn;
		if (current(crl, now))
			listed = true;
		else
			stale = true;
	}
	*unlisted = listed ? NULL : without_list(i, x, stale);
	return NULL;
}

/*
 * Of the first of the chain *@unlisted is told, of the others it is the answer: only of the first OCSP is shown. That one
 * is withdrawn comes before that there is no list of another.
 */
static const char *chain_revoked(const struct issuer *i, STACK_OF(X509) *chain, time_t now,
				 const char **unlisted)
{
	const char *why = NULL, *missing = NULL;
	int n;

	*unlisted = NULL;
	for (n = 0; n + 1 < sk_X509_num(chain); n++) {
		if (revoked(i, sk_X509_value(chain, n), sk_X509_value(chain, n + 1), now, &missing))
			return withdrawn;
		if (!n)
			*unlisted = missing;
		else if (!why)
			why = missing;
	}
	return why;
}

/* Of a pinned certificate: whoever issued it may have withdrawn it all the same. */
static const char *pinned_revoked(const struct ident *id, X509 *x)
{
	X509_REVOKED *entry;
	unsigned int i;
	int n;

	for (i = 0; i < id->s->issuers; i++)
		for (n = 0; n < sk_X509_CRL_num(id->issuer[i].crls); n++) {
			X509_CRL *crl = sk_X509_CRL_value(id->issuer[i].crls, n);

			if (!X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_issuer_name(x)) &&
			    X509_CRL_get0_by_cert(crl, &entry, x) == 1)
				return withdrawn;
		}
	return NULL;
}

/* ------------------------------------------------------------------ identifiers */

struct search {
	struct inventory *v;
	struct device *found;
	bool ambiguous;
	char *claimed;		/* DEVICE_ID octets, the first one seen */
};

static void consider(struct search *s, const ASN1_STRING *value)
{
	const char *text = (const char *)ASN1_STRING_get0_data(value);
	int len = ASN1_STRING_length(value);
	char name[DEVICE_ID];
	struct device *d;

	if (len <= 0)
		return;
	if (!*s->claimed)
		inventory_printable(s->claimed, DEVICE_ID, text, (size_t)len);
	if (len >= DEVICE_ID || memchr(text, 0, (size_t)len))
		return;
	memcpy(name, text, (size_t)len);
	name[len] = '\0';
	d = inventory_by_identifier(s->v, name);
	if (d && s->found && s->found != d)
		s->ambiguous = true;
	if (d)
		s->found = d;
}

/* One that is there twice says nothing. */
static void look_in_subject(struct search *s, X509 *x, int nid)
{
	const X509_NAME *subject = X509_get_subject_name(x);
	int at = X509_NAME_get_index_by_NID((X509_NAME *)subject, nid, -1);

	if (at < 0)
		return;
	consider(s, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
	if (X509_NAME_get_index_by_NID((X509_NAME *)subject, nid, at) >= 0)
		s->ambiguous = true;
}

static void look_in_san(struct search *s, X509 *x, int type)
{
	GENERAL_NAMES *all = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	int i;

	for (i = 0; i < sk_GENERAL_NAME_num(all); i++) {
		const GENERAL_NAME *g = sk_GENERAL_NAME_value(all, i);

		if (g->type == type)
			consider(s, g->d.ia5);
	}
	GENERAL_NAMES_free(all);
}

static void look(struct search *s, X509 *x, enum identifier_from where)
{
	switch (where) {
	case IDENTIFIER_SERIAL:
		look_in_subject(s, x, NID_serialNumber);
		break;
	case IDENTIFIER_CN:
		look_in_subject(s, x, NID_commonName);
		break;
	case IDENTIFIER_DNS:
		look_in_san(s, x, GEN_DNS);
		break;
	default:
		look_in_san(s, x, GEN_URI);
	}
}

/* ------------------------------------------------------------------ deciding */

static const char *name_device(const struct issuer *i, struct inventory *v, X509 *leaf,
			       struct identity *out)
{
	struct search s = { .v = v, .claimed = out->identifier };

	look(&s, leaf, i->s->identifier);
	if (!*out->identifier)
		return "no identifier in the certificate";
	if (s.ambiguous)
		return "several identifiers in the certificate";
	if (!s.found)
		return "unknown identifier";
	if (*s.found->record.issuer && strcmp(s.found->record.issuer, i->s->name))
		return "certified by another issuer than the device's";
	out->device = s.found;
	out->exclusive = !i->s->shared;
	return NULL;
}

/* OCSP speaks for it, or has to be asked whether it does. */
static const char *await_ocsp(const struct issuer *i, STACK_OF(X509) *chain, const char *unlisted,
			      struct identity *out)
{
	if (i->s->ocsp == OCSP_OFF || sk_X509_num(chain) < 2)
		return unlisted;
	out->leaf = sk_X509_value(chain, 0);
	out->by = sk_X509_value(chain, 1);
	X509_up_ref(out->leaf);
	X509_up_ref(out->by);
	out->unlisted = unlisted;
	out->required = i->s->ocsp == OCSP_REQUIRE;
	return NULL;
}

const char *ident_stapled(const struct identity *id, const uint8_t *der, size_t len)
{
	struct ocsp_answer a;

	if (!id->by)
		return NULL;
	ocsp_read(der, len, id->leaf, id->by, &a);
	if (a.standing == STANDING_GOOD)
		return NULL;
	if (a.standing == STANDING_REVOKED)
		return withdrawn;
	return id->required ? a.why : id->unlisted;
}

bool ident_tells_revoked(const char *reason)
{
	return reason == withdrawn;
}

void ident_done(struct identity *id)
{
	X509_free(id->leaf);
	X509_free(id->by);
	id->leaf = id->by = NULL;
}

static const char *path_error(int error)
{
	switch (error) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return "certificate expired";
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return "certificate not yet valid";
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_CERT_SIGNATURE_FAILURE:		/* an authority of the same name */
		return "unknown issuer";
	case X509_V_ERR_INVALID_PURPOSE:
		return "certificate not meant for this";
	default:
		return "certificate not valid";
	}
}

static bool set_rules(X509_STORE_CTX *ctx, const struct issuer *i, X509 *leaf, STACK_OF(X509) *chain)
{
	if (!ctx || !X509_STORE_CTX_init(ctx, i->store, leaf, chain))
		return false;
	/* any of the certificates configured is an anchor, be it at the top or not */
	X509_STORE_CTX_set_flags(ctx, X509_V_FLAG_PARTIAL_CHAIN);
	X509_STORE_CTX_set_purpose(ctx, X509_PURPOSE_SSL_SERVER);
	X509_STORE_CTX_set_depth(ctx, CHAIN_MAX);
	return true;
}

/* By this issuer? Its answer, and whether it is the one the certificate is of (*@mine). */
static const char *by_issuer(const struct issuer *i, struct inventory *v, X509 *leaf,
			     STACK_OF(X509) *chain, time_t now, struct identity *out, bool *mine)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	const char *why = "out of memory", *unlisted;
	int error;

	*mine = false;
	if (!set_rules(ctx, i, leaf, chain))
		goto out;
	X509_STORE_CTX_set_time(ctx, 0, now);
	if (X509_verify_cert(ctx) != 1) {
		error = X509_STORE_CTX_get_error(ctx);
		why = path_error(error);
		*mine = strcmp(why, "unknown issuer");
		goto out;
	}
	*mine = true;
	why = chain_revoked(i, X509_STORE_CTX_get0_chain(ctx), now, &unlisted);
	if (!why)
		why = name_device(i, v, leaf, out);
	if (!why)
		why = await_ocsp(i, X509_STORE_CTX_get0_chain(ctx), unlisted, out);
	if (why)
		out->device = NULL;
out:
	X509_STORE_CTX_free(ctx);
	ERR_clear_error();
	return why;
}

static struct device *pinned(struct inventory *v, X509 *leaf, const uint8_t *certificate)
{
	struct device *d = inventory_by_pin(v, certificate);
	uint8_t digest[DIGEST_SIZE], *der = NULL;
	int len;

	if (d)
		return d;
	len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(leaf), &der);
	if (len <= 0)
		return NULL;
	SHA256(der, (size_t)len, digest);
	OPENSSL_free(der);
	return inventory_by_pin(v, digest);
}

/* Equal to what was pinned, which is not all: it may be out of date, or withdrawn. */
static const char *by_pin(struct ident *id, X509 *leaf, time_t now)
{
	if (X509_cmp_time(X509_get0_notAfter(leaf), &now) < 0)
		return "certificate expired";
	if (X509_cmp_time(X509_get0_notBefore(leaf), &now) > 0)
		return "certificate not yet valid";
	return pinned_revoked(id, leaf);
}

bool ident_certificate(struct ident *id, struct inventory *v, X509 *leaf, STACK_OF(X509) *chain,
		       time_t now, struct identity *out)
{
	struct device *d;
	unsigned int i, len = DIGEST_SIZE;
	bool mine = false;

	memset(out, 0, sizeof(*out));
	out->reason = "unknown issuer";
	if (!X509_digest(leaf, EVP_sha256(), out->digest, &len) ||
	    sk_X509_num(chain) > CHAIN_MAX) {
		out->reason = "certificate not valid";
		return false;
	}
	d = pinned(v, leaf, out->digest);
	if (d) {
		out->exclusive = true;
		out->reason = by_pin(id, leaf, now);
		out->device = out->reason ? NULL : d;
		return out->device;
	}
	for (i = 0; i < id->s->issuers && !mine; i++)
		out->reason = by_issuer(&id->issuer[i], v, leaf, chain, now, out, &mine);
	return out->device;
}

/* Of who was let in before: that it would be out of date now does not hide that it was withdrawn. */
static bool withdrawn_by(const struct issuer *i, X509 *leaf, STACK_OF(X509) *chain, time_t now, bool *mine)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	const char *unlisted;
	bool is = false;

	*mine = false;
	if (set_rules(ctx, i, leaf, chain)) {
		X509_STORE_CTX_set_flags(ctx, X509_V_FLAG_NO_CHECK_TIME);
		*mine = X509_verify_cert(ctx) == 1;
		is = *mine && chain_revoked(i, X509_STORE_CTX_get0_chain(ctx), now, &unlisted) == withdrawn;
	}
	X509_STORE_CTX_free(ctx);
	ERR_clear_error();
	return is;
}

bool ident_is_revoked(struct ident *id, struct inventory *v, X509 *leaf, STACK_OF(X509) *chain,
		      time_t now)
{
	uint8_t digest[DIGEST_SIZE];
	unsigned int i, len = DIGEST_SIZE;
	bool mine = false, is = false;

	if (X509_digest(leaf, EVP_sha256(), digest, &len) && pinned(v, leaf, digest))
		return pinned_revoked(id, leaf);
	for (i = 0; i < id->s->issuers && !mine; i++)
		is = withdrawn_by(&id->issuer[i], leaf, chain, now, &mine);
	return is;
}

bool ident_host_key(struct inventory *v, const uint8_t digest[DIGEST_SIZE], struct identity *out)
{
	memset(out, 0, sizeof(*out));
	memcpy(out->digest, digest, DIGEST_SIZE);
	out->device = inventory_by_pin(v, digest);
	out->exclusive = true;
	out->reason = out->device ? NULL : "unknown host key";
	return out->device;
}
