/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Socket buffers for the parser, made to catch it lying: only what was pulled
 * can be reached through skb->data, in a piece of memory just as long, and a
 * pull moves everything elsewhere.
 */
#ifndef _FUZZ_SKB_H
#define _FUZZ_SKB_H

#include <netinet/ip.h>
#include <netinet/tcp.h>

#include "shim.h"

/* usable in constants, as the kernel's are */
#undef htons
#undef ntohs
#define htons(x)	((__be16)__builtin_bswap16(x))
#define ntohs(x)	((u16)__builtin_bswap16(x))

#define ETH_P_IP	0x0800
#define ETH_P_IPV6	0x86dd
#define PACKET_OTHERHOST 3

#undef IP_OFFSET
#define IP_MF		0x2000
#define IP_OFFSET	0x1fff
#define IP6_MF		0x0001
#define IP6_OFFSET	0xfff8

#define NEXTHDR_HOP	0
#define NEXTHDR_ROUTING	43
#define NEXTHDR_FRAGMENT 44
#define NEXTHDR_DEST	60
#define NEXTHDR_MOBILITY 135

#define ICMP_ECHOREPLY	0
#define ICMP_DEST_UNREACH 3
#define ICMP_SOURCE_QUENCH 4
#define ICMP_REDIRECT	5
#define ICMP_ECHO	8
#define ICMP_TIME_EXCEEDED 11
#define ICMP_PARAMETERPROB 12
#define ICMP_TIMESTAMP	13
#define ICMP_TIMESTAMPREPLY 14
#define ICMPV6_ECHO_REQUEST 128
#define ICMPV6_ECHO_REPLY 129
#define NDISC_ROUTER_SOLICITATION 133
#define NDISC_REDIRECT	137

struct ipv6hdr {
	u8		priority:4, version:4;
	u8		flow_lbl[3];
	__be16		payload_len;
	u8		nexthdr;
	u8		hop_limit;
	struct in6_addr	saddr, daddr;
};

struct frag_hdr {
	u8	nexthdr, reserved;
	__be16	frag_off;
	__be32	identification;
};

struct sk_buff {
	const u8	*all;		/* the whole packet */
	unsigned int	len;
	u8		*data;		/* what was pulled of it */
	unsigned int	head;
	u8		pkt_type;
	__be16		protocol;
	bool		gso, vlan;
	u16		vlan_id;
};

static inline bool pskb_may_pull(struct sk_buff *skb, unsigned int len)
{
	u8 *moved;

	if (len <= skb->head)
		return true;
	if (len > skb->len)
		return false;
	moved = malloc(len);
	memcpy(moved, skb->all, len);
	free(skb->data);
	skb->data = moved;
	skb->head = len;
	return true;
}

static inline int skb_copy_bits(const struct sk_buff *skb, int off, void *to, int len)
{
	if (off < 0 || len < 0 || (unsigned int)off + len > skb->len)
		return -EFAULT;
	memcpy(to, skb->all + off, len);
	return 0;
}

static inline void *skb_header_pointer(const struct sk_buff *skb, int off, int len, void *buf)
{
	return skb_copy_bits(skb, off, buf, len) ? NULL : buf;
}

static inline int pskb_trim_rcsum(struct sk_buff *skb, unsigned int len)
{
	if (len < skb->len)
		skb->len = len;
	if (skb->head > len)
		skb->head = len;
	return 0;
}

#define skb_is_gso(skb)			((skb)->gso)
#define skb_vlan_tag_present(skb)	((skb)->vlan)
#define skb_vlan_tag_get_id(skb)	((skb)->vlan_id)
#define VLAN_VID_MASK			0x0fff
#define eth_type_vlan(p)		((p) == htons(0x8100) || (p) == htons(0x88a8))
#define ipv4_get_dsfield(ih)		((ih)->tos)
#define ipv4_is_lbcast(a)		((a) == htonl(0xffffffff))
#define ip_is_fragment(ih)		(((ih)->frag_off & htons(IP_MF | IP_OFFSET)) != 0)
#define ipv6_addr_is_multicast(a)	((a)->s6_addr[0] == 0xff)

static inline bool ipv4_is_multicast(__be32 a)
{
	return (ntohl(a) & 0xf0000000) == 0xe0000000;
}

static inline u8 ipv6_get_dsfield(const struct ipv6hdr *ih)
{
	__be16 w;

	memcpy(&w, ih, 2);
	return ntohs(w) >> 4;
}

static inline __be32 ip6_flowlabel(const struct ipv6hdr *ih)
{
	__be32 w;

	memcpy(&w, ih, 4);
	return w & htonl(0xfffff);
}

#endif
