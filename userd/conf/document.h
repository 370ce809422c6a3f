/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A document in YAML, or a JSON one, which is YAML too, as a tree that knows its lines.
 *
 * What configuration has no use for is an error: aliases, tags, several documents, keys that are no
 * scalars or come twice, zero octets, depth without end.
 */
#ifndef _NATFWD_CONF_DOCUMENT_H
#define _NATFWD_CONF_DOCUMENT_H

#include "conf/conf.h"

enum doc_kind { DOC_SCALAR, DOC_LIST, DOC_MAP };

struct doc_value {
	enum doc_kind kind;
	unsigned int line;		/* from 1 */
	bool plain;			/* scalar without quotes */
	char *text;			/* scalar */
	char *key;			/* member of a map */
	struct doc_value *child;	/* first of a list or map */
	struct doc_value *next;	/* in the list or map it belongs to */
};

/*
 * The document in @text, for doc_free(); an empty one is an empty map. NULL and @e, which has line and text,
 * if there is something wrong with it.
 */
struct doc_value *doc_read(const char *text, size_t len, struct conf_error *e);
void doc_free(struct doc_value *v);
/* The member called @key, or NULL. */
const struct doc_value *doc_member(const struct doc_value *map, const char *key);
/* Nothing: an empty plain scalar, "~" or "null". */
bool doc_null(const struct doc_value *v);

#endif /* _NATFWD_CONF_DOCUMENT_H */
