/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Making flows: what a rule makes of a packet no flow stands for yet.
 * Packets under RCU with bottom halves off; see flow.h for the objects.
 */
#ifndef _NATFW_BIND_H
#define _NATFW_BIND_H

#include "flow.h"

struct natfw_search;

/*
 * @w won for @p and no flow of its stands under the packet's key. Makes one
 * where the rule needs state or, with @cacheable, to remember the verdict.
 * 0 with @v filled in, natfw_fail(reason), or NATFW_STALE.
 */
int natfw_bind(struct natfw_pkt *p, struct natfw_rule *w, bool cacheable,
	       struct natfw_decision *v);
/* The same where no rule matched. v->rule NULL: the device's default. */
int natfw_bind_unmatched(struct natfw_pkt *p, const struct natfw_search *s,
			 struct natfw_decision *v);

/* Undo the counting of natfw_flow_alloc(). */
void natfw_flow_uncount(struct natfw_net *nn, struct natfw_flow *f);
/* Free what natfw_flow_dispose() let go, after a grace period. */
void natfw_flow_free(struct natfw_net *nn, struct natfw_flow *f);

/*
 * For exact.c. A flow of @r, its first half under @key. ERR_PTR: -ENOSPC at the
 * limit, -ESTALE if @r is gone, -ENOMEM.
 */
struct natfw_flow *natfw_flow_alloc(struct natfw_rule *r, u8 flags,
				    const struct natfw_key *key, gfp_t gfp);
/* Replies to @f, which has two halves and is not in the table, have @key. */
void natfw_flow_reply(struct natfw_flow *f, const struct natfw_key *key);
/* As natfw_table_insert(). */
int natfw_half_insert(struct natfw_net *nn, struct natfw_half *h,
		      bool (*clash)(struct natfw_node *old, void *arg), void *arg);
/* Key of the replies to @orig once that is translated as @x says. */
void natfw_reply_key(struct natfw_key *k, const struct natfw_key *orig,
		     const struct natfw_xlat *x, u16 zone);

#endif /* _NATFW_BIND_H */
