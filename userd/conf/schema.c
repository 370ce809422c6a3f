// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

#include "conf/schema.h"

extern const char natfw_yang[];

__asm__(".pushsection .rodata\n"
	".global natfw_yang\n"
	"natfw_yang:\n"
	".incbin \"" NATFWD_YANG "\"\n"
	".byte 0\n"
	".popsection\n");

struct ly_ctx *schema_create(void)
{
	struct ly_ctx *ctx;

	ly_log_options(LY_LOSTORE);
	if (ly_ctx_new(NULL, LY_CTX_NO_YANGLIBRARY | LY_CTX_DISABLE_SEARCHDIRS, &ctx))
		return NULL;
	if (!lys_parse_mem(ctx, natfw_yang, LYS_IN_YANG, NULL))
		return ctx;
	ly_ctx_destroy(ctx);
	return NULL;
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
