/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The key packets, flows and permissions are found by.
 *
 * Both families share one layout: an IPv4 address is kept in its IPv4-mapped
 * form (::ffff:a.b.c.d). IPv6 packets that carry such addresses on the wire
 * are never classified, so the two cannot be confused.
 *
 * A key is turned round by exchanging source and destination. To make that
 * hold for ICMP queries too, the identifier of a request stands in @sport and
 * that of its reply in @dport, the other one is zero. Protocols without ports
 * have both zero; ESP and AH have the SPI across both.
 *
 * Objects in the table keep a key of two IPv4 addresses in its short form, 16
 * bytes instead of 40 (natfw_node_set_key(), natfw_node_key()).
 *
 * Keys come from the network, so they are hashed with a secret per table.
 */
#ifndef _NATFW_KEY_H
#define _NATFW_KEY_H

#include <linux/bitops.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/siphash.h>
#include <net/ipv6.h>

/* What a table entry under a key is. */
enum natfw_kind {
	NATFW_KIND_FLOW,	/* one direction of a flow */
	NATFW_KIND_PEER,	/* external endpoint (dst, dport) may hear from src */
};

union natfw_addr {
	u64		w[2];
	__be32		a32[4];
	u8		b[16];
	struct in6_addr	in6;
};

struct natfw_key {
	union natfw_addr	src;
	union natfw_addr	dst;
	union {
		struct {
			__be16	sport;
			__be16	dport;
		};
		__be32		ports;	/* both, or the SPI */
	};
	u8			proto;
	u8			kind;	/* enum natfw_kind */
	u16			zone;	/* realm the packet arrives from */
} __aligned(8);

static_assert(sizeof(struct natfw_key) == 40);

static inline void natfw_addr_set4(union natfw_addr *a, __be32 v4)
{
	a->w[0] = 0;
	a->a32[2] = htonl(0xffff);
	a->a32[3] = v4;
}

static inline void natfw_addr_set6(union natfw_addr *a, const struct in6_addr *v6)
{
	a->in6 = *v6;
}

static inline bool natfw_addr_is4(const union natfw_addr *a)
{
	return !a->w[0] && a->a32[2] == htonl(0xffff);
}

static inline bool natfw_addr_equal(const union natfw_addr *a,
				    const union natfw_addr *b)
{
	return !((a->w[0] ^ b->w[0]) | (a->w[1] ^ b->w[1]));
}

static inline bool natfw_key_is4(const struct natfw_key *k)
{
	return natfw_addr_is4(&k->src);
}

static inline bool natfw_key_equal(const struct natfw_key *a,
				   const struct natfw_key *b)
{
	const u64 *x = (const u64 *)a, *y = (const u64 *)b;

	return !((x[0] ^ y[0]) | (x[1] ^ y[1]) | (x[2] ^ y[2]) |
		 (x[3] ^ y[3]) | (x[4] ^ y[4]));
}

/* Source and destination port exchanged. */
static inline __be32 natfw_ports_reverse(__be32 ports)
{
	return (__force __be32)rol32((__force u32)ports, 16);
}

/* The key packets of the other direction carry, arriving in @zone. */
static inline void natfw_key_reverse(struct natfw_key *r,
				     const struct natfw_key *k, u16 zone)
{
	r->src = k->dst;
	r->dst = k->src;
	r->ports = natfw_ports_reverse(k->ports);
	r->proto = k->proto;
	r->kind = k->kind;
	r->zone = zone;
}

/* The last word of a key, which is also that of its short form. */
struct natfw_tail {
	union {
		struct {
			__be16	sport;
			__be16	dport;
		};
		__be32		ports;
	};
	u8			proto;
	u8			kind;
	u16			zone;
} __aligned(8);

static_assert(sizeof(struct natfw_tail) == sizeof(u64));
static_assert(offsetof(struct natfw_key, ports) == 32);

static inline u64 natfw_key_tail(const struct natfw_key *k)
{
	return ((const u64 *)k)[4];
}

/* Fill the last word in, in one piece: it is read in one soon after. */
static inline void natfw_key_set_tail(struct natfw_key *k, __be32 ports, u8 proto,
				      enum natfw_kind kind, u16 zone)
{
#ifdef CONFIG_CPU_BIG_ENDIAN
	((u64 *)k)[4] = (u64)(__force u32)ports << 32 | (u32)proto << 24 | kind << 16 | zone;
#else
	((u64 *)k)[4] = (u64)zone << 48 | (u64)kind << 40 | (u64)proto << 32 | (__force u32)ports;
#endif
}

/* Both addresses of an IPv4 key. */
static inline u64 natfw_key_pair4(const struct natfw_key *k)
{
	return (u64)(__force u32)k->src.a32[3] << 32 | (__force u32)k->dst.a32[3];
}

/*
 * HalfSipHash, which on 64-bit machines is SipHash-1-3: made for hash tables
 * whose hashes nobody gets to see (Documentation/security/siphash.rst).
 */
static inline u32 natfw_key_hash(const struct natfw_key *k,
				 const hsiphash_key_t *secret)
{
	u64 tail = natfw_key_tail(k);

	if (natfw_key_is4(k))
		return hsiphash_4u32((__force u32)k->src.a32[3],
				     (__force u32)k->dst.a32[3],
				     (u32)tail, tail >> 32, secret);
	return hsiphash(k, sizeof(*k), secret);
}

/* True for protocols whose first four bytes are source and destination port. */
static inline bool natfw_proto_has_ports(u8 proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP ||
	       proto == IPPROTO_UDPLITE || proto == IPPROTO_SCTP ||
	       proto == IPPROTO_DCCP;
}

/* True where a source port or query identifier can be translated. */
static inline bool natfw_proto_has_id(u8 proto)
{
	return natfw_proto_has_ports(proto) || proto == IPPROTO_ICMP ||
	       proto == IPPROTO_ICMPV6;
}

#endif /* _NATFW_KEY_H */
