// SPDX-License-Identifier: GPL-2.0-or-later
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/leaf.h"
#include "mgmt/nat.h"

#define INSTANCE	1	/* there is one */
#define NAME		"natfw"
#define ALL_PROTOCOLS	0	/* port-quota/quota-type */

/* ------------------------------------------------------------------ values */

static void put(json_t *o, const char *name, json_t *value)
{
	json_object_set_new_nocheck(o, name, value);
}

/* A gauge stays at its maximum when there is more (RFC 6991). */
static void put_gauge(json_t *o, const char *name, uint64_t number)
{
	leaf_number(o, name, number > UINT32_MAX ? UINT32_MAX : (uint32_t)number);
}

static void put_prefix(json_t *o, const char *name, const struct address *a, unsigned int len)
{
	char text[ADDRESS_TEXT + 4], address[ADDRESS_TEXT];

	snprintf(text, sizeof(text), "%s/%u", address_text(a, address), len);
	leaf_text(o, name, text);
}

static void put_endpoint(json_t *o, const char *address, const char *port, const struct endpoint *e)
{
	put_prefix(o, address, &e->address, address_bits(&e->address));
	put(o, port, json_pack("{s:i}", "start-port-number", (int)e->port));
}

static void put_time(json_t *o, const char *name, int64_t seconds)
{
	time_t t = (time_t)seconds;
	char text[32];
	struct tm tm;

	if (gmtime_r(&t, &tm) && strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S+00:00", &tm))
		leaf_text(o, name, text);
}

/* ------------------------------------------------------------------ mappings */

json_t *nat_mapping(const struct map_info *i)
{
	static const char *const types[] = {
		[MAP_STATIC] = "static", [MAP_IMPLICIT] = "dynamic-implicit", [MAP_EXPLICIT] = "dynamic-explicit",
	};
	json_t *o = json_object();

	leaf_number(o, "index", i->index);
	if (i->type < sizeof(types) / sizeof(types[0]))
		leaf_text(o, "type", types[i->type]);
	leaf_number(o, "transport-protocol", i->protocol);
	put_endpoint(o, "internal-src-address", "internal-src-port", &i->internal);
	put_endpoint(o, "external-src-address", "external-src-port", &i->external);
	if (i->has_left)
		leaf_number(o, "lifetime", i->left);
	leaf_text(o, "natfw-nat:pool", i->pool);
	leaf_long(o, "natfw-nat:rule", i->rule);
	leaf_number(o, "natfw-nat:flows", i->flows);
	leaf_number(o, "natfw-nat:internal-zone", i->internal_zone);
	leaf_number(o, "natfw-nat:external-zone", i->external_zone);
	return o;
}

/* With what an instance may be selected by: filters see no more of it than comes with the entries. */
json_t *nat_table(json_t *list)
{
	return json_pack("{s:{s:{s:[{s:i,s:s,s:b,s:{s:o}}]}}}", "ietf-nat:nat", "instances", "instance", "id", INSTANCE,
			 "name", NAME, "enable", true, "mapping-table", "mapping-entry", list);
}

/* ------------------------------------------------------------------ what the module can do */

static const struct {
	uint8_t number;
	const char *name;
} protocols[] = {
	{ IPPROTO_ICMP, "ICMP" }, { IPPROTO_TCP, "TCP" }, { IPPROTO_UDP, "UDP" }, { IPPROTO_DCCP, "DCCP" },
	{ IPPROTO_ICMPV6, "IPv6-ICMP" }, { IPPROTO_SCTP, "SCTP" }, { IPPROTO_UDPLITE, "UDPLite" },
};

static json_t *protocol_list(void)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++)
		json_array_append_new(list, json_pack("{s:i,s:s}", "protocol-id", (int)protocols[i].number,
						      "protocol-name", protocols[i].name));
	return list;
}

static json_t *capabilities(void)
{
	static const struct {
		const char *name;
		bool can;
	} can[] = {
		/* a range of ports is all that a pool is restricted to */
		{ "restricted-port-support", true },
		{ "static-mapping-support", true },
		{ "port-randomization-support", true },
		{ "port-range-allocation-support", true },
		{ "port-preservation-suport", true },
		{ "port-parity-preservation-support", true },
		{ "address-roundrobin-support", false },
		{ "paired-address-pooling-support", true },
		{ "endpoint-independent-mapping-support", true },
		{ "address-dependent-mapping-support", false },
		{ "address-and-port-dependent-mapping-support", true },
		{ "endpoint-independent-filtering-support", true },
		{ "address-dependent-filtering", true },
		{ "address-and-port-dependent-filtering", true },
	};
	json_t *o = json_pack("{s:[s,s,s,s],s:[s],s:o,s:s}", "nat-flavor", "basic-nat44", "napt44", "dst-nat",
			      "natfw-nat:napt66", "per-interface-binding", "unsupported", "transport-protocols",
			      protocol_list(), "fragment-behavior", "out-of-order");
	size_t i;

	for (i = 0; i < sizeof(can) / sizeof(can[0]); i++)
		put(o, can[i].name, json_boolean(can[i].can));
	return o;
}

/* ------------------------------------------------------------------ pools */

static bool is_between(const struct address *a, const struct address *last)
{
	return memcmp(a->b, last->b, address_bits(a) / 8) <= 0;
}

static void set_ones(struct address *a, unsigned int len)
{
	unsigned int bit;

	for (bit = len; bit < address_bits(a); bit++)
		a->b[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
}

/* The next address; false if there is none. */
static bool step(struct address *a)
{
	unsigned int i = address_bits(a) / 8;

	while (i--)
		if (++a->b[i])
			return true;
	return false;
}

/* The shortest prefix that begins at @a and ends at @last or before; *@end is its last address. */
static unsigned int prefix_at(const struct address *a, const struct address *last, struct address *end)
{
	unsigned int len = address_bits(a);
	struct address first, until;

	*end = *a;
	while (len--) {
		first = until = *a;
		address_mask(&first, len);
		set_ones(&until, len);
		if (!address_equal(&first, a) || !is_between(&until, last))
			break;
		*end = until;
	}
	return len + 1;
}

static void put_range(json_t *list, const struct nat_range *r)
{
	char text[ADDRESS_TEXT + 4], address[ADDRESS_TEXT];
	struct address at = r->first, end;
	unsigned int len;

	do {
		len = prefix_at(&at, &r->last, &end);
		snprintf(text, sizeof(text), "%s/%u", address_text(&at, address), len);
		json_array_append_new(list, json_string(text));
		at = end;
	} while (step(&at) && is_between(&at, &r->last));
}

static json_t *prefixes(const struct pool_info *p)
{
	json_t *list = json_array();
	uint32_t i;

	for (i = 0; i < p->ranges && i < NAT_RANGES; i++)
		put_range(list, &p->range[i]);
	return list;
}

static json_t *pool(const struct pool_info *p)
{
	json_t *list = prefixes(p);
	json_t *o = json_pack("{s:I,s:s}", "pool-id", (json_int_t)p->id, "natfw-nat:name", p->name);

	put(o, "external-ip-pool", json_incref(json_array_get(list, 0)));
	put(o, "natfw-nat:prefix", list);
	return o;
}

/* As the module chooses ports: what is not told to be otherwise is by chance. */
static const char *port_allocation(const struct pool_info *p)
{
	if (p->block_size)
		return "port-range-allocation";
	if (p->preserve)
		return "port-preservation";
	return p->parity ? "port-parity-preservation" : "random";
}

static json_t *timers(const struct nat_timers *t, const struct pool_info *p)
{
	json_t *o = json_object();

	leaf_number(o, "udp-timeout", t->udp);
	leaf_number(o, "tcp-idle-timeout", t->tcp_established);
	leaf_number(o, "tcp-trans-open-timeout", t->tcp_opening);
	leaf_number(o, "tcp-trans-close-timeout", t->tcp_closing);
	leaf_number(o, "icmp-timeout", t->icmp);
	leaf_number(o, "hold-down-timeout", p->hold);
	return o;
}

static json_t *policy(const struct nat_info *info, const struct pool_info *p)
{
	static const char *const filtering[] = { "eif", "adf", "edf" };
	json_t *o = json_pack("{s:I,s:[o],s:o,s:s,s:s,s:s,s:s,s:o}", "id", (json_int_t)p->id,
			      "external-ip-address-pool", pool(p), "transport-protocols", protocol_list(),
			      "address-allocation-type", p->paired ? "paired" : "arbitrary",
			      "port-allocation-type", port_allocation(p), "mapping-type",
			      p->independent ? "eim" : "edm", "fragment-behavior", "out-of-order", "timers",
			      timers(&info->timers, p));

	put(o, "port-set-restrict", json_pack("{s:i,s:i}", "start-port-number", (int)p->port_min,
					      "end-port-number", (int)p->port_max));
	if (p->filtering < sizeof(filtering) / sizeof(filtering[0]))
		leaf_text(o, "filtering-type", filtering[p->filtering]);
	if (p->host_quota && p->host_quota <= UINT16_MAX)
		put(o, "port-quota", json_pack("[{s:i,s:i}]", "quota-type", ALL_PROTOCOLS, "port-limit",
					       (int)p->host_quota));
	if (p->block_size && p->block_size <= UINT16_MAX)
		put(o, "port-set", json_pack("{s:i}", "port-set-size", (int)p->block_size));
	return o;
}

/* ------------------------------------------------------------------ numbers */

static json_t *traffic(const struct nat_info *i)
{
	json_t *o = json_object();

	leaf_long(o, "sent-packets", i->sent.packets);
	leaf_long(o, "sent-bytes", i->sent.bytes);
	leaf_long(o, "dropped-packets", i->dropped.packets);
	leaf_long(o, "dropped-bytes", i->dropped.bytes);
	leaf_long(o, "dropped-port-limit-packets", i->quota.packets);
	leaf_long(o, "dropped-port-limit-bytes", i->quota.bytes);
	leaf_long(o, "dropped-port-packets", i->no_port.packets);
	leaf_long(o, "dropped-port-bytes", i->no_port.bytes);
	return o;
}

static json_t *ports(uint64_t used, uint64_t all)
{
	json_t *o = json_object();

	put_gauge(o, "ports-allocated", used);
	put_gauge(o, "ports-free", all > used ? all - used : 0);
	return o;
}

static json_t *pools(const struct nat_info *info, const struct pool_info *p, size_t n)
{
	json_t *o = json_object(), *list = json_array(), *one;
	uint64_t used = 0, all = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		used += p[i].used;
		all += p[i].ports;
		one = json_pack("{s:I,s:o}", "pool-id", (json_int_t)p[i].id, "port-stats",
				ports(p[i].used, p[i].ports));
		put_time(one, "discontinuity-time", info->since);
		json_array_append_new(list, one);
	}
	put(o, "ports-stats", ports(used, all));
	put(o, "per-pool-stats", list);
	return o;
}

static json_t *statistics(const struct nat_info *info, const struct pool_info *p, size_t n)
{
	json_t *o = json_object();

	put_time(o, "discontinuity-time", info->since);
	if (!info->there)
		return o;
	put(o, "traffic-statistics", traffic(info));
	put(o, "mappings-statistics", json_pack("{s:I,s:I}", "total-active-subscribers", (json_int_t)info->hosts,
						"total-port-mappings", (json_int_t)info->mappings));
	put(o, "pools-stats", pools(info, p, n));
	return o;
}

json_t *nat_tree(const struct nat_info *info, const struct pool_info *p, size_t n)
{
	json_t *o = json_pack("{s:i,s:s,s:b,s:o,s:o}", "id", INSTANCE, "name", NAME, "enable", info->there,
			      "capabilities", capabilities(), "statistics", statistics(info, p, n));
	json_t *list = json_array();
	size_t i;

	for (i = 0; info->there && i < n; i++)
		json_array_append_new(list, policy(info, &p[i]));
	put(o, "policy", list);
	return json_pack("{s:{s:{s:[o]}}}", "ietf-nat:nat", "instances", "instance", o);
}
