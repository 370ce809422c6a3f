// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sig/packet.h"
#include "sig/raw.h"

static int sockets[2] = { -1, -1 };	/* IPv4, IPv6 */

static int *slot(unsigned int version)
{
	return &sockets[version == 6];
}

/* The interface to leave by; the source is that of the header. */
static size_t put_interface(struct cmsghdr *c, unsigned int version, unsigned int ifindex)
{
	struct in6_pktinfo six = { .ipi6_ifindex = ifindex };
	struct in_pktinfo four = { .ipi_ifindex = (int)ifindex };
	size_t n = version == 4 ? sizeof(four) : sizeof(six);

	c->cmsg_level = version == 4 ? IPPROTO_IP : IPPROTO_IPV6;
	c->cmsg_type = version == 4 ? IP_PKTINFO : IPV6_PKTINFO;
	c->cmsg_len = CMSG_LEN(n);
	memcpy(CMSG_DATA(c), version == 4 ? (void *)&four : (void *)&six, n);
	return CMSG_SPACE(n);
}

int raw_send(const struct address *to, unsigned int ifindex, struct gist_view octets)
{
	struct endpoint e = { .address = *to };
	struct iovec iov = { (void *)(uintptr_t)octets.data, octets.len };
	union {
		uint8_t octets[CMSG_SPACE(sizeof(struct in6_pktinfo))];
		struct cmsghdr align;
	} control = { 0 };
	struct sockaddr_storage ss;
	struct msghdr m = { .msg_name = &ss, .msg_iov = &iov, .msg_iovlen = 1 };
	int fd = *slot(to->version);

	if (fd < 0)
		return -EAFNOSUPPORT;
	m.msg_namelen = endpoint_to_sockaddr(&e, &ss);
	if (ifindex) {
		m.msg_control = &control;
		m.msg_controllen = put_interface(&control.align, to->version, ifindex);
	}
	return sendmsg(fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int raw_qmode(void *arg, const struct gist_qmode *q, struct gist_view payload)
{
	static uint8_t octets[PACKET_MAX];
	struct gist_out o;

	(void)arg;
	gist_out_init(&o, octets, sizeof(octets));
	packet_build(&o, q, payload);
	if (o.error)
		return o.error;
	return raw_send(&q->destination, q->ifindex, gist_out_view(&o));
}

void raw_socket(unsigned int version, int fd)
{
	int *s = slot(version);

	if (*s >= 0)
		close(*s);
	*s = fd;
}

void raw_fini(void)
{
	raw_socket(4, -1);
	raw_socket(6, -1);
}
