// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mappings: an internal endpoint and the external one it has from a pool.
 *
 * A mapping is published external endpoint first, so that whoever finds it by
 * the internal one can be answered, and taken out before its port goes back
 * to the pool. Two CPUs that make a mapping for one endpoint at once meet in
 * the table: the second one's insertion is refused and it takes the first's.
 *
 * Called by packets (softirq) and rules. Lookups are under RCU and take a
 * reference only of mappings that still have one.
 */
#include <linux/slab.h>

#include "event.h"
#include "net.h"
#include "owner.h"
#include "pool.h"
#include "rule.h"

/* How often a race for an endpoint or a stray mapping of it is put up with. */
#define ATTEMPTS	4

static struct kmem_cache *map_cache;

void natfw_map_key_int(struct natfw_key *m, const struct natfw_key *k,
		       const struct natfw_pool *pool)
{
	*m = (struct natfw_key) {
		.src = k->src,
		.sport = k->sport,
		.proto = k->proto,
		.kind = NATFW_KIND_MAP_INT,
		.zone = k->zone,
	};
	m->dst.a32[3] = (__force __be32)pool->id;
}

void natfw_map_key_ext(struct natfw_key *m, u8 proto, u16 zone,
		       const union natfw_addr *addr, __be16 port)
{
	*m = (struct natfw_key) {
		.dst = *addr,
		.dport = port,
		.proto = proto,
		.kind = NATFW_KIND_MAP_EXT,
		.zone = zone,
	};
	if (natfw_addr_is4(addr))
		natfw_addr_set4(&m->src, 0);	/* hashed as IPv4 */
}

static struct natfw_map *map_of(struct natfw_node *node)
{
	if (natfw_node_tail(node)->kind == NATFW_KIND_MAP_INT)
		return container_of(node, struct natfw_map, internal.node);
	return container_of(node, struct natfw_map, external.node);
}

/* A reference to the living mapping under @key, or NULL. */
static struct natfw_map *map_find(struct natfw_net *nn, const struct natfw_key *key)
{
	u32 hash = natfw_table_hash(&nn->table, key);
	struct natfw_table_match match;
	struct natfw_map *m = NULL;
	struct natfw_node *node;

	rcu_read_lock();
	for (node = natfw_table_first(&nn->table, key, hash, &match); node;
	     node = natfw_table_next(&nn->table, key, hash, &match)) {
		if (!refcount_inc_not_zero(&map_of(node)->refs))
			continue;
		m = map_of(node);
		break;
	}
	rcu_read_unlock();
	return m;
}

struct natfw_map *natfw_map_find_ext(struct natfw_net *nn, u8 proto, u16 zone,
				     const union natfw_addr *addr, __be16 port)
{
	struct natfw_key key;

	natfw_map_key_ext(&key, proto, zone, addr, port);
	return map_find(nn, &key);
}

static struct natfw_map *map_find_int(struct natfw_pool *pool,
				      const struct natfw_key *key)
{
	struct natfw_key k;

	natfw_map_key_int(&k, key, pool);
	return map_find(pool->nn, &k);
}

/* Refuse insertion beside a living mapping, of which @arg gets a reference. */
static bool map_clash(struct natfw_node *old, void *arg)
{
	struct natfw_map **winner = arg;

	if (!refcount_inc_not_zero(&map_of(old)->refs))
		return false;
	*winner = map_of(old);
	return true;
}

static int map_insert(struct natfw_net *nn, struct natfw_node *node,
		      struct natfw_map **winner)
{
	u32 hash = natfw_node_hash(&nn->table, node);

	return natfw_table_insert(&nn->table, node, hash, map_clash, winner);
}

/* 0, -ENOMEM or -EEXIST; with the latter maybe *@winner, a reference. */
static int map_publish(struct natfw_map *m, struct natfw_map **winner)
{
	struct natfw_map *stray = NULL;
	int err;

	err = map_insert(m->nn, &m->external.node, &stray);
	if (err) {
		/* of a pool deleted since, that had this address */
		if (stray)
			natfw_map_put(stray);
		return err;
	}
	if (!m->shared)
		return 0;
	err = map_insert(m->nn, &m->internal.node, winner);
	if (err)
		natfw_table_remove(&m->nn->table, &m->external.node);
	return err;
}

static void map_free(struct rcu_head *rcu)
{
	kmem_cache_free(map_cache, container_of(rcu, struct natfw_map, rcu));
}

static void map_lease(const struct natfw_map *m, struct natfw_lease *lease)
{
	*lease = (struct natfw_lease) {
		.host = m->host,
		.address = m->address,
		.port = ntohs(natfw_map_ext_port(m)),
		.proto = natfw_node_tail(&m->external.node)->proto,
	};
}

/* Let go of what @m, out of the table now, stands on. Gives its mate. */
static struct natfw_map *map_dispose(struct natfw_map *m)
{
	struct natfw_map *mate = m->mate;
	struct natfw_lease lease;

	if (mate)
		WRITE_ONCE(mate->mated, false);
	map_lease(m, &lease);
	natfw_pool_give(m->pool, &lease, m->announced && READ_ONCE(m->known));
	if (!m->claimed)
		natfw_owner_uncharge(m->rule->owner);
	natfw_rule_put(m->rule);
	natfw_pool_unref(m->pool);
	atomic_dec(&m->nn->nmaps);
	atomic_long_sub(sizeof(*m), &m->nn->memory);
	call_rcu(&m->rcu, map_free);
	return mate;
}

static void map_unpublish(struct natfw_map *m)
{
	struct natfw_table *t = &m->nn->table;

	if (m->announced)
		natfw_event_map(m, true);
	if (m->shared)
		natfw_table_remove(t, &m->internal.node);
	natfw_table_remove(t, &m->external.node);
}

void natfw_map_put(struct natfw_map *m)
{
	while (m && refcount_dec_and_test(&m->refs)) {
		map_unpublish(m);
		m = map_dispose(m);
	}
}

static void map_announce(struct natfw_map *m)
{
	m->announced = true;
	natfw_event_map(m, false);
}

void natfw_map_hold(struct natfw_map *m)
{
	refcount_inc(&m->refs);
}

u8 natfw_map_filtering(const struct natfw_map *m)
{
	return READ_ONCE(m->pool->conf.filtering);
}

static void map_fill(struct natfw_map *m, struct natfw_pool *pool,
		     struct natfw_rule *rule, const struct natfw_key *key,
		     const struct natfw_lease *lease)
{
	union natfw_addr ext;
	struct natfw_key k;

	natfw_pool_address(pool, lease->address, &ext);
	natfw_map_key_int(&k, key, pool);
	natfw_node_set_key(&m->internal.node, &k);
	natfw_map_key_ext(&k, key->proto, pool->conf.zone, &ext, htons(lease->port));
	natfw_node_set_key(&m->external.node, &k);
	m->nn = pool->nn;
	m->pool = pool;
	m->rule = rule;
	m->host = lease->host;
	m->address = lease->address;
	m->claimed = !lease->host;
	m->shared = pool->conf.mapping == NATFW_MAPPING_ENDPOINT_INDEPENDENT;
	refcount_set(&m->refs, 1);
}

/* A mapping on @lease, not published. Takes the lease over, or gives it back. */
static struct natfw_map *map_alloc(struct natfw_pool *pool, struct natfw_rule *rule,
				   const struct natfw_key *key,
				   const struct natfw_lease *lease)
{
	struct natfw_map *m;

	m = kmem_cache_zalloc(map_cache, GFP_ATOMIC | __GFP_NOWARN);
	/* rule and pool may be on their way out, and just be kept by RCU */
	if (!m || !natfw_rule_hold(rule))
		goto err_map;
	if (!natfw_pool_ref(pool))
		goto err_rule;
	map_fill(m, pool, rule, key, lease);
	atomic_inc(&pool->nn->nmaps);
	atomic_long_add(sizeof(*m), &pool->nn->memory);
	return m;

err_rule:
	natfw_rule_put(rule);
err_map:
	if (m)
		kmem_cache_free(map_cache, m);
	natfw_pool_give(pool, lease, false);
	return ERR_PTR(-ENOMEM);
}

/*
 * Make and publish a mapping on @lease, whose port is charged to the owner
 * already. Returns it, or the one that came first, or ERR_PTR; -EEXIST if
 * there is another one with the external endpoint.
 */
static struct natfw_map *map_make(struct natfw_pool *pool, struct natfw_rule *rule,
				  const struct natfw_key *key,
				  const struct natfw_lease *lease)
{
	struct natfw_map *m, *winner = NULL;
	int err;

	m = map_alloc(pool, rule, key, lease);
	if (IS_ERR(m)) {
		natfw_owner_uncharge(rule->owner);
		return m;
	}
	err = map_publish(m, &winner);
	if (!err) {
		map_announce(m);
		return m;
	}
	natfw_map_put(m);
	return winner ? winner : ERR_PTR(err);
}

static void map_ask(struct natfw_port_ask *ask, const struct natfw_key *key,
		    u32 flags)
{
	*ask = (struct natfw_port_ask) {
		.host = key->src,
		.zone = key->zone,
		.proto = key->proto,
		.port = ntohs(key->sport),
		.pair = flags & NATFW_RULE_FLAG_PAIR,
		.parity = flags & (NATFW_RULE_FLAG_PARITY | NATFW_RULE_FLAG_PAIR),
	};
}

static struct natfw_map *map_new(struct natfw_pool *pool, struct natfw_rule *rule,
				 const struct natfw_key *key, u32 flags)
{
	struct natfw_port_ask ask;
	struct natfw_lease lease;
	int err;

	err = natfw_owner_charge(rule->owner, READ_ONCE(pool->conf.owner_quota));
	if (err)
		return ERR_PTR(err);
	map_ask(&ask, key, flags);
	err = natfw_pool_take(pool, &ask, &lease);
	if (err) {
		natfw_owner_uncharge(rule->owner);
		return ERR_PTR(err);
	}
	return map_make(pool, rule, key, &lease);
}

/* A mapping of @key to that external port and no other. */
static struct natfw_map *map_new_at(struct natfw_pool *pool, struct natfw_rule *rule,
				    const struct natfw_key *key, u32 address,
				    u16 port)
{
	struct natfw_port_ask ask;
	struct natfw_lease lease;
	int err;

	err = natfw_owner_charge(rule->owner, READ_ONCE(pool->conf.owner_quota));
	if (err)
		return ERR_PTR(err);
	map_ask(&ask, key, 0);
	err = natfw_pool_take_port(pool, &ask, address, port, &lease);
	if (err) {
		natfw_owner_uncharge(rule->owner);
		return ERR_PTR(err);
	}
	return map_make(pool, rule, key, &lease);
}

/* True if the ports of @a and @b are a pair as their internal ones are. */
static bool maps_pair(const struct natfw_map *a, const struct natfw_map *b)
{
	return a->address == b->address &&
	       (natfw_map_ext_port(a) ^ natfw_map_ext_port(b)) == htons(1) &&
	       !((natfw_map_ext_port(a) ^ natfw_node_tail(&a->internal.node)->sport) & htons(1));
}

/*
 * The partner of @m, a mapping of @key: the one there is, if it fits, or one
 * made now, which then stays as long as @m. A reference, or ERR_PTR.
 */
static struct natfw_map *map_partner(struct natfw_map *m, struct natfw_rule *rule,
				     const struct natfw_key *key)
{
	struct natfw_key partner = *key;
	struct natfw_map *mate = NULL;
	u16 port = ntohs(natfw_map_ext_port(m)) ^ 1;

	partner.sport ^= htons(1);
	if (m->shared)
		mate = map_find_int(m->pool, &partner);
	if (mate && maps_pair(m, mate))
		return mate;
	if (mate || (ntohs(key->sport) ^ port ^ 1) & 1) {
		if (mate)
			natfw_map_put(mate);
		return ERR_PTR(-ENOSPC);
	}
	mate = map_new_at(m->pool, rule, &partner, m->address, port);
	if (IS_ERR(mate))
		return mate;
	if (!maps_pair(m, mate)) {
		natfw_map_put(mate);
		return ERR_PTR(-ENOSPC);
	}
	natfw_map_hold(mate);
	if (cmpxchg(&m->mate, NULL, mate))
		natfw_map_put(mate);
	else
		WRITE_ONCE(mate->mated, true);
	return mate;
}

/*
 * A new mapping where the partner's port is given: if the partner has one,
 * it has to be next to that.
 */
static struct natfw_map *map_new_beside(struct natfw_pool *pool,
					struct natfw_rule *rule,
					const struct natfw_key *key, u32 flags)
{
	struct natfw_key partner = *key;
	struct natfw_map *mate, *m;
	u16 port;

	partner.sport ^= htons(1);
	mate = map_find_int(pool, &partner);
	if (!mate)
		return map_new(pool, rule, key, flags);
	port = ntohs(natfw_map_ext_port(mate));
	if ((port ^ ntohs(partner.sport)) & 1)
		m = ERR_PTR(-ENOSPC);
	else
		m = map_new_at(pool, rule, key, mate->address, port ^ 1);
	natfw_map_put(mate);
	return m;
}

static struct natfw_map *map_get_once(struct natfw_pool *pool,
				      struct natfw_rule *rule,
				      const struct natfw_key *key, u32 flags)
{
	struct natfw_map *m;

	if (pool->conf.mapping != NATFW_MAPPING_ENDPOINT_INDEPENDENT)
		return map_new(pool, rule, key, flags);
	m = map_find_int(pool, key);
	if (m)
		return m;
	if (flags & NATFW_RULE_FLAG_PAIR)
		return map_new_beside(pool, rule, key, flags);
	return map_new(pool, rule, key, flags);
}

/* The mapping and, with @flags PAIR, its partner, unless nobody could find it. */
static struct natfw_map *map_get_pair(struct natfw_pool *pool,
				      struct natfw_rule *rule,
				      const struct natfw_key *key, u32 flags,
				      struct natfw_map **pair)
{
	struct natfw_map *m = map_get_once(pool, rule, key, flags), *mate;

	if (IS_ERR(m) || !(flags & NATFW_RULE_FLAG_PAIR) || (!pair && !m->shared))
		return m;
	mate = map_partner(m, rule, key);
	if (IS_ERR(mate)) {
		natfw_map_put(m);
		return mate;
	}
	if (pair)
		*pair = mate;
	else
		natfw_map_put(mate);
	return m;
}

struct natfw_map *natfw_map_get(struct natfw_pool *pool, struct natfw_rule *rule,
				const struct natfw_key *key, u32 flags,
				struct natfw_map **pair)
{
	struct natfw_map *m;
	int i = 0;

	if (natfw_key_is4(key) != pool->conf.is4 || natfw_pool_group(key->proto) < 0)
		return ERR_PTR(-EOPNOTSUPP);
	do {
		m = map_get_pair(pool, rule, key, flags, pair);
	} while (m == ERR_PTR(-EEXIST) && ++i < ATTEMPTS);
	if (m == ERR_PTR(-EEXIST))
		m = ERR_PTR(-ENOSPC);
	if (m == ERR_PTR(-ENOSPC) || m == ERR_PTR(-EDQUOT))
		natfw_pool_refuse(pool);
	return m;
}

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

static bool map_is_of(const struct natfw_map *m, const struct natfw_key *internal)
{
	struct natfw_key k;

	natfw_map_internal(m, &k);
	return natfw_addr_equal(&k.src, &internal->src) &&
	       k.sport == internal->sport && k.zone == internal->zone;
}

/* Publish a claimed mapping; if the endpoint has another, by the port alone. */
static int map_publish_claim(struct natfw_map *m)
{
	struct natfw_map *winner = NULL;
	int err = map_publish(m, &winner);

	if (!winner)
		return err == -EEXIST ? -EBUSY : err;
	natfw_map_put(winner);
	m->shared = false;
	err = map_publish(m, &winner);
	return err == -EEXIST ? -EBUSY : err;
}

static struct natfw_map *map_claim_new(struct natfw_pool *pool,
				       struct natfw_rule *rule,
				       const struct natfw_key *internal,
				       const union natfw_addr *addr, __be16 port)
{
	struct natfw_lease lease;
	struct natfw_map *m;
	int err;

	err = natfw_pool_claim(pool, internal->proto, natfw_pool_index(pool, addr),
			       ntohs(port), &lease);
	if (err)
		return ERR_PTR(err);
	m = map_alloc(pool, rule, internal, &lease);
	if (IS_ERR(m))
		return m;
	err = map_publish_claim(m);
	if (err) {
		natfw_map_put(m);
		return ERR_PTR(err);
	}
	map_announce(m);
	return m;
}

struct natfw_map *natfw_map_claim(struct natfw_net *nn, struct natfw_rule *rule,
				  const struct natfw_key *internal,
				  u8 proto, u16 zone,
				  const union natfw_addr *addr, __be16 port)
{
	struct natfw_pool *pool;
	struct natfw_map *m;

	lockdep_assert_held(&nn->lock);
	pool = pool_with(nn, zone, addr, ntohs(port));
	if (!pool || natfw_pool_group(proto) < 0)
		return NULL;
	m = natfw_map_find_ext(nn, proto, zone, addr, port);
	if (!m)
		return map_claim_new(pool, rule, internal, addr, port);
	if (map_is_of(m, internal))
		return m;
	natfw_map_put(m);
	return ERR_PTR(-EBUSY);
}

int natfw_map_module_init(void)
{
	map_cache = kmem_cache_create("natfw_map", sizeof(struct natfw_map), 0,
				      SLAB_HWCACHE_ALIGN, NULL);
	return map_cache ? 0 : -ENOMEM;
}

void natfw_map_module_exit(void)
{
	kmem_cache_destroy(map_cache);
}
