// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mappings: an internal endpoint and the external one it has from a pool.
 *
 * Made and ended with the pool's lock held: looking for the one an endpoint has,
 * taking a port, and entering the new one under both endpoints are one step, and
 * so are its last reference and taking it out. So under the lock every mapping
 * met has references. Readers of port maps have no lock: natfw_map_find_ext().
 * Folding and unfolding (pool.h) is done with the lock held, too.
 *
 * Called by packets (softirq) and rules.
 */
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "compat.h"
#include "event.h"
#include "flow.h"
#include "net.h"
#include "owner.h"
#include "pool.h"
#include "portmap.h"
#include "rule.h"

static struct kmem_cache *map_cache;

/*
 * What a mapping says
 */

const struct natfw_pool *natfw_map_pool(const struct natfw_map *m)
{
	return m->host->pool;
}

void natfw_map_ext_addr(const struct natfw_map *m, union natfw_addr *addr)
{
	natfw_pool_address(m->host->pool, m->address, addr);
}

void natfw_map_internal(const struct natfw_map *m, struct natfw_key *k)
{
	*k = (struct natfw_key) {
		.src = m->host->key.addr,
		.sport = htons(m->internal),
		.proto = m->proto,
		.zone = m->host->key.zone,
	};
}

void natfw_map_external(const struct natfw_map *m, struct natfw_key *k)
{
	*k = (struct natfw_key) {
		.dport = natfw_map_ext_port(m),
		.proto = m->proto,
		.zone = m->host->pool->conf.zone,
	};
	natfw_map_ext_addr(m, &k->dst);
}

u8 natfw_map_filtering(const struct natfw_map *m)
{
	return READ_ONCE(m->host->pool->conf.filtering);
}

/* True if @m is of the source of @key. */
static bool map_is_of(const struct natfw_map *m, const struct natfw_key *key)
{
	return m->internal == ntohs(key->sport) && m->proto == key->proto &&
	       m->host->key.zone == key->zone &&
	       natfw_addr_equal(&m->host->key.addr, &key->src);
}

/*
 * References
 */

void natfw_map_hold(struct natfw_map *m)
{
	refcount_inc(&m->refs);
}

/* @m may be free, or another mapping by now, which is for the caller to see. */
static bool map_try(struct natfw_map *m)
{
	if (!refcount_inc_not_zero(&m->refs))
		return false;
	/* pairs with map_live(): what it is was written before */
	smp_acquire__after_ctrl_dep();
	return true;
}

bool natfw_map_hold_for(struct natfw_map *m, const struct natfw_key *key)
{
	if (!map_try(m))
		return false;
	if (!m->claimed && map_is_of(m, key))
		return true;
	natfw_map_put(m);
	return false;
}

/*
 * Memory
 */

/* A mapping of nothing yet, whom readers of port maps take for one that is gone. */
static struct natfw_map *map_alloc(struct natfw_pool *p, struct natfw_rule *rule)
{
	struct natfw_map *m;

	m = kmem_cache_zalloc(map_cache, GFP_ATOMIC | __GFP_NOWARN);
	if (!m)
		return NULL;
	/* the rule may be on its way out, and just be kept by RCU */
	if (!natfw_rule_hold(rule)) {
		kmem_cache_free(map_cache, m);
		return NULL;
	}
	m->rule = rule;
	atomic_long_add(sizeof(*m), &p->nn->memory);
	return m;
}

/* @m, of which nothing stands anywhere any more. */
static void map_free(struct natfw_pool *p, struct natfw_map *m)
{
	natfw_rule_put(m->rule);
	atomic_long_sub(sizeof(*m), &p->nn->memory);
	kmem_cache_free(map_cache, m);
}

/* Who gets a reference sees the rest. */
static void map_live(struct natfw_map *m)
{
	smp_wmb();
	refcount_set(&m->refs, 1);
}

/*
 * Folding. All of this with the lock held.
 */

static void *map_fold_ptr(void *ptr)
{
	return (void *)((unsigned long)ptr | NATFW_MAP_FOLDED);
}

static void *map_unfold_ptr(void *ptr)
{
	return (void *)((unsigned long)ptr & ~NATFW_MAP_FOLDED);
}

/*
 * What the mapping that is folded into @f would be, but for references, and for what @f
 * tells when it leaves: if the port was in use.
 */
static void map_view(struct natfw_pool *p, const struct natfw_flow *f, struct natfw_map *m)
{
	struct natfw_key in, reply;

	natfw_node_key(&natfw_flow_half(f, 0)->node, &in);
	natfw_node_key(&natfw_flow_half(f, 1)->node, &reply);
	*m = (struct natfw_map) {
		.rule = f->rule,
		.host = natfw_host_find(p, &in.src, in.zone),
		.address = natfw_pool_index(p, &reply.dst),
		.external = ntohs(reply.dport),
		.internal = ntohs(in.sport),
		.proto = in.proto,
		.shared = p->conf.mapping == NATFW_MAPPING_ENDPOINT_INDEPENDENT,
	};
}

/* True if @f says all that @m does. */
static bool map_is_told(const struct natfw_map *m, const struct natfw_flow *f)
{
	struct natfw_key in, reply, ex;

	if (m->claimed || m->mate || m->mated || READ_ONCE(m->known) || m->rule != f->rule)
		return false;
	natfw_node_key(&natfw_flow_half(f, 0)->node, &in);
	natfw_node_key(&natfw_flow_half(f, 1)->node, &reply);
	natfw_map_external(m, &ex);
	return map_is_of(m, &in) && reply.dport == ex.dport &&
	       natfw_addr_equal(&reply.dst, &ex.dst);
}

/* The port of @m is @user's. */
static void map_pass(const struct natfw_pool *p, const struct natfw_map *m, void *user)
{
	natfw_portmap_pass(natfw_pool_portmap(p, m->address, natfw_pool_group(m->proto)),
			   m->external, user);
}

static void map_fold(struct natfw_pool *p, struct natfw_flow *f)
{
	struct natfw_map *m = f->map;

	/* nobody gets another from here on: who finds it in the port map comes for the lock */
	if (!refcount_dec_if_one(&m->refs))
		return;
	/* pairs with the release of who had one before: what was written of it is seen */
	smp_acquire__after_ctrl_dep();
	if (!map_is_told(m, f)) {
		map_live(m);
		return;
	}
	map_pass(p, m, map_fold_ptr(f));
	WRITE_ONCE(f->map, map_fold_ptr(p));
	map_free(p, m);
}

void natfw_map_fold(struct natfw_flow *f)
{
	struct natfw_map *m = f->map;
	struct natfw_pool *p;

	if (!m || refcount_read(&m->refs) != 1)
		return;
	rcu_read_lock();
	p = m->host->pool;
	natfw_pool_lock(p);
	map_fold(p, f);
	natfw_pool_unlock(p);
	rcu_read_unlock();
}

/* The reference of the mapping is that of @f. ERR_PTR(-ENOMEM), and it stays folded. */
static struct natfw_map *map_unfold(struct natfw_pool *p, struct natfw_flow *f)
{
	struct natfw_map *m = map_alloc(p, f->rule);

	if (!m)
		return ERR_PTR(-ENOMEM);
	map_view(p, f, m);
	map_live(m);
	map_pass(p, m, m);
	/* natfw_map_leave() lets go of its reference without the lock, if it sees it */
	smp_store_release(&f->map, m);
	return m;
}

/*
 * Looking for one
 */

/* Who has @port of an address. */
static void *map_user(const struct natfw_pool *p, u8 group, u32 address, u16 port)
{
	const struct natfw_portmap *pm = natfw_pool_portmap(p, address, group);

	return pm ? natfw_portmap_user(pm, port) : NULL;
}

/* The mapping that has @port of an address; it has references. pool->lock. */
static struct natfw_map *map_at(struct natfw_pool *p, u8 group, u32 address, u16 port)
{
	void *user = map_user(p, group, address, port);

	return natfw_map_is_folded(user) ? map_unfold(p, map_unfold_ptr(user)) : user;
}

static struct natfw_map *map_at_endpoint(struct natfw_pool *p,
					 const struct natfw_host *host, u8 proto, u16 port)
{
	struct natfw_endpoint e;

	if (!natfw_endpoint_find(&host->endpoints, proto, port, &e))
		return NULL;
	return map_at(p, natfw_pool_group(proto), e.address, e.external);
}

/* An external endpoint, and the port map that has it. */
struct map_place {
	struct natfw_pool		*pool;
	const struct natfw_portmap	*pm;
	u32				address;
	u16				port;
	u8				group;
};

/* False if nobody has it. */
static bool map_place(struct map_place *at, struct natfw_net *nn, u8 proto, u16 zone,
		      const union natfw_addr *addr, __be16 port)
{
	int group = natfw_pool_group(proto), address;
	struct natfw_pool *p;

	if (group < 0)
		return false;
	list_for_each_entry_rcu(p, &nn->pools, list) {
		if (p->conf.zone != zone)
			continue;
		address = natfw_pool_index(p, addr);
		if (address < 0)
			continue;
		*at = (struct map_place) {
			.pool = p, .address = address, .port = ntohs(port), .group = group,
			.pm = natfw_pool_portmap(p, address, group),
		};
		return at->pm && natfw_portmap_user(at->pm, at->port);
	}
	return false;
}

/*
 * A reference to the mapping at @at, unless it is folded, or just going to be, or gone,
 * which the lock tells.
 */
static struct natfw_map *map_try_at(const struct map_place *at)
{
	struct natfw_map *m = natfw_portmap_user(at->pm, at->port);

	if (!m || natfw_map_is_folded(m) || !map_try(m))
		return NULL;
	if (m->host->pool == at->pool && m->address == at->address &&
	    m->external == at->port && natfw_pool_group(m->proto) == at->group)
		return m;
	natfw_map_put(m);
	return NULL;
}

static struct natfw_map *map_find_locked(const struct map_place *at)
{
	struct natfw_map *m;

	natfw_pool_lock(at->pool);
	m = map_at(at->pool, at->group, at->address, at->port);
	if (!IS_ERR_OR_NULL(m))
		natfw_map_hold(m);
	natfw_pool_unlock(at->pool);
	return m;
}

struct natfw_map *natfw_map_find_ext(struct natfw_net *nn, u8 proto, u16 zone,
				     const union natfw_addr *addr, __be16 port)
{
	struct map_place at;

	if (!map_place(&at, nn, proto, zone, addr, port))
		return NULL;
	return map_try_at(&at) ?: map_find_locked(&at);
}

/* What @user of a port is: a mapping, or one that is folded, as @view. The lock is held. */
static const struct natfw_map *map_seen(struct natfw_pool *p, void *user,
					struct natfw_map *view)
{
	if (!natfw_map_is_folded(user))
		return user;
	map_view(p, map_unfold_ptr(user), view);
	refcount_set(&view->refs, 1);
	return view;
}

static bool map_show_locked(const struct map_place *at,
			    void (*fn)(const struct natfw_map *m, void *arg), void *arg)
{
	const struct natfw_map *m;
	struct natfw_map view;

	natfw_pool_lock(at->pool);
	m = map_seen(at->pool, natfw_portmap_user(at->pm, at->port), &view);
	if (m)
		fn(m, arg);
	natfw_pool_unlock(at->pool);
	return m;
}

bool natfw_map_show_ext(struct natfw_net *nn, u8 proto, u16 zone,
			const union natfw_addr *addr, __be16 port,
			void (*fn)(const struct natfw_map *m, void *arg), void *arg)
{
	struct map_place at;
	struct natfw_map *m;

	if (!map_place(&at, nn, proto, zone, addr, port))
		return false;
	m = map_try_at(&at);
	if (!m)
		return map_show_locked(&at, fn, arg);
	fn(m, arg);
	natfw_map_put(m);
	return true;
}

/*
 * The end of a mapping
 */

static void map_lease(const struct natfw_map *m, struct natfw_lease *lease)
{
	*lease = (struct natfw_lease) {
		.host = m->claimed ? NULL : m->host,
		.address = m->address,
		.port = m->external,
		.proto = m->proto,
	};
}

/* There is one mapping less: @m, which is the rule's account. */
static void map_uncount(struct natfw_pool *p, const struct natfw_map *m)
{
	if (!m->claimed)
		natfw_owner_uncharge(m->rule->owner);
	atomic_dec(&p->nn->nmaps);
}

/* Take @m, which has no reference, out. Gives its mate, of which it had one. */
static struct natfw_map *map_end(struct natfw_pool *p, struct natfw_map *m)
{
	struct natfw_host *host = m->host;
	struct natfw_map *mate = NULL;
	struct natfw_lease lease;

	if (m->mate) {
		mate = map_at(p, natfw_pool_group(m->proto), m->address, m->external ^ 1);
		mate->mated = false;
	}
	natfw_event_map(m, true);
	if (m->shared)
		natfw_endpoint_del(&host->endpoints, m->proto, m->internal, &p->memory);
	map_lease(m, &lease);
	natfw_pool_give(p, &lease, READ_ONCE(m->known));
	host->claims -= m->claimed;
	map_uncount(p, m);
	natfw_host_tidy(p, host);
	return mate;
}

static void map_end_folded(struct natfw_pool *p, const struct natfw_flow *f, bool used)
{
	struct natfw_map view;

	map_view(p, f, &view);
	view.known = used;
	map_end(p, &view);
}

/* natfw_map_put(), with the lock held. */
static void map_put_locked(struct natfw_pool *p, struct natfw_map *m)
{
	struct natfw_map *mate;

	lockdep_assert_held(&p->lock);
	while (m && refcount_dec_and_test(&m->refs)) {
		mate = map_end(p, m);
		map_free(p, m);
		m = mate;
	}
}

void natfw_map_put(struct natfw_map *m)
{
	struct natfw_pool *p;

	if (refcount_dec_not_one(&m->refs))
		return;
	rcu_read_lock();	/* the pool may go with it */
	p = m->host->pool;
	natfw_pool_lock(p);
	map_put_locked(p, m);
	natfw_pool_unlock(p);
	rcu_read_unlock();
}

static void map_note_use(struct natfw_map *m, bool used)
{
	if (used && !READ_ONCE(m->known))
		WRITE_ONCE(m->known, true);
}

/* It may be unfolded until the lock is there. */
static void map_leave_folded(struct natfw_pool *p, struct natfw_flow *f, bool used)
{
	rcu_read_lock();	/* the pool may go with it */
	natfw_pool_lock(p);
	if (natfw_map_is_folded(f->map)) {
		map_end_folded(p, f, used);
	} else {
		map_note_use(f->map, used);
		map_put_locked(p, f->map);
	}
	natfw_pool_unlock(p);
	rcu_read_unlock();
}

void natfw_map_leave(struct natfw_flow *f, bool used)
{
	struct natfw_map *m = READ_ONCE(f->map);

	used |= READ_ONCE(f->flags) & (NATFW_FLOW_SEEN | NATFW_FLOW_REPLIED);
	if (natfw_map_is_folded(m)) {
		map_leave_folded(map_unfold_ptr(m), f, used);
	} else if (m) {
		map_note_use(m, used);
		natfw_map_put(m);
	}
}

/*
 * The beginning. All of this with the lock held.
 */

/*
 * @m has @lease, and with it a place in the port map: it comes to life as the
 * mapping of @host and the endpoint of @key.
 */
static int map_enter(struct natfw_pool *p, struct natfw_map *m, struct natfw_host *host,
		     const struct natfw_key *key, const struct natfw_lease *lease)
{
	struct natfw_endpoint e = {
		.port = ntohs(key->sport),
		.proto = key->proto,
		.address = lease->address,
		.external = lease->port,
	};

	if (m->shared && natfw_endpoint_add(&host->endpoints, &e, &p->memory)) {
		natfw_pool_give(p, lease, false);
		return -ENOMEM;
	}
	m->host = host;
	m->address = lease->address;
	m->external = lease->port;
	m->internal = e.port;
	m->proto = key->proto;
	atomic_inc(&p->nn->nmaps);
	map_live(m);
	natfw_event_map(m, false);
	return 0;
}

/* What a new mapping is made for. */
struct natfw_map_order {
	struct natfw_pool	*pool;
	struct natfw_rule	*rule;
	struct natfw_host	*host;
	const struct natfw_key	*key;
	u32			flags;		/* NATFW_RULE_FLAG_* */
};

static void map_ask(struct natfw_port_ask *ask, const struct natfw_map_order *o,
		    struct natfw_map *m)
{
	*ask = (struct natfw_port_ask) {
		.proto = o->key->proto,
		.port = ntohs(o->key->sport),
		.pair = o->flags & NATFW_RULE_FLAG_PAIR,
		.parity = o->flags & (NATFW_RULE_FLAG_PARITY | NATFW_RULE_FLAG_PAIR),
		.user = m,
	};
}

/* A port for @m: at @address that one and no other, or if negative any. */
static int map_take(const struct natfw_map_order *o, struct natfw_map *m, int address,
		    u16 port)
{
	struct natfw_port_ask ask;
	struct natfw_lease lease;
	int err;

	map_ask(&ask, o, m);
	if (address < 0)
		err = natfw_pool_take(o->pool, o->host, &ask, &lease);
	else
		err = natfw_pool_take_port(o->pool, o->host, &ask, address, port, &lease);
	return err ?: map_enter(o->pool, m, o->host, o->key, &lease);
}

static struct natfw_map *map_new(const struct natfw_map_order *o, int address, u16 port)
{
	struct natfw_map *m;
	int err;

	err = natfw_owner_charge(o->rule->owner, READ_ONCE(o->pool->conf.owner_quota));
	if (err)
		return ERR_PTR(err);
	m = map_alloc(o->pool, o->rule);
	if (!m) {
		natfw_owner_uncharge(o->rule->owner);
		return ERR_PTR(-ENOMEM);
	}
	m->shared = o->pool->conf.mapping == NATFW_MAPPING_ENDPOINT_INDEPENDENT;
	err = map_take(o, m, address, port);
	if (!err)
		return m;
	natfw_owner_uncharge(o->rule->owner);
	map_free(o->pool, m);
	return ERR_PTR(err);
}

/* True if the ports of @a and @b are a pair as their internal ones are. */
static bool maps_pair(const struct natfw_map *a, const struct natfw_map *b)
{
	return a->address == b->address && (a->external ^ b->external) == 1 &&
	       !((a->external ^ a->internal) & 1);
}

/*
 * The partner of @m, the mapping of @o: the one there is, if it fits, or one
 * made now, which then stays as long as @m. A reference, or ERR_PTR.
 */
static struct natfw_map *map_partner(struct natfw_map *m, const struct natfw_map_order *o)
{
	struct natfw_key key = *o->key;
	struct natfw_map_order other = *o;
	struct natfw_map *mate = NULL;

	key.sport ^= htons(1);
	other.key = &key;
	other.flags = 0;
	if (m->shared)
		mate = map_at_endpoint(o->pool, o->host, m->proto, m->internal ^ 1);
	if (IS_ERR(mate))
		return mate;
	if (mate) {
		if (!maps_pair(m, mate))
			return ERR_PTR(-ENOSPC);
		natfw_map_hold(mate);
		return mate;
	}
	if ((m->internal ^ m->external) & 1)
		return ERR_PTR(-ENOSPC);
	mate = map_new(&other, m->address, m->external ^ 1);
	if (!IS_ERR(mate)) {
		natfw_map_hold(mate);
		m->mate = true;
		mate->mated = true;
	}
	return mate;
}

/*
 * A new mapping where the partner's port is given: if the partner has one,
 * it has to be next to that.
 */
static struct natfw_map *map_new_beside(const struct natfw_map_order *o)
{
	u16 port = ntohs(o->key->sport) ^ 1;
	struct natfw_map *mate = map_at_endpoint(o->pool, o->host, o->key->proto, port);
	struct natfw_map_order alone = *o;

	if (!mate)
		return map_new(o, -1, 0);
	if (IS_ERR(mate))
		return mate;
	if ((mate->external ^ mate->internal) & 1)
		return ERR_PTR(-ENOSPC);
	alone.flags = 0;
	return map_new(&alone, mate->address, mate->external ^ 1);
}

/* The mapping of @o that there is, or a new one. */
static struct natfw_map *map_get(const struct natfw_map_order *o)
{
	struct natfw_map *m;

	if (o->pool->conf.mapping != NATFW_MAPPING_ENDPOINT_INDEPENDENT)
		return map_new(o, -1, 0);
	m = map_at_endpoint(o->pool, o->host, o->key->proto, ntohs(o->key->sport));
	if (IS_ERR(m))
		return m;
	if (m)
		natfw_map_hold(m);
	else if (o->flags & NATFW_RULE_FLAG_PAIR)
		m = map_new_beside(o);
	else
		m = map_new(o, -1, 0);
	return m;
}

/* The mapping and, with flag PAIR, its partner, unless nobody could find it. */
static struct natfw_map *map_get_pair(const struct natfw_map_order *o,
				      struct natfw_map **pair)
{
	struct natfw_map *m = map_get(o), *mate;

	if (IS_ERR(m) || !(o->flags & NATFW_RULE_FLAG_PAIR) || (!pair && !m->shared))
		return m;
	mate = map_partner(m, o);
	if (IS_ERR(mate)) {
		map_put_locked(o->pool, m);
		return mate;
	}
	if (pair)
		*pair = mate;
	else
		map_put_locked(o->pool, mate);
	return m;
}

struct natfw_map *natfw_map_get(struct natfw_pool *pool, struct natfw_rule *rule,
				const struct natfw_key *key, u32 flags,
				struct natfw_map **pair)
{
	struct natfw_map_order o = {
		.pool = pool, .rule = rule, .key = key, .flags = flags,
	};
	struct natfw_map *m = ERR_PTR(-ENOMEM);

	if (natfw_key_is4(key) != pool->conf.is4 || natfw_pool_group(key->proto) < 0)
		return ERR_PTR(-EOPNOTSUPP);
	rcu_read_lock();
	natfw_pool_lock(pool);
	if (!pool->dead)
		o.host = natfw_host_get(pool, &key->src, key->zone);
	if (o.host) {
		m = map_get_pair(&o, pair);
		natfw_host_settle(pool, o.host);
	} else if (pool->dead) {
		m = ERR_PTR(-ENOSPC);
	}
	natfw_pool_unlock(pool);
	rcu_read_unlock();
	if (m == ERR_PTR(-ENOSPC) || m == ERR_PTR(-EDQUOT))
		natfw_pool_refuse(pool);
	return m;
}

/*
 * Static endpoints
 */

/* The pool that may hand out (addr, port) of @zone. */
static struct natfw_pool *pool_with(struct natfw_net *nn, u16 zone,
				    const union natfw_addr *addr, u16 port)
{
	struct natfw_pool *p;

	list_for_each_entry(p, &nn->pools, list) {
		if (p->conf.zone == zone && natfw_pool_index(p, addr) >= 0 &&
		    port >= p->conf.port_min && port <= p->conf.port_max)
			return p;
	}
	return NULL;
}

/* A claimed mapping of @o; found by the external endpoint alone if the other has one. */
static struct natfw_map *map_claim_new(const struct natfw_map_order *o, u32 address,
				       u16 port)
{
	struct natfw_map *m = map_alloc(o->pool, o->rule);
	u8 proto = o->key->proto;
	struct natfw_lease lease;
	struct natfw_endpoint e;
	int err;

	if (!m)
		return ERR_PTR(-ENOMEM);
	m->claimed = true;
	m->shared = o->pool->conf.mapping == NATFW_MAPPING_ENDPOINT_INDEPENDENT &&
		    !natfw_endpoint_find(&o->host->endpoints, proto, ntohs(o->key->sport), &e);
	err = natfw_pool_claim(o->pool, proto, address, port, m, &lease);
	if (!err)
		err = map_enter(o->pool, m, o->host, o->key, &lease);
	if (!err) {
		o->host->claims++;
		return m;
	}
	map_free(o->pool, m);
	return ERR_PTR(err);
}

static struct natfw_map *map_claim(struct natfw_map_order *o, u32 address, u16 port)
{
	u8 group = natfw_pool_group(o->key->proto);
	struct natfw_map *m, view;
	const struct natfw_map *seen;

	seen = map_seen(o->pool, map_user(o->pool, group, address, port), &view);
	if (seen && !map_is_of(seen, o->key))
		return ERR_PTR(-EBUSY);
	if (seen) {
		m = map_at(o->pool, group, address, port);
		if (!IS_ERR(m))
			natfw_map_hold(m);
		return m;
	}
	o->host = natfw_host_get(o->pool, &o->key->src, o->key->zone);
	if (!o->host)
		return ERR_PTR(-ENOMEM);
	m = map_claim_new(o, address, port);
	natfw_host_settle(o->pool, o->host);
	return m;
}

struct natfw_map *natfw_map_claim(struct natfw_net *nn, struct natfw_rule *rule,
				  const struct natfw_key *internal,
				  u8 proto, u16 zone,
				  const union natfw_addr *addr, __be16 port)
{
	struct natfw_map_order o = { .rule = rule, .key = internal };
	struct natfw_map *m;

	lockdep_assert_held(&nn->lock);
	o.pool = pool_with(nn, zone, addr, ntohs(port));
	if (!o.pool || natfw_pool_group(proto) < 0)
		return NULL;
	rcu_read_lock();
	natfw_pool_lock(o.pool);
	m = map_claim(&o, natfw_pool_index(o.pool, addr), ntohs(port));
	natfw_pool_unlock(o.pool);
	rcu_read_unlock();
	return m;
}

/*
 * Walks
 */

#define MAP_WALK_BATCH	4096	/* mappings, until others may run */

/*
 * The next mapping of @p from @c on, up to address @end, or NULL. @view is room for one
 * that is folded. The lock is held.
 */
static const struct natfw_map *map_next(struct natfw_pool *p, struct natfw_map_cursor *c,
					u32 end, struct natfw_map *view)
{
	const struct natfw_portmap *pm;
	int port;

	for (; c->address < end; c->address++, c->group = 0) {
		for (; c->group < NATFW_PORT_GROUPS; c->group++, c->port = 0) {
			pm = natfw_pool_portmap(p, c->address, c->group);
			port = pm ? natfw_portmap_next(pm, c->port) : -ENOENT;
			if (port < 0)
				continue;
			c->port = port;
			return map_seen(p, natfw_portmap_user(pm, port), view);
		}
	}
	return NULL;
}

/* -EAGAIN: *@budget is used up. */
static int map_walk_pool(struct natfw_pool *p, struct natfw_map_cursor *c, u32 end, u32 *budget,
			 int (*fn)(const struct natfw_map *m, void *arg), void *arg)
{
	const struct natfw_map *m;
	struct natfw_map view;
	int err = 0;

	/* let others at the lock after each */
	do {
		if (!(*budget)--)
			return -EAGAIN;
		natfw_pool_lock(p);
		m = map_next(p, c, end, &view);
		if (m)
			err = fn(m, arg);
		natfw_pool_unlock(p);
		c->port += m && !err;
	} while (m && !err);
	return err;
}

/* Where the walk of @p ends, with @c moved to where it begins if that is later. */
static u32 map_walk_end(const struct natfw_pool *p, struct natfw_map_cursor *c,
			const union natfw_addr *ext)
{
	int index;

	if (!ext)
		return p->naddrs;
	index = natfw_pool_index(p, ext);
	if (index < 0)
		return 0;
	if (c->address < (u32)index)
		*c = (struct natfw_map_cursor) { .pool = p->id, .address = index };
	return index + 1;
}

static int map_walk_some(struct natfw_net *nn, struct natfw_map_cursor *c,
			 const union natfw_addr *ext,
			 int (*fn)(const struct natfw_map *m, void *arg), void *arg)
{
	u32 budget = MAP_WALK_BATCH;
	struct natfw_pool *p;
	int err = 0;

	rcu_read_lock();
	/* new pools are put at the end, with higher numbers */
	list_for_each_entry_rcu(p, &nn->pools, list) {
		if (p->id < c->pool)
			continue;
		if (p->id > c->pool)
			*c = (struct natfw_map_cursor) { .pool = p->id };
		err = map_walk_pool(p, c, map_walk_end(p, c, ext), &budget, fn, arg);
		if (err)
			break;
	}
	rcu_read_unlock();
	return err;
}

int natfw_map_walk(struct natfw_net *nn, struct natfw_map_cursor *c,
		   const union natfw_addr *ext,
		   int (*fn)(const struct natfw_map *m, void *arg), void *arg)
{
	int err;

	/* of a million mappings @fn may pass over all but one */
	while ((err = map_walk_some(nn, c, ext, fn, arg)) == -EAGAIN) {
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return err;
}

int natfw_map_module_init(void)
{
	/* readers look at nothing but the references of what is free */
	map_cache = natfw_cache_typesafe("natfw_map", sizeof(struct natfw_map),
					 offsetof(struct natfw_map, rule));
	return map_cache ? 0 : -ENOMEM;
}

void natfw_map_module_exit(void)
{
	kmem_cache_destroy(map_cache);
}
