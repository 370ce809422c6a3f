// SPDX-License-Identifier: GPL-2.0-only
/*
 * Making flows.
 *
 * The reply half goes into the table first: were it the other way round, a
 * reply that is faster than we are would meet no flow. A half that another
 * packet's flow already holds is a clash for replies, and a lost race for the
 * first direction, in which case the other's flow is used.
 */
#include <linux/slab.h>

#include "age.h"
#include "bind.h"
#include "event.h"
#include "ident.h"
#include "net.h"
#include "peer.h"
#include "plan.h"
#include "pool.h"
#include "rule.h"
#include "trace.h"

/* By number of halves, one or two, and family. */
static struct kmem_cache *natfw_flow_caches[2][2];

static struct kmem_cache *natfw_flow_cache(u8 flags)
{
	return natfw_flow_caches[!!(flags & NATFW_FLOW_TWO)][!!(flags & NATFW_FLOW_V6)];
}

/* What a flow takes, alignment included. */
static long natfw_flow_size(u8 flags)
{
	return kmem_cache_size(natfw_flow_cache(flags));
}

/* ---- objects ---- */

static bool natfw_limit_take(struct natfw_net *nn, atomic_t *count, u32 max)
{
	u32 n;

	/* a flood beyond the limit writes nothing that is shared */
	if ((u32)atomic_read(count) >= max)
		return false;
	n = atomic_inc_return(count);
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
	u32 max = READ_ONCE(nn->cache_max);

	if (flags & NATFW_FLOW_RULE)
		return true;
	if (flags & NATFW_FLOW_TWO)
		return natfw_limit_take(nn, &nn->nflows, READ_ONCE(nn->flow_max));
	return natfw_limit_take(nn, &nn->ncached, max) ||
	       (max && natfw_age_evict(nn) && natfw_limit_take(nn, &nn->ncached, max));
}

void natfw_flow_uncount(struct natfw_net *nn, struct natfw_flow *f)
{
	if (f->flags & NATFW_FLOW_TWO) {
		atomic_dec(&f->rule->nflows);
		if (natfw_node_tail(&natfw_flow_half(f, 1)->node)->zone == NATFW_ZONE_LOCAL)
			atomic_dec(&nn->nlocal);
	}
	if (f->flags & NATFW_FLOW_RULE)
		return;
	atomic_dec(f->flags & NATFW_FLOW_TWO ? &nn->nflows : &nn->ncached);
}

static void natfw_flow_fill(struct natfw_flow *f, struct natfw_rule *r, u8 flags,
			    const struct natfw_key *key)
{
	struct natfw_half *h;

	f->rule = r;
	f->flags = flags;
	f->action = r->action;
	f->emit = READ_ONCE(r->emit);
	f->marks = READ_ONCE(r->has_mark);
	h = natfw_flow_half(f, 0);
	natfw_node_set_key(&h->node, key);
	h->node.used = (u32)jiffies;
}

struct natfw_flow *natfw_flow_alloc(struct natfw_rule *r, u8 flags,
				    const struct natfw_key *key, gfp_t gfp)
{
	struct natfw_net *nn = r->nn;
	struct natfw_flow *f;

	if (!natfw_flow_admit(nn, flags))
		return ERR_PTR(-ENOSPC);
	flags |= natfw_key_is4(key) ? 0 : NATFW_FLOW_V6;
	f = kmem_cache_zalloc(natfw_flow_cache(flags), gfp);
	if (!f || !natfw_rule_hold(r))
		goto out;
	natfw_flow_fill(f, r, flags, key);
	if (flags & NATFW_FLOW_TWO)
		atomic_inc(&r->nflows);
	atomic_long_add(natfw_flow_size(flags), &nn->memory);
	return f;
out:
	if (!(flags & NATFW_FLOW_RULE))
		atomic_dec(flags & NATFW_FLOW_TWO ? &nn->nflows : &nn->ncached);
	if (!f)
		return ERR_PTR(-ENOMEM);
	kmem_cache_free(natfw_flow_cache(flags), f);
	return ERR_PTR(-ESTALE);
}

/* Packets of @h leave from @src to @dst: where their identifications come from. */
static void natfw_half_identify(struct natfw_half *h, const union natfw_addr *src,
				const union natfw_addr *dst, u8 proto)
{
	if (natfw_addr_is4(src))
		h->node.ident = natfw_ident_source(src, dst, proto);
}

void natfw_flow_reply(struct natfw_flow *f, const struct natfw_key *key)
{
	struct natfw_half *h = natfw_flow_half(f, 0), *reply = natfw_flow_half(f, 1);
	struct natfw_key orig;

	reply->node.flags = NATFW_NODE_REPLY;
	reply->node.used = h->node.used;
	natfw_node_set_key(&reply->node, key);
	if (!(f->flags & NATFW_FLOW_NAT))
		return;
	natfw_node_key(&h->node, &orig);
	natfw_half_identify(h, &key->dst, &key->src, key->proto);
	natfw_half_identify(reply, &orig.dst, &orig.src, key->proto);
}

/* Why there is no flow for @p: natfw_fail(reason), or NATFW_STALE. */
static int natfw_flow_failed(struct natfw_pkt *p, const struct natfw_flow *f)
{
	if (PTR_ERR(f) == -ENOSPC)
		return natfw_fail(NATFW_R_FLOW_LIMIT);
	/* the rule went: then it counts no more for the generation there is now */
	if (natfw_gen_stale(p->nn, &p->gen))
		return NATFW_STALE;
	return natfw_fail(NATFW_R_NO_MEMORY);
}

void natfw_flow_free(struct natfw_net *nn, struct natfw_flow *f)
{
	atomic_long_sub(natfw_flow_size(f->flags), &nn->memory);
	kfree(f->extra);
	kmem_cache_free(natfw_flow_cache(f->flags), f);
}

int natfw_half_insert(struct natfw_net *nn, struct natfw_half *h,
		      bool (*clash)(struct natfw_node *old, void *arg), void *arg)
{
	return natfw_table_insert(&nn->table, &h->node,
				  natfw_node_hash(&nn->table, &h->node),
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
	natfw_node_mark(&natfw_flow_half(c->flow, 1)->node, NATFW_NODE_SHARED);
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
	natfw_node_mark(&natfw_flow_half(c->flow, 0)->node, NATFW_NODE_SHARED);
	return false;
}

/* For a cached verdict: one is enough, and older ones are wrong. */
static bool natfw_clash_cached(struct natfw_node *old, void *arg)
{
	struct natfw_flow *f = natfw_half_flow(natfw_node_half(old));
	const struct natfw_contest *c = arg;

	if (old->flags & NATFW_NODE_DEAD)
		return false;
	/* a better rule's replies came up meanwhile: this verdict is of one packet */
	if (old->flags & NATFW_NODE_REPLY)
		return natfw_rule_visible(f->rule, c->p->gen) &&
		       !natfw_rule_beats(c->rule, f->rule);
	if (!natfw_flow_cached(f))
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
	struct natfw_half *h;

	v->half = NULL;
	v->rule = w;
	f = natfw_flow_alloc(w, flags, &p->key, GFP_ATOMIC);
	if (IS_ERR(f))
		return;
	h = natfw_flow_half(f, 0);
	natfw_half_stamp(h, p);
	if (natfw_half_insert(p->nn, h, natfw_clash_cached, &c))
		natfw_flow_dispose(p->nn, f);
	else
		v->half = h;
}

/* ---- flows with state ---- */

/* Put both halves in the table. 0, or natfw_fail(), and @f is gone. */
static int natfw_flow_publish(struct natfw_pkt *p, struct natfw_flow *f)
{
	struct natfw_contest c = { .p = p, .rule = f->rule, .flow = f };
	struct natfw_half *reply = natfw_flow_half(f, 1);
	struct natfw_net *nn = p->nn;
	u32 hash = natfw_node_hash(&nn->table, &reply->node);
	int err;

	/* nobody has asked for that bucket yet, as for the other half's */
	natfw_table_prepare(&nn->table, hash);
	natfw_map_fold(f);
	err = natfw_table_insert(&nn->table, &reply->node, hash, natfw_clash_reply, &c);
	if (err)
		goto out;
	err = natfw_half_insert(nn, natfw_flow_half(f, 0), natfw_clash_orig, &c);
	if (!err) {
		trace_natfw_flow_new(f);
		return 0;
	}
	natfw_table_remove(&nn->table, &reply->node);
out:
	natfw_flow_dispose(nn, f);
	return err == -ENOMEM ? natfw_fail(NATFW_R_NO_MEMORY)
			      : natfw_fail(NATFW_R_CLASH);
}

void natfw_reply_key(struct natfw_key *k, const struct natfw_key *orig,
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

/* Let @remote in where the pool filters by address. False: no memory. */
static bool natfw_flow_permit(struct natfw_net *nn, struct natfw_flow *f,
			      const union natfw_addr *remote)
{
	struct natfw_extra *x;

	if (!f->map || natfw_map_filtering(f->map) != NATFW_FILTERING_ADDRESS_DEPENDENT)
		return true;
	x = natfw_flow_extra(f);
	if (x)
		x->peer = natfw_peer_get(nn, f->map, remote);
	return x && x->peer;
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
	if (!natfw_proto_has_id(orig.proto))
		orig.ports = 0;		/* nor does translation know of SPIs */
	f = natfw_flow_alloc(w, flags, &orig, GFP_ATOMIC);
	if (IS_ERR(f)) {
		if (plan->map)
			natfw_map_put(plan->map);
		return natfw_flow_failed(p, f);
	}
	f->map = plan->map;
	natfw_reply_key(&reply, &orig, &plan->x, plan->zone);
	natfw_flow_reply(f, &reply);
	if (cacheable)
		natfw_half_stamp(natfw_flow_half(f, 0), p);
	if (plan->zone == NATFW_ZONE_LOCAL)
		atomic_inc(&p->nn->nlocal);
	if (!natfw_flow_permit(p->nn, f, &reply.src)) {
		natfw_flow_dispose(p->nn, f);
		return natfw_fail(NATFW_R_NO_MEMORY);
	}
	err = natfw_flow_publish(p, f);
	if (err)
		return natfw_bind_lost(p, &orig, err, v);
	v->half = natfw_flow_half(f, 0);
	return 0;
}

static int natfw_bind_state(struct natfw_pkt *p, struct natfw_rule *w, bool cacheable,
			    struct natfw_decision *v)
{
	struct natfw_plan plan;
	int err;

	/* before a port is taken for nothing */
	if ((u32)atomic_read(&p->nn->nflows) >= READ_ONCE(p->nn->flow_max))
		return natfw_fail(NATFW_R_FLOW_LIMIT);
	err = natfw_plan_make(p, w, &plan);
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
	struct natfw_key orig, inside;
	struct natfw_flow *f;
	int err;

	natfw_map_internal(m, &inside);
	natfw_key_reverse(&orig, &p->key, inside.zone);
	orig.src = inside.src;
	orig.sport = inside.sport;
	f = natfw_flow_alloc(r, NATFW_FLOW_TWO | NATFW_FLOW_NAT, &orig, GFP_ATOMIC);
	if (IS_ERR(f))
		return natfw_flow_failed(p, f);
	natfw_map_hold(m);
	f->map = m;
	natfw_flow_reply(f, &p->key);
	if (cacheable)
		natfw_half_stamp(natfw_flow_half(f, 1), p);
	v->rule = r;
	err = natfw_flow_publish(p, f);
	if (err)
		return natfw_bind_lost(p, &p->key, err, v);
	v->half = natfw_flow_half(f, 1);
	return 0;
}

/* True if @p is for an address mappings are made from. */
static bool natfw_bind_external(const struct natfw_pkt *p)
{
	return natfw_proto_has_id(p->key.proto) &&
	       natfw_pool_owns(p->nn, p->key.zone, &p->key.dst);
}

#define NATFW_NOT_MAPPED	1

/* A packet at a mapping, and @w, the rule for it if it had none. */
struct natfw_visit {
	const struct natfw_pkt	*p;
	const struct natfw_rule	*w;
	int			answer;
};

/* 0: it may come in. NATFW_NOT_MAPPED also if @w beats the mapping's rule. */
static void natfw_bind_judge(const struct natfw_map *m, void *arg)
{
	struct natfw_visit *v = arg;
	const struct natfw_rule *r = READ_ONCE(m->rule);

	if (m->claimed || !natfw_rule_visible(r, v->p->gen) ||
	    (v->w && natfw_rule_beats(v->w, r)))
		v->answer = NATFW_NOT_MAPPED;
	else if (!natfw_peer_admits(v->p->nn, m, &v->p->key.src))
		v->answer = natfw_fail(NATFW_R_FILTERED);
	else
		v->answer = 0;
}

/* Strangers who try ports must cost nothing, so it is asked for only when @p may come in. */
static int natfw_bind_mapped(struct natfw_pkt *p, const struct natfw_rule *w,
			     bool cacheable, struct natfw_decision *v)
{
	struct natfw_visit visit = { .p = p, .w = w, .answer = NATFW_NOT_MAPPED };
	struct natfw_map *m;
	int err;

	natfw_map_show_ext(p->nn, p->key.proto, p->key.zone, &p->key.dst, p->key.dport,
			   natfw_bind_judge, &visit);
	if (visit.answer)
		return visit.answer;
	m = natfw_map_find_ext(p->nn, p->key.proto, p->key.zone, &p->key.dst,
			       p->key.dport);
	if (IS_ERR(m))
		return natfw_fail(NATFW_R_NO_MEMORY);
	if (!m)
		return NATFW_NOT_MAPPED;
	/* it may be another's by now */
	natfw_bind_judge(m, &visit);
	err = visit.answer ?: natfw_bind_inward(p, m, cacheable, v);
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
		if (err != NATFW_NOT_MAPPED)
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
		if (err != NATFW_NOT_MAPPED)
			return err;
	}
	v->rule = NULL;
	if (s->subtables && !s->uncacheable && !external)
		natfw_bind_cached(p, p->nn->fallback, v);
	return 0;
}

/*
 * Flows of two halves are aligned, see flow.h. Single ones lie on two lines
 * however they are put, and are kept small.
 */
static struct kmem_cache *natfw_flow_cache_make(const char *name, bool two, bool v6)
{
	size_t size = sizeof(struct natfw_flow) + (1 + two) * natfw_half_size(v6);
	slab_flags_t align = two ? SLAB_HWCACHE_ALIGN : 0;

	return kmem_cache_create(name, two ? ALIGN(size, L1_CACHE_BYTES) : size, 0,
				 SLAB_ACCOUNT | align, NULL);
}

int natfw_flow_module_init(void)
{
	static const char * const names[2][2] = {
		{ "natfw_verdict4", "natfw_verdict6" }, { "natfw_flow4", "natfw_flow6" },
	};
	bool fine = !natfw_peer_module_init() && !natfw_ident_init();
	u32 two, v6;

	for (two = 0; two < 2; two++) {
		for (v6 = 0; v6 < 2; v6++) {
			natfw_flow_caches[two][v6] = natfw_flow_cache_make(names[two][v6], two, v6);
			fine &= !!natfw_flow_caches[two][v6];
		}
	}
	if (fine)
		return 0;
	natfw_flow_module_exit();
	return -ENOMEM;
}

void natfw_flow_module_exit(void)
{
	u32 i;

	for (i = 0; i < 4; i++)
		kmem_cache_destroy(natfw_flow_caches[i / 2][i % 2]);
	natfw_ident_exit();
	natfw_peer_module_exit();
}
