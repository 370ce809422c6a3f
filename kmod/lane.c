// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sending; lane.h says what lanes are.
 *
 * dev_queue_xmit() asks each packet's device for a queue, a queueing
 * discipline, egress hooks and taps, and what of the packet has to be done in
 * software. On virtual devices (bridge, VLAN, veth, tunnels) the answer is no to
 * all of it, for every plain packet. What is left then is the driver. Whatever
 * is not that plain goes through dev_queue_xmit().
 */
#include <linux/if_vlan.h>
#include <linux/netfilter_netdev.h>
#include <linux/skbuff.h>
#include <net/sch_generic.h>
#include <net/xfrm.h>

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

/* True if the driver can have @skb as it is. */
static bool natfw_lane_plain(const struct net_device *dev, struct sk_buff *skb)
{
	if (skb_is_gso(skb) || skb_is_nonlinear(skb) || skb_vlan_tag_present(skb) ||
	    skb->encapsulation || secpath_exists(skb) || skb->sk)
		return false;
	return skb->ip_summed != CHECKSUM_PARTIAL ||
	       (dev->features & NETIF_F_HW_CSUM && !skb_csum_is_sctp(skb) &&
		!dev->netdev_ops->ndo_features_check);
}

/* What __dev_queue_xmit() puts in the packet for such a device. */
static void natfw_lane_ready(const struct natfw_lane *lane, struct sk_buff *skb)
{
	skb_reset_mac_header(skb);
	if (skb->ip_summed == CHECKSUM_PARTIAL)
		skb_set_transport_header(skb, skb_checksum_start_offset(skb));
	natfw_not_at_ingress(skb);
	skb_set_queue_mapping(skb, 0);
#ifdef CONFIG_XPS
	skb->sender_cpu = lane->cpu + 1;
#endif
	if (lane->dev->priv_flags & IFF_XMIT_DST_RELEASE)
		skb_dst_drop(skb);
	else
		skb_dst_force(skb);
}

/* As the end of __dev_queue_xmit() for devices without a queue. */
static void natfw_lane_start(const struct natfw_lane *lane, struct sk_buff *skb)
{
	struct softnet_data *sd = per_cpu_ptr(&softnet_data, lane->cpu);
	struct net_device *dev = lane->dev;
	struct netdev_queue *txq = lane->txq;
	bool done = false;

	natfw_lane_ready(lane, skb);
	/* tunnels limit how deep they are in each other by it */
	sd->xmit.recursion++;
	HARD_TX_LOCK(dev, txq, lane->cpu);
	if (likely(!netif_xmit_stopped(txq)))
		done = dev_xmit_complete(netdev_start_xmit(skb, dev, txq, false));
	HARD_TX_UNLOCK(dev, txq);
	sd->xmit.recursion--;
	if (unlikely(!done)) {
		dev_core_stats_tx_dropped_inc(dev);
		kfree_skb_reason(skb, SKB_DROP_REASON_DEV_READY);
	}
}

void natfw_lane_send(const struct natfw_lane *lane, struct sk_buff *skb)
{
	if (likely(lane->txq && natfw_lane_plain(lane->dev, skb)))
		natfw_lane_start(lane, skb);
	else
		dev_queue_xmit(skb);
}
