// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * SSH toward who called (RFC 6242, RFC 8071 3.1 C3): libssh, non-blocking, on the socket that was
 * accepted; one process for all of them, where an ssh(1) for each would take some MiB. No file of SSH's is
 * read: host keys are known from the inventory, and keys come from the credential.
 */
#include <errno.h>
#include <event2/buffer.h>
#include <libssh/callbacks.h>
#include <libssh/libssh.h>
#include <libssh/server.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "manager/credential.h"
#include "manager/wire.h"

#define READ_SIZE	16384
#define READS		4
#define FD_MOST		0xffff			/* libssh keeps no more of a descriptor */
#define UNREAD_MOST	(4 * 1024 * 1024)	/* libssh's window is less, but it takes what exceeds it */
#define WISHES_MOST	64			/* what a device may ask of us in a session, all in vain */

enum phase { PHASE_KEX, PHASE_KEY, PHASE_PASSWORD, PHASE_CHANNEL, PHASE_SUBSYSTEM, PHASE_OPEN };

struct ssh {
	struct wire w;
	ssh_session session;
	ssh_channel channel;
	struct ssh_channel_callbacks_struct callbacks;
	int fd;
	enum phase phase;
	struct event *event;		/* one for both ways: taken off at once, should libssh have closed it */
	const struct credential *credential;
	const char *rude;		/* what the device did that nobody does; NULL */
	unsigned int wishes;
	bool handed_over;		/* the descriptor is libssh's to close */
	bool ended;
};

static uint8_t scratch[READ_SIZE];

int ssh_globals(void)
{
	return ssh_init() == SSH_OK ? 0 : -EIO;
}

void ssh_globals_free(void)
{
	ssh_finalize();
}

static void ssh_wire_free(struct ssh *s)
{
	if (s->event)
		event_free(s->event);
	/*
	 * libssh closes the socket when it finds the connection lost, whoever opened it, and by now its
	 * number may be another's. What it has not closed yet, ssh_free() does, unless ssh_disconnect()
	 * made it forget the socket before.
	 */
	ssh_free(s->session);
	if (!s->handed_over)
		close(s->fd);
	if (s->w.out)
		evbuffer_free(s->w.out);
	free(s);
}

static void ssh_wire_close(struct wire *w)
{
	ssh_wire_free((struct ssh *)w);
}

static void over(struct ssh *s, const char *why)
{
	if (s->ended)
		return;
	s->ended = true;
	event_del(s->event);
	s->w.user->closed(s->w.arg, why);
}

static const char *error_of(struct ssh *s)
{
	static char text[160];
	char *c;

	/* it may have words of the peer's, which are not to write lines of the log */
	snprintf(text, sizeof(text), "SSH: %s", ssh_get_error(s->session));
	for (c = text; *c; c++)
		if (*c < ' ' || *c == 0x7f)
			*c = '?';
	return text;
}

/* ------------------------------------------------------------------ steps to an open channel */

/* SSH_OK: go on; SSH_AGAIN: wait; SSH_ERROR: over was called. */
static int failed(struct ssh *s, const char *why)
{
	over(s, why);
	return SSH_ERROR;
}

/* The key exchange proved that the peer has the key; now whose it is (RFC 6242 6). */
static int judge(struct ssh *s)
{
	unsigned char *hash = NULL;
	uint8_t digest[DIGEST_SIZE];
	ssh_key key = NULL;
	size_t len = 0;

	if (ssh_get_server_publickey(s->session, &key) != SSH_OK)
		return failed(s, "no host key");
	if (ssh_get_publickey_hash(key, SSH_PUBLICKEY_HASH_SHA256, &hash, &len) != SSH_OK ||
	    len != DIGEST_SIZE) {
		ssh_key_free(key);
		ssh_clean_pubkey_hash(&hash);
		return failed(s, "no host key");
	}
	memcpy(digest, hash, DIGEST_SIZE);
	ssh_clean_pubkey_hash(&hash);
	ssh_key_free(key);
	s->credential = s->w.user->host_key(s->w.arg, digest);
	if (!s->credential)
		return failed(s, "host key refused");
	if (!s->credential->s->user ||
	    ssh_options_set(s->session, SSH_OPTIONS_USER, s->credential->s->user))
		return failed(s, "the credential has no user for SSH");
	return SSH_OK;
}

static int step_kex(struct ssh *s)
{
	int rc;

	s->handed_over = true;
	rc = ssh_connect(s->session);
	if (rc == SSH_AGAIN)
		return rc;
	if (rc != SSH_OK)
		return failed(s, error_of(s));
	if (judge(s) != SSH_OK)
		return SSH_ERROR;
	s->phase = s->credential->ssh_key ? PHASE_KEY : PHASE_PASSWORD;
	return SSH_OK;
}

static int after_authentication(struct ssh *s, int rc)
{
	if (rc == SSH_AUTH_AGAIN)
		return SSH_AGAIN;
	if (rc == SSH_AUTH_ERROR)
		return failed(s, error_of(s));
	if (rc == SSH_AUTH_SUCCESS)
		s->phase = PHASE_CHANNEL;
	else if (s->phase == PHASE_KEY && s->credential->password)
		s->phase = PHASE_PASSWORD;
	else
		return failed(s, "the device does not accept our credential");
	return SSH_OK;
}

static int step_password(struct ssh *s)
{
	if (!s->credential->password)
		return failed(s, "the credential has nothing for SSH");
	if (!s->w.user->may_tell_password(s->w.arg))
		return failed(s, "no password is told to this device");
	return after_authentication(s, ssh_userauth_password(s->session, NULL,
							     s->credential->password));
}

/* A NETCONF server has nothing to say there (RFC 6242 3), and nobody reads it. */
static int on_channel_data(ssh_session session, ssh_channel channel, void *data, uint32_t len,
			   int is_stderr, void *arg)
{
	struct ssh *s = arg;

	(void)session;
	(void)channel;
	(void)data;
	if (is_stderr)
		s->rude = "extended data on the channel";
	else if (len > UNREAD_MOST)
		s->rude = "more data than the window";
	/* what is returned is taken; the rest is read in turn */
	return is_stderr ? (int)len : 0;
}

/* A channel, or something of ours: no, which libssh says if told 1. Else it would keep them all. */
static int on_wish(ssh_session session, ssh_message message, void *arg)
{
	struct ssh *s = arg;

	(void)session;
	(void)message;
	if (++s->wishes <= WISHES_MOST)
		return 1;
	s->rude = "too many requests of the device";
	return 0;
}

static bool make_channel(struct ssh *s)
{
	s->channel = ssh_channel_new(s->session);
	return s->channel && ssh_set_channel_callbacks(s->channel, &s->callbacks) == SSH_OK;
}

static int step_channel(struct ssh *s)
{
	int rc;

	if (!s->channel && !make_channel(s))
		return failed(s, "out of memory");
	rc = ssh_channel_open_session(s->channel);
	if (rc == SSH_OK)
		s->phase = PHASE_SUBSYSTEM;
	return rc == SSH_OK || rc == SSH_AGAIN ? rc : failed(s, error_of(s));
}

static int step_subsystem(struct ssh *s)
{
	int rc = ssh_channel_request_subsystem(s->channel, "netconf");

	if (rc == SSH_AGAIN)
		return rc;
	if (rc != SSH_OK)
		return failed(s, "no subsystem netconf");
	s->phase = PHASE_OPEN;
	s->w.user->ready(s->w.arg);
	return SSH_OK;
}

static int step(struct ssh *s)
{
	switch (s->phase) {
	case PHASE_KEX:
		return step_kex(s);
	case PHASE_KEY:
		return after_authentication(s, ssh_userauth_publickey(s->session, NULL,
								      s->credential->ssh_key));
	case PHASE_PASSWORD:
		return step_password(s);
	case PHASE_CHANNEL:
		return step_channel(s);
	case PHASE_SUBSYSTEM:
		return step_subsystem(s);
	default:
		return SSH_OK;
	}
}

/* ------------------------------------------------------------------ data */

static void on_event(evutil_socket_t fd, short what, void *arg);

/* For writing as long as libssh has something that the socket did not take. */
static void watch(struct ssh *s)
{
	bool write = ssh_get_poll_flags(s->session) & SSH_WRITE_PENDING;
	short what = (short)(EV_READ | EV_PERSIST | (write ? EV_WRITE : 0));

	if (event_get_events(s->event) == what)
		return;
	event_del(s->event);
	event_assign(s->event, event_get_base(s->event), s->fd, what, on_event, s);
	event_add(s->event, NULL);
}

/* As much as the channel's window takes; libssh keeps to it and to the packet size (RFC 4254 6). */
static void drain(struct ssh *s)
{
	struct evbuffer_iovec v;
	int n;

	while (!s->ended && evbuffer_peek(s->w.out, 16384, NULL, &v, 1) > 0) {
		uint32_t len = v.iov_len < 16384 ? (uint32_t)v.iov_len : 16384;

		n = ssh_channel_write(s->channel, v.iov_base, len);
		if (n == 0 || n == SSH_AGAIN)
			return;
		if (n < 0) {
			over(s, error_of(s));
			return;
		}
		evbuffer_drain(s->w.out, (size_t)n);
	}
}

/* True: there may be more. */
static bool read_some(struct ssh *s)
{
	int n = ssh_channel_read_nonblocking(s->channel, scratch, sizeof(scratch), 0);

	if (n > 0) {
		s->w.user->data(s->w.arg, scratch, (size_t)n);
		return true;
	}
	if (n == SSH_ERROR)
		over(s, ssh_is_connected(s->session) ? error_of(s) : "connection closed");
	else if (n == SSH_EOF || ssh_channel_is_eof(s->channel) || ssh_channel_is_closed(s->channel))
		over(s, NULL);
	else if (!ssh_is_connected(s->session))
		over(s, "connection closed");
	return false;
}

static bool opened(struct ssh *s)
{
	int rc = SSH_OK;

	while (s->phase != PHASE_OPEN && rc == SSH_OK)
		rc = step(s);
	return rc == SSH_OK;
}

/* Closed by libssh: nothing may be waited for on that number any more. */
static bool lost(const struct ssh *s)
{
	return s->handed_over && ssh_get_fd(s->session) < 0;
}

/* True: there may be more to read. */
static bool exchange(struct ssh *s)
{
	bool more = true;
	int i;

	/* what came before the end is read to its end, which is a window away at most */
	for (i = 0; (i < READS || lost(s)) && more && !s->rude; i++)
		more = read_some(s);
	if (!s->rude)
		drain(s);
	return more;
}

static void turn(struct ssh *s)
{
	bool more = opened(s) && exchange(s);

	if (s->rude)
		over(s, s->rude);
	else if (lost(s))
		over(s, "connection closed");
	if (s->ended)
		return;
	watch(s);
	if (more)
		event_active(s->event, EV_READ, 0);
}

static void on_event(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	if (!((struct ssh *)arg)->ended)
		turn(arg);
}

static void ssh_flush(struct wire *w)
{
	struct ssh *s = (struct ssh *)w;

	if (s->phase == PHASE_OPEN)
		event_active(s->event, EV_WRITE, 0);
}

/* ------------------------------------------------------------------ its beginning */

/* No file is read, and what there is of old algorithms is left out. */
static int set_options(ssh_session session, int fd)
{
	static const char keys[] =
		"ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,"
		"rsa-sha2-512,rsa-sha2-256";
	const int no = 0;
	socket_t socket = fd;

	return ssh_options_set(session, SSH_OPTIONS_PROCESS_CONFIG, &no) ||
	       ssh_options_set(session, SSH_OPTIONS_HOST, "device") ||
	       ssh_options_set(session, SSH_OPTIONS_USER, "nobody") ||
	       ssh_options_set(session, SSH_OPTIONS_SSH_DIR, "/dev/null") ||
	       ssh_options_set(session, SSH_OPTIONS_KNOWNHOSTS, "/dev/null") ||
	       ssh_options_set(session, SSH_OPTIONS_GLOBAL_KNOWNHOSTS, "/dev/null") ||
	       ssh_options_set(session, SSH_OPTIONS_HOSTKEYS, keys) ||
	       ssh_options_set(session, SSH_OPTIONS_FD, &socket);
}

static bool set_up(struct ssh *s, struct event_base *base)
{
	s->w.out = evbuffer_new();
	s->event = event_new(base, s->fd, EV_READ | EV_WRITE | EV_PERSIST, on_event, s);
	s->session = ssh_new();
	if (!s->session || set_options(s->session, s->fd))
		return false;
	ssh_set_blocking(s->session, 0);
	ssh_set_message_callback(s->session, on_wish, s);
	s->callbacks.userdata = s;
	s->callbacks.channel_data_function = on_channel_data;
	ssh_callbacks_init(&s->callbacks);
	return s->w.out && s->event && !event_add(s->event, NULL);
}

struct wire *ssh_wire(struct event_base *base, int fd, const struct wire_user *user, void *arg)
{
	static const struct wire_ops ops = { ssh_flush, ssh_wire_close, NULL, NULL, NULL };
	struct ssh *s = fd <= FD_MOST ? calloc(1, sizeof(*s)) : NULL;

	if (!s) {
		if (fd > FD_MOST)
			log_error(SUB_NET, "SSH: descriptor %d is beyond what libssh can use (%d)", fd,
				  FD_MOST);
		close(fd);
		return NULL;
	}
	s->w = (struct wire){ .ops = &ops, .user = user, .arg = arg };
	s->fd = fd;
	if (set_up(s, base))
		return &s->w;
	ssh_wire_free(s);
	return NULL;
}
