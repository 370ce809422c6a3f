// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/gate.h"
#include "base/log.h"
#include "ctl/client.h"
#include "ctl/stats.h"
#include "listen.h"

#define BAD_MAX		16
#define ID_MAX		64
#define BUSY_OCTETS	(256u << 10)	/* more than that waits: no requests are taken */
#define SLOW_OCTETS	(1u << 20)	/* more than that: events are too many for it */
#define STUCK_SECONDS	60		/* without taking what waits for it */
#define CLOSE_SECONDS	5		/* to take what is left */

static struct client *clients[CLIENT_MAX];
static struct event_base *loop;
static const struct client_ops *handlers;
static struct listen *listening;
static uint64_t last_number;

/* ------------------------------------------------------------------ out */

static void finish(struct client *c)
{
	log_debug(SUB_CTL, "client gone slot=%u uid=%u", c->slot, c->uid);
	handlers->gone(c);
	clients[c->slot] = NULL;
	bufferevent_free(c->bev);
	free(c);
}

size_t client_backlog(const struct client *c)
{
	return evbuffer_get_length(bufferevent_get_output(c->bev));
}

/* After what is queued; nothing more is taken from it. */
static void close_after(struct client *c)
{
	const struct timeval limit = { CLOSE_SECONDS, 0 };

	c->closing = true;
	bufferevent_disable(c->bev, EV_READ);
	bufferevent_set_timeouts(c->bev, NULL, &limit);
	if (!client_backlog(c))
		bufferevent_trigger(c->bev, EV_WRITE, BEV_TRIG_DEFER_CALLBACKS);
}

void client_send(struct client *c, json_t *line)
{
	char *text = line ? json_dumps(line, JSON_COMPACT) : NULL;
	struct evbuffer *out = bufferevent_get_output(c->bev);

	json_decref(line);
	/* out of memory: it must not wait for what never comes */
	if (!text || evbuffer_add_printf(out, "%s\n", text) < 0)
		close_after(c);
	free(text);
}

void client_notify(struct client *c, json_t *line)
{
	if (c->closing) {
		json_decref(line);
		return;
	}
	client_send(c, line);
	if (client_backlog(c) <= SLOW_OCTETS)
		return;
	log_warn(SUB_CTL, "client does not read, and is disconnected uid=%u", c->uid);
	evbuffer_drain(bufferevent_get_output(c->bev), client_backlog(c));
	close_after(c);
}

void client_output(struct client *c, json_t *id, json_t *output)
{
	client_send(c, json_pack("{s:o,s:o}", "id", id, "output", output ? output : json_object()));
}

void client_error(struct client *c, json_t *id, const char *path, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	stats_count(STATS_ERRORS);
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	client_send(c, json_pack("{s:o,s:{s:s,s:s}}", "id", id ? id : json_null(), "error",
				 "path", path, "message", text));
}

/* ------------------------------------------------------------------ in */

static bool good_id(const json_t *id)
{
	return json_is_integer(id) || (json_is_string(id) && json_string_length(id) <= ID_MAX);
}

static void bad_line(struct client *c, const char *why)
{
	client_error(c, NULL, "", "%s", why);
	if (++c->bad >= BAD_MAX)
		close_after(c);
}

static void take_line(struct client *c, const char *line, size_t len)
{
	json_error_t e;
	json_t *request;

	if (!len)
		return;
	request = json_loadb(line, len, JSON_REJECT_DUPLICATES, &e);
	if (!request) {
		bad_line(c, e.text);
	} else if (!json_is_object(request)) {
		bad_line(c, "a request is a JSON object");
	} else if (!good_id(json_object_get(request, "id"))) {
		bad_line(c, "a request has an id, an integer or a string of at most 64 octets");
	} else {
		c->bad = 0;
		handlers->request(c, request);
	}
	json_decref(request);
}

static void on_readable(struct bufferevent *bev, void *arg)
{
	struct client *c = arg;
	struct evbuffer *in = bufferevent_get_input(bev);
	size_t len;
	char *line;

	while (!c->closing && client_backlog(c) <= BUSY_OCTETS) {
		line = evbuffer_readln(in, &len, EVBUFFER_EOL_LF);
		if (!line)
			break;
		if (len <= CLIENT_LINE_MAX)
			take_line(c, line, len);
		free(line);
		if (len > CLIENT_LINE_MAX)
			goto too_long;
	}
	if (c->closing)
		return;
	if (client_backlog(c) > BUSY_OCTETS)
		bufferevent_disable(bev, EV_READ);
	else if (evbuffer_get_length(in) > CLIENT_LINE_MAX)
		goto too_long;
	return;
too_long:
	client_error(c, NULL, "", "a line of more than %d octets", CLIENT_LINE_MAX);
	close_after(c);
}

static void on_written(struct bufferevent *bev, void *arg)
{
	struct client *c = arg;

	if (c->closing) {
		finish(c);
		return;
	}
	handlers->drained(c);
	if (client_backlog(c) <= BUSY_OCTETS && !c->closing) {
		bufferevent_enable(bev, EV_READ);
		on_readable(bev, c);
	}
}

/* One that only sends no more may still wait for answers. */
static void on_event(struct bufferevent *bev, short what, void *arg)
{
	struct client *c = arg;

	(void)bev;
	if (!(what & BEV_EVENT_EOF)) {
		finish(c);
		return;
	}
	c->ended = true;
	if (!c->waiting && !c->closing)
		close_after(c);
}

bool client_begin(struct client *c, bool list)
{
	if (c->waiting >= CLIENT_WAITING_MAX || (list && c->lists >= CLIENT_LISTS_MAX))
		return false;
	c->waiting++;
	c->lists += list;
	return true;
}

void client_done(struct client *c, bool list)
{
	c->waiting--;
	c->lists -= list;
	if (c->ended && !c->waiting && !c->closing)
		close_after(c);
}

/* ------------------------------------------------------------------ coming */

static bool user_full(uint32_t uid)
{
	unsigned int i, n = 0;

	for (i = 0; i < CLIENT_MAX; i++)
		n += clients[i] && clients[i]->uid == uid;
	return uid && n >= CLIENT_USER_MAX;
}

static void turn_away(int fd)
{
	static const char line[] =
		"{\"id\":null,\"error\":{\"path\":\"\",\"message\":\"too many clients\"}}\n";

	(void)!send(fd, line, sizeof(line) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	close(fd);
}

static bool add(unsigned int slot, int fd, uint32_t uid)
{
	const struct timeval stuck = { STUCK_SECONDS, 0 };
	struct client *c = calloc(1, sizeof(*c));

	if (!c)
		return false;
	c->bev = bufferevent_socket_new(loop, fd, BEV_OPT_CLOSE_ON_FREE);
	if (!c->bev) {
		free(c);
		return false;
	}
	c->slot = slot;
	c->uid = uid;
	c->number = ++last_number;
	clients[slot] = c;
	stats_count(STATS_CLIENTS);
	bufferevent_setcb(c->bev, on_readable, on_written, on_event, c);
	bufferevent_set_timeouts(c->bev, NULL, &stuck);
	bufferevent_set_max_single_read(c->bev, CLIENT_LINE_MAX);
	bufferevent_enable(c->bev, EV_READ | EV_WRITE);
	log_debug(SUB_CTL, "client slot=%u uid=%u", slot, uid);
	return true;
}

static void on_connection(int fd, void *arg)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);
	unsigned int slot;

	(void)arg;
	for (slot = 0; slot < CLIENT_MAX && clients[slot]; slot++)
		;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len))
		close(fd);
	else if (slot == CLIENT_MAX || user_full(peer.uid) || peer.uid >= GATE_MANAGER)
		turn_away(fd);
	else if (!add(slot, fd, peer.uid))
		close(fd);
}

/* ------------------------------------------------------------------ */

void client_init(struct event_base *base, const struct client_ops *ops)
{
	loop = base;
	handlers = ops;
}

void client_listen(int fd)
{
	listen_destroy(listening);
	listening = listen_create(loop, fd, SUB_CTL, on_connection, NULL);
}

struct client *client_find(uint64_t number)
{
	unsigned int i;

	for (i = 0; i < CLIENT_MAX; i++)
		if (clients[i] && clients[i]->number == number)
			return clients[i];
	return NULL;
}

struct client *client_at(unsigned int slot)
{
	return slot < CLIENT_MAX ? clients[slot] : NULL;
}

unsigned int client_count(void)
{
	unsigned int i, n = 0;

	for (i = 0; i < CLIENT_MAX; i++)
		n += clients[i] != NULL;
	return n;
}

void client_close_all(void)
{
	unsigned int i;

	listen_destroy(listening);
	listening = NULL;
	for (i = 0; i < CLIENT_MAX; i++)
		if (clients[i])
			(void)evbuffer_write(bufferevent_get_output(clients[i]->bev),
					     bufferevent_getfd(clients[i]->bev));
}
