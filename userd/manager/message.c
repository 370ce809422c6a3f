// SPDX-License-Identifier: GPL-2.0-or-later
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "manager/message.h"

#define BASE_NS		"urn:ietf:params:xml:ns:netconf:base:1.0"
#define NOTIFICATION_NS	"urn:ietf:params:xml:ns:netconf:notification:1.0"
#define TEXT_MAX	512
#define DEPTH_MAX	200
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

struct reader {
	xmlParserCtxtPtr parser;
	struct message m;
	const char *error;
	unsigned int depth;
	bool started;		/* something other than white space came */
	bool in_error, is_warning, first_error;
	bool collect;		/* text of the element we are in is wanted */
	char text[TEXT_MAX];
	size_t text_len;
};

/* ------------------------------------------------------------------ capabilities */

static const struct {
	const char *uri, *name;
	unsigned int bit;
} capabilities[] = {
	{ "urn:ietf:params:netconf:base:1.0", "base:1.0", CAP_BASE_10 },
	{ "urn:ietf:params:netconf:base:1.1", "base:1.1", CAP_BASE_11 },
	{ "urn:ietf:params:netconf:capability:writable-running:1.0", "writable-running",
	  CAP_WRITABLE_RUNNING },
	{ "urn:ietf:params:netconf:capability:candidate:1.0", "candidate", CAP_CANDIDATE },
	{ "urn:ietf:params:netconf:capability:confirmed-commit:1.1", "confirmed-commit",
	  CAP_CONFIRMED },
	{ "urn:ietf:params:netconf:capability:rollback-on-error:1.0", "rollback-on-error",
	  CAP_ROLLBACK },
	{ "urn:ietf:params:netconf:capability:validate:1.1", "validate", CAP_VALIDATE },
	{ "urn:ietf:params:netconf:capability:startup:1.0", "startup", CAP_STARTUP },
	{ "urn:ietf:params:netconf:capability:xpath:1.0", "xpath", CAP_XPATH },
	{ "urn:ietf:params:netconf:capability:notification:1.0", "notification",
	  CAP_NOTIFICATION },
	{ "urn:ietf:params:netconf:capability:with-defaults:1.0", "with-defaults", CAP_DEFAULTS },
};

unsigned int capability_of(const char *uri)
{
	size_t i, len = strcspn(uri, "?");

	for (i = 0; i < ARRAY_SIZE(capabilities); i++)
		if (strlen(capabilities[i].uri) == len && !strncmp(uri, capabilities[i].uri, len))
			return capabilities[i].bit;
	return 0;
}

const char *capability_name(unsigned int bit)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(capabilities); i++)
		if (capabilities[i].bit == bit)
			return capabilities[i].name;
	return NULL;
}

/* ------------------------------------------------------------------ what the parser tells */

static void stop(struct reader *r, const char *why)
{
	if (!r->error)
		r->error = why;
	xmlStopParser(r->parser);
}

static bool is(const xmlChar *a, const char *b)
{
	return a && !strcmp((const char *)a, b);
}

static void take_id(struct reader *r, const xmlChar *value, const xmlChar *end)
{
	char text[24], *rest;
	size_t len = (size_t)(end - value);

	if (len >= sizeof(text) || !len || *value < '0' || *value > '9')
		return;
	memcpy(text, value, len);
	text[len] = '\0';
	r->m.id = strtoull(text, &rest, 10);
	r->m.has_id = !*rest;
}

static void take_root(struct reader *r, const xmlChar *name, const xmlChar *uri, int n,
		      const xmlChar **attribute)
{
	int i;

	if (is(uri, NOTIFICATION_NS) && is(name, "notification"))
		r->m.kind = MESSAGE_NOTIFICATION;
	if (!is(uri, BASE_NS))
		return;
	if (is(name, "hello"))
		r->m.kind = MESSAGE_HELLO;
	else if (is(name, "rpc-reply"))
		r->m.kind = MESSAGE_REPLY;
	else if (is(name, "rpc"))
		r->m.kind = MESSAGE_RPC;
	/* name, prefix, namespace, value, its end */
	for (i = 0; i < n; i++, attribute += 5)
		if (is(attribute[0], "message-id") && !attribute[2])
			take_id(r, attribute[3], attribute[4]);
}

static bool wants_text(const struct reader *r, const xmlChar *name)
{
	if (r->m.kind == MESSAGE_HELLO)
		return (r->depth == 3 && is(name, "capability")) ||
		       (r->depth == 2 && is(name, "session-id"));
	return r->in_error && r->depth == 3 &&
	       (is(name, "error-tag") || is(name, "error-severity") || is(name, "error-path") ||
		is(name, "error-message"));
}

static void on_start(void *arg, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
		     int namespaces, const xmlChar **ns, int attributes, int defaulted,
		     const xmlChar **attribute)
{
	struct reader *r = arg;

	(void)prefix;
	(void)namespaces;
	(void)ns;
	(void)defaulted;
	if (++r->depth > DEPTH_MAX) {
		stop(r, "nested too deeply");
		return;
	}
	if (r->depth == 1)
		take_root(r, name, uri, attributes, attribute);
	if (r->depth == 2) {
		r->m.children++;
		r->in_error = r->m.kind == MESSAGE_REPLY && is(uri, BASE_NS) && is(name, "rpc-error");
		r->is_warning = false;
		r->first_error = !r->m.errors;
		r->m.ok |= r->m.kind == MESSAGE_REPLY && is(uri, BASE_NS) && is(name, "ok");
		if (r->in_error && r->first_error)
			*r->m.error_tag = *r->m.error_path = *r->m.error_message = '\0';
	}
	r->collect = wants_text(r, name);
	r->text_len = 0;
}

static void on_text(void *arg, const xmlChar *text, int len)
{
	struct reader *r = arg;
	size_t n = (size_t)len;

	if (!r->collect)
		return;
	if (n > sizeof(r->text) - 1 - r->text_len)
		n = sizeof(r->text) - 1 - r->text_len;
	memcpy(r->text + r->text_len, text, n);
	r->text_len += n;
}

/* What was collected, without white space around it. */
static const char *trimmed(struct reader *r)
{
	char *text = r->text;

	while (r->text_len && strchr(" \t\r\n", r->text[r->text_len - 1]))
		r->text_len--;
	r->text[r->text_len] = '\0';
	return text + strspn(text, " \t\r\n");
}

static void take_session(struct reader *r, const char *text)
{
	unsigned long long n;
	char *end;

	if (r->m.has_session || *text < '0' || *text > '9') {
		stop(r, "session-id is not right");
		return;
	}
	n = strtoull(text, &end, 10);
	if (*end || !n || n > UINT32_MAX) {
		stop(r, "session-id is not right");
		return;
	}
	r->m.has_session = true;
	r->m.session = (uint32_t)n;
}

static void take_error_part(struct reader *r, const xmlChar *name, const char *text)
{
	if (is(name, "error-severity"))
		r->is_warning = !strcmp(text, "warning");
	else if (!r->first_error)
		return;
	else if (is(name, "error-tag"))
		snprintf(r->m.error_tag, sizeof(r->m.error_tag), "%s", text);
	else if (is(name, "error-path"))
		snprintf(r->m.error_path, sizeof(r->m.error_path), "%s", text);
	else
		snprintf(r->m.error_message, sizeof(r->m.error_message), "%s", text);
}

static void take_text(struct reader *r, const xmlChar *name)
{
	const char *text = trimmed(r);

	r->collect = false;
	if (r->m.kind != MESSAGE_HELLO) {
		take_error_part(r, name, text);
	} else if (is(name, "session-id")) {
		take_session(r, text);
	} else {
		r->m.listed++;
		r->m.capabilities |= capability_of(text);
	}
}

static void on_end(void *arg, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
	struct reader *r = arg;

	(void)prefix;
	(void)uri;
	if (r->collect)
		take_text(r, name);
	if (r->depth == 2 && r->in_error) {
		r->m.errors += !r->is_warning;
		r->m.warnings += r->is_warning;
		r->in_error = false;
	}
	r->depth--;
}

static void on_document_type(void *arg, const xmlChar *name, const xmlChar *external,
			     const xmlChar *system)
{
	(void)name;
	(void)external;
	(void)system;
	stop(arg, "document type declaration");
}

/* A processing instruction or a comment means nothing, and goes on as it is. */
static void on_error(void *arg, const xmlError *e)
{
	(void)arg;
	(void)e;
}

static xmlParserInputPtr no_input(void *arg, const xmlChar *public_id, const xmlChar *system)
{
	(void)public_id;
	(void)system;
	stop(arg, "external entity");
	return NULL;
}

/* ------------------------------------------------------------------ reading */

struct reader *reader_begin(void)
{
	xmlSAXHandler sax = {
		.initialized = XML_SAX2_MAGIC,
		.startElementNs = on_start, .endElementNs = on_end, .characters = on_text,
		.cdataBlock = on_text, .internalSubset = on_document_type,
		.resolveEntity = no_input, .serror = (xmlStructuredErrorFunc)on_error,
	};
	struct reader *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->parser = xmlCreatePushParserCtxt(&sax, r, NULL, 0, NULL);
	if (!r->parser) {
		free(r);
		return NULL;
	}
	/* what the declaration says does not matter: it is UTF-8, or not well-formed */
	xmlCtxtUseOptions(r->parser, XML_PARSE_NONET | XML_PARSE_IGNORE_ENC | XML_PARSE_COMPACT);
	xmlSwitchEncoding(r->parser, XML_CHAR_ENCODING_UTF8);
	return r;
}

static bool broken(struct reader *r)
{
	if (r->parser->errNo && !r->parser->wellFormed && !r->error)
		r->error = "not well-formed";
	return r->error;
}

int reader_feed(struct reader *r, const void *data, size_t len)
{
	const char *at = data;
	size_t n;

	/* peers put line ends between messages, before what may be a declaration */
	while (!r->started && len && strchr(" \t\r\n", *at) && *at) {
		at++;
		len--;
	}
	while (len && !r->error) {
		n = len < 65536 ? len : 65536;
		r->started = true;
		if (memchr(at, 0, n))
			r->error = "not well-formed";
		else
			xmlParseChunk(r->parser, at, (int)n, 0);
		broken(r);
		at += n;
		len -= n;
	}
	return r->error ? -1 : 0;
}

const struct message *reader_end(struct reader *r)
{
	if (!r->error)
		xmlParseChunk(r->parser, "", 0, 1);
	if (broken(r))
		return NULL;
	if (r->depth || !r->started || !r->parser->wellFormed) {
		r->error = "not well-formed";
		return NULL;
	}
	return &r->m;
}

const char *reader_error(const struct reader *r)
{
	return r->error ? r->error : "nothing wrong";
}

void reader_free(struct reader *r)
{
	if (!r)
		return;
	if (r->parser->myDoc)
		xmlFreeDoc(r->parser->myDoc);
	xmlFreeParserCtxt(r->parser);
	free(r);
}
