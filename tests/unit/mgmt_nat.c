// SPDX-License-Identifier: GPL-2.0-or-later
// natfw-test: quick host timeout=60
/*
 * Translation as ietf-nat has it, and what of it is gathered for whom.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ktap.h"
#include "mgmt/fields.h"
#include "mgmt/modules.h"
#include "mgmt/nat.h"
#include "mgmt/natwish.h"
#include "mgmt/resource.h"

#define NAT_NS	"urn:ietf:params:xml:ns:yang:ietf-nat"
#define TOP	"/ietf-nat:nat/instances/instance[id='1']/"

static struct ly_ctx *ctx, *plain;

static void address(struct address *a, const char *text)
{
	EXPECT(address_read(a, text));
}

/* ------------------------------------------------------------------ the tree */

/* @whole: also what depends on other nodes holds, as must, when, and what is mandatory. */
static struct lyd_node *parse(json_t *json, bool whole)
{
	struct lyd_node *tree = NULL;
	char *text = json_dumps(json, 0);

	json_decref(json);
	if (!EXPECT(text && !lyd_parse_data_mem(ctx, text, LYD_JSON, LYD_PARSE_STRICT | LYD_PARSE_ONLY, 0, &tree)))
		printf("# %s: %s\n", ly_errmsg(ctx), text);
	free(text);
	if (whole && !EXPECT(!lyd_validate_all(&tree, ctx, LYD_VALIDATE_PRESENT, NULL)))
		printf("# %s %s\n", ly_errmsg(ctx), ly_errpath(ctx));
	return tree;
}

static bool is(const struct lyd_node *tree, const char *path, const char *value)
{
	struct lyd_node *n = NULL;
	char full[512];
	bool good;

	snprintf(full, sizeof(full), TOP "%s", path);
	if (!tree || lyd_find_path(tree, full, 0, &n))
		n = NULL;
	ly_err_clean(ctx, NULL);
	good = value ? n && !strcmp(lyd_get_value(n), value) : !n;
	if (!good)
		printf("# %s is %s, not %s\n", path, n ? lyd_get_value(n) : "not there", value ? value : "not there");
	return good;
}

#define POOL	"policy[id='7']/external-ip-address-pool[pool-id='7']"

static struct pool_info a_pool(void)
{
	struct pool_info p = { .name = "inter net", .id = 7, .independent = true, .paired = true, .port_min = 2000,
			       .port_max = 3000, .hold = 60, .ports = 5000, .used = 17, .ranges = 2 };

	address(&p.range[0].first, "192.0.2.3");
	address(&p.range[0].last, "192.0.2.8");
	address(&p.range[1].first, "198.51.100.255");
	address(&p.range[1].last, "198.51.101.255");
	return p;
}

static void pools(void)
{
	const struct nat_info info = { .there = true, .since = 1000000000, .timers = { 300, 7440, 240, 241, 60 } };
	struct pool_info p[3] = { a_pool(), { .name = "v6", .id = 8, .port_min = 1, .port_max = 65535, .ports = 1ull << 40,
				   .used = 1ull << 33, .filtering = 2, .block_size = 64, .host_quota = 512, .ranges = 1 },
				  { .name = "big", .id = 9, .port_min = 1024, .port_max = 2047, .preserve = true,
				    .filtering = 1, .host_quota = 70000, .ranges = 1 } };
	struct lyd_node *t;

	address(&p[1].range[0].first, "2001:db8::");
	address(&p[1].range[0].last, "2001:db8::ffff");
	address(&p[2].range[0].first, "255.255.255.254");
	address(&p[2].range[0].last, "255.255.255.255");
	t = parse(nat_tree(&info, p, 3), true);
	EXPECT(is(t, "enable", "true"));
	EXPECT(is(t, "policy[id='7']/external-ip-address-pool[pool-id='7']/external-ip-pool", "192.0.2.3/32"));
	EXPECT(is(t, "policy[id='7']/external-ip-address-pool[pool-id='7']/natfw-nat:name", "inter net"));
	EXPECT(is(t, POOL "/natfw-nat:prefix[.='192.0.2.4/30']", "192.0.2.4/30"));
	EXPECT(is(t, POOL "/natfw-nat:prefix[.='192.0.2.8/32']", "192.0.2.8/32"));
	EXPECT(is(t, POOL "/natfw-nat:prefix[.='198.51.101.0/24']", "198.51.101.0/24"));
	EXPECT(is(t, "policy[id='7']/port-set-restrict/start-port-number", "2000"));
	EXPECT(is(t, "policy[id='7']/port-set-restrict/end-port-number", "3000"));
	EXPECT(is(t, "policy[id='7']/port-allocation-type", "random"));
	EXPECT(is(t, "policy[id='7']/address-allocation-type", "paired"));
	EXPECT(is(t, "policy[id='7']/mapping-type", "eim"));
	EXPECT(is(t, "policy[id='7']/filtering-type", "eif"));
	EXPECT(is(t, "policy[id='7']/port-quota[quota-type='0']", NULL));
	EXPECT(is(t, "policy[id='7']/timers/tcp-trans-close-timeout", "241"));
	EXPECT(is(t, "policy[id='7']/timers/hold-down-timeout", "60"));
	EXPECT(is(t, "policy[id='8']/external-ip-address-pool[pool-id='8']/external-ip-pool", "2001:db8::/112"));
	EXPECT(is(t, "policy[id='8']/port-allocation-type", "port-range-allocation"));
	EXPECT(is(t, "policy[id='8']/port-set/port-set-size", "64"));
	EXPECT(is(t, "policy[id='8']/address-allocation-type", "arbitrary"));
	EXPECT(is(t, "policy[id='8']/mapping-type", "edm"));
	EXPECT(is(t, "policy[id='8']/filtering-type", "edf"));
	EXPECT(is(t, "policy[id='8']/port-quota[quota-type='0']/port-limit", "512"));
	EXPECT(is(t, "policy[id='9']/external-ip-address-pool[pool-id='9']/external-ip-pool", "255.255.255.254/31"));
	EXPECT(is(t, "policy[id='9']/port-allocation-type", "port-preservation"));
	/* more than the leaf has room for: no limit that is not true */
	EXPECT(is(t, "policy[id='9']/port-quota[quota-type='0']", NULL));
	lyd_free_all(t);
}

static void numbers(void)
{
	const struct nat_info info = { .there = true, .since = 1000000000, .mappings = 21, .hosts = 4, .sent = { 1ull << 40, 2 },
				       .dropped = { 9, 900 }, .no_port = { 3, 300 }, .quota = { 1, 100 } };
	struct pool_info p[2] = { a_pool(), a_pool() };
	struct lyd_node *t;

	p[1].id = 8;
	p[1].used = 1ull << 40;
	p[1].ports = 1ull << 39;
	t = parse(nat_tree(&info, p, 2), true);
	EXPECT(is(t, "statistics/discontinuity-time", "2001-09-09T01:46:40+00:00"));
	EXPECT(is(t, "statistics/traffic-statistics/sent-packets", "1099511627776"));
	EXPECT(is(t, "statistics/traffic-statistics/dropped-bytes", "900"));
	EXPECT(is(t, "statistics/traffic-statistics/dropped-port-packets", "3"));
	EXPECT(is(t, "statistics/traffic-statistics/dropped-port-limit-packets", "1"));
	EXPECT(is(t, "statistics/mappings-statistics/total-active-subscribers", "4"));
	EXPECT(is(t, "statistics/mappings-statistics/total-port-mappings", "21"));
	EXPECT(is(t, "statistics/pools-stats/per-pool-stats[pool-id='7']/port-stats/ports-allocated", "17"));
	EXPECT(is(t, "statistics/pools-stats/per-pool-stats[pool-id='7']/port-stats/ports-free", "4983"));
	EXPECT(is(t, "statistics/pools-stats/per-pool-stats[pool-id='8']/port-stats/ports-allocated", "4294967295"));
	EXPECT(is(t, "statistics/pools-stats/per-pool-stats[pool-id='8']/port-stats/ports-free", "0"));
	EXPECT(is(t, "statistics/pools-stats/ports-stats/ports-allocated", "4294967295"));
	lyd_free_all(t);
}

static void no_module(void)
{
	const struct nat_info info = { .since = 1000000000 };
	struct lyd_node *t = parse(nat_tree(&info, NULL, 0), true);

	EXPECT(is(t, "enable", "false"));
	EXPECT(is(t, "statistics/discontinuity-time", "2001-09-09T01:46:40+00:00"));
	EXPECT(is(t, "statistics/mappings-statistics/total-port-mappings", NULL));
	EXPECT(is(t, "capabilities/endpoint-independent-mapping-support", "true"));
	EXPECT(is(t, "capabilities/nat-flavor[.='natfw-nat:napt66']", "natfw-nat:napt66"));
	lyd_free_all(t);
}

static void mappings(void)
{
	struct map_info m = { .index = 4000000000u, .type = MAP_EXPLICIT, .protocol = 17, .has_left = true, .left = 55,
			      .rule = 1ull << 40, .flows = 2, .internal_zone = 5, .pool = "inter net",
			      .internal.port = 5004, .external.port = 40001 };
	json_t *list = json_array();
	struct lyd_node *t;

	address(&m.internal.address, "10.0.0.5");
	address(&m.external.address, "192.0.2.8");
	json_array_append_new(list, nat_mapping(&m));
	m = (struct map_info){ .index = 1, .type = MAP_IMPLICIT, .protocol = 58, .pool = "v6" };
	address(&m.internal.address, "2001:db8::5");
	address(&m.external.address, "2001:db8:1::");
	json_array_append_new(list, nat_mapping(&m));
	t = parse(nat_table(list), false);
#define ENTRY	"mapping-table/mapping-entry[index='4000000000']/"
	EXPECT(is(t, ENTRY "type", "dynamic-explicit"));
	EXPECT(is(t, ENTRY "transport-protocol", "17"));
	EXPECT(is(t, ENTRY "internal-src-address", "10.0.0.5/32"));
	EXPECT(is(t, ENTRY "internal-src-port/start-port-number", "5004"));
	EXPECT(is(t, ENTRY "external-src-address", "192.0.2.8/32"));
	EXPECT(is(t, ENTRY "external-src-port/start-port-number", "40001"));
	EXPECT(is(t, ENTRY "lifetime", "55"));
	EXPECT(is(t, ENTRY "natfw-nat:pool", "inter net"));
	EXPECT(is(t, ENTRY "natfw-nat:rule", "1099511627776"));
	EXPECT(is(t, ENTRY "natfw-nat:internal-zone", "5"));
	EXPECT(is(t, "mapping-table/mapping-entry[index='1']/external-src-address", "2001:db8:1::/128"));
	EXPECT(is(t, "mapping-table/mapping-entry[index='1']/type", "dynamic-implicit"));
	EXPECT(is(t, "mapping-table/mapping-entry[index='1']/lifetime", NULL));
	EXPECT(is(t, "name", "natfw"));
	EXPECT(is(t, "enable", "true"));
	lyd_free_all(t);
}

/* Nothing of it can be written. */
static void state_only(void)
{
	const struct lysc_node *n = lys_find_path(ctx, NULL, "/ietf-nat:nat/instances/instance/policy/id", 0);

	EXPECT(n && n->flags & LYS_CONFIG_R);
	EXPECT(!lys_find_path(ctx, NULL, "/ietf-nat:nat/instances/instance/mapping-limits", 0));
	ly_err_clean(ctx, NULL);
}

/* ------------------------------------------------------------------ what is wanted */

/* "-", "i" for the instance, "m" for mappings, then those that are: index protocol internal external ports. */
static const char *said(const struct nat_wish *w)
{
	static char text[1024];
	char in[ADDRESS_TEXT], out[ADDRESS_TEXT];
	size_t n;
	uint32_t i;

	n = (size_t)snprintf(text, sizeof(text), "%s%s%s", w->instance ? "i" : "", w->maps ? "m" : "",
			     w->instance || w->maps ? "" : "-");
	for (i = 0; w->maps && i < w->which.n; i++) {
		const struct map_wish *m = &w->which.wish[i];

		n += (size_t)snprintf(text + n, sizeof(text) - n, " %u,%d,%s,%s,%d,%d", m->index,
				      m->has_protocol ? m->protocol : -1, address_text(&m->internal.address, in),
				      address_text(&m->external.address, out),
				      m->has_internal_port ? m->internal.port : -1,
				      m->has_external_port ? m->external.port : -1);
	}
	return text;
}

#define ALL	" 0,-1,-,-,-1,-1"

static bool wishes(const struct nat_wish *w, const char *want, const char *of)
{
	bool same = !strcmp(said(w), want);

	if (!same)
		printf("# %s: '%s', not '%s'\n", of, said(w), want);
	return same;
}

static bool subtree(const char *inside, const char *want)
{
	enum xml_fault fault;
	struct nat_wish w;
	struct lyd_node *f;
	char text[4096];
	bool good;

	snprintf(text, sizeof(text), "<filter xmlns='urn:ietf:params:xml:ns:netconf:base:1.0'>%s</filter>", inside);
	f = xml_read(plain, text, &fault);
	natwish_subtree(&w, f);
	good = f && wishes(&w, want, inside);
	lyd_free_all(f);
	return good;
}

#define IN(text)	"<nat xmlns='" NAT_NS "'><instances><instance>" text "</instance></instances></nat>"
#define IN_TABLE(text)	IN("<mapping-table>" text "</mapping-table>")

static void subtrees(void)
{
	EXPECT(subtree("<natfw xmlns='urn:natfw:yang:natfw'/>", "-"));
	EXPECT(subtree("<nat/>", "im" ALL));
	EXPECT(subtree("<nat><instances/></nat>", "im" ALL));
	EXPECT(subtree(IN(""), "im" ALL));
	EXPECT(subtree(IN("<id>1</id>"), "im" ALL));
	EXPECT(subtree(IN("<id>2</id>"), "-"));
	EXPECT(subtree(IN("<statistics/>"), "i"));
	EXPECT(subtree(IN("<id>1</id><policy><id>3</id></policy>"), "i"));
	EXPECT(subtree(IN("<statistics/><mapping-table/>"), "im" ALL));
	EXPECT(subtree(IN("<mapping-table/>"), "m" ALL));
	EXPECT(subtree(IN("<id>1</id><mapping-table/>"), "m" ALL));
	/* an instance is matched by what it has besides mappings */
	EXPECT(subtree(IN("<name>natfw</name><mapping-table/>"), "im" ALL));
	EXPECT(subtree(IN("<enable>true</enable><id>1</id><mapping-table/>"), "im" ALL));
	EXPECT(subtree(IN_TABLE("<mapping-entry/>"), "m" ALL));
	EXPECT(subtree(IN_TABLE("<mapping-entry><index/></mapping-entry>"), "m" ALL));
	EXPECT(subtree(IN_TABLE("<mapping-entry><index>5</index></mapping-entry>"), "m 5,-1,-,-,-1,-1"));
	EXPECT(subtree(IN_TABLE("<mapping-entry><index>5</index></mapping-entry><mapping-entry><transport-protocol>6"
				"</transport-protocol><type/></mapping-entry>"), "m 5,-1,-,-,-1,-1 0,6,-,-,-1,-1"));
	EXPECT(subtree(IN_TABLE("<mapping-entry><internal-src-address>10.0.0.5/32</internal-src-address>"
				"<external-src-address>2001:db8::1/128</external-src-address></mapping-entry>"),
		       "m 0,-1,10.0.0.5,2001:db8::1,-1,-1"));
	/* which no mapping can have, and so none fits */
	EXPECT(subtree(IN_TABLE("<mapping-entry><index>0</index></mapping-entry>"), "-"));
	EXPECT(subtree(IN_TABLE("<mapping-entry><index>x</index></mapping-entry>"), "-"));
	EXPECT(subtree(IN_TABLE("<mapping-entry><internal-src-address>10.0.0.0/24</internal-src-address></mapping-entry>"),
		       "-"));
	/* what is in a container says what of an entry is selected, not of which */
	EXPECT(subtree(IN_TABLE("<mapping-entry><internal-src-port><start-port-number>5</start-port-number>"
				"</internal-src-port></mapping-entry>"), "m" ALL));
}

static void many(void)
{
	char text[3000] = "", whole[4000], entry[128];
	unsigned int i;

	for (i = 1; i <= NAT_WISHES_MAX + 1; i++) {
		snprintf(entry, sizeof(entry), "<mapping-entry><index>%u</index></mapping-entry>", i);
		strcat(text, entry);
	}
	snprintf(whole, sizeof(whole), "<nat><instances><instance><mapping-table>%s</mapping-table></instance>"
		 "</instances></nat>", text);
	EXPECT(subtree(whole, "m" ALL));
}

static bool xpath(const char *select, const char *want)
{
	struct nat_wish w;

	natwish_xpath(&w, select);
	return wishes(&w, want, select);
}

#define TABLE_PATH	"/n:nat/n:instances/n:instance[n:id='1']/n:mapping-table"

static void expressions(void)
{
	EXPECT(xpath("/natfw:natfw/natfw:state", "-"));
	EXPECT(xpath("/nat:nat", "im" ALL));
	EXPECT(xpath("/nat:nat/instances/instance", "im" ALL));
	EXPECT(xpath("/nat:nat/instances/instance/statistics/x", "i"));
	EXPECT(xpath(TABLE_PATH, "m" ALL));
	EXPECT(xpath("/n:nat/instances/instance[name='natfw']/mapping-table", "im" ALL));
	EXPECT(xpath("/n:nat/instances/instance[id='1' and n:enable='true']/mapping-table/mapping-entry[index='5']",
		     "im 5,-1,-,-,-1,-1"));
	EXPECT(xpath("/n:nat/instances/instance[statistics/id='1']/mapping-table/mapping-entry/type", "im" ALL));
	EXPECT(xpath("/x[name='natfw']", "-"));
	EXPECT(xpath(TABLE_PATH "/n:mapping-entry", "m" ALL));
	EXPECT(xpath(TABLE_PATH "/n:mapping-entry[n:index='5']", "m 5,-1,-,-,-1,-1"));
	EXPECT(xpath(" " TABLE_PATH " / n:mapping-entry [ n:index = 5 ] / n:type ", "m 5,-1,-,-,-1,-1"));
	EXPECT(xpath(TABLE_PATH "/n:mapping-entry[n:internal-src-address=\"10.0.0.5/32\" and n:transport-protocol=6]",
		     "m 0,6,10.0.0.5,-,-1,-1"));
	EXPECT(xpath(TABLE_PATH "/n:mapping-entry[n:external-src-address='192.0.2.1/32']"
		     "[n:external-src-port/n:start-port-number='80']", "m 0,-1,-,192.0.2.1,-1,80"));
	EXPECT(xpath(TABLE_PATH "/n:mapping-entry[n:index='5'] | " TABLE_PATH "/n:mapping-entry[n:index='6']",
		     "m 5,-1,-,-,-1,-1 6,-1,-,-,-1,-1"));
	EXPECT(xpath("/natfw:natfw[a='/nat']|/nat:nat/x", "-"));
	/* what may go anywhere */
	EXPECT(xpath("//n:mapping-entry", "im" ALL));
	EXPECT(xpath("/*", "im" ALL));
	EXPECT(xpath("/natfw:natfw/../nat", "im" ALL));
	EXPECT(xpath("/natfw:natfw[/nat:nat]", "im" ALL));
	EXPECT(xpath("/self::node()/x", "im" ALL));
	EXPECT(xpath(TABLE_PATH "/n:mapping-entry[n:index > 5]", "im" ALL));
	EXPECT(xpath(TABLE_PATH "/n:mapping-entry[n:index='5' or n:index='6']", "im" ALL));
	EXPECT(xpath(TABLE_PATH "/n:mapping-entry[5]", "im" ALL));
	EXPECT(xpath("", "im" ALL));
	EXPECT(xpath("/nat:nat/instances extra", "im" ALL));
}

/* @fields "": all. */
static bool resource(const char *path, const char *expr, unsigned int depth, const char *want)
{
	struct fields f = { .n = 0 };
	struct resource r;
	struct nat_wish w;
	struct uri u;
	char text[512];
	bool good;

	snprintf(text, sizeof(text), "/" RESTCONF_ROOT "/data%s", path);
	good = !uri_read(&u, text) && resource_read(&r, ctx, &u) == RESOURCE_GOOD && (!*expr || !fields_read(&f, expr));
	if (good)
		natwish_resource(&w, &r, &f, depth);
	good = EXPECT(good) && wishes(&w, want, path);
	resource_fini(&r);
	fields_fini(&f);
	uri_fini(&u);
	return good;
}

#define REST_TABLE	"/ietf-nat:nat/instances/instance=1/mapping-table"

static void resources(void)
{
	EXPECT(resource("", "", 0, "im" ALL));
	EXPECT(resource("", "", 5, "i"));
	EXPECT(resource("", "", 6, "im" ALL));
	EXPECT(resource("/natfw:natfw", "", 0, "-"));
	EXPECT(resource("/ietf-nat:nat", "", 0, "im" ALL));
	EXPECT(resource("/ietf-nat:nat", "", 4, "i"));
	EXPECT(resource("/ietf-nat:nat", "instances/instance/statistics", 0, "i"));
	EXPECT(resource("/ietf-nat:nat", "instances/instance(statistics;mapping-table/mapping-entry/type)", 0, "im" ALL));
	EXPECT(resource("/ietf-nat:nat/instances/instance=1/statistics", "", 0, "i"));
	EXPECT(resource(REST_TABLE, "", 0, "m" ALL));
	EXPECT(resource(REST_TABLE "/mapping-entry", "", 0, "m" ALL));
	EXPECT(resource(REST_TABLE "/mapping-entry=5", "", 1, "m 5,-1,-,-,-1,-1"));
	EXPECT(resource(REST_TABLE "/mapping-entry=5/external-src-port/start-port-number", "", 0, "m 5,-1,-,-,-1,-1"));
}

static void fitting(void)
{
	struct map_info m = { .index = 5, .protocol = 17, .internal.port = 1, .external.port = 2 };
	struct map_wishes w = { .n = 0 };

	address(&m.internal.address, "10.0.0.5");
	address(&m.external.address, "192.0.2.8");
	EXPECT(map_wishes_fit(&w, &m));
	w.n = 1;
	EXPECT(map_wishes_fit(&w, &m));
	w.wish[0].index = 6;
	EXPECT(!map_wishes_fit(&w, &m));
	w.wish[1].has_protocol = true;
	w.n = 2;
	EXPECT(!map_wishes_fit(&w, &m));
	w.wish[1].protocol = 17;
	EXPECT(map_wishes_fit(&w, &m));
	w.wish[1].external.address = m.external.address;
	w.wish[1].external_len = 32;
	EXPECT(map_wishes_fit(&w, &m));
	w.wish[1].external.address.b[3]++;
	EXPECT(!map_wishes_fit(&w, &m));
	w.wish[1].external = m.external;
	w.wish[1].has_external_port = w.wish[1].has_internal_port = true;
	EXPECT(!map_wishes_fit(&w, &m));
	w.wish[1].internal.port = 1;
	EXPECT(map_wishes_fit(&w, &m));
}

int main(void)
{
	static const struct ktap_test tests[] = {
		{ "8512-2 pools are policies with their settings", pools },
		{ "8512-2 statistics", numbers },
		{ "without a module the instance is off", no_module },
		{ "8512-2 mappings are entries of mapping-table", mappings },
		{ "nothing of ietf-nat can be configured", state_only },
		{ "what a subtree filter selects", subtrees },
		{ "more entries than are looked for one by one", many },
		{ "what an XPath expression selects", expressions },
		{ "what a resource is of", resources },
		{ "mappings that are wanted", fitting },
	};
	int status;

	ctx = modules_create();
	plain = xml_create();
	status = ktap_main(tests, sizeof(tests) / sizeof(tests[0]));
	ly_ctx_destroy(ctx);
	ly_ctx_destroy(plain);
	return status;
}
