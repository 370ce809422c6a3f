// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ageing under pressure; age.h says what of.
 *
 * A flood of packets with ever new keys would otherwise fill the cache with
 * verdicts that are used once, and traffic that began later would be
 * classified packet by packet. So a verdict has to be hit once more, or it may
 * be taken by chance; hits write nothing for it but what they write anyway.
 * And only one in NATFW_EVICT_ONE_IN of those who find no room may take it:
 * a flow of many packets soon gets there, while most of a flood does not, and
 * costs no allocation.
 */
#include <linux/jiffies.h>
#include <linux/random.h>

#include "age.h"
#include "flow.h"
#include "net.h"

#define NATFW_EVICT_ONE_IN	8
#define NATFW_EVICT_BUCKETS	8	/* looked at for a victim */
#define NATFW_EVICT_IDLE	(2 * HZ)	/* node.used is a second late */

/* Seconds below which timeouts never get. */
#define NATFW_FLOOR_CACHE	2
#define NATFW_FLOOR_UDP		120	/* RFC 4787 REQ-5 */
#define NATFW_FLOOR_TCP		240	/* RFC 5382 REQ-5; RFC 5597 for others */
#define NATFW_FLOOR_ICMP	60	/* RFC 5508 REQ-2 */

static bool natfw_flow_answered(const struct natfw_flow *f)
{
	const u8 both = NATFW_FLOW_SEEN | NATFW_FLOW_REPLIED;

	return (READ_ONCE(f->flags) & both) == both;
}

static u32 natfw_age_floor(const struct natfw_flow *f)
{
	if (!(f->flags & NATFW_FLOW_TWO))
		return NATFW_FLOOR_CACHE;
	if (natfw_flow_answered(f))
		return U32_MAX;
	switch (natfw_node_tail(&natfw_flow_half(f, 0)->node)->proto) {
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return NATFW_FLOOR_ICMP;
	case IPPROTO_TCP:
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
		return NATFW_FLOOR_TCP;
	default:
		return NATFW_FLOOR_UDP;
	}
}

u32 natfw_age_timeout(const struct natfw_net *nn, const struct natfw_flow *f,
		      u32 timeout)
{
	bool two = f->flags & NATFW_FLOW_TWO;
	u32 n = atomic_read(two ? &nn->nflows : &nn->ncached);
	u32 max = READ_ONCE(*(two ? &nn->flow_max : &nn->cache_max));
	u32 start = (u64)max * READ_ONCE(nn->watermark) / 100;
	u32 floor = natfw_age_floor(f);

	if (timeout <= floor || n <= start)
		return timeout;
	if (n >= max)
		return floor;
	return timeout - (u64)(timeout - floor) * (n - start) / (max - start);
}

struct natfw_eviction {
	struct natfw_net	*nn;
	bool			done;
};

static void natfw_evict_one(struct natfw_node *n, void *arg)
{
	struct natfw_flow *f = natfw_node_flow(n);
	struct natfw_eviction *e = arg;

	if (e->done || !f || f->flags & (NATFW_FLOW_TWO | NATFW_FLOW_RULE))
		return;
	if (natfw_half_packets(natfw_flow_half(f, 0)) > 1 &&
	    natfw_flow_idle(f) < NATFW_EVICT_IDLE)
		return;
	e->done = natfw_flow_kill(e->nn, f);
}

bool natfw_age_evict(struct natfw_net *nn)
{
	u32 random = get_random_u32(), i, n;
	struct natfw_eviction e = { .nn = nn };
	struct natfw_table_cursor c;

	if (random % NATFW_EVICT_ONE_IN)
		return false;
	n = natfw_table_buckets(&nn->table);
	c.size = n;
	c.bucket = random / NATFW_EVICT_ONE_IN & (n - 1);
	for (i = 0; i < NATFW_EVICT_BUCKETS && !e.done; i++)
		natfw_table_walk(&nn->table, &c, 1, natfw_evict_one, &e);
	return e.done;
}
