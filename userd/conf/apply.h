/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A change of the configuration that somebody else than its file asks for.
 */
#ifndef _NATFWD_CONF_APPLY_H
#define _NATFWD_CONF_APPLY_H

#include "conf/conf.h"

struct ly_ctx;

struct apply_result {
	struct conf *conf;
	char *text;		/* of the file from now on, in the format it had */
	size_t len;
	bool own;		/* the text before was as natfwd writes it: nothing is lost with it */
};

/*
 * Apply @diff, XML as of lyd_diff_siblings() without default nodes, to what the file's @text says, and validate
 * the outcome as conf_read() does. A secret (schema_secret()) that the difference creates may be there already: who
 * made it does not see them. False and @e; otherwise members of @r are the caller's.
 */
bool apply_diff(const char *text, size_t len, const char *diff, struct apply_result *r,
		struct conf_error *e);
/* The same in a context of schema_create(), for many. */
bool apply_in(struct ly_ctx *ctx, const char *text, size_t len, const char *diff,
	      struct apply_result *r, struct conf_error *e);
void apply_free(struct apply_result *r);

#endif /* _NATFWD_CONF_APPLY_H */
