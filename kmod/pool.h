/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * External address pools and the mappings made from them.
 *
 * A mapping (struct natfw_map) ties an internal endpoint to an external one:
 * protocol, internal address, port and zone; external address and port. It
 * stands in the table under both. With endpoint-independent mapping all flows
 * of the internal endpoint through the pool share it; otherwise each flow has
 * its own, found by nothing but the flow. ICMP query identifiers count as
 * ports.
 *
 * Ports are handed out by lease.c (which address, quotas, blocks, hold time)
 * over portmap.c (bitmaps per address and protocol, allocated in pages as
 * needed). Everything here may be called by packets (softirq) unless said
 * otherwise. Memory is bounded by the ports the pool has.
 */
#ifndef _NATFW_POOL_H
#define _NATFW_POOL_H

#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/rhashtable-types.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <uapi/linux/natfw.h>
#include "table.h"

struct netlink_ext_ack;
struct natfw_host;
struct natfw_net;
struct natfw_owner;
struct natfw_pkt;
struct natfw_pool;
struct natfw_rule;

struct natfw_map {
	struct natfw_wide_node	internal;	/* NATFW_KIND_MAP_INT; unhashed if not shared */
	struct natfw_wide_node	external;	/* NATFW_KIND_MAP_EXT */
	struct natfw_net	*nn;
	struct natfw_pool	*pool;		/* reference */
	struct natfw_rule	*rule;		/* that made it; reference */
	struct natfw_map	*mate;		/* partner of a pair made for this; reference */
	struct natfw_host	*host;		/* that the port counts for; NULL if claimed */
	u32			address;	/* number of the external one in the pool */
	refcount_t		refs;		/* flows and rules */
	bool			shared;		/* endpoint-independent */
	bool			claimed;	/* by a rule, not taken from free ports */
	bool			known;		/* was in use: somebody outside may know the port */
	bool			mated;		/* some mapping's mate */
	bool			announced;	/* came into use, event sent */
	struct rcu_head		rcu;
};

/*
 * The key of the mapping of an internal endpoint, and of an external one.
 * @src side of @k is the internal endpoint; for external @dst side is it.
 */
void natfw_map_key_int(struct natfw_key *m, const struct natfw_key *k,
		       const struct natfw_pool *pool);
void natfw_map_key_ext(struct natfw_key *m, u8 proto, u16 zone,
		       const union natfw_addr *addr, __be16 port);

/*
 * Mapping for the internal endpoint (source) of @key: the one that exists (if
 * the pool maps endpoint-independently) or a new one. Returns a reference, or
 * ERR_PTR(-ENOSPC no port, -EDQUOT, -ENOMEM, -EOPNOTSUPP protocol or family).
 * @flags: NATFW_RULE_FLAG_PARITY / _PAIR. With PAIR the mapping of the
 * internal port's partner is made too and @pair, if not NULL, gets a
 * reference to it. Raises exhausted and watermark events.
 */
struct natfw_map *natfw_map_get(struct natfw_pool *pool, struct natfw_rule *rule,
				const struct natfw_key *key, u32 flags,
				struct natfw_map **pair);

/*
 * Keep (addr, port) of @zone for the internal endpoint @internal, if it lies
 * within some pool: a static rule's external endpoint must never be handed
 * out to another. Returns a reference, NULL if no pool has it, or
 * ERR_PTR(-EBUSY) if it is another internal endpoint's. nn->lock.
 */
struct natfw_map *natfw_map_claim(struct natfw_net *nn, struct natfw_rule *rule,
				  const struct natfw_key *internal,
				  u8 proto, u16 zone,
				  const union natfw_addr *addr, __be16 port);

/* Mapping an external endpoint belongs to. A reference, or NULL. Needs RCU. */
struct natfw_map *natfw_map_find_ext(struct natfw_net *nn, u8 proto, u16 zone,
				     const union natfw_addr *addr, __be16 port);
void natfw_map_hold(struct natfw_map *m);
/* Last reference: unhashes it, puts the port on hold, sends the event. */
void natfw_map_put(struct natfw_map *m);

/* The internal endpoint is the source of @k; its destination means nothing. */
static inline void natfw_map_internal(const struct natfw_map *m, struct natfw_key *k)
{
	natfw_node_key(&m->internal.node, k);
}

/* The external endpoint is the destination of @k; its source means nothing. */
static inline void natfw_map_external(const struct natfw_map *m, struct natfw_key *k)
{
	natfw_node_key(&m->external.node, k);
}

static inline void natfw_map_ext_addr(const struct natfw_map *m, union natfw_addr *addr)
{
	natfw_node_dst(&m->external.node, addr);
}

static inline __be16 natfw_map_ext_port(const struct natfw_map *m)
{
	return natfw_node_tail(&m->external.node)->dport;
}

/* enum natfw_filtering of the mapping's pool. */
u8 natfw_map_filtering(const struct natfw_map *m);
/* True if @addr in @zone is an external address of any pool. Fast; needs RCU. */
bool natfw_pool_owns(const struct natfw_net *nn, u16 zone,
		     const union natfw_addr *addr);

/* Control; nn->lock. */
struct natfw_pool *natfw_pool_find(struct natfw_net *nn, const char *name);
/* For rules: as long as one holds the pool it cannot be deleted. */
void natfw_pool_hold(struct natfw_pool *p);
void natfw_pool_put(struct natfw_pool *p);	/* any context */
u16 natfw_pool_zone(const struct natfw_pool *p);
bool natfw_pool_is4(const struct natfw_pool *p);
/* Every pool out; no rule, flow or mapping is left. Namespace exit. */
void natfw_pool_flush_all(struct natfw_net *nn);

/*
 * What follows is for netlink, map.c, pool.c, lease.c, event.c and tests.
 */
#define NATFW_POOL_ADDRS	65536	/* most addresses of a pool */
#define NATFW_POOL_RANGES	64	/* most ranges they are given by */
#define NATFW_POOL_BLOCK_MIN	16	/* ports of the smallest block */

struct natfw_range {
	union natfw_addr	first, last;
	u32			base;	/* number of the first address */
};

struct natfw_pool_conf {
	char	name[NATFW_NAME_MAX + 1];
	u16	port_min, port_max;
	u16	zone;
	bool	is4;
	u8	mapping;	/* enum natfw_mapping */
	u8	filtering;	/* enum natfw_filtering */
	u32	flags;		/* NATFW_POOL_FLAG_* */
	u32	host_quota;
	u32	owner_quota;
	u32	block_size;
	u32	hold;		/* seconds */
	u32	watermark;	/* percent */
};

/* Protocols that have port numbers of their own. */
enum natfw_port_group {
	NATFW_PORTS_TCP,
	NATFW_PORTS_UDP,
	NATFW_PORTS_ICMP,
	NATFW_PORTS_SCTP,
	NATFW_PORTS_DCCP,
	NATFW_PORTS_UDPLITE,
	NATFW_PORT_GROUPS
};

struct natfw_extaddr;

struct natfw_pool {
	/* read by packets */
	struct natfw_pool_conf	conf;	/* changes under lock, READ_ONCE without */
	u32			id;	/* in keys; never used twice */
	u32			naddrs;
	u32			nranges;
	struct natfw_range	*ranges;	/* in order, disjoint */
	struct natfw_net	*nn;
	struct list_head	list;	/* nn->pools */
	refcount_t		refs;	/* list, rules, mappings, queued work */
	atomic_t		nrules;
	atomic_long_t		memory;	/* not in nn->memory */

	spinlock_t		lock;	/* for all below */
	bool			dead;	/* gives no more ports */
	bool			high;	/* above the watermark */
	bool			told;	/* told_at is valid */
	unsigned long		told_at;	/* of the last exhausted event, jiffies */
	u32			used[NATFW_PORT_GROUPS];
	u32			held;
	u32			nhosts;
	u64			refused;
	struct natfw_extaddr	**addrs;
	unsigned long		*full[NATFW_PORT_GROUPS]; /* addresses without free port */
	struct rhashtable	hosts;
	struct list_head	holding;	/* struct natfw_portmap.holding */
	struct delayed_work	sweep;
	struct rcu_work		free;
};

struct natfw_pool_gauges {
	u64	ports, used, held, refused;
	u32	hosts, rules;
};

/* What a port is wanted for. */
struct natfw_port_ask {
	union natfw_addr	host;
	u16			zone;
	u8			proto;
	u16			port;	/* internal, host order */
	bool			pair;	/* its partner must be to be had as well */
	bool			parity;
};

/* A port taken from a pool. */
struct natfw_lease {
	struct natfw_host	*host;
	u32			address;
	u16			port;
	u8			proto;
};

/*
 * A pool with @conf out of @ranges (sorted in place), put on the list of @nn.
 * ERR_PTR with @extack set. nn->lock.
 */
struct natfw_pool *natfw_pool_create(struct natfw_net *nn,
				     const struct natfw_pool_conf *conf,
				     struct natfw_range *ranges, u32 nranges,
				     struct netlink_ext_ack *extack);
/* Off the list; freed when the last mapping is gone. nn->lock. */
void natfw_pool_destroy(struct natfw_pool *p);
/* What pool-set may change is taken from @conf. nn->lock. */
void natfw_pool_change(struct natfw_pool *p, const struct natfw_pool_conf *conf);
void natfw_pool_gauge(struct natfw_pool *p, struct natfw_pool_gauges *g);
long natfw_pool_memory(const struct natfw_net *nn);	/* RCU */

/* A reference of something that is no rule; false if the pool is going. */
bool natfw_pool_ref(struct natfw_pool *p);
void natfw_pool_unref(struct natfw_pool *p);

/* Number of @addr among the addresses of @p, or -ENOENT. */
int natfw_pool_index(const struct natfw_pool *p, const union natfw_addr *addr);
void natfw_pool_address(const struct natfw_pool *p, u32 index,
			union natfw_addr *addr);
int natfw_pool_group(u8 proto);	/* enum natfw_port_group, or -EOPNOTSUPP */

/* A port for @ask: 0, -ENOSPC, -EDQUOT, -ENOMEM or -EOPNOTSUPP. */
int natfw_pool_take(struct natfw_pool *p, const struct natfw_port_ask *ask,
		    struct natfw_lease *lease);
/* That port of that address, for the same host's sake. */
int natfw_pool_take_port(struct natfw_pool *p, const struct natfw_port_ask *ask,
			 u32 address, u16 port, struct natfw_lease *lease);
/* That port for nobody's account, even if on hold. -EBUSY. */
int natfw_pool_claim(struct natfw_pool *p, u8 proto, u32 address, u16 port,
		     struct natfw_lease *lease);
/* Give a port back, to be kept on hold first if @hold. */
void natfw_pool_give(struct natfw_pool *p, const struct natfw_lease *lease,
		     bool hold);
/* Count a refusal, and tell. */
void natfw_pool_refuse(struct natfw_pool *p);

static inline u32 natfw_pool_ports(const struct natfw_pool *p)
{
	return p->conf.port_max - p->conf.port_min + 1;
}

/* lease.c, for pool.c */
int natfw_lease_init(struct natfw_pool *p);
void natfw_lease_fini(struct natfw_pool *p);
void natfw_lease_stop(struct natfw_pool *p);	/* no more ports; may sleep */
void natfw_lease_change(struct natfw_pool *p, const struct natfw_pool_conf *conf);
extern struct workqueue_struct *natfw_pool_wq;

/* Once, before the first and after the last namespace. */
int natfw_pool_module_init(void);
void natfw_pool_module_exit(void);
int natfw_map_module_init(void);
void natfw_map_module_exit(void);

#endif /* _NATFW_POOL_H */
