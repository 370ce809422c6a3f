// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A called connection as it is, for relays whose two ends secure it between themselves (wire.h). Nothing is
 * proved on it here, and nothing in it looked at.
 */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "manager/wire.h"

#define READ_SIZE	16384

struct plain {
	struct wire w;
	struct bufferevent *bev;
	bool finishing, finished;
};

static void finish_when_empty(struct plain *p)
{
	if (!p->finishing || p->finished || evbuffer_get_length(p->w.out))
		return;
	p->finished = true;
	shutdown(bufferevent_getfd(p->bev), SHUT_WR);
}

static void on_read(struct bufferevent *bev, void *arg)
{
	struct evbuffer *in = bufferevent_get_input(bev);
	struct plain *p = arg;
	size_t len = evbuffer_get_length(in);
	unsigned char *data = evbuffer_pullup(in, (ev_ssize_t)len);

	if (data)
		p->w.user->data(p->w.arg, data, len);
	evbuffer_drain(in, len);
}

static void on_written(struct bufferevent *bev, void *arg)
{
	struct plain *p = arg;

	(void)bev;
	finish_when_empty(p);
	p->w.user->written(p->w.arg);
}

static void on_end(struct bufferevent *bev, short what, void *arg)
{
	struct plain *p = arg;
	int err = EVUTIL_SOCKET_ERROR();

	bufferevent_disable(bev, EV_READ | EV_WRITE);
	p->w.user->closed(p->w.arg, what & BEV_EVENT_EOF ? NULL : strerror(err));
}

static void plain_flush(struct wire *w)
{
	/* what is put into the buffer of a bufferevent goes by itself */
	(void)w;
}

static void plain_pause(struct wire *w, bool paused)
{
	struct plain *p = (struct plain *)w;

	if (paused)
		bufferevent_disable(p->bev, EV_READ);
	else
		bufferevent_enable(p->bev, EV_READ);
}

static void plain_finish(struct wire *w)
{
	struct plain *p = (struct plain *)w;

	p->finishing = true;
	finish_when_empty(p);
}

static void plain_close(struct wire *w)
{
	bufferevent_free(((struct plain *)w)->bev);
	free(w);
}

struct wire *plain_wire(struct event_base *base, int fd, const struct wire_user *user, void *arg)
{
	static const struct wire_ops ops = { plain_flush, plain_close, plain_pause, plain_finish, NULL };
	struct plain *p = calloc(1, sizeof(*p));

	if (p)
		p->bev = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (!p || !p->bev) {
		free(p);
		close(fd);
		return NULL;
	}
	p->w = (struct wire){ &ops, user, arg, bufferevent_get_output(p->bev) };
	bufferevent_setcb(p->bev, on_read, on_written, on_end, p);
	bufferevent_setwatermark(p->bev, EV_READ, 0, READ_SIZE);
	bufferevent_enable(p->bev, EV_READ | EV_WRITE);
	return &p->w;
}
