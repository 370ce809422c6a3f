/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How permitted packets leave, and how senders are answered.
 *
 * All of this runs in the ingress hook: RCU, bottom halves off, skb->data at
 * the network header, skb->dev the ingress device.
 */
#ifndef _NATFW_EMIT_H
#define _NATFW_EMIT_H

#include "flow.h"
#include "parse.h"

enum natfw_route_type {
	NATFW_ROUTE_FORWARD,
	NATFW_ROUTE_LOCAL,	/* this host */
	NATFW_ROUTE_GROUP,	/* broadcast, multicast */
	NATFW_ROUTE_NONE,	/* unreachable, prohibited, blackhole */
};

struct natfw_route {
	enum natfw_route_type	type;
	struct dst_entry	*dst;	/* not owned: valid within this RCU section */
	u32			cookie;	/* for dst_check() */
	int			error;	/* errno, with NATFW_ROUTE_NONE */
};

/*
 * The route a packet takes to @daddr, decided as the stack would for a packet
 * that arrives as @p did, with the source it arrived with (so that reverse
 * path filter and policy rules see the true sender). Leaves the skb as it
 * was, without dst.
 */
void natfw_route_find(const struct natfw_pkt *p, const union natfw_addr *daddr,
		      struct natfw_route *rt);

/*
 * Send @p on its way. @h: half whose route cache is used and filled, or NULL.
 * @x: translation, or NULL. @emit: NATFW_EMIT_STACK or DIRECT. @mark: if not
 * NULL, becomes skb->mark. Returns the netfilter verdict (NF_ACCEPT,
 * NF_STOLEN; NF_DROP means the caller frees the skb with the reason's drop
 * reason) and in @why how the packet ended. p->skb may have changed or gone.
 */
unsigned int natfw_emit(struct natfw_pkt *p, struct natfw_half *h,
			const struct natfw_xlat *x, u8 emit, const u32 *mark,
			enum natfw_reason *why);

/* Drop the cached route of @h, after it was unlinked or its route changed. */
void natfw_half_forget(struct natfw_half *h);

/* rewrite.c: translate headers and checksums. 0, or natfw_fail(reason). */
int natfw_rewrite(struct natfw_pkt *p, const struct natfw_xlat *x);

/*
 * icmp.c: an ICMP error @p about the flow @h is a half of, namely the one
 * that packets travelling the error's way would hit (found under
 * p->inner.key). Restores the embedded packet, translates the outer header,
 * sends it on. As natfw_emit() otherwise. Verifies checksums first.
 */
unsigned int natfw_icmp_error(struct natfw_pkt *p, struct natfw_flow *f,
			      struct natfw_half *h, u8 emit, const u32 *mark,
			      enum natfw_reason *why);
/* 0 or natfw_fail(NATFW_R_ICMP_CSUM): outer ICMP checksum, inner IPv4 header. */
int natfw_icmp_verify(const struct natfw_pkt *p);
/*
 * An ICMP error or TCP reset that this host itself makes out of a translated
 * packet (stack mode) goes to the translated source; turn it to the true one.
 * Called from the output hook; returns NF_ACCEPT or NF_DROP.
 */
unsigned int natfw_icmp_output(struct natfw_pkt *p, struct natfw_flow *f,
			       struct natfw_half *h);

/* reply.c: answer the sender of @p, which is left alone. */
void natfw_answer_reject(struct natfw_pkt *p);	/* TCP reset, or administratively prohibited */
void natfw_answer_unreachable(struct natfw_pkt *p, u8 code4, u8 code6);
void natfw_answer_ttl(struct natfw_pkt *p);
void natfw_answer_mtu(struct natfw_pkt *p, u32 mtu);

/*
 * frag.c: hand a fragment in. 0: p->skb is now the whole datagram, ready to
 * be parsed again. Otherwise natfw_fail(FRAG_QUEUED or FRAG_BAD), and the skb
 * is no longer the caller's.
 */
int natfw_defrag(struct natfw_pkt *p);

#endif /* _NATFW_EMIT_H */
