// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * get, get-config, get-schema.
 */
#include <stdlib.h>
#include <string.h>

#include "mgmt/datastore.h"
#include "mgmt/filter.h"
#include "mgmt/gather.h"
#include "mgmt/modules.h"
#include "mgmt/nacm.h"
#include "mgmt/natwish.h"
#include "mgmt/pieces.h"
#include "mgmt/request.h"
#include "mgmt/state.h"
#include "mgmt/store.h"
#include "mgmt/target.h"

/* ------------------------------------------------------------------ parameters */

/*
 * Basic mode trim: what has its default value is not told unless asked for (RFC 6243, 2.2). The library tags
 * defaults in another namespace than the RFC's, so report-all-tagged is not offered.
 */
static bool read_defaults(struct request *r)
{
	const struct lyd_node *n = xml_child(r->op, DEFAULTS_NS, "with-defaults");
	char text[32] = "trim";

	if (n)
		xml_text(n, text, sizeof(text));
	if (!strcmp(text, "trim"))
		r->print = LYD_PRINT_WD_TRIM;
	else if (!strcmp(text, "report-all"))
		r->print = LYD_PRINT_WD_ALL;
	else
		return false;
	return true;
}

static const struct lyd_node *filter_of(const struct request *r)
{
	return xml_child(r->op, NETCONF_NS, "filter");
}

static bool is_xpath(const struct lyd_node *filter)
{
	const struct lyd_attr *type = xml_attribute(filter, "type");

	return type && !strcmp(type->value, "xpath");
}

/* The first parameter that is none; NULL: all are known. */
static const struct lyd_node *stranger(const struct request *r, bool source)
{
	const struct lyd_node *c;

	LY_LIST_FOR(lyd_child(r->op), c)
		if (!xml_is(c, NETCONF_NS, "filter") && !xml_is(c, DEFAULTS_NS, "with-defaults") &&
		    !(source && xml_is(c, NETCONF_NS, "source")))
			return c;
	return NULL;
}

/* False, and the request is answered, if there is something wrong. */
static bool check_filter(struct request *r)
{
	const struct lyd_node *filter = filter_of(r);
	const struct lyd_attr *type = filter ? xml_attribute(filter, "type") : NULL;

	if (type && strcmp(type->value, "xpath") && strcmp(type->value, "subtree")) {
		request_error(r, "protocol", "bad-attribute", "type",
			      "a filter is a subtree or xpath");
		return false;
	}
	if (filter && is_xpath(filter) && !xml_attribute(filter, "select")) {
		request_error(r, "protocol", "missing-attribute", "select",
			      "an xpath filter has an expression in select");
		return false;
	}
	return true;
}

static bool check_parameters(struct request *r, bool source)
{
	const struct lyd_node *strange = stranger(r, source);

	if (strange) {
		request_error(r, "protocol", "unknown-element", xml_name(strange),
			      "no parameter of this operation");
		return false;
	}
	if (!read_defaults(r)) {
		request_error(r, "protocol", "invalid-value", NULL,
			      "with-defaults is trim or report-all");
		return false;
	}
	return check_filter(r);
}

/* ------------------------------------------------------------------ the tree */

static void refuse(struct request *r)
{
	if (r->wrong)
		request_error(r, "protocol", "invalid-value", NULL, "%s", r->wrong);
	else
		request_error(r, "application", "resource-denied", NULL,
			      "the filter takes too long for so much data");
}

static bool select_of(struct request *r, struct lyd_node **tree)
{
	const struct lyd_node *filter = filter_of(r);

	if (!filter)
		return true;
	if (!is_xpath(filter))
		return filter_subtree(tree, filter, &r->steps);
	if (!filter_xpath_ends(*tree, xml_attribute(filter, "select"), &r->spent))
		return false;
	r->wrong = filter_xpath(tree, xml_attribute(filter, "select"));
	return !r->wrong;
}

static bool cut(struct request *r, struct lyd_node **tree)
{
	/* a filter selects of what may be read (RFC 8341, 3.2.4) */
	nacm_prune_by(r->nacm, r->session->user, tree);
	return select_of(r, tree);
}

static bool tells_all(struct request *r, const struct lysc_node *list)
{
	const struct lyd_node *filter = filter_of(r);

	if (filter && (is_xpath(filter) || !filter_selects_all(filter, list)))
		return false;
	return nacm_reads_all(r->nacm, r->session->user, list);
}

static const struct request_cutter cutter = { cut, tells_all, refuse };

static void answer(struct request *r, struct lyd_node *tree)
{
	if (cut(r, &tree)) {
		request_data(r, tree);
		return;
	}
	lyd_free_all(tree);
	refuse(r);
}

/* What an expression selects may depend on all there is. */
static bool needs_all(const struct request *r)
{
	const struct lyd_node *filter = filter_of(r);

	return filter && is_xpath(filter) && !filter_xpath_is_local(xml_attribute(filter, "select"));
}

/* Whether a top-level element @name may be asked for. */
static bool wants(const struct request *r, const char *name)
{
	const struct lyd_node *filter = filter_of(r), *c;

	if (!filter || is_xpath(filter))
		return true;
	LY_LIST_FOR(lyd_child(filter), c)
		if (!strcmp(xml_name(c), name))
			return true;
	return false;
}

static void on_gathered(void *arg, struct gathered *g)
{
	struct request *r = arg;

	r->gather = NULL;
	if (g->refused) {
		request_error(r, "application", "resource-denied", NULL, "%s", g->refused);
	} else if (!g->entries) {
		answer(r, g->tree);
	} else if (!needs_all(r)) {
		request_pieces(r, g->tree, g->entries, &cutter);
	} else if (pieces_collect(&g->tree, g->entries)) {
		answer(r, g->tree);
	} else {
		lyd_free_all(g->tree);
		request_error(r, "application", "resource-denied", NULL,
			      "that expression takes too long for so much data: use a subtree, or a path with "
			      "comparisons only");
	}
}

static unsigned int parts_of(const struct request *r)
{
	const struct lyd_node *filter = filter_of(r);
	unsigned int i, parts = 0;

	if (!filter || is_xpath(filter))
		return STATE_ALL;
	for (i = 0; i < STATE_PARTS; i++)
		if (STATE_ALL & STATE_BIT(i) && filter_wants(filter, state_name(i)))
			parts |= 1u << i;
	if (wants(r, "acls"))
		parts |= 1u << STATE_ACES;
	return parts;
}

static void wish_for_nat(const struct request *r, struct gather_wish *wish)
{
	const struct lyd_node *filter = filter_of(r);
	struct nat_wish nat;

	if (!filter)
		natwish_all(&nat);
	else if (is_xpath(filter))
		natwish_xpath(&nat, xml_attribute(filter, "select")->value);
	else
		natwish_subtree(&nat, filter);
	natwish_put(&nat, r->session->user, wish);
}

void get_data(struct request *r)
{
	struct gather_wish wish = { .config = true };

	if (!check_parameters(r, false))
		return;
	wish.parts = parts_of(r);
	if (filter_of(r) && !is_xpath(filter_of(r)))
		filter_session(filter_of(r), wish.tag, sizeof(wish.tag));
	wish.monitoring = wants(r, "netconf-state");
	wish.restconf = wants(r, "restconf-state");
	wish.library = wants(r, "yang-library") || wants(r, "modules-state");
	wish.streams = wants(r, "netconf");
	wish.denied = wants(r, "nacm");
	wish_for_nat(r, &wish);
	gather_hide(&wish, r->session->user);
	r->gather = gather_start(&wish, on_gathered, r);
	if (!r->gather)
		request_error(r, "application", "resource-denied", NULL, "too much to do");
}

void get_config(struct request *r)
{
	enum datastore which;

	if (target_read(r, "source", &which) && check_parameters(r, true))
		answer(r, datastore_read(which));
}

/* ------------------------------------------------------------------ modules */

void get_schema(struct request *r)
{
	const struct lyd_node *name = xml_child(r->op, MONITORING_NS, "identifier");
	const struct lyd_node *version = xml_child(r->op, MONITORING_NS, "version");
	const struct lyd_node *format = xml_child(r->op, MONITORING_NS, "format");
	char n[128], v[32], f[32], *text;
	const char *colon;

	if (!name) {
		request_error(r, "protocol", "missing-element", "identifier", "which module?");
		return;
	}
	xml_text(name, n, sizeof(n));
	colon = format ? strrchr(xml_text(format, f, sizeof(f)), ':') : NULL;
	text = format && strcmp(colon ? colon + 1 : f, "yang") ? NULL :
	       modules_text(store_ctx(), n, version && *xml_text(version, v, sizeof(v)) ? v : NULL);
	if (text)
		request_text(r, text);
	else
		request_error(r, "application", "invalid-value", NULL, "no such module, in YANG");
	free(text);
}
