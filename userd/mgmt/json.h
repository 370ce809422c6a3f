/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How deep and how much JSON is, before a parser sees it that calls itself for each level and takes many times the
 * memory of the text. Pure.
 */
#ifndef _NATFWD_MGMT_JSON_H
#define _NATFWD_MGMT_JSON_H

#include <stddef.h>

#define JSON_DEPTH_MAX	64
#define JSON_PARTS_MAX	50000	/* values, names and separators of a message */

enum json_fault {
	JSON_GOOD,		/* as far as that is looked at: what is in it may be no JSON */
	JSON_DEEP,
	JSON_BIG,		/* more than JSON_PARTS_MAX */
	JSON_BROKEN,		/* not one object with an end */
};

/* @text, as far as @len goes, has to be one object. */
enum json_fault json_check(const char *text, size_t len);

#endif /* _NATFWD_MGMT_JSON_H */
