// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The listeners, and the queue between being accepted and having a handshake. What waits costs a
 * descriptor and a few octets; what is refused is reset at once, and leaves nothing behind.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "manager/manager.h"

#define BACKLOG		4096
#define BURST		64	/* accepted in one turn */
#define LOOK		64	/* of those waiting, how far one is looked for that may begin */
#define PAUSE_MS	1000	/* without a descriptor */

struct guest {
	struct guest *next;
	int fd;
	const struct settings_listen *listen;
	struct source *source;
	struct sockaddr_storage from;
	uint64_t since;
};

struct queue {
	struct guest *first, **last;
};

struct port {
	struct door *door;
	int fd;
	const struct settings_listen *listen;
	struct event *event;
};

struct door {
	struct manager *m;
	struct port *port;
	unsigned int ports;
	struct queue familiar, strangers, sour;
	struct event *timer, *rested;
	bool paused;			/* none has been taken since */
	bool pumping;
	uint64_t told;			/* when refusing was last logged */
	unsigned int untold;
};

/* ------------------------------------------------------------------ sockets */

static bool fill_address(const struct settings_listen *l, int family, struct sockaddr_storage *a,
			 socklen_t *len)
{
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)a;
	struct sockaddr_in *four = (struct sockaddr_in *)a;

	memset(a, 0, sizeof(*a));
	a->ss_family = (sa_family_t)family;
	if (family == AF_INET6) {
		six->sin6_port = htons((uint16_t)l->port);
		*len = sizeof(*six);
		return !l->address || inet_pton(AF_INET6, l->address, &six->sin6_addr) == 1;
	}
	four->sin_port = htons((uint16_t)l->port);
	*len = sizeof(*four);
	return !l->address || inet_pton(AF_INET, l->address, &four->sin_addr) == 1;
}

static int open_port(const struct settings_listen *l)
{
	int family = l->address && !strchr(l->address, ':') ? AF_INET : AF_INET6;
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_storage a;
	const int one = 1, no = 0;
	socklen_t len;

	if (fd < 0 && !l->address && errno == EAFNOSUPPORT) {
		family = AF_INET;
		fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	}
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, l->address ? &one : &no, sizeof(one));
	if (fill_address(l, family, &a, &len) && !bind(fd, (struct sockaddr *)&a, len) &&
	    !listen(fd, BACKLOG))
		return fd;
	close(fd);
	return -1;
}

struct door *door_open(const struct settings *s, char *why, size_t size)
{
	struct door *d = calloc(1, sizeof(*d));
	unsigned int i;

	snprintf(why, size, "out of memory");
	if (!d)
		return NULL;
	d->familiar.last = &d->familiar.first;
	d->strangers.last = &d->strangers.first;
	d->sour.last = &d->sour.first;
	d->port = calloc(s->listens, sizeof(*d->port));
	for (i = 0; d->port && i < s->listens; i++) {
		struct port *p = &d->port[i];

		*p = (struct port){ d, open_port(&s->listen[i]), &s->listen[i], NULL };
		if (p->fd < 0) {
			snprintf(why, size, "listen[%u]: %s port %u: %s", i,
				 s->listen[i].address ? s->listen[i].address : "*",
				 s->listen[i].port, strerror(errno));
			door_free(d);
			return NULL;
		}
		d->ports++;
	}
	return d;
}

/* Found dead by TCP itself, since the peer asks nothing of us (RFC 8071 4.1 S7 is the device's part). */
static void keep_alive(const struct settings_limits *l, int fd)
{
	const int on = 1, idle = (int)l->keepalive, every = (int)(l->keepalive + 3) / 4, probes = 4;
	const unsigned int dead = l->dead * 1000;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &every, sizeof(every));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof(probes));
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &dead, sizeof(dead));
}

static void reset(int fd)
{
	const struct linger now = { 1, 0 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(fd);
}

/* ------------------------------------------------------------------ waiting */

static void put(struct queue *q, struct guest *g)
{
	g->next = NULL;
	*q->last = g;
	q->last = &g->next;
}

static struct guest *take(struct queue *q, struct guest **at)
{
	struct guest *g = *at;

	*at = g->next;
	if (q->last == &g->next)
		q->last = at;
	return g;
}

static void begin(struct door *d, struct guest *g)
{
	session_start(d->m, g->fd, g->listen, g->source, &g->from);
	free(g);
}

/* In their order, save that one whose source has enough does not hold up the others. */
static void begin_some(struct door *d, struct queue *q, uint64_t now)
{
	struct guest **at = &q->first;
	unsigned int look = 0;

	while (*at && look < LOOK) {
		if (admit_begin(d->m->admit, (*at)->source, now)) {
			begin(d, take(q, at));
		} else {
			at = &(*at)->next;
			look++;
		}
	}
}

static void give_up(struct door *d, struct queue *q, uint64_t now)
{
	uint64_t most = d->m->settings->limits.waiting_time * 1000ull;
	struct guest *g;

	while (q->first && now - q->first->since > most) {
		g = take(q, &q->first);
		admit_abandon(d->m->admit, g->source);
		d->m->count.expired++;
		reset(g->fd);
		free(g);
	}
}

void door_pump(struct door *d)
{
	uint64_t now = manager_now(), pause = admit_pause(d->m->admit, now);
	const struct timeval tv = { (time_t)(pause / 1000), (suseconds_t)(pause % 1000 * 1000) };

	/* one that fails at once comes back here, in the middle of a queue */
	if (d->pumping)
		return;
	d->pumping = true;
	give_up(d, &d->familiar, now);
	give_up(d, &d->strangers, now);
	give_up(d, &d->sour, now);
	begin_some(d, &d->familiar, now);
	begin_some(d, &d->strangers, now);
	begin_some(d, &d->sour, now);
	d->pumping = false;
	if (d->familiar.first || d->strangers.first || d->sour.first)
		event_add(d->timer, &tv);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	door_pump(arg);
}

/* ------------------------------------------------------------------ accepting */

/* One line a second at most, whoever it is. */
static void tell_refused(struct door *d, const struct sockaddr_storage *from, const char *why,
			 uint64_t now)
{
	char text[SOURCE_TEXT];

	d->untold++;
	if (d->told && now - d->told < 1000)
		return;
	manager_source_text(from, text);
	log_notice(SUB_NET, "connections not taken count=%u last=%s why=%s", d->untold, text, why);
	d->told = now;
	d->untold = 0;
}

static void enter(struct port *p, int fd, const struct sockaddr_storage *from)
{
	struct door *d = p->door;
	struct manager *m = d->m;
	uint64_t now = manager_now();
	struct source *source;
	struct guest *g;
	enum admit_verdict v;

	m->count.accepted++;
	v = admit_enter(m->admit, (const struct sockaddr *)from, now, &source);
	g = v == ADMIT_OK ? malloc(sizeof(*g)) : NULL;
	if (!g) {
		if (v == ADMIT_OK)
			admit_abandon(m->admit, source);
		tell_refused(d, from, admit_verdict_name(v), now);
		reset(fd);
		return;
	}
	keep_alive(&m->settings->limits, fd);
	*g = (struct guest){ NULL, fd, p->listen, source, *from, now };
	put(admit_is_familiar(source) ? &d->familiar : admit_is_sour(source) ? &d->sour : &d->strangers, g);
}

static void rest(struct door *d, int err)
{
	const struct timeval pause = { PAUSE_MS / 1000, 0 };
	unsigned int i;

	if (!d->paused)
		log_error(SUB_NET, "cannot take a connection: %s", strerror(err));
	d->paused = true;
	for (i = 0; i < d->ports; i++)
		event_del(d->port[i].event);
	event_add(d->rested, &pause);
}

static void on_rested(evutil_socket_t fd, short what, void *arg)
{
	struct door *d = arg;
	unsigned int i;

	(void)fd;
	(void)what;
	for (i = 0; i < d->ports; i++)
		event_add(d->port[i].event, NULL);
}

static void on_caller(evutil_socket_t fd, short what, void *arg)
{
	struct port *p = arg;
	struct sockaddr_storage from;
	socklen_t len;
	int i, one;

	(void)what;
	for (i = 0; i < BURST; i++) {
		len = sizeof(from);
		one = accept4(fd, (struct sockaddr *)&from, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (one >= 0) {
			p->door->paused = false;
			enter(p, one, &from);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			rest(p->door, errno);
		if (errno != ECONNABORTED && errno != EINTR)
			break;
	}
	door_pump(p->door);
}

int door_start(struct door *d, struct manager *m)
{
	unsigned int i;

	d->m = m;
	d->timer = evtimer_new(m->base, on_timer, d);
	d->rested = evtimer_new(m->base, on_rested, d);
	if (!d->timer || !d->rested)
		return -ENOMEM;
	for (i = 0; i < d->ports; i++) {
		struct port *p = &d->port[i];

		p->event = event_new(m->base, p->fd, EV_READ | EV_PERSIST, on_caller, p);
		if (!p->event || event_add(p->event, NULL))
			return -ENOMEM;
	}
	return 0;
}

static void empty(struct door *d, struct queue *q)
{
	struct guest *g;

	while (q->first) {
		g = take(q, &q->first);
		admit_abandon(d->m->admit, g->source);
		close(g->fd);
		free(g);
	}
}

void door_free(struct door *d)
{
	unsigned int i;

	if (!d)
		return;
	for (i = 0; i < d->ports; i++) {
		if (d->port[i].event)
			event_free(d->port[i].event);
		close(d->port[i].fd);
	}
	empty(d, &d->familiar);
	empty(d, &d->strangers);
	empty(d, &d->sour);
	if (d->timer)
		event_free(d->timer);
	if (d->rested)
		event_free(d->rested);
	free(d->port);
	free(d);
}
