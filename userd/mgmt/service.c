// SPDX-License-Identifier: GPL-2.0-or-later
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <openssl/ssl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/boottime.h"
#include "mgmt/service.h"

#define AHEAD		65536	/* octets not taken by an end, from which on the other is not read from */
#define CONNECT_SECONDS	10	/* to a service near by */
#define HALF_SECONDS	60	/* of silence, when an end says no more */
#define COUNTED		16	/* services, as many as there may be */

enum side { CLIENT, SERVICE, SIDES };

struct counters {
	char name[64];
	uint64_t connections, failures, octets[SIDES];	/* octets: from that side */
};

struct service {
	struct conf_service conf;
	const struct service_ops *ops;
	void *arg;
	struct bufferevent *end[SIDES];	/* SERVICE: NULL until it is connected to */
	struct event *timer;
	struct counters *counters;
	bool connected;
	bool said[SIDES];		/* all that it will */
	bool told[SIDES];		/* that the other says no more */
	time_t last;			/* octet, on a clock that is not set */
};

static struct event_base *loop;
static struct counters counted[COUNTED];

void service_init(struct event_base *base)
{
	loop = base;
}

/* Whose are not used any more give way. NULL never. */
static struct counters *counters_of(const char *name)
{
	static unsigned int next;
	unsigned int i;

	for (i = 0; i < COUNTED; i++)
		if (!strcmp(counted[i].name, name))
			return &counted[i];
	i = next++ % COUNTED;
	counted[i] = (struct counters){ 0 };
	snprintf(counted[i].name, sizeof(counted[i].name), "%s", name);
	return &counted[i];
}

/* ------------------------------------------------------------------ the end */

static void drop_end(struct bufferevent *bev)
{
	SSL *ssl = bev ? bufferevent_openssl_get_ssl(bev) : NULL;

	if (ssl)
		SSL_shutdown(ssl);
	if (bev)
		bufferevent_free(bev);
}

void service_close(struct service *s)
{
	if (!s)
		return;
	drop_end(s->end[CLIENT]);
	drop_end(s->end[SERVICE]);
	if (s->timer)
		event_free(s->timer);
	free(s);
}

static void over(struct service *s, enum call_error error, const char *why)
{
	const struct service_ops *ops = s->ops;
	void *arg = s->arg;
	char text[96];

	s->counters->failures += error == CALL_LOCAL;
	snprintf(text, sizeof(text), "%s", why);
	service_close(s);
	ops->over(arg, error, text);
}

/* ------------------------------------------------------------------ silence */

static unsigned int patience(const struct service *s)
{
	if (!s->connected)
		return s->end[SERVICE] ? CONNECT_SECONDS : 0;
	return s->said[CLIENT] || s->said[SERVICE] ? HALF_SECONDS : s->conf.idle;
}

static void set_timer(struct service *s, unsigned int seconds)
{
	struct timeval tv = { seconds, 0 };

	if (seconds)
		event_add(s->timer, &tv);
	else
		event_del(s->timer);
}

/* Not set anew with every octet. */
static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct service *s = arg;
	unsigned int seconds = patience(s);
	time_t silent = boottime() - s->last;

	(void)fd;
	(void)what;
	if (!seconds)
		return;
	if (silent < (time_t)seconds)
		set_timer(s, seconds - (unsigned int)silent);
	else if (!s->connected)
		over(s, CALL_LOCAL, "the service does not answer");
	else
		over(s, CALL_IDLE, "nothing went on");
}

static void wait_anew(struct service *s)
{
	s->last = boottime();
	set_timer(s, patience(s));
}

/* ------------------------------------------------------------------ octets */

static enum side side_of(const struct service *s, const struct bufferevent *bev)
{
	return bev == s->end[CLIENT] ? CLIENT : SERVICE;
}

static size_t untaken(struct bufferevent *bev)
{
	return evbuffer_get_length(bufferevent_get_output(bev));
}

/* An end has all that the other said, which says no more: it is told. Both: that was it. */
static bool tell_end(struct service *s, enum side to)
{
	SSL *ssl = bufferevent_openssl_get_ssl(s->end[to]);

	if (!s->said[!to] || s->told[to] || !s->connected || untaken(s->end[to]))
		return false;
	s->told[to] = true;
	if (ssl)
		SSL_shutdown(ssl);
	else
		(void)shutdown(bufferevent_getfd(s->end[to]), SHUT_WR);
	if (!s->told[!to])
		return false;
	over(s, CALL_CLOSED, "closed by both ends");
	return true;
}

static void on_readable(struct bufferevent *bev, void *arg)
{
	struct service *s = arg;
	enum side from = side_of(s, bev);
	struct bufferevent *to = s->end[!from];
	size_t n = evbuffer_get_length(bufferevent_get_input(bev));

	if (!to)
		return;
	s->counters->octets[from] += n;
	s->last = boottime();
	s->ops->active(s->arg);
	bufferevent_write_buffer(to, bufferevent_get_input(bev));
	if (untaken(to) > AHEAD)
		bufferevent_disable(bev, EV_READ);
}

/* All has been taken. */
static void on_written(struct bufferevent *bev, void *arg)
{
	struct service *s = arg;
	enum side to = side_of(s, bev);

	s->last = boottime();
	if (tell_end(s, to) || !s->end[!to] || s->said[!to])
		return;
	bufferevent_enable(s->end[!to], EV_READ);
}

static void say_no_more(struct service *s, enum side from)
{
	s->said[from] = true;
	bufferevent_disable(s->end[from], EV_READ);
	/* libevent stops writing as well when TLS says that nothing more will come */
	bufferevent_enable(s->end[from], EV_WRITE);
	on_readable(s->end[from], s);
	wait_anew(s);
	tell_end(s, !from);
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
	struct service *s = arg;
	enum side from = side_of(s, bev);

	if (what & BEV_EVENT_CONNECTED) {
		s->connected = true;
		wait_anew(s);
		tell_end(s, SERVICE);
	} else if (from == SERVICE && !s->connected) {
		over(s, CALL_LOCAL, evutil_socket_error_to_string(EVUTIL_SOCKET_ERROR()));
	} else if (from == CLIENT && s->told[CLIENT]) {
		/* it had all there was; few say more than that to the end of TLS */
		over(s, CALL_CLOSED, "closed by both ends");
	} else if (!(what & BEV_EVENT_EOF) || s->said[from]) {
		over(s, CALL_LOST, from == CLIENT ? "connection lost" :
		     "the connection to the service broke");
	} else if (!s->end[SERVICE]) {
		over(s, CALL_CLOSED, "closed by the manager");
	} else {
		say_no_more(s, from);
	}
}

/* ------------------------------------------------------------------ the service */

static bool connect_service(struct service *s)
{
	struct sockaddr_storage ss;
	int len = (int)endpoint_to_sockaddr(&s->conf.at, &ss);
	struct bufferevent *bev = bufferevent_socket_new(loop, -1, BEV_OPT_CLOSE_ON_FREE);

	if (!bev)
		return false;
	s->counters->connections++;
	s->end[SERVICE] = bev;
	bufferevent_setcb(bev, on_readable, on_written, on_event, s);
	bufferevent_setwatermark(bev, EV_READ, 0, AHEAD);
	bufferevent_enable(bev, EV_READ | EV_WRITE);
	wait_anew(s);
	/* that it fails is told by the loop */
	return !bufferevent_socket_connect(bev, (struct sockaddr *)&ss, len);
}

/* The first octets of the client: now somebody is there for it. */
static void on_first(struct bufferevent *bev, void *arg)
{
	struct service *s = arg;

	if (!evbuffer_get_length(bufferevent_get_input(bev)))
		return;
	bufferevent_setcb(bev, on_readable, on_written, on_event, s);
	if (connect_service(s))
		on_readable(bev, s);
	else
		over(s, CALL_LOCAL, "the service cannot be connected to");
}

struct service *service_open(struct bufferevent *bev, const struct conf_service *conf,
			     const struct service_ops *ops, void *arg)
{
	struct service *s = calloc(1, sizeof(*s));

	if (s)
		s->timer = evtimer_new(loop, on_timer, s);
	if (!s || !s->timer) {
		free(s);
		bufferevent_free(bev);
		return NULL;
	}
	s->conf = *conf;
	s->ops = ops;
	s->arg = arg;
	s->counters = counters_of(conf->name);
	s->end[CLIENT] = bev;
	bufferevent_setcb(bev, conf->at_once ? on_readable : on_first, on_written, on_event, s);
	bufferevent_setwatermark(bev, EV_READ, 0, AHEAD);
	if (conf->at_once && !connect_service(s)) {
		service_close(s);
		return NULL;
	}
	bufferevent_enable(bev, EV_READ | EV_WRITE);
	/* what came with the handshake */
	bufferevent_trigger(bev, EV_READ, BEV_TRIG_DEFER_CALLBACKS);
	return s;
}

/* ------------------------------------------------------------------ numbers */

void service_stats(void (*fn)(void *arg, const struct stat_value *v), void *arg)
{
	static const struct {
		const char *name, *help;
		size_t at;
	} numbers[] = {
		{ "connections", "Connections to the service",
		  offsetof(struct counters, connections) },
		{ "failures", "Connections to the service that failed",
		  offsetof(struct counters, failures) },
		{ "octets_to", "Octets to the service", offsetof(struct counters, octets[CLIENT]) },
		{ "octets_from", "Octets from the service",
		  offsetof(struct counters, octets[SERVICE]) },
	};
	struct stat_value v = { .label = "service" };
	size_t i, n;

	for (i = 0; i < COUNTED && *counted[i].name; i++)
		for (n = 0; n < sizeof(numbers) / sizeof(numbers[0]); n++) {
			snprintf(v.name, sizeof(v.name), "service_%s_total", numbers[n].name);
			snprintf(v.help, sizeof(v.help), "%s", numbers[n].help);
			snprintf(v.value, sizeof(v.value), "%.31s", counted[i].name);
			v.number = *(const uint64_t *)((const char *)&counted[i] + numbers[n].at);
			fn(arg, &v);
		}
}
