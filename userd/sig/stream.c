// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/table.h"
#include "sig/clock.h"
#include "sig/net.h"
#include "sig/routes.h"
#include "sig/stream.h"
#include "sig/tls.h"

#define INPUT_MAX	(272 << 10)	/* octets: more than the longest message */
#define OUTPUT_MAX	(512 << 10)
#define UNSENT_MAX	(64 << 10)	/* the kernel keeps no more that has not been sent yet */
#define SETUP_MS	10000		/* for connecting and TLS, or for the first octet to come */
#define CLOSE_MS	5000		/* for what is queued to leave */
#define DEAD_MS		30000		/* nothing acknowledged for so long: dead */
#define WAITING_MAX	512		/* accepted, and nothing proven yet */
#define WAITING_EACH	16		/* of one address; of IPv6 a /64 */
#define BEV_OPTIONS	(BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS)

enum state {
	CONNECTING,		/* TCP, ours */
	HANDSHAKE,		/* TLS */
	WAITING,		/* accepted without TLS: for the first octets */
	OPEN,			/* the engine has it as @ma */
	CLOSING,		/* the engine has forgotten it; what is queued leaves */
};

struct stream {
	struct table_node node;		/* by @ma, if that is not 0 */
	struct stream *prev, *next;	/* all, oldest first */
	uint32_t ma;
	uint8_t state;
	bool tls, accepted;
	int fd;				/* CONNECTING; then the bufferevent's */
	int error;			/* CONNECTING: what has gone wrong already */
	struct endpoint peer, own;
	struct event *connected;	/* CONNECTING */
	struct bufferevent *bev;
	struct timer timer;		/* SETUP_MS or CLOSE_MS */
};

static struct {
	struct table by_ma;
	struct stream *first, *last;
	unsigned int waiting;
	struct stream *held;		/* in use by a callback of its own: not to be freed */
	bool held_gone;
} streams;

static void ready(struct stream *s, const char *name);

/* ---- keeping them ---- */

static struct stream *find(uint32_t ma)
{
	struct table_node *n = ma ? table_first(&streams.by_ma, ma) : NULL;

	return n ? container_of(n, struct stream, node) : NULL;
}

static bool name_it(struct stream *s, uint32_t ma)
{
	if (!ma || find(ma) || table_add(&streams.by_ma, &s->node, ma))
		return false;
	s->ma = ma;
	return true;
}

static void unname(struct stream *s)
{
	if (s->ma)
		table_del(&streams.by_ma, &s->node);
	s->ma = 0;
}

static bool is_waiting(const struct stream *s)
{
	return s->accepted && (s->state == HANDSHAKE || s->state == WAITING);
}

static void set_state(struct stream *s, enum state state)
{
	streams.waiting -= is_waiting(s);
	s->state = (uint8_t)state;
	streams.waiting += is_waiting(s);
}

static void timed_out(struct timer *t);

static struct stream *create(int fd, bool tls, const struct endpoint *peer)
{
	struct stream *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->fd = fd;
	s->tls = tls;
	s->peer = *peer;
	timer_init(&s->timer, timed_out);
	s->prev = streams.last;
	*(streams.last ? &streams.last->next : &streams.first) = s;
	streams.last = s;
	return s;
}

static void destroy(struct stream *s)
{
	set_state(s, CLOSING);
	unname(s);
	timer_stop(&net.timers, &s->timer);
	if (s == streams.held) {
		streams.held_gone = true;
		return;
	}
	if (s->connected)
		event_free(s->connected);
	if (s->bev)
		bufferevent_free(s->bev);
	else
		close(s->fd);
	*(s->prev ? &s->prev->next : &streams.first) = s->next;
	*(s->next ? &s->next->prev : &streams.last) = s->prev;
	free(s);
}

/* It is over, and not because the engine wanted so. */
static void fail(struct stream *s, int error)
{
	uint32_t ma = s->ma;
	char peer[ENDPOINT_TEXT];

	log_debug(SUB_NET, "stream ended peer=%s error=\"%s\"", endpoint_text(&s->peer, peer),
		  error ? strerror(error) : "closed");
	if (s->state != OPEN && !s->accepted)
		net_count(NET_N_connect_failed);
	destroy(s);
	if (ma && net.gist)
		gist_ma_failed(net.gist, ma, error);
}

static void timed_out(struct timer *t)
{
	struct stream *s = container_of(t, struct stream, timer);

	if (s->state == CLOSING) {
		destroy(s);
		return;
	}
	if (!s->error)
		net_count(NET_N_setup_timeout);
	fail(s, s->error ? s->error : ETIMEDOUT);
}

static void set_options(int fd)
{
	static const struct { int level, option, v; } options[] = {
		{ IPPROTO_TCP, TCP_NODELAY, 1 },
		{ SOL_SOCKET, SO_KEEPALIVE, 1 },
		{ IPPROTO_TCP, TCP_KEEPIDLE, 30 },
		{ IPPROTO_TCP, TCP_KEEPINTVL, 10 },
		{ IPPROTO_TCP, TCP_KEEPCNT, 3 },
		{ IPPROTO_TCP, TCP_USER_TIMEOUT, DEAD_MS },
		{ IPPROTO_TCP, TCP_NOTSENT_LOWAT, UNSENT_MAX },
	};
	unsigned int i;

	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		setsockopt(fd, options[i].level, options[i].option, &options[i].v, sizeof(int));
}

/* Until release(), @s may be given up, but is there. */
static void hold(struct stream *s)
{
	streams.held = s;
	streams.held_gone = false;
}

/* False: it was given up, and is no more. */
static bool release(struct stream *s)
{
	streams.held = NULL;
	if (!streams.held_gone)
		return true;
	destroy(s);
	return false;
}

/* As clock_enter(). What is due then may be the end of @s: false. */
static bool enter(struct stream *s)
{
	hold(s);
	clock_enter();
	return release(s);
}

/* ---- octets ---- */

/* Hand over what has come; the engine may close the stream while it looks at them. */
static void feed(struct stream *s)
{
	struct evbuffer *in = bufferevent_get_input(s->bev);
	size_t used = 1, n;

	hold(s);
	while (s->state == OPEN && used && (n = evbuffer_get_length(in))) {
		used = gist_ma_input(net.gist, s->ma, gist_view(evbuffer_pullup(in, -1), n));
		evbuffer_drain(in, used);
	}
	release(s);
}

static void take(struct stream *s)
{
	if (s->state == WAITING)
		ready(s, NULL);
	else if (s->state == OPEN && net.gist)
		feed(s);
	else
		evbuffer_drain(bufferevent_get_input(s->bev), SIZE_MAX);
}

static void readable(struct bufferevent *bev, void *arg)
{
	(void)bev;
	if (enter(arg))
		take(arg);
	clock_leave();
}

/* All has left: say so to the other side, which closes, or is not waited for long. */
static void finish_closing(struct stream *s)
{
	SSL *ssl = s->tls ? bufferevent_openssl_get_ssl(s->bev) : NULL;

	if (ssl)
		SSL_shutdown(ssl);
	shutdown(bufferevent_getfd(s->bev), SHUT_WR);
}

static void writable(struct bufferevent *bev, void *arg)
{
	struct stream *s = arg;

	if (s->state == CLOSING && !evbuffer_get_length(bufferevent_get_output(bev)))
		finish_closing(s);
}

/* ---- setting up ---- */

static void ended(struct stream *s, short what)
{
	int error = what & BEV_EVENT_EOF ? 0 : EVUTIL_SOCKET_ERROR();
	unsigned long code = s->tls ? bufferevent_get_openssl_error(s->bev) : 0;
	char peer[ENDPOINT_TEXT];

	if (s->state == HANDSHAKE) {
		net_count(NET_N_tls_failed);
		log_notice(SUB_NET, "TLS handshake failed peer=%s error=\"%s\"",
			   endpoint_text(&s->peer, peer),
			   tls_error(code, bufferevent_openssl_get_ssl(s->bev)));
	}
	if (s->tls && !(what & BEV_EVENT_EOF))
		error = code || !error ? EPROTO : error;
	if (s->state == CLOSING)
		destroy(s);
	else
		fail(s, error);
}

static void authenticated(struct stream *s)
{
	char peer[ENDPOINT_TEXT];
	struct peer_names names;
	const char *name = NULL;

	tls_names(bufferevent_openssl_get_ssl(s->bev), &names);
	if (!peerdb_permits(&net.conf->gist, &names, &s->peer.address, &name)) {
		net_count(NET_N_peer_refused);
		log_notice(SUB_NET, "TLS peer refused peer=%s name=%s",
			   endpoint_text(&s->peer, peer), names.count ? names.name[0] : "-");
		fail(s, EACCES);
		return;
	}
	ready(s, name);
}

static void event(struct bufferevent *bev, short what, void *arg)
{
	struct stream *s = arg;

	(void)bev;
	if (enter(s)) {
		if (!(what & BEV_EVENT_CONNECTED))
			ended(s, what);
		else if (s->state == HANDSHAKE)
			authenticated(s);
	}
	clock_leave();
}

static struct bufferevent *new_bev(struct stream *s)
{
	struct bufferevent *bev;
	SSL *ssl;

	if (!s->tls)
		return bufferevent_socket_new(net.base, s->fd, BEV_OPTIONS);
	ssl = tls_new(s->accepted);
	if (!ssl)
		return NULL;
	bev = bufferevent_openssl_socket_new(net.base, s->fd, ssl,
					     s->accepted ? BUFFEREVENT_SSL_ACCEPTING :
							   BUFFEREVENT_SSL_CONNECTING,
					     BEV_OPTIONS);
	/* messages have lengths of their own: nothing can be cut short unnoticed */
	if (bev)
		bufferevent_openssl_set_allow_dirty_shutdown(bev, 1);
	return bev;
}

/* TCP is there. False: no memory, and nothing has changed. */
static bool begin(struct stream *s)
{
	s->bev = new_bev(s);
	if (!s->bev)
		return false;
	bufferevent_setcb(s->bev, readable, writable, event, s);
	bufferevent_setwatermark(s->bev, EV_READ, 0, INPUT_MAX);
	if (bufferevent_enable(s->bev, EV_READ | EV_WRITE))
		return false;
	if (s->tls)
		set_state(s, HANDSHAKE);
	else if (s->accepted)
		set_state(s, WAITING);
	else
		ready(s, NULL);
	return true;
}

/* False: the engine does not want it. The interface is the one that answers leave by. */
static bool introduce(struct stream *s, const char *name)
{
	struct gist_route r = { 0 };
	uint32_t ma;

	routes_find(NULL, &s->peer.address, &r);
	ma = gist_ma_accepted(net.gist, &s->peer, &s->own, r.ifindex, s->tls, name);
	if (!ma)
		return false;
	if (name_it(s, ma))
		return true;
	gist_ma_failed(net.gist, ma, ENOMEM);
	return false;
}

/* It is known as well as it will be whose connection this is: tell the engine. */
static void ready(struct stream *s, const char *name)
{
	timer_stop(&net.timers, &s->timer);
	set_state(s, OPEN);
	if (!net.gist || (s->accepted && !introduce(s, name))) {
		destroy(s);
		return;
	}
	if (!s->accepted)
		gist_ma_connected(net.gist, s->ma, name);
	else if (evbuffer_get_length(bufferevent_get_input(s->bev)))
		feed(s);
}

/* ---- connecting ---- */

static void go_on(struct stream *s)
{
	int error = 0;
	socklen_t n = sizeof(error);

	event_free(s->connected);
	s->connected = NULL;
	if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &n))
		error = errno;
	if (error)
		fail(s, error);
	else if (!begin(s))
		fail(s, s->tls && !tls_ready() ? EPROTONOSUPPORT : ENOMEM);
}

static void connected(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	if (enter(arg))
		go_on(arg);
	clock_leave();
}

static int bind_from(int fd, const struct address *from)
{
	struct endpoint e = { .address = *from };
	struct sockaddr_storage ss;
	socklen_t n = endpoint_to_sockaddr(&e, &ss);
	int late = 1;

	/* the port is chosen when it is known where to: there are more of them */
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &late, sizeof(late));
	return bind(fd, (struct sockaddr *)&ss, n) ? -errno : 0;
}

static int open_to(const struct gist_target *to)
{
	int family = to->to.address.version == 4 ? AF_INET : AF_INET6;
	struct sockaddr_storage ss;
	socklen_t n = endpoint_to_sockaddr(&to->to, &ss);
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int err = 0;

	if (fd < 0)
		return -errno;
	set_options(fd);
	if (to->from.version == to->to.address.version)
		err = bind_from(fd, &to->from);
	if (!err && connect(fd, (struct sockaddr *)&ss, n) && errno != EINPROGRESS)
		err = -errno;
	if (!err)
		return fd;
	close(fd);
	return err;
}

int stream_connect(void *arg, uint32_t ma, const struct gist_target *to)
{
	int fd = open_to(to);
	struct stream *s;

	(void)arg;
	if (fd < 0)
		return fd;
	s = create(fd, to->tls, &to->to);
	if (!s) {
		close(fd);
		return -ENOMEM;
	}
	s->connected = event_new(net.base, fd, EV_WRITE, connected, s);
	if (name_it(s, ma) && s->connected && !event_add(s->connected, NULL) &&
	    !timer_start(&net.timers, &s->timer, SETUP_MS))
		return 0;
	destroy(s);
	return -ENOMEM;
}

/* ---- accepting ---- */

static bool same_source(const struct stream *s, const struct endpoint *from)
{
	return is_waiting(s) && address_within(&s->peer.address, &from->address,
					       from->address.version == 4 ? 32 : 64);
}

/*
 * Make room among those that have proven nothing: who has many of them already gets no more; who
 * has waited longest goes when there are too many.
 */
static bool make_room(const struct endpoint *from)
{
	struct stream *s, *oldest = NULL;
	unsigned int same = 0;

	for (s = streams.first; s && streams.waiting; s = s->next) {
		same += same_source(s, from);
		if (!oldest && is_waiting(s))
			oldest = s;
	}
	if (same < WAITING_EACH && streams.waiting < WAITING_MAX)
		return true;
	net_count(NET_N_accept_refused);
	if (same >= WAITING_EACH)
		return false;
	if (oldest)
		destroy(oldest);
	return true;
}

void stream_accepted(int fd, bool tls, const struct endpoint *from, const struct endpoint *to)
{
	struct stream *s = make_room(from) ? create(fd, tls, from) : NULL;

	if (!s) {
		close(fd);
		return;
	}
	net_count(NET_N_accepted);
	set_options(fd);
	s->own = *to;
	s->accepted = true;
	if (timer_start(&net.timers, &s->timer, SETUP_MS) || !begin(s))
		destroy(s);
}

/* ---- the engine's ---- */

int stream_write(void *arg, uint32_t ma, struct gist_view octets)
{
	struct stream *s = find(ma);

	(void)arg;
	if (!s || s->state != OPEN)
		return -ENOTCONN;
	if (evbuffer_get_length(bufferevent_get_output(s->bev)) + octets.len > OUTPUT_MAX)
		return -ENOBUFS;
	return bufferevent_write(s->bev, octets.data, octets.len) ? -ENOMEM : 0;
}

size_t stream_backlog(void *arg, uint32_t ma)
{
	struct stream *s = find(ma);

	(void)arg;
	return s && s->bev ? evbuffer_get_length(bufferevent_get_output(s->bev)) : 0;
}

void stream_close(void *arg, uint32_t ma, bool flush)
{
	struct stream *s = find(ma);

	(void)arg;
	if (!s)
		return;
	if (!flush || s->state != OPEN || timer_start(&net.timers, &s->timer, CLOSE_MS)) {
		destroy(s);
		return;
	}
	unname(s);
	set_state(s, CLOSING);
	if (!evbuffer_get_length(bufferevent_get_output(s->bev)))
		finish_closing(s);
}

bool stream_idle(void)
{
	const struct stream *s;

	for (s = streams.first; s; s = s->next)
		if (s->bev && evbuffer_get_length(bufferevent_get_output(s->bev)))
			return false;
	return true;
}

static bool allowed(void *arg, const char *name, const struct address *peer)
{
	struct peer_names names = { 0 };

	(void)arg;
	if (!name)	/* without TLS there is nobody to look for */
		return net.conf->gist.tls != GIST_TLS_REQUIRED;
	peer_names_add(&names, name, strlen(name));
	return peerdb_permits(&net.conf->gist, &names, peer, NULL);
}

void stream_review(void)
{
	if (net.gist)
		gist_ma_review(net.gist, allowed, NULL);
}

void stream_fini(void)
{
	while (streams.first)
		destroy(streams.first);
	table_fini(&streams.by_ma);
}
