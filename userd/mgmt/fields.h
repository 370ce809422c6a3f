/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The query parameter "fields" (RFC 8040, 4.8.3): which descendants of a resource are wanted.
 */
#ifndef _NATFWD_MGMT_FIELDS_H
#define _NATFWD_MGMT_FIELDS_H

#include <libyang/libyang.h>
#include <stdbool.h>

#define FIELDS_MAX	128

struct field {
	const char *module;		/* NULL: that of the node around it */
	const char *name;
	struct field *child, *next;	/* child NULL: all of it */
};

struct fields {
	struct field field[FIELDS_MAX];
	unsigned int n;
	struct field *first;
	/* inside */
	char *text;
};

/* Read @expr. NULL, or what is wrong with it; fields_fini() either way. */
const char *fields_read(struct fields *f, const char *expr);
void fields_fini(struct fields *f);
/* filter_keep() what of @siblings, and in them, is wanted. False: it takes too long. */
bool fields_keep(const struct fields *f, struct lyd_node *siblings);
/* Whether something of the top-level node @name may be wanted. */
bool fields_want(const struct fields *f, const char *name);

#endif /* _NATFWD_MGMT_FIELDS_H */
