// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "listen.h"

#define BURST	16
#define PAUSE	1	/* seconds without a descriptor */

struct listen {
	int fd;
	struct event *event, *pause;
	enum log_subsystem sub;
	bool paused;			/* none has been taken since */
	void (*taken)(int fd, void *arg);
	void *arg;
};

static void rest(struct listen *l, int err)
{
	const struct timeval pause = { PAUSE, 0 };

	if (!l->paused)
		log_error(l->sub, "cannot take a connection: %s", strerror(err));
	l->paused = true;
	event_del(l->event);
	event_add(l->pause, &pause);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct listen *l = arg;
	int i;

	(void)what;
	for (i = 0; i < BURST; i++) {
		int one = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (one >= 0) {
			l->paused = false;
			l->taken(one, l->arg);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			rest(l, errno);
		return;
	}
}

static void on_rested(evutil_socket_t fd, short what, void *arg)
{
	struct listen *l = arg;

	(void)fd;
	(void)what;
	event_add(l->event, NULL);
}

struct listen *listen_create(struct event_base *base, int fd, enum log_subsystem sub,
			     void (*taken)(int fd, void *arg), void *arg)
{
	struct listen *l = calloc(1, sizeof(*l));

	if (!l) {
		close(fd);
		return NULL;
	}
	*l = (struct listen){ .fd = fd, .sub = sub, .taken = taken, .arg = arg };
	l->event = event_new(base, fd, EV_READ | EV_PERSIST, on_readable, l);
	l->pause = evtimer_new(base, on_rested, l);
	if (l->event && l->pause && !event_add(l->event, NULL))
		return l;
	listen_destroy(l);
	return NULL;
}

void listen_destroy(struct listen *l)
{
	if (!l)
		return;
	if (l->event)
		event_free(l->event);
	if (l->pause)
		event_free(l->pause);
	close(l->fd);
	free(l);
}
