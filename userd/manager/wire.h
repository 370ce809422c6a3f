/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A stream over a connection that the other side opened: TLS (tls.c) or an SSH channel (ssh.c), the
 * manager being the client of either (RFC 8071 3.1 C3). It is driven by the loop, and never waits.
 *
 * Whoever uses it is told in this order: certificate and stapled, or host_key, ready, any number of data; and closed,
 * once, at any time. wire_close() frees it, and has to be called after closed as well, but never from
 * within any of them.
 */
#ifndef _MANAGER_WIRE_H
#define _MANAGER_WIRE_H

#include <event2/event.h>
#include <openssl/x509.h>

#include "manager/ident.h"

struct credential;
struct evbuffer;
struct wire;

struct wire_user {
	/*
	 * The peer has shown this certificate, or host key; NULL if it is not to be trusted, and then
	 * nothing of ours is shown to it. Otherwise what to prove ourselves by, to this peer alone.
	 */
	const struct credential *(*certificate)(void *arg, X509 *leaf, STACK_OF(X509) *chain);
	/*
	 * What it showed of OCSP with the certificate, or that it showed nothing: NULL. False: it is not to be trusted. TLS
	 * only, after certificate.
	 */
	bool (*stapled)(void *arg, const uint8_t *der, size_t len);
	const struct credential *(*host_key)(void *arg, const uint8_t digest[DIGEST_SIZE]);
	/* Whether a password may be shown to this peer. */
	bool (*may_tell_password)(void *arg);
	void (*ready)(void *arg);
	void (*data)(void *arg, const uint8_t *data, size_t len);
	/* It is over: NULL, the peer ended it in order; otherwise what went wrong. */
	void (*closed)(void *arg, const char *why);
	/* Some of wire->out was sent. Not told by SSH. */
	void (*written)(void *arg);
};

struct wire_ops {
	/* Something was put into wire->out. */
	void (*flush)(struct wire *w);
	/* End it, telling the peer as far as that takes no waiting, and free it. */
	void (*close)(struct wire *w);
	/* Read nothing, or go on. Neither this nor finish for SSH. */
	void (*pause)(struct wire *w, bool paused);
	/* Nothing more will be put into wire->out: tell the peer when it is empty. */
	void (*finish)(struct wire *w);
	/* What the peer has shown, borrowed; NULL: no certificate. NULL for others than TLS. */
	X509 *(*shown)(struct wire *w, STACK_OF(X509) **chain);
};

struct wire {
	const struct wire_ops *ops;
	const struct wire_user *user;
	void *arg;
	struct evbuffer *out;		/* not yet sent */
};

/*
 * On @fd, non-blocking, which belongs to the wire from now on, errors included. NULL: out of memory.
 * tls_globals() and ssh_globals() come first.
 */
struct wire *tls_wire(struct event_base *base, int fd, bool http, const struct wire_user *user,
		      void *arg);
struct wire *ssh_wire(struct event_base *base, int fd, const struct wire_user *user, void *arg);
/* The same without any security, and ready at once, which is not told. */
struct wire *plain_wire(struct event_base *base, int fd, const struct wire_user *user, void *arg);
int tls_globals(void);
void tls_globals_free(void);
int ssh_globals(void);
void ssh_globals_free(void);

static inline void wire_flush(struct wire *w)
{
	w->ops->flush(w);
}

static inline void wire_close(struct wire *w)
{
	w->ops->close(w);
}

#endif /* _MANAGER_WIRE_H */
