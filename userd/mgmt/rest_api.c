// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is around the data: the API resource, the operations there are, and what the server is capable of
 * (RFC 8040, 3.3 and 9).
 */
#include <string.h>

#include "mgmt/fields.h"
#include "mgmt/rest.h"
#include "mgmt/store.h"
#include "mgmt/stream.h"
#include "mgmt/xml.h"

#define CAPABILITY	"urn:ietf:params:restconf:capability:"

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

/* ------------------------------------------------------------------ monitoring */

static void put_stream(struct evbuffer *out, const struct stream_info *i)
{
	static const char *const encodings[] = { "xml", "json" };
	char created[STREAM_TIME], aged[STREAM_TIME];
	unsigned int e;

	evbuffer_add_printf(out, "<stream><name>%s</name><description>%s</description>"
			    "<replay-support>true</replay-support><replay-log-creation-time>%s"
			    "</replay-log-creation-time>", i->name, i->description,
			    stream_time(&i->created, created));
	if (i->aged.tv_sec)
		evbuffer_add_printf(out, "<replay-log-aged-time>%s</replay-log-aged-time>",
				    stream_time(&i->aged, aged));
	/* relative: what it is called by is known at the other end only */
	for (e = 0; e < 2; e++)
		evbuffer_add_printf(out, "<access><encoding>%s</encoding><location>/" RESTCONF_ROOT
				    "/streams/%s/%s</location></access>", encodings[e], i->name,
				    encodings[e]);
	evbuffer_add_printf(out, "</stream>");
}

struct evbuffer *restconf_monitoring(void)
{
	static const char *const capabilities[] = {
		"defaults:1.0?basic-mode=trim", "depth:1.0", "fields:1.0", "filter:1.0", "replay:1.0",
		"with-defaults:1.0",
	};
	struct evbuffer *out = evbuffer_new();
	struct stream_info info;
	unsigned int i;

	if (!out)
		return NULL;
	evbuffer_add_printf(out, "<restconf-state xmlns=\""
			    "urn:ietf:params:xml:ns:yang:ietf-restconf-monitoring\"><capabilities>");
	for (i = 0; i < sizeof(capabilities) / sizeof(capabilities[0]); i++)
		evbuffer_add_printf(out, "<capability>" CAPABILITY "%s</capability>", capabilities[i]);
	evbuffer_add_printf(out, "</capabilities><streams>");
	for (i = 0; stream_info(i, &info); i++)
		put_stream(out, &info);
	evbuffer_add_printf(out, "</streams></restconf-state>");
	return out;
}
