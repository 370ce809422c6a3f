// SPDX-License-Identifier: GPL-2.0-only
/*
 * Flows: finding the one a packet belongs to, ageing, disposal. Making new
 * ones is in bind.c, those of exact rules in exact.c.
 *
 * Under one key several halves may stand. Which of them counts for a packet
 * is the one whose rule is in force and wins; the wildcard classifier is asked
 * only if the half was not looked at since wildcard rules last changed, or
 * was for another ingress device. A half that was found to be the winner is
 * stamped with generation and device, and found without further ado by the
 * next packet.
 */
#include <linux/jiffies.h>
#include <linux/prefetch.h>
#include <linux/slab.h>

#include "adj.h"
#include "age.h"
#include "bind.h"
#include "emit.h"
#include "event.h"
#include "flow.h"
#include "hit.h"
#include "peer.h"
#include "pool.h"
#include "rule.h"
#include "trace.h"

/* TCP progress, natfw_flow.tcp */
#define NATFW_TCP_FIN_ORIG	BIT(0)
#define NATFW_TCP_FIN_REPLY	BIT(1)

/* A full sweep of the table for idle flows takes about this many seconds. */
#define NATFW_GC_SECONDS	4

/* ---- counters ---- */

struct natfw_extra *natfw_flow_extra(struct natfw_flow *f)
{
	/* pairs with the cmpxchg() below, which is a full barrier */
	struct natfw_extra *x = smp_load_acquire(&f->extra), *theirs;

	if (x)
		return x;
	x = kzalloc(sizeof(*x), GFP_ATOMIC | __GFP_NOWARN);
	if (!x)
		return NULL;
	theirs = cmpxchg(&f->extra, NULL, x);
	if (!theirs)
		return x;
	kfree(x);
	return theirs;
}

/* Without memory the next packet tries again: half full is far from full. */
void natfw_half_fold(struct natfw_half *h)
{
	struct natfw_extra *x = natfw_flow_extra(natfw_half_flow(h));
	u32 i = natfw_half_reply(h);
	u64 v;

	if (!x)
		return;
	v = atomic64_xchg(&h->acc, 0);
	atomic64_add(v >> NATFW_ACC_SHIFT, &x->packets[i]);
	atomic64_add(v & NATFW_ACC_BYTES, &x->bytes[i]);
}

u64 natfw_half_packets(const struct natfw_half *h)
{
	/* pairs with the cmpxchg() of natfw_flow_extra() */
	const struct natfw_extra *x = smp_load_acquire(&natfw_half_flow(h)->extra);
	u64 folded = x ? atomic64_read(&x->packets[natfw_half_reply(h)]) : 0;

	return folded + ((u64)atomic64_read(&h->acc) >> NATFW_ACC_SHIFT);
}

u64 natfw_half_bytes(const struct natfw_half *h)
{
	/* pairs with the cmpxchg() of natfw_flow_extra() */
	const struct natfw_extra *x = smp_load_acquire(&natfw_half_flow(h)->extra);
	u64 folded = x ? atomic64_read(&x->bytes[natfw_half_reply(h)]) : 0;

	return folded + ((u64)atomic64_read(&h->acc) & NATFW_ACC_BYTES);
}

/* ---- state and age ---- */

static u32 natfw_tcp_timeout(const struct natfw_timeouts *t, u8 state)
{
	switch (state) {
	case NATFW_FLOW_STATE_ESTABLISHED:
		return READ_ONCE(t->tcp_established);
	case NATFW_FLOW_STATE_CLOSING:
		return READ_ONCE(t->tcp_closing);
	case NATFW_FLOW_STATE_RESET:
		return READ_ONCE(t->tcp_reset);
	default:
		return READ_ONCE(t->tcp_opening);
	}
}

/* SCTP and DCCP: long once both sides spoke, RFC 5597 REQ-5. */
static u32 natfw_conn_timeout(const struct natfw_timeouts *t, u8 flags, u32 established)
{
	if ((flags & (NATFW_FLOW_SEEN | NATFW_FLOW_REPLIED)) ==
	    (NATFW_FLOW_SEEN | NATFW_FLOW_REPLIED))
		return established;
	return READ_ONCE(t->tcp_opening);
}

/* As configured. */
static u32 natfw_flow_usual(const struct natfw_net *nn, const struct natfw_flow *f)
{
	const struct natfw_timeouts *t = &nn->timeouts;
	u8 flags = READ_ONCE(f->flags);

	if (!(flags & NATFW_FLOW_TWO))
		return READ_ONCE(t->cache);
	switch (natfw_node_tail(&natfw_flow_half(f, 0)->node)->proto) {
	case IPPROTO_TCP:
		return natfw_tcp_timeout(t, READ_ONCE(f->state));
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
		return READ_ONCE(t->udp);
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return READ_ONCE(t->icmp);
	case IPPROTO_SCTP:
		return natfw_conn_timeout(t, flags, READ_ONCE(t->sctp));
	case IPPROTO_DCCP:
		return natfw_conn_timeout(t, flags, READ_ONCE(t->dccp));
	default:
		return READ_ONCE(t->other);
	}
}

static u32 natfw_flow_timeout(const struct natfw_net *nn, const struct natfw_flow *f)
{
	return natfw_age_timeout(nn, f, natfw_flow_usual(nn, f));
}

/* A packet may come, on another processor, after time was looked at. */
static u32 natfw_half_idle(const struct natfw_half *h)
{
	s32 idle = (u32)jiffies - READ_ONCE(h->node.used);

	return max(idle, 0);
}

u32 natfw_flow_idle(const struct natfw_flow *f)
{
	u32 idle = natfw_half_idle(natfw_flow_half(f, 0));

	if (f->flags & NATFW_FLOW_TWO)
		idle = min(idle, natfw_half_idle(natfw_flow_half(f, 1)));
	return idle;
}

long natfw_flow_left(const struct natfw_net *nn, const struct natfw_flow *f)
{
	u32 idle = natfw_flow_idle(f) / HZ, timeout = natfw_flow_timeout(nn, f);

	if (f->flags & NATFW_FLOW_RULE)
		return -1;
	return idle < timeout ? timeout - idle : 0;
}

static u8 natfw_tcp_fin_bit(const struct natfw_half *h)
{
	return h->node.flags & NATFW_NODE_REPLY ? NATFW_TCP_FIN_REPLY
						: NATFW_TCP_FIN_ORIG;
}

u8 natfw_tcp_next(struct natfw_flow *f, const struct natfw_half *h, u8 th)
{
	u8 state = READ_ONCE(f->state);

	if (th & NATFW_TH_RST)
		return NATFW_FLOW_STATE_RESET;
	if (th & NATFW_TH_SYN && !(th & NATFW_TH_ACK)) {
		if (state >= NATFW_FLOW_STATE_CLOSING)
			WRITE_ONCE(f->tcp, 0);
		return state == NATFW_FLOW_STATE_ESTABLISHED ? state
							: NATFW_FLOW_STATE_OPENING;
	}
	if (th & NATFW_TH_FIN && !(f->tcp & natfw_tcp_fin_bit(h)))
		WRITE_ONCE(f->tcp, f->tcp | natfw_tcp_fin_bit(h));
	if (f->tcp == (NATFW_TCP_FIN_ORIG | NATFW_TCP_FIN_REPLY))
		return NATFW_FLOW_STATE_CLOSING;
	if (state == NATFW_FLOW_STATE_RESET)	/* the reset was not believed */
		return NATFW_FLOW_STATE_ESTABLISHED;
	return f->flags & NATFW_FLOW_REPLIED && f->flags & NATFW_FLOW_SEEN ?
	       NATFW_FLOW_STATE_ESTABLISHED : NATFW_FLOW_STATE_OPENING;
}

/* ---- lookup ---- */

/* True if wildcard rules are as when @h was stamped, for this device. */
static bool natfw_half_settled(const struct natfw_half *h, const struct natfw_pkt *p)
{
	u32 gen = READ_ONCE(h->node.gen);

	return gen && READ_ONCE(h->node.slot) == p->nd->slot &&
	       (s32)(gen - (u32)READ_ONCE(p->nn->wild_gen)) >= 0;
}

/*
 * A half says that a key matches its rule. Conditions beyond the key are of
 * each packet, and not of replies.
 */
static bool natfw_half_applies(const struct natfw_half *h, const struct natfw_rule *r,
			       const struct natfw_pkt *p)
{
	const u16 beyond = NATFW_M_DEV | NATFW_M_DSCP | NATFW_M_LABEL |
			   NATFW_M_TYPE | NATFW_M_CODE | NATFW_M_SPI;

	return h->node.flags & NATFW_NODE_REPLY || r->exact ||
	       !(r->match.set & beyond) || natfw_match_beyond(&r->match, p);
}

/* False if the next packet of the same key may not meet the rule any more. */
static bool natfw_half_steady(const struct natfw_half *h, const struct natfw_rule *r)
{
	return h->node.flags & NATFW_NODE_REPLY || r->exact ||
	       !(r->match.set & NATFW_M_BEYOND_KEY);
}

/* Best half under @key whose rule is in force and applies, or NULL. */
static struct natfw_half *natfw_table_best(const struct natfw_pkt *p,
					   const struct natfw_key *key, u32 hash,
					   bool *current_one)
{
	const struct natfw_table *t = &p->nn->table;
	struct natfw_half *h, *best = NULL;
	struct natfw_table_match m;
	struct natfw_node *n;
	struct natfw_rule *r;

	for (n = natfw_table_first(t, key, hash, &m); n;
	     n = natfw_table_next(t, key, hash, &m)) {
		h = natfw_node_half(n);
		if (READ_ONCE(n->flags) & NATFW_NODE_DEAD)
			continue;
		r = natfw_half_flow(h)->rule;
		if (likely(natfw_node_current(&h->node, p))) {
			*current_one = true;
			return h;
		}
		if (natfw_rule_visible(r, p->gen) &&
		    (!best || natfw_rule_beats(r, natfw_half_flow(best)->rule)) &&
		    natfw_half_applies(h, r, p))
			best = h;
	}
	*current_one = false;
	return best;
}

struct natfw_half *natfw_flow_peek(const struct natfw_pkt *p,
				   const struct natfw_key *key)
{
	bool current_one;

	return natfw_table_best(p, key, natfw_table_hash(&p->nn->table, key),
				&current_one);
}

/* The better of what stands under @key and under @key without its SPI. */
static struct natfw_half *natfw_spi_best(const struct natfw_pkt *p,
					 const struct natfw_key *key,
					 struct natfw_half *h)
{
	struct natfw_key bare = *key;
	struct natfw_half *o;

	bare.ports = 0;
	o = natfw_flow_peek(p, &bare);
	if (!o || (h && natfw_rule_beats(natfw_half_flow(h)->rule,
					 natfw_half_flow(o)->rule)))
		return h;
	return o;
}

struct natfw_half *natfw_flow_best(const struct natfw_pkt *p,
				   const struct natfw_key *key)
{
	struct natfw_half *h = natfw_flow_peek(p, key);

	return natfw_spi_hidden(key) ? natfw_spi_best(p, key, h) : h;
}

struct natfw_half *natfw_flow_about(const struct natfw_pkt *p,
				    const struct natfw_key *key)
{
	const struct natfw_table *t = &p->nn->table;
	struct natfw_half *h, *best = NULL;
	struct natfw_table_match m;
	struct natfw_node *n;
	struct natfw_flow *f;
	u32 hash = natfw_table_hash(t, key);

	for (n = natfw_table_first(t, key, hash, &m); n;
	     n = natfw_table_next(t, key, hash, &m)) {
		h = natfw_node_half(n);
		f = natfw_half_flow(h);
		if (!(f->flags & NATFW_FLOW_TWO) ||
		    READ_ONCE(n->flags) & NATFW_NODE_DEAD ||
		    !natfw_rule_visible(f->rule, p->gen))
			continue;
		if (!best || natfw_rule_beats(f->rule, natfw_half_flow(best)->rule))
			best = h;
	}
	if (!best && natfw_spi_hidden(key)) {
		struct natfw_key bare = *key;

		bare.ports = 0;
		return natfw_flow_about(p, &bare);
	}
	return best;
}

/*
 * @w is the winner where @h, if not NULL, was the best flow. A flow made by
 * packets that lost its first direction to another rule is over.
 */
static int natfw_flow_adopt(struct natfw_pkt *p, struct natfw_half *h,
			    struct natfw_rule *w, bool cacheable,
			    struct natfw_decision *v)
{
	struct natfw_flow *f = h ? natfw_half_flow(h) : NULL;

	if (f && !(f->flags & NATFW_FLOW_RULE) &&
	    !(h->node.flags & NATFW_NODE_REPLY))
		natfw_flow_kill(p->nn, f);
	return natfw_bind(p, w, cacheable, v);
}

/* As natfw_flow_find(), and NATFW_STALE. */
static int natfw_flow_settle(struct natfw_pkt *p, struct natfw_half *h,
			     struct natfw_decision *v)
{
	struct natfw_search s = {};
	struct natfw_rule *w = NULL, *than = NULL;

	/* a half without the SPI speaks of packets that differ in it */
	bool whole = !h || natfw_node_tail(&h->node)->ports == p->key.ports;

	if (h)
		than = natfw_half_flow(h)->rule;
	if (!h || !whole || !natfw_half_settled(h, p)) {
		w = natfw_classify(p->nn, p, than, &s);
		trace_natfw_classify(p, w, &s);
	}
	if (unlikely(natfw_gen_stale(p->nn, &p->gen)))
		return NATFW_STALE;
	if (!w && !h)
		return natfw_bind_unmatched(p, &s, v);
	if (w)
		return natfw_flow_adopt(p, h, w, !s.uncacheable, v);
	if (!s.uncacheable && whole && natfw_half_steady(h, than))
		natfw_half_stamp(h, p);
	v->half = h;
	v->rule = than;
	return 0;
}

static int natfw_flow_find_once(struct natfw_pkt *p, struct natfw_decision *v)
{
	struct natfw_half *h;
	bool current_one;

	h = natfw_table_best(p, &p->key, p->hash, &current_one);
	if (unlikely(natfw_spi_hidden(&p->key))) {
		h = natfw_spi_best(p, &p->key, h);
		current_one = h && natfw_node_tail(&h->node)->ports &&
			      natfw_node_current(&h->node, p);
	}
	if (likely(current_one)) {
		v->half = h;
		v->rule = natfw_half_flow(h)->rule;
		return 0;
	}
	return natfw_flow_settle(p, h, v);
}

/*
 * A flow with two halves of IPv6 has three lines, of IPv4 two, aligned to both. Inlined by
 * force: where the machine has no prefetch() of its own, GCC takes a function of nothing else
 * for one without effect.
 */
static __always_inline void natfw_flow_fetch6(const struct natfw_node *n)
{
	const size_t first = sizeof(struct natfw_flow) + offsetof(struct natfw_half, node);
	const char *f = (const char *)n - first;

	/* flows are aligned to lines */
	if ((unsigned long)f % SMP_CACHE_BYTES)
		f -= natfw_half_size(true);
	prefetch(f);
	prefetch(f + 64);
	prefetch(f + 128);
}

static __always_inline void natfw_flow_fetch4(const struct natfw_node *n)
{
	prefetch(n);
	natfw_node_prefetch(n);
}

void natfw_flow_prepare(struct natfw_pkt *p)
{
	p->hash = natfw_table_hash(&p->nn->table, &p->key);
	natfw_table_prepare(&p->nn->table, p->hash);
}

void natfw_flow_fetch(struct natfw_pkt *p)
{
	struct natfw_node *n = natfw_table_guess(&p->nn->table, p->hash);

	p->node = n;
	if (!n)
		return;
	if (unlikely(natfw_pkt_is6(p)))
		natfw_flow_fetch6(n);
	else
		natfw_flow_fetch4(n);
}

int natfw_flow_find(struct natfw_pkt *p, struct natfw_decision *v)
{
	int err;

	if (!p->hash)
		p->hash = natfw_table_hash(&p->nn->table, &p->key);
	for (;;) {
		err = natfw_flow_find_once(p, v);
		if (likely(err != NATFW_STALE))
			return err;
		v->rule = NULL;
	}
}

/* ---- disposal ---- */

static void natfw_flow_forget(struct natfw_flow *f)
{
	natfw_half_forget(natfw_flow_half(f, 0));
	if (f->flags & NATFW_FLOW_TWO)
		natfw_half_forget(natfw_flow_half(f, 1));
}

/*
 * Packets may count in a flow they found before it was unlinked, and may have
 * cached a route in it. It is freed here and not by call_rcu(), whose head
 * would take room that a living flow has no use for; and many wait for packets
 * once.
 */
void natfw_flow_reap(struct work_struct *work)
{
	struct natfw_net *nn = container_of(work, struct natfw_net, reap_work);
	struct llist_node *first = llist_del_all(&nn->dead);
	struct natfw_flow *f, *next;
	struct natfw_rule *r;
	u32 n = 0;

	if (!first)
		return;
	synchronize_rcu();
	llist_for_each_entry_safe(f, next, first, dead) {
		r = f->rule;
		natfw_flow_forget(f);
		natfw_flow_free(nn, f);
		natfw_rule_put_late(r);
		if (!(++n & 0xff))
			cond_resched();
	}
}

/* @stood: it was in the table, and packets may have left by it that have not told yet. */
static void natfw_flow_end(struct natfw_net *nn, struct natfw_flow *f, bool stood)
{
	natfw_flow_forget(f);
	natfw_flow_uncount(nn, f);
	if (f->extra)
		natfw_peer_put(nn, f->extra->peer);
	natfw_map_leave(f, stood);
	/* whoever makes the list begin sees to it that it is served */
	if (llist_add(&f->dead, &nn->dead))
		queue_work(natfw_wq, &nn->reap_work);
}

void natfw_flow_dispose(struct natfw_net *nn, struct natfw_flow *f)
{
	natfw_flow_end(nn, f, false);
}

bool natfw_flow_kill(struct natfw_net *nn, struct natfw_flow *f)
{
	if (!natfw_table_remove(&nn->table, &natfw_flow_half(f, 0)->node))
		return false;
	trace_natfw_flow_del(f);
	if (f->flags & NATFW_FLOW_TWO)
		natfw_table_remove(&nn->table, &natfw_flow_half(f, 1)->node);
	natfw_flow_end(nn, f, true);
	return true;
}

/* ---- ageing ---- */

struct natfw_gc {
	struct natfw_net	*nn;
	const struct natfw_rule	*rule;
	const u8		*cookie;
	u64			gen;
	u32			killed;
	bool			all;	/* flush: age does not matter */
	bool			exact;	/* namespace exit: exact rules' too */
};

static bool natfw_gc_over(const struct natfw_gc *gc, const struct natfw_flow *f)
{
	if (READ_ONCE(f->rule->to) <= gc->gen ||
	    READ_ONCE(natfw_flow_half(f, 0)->node.flags) & NATFW_NODE_DEAD)
		return true;
	return natfw_flow_idle(f) / HZ >= natfw_flow_timeout(gc->nn, f);
}

/* Generations are compared in 32 bits: forget a stamp before it is ambiguous. */
static void natfw_half_unstamp_old(struct natfw_half *h, u64 gen)
{
	u32 stamp = READ_ONCE(h->node.gen);

	if (stamp && (u32)gen - stamp > BIT(30))
		WRITE_ONCE(h->node.gen, 0);
}

static void natfw_gc_one(struct natfw_node *n, void *arg)
{
	struct natfw_flow *f = natfw_node_flow(n);
	struct natfw_gc *gc = arg;

	if (!f)
		return;
	natfw_half_unstamp_old(natfw_flow_half(f, 0), gc->gen);
	if (f->flags & NATFW_FLOW_TWO)
		natfw_half_unstamp_old(natfw_flow_half(f, 1), gc->gen);
	if (f->flags & NATFW_FLOW_RULE && !gc->exact)
		return;
	if (gc->all) {
		if (gc->rule && f->rule != gc->rule)
			return;
		if (gc->cookie && !natfw_rule_owned(f->rule, gc->cookie))
			return;
	} else if (!natfw_gc_over(gc, f)) {
		return;
	}
	gc->killed += natfw_flow_kill(gc->nn, f);
}

static u32 natfw_gc_sweep(struct natfw_gc *gc)
{
	struct natfw_table_cursor c = {};

	while (natfw_table_walk(&gc->nn->table, &c, 1024, natfw_gc_one, gc))
		cond_resched();
	return gc->killed;
}

void natfw_flow_gc(struct work_struct *work)
{
	struct natfw_net *nn = container_of(to_delayed_work(work),
					    struct natfw_net, gc_work);
	struct natfw_gc gc = { .nn = nn, .gen = READ_ONCE(nn->gen) };
	u32 budget, n;

	if (xchg(&nn->gc_dead, false)) {
		natfw_gc_sweep(&gc);
	} else {
		budget = natfw_table_buckets(&nn->table) / (NATFW_GC_SECONDS * 2) + 1;
		while (budget) {
			n = min(budget, 1024U);
			if (!natfw_table_walk(&nn->table, &nn->gc_cursor, n,
					      natfw_gc_one, &gc))
				break;
			budget -= n;
			cond_resched();
		}
	}
	natfw_adj_sweep(nn);
	natfw_table_tidy(&nn->table);
	queue_delayed_work(natfw_wq, &nn->gc_work, HZ / 2);
}

void natfw_flow_sweep(struct natfw_net *nn)
{
	lockdep_assert_held(&nn->lock);
	WRITE_ONCE(nn->gc_dead, true);
	if (nn->closing)
		return;		/* the work is off, everything goes */
	mod_delayed_work(natfw_wq, &nn->gc_work, 0);
}

u32 natfw_flow_flush(struct natfw_net *nn, const struct natfw_rule *rule,
		     const u8 *cookie)
{
	struct natfw_gc gc = {
		.nn = nn, .rule = rule, .cookie = cookie, .all = true,
		.gen = READ_ONCE(nn->gen),
	};

	return natfw_gc_sweep(&gc);
}

void natfw_flow_flush_all(struct natfw_net *nn)
{
	struct natfw_gc gc = {
		.nn = nn, .all = true, .exact = true, .gen = READ_ONCE(nn->gen),
	};

	natfw_gc_sweep(&gc);
}
