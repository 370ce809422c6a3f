// SPDX-License-Identifier: GPL-2.0-only
/*
 * Making flows.
 *
 * The reply half goes into the table first: were it the other way round, a
 * reply that is faster than we are would meet no flow. A half that another
 * packet's flow already holds is a clash for replies, and a lost race for the
 * first direction, in which case the other's flow is used.
 */
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/slab.h>

#include "bind.h"
#include "emit.h"
#include "event.h"
#include "pool.h"
#include "rule.h"
#include "trace.h"
#include "txn.h"

static struct kmem_cache *natfw_flow_cache[2];	/* one half, two halves */
static struct kmem_cache *natfw_peer_cache;

static size_t natfw_flow_size(int halves)
{
	return sizeof(struct natfw_flow) + halves * sizeof(struct natfw_half);
}

/* ---- objects ---- */

static bool natfw_limit_take(struct natfw_net *nn, atomic_t *count, u32 max)
{
	u32 n = atomic_inc_return(count);

	if (n > max) {
		atomic_dec(count);
		return false;
	}
	if (count == &nn->nflows &&
	    n == (u64)max * READ_ONCE(nn->watermark) / 100)
		natfw_event_limit(nn);
	return true;
}

/* Room in the namespace for one more; exact rules were counted as rules. */
static bool natfw_flow_admit(struct natfw_net *nn, u8 flags)
{
	if (flags & NATFW_FLOW_RULE)
		return true;
	if (flags & NATFW_FLOW_TWO)
		return natfw_limit_take(nn, &nn->nflows, READ_ONCE(nn->flow_max));
	return natfw_limit_take(nn, &nn->ncached, READ_ONCE(nn->cache_max));
}

void natfw_flow_uncount(struct natfw_net *nn, struct natfw_flow *f)
{
	if (f->flags & NATFW_FLOW_TWO) {
		atomic_dec(&f->rule->nflows);
		if (f->half[1].node.key.zone == NATFW_ZONE_LOCAL)
			atomic_dec(&nn->nlocal);
	}
	if (f->flags & NATFW_FLOW_RULE)
		return;
	atomic_dec(f->flags & NATFW_FLOW_TWO ? &nn->nflows : &nn->ncached);
}

/* ERR_PTR(-ENOSPC) at the limit, ERR_PTR(-ENOMEM). */
static struct natfw_flow *natfw_flow_alloc(struct natfw_rule *r, u8 flags, gfp_t gfp)
{
	int two = !!(flags & NATFW_FLOW_TWO);
	struct natfw_net *nn = r->nn;
	struct natfw_flow *f;

	if (!natfw_flow_admit(nn, flags))
		return ERR_PTR(-ENOSPC);
	f = kmem_cache_zalloc(natfw_flow_cache[two], gfp);
	if (!f) {
		if (!(flags & NATFW_FLOW_RULE))
			atomic_dec(two ? &nn->nflows : &nn->ncached);
		return ERR_PTR(-ENOMEM);
	}
	f->flags = flags;
	f->rule = r;
	natfw_rule_hold(r);
	f->half[0].node.used = (u32)jiffies;
	if (two) {
		f->half[1].node.flags = NATFW_NODE_REPLY;
		f->half[1].node.used = (u32)jiffies;
		atomic_inc(&r->nflows);
	}
	atomic_long_add(natfw_flow_size(1 + two), &nn->memory);
	return f;
}

void natfw_flow_free(struct natfw_net *nn, struct natfw_flow *f)
{
	int two = !!(f->flags & NATFW_FLOW_TWO);

	atomic_long_sub(natfw_flow_size(1 + two), &nn->memory);
	kmem_cache_free(natfw_flow_cache[two], f);
}

static int natfw_half_insert(struct natfw_net *nn, struct natfw_half *h,
			     bool (*clash)(struct natfw_node *old, void *arg),
			     void *arg)
{
	return natfw_table_insert(&nn->table, &h->node,
				  natfw_table_hash(&nn->table, &h->node.key),
				  clash, arg);
}

/* ---- clashes ---- */

struct natfw_contest {
	const struct natfw_pkt	*p;
	const struct natfw_rule	*rule;
	struct natfw_flow	*flow;	/* ours */
};

static bool natfw_flow_dead(const struct natfw_flow *f, u64 gen)
{
	return READ_ONCE(f->rule->to) <= gen;
}

static bool natfw_flow_cached(const struct natfw_flow *f)
{
	return !(f->flags & (NATFW_FLOW_TWO | NATFW_FLOW_RULE));
}

/* Stripe lock held, as in all callbacks below. */
static void natfw_node_mark(struct natfw_node *n, u8 flag)
{
	WRITE_ONCE(n->flags, n->flags | flag);
}

/*
 * Another flow's half has the key of our reply. Which of them counts for a
 * packet is for the precedence of their rules to say, unless both translate
 * back: then one of the two would lose its replies.
 */
static bool natfw_clash_reply(struct natfw_node *old, void *arg)
{
	struct natfw_flow *f = natfw_half_flow(natfw_node_half(old));
	const struct natfw_contest *c = arg;

	if (natfw_flow_dead(f, c->p->gen)) {
		natfw_node_mark(old, NATFW_NODE_DEAD);
		return false;
	}
	if (natfw_flow_cached(f)) {
		if (!natfw_rule_beats(f->rule, c->rule))
			natfw_node_mark(old, NATFW_NODE_DEAD);
		return false;
	}
	if (old->flags & NATFW_NODE_REPLY && f->flags & NATFW_FLOW_NAT &&
	    c->flow->flags & NATFW_FLOW_NAT)
		return true;
	natfw_node_mark(old, NATFW_NODE_SHARED);
	natfw_node_mark(&c->flow->half[1].node, NATFW_NODE_SHARED);
	return false;
}

/* For a first half: a second flow of the same rule is a lost race. */
static bool natfw_clash_orig(struct natfw_node *old, void *arg)
{
	struct natfw_flow *f = natfw_half_flow(natfw_node_half(old));
	const struct natfw_contest *c = arg;

	if (old->flags & NATFW_NODE_DEAD)
		return false;
	if (natfw_flow_dead(f, c->p->gen) || natfw_flow_cached(f)) {
		natfw_node_mark(old, NATFW_NODE_DEAD);
		return false;
	}
	if (!(old->flags & NATFW_NODE_REPLY) && f->rule == c->rule)
		return true;
	natfw_node_mark(old, NATFW_NODE_SHARED);
	natfw_node_mark(&c->flow->half[0].node, NATFW_NODE_SHARED);
	return false;
}

/* For a cached verdict: one is enough, and older ones are wrong. */
static bool natfw_clash_cached(struct natfw_node *old, void *arg)
{
	struct natfw_flow *f = natfw_half_flow(natfw_node_half(old));
	const struct natfw_contest *c = arg;

	if (!natfw_flow_cached(f) || old->flags & NATFW_NODE_DEAD)
		return false;
	if (f->rule == c->rule)
		return true;
	natfw_node_mark(old, NATFW_NODE_DEAD);
	return false;
}

/* ---- cached verdicts ---- */

static void natfw_bind_cached(struct natfw_pkt *p, struct natfw_rule *w,
			      struct natfw_decision *v)
{
	struct natfw_contest c = { .p = p, .rule = w };
	u8 flags = w->action == NATFW_ACTION_DENY ||
		   w->action == NATFW_ACTION_REJECT ? NATFW_FLOW_DENY : 0;
	struct natfw_flow *f;

	v->half = NULL;
	v->rule = w;
	f = natfw_flow_alloc(w, flags, GFP_ATOMIC);
	if (IS_ERR(f))
		return;
	f->half[0].node.key = p->key;
	f->half[0].node.slot = p->nd->slot;
	f->half[0].gen = (u32)p->gen;
	if (natfw_half_insert(p->nn, &f->half[0], natfw_clash_cached, &c))
		natfw_flow_dispose(p->nn, f);
	else
		v->half = &f->half[0];
}

/* ---- translation ---- */

/* Prefix of @prefix, host bits of @host. */
static void natfw_addr_merge(union natfw_addr *out, const union natfw_addr *prefix,
			     u8 len, const union natfw_addr *host)
{
	u8 mask;
	u32 i;

	for (i = 0; i < 16; i++, len -= min_t(u8, len, 8)) {
		mask = len >= 8 ? 0xff : (u8)~(0xff >> len);
		out->b[i] = (prefix->b[i] & mask) | (host->b[i] & ~mask);
	}
}

/* @first of the translation, as far on as @port is into the match. */
static __be16 natfw_port_shift(__be16 port, u16 match_first, bool matched, u16 first,
			       u16 last)
{
	u16 offset = matched && last > first ? ntohs(port) - match_first : 0;

	return htons(first + offset);
}

static void natfw_xlat_dst(const struct natfw_rule *r, const struct natfw_key *k,
			   struct natfw_xlat *x)
{
	const struct natfw_nat *n = &r->nat;

	if (n->set & NATFW_N_DST)
		natfw_addr_merge(&x->dst, &n->dst, n->dst_len, &k->dst);
	if (n->set & NATFW_N_DPORT)
		x->dport = natfw_port_shift(k->dport, r->match.dport_min,
					    r->match.set & NATFW_M_DPORT,
					    n->dport_min, n->dport_max);
}

static void natfw_xlat_src(const struct natfw_rule *r, const struct natfw_key *k,
			   struct natfw_xlat *x)
{
	const struct natfw_nat *n = &r->nat;

	if (n->set & NATFW_N_SRC)
		natfw_addr_merge(&x->src, &n->src, n->src_len, &k->src);
	if (n->set & NATFW_N_SPORT)
		x->sport = natfw_port_shift(k->sport, r->match.sport_min,
					    r->match.set & NATFW_M_SPORT,
					    n->sport_min, n->sport_max);
}

static void natfw_xlat_none(struct natfw_xlat *x, const struct natfw_key *k)
{
	x->src = k->src;
	x->dst = k->dst;
	x->sport = k->sport;
	x->dport = k->dport;
	x->do_src = false;
	x->do_dst = false;
}

static bool natfw_xlat_moves_dst(const struct natfw_xlat *x, const struct natfw_key *k)
{
	return !natfw_addr_equal(&x->dst, &k->dst) || x->dport != k->dport;
}

static bool natfw_map_is_for(const struct natfw_map *m, const struct natfw_key *k)
{
	const struct natfw_key *i = &m->internal.key;

	return natfw_addr_equal(&i->src, &k->src) && i->sport == k->sport &&
	       i->proto == k->proto && i->zone == k->zone;
}

/* The mapping @r uses for the source of @p; reserved ones come first. */
static struct natfw_map *natfw_bind_map(struct natfw_pkt *p, struct natfw_rule *r)
{
	struct natfw_map *m;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(r->map); i++) {
		m = READ_ONCE(r->map[i]);
		if (m && !m->claimed && natfw_map_is_for(m, &p->key) &&
		    refcount_inc_not_zero(&m->refs))
			return m;
	}
	m = natfw_map_get(r->nat.pool, r, &p->key, r->flags, NULL);
	if (!IS_ERR(m))
		natfw_map_adopt(m, r, p->gen);
	return m;
}

static int natfw_map_refused(struct natfw_pkt *p, long err)
{
	switch (err) {
	case -ENOSPC:
		natfw_answer_unreachable(p, ICMP_HOST_UNREACH, ICMPV6_ADDR_UNREACH);
		return natfw_fail(NATFW_R_NO_PORT);
	case -EDQUOT:
		natfw_answer_unreachable(p, ICMP_PKT_FILTERED, ICMPV6_ADM_PROHIBITED);
		return natfw_fail(NATFW_R_QUOTA);
	case -ENOMEM:
		return natfw_fail(NATFW_R_NO_MEMORY);
	default:
		return natfw_fail(NATFW_R_NOT_TRANSLATABLE);
	}
}

/* ---- permissions ---- */

static void natfw_peer_key(struct natfw_key *k, const struct natfw_map *m,
			   const union natfw_addr *remote)
{
	*k = m->external.key;
	k->kind = NATFW_KIND_PEER;
	k->src = *remote;
	k->sport = 0;
}

static struct natfw_peer *natfw_peer_find(struct natfw_net *nn,
					  const struct natfw_key *k)
{
	struct natfw_table_match m;
	struct natfw_node *n;

	n = natfw_table_first(&nn->table, k, natfw_table_hash(&nn->table, k), &m);
	return n ? container_of(n, struct natfw_peer, node) : NULL;
}

static bool natfw_clash_peer(struct natfw_node *old, void *arg)
{
	struct natfw_peer *peer = container_of(old, struct natfw_peer, node);

	if (!refcount_inc_not_zero(&peer->refs))
		return false;	/* on its way out */
	*(struct natfw_peer **)arg = peer;
	return true;
}

static struct natfw_peer *natfw_peer_get(struct natfw_net *nn,
					 const struct natfw_map *m,
					 const union natfw_addr *remote)
{
	struct natfw_peer *peer, *theirs = NULL;
	struct natfw_key k;

	natfw_peer_key(&k, m, remote);
	peer = natfw_peer_find(nn, &k);
	if (peer && refcount_inc_not_zero(&peer->refs))
		return peer;
	peer = kmem_cache_zalloc(natfw_peer_cache, GFP_ATOMIC);
	if (!peer)
		return NULL;
	peer->node.key = k;
	refcount_set(&peer->refs, 1);
	atomic_long_add(sizeof(*peer), &nn->memory);
	if (!natfw_table_insert(&nn->table, &peer->node,
				natfw_table_hash(&nn->table, &k),
				natfw_clash_peer, &theirs))
		return peer;
	atomic_long_sub(sizeof(*peer), &nn->memory);
	kmem_cache_free(natfw_peer_cache, peer);
	return theirs;
}

static void natfw_peer_free_rcu(struct rcu_head *rcu)
{
	kmem_cache_free(natfw_peer_cache, container_of(rcu, struct natfw_peer, rcu));
}

void natfw_peer_put(struct natfw_net *nn, struct natfw_peer *peer)
{
	if (!peer || !refcount_dec_and_test(&peer->refs))
		return;
	natfw_table_remove(&nn->table, &peer->node);
	atomic_long_sub(sizeof(*peer), &nn->memory);
	call_rcu(&peer->rcu, natfw_peer_free_rcu);
}

static bool natfw_map_admits(struct natfw_net *nn, const struct natfw_map *m,
			     const union natfw_addr *remote)
{
	struct natfw_key k;

	switch (natfw_map_filtering(m)) {
	case NATFW_FILTERING_ENDPOINT_INDEPENDENT:
		return true;
	case NATFW_FILTERING_ADDRESS_DEPENDENT:
		natfw_peer_key(&k, m, remote);
		return natfw_peer_find(nn, &k);
	default:
		return false;
	}
}

/* ---- flows with state ---- */

/* Put both halves in the table. 0, or natfw_fail(), and @f is gone. */
static int natfw_flow_publish(struct natfw_pkt *p, struct natfw_flow *f)
{
	struct natfw_contest c = { .p = p, .rule = f->rule, .flow = f };
	struct natfw_net *nn = p->nn;
	int err;

	err = natfw_half_insert(nn, &f->half[1], natfw_clash_reply, &c);
	if (err)
		goto out;
	err = natfw_half_insert(nn, &f->half[0], natfw_clash_orig, &c);
	if (!err) {
		if (f->map && !READ_ONCE(f->map->known))
			WRITE_ONCE(f->map->known, true);
		trace_natfw_flow_new(f);
		return 0;
	}
	natfw_table_remove(&nn->table, &f->half[1].node);
out:
	natfw_flow_dispose(nn, f);
	return err == -ENOMEM ? natfw_fail(NATFW_R_NO_MEMORY)
			      : natfw_fail(NATFW_R_CLASH);
}

/* What a new flow needs beyond its rule. */
struct natfw_plan {
	struct natfw_xlat	x;
	struct natfw_map	*map;		/* reference, or NULL */
	u16			zone;		/* of replies */
	bool			stateless;	/* nothing to keep after all */
};

static void natfw_half_init(struct natfw_half *h, const struct natfw_key *k,
			    const struct natfw_pkt *p, bool current_one)
{
	h->node.key = *k;
	if (!current_one)
		return;
	h->node.slot = p->nd->slot;
	h->gen = (u32)p->gen;
}

static void natfw_reply_key(struct natfw_key *k, const struct natfw_key *orig,
			    const struct natfw_xlat *x, u16 zone)
{
	natfw_key_reverse(k, orig, zone);
	k->src = x->dst;
	k->sport = x->dport;
	k->dst = x->src;
	k->dport = x->sport;
	if (!natfw_proto_has_id(k->proto))
		k->ports = 0;	/* the other direction's SPI is unknown */
}

/* The flow another packet made in the meantime, if that is why @err. */
static int natfw_bind_lost(struct natfw_pkt *p, const struct natfw_key *orig,
			   int err, struct natfw_decision *v)
{
	struct natfw_half *h;

	if (err != natfw_fail(NATFW_R_CLASH))
		return err;
	h = natfw_flow_peek(p, orig);
	if (!h || natfw_half_flow(h)->rule != v->rule)
		return err;
	v->half = h;
	return 0;
}

/* Make the flow of @p by the plan; the plan's reference is taken over. */
static int natfw_bind_plan(struct natfw_pkt *p, struct natfw_rule *w,
			   struct natfw_plan *plan, bool cacheable,
			   struct natfw_decision *v)
{
	u8 flags = NATFW_FLOW_TWO |
		   (w->action == NATFW_ACTION_NAT ? NATFW_FLOW_NAT : 0);
	struct natfw_key orig = p->key, reply;
	struct natfw_flow *f;
	int err;

	v->rule = w;
	f = natfw_flow_alloc(w, flags, GFP_ATOMIC);
	if (IS_ERR(f)) {
		if (plan->map)
			natfw_map_put(plan->map);
		return PTR_ERR(f) == -ENOSPC ? natfw_fail(NATFW_R_FLOW_LIMIT)
					     : natfw_fail(NATFW_R_NO_MEMORY);
	}
	f->map = plan->map;
	if (!natfw_proto_has_id(orig.proto))
		orig.ports = 0;		/* nor does translation know of SPIs */
	natfw_reply_key(&reply, &orig, &plan->x, plan->zone);
	natfw_half_init(&f->half[0], &orig, p, cacheable);
	natfw_half_init(&f->half[1], &reply, p, false);
	if (plan->zone == NATFW_ZONE_LOCAL)
		atomic_inc(&p->nn->nlocal);
	if (f->map && natfw_map_filtering(f->map) == NATFW_FILTERING_ADDRESS_DEPENDENT) {
		f->peer = natfw_peer_get(p->nn, f->map, &reply.src);
		if (!f->peer) {
			natfw_flow_dispose(p->nn, f);
			return natfw_fail(NATFW_R_NO_MEMORY);
		}
	}
	err = natfw_flow_publish(p, f);
	if (err)
		return natfw_bind_lost(p, &orig, err, v);
	v->half = &f->half[0];
	return 0;
}

/* ---- planning ---- */

static int natfw_plan_translatable(const struct natfw_pkt *p,
				   const struct natfw_rule *w)
{
	u16 ports = NATFW_N_POOL | NATFW_N_SPORT | NATFW_N_DPORT;

	if (p->flags & NATFW_P_OPAQUE || p->key.proto == IPPROTO_AH)
		return natfw_fail(NATFW_R_NOT_TRANSLATABLE);
	if (!(w->nat.set & ports))
		return 0;
	if (natfw_proto_has_ports(p->key.proto))
		return 0;
	/* of ICMP only the one who asks has an identifier to translate */
	if (p->flags & NATFW_P_QUERY && (p->key.sport || !p->key.dport) &&
	    !(w->nat.set & NATFW_N_DPORT))
		return 0;
	return natfw_fail(NATFW_R_NOT_TRANSLATABLE);
}

/*
 * A packet from inside to an external endpoint of ours (RFC 4787 REQ-9): turn
 * its destination to the internal one, as if it came in from outside.
 */
static int natfw_plan_hairpin(struct natfw_pkt *p, const struct natfw_rule *w,
			      struct natfw_plan *plan)
{
	u16 zone = w->nat.set & NATFW_N_POOL ? natfw_pool_zone(w->nat.pool) : p->key.zone;
	struct natfw_map *m;
	int err = 0;

	if (!natfw_pool_owns(p->nn, zone, &p->key.dst))
		return 0;
	m = natfw_map_find_ext(p->nn, p->key.proto, zone, &p->key.dst, p->key.dport);
	if (!m)
		return 0;
	/* the filter sees the sender as it will look after translation */
	if (!natfw_map_admits(p->nn, m, &plan->x.src)) {
		err = natfw_fail(NATFW_R_FILTERED);
	} else {
		plan->x.dst = m->internal.key.src;
		plan->x.dport = m->internal.key.sport;
		plan->zone = m->internal.key.zone;
	}
	natfw_map_put(m);
	return err;
}

/* A DNAT rule that would apply to @p once its source is translated, or NULL. */
static struct natfw_rule *natfw_plan_dnat_rule(struct natfw_pkt *p,
					       const struct natfw_rule *w,
					       const struct natfw_plan *plan)
{
	u16 zone = w->nat.set & NATFW_N_POOL ? natfw_pool_zone(w->nat.pool) : p->key.zone;
	struct natfw_search s;
	struct natfw_pkt q = *p;
	struct natfw_half *h;
	struct natfw_rule *r;

	q.key.src = plan->x.src;
	q.key.sport = plan->x.sport;
	q.key.zone = zone;
	h = natfw_flow_peek(&q, &q.key);
	r = natfw_classify(p->nn, &q, h ? natfw_half_flow(h)->rule : NULL, &s);
	if (!r && h && !(h->node.flags & NATFW_NODE_REPLY))
		r = natfw_half_flow(h)->rule;
	if (!r || r == w || r->action != NATFW_ACTION_NAT ||
	    !(r->nat.set & (NATFW_N_DST | NATFW_N_DPORT)))
		return NULL;
	return r;
}

/* Where the packet goes decides the zone of replies, and if there are any. */
static int natfw_plan_route(struct natfw_pkt *p, const struct natfw_rule *w,
			    struct natfw_plan *plan, bool zone_known)
{
	bool nat = w->action == NATFW_ACTION_NAT;
	struct natfw_dev *out;
	struct natfw_route rt;
	int err = 0;

	natfw_route_find(p, &plan->x.dst, &rt);
	if (rt.type == NATFW_ROUTE_FORWARD && nat && p->ttl <= 1) {
		natfw_answer_ttl(p);	/* it ends here: no state for it */
		err = natfw_fail(NATFW_R_TTL);
	} else if (rt.type == NATFW_ROUTE_FORWARD) {
		out = natfw_dev_get_rcu(rt.dst->dev);
		if (!zone_known)
			plan->zone = out ? READ_ONCE(out->zone) : 0;
	} else if (rt.type == NATFW_ROUTE_LOCAL && natfw_xlat_moves_dst(&plan->x, &p->key)) {
		plan->zone = NATFW_ZONE_LOCAL;
	} else if (rt.type == NATFW_ROUTE_NONE && nat) {
		natfw_answer_noroute(p, rt.error);
		err = natfw_fail(NATFW_R_UNREACHABLE);
	} else {
		plan->stateless = true;
	}
	natfw_route_put(&rt);
	return err;
}

static int natfw_plan_source(struct natfw_pkt *p, struct natfw_rule *w,
			     struct natfw_plan *plan)
{
	struct natfw_map *m;

	natfw_xlat_src(w, &p->key, &plan->x);
	if (!(w->nat.set & NATFW_N_POOL))
		return 0;
	m = natfw_bind_map(p, w);
	if (IS_ERR(m))
		return natfw_map_refused(p, PTR_ERR(m));
	plan->map = m;
	plan->x.src = *natfw_map_ext_addr(m);
	plan->x.sport = natfw_map_ext_port(m);
	return 0;
}

/*
 * Hairpin: the destination is external too. Known only once the source is
 * translated, which is why it comes last; the route is then looked up again.
 */
static int natfw_plan_inward(struct natfw_pkt *p, struct natfw_rule *w,
			     struct natfw_plan *plan)
{
	struct natfw_rule *r;
	int err;

	if (natfw_xlat_moves_dst(&plan->x, &p->key) ||
	    !(w->nat.set & (NATFW_N_POOL | NATFW_N_SRC)))
		return 0;
	err = natfw_plan_hairpin(p, w, plan);
	if (err || natfw_xlat_moves_dst(&plan->x, &p->key))
		return err;
	r = natfw_plan_dnat_rule(p, w, plan);
	if (r)
		natfw_xlat_dst(r, &p->key, &plan->x);
	return 0;
}

static bool natfw_zone_given(const struct natfw_rule *w, u16 *zone)
{
	if (w->nat.set & NATFW_N_OUT_ZONE)
		*zone = w->nat.out_zone;
	else if (w->nat.set & NATFW_N_POOL)
		*zone = natfw_pool_zone(w->nat.pool);
	else
		return false;
	return true;
}

/*
 * True if a packet to @p's destination from inside may have to be turned
 * round: some external endpoint, or host with a DNAT rule, has that address.
 */
static bool natfw_plan_may_turn(const struct natfw_pkt *p, const struct natfw_rule *w)
{
	u16 zone = p->key.zone;

	natfw_zone_given(w, &zone);
	return natfw_pool_owns(p->nn, zone, &p->key.dst) ||
	       READ_ONCE(p->nn->ndnat);
}

static int natfw_plan_nat(struct natfw_pkt *p, struct natfw_rule *w,
			  struct natfw_plan *plan)
{
	bool given = natfw_zone_given(w, &plan->zone);
	int err;

	err = natfw_plan_translatable(p, w);
	if (err)
		return err;
	natfw_xlat_dst(w, &p->key, &plan->x);
	if (natfw_plan_may_turn(p, w)) {
		err = natfw_plan_source(p, w, plan) ?: natfw_plan_inward(p, w, plan);
		given &= !natfw_xlat_moves_dst(&plan->x, &p->key) ||
			 w->nat.set & (NATFW_N_DST | NATFW_N_DPORT);
		if (!err)
			err = natfw_plan_route(p, w, plan, given);
	} else {
		err = natfw_plan_route(p, w, plan, given);
		if (!err && !plan->stateless)
			err = natfw_plan_source(p, w, plan);
	}
	if (!err && plan->stateless)
		err = natfw_fail(NATFW_R_PASS_LOCAL);	/* ours, or a group's */
	if (err && plan->map) {
		natfw_map_put(plan->map);
		plan->map = NULL;
	}
	return err;
}

static int natfw_bind_state(struct natfw_pkt *p, struct natfw_rule *w, bool cacheable,
			    struct natfw_decision *v)
{
	struct natfw_plan plan = {};
	int err;

	/* before a port is taken for nothing */
	if ((u32)atomic_read(&p->nn->nflows) >= READ_ONCE(p->nn->flow_max))
		return natfw_fail(NATFW_R_FLOW_LIMIT);
	natfw_xlat_none(&plan.x, &p->key);
	if (w->action == NATFW_ACTION_NAT)
		err = natfw_plan_nat(p, w, &plan);
	else
		err = natfw_plan_route(p, w, &plan, false);
	if (err)
		return err;
	if (plan.stateless)	/* as the route is now, hence not remembered */
		return 0;
	return natfw_bind_plan(p, w, &plan, cacheable, v);
}

/* ---- from outside, to a mapped endpoint ---- */

/* The flow an inside host would have made, entered from its other end. */
static int natfw_bind_inward(struct natfw_pkt *p, struct natfw_map *m,
			     bool cacheable, struct natfw_decision *v)
{
	struct natfw_rule *r = READ_ONCE(m->rule);
	struct natfw_flow *f;
	struct natfw_key orig;
	int err;

	f = natfw_flow_alloc(r, NATFW_FLOW_TWO | NATFW_FLOW_NAT, GFP_ATOMIC);
	if (IS_ERR(f))
		return PTR_ERR(f) == -ENOSPC ? natfw_fail(NATFW_R_FLOW_LIMIT)
					     : natfw_fail(NATFW_R_NO_MEMORY);
	natfw_map_hold(m);
	f->map = m;
	natfw_key_reverse(&orig, &p->key, m->internal.key.zone);
	orig.src = m->internal.key.src;
	orig.sport = m->internal.key.sport;
	natfw_half_init(&f->half[0], &orig, p, false);
	natfw_half_init(&f->half[1], &p->key, p, cacheable);
	v->rule = r;
	err = natfw_flow_publish(p, f);
	if (err)
		return natfw_bind_lost(p, &p->key, err, v);
	v->half = &f->half[1];
	return 0;
}

/* True if @p is for an address mappings are made from. */
static bool natfw_bind_external(const struct natfw_pkt *p)
{
	return natfw_proto_has_id(p->key.proto) &&
	       natfw_pool_owns(p->nn, p->key.zone, &p->key.dst);
}

/* 1 if @p is for no mapped endpoint, or @w beats the mapping's rule. */
static int natfw_bind_mapped(struct natfw_pkt *p, const struct natfw_rule *w,
			     bool cacheable, struct natfw_decision *v)
{
	struct natfw_rule *r;
	struct natfw_map *m;
	int err = 1;

	m = natfw_map_find_ext(p->nn, p->key.proto, p->key.zone, &p->key.dst,
			       p->key.dport);
	if (!m)
		return 1;
	r = READ_ONCE(m->rule);
	if (m->claimed || !natfw_rule_visible(r, p->gen) ||
	    (w && natfw_rule_beats(w, r)))
		goto out;
	if (natfw_map_admits(p->nn, m, &p->key.src))
		err = natfw_bind_inward(p, m, cacheable, v);
	else
		err = natfw_fail(NATFW_R_FILTERED);
out:
	natfw_map_put(m);
	return err;
}

/* ---- entry ---- */

int natfw_bind(struct natfw_pkt *p, struct natfw_rule *w, bool cacheable,
	       struct natfw_decision *v)
{
	bool stateful = w->flags & NATFW_RULE_FLAG_STATEFUL &&
			(w->action == NATFW_ACTION_NAT ||
			 w->action == NATFW_ACTION_ALLOW);
	bool external = natfw_bind_external(p);
	int err;

	v->half = NULL;
	v->rule = w;
	if (external) {
		err = natfw_bind_mapped(p, w, cacheable, v);
		if (err <= 0)
			return err;
		v->rule = w;
	}
	if (stateful)
		return natfw_bind_state(p, w, cacheable, v);
	/* a mapping made later may claim packets to an external endpoint */
	if (cacheable && !external)
		natfw_bind_cached(p, w, v);
	return 0;
}

int natfw_bind_unmatched(struct natfw_pkt *p, const struct natfw_search *s,
			 struct natfw_decision *v)
{
	bool external = natfw_bind_external(p);
	int err;

	v->half = NULL;
	if (external) {
		err = natfw_bind_mapped(p, NULL, !s->uncacheable, v);
		if (err <= 0)
			return err;
	}
	v->rule = NULL;
	if (s->subtables && !s->uncacheable && !external)
		natfw_bind_cached(p, p->nn->fallback, v);
	return 0;
}

/* ---- exact rules ---- */

static void natfw_exact_key(struct natfw_key *k, const struct natfw_match *m)
{
	memset(k, 0, sizeof(*k));
	k->src = m->src;
	k->dst = m->dst;
	if (m->set & NATFW_M_SPI) {
		k->ports = m->spi;
	} else {
		k->sport = htons(m->sport_min);
		k->dport = htons(m->dport_min);
	}
	k->proto = m->proto;
	k->kind = NATFW_KIND_FLOW;
	k->zone = m->zone;
}

static void natfw_exact_reply(struct natfw_rule *r, const struct natfw_key *orig,
			      struct natfw_key *reply)
{
	u16 zone = orig->zone;
	struct natfw_xlat x;

	natfw_xlat_none(&x, orig);
	natfw_zone_given(r, &zone);
	natfw_xlat_dst(r, orig, &x);
	natfw_xlat_src(r, orig, &x);
	if (r->nat.set & NATFW_N_POOL) {
		x.src = *natfw_map_ext_addr(r->map[0]);
		x.sport = natfw_map_ext_port(r->map[0]);
	}
	natfw_reply_key(reply, orig, &x, zone);
}

static u8 natfw_exact_flags(const struct natfw_rule *r)
{
	u8 flags = NATFW_FLOW_RULE;

	if (r->flags & NATFW_RULE_FLAG_STATEFUL)
		flags |= NATFW_FLOW_TWO;
	if (r->action == NATFW_ACTION_NAT)
		flags |= NATFW_FLOW_NAT;
	if (r->action == NATFW_ACTION_DENY || r->action == NATFW_ACTION_REJECT)
		flags |= NATFW_FLOW_DENY;
	return flags;
}

struct natfw_exact {
	const struct natfw_flow	*ours;
	const struct natfw_txn	*txn;
};

/* Another exact rule that stays in force would lose its replies to this one. */
static bool natfw_clash_exact(struct natfw_node *old, void *arg)
{
	struct natfw_flow *f = natfw_half_flow(natfw_node_half(old));
	const struct natfw_exact *e = arg;

	return old->flags & NATFW_NODE_REPLY && f->flags & NATFW_FLOW_RULE &&
	       f->flags & NATFW_FLOW_NAT && e->ours->flags & NATFW_FLOW_NAT &&
	       READ_ONCE(f->rule->to) == NATFW_NEVER &&
	       !(e->txn && natfw_txn_dooms(e->txn, f->rule));
}

struct natfw_flow *natfw_flow_create_exact(struct natfw_rule *r,
					   const struct natfw_txn *txn)
{
	struct natfw_net *nn = r->nn;
	struct natfw_exact e = { .txn = txn };
	struct natfw_flow *f;
	int err;

	lockdep_assert_held(&nn->lock);
	f = natfw_flow_alloc(r, natfw_exact_flags(r), GFP_KERNEL);
	if (IS_ERR(f))
		return f;
	e.ours = f;
	natfw_exact_key(&f->half[0].node.key, &r->match);
	if (f->flags & NATFW_FLOW_TWO) {
		natfw_exact_reply(r, &f->half[0].node.key, &f->half[1].node.key);
		err = natfw_half_insert(nn, &f->half[1],
					natfw_clash_exact, &e);
		if (err)
			goto out;
	}
	err = natfw_half_insert(nn, &f->half[0], NULL, NULL);
	if (!err)
		return f;
	if (f->flags & NATFW_FLOW_TWO)
		natfw_table_remove(&nn->table, &f->half[1].node);
out:
	natfw_flow_dispose(nn, f);
	return ERR_PTR(err);
}

/* ---- what would happen ---- */

static void natfw_test_rule(struct natfw_pkt *p, struct natfw_rule *r,
			    struct natfw_test_result *res)
{
	struct natfw_map *m;

	res->source = NATFW_TEST_SOURCE_RULE;
	res->rule = r;
	if (r->action != NATFW_ACTION_NAT)
		return;
	natfw_xlat_none(&res->xlat, &p->key);
	natfw_xlat_dst(r, &p->key, &res->xlat);
	natfw_xlat_src(r, &p->key, &res->xlat);
	res->has_xlat = true;
	/* hairpin: where it ends up depends on what the other end has */
	if (!(r->nat.set & (NATFW_N_DST | NATFW_N_DPORT)) && natfw_plan_may_turn(p, r))
		res->has_xlat = false;
	if (!(r->nat.set & NATFW_N_POOL) || !res->has_xlat)
		return;
	m = r->map[0];
	res->has_xlat = m && natfw_map_is_for(m, &p->key);
	if (res->has_xlat) {
		res->xlat.src = *natfw_map_ext_addr(m);
		res->xlat.sport = natfw_map_ext_port(m);
	}
}

static bool natfw_test_mapped(struct natfw_pkt *p, struct natfw_test_result *res)
{
	struct natfw_map *m;
	bool admitted;

	m = natfw_map_find_ext(p->nn, p->key.proto, p->key.zone, &p->key.dst,
			       p->key.dport);
	if (!m)
		return false;
	admitted = !m->claimed && natfw_map_admits(p->nn, m, &p->key.src) &&
		   natfw_rule_visible(m->rule, p->gen);
	if (admitted) {
		res->source = NATFW_TEST_SOURCE_RULE;
		res->rule = m->rule;
		natfw_xlat_none(&res->xlat, &p->key);
		res->xlat.dst = m->internal.key.src;
		res->xlat.dport = m->internal.key.sport;
		res->has_xlat = true;
	}
	natfw_map_put(m);
	return admitted;
}

static void natfw_test_flow(struct natfw_half *h, struct natfw_test_result *res)
{
	struct natfw_flow *f = natfw_half_flow(h);

	res->source = NATFW_TEST_SOURCE_FLOW;
	res->rule = f->rule;
	if (f->flags & NATFW_FLOW_NAT) {
		natfw_flow_xlat(f, h, &res->xlat);
		res->has_xlat = true;
	}
}

void natfw_test_pkt(struct natfw_pkt *p, struct natfw_test_result *res)
{
	struct natfw_search s = {};
	struct natfw_half *h;
	struct natfw_rule *w;

	memset(res, 0, sizeof(*res));
	h = natfw_flow_best(p, &p->key);
	if (h && natfw_half_flow(h)->rule == p->nn->fallback)
		h = NULL;
	w = natfw_classify(p->nn, p, h ? natfw_half_flow(h)->rule : NULL, &s);
	res->subtables = s.subtables;
	if (w)
		natfw_test_rule(p, w, res);
	else if (h)
		natfw_test_flow(h, res);
	else if (!natfw_test_mapped(p, res))
		return;
	res->emit = READ_ONCE(res->rule->emit);
}

int natfw_flow_module_init(void)
{
	natfw_flow_cache[0] = kmem_cache_create("natfw_verdict", natfw_flow_size(1), 0,
						SLAB_ACCOUNT, NULL);
	natfw_flow_cache[1] = kmem_cache_create("natfw_flow", natfw_flow_size(2), 0,
						SLAB_ACCOUNT, NULL);
	natfw_peer_cache = KMEM_CACHE(natfw_peer, SLAB_ACCOUNT);
	if (natfw_flow_cache[0] && natfw_flow_cache[1] && natfw_peer_cache)
		return 0;
	natfw_flow_module_exit();
	return -ENOMEM;
}

void natfw_flow_module_exit(void)
{
	kmem_cache_destroy(natfw_flow_cache[0]);
	kmem_cache_destroy(natfw_flow_cache[1]);
	kmem_cache_destroy(natfw_peer_cache);
}
