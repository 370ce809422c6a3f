/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a rule that keeps state makes of a packet, before a flow is made of it:
 * addresses and ports after translation, the mapping that takes, the zone
 * replies come from. Packets under RCU with bottom halves off.
 */
#ifndef _NATFW_PLAN_H
#define _NATFW_PLAN_H

#include "flow.h"

/* Zone of replies that come from this host itself; no device can have it. */
#define NATFW_ZONE_LOCAL	65535

struct natfw_plan {
	struct natfw_xlat	x;
	struct natfw_map	*map;		/* reference, or NULL */
	u16			zone;		/* of replies */
	bool			stateless;	/* nothing to keep after all */
};

/*
 * Plan for @p by @w. 0; natfw_fail(reason), the sender was told where that is
 * due; or NATFW_STALE. On failure no mapping was taken.
 */
int natfw_plan_make(struct natfw_pkt *p, struct natfw_rule *w, struct natfw_plan *plan);

/* Parts of it, for exact rules, which are planned without a packet. */
void natfw_xlat_none(struct natfw_xlat *x, const struct natfw_key *k);
void natfw_xlat_dst(const struct natfw_rule *r, const struct natfw_key *k,
		    struct natfw_xlat *x);
void natfw_xlat_src(const struct natfw_rule *r, const struct natfw_key *k,
		    struct natfw_xlat *x);
/* True if the rule itself says which zone replies come from. */
bool natfw_zone_given(const struct natfw_rule *w, u16 *zone);

#endif /* _NATFW_PLAN_H */
