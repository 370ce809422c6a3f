// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdbool.h>
#include <string.h>

#include "mgmt/json.h"

/* Behind the text that begins at @i; beyond @len if it has no end. */
static size_t behind_text(const char *text, size_t i, size_t len)
{
	for (i++; i < len && text[i] != '"'; i++)
		i += text[i] == '\\';
	return i + 1;
}

struct measure {
	unsigned int depth, parts;
	bool over;			/* the object that is all has ended */
};

static enum json_fault take(struct measure *m, char c)
{
	bool blank = strchr(" \t\r\n", c);

	/* one object, and nothing beside it */
	if (!c || (!blank && !m->depth && (m->over || c != '{')))
		return JSON_BROKEN;
	if (c == '{' || c == '[')
		m->depth++;
	else if (c == '}' || c == ']')
		m->over = !--m->depth;
	m->parts += !!strchr("{[,:", c);
	return m->depth > JSON_DEPTH_MAX ? JSON_DEEP : m->parts > JSON_PARTS_MAX ? JSON_BIG : JSON_GOOD;
}

enum json_fault json_check(const char *text, size_t len)
{
	struct measure m = { .depth = 0 };
	enum json_fault fault = JSON_GOOD;
	size_t i;

	for (i = 0; i < len && !fault; i++) {
		fault = take(&m, text[i]);
		if (text[i] == '"')
			i = behind_text(text, i, len) - 1;
	}
	return fault ? fault : m.over && i == len ? JSON_GOOD : JSON_BROKEN;
}
