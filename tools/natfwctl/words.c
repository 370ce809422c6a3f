// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "words.h"

void words_init(struct words *w, char *const *v, const unsigned int *line, unsigned int n)
{
	memset(w, 0, sizeof(*w));
	w->v = v;
	w->line = line;
	w->n = n;
}

const char *words_peek(const struct words *w)
{
	return words_end(w) ? NULL : w->v[w->at];
}

static void note(struct words *w, unsigned int at, const char *token, const char *fmt,
		 va_list ap)
{
	struct words_error *e = &w->error;

	if (e->set)
		return;
	e->set = true;
	if (w->line && w->n)
		e->line = w->line[at < w->n ? at : w->n - 1];
	snprintf(e->token, sizeof(e->token), "%s", token);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
}

bool words_fail(struct words *w, const char *fmt, ...)
{
	unsigned int at = w->at ? w->at - 1 : 0;
	va_list ap;

	va_start(ap, fmt);
	note(w, at, at < w->n ? w->v[at] : "", fmt, ap);
	va_end(ap);
	return false;
}

bool words_fail_all(struct words *w, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	note(w, 0, "", fmt, ap);
	va_end(ap);
	return false;
}

const char *words_next(struct words *w, const char *what)
{
	if (!words_end(w))
		return w->v[w->at++];
	if (w->n)
		words_fail_all(w, "%s is missing after '%s'", what, w->v[w->n - 1]);
	else
		words_fail_all(w, "%s is missing", what);
	return NULL;
}

bool words_take(struct words *w, const char *text)
{
	const char *s = words_peek(w);

	if (!s || s[0] != text[0] || strcmp(s, text))
		return false;
	w->at++;
	return true;
}

bool words_done(struct words *w)
{
	if (words_end(w))
		return !w->error.set;
	w->at++;
	return words_fail(w, "not expected here");
}

static int find_key(const struct words_key *key, unsigned int n, const char *s)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (key[i].name[0] == s[0] && !strcmp(key[i].name, s))
			return (int)i;
	return -1;
}

bool words_keys(struct words *w, const struct words_key *key, unsigned int n, void *obj,
		uint64_t *seen)
{
	uint64_t mine = 0;
	int i;

	if (!seen)
		seen = &mine;
	while (!words_end(w)) {
		i = find_key(key, n, w->v[w->at]);
		if (i < 0)
			return true;
		w->at++;
		if (*seen >> i & 1 && !key[i].again)
			return words_fail(w, "given twice");
		*seen |= 1ull << i;
		if (!key[i].read(w, obj))
			return false;
	}
	return true;
}

const char *words_error_text(const struct words *w, char *buf, size_t size)
{
	const struct words_error *e = &w->error;

	if (e->token[0])
		snprintf(buf, size, "'%s': %s", e->token, e->text);
	else
		snprintf(buf, size, "%s", e->text);
	return buf;
}
