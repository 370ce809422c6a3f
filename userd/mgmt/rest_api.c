// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is around the data: the API resource and the operations there are (RFC 8040, 3.3).
 */
#include <string.h>

#include "mgmt/fields.h"
#include "mgmt/rest.h"
#include "mgmt/store.h"
#include "mgmt/xml.h"

/* ------------------------------------------------------------------ operations */

/* What NETCONF itself consists of is no operation of a data model. */
static bool is_protocol(const struct lys_module *m)
{
	return !strcmp(m->name, "ietf-netconf") || !strcmp(m->name, "notifications");
}

static void each_operation(struct evbuffer *out, void (*put)(struct evbuffer *out, const struct lysc_node *n,
							     bool first))
{
	const struct lys_module *m;
	const struct lysc_node *n;
	bool first = true;
	uint32_t at = 0;

	while ((m = ly_ctx_get_module_iter(store_ctx(), &at))) {
		if (!m->implemented || is_protocol(m))
			continue;
		LY_LIST_FOR((const struct lysc_node *)m->compiled->rpcs, n) {
			put(out, n, first);
			first = false;
		}
	}
}

static void put_json(struct evbuffer *out, const struct lysc_node *n, bool first)
{
	evbuffer_add_printf(out, "%s\"%s:%s\":[null]", first ? "" : ",", n->module->name, n->name);
}

static void put_xml(struct evbuffer *out, const struct lysc_node *n, bool first)
{
	(void)first;
	evbuffer_add_printf(out, "<%s xmlns=\"%s\"/>", n->name, n->module->ns);
}

void rest_operations(struct restconf *r)
{
	struct evbuffer *out = evbuffer_new();

	if (!out) {
		rest_give_up(r);
		return;
	}
	if (r->format == REST_XML) {
		evbuffer_add_printf(out, "<operations xmlns=\"" RESTCONF_NS "\">");
		each_operation(out, put_xml);
		evbuffer_add_printf(out, "</operations>");
	} else {
		evbuffer_add_printf(out, "{\"ietf-restconf:operations\":{");
		each_operation(out, put_json);
		evbuffer_add_printf(out, "}}");
	}
	rest_answer(r, 200, NULL, out);
}

/* ------------------------------------------------------------------ the API resource */

static const char *library_version(void)
{
	const struct lys_module *m = ly_ctx_get_module_implemented(store_ctx(), "ietf-yang-library");

	return m && m->revision ? m->revision : "";
}

static void put_api(struct evbuffer *out, const struct restconf *r, const struct fields *f)
{
	static const char *const names[] = { "data", "operations", "yang-library-version" };
	bool xml = r->format == REST_XML;
	const char *comma = "";
	unsigned int i;

	for (i = 0; i < 3 && r->query.depth != 1; i++) {
		const char *text = i == 2 ? library_version() : "";

		if (f->first && !fields_want(f, names[i]))
			continue;
		if (xml)
			evbuffer_add_printf(out, "<%s>%s</%s>", names[i], text, names[i]);
		else if (i == 2)
			evbuffer_add_printf(out, "%s\"%s\":\"%s\"", comma, names[i], text);
		else
			evbuffer_add_printf(out, "%s\"%s\":{}", comma, names[i]);
		comma = ",";
	}
}

static void put_root(struct evbuffer *out, const struct restconf *r, const struct fields *f)
{
	bool xml = r->format == REST_XML;

	evbuffer_add_printf(out, xml ? "<restconf xmlns=\"" RESTCONF_NS "\">" :
			    "{\"ietf-restconf:restconf\":{");
	put_api(out, r, f);
	evbuffer_add_printf(out, xml ? "</restconf>" : "}}");
}

static void put_version(struct evbuffer *out, const struct restconf *r)
{
	evbuffer_add_printf(out, r->format == REST_XML ?
			    "<yang-library-version xmlns=\"" RESTCONF_NS "\">%s</yang-library-version>" :
			    "{\"ietf-restconf:yang-library-version\":\"%s\"}", library_version());
}

void rest_api(struct restconf *r)
{
	struct fields f = { .n = 0 };
	const char *wrong = r->query.fields ? fields_read(&f, r->query.fields) : NULL;
	struct evbuffer *out = wrong ? NULL : evbuffer_new();

	if (out && r->target.kind == RESOURCE_VERSION)
		put_version(out, r);
	else if (out)
		put_root(out, r, &f);
	fields_fini(&f);
	if (wrong)
		rest_fail(r, 400, "invalid-value", "%s", wrong);
	else if (out)
		rest_answer(r, 200, NULL, out);
	else
		rest_give_up(r);
}
