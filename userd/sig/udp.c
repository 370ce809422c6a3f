// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sig/clock.h"
#include "sig/net.h"
#include "sig/udp.h"

#define BATCH	32	/* datagrams a call, and a turn of the loop */
#define ROOM	65536

struct socket {
	struct event *event;
	int fd;
	uint16_t port;
	uint8_t version;	/* 0: not in use */
};

/* Of one call; read by it in a row, and only while it lasts. */
struct batch {
	struct mmsghdr message[BATCH];
	struct iovec iov[BATCH];
	struct sockaddr_in6 from[BATCH];
	union {
		uint8_t octets[128];
		struct cmsghdr align;
	} control[BATCH];
	uint8_t octets[BATCH][ROOM];
};

static struct socket sockets[4];	/* two versions, two ports */
static struct batch batch;

/* ---- receiving ---- */

static void prepare(struct batch *b)
{
	unsigned int i;

	for (i = 0; i < BATCH; i++) {
		b->iov[i] = (struct iovec){ b->octets[i], ROOM };
		b->message[i].msg_hdr = (struct msghdr){
			.msg_name = &b->from[i], .msg_namelen = sizeof(b->from[i]),
			.msg_iov = &b->iov[i], .msg_iovlen = 1,
			.msg_control = b->control[i].octets,
			.msg_controllen = sizeof(b->control[i].octets),
		};
	}
}

static void note_destination(struct gist_arrival *a, const struct cmsghdr *c)
{
	const struct in6_pktinfo *six = (const void *)CMSG_DATA(c);
	const struct in_pktinfo *four = (const void *)CMSG_DATA(c);

	if (c->cmsg_level == IPPROTO_IP) {
		a->ifindex = (unsigned int)four->ipi_ifindex;
		a->to.address.version = 4;
		memcpy(a->to.address.b, &four->ipi_addr, 4);
	} else {
		a->ifindex = six->ipi6_ifindex;
		a->to.address.version = 6;
		memcpy(a->to.address.b, &six->ipi6_addr, 16);
	}
}

static bool is_control(const struct cmsghdr *c, int type4, int type6)
{
	return (c->cmsg_level == IPPROTO_IP && c->cmsg_type == type4) ||
	       (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == type6);
}

static void read_control(struct gist_arrival *a, struct msghdr *m)
{
	struct cmsghdr *c;
	int ttl;

	for (c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (is_control(c, IP_PKTINFO, IPV6_PKTINFO))
			note_destination(a, c);
		if (!is_control(c, IP_TTL, IPV6_HOPLIMIT))
			continue;
		memcpy(&ttl, CMSG_DATA(c), sizeof(ttl));
		a->ttl = (uint8_t)ttl;
	}
}

static void deliver(const struct socket *s, struct msghdr *m, unsigned int len)
{
	struct gist_arrival a = { .rao = -1 };

	net_count(NET_N_datagram_received);
	a.to.port = s->port;
	read_control(&a, m);
	if (m->msg_flags & (MSG_TRUNC | MSG_CTRUNC) || !address_is_set(&a.to.address) ||
	    !endpoint_from_sockaddr(&a.from, m->msg_name)) {
		net_count(NET_N_datagram_truncated);
		return;
	}
	if (net.gist)
		gist_datagram(net.gist, &a, gist_view(m->msg_iov->iov_base, len));
}

/* One batch a turn: what else there is comes next turn, behind the streams. */
static void readable(evutil_socket_t fd, short what, void *arg)
{
	const struct socket *s = arg;
	int n, i;

	(void)what;
	prepare(&batch);
	n = recvmmsg((int)fd, batch.message, BATCH, MSG_DONTWAIT, NULL);
	if (n <= 0)
		return;
	clock_enter();
	for (i = 0; i < n; i++)
		deliver(s, &batch.message[i].msg_hdr, batch.message[i].msg_len);
	clock_leave();
}

/* ---- sending ---- */

/* Replies leave from the port a message came to; failing that, any of the version will do. */
static const struct socket *find(unsigned int version, uint16_t port)
{
	const struct socket *any = NULL;
	unsigned int i;

	for (i = 0; i < 4; i++) {
		if (sockets[i].version != version)
			continue;
		if (sockets[i].port == port)
			return &sockets[i];
		if (!any)
			any = &sockets[i];
	}
	return any;
}

static size_t put_source(struct cmsghdr *c, const struct address *from)
{
	struct in6_pktinfo six = { .ipi6_ifindex = 0 };
	struct in_pktinfo four = { .ipi_ifindex = 0 };
	bool v4 = from->version == 4;
	size_t n = v4 ? sizeof(four) : sizeof(six);

	memcpy(&four.ipi_spec_dst, from->b, 4);
	memcpy(&six.ipi6_addr, from->b, 16);
	c->cmsg_level = v4 ? IPPROTO_IP : IPPROTO_IPV6;
	c->cmsg_type = v4 ? IP_PKTINFO : IPV6_PKTINFO;
	c->cmsg_len = CMSG_LEN(n);
	memcpy(CMSG_DATA(c), v4 ? (void *)&four : (void *)&six, n);
	return CMSG_SPACE(n);
}

int udp_send(void *arg, const struct endpoint *from, const struct endpoint *to,
	     struct gist_view payload)
{
	const struct socket *s = find(to->address.version, from->port);
	struct iovec iov = { (void *)(uintptr_t)payload.data, payload.len };
	union {
		uint8_t octets[CMSG_SPACE(sizeof(struct in6_pktinfo))];
		struct cmsghdr align;
	} control = { 0 };
	struct sockaddr_storage ss;
	struct msghdr m = { .msg_name = &ss, .msg_iov = &iov, .msg_iovlen = 1 };

	(void)arg;
	if (!s)
		return -EAFNOSUPPORT;
	m.msg_namelen = endpoint_to_sockaddr(to, &ss);
	if (from->address.version == to->address.version) {
		m.msg_control = &control;
		m.msg_controllen = put_source(&control.align, &from->address);
	}
	return sendmsg(s->fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* ---- */

static void drop(struct socket *s)
{
	if (!s->version)
		return;
	event_free(s->event);
	close(s->fd);
	*s = (struct socket){ 0 };
}

static struct socket *slot(unsigned int version, uint16_t port)
{
	struct socket *empty = NULL;
	unsigned int i;

	for (i = 0; i < 4; i++) {
		if (sockets[i].version == version && sockets[i].port == port)
			return &sockets[i];
		if (!sockets[i].version && !empty)
			empty = &sockets[i];
	}
	return empty;
}

void udp_socket(unsigned int version, uint16_t port, int fd)
{
	struct socket *s = slot(version, port);

	if (!s) {
		close(fd);
		return;
	}
	drop(s);
	s->event = event_new(net.base, fd, EV_READ | EV_PERSIST, readable, s);
	if (!s->event || event_add(s->event, NULL)) {
		if (s->event)
			event_free(s->event);
		close(fd);
		log_error(SUB_NET, "no memory for a UDP socket port=%u", port);
		*s = (struct socket){ 0 };
		return;
	}
	s->fd = fd;
	s->port = port;
	s->version = (uint8_t)version;
}

void udp_fini(void)
{
	unsigned int i;

	for (i = 0; i < 4; i++)
		drop(&sockets[i]);
}
