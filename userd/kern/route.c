// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/siphash.h"
#include "kern/route.h"

#define CACHE_MS	1000

int kern_routes_init(struct routes *r, const uint8_t key[16])
{
	memset(r, 0, sizeof(*r));
	memcpy(r->key, key, sizeof(r->key));
	r->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	return r->fd < 0 ? -errno : 0;
}

void kern_routes_fini(struct routes *r)
{
	if (r->fd >= 0)
		close(r->fd);
	r->fd = -1;
}

struct route_request {
	struct nlmsghdr h;
	struct rtmsg m;
	struct rtattr a;
	uint8_t address[16];
};

static int ask(struct routes *r, const struct address *a)
{
	const size_t len = address_bits(a) / 8;
	struct route_request q = {
		.h = {
			.nlmsg_len = (uint32_t)(NLMSG_LENGTH(sizeof(q.m)) + RTA_LENGTH(len)),
			.nlmsg_type = RTM_GETROUTE, .nlmsg_flags = NLM_F_REQUEST,
			.nlmsg_seq = ++r->seq,
		},
		.m = {
			.rtm_family = a->version == 4 ? AF_INET : AF_INET6,
			.rtm_dst_len = (uint8_t)address_bits(a),
		},
		.a = { .rta_len = (uint16_t)RTA_LENGTH(len), .rta_type = RTA_DST },
	};

	memcpy(q.address, a->b, len);
	return send(r->fd, &q, q.h.nlmsg_len, 0) < 0 ? -errno : 0;
}

static void read_route(struct route_entry *e, struct nlmsghdr *h)
{
	struct rtmsg *m = NLMSG_DATA(h);
	int left = (int)(h->nlmsg_len - NLMSG_LENGTH(sizeof(*m)));
	struct rtattr *a;

	if (h->nlmsg_type != RTM_NEWROUTE || left < 0)
		return;
	e->local = m->rtm_type == RTN_LOCAL;
	if (m->rtm_type != RTN_UNICAST)
		return;
	for (a = RTM_RTA(m); RTA_OK(a, left); a = RTA_NEXT(a, left))
		if (a->rta_type == RTA_OIF && RTA_PAYLOAD(a) == sizeof(e->ifindex))
			memcpy(&e->ifindex, RTA_DATA(a), sizeof(e->ifindex));
}

/* The answer is there when send() has returned. */
static void answer(struct routes *r, struct route_entry *e)
{
	char buf[4096] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct nlmsghdr *h = (struct nlmsghdr *)buf;
	ssize_t n;

	while ((n = recv(r->fd, buf, sizeof(buf), MSG_DONTWAIT)) > 0) {
		if (!NLMSG_OK(h, (size_t)n) || h->nlmsg_seq != r->seq)
			continue;
		read_route(e, h);
		return;
	}
}

static const struct route_entry *look(struct routes *r, const struct address *a)
{
	struct address key = { .version = a->version };
	struct route_entry *e;

	memcpy(key.b, a->b, address_bits(a) / 8);
	e = &r->cache[siphash(&key, sizeof(key), r->key) % ROUTE_CACHE];
	if (e->until > r->now && address_equal(&e->address, a))
		return e;
	*e = (struct route_entry){ .address = key, .until = r->now + CACHE_MS };
	if (address_is_set(a) && !ask(r, a))
		answer(r, e);
	return e;
}

bool kern_routes_behind(struct routes *r, const struct address *a, uint32_t ifindex)
{
	return ifindex && look(r, a)->ifindex == ifindex;
}

bool kern_routes_own(struct routes *r, const struct address *a)
{
	return look(r, a)->local;
}
