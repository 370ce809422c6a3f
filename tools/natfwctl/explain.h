/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which rules a packet matches, and which it just misses.
 */
#ifndef _NATFWCTL_EXPLAIN_H
#define _NATFWCTL_EXPLAIN_H

#include "dump.h"
#include "model.h"
#include "pattern.h"

#define EXPLAIN_MOST	4	/* rules kept of each kind */

struct explain_rule {
	size_t nr;		/* in the dump */
	uint64_t id;
	uint32_t priority;
	uint32_t miss;		/* fields that differ, see pattern_miss() */
	bool inactive;
};

struct explain {
	struct explain_rule match[EXPLAIN_MOST];	/* in the order they are tried */
	struct explain_rule near[EXPLAIN_MOST];		/* failing in one field */
	unsigned int nmatch, nnear;
	size_t all_matches;
};

/* Hold packet @t, arriving in @zone, against the rules of @d. -ENOMEM. */
int explain_packet(struct explain *x, const struct natfw_dump *d, const struct natfw_test *t,
		   uint32_t zone);
/* What the packet has in field @f, in @buf. */
const char *explain_value(const struct natfw_test *t, uint32_t zone, enum pattern_miss f,
			  char *buf, size_t size);
/* What the rule asks for in field @f, in @buf. */
const char *explain_wanted(const struct pattern *p, enum pattern_miss f, char *buf,
			   size_t size);

#endif /* _NATFWCTL_EXPLAIN_H */
