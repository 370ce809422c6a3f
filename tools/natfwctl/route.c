// SPDX-License-Identifier: GPL-2.0-or-later
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "route.h"

#define RTF_UP		0x0001
#define RTF_REJECT	0x0200

static unsigned int mask_bits(uint32_t mask)
{
	return (unsigned int)__builtin_popcount(mask);
}

static bool route4(const struct natfw_addr *a, char *ifname)
{
	FILE *f = fopen("/proc/net/route", "re");
	char line[256], name[IFNAMSIZ];
	unsigned int dst, gw, flags, mask;
	int best = -1;
	uint32_t addr;

	if (!f)
		return false;
	memcpy(&addr, a->b, sizeof(addr));
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%15s %x %x %x %*d %*d %*d %x", name, &dst, &gw, &flags,
			   &mask) != 5)
			continue;
		if (!(flags & RTF_UP) || (flags & RTF_REJECT) || (addr & mask) != dst ||
		    (int)mask_bits(mask) <= best)
			continue;
		best = (int)mask_bits(mask);
		strcpy(ifname, name);
	}
	fclose(f);
	return best >= 0;
}

static bool hex_addr(const char *hex, struct natfw_addr *a)
{
	unsigned int i, byte;

	a->len = 16;
	for (i = 0; i < 16; i++) {
		if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
			return false;
		a->b[i] = (uint8_t)byte;
	}
	return true;
}

static bool route6(const struct natfw_addr *a, char *ifname)
{
	FILE *f = fopen("/proc/net/ipv6_route", "re");
	char line[256], name[IFNAMSIZ], hex[33];
	unsigned int len, flags;
	struct natfw_addr dst;
	int best = -1;

	if (!f)
		return false;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%32s %x %*s %*x %*s %*x %*x %*x %x %15s", hex, &len, &flags,
			   name) != 4 || !hex_addr(hex, &dst))
			continue;
		if (!(flags & RTF_UP) || (flags & RTF_REJECT) || (int)len <= best ||
		    !strcmp(name, "lo") || !natfw_addr_prefix_equal(a, &dst, len))
			continue;
		best = (int)len;
		strcpy(ifname, name);
	}
	fclose(f);
	return best >= 0;
}

bool route_device(const struct natfw_addr *a, char *ifname)
{
	if (a->len == 4)
		return route4(a, ifname);
	return a->len == 16 && route6(a, ifname);
}

static bool from_sockaddr(const struct sockaddr *sa, struct natfw_addr *a)
{
	memset(a, 0, sizeof(*a));
	if (sa && sa->sa_family == AF_INET) {
		a->len = 4;
		memcpy(a->b, &((const struct sockaddr_in *)sa)->sin_addr, 4);
	} else if (sa && sa->sa_family == AF_INET6) {
		a->len = 16;
		memcpy(a->b, &((const struct sockaddr_in6 *)sa)->sin6_addr, 16);
	}
	return a->len;
}

static unsigned int prefix_of(const struct sockaddr *mask)
{
	struct natfw_addr m;
	unsigned int bits = 0, i;

	if (!from_sockaddr(mask, &m))
		return 0;
	for (i = 0; i < m.len; i++)
		bits += (unsigned int)__builtin_popcount(m.b[i]);
	return bits;
}

enum route_place route_place(const struct natfw_addr *a, char *ifname)
{
	enum route_place place = ROUTE_ELSEWHERE;
	struct ifaddrs *list, *i;
	struct natfw_addr own;

	if (getifaddrs(&list))
		return place;
	for (i = list; i && place != ROUTE_LOCAL; i = i->ifa_next) {
		if (!from_sockaddr(i->ifa_addr, &own) || own.len != a->len)
			continue;
		if (!natfw_addr_cmp(&own, a))
			place = ROUTE_LOCAL;
		else if (natfw_addr_prefix_equal(&own, a, prefix_of(i->ifa_netmask)))
			place = ROUTE_ONLINK;
		else
			continue;
		snprintf(ifname, IFNAMSIZ, "%s", i->ifa_name);
	}
	freeifaddrs(list);
	return place;
}

bool route_local_within(const struct natfw_addr *first, const struct natfw_addr *last,
			struct natfw_addr *a, char *ifname)
{
	struct ifaddrs *list, *i;
	bool found = false;

	if (getifaddrs(&list))
		return false;
	for (i = list; i && !found; i = i->ifa_next) {
		if (!from_sockaddr(i->ifa_addr, a) || a->len != first->len ||
		    natfw_addr_cmp(a, first) < 0 || natfw_addr_cmp(a, last) > 0)
			continue;
		found = true;
		snprintf(ifname, IFNAMSIZ, "%s", i->ifa_name);
	}
	freeifaddrs(list);
	return found;
}
