// SPDX-License-Identifier: GPL-2.0-only
/*
 * What device packets leave by; lane.h says what lanes are, hit.c sends by them.
 *
 * dev_queue_xmit() asks each packet's device for a queue, a queueing
 * discipline, egress hooks and taps, and what of the packet has to be done in
 * software. On virtual devices (bridge, macvlan, veth, VLAN, vxlan) the answer is no to
 * all of it, for every plain packet. What is left then is the driver.
 */
#include <linux/netfilter_netdev.h>
#include <net/sch_generic.h>

#include "compat.h"
#include "lane.h"

void natfw_lane_aim(struct natfw_lane *lane, struct net_device *dev)
{
	struct netdev_queue *txq = netdev_get_tx_queue(dev, 0);

	lane->dev = dev;
	lane->room = LL_RESERVED_SPACE(dev);
	lane->txq = NULL;
	lane->cpu = smp_processor_id();
	if (dev->real_num_tx_queues != 1 || !(dev->flags & IFF_UP) ||
	    rcu_dereference_bh(txq->qdisc)->enqueue ||
	    natfw_egress_watched(dev) || dev_nit_active(dev))
		return;
	/* as with dev_queue_xmit(): not from within the driver's own sending */
	if (READ_ONCE(txq->xmit_lock_owner) != lane->cpu)
		lane->txq = txq;
}
