// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * TLS toward who called (RFC 7589, RFC 8071 3.1 C3): OpenSSL on the socket itself, so that an idle session
 * has no buffers. The certificate is judged within the handshake, before ours is shown.
 *
 * The heartbeat extension that C4 asks for is not sent: OpenSSL has no code for it any more, and saying
 * so without answering would be worse than not saying so. TCP's keepalive finds dead peers.
 */
#include <errno.h>
#include <event2/buffer.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "manager/credential.h"
#include "manager/wire.h"

#define READ_SIZE	16384
#define READS		4	/* in one turn of the loop */

struct tls {
	struct wire w;
	SSL *ssl;
	int fd;
	struct event *in, *out;
	const struct credential *credential;
	bool shaken;		/* the handshake is done */
	bool ended;		/* closed was called */
	bool distrusted;	/* what came with its certificate, or did not, speaks against it */
	bool paused, finishing;
};

static SSL_CTX *context;
static int own_index = -1;
static uint8_t scratch[READ_SIZE];

/* ------------------------------------------------------------------ within the handshake */

static int judge(X509_STORE_CTX *ctx, void *arg)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(ctx, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct tls *t = SSL_get_ex_data(ssl, own_index);

	(void)arg;
	t->credential = t->w.user->certificate(t->w.arg, X509_STORE_CTX_get0_cert(ctx),
					       X509_STORE_CTX_get0_untrusted(ctx));
	if (t->credential)
		return 1;
	X509_STORE_CTX_set_error(ctx, X509_V_ERR_APPLICATION_VERIFICATION);
	return 0;
}

/* When all of theirs is there, with or without a response of OCSP (RFC 6066, 8). */
static int judge_staple(SSL *ssl, void *arg)
{
	struct tls *t = SSL_get_ex_data(ssl, own_index);
	const unsigned char *der = NULL;
	long len = SSL_get_tlsext_status_ocsp_resp(ssl, &der);

	(void)arg;
	t->distrusted = !t->w.user->stapled(t->w.arg, len > 0 ? der : NULL, len > 0 ? (size_t)len : 0);
	/* it has been read, and the connection may be there for long */
	SSL_set_tlsext_status_ocsp_resp(ssl, NULL, 0);
	return !t->distrusted;
}

/* Asked for ours: only after theirs was judged, since TLS servers show theirs first. */
static int show_ours(SSL *ssl, void *arg)
{
	const struct tls *t = SSL_get_ex_data(ssl, own_index);
	const struct credential *c = t->credential;

	(void)arg;
	if (!c || !c->certificate || t->distrusted)
		return 1;
	return SSL_use_cert_and_key(ssl, c->certificate, c->key, c->chain, 1) == 1;
}

int tls_globals(void)
{
	own_index = SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL);
	context = SSL_CTX_new(TLS_client_method());
	if (!context || own_index < 0)
		return -ENOMEM;
	SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
	SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
			    SSL_OP_NO_TICKET);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
			 SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_max_cert_list(context, 65536);
	SSL_CTX_set_cert_verify_callback(context, judge, NULL);
	SSL_CTX_set_cert_cb(context, show_ours, NULL);
	SSL_CTX_set_tlsext_status_type(context, TLSEXT_STATUSTYPE_ocsp);
	SSL_CTX_set_tlsext_status_cb(context, judge_staple);
	return SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL") == 1 ?
	       0 : -EINVAL;
}

void tls_globals_free(void)
{
	SSL_CTX_free(context);
	context = NULL;
}

/* ------------------------------------------------------------------ its end */

static void tls_free(struct tls *t)
{
	if (t->in)
		event_free(t->in);
	if (t->out)
		event_free(t->out);
	SSL_free(t->ssl);
	if (t->w.out)
		evbuffer_free(t->w.out);
	close(t->fd);
	free(t);
}

/* close_notify, if it can be sent at once. */
static void tls_close(struct wire *w)
{
	struct tls *t = (struct tls *)w;

	if (t->shaken)
		SSL_shutdown(t->ssl);
	ERR_clear_error();
	tls_free(t);
}

static void over(struct tls *t, const char *why)
{
	t->ended = true;
	t->shaken = false;	/* there is nothing more to say on it */
	event_del(t->in);
	event_del(t->out);
	t->w.user->closed(t->w.arg, why);
}

static const char *reason_of(const struct tls *t, int error, int err)
{
	static char text[128];

	if (!t->shaken && (t->distrusted ||
			   SSL_get_verify_result(t->ssl) == X509_V_ERR_APPLICATION_VERIFICATION))
		return "certificate refused";
	if (error == SSL_ERROR_ZERO_RETURN)
		return t->shaken ? NULL : "closed within the handshake";
	if (error == SSL_ERROR_SSL && ERR_peek_last_error()) {
		const char *what = ERR_reason_error_string(ERR_peek_last_error());

		snprintf(text, sizeof(text), "TLS: %s", what ? what : "error");
		return text;
	}
	return err ? strerror(err) : "connection closed";
}

/* Wait for the socket, or tell that it is over. */
static void wait_or_end(struct tls *t, int rc)
{
	int err = errno, error = SSL_get_error(t->ssl, rc);

	if (error == SSL_ERROR_WANT_READ)
		return;
	if (error == SSL_ERROR_WANT_WRITE)
		event_add(t->out, NULL);
	else
		over(t, reason_of(t, error, err));
	ERR_clear_error();
}

/* ------------------------------------------------------------------ data */

static void drain(struct tls *t)
{
	struct evbuffer_iovec v;
	int n;

	while (t->shaken && evbuffer_peek(t->w.out, 16384, NULL, &v, 1) > 0) {
		size_t len = v.iov_len < 16384 ? v.iov_len : 16384;

		ERR_clear_error();
		n = SSL_write(t->ssl, v.iov_base, (int)len);
		if (n <= 0) {
			wait_or_end(t, n);
			return;
		}
		evbuffer_drain(t->w.out, (size_t)n);
	}
	if (!t->shaken)
		return;
	if (t->finishing)
		SSL_shutdown(t->ssl);
	t->finishing = false;
	t->w.user->written(t->w.arg);
}

/* In a later turn of the loop: whoever put something there is not to be called back from here. */
static void tls_flush(struct wire *w)
{
	struct tls *t = (struct tls *)w;

	if (t->shaken)
		event_add(t->out, NULL);
}

static void tls_pause(struct wire *w, bool paused)
{
	struct tls *t = (struct tls *)w;

	if (t->ended || t->paused == paused)
		return;
	t->paused = paused;
	if (paused) {
		event_del(t->in);
		return;
	}
	event_add(t->in, NULL);
	if (SSL_has_pending(t->ssl))
		event_active(t->in, EV_READ, 0);
}

static void tls_finish(struct wire *w)
{
	((struct tls *)w)->finishing = true;
	tls_flush(w);
}

static X509 *tls_shown(struct wire *w, STACK_OF(X509) **chain)
{
	const struct tls *t = (struct tls *)w;

	*chain = SSL_get_peer_cert_chain(t->ssl);
	return SSL_get0_peer_certificate(t->ssl);
}

static bool shake(struct tls *t)
{
	int rc;

	if (t->shaken)
		return true;
	ERR_clear_error();
	rc = SSL_do_handshake(t->ssl);
	if (rc != 1) {
		wait_or_end(t, rc);
		return false;
	}
	t->shaken = true;
	t->w.user->ready(t->w.arg);
	return true;
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct tls *t = arg;
	int i, n;

	(void)fd;
	(void)what;
	if (t->ended || !shake(t))
		return;
	for (i = 0; i < READS; i++) {
		ERR_clear_error();
		n = SSL_read(t->ssl, scratch, sizeof(scratch));
		if (n <= 0) {
			wait_or_end(t, n);
			return;
		}
		t->w.user->data(t->w.arg, scratch, (size_t)n);
		if (t->ended || t->paused)
			return;
	}
	/* what OpenSSL holds, the socket does not tell of */
	if (SSL_has_pending(t->ssl))
		event_active(t->in, EV_READ, 0);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct tls *t = arg;

	if (t->shaken)
		drain(t);
	else
		on_readable(fd, what, arg);
}

/* ------------------------------------------------------------------ its beginning */

static bool set_up(struct tls *t, struct event_base *base, bool http)
{
	static const unsigned char alpn[] = { 8, 'h', 't', 't', 'p', '/', '1', '.', '1' };

	t->ssl = SSL_new(context);
	t->w.out = evbuffer_new();
	t->in = event_new(base, t->fd, EV_READ | EV_PERSIST, on_readable, t);
	t->out = event_new(base, t->fd, EV_WRITE, on_writable, t);
	if (!t->ssl || !t->w.out || !t->in || !t->out || !SSL_set_fd(t->ssl, t->fd) ||
	    !SSL_set_ex_data(t->ssl, own_index, t) || event_add(t->in, NULL))
		return false;
	if (http && SSL_set_alpn_protos(t->ssl, alpn, sizeof(alpn)))
		return false;
	SSL_set_connect_state(t->ssl);
	/* the ClientHello is ours to send, as soon as the loop turns */
	return !event_add(t->out, NULL);
}

struct wire *tls_wire(struct event_base *base, int fd, bool http, const struct wire_user *user,
		      void *arg)
{
	static const struct wire_ops ops = {
		tls_flush, tls_close, tls_pause, tls_finish, tls_shown,
	};
	struct tls *t = calloc(1, sizeof(*t));

	if (!t) {
		close(fd);
		return NULL;
	}
	t->w = (struct wire){ .ops = &ops, .user = user, .arg = arg };
	t->fd = fd;
	if (set_up(t, base, http))
		return &t->w;
	tls_free(t);
	return NULL;
}
