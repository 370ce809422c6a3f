// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

#include "conf/embed.h"
#include "conf/schema.h"

EMBED(natfw_yang, "yang/natfw.yang");
EMBED(ietf_interfaces_yang, "yang/ietf/ietf-interfaces.yang");
EMBED(ietf_netconf_acm_yang, "yang/ietf/ietf-netconf-acm.yang");
EMBED(ietf_packet_fields_yang, "yang/ietf/ietf-packet-fields.yang");
EMBED(ietf_ethertypes_yang, "yang/ietf/ietf-ethertypes.yang");
EMBED(ietf_access_control_list_yang, "yang/ietf/ietf-access-control-list.yang");
EMBED(natfw_acl_yang, "yang/natfw-acl.yang");
EMBED(ietf_nat_yang, "yang/ietf/ietf-nat.yang");
EMBED(natfw_nat_yang, "yang/natfw-nat.yang");

/* Each after what it imports. */
static const struct {
	const char *name, *text;
	bool imported;		/* only: nothing of it is configured by itself */
	const char *features[12];
} modules[] = {
	{ "ietf-netconf-acm", ietf_netconf_acm_yang, false, { NULL } },
	{ SCHEMA_MODULE, natfw_yang, false, { NULL } },
	{ "ietf-interfaces", ietf_interfaces_yang, true, { NULL } },
	{ "ietf-ethertypes", ietf_ethertypes_yang, true, { NULL } },
	{ "ietf-packet-fields", ietf_packet_fields_yang, true, { NULL } },
	{ "ietf-access-control-list", ietf_access_control_list_yang, false,
	  { "match-on-ipv4", "match-on-ipv6", "match-on-tcp", "match-on-udp", "match-on-icmp",
	    "ipv4", "ipv6", "acl-aggregate-stats", "interface-attachment", NULL } },
	{ "natfw-acl", natfw_acl_yang, false, { NULL } },
	/* state, that rules of access control may be about */
	{ "ietf-nat", ietf_nat_yang, false, { "basic-nat44", "napt44", "dst-nat", NULL } },
	{ "natfw-nat", natfw_nat_yang, false, { NULL } },
};

#define COUNT	(sizeof(modules) / sizeof(modules[0]))

const char *schema_text(const char *name)
{
	size_t i;

	for (i = 0; i < COUNT; i++)
		if (!strcmp(modules[i].name, name))
			return modules[i].text;
	return NULL;
}

/* A module that another one imports. */
static LY_ERR find_import(const char *name, const char *revision, const char *submodule,
			  const char *submodule_revision, void *arg, LYS_INFORMAT *format,
			  const char **text, ly_module_imp_data_free_clb *release)
{
	(void)revision;
	(void)submodule_revision;
	(void)arg;
	*text = submodule ? NULL : schema_text(name);
	*format = LYS_IN_YANG;
	*release = NULL;
	return *text ? LY_SUCCESS : LY_ENOTFOUND;
}

bool schema_add(struct ly_ctx *ctx, const char *text, const char *const *features)
{
	struct ly_in *in;
	LY_ERR err;

	if (ly_in_new_memory(text, &in))
		return false;
	err = lys_parse(ctx, in, LYS_IN_YANG, (const char **)features, NULL);
	ly_in_free(in, 0);
	return !err;
}

bool schema_load(struct ly_ctx *ctx)
{
	bool good = true;
	size_t i;

	ly_ctx_set_module_imp_clb(ctx, find_import, NULL);
	for (i = 0; good && i < COUNT; i++)
		good = modules[i].imported ||
		       schema_add(ctx, modules[i].text, modules[i].features);
	return good;
}

struct ly_ctx *schema_create(void)
{
	struct ly_ctx *ctx;

	ly_log_options(LY_LOSTORE);
	if (ly_ctx_new(NULL, LY_CTX_NO_YANGLIBRARY | LY_CTX_DISABLE_SEARCHDIRS, &ctx))
		return NULL;
	if (schema_load(ctx))
		return ctx;
	ly_ctx_destroy(ctx);
	return NULL;
}

static bool denies_all(const struct lysc_node *n)
{
	LY_ARRAY_COUNT_TYPE i;

	LY_ARRAY_FOR(n->exts, i)
		if (!strcmp(n->exts[i].def->name, "default-deny-all") &&
		    !strcmp(n->exts[i].def->module->name, "ietf-netconf-acm"))
			return true;
	return false;
}

bool schema_secret(const struct lysc_node *n)
{
	if (!n || !(n->nodetype & LYD_NODE_TERM) || !(n->flags & LYS_CONFIG_W))
		return false;
	/* libyang has it in all nodes below as well */
	return denies_all(n) && !(n->parent && denies_all(n->parent));
}

void schema_drop_secrets(struct lyd_node *first)
{
	struct lyd_node *n, *next;

	LY_LIST_FOR_SAFE(first, next, n) {
		if (schema_secret(n->schema))
			lyd_free_tree(n);
		else
			schema_drop_secrets(lyd_child(n));
	}
}

/* libyang says: Schema location "/a:b", data location "/a:b[c='d']", line number 1. */
static void take_path(const char *said, char *path, size_t len)
{
	const char *at = said ? strcasestr(said, "data location \"") : NULL;
	size_t n;

	*path = 0;
	if (!at && said)
		at = strcasestr(said, "schema location \"");
	at = at ? strchr(at, '"') : NULL;
	if (!at)
		return;
	n = strcspn(++at, "\"");
	snprintf(path, len, "%.*s", (int)n, at);
}

void schema_error(struct ly_ctx *ctx, char *text, size_t len, char *path, size_t path_len)
{
	const struct ly_err_item *item = ly_err_first(ctx);

	/* the first one is what is wrong; others follow from it */
	snprintf(text, len, "%s", item && item->msg ? item->msg : "out of memory");
	take_path(item ? item->path : NULL, path, path_len);
	ly_err_clean(ctx, NULL);
}
