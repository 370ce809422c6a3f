/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The endpoints of one internal host that have a mapping, and which: protocol
 * and port, to number of the external address and external port.
 *
 * Packed in order of a hash into pieces, mostly of four bytes an entry, that
 * grow, and then split in two (extendible hashing), so that no operation costs
 * more than a page's worth, nor needs more than a page of memory in one piece.
 * Only the directory of a host with many thousands takes more.
 *
 * Called by map.c and lease.c, with the pool's lock held. Allocates with
 * GFP_ATOMIC.
 */
#ifndef _NATFW_ENDPOINT_H
#define _NATFW_ENDPOINT_H

#include <linux/types.h>

struct natfw_endpoint {
	u16	port;		/* internal, host order */
	u8	proto;
	u16	address;	/* number in the pool */
	u16	external;	/* port, host order */
};

struct natfw_endpoint_piece;
struct natfw_endpoint_table;

/* All zero to start. */
struct natfw_endpoints {
	union {
		struct natfw_endpoint_piece	*piece;	/* all of a few */
		struct natfw_endpoint_table	*table;	/* one for each protocol */
	};
	u32	count;
	u8	tables;		/* 0: it is a piece */
};

/* True if that internal endpoint has an entry, which is put into @found. */
bool natfw_endpoint_find(const struct natfw_endpoints *e, u8 proto, u16 port,
			 struct natfw_endpoint *found);
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
