// SPDX-License-Identifier: GPL-2.0-only
/*
 * A network card with interrupt coalescing, for `make bench`: what is sent by one device arrives
 * by the other as a driver hands it over, many at a time.
 *
 *	ip link add lan type natfw_nic			makes `gen` as well, in the same namespace
 *	ethtool -C lan rx-frames 64 rx-usecs 1000	which is how it is made
 *	ethtool -S lan					rx_polls, rx_dropped
 *
 * Each processor has a receive queue of its own, as if the card had distributed the flows: a ring
 * for what this processor sends by gen. Its interrupt comes when rx-frames packets are there, or
 * when one has waited for rx-usecs, twice that at most. NAPI then hands up to 64 to
 * napi_gro_receive(), on the same processor: with pktgen (`xmit_mode start_xmit`) when that
 * enables softirqs again after a packet. What lan sends is counted and freed.
 *
 * Packets come as from a card, without owner, route or anything else a sender has put there. Only
 * a checksum that has been left to the device still is (CHECKSUM_PARTIAL): a virtual machine's
 * card has that too, and to compute it would be the generator's cost.
 */
#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <linux/hrtimer.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/version.h>
#include <net/rtnetlink.h>

#define NIC_RING	1024
#define NIC_BURST	NAPI_POLL_WEIGHT
#define NIC_USECS	1000

/* Counters are of one processor each, with softirqs disabled. */
struct nic_queue {
	struct napi_struct	napi;
	struct hrtimer		timer;
	struct nic		*nic;
	u16			index;
	spinlock_t		lock;	/* all below but rx_bytes, tx_*: */
	struct sk_buff_head	ring;
	bool			open;
	bool			armed;	/* the timer runs */
	unsigned long		seen;	/* polls when it last expired */
	unsigned long		polls;
	unsigned long		rx_packets;
	unsigned long		rx_bytes;
	unsigned long		dropped;
	unsigned long		came, came_bytes;	/* gen has sent */
	unsigned long		tx_packets, tx_bytes;	/* lan has sent */
} ____cacheline_aligned_in_smp;

/* Of either device; gen has no queues. */
struct nic {
	struct net_device __rcu	*peer;
	struct net_device	*dev;
	u32			burst;
	u32			usecs;
	struct nic_queue	queues[];	/* nr_cpu_ids */
};

static struct rtnl_link_ops nic_link_ops;

/* ---- receiving ---- */

static void nic_take(struct nic_queue *q, struct sk_buff_head *got, int budget)
{
	struct sk_buff *skb;

	spin_lock(&q->lock);
	q->polls++;
	while (skb_queue_len(got) < budget && (skb = __skb_dequeue(&q->ring)))
		__skb_queue_tail(got, skb);
	q->rx_packets += skb_queue_len(got);
	spin_unlock(&q->lock);
}

/* A poll that leaves nothing is the last, however much it was. */
static int nic_poll(struct napi_struct *napi, int budget)
{
	struct nic_queue *q = container_of(napi, struct nic_queue, napi);
	struct sk_buff_head got;
	struct sk_buff *skb;
	int done;

	__skb_queue_head_init(&got);
	nic_take(q, &got, budget);
	done = skb_queue_len(&got);
	while ((skb = __skb_dequeue(&got))) {
		q->rx_bytes += skb->len;
		skb->protocol = eth_type_trans(skb, napi->dev);
		skb_record_rx_queue(skb, q->index);
		napi_gro_receive(napi, skb);
	}
	if (done == budget && (!budget || !skb_queue_empty_lockless(&q->ring)))
		return budget;
	done = min(done, budget - 1);
	napi_complete_done(napi, done);
	return done;
}

static ktime_t nic_patience(const struct nic *nic)
{
	return ns_to_ktime((u64)READ_ONCE(nic->usecs) * NSEC_PER_USEC);
}

/* Expires again and again while packets come: arming it anew for each burst would cost more. */
static enum hrtimer_restart nic_expired(struct hrtimer *timer)
{
	struct nic_queue *q = container_of(timer, struct nic_queue, timer);
	bool more;

	spin_lock(&q->lock);
	more = q->open && !skb_queue_empty(&q->ring);
	if (more && q->seen == q->polls)
		napi_schedule(&q->napi);
	q->seen = q->polls;
	q->armed = more;
	spin_unlock(&q->lock);
	if (!more)
		return HRTIMER_NORESTART;
	hrtimer_forward_now(timer, nic_patience(q->nic));
	return HRTIMER_RESTART;
}

/* q->lock. */
static void nic_interrupt(struct nic_queue *q)
{
	if (skb_queue_len(&q->ring) >= READ_ONCE(q->nic->burst)) {
		napi_schedule(&q->napi);
	} else if (!q->armed) {
		q->armed = true;
		q->seen = q->polls;
		hrtimer_start(&q->timer, nic_patience(q->nic), HRTIMER_MODE_REL_PINNED_SOFT);
	}
}

/* Whether there was room for it. */
static bool nic_arrive(struct nic_queue *q, struct sk_buff *skb)
{
	bool room;

	spin_lock(&q->lock);
	q->came++;
	q->came_bytes += skb->len;
	room = q->open && skb_queue_len(&q->ring) < NIC_RING;
	if (room) {
		__skb_queue_tail(&q->ring, skb);
		nic_interrupt(q);
	} else {
		q->dropped++;
	}
	spin_unlock(&q->lock);
	return room;
}

/* ---- sending ---- */

static netdev_tx_t nic_gen_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct nic *gen = netdev_priv(dev), *nic;
	struct net_device *lan;

	skb = skb_share_check(skb, GFP_ATOMIC);
	if (!skb)
		return NETDEV_TX_OK;
	rcu_read_lock();
	lan = rcu_dereference(gen->peer);
	if (!lan) {
		dev_kfree_skb(skb);
		goto out;
	}
	nic = netdev_priv(lan);
	skb_orphan(skb);
	skb_scrub_packet(skb, true);
	if (!nic_arrive(&nic->queues[smp_processor_id()], skb))
		dev_kfree_skb(skb);
out:
	rcu_read_unlock();
	return NETDEV_TX_OK;
}

static netdev_tx_t nic_lan_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct nic *nic = netdev_priv(dev);
	struct nic_queue *q = &nic->queues[smp_processor_id()];

	q->tx_packets++;
	q->tx_bytes += skb->len;
	dev_kfree_skb(skb);
	return NETDEV_TX_OK;
}

static u16 nic_select_queue(struct net_device *dev, struct sk_buff *skb, struct net_device *sb)
{
	return smp_processor_id() % dev->real_num_tx_queues;
}

/* ---- up, down, counters ---- */

static void nic_start(struct nic_queue *q, bool start)
{
	spin_lock_bh(&q->lock);
	q->open = start;
	spin_unlock_bh(&q->lock);
}

static int nic_open(struct net_device *dev)
{
	struct nic *nic = netdev_priv(dev);
	int cpu;

	for_each_possible_cpu(cpu) {
		napi_enable(&nic->queues[cpu].napi);
		nic_start(&nic->queues[cpu], true);
	}
	return 0;
}

/* Nothing comes any more, so neither the timer nor NAPI is started behind us. */
static int nic_stop(struct net_device *dev)
{
	struct nic *nic = netdev_priv(dev);
	struct nic_queue *q;
	int cpu;

	for_each_possible_cpu(cpu) {
		q = &nic->queues[cpu];
		nic_start(q, false);
		hrtimer_cancel(&q->timer);
		napi_disable(&q->napi);
		q->armed = false;
		q->dropped += skb_queue_len(&q->ring);
		__skb_queue_purge(&q->ring);
	}
	return 0;
}

static void nic_lan_stats(struct net_device *dev, struct rtnl_link_stats64 *s)
{
	struct nic *nic = netdev_priv(dev);
	const struct nic_queue *q;
	int cpu;

	for_each_possible_cpu(cpu) {
		q = &nic->queues[cpu];
		s->rx_packets += READ_ONCE(q->rx_packets);
		s->rx_bytes += READ_ONCE(q->rx_bytes);
		s->rx_dropped += READ_ONCE(q->dropped);
		s->tx_packets += READ_ONCE(q->tx_packets);
		s->tx_bytes += READ_ONCE(q->tx_bytes);
	}
}

static void nic_gen_stats(struct net_device *dev, struct rtnl_link_stats64 *s)
{
	struct nic *gen = netdev_priv(dev), *nic;
	struct net_device *lan;
	int cpu;

	rcu_read_lock();
	lan = rcu_dereference(gen->peer);
	if (lan) {
		nic = netdev_priv(lan);
		for_each_possible_cpu(cpu) {
			s->tx_packets += READ_ONCE(nic->queues[cpu].came);
			s->tx_bytes += READ_ONCE(nic->queues[cpu].came_bytes);
		}
	}
	rcu_read_unlock();
}

/* ---- ethtool ---- */

static const char nic_words[][ETH_GSTRING_LEN] = { "rx_polls", "rx_dropped" };

static int nic_sset_count(struct net_device *dev, int set)
{
	return set == ETH_SS_STATS ? ARRAY_SIZE(nic_words) : -EOPNOTSUPP;
}

static void nic_strings(struct net_device *dev, u32 set, u8 *to)
{
	if (set == ETH_SS_STATS)
		memcpy(to, nic_words, sizeof(nic_words));
}

static void nic_ethtool_stats(struct net_device *dev, struct ethtool_stats *s, u64 *to)
{
	struct nic *nic = netdev_priv(dev);
	int cpu;

	for_each_possible_cpu(cpu) {
		to[0] += READ_ONCE(nic->queues[cpu].polls);
		to[1] += READ_ONCE(nic->queues[cpu].dropped);
	}
}

static int nic_get_coalesce(struct net_device *dev, struct ethtool_coalesce *c,
			    struct kernel_ethtool_coalesce *kc, struct netlink_ext_ack *extack)
{
	struct nic *nic = netdev_priv(dev);

	c->rx_max_coalesced_frames = nic->burst;
	c->rx_coalesce_usecs = nic->usecs;
	return 0;
}

static int nic_set_coalesce(struct net_device *dev, struct ethtool_coalesce *c,
			    struct kernel_ethtool_coalesce *kc, struct netlink_ext_ack *extack)
{
	struct nic *nic = netdev_priv(dev);

	if (!c->rx_max_coalesced_frames || c->rx_max_coalesced_frames > NIC_RING) {
		NL_SET_ERR_MSG(extack, "rx-frames is 1 to 1024");
		return -ERANGE;
	}
	if (c->rx_coalesce_usecs < 10 || c->rx_coalesce_usecs > USEC_PER_SEC) {
		NL_SET_ERR_MSG(extack, "rx-usecs is 10 to 1000000");
		return -ERANGE;
	}
	WRITE_ONCE(nic->burst, c->rx_max_coalesced_frames);
	WRITE_ONCE(nic->usecs, c->rx_coalesce_usecs);
	return 0;
}

static const struct ethtool_ops nic_ethtool_ops = {
	.supported_coalesce_params = ETHTOOL_COALESCE_RX_USECS | ETHTOOL_COALESCE_RX_MAX_FRAMES,
	.get_coalesce		= nic_get_coalesce,
	.set_coalesce		= nic_set_coalesce,
	.get_sset_count		= nic_sset_count,
	.get_strings		= nic_strings,
	.get_ethtool_stats	= nic_ethtool_stats,
};

/* ---- the devices ---- */

static const struct net_device_ops nic_lan_ops = {
	.ndo_open		= nic_open,
	.ndo_stop		= nic_stop,
	.ndo_start_xmit		= nic_lan_xmit,
	.ndo_get_stats64	= nic_lan_stats,
	.ndo_validate_addr	= eth_validate_addr,
	.ndo_set_mac_address	= eth_mac_addr,
};

static const struct net_device_ops nic_gen_ops = {
	.ndo_start_xmit		= nic_gen_xmit,
	.ndo_select_queue	= nic_select_queue,
	.ndo_get_stats64	= nic_gen_stats,
	.ndo_validate_addr	= eth_validate_addr,
	.ndo_set_mac_address	= eth_mac_addr,
};

static void nic_setup(struct net_device *dev)
{
	ether_setup(dev);
	dev->needs_free_netdev = true;
	/* the receiver has a packet for itself */
	dev->priv_flags &= ~IFF_TX_SKB_SHARING;
	dev->priv_flags |= IFF_NO_QUEUE | IFF_LIVE_ADDR_CHANGE;
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	dev->lltx = true;
#else
	dev->features |= NETIF_F_LLTX;
#endif
	dev->features |= NETIF_F_SG | NETIF_F_FRAGLIST | NETIF_F_HW_CSUM | NETIF_F_HIGHDMA;
	dev->hw_features |= dev->features;
	eth_hw_addr_random(dev);
}

static void nic_queue_init(struct nic *nic, int cpu)
{
	struct nic_queue *q = &nic->queues[cpu];

	q->nic = nic;
	q->index = cpu;
	spin_lock_init(&q->lock);
	__skb_queue_head_init(&q->ring);
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
	hrtimer_setup(&q->timer, nic_expired, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_SOFT);
#else
	hrtimer_init(&q->timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_SOFT);
	q->timer.function = nic_expired;
#endif
	netif_napi_add(nic->dev, &q->napi, nic_poll);
}

static void nic_lan_setup(struct net_device *dev)
{
	nic_setup(dev);
	dev->netdev_ops = &nic_lan_ops;
	dev->ethtool_ops = &nic_ethtool_ops;
}

static void nic_gen_setup(struct net_device *dev)
{
	nic_setup(dev);
	dev->netdev_ops = &nic_gen_ops;
	dev->flags |= IFF_NOARP;
	dev->rtnl_link_ops = &nic_link_ops;
}

/* The generator's end of lan, in its namespace. */
static struct net_device *nic_gen_create(struct net_device *lan)
{
	struct net_device *gen;
	struct nic *priv;
	int err;

	gen = alloc_netdev_mqs(sizeof(*priv), "gen", NET_NAME_ENUM, nic_gen_setup, nr_cpu_ids, 1);
	if (!gen)
		return ERR_PTR(-ENOMEM);
	dev_net_set(gen, dev_net(lan));
	err = register_netdevice(gen);
	if (err) {
		free_netdev(gen);
		return ERR_PTR(err);
	}
	priv = netdev_priv(gen);
	priv->dev = gen;
	rcu_assign_pointer(priv->peer, lan);
	return gen;
}

static int nic_create(struct net_device *lan)
{
	struct nic *nic = netdev_priv(lan);
	struct net_device *gen;
	int cpu, err;

	nic->dev = lan;
	nic->burst = NIC_BURST;
	nic->usecs = NIC_USECS;
	for_each_possible_cpu(cpu)
		nic_queue_init(nic, cpu);
	gen = nic_gen_create(lan);
	if (IS_ERR(gen))
		return PTR_ERR(gen);
	rcu_assign_pointer(nic->peer, gen);
	err = register_netdevice(lan);
	if (err) {
		rcu_assign_pointer(((struct nic *)netdev_priv(gen))->peer, NULL);
		unregister_netdevice(gen);
	}
	return err;
}

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 15, 0)
static int nic_newlink(struct net_device *dev, struct rtnl_newlink_params *params,
		       struct netlink_ext_ack *extack)
#else
static int nic_newlink(struct net *src_net, struct net_device *dev, struct nlattr *tb[],
		       struct nlattr *data[], struct netlink_ext_ack *extack)
#endif
{
	return nic_create(dev);
}

/* Of either: both go. */
static void nic_dellink(struct net_device *dev, struct list_head *head)
{
	struct nic *nic = netdev_priv(dev), *other;
	struct net_device *peer = rtnl_dereference(nic->peer);

	unregister_netdevice_queue(dev, head);
	if (!peer)
		return;
	other = netdev_priv(peer);
	RCU_INIT_POINTER(nic->peer, NULL);
	RCU_INIT_POINTER(other->peer, NULL);
	unregister_netdevice_queue(peer, head);
}

static unsigned int nic_rx_queues(void)
{
	return nr_cpu_ids;
}

static struct rtnl_link_ops nic_link_ops = {
	.kind			= "natfw_nic",
	.setup			= nic_lan_setup,
	.newlink		= nic_newlink,
	.dellink		= nic_dellink,
	.get_num_rx_queues	= nic_rx_queues,
};

static int __init nic_init(void)
{
	nic_link_ops.priv_size = sizeof(struct nic) + nr_cpu_ids * sizeof(struct nic_queue);
	return rtnl_link_register(&nic_link_ops);
}

static void __exit nic_exit(void)
{
	rtnl_link_unregister(&nic_link_ops);
}

module_init(nic_init);
module_exit(nic_exit);
MODULE_LICENSE("GPL");
MODULE_ALIAS_RTNL_LINK("natfw_nic");
MODULE_DESCRIPTION("A card that hands packets over in polls, for natfw's benchmark");
