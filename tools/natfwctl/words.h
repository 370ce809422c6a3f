/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A statement as a row of words with a place to read from.
 *
 * Both the command line and configuration files come down to this, so one
 * parser serves both. A reader that finds something wrong notes it in
 * words.error and returns false; the first one counts.
 */
#ifndef _NATFWCTL_WORDS_H
#define _NATFWCTL_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct words_error {
	bool set;
	unsigned int line;	/* in the file; 0 on the command line */
	char token[64];		/* what is wrong; empty: something is missing */
	char text[192];		/* why */
};

struct words {
	char *const *v;			/* [n] borrowed */
	const unsigned int *line;	/* [n] line of each word, or NULL */
	unsigned int n, at;
	struct words_error error;
};

struct words_key {
	const char *name;
	bool (*read)(struct words *w, void *obj);
	bool again;			/* may be given more than once */
};

/* Read @n words from @v, lines @line (or NULL). */
void words_init(struct words *w, char *const *v, const unsigned int *line, unsigned int n);
static inline bool words_end(const struct words *w)
{
	return w->at >= w->n;
}

/* The next word, not consumed; NULL at the end. */
const char *words_peek(const struct words *w);
/* Consume the next word; NULL and an error about missing @what at the end. */
const char *words_next(struct words *w, const char *what);
/* Consume the next word if it is @text. */
bool words_take(struct words *w, const char *text);
/* The word consumed last is wrong. Returns false. */
bool words_fail(struct words *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The statement as a whole is wrong. Returns false. */
bool words_fail_all(struct words *w, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* False, with an error, if words are left. */
bool words_done(struct words *w);

/*
 * Read words that begin with one of the @n keys @key into @obj until the end
 * or until no key fits; each key once unless it says "again". @seen (or NULL)
 * carries which were read.
 */
bool words_keys(struct words *w, const struct words_key *key, unsigned int n, void *obj,
		uint64_t *seen);
/* "'token': why", or why alone, in @buf. */
const char *words_error_text(const struct words *w, char *buf, size_t size);

#endif /* _NATFWCTL_WORDS_H */
