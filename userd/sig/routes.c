// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/siphash.h"
#include "base/table.h"
#include "sig/clock.h"
#include "sig/links.h"
#include "sig/net.h"
#include "sig/routes.h"
#include "sig/rtnl.h"

#define REMEMBERED	8192	/* answers; some 100 octets each */
#define FRESH		10000	/* ms an answer holds: path MTU changes without being told */
#define BUNDLE		32	/* prefixes told one by one; more are told as "any" */
#define BUNDLE_MS	50
#define BURST		64	/* datagrams of events a turn of the loop */

#ifndef RTM_F_FIB_MATCH
#define RTM_F_FIB_MATCH	0x2000
#endif

struct answer {
	struct table_node node;
	struct address to;
	bool reachable;
	struct gist_route route;
	uint64_t until;
};

struct prefix {
	struct address address;
	unsigned int len;
};

static struct {
	int ask, events;
	struct event *readable, *bundle_due;
	struct table answers;
	uint8_t key[16];
	struct prefix bundle[BUNDLE];
	unsigned int bundled;
	bool all;		/* too many for @bundle, or it is not known which */
} routes = { .ask = -1, .events = -1 };

/* ---- questions ---- */

static bool forget_one(struct table_node *n, void *arg)
{
	(void)arg;
	table_del(&routes.answers, n);
	free(container_of(n, struct answer, node));
	return true;
}

static void forget(void)
{
	table_each(&routes.answers, forget_one, NULL);
}

static uint64_t hash(const struct address *a)
{
	return siphash(a, sizeof(*a), routes.key);
}

static struct answer *remembered(const struct address *to)
{
	uint64_t h = hash(to);
	struct table_node *n;
	struct answer *a;

	for (n = table_first(&routes.answers, h); n; n = table_next(n, h)) {
		a = container_of(n, struct answer, node);
		if (address_equal(&a->to, to))
			return a;
	}
	return NULL;
}

static uint32_t metric_mtu(const struct rtnl_attributes *t)
{
	const struct rtattr *a = t->of[RTA_METRICS];
	struct rtnl_attributes metrics;

	if (!a)
		return 0;
	rtnl_parse(&metrics, RTA_DATA(a), RTA_PAYLOAD(a));
	return rtnl_u32(&metrics, RTAX_MTU);
}

/* An IPv4 route may have an IPv6 gateway (RFC 5549). */
static struct address via(const struct rtnl_attributes *t, int family)
{
	const struct rtattr *a = t->of[RTA_VIA];
	const struct rtvia *v;
	struct address x = { .version = 6 };

	if (!a || RTA_PAYLOAD(a) < sizeof(*v) + 16)
		return rtnl_address(t, RTA_GATEWAY, family);
	v = RTA_DATA(a);
	memcpy(x.b, v->rtvia_addr, 16);
	return x;
}

static void read_route(const struct nlmsghdr *h, void *arg)
{
	const struct rtmsg *m = NLMSG_DATA(h);
	struct answer *a = arg;
	struct rtnl_attributes t;

	if (h->nlmsg_type != RTM_NEWROUTE || !rtnl_parse_message(&t, h, sizeof(*m)))
		return;
	a->reachable = m->rtm_type == RTN_UNICAST || m->rtm_type == RTN_LOCAL ||
		       m->rtm_type == RTN_ANYCAST;
	a->route = (struct gist_route){
		.ifindex = rtnl_u32(&t, RTA_OIF),
		.source = rtnl_address(&t, RTA_PREFSRC, m->rtm_family),
		.gateway = via(&t, m->rtm_family),
		.mtu = metric_mtu(&t),
		.local = m->rtm_type == RTN_LOCAL || m->rtm_type == RTN_ANYCAST,
	};
	if (!a->route.mtu)
		a->route.mtu = links_mtu(a->route.ifindex);
}

static void question(struct answer *a, const struct address *to)
{
	int err;

	a->to = *to;
	a->reachable = false;
	a->until = net.timers.now + FRESH;
	net_count(NET_N_route_lookup);
	err = rtnl_route(routes.ask, to, 0, read_route, a);
	if (err == -ENOBUFS || err == -EAGAIN)
		a->until = 0;	/* not an answer */
}

static struct answer *remember(const struct answer *a)
{
	struct answer *copy;

	if (routes.answers.count >= REMEMBERED)
		forget();
	copy = malloc(sizeof(*copy));
	if (!copy)
		return NULL;
	*copy = *a;
	if (!table_add(&routes.answers, &copy->node, hash(&a->to)))
		return copy;
	free(copy);
	return NULL;
}

/* The answer for @to, in @room if it cannot be kept. */
static const struct answer *answer(const struct address *to, struct answer *room)
{
	struct address plain = { .version = to->version };
	struct answer *a;

	/* nothing behind the octets of the version: it is hashed as a whole */
	memcpy(plain.b, to->b, address_bits(to) / 8);
	a = remembered(&plain);
	if (!a) {
		question(room, &plain);
		a = room->until ? remember(room) : NULL;
	} else if (a->until <= net.timers.now) {
		question(a, &plain);
	}
	return a ? a : room;
}

bool routes_find(void *arg, const struct address *to, struct gist_route *r)
{
	const struct answer *a;
	struct answer room;

	(void)arg;
	if (routes.ask < 0 || !address_is_set(to))
		return false;
	a = answer(to, &room);
	*r = a->route;
	return a->reachable;
}

bool routes_local(void *arg, const struct address *a)
{
	struct gist_route r;

	return routes_find(arg, a, &r) && r.local;
}

struct way {
	unsigned int ifindex;
	bool found;
};

/* Whether the interface is one of several ways to the destination. */
static void read_ways(const struct nlmsghdr *h, void *arg)
{
	const struct rtmsg *m = NLMSG_DATA(h);
	struct way *w = arg;
	const struct rtnexthop *next;
	struct rtnl_attributes t;
	size_t n;

	if (h->nlmsg_type != RTM_NEWROUTE || !rtnl_parse_message(&t, h, sizeof(*m)) ||
	    !t.of[RTA_MULTIPATH])
		return;
	next = RTA_DATA(t.of[RTA_MULTIPATH]);
	n = RTA_PAYLOAD(t.of[RTA_MULTIPATH]);
	while (n >= sizeof(*next) && next->rtnh_len >= sizeof(*next) && next->rtnh_len <= n) {
		w->found |= (unsigned int)next->rtnh_ifindex == w->ifindex;
		if ((size_t)RTNH_ALIGN(next->rtnh_len) >= n)
			return;
		n -= RTNH_ALIGN(next->rtnh_len);
		next = RTNH_NEXT(next);
	}
}

bool routes_ingress(void *arg, const struct address *source, unsigned int ifindex)
{
	struct way w = { .ifindex = ifindex };
	struct gist_route r;

	if (!ifindex)
		return true;
	if (!routes_find(arg, source, &r) || r.local)
		return false;
	if (r.ifindex == ifindex)
		return true;
	rtnl_route(routes.ask, source, RTM_F_FIB_MATCH, read_ways, &w);
	return w.found;
}

bool routes_interface_address(void *arg, unsigned int ifindex, unsigned int version,
			      struct address *a)
{
	(void)arg;
	return links_address(ifindex, version, a);
}

/* ---- changes ---- */

static void tell(evutil_socket_t fd, short what, void *arg)
{
	unsigned int n = routes.bundled, i;
	bool all = routes.all;

	(void)fd;
	(void)what;
	(void)arg;
	routes.bundled = 0;
	routes.all = false;
	if (!net.gist)
		return;
	clock_enter();
	if (all)
		gist_route_changed(net.gist, &(struct address){ 0 }, 0);
	for (i = 0; i < n && !all; i++)
		gist_route_changed(net.gist, &routes.bundle[i].address, routes.bundle[i].len);
	clock_leave();
}

static void changed(const struct address *prefix, unsigned int len)
{
	static const struct timeval soon = { .tv_usec = BUNDLE_MS * 1000 };
	unsigned int i;

	forget();
	if (!prefix || routes.bundled == BUNDLE)
		routes.all = true;
	for (i = 0; !routes.all && i < routes.bundled; i++)
		if (routes.bundle[i].len == len &&
		    address_equal(&routes.bundle[i].address, prefix))
			return;
	if (!routes.all)
		routes.bundle[routes.bundled++] = (struct prefix){ *prefix, len };
	if (!event_pending(routes.bundle_due, EV_TIMEOUT, NULL))
		event_add(routes.bundle_due, &soon);
}

/* What a table is about that no packet in transit looks at is not told. */
static void route_event(const struct nlmsghdr *h)
{
	const struct rtmsg *m = NLMSG_DATA(h);
	struct rtnl_attributes t;
	struct address to;

	if (!rtnl_parse_message(&t, h, sizeof(*m)) || m->rtm_flags & RTM_F_CLONED)
		return;
	if (m->rtm_type == RTN_BROADCAST || m->rtm_type == RTN_MULTICAST)
		return;
	if (m->rtm_type == RTN_LOCAL || m->rtm_type == RTN_ANYCAST) {
		forget();
		return;
	}
	to = rtnl_address(&t, RTA_DST, m->rtm_family);
	if (!address_is_set(&to))
		to.version = m->rtm_family == AF_INET ? 4 : 6;
	changed(&to, m->rtm_dst_len);
}

static void event(const struct nlmsghdr *h, void *arg)
{
	bool *links = arg;

	switch (h->nlmsg_type) {
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		route_event(h);
		break;
	case RTM_NEWRULE:
	case RTM_DELRULE:
		changed(NULL, 0);
		break;
	case RTM_NEWADDR:
	case RTM_DELADDR:
		forget();
		links_event(h);
		break;
	default:
		*links |= links_event(h);
	}
}

static void links_moved(void)
{
	/* IPv4 routes of an interface that goes down go without a word */
	changed(NULL, 0);
	if (net.links_changed)
		net.links_changed();
}

static void note(const struct nlmsghdr *h, void *arg)
{
	(void)arg;
	links_event(h);
}

/* Ask for all there is. */
static void sync_links(void)
{
	int err;

	if (routes.ask < 0)
		return;
	links_forget();
	err = rtnl_dump(routes.ask, RTM_GETLINK, note, NULL);
	if (!err)
		err = rtnl_dump(routes.ask, RTM_GETADDR, note, NULL);
	if (err)
		log_error(SUB_NET, "interfaces could not be listed error=\"%s\"", strerror(-err));
}

static void readable(evutil_socket_t fd, short what, void *arg)
{
	bool links = false;

	(void)what;
	(void)arg;
	clock_enter();
	if (rtnl_events((int)fd, BURST, event, &links) == -ENOBUFS) {
		net_count(NET_N_route_resync);
		log_notice(SUB_NET, "routing events were lost, asking for all again");
		sync_links();
		links = true;
	}
	if (links)
		links_moved();
	clock_leave();
}

/* ---- */

static void watch(int fd)
{
	if (routes.readable)
		event_free(routes.readable);
	if (!routes.bundle_due)
		routes.bundle_due = evtimer_new(net.base, tell, NULL);
	routes.readable = event_new(net.base, fd, EV_READ | EV_PERSIST, readable, NULL);
	if (!routes.readable || !routes.bundle_due || event_add(routes.readable, NULL))
		log_error(SUB_NET, "no memory for routing events");
}

void routes_socket(uint32_t arg, int fd)
{
	int *s = arg ? &routes.events : &routes.ask;

	if (*s >= 0)
		close(*s);
	*s = fd;
	if (arg)
		watch(fd);
	else if (getrandom(routes.key, sizeof(routes.key), 0) != sizeof(routes.key))
		log_error(SUB_NET, "no random numbers for the route cache");
	/* after events are on: nothing falls in between */
	if (routes.ask >= 0 && routes.events >= 0) {
		sync_links();
		if (net.links_changed)
			net.links_changed();
	}
}

void routes_fini(void)
{
	if (routes.readable)
		event_free(routes.readable);
	if (routes.bundle_due)
		event_free(routes.bundle_due);
	if (routes.ask >= 0)
		close(routes.ask);
	if (routes.events >= 0)
		close(routes.events);
	routes.readable = routes.bundle_due = NULL;
	routes.ask = routes.events = -1;
	forget();
	table_fini(&routes.answers);
	links_forget();
}
