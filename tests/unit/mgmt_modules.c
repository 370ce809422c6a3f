// SPDX-License-Identifier: GPL-2.0-or-later
// natfw-test: quick host timeout=60
/*
 * What managers know the modules by.
 */
#include <string.h>

#include "conf/schema.h"
#include "ktap.h"
#include "mgmt/modules.h"

#define MODULE	"module x { namespace urn:x; prefix x; feature f; container c { leaf l { type string; } } }"

static const char *none[] = { NULL }, *one[] = { "f", NULL };

/* The id with module @text added; features of it are @features. */
static void with(char id[MODULES_ID], const char *text, const char *const *features)
{
	struct ly_ctx *ctx = modules_create();

	*id = 0;
	if (EXPECT(ctx && (!text || schema_add(ctx, text, features))))
		modules_identify(ctx, id);
	ly_ctx_destroy(ctx);
}

static void the_same(void)
{
	char a[MODULES_ID], b[MODULES_ID];

	with(a, NULL, none);
	with(b, NULL, none);
	EXPECT_EQ(strlen(a), MODULES_ID - 1);
	EXPECT(!strcmp(a, b));
}

static void other_modules(void)
{
	char a[MODULES_ID], b[MODULES_ID], c[MODULES_ID];

	with(a, NULL, none);
	with(b, MODULE, none);
	with(c, MODULE "\n", none);
	EXPECT(strcmp(a, b));
	/* what is not one of ours is known by what it means */
	EXPECT(!strcmp(b, c));
	with(c, "module x { namespace urn:x; prefix x; feature f; container c { leaf l { type int8; } } }", none);
	EXPECT(strcmp(b, c));
}

static void other_features(void)
{
	char a[MODULES_ID], b[MODULES_ID];

	with(a, MODULE, none);
	with(b, MODULE, one);
	EXPECT(strcmp(a, b));
}

static void implemented(void)
{
	struct ly_ctx *ctx = modules_create();
	char a[MODULES_ID], b[MODULES_ID];

	if (!EXPECT(ctx))
		return;
	modules_identify(ctx, a);
	EXPECT(!lys_set_implemented(ly_ctx_get_module_latest(ctx, "ietf-packet-fields"), NULL));
	modules_identify(ctx, b);
	EXPECT(strcmp(a, b));
	ly_ctx_destroy(ctx);
}

int main(void)
{
	static const struct ktap_test tests[] = {
		{ "the same modules have the same content-id", the_same },
		{ "8525-a other modules, another content-id", other_modules },
		{ "8525-a a feature more, another content-id", other_features },
		{ "8525-a a module that was only imported, another content-id", implemented },
	};

	return ktap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
