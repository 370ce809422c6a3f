// SPDX-License-Identifier: GPL-2.0-only
/*
 * ICMP errors about translated packets (RFC 5508, section 4).
 *
 * An error quotes the packet it is about as the reporter saw it. Whoever gets
 * the error must find the packet as it sent it, so the quotation is translated
 * against the direction of the error, its checksums included as far as they
 * are quoted; they are updated, never verified but for the IPv4 header's.
 * Then the error goes to the host that sent the quoted packet.
 *
 * The error's own source stays what it is unless that would show an address
 * which translation is to hide: where the flow's endpoint on the reporter's
 * side is hidden, every reporter there appears under the endpoint's
 * translated address.
 */
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/inetdevice.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <net/addrconf.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/ipv6.h>

#include "net.h"
#include "emit.h"
#include "rewrite.h"

/* Bytes of an embedded transport header we may change: up to TCP's checksum. */
#define NATFW_INNER_L4	20

/* ---- checksums ---- */

static unsigned int natfw_icmp_len(const struct natfw_pkt *p)
{
	return p->skb->len - p->thoff;
}

/* Sum over the message as it is, pseudo header included; 0 if it is right. */
static __sum16 natfw_icmp_sum(const struct natfw_pkt *p)
{
	const struct ipv6hdr *ih = ipv6_hdr(p->skb);
	unsigned int len = natfw_icmp_len(p);
	__wsum sum = skb_checksum(p->skb, p->thoff, len, 0);

	if (!natfw_pkt_is6(p))
		return csum_fold(sum);
	return csum_ipv6_magic(&ih->saddr, &ih->daddr, len, IPPROTO_ICMPV6, sum);
}

/* The quoted IPv4 header; what follows it may be padded or extended. */
static bool natfw_inner_sound(const struct natfw_pkt *p)
{
	u8 buf[60] __aligned(4);
	const struct iphdr *ih;
	unsigned int len;

	ih = skb_header_pointer(p->skb, p->inner.nhoff, sizeof(*ih), buf);
	if (!ih)
		return false;
	len = ih->ihl * 4;
	if (len < sizeof(*ih) || len > p->inner.len)
		return false;
	if (skb_copy_bits(p->skb, p->inner.nhoff, buf, len))
		return false;
	return !ip_fast_csum(buf, len / 4);
}

int natfw_icmp_verify(const struct natfw_pkt *p)
{
	/*
	 * Devices vouch for TCP and UDP; what they mean by it on ICMP is not
	 * sure enough. A local sender may leave the sum to the device.
	 */
	if (p->skb->ip_summed != CHECKSUM_PARTIAL && natfw_icmp_sum(p))
		return natfw_fail(NATFW_R_ICMP_CSUM);
	if (!natfw_pkt_is6(p) && !natfw_inner_sound(p))
		return natfw_fail(NATFW_R_ICMP_CSUM);
	return 0;
}

/* Over everything, extensions too: errors are short and few. */
static void natfw_icmp_seal(struct natfw_pkt *p)
{
	__sum16 *sum = (__sum16 *)(p->skb->data + p->thoff + 2);

	*sum = 0;
	*sum = natfw_icmp_sum(p);
	p->skb->ip_summed = CHECKSUM_NONE;
}

/* ---- the embedded packet ---- */

/* Ports, or the identifier of a query, as far as they are quoted. */
static __wsum natfw_inner_ports(const struct natfw_pkt *p, u8 *h,
				unsigned int avail, const struct natfw_xlat *x)
{
	bool v6 = natfw_pkt_is6(p);
	u8 proto = p->inner.key.proto;
	__be16 *id = (__be16 *)(h + 4);

	if (natfw_proto_has_ports(proto) && avail >= 4)
		return natfw_sub_ports((__be32 *)h, x);
	if (proto != (v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP) || avail < 6)
		return 0;
	if (natfw_icmp_request(v6, h[0]))
		return natfw_sub_id(id, x->sport);
	return natfw_icmp_reply(v6, h[0]) ? natfw_sub_id(id, x->dport) : 0;
}

static void natfw_inner_csum(u8 *h, unsigned int avail,
			     const struct natfw_l4 *l4,
			     const struct natfw_delta *d)
{
	__sum16 *sum = (__sum16 *)(h + l4->csum);

	if (l4->csum && avail >= l4->csum + sizeof(*sum))
		natfw_l4_sum(sum, l4, d);
}

static void natfw_inner_restore(struct natfw_pkt *p, const struct natfw_xlat *x)
{
	unsigned int avail = p->inner.nhoff + p->inner.len - p->inner.thoff;
	bool v6 = natfw_pkt_is6(p);
	u8 *h = p->skb->data + p->inner.thoff;
	struct natfw_delta d;

	avail = min_t(unsigned int, avail, NATFW_INNER_L4);
	d.addr = natfw_rewrite_addrs(p->skb->data + p->inner.nhoff, v6,
				     &x->src, &x->dst);
	d.ports = natfw_inner_ports(p, h, avail, x);
	natfw_inner_csum(h, avail, natfw_l4_find(p->inner.key.proto, v6), &d);
}

/**
 * natfw_icmp_restore() - translate an ICMP error and what it quotes
 * @p: the error; its skb not shared
 * @outer: what its own addresses become; ports do not count
 * @inner: what addresses and ports of the quoted packet become
 *
 * Context: RCU, bottom halves off.
 * Return: 0, or natfw_fail(NATFW_R_NO_MEMORY) with the packet unchanged.
 */
int natfw_icmp_restore(struct natfw_pkt *p, const struct natfw_xlat *outer,
		       const struct natfw_xlat *inner)
{
	unsigned int end = min_t(unsigned int, p->inner.thoff + NATFW_INNER_L4,
				 p->inner.nhoff + p->inner.len);

	if (skb_ensure_writable(p->skb, end))
		return natfw_fail(NATFW_R_NO_MEMORY);
	natfw_inner_restore(p, inner);
	natfw_rewrite_addrs(p->skb->data, natfw_pkt_is6(p), &outer->src,
			    &outer->dst);
	natfw_icmp_seal(p);
	natfw_rewrite_id(p, outer);
	skb_clear_hash(p->skb);
	return 0;
}

/* ---- errors passing through ---- */

/*
 * @x: how packets of the half the error travels along leave. The quoted packet
 * went the other way.
 */
static void natfw_inner_xlat(struct natfw_xlat *inner, const struct natfw_xlat *x)
{
	inner->src = x->dst;
	inner->dst = x->src;
	inner->ports = natfw_ports_reverse(x->ports);
}

static void natfw_outer_xlat(struct natfw_xlat *outer, const struct natfw_pkt *p,
			     const struct natfw_half *h, const struct natfw_xlat *x)
{
	union natfw_addr src;
	bool hidden;

	natfw_node_src(&h->node, &src);
	hidden = !natfw_addr_equal(&x->src, &src);

	*outer = (struct natfw_xlat){
		.src = hidden ? x->src : p->key.src,
		.dst = x->dst,
	};
}

/**
 * natfw_icmp_error() - forward an ICMP error about a flow
 * @p: the error, NATFW_P_ICMPERR set
 * @f: the flow
 * @h: the half found under p->inner.key
 * @emit: NATFW_EMIT_STACK or NATFW_EMIT_DIRECT
 * @mark: becomes skb->mark if not NULL
 * @why: how the packet ended; NATFW_R_ICMP_ERROR if all went well
 *
 * Nothing is counted on the flow: errors keep nothing alive (RFC 5508 REQ-6).
 *
 * Context: RCU, bottom halves off, netdev ingress.
 * Return: as natfw_emit()
 */
unsigned int natfw_icmp_error(struct natfw_pkt *p, struct natfw_flow *f,
			      struct natfw_half *h, u8 emit, const u32 *mark,
			      enum natfw_reason *why)
{
	struct natfw_xlat x, outer, inner;
	int err = natfw_icmp_verify(p);
	unsigned int verdict;
	union natfw_addr to;

	natfw_node_dst(&h->node, &to);
	/* it must be sent to who the quoted packet is said to come from */
	if (!err && f->flags & NATFW_FLOW_NAT &&
	    !natfw_addr_equal(&p->key.dst, &to))
		err = natfw_fail(NATFW_R_ICMP_UNRELATED);
	if (err) {
		*why = natfw_failed(err);
		return NF_DROP;
	}
	if (f->flags & NATFW_FLOW_NAT) {
		natfw_half_xlat(h, &x);
		natfw_inner_xlat(&inner, &x);
		natfw_outer_xlat(&outer, p, h, &x);
		verdict = natfw_emit_error(p, &outer, &inner, emit, mark, why);
	} else {
		verdict = natfw_emit(p, NULL, NULL, emit, mark, why);
	}
	if (verdict != NF_DROP && *why != NATFW_R_PASS_LOCAL)
		*why = NATFW_R_ICMP_ERROR;
	return verdict;
}

/* ---- errors this host makes ---- */

/*
 * An answer to the translated source was sent from the translated source,
 * because that is an address of this host. Now that it goes elsewhere, it
 * should come from an address on that side.
 */
static void natfw_output_source(struct natfw_pkt *p, const union natfw_addr *old)
{
	const struct net_device *dev = READ_ONCE(skb_dst(p->skb)->dev);
	union natfw_addr src = {}, dst;

	if (!natfw_addr_equal(&p->key.src, old))
		return;
	if (natfw_pkt_is6(p)) {
		natfw_addr_set6(&dst, &ipv6_hdr(p->skb)->daddr);
		if (ipv6_dev_get_saddr(p->nn->net, dev, &dst.in6, 0, &src.in6))
			return;
	} else {
		natfw_addr_set4(&dst, ip_hdr(p->skb)->daddr);
		natfw_addr_set4(&src, inet_select_addr(dev, dst.a32[3],
						       RT_SCOPE_LINK));
		if (!src.a32[3])
			return;
	}
	natfw_rewrite_addrs(p->skb->data, natfw_pkt_is6(p), &src, &dst);
	natfw_icmp_seal(p);
}

static int natfw_output_route(struct natfw_pkt *p)
{
	struct net *net = p->nn->net;

	if (natfw_pkt_is6(p))
		return ip6_route_me_harder(net, p->skb->sk, p->skb);
	return ip_route_me_harder(net, p->skb->sk, p->skb, RTN_UNSPEC);
}

/**
 * natfw_icmp_output() - turn an answer of this host to the true sender
 * @p: an ICMP error (NATFW_P_ICMPERR) or a TCP reset to a translated source
 * @f: the flow
 * @h: its half: found under p->inner.key for an error, p->key for a reset
 *
 * Context: NF_INET_LOCAL_OUT hook, RCU, bottom halves off.
 * Return: NF_ACCEPT, or NF_DROP if there is no route
 */
unsigned int natfw_icmp_output(struct natfw_pkt *p, struct natfw_flow *f,
			       struct natfw_half *h)
{
	struct natfw_xlat x, outer, inner;
	union natfw_addr to;
	int err;

	if (!(f->flags & NATFW_FLOW_NAT))
		return NF_ACCEPT;
	natfw_half_xlat(h, &x);
	if (p->flags & NATFW_P_ICMPERR) {
		natfw_inner_xlat(&inner, &x);
		outer = (struct natfw_xlat){ .src = p->key.src, .dst = x.dst };
		err = natfw_icmp_restore(p, &outer, &inner);
	} else {
		err = natfw_rewrite(p, &x);
	}
	if (err || natfw_output_route(p))
		return NF_DROP;
	if (p->flags & NATFW_P_ICMPERR) {
		natfw_node_dst(&h->node, &to);
		natfw_output_source(p, &to);
	}
	return NF_ACCEPT;
}
