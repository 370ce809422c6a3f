/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The schema of the configuration: userd/yang/natfw.yang, and modules of the IETF that are configured beside it.
 * It is inside the program, so the two cannot be out of step, and a process in its empty root directory has
 * it too.
 */
#ifndef _NATFWD_CONF_SCHEMA_H
#define _NATFWD_CONF_SCHEMA_H

#include <libyang/libyang.h>
#include <stdbool.h>

#define SCHEMA_MODULE	"natfw"

/* A context with the modules in it, errors kept and not printed; for ly_ctx_destroy(). NULL: no memory. */
struct ly_ctx *schema_create(void);
/* Add the modules to @ctx. False: no memory, or a module is broken. */
bool schema_load(struct ly_ctx *ctx);
/* Add the module in @text; @features of it are on, up to a NULL. The same. */
bool schema_add(struct ly_ctx *ctx, const char *text, const char *const *features);
/* The text of one of them, or of what they import, as it was written; NULL: it is none of these. */
const char *schema_text(const char *name);
/*
 * Whether @n is a leaf that nobody is to see: one that can be configured and says nacm:default-deny-all itself
 * (RFC 8341, 3.7). It does not leave the monitor but to who needs it.
 */
bool schema_secret(const struct lysc_node *n);
/* Take secrets away from @first, its siblings and what is below; @first itself is none. */
void schema_drop_secrets(struct lyd_node *first);
/*
 * What went wrong last, in words, to @text; where in the data, or else in the schema, to @path. Clears what
 * was kept.
 */
void schema_error(struct ly_ctx *ctx, char *text, size_t len, char *path, size_t path_len);

#endif /* _NATFWD_CONF_SCHEMA_H */
