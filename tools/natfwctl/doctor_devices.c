// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "doctor.h"
#include "offload.h"
#include "route.h"

static int read_number_file(const char *fmt, const char *name)
{
	char path[256], buf[32];

	snprintf(path, sizeof(path), fmt, name);
	return doctor_read(path, buf, sizeof(buf)) ? atoi(buf) : -1;
}

static void say_forwarding(struct doctor *d)
{
	int v4 = read_number_file("/proc/sys/net/ipv4/%s", "ip_forward");
	int v6 = read_number_file("/proc/sys/net/ipv6/conf/%s/forwarding", "all");

	if (v4 == 1 && v6)
		doctor_say(d, DOCTOR_OK, "forwarding", NULL, "on for both families");
	if (v4 != 1)
		doctor_say(d, DOCTOR_WARN, "forwarding", "sysctl net.ipv4.ip_forward=1",
			   "IPv4 packets that natfw leaves to the stack are not forwarded");
	if (!v6)
		doctor_say(d, DOCTOR_WARN, "forwarding", "sysctl net.ipv6.conf.all.forwarding=1",
			   "IPv6 packets that natfw leaves to the stack are not forwarded");
}

static int rp_filter(const char *ifname)
{
	int all = read_number_file("/proc/sys/net/ipv4/conf/%s/rp_filter", "all");
	int own = read_number_file("/proc/sys/net/ipv4/conf/%s/rp_filter", ifname);

	return all > own ? all : own;
}

/* How many things about the device deserve a warning; each is told of. */
static unsigned int examine_device(struct doctor *d, const struct natfw_dev *dev)
{
	unsigned int before = d->warnings;
	char advice[96];

	if (offload_on(dev->ifname, "rx-lro")) {
		snprintf(advice, sizeof(advice), "ethtool -K %s lro off", dev->ifname);
		doctor_say(d, DOCTOR_WARN, "device", advice,
			   "%s: large receive offload makes packets that cannot be forwarded as they came",
			   dev->ifname);
	}
	if (offload_on(dev->ifname, "rx-gro-list")) {
		snprintf(advice, sizeof(advice), "ethtool -K %s rx-gro-list off", dev->ifname);
		doctor_say(d, DOCTOR_WARN, "device", advice,
			   "%s: packets joined as lists are taken apart again before they are translated, which is slow",
			   dev->ifname);
	}
	if (rp_filter(dev->ifname) == 1) {
		snprintf(advice, sizeof(advice), "sysctl net.ipv4.conf.%s.rp_filter=2 (all.rp_filter too)",
			 dev->ifname);
		doctor_say(d, DOCTOR_WARN, "device", advice,
			   "%s: strict rp_filter drops packets whose way back goes by another device",
			   dev->ifname);
	}
	return d->warnings - before;
}

static void say_devices(struct doctor *d)
{
	const struct natfw_dev *dev = d->state->devs.v;
	unsigned int i;

	for (i = 0; i < d->state->devs.n; i++)
		if (!examine_device(d, &dev[i]))
			doctor_say(d, DOCTOR_OK, "device", NULL, "%s: attached, zone %u, default %s",
				   dev[i].ifname, dev[i].zone,
				   natfw_name(&natfw_verdict_names, dev[i].verdict) ?: "?");
	if (d->state->devs.n)
		return;
	doctor_say(d, d->state->rules.n ? DOCTOR_WARN : DOCTOR_OK, "device",
		   "natfwctl dev attach DEV, for both sides of the gateway",
		   "no device is attached, so no packet is looked at");
}

static uint8_t pool_addr_len(const struct natfw_pool *p)
{
	const struct natfw_range *r = p ? p->range.v : NULL;

	return p && p->range.n ? r->first.len : 0;
}

/* Where packets a rule translates go: its new destination, or the old, or any. */
static void destination(const struct natfw_rule *r, const struct state *s, struct natfw_addr *a)
{
	memset(a, 0, sizeof(*a));
	if (natfw_has(&r->nat, NATFW_A_NAT_DST))
		*a = r->nat.dst;
	else if (natfw_has(&r->match, NATFW_A_MATCH_DST))
		*a = r->match.dst;
	else if (natfw_has(&r->nat, NATFW_A_NAT_SRC))
		a->len = r->nat.src.len;
	else if (natfw_has(&r->nat, NATFW_A_NAT_POOL))
		a->len = pool_addr_len(state_pool(s, r->nat.pool));
}

/* Devices that are not attached, each with how many rules send by it. */
struct egress {
	char ifname[IFNAMSIZ];
	unsigned int rules;
};

static void count_egress(struct natfw_list *l, const struct state *s, const char *ifname)
{
	struct egress *e = l->v;
	unsigned int i;

	if (state_dev(s, ifname) || !strcmp(ifname, "lo"))
		return;
	for (i = 0; i < l->n; i++) {
		if (strcmp(e[i].ifname, ifname))
			continue;
		e[i].rules++;
		return;
	}
	e = natfw_list_add(l, sizeof(*e));
	if (!e)
		return;
	snprintf(e->ifname, sizeof(e->ifname), "%s", ifname);
	e->rules = 1;
}

#define MOST_RULES	1000	/* looked at; routes are read anew for each */

static void collect_egress(const struct state *s, struct natfw_list *l)
{
	char ifname[IFNAMSIZ];
	struct natfw_addr a;
	struct natfw_rule r;
	size_t i, n = 0;

	for (i = 0; i < s->rules.n && n < MOST_RULES; i++) {
		if (natfw_dump_get(&s->rules, i, &r))
			return;
		if (r.action == NATFW_ACTION_NAT) {
			n++;
			destination(&r, s, &a);
			if (route_device(&a, ifname))
				count_egress(l, s, ifname);
		}
		natfw_object_fini(&natfw_rule_set, &r);
	}
}

static void say_egress(struct doctor *d)
{
	struct natfw_list l = { 0 };
	char advice[64];
	struct egress *e;
	unsigned int i;

	collect_egress(d->state, &l);
	e = l.v;
	for (i = 0; i < l.n; i++) {
		snprintf(advice, sizeof(advice), "natfwctl dev attach %s", e[i].ifname);
		doctor_say(d, DOCTOR_WARN, "egress", advice,
			   "%u NAT rule%s send%s by %s, which is not attached: replies that come in there are not translated back",
			   e[i].rules, e[i].rules == 1 ? "" : "s", e[i].rules == 1 ? "s" : "",
			   e[i].ifname);
	}
	free(l.v);
}

void doctor_devices(struct doctor *d)
{
	say_forwarding(d);
	say_devices(d);
	say_egress(d);
}
