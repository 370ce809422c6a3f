// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <event2/dns.h>
#include <event2/util.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "mgmt/dial.h"

#define ADDRESSES_MAX	16
#define RESOLV_MAX	16384		/* octets of resolv.conf */
#define ASK_MS		500		/* for an answer of this node */
#define LEAST_MS	500		/* for one address, however many there are */

struct dial {
	struct event_base *base;
	struct conf_endpoint conf;	/* a copy: a reload may take the one it was made of */
	const struct dial_ops *ops;
	void *arg;
	struct endpoint address[ADDRESSES_MAX];
	unsigned int addresses, at;
	unsigned int ms;		/* in all */
	struct evdns_getaddrinfo_request *lookup;
	struct event *event;		/* the socket's, or to begin by */
	int fd;
	int err;			/* the last */
	bool cancelled;			/* the lookup has still to answer */
	bool asking;			/* and not connecting yet */
};

static struct evdns_base *dns;

/* ------------------------------------------------------------------ resolver */

static void read_resolver(char *text)
{
	char *line, *rest = text, server[64];

	while ((line = strsep(&rest, "\n")))
		if (sscanf(line, "nameserver %63s", server) == 1)
			(void)evdns_base_nameserver_ip_add(dns, server);
}

/* Requests under way are asked again by libevent where they were. */
void dial_resolver(struct event_base *base, int fd)
{
	static char said[RESOLV_MAX];
	char text[RESOLV_MAX];
	ssize_t n;

	if (fd < 0)
		return;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n < 0)
		return;
	text[n] = 0;
	if (dns && !strcmp(said, text))
		return;
	if (!dns)
		dns = evdns_base_new(base, EVDNS_BASE_DISABLE_WHEN_INACTIVE);
	else
		evdns_base_clear_nameservers_and_suspend(dns);
	if (!dns)
		return;
	memcpy(said, text, sizeof(said));
	evdns_base_set_option(dns, "randomize-case:", "1");
	evdns_base_set_option(dns, "timeout:", "2");
	evdns_base_set_option(dns, "attempts:", "2");
	read_resolver(text);
	evdns_base_resume(dns);
}

/* ------------------------------------------------------------------ the end */

static void drop(struct dial *d)
{
	d->asking = false;
	if (d->event)
		event_free(d->event);
	if (d->fd >= 0)
		close(d->fd);
	d->event = NULL;
	d->fd = -1;
}

static void fail(struct dial *d, enum call_error error, const char *why)
{
	const struct dial_ops *ops = d->ops;
	void *arg = d->arg;

	drop(d);
	free(d);
	ops->failed(arg, error, why);
}

void dial_cancel(struct dial *d)
{
	if (!d)
		return;
	drop(d);
	if (d->lookup) {
		d->cancelled = true;
		evdns_getaddrinfo_cancel(d->lookup);
		return;
	}
	free(d);
}

/* ------------------------------------------------------------------ the socket */

static int family_of(const struct endpoint *to)
{
	return to->address.version == 4 ? AF_INET : AF_INET6;
}

static int set(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value)) ? -errno : 0;
}

/* The kernel probes a silent manager, and gives up what is not acknowledged in as much time. */
int dial_keep_alive(int fd, const struct conf_endpoint *e)
{
	int err, wait = e->keep_wait, attempts = e->keep_attempts;

	if (!wait)
		return 0;
	err = set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	if (!err)
		err = set(fd, IPPROTO_TCP, TCP_KEEPIDLE, wait);
	if (!err)
		err = set(fd, IPPROTO_TCP, TCP_KEEPINTVL, wait);
	if (!err)
		err = set(fd, IPPROTO_TCP, TCP_KEEPCNT, attempts);
	return err ? err : set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 1000 * wait * (attempts + 1));
}

/* Also where any port will do: it has to be known before the first packet leaves. */
static int bind_local(int fd, const struct conf_endpoint *e, int family)
{
	struct endpoint from = { e->local, e->local_port };
	struct sockaddr_storage ss;
	socklen_t len;

	if (!address_is_set(&e->local))
		from.address.version = family == AF_INET ? 4 : 6;
	len = endpoint_to_sockaddr(&from, &ss);
	if (e->local_port)
		(void)set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	return bind(fd, (struct sockaddr *)&ss, len) ? -errno : 0;
}

static int bind_device(int fd, const struct conf_endpoint *e)
{
	if (*e->interface && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, e->interface,
					(socklen_t)strlen(e->interface)))
		return -errno;
	return 0;
}

static int prepare(int fd, const struct conf_endpoint *e, int family)
{
	int err = bind_device(fd, e);

	if (!err)
		err = bind_local(fd, e, family);
	if (!err)
		err = set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	return err ? err : dial_keep_alive(fd, e);
}

/* Link-local addresses are of the endpoint's interface. */
static void set_scope(int fd, const struct conf_endpoint *e, struct sockaddr_storage *ss)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ss;
	struct ifreq r = { 0 };

	if (ss->ss_family != AF_INET6 || !*e->interface || !IN6_IS_ADDR_LINKLOCAL(&in6->sin6_addr))
		return;
	memcpy(r.ifr_name, e->interface, sizeof(r.ifr_name));
	if (!ioctl(fd, SIOCGIFINDEX, &r))
		in6->sin6_scope_id = (uint32_t)r.ifr_ifindex;
}

static int make_socket(struct dial *d, const struct endpoint *to)
{
	if (address_is_set(&d->conf.local) && d->conf.local.version != to->address.version)
		return -EAFNOSUPPORT;
	d->fd = socket(family_of(to), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	return d->fd < 0 ? -errno : prepare(d->fd, &d->conf, family_of(to));
}

static int begin_connect(const struct dial *d, int fd, const struct endpoint *to)
{
	struct sockaddr_storage ss;
	socklen_t len = endpoint_to_sockaddr(to, &ss);

	set_scope(fd, &d->conf, &ss);
	if (connect(fd, (struct sockaddr *)&ss, len) && errno != EINPROGRESS)
		return -errno;
	return 0;
}

static bool name_of(int fd, struct endpoint *local)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	return !getsockname(fd, (struct sockaddr *)&ss, &len) &&
	       endpoint_from_sockaddr(local, (struct sockaddr *)&ss);
}

/* The address that @to is called from, by route: a datagram socket knows without a packet. */
static bool find_local(const struct dial *d, const struct endpoint *to, struct endpoint *local)
{
	int fd = socket(family_of(to), SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct endpoint routed;
	bool found = fd >= 0 && name_of(d->fd, local);

	if (found && !address_is_set(&d->conf.local)) {
		found = !bind_device(fd, &d->conf) && !begin_connect(d, fd, to) &&
			name_of(fd, &routed);
		if (found)
			local->address = routed.address;
	}
	if (fd >= 0)
		close(fd);
	return found;
}

static void on_writable(evutil_socket_t fd, short what, void *arg);

/* The time that is left is shared among addresses. */
static bool watch(struct dial *d)
{
	unsigned int ms = d->ms / d->addresses > LEAST_MS ? d->ms / d->addresses : LEAST_MS;
	struct timeval tv = { ms / 1000, ms % 1000 * 1000 };

	d->event = event_new(d->base, d->fd, EV_WRITE, on_writable, d);
	return d->event && !event_add(d->event, &tv);
}

static enum call_error error_of(int err)
{
	switch (err) {
	case -ECONNREFUSED:
	case -EHOSTUNREACH:
	case -ENETUNREACH:
	case -ECONNRESET:
		return CALL_REFUSED;
	case -ETIMEDOUT:
		return CALL_TIMEOUT;
	default:
		return CALL_LOCAL;
	}
}

/* True: it has begun, and the rest is told by the loop. */
static bool go(struct dial *d)
{
	if (d->event)
		event_free(d->event);
	d->event = NULL;
	d->err = begin_connect(d, d->fd, &d->address[d->at - 1]);
	if (!d->err && !watch(d))
		d->err = -ENOMEM;
	return !d->err;
}

static void try_next(struct dial *d);

static void on_asked(evutil_socket_t fd, short what, void *arg)
{
	struct dial *d = arg;

	(void)fd;
	(void)what;
	d->asking = false;
	if (!go(d))
		try_next(d);
}

void dial_go(struct dial *d)
{
	if (d->asking)
		event_active(d->event, EV_TIMEOUT, 0);
}

/* Whoever lets answers in is asked to, and has not long to do it. */
static bool ask(struct dial *d, const struct endpoint *to)
{
	const struct timeval late = { 0, ASK_MS * 1000 };
	struct endpoint local;

	if (!d->ops->ask || !find_local(d, to, &local))
		return false;
	d->event = evtimer_new(d->base, on_asked, d);
	d->asking = d->event && !event_add(d->event, &late) && d->ops->ask(d->arg, &local, to);
	return d->asking;
}

static void try_next(struct dial *d)
{
	while (d->at < d->addresses) {
		const struct endpoint *to = &d->address[d->at++];

		drop(d);
		d->err = d->ops->may && !d->ops->may(d->arg, to) ? -EACCES : 0;
		if (d->err)
			continue;
		d->ops->connecting(d->arg, to);
		d->err = make_socket(d, to);
		if (!d->err && (ask(d, to) || go(d)))
			return;
	}
	fail(d, error_of(d->err), strerror(-d->err));
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct dial *d = arg;
	const struct dial_ops *ops = d->ops;
	const struct endpoint to = d->address[d->at - 1];
	socklen_t len = sizeof(d->err);
	void *whose = d->arg;

	d->err = 0;
	if (what & EV_TIMEOUT)
		d->err = ETIMEDOUT;
	else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &d->err, &len))
		d->err = errno;
	d->err = -d->err;
	if (d->err) {
		try_next(d);
		return;
	}
	event_free(d->event);
	free(d);
	ops->connected(whose, fd, &to);
}

/* ------------------------------------------------------------------ addresses */

static void add_address(struct dial *d, const struct sockaddr *sa)
{
	struct endpoint e;

	if (d->addresses == ADDRESSES_MAX || !endpoint_from_sockaddr(&e, sa))
		return;
	e.port = d->conf.port;
	d->address[d->addresses++] = e;
}

/* The next of @family from *@at on. */
static const struct evutil_addrinfo *next_of(const struct evutil_addrinfo **at, int family)
{
	const struct evutil_addrinfo *a = *at;

	while (a && a->ai_family != family)
		a = a->ai_next;
	*at = a ? a->ai_next : NULL;
	return a;
}

/* IPv6 and IPv4 in turn, so that the failure of one costs little. */
static void take_addresses(struct dial *d, const struct evutil_addrinfo *all)
{
	const struct evutil_addrinfo *six = all, *four = all, *a;

	while (six || four) {
		a = next_of(&six, AF_INET6);
		if (a)
			add_address(d, a->ai_addr);
		a = next_of(&four, AF_INET);
		if (a)
			add_address(d, a->ai_addr);
	}
}

static void on_looked_up(int err, struct evutil_addrinfo *all, void *arg)
{
	struct dial *d = arg;

	d->lookup = NULL;
	if (d->cancelled) {
		if (all)
			evutil_freeaddrinfo(all);
		free(d);
		return;
	}
	if (!err)
		take_addresses(d, all);
	if (all)
		evutil_freeaddrinfo(all);
	if (d->addresses)
		try_next(d);
	else
		fail(d, CALL_DNS, err ? evutil_gai_strerror(err) : "no address");
}

/* Asked by the loop, as the answer may be there at once. */
static void on_begin(evutil_socket_t fd, short what, void *arg)
{
	struct dial *d = arg;
	struct evutil_addrinfo hints = {
		.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_protocol = IPPROTO_TCP,
	};
	struct evdns_getaddrinfo_request *lookup;

	(void)fd;
	(void)what;
	event_free(d->event);
	d->event = NULL;
	if (d->addresses) {
		try_next(d);
		return;
	}
	if (!dns || !evdns_base_count_nameservers(dns)) {
		fail(d, CALL_DNS, "no name server is configured");
		return;
	}
	lookup = evdns_getaddrinfo(dns, d->conf.remote, NULL, &hints, on_looked_up, d);
	/* NULL: it has answered, and @d may be gone */
	if (lookup)
		d->lookup = lookup;
}

struct dial *dial_start(struct event_base *base, const struct conf_endpoint *e,
			unsigned int seconds, const struct dial_ops *ops, void *arg)
{
	struct dial *d = calloc(1, sizeof(*d));
	const struct timeval now = { 0, 0 };

	if (!d)
		return NULL;
	*d = (struct dial){
		.base = base, .conf = *e, .ops = ops, .arg = arg, .fd = -1, .ms = seconds * 1000,
	};
	if (address_read(&d->address[0].address, e->remote)) {
		d->address[0].port = e->port;
		d->addresses = 1;
	}
	d->event = evtimer_new(base, on_begin, d);
	if (d->event && !event_add(d->event, &now))
		return d;
	drop(d);
	free(d);
	return NULL;
}
