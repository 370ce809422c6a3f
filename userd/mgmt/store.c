// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "mgmt/modules.h"
#include "mgmt/store.h"
#include "mgmt/xml.h"

static struct ly_ctx *ctx, *plain;
static char content_id[MODULES_ID];

struct ly_ctx *store_ctx(void)
{
	return ctx;
}

struct ly_ctx *store_xml(void)
{
	return plain;
}

const char *store_content_id(void)
{
	return content_id;
}

int store_init(void)
{
	ctx = modules_create();
	plain = xml_create();
	if (!ctx || !plain)
		return -ENOMEM;
	modules_identify(ctx, content_id);
	return 0;
}

/* All have the same modules, those of the one schema that libyang lists (RFC 8525, 3). */
static bool put_datastores(struct lyd_node *library)
{
	static const char *const names[] = { "running", "candidate", "operational" };
	char path[128];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "/ietf-yang-library:yang-library/"
			 "datastore[name='ietf-datastores:%s']/schema", names[i]);
		if (lyd_new_path(library, NULL, path, "complete", 0, NULL))
			return false;
	}
	return true;
}

struct lyd_node *store_library(void)
{
	struct lyd_node *library = NULL;

	if (ly_ctx_get_yanglib_data(ctx, &library, "%s", content_id))
		return NULL;
	if (!put_datastores(library)) {
		lyd_free_all(library);
		return NULL;
	}
	return library;
}

bool store_add(struct lyd_node **tree, const char *text, LYD_FORMAT format)
{
	struct lyd_node *more = NULL;
	LY_ERR err = lyd_parse_data_mem(ctx, text, format, LYD_PARSE_ONLY | LYD_PARSE_STRICT, 0,
					&more);

	if (!err)
		err = lyd_merge_siblings(tree, more, LYD_MERGE_DESTRUCT);
	else
		lyd_free_all(more);
	if (err)
		log_error(SUB_MGMT, "state that does not fit the modules: %s", ly_errmsg(ctx));
	ly_err_clean(ctx, NULL);
	return !err;
}
