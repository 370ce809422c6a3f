// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "manager/compose.h"

#define BASE_NS	"urn:ietf:params:xml:ns:netconf:base:1.0"

/* ------------------------------------------------------------------ pieces */

static void put_escaped(FILE *out, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '&':
			fputs("&amp;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		case '\n':
			fputs("&#10;", out);
			break;
		default:
			fputc(*text, out);
		}
	}
}

const char *compose_body(const char *text)
{
	const char *end;

	text += strspn(text, " \t\r\n");
	if (strncmp(text, "<?xml", 5))
		return text;
	end = strstr(text, "?>");
	return end ? end + 2 : text;
}

static void put_prefixes(FILE *out, const char *const *prefix)
{
	const char *equals;

	for (; prefix && *prefix; prefix++) {
		equals = strchr(*prefix, '=');
		if (!equals)
			continue;
		fprintf(out, " xmlns:%.*s=\"", (int)(equals - *prefix), *prefix);
		put_escaped(out, equals + 1);
		fputc('"', out);
	}
}

static void put_filter(FILE *out, const struct compose *c)
{
	if (c->xpath) {
		fputs("<filter type=\"xpath\"", out);
		put_prefixes(out, c->prefix);
		fputs(" select=\"", out);
		put_escaped(out, c->xpath);
		fputs("\"/>", out);
	} else if (c->subtree) {
		fprintf(out, "<filter type=\"subtree\">%s</filter>", compose_body(c->subtree));
	}
}

/* A datastore is an element, or a URL. */
static void put_datastore(FILE *out, const char *element, const char *name)
{
	if (strchr(name, ':')) {
		fprintf(out, "<%s><url>", element);
		put_escaped(out, name);
		fprintf(out, "</url></%s>", element);
	} else {
		fprintf(out, "<%s><%s/></%s>", element, name, element);
	}
}

/* ------------------------------------------------------------------ operations */

char *compose_get(const struct compose *c)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fprintf(out, "<%s>", c->source ? "get-config" : "get");
	if (c->source)
		put_datastore(out, "source", c->source);
	put_filter(out, c);
	fprintf(out, "</%s>", c->source ? "get-config" : "get");
	fclose(out);
	return text;
}

/* test-option is not for servers that do not say they validate (RFC 6241 7.2), so it is not there. */
char *compose_edit(const struct compose *c, const char *config)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fputs("<edit-config>", out);
	put_datastore(out, "target", c->target ? c->target : "running");
	if (c->operation)
		fprintf(out, "<default-operation>%s</default-operation>", c->operation);
	if (c->on_error)
		fprintf(out, "<error-option>%s</error-option>", c->on_error);
	fprintf(out, "<config>%s</config></edit-config>", compose_body(config));
	fclose(out);
	return text;
}

/* ------------------------------------------------------------------ steps */

static json_t *rpc_step(char *rpc, const char **why)
{
	json_t *step = rpc ? json_object() : NULL;

	*why = rpc ? "not UTF-8" : "out of memory";
	if (step && json_object_set_new(step, "rpc", json_string(rpc))) {
		json_decref(step);
		step = NULL;
	}
	free(rpc);
	return step;
}

static void add_http(json_t *step, const char *method, const char *path, const char *query)
{
	char *whole;

	if (asprintf(&whole, "/data%s%s", path ? path : "", query) < 0)
		return;
	json_object_set_new(step, "method", json_string(method));
	json_object_set_new(step, "path", json_string(whole));
	free(whole);
}

/* Which of the two is used is decided by what the device speaks. */
json_t *compose_get_step(const struct compose *c, const char **why)
{
	json_t *step;

	if (c->path && (c->xpath || c->subtree)) {
		*why = "a path is for RESTCONF, filters are for NETCONF";
		return NULL;
	}
	step = c->path ? json_object() : rpc_step(compose_get(c), why);
	if (step && !c->xpath && !c->subtree)
		add_http(step, "GET", c->path, c->source ? "?content=config" : "");
	return step;
}

json_t *compose_edit_step(const struct compose *c, const char *config, const char **why)
{
	const char *body = compose_body(config);
	json_t *step;

	if (!c->path)
		return rpc_step(compose_edit(c, config), why);
	step = json_object();
	*why = "not UTF-8";
	add_http(step, c->method ? c->method : "PATCH", c->path, "");
	json_object_set_new(step, "type", json_string(*body == '<' ? "xml" : "json"));
	if (!json_object_set_new(step, "body", json_string(config)))
		return step;
	json_decref(step);
	return NULL;
}

/* An element with the namespaces it is in declared on itself. */
static char *element_text(xmlNodePtr node)
{
	xmlDocPtr doc = xmlNewDoc((const xmlChar *)"1.0");
	xmlNodePtr copy = doc ? xmlDocCopyNode(node, doc, 1) : NULL;
	xmlBufferPtr b = xmlBufferCreate();
	char *text = NULL;

	if (copy && b) {
		xmlDocSetRootElement(doc, copy);
		/* <rpc> around it has the namespace anyway */
		if (xmlNodeDump(b, doc, copy, 0, 0) >= 0)
			text = strdup((const char *)xmlBufferContent(b));
	}
	if (b)
		xmlBufferFree(b);
	xmlFreeDoc(doc);
	return text;
}

static bool add_steps(json_t *steps, xmlNodePtr parent, const char **why)
{
	xmlNodePtr node;
	json_t *step;

	for (node = parent->children; node; node = node->next) {
		if (node->type != XML_ELEMENT_NODE)
			continue;
		if (!strcmp((const char *)node->name, "rpc")) {
			if (!add_steps(steps, node, why))
				return false;
			continue;
		}
		step = rpc_step(element_text(node), why);
		if (!step || json_array_append_new(steps, step))
			return false;
	}
	return true;
}

static xmlDocPtr parse(const char *xml)
{
	xmlDocPtr doc;
	char *whole;

	if (asprintf(&whole, "<all xmlns=\"" BASE_NS "\">%s</all>", compose_body(xml)) < 0)
		return NULL;
	doc = xmlReadMemory(whole, (int)strlen(whole), NULL, "UTF-8",
			    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	free(whole);
	return doc;
}

json_t *compose_steps(const char *xml, const char **why)
{
	xmlDocPtr doc = parse(xml);
	json_t *steps = json_array();

	*why = "not well-formed";
	if (doc && add_steps(steps, xmlDocGetRootElement(doc), why)) {
		xmlFreeDoc(doc);
		if (json_array_size(steps))
			return steps;
		*why = "there is no operation in it";
		doc = NULL;
	}
	xmlFreeDoc(doc);
	json_decref(steps);
	return NULL;
}
