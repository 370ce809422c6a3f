// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reassembly. Fragments wait in queues of our own (fragq.c), which nobody can
 * fill at the cost of others. When a datagram is whole, its pieces go to the
 * kernel's reassemblers in one go, which put it together as they do for
 * everybody, and keep nothing of it.
 *
 * Zones may have the same addresses, so each has queues of its own. The
 * reassemblers tell queues apart by a number their user gives; ours start
 * behind those the kernel uses.
 *
 * They leave in the control block of the whole datagram how big its fragments
 * were, and on the skb that it may be fragmented again; natfw_deliver() takes
 * care that both reach the output path.
 */
#include <linux/net.h>
#include <linux/netfilter.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/ipv6_frag.h>
#include <net/netfilter/ipv6/nf_defrag_ipv6.h>

#include "net.h"
#include "emit.h"
#include "fragq.h"

/* Behind the last of each enumeration; there is a number for every zone. */
#define NATFW_DEFRAG4	(IP_DEFRAG_MACVLAN + 1)
#define NATFW_DEFRAG6	(__IP6_DEFRAG_CONNTRACK_BRIDGE_IN + 1)

/* ---- the kernel's part ---- */

/*
 * The output path keeps DF of fragments that had it, unless it finds the very
 * pieces they came in and reuses them.
 */
static int natfw_defrag4_df(struct sk_buff *skb)
{
	if (!(IPCB(skb)->flags & IPSKB_FRAG_PMTU) || !skb_linearize(skb))
		return 0;
	kfree_skb_reason(skb, SKB_DROP_REASON_NOMEM);
	return natfw_fail(NATFW_R_NO_MEMORY);
}

static int natfw_defrag4(struct natfw_pkt *p)
{
	struct sk_buff *skb = p->skb;
	int err;

	memset(IPCB(skb), 0, sizeof(struct inet_skb_parm));
	err = ip_defrag(p->nn->net, skb, NATFW_DEFRAG4 + p->nd->zone);
	if (err)	/* the reassembler has, or freed, it */
		return natfw_fail(err == -EINPROGRESS ? NATFW_R_FRAG_QUEUED
						      : NATFW_R_FRAG_BAD);
	skb->ignore_df = 1;
	return natfw_defrag4_df(skb);
}

#if IS_ENABLED(CONFIG_NF_DEFRAG_IPV6)
/* 0 from the gatherer may also mean that it would have nothing to do with it. */
static int natfw_defrag6(struct natfw_pkt *p)
{
	struct sk_buff *skb = p->skb;
	int err;

	memset(IP6CB(skb), 0, sizeof(struct inet6_skb_parm));
	err = nf_ct_frag6_gather(p->nn->net, skb, NATFW_DEFRAG6 + p->nd->zone);
	if (err == -EINPROGRESS)
		return natfw_fail(NATFW_R_FRAG_QUEUED);
	if (!err && IP6CB(skb)->flags & IP6SKB_FRAGMENTED)
		return 0;
	kfree_skb_reason(skb, SKB_DROP_REASON_DUP_FRAG);
	return natfw_fail(NATFW_R_FRAG_BAD);
}
#else
static int natfw_defrag6(struct natfw_pkt *p)
{
	kfree_skb_reason(p->skb, SKB_DROP_REASON_UNHANDLED_PROTO);
	return natfw_fail(NATFW_R_FRAG_BAD);
}
#endif

static int natfw_defrag_one(struct natfw_pkt *p)
{
	return natfw_pkt_is6(p) ? natfw_defrag6(p) : natfw_defrag4(p);
}

/*
 * All the pieces there are: @others in order and p->skb, which becomes the
 * whole. natfw_fragq_add() calls this.
 */
static int natfw_defrag_all(struct natfw_pkt *p, struct sk_buff *others)
{
	struct sk_buff *last = p->skb;
	int err = natfw_fail(NATFW_R_FRAG_QUEUED);

	while (others && err == natfw_fail(NATFW_R_FRAG_QUEUED)) {
		p->skb = others;
		others = others->next;
		p->skb->next = NULL;
		p->skb->dev = last->dev;	/* that of one may be gone */
		err = natfw_defrag_one(p);
	}
	if (err == natfw_fail(NATFW_R_FRAG_QUEUED)) {
		p->skb = last;
		return natfw_defrag_one(p);
	}
	if (!err)	/* there were others that it took to be of the same datagram */
		kfree_skb_reason(p->skb, SKB_DROP_REASON_DUP_FRAG);
	kfree_skb_list_reason(others, SKB_DROP_REASON_DUP_FRAG);
	kfree_skb_reason(last, SKB_DROP_REASON_DUP_FRAG);
	return natfw_fail(NATFW_R_FRAG_BAD);
}

/* ---- one fragment ---- */

/*
 * A wrong header checksum would be covered up by the one computed for the
 * whole datagram. Link-layer padding would be taken for data.
 */
static bool natfw_frag4_sound(struct sk_buff *skb)
{
	const struct iphdr *ih = ip_hdr(skb);

	if (!pskb_may_pull(skb, ih->ihl * 4))
		return false;
	ih = ip_hdr(skb);
	if (ip_fast_csum((u8 *)ih, ih->ihl))
		return false;
	return !pskb_trim_rcsum(skb, ntohs(ih->tot_len));
}

static bool natfw_piece4(struct natfw_piece *piece, const struct natfw_pkt *p)
{
	const struct iphdr *ih;
	u16 off;

	if (!natfw_frag4_sound(p->skb))
		return false;
	ih = ip_hdr(p->skb);
	off = ntohs(ih->frag_off);
	piece->key.proto = ih->protocol;
	piece->key.ports = htonl(ntohs(ih->id));
	piece->from = (off & IP_OFFSET) * 8;
	piece->end = piece->from + ntohs(ih->tot_len) - ih->ihl * 4;
	piece->last = !(off & IP_MF);
	return piece->end + ih->ihl * 4 <= IP_MAX_MTU;
}

static bool natfw_piece6(struct natfw_piece *piece, const struct natfw_pkt *p)
{
	unsigned int off = 0, len = sizeof(struct ipv6hdr) +
				    ntohs(ipv6_hdr(p->skb)->payload_len);
	const struct frag_hdr *fh;
	struct frag_hdr buf;

	if (pskb_trim_rcsum(p->skb, len) ||
	    ipv6_find_hdr(p->skb, &off, NEXTHDR_FRAGMENT, NULL, NULL) != NEXTHDR_FRAGMENT)
		return false;
	fh = skb_header_pointer(p->skb, off, sizeof(buf), &buf);
	if (!fh || off + sizeof(*fh) > len)
		return false;
	piece->key.ports = fh->identification;
	piece->from = ntohs(fh->frag_off) & IP6_OFFSET;
	piece->end = piece->from + len - off - sizeof(*fh);
	piece->last = !(fh->frag_off & htons(IP6_MF));
	return piece->end <= IPV6_MAXPLEN;
}

/* What p->skb, which is ours alone, is a piece of. False if it cannot be. */
static bool natfw_piece_of(struct natfw_piece *piece, const struct natfw_pkt *p)
{
	memset(piece, 0, sizeof(*piece));
	piece->key.src = p->key.src;
	piece->key.dst = p->key.dst;
	piece->key.zone = p->key.zone;
	if (natfw_pkt_is6(p) ? !natfw_piece6(piece, p) : !natfw_piece4(piece, p))
		return false;
	/* all but the last are multiples of eight */
	return piece->end > piece->from && (piece->last || !(piece->end & 7));
}

static int natfw_frag_drop(struct natfw_pkt *p, enum natfw_reason reason)
{
	kfree_skb_reason(p->skb, natfw_reasons[reason].drop_reason);
	p->skb = NULL;
	return natfw_fail(reason);
}

/**
 * natfw_defrag() - hand in a fragment
 * @p: the fragment, as parsed (NATFW_P_FRAG)
 *
 * Context: RCU, bottom halves off, netdev ingress.
 * Return: 0 if p->skb is now the whole datagram, NATFW_P_REASM set, to be
 * parsed again; natfw_fail(NATFW_R_FRAG_QUEUED, _FRAG_BAD or _NO_MEMORY) if
 * the skb is gone, and p->skb NULL.
 */
int natfw_defrag(struct natfw_pkt *p)
{
	struct natfw_piece piece;
	int err = 0;

	if (natfw_unshare(p))
		return natfw_frag_drop(p, NATFW_R_NO_MEMORY);
	if (!natfw_piece_of(&piece, p))
		return natfw_frag_drop(p, NATFW_R_FRAG_BAD);
	switch (natfw_fragq_add(p, &piece, natfw_defrag_all, &err)) {
	case 0:
		break;
	case -EINPROGRESS:
		err = natfw_fail(NATFW_R_FRAG_QUEUED);
		break;
	default:
		return natfw_frag_drop(p, NATFW_R_FRAG_BAD);
	}
	if (err)
		p->skb = NULL;
	else
		p->flags |= NATFW_P_REASM;
	return err;
}
