/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The wildcard classifier: tuple space search.
 *
 * Rules of one mask shape (prefix lengths, which fields are given, how many
 * leading bits of a port range are fixed) share a subtable, a hash over the
 * masked key. Subtables are kept sorted by the best priority within, so a
 * search ends as soon as no later one can win; those of another family, or
 * without rules of the packet's protocol, are passed over. Fields that a key does not
 * have (DSCP, flow label, ICMP type, ingress device) and exact port bounds
 * are compared in the chain.
 *
 * Readers: RCU. Writers: nn->lock.
 */
#ifndef _NATFW_CLASSIFY_H
#define _NATFW_CLASSIFY_H

#include <linux/types.h>
#include <linux/siphash.h>

struct natfw_net;
struct natfw_pkt;
struct natfw_rule;
struct natfw_subtables;

struct natfw_classifier {
	struct natfw_subtables __rcu	*tables;	/* sorted, replaced as a whole */
	hsiphash_key_t			secret[3];	/* one for each field */
	u32				count;		/* subtables; nn->lock */
	u32				nrules;		/* nn->lock */
	bool				untidy;		/* nn->lock */
};

/* What a search found out on the way. */
struct natfw_search {
	u32	subtables;	/* looked into */
	u32	compared;	/* rules met in their chains */
	bool	uncacheable;	/* depends on more than key and device */
};

/* In a namespace that is all zero otherwise. -ENOMEM. */
int natfw_classifier_init(struct natfw_net *nn);
void natfw_classifier_fini(struct natfw_net *nn);	/* nn->lock */

/*
 * The rule in force at p->gen that wins for @p among those that beat @than
 * (NULL: among all), or NULL. Needs RCU.
 */
struct natfw_rule *natfw_classify(const struct natfw_net *nn,
				  const struct natfw_pkt *p,
				  const struct natfw_rule *than,
				  struct natfw_search *s);

/* Needs nn->lock. -ENOMEM. */
int natfw_classifier_add(struct natfw_net *nn, struct natfw_rule *r);
void natfw_classifier_del(struct natfw_net *nn, struct natfw_rule *r);
/* Put right what deletions left imprecise: order of search, empty subtables. */
void natfw_classifier_tidy(struct natfw_net *nn);

#endif /* _NATFW_CLASSIFY_H */
