/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What there is to translation of headers and checksums, for all who do it: packets
 * the long way (rewrite.c) and the short one (hit.c), ICMP errors (icmp.c), frames (xdp.c).
 */
#ifndef _NATFW_REWRITE_H
#define _NATFW_REWRITE_H

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/skbuff.h>
#include <net/checksum.h>
#include <net/ip6_checksum.h>

#include "flow.h"
#include "ident.h"
#include "key.h"
#include "parse.h"

/* Ones' complement sums of what changed: new minus old. */
struct natfw_delta {
	__wsum	addr;
	__wsum	ports;
};

/* Bring a checksum over changed data up to date (RFC 1624, equation 3). */
static inline void natfw_csum_apply(__sum16 *sum, __wsum delta)
{
	*sum = csum_fold(csum_add(~csum_unfold(*sum), delta));
}

/* Where a transport's checksum is, what it covers. */
struct natfw_l4 {
	u8	len;		/* bytes of the header to be writable, 0: unknown */
	u8	csum;		/* offset of the checksum, 0: none to update */
	bool	pseudo;		/* covers the addresses */
	bool	zero;		/* zero means there is none */
	bool	mangle;		/* must not come out as zero */
};

/* Those of TCP and UDP. */
#define NATFW_L4_TCP	{ .len = 20, .csum = 16, .pseudo = true }
#define NATFW_L4_UDP	{ .len = 8, .csum = 6, .pseudo = true, .zero = true, .mangle = true }

/* Never NULL. */
const struct natfw_l4 *natfw_l4_find(u8 proto, bool v6);
/* Addresses of the IP header at @nh; IPv4 header checksum included. */
__wsum natfw_rewrite_addrs(void *nh, bool v6, const union natfw_addr *src,
			   const union natfw_addr *dst);
/* A fresh identification where a datagram with another source needs one. */
void natfw_rewrite_id(struct natfw_pkt *p, const struct natfw_xlat *x);
/* True if @type is the request of an ICMP query, or the reply to one. */
bool natfw_icmp_request(bool v6, u8 type);
bool natfw_icmp_reply(bool v6, u8 type);

/*
 * True if the checksum of the header at @thoff is yet to be completed by
 * whoever sends the packet. That of an encapsulated packet may be meant
 * instead; the outer one is then left incomplete only for segmentation.
 */
static inline bool natfw_csum_partial(const struct sk_buff *skb, unsigned int thoff)
{
	if (skb->ip_summed != CHECKSUM_PARTIAL)
		return false;
	if (skb_checksum_start_offset(skb) == (int)thoff)
		return true;
	return skb_is_gso(skb) &&
	       skb_shinfo(skb)->gso_type & SKB_GSO_UDP_TUNNEL_CSUM;
}

/* Bring the finished checksum of a transport up to date. */
static __always_inline void natfw_l4_sum(__sum16 *sum, const struct natfw_l4 *l4,
					 const struct natfw_delta *d)
{
	if (l4->zero && !*sum)
		return;
	natfw_csum_apply(sum, l4->pseudo ? csum_add(d->addr, d->ports) : d->ports);
	if (l4->mangle && !*sum)
		*sum = CSUM_MANGLED_0;
}

/* The same where it may be left to the device. */
static __always_inline void natfw_l4_csum(struct sk_buff *skb, unsigned int thoff,
					  const struct natfw_l4 *l4, const struct natfw_delta *d)
{
	__sum16 *sum = (__sum16 *)(skb->data + thoff + l4->csum);

	if (natfw_csum_partial(skb, thoff)) {
		if (l4->pseudo)
			*sum = ~csum_fold(csum_add(csum_unfold(*sum), d->addr));
		return;
	}
	natfw_l4_sum(sum, l4, d);
}

/* The datagram at @ih gets the next of @count identifications; what that makes of a sum. */
static inline __wsum natfw_rewrite_fresh_id(struct iphdr *ih, int cpu, u16 source, u32 count)
{
	__be16 old = ih->id;

	ih->id = htons(natfw_ident_take(cpu, source, count));
	return csum_sub((__force __wsum)ih->id, (__force __wsum)old);
}

/* Both ports at @field become those of @x. What that makes of a checksum. */
static __always_inline __wsum natfw_sub_ports(__be32 *field, const struct natfw_xlat *x)
{
	__be32 old = *field;

	*field = x->ports;
	return csum_sub((__force __wsum)x->ports, (__force __wsum)old);
}

/* The identifier at @field becomes @to. */
static __always_inline __wsum natfw_sub_id(__be16 *field, __be16 to)
{
	__be16 old = *field;

	*field = to;
	return csum_sub((__force __wsum)to, (__force __wsum)old);
}

/*
 * The ports or the identifier of @p, which has either, its transport header at @th,
 * become those of @x.
 */
static __always_inline __wsum natfw_sub_endpoints(const struct natfw_pkt *p, void *th,
						  const struct natfw_xlat *x)
{
	bool v6 = natfw_pkt_is6(p);

	if (natfw_proto_has_ports(p->key.proto))
		return natfw_sub_ports(th, x);
	return natfw_sub_id(th + 4, natfw_icmp_request(v6, p->icmp_type) ? x->sport : x->dport);
}

/*
 * Checksum of the pseudo header of @p, its transport @len bytes, and of nothing else. The
 * complement is what a device expects to find in the field.
 */
static inline __sum16 natfw_pseudo_sum(const struct natfw_pkt *p, u32 len)
{
	const struct natfw_key *k = &p->key;

	if (natfw_pkt_is6(p))
		return csum_ipv6_magic(&k->src.in6, &k->dst.in6, len, k->proto, 0);
	return csum_tcpudp_magic(k->src.a32[3], k->dst.a32[3], len, k->proto, 0);
}

/* In one's complement. */
static inline u64 natfw_add_carry(u64 a, u64 b)
{
	a += b;
	return a + (a < b);
}

/* A checksum counts 16-bit words, in any order: so it does with two of 64 bits. */
static __always_inline u64 natfw_sum_addr6(const struct in6_addr *a)
{
	u64 front, back;

	memcpy(&front, &a->s6_addr[0], sizeof(front));
	memcpy(&back, &a->s6_addr[8], sizeof(back));
	return natfw_add_carry(front, back);
}

/* The address at @field becomes @to. What that makes of a checksum. */
static __always_inline __wsum natfw_sub_addr6(struct in6_addr *field, const union natfw_addr *to)
{
	u64 delta = natfw_add_carry(natfw_sum_addr6(&to->in6), ~natfw_sum_addr6(field));

	*field = to->in6;
	delta = (delta & U32_MAX) + (delta >> 32);
	return (__force __wsum)((u32)delta + (u32)(delta >> 32));
}

#endif /* _NATFW_REWRITE_H */
