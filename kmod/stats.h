/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Packet accounting: one per-CPU packet and byte counter for each reason and
 * device; a namespace's figures are the sum over its devices and those that
 * were detached.
 */
#ifndef _NATFW_STATS_H
#define _NATFW_STATS_H

#include <linux/percpu.h>
#include <linux/types.h>
#include <linux/u64_stats_sync.h>

#define R(id, name, fate, std, text) NATFW_R_##id,
enum natfw_reason {
#include "reason.def"
	NATFW_REASONS
};

#undef R

enum natfw_fate {
	NATFW_FATE_PASS,
	NATFW_FATE_SENT,
	NATFW_FATE_ANSWERED,
	NATFW_FATE_DROP,
};

struct natfw_reason_info {
	const char	*name;
	const char	*doc;
	u8		fate;		/* enum natfw_fate */
	u16		drop_reason;	/* enum skb_drop_reason, or 0 */
};

extern const struct natfw_reason_info natfw_reasons[NATFW_REASONS];

static inline bool natfw_reason_drops(enum natfw_reason r)
{
	return natfw_reasons[r].fate >= NATFW_FATE_ANSWERED;
}

/* One per CPU. On 64-bit machines counters are read without tearing. */
struct natfw_stats {
	struct {
		u64 packets;
		u64 bytes;
	} reason[NATFW_REASONS];
};

/* Softirq context, or bottom halves off, on @cpu. */
static inline void natfw_stats_count(struct natfw_stats __percpu *s, int cpu,
				     enum natfw_reason r, u32 bytes)
{
	struct natfw_stats *mine = per_cpu_ptr(s, cpu);

	mine->reason[r].packets++;
	mine->reason[r].bytes += bytes;
}

struct natfw_stats_sum {
	u64 packets[NATFW_REASONS];
	u64 bytes[NATFW_REASONS];
};

/* Add the figures of every CPU to @sum. Any context. */
void natfw_stats_add(struct natfw_stats_sum *sum,
		     const struct natfw_stats __percpu *s);

#endif /* _NATFW_STATS_H */
