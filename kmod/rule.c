// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rules: making, putting in force, expiry, removal. rule.h explains
 * visibility.
 *
 * Expiry uses a wheel of one-second slots served by a delayed work. A rule
 * whose lifetime was extended stays in its old slot until that comes round
 * and is then moved, so a refresh is a store.
 */
#include <linux/prefetch.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "event.h"
#include "flow.h"
#include "owner.h"
#include "pool.h"
#include "rule.h"
#include "trace.h"
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

static bool natfw_rule_of_dev(const struct natfw_rule *r)
{
	return !r->exact && r->match.set & NATFW_M_DEV;
}

/* True if @r takes part in hairpinning as a destination. */
static bool natfw_rule_turns_dst(const struct natfw_rule *r)
{
	return natfw_rule_translates(r) && r->nat.set & (NATFW_N_DST | NATFW_N_DPORT);
}

/*
 * Let go of the pool and of reserved endpoints. Not left to the last reference: a mapping
 * holds one on the rule that made it.
 */
static void natfw_rule_unreserve(struct natfw_rule *r)
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

/*
 * The same for the flow of an exact rule, a grace period after it was unlinked.
 * But for mappings, packets find such a rule by its flow alone.
 */
static void natfw_rule_put_late(struct natfw_rule *r)
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
		*packets = natfw_acc_packets(&r->flow->half[0].count);
		*bytes = natfw_acc_bytes(&r->flow->half[0].count);
		if (r->flow->flags & NATFW_FLOW_TWO) {
			*packets += natfw_acc_packets(&r->flow->half[1].count);
			*bytes += natfw_acc_bytes(&r->flow->half[1].count);
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

/* True if who holds the endpoint goes as @r comes. */
static bool natfw_rule_succeeds(struct natfw_rule *r, const struct natfw_txn *txn,
				u8 proto, u16 zone, const union natfw_addr *addr,
				u16 port)
{
	struct natfw_map *m;
	bool doomed = false;

	if (!txn)
		return false;
	rcu_read_lock();
	m = natfw_map_find_ext(r->nn, proto, zone, addr, htons(port));
	if (m) {
		doomed = m->claimed && natfw_txn_dooms(txn, READ_ONCE(m->rule));
		natfw_map_put(m);
	}
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
	if (IS_ERR(m)) {
		NL_SET_ERR_MSG(extack, "the external endpoint lies in a pool and is another's");
		return PTR_ERR(m);
	}
	r->map[i] = m;
	return 0;
}

/* Static translations of one endpoint keep it from being handed out by a pool. */
static int natfw_rule_claim(struct natfw_rule *r, const struct natfw_match *m,
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

/*
 * Out of table or classifier; what was reserved is free again. The flow of an
 * exact rule is for the caller to reap, if it is returned.
 */
static struct natfw_flow *natfw_rule_displace(struct natfw_rule *r)
{
	struct natfw_net *nn = r->nn;
	struct natfw_flow *f = NULL;

	if (!r->exact)
		natfw_classifier_del(nn, r);
	else if (natfw_flow_unlink(nn, r->flow))
		f = r->flow;
	if (natfw_rule_turns_dst(r))
		WRITE_ONCE(nn->ndnat, nn->ndnat - 1);
	natfw_rule_unreserve(r);
	if (r->expires)
		hlist_del(&r->wheel);
	return f;
}

/* ---- what waits for packets to be done with it ---- */

/* Flows unlinked together; as many as fill a page's quarter. */
#define NATFW_GRAVE	125

struct natfw_grave {
	struct rcu_head		rcu;
	u32			n;
	struct natfw_flow	*flow[NATFW_GRAVE];
};

static void natfw_grave_reap(struct rcu_head *rcu)
{
	struct natfw_grave *g = container_of(rcu, struct natfw_grave, rcu);
	u32 i;

	for (i = 0; i < g->n; i++)
		natfw_rule_put_late(natfw_flow_reap(g->flow[i]));
	kfree(g);
}

static void natfw_grave_close(struct natfw_grave **g)
{
	if (*g)
		call_rcu(&(*g)->rcu, natfw_grave_reap);
	*g = NULL;
}

/* One grace period, and one callback, for many. */
static void natfw_grave_add(struct natfw_grave **g, struct natfw_flow *f)
{
	if (!*g) {
		*g = kmalloc(sizeof(**g), GFP_KERNEL | __GFP_NOWARN);
		if (*g)
			(*g)->n = 0;
	}
	if (!*g) {
		natfw_flow_reap_later(f);
		return;
	}
	(*g)->flow[(*g)->n++] = f;
	if ((*g)->n == NATFW_GRAVE)
		natfw_grave_close(g);
}

void natfw_rule_discard(struct natfw_rule *r)
{
	struct natfw_net *nn = r->nn;
	struct natfw_flow *f;

	lockdep_assert_held(&nn->lock);
	nn->nstaged--;
	xa_release(&nn->rules, r->id);
	f = natfw_rule_displace(r);
	if (f)
		natfw_flow_reap_later(f);
	natfw_rule_put(r);
}

/* ---- lifetime ---- */

static void natfw_wheel_add(struct natfw_rule *r)
{
	struct natfw_net *nn = r->nn;

	hlist_add_head(&r->wheel, &nn->wheel[(u64)r->expires % NATFW_WHEEL_SLOTS]);
}


void natfw_rule_refresh(struct natfw_rule *r, u32 lifetime)
{
	lockdep_assert_held(&r->nn->lock);
	if (r->expires)
		hlist_del(&r->wheel);
	r->lifetime = lifetime;
	r->expires = lifetime ? natfw_now() + lifetime : 0;
	if (r->expires)
		natfw_wheel_add(r);
}

/* Serve one slot; up to @max of the rules that are over go to @dead. */
static u32 natfw_wheel_slot(struct natfw_net *nn, time64_t second,
			    struct natfw_rule **dead, u32 max)
{
	struct hlist_head *head = &nn->wheel[(u64)second % NATFW_WHEEL_SLOTS];
	struct hlist_node *tmp;
	struct natfw_rule *r;
	u32 n = 0;

	hlist_for_each_entry_safe(r, tmp, head, wheel) {
		if (r->expires > second)
			continue;	/* another round */
		if (n == max)
			break;
		dead[n++] = r;
	}
	return n;
}

static void natfw_wheel_turn(struct natfw_net *nn, struct natfw_rule **dead)
{
	time64_t now = natfw_now();
	u32 n;

	/* after a long sleep one round sees every slot */
	if (now - nn->wheel_now > NATFW_WHEEL_SLOTS)
		nn->wheel_now = now - NATFW_WHEEL_SLOTS;
	while (nn->wheel_now < now) {
		n = natfw_wheel_slot(nn, nn->wheel_now + 1, dead, NATFW_EXPIRE_BATCH);
		if (n)
			natfw_rule_commit(nn, NULL, dead, n, NATFW_DEL_REASON_EXPIRY);
		if (n < NATFW_EXPIRE_BATCH)
			nn->wheel_now++;
	}
}

void natfw_rule_wheel(struct work_struct *work)
{
	struct natfw_net *nn = container_of(to_delayed_work(work),
					    struct natfw_net, wheel_work);

	mutex_lock(&nn->lock);
	natfw_wheel_turn(nn, nn->wheel_dead);
	natfw_classifier_tidy(nn);
	mutex_unlock(&nn->lock);
	queue_delayed_work(natfw_wq, &nn->wheel_work, HZ / 2);
}

/* ---- commit ---- */

void natfw_map_adopt(struct natfw_map *m, struct natfw_rule *r, u64 gen)
{
	struct natfw_rule *old = READ_ONCE(m->rule);

	if (old == r || READ_ONCE(old->to) > gen || !natfw_rule_hold(r))
		return;
	if (!try_cmpxchg(&m->rule, &old, r)) {
		natfw_rule_put(r);
		return;
	}
	if (!m->claimed && old->owner != r->owner) {
		natfw_owner_charge(r->owner, 0);
		natfw_owner_uncharge(old->owner);
	}
	natfw_rule_put(old);
}

/* Mappings reserved again by a rule that replaces another. */
static void natfw_rule_inherit(struct natfw_rule *r, u64 gen)
{
	u32 i;

	if (!natfw_rule_translates(r))
		return;
	for (i = 0; i < ARRAY_SIZE(r->map); i++) {
		if (!r->map[i])
			continue;
		WRITE_ONCE(r->map[i]->known, true);
		natfw_map_adopt(r->map[i], r, gen);
	}
}

/* Look at @id next in the array of rules, which is mostly the neighbour. */
static void natfw_rules_go(struct xa_state *xas, unsigned long id)
{
	if (xas_not_node(xas->xa_node) || xas->xa_node->shift ||
	    xas->xa_offset == XA_CHUNK_MASK || id != xas->xa_index + 1)
		xas_set(xas, id);
	else
		xas_next(xas);
}

/* Let others run now and then. */
static void natfw_rules_rest(struct xa_state *xas, u32 done)
{
	if (done % 1024)
		return;
	xas_unlock(xas);
	cond_resched();
	xas_lock(xas);
	xas_reset(xas);
}

static void natfw_rule_enforce(struct natfw_rule *r, u64 gen, time64_t now)
{
	struct natfw_net *nn = r->nn;

	WRITE_ONCE(r->from, gen);
	r->staged = false;
	r->owner->rules++;
	nn->nstaged--;
	if (++nn->nrules == (u64)nn->rule_max * nn->watermark / 100)
		natfw_event_limit(nn);
	nn->ndevrules += natfw_rule_of_dev(r);
	r->expires = r->lifetime ? now + r->lifetime : 0;
}

/* What a commit does to its new rules before and after they are in force. */
struct natfw_adding {
	u32	n;
	bool	wild;	/* some are not exact */
	bool	more;	/* some have a lifetime, or are late */
};

static void natfw_rules_enforce(struct natfw_net *nn, struct list_head *add, u64 gen,
				struct natfw_adding *a)
{
	XA_STATE(xas, &nn->rules, 0);
	time64_t now = natfw_now();
	struct natfw_rule *r;

	xas_lock(&xas);
	list_for_each_entry(r, add, list) {
		prefetch(list_next_entry(r, list));
		natfw_rule_enforce(r, gen, now);
		/* the place was reserved */
		natfw_rules_go(&xas, r->id);
		xas_store(&xas, r);
		natfw_rule_inherit(r, gen);
		a->wild |= !r->exact;
		a->more |= r->late || r->expires;
		natfw_rules_rest(&xas, ++a->n);
	}
	xas_unlock(&xas);
	WARN_ON_ONCE(xas_error(&xas));
}

/* The last use of the list, of which the members serve for other things now. */
static void natfw_rules_added(struct list_head *add, const struct natfw_adding *a)
{
	struct natfw_rule *r, *tmp;
	struct natfw_match m;

	if (!a->more)
		return;
	list_for_each_entry_safe(r, tmp, add, list) {
		/* now that who held them is gone; without memory they stay free */
		if (r->late) {
			natfw_rule_match(r, &m);
			natfw_rule_claim(r, &m, NULL, NULL);
		}
		r->late = false;
		if (r->expires)
			natfw_wheel_add(r);
		cond_resched();
	}
}

/* True if flows made by packets are left, which have to be looked for. */
static bool natfw_rule_retire(struct natfw_rule *r, struct natfw_grave **grave)
{
	struct natfw_flow *f = natfw_rule_displace(r);
	bool left;

	r->nn->nrules--;
	r->owner->rules--;
	r->nn->ndevrules -= natfw_rule_of_dev(r);
	left = atomic_read(&r->nflows);
	if (f)
		natfw_grave_add(grave, f);
	natfw_rule_put(r);
	return left;
}

static void natfw_rules_unlist(struct natfw_net *nn, struct natfw_rule **del, u32 ndel)
{
	XA_STATE(xas, &nn->rules, 0);
	u32 i;

	xas_lock(&xas);
	for (i = 0; i < ndel; i++) {
		natfw_rules_go(&xas, del[i]->id);
		xas_store(&xas, NULL);
		natfw_rules_rest(&xas, i + 1);
	}
	xas_unlock(&xas);
}

/* How far ahead things are fetched: rule and flow, one after the other. */
#define NATFW_AHEAD	4

static void natfw_rules_fetch(struct natfw_rule **del, u32 ndel, u32 i)
{
	if (i + 2 * NATFW_AHEAD < ndel) {
		prefetchw(&del[i + 2 * NATFW_AHEAD]->nn);
		prefetchw(del[i + 2 * NATFW_AHEAD]);
	}
	if (i + NATFW_AHEAD < ndel && del[i + NATFW_AHEAD]->exact)
		prefetchw(del[i + NATFW_AHEAD]->flow);
}

static void natfw_rules_retire(struct natfw_net *nn, struct natfw_rule **del, u32 ndel)
{
	struct natfw_grave *grave = NULL;
	bool left = false;
	u32 i;

	natfw_rules_unlist(nn, del, ndel);
	for (i = 0; i < ndel; i++) {
		natfw_rules_fetch(del, ndel, i);
		left |= natfw_rule_retire(del[i], &grave);
		cond_resched();
	}
	natfw_grave_close(&grave);
	if (left)
		natfw_flow_sweep(nn);
}

static void natfw_rule_tell(struct natfw_net *nn, struct list_head *add, u32 nadd,
			    struct natfw_rule **del, u32 ndel)
{
	struct natfw_rule *r;
	u32 i;

	if (nadd + ndel > NATFW_EVENT_BULK) {
		natfw_event_bulk(nn, nadd + ndel);
		return;
	}
	for (i = 0; i < ndel; i++)
		natfw_event_rule_del(del[i]);
	if (add)
		list_for_each_entry(r, add, list)
			natfw_event_rule_new(r);
}

static u32 natfw_rules_of_dev(struct natfw_net *nn, int ifindex,
			      struct natfw_rule **found, u32 max)
{
	struct natfw_rule *r;
	unsigned long id;
	u32 n = 0;

	xa_for_each(&nn->rules, id, r) {
		if (!natfw_rule_of_dev(r) || r->match.ifindex != ifindex)
			continue;
		found[n++] = r;
		if (n == max)
			break;
	}
	return n;
}

void natfw_rule_dev_gone(struct natfw_net *nn, int ifindex)
{
	u32 n;

	lockdep_assert_held(&nn->lock);
	while (nn->ndevrules) {
		n = natfw_rules_of_dev(nn, ifindex, nn->wheel_dead, NATFW_EXPIRE_BATCH);
		if (!n)
			break;
		natfw_rule_commit(nn, NULL, nn->wheel_dead, n, NATFW_DEL_REASON_DEVICE);
	}
}

/*
 * Unlink what went. Packets that took the generation before are not waited
 * for, which would cost each removal a grace period: they are told.
 */
static void natfw_rule_cut(struct natfw_net *nn, struct natfw_rule **del, u32 ndel,
			   u64 gen)
{
	if (!ndel)
		return;
	/* after nn->gen, which natfw_gen_stale() reads then */
	smp_store_release(&nn->cut_gen, gen);
	/* and before the first rule goes; pairs with natfw_gen_stale() */
	smp_wmb();
	natfw_rules_retire(nn, del, ndel);
}

/* Mark what goes. True if some of it is not exact. */
static bool natfw_rules_end(struct natfw_rule **del, u32 ndel, u64 gen, u8 why)
{
	bool wild = false;
	u32 i;

	for (i = 0; i < ndel; i++) {
		if (i + NATFW_AHEAD < ndel)
			prefetchw(del[i + NATFW_AHEAD]);
		del[i]->why = why;
		WRITE_ONCE(del[i]->to, gen);
		wild |= !del[i]->exact;
		if (!(i % 1024))
			cond_resched();
	}
	return wild;
}

u64 natfw_rule_commit(struct natfw_net *nn, struct list_head *add,
		      struct natfw_rule **del, u32 ndel, u8 why)
{
	struct natfw_adding a = {};
	u64 gen = nn->gen + 1;

	lockdep_assert_held(&nn->lock);
	a.wild = natfw_rules_end(del, ndel, gen, why);
	if (add)
		natfw_rules_enforce(nn, add, gen, &a);
	if (a.wild)
		WRITE_ONCE(nn->wild_gen, gen);
	/* pairs with natfw_process(): who sees gen sees from, to and lists */
	smp_store_release(&nn->gen, gen);
	trace_natfw_commit(nn->net, gen, a.n, ndel);
	natfw_rule_tell(nn, add, a.n, del, ndel);
	natfw_rule_cut(nn, del, ndel, gen);
	if (add)
		natfw_rules_added(add, &a);
	return gen;
}

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

void natfw_rule_flush_all(struct natfw_net *nn)
{
	struct natfw_grave *grave = NULL;
	struct natfw_rule *r;
	unsigned long id;

	lockdep_assert_held(&nn->lock);
	xa_for_each(&nn->rules, id, r) {
		WRITE_ONCE(r->to, nn->gen);
		xa_erase(&nn->rules, id);
		natfw_rule_retire(r, &grave);
		cond_resched();
	}
	natfw_grave_close(&grave);
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
