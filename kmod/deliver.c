// SPDX-License-Identifier: GPL-2.0-only
/*
 * Into the stack by another door.
 *
 * Reassembled datagrams have to be handed to the stack past ip_rcv(), which
 * would clear the control block that says how big the fragments were, and
 * packets whose skb was shared past the ingress hook.
 */
#include <linux/netfilter.h>
#include <net/dst_metadata.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/l3mdev.h>
#include <net/route.h>

#include "emit.h"
#include "net.h"

/* IP options, as ip_rcv_options(); source routes end here. */
static bool natfw_rcv4_options(struct net *net, struct sk_buff *skb)
{
	struct ip_options *opt = &IPCB(skb)->opt;

	opt->optlen = ip_hdr(skb)->ihl * 4 - sizeof(struct iphdr);
	return !opt->optlen || (!ip_options_compile(net, opt, skb) && !opt->srr);
}

/* As ip_rcv_finish(). */
static int natfw_rcv4_finish(struct net *net, struct sock *sk, struct sk_buff *skb)
{
	struct net_device *dev = skb->dev;
	const struct iphdr *ih;

	skb = l3mdev_ip_rcv(skb);
	if (!skb)
		return NET_RX_SUCCESS;
	ih = ip_hdr(skb);
	if (!skb_valid_dst(skb) &&
	    !natfw_route_input(skb, ih->daddr, ih->saddr, ih->tos, dev))
		goto drop;
	if (!natfw_rcv4_options(net, skb))
		goto drop;
	return dst_input(skb);
drop:
	kfree_skb_reason(skb, SKB_DROP_REASON_IP_INHDR);
	return NET_RX_DROP;
}

static void natfw_rcv4(struct net *net, struct sk_buff *skb)
{
	skb->transport_header = skb->network_header + ip_hdrlen(skb);
	IPCB(skb)->iif = skb->skb_iif;
	NF_HOOK(NFPROTO_IPV4, NF_INET_PRE_ROUTING, net, NULL, skb, skb->dev,
		NULL, natfw_rcv4_finish);
}

/* As ip6_rcv_finish(). */
static int natfw_rcv6_finish(struct net *net, struct sock *sk, struct sk_buff *skb)
{
	struct dst_entry *dst;

	skb = l3mdev_ip6_rcv(skb);
	if (!skb)
		return NET_RX_SUCCESS;
	if (!skb_valid_dst(skb)) {
		rcu_read_lock();
		dst = natfw_route_input6(net, skb, &ipv6_hdr(skb)->daddr);
		skb_dst_drop(skb);
		skb_dst_set_noref(skb, dst);
		skb_dst_force(skb);
		rcu_read_unlock();
	}
	if (!skb_dst(skb)) {
		kfree_skb_reason(skb, SKB_DROP_REASON_IP_OUTNOROUTES);
		return NET_RX_DROP;
	}
	return dst_input(skb);
}

/* Hop-by-hop options are stepped over: they were meant for us, but say little. */
static void natfw_rcv6(struct net *net, struct sk_buff *skb)
{
	unsigned int nhoff = offsetof(struct ipv6hdr, nexthdr);
	unsigned int thoff = sizeof(struct ipv6hdr);

	if (ipv6_hdr(skb)->nexthdr == NEXTHDR_HOP &&
	    pskb_may_pull(skb, thoff + 8)) {
		nhoff = thoff;
		thoff += (skb->data[thoff + 1] + 1) * 8;
	}
	IP6CB(skb)->iif = skb->dev->ifindex;
	IP6CB(skb)->nhoff = nhoff;
	skb->transport_header = skb->network_header + thoff;
	NF_HOOK(NFPROTO_IPV6, NF_INET_PRE_ROUTING, net, NULL, skb, skb->dev,
		NULL, natfw_rcv6_finish);
}

/* Straight into IP, the control block as it is. */
static void natfw_rcv(struct natfw_pkt *p)
{
	struct sk_buff *skb = p->skb;

	skb_orphan(skb);
	if (!(p->flags & NATFW_P_REASM))
		memset(skb->cb, 0, sizeof(skb->cb));
	if (natfw_pkt_is6(p))
		natfw_rcv6(p->nn->net, skb);
	else
		natfw_rcv4(p->nn->net, skb);
}

/**
 * natfw_deliver() - give an accepted packet to the stack from within the hook
 * @p: the packet; p->skb is gone afterwards
 *
 * For natfw_accept(). A reassembled datagram, or an IPv6 packet that has its
 * route, enters IP behind the checks of ip_rcv(), which the parser made too;
 * every netfilter hook sees it. Anything else starts over behind the ingress
 * hook.
 *
 * Context: RCU, bottom halves off, netdev ingress.
 * Return: NF_STOLEN
 */
unsigned int natfw_deliver(struct natfw_pkt *p)
{
	struct sk_buff *skb = p->skb;

	if (p->flags & NATFW_P_REASM ||
	    (natfw_pkt_is6(p) && skb_valid_dst(skb)) || !natfw_skip_ingress(skb)) {
		natfw_rcv(p);
	} else {
		/* it may be queued for another processor */
		skb_dst_force(skb);
		netif_receive_skb(skb);
	}
	p->skb = NULL;
	return NF_STOLEN;
}
