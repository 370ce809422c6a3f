/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Splits the text of a configuration file into statements of words.
 */
#ifndef _NATFWCTL_LEXER_H
#define _NATFWCTL_LEXER_H

#include <stdbool.h>
#include <stddef.h>

#define LEXER_WORDS	128	/* most words of a statement */

struct lexer {
	const char *at, *end;
	unsigned int line;		/* of what is read next */
	char *room;			/* words are copied there; as long as the text */
	size_t size;
	char *word[LEXER_WORDS];
	unsigned int word_line[LEXER_WORDS];
	unsigned int n;
	const char *error;		/* why lexer_next() failed */
};

/* Read @len bytes at @text, which must stay. False when out of memory. */
bool lexer_init(struct lexer *l, const char *text, size_t len);
void lexer_fini(struct lexer *l);
/*
 * Read the next statement into l->word[l->n]; words are valid until the next
 * call. l->n is 0 at the end. False with l->error, and no words, for
 * what is no statement.
 */
bool lexer_next(struct lexer *l);

#endif /* _NATFWCTL_LEXER_H */
