// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <string.h>

#include "doctor.h"
#include "poolspec.h"
#include "route.h"

static bool local_ports(uint32_t *first, uint32_t *last)
{
	char buf[64];

	return doctor_read("/proc/sys/net/ipv4/ip_local_port_range", buf, sizeof(buf)) &&
	       sscanf(buf, "%u %u", first, last) == 2;
}

static const struct natfw_addr *range_last(const struct natfw_range *r)
{
	return natfw_has(r, NATFW_A_RANGE_LAST) ? &r->last : &r->first;
}

/* An address of this host in the pool: both hand out ports of it. */
static void say_local(struct doctor *d, const struct natfw_pool *p, const struct natfw_addr *a,
		      const char *ifname)
{
	char text[NATFW_ADDR_TEXT], advice[160];
	uint32_t first = 32768, last = 60999;

	natfw_addr_text(a, text);
	local_ports(&first, &last);
	if (p->port_min > last || p->port_max < first) {
		doctor_say(d, DOCTOR_OK, "pool", NULL,
			   "%s: %s is an address of %s; its ports %u-%u are apart from the host's own",
			   p->name, text, ifname, p->port_min, p->port_max);
		return;
	}
	snprintf(advice, sizeof(advice),
		 "sysctl net.ipv4.ip_local_reserved_ports=%u-%u, or give the pool other ports",
		 p->port_min > first ? p->port_min : first,
		 p->port_max < last ? p->port_max : last);
	doctor_say(d, DOCTOR_WARN, "pool", advice,
		   "%s: %s is an address of %s, and connections of this host use ports %u-%u of it as well",
		   p->name, text, ifname, first, last);
}

static void say_onlink(struct doctor *d, const struct natfw_pool *p, const struct natfw_addr *a,
		       const char *ifname)
{
	char text[NATFW_ADDR_TEXT], advice[160];

	natfw_addr_text(a, text);
	snprintf(advice, sizeof(advice),
		 "ip addr add %s/%u dev %s for each, or ip neigh add proxy, or have the pool routed here",
		 text, natfw_addr_bits(a), ifname);
	doctor_say(d, DOCTOR_WARN, "pool", advice,
		   "%s: %s is on the network of %s, but no address of this host; nobody answers when it is looked for",
		   p->name, text, ifname);
}

static void say_range(struct doctor *d, const struct natfw_pool *p, const struct natfw_range *r)
{
	char ifname[IFNAMSIZ], text[NATFW_ADDR_TEXT];
	struct natfw_addr a;

	if (route_local_within(&r->first, range_last(r), &a, ifname)) {
		say_local(d, p, &a, ifname);
		return;
	}
	if (route_place(&r->first, ifname) == ROUTE_ONLINK)
		say_onlink(d, p, &r->first, ifname);
	else
		doctor_say(d, DOCTOR_OK, "pool", NULL,
			   "%s: %s and up are on no interface; routers have to send them here",
			   p->name, natfw_addr_text(&r->first, text));
}

static void say_use(struct doctor *d, const struct natfw_pool *p)
{
	bool high = p->ports && p->used * 100 >= p->ports * p->watermark;

	if (!high && !p->refused)
		return;
	doctor_say(d, DOCTOR_WARN, "pool", "give it more addresses, or hosts a quota",
		   "%s: %" PRIu64 " of %" PRIu64 " ports are in use, %" PRIu64
		   " requests were refused", p->name, p->used, p->ports, p->refused);
}

void doctor_pools(struct doctor *d)
{
	const struct natfw_pool *p = d->state->pools.v;
	const struct natfw_range *r;
	unsigned int i, k;

	for (i = 0; i < d->state->pools.n; i++) {
		if (!p[i].name)
			continue;
		r = p[i].range.v;
		for (k = 0; k < p[i].range.n; k++)
			say_range(d, &p[i], &r[k]);
		say_use(d, &p[i]);
	}
}
