/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why a request was refused: errno, the kernel's words and the attribute they
 * are about. A plain value.
 */
#ifndef _NATFW_LIB_ERROR_H
#define _NATFW_LIB_ERROR_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>

#include "object.h"

struct natfw_error {
	int code;		/* errno, positive; 0: no error */
	bool missing;		/* @attr is wanted and absent */
	char attr[64];		/* path such as "match.src-len"; empty if none is at fault */
	char text[192];		/* in words; empty if the kernel gave none */
};

#define NATFW_ERROR_TEXT	320	/* room for natfw_error_text() */

/* Fill @e (NULL is ignored) in and return -@code. */
int natfw_error_set(struct natfw_error *e, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* "attr: words (errno)" in @buf of @size bytes; returns @buf. */
const char *natfw_error_text(const struct natfw_error *e, char *buf, size_t size);
/*
 * Read the acknowledgment @ack of @request, whose attributes are those of
 * @set (may be NULL). Returns 0 or a negative errno and fills @e in.
 */
int natfw_error_read(struct natfw_error *e, const struct nlmsghdr *ack,
		     const struct nlmsghdr *request, const struct natfw_set *set);

#endif /* _NATFW_LIB_ERROR_H */
