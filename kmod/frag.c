// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reassembly, by the kernel's own reassemblers: their queues are bounded in
 * memory and time, drop what overlaps, and belong to the network namespace,
 * so nothing of this module is referred to by a fragment that waits.
 *
 * Zones may have the same addresses, so each has queues of its own. The
 * reassemblers tell queues apart by a number their user gives; ours start
 * behind those the kernel uses.
 *
 * They leave in the control block of the whole datagram how big its fragments
 * were, and on the skb that it may be fragmented again; natfw_deliver() takes
 * care that both reach the output path.
 */
#include <linux/netfilter.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/ipv6_frag.h>
#include <net/netfilter/ipv6/nf_defrag_ipv6.h>

#include "net.h"
#include "emit.h"

/* Behind the last of each enumeration; there is a number for every zone. */
#define NATFW_DEFRAG4	(IP_DEFRAG_MACVLAN + 1)
#define NATFW_DEFRAG6	(__IP6_DEFRAG_CONNTRACK_BRIDGE_IN + 1)

/*
 * A wrong header checksum would be covered up by the one computed for the
 * whole datagram. Link-layer padding would be taken for data.
 */
static bool natfw_frag4_sound(struct sk_buff *skb)
{
	const struct iphdr *ih = ip_hdr(skb);

	if (!pskb_may_pull(skb, ih->ihl * 4))
		return false;
	ih = ip_hdr(skb);
	if (ip_fast_csum((u8 *)ih, ih->ihl))
		return false;
	return !pskb_trim_rcsum(skb, ntohs(ih->tot_len));
}

static int natfw_defrag4(struct natfw_pkt *p)
{
	struct sk_buff *skb = p->skb;
	int err;

	if (!natfw_frag4_sound(skb)) {
		kfree_skb_reason(skb, SKB_DROP_REASON_IP_CSUM);
		return natfw_fail(NATFW_R_FRAG_BAD);
	}
	memset(IPCB(skb), 0, sizeof(struct inet_skb_parm));
	err = ip_defrag(p->nn->net, skb, NATFW_DEFRAG4 + p->nd->zone);
	if (err)	/* the reassembler has, or freed, it */
		return natfw_fail(err == -EINPROGRESS ? NATFW_R_FRAG_QUEUED
						      : NATFW_R_FRAG_BAD);
	skb->ignore_df = 1;
	return 0;
}

#if IS_ENABLED(CONFIG_NF_DEFRAG_IPV6)
/* 0 from the gatherer may also mean that it would have nothing to do with it. */
static int natfw_defrag6(struct natfw_pkt *p)
{
	struct sk_buff *skb = p->skb;
	int err;

	memset(IP6CB(skb), 0, sizeof(struct inet6_skb_parm));
	if (pskb_trim_rcsum(skb, sizeof(struct ipv6hdr) +
				 ntohs(ipv6_hdr(skb)->payload_len)))
		goto bad;
	err = nf_ct_frag6_gather(p->nn->net, skb, NATFW_DEFRAG6 + p->nd->zone);
	if (err == -EINPROGRESS)
		return natfw_fail(NATFW_R_FRAG_QUEUED);
	if (!err && IP6CB(skb)->flags & IP6SKB_FRAGMENTED)
		return 0;
bad:
	kfree_skb_reason(skb, SKB_DROP_REASON_DUP_FRAG);
	return natfw_fail(NATFW_R_FRAG_BAD);
}
#else
static int natfw_defrag6(struct natfw_pkt *p)
{
	kfree_skb_reason(p->skb, SKB_DROP_REASON_UNHANDLED_PROTO);
	return natfw_fail(NATFW_R_FRAG_BAD);
}
#endif

/**
 * natfw_defrag() - hand in a fragment
 * @p: the fragment, as parsed (NATFW_P_FRAG)
 *
 * Context: RCU, bottom halves off, netdev ingress.
 * Return: 0 if p->skb is now the whole datagram, NATFW_P_REASM set, to be
 * parsed again; natfw_fail(NATFW_R_FRAG_QUEUED, _FRAG_BAD or _NO_MEMORY) if
 * the skb is gone, and p->skb NULL.
 */
int natfw_defrag(struct natfw_pkt *p)
{
	int err;

	if (natfw_unshare(p)) {
		kfree_skb_reason(p->skb, SKB_DROP_REASON_NOMEM);
		err = natfw_fail(NATFW_R_NO_MEMORY);
	} else {
		err = natfw_pkt_is6(p) ? natfw_defrag6(p) : natfw_defrag4(p);
	}
	if (err)
		p->skb = NULL;
	else
		p->flags |= NATFW_P_REASM;
	return err;
}
