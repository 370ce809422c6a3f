// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sig/tls.h"
#include "x509.h"

#define FILE_MAX	(1 << 20)	/* octets */
#define CIPHERS		"HIGH:!aNULL:!eNULL:!PSK:!SRP:!kRSA"

struct file {
	uint8_t *octets;
	size_t len;
};

static const char *const file_name[] = { "certificate", "key", "authority" };
static struct file files[3];
static SSL_CTX *context;

void tls_init(void)
{
	OPENSSL_init_ssl(OPENSSL_INIT_LOAD_SSL_STRINGS | OPENSSL_INIT_LOAD_CRYPTO_STRINGS, NULL);
}

/* ---- files ---- */

static void forget(struct file *f)
{
	if (f->octets)
		OPENSSL_cleanse(f->octets, f->len);
	free(f->octets);
	*f = (struct file){ NULL, 0 };
}

static bool slurp(struct file *f, int fd)
{
	ssize_t n = 1;

	f->octets = malloc(FILE_MAX);
	if (!f->octets)
		return false;
	while (f->len < FILE_MAX && n > 0) {
		n = read(fd, f->octets + f->len, FILE_MAX - f->len);
		if (n > 0)
			f->len += (size_t)n;
	}
	return !n && f->len;
}

void tls_file(enum proc_socket which, int fd)
{
	struct file *f = &files[which - SOCKET_CERT];

	forget(f);
	if (!slurp(f, fd)) {
		log_error(SUB_NET, "TLS %s could not be read", file_name[which - SOCKET_CERT]);
		forget(f);
	}
	close(fd);
}

static BIO *open_file(enum proc_socket which)
{
	const struct file *f = &files[which - SOCKET_CERT];

	return f->len ? BIO_new_mem_buf(f->octets, (int)f->len) : NULL;
}

/* ---- a context from them ---- */

static bool add_authority(SSL_CTX *c, X509_STORE *store, X509_INFO *i)
{
	/* a list right behind a certificate comes together with it */
	if (i->crl && (X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK) != 1 ||
		       X509_STORE_add_crl(store, i->crl) != 1))
		return false;
	return !i->x509 || (X509_STORE_add_cert(store, i->x509) == 1 &&
			    SSL_CTX_add_client_CA(c, i->x509) == 1);
}

static bool load_authorities(SSL_CTX *c, BIO *in)
{
	STACK_OF(X509_INFO) *all = PEM_X509_INFO_read_bio(in, NULL, NULL, NULL);
	X509_STORE *store = SSL_CTX_get_cert_store(c);
	bool ok = all && sk_X509_INFO_num(all) > 0;
	int i;

	for (i = 0; ok && i < sk_X509_INFO_num(all); i++)
		ok = add_authority(c, store, sk_X509_INFO_value(all, i));
	sk_X509_INFO_pop_free(all, X509_INFO_free);
	return ok;
}

static bool load(SSL_CTX *c, enum proc_socket which, bool (*fn)(SSL_CTX *c, BIO *in))
{
	BIO *in = open_file(which);
	bool ok = in && fn(c, in);

	BIO_free(in);
	if (!ok)
		log_error(SUB_NET, "TLS %s is not usable error=\"%s\"", file_name[which - SOCKET_CERT],
			  in ? tls_error(ERR_get_error(), NULL) : "no file");
	ERR_clear_error();
	return ok;
}

/* Every connection shows its certificate: nothing is resumed, nothing renegotiated. */
static bool set_rules(SSL_CTX *c)
{
	SSL_CTX_set_options(c, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET |
			       SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(c, 0);
	SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
			    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_verify(c, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	SSL_CTX_set_verify_depth(c, 8);
	return SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION) == 1 &&
	       SSL_CTX_set_cipher_list(c, CIPHERS) == 1;
}

bool tls_load(void)
{
	SSL_CTX *c = SSL_CTX_new(TLS_method());
	bool ok = c && set_rules(c) && load(c, SOCKET_CERT, x509_load_chain) &&
		  load(c, SOCKET_KEY, x509_load_key) && load(c, SOCKET_CA, load_authorities);

	forget(&files[SOCKET_KEY - SOCKET_CERT]);
	if (!ok) {
		SSL_CTX_free(c);
		return false;
	}
	SSL_CTX_free(context);
	context = c;
	return true;
}

bool tls_ready(void)
{
	return context;
}

SSL *tls_new(bool accept)
{
	SSL *ssl = context ? SSL_new(context) : NULL;

	if (ssl && accept)
		SSL_set_accept_state(ssl);
	else if (ssl)
		SSL_set_connect_state(ssl);
	return ssl;
}

/* ---- who the other one is ---- */

/* Returns whether there is any dNSName, be it one that cannot be used. */
static bool add_dns(const X509 *x, struct peer_names *n)
{
	GENERAL_NAMES *all = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	const GENERAL_NAME *g;
	bool any = false;
	int i;

	for (i = 0; i < sk_GENERAL_NAME_num(all); i++) {
		g = sk_GENERAL_NAME_value(all, i);
		if (g->type != GEN_DNS)
			continue;
		any = true;
		peer_names_add(n, ASN1_STRING_get0_data(g->d.dNSName),
			       (size_t)ASN1_STRING_length(g->d.dNSName));
	}
	GENERAL_NAMES_free(all);
	return any;
}

static void add_common_name(const X509 *x, struct peer_names *n)
{
	uint8_t *utf8;
	int len = x509_common_name(x, &utf8);

	if (len < 0)
		return;
	peer_names_add(n, utf8, (size_t)len);
	OPENSSL_free(utf8);
}

void tls_names(const SSL *ssl, struct peer_names *n)
{
	X509 *x = SSL_get1_peer_certificate(ssl);

	n->count = 0;
	if (x && SSL_get_verify_result(ssl) == X509_V_OK && !add_dns(x, n))
		add_common_name(x, n);
	X509_free(x);
}

const char *tls_error(unsigned long code, const SSL *ssl)
{
	long verify = ssl ? SSL_get_verify_result(ssl) : X509_V_OK;
	const char *text;

	if (verify != X509_V_OK)
		return X509_verify_cert_error_string(verify);
	text = code ? ERR_reason_error_string(code) : NULL;
	return text ? text : "connection closed";
}

void tls_fini(void)
{
	unsigned int i;

	SSL_CTX_free(context);
	context = NULL;
	for (i = 0; i < 3; i++)
		forget(&files[i]);
}
