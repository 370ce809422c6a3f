/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Paths of access control rules: instance-identifiers in which predicates for keys may be left out, so one
 * stands for a node of the schema or for some of its instances (node-instance-identifier, RFC 8341).
 */
#ifndef _NATFWD_MGMT_NODEPATH_H
#define _NATFWD_MGMT_NODEPATH_H

#include <libyang/libyang.h>
#include <stdbool.h>

struct nodepath;

enum nodepath_fit {
	NODEPATH_NO,
	NODEPATH_SOME,		/* some instances, by the predicates */
	NODEPATH_ALL,
};

/*
 * Read @text, in which prefixes are names of modules, and are those of the node before if left out (RFC 7951,
 * 6.11). "/" stands for everything. NULL, and *@wrong says why.
 */
struct nodepath *nodepath_parse(const char *text, const char **wrong);
/* NULL is allowed. */
void nodepath_free(struct nodepath *p);
/* Whether instances of @node are at @p or below. */
enum nodepath_fit nodepath_fits(const struct nodepath *p, const struct lysc_node *node);
/* Whether @node is. */
bool nodepath_has(const struct nodepath *p, const struct lyd_node *node);

#endif /* _NATFWD_MGMT_NODEPATH_H */
