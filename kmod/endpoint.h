/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The endpoints of one internal host that have a mapping, and which: protocol
 * and port, to number of the external address and external port.
 *
 * Eight bytes each, hashed into pieces of at most a page that grow, and then
 * split in two (extendible hashing), so that no operation costs more than
 * a page's worth, nor needs more than a page of memory in one piece.
 *
 * Called by lease.c, with the pool's lock held. Allocates with GFP_ATOMIC.
 */
#ifndef _NATFW_ENDPOINT_H
#define _NATFW_ENDPOINT_H

#include <linux/types.h>

struct natfw_endpoint {
	u16	port;		/* internal, host order */
	u8	proto;
	u8	used;		/* 0: an empty place */
	u16	address;	/* number in the pool */
	u16	external;	/* port, host order */
};

static_assert(sizeof(struct natfw_endpoint) == 8);

struct natfw_endpoint_piece;

/* All zero to start. */
struct natfw_endpoints {
	union {
		struct natfw_endpoint_piece	*piece;	/* depth 0 */
		struct natfw_endpoint_piece	**dir;	/* by the hash's low bits */
	};
	u32	count;
	u8	depth;		/* bits of the hash the directory goes by */
};

/* The entry of an internal endpoint, valid until the next change; or NULL. */
const struct natfw_endpoint *natfw_endpoint_find(const struct natfw_endpoints *e,
						 u8 proto, u16 port);
/*
 * Add @new, whose internal endpoint has none. 0 or -ENOMEM. @memory is charged
 * for what is allocated.
 */
int natfw_endpoint_add(struct natfw_endpoints *e, const struct natfw_endpoint *new,
		       atomic_long_t *memory);
/* Take that endpoint out; it must be there. With the last one all memory goes. */
void natfw_endpoint_del(struct natfw_endpoints *e, u8 proto, u16 port,
			atomic_long_t *memory);
void natfw_endpoints_free(struct natfw_endpoints *e, atomic_long_t *memory);

#endif /* _NATFW_ENDPOINT_H */
