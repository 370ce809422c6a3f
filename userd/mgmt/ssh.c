// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "listen.h"
#include "mgmt/ssh.h"
#include "relay/relay.h"

#define RELAYS_MAX	64	/* that have not said who they are */
#define RELAY_SECONDS	5	/* for that */

struct ssh {
	struct ssh *next;
	uint32_t id;
	uint8_t token[16];
	bool started, used;
	uid_t uid;		/* of its relay */
	const struct ssh_ops *ops;	/* NULL: closed, the end is still to come */
	void *arg;
};

static struct {
	struct event_base *base;
	struct listen *listen;
	struct ssh *all;
	uint32_t last_id;
	unsigned int relays;
} ssh;

/* ------------------------------------------------------------------ list */

static struct ssh *find(uint32_t id)
{
	struct ssh *s;

	for (s = ssh.all; s && s->id != id; s = s->next)
		;
	return s;
}

static void drop(struct ssh *s)
{
	struct ssh **at = &ssh.all;

	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	explicit_bzero(s->token, sizeof(s->token));
	free(s);
}

/* ------------------------------------------------------------------ relays */

/* Whose token it is. Each is good for one session. */
static struct ssh *claim(const struct relay_hello *h, uid_t uid)
{
	struct ssh *s, *found = NULL;

	for (s = ssh.all; s; s = s->next)
		if (!CRYPTO_memcmp(s->token, h->token, sizeof(s->token)))
			found = s;
	if (!found || !found->started || found->used || found->uid != uid || !found->ops)
		return NULL;
	found->used = true;
	return found;
}

static bool is_hello(const struct relay_hello *h)
{
	return !memcmp(h->magic, RELAY_MAGIC, sizeof(h->magic)) && *h->user &&
	       memchr(h->user, 0, sizeof(h->user));
}

static void refuse(struct bufferevent *bev, const char *why)
{
	log_warn(SUB_MGMT, "relay refused text=\"%s\"", why);
	bufferevent_free(bev);
}

static void on_relay(struct bufferevent *bev, void *arg)
{
	struct relay_hello h;
	struct ucred who;
	socklen_t len = sizeof(who);
	struct ssh *s;

	(void)arg;
	if (evbuffer_get_length(bufferevent_get_input(bev)) < sizeof(h))
		return;
	ssh.relays--;
	bufferevent_read(bev, &h, sizeof(h));
	bufferevent_setcb(bev, NULL, NULL, NULL, NULL);
	bufferevent_set_timeouts(bev, NULL, NULL);
	if (getsockopt(bufferevent_getfd(bev), SOL_SOCKET, SO_PEERCRED, &who, &len) ||
	    !is_hello(&h)) {
		refuse(bev, "not a relay");
		return;
	}
	s = claim(&h, who.uid);
	explicit_bzero(h.token, sizeof(h.token));
	if (s)
		s->ops->up(s->arg, bev, h.user);
	else
		refuse(bev, "no connection waits for it");
}

static void on_relay_gone(struct bufferevent *bev, short what, void *arg)
{
	(void)what;
	(void)arg;
	ssh.relays--;
	bufferevent_free(bev);
}

static void on_taken(int fd, void *arg)
{
	const struct timeval late = { RELAY_SECONDS, 0 };
	struct bufferevent *bev;

	(void)arg;
	bev = ssh.relays < RELAYS_MAX ? bufferevent_socket_new(ssh.base, fd, BEV_OPT_CLOSE_ON_FREE) : NULL;
	if (!bev) {
		close(fd);
		return;
	}
	ssh.relays++;
	bufferevent_setcb(bev, on_relay, NULL, on_relay_gone, NULL);
	bufferevent_set_timeouts(bev, &late, NULL);
	bufferevent_enable(bev, EV_READ);
}

void ssh_listen(int fd)
{
	listen_destroy(ssh.listen);
	ssh.listen = fd < 0 ? NULL : listen_create(ssh.base, fd, SUB_MGMT, on_taken, NULL);
}

void ssh_init(struct event_base *base)
{
	ssh.base = base;
}

/* ------------------------------------------------------------------ sshd */

static bool ask(const struct ssh *s, int fd, const char *client, const char *endpoint)
{
	struct ssh_start m = { .id = s->id };
	int err;

	memcpy(m.token, s->token, sizeof(m.token));
	snprintf(m.client, sizeof(m.client), "%s", client);
	snprintf(m.endpoint, sizeof(m.endpoint), "%s", endpoint);
	err = proc_send_fd(PROC_MONITOR, MSG_SSH_START, &m, sizeof(m), fd);
	explicit_bzero(&m, sizeof(m));
	return !err;
}

struct ssh *ssh_open(int fd, const char *client, const char *endpoint, const struct ssh_ops *ops,
		     void *arg)
{
	struct ssh *s = calloc(1, sizeof(*s));

	if (!s || RAND_bytes(s->token, sizeof(s->token)) != 1) {
		close(fd);
		free(s);
		return NULL;
	}
	do
		s->id = ++ssh.last_id;
	while (find(s->id));
	s->ops = ops;
	s->arg = arg;
	s->next = ssh.all;
	ssh.all = s;
	if (ask(s, fd, client, endpoint))
		return s;
	drop(s);
	return NULL;
}

void ssh_leave(struct ssh *s, unsigned int ms)
{
	const struct ssh_stop m = { s->id, ms };

	(void)proc_send(PROC_MONITOR, MSG_SSH_STOP, &m, sizeof(m));
}

void ssh_close(struct ssh *s, unsigned int ms)
{
	if (!s)
		return;
	ssh_leave(s, ms);
	s->ops = NULL;
}

static void on_end(const struct ssh_end *e)
{
	struct ssh *s = find(e->id);
	const struct ssh_ops *ops;
	char why[sizeof(e->why)];
	void *arg;

	if (!s)
		return;
	ops = s->ops;
	arg = s->arg;
	snprintf(why, sizeof(why), "%.*s", (int)sizeof(e->why) - 1, e->why);
	drop(s);
	if (ops)
		ops->ended(arg, e->how, why);
}

bool ssh_message(enum msg_type type, const void *data, size_t len)
{
	const struct ssh_started *started = data;
	struct ssh *s;

	if (type == MSG_SSH_END && len == sizeof(struct ssh_end)) {
		on_end(data);
		return true;
	}
	if (type != MSG_SSH_STARTED || len != sizeof(*started))
		return false;
	s = find(started->id);
	if (s) {
		s->started = true;
		s->uid = started->uid;
	}
	return true;
}
