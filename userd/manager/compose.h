/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Operations of NETCONF (RFC 6241) as text, and their likes of RESTCONF, for the steps of a request.
 */
#ifndef _MANAGER_COMPOSE_H
#define _MANAGER_COMPOSE_H

#include <jansson.h>
#include <stddef.h>

/* What is asked for; members that are NULL are left out. */
struct compose {
	const char *source;		/* get-config's; NULL: get */
	const char *xpath, *subtree;	/* filters; subtree is XML */
	const char *const *prefix;	/* "prefix=URI", NULL at the end; for xpath */
	const char *path;		/* RESTCONF, below the data resource */
	const char *target, *operation, *on_error;	/* edit-config's */
	const char *method;		/* RESTCONF's; NULL: PATCH */
};

/* Texts, to be freed. NULL: out of memory. */
char *compose_get(const struct compose *c);
char *compose_edit(const struct compose *c, const char *config);
/* Steps, new references. @why: what is wrong, when NULL is returned. */
json_t *compose_get_step(const struct compose *c, const char **why);
json_t *compose_edit_step(const struct compose *c, const char *config, const char **why);
/* One step for each element in @xml, which needs no root; elements called rpc are opened. */
json_t *compose_steps(const char *xml, const char **why);
/* @text without an XML declaration before it. */
const char *compose_body(const char *text);

#endif /* _MANAGER_COMPOSE_H */
