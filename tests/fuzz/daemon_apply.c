// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Differences that the management process sends: what is not refused gives a configuration that can be written and
 * is read as the same.
 */
#include <stdlib.h>
#include <string.h>

#include "conf/apply.h"
#include "conf/build.h"

static const char file[] =
	"gist: {port: 4711, address: [10.0.0.1]}\n"
	"interface: [{name: lo, zone: 3}]\n"
	"policy:\n  entry:\n  - {name: a, action: permit}\n  - {name: b, action: refuse, toward: [10.0.0.0/8]}\n"
	"key: [{id: 1, secret: c2VjcmV0LXNlY3JldA==}]\n"
	"ietf-netconf-acm:nacm: {groups: {group: [{name: g, user-name: [u]}]}}\n";

static void quiet(enum log_subsystem sub, enum log_level level, const char *line)
{
	(void)sub;
	(void)level;
	(void)line;
}

static struct ly_ctx *schema;

static void read_again(const struct apply_result *r)
{
	struct conf_error e;
	struct doc_value *written = doc_read(r->text, r->len, &e);
	struct lyd_node *tree = written ? tree_create(schema, written, &e) : NULL;
	char *text = tree ? build_text(tree) : NULL;

	if (!text || strcmp(text, r->conf->tree) != 0)
		abort();
	free(text);
	lyd_free_all(tree);
	doc_free(written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct apply_result r;
	struct conf_error e;
	char *diff = malloc(size + 1);

	if (!diff)
		return 0;
	if (!schema) {
		log_capture(quiet);
		schema = schema_create();
	}
	memcpy(diff, data, size);
	diff[size] = 0;
	if (apply_in(schema, file, sizeof(file) - 1, diff, &r, &e))
		read_again(&r);
	apply_free(&r);
	free(diff);
	return 0;
}
