/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Objects as a dump delivered them: kept encoded, decoded when looked at, so
 * that a million rules stay small.
 */
#ifndef _NATFW_LIB_DUMP_H
#define _NATFW_LIB_DUMP_H

#include "object.h"

struct natfw_dump {
	const struct natfw_set *set;
	char *buf;
	size_t len, cap;	/* bytes */
	size_t *at;		/* [n + 1] where each begins */
	size_t n, nat;		/* objects; room in @at */
	bool partial;		/* objects changed meanwhile: some may be missing */
};

/* An empty dump of objects of @set. */
void natfw_dump_init(struct natfw_dump *d, const struct natfw_set *set);
void natfw_dump_fini(struct natfw_dump *d);
/* Forget the objects. */
void natfw_dump_reset(struct natfw_dump *d);
/* Append an object of @len bytes of attributes. -ENOMEM. */
int natfw_dump_add(struct natfw_dump *d, const void *attrs, size_t len);
/* Decode object @i into @obj, which the caller finishes. -ENOMEM. */
int natfw_dump_get(const struct natfw_dump *d, size_t i, void *obj);

#endif /* _NATFW_LIB_DUMP_H */
