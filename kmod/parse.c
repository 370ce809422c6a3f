// SPDX-License-Identifier: GPL-2.0-only
/*
 * Finding out what a packet is; parse.h says what is found.
 *
 * Nothing the packet says is believed before it was checked against what is
 * there. Headers are pulled as far as they are read, so a caller must reload
 * pointers into the packet afterwards.
 */
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/if_vlan.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/dsfield.h>
#include <net/ip.h>
#include <net/ipv6.h>

#include "net.h"
#include "parse.h"

/* Extension headers followed before giving up; more are an attack or a test. */
#define NATFW_EXT_MAX	8

static bool natfw_pull(const struct natfw_pkt *p, unsigned int len)
{
	return pskb_may_pull(p->skb, len);
}

/* Walk of an IPv6 header chain. */
struct natfw_chain {
	unsigned int	off;	/* of the header @nexthdr names, from skb->data */
	u8		nexthdr;
	bool		slow;	/* hop-by-hop or routing header */
	bool		frag;
	bool		later;	/* fragment other than the first */
	bool		lost;	/* chain too long or unknown */
	bool		rh0;	/* source route that must not be followed */
};

static bool natfw_ext_known(u8 nexthdr)
{
	return nexthdr == NEXTHDR_HOP || nexthdr == NEXTHDR_ROUTING ||
	       nexthdr == NEXTHDR_DEST || nexthdr == NEXTHDR_FRAGMENT ||
	       nexthdr == NEXTHDR_MOBILITY;
}

/* One fragment header. An atomic fragment is not one. */
static void natfw_chain_frag(struct natfw_chain *c, const struct frag_hdr *fh)
{
	c->frag |= !!(fh->frag_off & htons(IP6_OFFSET | IP6_MF));
	c->later |= !!(fh->frag_off & htons(IP6_OFFSET));
	c->slow = true;
	c->nexthdr = fh->nexthdr;
	c->off += sizeof(*fh);
}

/*
 * Step over the header at c->off, of which @left bytes from skb->data on may
 * be used. False if it is not all there.
 */
static noinline bool natfw_chain_step(const struct sk_buff *skb, struct natfw_chain *c,
				      unsigned int left)
{
	u8 buf[sizeof(struct frag_hdr)];
	const u8 *h;

	if (c->off + sizeof(buf) > left)
		return false;
	h = skb_header_pointer(skb, c->off, sizeof(buf), buf);
	if (!h)
		return false;
	if (c->nexthdr == NEXTHDR_FRAGMENT) {
		natfw_chain_frag(c, (const struct frag_hdr *)h);
		return true;
	}
	c->slow |= c->nexthdr == NEXTHDR_HOP || c->nexthdr == NEXTHDR_ROUTING;
	/* RFC 5095, RFC 6092 REC-4: type 0 with segments left */
	c->rh0 |= c->nexthdr == NEXTHDR_ROUTING && !h[2] && h[3];
	c->nexthdr = h[0];
	c->off += (h[1] + 1) * 8;
	return c->off <= left;
}

/* To the upper-layer header. False if the packet ends before it. */
static bool natfw_chain_walk(const struct sk_buff *skb, struct natfw_chain *c,
			     unsigned int left)
{
	u32 n;

	for (n = 0; natfw_ext_known(c->nexthdr) && !c->later; n++) {
		if (n == NATFW_EXT_MAX) {
			c->lost = true;
			return true;
		}
		if (!natfw_chain_step(skb, c, left))
			return false;
	}
	return true;
}

/* ---- transport ---- */

static bool natfw_icmp_is_error(bool v6, u8 type)
{
	if (v6)
		return type < 128 && type != 0;
	return type == ICMP_DEST_UNREACH || type == ICMP_TIME_EXCEEDED ||
	       type == ICMP_PARAMETERPROB || type == ICMP_SOURCE_QUENCH ||
	       type == ICMP_REDIRECT;
}

/* 1: request, 2: reply, 0: neither. */
static int natfw_icmp_query(bool v6, u8 type)
{
	if (v6)
		return type == ICMPV6_ECHO_REQUEST ? 1 :
		       type == ICMPV6_ECHO_REPLY ? 2 : 0;
	if (type == ICMP_ECHO || type == ICMP_TIMESTAMP)
		return 1;
	return type == ICMP_ECHOREPLY || type == ICMP_TIMESTAMPREPLY ? 2 : 0;
}

static void natfw_key_icmp(struct natfw_key *k, int query, __be16 id)
{
	k->sport = query == 1 ? id : 0;
	k->dport = query == 2 ? id : 0;
}

/* Ports, SPI or query identifier at @h, the first eight transport bytes. */
static void natfw_key_transport(struct natfw_key *k, bool v6, const u8 *h)
{
	const __be16 *w = (const __be16 *)h;

	if (natfw_proto_has_ports(k->proto)) {
		k->sport = w[0];
		k->dport = w[1];
	} else if (k->proto == IPPROTO_ESP) {
		k->ports = *(const __be32 *)h;
	} else if (k->proto == IPPROTO_AH) {
		k->ports = *(const __be32 *)(h + 4);
	} else if (k->proto == (v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP)) {
		natfw_key_icmp(k, natfw_icmp_query(v6, h[0]), w[2]);
	}
}

/* ---- the packet within an ICMP error ---- */

static bool natfw_inner_v4(struct natfw_pkt *p, struct natfw_key *k,
			   unsigned int end)
{
	struct natfw_inner *in = &p->inner;
	const struct iphdr *ih;
	struct iphdr buf;

	ih = skb_header_pointer(p->skb, in->nhoff, sizeof(buf), &buf);
	if (!ih || in->nhoff + sizeof(buf) > end || ih->version != 4 || ih->ihl < 5)
		return false;
	if (ih->frag_off & htons(IP_OFFSET))
		return false;
	natfw_addr_set4(&k->src, ih->saddr);
	natfw_addr_set4(&k->dst, ih->daddr);
	k->proto = ih->protocol;
	in->thoff = in->nhoff + ih->ihl * 4;
	return in->thoff <= end;
}

static bool natfw_inner_v6(struct natfw_pkt *p, struct natfw_key *k,
			   unsigned int end)
{
	struct natfw_inner *in = &p->inner;
	const struct ipv6hdr *ih;
	struct natfw_chain c = {};
	struct ipv6hdr buf;

	ih = skb_header_pointer(p->skb, in->nhoff, sizeof(buf), &buf);
	if (!ih || in->nhoff + sizeof(buf) > end || ih->version != 6)
		return false;
	natfw_addr_set6(&k->src, &ih->saddr);
	natfw_addr_set6(&k->dst, &ih->daddr);
	c.off = in->nhoff + sizeof(buf);
	c.nexthdr = ih->nexthdr;
	if (!natfw_chain_walk(p->skb, &c, end) || c.lost || c.later)
		return false;
	k->proto = c.nexthdr;
	in->thoff = c.off;
	return true;
}

/* Fills p->inner, or leaves the packet an ordinary ICMP message. */
static noinline void natfw_parse_inner(struct natfw_pkt *p)
{
	unsigned int end = p->skb->len;
	struct natfw_key k = {};
	u8 buf[8] = {};
	const u8 *h;
	bool v6 = natfw_pkt_is6(p);

	p->inner.nhoff = p->thoff + 8;
	if (v6 ? !natfw_inner_v6(p, &k, end) : !natfw_inner_v4(p, &k, end))
		return;
	p->inner.len = end - p->inner.nhoff;
	p->inner.ports = p->inner.thoff + 4 <= end;
	if (natfw_transport_len(k.proto)) {
		unsigned int n = min_t(unsigned int, 8, end - p->inner.thoff);

		if (n < 4 || skb_copy_bits(p->skb, p->inner.thoff, buf, n))
			return;
		h = buf;
		/* an ICMP query needs its identifier, an AH its SPI */
		if (n < 8 && !natfw_proto_has_ports(k.proto) &&
		    k.proto != IPPROTO_ESP)
			return;
		natfw_key_transport(&k, v6, h);
	}
	natfw_key_reverse(&p->inner.key, &k, p->key.zone);
	p->flags |= NATFW_P_ICMPERR;
}

static bool natfw_is_nd(const struct natfw_pkt *p)
{
	return p->ttl == 255 && p->icmp_type >= NDISC_ROUTER_SOLICITATION &&
	       p->icmp_type <= NDISC_REDIRECT;
}

static void natfw_parse_icmp(struct natfw_pkt *p, const u8 *h)
{
	bool v6 = natfw_pkt_is6(p);

	p->icmp_type = h[0];
	p->icmp_code = h[1];
	if (natfw_icmp_query(v6, h[0]))
		p->flags |= NATFW_P_QUERY;
	else if (natfw_icmp_is_error(v6, h[0]))
		natfw_parse_inner(p);
	else if (v6 && natfw_is_nd(p))
		p->flags |= NATFW_P_ND;
}

/* The transport header at p->thoff. @end: bytes of the IP packet. */
static noinline int natfw_parse_other(struct natfw_pkt *p, unsigned int end)
{
	unsigned int need = natfw_transport_len(p->key.proto);
	const u8 *h;

	if (!need)
		return 0;
	if (p->thoff + need > end || !natfw_pull(p, p->thoff + need))
		return natfw_fail(NATFW_R_MALFORMED);
	h = p->skb->data + p->thoff;
	natfw_key_transport(&p->key, natfw_pkt_is6(p), h);
	if (p->key.proto == (natfw_pkt_is6(p) ? IPPROTO_ICMPV6 : IPPROTO_ICMP))
		natfw_parse_icmp(p, h);
	return 0;
}

/* The same, quicker for what most packets are. */
static __always_inline int natfw_parse_transport(struct natfw_pkt *p, unsigned int end)
{
	bool tcp = p->key.proto == IPPROTO_TCP;
	unsigned int need = p->thoff + (tcp ? sizeof(struct tcphdr) : sizeof(struct udphdr));
	const u8 *h;

	if (!tcp && p->key.proto != IPPROTO_UDP)
		return natfw_parse_other(p, end);
	if (need > end || !natfw_pull(p, need))
		return natfw_fail(NATFW_R_MALFORMED);
	h = p->skb->data + p->thoff;
	natfw_key_set_tail(&p->key, *(const __be32 *)h, p->key.proto, NATFW_KIND_FLOW, p->key.zone);
	if (tcp)
		p->tcp_flags = h[13];
	return 0;
}

/* ---- network header ---- */

static int natfw_parse_v4(struct natfw_pkt *p)
{
	const struct iphdr *ih;
	unsigned int end;

	if (!natfw_pull(p, sizeof(*ih)))
		return natfw_fail(NATFW_R_MALFORMED);
	ih = (const struct iphdr *)p->skb->data;
	end = ntohs(ih->tot_len);
	if (!end && skb_is_gso(p->skb))
		end = p->skb->len;	/* more than fits the field */
	if (ih->ihl < 5 || ih->version != 4 || end < ih->ihl * 4 ||
	    end > p->skb->len)
		return natfw_fail(NATFW_R_MALFORMED);
	natfw_addr_set4(&p->key.src, ih->saddr);
	natfw_addr_set4(&p->key.dst, ih->daddr);
	p->key.proto = ih->protocol;
	p->ttl = ih->ttl;
	p->dscp = ipv4_get_dsfield(ih) >> 2;
	p->thoff = ih->ihl * 4;
	if (ipv4_is_multicast(ih->daddr) || ipv4_is_lbcast(ih->daddr))
		p->flags |= NATFW_P_GROUP;
	if (unlikely(ih->ihl > 5))
		p->flags |= NATFW_P_SLOW;
	if (ip_is_fragment(ih)) {
		p->flags |= NATFW_P_FRAG | NATFW_P_OPAQUE;
		return 0;
	}
	if (unlikely(p->flags & NATFW_P_SLOW) && !natfw_pull(p, p->thoff))
		return natfw_fail(NATFW_R_MALFORMED);
	/* Ethernet padding would be taken for payload further on */
	if (p->skb->len > end && pskb_trim_rcsum(p->skb, end))
		return natfw_fail(NATFW_R_NO_MEMORY);
	return natfw_parse_transport(p, end);
}

/* Bytes of the packet, 0 if that cannot be. Jumbograms have GSO or options. */
static unsigned int natfw_v6_len(const struct sk_buff *skb)
{
	const struct ipv6hdr *ih = (const struct ipv6hdr *)skb->data;
	unsigned int len = ntohs(ih->payload_len);

	if (!len && (ih->nexthdr == NEXTHDR_HOP || skb_is_gso(skb)))
		return skb->len;
	len += sizeof(*ih);
	return len <= skb->len ? len : 0;
}

static void natfw_v6_header(struct natfw_pkt *p, const struct ipv6hdr *ih)
{
	natfw_addr_set6(&p->key.src, &ih->saddr);
	natfw_addr_set6(&p->key.dst, &ih->daddr);
	p->ttl = ih->hop_limit;
	p->dscp = ipv6_get_dsfield(ih) >> 2;
	p->flow_label = ntohl(ip6_flowlabel(ih));
	p->flags |= NATFW_P_V6;
	if (ipv6_addr_is_multicast(&ih->daddr))
		p->flags |= NATFW_P_GROUP;
}

static noinline int natfw_parse_v6(struct natfw_pkt *p)
{
	struct natfw_chain c = { .off = sizeof(struct ipv6hdr) };
	const struct ipv6hdr *ih;
	unsigned int end;

	if (!natfw_pull(p, sizeof(*ih)))
		return natfw_fail(NATFW_R_MALFORMED);
	ih = (const struct ipv6hdr *)p->skb->data;
	end = natfw_v6_len(p->skb);
	if (ih->version != 6 || !end)
		return natfw_fail(NATFW_R_MALFORMED);
	natfw_v6_header(p, ih);
	if (natfw_addr_is4(&p->key.src) || natfw_addr_is4(&p->key.dst))
		return natfw_fail(NATFW_R_MALFORMED);
	c.nexthdr = ih->nexthdr;
	if (!natfw_chain_walk(p->skb, &c, end) || c.rh0)
		return natfw_fail(NATFW_R_MALFORMED);
	p->key.proto = c.nexthdr;
	p->thoff = c.off;
	p->flags |= c.slow ? NATFW_P_SLOW : 0;
	if (c.frag || c.lost) {
		p->flags |= NATFW_P_OPAQUE | (c.frag ? NATFW_P_FRAG : 0);
		return 0;
	}
	if (!natfw_pull(p, p->thoff))
		return natfw_fail(NATFW_R_MALFORMED);
	if (p->skb->len > end && pskb_trim_rcsum(p->skb, end))
		return natfw_fail(NATFW_R_NO_MEMORY);
	return natfw_parse_transport(p, end);
}

/*
 * The stack hands a tagged frame to the VLAN device, whose own hook sees it.
 * But tags that name no VLAN it takes off one after the other without coming
 * by here again: no honest frame has two.
 */
static noinline int natfw_parse_vlan(const struct sk_buff *skb)
{
	const __be16 *tci;
	__be16 buf;

	if (!skb_vlan_tag_get_id(skb)) {
		tci = skb_header_pointer(skb, 0, sizeof(buf), &buf);
		if (!tci || !(ntohs(*tci) & VLAN_VID_MASK))
			return natfw_fail(NATFW_R_MALFORMED);
	}
	return natfw_fail(NATFW_R_PASS_VLAN);
}

int natfw_parse(struct natfw_pkt *p)
{
	struct sk_buff *skb = p->skb;

	if (skb->pkt_type == PACKET_OTHERHOST)
		return natfw_fail(NATFW_R_PASS_OTHERHOST);
	if (skb_vlan_tag_present(skb) &&
	    (skb_vlan_tag_get_id(skb) || eth_type_vlan(skb->protocol)))
		return natfw_parse_vlan(skb);
	p->flags &= NATFW_P_REASM;
	p->key.ports = 0;
	p->key.kind = NATFW_KIND_FLOW;
	switch (skb->protocol) {
	case htons(ETH_P_IP):
		return natfw_parse_v4(p);
	case htons(ETH_P_IPV6):
		return natfw_parse_v6(p);
	default:
		return natfw_fail(NATFW_R_PASS_NONIP);
	}
}
