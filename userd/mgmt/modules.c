// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "conf/schema.h"
#include "mgmt/modules.h"

#define EMBED(name, file) \
	extern const char name[]; \
	__asm__(".pushsection .rodata\n" \
		".global " #name "\n" \
		#name ":\n" \
		".incbin \"" file "\"\n" \
		".byte 0\n" \
		".popsection\n")

EMBED(ietf_netconf_yang, "yang/ietf/ietf-netconf.yang");
EMBED(ietf_netconf_with_defaults_yang, "yang/ietf/ietf-netconf-with-defaults.yang");
EMBED(ietf_netconf_monitoring_yang, "yang/ietf/ietf-netconf-monitoring.yang");
EMBED(ietf_netconf_acm_yang, "yang/ietf/ietf-netconf-acm.yang");
EMBED(ietf_netconf_notifications_yang, "yang/ietf/ietf-netconf-notifications.yang");
EMBED(notifications_yang, "yang/notifications.yang");
EMBED(nc_notifications_yang, "yang/nc-notifications.yang");

/* Of conf/schema.c: the text as it was written, with its comments. */
extern const char natfw_yang[];

static const struct {
	const char *name, *text;
	const char *features[4];
} modules[] = {
	{ "ietf-netconf", ietf_netconf_yang, { "xpath", NULL } },
	{ "ietf-netconf-with-defaults", ietf_netconf_with_defaults_yang, { NULL } },
	{ "ietf-netconf-monitoring", ietf_netconf_monitoring_yang, { NULL } },
	{ "ietf-netconf-acm", ietf_netconf_acm_yang, { NULL } },
	{ "ietf-netconf-notifications", ietf_netconf_notifications_yang, { NULL } },
	{ "notifications", notifications_yang, { NULL } },
	{ "nc-notifications", nc_notifications_yang, { NULL } },
	{ SCHEMA_MODULE, natfw_yang, { NULL } },
};

#define COUNT	(sizeof(modules) / sizeof(modules[0]))

static LY_ERR add(struct ly_ctx *ctx, size_t i)
{
	struct ly_in *in;
	LY_ERR err = ly_in_new_memory(modules[i].text, &in);

	if (err)
		return err;
	err = lys_parse(ctx, in, LYS_IN_YANG, (const char **)modules[i].features, NULL);
	ly_in_free(in, 0);
	return err;
}

struct ly_ctx *modules_create(void)
{
	struct ly_ctx *ctx;
	size_t i;

	ly_log_options(LY_LOSTORE);
	if (ly_ctx_new(NULL, LY_CTX_DISABLE_SEARCHDIRS, &ctx))
		return NULL;
	for (i = 0; i < COUNT; i++) {
		if (!add(ctx, i))
			continue;
		ly_ctx_destroy(ctx);
		return NULL;
	}
	return ctx;
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
	return lys_print_mem(&text, m, LYS_OUT_YANG, 0) ? NULL : text;
}
