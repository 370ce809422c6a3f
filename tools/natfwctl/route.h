/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What this host's main routing tables and interfaces say, read from /proc
 * and getifaddrs() of the current network namespace.
 */
#ifndef _NATFWCTL_ROUTE_H
#define _NATFWCTL_ROUTE_H

#include "model.h"

/*
 * Device by which packets to @a leave, into @ifname (IFNAMSIZ bytes). False if
 * there is no route. An address of length 0 bytes has no route.
 */
bool route_device(const struct natfw_addr *a, char *ifname);

/* How @a lies to this host. */
enum route_place {
	ROUTE_LOCAL,		/* an address of this host */
	ROUTE_ONLINK,		/* on a network this host is connected to */
	ROUTE_ELSEWHERE
};

/* @ifname (IFNAMSIZ bytes) gets the interface unless ROUTE_ELSEWHERE. */
enum route_place route_place(const struct natfw_addr *a, char *ifname);
/* True if some address of this host lies within [@first, @last]; which is put in @a. */
bool route_local_within(const struct natfw_addr *first, const struct natfw_addr *last,
			struct natfw_addr *a, char *ifname);

#endif /* _NATFWCTL_ROUTE_H */
