// SPDX-License-Identifier: GPL-2.0-or-later
#include <event2/bufferevent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "mgmt/certname.h"
#include "mgmt/commit.h"
#include "mgmt/gather.h"
#include "mgmt/invoke.h"
#include "mgmt/media.h"
#include "mgmt/nacm.h"
#include "mgmt/pieces.h"
#include "mgmt/rest.h"
#include "mgmt/sse.h"
#include "mgmt/store.h"

#define BIT(m)		(1u << (m))
#define READ		(BIT(REST_GET) | BIT(REST_HEAD) | BIT(REST_OPTIONS))

static const char *const methods[REST_METHODS] = {
	[REST_GET] = "GET", [REST_HEAD] = "HEAD", [REST_OPTIONS] = "OPTIONS", [REST_POST] = "POST",
	[REST_PUT] = "PUT", [REST_PATCH] = "PATCH", [REST_DELETE] = "DELETE",
};

/* ------------------------------------------------------------------ what may be done with what */

/* RFC 8040, 4. Entries of a list are told apart by their keys, or they are not written one by one. */
static unsigned int data_methods(const struct resource *t)
{
	unsigned int m = READ;

	if (t->schema->flags & LYS_CONFIG_R)
		return m;
	if (resource_many(t))
		return m;
	m |= BIT(REST_PUT) | BIT(REST_PATCH) | BIT(REST_DELETE);
	if (t->schema->nodetype & (LYS_CONTAINER | LYS_LIST))
		m |= BIT(REST_POST);
	/* a key names its entry, and goes with it */
	if (lysc_is_key(t->schema))
		m &= ~(BIT(REST_PUT) | BIT(REST_PATCH) | BIT(REST_DELETE));
	return m;
}

static unsigned int allowed(const struct resource *t)
{
	switch (t->kind) {
	case RESOURCE_DATASTORE:
		return READ | BIT(REST_POST) | BIT(REST_PUT) | BIT(REST_PATCH);
	case RESOURCE_DATA:
		return data_methods(t);
	case RESOURCE_OPERATION:
	case RESOURCE_ACTION:
		return BIT(REST_OPTIONS) | BIT(REST_POST);
	default:
		return READ;
	}
}

/* RFC 8040, 4.8. */
static unsigned int parameters(const struct restconf *r)
{
	if (r->method == REST_POST || r->method == REST_PUT)
		return r->target.kind == RESOURCE_DATA ||
		       (r->target.kind == RESOURCE_DATASTORE && r->method == REST_POST) ?
		       QUERY(QUERY_INSERT) | QUERY(QUERY_POINT) : 0;
	if (r->method != REST_GET && r->method != REST_HEAD)
		return 0;
	switch (r->target.kind) {
	case RESOURCE_DATASTORE:
	case RESOURCE_DATA:
		return QUERY(QUERY_CONTENT) | QUERY(QUERY_DEPTH) | QUERY(QUERY_FIELDS) |
		       QUERY(QUERY_DEFAULTS);
	case RESOURCE_ROOT:
		return QUERY(QUERY_DEPTH) | QUERY(QUERY_FIELDS);
	case RESOURCE_STREAM:
		return QUERY(QUERY_FILTER) | QUERY(QUERY_START) | QUERY(QUERY_STOP);
	default:
		return 0;
	}
}

static struct evbuffer *allow(const struct restconf *r)
{
	struct evbuffer *f = rest_fields("Allow: ");
	unsigned int m, bits = allowed(&r->target);
	const char *comma = "";

	if (!f)
		return NULL;
	for (m = 0; m < REST_METHODS; m++) {
		if (!(bits & BIT(m)))
			continue;
		evbuffer_add_printf(f, "%s%s", comma, methods[m]);
		comma = ", ";
	}
	evbuffer_add_printf(f, "\r\n");
	if (bits & BIT(REST_PATCH))
		evbuffer_add_printf(f, "Accept-Patch: application/yang-data+xml, "
				    "application/yang-data+json\r\n");
	return f;
}

static void not_allowed(struct restconf *r)
{
	struct mgmt_error e = { .type = "protocol", .tag = "operation-not-supported",
				.message = "this resource has no such method" };

	rest_error(r, 405, &e);
}

/* ------------------------------------------------------------------ types */

/* What an answer is to be in if nothing says so is what the request is in (RFC 8040, 5.2). */
static enum rest_format own_format(const struct http_request *q)
{
	const char *type = q->field[HTTP_CONTENT_TYPE];

	return type && (media_is(type, "application/yang-data+xml") ||
			media_is(type, "application/yang-patch+xml")) ? REST_XML : REST_JSON;
}

/* False, and the request is answered, if none of ours is accepted. */
static bool pick_format(struct restconf *r)
{
	static const char *const offers[][2] = {
		{ "application/yang-data+json", "application/yang-data+xml" },
		{ "application/yang-data+xml", "application/yang-data+json" },
	};
	int i = media_pick(r->request->field[HTTP_ACCEPT], offers[r->format], 2);

	if (i == 1)
		r->format = r->format == REST_JSON ? REST_XML : REST_JSON;
	/* what has no body of these types, or has one only if it fails */
	if (i >= 0 || r->target.kind == RESOURCE_HOST_META || r->target.kind == RESOURCE_STREAM ||
	    (r->method != REST_GET && r->method != REST_HEAD))
		return true;
	rest_fail(r, 406, "invalid-value", "there is application/yang-data+json and +xml");
	return false;
}

/* ------------------------------------------------------------------ discovery */

/* RFC 8040, 3.1. */
static void host_meta(struct restconf *r)
{
	static const char *const offer[] = { "application/xrd+xml" };
	struct http_conn *c = r->http;
	struct evbuffer *body, *fields;

	if (media_pick(r->request->field[HTTP_ACCEPT], offer, 1) < 0) {
		rest_fail(r, 406, "invalid-value", "there is application/xrd+xml");
		return;
	}
	fields = rest_fields("Cache-Control: no-cache\r\nContent-Type: application/xrd+xml\r\n");
	body = rest_fields("<XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'>"
			   "<Link rel='restconf' href='/" RESTCONF_ROOT "'/></XRD>\n");
	rest_forget(r);
	r->request = NULL;
	http_answer(c, 200, fields, body);
}

/* ------------------------------------------------------------------ requests */

static void run(struct restconf *r)
{
	switch (r->target.kind) {
	case RESOURCE_HOST_META:
		host_meta(r);
		break;
	case RESOURCE_ROOT:
	case RESOURCE_VERSION:
		rest_api(r);
		break;
	case RESOURCE_OPERATIONS:
		rest_operations(r);
		break;
	case RESOURCE_OPERATION:
	case RESOURCE_ACTION:
		rest_invoke(r);
		break;
	case RESOURCE_STREAM:
		rest_stream(r);
		break;
	default:
		if (r->method == REST_GET || r->method == REST_HEAD)
			rest_get(r);
		else
			rest_edit(r);
	}
}

static bool read_method(struct restconf *r)
{
	unsigned int m;

	for (m = 0; m < REST_METHODS && strcmp(methods[m], r->request->method) != 0; m++)
		;
	r->method = m;
	return m < REST_METHODS;
}

/* False, and the request is answered, if it is of nothing there can be. */
static bool read_target(struct restconf *r)
{
	const char *wrong = uri_read(&r->uri, r->request->target);
	enum resource_fault f;

	if (wrong) {
		rest_fail(r, 400, "invalid-value", "%s", wrong);
		return false;
	}
	f = resource_read(&r->target, store_ctx(), &r->uri);
	if (f) {
		rest_fail(r, f == RESOURCE_BAD ? 400 : 404, "invalid-value", "%s", r->target.wrong);
		return false;
	}
	if (!(allowed(&r->target) & BIT(r->method))) {
		not_allowed(r);
		return false;
	}
	wrong = query_read(&r->query, &r->uri, parameters(r));
	if (wrong)
		rest_fail(r, 400, "invalid-value", "%s", wrong);
	return !wrong;
}

static void take(struct restconf *r)
{
	r->format = own_format(r->request);
	if (!read_method(r)) {
		/* an extension of HTTP that nobody has here */
		rest_fail(r, 501, "operation-not-supported", "no such method");
		return;
	}
	if (r->method == REST_OPTIONS && !strcmp(r->request->target, "*")) {
		rest_done(r, 204, rest_fields("Allow: GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE\r\n"));
		return;
	}
	if (!read_target(r) || !pick_format(r))
		return;
	if (r->method == REST_OPTIONS)
		rest_done(r, 200, allow(r));
	else
		run(r);
}

static void on_request(void *arg, const struct http_request *q)
{
	struct restconf *r = arg;

	r->ops->active(r->arg);
	r->request = q;
	r->rules = nacm_take();
	take(r);
}

/* ------------------------------------------------------------------ life */

void rest_forget(struct restconf *r)
{
	gather_cancel(r->gather);
	r->gather = NULL;
	pieces_cancel(r->pieces);
	r->pieces = NULL;
	if (r->fields)
		evbuffer_free(r->fields);
	r->fields = NULL;
	r->begun = r->missing = false;
	nacm_release(r->rules);
	r->rules = NULL;
	commit_unwait(r->waiter);
	r->waiter = NULL;
	commit_cancel(r->commit);
	r->commit = NULL;
	invoke_cancel(r->invoke);
	r->invoke = NULL;
	sse_end(r->sse);
	r->sse = NULL;
	free(r->location);
	r->location = NULL;
	resource_fini(&r->target);
	uri_fini(&r->uri);
}

static void on_refuse(void *arg, unsigned int status, const char *why)
{
	static const char *const tags[] = { "malformed-message", "too-big", "operation-not-supported" };
	struct restconf *r = arg;

	rest_fail(r, status, tags[status == 413 || status == 414 || status == 431 ? 1 : status > 500 ? 2 : 0],
		  "%s", why);
}

static void on_drained(void *arg)
{
	struct restconf *r = arg;

	sse_resume(r->sse);
	pieces_resume(r->pieces);
}

static void on_over(void *arg, enum session_end end, const char *why)
{
	struct restconf *r = arg;
	const struct session_ops *ops = r->ops;
	char user[LOG_NAME];
	void *owner = r->arg;

	log_info(SUB_MGMT, "restconf over user=\"%s\" why=\"%s\"",
		 log_name(r->user, user, sizeof(user)), why);
	rest_forget(r);
	free(r);
	ops->over(owner, end, why);
}

static const struct http_ops http_ops = { on_request, on_refuse, on_drained, on_over };

struct restconf *restconf_create(struct bufferevent *bev, const char *user, const struct endpoint *peer,
				 const struct session_ops *ops, void *arg)
{
	struct restconf *r = calloc(1, sizeof(*r));

	if (!r) {
		bufferevent_free(bev);
		return NULL;
	}
	r->http = http_create(bev, &http_ops, r);
	if (!r->http) {
		free(r);
		return NULL;
	}
	r->ops = ops;
	r->arg = arg;
	r->peer = *peer;
	snprintf(r->user, sizeof(r->user), "%s", user);
	return r;
}

void restconf_destroy(struct restconf *r)
{
	if (!r)
		return;
	rest_forget(r);
	http_destroy(r->http);
	free(r);
}

void restconf_leave(struct restconf *r, const char *why)
{
	http_leave(r->http, why);
	if (!r->sse)
		return;
	rest_forget(r);
	r->request = NULL;
	http_stream_end(r->http);
}

bool restconf_waits(const struct restconf *r)
{
	return r && r->sse;
}
