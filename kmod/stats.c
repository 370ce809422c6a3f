// SPDX-License-Identifier: GPL-2.0-only
/* Packet accounting by reason. */
#include <linux/percpu.h>
#include <linux/skbuff.h>

#include "compat.h"
#include "stats.h"

#define SKB_DROP_REASON_0 0
#define R(id, nam, fat, std, text) \
	[NATFW_R_##id] = { \
		.name = nam, .doc = text, .fate = NATFW_FATE_##fat, \
		.drop_reason = NATFW_STD_REASON(std), \
	},
#define NATFW_STD_REASON(std) SKB_DROP_REASON_##std

const struct natfw_reason_info natfw_reasons[NATFW_REASONS] = {
#include "reason.def"
};

void natfw_stats_add(struct natfw_stats_sum *sum,
		     const struct natfw_stats __percpu *s)
{
	const struct natfw_stats *one;
	int cpu, r;

	for_each_possible_cpu(cpu) {
		one = per_cpu_ptr(s, cpu);
		for (r = 0; r < NATFW_REASONS; r++) {
			sum->packets[r] += READ_ONCE(one->reason[r].packets);
			sum->bytes[r] += READ_ONCE(one->reason[r].bytes);
		}
	}
}
