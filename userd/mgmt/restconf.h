/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The RESTCONF server (RFC 8040): a user name that the transport has authenticated, and a stream of octets,
 * wherever they come from. Nothing of it is ever on a connection that is not protected by TLS.
 */
#ifndef _NATFWD_MGMT_RESTCONF_H
#define _NATFWD_MGMT_RESTCONF_H

#include <stdbool.h>

#include "base/address.h"
#include "mgmt/session.h"

struct bufferevent;
struct evbuffer;
struct restconf;

/* @bev is its own from now on, also if it fails: NULL. active() of @ops is called for each request. */
struct restconf *restconf_create(struct bufferevent *bev, const char *user, const struct endpoint *peer,
				 const struct session_ops *ops, void *arg);
/* Drop it, telling nobody. NULL is allowed. */
void restconf_destroy(struct restconf *r);
/* End it once the request under way has been answered; over() of @ops is called. Nothing more is read. */
void restconf_leave(struct restconf *r, const char *why);
/* Whether it is told of events, of which there may be none for long. NULL is allowed. */
bool restconf_waits(const struct restconf *r);
/* restconf-state, as XML (RFC 8040, 9). NULL: no memory. */
struct evbuffer *restconf_monitoring(void);

#endif /* _NATFWD_MGMT_RESTCONF_H */
