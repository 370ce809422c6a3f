/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A YAML document, or a JSON one, which is YAML too, as a tree that knows its lines.
 *
 * What configuration has no use for is an error: aliases, tags, several documents, keys that are no
 * scalars or come twice, zero octets, depth without end.
 */
#ifndef _NATFWD_CONF_YAML_H
#define _NATFWD_CONF_YAML_H

#include "conf/conf.h"

enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAP };

struct yaml_value {
	enum yaml_kind kind;
	unsigned int line;		/* from 1 */
	bool plain;			/* scalar without quotes */
	char *text;			/* scalar */
	char *key;			/* member of a map */
	struct yaml_value *child;	/* first of a list or map */
	struct yaml_value *next;	/* in the list or map it belongs to */
};

/*
 * The document in @text, for yaml_free(); an empty one is an empty map. NULL and @e, which has line and text,
 * if there is something wrong with it.
 */
struct yaml_value *yaml_read(const char *text, size_t len, struct conf_error *e);
void yaml_free(struct yaml_value *v);
/* The member called @key, or NULL. */
const struct yaml_value *yaml_member(const struct yaml_value *map, const char *key);
/* Nothing: an empty plain scalar, "~" or "null". */
bool yaml_null(const struct yaml_value *v);

#endif /* _NATFWD_CONF_YAML_H */
