/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Query parameters of RESTCONF (RFC 8040, 4.8).
 */
#ifndef _NATFWD_MGMT_QUERY_H
#define _NATFWD_MGMT_QUERY_H

#include <libyang/libyang.h>
#include <stdbool.h>

#include "mgmt/uri.h"

enum query_parameter {
	QUERY_CONTENT, QUERY_DEPTH, QUERY_FIELDS, QUERY_FILTER, QUERY_INSERT, QUERY_POINT, QUERY_START,
	QUERY_STOP, QUERY_DEFAULTS, QUERY_PARAMETERS,
};

#define QUERY(p)	(1u << (p))

enum query_content { CONTENT_ALL, CONTENT_CONFIG, CONTENT_STATE };
enum query_insert { INSERT_LAST, INSERT_FIRST, INSERT_BEFORE, INSERT_AFTER };

struct query {
	unsigned int given;		/* QUERY() bits */
	enum query_content content;
	enum query_insert insert;
	unsigned int depth;		/* 0: unbounded */
	const char *fields, *filter, *point, *start, *stop;	/* of the uri; NULL: not given */
	uint32_t print;			/* LYD_PRINT_WD_... */
};

/* What @u has; @allowed are those that may be there. NULL, or what is wrong. */
const char *query_read(struct query *q, const struct uri *u, unsigned int allowed);

#endif /* _NATFWD_MGMT_QUERY_H */
