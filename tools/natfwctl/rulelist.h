/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules for people to read.
 */
#ifndef _NATFWCTL_RULELIST_H
#define _NATFWCTL_RULELIST_H

#include <stdio.h>

#include "dump.h"
#include "json.h"
#include "model.h"

/*
 * Numbers of the rules of @d in the order they are tried: by priority, then by
 * id. Allocated; NULL when out of memory.
 */
size_t *rulelist_order(const struct natfw_dump *d);
/* "ID  SPEC  # state", and a line of counters with -s. @width: digits of the id. */
void rulelist_print(FILE *f, const struct natfw_rule *r, int width);
/* The object of @r with its specification as "spec". */
void rulelist_json(struct json *j, const struct natfw_rule *r);

#endif /* _NATFWCTL_RULELIST_H */
