// SPDX-License-Identifier: GPL-2.0-or-later
/* What the module has: asked anew each time, by a connection that is opened anew when it fails. */
#include <string.h>

#include "client.h"
#include "snmp/sources.h"

static struct natfw_client *client;

static struct natfw_client *connected(void)
{
	struct natfw_error e;

	if (!client && natfw_client_open(&client, NULL, &e))
		client = NULL;
	return client;
}

/* The module may have gone, and come back. */
static bool failed(void)
{
	natfw_client_close(client);
	client = NULL;
	return false;
}

static bool ask(unsigned int cmd, void *reply)
{
	struct natfw_error e;

	return connected() && (!natfw_client_do(client, cmd, 0, NULL, reply, &e) || failed());
}

/* ------------------------------------------------------------------ all in one */

enum {
	K_VERSION = 1, K_RULES, K_RULE_MAX, K_FLOWS, K_FLOW_MAX, K_CACHED, K_CACHE_MAX, K_MAPPINGS,
	K_SUBTABLES, K_MEMORY, K_GENERATION, K_COUNT = K_GENERATION,
};

static void fill_net(struct row *r, const struct natfw_net *n)
{
	cell_number(r, K_RULES, ASN_GAUGE, n->rules);
	cell_number(r, K_RULE_MAX, ASN_UNSIGNED, n->rule_max);
	cell_number(r, K_FLOWS, ASN_GAUGE, n->flows);
	cell_number(r, K_FLOW_MAX, ASN_UNSIGNED, n->flow_max);
	cell_number(r, K_CACHED, ASN_GAUGE, n->cached);
	cell_number(r, K_CACHE_MAX, ASN_UNSIGNED, n->cache_max);
	cell_number(r, K_MAPPINGS, ASN_GAUGE, n->mappings);
	cell_number(r, K_SUBTABLES, ASN_GAUGE, n->subtables);
	cell_number(r, K_MEMORY, ASN_GAUGE, (n->memory + 1023) / 1024);
	cell_number(r, K_GENERATION, ASN_UNSIGNED, n->generation);
}

static bool load_kernel(struct table *t)
{
	struct natfw_net net = { 0 };
	struct natfw_info info = { 0 };
	struct row *r = table_row(t);

	if (!r || !ask(NATFW_CMD_INFO_GET, &info))
		return false;
	row_index(r, 0);
	cell_text(r, K_VERSION, info.version);
	natfw_object_fini(&natfw_info_set, &info);
	if (!ask(NATFW_CMD_NET_GET, &net))
		return false;
	fill_net(r, &net);
	natfw_object_fini(&natfw_net_set, &net);
	return true;
}

struct table kernel_table = {
	.number = MIB_KERNEL, .scalars = true, .columns = K_COUNT, .load = load_kernel,
};

/* ------------------------------------------------------------------ lists */

static bool load_list(struct table *t, unsigned int cmd, const struct natfw_set *set, void *one,
		      void (*fill)(struct table *t, const void *one))
{
	struct natfw_error e;
	struct natfw_dump d;
	size_t i;

	natfw_dump_init(&d, set);
	if (!connected() || natfw_client_dump(client, cmd, NULL, &d, &e)) {
		natfw_dump_fini(&d);
		return client && failed();
	}
	for (i = 0; i < d.n && !natfw_dump_get(&d, i, one); i++) {
		fill(t, one);
		natfw_object_fini(set, one);
	}
	natfw_dump_fini(&d);
	return true;
}

/* InetAddressType (RFC 4001), which an InetAddress follows. */
static void put_address(struct row *r, unsigned int column, const struct natfw_addr *a)
{
	cell_number(r, column, ASN_INTEGER, !a->len ? 0 : a->len == 4 ? 1 : 2);
	cell_octets(r, column + 1, a->b, a->len);
}

enum {
	R_NAME = 1, R_PRIORITY, R_OWNER, R_ACTION, R_ZONE, R_SOURCE, R_SOURCE_ADDRESS,
	R_SOURCE_LENGTH, R_DESTINATION, R_DESTINATION_ADDRESS, R_DESTINATION_LENGTH, R_PROTOCOL,
	R_PORT, R_PORT_LAST, R_EXPIRES, R_PACKETS, R_OCTETS, R_FLOWS, R_COUNT = R_FLOWS,
};

static void fill_match(struct row *r, const struct natfw_match *m)
{
	cell_number(r, R_ZONE, ASN_UNSIGNED, m->zone);
	put_address(r, R_SOURCE, &m->src);
	cell_number(r, R_SOURCE_LENGTH, ASN_UNSIGNED, m->src_len);
	put_address(r, R_DESTINATION, &m->dst);
	cell_number(r, R_DESTINATION_LENGTH, ASN_UNSIGNED, m->dst_len);
	if (natfw_has(m, NATFW_A_MATCH_PROTO))
		cell_number(r, R_PROTOCOL, ASN_UNSIGNED, m->proto);
	if (!natfw_has(m, NATFW_A_MATCH_DPORT))
		return;
	cell_number(r, R_PORT, ASN_UNSIGNED, m->dport);
	cell_number(r, R_PORT_LAST, ASN_UNSIGNED,
		    natfw_has(m, NATFW_A_MATCH_DPORT_MAX) ? m->dport_max : m->dport);
}

static void fill_rule(struct table *t, const void *one)
{
	const struct natfw_rule *rule = one;
	struct row *r = table_row(t);
	unsigned int i;

	if (!r)
		return;
	for (i = 0; i < 8; i++)
		row_index(r, (oid)(rule->id >> (56 - 8 * i) & 0xff));
	cell_text(r, R_NAME, rule->name ? rule->name : "");
	cell_number(r, R_PRIORITY, ASN_UNSIGNED, rule->priority);
	cell_octets(r, R_OWNER, rule->owner, natfw_has(rule, NATFW_A_RULE_OWNER) ? NATFW_OWNER_LEN : 0);
	cell_number(r, R_ACTION, ASN_INTEGER, rule->action + 1);
	fill_match(r, &rule->match);
	cell_number(r, R_EXPIRES, ASN_UNSIGNED, natfw_has(rule, NATFW_A_RULE_EXPIRES) ? rule->expires : 0);
	cell_number(r, R_PACKETS, ASN_COUNTER64, rule->packets);
	cell_number(r, R_OCTETS, ASN_COUNTER64, rule->bytes);
	cell_number(r, R_FLOWS, ASN_GAUGE, rule->flows);
}

static bool load_rules(struct table *t)
{
	struct natfw_rule one;

	return load_list(t, NATFW_CMD_RULE_GET, &natfw_rule_set, &one, fill_rule);
}

struct table rule_table = { .number = MIB_RULES, .columns = R_COUNT, .load = load_rules };

enum {
	P_PORTS = 1, P_USED, P_HELD, P_HOSTS, P_REFUSED, P_RULES, P_WATERMARK, P_MAPPING,
	P_FILTERING, P_COUNT = P_FILTERING,
};

static void fill_pool(struct table *t, const void *one)
{
	const struct natfw_pool *p = one;
	struct row *r = p->name ? table_row(t) : NULL;

	if (!r)
		return;
	row_index_octets(r, p->name, strlen(p->name));
	cell_number(r, P_PORTS, ASN_COUNTER64, p->ports);
	cell_number(r, P_USED, ASN_COUNTER64, p->used);
	cell_number(r, P_HELD, ASN_COUNTER64, p->held);
	cell_number(r, P_HOSTS, ASN_GAUGE, p->hosts);
	cell_number(r, P_REFUSED, ASN_COUNTER64, p->refused);
	cell_number(r, P_RULES, ASN_GAUGE, p->rules);
	cell_number(r, P_WATERMARK, ASN_UNSIGNED, p->watermark);
	cell_text(r, P_MAPPING, natfw_name(&natfw_mapping_names, p->mapping));
	cell_text(r, P_FILTERING, natfw_name(&natfw_filtering_names, p->filtering));
}

static bool load_pools(struct table *t)
{
	struct natfw_pool one;

	return load_list(t, NATFW_CMD_POOL_GET, &natfw_pool_set, &one, fill_pool);
}

struct table pool_table = { .number = MIB_POOLS, .columns = P_COUNT, .load = load_pools };

/* ------------------------------------------------------------------ devices, and why packets ended */

enum { D_NAME = 1, D_ZONE, D_VERDICT, D_COUNT = D_VERDICT };

static void fill_device(struct table *t, const void *one)
{
	const struct natfw_dev *d = one;
	struct row *r = table_row(t);

	if (!r)
		return;
	row_index(r, d->ifindex);
	cell_text(r, D_NAME, d->ifname);
	cell_number(r, D_ZONE, ASN_UNSIGNED, d->zone);
	cell_number(r, D_VERDICT, ASN_INTEGER, d->verdict + 1);
}

static bool load_devices(struct table *t)
{
	struct natfw_dev one;

	return load_list(t, NATFW_CMD_DEV_GET, &natfw_dev_set, &one, fill_device);
}

struct table device_table = { .number = MIB_DEVICES, .columns = D_COUNT, .load = load_devices };

enum { Y_PACKETS = 1, Y_OCTETS, Y_DROP, Y_COUNT = Y_DROP };

static void fill_reasons(struct table *t, const void *one)
{
	const struct natfw_dev *d = one;
	const struct natfw_counter *c = d->counter.v;
	unsigned int i;
	struct row *r;

	for (i = 0; i < d->counter.n; i++) {
		r = c[i].name ? table_row(t) : NULL;
		if (!r)
			continue;
		row_index(r, d->ifindex);
		row_index_octets(r, c[i].name, strlen(c[i].name));
		cell_number(r, Y_PACKETS, ASN_COUNTER64, c[i].packets);
		cell_number(r, Y_OCTETS, ASN_COUNTER64, c[i].bytes);
		cell_number(r, Y_DROP, ASN_INTEGER, natfw_has(&c[i], NATFW_A_COUNTER_DROP) ? 1 : 2);
	}
}

static bool load_reasons(struct table *t)
{
	struct natfw_dev one;

	return load_list(t, NATFW_CMD_DEV_GET, &natfw_dev_set, &one, fill_reasons);
}

struct table reason_table = { .number = MIB_REASONS, .columns = Y_COUNT, .load = load_reasons };
