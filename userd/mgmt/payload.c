// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "mgmt/edit.h"
#include "mgmt/hello.h"
#include "mgmt/payload.h"
#include "mgmt/store.h"
#include "mgmt/xml.h"

#define YANG_NS	"urn:ietf:params:xml:ns:yang:1"

/* ------------------------------------------------------------------ attributes */

static bool is_one_of(const char *value, const char *const *words)
{
	for (; *words; words++)
		if (!strcmp(value, *words))
			return true;
	return false;
}

static const char *const operations[] = { "merge", "replace", "create", "delete", "remove", NULL };
static const char *const inserts[] = { "first", "last", "before", "after", NULL };
static const char *const places[] = { "key", "value", NULL };

/* The name of the tag for what is wrong with @a; NULL: nothing. */
static const char *judge(const struct lyd_attr *a)
{
	const char *ns = a->name.prefix && a->name.module_ns ? a->name.module_ns : "";

	if (!strcmp(ns, NETCONF_NS) && !strcmp(a->name.name, "operation"))
		return is_one_of(a->value, operations) ? NULL : "bad-attribute";
	if (!strcmp(ns, YANG_NS) && !strcmp(a->name.name, "insert"))
		return is_one_of(a->value, inserts) ? NULL : "bad-attribute";
	if (!strcmp(ns, YANG_NS) && is_one_of(a->name.name, places))
		return *a->value ? NULL : "bad-attribute";
	return "unknown-attribute";
}

static bool check_attributes(const struct lyd_node *n, struct mgmt_error *e)
{
	const struct lyd_attr *a;
	const char *tag;

	for (a = xml_opaque(n)->attr; a; a = a->next) {
		tag = judge(a);
		if (!tag)
			continue;
		error_bad(e, tag, a->name.name, NULL, "in element %.64s", xml_name(n));
		e->type = "protocol";
		return false;
	}
	return true;
}

static bool check_all(const struct lyd_node *first, struct mgmt_error *e)
{
	const struct lyd_node *n;

	LY_LIST_FOR(first, n)
		if (!check_attributes(n, e) || !check_all(xml_opaque(n)->child, e))
			return false;
	return true;
}

/* ------------------------------------------------------------------ data */

bool payload_edit(const struct lyd_node *config, struct lyd_node **edit, struct mgmt_error *e)
{
	const struct lyd_node *first = xml_opaque(config)->child;
	char *text = NULL;
	LY_ERR err;

	*edit = NULL;
	if (!first)
		return true;
	if (!check_all(first, e))
		return false;
	if (lyd_print_mem(&text, first, LYD_XML, LYD_PRINT_SHRINK | LYD_PRINT_WITHSIBLINGS))
		return error_set(e, "resource-denied", NULL, "out of memory");
	err = lyd_parse_data_mem(store_ctx(), text, LYD_XML,
				 LYD_PARSE_ONLY | LYD_PARSE_OPAQ | LYD_PARSE_NO_STATE, 0, edit);
	free(text);
	return !err || error_libyang(e, store_ctx());
}

struct lyd_node *payload_tree(const struct lyd_node *config, struct mgmt_error *e)
{
	struct lyd_node *edit, *tree = NULL;
	bool good;

	if (!payload_edit(config, &edit, e))
		return NULL;
	good = edit_apply(&tree, edit, EDIT_MERGE, e) && (tree || edit_defaults(&tree, store_ctx()));
	lyd_free_all(edit);
	if (good)
		return tree;
	lyd_free_all(tree);
	return NULL;
}
