// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Operations (RFC 8040, 3.6 and 4.4.2).
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mgmt/invoke.h"
#include "mgmt/modules.h"
#include "mgmt/nacm.h"
#include "mgmt/rest_body.h"
#include "mgmt/store.h"
#include "mgmt/xml.h"

/* ------------------------------------------------------------------ get-schema */

static void put_schema(struct evbuffer *out, const struct restconf *r, const struct lys_module *m, const char *text)
{
	json_t *doc;
	char *json;

	if (r->format == REST_XML) {
		evbuffer_add_printf(out, "<output xmlns=\"%s\"><data>", m->ns);
		xml_put(out, text, strlen(text));
		evbuffer_add_printf(out, "</data></output>");
		return;
	}
	doc = json_pack("{s:{s:s}}", "ietf-netconf-monitoring:output", "data", text);
	json = json_dumps(doc, JSON_COMPACT);
	json_decref(doc);
	if (json)
		evbuffer_add(out, json, strlen(json));
	free(json);
}

/* RFC 6022, 3.1. */
static void get_schema(struct restconf *r, const struct lyd_node *op)
{
	const char *format = invoke_value(op, "format"), *version = invoke_value(op, "version");
	const char *colon = format ? strrchr(format, ':') : NULL;
	char *text = format && strcmp(colon ? colon + 1 : format, "yang") ? NULL :
		     modules_text(store_ctx(), invoke_value(op, "identifier"), version && *version ? version : NULL);
	struct evbuffer *out = text ? evbuffer_new() : NULL;

	if (out) {
		put_schema(out, r, op->schema->module, text);
		rest_answer(r, 200, NULL, out);
	} else {
		rest_fail(r, 0, "invalid-value", "no such module, in YANG");
	}
	free(text);
}

/* ------------------------------------------------------------------ running it */

static bool takes_input(const struct lysc_node *op)
{
	const struct lysc_node_action *a = (const struct lysc_node_action *)op;

	return a->input.child;
}

/* Members of the output have no module's name in front, as "output" has it (RFC 7951, 4). */
static bool put_json(struct evbuffer *out, const struct lyd_node *op)
{
	json_t *doc = NULL, *inside;
	char *text = NULL, name[128];
	bool good;

	if (!lyd_print_mem(&text, op, LYD_JSON, LYD_PRINT_SHRINK))
		doc = json_loads(text, 0, NULL);
	free(text);
	snprintf(name, sizeof(name), "%s:%s", op->schema->module->name, op->schema->name);
	inside = json_incref(json_object_get(doc, name));
	json_decref(doc);
	snprintf(name, sizeof(name), "%s:output", op->schema->module->name);
	doc = json_pack("{s:o}", name, inside);
	text = doc ? json_dumps(doc, JSON_COMPACT) : NULL;
	json_decref(doc);
	good = text && !evbuffer_add(out, text, strlen(text));
	free(text);
	return good;
}

static bool put_xml(struct evbuffer *out, const struct lyd_node *op)
{
	char *text = NULL;

	if (lyd_print_mem(&text, lyd_child(op), LYD_XML, LYD_PRINT_SHRINK | LYD_PRINT_WITHSIBLINGS))
		return false;
	evbuffer_add_printf(out, "<output xmlns=\"%s\">%s</output>", op->schema->module->ns, text ? text : "");
	free(text);
	return true;
}

static void put_output(struct restconf *r, const struct lyd_node *op)
{
	struct evbuffer *out = evbuffer_new();

	if (out && (r->format == REST_XML ? put_xml(out, op) : put_json(out, op))) {
		rest_answer(r, 200, NULL, out);
		return;
	}
	if (out)
		evbuffer_free(out);
	rest_give_up(r);
}

static void on_done(void *arg, const struct invoke_result *result)
{
	struct restconf *r = arg;
	struct mgmt_error e;

	r->invoke = NULL;
	if (result->missing) {
		/* the resource that the operation is of */
		e = *result->error;
		e.tag = "invalid-value";
		rest_error(r, 404, &e);
	} else if (result->error) {
		rest_error(r, 0, result->error);
	} else if (result->output) {
		put_output(r, result->output);
	} else {
		rest_done(r, 204, NULL);
	}
}

static void run(struct restconf *r, const struct lyd_node *op)
{
	if (!strcmp(op->schema->module->name, "ietf-netconf-monitoring")) {
		get_schema(r, op);
		return;
	}
	if (!invoke_serves(op->schema)) {
		rest_fail(r, 501, "operation-not-supported", "%s is not for managers, or is NETCONF's",
			  op->schema->name);
		return;
	}
	r->invoke = invoke_start(r->user, op, on_done, r);
	if (!r->invoke)
		rest_fail(r, 0, "resource-denied", "too much to do");
}

static void deny(struct restconf *r)
{
	struct mgmt_error e = { .type = "protocol", .tag = "access-denied",
				.message = "no rule permits this operation" };

	rest_error(r, 0, &e);
}

static void invoke(struct restconf *r, struct lyd_node *parent)
{
	struct lyd_node *op;

	if (!rest_body_input(r, parent, &op))
		return;
	if (parent && !nacm_may_act(r->user, op))
		deny(r);
	else
		run(r, op);
	if (!parent)
		lyd_free_all(op);
}

void rest_invoke(struct restconf *r)
{
	const struct lysc_node *schema = r->target.schema;
	struct lyd_node *top = NULL, *parent = NULL;

	if (r->request->body && !takes_input(schema)) {
		rest_fail(r, 400, "invalid-value", "this operation takes no input");
		return;
	}
	if (r->target.kind == RESOURCE_OPERATION) {
		if (nacm_may_exec(r->user, schema))
			invoke(r, NULL);
		else
			deny(r);
		return;
	}
	parent = resource_copy(&r->target, &top);
	if (parent)
		invoke(r, parent);
	else
		rest_give_up(r);
	lyd_free_all(top);
}
