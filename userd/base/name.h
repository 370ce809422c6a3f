/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of hosts as certificates have them (RFC 6125 6.4.3). Plain values.
 */
#ifndef _NATFWD_BASE_NAME_H
#define _NATFWD_BASE_NAME_H

#include <stdbool.h>

/* Whether @name stands for several: "*" is its whole leftmost label, and others follow. */
bool name_wild(const char *name);

/*
 * name_fits() - whether @name is what @pattern says
 *
 * Case does not matter, nor a dot at the end. "*" as the whole leftmost label of @pattern stands for any
 * one label: "*.example.com" is "a.example.com", and not "example.com" nor "a.b.example.com". A name that
 * has a "*" itself fits only the same pattern.
 */
bool name_fits(const char *pattern, const char *name);

#endif /* _NATFWD_BASE_NAME_H */
