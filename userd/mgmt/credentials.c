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
};

static struct identity *identities;
static unsigned int count;

void credentials_init(void)
{
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

/* ------------------------------------------------------------------ a context from them */

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
		for (n = 0; n < FILES; n++)
			forget(&identities[i].file[n]);
	}
	free(identities);
	identities = NULL;
	count = 0;
}

/* What was read of the same files is good until they have been read again. */
static SSL_CTX *take_context(const struct conf_identity *conf)
{
	SSL_CTX *context;
	unsigned int i;

	for (i = 0; i < count; i++) {
		if (memcmp(&identities[i].conf, conf, sizeof(*conf)) != 0)
			continue;
		context = identities[i].context;
		identities[i].context = NULL;
		return context;
	}
	return NULL;
}

int credentials_conf(const struct conf_mgmt *m)
{
	struct identity *new = calloc(m->identities + 1, sizeof(*new));
	unsigned int i;

	if (!new)
		return -ENOMEM;
	for (i = 0; i < m->identities; i++) {
		new[i].conf = m->identity[i];
		new[i].context = take_context(&m->identity[i]);
	}
	drop_all();
	identities = new;
	count = m->identities;
	return 0;
}

SSL *credentials_accept(const char *name)
{
	SSL *ssl = NULL;
	unsigned int i;

	for (i = 0; i < count; i++)
		if (!strcmp(identities[i].conf.name, name) && identities[i].context)
			ssl = SSL_new(identities[i].context);
	if (ssl)
		SSL_set_accept_state(ssl);
	return ssl;
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
