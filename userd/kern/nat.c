// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kern/gate_private.h"
#include "kern/nat.h"

/* ------------------------------------------------------------------ pools */

static bool is_configured(const struct gate *g, const char *name)
{
	unsigned int i;

	for (i = 0; g->conf && i < g->conf->pools; i++)
		if (!strcmp(g->conf->pool[i].name, name))
			return true;
	return false;
}

static void take_ranges(struct pool_info *i, const struct natfw_list *list)
{
	const struct natfw_range *r = list->v;

	for (; i->ranges < list->n && i->ranges < NAT_RANGES; i->ranges++, r++) {
		plan_address_back(&i->range[i->ranges].first, &r->first);
		plan_address_back(&i->range[i->ranges].last, r->last.len ? &r->last : &r->first);
	}
}

static void take_pool(const struct gate *g, struct pool_info *i, const struct natfw_pool *p)
{
	*i = (struct pool_info){
		.filtering = (uint8_t)p->filtering, .configured = is_configured(g, p->name),
		.independent = p->mapping == NATFW_MAPPING_ENDPOINT_INDEPENDENT,
		.paired = !(p->flags & NATFW_POOL_FLAG_UNPAIRED),
		.preserve = p->flags & NATFW_POOL_FLAG_PRESERVE,
		.parity = p->flags & NATFW_POOL_FLAG_PARITY,
		.port_min = (uint16_t)p->port_min, .port_max = (uint16_t)p->port_max, .zone = p->zone,
		.host_quota = p->host_quota, .block_size = p->block_size, .hold = p->hold,
		.ports = p->ports, .used = p->used, .held = p->held, .refused = p->refused,
		.hosts = p->hosts, .rules = p->rules,
	};
	snprintf(i->name, sizeof(i->name), "%s", p->name);
	take_ranges(i, &p->range);
}

static int take_all(struct gate *g, const struct natfw_dump *d)
{
	struct pool_info info;
	struct natfw_pool p;
	int err = 0;
	size_t i;

	poolids_begin(&g->poolids);
	for (i = 0; !err && i < d->n; i++) {
		err = natfw_dump_get(d, i, &p);
		if (err)
			break;
		if (p.name) {
			take_pool(g, &info, &p);
			err = poolids_take(&g->poolids, &info);
		}
		natfw_object_fini(d->set, &p);
	}
	if (!err)
		poolids_end(&g->poolids);
	return err;
}

int nat_look(struct gate *g)
{
	struct natfw_error e;
	struct natfw_dump d;
	int err;

	if (!link_up(&g->link)) {
		poolids_fini(&g->poolids);
		return -ENOENT;
	}
	err = natfw_client_dump(g->link.client, NATFW_CMD_POOL_GET, NULL, &d, &e);
	if (err)
		return err;
	err = take_all(g, &d);
	natfw_dump_fini(&d);
	return err;
}

bool nat_list(struct gate *g, uint32_t *at, bool (*fn)(void *arg, const struct pool_info *i), void *arg)
{
	if (!*at && nat_look(g))
		return false;
	for (; *at < g->poolids.n; ++*at)
		if (!fn(arg, &g->poolids.v[*at].pool))
			return true;
	return false;
}

/* ------------------------------------------------------------------ the whole */

static void sum(struct nat_count *c, const struct natfw_counter *n)
{
	c->packets += n->packets;
	c->bytes += n->bytes;
}

/* What of the module's counters, which have all packets, is about translation. */
static void take_counter(struct nat_info *i, const struct natfw_counter *n)
{
	static const char *const sent[] = { "nat-stack", "nat-direct", "nat-slow", "nat-local" };
	static const char *const dropped[] = {
		"no-port", "quota", "filtered", "clash", "not-translatable",
	};
	size_t k;

	for (k = 0; k < sizeof(sent) / sizeof(sent[0]); k++)
		if (!strcmp(n->name, sent[k]))
			sum(&i->sent, n);
	for (k = 0; k < sizeof(dropped) / sizeof(dropped[0]); k++)
		if (!strcmp(n->name, dropped[k]))
			sum(&i->dropped, n);
	if (!strcmp(n->name, "no-port"))
		sum(&i->no_port, n);
	else if (!strcmp(n->name, "quota"))
		sum(&i->quota, n);
}

static int take_counters(struct gate *g, struct nat_info *i)
{
	struct natfw_stats s;
	struct natfw_error e;
	unsigned int n;
	int err;

	err = natfw_client_do(g->link.client, NATFW_CMD_STATS_GET, 0, NULL, &s, &e);
	if (err)
		return err;
	for (n = 0; n < s.counter.n; n++) {
		const struct natfw_counter *c = (const struct natfw_counter *)s.counter.v + n;

		if (c->name)
			take_counter(i, c);
	}
	natfw_object_fini(&natfw_stats_set, &s);
	return 0;
}

static int take_net(struct gate *g, struct nat_info *i)
{
	struct natfw_net n;
	struct natfw_error e;
	int err = natfw_client_do(g->link.client, NATFW_CMD_NET_GET, 0, NULL, &n, &e);

	if (err)
		return err;
	i->mappings = n.mappings;
	i->timers = (struct nat_timers){
		.udp = n.timeout.udp, .tcp_established = n.timeout.tcp_established,
		.tcp_opening = n.timeout.tcp_opening, .tcp_closing = n.timeout.tcp_closing,
		.icmp = n.timeout.icmp,
	};
	natfw_object_fini(&natfw_net_set, &n);
	return 0;
}

void nat_describe(struct gate *g, struct nat_info *i)
{
	unsigned int n;

	*i = (struct nat_info){ .since = g->link.since };
	i->there = !nat_look(g) && !take_net(g, i) && !take_counters(g, i);
	for (n = 0; n < g->poolids.n; n++)
		i->hosts += g->poolids.v[n].pool.hosts;
}

/* ------------------------------------------------------------------ metrics */

static void put(void (*fn)(void *arg, const struct stat_value *v), void *arg, const struct pool_info *p,
		const char *name, const char *help, uint64_t number)
{
	struct stat_value v = { .label = "pool", .number = number, .gauge = !strstr(name, "_total") };

	snprintf(v.name, sizeof(v.name), "gate_pool_%s", name);
	snprintf(v.help, sizeof(v.help), "%s", help);
	snprintf(v.value, sizeof(v.value), "%s", p->name);
	fn(arg, &v);
}

void nat_stats(struct gate *g, void (*fn)(void *arg, const struct stat_value *v), void *arg)
{
	unsigned int i;

	if (nat_look(g))
		return;
	for (i = 0; i < g->poolids.n; i++) {
		const struct pool_info *p = &g->poolids.v[i].pool;

		put(fn, arg, p, "ports", "Ports of the pool, of each protocol.", p->ports);
		put(fn, arg, p, "ports_used", "Ports in use, of the protocol that uses most.", p->used);
		put(fn, arg, p, "ports_held", "Ports that were freed and are not given out yet.", p->held);
		put(fn, arg, p, "hosts", "Internal addresses with a port of it.", p->hosts);
		put(fn, arg, p, "refused_total", "Times that there was no port, or a quota was used up.",
		    p->refused);
	}
}
