/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What natfw keeps for one network namespace.
 *
 * Locking, outermost first (Documentation/locking.rst has the whole story):
 *
 *	rtnl		only where the kernel already holds it (device events)
 *	nn->lock	mutex; every change asked for by netlink, expiry, commit
 *	pool->lock	spinlock_bh; ports, hosts, mappings and quotas of a pool
 *	bucket		of the table, bottom halves off; nodes of a hash
 *	owner bucket	spinlock_bh
 *
 * Packets run under RCU with bottom halves off and take no lock on a hit.
 */
#ifndef _NATFW_NET_H
#define _NATFW_NET_H

#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <linux/llist.h>
#include <linux/refcount.h>
#include <linux/rhashtable-types.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>
#include <uapi/linux/natfw.h>

#include "compat.h"
#include "classify.h"
#include "stats.h"
#include "table.h"

/* Seconds ahead the expiry wheel looks; later deadlines go round again. */
#define NATFW_WHEEL_SLOTS	1024
#define NATFW_EXPIRE_BATCH	256

/* After the admin's own ingress filter and flowtables, which sit at 0. */
#define NATFW_HOOK_PRIORITY	10

#define NATFW_DEV_INDEX	64

struct natfw_timeouts {	/* seconds */
	u32 udp;
	u32 tcp_opening;
	u32 tcp_established;
	u32 tcp_closing;
	u32 tcp_reset;
	u32 icmp;
	u32 sctp;
	u32 dccp;
	u32 other;
	u32 cache;
};

struct natfw_net {
	/* read by packets */
	struct natfw_table	table;
	struct natfw_classifier	classifier;
	u64			gen;	/* of the rule set; rises at each commit */
	u64			wild_gen; /* gen of the last change of wildcard rules */
	u64			cut_gen; /* gen of the last commit that took rules out */
	struct natfw_rule	*fallback; /* stands for "no rule" in cached flows */
	u8			emit;	/* enum natfw_emit, never INHERIT */
	struct natfw_timeouts	timeouts;
	u32			flow_max;
	u32			cache_max;
	struct net		*net;
	struct rhashtable	adjs;	/* struct natfw_adj */

	/* counted by packets */
	atomic_t		nflows ____cacheline_aligned_in_smp; /* with state */
	atomic_t		ncached;
	atomic_t		nmaps;
	u32			ndnat;	/* rules that translate destinations; nn->lock */
	atomic_t		nlocal;	/* flows translated to this host itself */
	atomic_long_t		memory;	/* bytes of objects and tables */
	struct llist_head	dead;	/* flows that packets may still look at */

	spinlock_t		reset_lock;	/* of the next two */
	unsigned long		reset_stamp;	/* jiffies when credit was given last */
	u32			reset_credit;	/* TCP resets that may be sent, reply.c */

	/* control */
	struct mutex		lock ____cacheline_aligned_in_smp;
	struct xarray		rules;	/* id -> rule in force; lock */
	u64			next_id;	/* lock */
	u32			nrules;	/* in force; lock */
	u32			ndevrules;	/* of these, matching a device; lock */
	u32			nstaged;	/* lock */
	u32			rule_max;
	u32			watermark;	/* percent */
	struct list_head	devs;	/* struct natfw_dev.list; lock, and RCU */
	struct hlist_head	dev_index[NATFW_DEV_INDEX]; /* by ifindex; lock, and RCU */
	struct list_head	pools;	/* struct natfw_pool.list; lock, and RCU */
	struct list_head	txns;	/* struct natfw_txn.list; lock */
	u32			ndevs;	/* lock */
	u16			next_slot;	/* lock */
	struct hlist_head	wheel[NATFW_WHEEL_SLOTS]; /* rule.wheel; lock */
	time64_t		wheel_now;	/* lock; boottime second served last */
	struct delayed_work	wheel_work;
	struct natfw_rule	*wheel_dead[NATFW_EXPIRE_BATCH]; /* lock; scratch of the wheel */
	struct delayed_work	gc_work;
	struct work_struct	reap_work;	/* frees what is in @dead */
	struct natfw_table_cursor gc_cursor;	/* gc_work only */
	bool			gc_dead;	/* a sweep for dead rules is due; READ/WRITE_ONCE */
	bool			closing;	/* namespace exit; lock */
	struct natfw_stats_sum	detached;	/* figures of devices gone; lock */
	struct natfw_owners	*owners;	/* rule.c */
	struct natfw_fragqs	*fragqs;	/* fragq.c */
	/* events, event.c */
	atomic_t		events_lost;
	bool			limit_high;	/* watermark event sent; lock */
};

/*
 * An attached device. Created and destroyed under nn->lock; packets reach it
 * through the hook. Freed after the hook is unregistered, by RCU.
 */
struct natfw_dev {
	struct net_device	*dev;
	struct natfw_net	*nn;
	struct natfw_stats __percpu *stats;
	u16			zone;
	u16			slot;		/* unique among attached devices, not 0 */
	u8			default_verdict; /* enum natfw_verdict, READ_ONCE */
	u8			emit;		/* enum natfw_emit, READ_ONCE */
	struct nf_hook_ops	ops;
	struct list_head	list;
	struct hlist_node	index;
	netdevice_tracker	tracker;
	struct rcu_head		rcu;
};

struct natfw_pkt;

extern unsigned int natfw_net_id;

static inline struct natfw_net *natfw_net(const struct net *net)
{
	return net_generic(net, natfw_net_id);
}

/* Seconds of uptime, suspended time included: what lifetimes are counted in. */
static inline time64_t natfw_now(void)
{
	return ktime_get_boottime_seconds();
}

/* dev.c. All need nn->lock. Errors leave things as they were. */
struct natfw_dev *natfw_dev_find(struct natfw_net *nn, int ifindex);
/* The same under RCU, for packets; NULL if not attached. */
struct natfw_dev *natfw_dev_get_rcu(const struct net_device *dev);
/* -EEXIST, -ENOMEM, -EOPNOTSUPP (loopback, no ingress hook). Caller holds rtnl too. */
struct natfw_dev *natfw_dev_attach(struct natfw_net *nn, struct net_device *dev,
				   u16 zone, u8 verdict, u8 emit,
				   struct netlink_ext_ack *extack);
/* Change of zone flushes flows of the old zone lazily (revalidation). */
void natfw_dev_set(struct natfw_dev *nd, u16 zone, u8 verdict, u8 emit);
void natfw_dev_detach(struct natfw_dev *nd);
void natfw_dev_detach_all(struct natfw_net *nn);
int natfw_dev_register(void);	/* netdevice notifier */
void natfw_dev_unregister(void);

/* hook.c */
unsigned int natfw_hook(void *priv, struct sk_buff *skb,
			const struct nf_hook_state *state);
/* A packet that natfw_parse() has said @err of, to its end. What the hook returns. */
unsigned int natfw_parsed(struct natfw_pkt *p, int err);
/* One without errors that is no fragment. */
unsigned int natfw_process(struct natfw_pkt *p);
unsigned int natfw_output_hook(void *priv, struct sk_buff *skb,
			       const struct nf_hook_state *state);

#endif /* _NATFW_NET_H */
