/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers of pools and of the mappings in them, which the module has no names for that fit ietf-nat (RFC 8512).
 *
 * The index of a mapping is made of where its external address and port are in their pool, and of its protocol: the
 * same for as long as the mapping lives, found without looking for it, and nothing to be kept. Each pool has as many
 * numbers as it may have mappings, in the order in which the module tells these. Where 32 bits are not enough
 * for all pools, the last mappings have none.
 */
#ifndef _NATFWD_KERN_POOLIDS_H
#define _NATFWD_KERN_POOLIDS_H

#include "base/nat.h"

#define POOLIDS_GROUPS	6	/* protocols with ports of their own; both ICMPs are one */

struct poolid {
	struct pool_info pool;
	uint32_t first, count;	/* indices of its mappings; first 0: none */
	bool there;
};

struct poolids {
	struct poolid *v;	/* by first index */
	unsigned int n, recent;	/* pools, and the one that was looked up last */
	uint32_t last_id;
};

/* What pools there are now: poolids_begin(), poolids_take() of each, poolids_end(). */
void poolids_begin(struct poolids *p);
/* Numbers for @pool, whose id is filled in. Another one of its name is not it if addresses or ports are others. -ENOMEM. */
int poolids_take(struct poolids *p, struct pool_info *pool);
void poolids_end(struct poolids *p);
void poolids_fini(struct poolids *p);

/* The index of a mapping by its pool, protocol and external endpoint; 0: it has none. */
uint32_t poolids_index(struct poolids *p, const struct map_info *i);
/*
 * The other way: pool, external endpoint and protocol of mapping @index to @i. For ICMP, the protocol is that of the
 * pool's family. False: no mapping can have it.
 */
bool poolids_find(const struct poolids *p, uint32_t index, struct map_info *i);

#endif /* _NATFWD_KERN_POOLIDS_H */
