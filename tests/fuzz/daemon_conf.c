// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The daemon's configuration: YAML to a tree that knows its lines, to the schema's data, to plain values, packed
 * and unpacked. Whatever is taken comes back the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "conf/build.h"

static void quiet(enum log_subsystem sub, enum log_level level, const char *line)
{
	(void)sub;
	(void)level;
	(void)line;
}

static void round_trip(const struct conf *c)
{
	void *once = NULL, *again = NULL;
	size_t len, len2;
	struct conf *copy;

	if (conf_pack(c, &once, &len))
		abort();
	copy = conf_unpack(once, len);
	if (!copy || conf_pack(copy, &again, &len2) || len != len2)
		abort();
	conf_free(copy);
	free(once);
	free(again);
}

static void build(const struct lyd_node *tree, struct conf_error *e)
{
	struct conf *c = build_conf(tree, e);

	if (!c != !!*e->text)
		abort();
	if (c)
		round_trip(c);
	conf_free(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct ly_ctx *schema;
	struct conf_error e = { 0 };
	struct doc_value *file = doc_read((const char *)data, size, &e);
	struct lyd_node *tree;

	if (!schema) {
		log_capture(quiet);
		schema = schema_create();
	}
	if (!file != !!*e.text)
		abort();
	if (!file)
		return 0;
	tree = tree_create(schema, file, &e);
	if (!tree != !!*e.text)
		abort();
	if (tree)
		build(tree, &e);
	lyd_free_all(tree);
	doc_free(file);
	return 0;
}
