/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What packets on their way out are asked, and what becomes of them, on the long way
 * (emit.c) as well as on the short one (hit.c).
 */
#ifndef _NATFW_OUT_H
#define _NATFW_OUT_H

#include <linux/if_vlan.h>
#include <net/addrconf.h>
#include <net/ip.h>
#include <net/ip6_route.h>
#include <net/xfrm.h>

#include "compat.h"
#include "net.h"
#include "parse.h"

static inline struct net_device *natfw_dst_dev(const struct dst_entry *dst)
{
	return READ_ONCE(dst->dev);
}

static inline bool natfw_v6_forwarding(const struct net *net, const struct net_device *dev)
{
	return READ_ONCE(net->ipv6.devconf_all->forwarding) ||
	       natfw_v6_forced(__in6_dev_get(dev));
}

/* ---- what only the stack can do ---- */

static inline bool natfw_offload_odd(const struct sk_buff *skb)
{
	const struct skb_shared_info *sh = skb_shinfo(skb);

	if (!sh->gso_size)
		return false;
	/* LRO, which must not be forwarded, and GRO's chains of whole packets */
	return !sh->gso_type || sh->gso_type & SKB_GSO_FRAGLIST;
}

static inline bool natfw_xfrm_active(const struct net *net)
{
#ifdef CONFIG_XFRM
	return READ_ONCE(net->xfrm.policy_count[XFRM_POLICY_FWD]) ||
	       READ_ONCE(net->xfrm.policy_count[XFRM_POLICY_OUT]) ||
	       READ_ONCE(net->xfrm.policy_default[XFRM_POLICY_FWD]) ==
			XFRM_USERPOLICY_BLOCK ||
	       READ_ONCE(net->xfrm.policy_default[XFRM_POLICY_OUT]) ==
			XFRM_USERPOLICY_BLOCK;
#else
	return false;
#endif
}

static __always_inline bool natfw_pkt_odd(const struct natfw_pkt *p)
{
	const struct sk_buff *skb = p->skb;

	if (p->flags & (NATFW_P_SLOW | NATFW_P_REASM | NATFW_P_GROUP))
		return true;
	if (p->flags & NATFW_P_OPAQUE && !(p->flags & NATFW_P_FRAG))
		return true;
#ifdef CONFIG_NET_SWITCHDEV
	if (skb->offload_l3_fwd_mark)
		return true;
#endif
	return skb->pkt_type != PACKET_HOST || natfw_offload_odd(skb);
}

static __always_inline u32 natfw_mtu(const struct natfw_pkt *p, const struct dst_entry *dst)
{
	if (natfw_pkt_is6(p))
		return max_t(u32, ip6_dst_mtu_maybe_forward(dst, true),
			     IPV6_MIN_MTU);
	return ip_dst_mtu_maybe_forward(dst, true);
}

/* What ip_forward() and ip6_forward() do to the header. */
static inline void natfw_age(const struct natfw_pkt *p)
{
	if (natfw_pkt_is6(p))
		ipv6_hdr(p->skb)->hop_limit--;
	else
		ip_decrease_ttl(ip_hdr(p->skb));
}

/* And what they leave in cb. */
static __always_inline void natfw_forwarded(const struct natfw_pkt *p)
{
	struct sk_buff *skb = p->skb;

	if (natfw_pkt_is6(p)) {
		memset(IP6CB(skb), 0, sizeof(struct inet6_skb_parm));
		IP6CB(skb)->iif = skb->dev->ifindex;
		IP6CB(skb)->flags = IP6SKB_FORWARDED;
	} else {
		memset(IPCB(skb), 0, sizeof(struct inet_skb_parm));
		IPCB(skb)->iif = skb->dev->ifindex;
		IPCB(skb)->flags = IPSKB_FORWARDED;
	}
}

/* The packet, done with and a hop older, to be sent by @dev once it has a route. */
static __always_inline struct sk_buff *natfw_dress(struct natfw_pkt *p, struct net_device *dev)
{
	struct sk_buff *skb = p->skb;

	natfw_forwarded(p);
	skb_orphan(skb);
	skb_forward_csum(skb);
	skb_clear_tstamp(skb);
	__vlan_hwaccel_clear_tag(skb);
	skb->dev = dev;
	p->skb = NULL;
	return skb;
}

/* Whoever queues the packet takes a reference. */
static inline void natfw_skb_route(struct sk_buff *skb, struct dst_entry *dst)
{
	skb_dst_drop(skb);
	skb_dst_set_noref(skb, dst);
}

#endif /* _NATFW_OUT_H */
