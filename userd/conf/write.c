// SPDX-License-Identifier: GPL-2.0-or-later
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "conf/tree.h"
#include "conf/write.h"

#define HEAD	"# Written by natfwd, which keeps settings, but not how a file looked. The one before, if\n" \
		"# people wrote it, has .before behind its name.\n"

struct writer {
	yaml_emitter_t emitter;
	char *text;
	size_t len;
	bool bad;
};

enum write_format write_format_of(const char *text, size_t len)
{
	json_t *json = json_loadb(text, len, 0, NULL);
	enum write_format format = json ? WRITE_JSON : WRITE_YAML;

	json_decref(json);
	return format;
}

/* ------------------------------------------------------------------ YAML */

static int take(void *arg, unsigned char *data, size_t len)
{
	struct writer *w = arg;
	char *more = realloc(w->text, w->len + len + 1);

	if (!more)
		return 0;
	w->text = more;
	memcpy(w->text + w->len, data, len);
	w->len += len;
	w->text[w->len] = 0;
	return 1;
}

static void emit(struct writer *w, yaml_event_t *e, int made)
{
	if (!made || w->bad || !yaml_emitter_emit(&w->emitter, e))
		w->bad = true;
}

static void scalar(struct writer *w, const char *text, yaml_scalar_style_t style)
{
	yaml_event_t e;

	emit(w, &e, yaml_scalar_event_initialize(&e, NULL, NULL, (const yaml_char_t *)text,
						 (int)strlen(text), 1, 1, style));
}

static void begin_list(struct writer *w, bool flow)
{
	yaml_event_t e;

	emit(w, &e, yaml_sequence_start_event_initialize(&e, NULL, NULL, 1, flow ?
							 YAML_FLOW_SEQUENCE_STYLE :
							 YAML_BLOCK_SEQUENCE_STYLE));
}

static void end_list(struct writer *w)
{
	yaml_event_t e;

	emit(w, &e, yaml_sequence_end_event_initialize(&e));
}

static void begin_map(struct writer *w)
{
	yaml_event_t e;

	emit(w, &e, yaml_mapping_start_event_initialize(&e, NULL, NULL, 1, YAML_BLOCK_MAPPING_STYLE));
}

static void end_map(struct writer *w)
{
	yaml_event_t e;

	emit(w, &e, yaml_mapping_end_event_initialize(&e));
}

/* What somebody else's reader would take for a number or a word of YAML's own, as might ours for nothing. */
static bool looks_special(const char *text)
{
	static const char *const special[] = {
		"", "~", "null", "true", "false", "yes", "no", "on", "off", "y", "n",
	};
	size_t i;

	for (i = 0; i < sizeof(special) / sizeof(special[0]); i++)
		if (!strcasecmp(text, special[i]))
			return true;
	return strchr("0123456789+-.=<", *text) && !strchr(text, '/');
}

static bool is_string(const struct lyd_node *n)
{
	LY_DATA_TYPE type = ((const struct lysc_node_leaf *)n->schema)->type->basetype;

	return type == LY_TYPE_STRING || type == LY_TYPE_BINARY || type == LY_TYPE_ENUM ||
	       type == LY_TYPE_BITS;
}

static void value(struct writer *w, const struct lyd_node *n)
{
	const char *text = lyd_get_value(n);
	bool quoted = !*text || (is_string(n) && looks_special(text));

	if (((const struct lysc_node_leaf *)n->schema)->type->basetype == LY_TYPE_EMPTY) {
		begin_list(w, true);
		scalar(w, "null", YAML_PLAIN_SCALAR_STYLE);
		end_list(w);
		return;
	}
	scalar(w, text, quoted ? YAML_SINGLE_QUOTED_SCALAR_STYLE : YAML_PLAIN_SCALAR_STYLE);
}

static void name(struct writer *w, const struct lyd_node *n, bool full)
{
	char text[192];

	snprintf(text, sizeof(text), "%s%s%s", full ? n->schema->module->name : "", full ? ":" : "",
		 n->schema->name);
	scalar(w, text, YAML_PLAIN_SCALAR_STYLE);
}

static bool is_written(const struct lyd_node *n)
{
	return n->schema && n->schema->flags & LYS_CONFIG_W && !(n->flags & LYD_DEFAULT);
}

static void members(struct writer *w, const struct lyd_node *n);

static void map(struct writer *w, const struct lyd_node *n)
{
	begin_map(w);
	members(w, lyd_child(n));
	end_map(w);
}

/* All instances of the list or leaf-list that @n is the first of. */
static void instances(struct writer *w, const struct lyd_node *n)
{
	begin_list(w, n->schema->nodetype == LYS_LEAFLIST);
	for (; n; n = tree_next(n)) {
		if (!is_written(n))
			continue;
		if (n->schema->nodetype == LYS_LIST)
			map(w, n);
		else
			value(w, n);
	}
	end_list(w);
}

static bool is_first(const struct lyd_node *n)
{
	return n->prev->next == NULL || n->prev->schema != n->schema;
}

static void member(struct writer *w, const struct lyd_node *n, bool full)
{
	bool many = n->schema->nodetype & (LYS_LIST | LYS_LEAFLIST);

	if (!is_written(n) || (many && !is_first(n)))
		return;
	name(w, n, full);
	if (many)
		instances(w, n);
	else if (n->schema->nodetype == LYS_CONTAINER)
		map(w, n);
	else
		value(w, n);
}

static void members(struct writer *w, const struct lyd_node *n)
{
	for (; n; n = n->next)
		member(w, n, lyd_parent(n) && n->schema->module != lyd_parent(n)->schema->module);
}

static void document(struct writer *w, const struct lyd_node *tree)
{
	const struct lyd_node *natfw = tree_top(tree, SCHEMA_MODULE, "natfw"), *n;

	begin_map(w);
	members(w, lyd_child(natfw));
	LY_LIST_FOR(lyd_first_sibling(tree), n)
		if (n != natfw)
			member(w, n, true);
	end_map(w);
}

static char *write_yaml(const struct lyd_node *tree, size_t *len)
{
	struct writer w = { .bad = false };
	yaml_event_t e;

	if (!yaml_emitter_initialize(&w.emitter))
		return NULL;
	yaml_emitter_set_output(&w.emitter, take, &w);
	yaml_emitter_set_unicode(&w.emitter, 1);
	yaml_emitter_set_width(&w.emitter, -1);
	take(&w, (unsigned char *)HEAD, strlen(HEAD));
	emit(&w, &e, yaml_stream_start_event_initialize(&e, YAML_UTF8_ENCODING));
	emit(&w, &e, yaml_document_start_event_initialize(&e, NULL, NULL, NULL, 1));
	document(&w, tree);
	emit(&w, &e, yaml_document_end_event_initialize(&e, 1));
	emit(&w, &e, yaml_stream_end_event_initialize(&e));
	w.bad |= !yaml_emitter_flush(&w.emitter);
	yaml_emitter_delete(&w.emitter);
	*len = w.len;
	if (!w.bad)
		return w.text;
	free(w.text);
	return NULL;
}

/* ------------------------------------------------------------------ either */

/* What a file said is said again, be it the default or not; and so is what it is in. */
static bool mark_said(struct lyd_node *n)
{
	struct lyd_node *c;
	bool said = n->priv && n->schema->nodetype & LYD_NODE_TERM;

	LY_LIST_FOR(lyd_child(n), c)
		said |= mark_said(c);
	if (said)
		n->flags &= ~LYD_DEFAULT;
	return said;
}

static char *write_json(const struct lyd_node *tree, size_t *len)
{
	char *text = NULL;

	if (lyd_print_mem(&text, lyd_first_sibling(tree), LYD_JSON, LYD_PRINT_WITHSIBLINGS))
		return NULL;
	*len = text ? strlen(text) : 0;
	return text;
}

char *write_tree(struct lyd_node *tree, enum write_format format, size_t *len)
{
	struct lyd_node *n;

	LY_LIST_FOR(lyd_first_sibling(tree), n)
		mark_said(n);
	return format == WRITE_JSON ? write_json(tree, len) : write_yaml(tree, len);
}
