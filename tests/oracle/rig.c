// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <linux/natfw.h>

#include "gen.h"
#include "rig.h"

static void put_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, text, strlen(text)) < 0)
		perror(path);
	close(fd);
}

static int enter(int fd)
{
	return setns(fd, CLONE_NEWNET) ? -errno : 0;
}

static int new_netns(void)
{
	if (unshare(CLONE_NEWNET))
		return -errno;
	return open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
}

static const char *const gateway_sysctls[][2] = {
	{ "ipv4/ip_forward", "1" },
	{ "ipv4/conf/all/rp_filter", "0" },
	{ "ipv4/conf/default/rp_filter", "0" },
	{ "ipv4/conf/all/send_redirects", "0" },
	{ "ipv4/conf/default/send_redirects", "0" },
	{ "ipv4/conf/all/accept_local", "1" },
	{ "ipv4/icmp_ratelimit", "0" },
	{ "ipv4/icmp_msgs_per_sec", "1000000" },
	{ "ipv4/icmp_msgs_burst", "1000000" },
	{ "ipv6/conf/all/forwarding", "1" },
	{ "ipv6/conf/all/accept_ra", "0" },
	{ "ipv6/conf/default/accept_ra", "0" },
	{ "ipv6/conf/default/accept_dad", "0" },
	{ "ipv6/conf/default/dad_transmits", "0" },
	{ "ipv6/conf/default/addr_gen_mode", "1" },
	{ "ipv6/conf/default/router_solicitations", "0" },
	{ "ipv6/icmp/ratelimit", "0" },
};

static void gateway_settings(void)
{
	char path[128];
	size_t i;

	for (i = 0; i < sizeof(gateway_sysctls) / sizeof(*gateway_sysctls); i++) {
		snprintf(path, sizeof(path), "/proc/sys/net/%s", gateway_sysctls[i][0]);
		put_file(path, gateway_sysctls[i][1]);
	}
}

static const char *const link_commands =
	"link add g%1$d address 02:00:00:00:00:0%1$d type veth peer name e%1$d "
		"address 02:00:00:00:01:0%1$d netns /proc/%2$d/fd/%3$d\n"
	"link set g%1$d up\n"
	"addr add 10.%1$d.255.254/24 dev g%1$d\n"
	"addr add fd00:%1$d:ffff::fe/64 dev g%1$d nodad\n"
	"neigh add 10.%1$d.255.1 lladdr 02:00:00:00:01:0%1$d dev g%1$d nud permanent\n"
	"neigh add fd00:%1$d:ffff::1 lladdr 02:00:00:00:01:0%1$d dev g%1$d nud permanent\n"
	"route add 10.%1$d.0.0/16 via 10.%1$d.255.1 dev g%1$d\n"
	"route add fd00:%1$d::/32 via fd00:%1$d:ffff::1 dev g%1$d\n";

static int gateway_links(struct rig *r)
{
	FILE *ip = popen("ip -batch -", "w");
	int i;

	if (!ip)
		return -errno;
	fprintf(ip, "link set lo up\n");
	for (i = 1; i <= RIG_DEVS; i++)
		fprintf(ip, link_commands, i, getpid(), r->ends);
	/* what lies outside of the sites */
	fprintf(ip, "route add 10.9.0.0/16 via 10.%d.255.1\n", RIG_DEVS);
	fprintf(ip, "route add fd00:9::/32 via fd00:%d:ffff::1\n", RIG_DEVS);
	return pclose(ip) ? -EIO : 0;
}

static void offload_off(int fd, const char *name)
{
	static const uint32_t what[] = {
		ETHTOOL_STXCSUM, ETHTOOL_SGSO, ETHTOOL_STSO, ETHTOOL_SGRO, ETHTOOL_SUFO,
		ETHTOOL_SSG,
	};
	struct ethtool_value v = { 0 };
	struct ifreq ifr = { 0 };
	size_t i;

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	ifr.ifr_data = (void *)&v;
	for (i = 0; i < sizeof(what) / sizeof(*what); i++) {
		v.cmd = what[i];
		v.data = 0;
		ioctl(fd, SIOCETHTOOL, &ifr);
	}
}

static int link_up(int fd, const char *name)
{
	struct ifreq ifr = { 0 };

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	ifr.ifr_flags = IFF_UP | IFF_NOARP;
	return ioctl(fd, SIOCSIFFLAGS, &ifr) ? -errno : 0;
}

static int packet_socket(int ifindex)
{
	struct sockaddr_ll sa = {
		.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = ifindex,
	};
	int one = 1, size = 32 << 20;
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	if (bind(fd, (void *)&sa, sizeof(sa))) {
		close(fd);
		return -errno;
	}
	return fd;
}

/* Until then what is sent on it is lost. */
static int wait_running(int fd, const char *name)
{
	struct ifreq ifr = { 0 };
	int tries;

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	for (tries = 0; tries < 500; tries++) {
		if (!ioctl(fd, SIOCGIFFLAGS, &ifr) && ifr.ifr_flags & IFF_RUNNING)
			return 0;
		usleep(10000);
	}
	return -ETIMEDOUT;
}

static int all_running(struct rig *r, int netns, char side)
{
	int i, fd, err = enter(netns);
	char name[16];

	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	for (i = 0; i < RIG_DEVS && !err; i++) {
		snprintf(name, sizeof(name), "%c%d", side, i + 1);
		err = wait_running(fd, name);
	}
	close(fd);
	return err ? err : enter(r->gw);
}

static int gateway_side(struct rig *r)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char name[16];
	int i;

	for (i = 0; i < RIG_DEVS; i++) {
		snprintf(name, sizeof(name), "g%d", i + 1);
		r->ifindex[i] = if_nametoindex(name);
		offload_off(fd, name);
	}
	close(fd);
	return r->ifindex[RIG_DEVS - 1] ? 0 : -ENODEV;
}

static int our_side(struct rig *r)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char name[16];
	int i, err;

	for (i = 0; i < RIG_DEVS; i++) {
		snprintf(name, sizeof(name), "e%d", i + 1);
		r->end[i] = if_nametoindex(name);
		err = link_up(fd, name);
		if (err)
			return err;
		r->sock[i] = packet_socket(r->end[i]);
		if (r->sock[i] < 0)
			return r->sock[i];
	}
	close(fd);
	return 0;
}

/* Packets are handled on the processor that sends them: no waiting for them. */
static void one_processor(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static int rig_links(struct rig *r)
{
	int err = gateway_links(r);

	if (!err)
		err = gateway_side(r);
	if (err) {
		fprintf(stderr, "rig: devices: %s\n", strerror(-err));
		return err;
	}
	enter(r->ends);
	err = our_side(r);
	enter(r->gw);
	if (!err)
		err = all_running(r, r->gw, 'g');
	if (!err)
		err = all_running(r, r->ends, 'e');
	if (err)
		fprintf(stderr, "rig: ends: %s\n", strerror(-err));
	return err;
}

int rig_start(struct rig *r)
{
	int err;

	memset(r, 0, sizeof(*r));
	one_processor();
	if (system("modprobe -q natfw 2>/dev/null"))
		fprintf(stderr, "rig: modprobe natfw failed\n");
	r->ends = new_netns();
	put_file("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1");
	put_file("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1");
	r->gw = new_netns();
	if (r->ends < 0 || r->gw < 0) {
		fprintf(stderr, "rig: no network namespaces here\n");
		return -EPERM;
	}
	err = nl_open(&r->nl);
	if (err)
		return -ENOENT;
	gateway_settings();
	err = rig_links(r);
	if (!err)
		rig_drain(r);
	return err;
}

static const char *natfwctl(void)
{
	const char *name = getenv("NATFWCTL");

	return name ? name : "../../tools/natfwctl/natfwctl";
}

/* Our ends take frames only with NAPI, which a veth has for GRO. */
static void ends_take_frames(struct rig *r)
{
	struct ethtool_value v = { .cmd = ETHTOOL_SGRO, .data = 1 };
	struct ifreq ifr = { .ifr_data = (void *)&v };
	int i;

	enter(r->ends);
	for (i = 0; i < RIG_DEVS; i++) {
		snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "e%d", i + 1);
		ioctl(r->sock[i], SIOCETHTOOL, &ifr);
	}
	enter(r->gw);
}

bool rig_xdp(struct rig *r, const char *mode)
{
	char cmd[512];
	int i;

	ends_take_frames(r);
	for (i = 1; i <= RIG_DEVS; i++) {
		snprintf(cmd, sizeof(cmd),
			 "ethtool -K g%d rxvlan off rx-vlan-stag-hw-parse off >/dev/null && %s dev set g%d --xdp=%s",
			 i, natfwctl(), i, mode);
		if (system(cmd))
			return false;
	}
	return true;
}

uint64_t rig_xdp_done(struct rig *r)
{
	unsigned long long n, sum = 0;
	char cmd[512];
	FILE *f;

	(void)r;
	snprintf(cmd, sizeof(cmd), "%s -j dev show | jq '.[].xdp | .dropped, .sent'", natfwctl());
	f = popen(cmd, "r");
	if (!f)
		return 0;
	while (fscanf(f, "%llu", &n) == 1)
		sum += n;
	pclose(f);
	return sum;
}

void rig_stop(struct rig *r)
{
	int i;

	nl_close(&r->nl);
	for (i = 0; i < RIG_DEVS; i++)
		close(r->sock[i]);
	close(r->gw);
	close(r->ends);
}

int rig_route(const struct addr *dst)
{
	int site = addr_site(dst);

	return site == SITE_OUTSIDE ? RIG_DEVS - 1 : site;
}

static void ethernet(uint8_t *h, int dev, uint16_t ethertype)
{
	memset(h, 0, 14);
	h[0] = h[6] = 2;
	h[5] = h[11] = dev + 1;
	h[10] = 1;
	put16(h + 12, ethertype);
}

static uint16_t ethertype_of(const void *data, size_t len)
{
	if (len && *(const uint8_t *)data >> 4 == 6)
		return ETH_P_IPV6;
	return ETH_P_IP;
}

int rig_send_as(struct rig *r, int dev, uint16_t ethertype, const void *data, size_t len)
{
	uint8_t head[14];
	struct iovec iov[2] = { { head, 14 }, { (void *)data, len } };

	ethernet(head, dev, ethertype);
	return writev(r->sock[dev], iov, 2) < 0 ? -errno : 0;
}

int rig_send(struct rig *r, int dev, const void *data, size_t len)
{
	return rig_send_as(r, dev, ethertype_of(data, len), data, len);
}

int rig_send_gso(struct rig *r, int dev, const void *vnet, size_t vlen,
		 const void *data, size_t len)
{
	uint8_t head[14];
	struct iovec iov[3] = {
		{ (void *)vnet, vlen }, { head, 14 }, { (void *)data, len },
	};
	int one = 1, zero = 0, err = 0;

	ethernet(head, dev, ethertype_of(data, len));
	setsockopt(r->sock[dev], SOL_PACKET, PACKET_VNET_HDR, &one, sizeof(one));
	if (writev(r->sock[dev], iov, 3) < 0)
		err = -errno;
	setsockopt(r->sock[dev], SOL_PACKET, PACKET_VNET_HDR, &zero, sizeof(zero));
	return err;
}

/* What the gateway's stack says on its own: neighbours, groups. */
static bool chatter(const uint8_t *f, size_t n)
{
	uint16_t type = get16(f + 12);

	if (type != ETH_P_IP && type != ETH_P_IPV6)
		return true;
	return type == ETH_P_IPV6 && n >= 14 + 40 && f[14 + 24] == 0xff;
}

bool rig_recv(struct rig *r, int dev, struct packet *p)
{
	uint8_t f[PACKET_MAX + 14];
	ssize_t n;

	for (;;) {
		n = recv(r->sock[dev], f, sizeof(f), 0);
		if (n < 0)
			return false;
		if (n < 14 || chatter(f, n))
			continue;
		p->len = n - 14;
		memcpy(p->data, f + 14, p->len);
		return true;
	}
}

bool rig_wait(struct rig *r, int ms)
{
	struct pollfd fds[RIG_DEVS];
	int i;

	for (i = 0; i < RIG_DEVS; i++)
		fds[i] = (struct pollfd){ .fd = r->sock[i], .events = POLLIN };
	return poll(fds, RIG_DEVS, ms) > 0;
}

void rig_drain(struct rig *r)
{
	struct packet p;
	int i;

	for (i = 0; i < RIG_DEVS; i++)
		while (rig_recv(r, i, &p))
			;
}
