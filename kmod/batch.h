/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Packets taken together.
 *
 * What a lookup costs in a large table is waiting for memory: for the bucket,
 * then for the flow. A packet alone waits for both. Therefore packets that come
 * in a row, as a driver's poll hands them over, are kept until there are
 * NATFW_BATCH of them or the poll is over; by then the buckets of all have been
 * asked for, then the flows of all are, and then each takes its walk as ever.
 *
 * This happens only where it pays (batch.c): at some rate, on devices whose
 * packets leave directly, while packets really come in a row. Otherwise a
 * packet is dealt with at once. Order is kept: whatever is not taken
 * waits for, or rather ends the waiting of, those that were.
 *
 * Per processor, bottom halves off; nobody else looks at a processor's batch.
 */
#ifndef _NATFW_BATCH_H
#define _NATFW_BATCH_H

#include <linux/netdevice.h>
#include "lane.h"
#include "net.h"
#include "parse.h"

/* As many as a processor can have memory on its way for, twice over. */
#define NATFW_BATCH	32

struct natfw_batch {
	u32			n;	/* packets that wait */
	bool			busy;	/* they, or one alone, are being dealt with */
	bool			on;	/* packets are to be taken */
	bool			online;	/* the processor stays */
	bool			due;	/* @napi is scheduled; always if packets wait */
	u8			poor;	/* small batches in a row */
	int			cpu;	/* whose it is */
	u32			seen;	/* packets in the jiffy @tick */
	unsigned long		tick;
	unsigned long		again;	/* jiffies when to try again */
	u64			runs;	/* batches dealt with; read by others */
	struct natfw_lane	lanes[NATFW_LANES];	/* while busy */
	struct napi_struct	napi;
	struct natfw_pkt	pkt[NATFW_BATCH];
};

extern struct natfw_batch __percpu *natfw_batches;

/* A new jiffy: decide whether packets are to be taken. */
void natfw_batch_tick(struct natfw_batch *b, unsigned long now);
/* What a batch was like: @n packets, of which the stack got @passed. */
void natfw_batch_learn(struct natfw_batch *b, u32 n, u32 passed);

/* Count a packet. True if it may be given to natfw_batch_take(). */
static __always_inline bool natfw_batch_wants(struct natfw_batch *b)
{
	unsigned long now = jiffies;

	if (unlikely(b->tick != now))
		natfw_batch_tick(b, now);
	b->seen++;
	/* in a process, the next packet of the flow may come on another processor */
	return b->on && !b->busy && in_serving_softirq();
}

/* Packets wait that have to be dealt with before another one. */
static inline bool natfw_batch_waits(const struct natfw_batch *b)
{
	return b->n && !b->busy;
}

/* What the hook returns for @skb, which came in by @nd. */
unsigned int natfw_batch_take(struct natfw_batch *b, struct natfw_dev *nd, struct sk_buff *skb);
/* Deal with those that wait, if any do. Not if it is busy. RCU. */
void natfw_batch_run(struct natfw_batch *b);
/*
 * When this returns, no packet waits any more that was there when it was called.
 * May sleep.
 */
void natfw_batch_drain(void);

/* @cpu, on which this is called, comes, or goes: nothing may be left behind. */
int natfw_batch_online(unsigned int cpu);
int natfw_batch_offline(unsigned int cpu);

int natfw_batch_init(void);	/* module; -ENOMEM and what cpuhp says */
void natfw_batch_exit(void);	/* no device is attached */

#endif /* _NATFW_BATCH_H */
