/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The schema, userd/yang/natfw.yang. It is inside the program, so the two cannot be out of step, and a
 * process in its empty root directory has it too.
 */
#ifndef _NATFWD_CONF_SCHEMA_H
#define _NATFWD_CONF_SCHEMA_H

#include <libyang/libyang.h>

#define SCHEMA_MODULE	"natfw"

/* A context with the module in it, errors kept and not printed; for ly_ctx_destroy(). NULL: no memory. */
struct ly_ctx *schema_create(void);
/*
 * What went wrong last, in words, to @text; where in the data, or else in the schema, to @path. Clears what
 * was kept.
 */
void schema_error(struct ly_ctx *ctx, char *text, size_t len, char *path, size_t path_len);

#endif /* _NATFWD_CONF_SCHEMA_H */
