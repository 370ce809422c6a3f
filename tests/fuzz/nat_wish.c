// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzes what of the mappings a filter may select: the first octet says whether the rest is an XPath expression or what is
 * in a subtree filter. Whatever mapping the filter does select has to be among those that are gathered for it.
 */
#include <stdlib.h>
#include <string.h>

#include "mgmt/filter.h"
#include "mgmt/natwish.h"
#include "mgmt/xpath.h"

#define REQUIRE(condition)	do { if (!(condition)) abort(); } while (0)
#define MAPS	4
#define NODES	64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct ly_ctx *ctx, *plain;
static struct lyd_node *tree;
static struct map_info map[MAPS];

static const char module[] =
	"module n { yang-version 1.1; namespace 'urn:n'; prefix n;"
	"  container nat { container instances { list instance { key id; leaf id { type uint32; }"
	"    container statistics { leaf x { type string; } }"
	"    container mapping-table { list mapping-entry { key index; leaf index { type uint32; }"
	"      leaf transport-protocol { type uint8; }"
	"      leaf internal-src-address { type string; } leaf external-src-address { type string; }"
	"      container internal-src-port { leaf start-port-number { type uint16; } }"
	"      container external-src-port { leaf start-port-number { type uint16; } } } } } } }"
	"  container other { leaf nat { type string; } } }";

static void put(struct lyd_node *table, unsigned int i)
{
	static const char *const in[MAPS] = { "10.0.0.5", "10.0.0.5", "10.0.0.6", "2001:db8::5" };
	static const char *const out[MAPS] = { "192.0.2.1", "192.0.2.1", "192.0.2.2", "2001:db8::1" };
	char number[16], address[64];
	struct lyd_node *e;

	snprintf(number, sizeof(number), "%u", i + 5);
	REQUIRE(!lyd_new_list(table, NULL, "mapping-entry", 0, &e, number));
	map[i] = (struct map_info){ .index = i + 5, .protocol = i & 1 ? 17 : 6 };
	REQUIRE(!lyd_new_term(e, NULL, "transport-protocol", i & 1 ? "17" : "6", 0, NULL));
	REQUIRE(address_read(&map[i].internal.address, in[i]) && address_read(&map[i].external.address, out[i]));
	snprintf(address, sizeof(address), "%s/%d", in[i], i == 3 ? 128 : 32);
	REQUIRE(!lyd_new_term(e, NULL, "internal-src-address", address, 0, NULL));
	snprintf(address, sizeof(address), "%s/%d", out[i], i == 3 ? 128 : 32);
	REQUIRE(!lyd_new_term(e, NULL, "external-src-address", address, 0, NULL));
	map[i].internal.port = map[i].external.port = (uint16_t)(80 + i);
	snprintf(number, sizeof(number), "%u", 80 + i);
	REQUIRE(!lyd_new_path(e, NULL, "internal-src-port/start-port-number", number, 0, NULL));
	REQUIRE(!lyd_new_path(e, NULL, "external-src-port/start-port-number", number, 0, NULL));
}

static void load(void)
{
	struct lyd_node *table;
	unsigned int i;

	ly_log_options(LY_LOSTORE_LAST);
	plain = xml_create();
	REQUIRE(plain && !ly_ctx_new(NULL, LY_CTX_DISABLE_SEARCHDIRS, &ctx));
	REQUIRE(!lys_parse_mem(ctx, module, LYS_IN_YANG, NULL));
	REQUIRE(!lyd_new_path(NULL, ctx, "/n:nat/instances/instance[id='1']/statistics/x", "y", 0, &tree));
	REQUIRE(!lyd_new_path(tree, NULL, "/n:nat/instances/instance[id='1']/mapping-table", NULL, 0, NULL));
	REQUIRE(!lyd_find_path(tree, "/n:nat/instances/instance[id='1']/mapping-table", 0, &table));
	for (i = 0; i < MAPS; i++)
		put(table, i);
}

static void require(const struct nat_wish *w, const struct lyd_node *entry)
{
	uint32_t index = (uint32_t)strtoul(lyd_get_value(lyd_child(entry)), NULL, 10);

	REQUIRE(w->maps && map_wishes_fit(&w->which, &map[index - 5]));
}

static void require_all(const struct nat_wish *w, const struct lyd_node *n)
{
	const struct lyd_node *c;

	if (!strcmp(LYD_NAME(n), "mapping-entry")) {
		require(w, n);
		return;
	}
	LY_LIST_FOR(lyd_child(n), c)
		require_all(w, c);
}

static void fuzz_xpath(const char *expr)
{
	struct ly_set *set = NULL;
	const struct lyd_node *n;
	struct nat_wish w;
	uint32_t i;

	natwish_xpath(&w, expr);
	if (!xpath_is_cheap(expr, NODES, 1e4) || lyd_find_xpath3(NULL, tree, expr, NULL, &set))
		return;
	for (i = 0; i < set->count; i++) {
		require_all(&w, set->dnodes[i]);
		for (n = lyd_parent(set->dnodes[i]); n; n = lyd_parent(n))
			if (!strcmp(LYD_NAME(n), "mapping-entry"))
				require(&w, n);
	}
	ly_set_free(set, NULL);
}

static void fuzz_subtree(const char *inside, size_t size)
{
	static const char head[] = "<filter xmlns='urn:ietf:params:xml:ns:netconf:base:1.0'>", tail[] = "</filter>";
	char *text = malloc(sizeof(head) + size + sizeof(tail));
	struct lyd_node *filter, *copy = NULL, *n;
	enum xml_fault fault;
	unsigned int steps = 0;
	struct nat_wish w;

	REQUIRE(text);
	strcpy(text, head);
	strcat(text, inside);
	strcat(text, tail);
	filter = xml_check(text) == XML_GOOD ? xml_read(plain, text, &fault) : NULL;
	free(text);
	if (!filter)
		return;
	natwish_subtree(&w, filter);
	REQUIRE(!lyd_dup_siblings(tree, NULL, LYD_DUP_RECURSIVE, &copy));
	if (filter_subtree(&copy, filter, &steps))
		LY_LIST_FOR(copy, n)
			require_all(&w, n);
	lyd_free_all(copy);
	lyd_free_all(filter);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (!ctx)
		load();
	if (!size || size > 2000)
		return 0;
	text = calloc(1, size);
	REQUIRE(text);
	memcpy(text, data + 1, size - 1);
	if (*data & 1)
		fuzz_xpath(text);
	else
		fuzz_subtree(text, size);
	ly_err_clean(ctx, NULL);
	ly_err_clean(plain, NULL);
	free(text);
	return 0;
}
