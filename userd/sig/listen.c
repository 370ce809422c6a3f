// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sig/clock.h"
#include "sig/listen.h"
#include "sig/net.h"
#include "sig/stream.h"

#define BURST		16	/* connections a turn of the loop */
#define PAUSE_MS	200	/* without descriptors */

struct listener {
	struct event *readable, *pause;
	int fd;
	bool used, tls;
};

static struct listener listeners[4];

/* Room for the next one comes when another ends: asking all the time does not help. */
static void pause_it(struct listener *l)
{
	static const struct timeval tv = { .tv_usec = PAUSE_MS * 1000 };

	net_count(NET_N_accept_paused);
	event_del(l->readable);
	event_add(l->pause, &tv);
}

static void go_on(evutil_socket_t fd, short what, void *arg)
{
	struct listener *l = arg;

	(void)fd;
	(void)what;
	event_add(l->readable, NULL);
}

/* False: no more just now. */
static bool take(struct listener *l)
{
	struct sockaddr_storage peer, own;
	socklen_t n = sizeof(peer), m = sizeof(own);
	int fd = accept4(l->fd, (struct sockaddr *)&peer, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct endpoint from, to;

	if (fd < 0) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			pause_it(l);
		return errno == ECONNABORTED || errno == EINTR;
	}
	if (getsockname(fd, (struct sockaddr *)&own, &m) ||
	    !endpoint_from_sockaddr(&from, (struct sockaddr *)&peer) ||
	    !endpoint_from_sockaddr(&to, (struct sockaddr *)&own))
		close(fd);
	else
		stream_accepted(fd, l->tls, &from, &to);
	return true;
}

static void readable(evutil_socket_t fd, short what, void *arg)
{
	unsigned int i;

	(void)fd;
	(void)what;
	clock_enter();
	for (i = 0; i < BURST && take(arg); i++)
		;
	clock_leave();
}

static void release(struct listener *l)
{
	if (!l->used)
		return;
	if (l->readable)
		event_free(l->readable);
	if (l->pause)
		event_free(l->pause);
	close(l->fd);
	*l = (struct listener){ 0 };
}

void listen_socket(bool tls, uint32_t arg, int fd)
{
	struct listener *l = &listeners[(tls ? 2 : 0) + !!arg];

	release(l);
	*l = (struct listener){ .fd = fd, .used = true, .tls = tls };
	l->readable = event_new(net.base, fd, EV_READ | EV_PERSIST, readable, l);
	l->pause = evtimer_new(net.base, go_on, l);
	if (l->readable && l->pause && !event_add(l->readable, NULL))
		return;
	log_error(SUB_NET, "no memory for accepting connections");
	release(l);
}

void listen_fini(void)
{
	unsigned int i;

	for (i = 0; i < 4; i++)
		release(&listeners[i]);
}
