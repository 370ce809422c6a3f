// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzes what RESTCONF's requests say: the target, up to an octet of zero, as path, query and fields on data; the
 * rest as media types, conditions, and JSON.
 */
#include <stdlib.h>
#include <string.h>

#include "mgmt/etag.h"
#include "mgmt/fields.h"
#include "mgmt/filter.h"
#include "mgmt/json.h"
#include "mgmt/media.h"
#include "mgmt/query.h"
#include "mgmt/resource.h"

#define REQUIRE(condition)	do { if (!(condition)) abort(); } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct ly_ctx *ctx;
static struct lyd_node *tree;

static const char module[] =
	"module a { yang-version 1.1; namespace 'urn:a'; prefix a;"
	"  container top {"
	"    list one { key 'k'; ordered-by user; leaf k { type string; } leaf v { type uint8; }"
	"      container in { leaf w { type string; } } action go { } }"
	"    list three { key 'x y z'; leaf x { type string; } leaf y { type boolean; } leaf z { type uint8; } }"
	"    leaf-list ll { type string; } leaf d { type uint8; default 7; } }"
	"  rpc run { input { leaf x { type string; } } } }";
static const char text[] =
	"{\"a:top\":{\"one\":[{\"k\":\"x\",\"v\":1},{\"k\":\"y\",\"in\":{\"w\":\"z\"}}],"
	"\"three\":[{\"x\":\"\",\"y\":true,\"z\":3}],\"ll\":[\"p\",\"q\"],\"d\":7}}";

static void load(void)
{
	ly_log_options(LY_LOSTORE_LAST);
	if (ly_ctx_new(NULL, LY_CTX_DISABLE_SEARCHDIRS, &ctx) || lys_parse_mem(ctx, module, LYS_IN_YANG, NULL) ||
	    lyd_parse_data_mem(ctx, text, LYD_JSON, LYD_PARSE_ONLY, 0, &tree))
		abort();
}

static void try_fields(const char *expr)
{
	struct lyd_node *copy = NULL, *child;
	struct fields f;

	if (!fields_read(&f, expr)) {
		REQUIRE(f.first && f.n <= FIELDS_MAX);
		REQUIRE(!lyd_dup_siblings(tree, NULL, LYD_DUP_RECURSIVE, &copy));
		REQUIRE(fields_keep(&f, copy));
		child = copy;
		filter_prune(&child);
		copy = child;
	}
	lyd_free_all(copy);
	fields_fini(&f);
}

static void try_resource(const struct uri *u)
{
	struct lyd_node *found, *top = NULL;
	struct resource r;

	if (resource_read(&r, ctx, u))
		REQUIRE(*r.wrong);
	else if (r.kind == RESOURCE_DATA) {
		found = resource_find(&r, tree);
		REQUIRE(!found || found->schema == r.schema);
		REQUIRE(!found || !lysc_data_parent(r.schema) || resource_parent(&r, tree));
		(void)resource_copy(&r, &top);
		lyd_free_all(top);
	}
	resource_fini(&r);
}

static void try_target(const char *target)
{
	struct query q;
	struct uri u;

	if (!uri_read(&u, target)) {
		REQUIRE(u.steps <= URI_STEPS && u.parameters <= URI_PARAMETERS);
		try_resource(&u);
		if (!query_read(&q, &u, ~0u))
			REQUIRE(q.depth <= 65535);
	}
	uri_fini(&u);
	ly_err_clean(ctx, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const offer[] = { "application/yang-data+json", "application/yang-data+xml" };
	char *copy = malloc(size + 1), *rest;

	if (!ctx)
		load();
	memcpy(copy, data, size);
	copy[size] = '\0';
	rest = copy + strlen(copy);
	rest += rest < copy + size;
	try_target(copy);
	try_fields(rest);
	REQUIRE(media_pick(rest, offer, 2) < 2);
	(void)media_is(rest, offer[0]);
	(void)etag_listed(rest, "0123456789abcdef", true);
	(void)json_check(rest, (size_t)(copy + size - rest));
	free(copy);
	return 0;
}
