/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is known of a packet while it goes through the hook. Lives on the
 * stack; everything the later steps need is found here once.
 */
#ifndef _NATFW_PARSE_H
#define _NATFW_PARSE_H

#include <linux/skbuff.h>
#include "key.h"
#include "stats.h"

struct natfw_dev;
struct natfw_lane;
struct natfw_net;
struct natfw_node;

#define NATFW_P_V6	BIT(0)
#define NATFW_P_FRAG	BIT(1)	/* one fragment of a datagram, not reassembled */
#define NATFW_P_SLOW	BIT(2)	/* IP options or headers only the stack handles */
#define NATFW_P_ICMPERR	BIT(3)	/* ICMP error; @inner is valid */
#define NATFW_P_ND	BIT(4)	/* neighbour discovery with hop limit 255 */
#define NATFW_P_OPAQUE	BIT(5)	/* transport not found: proto and addresses only */
#define NATFW_P_GROUP	BIT(6)	/* multicast or broadcast destination address */
#define NATFW_P_REASM	BIT(7)	/* was reassembled by us */
#define NATFW_P_QUERY	BIT(8)	/* ICMP echo or timestamp: has an identifier */

/* natfw_pkt.tcp_flags */
#define NATFW_TH_FIN	0x01
#define NATFW_TH_SYN	0x02
#define NATFW_TH_RST	0x04
#define NATFW_TH_ACK	0x10

/*
 * The packet inside an ICMP error. @key is that of the packet the error
 * answers with source and destination exchanged: the key under which the
 * other direction of its flow stands in the table, zone that of the error.
 */
struct natfw_inner {
	struct natfw_key	key;
	u16			nhoff;	/* inner network header, from skb->data */
	u16			thoff;	/* inner transport header */
	u16			len;	/* bytes from nhoff on that are present */
	bool			ports;	/* the first four transport bytes are present */
};

struct natfw_pkt {
	struct sk_buff		*skb;
	const struct sk_buff	*was;	/* what the hook was called with */
	struct natfw_net	*nn;
	struct natfw_dev	*nd;	/* ingress */
	u64			gen;	/* rule set this packet is judged by */
	int			cpu;	/* this processor, for what is counted by processor */
	u32			hash;	/* of @key, once it was wanted; else 0 */
	u32			len;	/* bytes accounted: skb->len on arrival */
	struct natfw_key	key;	/* as it arrived */
	struct natfw_node	*node;	/* likely found under @key, natfw_flow_fetch(), or NULL */
	struct natfw_lane	*lanes;	/* of the batch, or NULL */
	u16			flags;	/* NATFW_P_* */
	u16			thoff;	/* transport header, from skb->data (= network header) */
	u8			ttl;	/* or hop limit */
	u8			dscp;
	u8			icmp_type, icmp_code;
	u8			tcp_flags;	/* byte 13 of the TCP header */
	u32			flow_label;	/* host order */
	struct natfw_inner	inner;
};

static inline bool natfw_pkt_is6(const struct natfw_pkt *p)
{
	return p->flags & NATFW_P_V6;
}

/*
 * What is known before the packet is looked at: it came to @nd, as @skb or as a frame (NULL),
 * has @len bytes, and @cpu is the processor. All but p->inner, which is for who finds
 * NATFW_P_ICMPERR. Field by field: a memset() of this size is a string instruction, which
 * takes longer to begin than to end.
 */
static inline void natfw_pkt_begin(struct natfw_pkt *p, struct natfw_dev *nd, struct sk_buff *skb,
				   u32 len, int cpu)
{
	p->skb = skb;
	p->was = skb;
	p->nd = nd;
	p->nn = nd->nn;
	p->gen = 0;
	p->cpu = cpu;
	p->hash = 0;
	p->len = len;
	memset(&p->key, 0, sizeof(p->key));
	p->key.zone = READ_ONCE(nd->zone);
	p->node = NULL;
	p->lanes = NULL;
	p->flags = 0;
	p->thoff = 0;
	p->ttl = 0;
	p->dscp = 0;
	p->icmp_type = 0;
	p->icmp_code = 0;
	p->tcp_flags = 0;
	p->flow_label = 0;
}

/*
 * Fill in @p from p->skb, p->nd and p->nn. skb->data is at the network
 * header. The headers that @p speaks of are linear afterwards; skb->head may
 * have moved. On success 0; otherwise the reason the packet ends here
 * (PASS_* or a drop), as a negative number: -NATFW_R_x - 1.
 */
int natfw_parse(struct natfw_pkt *p);
/* Bytes there have to be of the transport header; 0: no ports, identifier or SPI. */
static inline unsigned int natfw_transport_len(u8 proto)
{
	switch (proto) {
	case IPPROTO_TCP:
		return 20;
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
		return 8;
	case IPPROTO_SCTP:
		return 12;
	case IPPROTO_DCCP:
		return 12;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return 8;
	case IPPROTO_ESP:
		return 8;
	case IPPROTO_AH:
		return 12;
	default:
		return 0;
	}
}

static inline int natfw_fail(enum natfw_reason r)
{
	return -(int)r - 1;
}

static inline enum natfw_reason natfw_failed(int err)
{
	return (enum natfw_reason)(-err - 1);
}

#endif /* _NATFW_PARSE_H */
