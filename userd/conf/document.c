// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "conf/document.h"

#define DEPTH_MAX	16
#define MEMBERS_MAX	256		/* of a map */
#define VALUES_MAX	200000

struct reader {
	yaml_parser_t parser;
	yaml_event_t event;	/* the next one, to be looked at */
	bool held;		/* event has to be deleted */
	unsigned int values, depth;
	struct conf_error *e;
};

static bool fail(struct reader *r, unsigned long line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* False, so that callers can return it. */
static bool fail(struct reader *r, unsigned long line, const char *fmt, ...)
{
	va_list ap;

	r->e->line = (unsigned int)line + 1;
	va_start(ap, fmt);
	vsnprintf(r->e->text, sizeof(r->e->text), fmt, ap);
	va_end(ap);
	return false;
}

static bool advance(struct reader *r)
{
	const yaml_parser_t *p = &r->parser;

	if (r->held)
		yaml_event_delete(&r->event);
	r->held = yaml_parser_parse(&r->parser, &r->event);
	if (r->held)
		return true;
	if (p->error == YAML_MEMORY_ERROR)
		return fail(r, p->problem_mark.line, "out of memory");
	if (p->error == YAML_READER_ERROR)
		return fail(r, p->mark.line, "%s", p->problem ? p->problem : "cannot be read");
	return fail(r, p->problem_mark.line, "%s%s%s", p->problem ? p->problem : "not YAML",
		    p->context ? ", " : "", p->context ? p->context : "");
}

static struct doc_value *new_value(struct reader *r, enum doc_kind kind)
{
	struct doc_value *v = NULL;

	if (++r->values > VALUES_MAX)
		fail(r, r->event.start_mark.line, "too many values");
	else if (!(v = calloc(1, sizeof(*v))))
		fail(r, r->event.start_mark.line, "out of memory");
	else
		*v = (struct doc_value){
			.kind = kind, .line = (unsigned int)r->event.start_mark.line + 1,
		};
	return v;
}

/* The scalar at hand as a string of its own. */
static char *scalar_text(struct reader *r)
{
	const char *text = (const char *)r->event.data.scalar.value;
	char *copy = NULL;

	if (memchr(text, 0, r->event.data.scalar.length))
		fail(r, r->event.start_mark.line, "zero octet in a value");
	else if (!(copy = strdup(text)))
		fail(r, r->event.start_mark.line, "out of memory");
	return copy;
}

static struct doc_value *read_value(struct reader *r);

static struct doc_value *read_scalar(struct reader *r)
{
	struct doc_value *v = new_value(r, DOC_SCALAR);

	if (!v)
		return NULL;
	v->plain = r->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	v->text = scalar_text(r);
	if (v->text && advance(r))
		return v;
	doc_free(v);
	return NULL;
}

/* "key" of "key: value". */
static char *read_key(struct reader *r, const struct doc_value *map, unsigned int members)
{
	char *key;

	if (r->event.type != YAML_SCALAR_EVENT) {
		fail(r, r->event.start_mark.line, "a name was expected");
		return NULL;
	}
	key = scalar_text(r);
	if (!key)
		return NULL;
	if (members >= MEMBERS_MAX)
		fail(r, r->event.start_mark.line, "too many members");
	else if (doc_member(map, key))
		fail(r, r->event.start_mark.line, "\"%.64s\" is there twice", key);
	else if (advance(r))
		return key;
	free(key);
	return NULL;
}

static bool read_members(struct reader *r, struct doc_value *v, yaml_event_type_t end)
{
	struct doc_value **last = &v->child;
	unsigned int members = 0;
	char *key = NULL;

	while (r->event.type != end) {
		if (v->kind == DOC_MAP && !(key = read_key(r, v, members++)))
			return false;
		*last = read_value(r);
		if (!*last) {
			free(key);
			return false;
		}
		(*last)->key = key;
		last = &(*last)->next;
	}
	return advance(r);
}

static struct doc_value *read_group(struct reader *r, enum doc_kind kind, yaml_event_type_t end)
{
	struct doc_value *v = new_value(r, kind);
	bool good;

	if (!v)
		return NULL;
	if (++r->depth > DEPTH_MAX)
		good = fail(r, r->event.start_mark.line, "too deep");
	else
		good = advance(r) && read_members(r, v, end);
	r->depth--;
	if (good)
		return v;
	doc_free(v);
	return NULL;
}

static bool tagged(const yaml_event_t *e)
{
	return (e->type == YAML_SCALAR_EVENT && e->data.scalar.tag) ||
	       (e->type == YAML_SEQUENCE_START_EVENT && e->data.sequence_start.tag) ||
	       (e->type == YAML_MAPPING_START_EVENT && e->data.mapping_start.tag);
}

static struct doc_value *read_value(struct reader *r)
{
	if (tagged(&r->event)) {
		fail(r, r->event.start_mark.line, "tags are not used here");
		return NULL;
	}
	switch (r->event.type) {
	case YAML_SCALAR_EVENT:
		return read_scalar(r);
	case YAML_SEQUENCE_START_EVENT:
		return read_group(r, DOC_LIST, YAML_SEQUENCE_END_EVENT);
	case YAML_MAPPING_START_EVENT:
		return read_group(r, DOC_MAP, YAML_MAPPING_END_EVENT);
	case YAML_ALIAS_EVENT:
		fail(r, r->event.start_mark.line, "aliases are not used here");
		return NULL;
	default:
		fail(r, r->event.start_mark.line, "a value was expected");
		return NULL;
	}
}

/* From the stream's start to its end, which is after one document or none. */
static struct doc_value *read_document(struct reader *r)
{
	struct doc_value *v;

	if (!advance(r) || !advance(r))
		return NULL;
	if (r->event.type == YAML_STREAM_END_EVENT)
		return new_value(r, DOC_MAP);
	if (!advance(r))
		return NULL;
	v = read_value(r);
	if (v && advance(r) && r->event.type == YAML_STREAM_END_EVENT)
		return v;
	if (v && !*r->e->text)
		fail(r, r->event.start_mark.line, "more than one document");
	doc_free(v);
	return NULL;
}

struct doc_value *doc_read(const char *text, size_t len, struct conf_error *e)
{
	struct reader r = { .e = e };
	struct doc_value *v;

	*e = (struct conf_error){ 0 };
	if (!yaml_parser_initialize(&r.parser)) {
		fail(&r, 0, "out of memory");
		return NULL;
	}
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, len);
	v = read_document(&r);
	if (r.held)
		yaml_event_delete(&r.event);
	yaml_parser_delete(&r.parser);
	return v;
}

void doc_free(struct doc_value *v)
{
	while (v) {
		struct doc_value *next = v->next;

		doc_free(v->child);
		free(v->text);
		free(v->key);
		free(v);
		v = next;
	}
}

const struct doc_value *doc_member(const struct doc_value *map, const char *key)
{
	const struct doc_value *v;

	for (v = map->child; v; v = v->next)
		if (v->key && !strcmp(v->key, key))
			return v;
	return NULL;
}

bool doc_null(const struct doc_value *v)
{
	return v->kind == DOC_SCALAR && v->plain &&
	       (!*v->text || !strcmp(v->text, "~") || !strcmp(v->text, "null"));
}
