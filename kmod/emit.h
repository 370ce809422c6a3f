/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How permitted packets leave, and how senders are answered.
 *
 * All of this runs in the ingress hook: RCU, bottom halves off, skb->data at
 * the network header, skb->dev the ingress device.
 */
#ifndef _NATFW_EMIT_H
#define _NATFW_EMIT_H

#include <linux/netfilter.h>
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
	int			error;	/* with NATFW_ROUTE_NONE: errno, 0: do not answer */
};

/*
 * The route a packet takes to @daddr, decided as the stack would for a packet
 * that arrives as @p did, with the source it arrived with (so that reverse
 * path filter and policy rules see the true sender). Leaves the skb as it
 * was, without dst.
 */
void natfw_route_find(const struct natfw_pkt *p, const union natfw_addr *daddr,
		      struct natfw_route *rt);

/* As ip6_route_input(), which works on the packet's own destination. */
struct dst_entry *natfw_route_input6(struct net *net, struct sk_buff *skb,
				     const struct in6_addr *daddr);

/*
 * Ends the use of what natfw_route_find() found; call it in any case. Nothing
 * to do as long as routes are not owned.
 */
static inline void natfw_route_put(struct natfw_route *rt)
{
	rt->dst = NULL;
}

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

/* How packets leave whose rule says @emit, which may be INHERIT; hook.c. */
u8 natfw_emit_mode(const struct natfw_pkt *p, u8 emit);

/*
 * Drop the cached route of @h. A packet that found @h before it was unlinked
 * may still store one, so this must be called after a grace period (from the
 * RCU callback that frees it) as well. Any context.
 */
void natfw_half_forget(struct natfw_half *h);

/*
 * What the hook returns in place of NF_ACCEPT, whoever accepted. @was: the skb
 * the hook was called with. NF_STOLEN if the stack must not take @was: it was
 * shared and p->skb is a private copy, or it is a reassembled datagram, whose
 * fragment size would be forgotten on the usual way in.
 */
unsigned int natfw_deliver(struct natfw_pkt *p);

static inline unsigned int natfw_accept(struct natfw_pkt *p,
					const struct sk_buff *was)
{
	if (likely(p->skb == was && !(p->flags & NATFW_P_REASM) &&
		   !(natfw_pkt_is6(p) && p->skb->_skb_refdst)))
		return NF_ACCEPT;
	return natfw_deliver(p);
}

/* Make p->skb ours alone; the hook's skb may be shared. 0, or -ENOMEM. */
int natfw_unshare(struct natfw_pkt *p);

/*
 * natfw_emit() for an ICMP error: @outer becomes of its own addresses, @inner
 * of the embedded packet's (as it was sent by the host that gets the error).
 */
unsigned int natfw_emit_error(struct natfw_pkt *p,
			      const struct natfw_xlat *outer,
			      const struct natfw_xlat *inner, u8 emit,
			      const u32 *mark, enum natfw_reason *why);

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
 * The headers of natfw_emit_error(): embedded packet, outer addresses and all
 * checksums. 0, or natfw_fail(reason).
 */
int natfw_icmp_restore(struct natfw_pkt *p, const struct natfw_xlat *outer,
		       const struct natfw_xlat *inner);
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
void natfw_answer_noroute(struct natfw_pkt *p, int error);	/* of struct natfw_route */
void natfw_answer_ttl(struct natfw_pkt *p);
void natfw_answer_mtu(struct natfw_pkt *p, u32 mtu);
/* True while this CPU sends one of these; bottom halves off. */
bool natfw_answer_is_ours(void);
/* Host unreachable, as soon and if @n turns out to be. */
void natfw_answer_late(struct natfw_pkt *p, struct neighbour *n);
/* Not for the neighbours of @dev any more, which goes down or away. */
void natfw_answer_forget(const struct net_device *dev);
/* Module exit, after the last packet. */
void natfw_answer_fini(void);

/*
 * frag.c: hand a fragment in. 0: p->skb is now the whole datagram, ready to
 * be parsed again. Otherwise natfw_fail(FRAG_QUEUED or FRAG_BAD), and the skb
 * is no longer the caller's.
 */
int natfw_defrag(struct natfw_pkt *p);

#endif /* _NATFW_EMIT_H */
