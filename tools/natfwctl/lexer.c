// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "lexer.h"

bool lexer_init(struct lexer *l, const char *text, size_t len)
{
	memset(l, 0, sizeof(*l));
	l->at = text;
	l->end = text + len;
	l->line = 1;
	l->size = 256;
	l->room = malloc(l->size);
	return l->room;
}

void lexer_fini(struct lexer *l)
{
	free(l->room);
	memset(l, 0, sizeof(*l));
}

static bool fail(struct lexer *l, const char *why)
{
	l->error = why;
	l->n = 0;
	return false;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* True if a backslash here continues the line; skips it then. */
static bool continuation(struct lexer *l)
{
	const char *p = l->at;

	if (p == l->end || *p != '\\')
		return false;
	p++;
	if (p < l->end && *p == '\r')
		p++;
	if (p < l->end && *p != '\n')
		return false;
	l->at = p < l->end ? p + 1 : p;
	l->line++;
	return true;
}

/* Skip to the next word of this statement; false if there is none. */
static bool skip_blanks(struct lexer *l)
{
	while (l->at < l->end && (is_blank(*l->at) || continuation(l)))
		if (l->at < l->end && is_blank(*l->at))
			l->at++;
	if (l->at < l->end && *l->at == '#')
		while (l->at < l->end && *l->at != '\n')
			l->at++;
	return l->at < l->end && *l->at != '\n';
}

static int hex(char c)
{
	if (!isxdigit((unsigned char)c))
		return -1;
	return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

/* What the escape at l->at stands for, or -1. */
static int escape(struct lexer *l)
{
	int v;

	if (++l->at >= l->end)
		return -1;
	if (*l->at == '"' || *l->at == '\\')
		return (unsigned char)*l->at++;
	if (*l->at != 'x' || l->end - l->at < 3)
		return -1;
	v = hex(l->at[1]) < 0 || hex(l->at[2]) < 0 ? -1 : hex(l->at[1]) << 4 | hex(l->at[2]);
	l->at += 3;
	return v ? v : -1;
}

static bool quoted(struct lexer *l, char **out)
{
	int c;

	for (l->at++; l->at < l->end && *l->at != '"';) {
		if (*l->at == '\n' || !*l->at)
			break;
		c = *l->at == '\\' ? escape(l) : (unsigned char)*l->at++;
		if (c < 0)
			return fail(l, "within quotes a backslash stands before \\, \" or xHH");
		*(*out)++ = (char)c;
	}
	if (l->at >= l->end || *l->at != '"')
		return fail(l, "the quotes are not closed on this line");
	l->at++;
	return true;
}

static bool plain(struct lexer *l, char **out)
{
	const char *p = l->at;

	for (; p < l->end && !is_blank(*p) && *p != '\n' && *p != '"'; p++) {
		if (!*p)
			return fail(l, "there is a NUL byte");
		if (*p == '\\' && (p + 1 == l->end || p[1] == '\n' || p[1] == '\r'))
			break;
		*(*out)++ = *p;
	}
	if (p == l->at)
		return fail(l, "a backslash does not continue a line here");
	l->at = p;
	return true;
}

/* Bytes until the end of the statement, at most. */
static size_t statement_size(const struct lexer *l)
{
	const char *p = l->at, *last;

	for (; p < l->end; p++) {
		if (*p != '\n')
			continue;
		last = p > l->at && p[-1] == '\r' ? p - 1 : p;
		if (last == l->at || last[-1] != '\\')
			break;
	}
	return (size_t)(p - l->at);
}

static bool make_room(struct lexer *l)
{
	size_t need = statement_size(l) + LEXER_WORDS + 1;
	char *room;

	if (need <= l->size)
		return true;
	room = realloc(l->room, need * 2);
	if (!room)
		return fail(l, "out of memory");
	l->room = room;
	l->size = need * 2;
	return true;
}

/* Past empty lines and comments. */
static void skip_empty(struct lexer *l)
{
	while (!skip_blanks(l) && l->at < l->end) {
		l->at++;
		l->line++;
	}
}

bool lexer_next(struct lexer *l)
{
	char *out;

	l->n = 0;
	l->error = NULL;
	skip_empty(l);
	if (!make_room(l))
		return false;
	out = l->room;
	while (skip_blanks(l)) {
		if (l->n == LEXER_WORDS)
			return fail(l, "too many words");
		l->word[l->n] = out;
		l->word_line[l->n++] = l->line;
		if (!(*l->at == '"' ? quoted(l, &out) : plain(l, &out)))
			return false;
		*out++ = 0;
	}
	return true;
}
