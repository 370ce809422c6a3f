/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where an error is, as NETCONF says it: an XPath expression whose prefixes are declared where it stands (RFC 6241, 4.3).
 */
#ifndef _NATFWD_MGMT_ERRORPATH_H
#define _NATFWD_MGMT_ERRORPATH_H

#include <event2/buffer.h>

/* An element error-path of @path, an instance-identifier as in RFC 7951, 6.11; nothing if it is empty. */
void errorpath_put(struct evbuffer *out, const char *path);

#endif /* _NATFWD_MGMT_ERRORPATH_H */
