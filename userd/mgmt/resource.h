/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a path of RESTCONF is of the schema (RFC 8040, 3), and where that is in a data tree.
 */
#ifndef _NATFWD_MGMT_RESOURCE_H
#define _NATFWD_MGMT_RESOURCE_H

#include <libyang/libyang.h>
#include <stdbool.h>

#include "mgmt/uri.h"

#define RESTCONF_ROOT	"restconf"

enum resource_kind {
	RESOURCE_NONE,
	RESOURCE_HOST_META,		/* RFC 6415 */
	RESOURCE_ROOT, RESOURCE_VERSION,
	RESOURCE_DATASTORE, RESOURCE_DATA,
	RESOURCE_OPERATIONS, RESOURCE_OPERATION, RESOURCE_ACTION,
	RESOURCE_STREAM,
};

enum resource_fault {
	RESOURCE_GOOD,
	RESOURCE_UNKNOWN,		/* no such resource can be */
	RESOURCE_BAD,			/* not the form of a path */
};

struct resource {
	enum resource_kind kind;
	const struct lysc_node *schema;	/* of data, operation or action */
	/*
	 * Containers and list entries on the way, as data; the last is the resource itself, or its parent if it is
	 * a leaf, a list as such, a leaf-list as such, or an action.
	 */
	struct lyd_node *way, *last;
	bool instance;			/* last is the resource itself */
	const char *stream, *encoding;	/* of a stream */
	char wrong[160];		/* in words, with a fault */
};

/* What @u is the path of; @u has to stay. Free by resource_fini() either way. */
enum resource_fault resource_read(struct resource *r, const struct ly_ctx *ctx, const struct uri *u);
/* The same for a path of a data resource that begins at the datastore, or at the root (RFC 8040, 4.8.6). */
enum resource_fault resource_point(struct resource *r, const struct ly_ctx *ctx, const struct uri *u);
void resource_fini(struct resource *r);
/* The first node of @tree that is the resource; NULL: none is there. */
struct lyd_node *resource_find(const struct resource *r, const struct lyd_node *tree);
/* The same of the parent; NULL: it is not there, or the resource is at the top. */
struct lyd_node *resource_parent(const struct resource *r, const struct lyd_node *tree);
/* Whether it is of a list or leaf-list, and no entry is named. */
bool resource_many(const struct resource *r);
/* A copy of the way in *@top. The last node of it; NULL: the resource is at the top, or (with *@top) no memory. */
struct lyd_node *resource_copy(const struct resource *r, struct lyd_node **top);

#endif /* _NATFWD_MGMT_RESOURCE_H */
