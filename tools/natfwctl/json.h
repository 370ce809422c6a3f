/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JSON, compact. Keys are those of the netlink specification.
 */
#ifndef _NATFWCTL_JSON_H
#define _NATFWCTL_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "object.h"

struct json {
	FILE *f;
	bool comma;		/* something was written at this level */
};

void json_init(struct json *j, FILE *f);
/* @key is NULL within arrays and at the top. */
void json_open(struct json *j, const char *key, char bracket);
void json_close(struct json *j, char bracket);
void json_text(struct json *j, const char *key, const char *value);
void json_number(struct json *j, const char *key, uint64_t value);
void json_bool(struct json *j, const char *key, bool value);
/* The members of @obj, without brackets. */
void json_members(struct json *j, const struct natfw_set *set, const void *obj);
/* @obj as an object of its own. */
void json_entry(struct json *j, const char *key, const struct natfw_set *set,
		 const void *obj);
/* End the line. */
void json_end(struct json *j);

#endif /* _NATFWCTL_JSON_H */
