// SPDX-License-Identifier: GPL-2.0-or-later
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/embed.h"
#include "conf/schema.h"
#include "mgmt/modules.h"

EMBED(ietf_netconf_yang, "yang/ietf/ietf-netconf.yang");
EMBED(ietf_netconf_with_defaults_yang, "yang/ietf/ietf-netconf-with-defaults.yang");
EMBED(ietf_netconf_monitoring_yang, "yang/ietf/ietf-netconf-monitoring.yang");
EMBED(ietf_netconf_notifications_yang, "yang/ietf/ietf-netconf-notifications.yang");
EMBED(ietf_restconf_yang, "yang/ietf/ietf-restconf.yang");
EMBED(ietf_restconf_monitoring_yang, "yang/ietf/ietf-restconf-monitoring.yang");
EMBED(notifications_yang, "yang/notifications.yang");
EMBED(nc_notifications_yang, "yang/nc-notifications.yang");

static const struct {
	const char *name, *text;
	const char *features[8];
} modules[] = {
	{ "ietf-netconf", ietf_netconf_yang,
	  { "candidate", "confirmed-commit", "rollback-on-error", "validate", "writable-running", "xpath", NULL } },
	{ "ietf-netconf-with-defaults", ietf_netconf_with_defaults_yang, { NULL } },
	{ "ietf-netconf-monitoring", ietf_netconf_monitoring_yang, { NULL } },
	{ "ietf-netconf-notifications", ietf_netconf_notifications_yang, { NULL } },
	{ "ietf-restconf", ietf_restconf_yang, { NULL } },
	{ "ietf-restconf-monitoring", ietf_restconf_monitoring_yang, { NULL } },
	{ "notifications", notifications_yang, { NULL } },
	{ "nc-notifications", nc_notifications_yang, { NULL } },
};

#define COUNT	(sizeof(modules) / sizeof(modules[0]))

struct ly_ctx *modules_create(void)
{
	struct ly_ctx *ctx;
	size_t i;

	ly_log_options(LY_LOSTORE);
	if (ly_ctx_new(NULL, LY_CTX_DISABLE_SEARCHDIRS, &ctx))
		return NULL;
	for (i = 0; i < COUNT; i++)
		if (!schema_add(ctx, modules[i].text, modules[i].features))
			goto failed;
	if (schema_load(ctx))
		return ctx;
failed:
	ly_ctx_destroy(ctx);
	return NULL;
}

char *modules_text(const struct ly_ctx *ctx, const char *name, const char *revision)
{
	const struct lys_module *m = revision ? ly_ctx_get_module(ctx, name, revision) :
						ly_ctx_get_module_latest(ctx, name);
	char *text = NULL;
	size_t i;

	if (!m)
		return NULL;
	for (i = 0; i < COUNT; i++)
		if (!strcmp(modules[i].name, name))
			return strdup(modules[i].text);
	if (schema_text(name))
		return strdup(schema_text(name));
	return lys_print_mem(&text, m, LYS_OUT_YANG, 0) ? NULL : text;
}

/* The digest of @text into @all, in which the order does not matter. */
static void blend(uint8_t all[SHA256_DIGEST_LENGTH], const char *text)
{
	uint8_t digest[SHA256_DIGEST_LENGTH];
	size_t i;

	SHA256((const uint8_t *)text, strlen(text), digest);
	for (i = 0; i < sizeof(digest); i++)
		all[i] ^= digest[i];
}

static void blend_features(uint8_t all[SHA256_DIGEST_LENGTH], const struct lys_module *m)
{
	const struct lysp_feature *f = NULL;
	char text[512];
	uint32_t at = 0;

	while ((f = lysp_feature_next(f, m->parsed, &at)))
		if (f->flags & LYS_FENABLED) {
			snprintf(text, sizeof(text), "%s feature %s", m->name, f->name);
			blend(all, text);
		}
}

void modules_identify(const struct ly_ctx *ctx, char id[MODULES_ID])
{
	uint8_t all[SHA256_DIGEST_LENGTH] = { 0 };
	const struct lys_module *m;
	uint32_t at = 0;
	char word[256];
	size_t i;

	while ((m = ly_ctx_get_module_iter(ctx, &at))) {
		char *text = modules_text(ctx, m->name, m->revision);

		blend(all, text ? text : m->name);
		free(text);
		snprintf(word, sizeof(word), "%s %s", m->name, m->implemented ? "implemented" : "imported");
		blend(all, word);
		blend_features(all, m);
	}
	for (i = 0; i < (MODULES_ID - 1) / 2; i++)
		sprintf(id + 2 * i, "%02x", all[i]);
}
