// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rules: coming into force, expiry, removal. rule.h explains visibility.
 *
 * A commit may be of a million rules. What it costs for each is a few cache
 * lines, which are fetched ahead; it lets others run on the way. Neither that
 * nor what comes after the generation was raised keeps a packet waiting.
 *
 * Expiry uses a wheel of one-second slots served by a delayed work. A deadline
 * further ahead than the wheel is long goes round again.
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

/* Out of table or classifier; what was reserved is free again. */
static void natfw_rule_displace(struct natfw_rule *r)
{
	struct natfw_net *nn = r->nn;

	if (r->exact)
		natfw_flow_kill(nn, r->flow);
	else
		natfw_classifier_del(nn, r);
	if (natfw_rule_turns_dst(r))
		WRITE_ONCE(nn->ndnat, nn->ndnat - 1);
	natfw_rule_unreserve(r);
	if (r->expires)
		hlist_del(&r->wheel);
}

void natfw_rule_discard(struct natfw_rule *r)
{
	struct natfw_net *nn = r->nn;

	lockdep_assert_held(&nn->lock);
	nn->nstaged--;
	xa_release(&nn->rules, r->id);
	natfw_rule_displace(r);
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
static bool natfw_rule_retire(struct natfw_rule *r)
{
	bool left;

	natfw_rule_displace(r);
	r->nn->nrules--;
	r->owner->rules--;
	r->nn->ndevrules -= natfw_rule_of_dev(r);
	left = atomic_read(&r->nflows);
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
	bool left = false;
	u32 i;

	natfw_rules_unlist(nn, del, ndel);
	for (i = 0; i < ndel; i++) {
		natfw_rules_fetch(del, ndel, i);
		left |= natfw_rule_retire(del[i]);
		cond_resched();
	}
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
		natfw_event_rule(del[i], true);
	if (add)
		list_for_each_entry(r, add, list)
			natfw_event_rule(r, false);
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

void natfw_rule_flush_all(struct natfw_net *nn)
{
	struct natfw_rule *r;
	unsigned long id;

	lockdep_assert_held(&nn->lock);
	xa_for_each(&nn->rules, id, r) {
		WRITE_ONCE(r->to, nn->gen);
		xa_erase(&nn->rules, id);
		natfw_rule_retire(r);
		cond_resched();
	}
}
