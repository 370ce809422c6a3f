/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Events to multicast listeners. All may be called from softirq unless said;
 * none fails: what cannot be sent is counted, and the next event that can is
 * preceded by an overrun marker. Nothing is built when nobody listens.
 */
#ifndef _NATFW_EVENT_H
#define _NATFW_EVENT_H

#include <linux/types.h>

struct natfw_dev;
struct natfw_map;
struct natfw_net;
struct natfw_pool;
struct natfw_rule;

void natfw_event_dev(struct natfw_net *nn, struct natfw_dev *nd, bool gone); /* nn->lock */
void natfw_event_rule(struct natfw_rule *r, bool gone);	/* nn->lock; if gone, r->why says why */
void natfw_event_bulk(struct natfw_net *nn, u32 count);	/* too many to tell; nn->lock */
void natfw_event_pool(struct natfw_pool *p, bool exhausted);
void natfw_event_limit(struct natfw_net *nn);
void natfw_event_map(struct natfw_map *m, bool gone);

/* netlink.c */
int natfw_netlink_register(void);
void natfw_netlink_unregister(void);
/* txn.c: forget what is staged in @nn, at namespace exit. nn->lock. */
void natfw_txn_abort_all(struct natfw_net *nn);

#endif /* _NATFW_EVENT_H */
