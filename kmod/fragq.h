/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Fragments that wait until their datagram is whole.
 *
 * Memory is bounded, and what is beyond the bound takes the place of the
 * oldest that waits, so nobody can shut others out (RFC 4787, REQ-14a):
 *
 * - A sender (for IPv6 its /64) has at most half of its shard's memory; more
 *   of his takes the place of his own oldest.
 * - Senders of whom a datagram became whole lately are known. Half of the
 *   memory is theirs; those that were never heard of, which is what forged
 *   addresses are, compete for the other half among themselves.
 *
 * Locks: one for each shard, taken inside. Bottom halves off.
 */
#ifndef _NATFW_FRAGQ_H
#define _NATFW_FRAGQ_H

#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "key.h"

struct natfw_net;
struct natfw_pkt;
struct sk_buff;

#define NATFW_FRAG_SHARDS	8	/* by sender; a power of two */
#define NATFW_FRAG_BYTES	(1024 * 1024)	/* of a shard, as truesize */
#define NATFW_FRAG_SENDERS	64	/* told apart in a shard; a power of two */
#define NATFW_FRAG_BUCKETS	64	/* of a shard; a power of two */
#define NATFW_FRAG_PIECES	128	/* of a datagram */
#define NATFW_FRAG_SECONDS	30	/* from the first piece on */
#define NATFW_FRAG_KNOWN	60	/* seconds after a datagram was whole */

struct natfw_fragqs;

/* What datagram a fragment belongs to, and what of it the fragment is. */
struct natfw_piece {
	struct natfw_key	key;	/* ports: the identification */
	u32			from;	/* first byte behind the headers */
	u32			end;	/* behind the last */
	bool			last;
};

/* -ENOMEM. May sleep. */
int natfw_fragq_init(struct natfw_net *nn);
/* No packet can come any more. May sleep. */
void natfw_fragq_fini(struct natfw_net *nn);

/*
 * Add the fragment p->skb. -EINPROGRESS: it is kept, and waits. 0: with it its
 * datagram is whole, and @whole was called, lock held, with p->skb still it and
 * @others, linked by next, all the rest in order; the result is in *@err.
 * -EINVAL or -ENOMEM: it cannot be, and p->skb is the caller's still.
 */
int natfw_fragq_add(struct natfw_pkt *p, const struct natfw_piece *piece,
		    int (*whole)(struct natfw_pkt *p, struct sk_buff *others),
		    int *err);

#endif /* _NATFW_FRAGQ_H */
