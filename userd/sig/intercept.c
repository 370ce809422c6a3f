// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sig/clock.h"
#include "sig/intercept.h"
#include "sig/net.h"
#include "sig/packet.h"
#include "sig/raw.h"
#include "sig/routes.h"

#define BURST	32		/* packets a turn of the loop */
#define ROOM	(PACKET_MAX + 4096)	/* with what netlink has around it */

struct source {
	struct event *event;
	int fd;
	unsigned int version;	/* raw sockets */
};

static struct source trap = { .fd = -1 };
static struct source alert[2] = { { .fd = -1 }, { .fd = -1 } };

/* ---- what all of them do ---- */

static int relay(const struct packet *p, const struct gist_view *payload)
{
	static uint8_t octets[PACKET_MAX];
	struct gist_out o;
	int err;

	gist_out_init(&o, octets, sizeof(octets));
	packet_relay(&o, p, payload);
	err = o.error ? o.error : raw_send(&p->destination, 0, gist_out_view(&o));
	net_count(err ? NET_N_relay_failed : NET_N_relayed);
	return err;
}

int intercept_forward(void *arg, const void *token, struct gist_view payload)
{
	(void)arg;
	return relay(token, &payload);
}

static bool take(const struct packet *p, unsigned int ifindex)
{
	struct gist_arrival a = {
		.from = { p->source, p->sport }, .to = { p->destination, p->dport },
		.ttl = p->ttl, .ifindex = ifindex, .rao = p->rao,
	};

	net_count(NET_N_intercepted);
	return net.gist && gist_intercepted(net.gist, &a, p, p->payload);
}

/* @copy: a raw socket's, which sees also what is delivered here. */
static void handle(struct gist_view octets, unsigned int ifindex, bool copy)
{
	struct packet p;
	enum packet_kind kind = packet_parse(&p, octets);

	if (kind == PACKET_BAD || (copy && routes_local(NULL, &p.destination)))
		return;
	if (kind == PACKET_OTHER || !take(&p, ifindex))
		relay(&p, NULL);
}

/* ---- the trap ---- */

static void handle_attributes(const uint8_t *a, size_t n)
{
	struct gist_view octets = { NULL, 0 };
	unsigned int ifindex = 0;
	struct nlattr h;

	while (n >= NLA_HDRLEN) {
		memcpy(&h, a, sizeof(h));
		if (h.nla_len < NLA_HDRLEN || h.nla_len > n)
			break;
		if ((h.nla_type & NLA_TYPE_MASK) == NFULA_PAYLOAD)
			octets = gist_view(a + NLA_HDRLEN, h.nla_len - (size_t)NLA_HDRLEN);
		if ((h.nla_type & NLA_TYPE_MASK) == NFULA_IFINDEX_INDEV &&
		    h.nla_len >= NLA_HDRLEN + 4)
			ifindex = gist_get32(a + NLA_HDRLEN);
		if ((size_t)NLA_ALIGN(h.nla_len) >= n)
			break;
		n -= NLA_ALIGN(h.nla_len);
		a += NLA_ALIGN(h.nla_len);
	}
	if (octets.len)
		handle(octets, ifindex, false);
}

static void handle_netlink(const uint8_t *buf, size_t n)
{
	const struct nlmsghdr *h = (const struct nlmsghdr *)buf;
	size_t before = NLMSG_LENGTH(sizeof(struct nfgenmsg));

	for (; NLMSG_OK(h, n); h = NLMSG_NEXT(h, n)) {
		if (h->nlmsg_type != (NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET) ||
		    h->nlmsg_len < before)
			continue;
		handle_attributes((const uint8_t *)h + before, h->nlmsg_len - before);
	}
}

static void trapped(evutil_socket_t fd, short what, void *arg)
{
	static union {
		uint8_t octets[ROOM];
		struct nlmsghdr align;
	} buf;
	unsigned int i;
	ssize_t n;

	(void)what;
	(void)arg;
	clock_enter();
	for (i = 0; i < BURST; i++) {
		n = recv((int)fd, &buf, sizeof(buf), MSG_DONTWAIT);
		if (n < 0 && errno == ENOBUFS) {
			net_count(NET_N_intercept_overrun);
			continue;
		}
		if (n <= 0)
			break;
		handle_netlink(buf.octets, (size_t)n);
	}
	clock_leave();
}

/* ---- raw sockets ---- */

static unsigned int interface_of(struct msghdr *m)
{
	struct in6_pktinfo six;
	struct in_pktinfo four;
	struct cmsghdr *c;

	for (c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			memcpy(&four, CMSG_DATA(c), sizeof(four));
			return (unsigned int)four.ipi_ifindex;
		}
		if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			memcpy(&six, CMSG_DATA(c), sizeof(six));
			return six.ipi6_ifindex;
		}
	}
	return 0;
}

static bool receive(int fd)
{
	static uint8_t octets[ROOM];
	union {
		uint8_t octets[128];
		struct cmsghdr align;
	} control;
	struct iovec iov = { octets, sizeof(octets) };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
			    .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(fd, &m, MSG_DONTWAIT);

	if (n <= 0)
		return false;
	handle(gist_view(octets, (size_t)n), interface_of(&m), true);
	return true;
}

static void alerted(evutil_socket_t fd, short what, void *arg)
{
	unsigned int i;

	(void)what;
	(void)arg;
	clock_enter();
	for (i = 0; i < BURST && receive((int)fd); i++)
		;
	clock_leave();
}

/* ---- */

static void release(struct source *s)
{
	if (s->event)
		event_free(s->event);
	if (s->fd >= 0)
		close(s->fd);
	*s = (struct source){ .fd = -1 };
}

static void watch(struct source *s, int fd, event_callback_fn fn)
{
	release(s);
	s->fd = fd;
	s->event = event_new(net.base, fd, EV_READ | EV_PERSIST, fn, s);
	if (s->event && !event_add(s->event, NULL))
		return;
	log_error(SUB_NET, "no memory for interception");
	release(s);
}

void intercept_trap(int fd)
{
	watch(&trap, fd, trapped);
}

void intercept_alert(unsigned int version, int fd)
{
	if (version == 4)
		log_warn(SUB_NET, "no nf_tables: IPv4 messages are intercepted only with a router "
				  "alert value of 0");
	watch(&alert[version == 6], fd, alerted);
}

void intercept_fini(void)
{
	release(&trap);
	release(&alert[0]);
	release(&alert[1]);
}
