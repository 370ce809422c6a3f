/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What RESTCONF asks for, as it is written: the target of a request is a path whose segments may have key values
 * (api-path, RFC 8040 3.5.3), and a query with parameters. Pure; what the names mean is looked at elsewhere.
 */
#ifndef _NATFWD_MGMT_URI_H
#define _NATFWD_MGMT_URI_H

#include <stdbool.h>

#define URI_STEPS	64
#define URI_KEYS	8
#define URI_PARAMETERS	16

struct uri_step {
	const char *module;		/* NULL: none is named */
	const char *name;
	const char *key[URI_KEYS];
	unsigned int keys;		/* 0: no key values, which is another thing than an empty one */
};

struct uri {
	struct uri_step step[URI_STEPS];
	unsigned int steps;
	struct {
		const char *name, *value;
	} parameter[URI_PARAMETERS];
	unsigned int parameters;
	/* inside */
	char *text;
};

/* All is decoded. NULL, or what is wrong with @target; uri_fini() either way. */
const char *uri_read(struct uri *u, const char *target);
void uri_fini(struct uri *u);

#endif /* _NATFWD_MGMT_URI_H */
