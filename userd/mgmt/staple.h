/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a responder says of a certificate of this node, to be shown along with it (RFC 6066, 8: stapling). It is
 * asked for again when about half of its time is over, and again and again, less and less often, when nothing usable
 * comes; what is not good any more is not shown.
 */
#ifndef _NATFWD_MGMT_STAPLE_H
#define _NATFWD_MGMT_STAPLE_H

#include <event2/event.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct staple;

/* For the identity @name, which is for the log. NULL: out of memory. */
struct staple *staple_create(struct event_base *base, const char *name);
/*
 * It is about @x, certified by @by, now, and to be had at @url; "": where @x says. If that is what it was before, nothing
 * changes. @by NULL: who certified it is not in the file, so nobody can be asked.
 */
void staple_set(struct staple *s, X509 *x, X509 *by, const char *url);
/* A response that is good now, *@len octets, borrowed until the loop goes on; NULL: there is none. Counts as shown. */
const uint8_t *staple_get(struct staple *s, size_t *len);
/* Whether there is one; and how often one was shown. NULL is allowed. */
bool staple_is_there(const struct staple *s);
uint64_t staple_shown(const struct staple *s);
/* NULL is allowed. */
void staple_free(struct staple *s);

#endif /* _NATFWD_MGMT_STAPLE_H */
