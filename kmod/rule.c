// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rules: the object, and making one. commit.c puts it in force and takes it
 * out.
 */
#include <linux/slab.h>
#include <linux/xarray.h>

#include "flow.h"
#include "owner.h"
#include "pool.h"
#include "rule.h"
#include "txn.h"

/* Exact rules, exact rules that translate, all others. */
static struct kmem_cache *natfw_rule_cache[3];

/* ---- object ---- */

static int natfw_rule_kind(const struct natfw_rule *r)
{
	return !r->exact ? 2 : natfw_rule_translates(r);
}

static size_t natfw_rule_size(int kind)
{
	static const size_t size[] = {
		offsetof(struct natfw_rule, map), offsetof(struct natfw_rule, match),
		sizeof(struct natfw_rule),
	};

	return size[kind];
}

int natfw_rule_module_init(void)
{
	static const char * const name[] = { "natfw_exact", "natfw_binding", "natfw_rule" };
	int i;

	for (i = 0; i < ARRAY_SIZE(name); i++) {
		natfw_rule_cache[i] = kmem_cache_create(name[i], natfw_rule_size(i), 0,
							SLAB_HWCACHE_ALIGN | SLAB_ACCOUNT,
							NULL);
		if (!natfw_rule_cache[i]) {
			natfw_rule_module_exit();
			return -ENOMEM;
		}
	}
	return 0;
}

void natfw_rule_module_exit(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(natfw_rule_cache); i++)
		kmem_cache_destroy(natfw_rule_cache[i]);
}

bool natfw_rule_hold(struct natfw_rule *r)
{
	return refcount_inc_not_zero(&r->refs);
}

static void natfw_rule_free(struct natfw_rule *r)
{
	int kind = natfw_rule_kind(r);

	atomic_long_sub(natfw_rule_size(kind), &r->nn->memory);
	free_percpu(r->counters);
	kfree(r->name);
	kmem_cache_free(natfw_rule_cache[kind], r);
}

static void natfw_rule_free_rcu(struct rcu_head *rcu)
{
	natfw_rule_free(container_of(rcu, struct natfw_rule, rcu));
}

void natfw_rule_match(const struct natfw_rule *r, struct natfw_match *m)
{
	if (r->exact)
		natfw_exact_match(r->flow, m);
	else
		*m = r->match;
}

void natfw_rule_unreserve(struct natfw_rule *r)
{
	u32 i;

	if (!natfw_rule_translates(r))
		return;
	for (i = 0; i < ARRAY_SIZE(r->map); i++) {
		struct natfw_map *m = r->map[i];

		WRITE_ONCE(r->map[i], NULL);
		if (!m)
			continue;
		r->mapped = true;
		natfw_map_put(m);
	}
	/* packets of the moment may still read the pool, which goes by RCU */
	if (r->has_pool)
		natfw_pool_put(r->nat.pool);
	r->has_pool = false;
}

void natfw_rule_put(struct natfw_rule *r)
{
	if (!refcount_dec_and_test(&r->refs))
		return;
	natfw_owner_put(r->owner);
	call_rcu(&r->rcu, natfw_rule_free_rcu);
}

void natfw_rule_put_late(struct natfw_rule *r)
{
	if (!r->exact || r->mapped) {
		natfw_rule_put(r);
	} else if (refcount_dec_and_test(&r->refs)) {
		natfw_owner_put(r->owner);
		natfw_rule_free(r);
	}
}

bool natfw_rule_owned(const struct natfw_rule *r, const u8 *cookie)
{
	return r->owner && !memcmp(r->owner->cookie, cookie, NATFW_OWNER_LEN);
}

void natfw_rule_count(const struct natfw_rule *r, u64 *packets, u64 *bytes)
{
	const struct natfw_rule_counter *c;
	int cpu;

	*packets = 0;
	*bytes = 0;
	if (r->exact && r->flow) {
		*packets = natfw_half_packets(natfw_flow_half(r->flow, 0));
		*bytes = natfw_half_bytes(natfw_flow_half(r->flow, 0));
		if (r->flow->flags & NATFW_FLOW_TWO) {
			*packets += natfw_half_packets(natfw_flow_half(r->flow, 1));
			*bytes += natfw_half_bytes(natfw_flow_half(r->flow, 1));
		}
	}
	if (!r->counters)
		return;
	for_each_possible_cpu(cpu) {
		c = per_cpu_ptr(r->counters, cpu);
		*packets += READ_ONCE(c->packets);
		*bytes += READ_ONCE(c->bytes);
	}
}

/* ---- checks ---- */

bool natfw_match_exact(const struct natfw_match *m)
{
	const u16 must = NATFW_M_SRC | NATFW_M_DST | NATFW_M_PROTO | NATFW_M_ZONE;
	const u16 mustnt = NATFW_M_TYPE | NATFW_M_CODE | NATFW_M_DSCP |
			   NATFW_M_LABEL | NATFW_M_DEV;

	if ((m->set & must) != must || m->set & mustnt ||
	    m->src_len != 128 || m->dst_len != 128)
		return false;
	if (natfw_proto_has_ports(m->proto))
		return m->set & NATFW_M_SPORT && m->set & NATFW_M_DPORT &&
		       m->sport_min == m->sport_max &&
		       m->dport_min == m->dport_max;
	if (m->proto == IPPROTO_ESP || m->proto == IPPROTO_AH)
		return m->set & NATFW_M_SPI;
	return m->proto != IPPROTO_ICMP && m->proto != IPPROTO_ICMPV6;
}

static bool natfw_range_fits(u16 first, u16 last, bool matched, u16 match_first,
			     u16 match_last)
{
	if (first == last)
		return true;
	return matched && last - first == match_last - match_first;
}

static int natfw_check_source(const struct natfw_match *m, const struct natfw_nat *n,
			      struct netlink_ext_ack *extack)
{
	u8 len = m->set & NATFW_M_SRC ? m->src_len : 0;

	if (n->set & NATFW_N_SRC && n->src_len != len) {
		NL_SET_ERR_MSG(extack, "source translation must be as long a prefix as the source matched; to share one address use a pool");
		return -EINVAL;
	}
	if (n->set & NATFW_N_SPORT &&
	    !natfw_range_fits(n->sport_min, n->sport_max, m->set & NATFW_M_SPORT,
			      m->sport_min, m->sport_max)) {
		NL_SET_ERR_MSG(extack, "source port ranges matched and translated to differ in length");
		return -EINVAL;
	}
	return 0;
}

static int natfw_check_dest(const struct natfw_match *m, const struct natfw_nat *n,
			    struct netlink_ext_ack *extack)
{
	u8 len = m->set & NATFW_M_DST ? m->dst_len : 0;

	if (n->set & NATFW_N_DST && n->dst_len != len && n->dst_len != 128) {
		NL_SET_ERR_MSG(extack, "destination translation must be one address or as long a prefix as the destination matched");
		return -EINVAL;
	}
	if (n->set & NATFW_N_DPORT &&
	    !natfw_range_fits(n->dport_min, n->dport_max, m->set & NATFW_M_DPORT,
			      m->dport_min, m->dport_max)) {
		NL_SET_ERR_MSG(extack, "destination port ranges matched and translated to differ in length");
		return -EINVAL;
	}
	return 0;
}

static int natfw_check_proto(const struct natfw_match *m, const struct natfw_nat *n,
			     struct netlink_ext_ack *extack)
{
	if (m->set & NATFW_M_PROTO && m->proto == IPPROTO_AH) {
		NL_SET_ERR_MSG(extack, "AH protects addresses and cannot be translated");
		return -EOPNOTSUPP;
	}
	if (m->set & NATFW_M_SPI) {
		NL_SET_ERR_MSG(extack, "replies carry another SPI; translate by addresses");
		return -EOPNOTSUPP;
	}
	if (n->set & (NATFW_N_SPORT | NATFW_N_DPORT) &&
	    (!(m->set & NATFW_M_PROTO) || !natfw_proto_has_ports(m->proto))) {
		NL_SET_ERR_MSG(extack, "translating ports needs a protocol that has them");
		return -EINVAL;
	}
	if (n->set & NATFW_N_POOL && m->set & NATFW_M_PROTO &&
	    !natfw_proto_has_id(m->proto)) {
		NL_SET_ERR_MSG(extack, "a pool needs a protocol with ports or query identifiers");
		return -EOPNOTSUPP;
	}
	return 0;
}

static int natfw_check_nat(const struct natfw_rule_spec *spec,
			   struct netlink_ext_ack *extack)
{
	const struct natfw_nat *n = &spec->nat;

	if (spec->action != NATFW_ACTION_NAT)
		return 0;
	if (!(n->set & (NATFW_N_SRC | NATFW_N_SPORT | NATFW_N_POOL | NATFW_N_DST |
			NATFW_N_DPORT))) {
		NL_SET_ERR_MSG(extack, "translation is empty");
		return -EINVAL;
	}
	return natfw_check_proto(&spec->match, n, extack) ?:
	       natfw_check_source(&spec->match, n, extack) ?:
	       natfw_check_dest(&spec->match, n, extack);
}

static int natfw_check_room(struct natfw_net *nn, const struct natfw_txn *txn,
			    struct netlink_ext_ack *extack)
{
	if (natfw_txn_outlook(nn, txn) >= nn->rule_max) {
		NL_SET_ERR_MSG(extack, "rule limit of the namespace reached (rule-max)");
		return -ENOSPC;
	}
	/* bounds what all transactions together may keep beside the rules in force */
	if (txn && nn->nstaged >= nn->rule_max) {
		NL_SET_ERR_MSG(extack, "as many rules are staged as the namespace may have (rule-max)");
		return -ENOSPC;
	}
	return 0;
}

/* ---- external endpoints ---- */

/* The one internal endpoint @m speaks of; false if it speaks of many. */
static bool natfw_match_endpoint(const struct natfw_match *m, struct natfw_key *k)
{
	const u16 must = NATFW_M_SRC | NATFW_M_PROTO | NATFW_M_SPORT | NATFW_M_ZONE;

	if ((m->set & must) != must || m->src_len != 128 ||
	    m->sport_min != m->sport_max)
		return false;
	memset(k, 0, sizeof(*k));
	k->src = m->src;
	k->sport = htons(m->sport_min);
	k->proto = m->proto;
	k->zone = m->zone;
	return true;
}

static int natfw_rule_lease(struct natfw_rule *r, const struct natfw_match *match,
			    struct netlink_ext_ack *extack)
{
	struct natfw_key k;
	struct natfw_map *m;

	if (!natfw_match_endpoint(match, &k))
		return 0;
	m = natfw_map_get(r->nat.pool, r, &k, r->flags, &r->map[1]);
	if (!IS_ERR(m)) {
		r->map[0] = m;
		return 0;
	}
	if (PTR_ERR(m) == -EDQUOT)
		NL_SET_ERR_MSG(extack, "port quota of the host or owner is used up");
	else if (PTR_ERR(m) == -ENOSPC)
		NL_SET_ERR_MSG(extack, "the pool has no port left");
	return PTR_ERR(m);
}

/* Who has an endpoint claimed, if anybody. Good for as long as RCU is held. */
static void natfw_rule_claiming(const struct natfw_map *m, void *arg)
{
	const struct natfw_rule **claiming = arg;

	*claiming = m->claimed ? READ_ONCE(m->rule) : NULL;
}

/* True if who holds the endpoint goes as @r comes. */
static bool natfw_rule_succeeds(struct natfw_rule *r, const struct natfw_txn *txn,
				u8 proto, u16 zone, const union natfw_addr *addr,
				u16 port)
{
	const struct natfw_rule *claiming = NULL;
	bool doomed;

	if (!txn)
		return false;
	rcu_read_lock();
	natfw_map_show_ext(r->nn, proto, zone, addr, htons(port), natfw_rule_claiming,
			   &claiming);
	doomed = claiming && natfw_txn_dooms(txn, claiming);
	rcu_read_unlock();
	return doomed;
}

static int natfw_rule_claim_one(struct natfw_rule *r, u32 i,
				const struct natfw_key *internal, u16 zone,
				const union natfw_addr *addr, u16 port,
				const struct natfw_txn *txn,
				struct netlink_ext_ack *extack)
{
	struct natfw_map *m;

	if (r->map[i])
		return 0;	/* at commit: claimed before */
	m = natfw_map_claim(r->nn, r, internal, internal->proto, zone, addr,
			    htons(port));
	if (m == ERR_PTR(-EBUSY) &&
	    natfw_rule_succeeds(r, txn, internal->proto, zone, addr, port)) {
		r->late = true;
		return 0;
	}
	if (m == ERR_PTR(-EBUSY))
		NL_SET_ERR_MSG(extack, "the external endpoint lies in a pool and is another's");
	if (IS_ERR(m))
		return PTR_ERR(m);
	r->map[i] = m;
	return 0;
}

int natfw_rule_claim(struct natfw_rule *r, const struct natfw_match *m,
		     const struct natfw_txn *txn, struct netlink_ext_ack *extack)
{
	const struct natfw_nat *n = &r->nat;
	u16 zone = n->set & NATFW_N_OUT_ZONE ? n->out_zone : m->zone;
	struct natfw_key k;
	int err = 0;

	if (n->set & NATFW_N_SRC && n->src_len == 128 && natfw_match_endpoint(m, &k))
		err = natfw_rule_claim_one(r, 0, &k, zone, &n->src,
					   n->set & NATFW_N_SPORT ? n->sport_min :
					   m->sport_min, txn, extack);
	if (err || !(n->set & NATFW_N_DST) || n->dst_len != 128 ||
	    !(m->set & NATFW_M_DST) || m->dst_len != 128 ||
	    !(m->set & NATFW_M_DPORT) || m->dport_min != m->dport_max ||
	    !(m->set & NATFW_M_PROTO))
		return err;
	memset(&k, 0, sizeof(k));
	k.src = n->dst;
	k.sport = htons(n->set & NATFW_N_DPORT ? n->dport_min : m->dport_min);
	k.proto = m->proto;
	k.zone = zone;
	return natfw_rule_claim_one(r, 1, &k, m->zone, &m->dst, m->dport_min, txn,
				    extack);
}

/* ---- making ---- */

/* Without what it points to. NULL: no memory. */
static struct natfw_rule *natfw_rule_alloc(struct natfw_net *nn,
					   const struct natfw_rule_spec *spec)
{
	bool nat = spec->action == NATFW_ACTION_NAT;
	bool exact = natfw_match_exact(&spec->match);
	int kind = !exact ? 2 : nat;
	struct natfw_rule *r = kmem_cache_zalloc(natfw_rule_cache[kind], GFP_KERNEL);

	if (!r)
		return NULL;
	r->nn = nn;
	r->from = NATFW_NEVER;
	r->to = NATFW_NEVER;
	r->priority = spec->priority;
	r->has_mark = spec->has_mark;
	r->mark = spec->mark;
	r->action = spec->action;
	r->emit = spec->emit;
	r->flags = spec->flags | (nat ? NATFW_RULE_FLAG_STATEFUL : 0);
	if (!exact)
		r->match = spec->match;
	if (nat)
		r->nat = spec->nat;
	r->lifetime = spec->lifetime;
	r->exact = exact;
	refcount_set(&r->refs, 1);
	atomic_long_add(natfw_rule_size(kind), &nn->memory);
	return r;
}

/* Most rules that are made together are of one owner. */
static struct natfw_owner *natfw_rule_owner(struct natfw_net *nn,
					    const struct natfw_rule_spec *spec)
{
	struct natfw_owner *last = spec->last ? spec->last->owner : NULL;

	if (!last || memcmp(last->cookie, spec->cookie, NATFW_OWNER_LEN))
		return natfw_owner_get(nn, spec->cookie);
	natfw_owner_hold(last);
	return last;
}

static int natfw_rule_alloc_parts(struct natfw_rule *r,
				  const struct natfw_rule_spec *spec)
{
	if (spec->name) {
		r->name = kstrdup(spec->name, GFP_KERNEL_ACCOUNT);
		if (!r->name)
			return -ENOMEM;
	}
	if (!r->exact) {
		r->counters = alloc_percpu_gfp(struct natfw_rule_counter,
					       GFP_KERNEL_ACCOUNT);
		if (!r->counters)
			return -ENOMEM;
	}
	r->owner = natfw_rule_owner(r->nn, spec);
	return r->owner ? 0 : -ENOMEM;
}

static int natfw_rule_place(struct natfw_rule *r, const struct natfw_rule_spec *spec,
			    struct netlink_ext_ack *extack)
{
	struct natfw_flow *f;

	if (!r->exact)
		return natfw_classifier_add(r->nn, r);
	f = natfw_flow_create_exact(r, &spec->match, spec->txn);
	if (PTR_ERR(f) == -EEXIST)
		NL_SET_ERR_MSG(extack, "another rule translates to the same addresses and ports");
	if (IS_ERR(f))
		return PTR_ERR(f);
	r->flow = f;
	return 0;
}

static int natfw_rule_reserve(struct natfw_rule *r, const struct natfw_rule_spec *spec,
			      struct netlink_ext_ack *extack)
{
	if (!natfw_rule_translates(r))
		return 0;
	if (!(r->nat.set & NATFW_N_POOL))
		return natfw_rule_claim(r, &spec->match, spec->txn, extack);
	natfw_pool_hold(r->nat.pool);
	r->has_pool = true;
	return natfw_rule_lease(r, &spec->match, extack);
}

/* The id it will be known by; the slot is kept so that commit cannot fail. */
static int natfw_rule_number(struct natfw_rule *r)
{
	struct natfw_net *nn = r->nn;
	int err;

	r->id = nn->next_id + 1;
	err = xa_reserve(&nn->rules, r->id, GFP_KERNEL_ACCOUNT);
	if (!err)
		nn->next_id++;
	return err;
}

struct natfw_rule *natfw_rule_create(struct natfw_net *nn,
				     const struct natfw_rule_spec *spec,
				     struct netlink_ext_ack *extack)
{
	struct natfw_rule *r;
	int err;

	lockdep_assert_held(&nn->lock);
	err = natfw_check_room(nn, spec->txn, extack) ?: natfw_check_nat(spec, extack);
	if (err)
		return ERR_PTR(err);
	r = natfw_rule_alloc(nn, spec);
	if (!r)
		return ERR_PTR(-ENOMEM);
	err = natfw_rule_number(r);
	if (err)
		goto out;
	err = natfw_rule_alloc_parts(r, spec) ?: natfw_rule_reserve(r, spec, extack) ?:
	      natfw_rule_place(r, spec, extack);
	if (err)
		goto out_id;
	r->staged = true;
	nn->nstaged++;
	if (natfw_rule_turns_dst(r))
		WRITE_ONCE(nn->ndnat, nn->ndnat + 1);
	return r;
out_id:
	xa_release(&nn->rules, r->id);
out:
	natfw_rule_unreserve(r);
	natfw_rule_put(r);
	return ERR_PTR(err);
}

/* ---- in force ---- */

struct natfw_rule *natfw_rule_find(struct natfw_net *nn, u64 id)
{
	return xa_load(&nn->rules, id);
}

void natfw_rule_set_flags(struct natfw_rule *r, u32 flags)
{
	struct natfw_net *nn = r->nn;
	u64 gen = nn->gen + 1;

	lockdep_assert_held(&nn->lock);
	if (r->action == NATFW_ACTION_NAT)
		flags |= NATFW_RULE_FLAG_STATEFUL;
	WRITE_ONCE(r->flags, flags);
	if (!r->exact)
		WRITE_ONCE(nn->wild_gen, gen);
	/* pairs with natfw_process() */
	smp_store_release(&nn->gen, gen);
}

int natfw_rule_rename(struct natfw_rule *r, const char *name)
{
	char *copy = kstrdup(name, GFP_KERNEL_ACCOUNT);

	lockdep_assert_held(&r->nn->lock);
	if (!copy)
		return -ENOMEM;
	kfree(r->name);
	r->name = copy;
	return 0;
}

/* ---- the rule that is none ---- */

struct natfw_rule *natfw_fallback_create(struct natfw_net *nn)
{
	struct natfw_rule *r = kmem_cache_zalloc(natfw_rule_cache[2], GFP_KERNEL);

	if (!r)
		return NULL;
	r->nn = nn;
	r->to = NATFW_NEVER;
	r->id = U64_MAX;
	r->priority = U32_MAX;
	refcount_set(&r->refs, 1);
	atomic_long_add(natfw_rule_size(2), &nn->memory);
	return r;
}
