// SPDX-License-Identifier: GPL-2.0-only
/*
 * How permitted packets leave.
 *
 * The order is that of nf_flow_table: route, destination (ours, a group, none),
 * TTL, MTU, neighbour, and only then is anything written, so that whatever
 * cannot be done here is either left to the stack or answered with the packet
 * as its sender knows it.
 *
 * Leaving a translated packet to the stack has one difficulty: the stack would
 * judge its translated source as if it had come in with it (which for one of
 * our own addresses is a martian). So the route that was found with the true
 * source goes along with the packet. IPv6 judges no source, and takes the
 * device of such a route for the one the packet came in by; there the stack
 * finds the route itself, unless source addresses matter to routing.
 *
 * The route cache: a half holds a reference to the adjacency its packets took
 * last (adj.h). dst_check() tells when routing changed, then another is found.
 *
 * Most packets are plain and find things as the last one of their flow left
 * them: hit.c sees to those in one go, and gives all others back.
 */
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/inetdevice.h>
#include <linux/netfilter.h>
#include <net/addrconf.h>
#include <net/arp.h>
#include <net/dst_metadata.h>
#include <net/ip.h>
#include <net/ip6_fib.h>
#include <net/ip6_route.h>
#include <net/lwtunnel.h>
#include <net/neighbour.h>
#include <net/route.h>

#include "adj.h"
#include "emit.h"
#include "net.h"
#include "out.h"

/* A neighbour that failed longer ago than this is asked for again first. */
#define NATFW_NEIGH_RETRY	HZ

/* A packet on its way out. */
struct natfw_out {
	const struct natfw_xlat	*x;	/* translation, or NULL */
	const struct natfw_xlat	*inner;	/* of the packet in an ICMP error, or NULL */
	bool			stack;	/* the rule wants the stack to forward it */
	struct natfw_half	*h;	/* whose adjacency it takes, or NULL */
	struct natfw_route	rt;
};

static const struct rtable *natfw_rt4(const struct dst_entry *dst)
{
	return container_of(dst, struct rtable, dst);
}

static const struct rt6_info *natfw_rt6(const struct dst_entry *dst)
{
	return container_of(dst, struct rt6_info, dst);
}

static unsigned int natfw_drop(enum natfw_reason reason, enum natfw_reason *why)
{
	*why = reason;
	return NF_DROP;
}

static unsigned int natfw_pass(enum natfw_reason reason, enum natfw_reason *why)
{
	*why = reason;
	return NF_ACCEPT;
}

int natfw_unshare(struct natfw_pkt *p)
{
	struct sk_buff *skb;

	if (likely(!skb_shared(p->skb)))
		return 0;
	skb = skb_clone(p->skb, GFP_ATOMIC);
	if (!skb)
		return -ENOMEM;
	consume_skb(p->skb);
	p->skb = skb;
	return 0;
}

/*
 * A packet may be shared with whoever handed it in and waits for it to come
 * back (pktgen does). It is written to in place nevertheless, as flowtables
 * do: nobody reads it any more. A copy is made only where the kernel insists,
 * which is where memory would be moved.
 */
static int natfw_own(struct natfw_pkt *p)
{
	if (likely(!skb_cloned(p->skb) && !skb_is_nonlinear(p->skb)))
		return 0;
	return natfw_unshare(p);
}

/* ---- finding the route ---- */

static void natfw_route_type4(const struct dst_entry *dst, struct natfw_route *rt)
{
	switch (natfw_rt4(dst)->rt_type) {
	case RTN_UNICAST:
		rt->type = NATFW_ROUTE_FORWARD;
		break;
	case RTN_LOCAL:
		rt->type = NATFW_ROUTE_LOCAL;
		break;
	case RTN_BROADCAST:
	case RTN_ANYCAST:
	case RTN_MULTICAST:
		rt->type = NATFW_ROUTE_GROUP;
		break;
	default:
		rt->type = NATFW_ROUTE_NONE;
		rt->error = dst->error;	/* positive, in IPv4 */
	}
}

static void natfw_route_type6(const struct dst_entry *dst, struct natfw_route *rt)
{
	if (dst->error) {
		rt->type = NATFW_ROUTE_NONE;
		rt->error = -dst->error;
	} else if (natfw_rt6(dst)->rt6i_flags & (RTF_LOCAL | RTF_ANYCAST)) {
		rt->type = NATFW_ROUTE_LOCAL;
	} else {
		rt->type = NATFW_ROUTE_FORWARD;
	}
}

static bool natfw_v4_forwarding(const struct net_device *dev)
{
	struct in_device *in_dev = __in_dev_get_rcu(dev);

	return in_dev && IN_DEV_FORWARD(in_dev);
}

/*
 * ip_route_input_noref() puts the route on the skb, which may have a tunnel's
 * metadata there, and notes down in its control block whether a redirect
 * should be sent. Neither may last.
 */
static void natfw_route_find4(const struct natfw_pkt *p, __be32 daddr,
			      struct natfw_route *rt)
{
	const struct iphdr *ih = ip_hdr(p->skb);
	struct dst_entry *was = skb_dst(p->skb);
	struct sk_buff *skb = p->skb;
	u16 flags = IPCB(skb)->flags;

	if (was)
		dst_hold(was);
	rt->error = 0;
	if (natfw_route_input(skb, daddr, ih->saddr, ih->tos, skb->dev))
		rt->dst = skb_dst(skb);
	/* only the reference: an input route is freed by RCU */
	skb_dst_drop(skb);
	if (was)
		skb_dst_set(skb, was);
	IPCB(skb)->flags = flags;
	if (rt->dst)
		natfw_route_type4(rt->dst, rt);
	if (!natfw_v4_forwarding(skb->dev))
		rt->error = 0;
}

struct dst_entry *natfw_route_input6(struct net *net, struct sk_buff *skb,
				     const struct in6_addr *daddr)
{
	const struct ipv6hdr *ih = ipv6_hdr(skb);
	const struct ip_tunnel_info *info = skb_tunnel_info(skb);
	struct flowi6 fl6 = {
		.flowi6_iif	= skb->dev->ifindex,
		.flowi6_mark	= skb->mark,
		.flowi6_proto	= ih->nexthdr,
		.flowlabel	= ip6_flowinfo(ih),
		.saddr		= ih->saddr,
		.daddr		= *daddr,
	};
	struct flow_keys keys;

	if (info && !(info->mode & IP_TUNNEL_INFO_TX))
		fl6.flowi6_tun_key.tun_id = info->key.tun_id;
	fib6_rules_early_flow_dissect(net, skb, &fl6, &keys);
	return ip6_route_input_lookup(net, skb->dev, &fl6, skb,
				      RT6_LOOKUP_F_HAS_SADDR |
				      RT6_LOOKUP_F_DST_NOREF);
}

static void natfw_route_find6(const struct natfw_pkt *p,
			      const struct in6_addr *daddr,
			      struct natfw_route *rt)
{
	struct net *net = p->nn->net;

	if (ipv6_addr_is_multicast(daddr)) {
		rt->type = NATFW_ROUTE_GROUP;
		return;
	}
	rt->dst = natfw_route_input6(net, p->skb, daddr);
	rt->cookie = rt6_get_cookie(natfw_rt6(rt->dst));
	natfw_route_type6(rt->dst, rt);
	if (rt->type != NATFW_ROUTE_LOCAL &&
	    !natfw_v6_forwarding(net, p->skb->dev)) {
		rt->type = NATFW_ROUTE_NONE;
		rt->error = 0;
	}
}

/**
 * natfw_route_find() - route of a packet to another destination
 * @p: the packet, its source as it arrived
 * @daddr: where it is to go
 * @rt: filled in; rt->dst may be NULL unless the type is FORWARD or LOCAL
 *
 * Context: RCU, bottom halves off; rt->dst is valid as long as that lasts.
 */
void natfw_route_find(const struct natfw_pkt *p, const union natfw_addr *daddr,
		      struct natfw_route *rt)
{
	*rt = (struct natfw_route){ .type = NATFW_ROUTE_NONE };
	if (natfw_pkt_is6(p))
		natfw_route_find6(p, &daddr->in6, rt);
	else
		natfw_route_find4(p, daddr->a32[3], rt);
}

/* ---- the route cache of a half ---- */

static bool natfw_half_route(const struct natfw_half *h,
			     const struct natfw_pkt *p, struct natfw_route *rt)
{
	const struct natfw_adj *a = rcu_dereference(h->adj);

	if (!a)
		return false;
	rt->cookie = a->key.cookie;
	rt->dst = dst_check(a->key.dst, rt->cookie);
	rt->type = a->type;
	if (!rt->dst)
		return false;
	/* in IPv6, switching that off does not change routes */
	return !natfw_pkt_is6(p) || natfw_v6_forwarding(p->nn->net, p->skb->dev);
}

static void natfw_half_store(struct natfw_half *h, struct natfw_adj *a)
{
	if (a)
		natfw_adj_put(unrcu_pointer(xchg(&h->adj, RCU_INITIALIZER(a))));
}

void natfw_half_forget(struct natfw_half *h)
{
	if (rcu_access_pointer(h->adj))
		natfw_adj_put(unrcu_pointer(xchg(&h->adj, NULL)));
}

static void natfw_out_route(const struct natfw_pkt *p, struct natfw_half *h,
			    struct natfw_out *o)
{
	const union natfw_addr *daddr = o->x ? &o->x->dst : &p->key.dst;

	o->h = h;
	if (h && natfw_half_route(h, p, &o->rt))
		return;
	natfw_route_find(p, daddr, &o->rt);
	if (h && (o->rt.type == NATFW_ROUTE_FORWARD ||
		  o->rt.type == NATFW_ROUTE_LOCAL))
		natfw_half_store(h, natfw_adj_get(p->nn, &o->rt, daddr, natfw_pkt_is6(p)));
}

/* ---- what only the stack can do ---- */

/* Addresses no router may forward, as source or destination. */
static bool natfw_v6_confined(const struct in6_addr *a)
{
	return ipv6_addr_type(a) & (IPV6_ADDR_MULTICAST | IPV6_ADDR_LINKLOCAL |
				    IPV6_ADDR_LOOPBACK) ||
	       ipv6_addr_any(a);
}

static bool natfw_confined(const struct natfw_pkt *p,
			   const union natfw_addr *daddr)
{
	return natfw_pkt_is6(p) && (natfw_v6_confined(&p->key.src.in6) ||
				    natfw_v6_confined(&daddr->in6));
}

static bool natfw_needs_stack(const struct natfw_pkt *p,
			      const struct dst_entry *dst)
{
	return natfw_pkt_odd(p) || dst->lwtstate || dst_xfrm(dst) ||
	       natfw_xfrm_active(p->nn->net);
}

/* ---- size ---- */

enum natfw_fit {
	NATFW_FITS,
	NATFW_FRAGMENT,	/* too big, and may be fragmented */
	NATFW_TOO_BIG,
};

/* A reassembled datagram may leave in pieces of the size it came in. */
static u32 natfw_frag_size(const struct natfw_pkt *p)
{
	return natfw_pkt_is6(p) ? IP6CB(p->skb)->frag_max_size
				: IPCB(p->skb)->frag_max_size;
}

static enum natfw_fit natfw_fit(const struct natfw_pkt *p, u32 mtu)
{
	const struct sk_buff *skb = p->skb;
	bool whole = natfw_pkt_is6(p) || ip_hdr(skb)->frag_off & htons(IP_DF);

	if (likely(skb->len <= mtu))
		return NATFW_FITS;
	if (p->flags & NATFW_P_REASM)
		return whole && natfw_frag_size(p) > mtu ? NATFW_TOO_BIG
							 : NATFW_FRAGMENT;
	if (skb_is_gso(skb) && skb_gso_validate_network_len(skb, mtu))
		return NATFW_FITS;
	return whole ? NATFW_TOO_BIG : NATFW_FRAGMENT;
}

/* ---- neighbour ---- */

static struct neighbour *natfw_neigh4(const struct rtable *rt,
				      struct net_device *dev, __be32 daddr,
				      bool *cross)
{
	if (rt->rt_gw_family == AF_INET6) {
		*cross = true;
		return ip_neigh_gw6(dev, &rt->rt_gw6);
	}
	return ip_neigh_gw4(dev, rt->rt_gw_family ? rt->rt_gw4 : daddr);
}

/* @cross: the next hop is of the other family, so its header cache is too. */
static struct neighbour *natfw_neigh(const struct natfw_pkt *p,
				     const struct natfw_out *o,
				     struct net_device *dev, bool *cross)
{
	const union natfw_addr *daddr = o->x ? &o->x->dst : &p->key.dst;
	struct dst_entry *dst = o->rt.dst;

	*cross = false;
	if (!natfw_pkt_is6(p))
		return natfw_neigh4(natfw_rt4(dst), dev, daddr->a32[3], cross);
	return ip_neigh_gw6(dev, rt6_nexthop(natfw_rt6(dst), &daddr->in6));
}

/*
 * True if @n was asked as often as one that is not known is. Otherwise, if it
 * failed, it was taken away (ip neigh del leaves it so to whoever holds it), or
 * does not answer where it did, and is asked for from the start.
 */
static bool natfw_neigh_asked(struct neighbour *n)
{
	return atomic_read(&n->probes) >= NEIGH_VAR(n->parms, UCAST_PROBES) +
					  NEIGH_VAR(n->parms, APP_PROBES) +
					  NEIGH_VAR(n->parms, MCAST_PROBES);
}

/*
 * True if @n turned out unreachable a moment ago. Later it is given another
 * chance: the packet waits with others for the answer, and if there is none
 * the stack reports that.
 */
static bool natfw_neigh_failed(struct neighbour *n)
{
	return READ_ONCE(n->nud_state) & NUD_FAILED && natfw_neigh_asked(n) &&
	       time_before(jiffies, READ_ONCE(n->updated) + NATFW_NEIGH_RETRY);
}

static bool natfw_can_answer(struct net *net, bool v6, const union natfw_addr *a)
{
	struct flowi6 fl6 = {};
	struct flowi4 fl4 = {};
	struct dst_entry *dst;
	struct rtable *rt;
	bool ok;

	if (v6) {
		fl6.daddr = a->in6;
		dst = ip6_route_output(net, NULL, &fl6);
		ok = !dst->error;
		dst_release(dst);
		return ok;
	}
	fl4.daddr = a->a32[3];
	rt = ip_route_output_key(net, &fl4);
	if (IS_ERR(rt))
		return false;
	ip_rt_put(rt);
	return true;
}

/*
 * The packet may wait for its neighbour in vain. The stack then answers to the
 * translated source, and the output hook turns that to the true one; but it
 * cannot if it has no route to an address that only exists translated.
 */
static void natfw_await(struct natfw_pkt *p, const struct natfw_out *o,
			struct neighbour *n)
{
	if (likely(READ_ONCE(n->nud_state) & NUD_VALID) || !o->x || o->inner)
		return;
	if (!natfw_can_answer(p->nn->net, natfw_pkt_is6(p), &o->x->src))
		natfw_answer_late(p, n);
}

/* ---- sending ---- */

static int natfw_translate(struct natfw_pkt *p, const struct natfw_out *o)
{
	return o->inner ? natfw_icmp_restore(p, o->x, o->inner)
			: natfw_rewrite(p, o->x);
}

/* Ready to be written: translated, or just about to lose a hop. */
static int natfw_prepare(struct natfw_pkt *p, const struct natfw_out *o,
			 const struct net_device *dev)
{
	if (skb_headroom(p->skb) < LL_RESERVED_SPACE(dev) && natfw_unshare(p))
		return natfw_fail(NATFW_R_NO_MEMORY);
	if (skb_cow_head(p->skb, LL_RESERVED_SPACE(dev)))
		return natfw_fail(NATFW_R_NO_MEMORY);
	if (o->x)
		return natfw_translate(p, o);
	if (skb_ensure_writable(p->skb, natfw_pkt_is6(p) ? sizeof(struct ipv6hdr)
							 : sizeof(struct iphdr)))
		return natfw_fail(NATFW_R_NO_MEMORY);
	return 0;
}

/* Packets to come need not look for the neighbour. */
static void natfw_meet(const struct natfw_out *o, struct neighbour *n, bool cross)
{
	struct natfw_adj *a = o->h ? rcu_dereference(o->h->adj) : NULL;

	if (a && a->key.dst == o->rt.dst)
		natfw_adj_meet(a, n, cross);
}

static unsigned int natfw_direct(struct natfw_pkt *p, struct natfw_out *o,
				 enum natfw_reason *why)
{
	struct net_device *dev = natfw_dst_dev(o->rt.dst);
	struct sk_buff *skb;
	struct neighbour *n;
	bool cross;
	int err;

	if (unlikely(!netif_running(dev)))
		return natfw_drop(NATFW_R_TX_ERROR, why);
	n = natfw_neigh(p, o, dev, &cross);
	if (IS_ERR(n))
		return natfw_drop(NATFW_R_TX_ERROR, why);
	if (unlikely(natfw_neigh_failed(n))) {
		neigh_event_send(n, NULL);
		natfw_answer_unreachable(p, ICMP_HOST_UNREACH, ICMPV6_ADDR_UNREACH);
		return natfw_drop(NATFW_R_NEIGH_FAILED, why);
	}
	natfw_await(p, o, n);
	err = natfw_prepare(p, o, dev);
	if (unlikely(err))
		return natfw_drop(natfw_failed(err), why);
	natfw_meet(o, n, cross);
	natfw_age(p);
	skb = natfw_dress(p, dev);
	natfw_skb_route(skb, o->rt.dst);
	neigh_output(n, skb, cross);
	*why = o->x ? NATFW_R_NAT_DIRECT : NATFW_R_ALLOW_DIRECT;
	return NF_STOLEN;
}

/* True if the stack may look up the route of a translated packet by itself. */
static bool natfw_stack_routes(const struct natfw_pkt *p)
{
	const struct net *net = p->nn->net;

	if (!natfw_pkt_is6(p))
		return false;
	/* natfw_deliver() does not do hop-by-hop options of whole packets */
	return p->flags & NATFW_P_SLOW ||
	       !(fib6_has_custom_rules(net) || fib6_routes_require_src(net));
}

/* Translated, the stack does the rest. */
static unsigned int natfw_to_stack(struct natfw_pkt *p, const struct natfw_out *o,
				   enum natfw_reason reason,
				   enum natfw_reason *why)
{
	int err = natfw_translate(p, o);

	if (err)
		return natfw_drop(natfw_failed(err), why);
	if (!natfw_stack_routes(p)) {
		skb_dst_drop(p->skb);
		skb_dst_set_noref(p->skb, o->rt.dst);
	}
	return natfw_pass(reason, why);
}

/* The stack will send it to the neighbour, if nothing else turns up. */
static void natfw_stack_await(struct natfw_pkt *p, const struct natfw_out *o)
{
	struct neighbour *n;
	bool cross;

	n = natfw_neigh(p, o, natfw_dst_dev(o->rt.dst), &cross);
	if (!IS_ERR(n))
		natfw_await(p, o, n);
}

static unsigned int natfw_forward(struct natfw_pkt *p, struct natfw_out *o,
				  enum natfw_reason *why)
{
	u32 mtu = natfw_mtu(p, o->rt.dst);
	enum natfw_fit fit = natfw_fit(p, mtu);

	if (likely(p->ttl > 1 && fit == NATFW_FITS && !o->stack &&
		   !natfw_needs_stack(p, o->rt.dst)))
		return natfw_direct(p, o, why);
	if (!o->x)
		return natfw_pass(NATFW_R_ALLOW_SLOW, why);
	if (p->ttl <= 1) {
		natfw_answer_ttl(p);
		return natfw_drop(NATFW_R_TTL, why);
	}
	if (fit == NATFW_TOO_BIG) {
		natfw_answer_mtu(p, mtu);
		return natfw_drop(NATFW_R_MTU, why);
	}
	natfw_stack_await(p, o);
	return natfw_to_stack(p, o, o->stack ? NATFW_R_NAT_STACK
					     : NATFW_R_NAT_SLOW, why);
}

static unsigned int natfw_routed(struct natfw_pkt *p, struct natfw_out *o,
				 enum natfw_reason *why)
{
	switch (o->rt.type) {
	case NATFW_ROUTE_FORWARD:
		return natfw_forward(p, o, why);
	case NATFW_ROUTE_LOCAL:
		if (!o->x)
			return natfw_pass(NATFW_R_PASS_LOCAL, why);
		return natfw_to_stack(p, o, NATFW_R_NAT_LOCAL, why);
	case NATFW_ROUTE_GROUP:
		if (!o->x)
			return natfw_pass(NATFW_R_PASS_LOCAL, why);
		return natfw_drop(NATFW_R_NOT_TRANSLATABLE, why);
	default:
		if (!o->x)
			return natfw_pass(NATFW_R_ALLOW_SLOW, why);
		natfw_answer_noroute(p, o->rt.error);
		return natfw_drop(NATFW_R_UNREACHABLE, why);
	}
}

/* Cases that are clear without a route. True: decided, verdict in @verdict. */
static bool natfw_emit_early(const struct natfw_pkt *p, const struct natfw_out *o,
			     unsigned int *verdict, enum natfw_reason *why)
{
	if (!o->x) {
		if (p->flags & NATFW_P_GROUP)
			*verdict = natfw_pass(NATFW_R_PASS_LOCAL, why);
		else if (o->stack)
			*verdict = natfw_pass(NATFW_R_ALLOW_STACK, why);
		else if (natfw_pkt_odd(p) || natfw_confined(p, &p->key.dst))
			*verdict = natfw_pass(NATFW_R_ALLOW_SLOW, why);
		else
			return false;
		return true;
	}
	if (!natfw_confined(p, &o->x->dst))
		return false;
	*verdict = natfw_drop(NATFW_R_NOT_TRANSLATABLE, why);
	return true;
}

static unsigned int natfw_emit_out(struct natfw_pkt *p, struct natfw_half *h,
				   struct natfw_out *o, const u32 *mark,
				   enum natfw_reason *why)
{
	unsigned int verdict;

	if (mark) {
		if (natfw_own(p))
			return natfw_drop(NATFW_R_NO_MEMORY, why);
		p->skb->mark = *mark;
	}
	if (natfw_emit_early(p, o, &verdict, why))
		return verdict;
	if (natfw_own(p))
		return natfw_drop(NATFW_R_NO_MEMORY, why);
	natfw_out_route(p, h, o);
	return natfw_routed(p, o, why);
}

/**
 * natfw_emit() - send a permitted packet on its way
 * @p: the packet; p->skb may be another afterwards, and is NULL if it was sent
 * @h: half whose route cache is used and filled, or NULL
 * @x: translation, or NULL
 * @emit: NATFW_EMIT_STACK or NATFW_EMIT_DIRECT
 * @mark: becomes skb->mark if not NULL
 * @why: how the packet ended
 *
 * Context: RCU, bottom halves off, netdev ingress.
 * Return: NF_ACCEPT (to be passed through natfw_accept()), NF_STOLEN, or
 * NF_DROP: the caller frees p->skb.
 */
unsigned int natfw_emit(struct natfw_pkt *p, struct natfw_half *h,
			const struct natfw_xlat *x, u8 emit, const u32 *mark,
			enum natfw_reason *why)
{
	struct natfw_out o = {
		.x = x,
		.stack = emit != NATFW_EMIT_DIRECT,
	};

	return natfw_emit_out(p, h, &o, mark, why);
}

unsigned int natfw_emit_error(struct natfw_pkt *p,
			      const struct natfw_xlat *outer,
			      const struct natfw_xlat *inner, u8 emit,
			      const u32 *mark, enum natfw_reason *why)
{
	struct natfw_out o = {
		.x = outer,
		.inner = inner,
		.stack = emit != NATFW_EMIT_DIRECT,
	};

	return natfw_emit_out(p, NULL, &o, mark, why);
}
