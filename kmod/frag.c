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
 * Memory for fragments is one pool for everybody, so that one sender could use
 * it up with datagrams that never become whole (RFC 4787, REQ-14a). No more
 * than a share of it is used for what comes from one source address; what one
 * sends more than that is dropped, while whole packets and the fragments of
 * others pass. It takes a sender of many addresses to fill the pool, and then
 * fragments are all that is lost until the kernel's own timer has cleared it.
 *
 * They leave in the control block of the whole datagram how big its fragments
 * were, and on the skb that it may be fragmented again; natfw_deliver() takes
 * care that both reach the output path.
 */
#include <linux/net.h>
#include <linux/netfilter.h>
#include <linux/siphash.h>
#include <linux/sizes.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/ipv6_frag.h>
#include <net/netfilter/ipv6/nf_defrag_ipv6.h>

#include "net.h"
#include "emit.h"

/* Behind the last of each enumeration; there is a number for every zone. */
#define NATFW_DEFRAG4	(IP_DEFRAG_MACVLAN + 1)
#define NATFW_DEFRAG6	(__IP6_DEFRAG_CONNTRACK_BRIDGE_IN + 1)

/* ---- one sender's share ---- */

#define NATFW_SHARE_SENDERS	256	/* a power of two */
#define NATFW_SHARE_BYTES	SZ_1M		/* of the kernel's default of 4 MB */
#define NATFW_SHARE_WINDOW	(30 * HZ)	/* and of its default time to wait */

/*
 * What senders with the same hash have handed in and not got back, counted by
 * the window it came in: after one more, the kernel has dropped it.
 */
struct natfw_share {
	spinlock_t	lock;	/* of the rest */
	unsigned long	since;	/* begin of the window */
	long		now;	/* bytes of this window; may be negative */
	long		before;
};

static struct natfw_share natfw_shares[NATFW_SHARE_SENDERS] = {
	[0 ... NATFW_SHARE_SENDERS - 1] = {
		.lock = __SPIN_LOCK_UNLOCKED(natfw_shares.lock),
	},
};

static struct natfw_share *natfw_share_find(const struct natfw_pkt *p)
{
	static siphash_aligned_key_t secret;
	u64 where = (u64)p->key.zone << 32 | p->nn->net->ns.inum;

	net_get_random_once(&secret, sizeof(secret));
	return &natfw_shares[siphash_3u64(p->key.src.w[0], p->key.src.w[1],
					  where, &secret) &
			     (NATFW_SHARE_SENDERS - 1)];
}

static void natfw_share_age(struct natfw_share *s)
{
	unsigned long gone = jiffies - s->since;

	if (gone < NATFW_SHARE_WINDOW)
		return;
	s->before = gone < 2 * NATFW_SHARE_WINDOW ? s->now : 0;
	s->now = 0;
	s->since = jiffies;
}

/* True if the fragment may be handed in. */
static bool natfw_share_take(struct natfw_share *s, unsigned int bytes)
{
	bool ok;

	spin_lock(&s->lock);
	natfw_share_age(s);
	ok = s->now + s->before + (long)bytes <= NATFW_SHARE_BYTES;
	if (ok)
		s->now += bytes;
	spin_unlock(&s->lock);
	return ok;
}

static void natfw_share_give(struct natfw_share *s, unsigned int bytes)
{
	spin_lock(&s->lock);
	natfw_share_age(s);
	s->now -= bytes;
	if (s->now + s->before < 0)
		s->now = -s->before;
	spin_unlock(&s->lock);
}

/* ---- reassembly ---- */

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

/*
 * The output path keeps DF of fragments that had it, unless it finds the very
 * pieces they came in and reuses them.
 */
static int natfw_defrag4_df(struct sk_buff *skb)
{
	if (!(IPCB(skb)->flags & IPSKB_FRAG_PMTU) || !skb_linearize(skb))
		return 0;
	kfree_skb_reason(skb, SKB_DROP_REASON_NOMEM);
	return natfw_fail(NATFW_R_NO_MEMORY);
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
	return natfw_defrag4_df(skb);
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

static int natfw_frag_drop(struct natfw_pkt *p, enum natfw_reason reason)
{
	kfree_skb_reason(p->skb, natfw_reasons[reason].drop_reason);
	p->skb = NULL;
	return natfw_fail(reason);
}

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
	struct natfw_share *s = natfw_share_find(p);
	unsigned int bytes = p->skb->truesize;
	int err;

	if (natfw_unshare(p))
		return natfw_frag_drop(p, NATFW_R_NO_MEMORY);
	if (!natfw_share_take(s, bytes))
		return natfw_frag_drop(p, NATFW_R_FRAG_BAD);
	err = natfw_pkt_is6(p) ? natfw_defrag6(p) : natfw_defrag4(p);
	if (!err)
		bytes = p->skb->truesize;	/* of all its fragments */
	if (err != natfw_fail(NATFW_R_FRAG_QUEUED))
		natfw_share_give(s, bytes);
	if (err)
		p->skb = NULL;
	else
		p->flags |= NATFW_P_REASM;
	return err;
}
