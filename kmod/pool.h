/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * External address pools and the mappings made from them.
 *
 * A mapping (struct natfw_map) ties an internal endpoint to an external one:
 * protocol, internal address, port and zone; external address and port. It is
 * found by the external one through the pool's port maps, and by the internal
 * one through the pool's hosts. With endpoint-independent mapping all flows of
 * the internal endpoint through the pool share it; otherwise each flow has its
 * own, found by nothing but the flow and the external endpoint. ICMP query
 * identifiers count as ports.
 *
 * Most mappings are one flow's and nobody else's. Then nothing is in a mapping that
 * is not in the flow as well, and it is folded into it: there is no struct natfw_map,
 * the flow's pointer to it is one to the pool, and the port map's one to the flow,
 * both with NATFW_MAP_FOLDED. Whoever else wants the mapping unfolds it first; who only
 * wants to know what it says, a stranger's packet above all, does not.
 *
 * Ports are handed out by lease.c (which address, quotas, blocks, hold time)
 * over portmap.c (bitmaps per address and protocol, allocated in pieces as
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
#include "endpoint.h"
#include "key.h"

struct netlink_ext_ack;
struct natfw_flow;
struct natfw_host;
struct natfw_net;
struct natfw_owner;
struct natfw_pkt;
struct natfw_pool;
struct natfw_portmap;
struct natfw_rule;

/*
 * Mappings are reused as soon as they are freed (SLAB_TYPESAFE_BY_RCU): who
 * comes across one without a reference takes one first, which fails if it is
 * gone, and then looks whether it is the one that was meant.
 */
struct natfw_map {
	struct natfw_rule	*rule;		/* that made it; reference */
	struct natfw_host	*host;		/* internal address, zone and pool */
	refcount_t		refs;		/* flows and rules; 0: nobody's */
	u16			address;	/* number of the external one in the pool */
	u16			external;	/* port, host order */
	u16			internal;	/* port, host order */
	u8			proto;
	bool			shared;		/* endpoint-independent */
	bool			claimed;	/* by a rule, not taken from free ports */
	bool			known;		/* was in use: somebody outside may know the port */
	bool			mated;		/* some mapping's mate */
	bool			mate;		/* has one: that of external ^ 1; reference */
};

static_assert(sizeof(struct natfw_map) == 32);

#define NATFW_MAP_FOLDED	1UL	/* in a pointer */

static inline bool natfw_map_is_folded(const void *ptr)
{
	return (unsigned long)ptr & NATFW_MAP_FOLDED;
}

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

/*
 * Mapping an external endpoint belongs to. A reference; NULL if there is none, or
 * ERR_PTR(-ENOMEM) if it could not be unfolded. Needs RCU.
 */
struct natfw_map *natfw_map_find_ext(struct natfw_net *nn, u8 proto, u16 zone,
				     const union natfw_addr *addr, __be16 port);
/*
 * Show it to @fn, for as long as @fn takes: what only asks leaves it folded. @fn may not
 * sleep, keep it, or take locks of pools. False if there is none. Needs RCU.
 */
bool natfw_map_show_ext(struct natfw_net *nn, u8 proto, u16 zone,
			const union natfw_addr *addr, __be16 port,
			void (*fn)(const struct natfw_map *m, void *arg), void *arg);
void natfw_map_hold(struct natfw_map *m);
/* Last reference: unhashes it, puts the port on hold, sends the event. */
void natfw_map_put(struct natfw_map *m);

/*
 * Fold the mapping @f has a reference to into @f, which has two halves and is in nobody's
 * reach yet, if it is nobody else's. Any context.
 */
void natfw_map_fold(struct natfw_flow *f);
/*
 * @f, which nobody will find any more, lets go of its mapping, if it has one. @used: the
 * port may be known outside, even if no packet of @f has been counted. Any context.
 */
void natfw_map_leave(struct natfw_flow *f, bool used);

/*
 * A reference to @m, which may be gone already, if it is a mapping of the source
 * of @key from free ports. Needs RCU.
 */
bool natfw_map_hold_for(struct natfw_map *m, const struct natfw_key *key);

/*
 * Of a mapping the caller has a reference to: the internal endpoint as source of
 * @k, the external one as destination. The other side of @k means nothing.
 */
void natfw_map_internal(const struct natfw_map *m, struct natfw_key *k);
void natfw_map_external(const struct natfw_map *m, struct natfw_key *k);
void natfw_map_ext_addr(const struct natfw_map *m, union natfw_addr *addr);
const struct natfw_pool *natfw_map_pool(const struct natfw_map *m);

static inline __be16 natfw_map_ext_port(const struct natfw_map *m)
{
	return htons(m->external);
}

/* Position in natfw_map_walk(); zero to start. */
struct natfw_map_cursor {
	u32	pool, address, group, port;
};

/*
 * Call @fn for every mapping from @c on, or those of external address @ext
 * unless it is NULL, with the pool's lock held and under RCU, until it does
 * not return 0, which is returned; @c is then where it stopped. Every mapping
 * that stays is seen once. Others may run in between; -EINTR: the caller is
 * being killed. @fn does not return -EAGAIN.
 */
int natfw_map_walk(struct natfw_net *nn, struct natfw_map_cursor *c,
		   const union natfw_addr *ext,
		   int (*fn)(const struct natfw_map *m, void *arg), void *arg);

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

struct natfw_hostkey {
	union natfw_addr	addr;
	u32			zone;
	u32			pad;	/* zero: keys are hashed and compared whole */
};

/* An internal host with mappings, or a block. The pool's lock, save for the key. */
struct natfw_host {
	struct rhash_head	node;
	struct natfw_hostkey	key;
	struct natfw_pool	*pool;
	struct natfw_endpoints	endpoints;	/* with a mapping for all of their flows */
	struct list_head	blocks;
	u32			address;	/* external, or none yet */
	u32			ports;		/* in use */
	u32			claims;		/* mappings of rules */
	u32			nblocks;
	bool			busy;		/* worked on */
	bool			counted;	/* in pool->nhosts */
	bool			anchored;	/* has a reference to the pool */
};

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
	struct natfw_extaddr __rcu **addrs;
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
	u8			proto;
	u16			port;	/* internal, host order */
	bool			pair;	/* its partner must be to be had as well */
	bool			parity;
	void			*user;	/* natfw_portmap_user() of the port */
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

/* pool->lock. Letting go of it tells if the watermark was crossed. Needs RCU. */
void natfw_pool_lock(struct natfw_pool *p) __acquires(&p->lock);
void natfw_pool_unlock(struct natfw_pool *p) __releases(&p->lock);

/*
 * What follows needs pool->lock. A host to work with, made if there is none, NULL
 * if out of memory; natfw_host_settle() when done, after which it may be gone.
 */
struct natfw_host *natfw_host_get(struct natfw_pool *p, const union natfw_addr *addr,
				  u16 zone);
void natfw_host_settle(struct natfw_pool *p, struct natfw_host *host);
/* The host there is, or NULL. */
struct natfw_host *natfw_host_find(struct natfw_pool *p, const union natfw_addr *addr,
				   u16 zone);
/* Let go of @host if it has nothing left and nobody works with it. */
void natfw_host_tidy(struct natfw_pool *p, struct natfw_host *host);

/* A port for @ask: 0, -ENOSPC, -EDQUOT, -ENOMEM or -EOPNOTSUPP. */
int natfw_pool_take(struct natfw_pool *p, struct natfw_host *host,
		    const struct natfw_port_ask *ask, struct natfw_lease *lease);
/* That port of that address, for the same host's sake. */
int natfw_pool_take_port(struct natfw_pool *p, struct natfw_host *host,
			 const struct natfw_port_ask *ask, u32 address, u16 port,
			 struct natfw_lease *lease);
/* That port for nobody's account, even if on hold. -EBUSY. */
int natfw_pool_claim(struct natfw_pool *p, u8 proto, u32 address, u16 port, void *user,
		     struct natfw_lease *lease);
/* Give a port back, to be kept on hold first if @hold. Tidy the host then. */
void natfw_pool_give(struct natfw_pool *p, const struct natfw_lease *lease,
		     bool hold);
/* Ports of an address, or NULL if none was ever taken. RCU will do. */
struct natfw_portmap *natfw_pool_portmap(const struct natfw_pool *p, u32 address, u8 group);

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
int natfw_lease_module_init(void);
void natfw_lease_module_exit(void);
int natfw_map_module_init(void);
void natfw_map_module_exit(void);

#endif /* _NATFW_POOL_H */
