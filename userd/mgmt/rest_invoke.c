// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Operations (RFC 8040, 3.6 and 4.4.2).
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "mgmt/callhome.h"
#include "mgmt/modules.h"
#include "mgmt/nacm.h"
#include "mgmt/rest_body.h"
#include "mgmt/store.h"
#include "mgmt/xml.h"

/* ------------------------------------------------------------------ what there is */

static const char *value_of(const struct lyd_node *op, const char *name)
{
	const struct lyd_node *c;

	LY_LIST_FOR(lyd_child(op), c)
		if (!strcmp(c->schema->name, name))
			return lyd_get_value(c);
	return NULL;
}

/* Who names a manager that is not there should know. */
struct look {
	const char *name;
	bool found;
};

static void look_at(void *arg, const struct call_info *i)
{
	struct look *l = arg;

	l->found |= !strcmp(l->name, i->name);
}

static void call_home(struct restconf *r, const struct lyd_node *op)
{
	struct look l = { .name = value_of(op, "client") };
	struct mgmt_error e = { .type = "application", .tag = "invalid-value",
				.path = "/natfw:call-home/client", .message = "no such manager" };

	callhome_each(look_at, &l);
	if (!l.found) {
		rest_error(r, 0, &e);
		return;
	}
	callhome_now(l.name);
	rest_done(r, 204, NULL);
}

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
	const char *format = value_of(op, "format"), *version = value_of(op, "version");
	const char *colon = format ? strrchr(format, ':') : NULL;
	char *text = format && strcmp(colon ? colon + 1 : format, "yang") ? NULL :
		     modules_text(store_ctx(), value_of(op, "identifier"), version && *version ? version : NULL);
	struct evbuffer *out = text ? evbuffer_new() : NULL;

	if (out) {
		put_schema(out, r, op->schema->module, text);
		rest_answer(r, 200, NULL, out);
	} else {
		rest_fail(r, 0, "invalid-value", "no such module, in YANG");
	}
	free(text);
}

static const struct {
	const char *module, *name;
	void (*run)(struct restconf *r, const struct lyd_node *op);
} operations[] = {
	{ "natfw", "call-home", call_home },
	{ "ietf-netconf-monitoring", "get-schema", get_schema },
};

#define COUNT	(sizeof(operations) / sizeof(operations[0]))

/* ------------------------------------------------------------------ running it */

static bool takes_input(const struct lysc_node *op)
{
	const struct lysc_node_action *a = (const struct lysc_node_action *)op;

	return a->input.child;
}

static void run(struct restconf *r, const struct lyd_node *op)
{
	size_t i;

	for (i = 0; i < COUNT; i++) {
		if (strcmp(op->schema->module->name, operations[i].module) != 0 ||
		    strcmp(op->schema->name, operations[i].name) != 0)
			continue;
		operations[i].run(r, op);
		return;
	}
	rest_fail(r, 501, "operation-not-supported", "%s is run on the device only", op->schema->name);
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
