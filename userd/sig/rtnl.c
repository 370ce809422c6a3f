// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "sig/rtnl.h"

#define ROOM	32768

/* One for all: nothing that is called with a view of it asks again. */
static union {
	uint8_t octets[ROOM];
	struct nlmsghdr align;
} buf;
static uint32_t sequence;

void rtnl_parse(struct rtnl_attributes *t, const struct rtattr *a, size_t n)
{
	*t = (struct rtnl_attributes){ 0 };
	for (; RTA_OK(a, n); a = RTA_NEXT(a, n)) {
		unsigned int type = a->rta_type & NLA_TYPE_MASK;

		if (type < RTNL_ATTRIBUTES)
			t->of[type] = a;
	}
}

bool rtnl_parse_message(struct rtnl_attributes *t, const struct nlmsghdr *h, size_t header)
{
	size_t before = NLMSG_SPACE(header);

	*t = (struct rtnl_attributes){ 0 };
	if (h->nlmsg_len < NLMSG_LENGTH(header))
		return false;
	if (h->nlmsg_len > before)
		rtnl_parse(t, (const struct rtattr *)((const uint8_t *)h + before),
			   h->nlmsg_len - before);
	return true;
}

uint32_t rtnl_u32(const struct rtnl_attributes *t, unsigned int type)
{
	const struct rtattr *a = t->of[type];
	uint32_t v = 0;

	if (a && RTA_PAYLOAD(a) >= sizeof(v))
		memcpy(&v, RTA_DATA(a), sizeof(v));
	return v;
}

struct address rtnl_address(const struct rtnl_attributes *t, unsigned int type, int family)
{
	const struct rtattr *a = t->of[type];
	struct address x = { .version = family == AF_INET ? 4 : 6 };

	if ((family != AF_INET && family != AF_INET6) || !a ||
	    RTA_PAYLOAD(a) < address_bits(&x) / 8)
		return (struct address){ 0 };
	memcpy(x.b, RTA_DATA(a), address_bits(&x) / 8);
	return x;
}

/* ---- asking ---- */

/* 1: to be continued. 0 or -errno: that was all. */
static int handle(const struct nlmsghdr *h, rtnl_fn fn, void *arg)
{
	const struct nlmsgerr *e;

	if (h->nlmsg_seq != sequence)
		return 1;	/* of a question given up */
	if (h->nlmsg_type == NLMSG_DONE)
		return 0;
	if (h->nlmsg_type == NLMSG_ERROR) {
		e = NLMSG_DATA(h);
		return h->nlmsg_len < NLMSG_LENGTH(sizeof(*e)) ? -EPROTO : e->error;
	}
	fn(h, arg);
	return h->nlmsg_flags & NLM_F_MULTI ? 1 : 0;
}

static int handle_all(size_t n, rtnl_fn fn, void *arg)
{
	const struct nlmsghdr *h = &buf.align;
	int more = 1;

	for (; NLMSG_OK(h, n) && more == 1; h = NLMSG_NEXT(h, n))
		more = handle(h, fn, arg);
	return more;
}

static int ask(int fd, struct nlmsghdr *q, rtnl_fn fn, void *arg)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	int more = 1;
	ssize_t n;

	q->nlmsg_seq = ++sequence;
	if (sendto(fd, q, q->nlmsg_len, MSG_DONTWAIT, (struct sockaddr *)&kernel,
		   sizeof(kernel)) < 0)
		return -errno;
	while (more == 1) {
		n = recv(fd, &buf, sizeof(buf), MSG_DONTWAIT);
		if (n < 0)
			return -errno;
		more = handle_all((size_t)n, fn, arg);
	}
	return more;
}

int rtnl_route(int fd, const struct address *to, unsigned int flags, rtnl_fn fn, void *arg)
{
	struct {
		struct nlmsghdr h;
		struct rtmsg m;
		struct rtattr a;
		uint8_t to[16];
	} q = { 0 };
	size_t len = address_bits(to) / 8;

	q.h.nlmsg_type = RTM_GETROUTE;
	q.h.nlmsg_flags = NLM_F_REQUEST;
	q.h.nlmsg_len = (uint32_t)(NLMSG_LENGTH(sizeof(q.m)) + RTA_LENGTH(len));
	q.m.rtm_family = to->version == 4 ? AF_INET : AF_INET6;
	q.m.rtm_dst_len = (uint8_t)address_bits(to);
	q.m.rtm_flags = flags;
	q.a.rta_type = RTA_DST;
	q.a.rta_len = (uint16_t)RTA_LENGTH(len);
	memcpy(q.to, to->b, len);
	return ask(fd, &q.h, fn, arg);
}

int rtnl_dump(int fd, uint16_t type, rtnl_fn fn, void *arg)
{
	struct {
		struct nlmsghdr h;
		struct ifinfomsg m;	/* not shorter than what addresses want */
	} q = { 0 };

	q.h.nlmsg_type = type;
	q.h.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	q.h.nlmsg_len = (uint32_t)NLMSG_LENGTH(type == RTM_GETADDR ? sizeof(struct ifaddrmsg)
								    : sizeof(q.m));
	return ask(fd, &q.h, fn, arg);
}

int rtnl_events(int fd, unsigned int max, rtnl_fn fn, void *arg)
{
	static union {
		uint8_t octets[ROOM];
		struct nlmsghdr align;
	} events;	/* @fn may ask questions */
	const struct nlmsghdr *h;
	unsigned int i;
	ssize_t n;
	size_t left;

	for (i = 0; i < max; i++) {
		n = recv(fd, &events, sizeof(events), MSG_DONTWAIT);
		if (n < 0)
			return errno == EAGAIN || errno == EINTR ? 0 : -errno;
		left = (size_t)n;
		for (h = &events.align; NLMSG_OK(h, left); h = NLMSG_NEXT(h, left))
			fn(h, arg);
	}
	return 0;
}
