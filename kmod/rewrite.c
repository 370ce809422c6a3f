// SPDX-License-Identifier: GPL-2.0-only
/*
 * Translation of a packet's headers.
 *
 * Checksums are updated by what changed (RFC 1624), never computed anew, so a
 * packet that was damaged on its way here is still seen to be by whoever gets
 * it. The differences of addresses and of ports are summed once and applied
 * wherever they count.
 *
 * Where the sender left the transport checksum to the device
 * (CHECKSUM_PARTIAL), its field holds the sum of the pseudo header alone, not
 * complemented: only addresses count then.
 *
 * skb->csum (CHECKSUM_COMPLETE) is given up, as forwarding does anyway; only
 * translated packets for this host pay for it, with a checksum in software.
 *
 * Identification (RFC 6864): two hosts behind one external address may use
 * the same value towards the same peer, so a datagram that is or may become
 * fragmented gets a new one that is unique for its new addresses (ident.h).
 * Datagrams with DF set, which is to say nearly all, do without.
 */
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/sctp/checksum.h>
#include <net/tcp.h>

#include "net.h"
#include "emit.h"
#include "ident.h"
#include "rewrite.h"

/* Not from struct udphdr and so on: later kernels have dropped UDP-Lite and DCCP. */
static const struct natfw_l4 natfw_l4_none;

static const struct natfw_l4 natfw_l4_tcp = NATFW_L4_TCP;
static const struct natfw_l4 natfw_l4_udp = NATFW_L4_UDP;

static const struct natfw_l4 natfw_l4_udplite = {
	.len = 8, .csum = 6, .pseudo = true, .mangle = true,
};

static const struct natfw_l4 natfw_l4_dccp = {
	.len = 8, .csum = 6, .pseudo = true,
};

static const struct natfw_l4 natfw_l4_sctp = {
	.len = 12,
};

static const struct natfw_l4 natfw_l4_icmp = {
	.len = 8, .csum = 2,
};

static const struct natfw_l4 natfw_l4_icmpv6 = {
	.len = 8, .csum = 2, .pseudo = true,
};

const struct natfw_l4 *natfw_l4_find(u8 proto, bool v6)
{
	switch (proto) {
	case IPPROTO_TCP:
		return &natfw_l4_tcp;
	case IPPROTO_UDP:
		return &natfw_l4_udp;
	case IPPROTO_UDPLITE:
		return &natfw_l4_udplite;
	case IPPROTO_DCCP:
		return &natfw_l4_dccp;
	case IPPROTO_SCTP:
		return &natfw_l4_sctp;
	case IPPROTO_ICMP:
		return v6 ? &natfw_l4_none : &natfw_l4_icmp;
	case IPPROTO_ICMPV6:
		return v6 ? &natfw_l4_icmpv6 : &natfw_l4_none;
	default:
		return &natfw_l4_none;
	}
}

bool natfw_icmp_request(bool v6, u8 type)
{
	return v6 ? type == ICMPV6_ECHO_REQUEST
		  : type == ICMP_ECHO || type == ICMP_TIMESTAMP;
}

bool natfw_icmp_reply(bool v6, u8 type)
{
	return v6 ? type == ICMPV6_ECHO_REPLY
		  : type == ICMP_ECHOREPLY || type == ICMP_TIMESTAMPREPLY;
}

/* ---- what cannot be translated ---- */

/* True if a source route option makes the destination a mere way point. */
static bool natfw_v4_routed(const struct iphdr *ih)
{
	const u8 *opt = (const u8 *)(ih + 1);
	int left = ih->ihl * 4 - sizeof(*ih);

	while (left > 0 && *opt != IPOPT_END) {
		int len = *opt == IPOPT_NOOP ? 1 : left > 1 ? opt[1] : 0;

		if (len < 1 || len > left || (len < 2 && *opt != IPOPT_NOOP))
			return true;	/* malformed, as good as that */
		if (*opt == IPOPT_LSRR || *opt == IPOPT_SSRR)
			return true;
		opt += len;
		left -= len;
	}
	return false;
}

/* The same for a routing header with segments left. */
static bool natfw_v6_routed(const struct sk_buff *skb)
{
	int flags = IP6_FH_F_SKIP_RH;
	unsigned int off = 0;

	return ipv6_find_hdr(skb, &off, NEXTHDR_ROUTING, NULL, &flags) >= 0;
}

/*
 * Fragments and packets whose transport was not found cannot be given a right
 * transport checksum; AH covers the addresses; and a source-routed packet's
 * checksum speaks of another destination than its header.
 */
static bool natfw_translatable(const struct natfw_pkt *p)
{
	if (p->flags & (NATFW_P_FRAG | NATFW_P_OPAQUE))
		return false;
	if (p->key.proto == IPPROTO_AH)
		return false;
	if (likely(!(p->flags & NATFW_P_SLOW)))
		return true;
	return natfw_pkt_is6(p) ? !natfw_v6_routed(p->skb)
				: !natfw_v4_routed(ip_hdr(p->skb));
}

/* ---- network header ---- */

static __wsum natfw_sub_addr4(__be32 *field, const union natfw_addr *to)
{
	__wsum delta = csum_sub((__force __wsum)to->a32[3], (__force __wsum)*field);

	*field = to->a32[3];
	return delta;
}

__wsum natfw_rewrite_addrs(void *nh, bool v6, const union natfw_addr *src,
			   const union natfw_addr *dst)
{
	struct ipv6hdr *ih6 = nh;
	struct iphdr *ih = nh;
	__wsum delta;

	if (v6)
		return csum_add(natfw_sub_addr6(&ih6->saddr, src),
				natfw_sub_addr6(&ih6->daddr, dst));
	delta = csum_add(natfw_sub_addr4(&ih->saddr, src),
			 natfw_sub_addr4(&ih->daddr, dst));
	natfw_csum_apply(&ih->check, delta);
	return delta;
}

void natfw_rewrite_id(struct natfw_pkt *p, const struct natfw_xlat *x)
{
	struct iphdr *ih = ip_hdr(p->skb);
	u16 source;

	if (natfw_pkt_is6(p) || natfw_addr_equal(&x->src, &p->key.src))
		return;
	if (ih->frag_off & htons(IP_DF) && !(p->flags & NATFW_P_REASM))
		return;
	source = natfw_ident_source(&x->src, &x->dst, p->key.proto);
	natfw_csum_apply(&ih->check, natfw_rewrite_fresh_id(ih, p->cpu, source,
							    skb_shinfo(p->skb)->gso_segs ?: 1));
}

/* ---- transport header ---- */

static bool natfw_sctp_sealed(const struct sk_buff *skb)
{
	return skb->ip_summed != CHECKSUM_PARTIAL && !skb_is_gso(skb);
}

/*
 * SCTP has a CRC over the whole packet, addresses not included. What was
 * wrong with it before stays wrong.
 */
static void natfw_rewrite_sctp(struct sk_buff *skb, unsigned int thoff,
			       const struct natfw_xlat *x)
{
	struct sctphdr *sh = (struct sctphdr *)(skb->data + thoff);
	bool sealed;
	__le32 was;

	if (sh->source == x->sport && sh->dest == x->dport)
		return;
	sealed = natfw_sctp_sealed(skb);
	if (sealed)
		was = sctp_compute_cksum(skb, thoff);
	sh->source = x->sport;
	sh->dest = x->dport;
	if (sealed)
		sh->checksum ^= was ^ sctp_compute_cksum(skb, thoff);
}

static void natfw_rewrite_l4(struct natfw_pkt *p, const struct natfw_xlat *x,
			     __wsum addr)
{
	const struct natfw_l4 *l4 = natfw_l4_find(p->key.proto, natfw_pkt_is6(p));
	struct natfw_delta d = { .addr = addr };
	void *h = p->skb->data + p->thoff;

	if (p->key.proto == IPPROTO_SCTP) {
		natfw_rewrite_sctp(p->skb, p->thoff, x);
		return;
	}
	if (!l4->csum)
		return;
	if (natfw_proto_has_ports(p->key.proto) || p->flags & NATFW_P_QUERY)
		d.ports = natfw_sub_endpoints(p, h, x);
	natfw_l4_csum(p->skb, p->thoff, l4, &d);
}

/* ---- offloads ---- */

/*
 * GRO may have chained whole packets by their headers (fraglist). Those would
 * each need translating; and kernels differ in what of the first one's header
 * they copy to the others. Turn the packet into one that is segmented in the
 * ordinary way.
 */
static int natfw_unlist(struct natfw_pkt *p)
{
	const struct natfw_l4 *l4 = natfw_l4_find(p->key.proto, natfw_pkt_is6(p));
	struct sk_buff *skb = p->skb;

	if (likely(!skb_is_gso(skb) ||
		   !(skb_shinfo(skb)->gso_type & SKB_GSO_FRAGLIST)))
		return 0;
	if (!l4->pseudo || skb_linearize(skb))
		return -ENOMEM;
	skb_shinfo(skb)->gso_type &= ~SKB_GSO_FRAGLIST;
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_headroom(skb) + p->thoff;
	skb->csum_offset = l4->csum;
	*(__sum16 *)(skb->data + p->thoff + l4->csum) = ~natfw_pseudo_sum(p, skb->len - p->thoff);
	return 0;
}

/**
 * natfw_rewrite() - translate a packet
 * @p: the packet, as parsed; p->key must be what its headers say
 * @x: what its addresses and ports, or query identifier, become
 *
 * Headers may move: pointers into the packet must be reloaded. The skb must
 * not be shared; it may be cloned. p->key stays as the packet arrived.
 *
 * Context: RCU, bottom halves off.
 * Return: 0, or natfw_fail(NATFW_R_NOT_TRANSLATABLE or _NO_MEMORY) with the
 * packet unchanged.
 */
int natfw_rewrite(struct natfw_pkt *p, const struct natfw_xlat *x)
{
	const struct natfw_l4 *l4 = natfw_l4_find(p->key.proto, natfw_pkt_is6(p));
	struct sk_buff *skb = p->skb;
	__wsum addr;

	if (!natfw_translatable(p))
		return natfw_fail(NATFW_R_NOT_TRANSLATABLE);
	if (skb_ensure_writable(skb, p->thoff + l4->len) || natfw_unlist(p))
		return natfw_fail(NATFW_R_NO_MEMORY);
	skb_forward_csum(skb);
	addr = natfw_rewrite_addrs(skb->data, natfw_pkt_is6(p), &x->src, &x->dst);
	natfw_rewrite_l4(p, x, addr);
	natfw_rewrite_id(p, x);
	skb_clear_hash(skb);
	return 0;
}
