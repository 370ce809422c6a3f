/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two questions to the kernel's routing, which it answers at once: where would a packet to an
 * address leave, and is the address this node's. Answers are kept for a second.
 */
#ifndef _NATFWD_KERN_ROUTE_H
#define _NATFWD_KERN_ROUTE_H

#include "base/address.h"

#define ROUTE_CACHE	1024

struct route_entry {
	struct address address;
	uint32_t ifindex;		/* 0: none */
	bool local;
	uint64_t until;			/* ms */
};

struct routes {
	int fd;
	uint32_t seq;
	uint64_t now;			/* ms; kept by the owner */
	struct route_entry cache[ROUTE_CACHE];
	uint8_t key[16];
};

/* -errno: no socket. */
int kern_routes_init(struct routes *r, const uint8_t key[16]);
void kern_routes_fini(struct routes *r);
/* Whether packets to @a leave by @ifindex. */
bool kern_routes_behind(struct routes *r, const struct address *a, uint32_t ifindex);
bool kern_routes_own(struct routes *r, const struct address *a);

#endif /* _NATFWD_KERN_ROUTE_H */
