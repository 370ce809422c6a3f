/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is wrong with what a manager asked for, in the terms of RFC 6241, appendix A, and RFC 8040, 7.
 */
#ifndef _NATFWD_MGMT_ERROR_H
#define _NATFWD_MGMT_ERROR_H

#include <libyang/libyang.h>
#include <stdbool.h>
#include <stdint.h>

struct mgmt_error {
	const char *type;	/* "transport", "rpc", "protocol", "application" */
	const char *tag;	/* "invalid-value", ... */
	const char *app_tag;	/* NULL: none */
	char path[512];		/* instance identifier as in RFC 7951, 6.11; may be empty */
	char message[256];
	char bad[64];		/* element or attribute that the tag is about; may be empty */
	uint32_t session;	/* of lock-denied and in-use: who has it, 0: nobody with a session */
};

/* Fill @e, @n (NULL: none) being where. Returns false. */
bool error_set(struct mgmt_error *e, const char *tag, const struct lyd_node *n, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* The same about element or attribute @bad. */
bool error_bad(struct mgmt_error *e, const char *tag, const char *bad, const struct lyd_node *n,
	       const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/*
 * What libyang found wrong last in @ctx, of data that was read or validated (RFC 7950, 8.3 and 15). Clears what it
 * kept. Returns false.
 */
bool error_libyang(struct mgmt_error *e, struct ly_ctx *ctx);

#endif /* _NATFWD_MGMT_ERROR_H */
