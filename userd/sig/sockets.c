// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/in6.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "gist/code.h"
#include "gist/gist.h"
#include "sig/nft.h"
#include "sig/sockets.h"

#define RECEIVE_ROOM	(4 << 20)	/* octets: some 3000 Queries, kernel overhead included */
#define BACKLOG		512

#ifndef IPV6_ROUTER_ALERT_ISOLATE
#define IPV6_ROUTER_ALERT_ISOLATE	30
#endif
#ifndef IPV6_HDRINCL
#define IPV6_HDRINCL	36
#endif

static int trap_owner = -1;

static int set(int fd, int level, int option, int v)
{
	return setsockopt(fd, level, option, &v, sizeof(v)) ? -errno : 0;
}

/* More room than net.core.rmem_max allows, if this is root. */
static void set_room(int fd)
{
	if (set(fd, SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_ROOM))
		set(fd, SOL_SOCKET, SO_RCVBUF, RECEIVE_ROOM);
}

static int finish(int fd, int err)
{
	if (!err)
		return fd;
	close(fd);
	return err;
}

static int create(int family, int type, int protocol)
{
	int fd = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);

	return fd < 0 ? -errno : fd;
}

static int bind_any(int fd, int family, uint16_t port)
{
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(port) };
	int err;

	if (family == AF_INET)
		err = bind(fd, (struct sockaddr *)&v4, sizeof(v4));
	else
		err = bind(fd, (struct sockaddr *)&v6, sizeof(v6));
	return err ? -errno : 0;
}

/* ---- UDP ---- */

static int udp_options4(int fd)
{
	int err = set(fd, IPPROTO_IP, IP_PKTINFO, 1);

	if (!err)
		err = set(fd, IPPROTO_IP, IP_RECVTTL, 1);
	if (!err)
		err = set(fd, IPPROTO_IP, IP_TTL, SIG_HOPS);
	/* a message that does not fit is for an association (5.3.3), not for fragments */
	if (!err)
		err = set(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO);
	return err;
}

static int udp_options6(int fd)
{
	int err = set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);

	if (!err)
		err = set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
	if (!err)
		err = set(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
	if (!err)
		err = set(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, SIG_HOPS);
	if (!err)
		err = set(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DO);
	return err;
}

static int open_udp(int family, uint16_t port)
{
	int fd = create(family, SOCK_DGRAM, 0);
	int err;

	if (fd < 0)
		return fd;
	err = family == AF_INET ? udp_options4(fd) : udp_options6(fd);
	if (!err)
		err = bind_any(fd, family, port);
	set_room(fd);
	return finish(fd, err);
}

static int udp(const struct conf *c, int family, uint32_t arg)
{
	if (!arg)
		return open_udp(family, c->gist.port);
	if (arg == 1 && c->gist.port != SIG_PORT)
		return open_udp(family, SIG_PORT);
	return -ENOENT;
}

/* ---- raw ---- */

/* Only for sending: nothing is ever received with protocol 255. */
static int raw(int family)
{
	int fd = create(family, SOCK_RAW, IPPROTO_RAW);
	int err;

	if (fd < 0)
		return fd;
	if (family == AF_INET)
		err = set(fd, IPPROTO_IP, IP_HDRINCL, 1);
	else
		err = set(fd, IPPROTO_IPV6, IPV6_HDRINCL, 1);
	return finish(fd, err);
}

/*
 * The socket also gets a copy of each UDP packet to this node: the filter leaves none of those
 * without options. It must leave all with options: what a filter takes from a router alert socket
 * is lost to everybody.
 */
static int filter_options(int fd)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0x0f),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 5, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog program = { .len = sizeof(code) / sizeof(code[0]), .filter = code };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) ? -errno : 0;
}

static int alert4(void)
{
	int fd = create(AF_INET, SOCK_RAW, IPPROTO_UDP);
	int err;

	if (fd < 0)
		return fd;
	err = filter_options(fd);
	/* nor may a process that was taken over hear all that others say */
	if (!err)
		err = set(fd, SOL_SOCKET, SO_LOCK_FILTER, 1);
	if (!err)
		err = set(fd, IPPROTO_IP, IP_PKTINFO, 1);
	if (!err)
		err = set(fd, IPPROTO_IP, IP_ROUTER_ALERT, 1);
	set_room(fd);
	return finish(fd, err);
}

/* Without ISOLATE it would be given the packets of all network namespaces. */
static int alert6(void)
{
	int fd = create(AF_INET6, SOCK_RAW, IPPROTO_RAW);
	int err;

	if (fd < 0)
		return fd;
	err = set(fd, IPPROTO_IPV6, IPV6_ROUTER_ALERT_ISOLATE, 1);
	if (!err)
		err = set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
	if (!err)
		err = set(fd, IPPROTO_IPV6, IPV6_ROUTER_ALERT, GIST_RAO6_NATFW);
	set_room(fd);
	return finish(fd, err);
}

/* A process that has just died may have left the group a moment ago, or be about to. */
static int join_group(void)
{
	static const struct timespec moment = { .tv_nsec = 10000000 };
	int fd = nft_group(SIG_TRAP_GROUP), i;

	for (i = 0; fd == -EBUSY && i < 20; i++) {
		nanosleep(&moment, NULL);
		fd = nft_group(SIG_TRAP_GROUP);
	}
	return fd;
}

/* Where the module lets the port pass, and nothing else unasked: only Q-mode messages may use it. */
static int guard(const struct conf *c)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < c->interfaces && !err; i++)
		if (c->interface[i].attach && c->interface[i].drop)
			err = nft_guard(trap_owner, c->interface[i].name);
	return err;
}

/* With what it owns: table, rules, and what the guard lets pass. */
static void drop_trap(void)
{
	close(trap_owner);
	trap_owner = -1;
}

/* The rule stays while processes come and go: it is the monitor's. */
static int make_trap(const struct conf *c)
{
	int err;

	if (trap_owner >= 0)
		return 0;
	trap_owner = nft_trap(SIG_TRAP_GROUP);
	if (trap_owner < 0)
		return trap_owner;
	err = guard(c);
	if (err)
		drop_trap();
	return err;
}

static int trap(const struct conf *c)
{
	int fd = join_group(), err;

	if (fd < 0)
		return fd;
	err = make_trap(c);
	if (err)
		return finish(fd, err);
	set_room(fd);
	if (fcntl(fd, F_SETFL, O_NONBLOCK))
		return finish(fd, -errno);
	return fd;
}

/* ---- streams ---- */

static int listening(int family, uint16_t port)
{
	int fd = create(family, SOCK_STREAM, 0);
	int err;

	if (fd < 0)
		return fd;
	err = set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (!err && family == AF_INET6)
		err = set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	if (!err)
		err = bind_any(fd, family, port);
	if (!err && listen(fd, BACKLOG))
		err = -errno;
	return finish(fd, err);
}

static int streams(const struct conf *c, bool tls, uint32_t arg)
{
	uint16_t port = tls ? c->gist.tls_port : c->gist.tcp_port;
	uint8_t without = tls ? GIST_TLS_NONE : GIST_TLS_REQUIRED;

	if (arg > 1 || (arg && !c->gist.ipv6) || !port || c->gist.tls == without)
		return -ENOENT;
	return listening(arg ? AF_INET6 : AF_INET, port);
}

/* ---- routes ---- */

static int join(int fd)
{
	static const int groups[] = {
		RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE,
		RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_RULE,
	};
	unsigned int i;
	int err = 0;

	for (i = 0; i < sizeof(groups) / sizeof(groups[0]) && !err; i++)
		err = set(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, groups[i]);
	return err;
}

static int routes(uint32_t arg)
{
	struct sockaddr_nl sa = { .nl_family = AF_NETLINK };
	int fd, err = 0;

	if (arg > 1)
		return -ENOENT;
	fd = create(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
	if (fd < 0)
		return fd;
	if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)))
		err = -errno;
	if (!err && arg)
		err = join(fd);
	set_room(fd);
	return finish(fd, err);
}

int sig_socket_open(const struct conf *c, enum proc_socket which, uint32_t arg)
{
	bool v6 = which == SOCKET_UDP6 || which == SOCKET_RAW6 || which == SOCKET_RAO6;
	int family = v6 ? AF_INET6 : AF_INET;

	if (v6 && !c->gist.ipv6)
		return -ENOENT;
	switch (which) {
	case SOCKET_UDP4:
	case SOCKET_UDP6:
		return udp(c, family, arg);
	case SOCKET_RAW4:
	case SOCKET_RAW6:
		return arg ? -ENOENT : raw(family);
	case SOCKET_TRAP:
		return arg ? -ENOENT : trap(c);
	case SOCKET_RAO4:
	case SOCKET_RAO6:
		if (arg || trap_owner >= 0)
			return -ENOENT;
		return v6 ? alert6() : alert4();
	case SOCKET_TCP:
	case SOCKET_TLS:
		return streams(c, which == SOCKET_TLS, arg);
	case SOCKET_ROUTE:
		return routes(arg);
	default:
		return -ENOENT;
	}
}
