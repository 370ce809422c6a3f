// SPDX-License-Identifier: GPL-2.0-or-later
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "mgmt/json.h"
#include "mgmt/media.h"
#include "mgmt/rest_body.h"
#include "mgmt/store.h"
#include "mgmt/xml.h"

/* ------------------------------------------------------------------ types */

static enum rest_format format_of(const struct restconf *r)
{
	const char *type = r->request->field[HTTP_CONTENT_TYPE];

	return type && media_is(type, "application/yang-data+xml") ? REST_XML : REST_JSON;
}

static bool is_known(const char *type)
{
	return type && (media_is(type, "application/yang-data+xml") ||
			media_is(type, "application/yang-data+json"));
}

bool rest_body_check(struct restconf *r)
{
	const struct http_request *q = r->request;
	const char *coding = q->field[HTTP_CONTENT_ENCODING];

	if (!q->body)
		rest_fail(r, 400, "invalid-value", "a body is missing");
	else if (!is_known(q->field[HTTP_CONTENT_TYPE]))
		rest_fail(r, 415, "invalid-value", "a body is application/yang-data+json or +xml");
	else if (coding && strcasecmp(coding, "identity") != 0)
		rest_fail(r, 415, "invalid-value", "content codings are not understood");
	else
		return true;
	return false;
}

/* ------------------------------------------------------------------ before the parser */

static bool refuse(struct restconf *r, bool big)
{
	if (big)
		rest_fail(r, 0, "too-big", "there is too much in the body");
	else
		rest_fail(r, 0, "malformed-message", "not well-formed, or too deep");
	return false;
}

static bool check(struct restconf *r)
{
	const struct http_request *q = r->request;
	enum json_fault json;
	enum xml_fault xml;

	if (format_of(r) == REST_XML) {
		xml = strlen(q->body) == q->len ? xml_check(q->body) : XML_MALFORMED;
		return !xml || refuse(r, xml == XML_TOO_BIG);
	}
	json = json_check(q->body, q->len);
	return !json || refuse(r, json == JSON_BIG);
}

/* ------------------------------------------------------------------ what is in an envelope */

/* The text of what is in an object @name, the only one there; NULL: it is not so. */
static char *json_inside(const char *text, const char *name)
{
	json_t *doc = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	json_t *in = json_object_get(doc, name);
	char *inside = NULL;

	if (json_is_object(in) && json_object_size(doc) == 1)
		inside = json_dumps(in, JSON_COMPACT);
	json_decref(doc);
	return inside;
}

/* The same of an element @name in @ns. */
static char *xml_inside(const char *text, const char *ns, const char *name)
{
	enum xml_fault fault;
	struct lyd_node *doc = xml_read(store_xml(), text, &fault);
	char *inside = NULL;

	if (doc && xml_is(doc, ns, name)) {
		if (!lyd_child(doc))
			inside = strdup("");
		else if (lyd_print_mem(&inside, lyd_child(doc), LYD_XML,
				       LYD_PRINT_SHRINK | LYD_PRINT_WITHSIBLINGS))
			inside = NULL;
	}
	lyd_free_all(doc);
	return inside;
}

static char *inside(const struct restconf *r, const char *module, const char *ns, const char *name)
{
	char qualified[128];

	if (format_of(r) == REST_XML)
		return xml_inside(r->request->body, ns, name);
	snprintf(qualified, sizeof(qualified), "%s:%s", module, name);
	return json_inside(r->request->body, qualified);
}

/* ------------------------------------------------------------------ parsing */

/* The library knows of the way only as far as it has made it. */
static void complete_path(struct mgmt_error *e, const struct lyd_node *parent)
{
	char *path = parent && *e->path ? lyd_path(parent, LYD_PATH_STD, NULL, 0) : NULL;
	char whole[sizeof(e->path)];

	if (path && strncmp(e->path, path, strlen(path)) != 0) {
		snprintf(whole, sizeof(whole), "%.255s%.255s", path, e->path);
		memcpy(e->path, whole, sizeof(whole));
	}
	free(path);
}

static bool parse(struct restconf *r, const char *text, struct lyd_node *parent, struct lyd_node **tree)
{
	LYD_FORMAT format = format_of(r) == REST_XML ? LYD_XML : LYD_JSON;
	struct ly_ctx *ctx = store_ctx();
	struct mgmt_error e;
	struct ly_in *in;
	LY_ERR err = ly_in_new_memory(text, &in);

	*tree = NULL;
	if (!err) {
		err = lyd_parse_data(ctx, parent, in, format, LYD_PARSE_ONLY | LYD_PARSE_STRICT |
				     LYD_PARSE_NO_STATE, 0, tree);
		ly_in_free(in, 0);
	}
	if (err) {
		error_libyang(&e, ctx);
		complete_path(&e, parent);
		e.type = "protocol";
		rest_error(r, 400, &e);
	}
	return !err;
}

bool rest_body_read(struct restconf *r, struct lyd_node *parent, bool whole, struct lyd_node **tree)
{
	char *text = NULL;
	bool good;

	*tree = NULL;
	if (!check(r))
		return false;
	if (!whole)
		return parse(r, r->request->body, parent, tree);
	text = inside(r, "ietf-restconf", RESTCONF_NS, "data");
	if (!text) {
		rest_fail(r, 0, "malformed-message", "the body is no datastore resource");
		return false;
	}
	good = parse(r, text, parent, tree);
	free(text);
	return good;
}

/* @text is what is in the input, "" without one, in the format of the body. */
static bool parse_input(struct restconf *r, const char *text, struct lyd_node *parent, struct lyd_node **op)
{
	const struct lysc_node *s = r->target.schema;
	bool xml = r->request->body && format_of(r) == REST_XML;
	struct evbuffer *doc = evbuffer_new();
	struct ly_ctx *ctx = store_ctx();
	struct lyd_node *tree = NULL;
	struct ly_in *in = NULL;
	struct mgmt_error e;
	LY_ERR err = LY_EMEM;

	*op = NULL;
	if (doc) {
		evbuffer_add_printf(doc, xml ? "<%s xmlns=\"%s\">%s</%s>" : "{\"%s:%s\":%s}",
				    xml ? s->name : s->module->name, xml ? s->module->ns : s->name,
				    *text || xml ? text : "{}", s->name);
		evbuffer_add(doc, "", 1);
		err = ly_in_new_memory((const char *)evbuffer_pullup(doc, -1), &in);
	}
	if (!err)
		err = lyd_parse_op(ctx, parent, in, xml ? LYD_XML : LYD_JSON, LYD_TYPE_RPC_YANG, &tree, op);
	if (!err)
		err = lyd_validate_op(parent ? *op : tree, NULL, LYD_TYPE_RPC_YANG, NULL);
	if (err) {
		error_libyang(&e, ctx);
		rest_error(r, 400, &e);
		if (!parent)
			lyd_free_all(tree);
	}
	ly_in_free(in, 0);
	if (doc)
		evbuffer_free(doc);
	return !err;
}

bool rest_body_input(struct restconf *r, struct lyd_node *parent, struct lyd_node **op)
{
	const struct lys_module *m = r->target.schema->module;
	char *text;
	bool good;

	if (!r->request->body)
		return parse_input(r, "", parent, op);
	if (!rest_body_check(r) || !check(r))
		return false;
	text = inside(r, m->name, m->ns, "input");
	if (!text) {
		rest_fail(r, 0, "malformed-message", "the body is no input of this operation");
		return false;
	}
	good = parse_input(r, text, parent, op);
	free(text);
	return good;
}
