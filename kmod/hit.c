// SPDX-License-Identifier: GPL-2.0-only
/*
 * The short way: plain packets of flows that find everything as the last one left it.
 *
 * All of it is in this file, so that it becomes one piece of code: what a packet costs
 * here is mostly the number of instructions. Whatever is not as it was, or not plain, is
 * given back untouched, for emit.c to see to.
 */
#include <linux/skbuff.h>
#include <net/neighbour.h>
#include <net/sch_generic.h>
#include <net/xfrm.h>

#include "adj.h"
#include "compat.h"
#include "emit.h"
#include "hit.h"
#include "lane.h"
#include "net.h"
#include "out.h"
#include "rewrite.h"

/*
 * Whole, without options, to be forwarded as it is: one packet and not several
 * joined, headers in the buffer's linear part and nobody else's.
 */
static __always_inline bool natfw_pkt_plain(const struct natfw_pkt *p)
{
	const struct sk_buff *skb = p->skb;

	return !natfw_pkt_odd(p) && !(p->flags & (NATFW_P_OPAQUE | NATFW_P_FRAG)) &&
	       p->ttl > 1 && !skb_cloned(skb) && !skb_is_gso(skb) &&
	       !(skb_is_nonlinear(skb) && skb_shared(skb));
}

/* Who packets like @p can be given to on @a as things are, or NULL. */
static __always_inline const struct natfw_hop *natfw_adj_ready(const struct natfw_pkt *p,
							       const struct natfw_adj *a)
{
	struct dst_entry *dst = a->key.dst;
	struct net_device *dev;

	if (!a->plain || !dst_check(dst, a->key.cookie))
		return NULL;
	if (natfw_pkt_is6(p) && !natfw_v6_forwarding(p->nn->net, p->nd->dev))
		return NULL;
	dev = natfw_dst_dev(dst);
	if (!netif_running(dev) || natfw_xfrm_active(p->nn->net))
		return NULL;
	return natfw_adj_hop(a);
}

/* False if packets of @a cannot be sent without more ado. */
static noinline bool natfw_lane_open(struct natfw_lane *lane, const struct natfw_pkt *p,
				     struct natfw_adj *a)
{
	const struct natfw_hop *hop = natfw_adj_ready(p, a);

	lane->adj = NULL;
	if (unlikely(!hop))
		return false;
	lane->hop = hop;
	lane->mtu = natfw_mtu(p, a->key.dst);
	lane->ready = natfw_hop_ready(hop);
	if (unlikely(!lane->ready))
		natfw_adj_meet(a, hop->n, hop->cross);
	natfw_lane_aim(lane, natfw_dst_dev(a->key.dst));
	lane->nd = p->nd;
	lane->adj = a;
	return true;
}

/* ---- translation ---- */

/* Both addresses become those in the word of the reply's key; what that makes of a sum. */
static __always_inline __wsum natfw_hit_addrs4(struct iphdr *ih, u64 reply)
{
	__be32 src = (__force __be32)reply, dst = (__force __be32)(reply >> 32);
	__wsum delta;

	delta = csum_add(csum_sub((__force __wsum)src, (__force __wsum)ih->saddr),
			 csum_sub((__force __wsum)dst, (__force __wsum)ih->daddr));
	ih->saddr = src;
	ih->daddr = dst;
	return delta;
}

/* All that changes in an IPv4 header, its checksum but once. */
static __always_inline __wsum natfw_hit_header4(const struct natfw_pkt *p,
						const struct natfw_half *h, u64 reply)
{
	struct iphdr *ih = (struct iphdr *)p->skb->data;
	bool other = (__force __be32)reply != ih->saddr;
	__wsum addr = natfw_hit_addrs4(ih, reply), all = addr;

	if (other && !(ih->frag_off & htons(IP_DF)))
		all = csum_add(all, natfw_rewrite_fresh_id(ih, p->cpu, h->node.ident, 1));
	/* the upper byte of its word */
	ih->ttl--;
	all = csum_sub(all, (__force __wsum)htons(0x0100));
	natfw_csum_apply(&ih->check, all);
	return addr;
}

static __always_inline __wsum natfw_hit_header6(const struct natfw_pkt *p,
						const struct natfw_node *reply)
{
	struct ipv6hdr *ih = (struct ipv6hdr *)p->skb->data;
	const union natfw_addr *to = (const union natfw_addr *)natfw_node_words(reply);

	ih->hop_limit--;
	return csum_add(natfw_sub_addr6(&ih->saddr, &to[1]), natfw_sub_addr6(&ih->daddr, &to[0]));
}

/* A TCP or UDP packet of @h, translated and a hop older. */
static __always_inline void natfw_hit_rewrite(const struct natfw_pkt *p, const struct natfw_half *h)
{
	static const struct natfw_l4 tcp = NATFW_L4_TCP, udp = NATFW_L4_UDP;
	const struct natfw_node *reply = &natfw_half_other(h)->node;
	__be32 *ports = (__be32 *)(p->skb->data + p->thoff);
	bool v6 = natfw_pkt_is6(p);
	struct natfw_delta d;
	__be32 old = *ports, new;

	d.addr = v6 ? natfw_hit_header6(p, reply)
		    : natfw_hit_header4(p, h, natfw_node_words(reply)[0]);
	/* in one piece, as it is read again at once */
	new = natfw_ports_reverse(natfw_node_tail_of(reply, v6)->ports);
	*ports = new;
	d.ports = csum_sub((__force __wsum)new, (__force __wsum)old);
	if (p->key.proto == IPPROTO_TCP)
		natfw_l4_csum(p->skb, p->thoff, &tcp, &d);
	else
		natfw_l4_csum(p->skb, p->thoff, &udp, &d);
	skb_clear_hash(p->skb);
}

/* ---- sending ---- */

/*
 * True if the driver of @dev can have @skb as it is. It has no socket or tag any more,
 * and is not to be segmented.
 */
static __always_inline bool natfw_lane_plain(const struct net_device *dev, struct sk_buff *skb)
{
	if (skb_is_nonlinear(skb) || skb->encapsulation || secpath_exists(skb))
		return false;
	return skb->ip_summed != CHECKSUM_PARTIAL ||
	       (dev->features & NETIF_F_HW_CSUM && !skb_csum_is_sctp(skb) &&
		!dev->netdev_ops->ndo_features_check);
}

/* What __dev_queue_xmit() puts in the packet for such a device. */
static __always_inline void natfw_lane_ready(const struct natfw_lane *lane, struct dst_entry *dst,
					     struct sk_buff *skb)
{
	skb_reset_mac_header(skb);
	if (skb->ip_summed == CHECKSUM_PARTIAL)
		skb_set_transport_header(skb, skb_checksum_start_offset(skb));
	natfw_not_at_ingress(skb);
	skb_set_queue_mapping(skb, 0);
#ifdef CONFIG_XPS
	skb->sender_cpu = lane->cpu + 1;
#endif
	skb_dst_drop(skb);
	if (unlikely(!(lane->dev->priv_flags & IFF_XMIT_DST_RELEASE))) {
		skb_dst_set_noref(skb, dst);
		skb_dst_force(skb);
	}
}

/* As the end of __dev_queue_xmit() for devices without a queue. */
static __always_inline void natfw_lane_start(const struct natfw_lane *lane, struct dst_entry *dst,
					     struct sk_buff *skb)
{
	struct softnet_data *sd = per_cpu_ptr(&softnet_data, lane->cpu);
	struct net_device *dev = lane->dev;
	struct netdev_queue *txq = lane->txq;
	bool done = false;

	natfw_lane_ready(lane, dst, skb);
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

/* There is room for the header of any device. */
static __always_inline void natfw_cap(struct sk_buff *skb, const struct natfw_hop *hop)
{
	memcpy(skb->data - HH_DATA_MOD, hop->header, HH_DATA_MOD);
	__skb_push(skb, ETH_HLEN);
}

/* A packet to a neighbour whose header is not known. */
static noinline void natfw_give_bare(const struct natfw_hop *hop, struct dst_entry *dst,
				     struct sk_buff *skb)
{
	natfw_skb_route(skb, dst);
	neigh_output(hop->n, skb, hop->cross);
}

static __always_inline void natfw_give(const struct natfw_lane *lane, struct dst_entry *dst,
				       struct sk_buff *skb)
{
	if (unlikely(!lane->ready)) {
		natfw_give_bare(lane->hop, dst, skb);
		return;
	}
	natfw_cap(skb, lane->hop);
	if (likely(lane->txq && natfw_lane_plain(lane->dev, skb))) {
		natfw_lane_start(lane, dst, skb);
		return;
	}
	natfw_skb_route(skb, dst);
	dev_queue_xmit(skb);
}

static __always_inline bool natfw_hit_by(struct natfw_lane *lane, struct natfw_pkt *p,
					 const struct natfw_flow *f, struct natfw_half *h)
{
	struct natfw_adj *a = rcu_dereference(h->adj);
	bool nat = f->flags & NATFW_FLOW_NAT;

	/* who has an adjacency was found not to have confined addresses */
	if (unlikely(!a || !natfw_pkt_plain(p)))
		return false;
	if (nat && p->key.proto != IPPROTO_UDP && p->key.proto != IPPROTO_TCP)
		return false;
	if ((lane->adj != a || lane->nd != p->nd) && unlikely(!natfw_lane_open(lane, p, a)))
		return false;
	if (unlikely(p->skb->len > lane->mtu || skb_headroom(p->skb) < lane->room))
		return false;
	if (nat)
		natfw_hit_rewrite(p, h);
	else
		natfw_age(p);
	natfw_give(lane, a->key.dst, natfw_dress(p, lane->dev));
	return true;
}

/* A packet that is in no batch. */
static noinline bool natfw_hit_alone(struct natfw_pkt *p, const struct natfw_flow *f,
				     struct natfw_half *h)
{
	struct natfw_lane natfw_not_cleared own;

	own.adj = NULL;
	return natfw_hit_by(&own, p, f, h);
}

bool natfw_emit_hit(struct natfw_pkt *p, const struct natfw_flow *f, struct natfw_half *h)
{
	if (!p->lanes)
		return natfw_hit_alone(p, f, h);
	return natfw_hit_by(natfw_lane_of(p->lanes, rcu_access_pointer(h->adj)), p, f, h);
}

/* ---- frames ---- */

bool natfw_emit_frame(const struct natfw_pkt *p, const struct natfw_half *h,
		      struct natfw_way *way)
{
	const struct natfw_adj *a = rcu_dereference(h->adj);
	const struct natfw_hop *hop = a ? natfw_adj_ready(p, a) : NULL;

	if (!hop || p->len > natfw_mtu(p, a->key.dst) || !natfw_hop_ready(hop))
		return false;
	way->dst = a->key.dst;
	way->dev = natfw_dst_dev(way->dst);
	memcpy(&way->head, (const u8 *)hop->header + HH_DATA_OFF(ETH_HLEN), ETH_HLEN);
	return true;
}

u32 natfw_way_mtu(const struct natfw_pkt *p, const struct natfw_way *way)
{
	return natfw_mtu(p, way->dst);
}

#ifdef NATFW_KUNIT
void natfw_test_hit_rewrite(const struct natfw_pkt *p, const struct natfw_half *h)
{
	natfw_hit_rewrite(p, h);
}
#endif
