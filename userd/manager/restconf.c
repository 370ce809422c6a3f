// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A RESTCONF client (RFC 8040) on a connection that called: finds the root resource (3.1), then one
 * request at a time on the same connection.
 */
#define _DEFAULT_SOURCE
#include <event2/buffer.h>
#include <jansson.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/http.h"
#include "manager/engine.h"

#define ROOT_MAX	256
#define ERROR_MAX	65536	/* of a body, when it is looked at for what went wrong */

struct restconf {
	struct engine e;
	struct http http;
	struct evbuffer *text;		/* of the body that is arriving */
	char *authorization;
	char root[ROOT_MAX];		/* empty: not found yet */
	bool json;			/* so it is said to be */
	bool broken;
};

static void broken(struct restconf *r, const char *why)
{
	r->broken = true;
	r->e.user->broken(r->e.arg, why);
}

/* ------------------------------------------------------------------ the root resource */

struct host_meta {
	xmlParserCtxtPtr parser;
	char root[ROOT_MAX];
	bool bad;
};

static void take_attribute(const xmlChar **a, const char *name, char *out, size_t size)
{
	size_t len = (size_t)(a[4] - a[3]);

	if (strcmp((const char *)a[0], name) || len >= size)
		return;
	memcpy(out, a[3], len);
	out[len] = '\0';
}

static void on_link(void *arg, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
		    int namespaces, const xmlChar **ns, int attributes, int defaulted,
		    const xmlChar **a)
{
	struct host_meta *m = arg;
	char rel[32] = "", href[ROOT_MAX] = "";
	int i;

	(void)prefix;
	(void)uri;
	(void)namespaces;
	(void)ns;
	(void)defaulted;
	for (i = 0; i < attributes; i++, a += 5) {
		take_attribute(a, "rel", rel, sizeof(rel));
		take_attribute(a, "href", href, sizeof(href));
	}
	if (!strcmp((const char *)name, "Link") && !strcmp(rel, "restconf") && !*m->root)
		memcpy(m->root, href, sizeof(href));
}

static void on_document_type(void *arg, const xmlChar *name, const xmlChar *id,
			     const xmlChar *system)
{
	struct host_meta *m = arg;

	(void)name;
	(void)id;
	(void)system;
	m->bad = true;
	xmlStopParser(m->parser);
}

static void no_error(void *arg, const xmlError *e)
{
	(void)arg;
	(void)e;
}

/* What may stand in a request line: no blank, nothing beyond ASCII, nothing that ends it. */
static bool plain_path(const char *path)
{
	const char *c;

	for (c = path; *c; c++)
		if (*c <= ' ' || *c >= 0x7f || *c == '#')
			return false;
	return *path == '/' || !*path;
}

static bool find_root(struct restconf *r, const char *text, size_t len)
{
	xmlSAXHandler sax = {
		.initialized = XML_SAX2_MAGIC, .startElementNs = on_link,
		.internalSubset = on_document_type, .serror = (xmlStructuredErrorFunc)no_error,
	};
	struct host_meta m = { .bad = false };
	size_t end;

	m.parser = xmlCreatePushParserCtxt(&sax, &m, NULL, 0, NULL);
	if (!m.parser)
		return false;
	/* as message.c: it is UTF-8, whatever its declaration says, or not well-formed */
	xmlCtxtUseOptions(m.parser, XML_PARSE_NONET | XML_PARSE_IGNORE_ENC | XML_PARSE_COMPACT);
	xmlSwitchEncoding(m.parser, XML_CHAR_ENCODING_UTF8);
	xmlParseChunk(m.parser, text, (int)len, 1);
	m.bad |= !m.parser->wellFormed;
	if (m.parser->myDoc)
		xmlFreeDoc(m.parser->myDoc);
	xmlFreeParserCtxt(m.parser);
	end = strlen(m.root);
	while (end && m.root[end - 1] == '/')
		m.root[--end] = '\0';
	if (m.bad || *m.root != '/' || !plain_path(m.root))
		return false;
	memcpy(r->root, m.root, sizeof(r->root));
	return true;
}

static void take_host_meta(struct restconf *r, struct evbuffer *body)
{
	size_t len = evbuffer_get_length(body);
	const unsigned char *text = evbuffer_pullup(body, -1);

	if (r->http.status != 200 || !text || !find_root(r, (const char *)text, len)) {
		broken(r, "no root resource of RESTCONF found");
		return;
	}
	r->e.user->ready(r->e.arg);
}

/* ------------------------------------------------------------------ answers */

static const char *word(json_t *error, const char *key, char *out, size_t size)
{
	const char *value = json_string_value(json_object_get(error, key));

	snprintf(out, size, "%s", value ? value : "");
	return out;
}

/* The first error of a yang-errors body in JSON (RFC 8040 7.1). */
static void explain(const struct restconf *r, struct answer *a, char tag[64], char path[256],
		    char message[256])
{
	size_t len = evbuffer_get_length(a->text);
	const char *text = len <= ERROR_MAX ? (const char *)evbuffer_pullup(a->text, -1) : NULL;
	json_t *top = text && r->json ? json_loadb(text, len, 0, NULL) : NULL;
	json_t *errors = json_object_get(top, "ietf-restconf:errors");
	json_t *first = json_array_get(json_object_get(errors, "error"), 0);

	a->tag = word(first, "error-tag", tag, 64);
	a->path = word(first, "error-path", path, 256);
	a->message = word(first, "error-message", message, 256);
	json_decref(top);
}

static void take_answer(struct restconf *r, struct evbuffer *body)
{
	char tag[64] = "", path[256] = "", message[256] = "";
	struct answer a = {
		.outcome = r->http.status < 300 ? OUTCOME_OK : OUTCOME_ERROR,
		.tag = tag, .path = path, .message = message, .status = r->http.status,
		.text = body,
	};

	if (a.outcome == OUTCOME_ERROR)
		explain(r, &a, tag, path, message);
	r->e.asked = false;
	r->e.user->answered(r->e.arg, &a);
}

/* Whoever is answered may ask the next, so nothing of this one may be in the way. */
static void take_end(struct restconf *r)
{
	struct evbuffer *body = r->text;
	bool last = r->http.close;

	r->text = NULL;
	if (*r->root)
		take_answer(r, body);
	else
		take_host_meta(r, body);
	evbuffer_free(body);
	if (last && !r->broken)
		broken(r, "the device closes the connection");
}

static bool on_field(void *arg, const char *name, const char *value)
{
	struct restconf *r = arg;

	if (!strcasecmp(name, "content-type"))
		r->json = !strncasecmp(value, "application/yang-data+json", 26);
	return true;
}

static void on_data(struct engine *e, const uint8_t *data, size_t len)
{
	struct restconf *r = (struct restconf *)e;
	const uint8_t *piece = NULL;
	size_t used, size = 0;

	while (!r->broken) {
		switch (http_next(&r->http, data, len, &used, &piece, &size)) {
		case HTTP_MORE:
			return;
		case HTTP_HEAD:
			break;
		case HTTP_DATA:
			if (evbuffer_add(r->text, piece, size))
				broken(r, "out of memory");
			break;
		case HTTP_END:
			take_end(r);
			break;
		case HTTP_BAD:
			broken(r, "not HTTP, or a response that nobody asked for");
			return;
		case HTTP_LONG:
			broken(r, "response too long");
			return;
		}
		data += used;
		len -= used;
	}
}

/* ------------------------------------------------------------------ asking */

static const char *check(const struct order *o)
{
	static const char *const methods[] = {
		"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", NULL,
	};
	unsigned int i;

	if (!o->method)
		return "the device speaks RESTCONF, not NETCONF";
	for (i = 0; methods[i] && strcmp(methods[i], o->method); i++)
		;
	if (!methods[i])
		return "no such method";
	return plain_path(o->path) ? NULL : "the path has to begin with / and to be percent-encoded";
}

static bool put_request(struct restconf *r, const char *root, const struct order *o, const char *accept)
{
	struct evbuffer *out = r->e.out;
	bool bad = evbuffer_add_printf(out, "%s %s%s HTTP/1.1\r\nHost: device\r\nAccept: %s\r\n",
				       o->method, root, o->path, accept) < 0;

	if (r->authorization)
		bad |= evbuffer_add_printf(out, "Authorization: %s\r\n", r->authorization) < 0;
	if (o->body)
		bad |= evbuffer_add_printf(out, "Content-Type: application/yang-data+%s\r\n"
					   "Content-Length: %zu\r\n", o->type, o->body_len) < 0;
	bad |= evbuffer_add(out, "\r\n", 2);
	if (o->body)
		bad |= evbuffer_add(out, o->body, o->body_len);
	r->text = evbuffer_new();
	r->json = false;
	http_expect(&r->http, !strcmp(o->method, "HEAD"));
	return !bad && r->text;
}

static const char *ask(struct engine *e, const struct order *o)
{
	struct restconf *r = (struct restconf *)e;
	const char *why = check(o);
	char accept[64];

	if (why)
		return why;
	if (e->asked || !*r->root)
		return "the session is busy";
	snprintf(accept, sizeof(accept), "application/yang-data+%s",
		 o->type && !strcmp(o->type, "xml") ? "xml" : "json");
	r->http.limit = (size_t)e->limits->message * 1024;
	e->asked = true;
	if (!put_request(r, r->root, o, accept))
		broken(r, "out of memory");
	else
		e->user->flush(e->arg);
	return NULL;
}

/* The end of the connection is goodbye enough. */
static void bye(struct engine *e)
{
	broken((struct restconf *)e, "closed");
}

static void restconf_free(struct engine *e)
{
	struct restconf *r = (struct restconf *)e;

	http_fini(&r->http);
	if (r->text)
		evbuffer_free(r->text);
	if (r->authorization)
		explicit_bzero(r->authorization, strlen(r->authorization));
	free(r->authorization);
	free(r);
}

static void describe(const struct engine *e, char *out, size_t size)
{
	snprintf(out, size, "RESTCONF %s", ((const struct restconf *)e)->root);
}

struct engine *restconf_engine(struct evbuffer *out, const struct settings_limits *limits,
			       const char *authorization, const struct engine_user *user, void *arg)
{
	static const struct engine_ops ops = { on_data, ask, bye, restconf_free, describe };
	static const struct order first = { .method = "GET", .path = "/.well-known/host-meta" };
	struct restconf *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->e = (struct engine){
		.ops = &ops, .user = user, .arg = arg, .out = out, .limits = limits,
	};
	http_init(&r->http, (size_t)limits->hello * 1024);
	r->http.field = on_field;
	r->http.arg = r;
	r->authorization = authorization ? strdup(authorization) : NULL;
	if ((authorization && !r->authorization) || !put_request(r, "", &first, "application/xrd+xml")) {
		restconf_free(&r->e);
		return NULL;
	}
	user->flush(arg);
	return &r->e;
}
