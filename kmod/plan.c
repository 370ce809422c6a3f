// SPDX-License-Identifier: GPL-2.0-only
/*
 * Plans: see plan.h. What a rule makes of a packet's addresses, hairpinning,
 * and where it goes; and the same as an answer to whoever asks (test).
 */
#include <linux/icmp.h>
#include <linux/icmpv6.h>

#include "emit.h"
#include "net.h"
#include "peer.h"
#include "plan.h"
#include "pool.h"
#include "rule.h"

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

/* @first of a range translated to, as far on as @port is into the one matched. */
static __be16 natfw_port_shift(__be16 port, u16 match_first, bool matched, u16 first)
{
	u16 offset = matched ? ntohs(port) - match_first : 0;

	return htons(first + offset);
}

void natfw_xlat_dst(const struct natfw_rule *r, const struct natfw_key *k,
		    struct natfw_xlat *x)
{
	const struct natfw_nat *n = &r->nat;

	if (n->set & NATFW_N_DST)
		natfw_addr_merge(&x->dst, &n->dst, n->dst_len, &k->dst);
	if (!(n->set & NATFW_N_DPORT))
		return;
	/* exact rules have no ranges, and no match */
	if (n->dport_max == n->dport_min)
		x->dport = htons(n->dport_min);
	else
		x->dport = natfw_port_shift(k->dport, r->match.dport_min,
					    r->match.set & NATFW_M_DPORT, n->dport_min);
}

void natfw_xlat_src(const struct natfw_rule *r, const struct natfw_key *k,
		    struct natfw_xlat *x)
{
	const struct natfw_nat *n = &r->nat;

	if (n->set & NATFW_N_SRC)
		natfw_addr_merge(&x->src, &n->src, n->src_len, &k->src);
	if (!(n->set & NATFW_N_SPORT))
		return;
	/* exact rules have no ranges, and no match */
	if (n->sport_max == n->sport_min)
		x->sport = htons(n->sport_min);
	else
		x->sport = natfw_port_shift(k->sport, r->match.sport_min,
					    r->match.set & NATFW_M_SPORT, n->sport_min);
}

void natfw_xlat_none(struct natfw_xlat *x, const struct natfw_key *k)
{
	x->src = k->src;
	x->dst = k->dst;
	x->sport = k->sport;
	x->dport = k->dport;
}

static bool natfw_xlat_moves_dst(const struct natfw_xlat *x, const struct natfw_key *k)
{
	return !natfw_addr_equal(&x->dst, &k->dst) || x->dport != k->dport;
}

/* The mapping @r uses for the source of @p; reserved ones come first. */
static struct natfw_map *natfw_bind_map(struct natfw_pkt *p, struct natfw_rule *r)
{
	struct natfw_map *m;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(r->map); i++) {
		m = READ_ONCE(r->map[i]);
		if (m && natfw_map_hold_for(m, &p->key))
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

/* The plan of a packet that turns back. */
struct natfw_turn {
	struct natfw_net	*nn;
	struct natfw_plan	*plan;
	int			err;
};

static void natfw_plan_turn(const struct natfw_map *m, void *arg)
{
	struct natfw_turn *t = arg;
	struct natfw_plan *plan = t->plan;
	struct natfw_key inside;

	/* the filter sees the sender as it will look after translation */
	if (!natfw_peer_admits(t->nn, m, &plan->x.src)) {
		t->err = natfw_fail(NATFW_R_FILTERED);
		return;
	}
	natfw_map_internal(m, &inside);
	plan->x.dst = inside.src;
	plan->x.dport = inside.sport;
	plan->zone = inside.zone;
}

/*
 * A packet from inside to an external endpoint of ours (RFC 4787 REQ-9): turn
 * its destination to the internal one, as if it came in from outside.
 */
static int natfw_plan_hairpin(struct natfw_pkt *p, const struct natfw_rule *w,
			      struct natfw_plan *plan)
{
	u16 zone = w->nat.set & NATFW_N_POOL ? natfw_pool_zone(w->nat.pool) : p->key.zone;
	struct natfw_turn t = { .nn = p->nn, .plan = plan };

	if (natfw_pool_owns(p->nn, zone, &p->key.dst))
		natfw_map_show_ext(p->nn, p->key.proto, zone, &p->key.dst, p->key.dport,
				   natfw_plan_turn, &t);
	return t.err;
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
	/* a rule that went, or its pool, gives no mappings */
	if (IS_ERR(m) && natfw_gen_stale(p->nn, &p->gen))
		return NATFW_STALE;
	if (IS_ERR(m))
		return natfw_map_refused(p, PTR_ERR(m));
	plan->map = m;
	natfw_map_ext_addr(m, &plan->x.src);
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
	if (natfw_gen_stale(p->nn, &p->gen))
		return NATFW_STALE;
	if (r)
		natfw_xlat_dst(r, &p->key, &plan->x);
	return 0;
}

bool natfw_zone_given(const struct natfw_rule *w, u16 *zone)
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

int natfw_plan_make(struct natfw_pkt *p, struct natfw_rule *w, struct natfw_plan *plan)
{
	memset(plan, 0, sizeof(*plan));
	natfw_xlat_none(&plan->x, &p->key);
	if (w->action == NATFW_ACTION_NAT)
		return natfw_plan_nat(p, w, plan);
	return natfw_plan_route(p, w, plan, false);
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
	m = READ_ONCE(r->map[0]);
	res->has_xlat = m && natfw_map_hold_for(m, &p->key);
	if (res->has_xlat) {
		natfw_map_ext_addr(m, &res->xlat.src);
		res->xlat.sport = natfw_map_ext_port(m);
		natfw_map_put(m);
	}
}

struct natfw_test_visit {
	const struct natfw_pkt	*p;
	struct natfw_test_result *res;
};

static void natfw_test_at(const struct natfw_map *m, void *arg)
{
	const struct natfw_test_visit *v = arg;
	const struct natfw_pkt *p = v->p;
	struct natfw_test_result *res = v->res;
	struct natfw_key inside;

	if (m->claimed || !natfw_peer_admits(p->nn, m, &p->key.src) ||
	    !natfw_rule_visible(m->rule, p->gen))
		return;
	res->source = NATFW_TEST_SOURCE_RULE;
	res->rule = m->rule;
	natfw_xlat_none(&res->xlat, &p->key);
	natfw_map_internal(m, &inside);
	res->xlat.dst = inside.src;
	res->xlat.dport = inside.sport;
	res->has_xlat = true;
}

static bool natfw_test_mapped(struct natfw_pkt *p, struct natfw_test_result *res)
{
	struct natfw_test_visit v = { .p = p, .res = res };

	natfw_map_show_ext(p->nn, p->key.proto, p->key.zone, &p->key.dst, p->key.dport,
			   natfw_test_at, &v);
	return res->rule;
}

static void natfw_test_flow(struct natfw_half *h, struct natfw_test_result *res)
{
	struct natfw_flow *f = natfw_half_flow(h);

	res->source = NATFW_TEST_SOURCE_FLOW;
	res->rule = f->rule;
	if (f->flags & NATFW_FLOW_NAT) {
		natfw_half_xlat(h, &res->xlat);
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
