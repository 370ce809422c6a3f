/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Leaves of data models as members of JSON objects (RFC 7951).
 */
#ifndef _NATFWD_BASE_LEAF_H
#define _NATFWD_BASE_LEAF_H

#include <jansson.h>
#include <stdio.h>

/* What is empty, or no UTF-8 and so not from this daemon, is left out. */
static inline void leaf_text(json_t *o, const char *name, const char *text)
{
	if (text && *text)
		json_object_set_new_nocheck(o, name, json_string(text));
}

static inline void leaf_number(json_t *o, const char *name, json_int_t number)
{
	json_object_set_new_nocheck(o, name, json_integer(number));
}

/* Of 64 bits: a string (6.1). */
static inline void leaf_long(json_t *o, const char *name, unsigned long long number)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", number);
	leaf_text(o, name, text);
}

#endif /* _NATFWD_BASE_LEAF_H */
