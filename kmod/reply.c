// SPDX-License-Identifier: GPL-2.0-only
/*
 * Answers to the sender of a packet, made from the packet as it arrived.
 *
 * They are the kernel's own: icmp_send() and icmpv6_send() know when not to
 * answer (errors, groups, later fragments), keep to the rate limits and take
 * the gateway's address towards the sender as source, which is what traceroute
 * shows. They want a route on the packet, which it does not have yet at
 * ingress: it is looked up, used and taken off again. A source that fails the
 * reverse path filter has none and gets no answer.
 *
 * Resets come from nf_reject, which routes them like any packet of this host:
 * no link-layer header is needed, so they work on any device.
 *
 * Whether a neighbour exists shows seconds after a packet was queued for it.
 * For the few packets whose sender the stack could not tell then, a clone of
 * the packet as it arrived is kept until that is known. It holds a reference
 * to the neighbour, and thereby to its device, for NATFW_LATE_MAX_WAIT at most,
 * and not beyond the device's going down.
 */
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/netfilter.h>
#include <net/icmp.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/neighbour.h>
#include <net/netfilter/ipv4/nf_reject.h>
#include <net/netfilter/ipv6/nf_reject.h>

#include "net.h"
#include "emit.h"

/* What an answer disturbs on the packet. */
struct natfw_answer {
	struct dst_entry	*dst;
	u8			cb[sizeof_field(struct sk_buff, cb)];
};

/* Answers speak of packets as they arrived: the output hook leaves them alone. */
static DEFINE_PER_CPU(unsigned int, natfw_answering);

bool natfw_answer_is_ours(void)
{
	return this_cpu_read(natfw_answering);
}

static void natfw_answer_end(struct natfw_pkt *p, const struct natfw_answer *a)
{
	struct sk_buff *skb = p->skb;

	this_cpu_dec(natfw_answering);
	skb_dst_drop(skb);
	if (a->dst)
		skb_dst_set(skb, a->dst);
	memcpy(skb->cb, a->cb, sizeof(skb->cb));
}

/* Routing lets some broadcast addresses pass as sources; no host has them. */
static bool natfw_answer_route(struct sk_buff *skb)
{
	const struct iphdr *ih = ip_hdr(skb);

	if (inet_addr_type_dev_table(dev_net(skb->dev), skb->dev, ih->saddr) !=
	    RTN_UNICAST)
		return false;
	return natfw_route_input(skb, ih->daddr, ih->saddr, ih->tos, skb->dev);
}

/* True if the packet may be answered; then natfw_answer_end() must follow. */
static bool natfw_answer_begin(struct natfw_pkt *p, struct natfw_answer *a)
{
	struct sk_buff *skb;

	/* route and control block are about to be written */
	if (natfw_unshare(p))
		return false;
	this_cpu_inc(natfw_answering);
	skb = p->skb;
	a->dst = skb_dst(skb);
	if (a->dst)
		dst_hold(a->dst);
	memcpy(a->cb, skb->cb, sizeof(a->cb));
	memset(skb->cb, 0, sizeof(skb->cb));
	if (natfw_pkt_is6(p)) {
		skb_dst_drop(skb);
		IP6CB(skb)->iif = skb->dev->ifindex;
		return true;
	}
	IPCB(skb)->iif = skb->dev->ifindex;
	if (natfw_answer_route(skb))
		return true;
	natfw_answer_end(p, a);
	return false;
}

static void natfw_answer_icmp(struct natfw_pkt *p, u8 type, u8 code, u32 info)
{
	struct natfw_answer a;

	if (!natfw_answer_begin(p, &a))
		return;
	if (natfw_pkt_is6(p))
		icmpv6_send(p->skb, type, code, info);
	else
		icmp_send(p->skb, type, code, htonl(info));
	natfw_answer_end(p, &a);
}

/**
 * natfw_answer_unreachable() - destination unreachable
 * @p: the packet, not translated; p->skb may be replaced by a copy
 * @code4: code if it is IPv4
 * @code6: code if it is IPv6
 *
 * Context: RCU, bottom halves off, netdev ingress.
 */
void natfw_answer_unreachable(struct natfw_pkt *p, u8 code4, u8 code6)
{
	if (natfw_pkt_is6(p))
		natfw_answer_icmp(p, ICMPV6_DEST_UNREACH, code6, 0);
	else
		natfw_answer_icmp(p, ICMP_DEST_UNREACH, code4, 0);
}

/**
 * natfw_answer_noroute() - tell the sender why there is no route
 * @p: the packet, not translated; p->skb may be replaced by a copy
 * @error: of struct natfw_route; as ip_error(), not every one is answered
 *
 * Context: RCU, bottom halves off, netdev ingress.
 */
void natfw_answer_noroute(struct natfw_pkt *p, int error)
{
	if (error == ENETUNREACH)
		natfw_answer_unreachable(p, ICMP_NET_UNREACH, ICMPV6_NOROUTE);
	else if (error == EHOSTUNREACH)
		natfw_answer_unreachable(p, ICMP_HOST_UNREACH, ICMPV6_NOROUTE);
	else if (error == EACCES)
		natfw_answer_unreachable(p, ICMP_PKT_FILTERED,
					 ICMPV6_ADM_PROHIBITED);
}

/**
 * natfw_answer_ttl() - time exceeded in transit
 * @p: the packet, not translated; p->skb may be replaced by a copy
 *
 * Context: RCU, bottom halves off, netdev ingress.
 */
void natfw_answer_ttl(struct natfw_pkt *p)
{
	if (natfw_pkt_is6(p))
		natfw_answer_icmp(p, ICMPV6_TIME_EXCEED, ICMPV6_EXC_HOPLIMIT, 0);
	else
		natfw_answer_icmp(p, ICMP_TIME_EXCEEDED, ICMP_EXC_TTL, 0);
}

/**
 * natfw_answer_mtu() - packet too big, or fragmentation needed
 * @p: the packet, not translated; p->skb may be replaced by a copy
 * @mtu: what fits through the next link
 *
 * Context: RCU, bottom halves off, netdev ingress.
 */
void natfw_answer_mtu(struct natfw_pkt *p, u32 mtu)
{
	if (natfw_pkt_is6(p))
		natfw_answer_icmp(p, ICMPV6_PKT_TOOBIG, 0, mtu);
	else
		natfw_answer_icmp(p, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, mtu);
}

/* What the kernel permits itself of ICMP errors; resets it does not limit at all. */
#define NATFW_RESETS_PER_SECOND	1000
#define NATFW_RESETS_BURST	50

static void natfw_reset_earn(struct natfw_net *nn)
{
	unsigned long gone = min_t(unsigned long, jiffies - nn->reset_stamp, HZ);
	u32 more = gone * NATFW_RESETS_PER_SECOND / HZ;

	if (!more)
		return;
	WRITE_ONCE(nn->reset_credit, min_t(u32, nn->reset_credit + more, NATFW_RESETS_BURST));
	WRITE_ONCE(nn->reset_stamp, jiffies);
}

/* True if one more may be sent now. */
static bool natfw_reset_allowed(struct natfw_net *nn)
{
	unsigned long now = jiffies;
	bool ok;

	if (!READ_ONCE(nn->reset_credit) && READ_ONCE(nn->reset_stamp) == now)
		return false;
	spin_lock(&nn->reset_lock);
	natfw_reset_earn(nn);
	ok = nn->reset_credit;
	if (ok)
		WRITE_ONCE(nn->reset_credit, nn->reset_credit - 1);
	spin_unlock(&nn->reset_lock);
	return ok;
}

/* False if this kernel has no means for it. */
static bool natfw_answer_reset(struct natfw_pkt *p)
{
	struct net *net = p->nn->net;
	struct natfw_answer a;

	if (!IS_ENABLED(CONFIG_NF_REJECT_IPV4) ||
	    !IS_ENABLED(CONFIG_NF_REJECT_IPV6))
		return false;
	if (!natfw_reset_allowed(p->nn) || !natfw_answer_begin(p, &a))
		return true;
	if (natfw_pkt_is6(p))
		nf_send_reset6(net, NULL, p->skb, NF_INET_PRE_ROUTING);
	else
		nf_send_reset(net, NULL, p->skb, NF_INET_PRE_ROUTING);
	natfw_answer_end(p, &a);
	return true;
}

/**
 * natfw_answer_reject() - tell the sender that policy is against it
 * @p: the packet, not translated; p->skb may be replaced by a copy
 *
 * A reset for TCP (none for a reset, and no more than NATFW_RESETS_PER_SECOND
 * in the namespace, in bursts of NATFW_RESETS_BURST), communication administratively
 * prohibited for everything else.
 *
 * Context: RCU, bottom halves off, netdev ingress.
 */
void natfw_answer_reject(struct natfw_pkt *p)
{
	if (p->key.proto == IPPROTO_TCP && !(p->flags & NATFW_P_OPAQUE) &&
	    natfw_answer_reset(p))
		return;
	natfw_answer_unreachable(p, ICMP_PKT_FILTERED, ICMPV6_ADM_PROHIBITED);
}

/* ---- answers that depend on a neighbour ---- */

#define NATFW_LATE_MAX		64
#define NATFW_LATE_MAX_WAIT	(5 * HZ)
#define NATFW_LATE_POLL		(HZ / 4)

struct natfw_late {
	struct list_head	list;
	struct neighbour	*n;	/* reference */
	struct sk_buff		*skb;	/* as it arrived; its dev is not to be trusted */
	unsigned long		until;
	int			ifindex;
	u16			flags;	/* of the packet */
};

static void natfw_late_poll(struct work_struct *work);

static LIST_HEAD(natfw_late_list);		/* natfw_late_lock */
static unsigned int natfw_late_count;		/* natfw_late_lock */
static DEFINE_SPINLOCK(natfw_late_lock);
static DECLARE_DELAYED_WORK(natfw_late_work, natfw_late_poll);

static void natfw_late_free(struct natfw_late *l)
{
	neigh_release(l->n);
	kfree_skb(l->skb);
	kfree(l);
}

static void natfw_late_answer(struct natfw_late *l)
{
	struct natfw_pkt p = { .skb = l->skb, .flags = l->flags };

	local_bh_disable();
	rcu_read_lock();
	l->skb->dev = dev_get_by_index_rcu(dev_net(l->n->dev), l->ifindex);
	if (l->skb->dev)
		natfw_answer_unreachable(&p, ICMP_HOST_UNREACH,
					 ICMPV6_ADDR_UNREACH);
	l->skb = p.skb;
	rcu_read_unlock();
	local_bh_enable();
}

/* True once there is nothing more to wait for. */
static bool natfw_late_done(const struct natfw_late *l)
{
	u8 state = READ_ONCE(l->n->nud_state);

	return state & (NUD_VALID | NUD_FAILED) || state == NUD_NONE ||
	       time_after(jiffies, l->until);
}

static void natfw_late_poll(struct work_struct *work)
{
	struct natfw_late *l, *next;
	LIST_HEAD(done);
	bool more;

	spin_lock_bh(&natfw_late_lock);
	list_for_each_entry_safe(l, next, &natfw_late_list, list) {
		if (!natfw_late_done(l))
			continue;
		list_move_tail(&l->list, &done);
		natfw_late_count--;
	}
	more = !list_empty(&natfw_late_list);
	spin_unlock_bh(&natfw_late_lock);

	list_for_each_entry_safe(l, next, &done, list) {
		if (READ_ONCE(l->n->nud_state) & NUD_FAILED)
			natfw_late_answer(l);
		natfw_late_free(l);
	}
	if (more)
		schedule_delayed_work(&natfw_late_work, NATFW_LATE_POLL);
}

static struct natfw_late *natfw_late_make(const struct natfw_pkt *p,
					  struct neighbour *n)
{
	struct natfw_late *l = kzalloc(sizeof(*l), GFP_ATOMIC);

	if (!l)
		return NULL;
	l->skb = skb_clone(p->skb, GFP_ATOMIC);
	if (!l->skb || !refcount_inc_not_zero(&n->refcnt)) {
		kfree_skb(l->skb);
		kfree(l);
		return NULL;
	}
	skb_dst_drop(l->skb);
	skb_orphan(l->skb);
	l->n = n;
	l->until = jiffies + NATFW_LATE_MAX_WAIT;
	l->ifindex = p->skb->dev->ifindex;
	l->flags = p->flags;
	return l;
}

/**
 * natfw_answer_late() - host unreachable, if a neighbour turns out to be
 * @p: the packet, not translated
 * @n: the neighbour it is about to be queued for
 *
 * Does nothing where too many wait already.
 *
 * Context: RCU, bottom halves off, netdev ingress.
 */
void natfw_answer_late(struct natfw_pkt *p, struct neighbour *n)
{
	struct natfw_late *l = NULL;

	if (READ_ONCE(natfw_late_count) < NATFW_LATE_MAX)
		l = natfw_late_make(p, n);
	if (!l)
		return;
	spin_lock_bh(&natfw_late_lock);
	list_add_tail(&l->list, &natfw_late_list);
	natfw_late_count++;
	spin_unlock_bh(&natfw_late_lock);
	schedule_delayed_work(&natfw_late_work, NATFW_LATE_POLL);
}

/**
 * natfw_answer_forget() - give up on the neighbours of a device
 * @dev: device that goes down, or away: it cannot go as long as they are held
 *
 * Context: process, rtnl held.
 */
void natfw_answer_forget(const struct net_device *dev)
{
	struct natfw_late *l, *next;
	LIST_HEAD(gone);

	spin_lock_bh(&natfw_late_lock);
	list_for_each_entry_safe(l, next, &natfw_late_list, list) {
		if (l->n->dev != dev)
			continue;
		list_move_tail(&l->list, &gone);
		natfw_late_count--;
	}
	spin_unlock_bh(&natfw_late_lock);
	list_for_each_entry_safe(l, next, &gone, list)
		natfw_late_free(l);
}

/**
 * natfw_answer_fini() - forget the answers that are still due
 *
 * Context: module exit, no packet comes any more. May sleep.
 */
void natfw_answer_fini(void)
{
	struct natfw_late *l, *next;

	cancel_delayed_work_sync(&natfw_late_work);
	list_for_each_entry_safe(l, next, &natfw_late_list, list)
		natfw_late_free(l);
	INIT_LIST_HEAD(&natfw_late_list);
}
