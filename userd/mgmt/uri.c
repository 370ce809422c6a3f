// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "mgmt/uri.h"

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* In place: what is decoded is never longer. An octet of zero would end the text before its end. */
static bool decode(char *text)
{
	char *out = text;
	int high, low;

	for (; *text; text++) {
		if (*text != '%') {
			*out++ = *text;
			continue;
		}
		high = digit(text[1]);
		low = high < 0 ? -1 : digit(text[2]);
		if (low < 0 || !(high | low))
			return false;
		*out++ = (char)(high << 4 | low);
		text += 2;
	}
	*out = '\0';
	return true;
}

static const char *read_keys(struct uri_step *s, char *keys)
{
	char *next;

	for (; keys; keys = next) {
		next = strchr(keys, ',');
		if (next)
			*next++ = '\0';
		if (s->keys == URI_KEYS)
			return "too many key values";
		if (!decode(keys))
			return "bad percent-encoding";
		s->key[s->keys++] = keys;
	}
	return NULL;
}

static const char *read_step(struct uri *u, char *segment)
{
	struct uri_step *s = &u->step[u->steps];
	char *keys = strchr(segment, '='), *colon;

	if (u->steps == URI_STEPS)
		return "the path is too deep";
	u->steps++;
	if (keys)
		*keys++ = '\0';
	if (!decode(segment))
		return "bad percent-encoding";
	colon = strchr(segment, ':');
	if (colon) {
		*colon++ = '\0';
		s->module = segment;
	}
	s->name = colon ? colon : segment;
	if (!*s->name || (s->module && !*s->module))
		return "a segment of the path is empty";
	return read_keys(s, keys);
}

/* One slash may be at the end, where nothing follows. */
static const char *read_path(struct uri *u, char *path)
{
	const char *wrong = NULL;
	char *next;

	if (*path != '/')
		return "no path";
	for (path++; !wrong && path && *path; path = next) {
		next = strchr(path, '/');
		if (next)
			*next++ = '\0';
		wrong = read_step(u, path);
	}
	return wrong;
}

static const char *read_query(struct uri *u, char *query)
{
	char *next, *value;

	for (; query; query = next) {
		next = strchr(query, '&');
		if (next)
			*next++ = '\0';
		if (u->parameters == URI_PARAMETERS)
			return "too many query parameters";
		value = strchr(query, '=');
		if (value)
			*value++ = '\0';
		if (!decode(query) || (value && !decode(value)))
			return "bad percent-encoding";
		u->parameter[u->parameters].name = query;
		u->parameter[u->parameters++].value = value ? value : "";
	}
	return NULL;
}

const char *uri_read(struct uri *u, const char *target)
{
	const char *wrong;
	char *query;

	*u = (struct uri){ .text = strdup(target) };
	if (!u->text)
		return "no memory";
	query = strchr(u->text, '?');
	if (query)
		*query++ = '\0';
	wrong = read_path(u, u->text);
	return wrong ? wrong : read_query(u, query);
}

void uri_fini(struct uri *u)
{
	free(u->text);
	*u = (struct uri){ .steps = 0 };
}
