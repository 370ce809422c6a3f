/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What both sides say first (RFC 6241, 8.1).
 */
#ifndef _NATFWD_MGMT_HELLO_H
#define _NATFWD_MGMT_HELLO_H

#include <event2/buffer.h>
#include <stdbool.h>
#include <stdint.h>

#define NETCONF_NS	"urn:ietf:params:xml:ns:netconf:base:1.0"

/* Our hello; NULL: no memory. */
struct evbuffer *hello_make(uint32_t session);
/* The manager's. NULL, and *@chunked: both know base:1.1; or what is wrong with it. */
const char *hello_read(const char *text, bool *chunked);
/* Every capability we have, one after the other; @fn gets them without markup. */
void hello_each(void (*fn)(struct evbuffer *out, const char *uri), struct evbuffer *out);

#endif /* _NATFWD_MGMT_HELLO_H */
