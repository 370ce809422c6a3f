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
 * Ports are handed out by pool.c (which address, quotas, blocks, hold time)
 * over portmap.c (bitmaps per address and protocol, allocated in pages as
 * needed). Everything here may be called by packets (softirq) unless said
 * otherwise. Memory is bounded by the ports the pool has.
 */
#ifndef _NATFW_POOL_H
#define _NATFW_POOL_H

#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include "table.h"

struct natfw_net;
struct natfw_owner;
struct natfw_pkt;
struct natfw_pool;
struct natfw_rule;

struct natfw_map {
	struct natfw_node	internal;	/* NATFW_KIND_MAP_INT; unhashed if not shared */
	struct natfw_node	external;	/* NATFW_KIND_MAP_EXT */
	struct natfw_pool	*pool;		/* reference */
	struct natfw_rule	*rule;		/* that made it; reference */
	struct natfw_host	*host;		/* quota; pool.c */
	refcount_t		refs;		/* flows and rules */
	bool			shared;		/* endpoint-independent */
	bool			claimed;	/* by a rule, not taken from free ports */
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

static inline const union natfw_addr *natfw_map_ext_addr(const struct natfw_map *m)
{
	return &m->external.key.dst;
}

static inline __be16 natfw_map_ext_port(const struct natfw_map *m)
{
	return m->external.key.dport;
}

/* enum natfw_filtering of the mapping's pool. */
u8 natfw_map_filtering(const struct natfw_map *m);
/* True if @addr in @zone is an external address of any pool. Fast; needs RCU. */
bool natfw_pool_owns(const struct natfw_net *nn, u16 zone,
		     const union natfw_addr *addr);

/* Control; nn->lock. */
struct natfw_pool *natfw_pool_find(struct natfw_net *nn, const char *name);
void natfw_pool_hold(struct natfw_pool *p);
void natfw_pool_put(struct natfw_pool *p);
u16 natfw_pool_zone(const struct natfw_pool *p);
bool natfw_pool_is4(const struct natfw_pool *p);
/* Every pool out; no rule, flow or mapping is left. Namespace exit. */
void natfw_pool_flush_all(struct natfw_net *nn);

#endif /* _NATFW_POOL_H */
