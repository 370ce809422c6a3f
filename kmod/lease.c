// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which address and port of a pool an internal host gets.
 *
 * A host keeps the external address it got first as long as it holds a port
 * (RFC 4787 REQ-2, RFC 7857 section 4). Ports are handed out one by one or, if
 * the pool says so, from blocks a host has for itself. A port given back is
 * kept on hold before anybody gets it again; a delayed work ends holds.
 *
 * Called by map.c (packets and rules), and by pool.c when a pool comes and
 * goes. Everything here is under the pool's lock, which whoever calls holds.
 */
#include <linux/random.h>
#include <linux/rhashtable.h>
#include <linux/slab.h>

#include "event.h"
#include "net.h"
#include "pool.h"
#include "portmap.h"

/* Addresses looked into before giving up. */
#define ADDRESSES_TRIED	16
/* A pool's holds are looked at this many times in their length. */
#define SWEEPS_PER_HOLD	16
/* Address of a host that has none yet. */
#define NO_ADDRESS	U32_MAX

/* Ports base to base + block_size - 1 of an address, for one host alone. */
struct natfw_block {
	struct natfw_host	*host;
	struct list_head	list;
	u32			address;
	u32			base;
	u32			ports;	/* in use or on hold, all protocols */
};

struct natfw_extaddr {
	struct natfw_portmap __rcu *map[NATFW_PORT_GROUPS];
	struct natfw_block	*block[];	/* by port / block_size */
};

static struct kmem_cache *host_cache;

static const struct rhashtable_params host_params = {
	.head_offset = offsetof(struct natfw_host, node),
	.key_offset = offsetof(struct natfw_host, key),
	.key_len = sizeof(struct natfw_hostkey),
	.automatic_shrinking = true,
};

int natfw_pool_group(u8 proto)
{
	switch (proto) {
	case IPPROTO_TCP:
		return NATFW_PORTS_TCP;
	case IPPROTO_UDP:
		return NATFW_PORTS_UDP;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return NATFW_PORTS_ICMP;
	case IPPROTO_SCTP:
		return NATFW_PORTS_SCTP;
	case IPPROTO_DCCP:
		return NATFW_PORTS_DCCP;
	case IPPROTO_UDPLITE:
		return NATFW_PORTS_UDPLITE;
	}
	return -EOPNOTSUPP;
}

/*
 * Hosts
 */

static struct natfw_host *host_new(struct natfw_pool *p, const struct natfw_hostkey *key)
{
	struct natfw_host *host;

	host = kmem_cache_zalloc(host_cache, GFP_ATOMIC | __GFP_NOWARN);
	if (!host)
		return NULL;
	host->key = *key;
	host->pool = p;
	host->address = NO_ADDRESS;
	INIT_LIST_HEAD(&host->blocks);
	if (rhashtable_insert_fast(&p->hosts, &host->node, host_params)) {
		kmem_cache_free(host_cache, host);
		return NULL;
	}
	atomic_long_add(sizeof(*host), &p->memory);
	return host;
}

struct natfw_host *natfw_host_find(struct natfw_pool *p, const union natfw_addr *addr,
				   u16 zone)
{
	struct natfw_hostkey key = { .addr = *addr, .zone = zone };

	lockdep_assert_held(&p->lock);
	return rhashtable_lookup_fast(&p->hosts, &key, host_params);
}

struct natfw_host *natfw_host_get(struct natfw_pool *p, const union natfw_addr *addr,
				  u16 zone)
{
	struct natfw_hostkey key = { .addr = *addr, .zone = zone };
	struct natfw_host *host = natfw_host_find(p, addr, zone);

	if (!host)
		host = host_new(p, &key);
	if (host)
		host->busy = true;
	return host;
}

/* Lookups are under the lock, so nobody has @host any more. */
static void host_free(void *ptr, void *pool)
{
	struct natfw_host *host = ptr;
	struct natfw_pool *p = pool;

	natfw_endpoints_free(&host->endpoints, &p->memory);
	kmem_cache_free(host_cache, host);
}

/*
 * A host with mappings keeps the pool; one that has but a block, with ports on
 * hold, does not.
 */
static void host_anchor(struct natfw_pool *p, struct natfw_host *host)
{
	bool mapped = host->ports || host->claims;

	if (mapped == host->anchored)
		return;
	host->anchored = mapped;
	if (mapped)
		refcount_inc(&p->refs);
	else
		natfw_pool_unref(p);
}

void natfw_host_tidy(struct natfw_pool *p, struct natfw_host *host)
{
	bool counts = host->ports || host->nblocks;

	lockdep_assert_held(&p->lock);
	if (host->busy)
		return;
	host_anchor(p, host);
	if (counts != host->counted)
		p->nhosts += counts ? 1 : -1;
	host->counted = counts;
	if (counts || host->claims)
		return;
	rhashtable_remove_fast(&p->hosts, &host->node, host_params);
	atomic_long_sub(sizeof(*host), &p->memory);
	host_free(host, p);
}

void natfw_host_settle(struct natfw_pool *p, struct natfw_host *host)
{
	lockdep_assert_held(&p->lock);
	host->busy = false;
	natfw_host_tidy(p, host);
}

static u32 host_start(const struct natfw_pool *p, const struct natfw_host *host)
{
	u64 hash;

	if (host->address != NO_ADDRESS)
		return host->address;
	hash = hsiphash(&host->key, sizeof(host->key), &p->nn->table.secret);
	return (hash * p->naddrs) >> 32;
}

/*
 * Per address state
 */

static u32 pool_nblocks(const struct natfw_pool *p)
{
	return p->conf.block_size ? 65536 / p->conf.block_size : 0;
}

static size_t extaddr_size(const struct natfw_pool *p)
{
	return offsetof(struct natfw_extaddr, block[pool_nblocks(p)]);
}

static struct natfw_extaddr *addr_at(const struct natfw_pool *p, u32 address)
{
	return rcu_dereference_protected(p->addrs[address], true);
}

static struct natfw_portmap *portmap_at(const struct natfw_extaddr *x, u8 group)
{
	return rcu_dereference_protected(x->map[group], true);
}

static struct natfw_extaddr *extaddr_get(struct natfw_pool *p, u32 address)
{
	struct natfw_extaddr *x = addr_at(p, address);

	if (x)
		return x;
	x = kzalloc(extaddr_size(p), GFP_ATOMIC | __GFP_NOWARN);
	if (!x)
		return NULL;
	atomic_long_add(extaddr_size(p), &p->memory);
	rcu_assign_pointer(p->addrs[address], x);
	return x;
}

static struct natfw_portmap *portmap_get(struct natfw_pool *p, u32 address,
					 u8 group)
{
	struct natfw_extaddr *x = extaddr_get(p, address);
	struct natfw_portmap *pm;

	if (!x || portmap_at(x, group))
		return x ? portmap_at(x, group) : NULL;
	pm = natfw_portmap_create(p->conf.port_min, p->conf.port_max, &p->memory);
	if (!pm)
		return NULL;
	pm->address = address;
	pm->group = group;
	rcu_assign_pointer(x->map[group], pm);
	return pm;
}

struct natfw_portmap *natfw_pool_portmap(const struct natfw_pool *p, u32 address, u8 group)
{
	const struct natfw_extaddr *x = rcu_dereference(p->addrs[address]);

	return x ? rcu_dereference(x->map[group]) : NULL;
}

static void extaddr_free(struct natfw_pool *p, u32 address)
{
	struct natfw_extaddr *x = addr_at(p, address);
	int i;

	if (!x)
		return;
	for (i = 0; i < NATFW_PORT_GROUPS; i++)
		natfw_portmap_destroy(portmap_at(x, i));
	for (i = 0; i < pool_nblocks(p); i++)
		kfree(x->block[i]);
	kfree(x);
}

/*
 * Blocks
 */

static struct natfw_block **block_slot(struct natfw_pool *p, u32 address, u16 port)
{
	return &addr_at(p, address)->block[port / p->conf.block_size];
}

static struct natfw_block *block_of(struct natfw_pool *p, u32 address, u16 port)
{
	return p->conf.block_size ? *block_slot(p, address, port) : NULL;
}

/* One port less of @block. */
static void block_put(struct natfw_pool *p, struct natfw_block *block)
{
	struct natfw_host *host = block->host;

	if (--block->ports)
		return;
	*block_slot(p, block->address, block->base) = NULL;
	list_del(&block->list);
	kfree(block);
	atomic_long_sub(sizeof(*block), &p->memory);
	host->nblocks--;
}

static bool host_may_block(const struct natfw_pool *p, const struct natfw_host *host)
{
	return !p->conf.host_quota ||
	       host->nblocks * p->conf.block_size < p->conf.host_quota;
}

/* A block nobody has, by chance, or -ENOSPC. */
static int block_find(const struct natfw_pool *p, const struct natfw_extaddr *x)
{
	u32 size = p->conf.block_size;
	u32 first = DIV_ROUND_UP(p->conf.port_min, size);
	u32 count = (p->conf.port_max + 1) / size - first;
	u32 start = ((u64)get_random_u32() * count) >> 32, i, slot;

	for (i = 0; i < count; i++) {
		slot = first + (start + i) % count;
		if (!x->block[slot])
			return slot * size;
	}
	return -ENOSPC;
}

/* A new block for @host at @address. It counts no port yet. */
static struct natfw_block *block_get(struct natfw_pool *p, struct natfw_host *host,
				     u32 address)
{
	struct natfw_block *block;
	int base;

	if (!host_may_block(p, host))
		return ERR_PTR(-EDQUOT);
	base = block_find(p, addr_at(p, address));
	if (base < 0)
		return ERR_PTR(base);
	block = kzalloc(sizeof(*block), GFP_ATOMIC | __GFP_NOWARN);
	if (!block)
		return ERR_PTR(-ENOMEM);
	block->host = host;
	block->address = address;
	block->base = base;
	list_add(&block->list, &host->blocks);
	*block_slot(p, address, base) = block;
	host->nblocks++;
	atomic_long_add(sizeof(*block), &p->memory);
	return block;
}

/*
 * Choice of a port
 */

static bool port_fits(const struct natfw_portmap *pm, u32 port, bool pair)
{
	if (!natfw_portmap_is_free(pm, port))
		return false;
	return !pair || natfw_portmap_is_free(pm, port ^ 1);
}

/* A port from @min to @max that suits @ask, or -ENOSPC. */
static int pick(const struct natfw_pool *p, const struct natfw_portmap *pm,
		const struct natfw_port_ask *ask, u32 min, u32 max)
{
	enum natfw_port_want want = NATFW_PORT_ANY;
	int port;

	if (p->conf.flags & NATFW_POOL_FLAG_PRESERVE &&
	    ask->port >= min && ask->port <= max &&
	    port_fits(pm, ask->port, ask->pair))
		return ask->port;
	if (ask->pair)
		want = NATFW_PORT_PAIR;
	else if (ask->parity || p->conf.flags & NATFW_POOL_FLAG_PARITY)
		want = ask->port & 1 ? NATFW_PORT_ODD : NATFW_PORT_EVEN;
	port = natfw_portmap_find(pm, min, max, want);
	if (port >= 0 && ask->pair)
		port |= ask->port & 1;
	return port;
}

/*
 * System ports are for those who had one, others only if nothing else is in
 * the pool (RFC 4787 REQ-3a). Query identifiers know no such difference.
 */
static int pick_class(const struct natfw_pool *p, const struct natfw_portmap *pm,
		      const struct natfw_port_ask *ask)
{
	u32 min = p->conf.port_min, max = p->conf.port_max;
	int port;

	if (pm->group == NATFW_PORTS_ICMP || min >= 1024 || max < 1024)
		return pick(p, pm, ask, min, max);
	if (ask->port < 1024) {
		port = pick(p, pm, ask, min, 1023);
		if (port >= 0)
			return port;
	}
	return pick(p, pm, ask, 1024, max);
}

/* A port out of blocks @host has on @address, or out of a new one. */
static int pick_block(struct natfw_pool *p, const struct natfw_portmap *pm,
		      struct natfw_host *host, const struct natfw_port_ask *ask)
{
	struct natfw_block *block;
	int port;

	list_for_each_entry(block, &host->blocks, list) {
		if (block->address != pm->address)
			continue;
		port = pick(p, pm, ask, block->base,
			    block->base + p->conf.block_size - 1);
		if (port >= 0)
			return port;
	}
	block = block_get(p, host, pm->address);
	if (IS_ERR(block))
		return PTR_ERR(block);
	port = pick(p, pm, ask, block->base, block->base + p->conf.block_size - 1);
	if (port < 0) {	/* claimed ports in a new block may leave no pair */
		block->ports = 1;
		block_put(p, block);
	}
	return port;
}

static void mark_full(struct natfw_pool *p, const struct natfw_portmap *pm)
{
	if (pm->used + pm->held == natfw_pool_ports(p))
		__set_bit(pm->address, p->full[pm->group]);
}

static int take_port(struct natfw_pool *p, struct natfw_portmap *pm,
		     struct natfw_host *host, u16 port, void *user)
{
	struct natfw_block *block = block_of(p, pm->address, port);
	int err = natfw_portmap_take(pm, port, user);

	if (err) {
		if (block && !block->ports) {
			block->ports = 1;
			block_put(p, block);
		}
		return err;
	}
	if (block && host)
		block->ports++;
	p->used[pm->group]++;
	mark_full(p, pm);
	return 0;
}

/*
 * Holds
 */

static u32 sweep_interval(const struct natfw_pool *p)
{
	return max(p->conf.hold / SWEEPS_PER_HOLD, 1U);
}

/* A port of @pm is on hold no more. Its host may be gone, but for its block. */
static void port_freed(struct natfw_portmap *pm, u16 port, void *arg)
{
	struct natfw_pool *p = arg;
	struct natfw_block *block = block_of(p, pm->address, port);
	struct natfw_host *host;

	__clear_bit(pm->address, p->full[pm->group]);
	if (!block)
		return;
	host = block->host;
	block_put(p, block);
	natfw_host_tidy(p, host);
}

static void portmap_sweep(struct natfw_pool *p, struct natfw_portmap *pm)
{
	u32 now = natfw_now(), held = pm->held;

	if (!held || pm->due > now)
		return;
	natfw_portmap_sweep(pm, now, port_freed, p);
	p->held -= held - pm->held;
	pm->due = max(pm->due, now + sweep_interval(p));
}

static void sweep_later(struct natfw_pool *p)
{
	refcount_inc(&p->refs);
	if (!queue_delayed_work(natfw_pool_wq, &p->sweep, sweep_interval(p) * HZ))
		natfw_pool_unref(p);
}

/* Sweep one after the other; let others at the lock in between. */
static void pool_sweep_all(struct natfw_pool *p)
{
	struct natfw_portmap *pm;
	LIST_HEAD(done);

	while (!list_empty(&p->holding)) {
		pm = list_first_entry(&p->holding, struct natfw_portmap, holding);
		portmap_sweep(p, pm);
		if (pm->held)
			list_move(&pm->holding, &done);
		else
			list_del_init(&pm->holding);
		spin_unlock_bh(&p->lock);
		cond_resched();
		spin_lock_bh(&p->lock);
	}
	list_splice(&done, &p->holding);
}

static void pool_sweep_work(struct work_struct *work)
{
	struct natfw_pool *p = container_of(to_delayed_work(work),
					    struct natfw_pool, sweep);

	spin_lock_bh(&p->lock);
	if (!p->dead)
		pool_sweep_all(p);
	if (!p->dead && !list_empty(&p->holding))
		sweep_later(p);
	spin_unlock_bh(&p->lock);
	natfw_pool_unref(p);
}

static void hold_port(struct natfw_pool *p, struct natfw_portmap *pm, u16 port)
{
	bool idle = list_empty(&p->holding);

	/* the second that runs now does not count */
	natfw_portmap_hold(pm, port, natfw_now() + p->conf.hold + 1);
	p->held++;
	if (list_empty(&pm->holding))
		list_add(&pm->holding, &p->holding);
	if (idle)
		sweep_later(p);
}

/*
 * Taking and giving
 */

/* True if the watermark was crossed, either way; the caller tells, unlocked. */
static bool pool_watch(struct natfw_pool *p)
{
	u64 used = 0, ports = (u64)p->naddrs * natfw_pool_ports(p);
	u32 mark = p->conf.watermark;
	int i;

	for (i = 0; i < NATFW_PORT_GROUPS; i++)
		used = max_t(u64, used, p->used[i]);
	if (!p->high && used * 100 >= ports * mark)
		p->high = true;
	else if (p->high && used * 100 < ports * (mark > 10 ? mark - 5 : mark / 2))
		p->high = false;
	else
		return false;
	return true;
}

void natfw_pool_lock(struct natfw_pool *p)
	__acquires(&p->lock)
{
	spin_lock_bh(&p->lock);
}

void natfw_pool_unlock(struct natfw_pool *p)
	__releases(&p->lock)
{
	bool tell = pool_watch(p);

	spin_unlock_bh(&p->lock);
	if (tell)
		natfw_event_pool(p, false);
}

/* @port of @pm is the host's now. */
static void grant(struct natfw_host *host, const struct natfw_portmap *pm,
		  u16 port, u8 proto, struct natfw_lease *lease)
{
	host->ports++;
	if (host->address == NO_ADDRESS)
		host->address = pm->address;
	*lease = (struct natfw_lease) {
		.host = host,
		.address = pm->address,
		.port = port,
		.proto = proto,
	};
}

static int pick_at(struct natfw_pool *p, struct natfw_portmap *pm,
		   struct natfw_host *host, const struct natfw_port_ask *ask)
{
	if (p->conf.block_size)
		return pick_block(p, pm, host, ask);
	return pick_class(p, pm, ask);
}

static int take_at(struct natfw_pool *p, struct natfw_host *host,
		   const struct natfw_port_ask *ask, u32 address, u8 group,
		   struct natfw_lease *lease)
{
	struct natfw_portmap *pm = portmap_get(p, address, group);
	int port, err;

	if (!pm)
		return -ENOMEM;
	port = pick_at(p, pm, host, ask);
	if (port == -ENOSPC && pm->held) {
		portmap_sweep(p, pm);
		port = pick_at(p, pm, host, ask);
	}
	if (port < 0)
		return port;
	err = take_port(p, pm, host, port, ask->user);
	if (!err)
		grant(host, pm, port, ask->proto, lease);
	return err;
}

/* The next address from @from on, round the end, that may have a free port. */
static int next_open(const struct natfw_pool *p, u8 group, u32 from)
{
	u32 found = find_next_zero_bit(p->full[group], p->naddrs, from);

	if (found >= p->naddrs)
		found = find_first_zero_bit(p->full[group], p->naddrs);
	return found < p->naddrs ? found : -ENOSPC;
}

static int take_anywhere(struct natfw_pool *p, struct natfw_host *host,
			 const struct natfw_port_ask *ask, u8 group,
			 struct natfw_lease *lease)
{
	u32 tries = min_t(u32, ADDRESSES_TRIED, p->naddrs);
	int address = host_start(p, host), err = -ENOSPC;

	/* holds may have ended on an address that was full */
	err = take_at(p, host, ask, address, group, lease);
	while (err == -ENOSPC && --tries) {
		address = next_open(p, group, (address + 1) % p->naddrs);
		if (address < 0)
			return address;
		err = take_at(p, host, ask, address, group, lease);
	}
	return err;
}

static int take_for(struct natfw_pool *p, struct natfw_host *host,
		    const struct natfw_port_ask *ask, u8 group,
		    struct natfw_lease *lease)
{
	if (p->conf.host_quota && host->ports + ask->pair >= p->conf.host_quota)
		return -EDQUOT;
	if (host->address != NO_ADDRESS && !(p->conf.flags & NATFW_POOL_FLAG_UNPAIRED))
		return take_at(p, host, ask, host->address, group, lease);
	return take_anywhere(p, host, ask, group, lease);
}

int natfw_pool_take(struct natfw_pool *p, struct natfw_host *host,
		    const struct natfw_port_ask *ask, struct natfw_lease *lease)
{
	int group = natfw_pool_group(ask->proto);

	lockdep_assert_held(&p->lock);
	return group < 0 ? group : take_for(p, host, ask, group, lease);
}

/* Whether @host may have @port: not out of another's block. */
static bool block_admits(struct natfw_pool *p, const struct natfw_host *host,
			 u32 address, u16 port)
{
	struct natfw_block *block = block_of(p, address, port);

	return !p->conf.block_size || (block && block->host == host);
}

int natfw_pool_take_port(struct natfw_pool *p, struct natfw_host *host,
			 const struct natfw_port_ask *ask, u32 address, u16 port,
			 struct natfw_lease *lease)
{
	int group = natfw_pool_group(ask->proto), err;
	struct natfw_portmap *pm;

	lockdep_assert_held(&p->lock);
	if (group < 0)
		return group;
	if (p->conf.host_quota && host->ports >= p->conf.host_quota)
		return -EDQUOT;
	pm = portmap_get(p, address, group);
	if (!pm)
		return -ENOMEM;
	if (!block_admits(p, host, address, port))
		return -ENOSPC;
	err = take_port(p, pm, host, port, ask->user);
	if (err)
		return err == -ENOMEM ? err : -ENOSPC;
	grant(host, pm, port, ask->proto, lease);
	return 0;
}

int natfw_pool_claim(struct natfw_pool *p, u8 proto, u32 address, u16 port, void *user,
		     struct natfw_lease *lease)
{
	int group = natfw_pool_group(proto);
	struct natfw_portmap *pm;

	lockdep_assert_held(&p->lock);
	if (group < 0)
		return group;
	pm = portmap_get(p, address, group);
	if (!pm)
		return -ENOMEM;
	*lease = (struct natfw_lease) {
		.address = address, .port = port, .proto = proto,
	};
	if (!natfw_portmap_is_held(pm, port))
		return take_port(p, pm, NULL, port, user);
	natfw_portmap_reclaim(pm, port, user);
	port_freed(pm, port, p);
	p->held--;
	p->used[pm->group]++;
	mark_full(p, pm);
	return 0;
}

void natfw_pool_give(struct natfw_pool *p, const struct natfw_lease *lease,
		     bool hold)
{
	struct natfw_portmap *pm;
	struct natfw_block *block;

	lockdep_assert_held(&p->lock);
	pm = portmap_at(addr_at(p, lease->address), natfw_pool_group(lease->proto));
	p->used[pm->group]--;
	if (lease->host)
		lease->host->ports--;
	if (hold && lease->host && p->conf.hold && !p->dead) {
		hold_port(p, pm, lease->port);
		return;
	}
	natfw_portmap_release(pm, lease->port);
	__clear_bit(pm->address, p->full[pm->group]);
	block = lease->host ? block_of(p, pm->address, lease->port) : NULL;
	if (block)
		block_put(p, block);
}

void natfw_pool_refuse(struct natfw_pool *p)
{
	bool tell;

	spin_lock_bh(&p->lock);
	p->refused++;
	tell = !p->dead && (!p->told || time_after_eq(jiffies, p->told_at + HZ));
	if (tell) {
		p->told = true;
		p->told_at = jiffies;
	}
	spin_unlock_bh(&p->lock);
	if (tell)
		natfw_event_pool(p, true);
}

/*
 * With the pool
 */

void natfw_lease_fini(struct natfw_pool *p)
{
	u32 i;

	for (i = 0; p->addrs && i < p->naddrs; i++)
		extaddr_free(p, i);
	kvfree(p->addrs);
	for (i = 0; i < NATFW_PORT_GROUPS; i++)
		bitmap_free(p->full[i]);
	rhashtable_free_and_destroy(&p->hosts, host_free, p);
}

int natfw_lease_init(struct natfw_pool *p)
{
	size_t size = p->naddrs * sizeof(*p->addrs) +
		      BITS_TO_LONGS(p->naddrs) * sizeof(long) * NATFW_PORT_GROUPS;
	int i, err;

	spin_lock_init(&p->lock);
	INIT_LIST_HEAD(&p->holding);
	INIT_DELAYED_WORK(&p->sweep, pool_sweep_work);
	err = rhashtable_init(&p->hosts, &host_params);
	if (err)
		return err;
	p->addrs = kvcalloc(p->naddrs, sizeof(*p->addrs), GFP_KERNEL);
	for (i = 0; i < NATFW_PORT_GROUPS; i++)
		p->full[i] = bitmap_zalloc(p->naddrs, GFP_KERNEL);
	for (i = 0; i < NATFW_PORT_GROUPS; i++) {
		if (!p->addrs || !p->full[i])
			goto err;
	}
	atomic_long_add(size, &p->memory);
	return 0;

err:
	natfw_lease_fini(p);
	return -ENOMEM;
}

void natfw_lease_stop(struct natfw_pool *p)
{
	spin_lock_bh(&p->lock);
	p->dead = true;
	spin_unlock_bh(&p->lock);
	if (cancel_delayed_work_sync(&p->sweep))
		natfw_pool_unref(p);
}

void natfw_lease_change(struct natfw_pool *p, const struct natfw_pool_conf *conf)
{
	natfw_pool_lock(p);
	WRITE_ONCE(p->conf.filtering, conf->filtering);
	WRITE_ONCE(p->conf.owner_quota, conf->owner_quota);
	p->conf.flags = conf->flags;
	p->conf.host_quota = conf->host_quota;
	p->conf.hold = conf->hold;
	p->conf.watermark = conf->watermark;
	natfw_pool_unlock(p);
}

int natfw_lease_module_init(void)
{
	host_cache = kmem_cache_create("natfw_host", sizeof(struct natfw_host), 0, 0, NULL);
	return host_cache ? 0 : -ENOMEM;
}

void natfw_lease_module_exit(void)
{
	kmem_cache_destroy(host_cache);
}
