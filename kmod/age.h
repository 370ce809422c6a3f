/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What goes first when a namespace runs out of room for flows.
 *
 * Cached verdicts are a convenience, so any of them may go: when there are as
 * many as there may be (cache-max), one that no second packet has hit, or none
 * for a while, makes place for another. Flows with state are never ended for
 * others; those that were never answered only get shorter timeouts, though
 * not shorter than RFC 4787 REQ-5, RFC 5382 REQ-5 and RFC 5508 REQ-2 permit.
 */
#ifndef _NATFW_AGE_H
#define _NATFW_AGE_H

#include <linux/types.h>

struct natfw_flow;
struct natfw_net;

/*
 * Seconds @f may be idle, where @timeout is what is configured: less, as the
 * namespace fills up beyond its watermark. RCU.
 */
u32 natfw_age_timeout(const struct natfw_net *nn, const struct natfw_flow *f,
		      u32 timeout);
/*
 * Make room for one more cached verdict, now and then: true if one has gone.
 * Looks at a few buckets of the table. RCU, bottom halves off.
 */
bool natfw_age_evict(struct natfw_net *nn);

#endif /* _NATFW_AGE_H */
