// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "mgmt/credentials.h"
#include "mgmt/inquiry.h"
#include "mgmt/staple.h"
#include "x509.h"

#define FILES		4
#define FILE_MAX	(4u << 20)	/* octets; revocation lists are long */
#define DEPTH_MAX	8
/* ECDHE with AES-GCM or ChaCha20 for TLS 1.2, and the suite RFC 7589 takes over as mandatory. */
#define CIPHERS		"ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:AES128-SHA:!aNULL:!PSK"

static const char *const file_names[FILES] = {
	"certificate", "private key", "certificate authority", "revocation list",
};

struct file {
	uint8_t *octets;
	size_t len;
};

struct identity {
	struct conf_identity conf;
	struct file file[FILES];	/* until all are there */
	SSL_CTX *context;		/* NULL: nothing usable */
	struct staple *staple;		/* NULL: none is wanted, or wanted yet */
};

static struct identity *identities;
static unsigned int count;
static struct event_base *loop;
static void (*tell_renewed)(const char *name);

void credentials_init(struct event_base *base, void (*renewed)(const char *name))
{
	loop = base;
	tell_renewed = renewed;
	inquiry_init(base);
	OPENSSL_init_ssl(OPENSSL_INIT_LOAD_SSL_STRINGS | OPENSSL_INIT_LOAD_CRYPTO_STRINGS, NULL);
}

/* ------------------------------------------------------------------ files */

static void forget(struct file *f)
{
	if (f->octets)
		OPENSSL_cleanse(f->octets, f->len);
	free(f->octets);
	*f = (struct file){ NULL, 0 };
}

static bool grow(struct file *f, size_t *room)
{
	size_t more = *room ? 2 * *room : 8192;
	uint8_t *p = more <= FILE_MAX ? malloc(more) : NULL;

	if (!p)
		return false;
	if (f->len)
		memcpy(p, f->octets, f->len);
	if (f->octets)
		OPENSSL_cleanse(f->octets, f->len);
	free(f->octets);
	f->octets = p;
	*room = more;
	return true;
}

static bool slurp(struct file *f, int fd)
{
	size_t room = 0;
	ssize_t n = 1;

	while (n > 0) {
		if (f->len == room && !grow(f, &room))
			return false;
		n = read(fd, f->octets + f->len, room - f->len);
		if (n > 0)
			f->len += (size_t)n;
	}
	return !n && f->len;
}

/* ------------------------------------------------------------------ what is in them */

static bool load_authorities(SSL_CTX *c, BIO *in)
{
	X509_STORE *store = SSL_CTX_get_cert_store(c);
	unsigned int n = 0;
	X509 *x;

	while ((x = PEM_read_bio_X509(in, NULL, NULL, NULL))) {
		n += X509_STORE_add_cert(store, x) == 1 && SSL_CTX_add_client_CA(c, x) == 1;
		X509_free(x);
	}
	ERR_clear_error();
	return n;
}

/* With lists, every certificate of the chain has to be in the scope of one that is in date. */
static bool load_lists(SSL_CTX *c, BIO *in)
{
	X509_STORE *store = SSL_CTX_get_cert_store(c);
	unsigned int n = 0;
	X509_CRL *list;

	while ((list = PEM_read_bio_X509_CRL(in, NULL, NULL, NULL))) {
		n += X509_STORE_add_crl(store, list) == 1;
		X509_CRL_free(list);
	}
	ERR_clear_error();
	return n && X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK |
						X509_V_FLAG_CRL_CHECK_ALL) == 1;
}

static int on_alpn(SSL *ssl, const unsigned char **out, unsigned char *len, const unsigned char *in,
		   unsigned int in_len, void *arg)
{
	const char *protocol = SSL_get_app_data(ssl);
	unsigned int i;

	(void)arg;
	if (!protocol)
		return SSL_TLSEXT_ERR_NOACK;
	for (i = 0; i < in_len; i += in[i] + 1u) {
		if (in[i] != strlen(protocol) || in_len - i <= in[i] || memcmp(in + i + 1, protocol, in[i]))
			continue;
		*out = in + i + 1;
		*len = in[i];
		return SSL_TLSEXT_ERR_OK;
	}
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}

void credentials_offer(SSL *ssl, const char *protocol)
{
	SSL_set_app_data(ssl, (char *)protocol);
}

/* ------------------------------------------------------------------ stapling */

/* By context, which is what a connection has of its identity; that may have another one meanwhile. */
static const struct identity *identity_of(const SSL *ssl)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		if (identities[i].context == SSL_get_SSL_CTX(ssl))
			return &identities[i];
	return NULL;
}

/* Asked for by the manager (RFC 6066, 8; RFC 8446, 4.4.2.1). */
static int on_status(SSL *ssl, void *arg)
{
	const struct identity *i = identity_of(ssl);
	const uint8_t *der;
	uint8_t *copy;
	size_t len;

	(void)arg;
	der = i && i->staple ? staple_get(i->staple, &len) : NULL;
	copy = der ? OPENSSL_memdup(der, len) : NULL;
	if (!copy)
		return SSL_TLSEXT_ERR_NOACK;
	SSL_set_tlsext_status_ocsp_resp(ssl, copy, len);
	return SSL_TLSEXT_ERR_OK;
}

static X509 *certifier_of(SSL_CTX *c, X509 *x)
{
	STACK_OF(X509) *chain = NULL;
	int i;

	SSL_CTX_get0_chain_certs(c, &chain);
	for (i = 0; i < sk_X509_num(chain); i++)
		if (X509_check_issued(sk_X509_value(chain, i), x) == X509_V_OK)
			return sk_X509_value(chain, i);
	return NULL;
}

static void renew_staple(struct identity *i)
{
	X509 *x = SSL_CTX_get0_certificate(i->context);

	if (!i->conf.ocsp.staple) {
		staple_free(i->staple);
		i->staple = NULL;
		return;
	}
	if (!i->staple)
		i->staple = staple_create(loop, i->conf.name);
	if (i->staple)
		staple_set(i->staple, x, certifier_of(i->context, x), i->conf.ocsp.staple_from);
}

/* ------------------------------------------------------------------ a context from files */

/*
 * Every connection shows its certificate: nothing is resumed or renegotiated, and nothing said before that
 * (no early data). Certificates have to be for clients.
 */
static bool set_rules(SSL_CTX *c)
{
	SSL_CTX_set_options(c, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET |
			       SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(c, 0);
	SSL_CTX_set_alpn_select_cb(c, on_alpn, NULL);
	SSL_CTX_set_tlsext_status_cb(c, on_status);
	SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
			    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_verify(c, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	SSL_CTX_set_verify_depth(c, DEPTH_MAX);
	return SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION) == 1 &&
	       SSL_CTX_set_cipher_list(c, CIPHERS) == 1;
}

static bool load(const struct identity *i, unsigned int which, SSL_CTX *c)
{
	static bool (*const loaders[FILES])(SSL_CTX *ctx, BIO *in) = {
		x509_load_chain, x509_load_key, load_authorities, load_lists,
	};
	const struct file *f = &i->file[which];
	BIO *in;
	bool ok;

	if (which == FILES - 1 && !*i->conf.crl)
		return true;
	in = f->len ? BIO_new_mem_buf(f->octets, (int)f->len) : NULL;
	ok = in && loaders[which](c, in);
	BIO_free(in);
	if (!ok)
		log_error(SUB_MGMT, "identity %s: %s is not usable error=\"%s\"", i->conf.name,
			  file_names[which], !in ? "no file" :
			  ERR_peek_error() ? ERR_reason_error_string(ERR_peek_error()) : "empty");
	ERR_clear_error();
	return ok;
}

/* What is not usable is not put in the place of what is: a file may be half written just now. */
static void build(struct identity *i)
{
	SSL_CTX *c = SSL_CTX_new(TLS_server_method());
	bool ok = c && set_rules(c);
	unsigned int n;

	for (n = 0; ok && n < FILES; n++)
		ok = load(i, n, c);
	for (n = 0; n < FILES; n++)
		forget(&i->file[n]);
	if (!ok) {
		SSL_CTX_free(c);
		return;
	}
	SSL_CTX_free(i->context);
	i->context = c;
	renew_staple(i);
	tell_renewed(i->conf.name);
}

/* They come in the order in which they were asked for. */
void credentials_file(enum proc_socket which, uint32_t arg, int fd)
{
	struct identity *i = arg < count ? &identities[arg] : NULL;
	unsigned int n = which - SOCKET_MGMT_CERT;

	if (i && n < FILES) {
		forget(&i->file[n]);
		if (fd >= 0 && !slurp(&i->file[n], fd))
			forget(&i->file[n]);
		if (n == FILES - 1)
			build(i);
	}
	if (fd >= 0)
		close(fd);
}

void credentials_renew(void)
{
	enum proc_socket which;
	unsigned int i;

	for (i = 0; i < count; i++)
		for (which = SOCKET_MGMT_CERT; which <= SOCKET_MGMT_CRL; which++)
			proc_ask_fd(which, i);
}

/* ------------------------------------------------------------------ identities */

static void drop_all(void)
{
	unsigned int i, n;

	for (i = 0; i < count; i++) {
		SSL_CTX_free(identities[i].context);
		staple_free(identities[i].staple);
		for (n = 0; n < FILES; n++)
			forget(&identities[i].file[n]);
	}
	free(identities);
	identities = NULL;
	count = 0;
}

/* What was read of the same files is good until they have been read again. */
static void take_over(struct identity *to)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		if (memcmp(&identities[i].conf, &to->conf, sizeof(to->conf)) != 0)
			continue;
		to->context = identities[i].context;
		to->staple = identities[i].staple;
		identities[i].context = NULL;
		identities[i].staple = NULL;
	}
}

int credentials_conf(const struct conf_mgmt *m)
{
	struct identity *new = calloc(m->identities + 1, sizeof(*new));
	unsigned int i;

	if (!new)
		return -ENOMEM;
	for (i = 0; i < m->identities; i++) {
		new[i].conf = m->identity[i];
		take_over(&new[i]);
	}
	drop_all();
	identities = new;
	count = m->identities;
	return 0;
}

static const struct identity *find(const char *name)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		if (!strcmp(identities[i].conf.name, name))
			return &identities[i];
	return NULL;
}

SSL *credentials_accept(const char *name)
{
	const struct identity *i = find(name);
	SSL *ssl = i && i->context ? SSL_new(i->context) : NULL;

	if (ssl)
		SSL_set_accept_state(ssl);
	return ssl;
}

const struct conf_ocsp *credentials_ocsp(const char *name)
{
	const struct identity *i = find(name);

	return i ? &i->conf.ocsp : NULL;
}

bool credentials_usable(const char *name)
{
	const struct identity *i = find(name);

	return i && i->context;
}

/* ------------------------------------------------------------------ once more */

/* Who was let in before it was out of date stays. */
static int tolerate(int good, X509_STORE_CTX *ctx)
{
	switch (X509_STORE_CTX_get_error(ctx)) {
	case X509_V_ERR_CERT_NOT_YET_VALID:
	case X509_V_ERR_CERT_HAS_EXPIRED:
	case X509_V_ERR_CRL_NOT_YET_VALID:
	case X509_V_ERR_CRL_HAS_EXPIRED:
	case X509_V_ERR_UNABLE_TO_GET_CRL:
		return 1;
	default:
		return good;
	}
}

bool credentials_are_of(const char *name, const SSL *ssl)
{
	const struct identity *i = find(name);

	return i && i->context && SSL_get_SSL_CTX(ssl) == i->context;
}

const char *credentials_again(const char *name, STACK_OF(X509) *chain, bool *revoked)
{
	const struct identity *i = find(name);
	X509_STORE_CTX *ctx = i && i->context ? X509_STORE_CTX_new() : NULL;
	int error = X509_V_ERR_UNSPECIFIED;

	*revoked = false;
	if (!i)
		return "there is no such identity any more";
	if (ctx && X509_STORE_CTX_init(ctx, SSL_CTX_get_cert_store(i->context),
				       sk_X509_value(chain, 0), chain)) {
		X509_STORE_CTX_set_default(ctx, "ssl_client");
		X509_STORE_CTX_set_depth(ctx, DEPTH_MAX);
		X509_STORE_CTX_set_verify_cb(ctx, tolerate);
		if (X509_verify_cert(ctx) == 1)
			error = X509_V_OK;
		else if (X509_STORE_CTX_get_error(ctx) != X509_V_OK)
			error = X509_STORE_CTX_get_error(ctx);
	}
	X509_STORE_CTX_free(ctx);
	ERR_clear_error();
	*revoked = error == X509_V_ERR_CERT_REVOKED;
	return error == X509_V_OK ? NULL : X509_verify_cert_error_string(error);
}

/* ------------------------------------------------------------------ the rest */

static void tell(void (*fn)(void *arg, const struct stat_value *v), void *arg, const char *name,
		 const char *help, const struct identity *i, uint64_t number)
{
	struct stat_value v = { .gauge = !strstr(name, "_total"), .number = number,
				.label = "identity" };

	snprintf(v.name, sizeof(v.name), "ocsp_%s", name);
	snprintf(v.help, sizeof(v.help), "%s", help);
	snprintf(v.value, sizeof(v.value), "%.31s", i->conf.name);
	fn(arg, &v);
}

void credentials_stats(void (*fn)(void *arg, const struct stat_value *v), void *arg)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		if (!identities[i].staple)
			continue;
		tell(fn, arg, "staple", "There is a response to show", &identities[i],
		     staple_is_there(identities[i].staple));
		tell(fn, arg, "stapled_total", "Responses shown to managers", &identities[i],
		     staple_shown(identities[i].staple));
	}
}

const char *credentials_error(const SSL *ssl, unsigned long code, bool *certificate)
{
	long verify = SSL_get_verify_result(ssl);
	const char *text = code ? ERR_reason_error_string(code) : NULL;

	*certificate = verify != X509_V_OK ||
		       ERR_GET_REASON(code) == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE;
	if (verify != X509_V_OK)
		return X509_verify_cert_error_string(verify);
	return text ? text : "connection closed during the handshake";
}

void credentials_fini(void)
{
	drop_all();
}
