/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The YANG modules that managers see: our own, those of NETCONF itself, and what they import. All are inside
 * the program.
 */
#ifndef _NATFWD_MGMT_MODULES_H
#define _NATFWD_MGMT_MODULES_H

#include <libyang/libyang.h>

/* A context with all of them; NULL: no memory, or a module is broken. */
struct ly_ctx *modules_create(void);
/* The text of module @name in YANG, for free(); @revision may be NULL. NULL: there is none such. */
char *modules_text(const struct ly_ctx *ctx, const char *name, const char *revision);

#define MODULES_ID	17

/*
 * The content-id of the library (RFC 8525, 3) to @id: another one when a module comes, goes, says something
 * else or is implemented where it was only imported, and when a feature is switched.
 */
void modules_identify(const struct ly_ctx *ctx, char id[MODULES_ID]);

#endif /* _NATFWD_MGMT_MODULES_H */
