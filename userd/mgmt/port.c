// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/boottime.h"
#include "base/log.h"
#include "mgmt/certname.h"
#include "mgmt/dial.h"
#include "mgmt/port.h"
#include "mgmt/transport.h"

#define SOURCES		256	/* that are remembered for what they did */
#define FAILURES	5	/* of a source, within ... */
#define PENALTY		60	/* ... s: so long nothing of it is accepted */
#define PAUSE_MS	1000	/* without descriptors */
#define SITE_BITS	64	/* of an IPv6 address: whoever has it has all of that */

/* Where it came from is good for limits, and for nothing else. */
struct source {
	struct address at;
	unsigned int failures;
	time_t since;
};

struct guest {
	struct guest *next;
	struct listener *listener;
	char name[64];			/* of it */
	struct endpoint remote;
	struct address source;
	struct transport *transport;
	struct event *late;
	bool up;
};

struct listener {
	struct conf_listen conf;
	bool moved;
	int fd;
	struct event *event;
	struct guest *guests;
	unsigned int unknown;		/* guests that have not said yet who they are */
	unsigned int sessions;		/* guests that have */
	uint64_t accepted, refused, failed, opened;
};

static struct {
	struct event_base *base;
	struct listener *listener;
	unsigned int listeners;
	struct listener leaving;	/* of guests whose own is no more, and who have to be answered still */
	struct event *resume;
	bool paused;			/* none has been accepted since */
	struct source source[SOURCES];
} in;

/* ------------------------------------------------------------------ sources */

static struct address source_of(const struct endpoint *remote)
{
	struct address a = remote->address;

	if (a.version == 6)
		address_mask(&a, SITE_BITS);
	return a;
}

/* NULL: nothing is held against it. */
static struct source *find_source(const struct address *at)
{
	struct source *s;

	for (s = in.source; s < in.source + SOURCES; s++)
		if (s->failures && address_equal(&s->at, at))
			return boottime() - s->since < PENALTY ? s : NULL;
	return NULL;
}

/* The one that is least recent gives way. */
static void blame(const struct address *at)
{
	struct source *s = find_source(at), *i;

	if (!s) {
		for (s = i = in.source; i < in.source + SOURCES; i++)
			if (address_equal(&i->at, at) || i->since < s->since)
				s = i;
		*s = (struct source){ .at = *at };
	}
	s->failures++;
	s->since = boottime();
}

static bool is_blamed(const struct address *at)
{
	const struct source *s = find_source(at);

	return s && s->failures >= FAILURES;
}

/* ------------------------------------------------------------------ a guest goes */

static void add_guest(struct guest *g, struct listener *l)
{
	g->listener = l;
	g->next = l->guests;
	l->guests = g;
	if (g->up)
		l->sessions++;
	else
		l->unknown++;
}

static void remove_guest(struct guest *g)
{
	struct listener *l = g->listener;
	struct guest **at = &l->guests;

	while (*at != g)
		at = &(*at)->next;
	*at = g->next;
	if (g->up)
		l->sessions--;
	else
		l->unknown--;
}

static void move_guest(struct guest *g, struct listener *to)
{
	remove_guest(g);
	add_guest(g, to);
}

static void free_guest(struct guest *g)
{
	remove_guest(g);
	transport_close(g->transport);
	if (g->late)
		event_free(g->late);
	free(g);
}

static bool is_fault_of_theirs(enum call_error error)
{
	return error == CALL_TLS || error == CALL_CERTIFICATE || error == CALL_REVOKED ||
	       error == CALL_MAPPING || error == CALL_AUTHENTICATION || error == CALL_TIMEOUT;
}

static void leave(struct guest *g, enum call_error error, const char *why)
{
	char from[ENDPOINT_TEXT];

	if (!g->up) {
		g->listener->failed++;
		if (is_fault_of_theirs(error))
			blame(&g->source);
	}
	log_at(SUB_MGMT, g->up ? LEVEL_NOTICE : LEVEL_INFO,
	       "manager gone listener=\"%s\" from=%s reason=%s text=\"%s\"",
	       g->name, endpoint_text(&g->remote, from), call_error_name(error), why);
	free_guest(g);
}

static void on_late(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	leave(arg, CALL_TIMEOUT, "not authenticated in time");
}

/* ------------------------------------------------------------------ a guest's transport */

static void on_up(void *arg, const char *user)
{
	struct guest *g = arg;
	char from[ENDPOINT_TEXT], name[LOG_NAME];

	struct listener *l = g->listener;

	event_del(g->late);
	if (l->sessions >= l->conf.max_sessions) {
		l->refused++;
		leave(g, CALL_LOCAL, "there are as many sessions as there may be");
		return;
	}
	g->up = true;
	l->unknown--;
	l->sessions++;
	l->opened++;
	log_notice(SUB_MGMT, "manager connected listener=\"%s\" from=%s user=\"%s\"",
		   g->name, endpoint_text(&g->remote, from),
		   log_name(user, name, sizeof(name)));
}

static void on_active(void *arg)
{
	(void)arg;
}

static void on_over(void *arg, enum call_error error, const char *why)
{
	struct guest *g = arg;

	g->transport = NULL;
	leave(g, error, why);
}

static const struct transport_ops transport_ops = { on_up, on_active, on_over };

/* ------------------------------------------------------------------ a guest comes */

/* Who has had most time to say who it is gives way: one that can say so does it soon. */
static void make_room(struct listener *l)
{
	struct guest *g, *oldest = NULL;

	if (l->unknown < l->conf.max_unknown)
		return;
	for (g = l->guests; g; g = g->next)
		if (!g->up)
			oldest = g;
	if (oldest)
		leave(oldest, CALL_LOCAL, "gives way to others");
}

/* How many of @source have not said yet who they are. */
static unsigned int unknown_of(const struct listener *l, const struct address *source)
{
	const struct guest *g;
	unsigned int n = 0;

	for (g = l->guests; g; g = g->next)
		n += !g->up && address_equal(&g->source, source);
	return n;
}

/* Strangers do not take the places of those who are known, and do not keep others out for longer than it takes. */
static bool is_welcome(const struct listener *l, const struct address *source)
{
	return l->sessions < l->conf.max_sessions &&
	       unknown_of(l, source) < l->conf.max_per_source && !is_blamed(source);
}

static struct guest *make_guest(struct listener *l, const struct endpoint *remote)
{
	const struct timeval late = { l->conf.authentication_time, 0 };
	struct guest *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	snprintf(g->name, sizeof(g->name), "%s", l->conf.e.name);
	g->remote = *remote;
	g->source = source_of(remote);
	add_guest(g, l);
	g->late = evtimer_new(in.base, on_late, g);
	if (g->late && !event_add(g->late, &late))
		return g;
	free_guest(g);
	return NULL;
}

static void welcome(struct listener *l, int fd, const struct endpoint *remote)
{
	struct transport_want want = { &l->conf.e, "", *remote };
	struct guest *g = make_guest(l, remote);
	const char *why;

	if (!g) {
		close(fd);
		return;
	}
	(void)dial_keep_alive(fd, &l->conf.e);
	g->transport = transport_open(fd, &want, &transport_ops, g, &why);
	if (!g->transport)
		leave(g, CALL_LOCAL, why);
}

/* Without descriptors the loop would spin. */
static void pause_all(int err)
{
	const struct timeval tv = { PAUSE_MS / 1000, 0 };
	unsigned int i;

	if (!in.paused)
		log_error(SUB_MGMT, "cannot accept managers: %s", strerror(err));
	in.paused = true;
	for (i = 0; i < in.listeners; i++)
		if (in.listener[i].event)
			event_del(in.listener[i].event);
	event_add(in.resume, &tv);
}

static void on_resume(evutil_socket_t fd, short what, void *arg)
{
	unsigned int i;

	(void)fd;
	(void)what;
	(void)arg;
	for (i = 0; i < in.listeners; i++)
		if (in.listener[i].event)
			event_add(in.listener[i].event, NULL);
}

static void on_accept(evutil_socket_t fd, short what, void *arg)
{
	struct listener *l = arg;
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	struct endpoint remote;
	struct address source;
	int guest = accept4(fd, (struct sockaddr *)&ss, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)what;
	if (guest < 0) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
			pause_all(errno);
		return;
	}
	in.paused = false;
	l->accepted++;
	if (endpoint_from_sockaddr(&remote, (struct sockaddr *)&ss)) {
		source = source_of(&remote);
		if (is_welcome(l, &source)) {
			make_room(l);
			welcome(l, guest, &remote);
			return;
		}
	}
	l->refused++;
	close(guest);
}

/* ------------------------------------------------------------------ listeners */

/* Whoever has changed the listener is one of them, and gets the answer to that. */
static void dismiss(struct listener *l)
{
	struct guest *g;

	while ((g = l->guests)) {
		if (g->up && transport_leave(g->transport, "the listener has changed"))
			move_guest(g, &in.leaving);
		else
			free_guest(g);
	}
}

static void forget(struct listener *l)
{
	dismiss(l);
	if (l->event)
		event_free(l->event);
	if (l->fd >= 0)
		close(l->fd);
	l->event = NULL;
	l->fd = -1;
}

/* The listener that is where and what @c says, whatever has become of limits and keepalive. */
static struct listener *find_same(const struct conf_listen *c)
{
	unsigned int i;

	for (i = 0; i < in.listeners; i++)
		if (!in.listener[i].moved && connector_same_way(&in.listener[i].conf.e, &c->e))
			return &in.listener[i];
	return NULL;
}

/* What there is moves to where it belongs now. */
static void move(struct listener *to, struct listener *from)
{
	struct guest *g;

	*to = *from;
	from->moved = true;
	from->guests = NULL;
	from->event = NULL;
	from->fd = -1;
	for (g = to->guests; g; g = g->next)
		g->listener = to;
	if (!to->event)
		return;
	event_free(to->event);
	to->event = event_new(in.base, to->fd, EV_READ | EV_PERSIST, on_accept, to);
	if (to->event)
		event_add(to->event, NULL);
}

int port_conf(const struct conf_mgmt *m)
{
	struct listener *new = calloc(m->listens + 1, sizeof(*new)), *same;
	unsigned int i;

	if (!new)
		return -ENOMEM;
	for (i = 0; i < m->listens; i++) {
		new[i].fd = -1;
		same = find_same(&m->listen[i]);
		if (same)
			move(&new[i], same);
		new[i].conf = m->listen[i];
	}
	for (i = 0; i < in.listeners; i++)
		if (!in.listener[i].moved)
			forget(&in.listener[i]);
	free(in.listener);
	in.listener = new;
	in.listeners = m->listens;
	return 0;
}

void port_renew(void)
{
	unsigned int i;

	for (i = 0; i < in.listeners; i++)
		if (in.listener[i].fd < 0)
			proc_ask_fd(SOCKET_LISTEN, i);
}

void port_socket(uint32_t arg, int fd)
{
	struct listener *l = arg < in.listeners ? &in.listener[arg] : NULL;
	struct endpoint at;
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	/* it may have been asked for by a configuration that is not in force any more */
	if (!l || l->fd >= 0 || fd < 0 || getsockname(fd, (struct sockaddr *)&ss, &len) ||
	    !endpoint_from_sockaddr(&at, (struct sockaddr *)&ss))
		goto useless;
	if (at.port != l->conf.e.local_port || !address_equal(&at.address, &l->conf.e.local))
		goto useless;
	l->event = event_new(in.base, fd, EV_READ | EV_PERSIST, on_accept, l);
	if (!l->event || event_add(l->event, NULL))
		goto useless;
	l->fd = fd;
	return;
useless:
	if (fd >= 0)
		close(fd);
}

/* ------------------------------------------------------------------ numbers */

void port_stats(void (*fn)(void *arg, const struct stat_value *v), void *arg)
{
	static const struct {
		const char *name, *help;
		size_t at;
	} numbers[] = {
		{ "accepted_total", "Connections that came in", offsetof(struct listener, accepted) },
		{ "refused_total", "Connections above a limit", offsetof(struct listener, refused) },
		{ "failed_total", "Connections without a session", offsetof(struct listener, failed) },
		{ "sessions_total", "Sessions of managers", offsetof(struct listener, opened) },
	};
	struct stat_value v = { .label = "listener" };
	unsigned int i, n;

	for (i = 0; i < in.listeners; i++)
		for (n = 0; n < sizeof(numbers) / sizeof(numbers[0]); n++) {
			snprintf(v.name, sizeof(v.name), "listen_%s", numbers[n].name);
			snprintf(v.help, sizeof(v.help), "%s", numbers[n].help);
			snprintf(v.value, sizeof(v.value), "%.31s", in.listener[i].conf.e.name);
			v.number = *(const uint64_t *)((const char *)&in.listener[i] +
						       numbers[n].at);
			fn(arg, &v);
		}
}

/* ------------------------------------------------------------------ life */

int port_init(struct event_base *base)
{
	in.base = base;
	in.resume = evtimer_new(base, on_resume, NULL);
	return in.resume ? 0 : -ENOMEM;
}

void port_end(void)
{
	unsigned int i;

	for (i = 0; i < in.listeners; i++)
		forget(&in.listener[i]);
	while (in.leaving.guests)
		free_guest(in.leaving.guests);
}
