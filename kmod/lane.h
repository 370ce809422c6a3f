/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lanes: what holds for all packets of a batch that leave by one adjacency, found
 * out for the first of them. A packet alone has a lane of its own.
 *
 * Valid within one RCU section with bottom halves off; owns nothing.
 */
#ifndef _NATFW_LANE_H
#define _NATFW_LANE_H

#include <linux/netdevice.h>

struct natfw_adj;
struct natfw_dev;
struct natfw_hop;

struct natfw_lane {
	const struct natfw_adj	*adj;	/* NULL: none yet */
	const struct natfw_dev	*nd;	/* packets came in by */
	const struct natfw_hop	*hop;
	u32			mtu;
	/* natfw_lane_aim() */
	u32			room;	/* headroom packets are to have */
	struct net_device	*dev;	/* of the route */
	struct netdev_queue	*txq;	/* where packets may be given to the driver, or NULL */
	int			cpu;	/* that sends */
	bool			ready;	/* hop->header is that of packets */
};

#define NATFW_LANES	8	/* of a batch; a power of two */

/* The one of @lanes that is or will be that of @a. */
static inline struct natfw_lane *natfw_lane_of(struct natfw_lane *lanes, const struct natfw_adj *a)
{
	/* adjacencies are objects of their own, of more than 64 bytes */
	unsigned long at = (unsigned long)a / 64;

	return &lanes[(at ^ at / NATFW_LANES) % NATFW_LANES];
}

/*
 * @lane leaves by @dev. Packets may be given to its driver as they are if it has
 * just one queue, without a queueing discipline, and nobody wants to see, classify
 * or filter what it sends.
 */
void natfw_lane_aim(struct natfw_lane *lane, struct net_device *dev);

#endif /* _NATFW_LANE_H */
