/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Media types: which one a peer accepts (RFC 9110, 12.5.1), and which one it has sent. Pure.
 */
#ifndef _NATFWD_MGMT_MEDIA_H
#define _NATFWD_MGMT_MEDIA_H

#include <stdbool.h>

/*
 * The one of the @n types @offer that a field Accept likes most, of those it likes as much the first; -1: none.
 * @accept NULL: any.
 */
int media_pick(const char *accept, const char *const *offer, unsigned int n);
/* Whether a field Content-Type says @type, with whatever parameters. */
bool media_is(const char *content_type, const char *type);

#endif /* _NATFWD_MGMT_MEDIA_H */
