// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Answers of the RESTCONF server.
 */
#include <ctype.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mgmt/certname.h"
#include "mgmt/datastore.h"
#include "mgmt/etag.h"
#include "mgmt/nacm.h"
#include "mgmt/rest.h"
#include "mgmt/store.h"
#include "mgmt/xml.h"

#define CACHE	"Cache-Control: no-cache, no-store\r\n"

/* ------------------------------------------------------------------ the envelope */

struct evbuffer *rest_fields(const char *fmt, ...)
{
	struct evbuffer *out = evbuffer_new();
	va_list ap;

	if (!out)
		return NULL;
	va_start(ap, fmt);
	evbuffer_add_vprintf(out, fmt, ap);
	va_end(ap);
	return out;
}

static void reply(struct restconf *r, unsigned int status, struct evbuffer *fields, struct evbuffer *body)
{
	struct http_conn *c = r->http;

	rest_forget(r);
	r->request = NULL;
	http_answer(c, status, fields, body);
}

struct evbuffer *rest_head(const struct restconf *r, struct evbuffer *fields)
{
	if (!fields)
		fields = evbuffer_new();
	if (fields)
		evbuffer_add_printf(fields, CACHE "Content-Type: application/yang-data+%s\r\n",
				    r->format == REST_XML ? "xml" : "json");
	return fields;
}

void rest_answer(struct restconf *r, unsigned int status, struct evbuffer *fields, struct evbuffer *body)
{
	reply(r, status, rest_head(r, fields), body);
}

void rest_done(struct restconf *r, unsigned int status, struct evbuffer *fields)
{
	if (!fields)
		fields = evbuffer_new();
	if (fields)
		evbuffer_add_printf(fields, CACHE);
	reply(r, status, fields, NULL);
}

/* ------------------------------------------------------------------ conditions */

static bool since(const char *field, bool modified)
{
	time_t t = http_time(field);

	/* what is no time is ignored (RFC 9110, 13.1.3) */
	return t < 0 || (etag_modified() > t) == modified;
}

/* In the order of RFC 9110, 13.2.2. */
static unsigned int check_conditions(const struct restconf *r, const char *tag, bool there)
{
	char *const *f = r->request->field;
	bool reads = r->method == REST_GET || r->method == REST_HEAD;

	if (f[HTTP_IF_MATCH] && !etag_listed(f[HTTP_IF_MATCH], tag, there))
		return 412;
	if (!f[HTTP_IF_MATCH] && f[HTTP_IF_UNMODIFIED_SINCE] && !since(f[HTTP_IF_UNMODIFIED_SINCE], false))
		return 412;
	if (f[HTTP_IF_NONE_MATCH] && etag_listed(f[HTTP_IF_NONE_MATCH], tag, there))
		return reads ? 304 : 412;
	if (reads && there && !f[HTTP_IF_NONE_MATCH] && f[HTTP_IF_MODIFIED_SINCE] &&
	    http_time(f[HTTP_IF_MODIFIED_SINCE]) >= 0 && !since(f[HTTP_IF_MODIFIED_SINCE], true))
		return 304;
	return 0;
}

/* The tag of the target in running; false: it is not there. */
static bool target_tag(const struct restconf *r, char tag[ETAG_LEN])
{
	const struct lyd_node *running = datastore_tree(DATASTORE_RUNNING), *n;

	*tag = '\0';
	if (r->target.kind == RESOURCE_DATASTORE) {
		snprintf(tag, ETAG_LEN, "%s", etag_running());
		return true;
	}
	n = resource_find(&r->target, running);
	return n && nacm_may_see(r->user, n) && etag_make(n, false, tag);
}

struct evbuffer *rest_conditions(struct restconf *r, unsigned int *status)
{
	const struct lysc_node *schema = r->target.schema;
	struct evbuffer *fields = evbuffer_new();
	char tag[ETAG_LEN], date[30];
	bool there;

	*status = 0;
	if (!fields || (schema && !(schema->flags & LYS_CONFIG_W)))
		return fields;
	there = target_tag(r, tag);
	*status = check_conditions(r, tag, there);
	/* each representation has a tag of its own (RFC 8040, 3.4.1.2) */
	if (there)
		evbuffer_add_printf(fields, "ETag: \"%s-%s\"\r\nLast-Modified: %s\r\n", tag,
				    r->format == REST_XML ? "xml" : "json", http_date(etag_modified(), date));
	return fields;
}

/* ------------------------------------------------------------------ errors */

/* RFC 8040, 7, where there is a choice the one that goes with an edit. */
static unsigned int status_of(const char *tag)
{
	static const struct {
		const char *tag;
		unsigned int status;
	} map[] = {
		{ "in-use", 409 }, { "lock-denied", 409 }, { "resource-denied", 409 },
		{ "data-exists", 409 }, { "data-missing", 409 }, { "too-big", 413 },
		{ "access-denied", 403 }, { "operation-not-supported", 501 },
		{ "rollback-failed", 500 }, { "operation-failed", 500 }, { "partial-operation", 500 },
	};
	size_t i;

	for (i = 0; i < sizeof(map) / sizeof(map[0]); i++)
		if (!strcmp(map[i].tag, tag))
			return map[i].status;
	return 400;
}

static struct evbuffer *json_error(const struct mgmt_error *e)
{
	json_t *error = json_pack("{s:s,s:s}", "error-type", e->type, "error-tag", e->tag), *doc;
	struct evbuffer *out = evbuffer_new();
	char *text;

	if (e->app_tag)
		json_object_set_new(error, "error-app-tag", json_string(e->app_tag));
	if (*e->path)
		json_object_set_new(error, "error-path", json_string(e->path));
	if (*e->message)
		json_object_set_new(error, "error-message", json_string(e->message));
	doc = json_pack("{s:{s:[o]}}", "ietf-restconf:errors", "error", error);
	text = json_dumps(doc, JSON_COMPACT);
	json_decref(doc);
	if (out && text)
		evbuffer_add(out, text, strlen(text));
	free(text);
	return out;
}

static void put_leaf(struct evbuffer *out, const char *name, const char *text)
{
	evbuffer_add_printf(out, "<%s>", name);
	xml_put(out, text, strlen(text));
	evbuffer_add_printf(out, "</%s>", name);
}

static bool name_char(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.';
}

static size_t name_len(const char *at)
{
	size_t n = 0;

	while (name_char(at[n]))
		n++;
	return n;
}

/* Past what is between quotation marks, or one character. */
static size_t skip(const char *at)
{
	const char *end = *at == '\'' || *at == '"' ? strchr(at + 1, *at) : NULL;

	return end ? (size_t)(end - at) + 1 : 1;
}

/*
 * @fn is told of each name in the path of a node, and the module it is of, which is the one before if none is
 * named (RFC 7951, 6.11); and of what is between names, with @module NULL.
 */
static void each_name(const char *path, void (*fn)(struct evbuffer *out, const char *module, const char *name,
						   size_t len), struct evbuffer *out)
{
	char module[64] = "";
	size_t n;

	for (; *path; path += n) {
		bool starts = *path == '/' || *path == '[';

		n = starts ? 1 : skip(path);
		fn(out, NULL, path, n);
		if (!starts || !(n = name_len(path + 1)))
			continue;
		if (path[1 + n] == ':') {
			snprintf(module, sizeof(module), "%.*s", (int)n, path + 1);
			path += n + 1;
			n = name_len(path + 1);
		}
		fn(out, module, path + 1, n);
		n++;
	}
}

static void put_name(struct evbuffer *out, const char *module, const char *name, size_t len)
{
	if (module)
		evbuffer_add_printf(out, "%s:", module);
	xml_put(out, name, len);
}

/* A declaration again does no harm to what is read, but is not well-formed: one for each module. */
static void put_declaration(struct evbuffer *out, const char *module, const char *name, size_t len)
{
	const struct lys_module *m = module ? ly_ctx_get_module_implemented(store_ctx(), module) : NULL;
	char declaration[80];

	(void)name;
	(void)len;
	if (!m)
		return;
	snprintf(declaration, sizeof(declaration), " xmlns:%s=", module);
	if (evbuffer_search(out, declaration, strlen(declaration), NULL).pos >= 0)
		return;
	evbuffer_add_printf(out, "%s\"%s\"", declaration, m->ns);
}

static void put_path(struct evbuffer *out, const char *path)
{
	struct evbuffer *declarations = evbuffer_new();

	if (!declarations)
		return;
	each_name(path, put_declaration, declarations);
	evbuffer_add_printf(out, "<error-path");
	evbuffer_add_buffer(out, declarations);
	evbuffer_free(declarations);
	evbuffer_add(out, ">", 1);
	each_name(path, put_name, out);
	evbuffer_add_printf(out, "</error-path>");
}

static struct evbuffer *xml_error(const struct mgmt_error *e)
{
	struct evbuffer *out = evbuffer_new();

	if (!out)
		return NULL;
	evbuffer_add_printf(out, "<errors xmlns=\"" RESTCONF_NS "\"><error>");
	put_leaf(out, "error-type", e->type);
	put_leaf(out, "error-tag", e->tag);
	if (e->app_tag)
		put_leaf(out, "error-app-tag", e->app_tag);
	if (*e->path)
		put_path(out, e->path);
	if (*e->message)
		put_leaf(out, "error-message", e->message);
	evbuffer_add_printf(out, "</error></errors>");
	return out;
}

/* What a document cannot carry, from a path that was decoded, or cut off within a character. */
static void drop_unless_text(char *text)
{
	if (!certname_valid((const uint8_t *)text, strlen(text)))
		*text = '\0';
}

void rest_error(struct restconf *r, unsigned int status, const struct mgmt_error *e)
{
	struct mgmt_error told = *e;

	drop_unless_text(told.message);
	drop_unless_text(told.path);
	rest_answer(r, status ? status : status_of(e->tag), NULL,
		    r->format == REST_XML ? xml_error(&told) : json_error(&told));
}

void rest_fail(struct restconf *r, unsigned int status, const char *tag, const char *fmt, ...)
{
	struct mgmt_error e = { .type = "protocol", .tag = tag };
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(e.message, sizeof(e.message), fmt, ap);
	va_end(ap);
	rest_error(r, status, &e);
}

void rest_give_up(struct restconf *r)
{
	rest_fail(r, 500, "operation-failed", "out of memory");
}
