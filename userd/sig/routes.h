/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel's routing says, and when that changes (RFC 5971 7.1). Answers are remembered for
 * some seconds, and until the routing changes; of the changes the engine hears in bundles.
 */
#ifndef _NATFWD_SIG_ROUTES_H
#define _NATFWD_SIG_ROUTES_H

#include "gist/gist.h"

/* @arg 0: rtnetlink for questions, 1: with events; owned from now on. */
void routes_socket(uint32_t arg, int fd);
/* struct gist_io.route, .local, .ingress and .interface_address. */
bool routes_find(void *arg, const struct address *to, struct gist_route *r);
bool routes_local(void *arg, const struct address *a);
bool routes_ingress(void *arg, const struct address *source, unsigned int ifindex);
bool routes_interface_address(void *arg, unsigned int ifindex, unsigned int version,
			      struct address *a);
void routes_fini(void);

#endif /* _NATFWD_SIG_ROUTES_H */
