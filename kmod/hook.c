// SPDX-License-Identifier: GPL-2.0-only
/*
 * The packet's walk: parse, find the flow, do what its rule says, account.
 * Every packet that comes in here ends in natfw_end(), once.
 */
#include <linux/icmp.h>
#include <linux/netfilter.h>

#include "batch.h"
#include "emit.h"
#include "flow.h"
#include "hit.h"
#include "net.h"
#include "plan.h"
#include "pool.h"
#include "rule.h"
#include "trace.h"

static __always_inline void natfw_account(const struct natfw_pkt *p, const struct natfw_rule *r,
					  enum natfw_reason why)
{
	natfw_stats_count(p->nd->stats, p->cpu, why, p->len);
	trace_natfw_end(p, r, why);
}

/* How a packet ended: count, trace, and tell netfilter. */
static unsigned int natfw_end(struct natfw_pkt *p, unsigned int verdict,
			      const struct natfw_rule *r, enum natfw_reason why)
{
	natfw_account(p, r, why);
	if (verdict == NF_ACCEPT)
		return natfw_accept(p, p->was);
	if (verdict != NF_DROP)
		return verdict;
	kfree_skb_reason(p->skb, natfw_reasons[why].drop_reason);
	return NF_STOLEN;
}

/* A packet that ends without having gone anywhere. */
static unsigned int natfw_end_here(struct natfw_pkt *p, const struct natfw_rule *r,
				   enum natfw_reason why)
{
	return natfw_end(p, natfw_reason_drops(why) ? NF_DROP : NF_ACCEPT, r, why);
}

static unsigned int natfw_end_default(struct natfw_pkt *p)
{
	if (READ_ONCE(p->nd->default_verdict) == NATFW_VERDICT_PASS)
		return natfw_end_here(p, NULL, NATFW_R_PASS_DEFAULT);
	if (p->flags & NATFW_P_ND)
		return natfw_end_here(p, NULL, NATFW_R_PASS_ND);
	return natfw_end_here(p, NULL, NATFW_R_DROP_DEFAULT);
}

u8 natfw_emit_mode(const struct natfw_pkt *p, u8 emit)
{
	if (emit == NATFW_EMIT_INHERIT)
		emit = READ_ONCE(p->nd->emit);
	if (emit == NATFW_EMIT_INHERIT)
		emit = READ_ONCE(p->nn->emit);
	return emit;
}

static unsigned int natfw_refuse(struct natfw_pkt *p, const struct natfw_rule *r, u8 action)
{
	if (action == NATFW_ACTION_DENY)
		return natfw_end_here(p, r, NATFW_R_DENY);
	natfw_answer_reject(p);
	return natfw_end_here(p, r, NATFW_R_REJECT);
}

/* A packet of a flow that is permitted, the long way. */
static noinline unsigned int natfw_forward_slow(struct natfw_pkt *p, struct natfw_flow *f,
						struct natfw_half *h, u8 emit, const u32 *mark)
{
	enum natfw_reason why = NATFW_R_ALLOW_STACK;
	struct natfw_xlat x;
	unsigned int verdict;

	if (f->flags & NATFW_FLOW_NAT) {
		natfw_half_xlat(h, &x);
		verdict = natfw_emit(p, h, &x, emit, mark, &why);
	} else {
		verdict = natfw_emit(p, h, NULL, emit, mark, &why);
	}
	return natfw_end(p, verdict, f->rule, why);
}

static __always_inline unsigned int natfw_forward_flow(struct natfw_pkt *p, struct natfw_flow *f,
						       struct natfw_half *h)
{
	const u32 *mark = natfw_flow_mark(f);
	u8 emit = natfw_emit_mode(p, natfw_flow_emit(f));

	if (likely(emit == NATFW_EMIT_DIRECT && !mark) && natfw_emit_hit(p, f, h)) {
		natfw_account(p, f->rule, f->flags & NATFW_FLOW_NAT ? NATFW_R_NAT_DIRECT :
								      NATFW_R_ALLOW_DIRECT);
		return NF_STOLEN;
	}
	return natfw_forward_slow(p, f, h, emit, mark);
}

static bool natfw_action_refuses(u8 action)
{
	return action == NATFW_ACTION_DENY || action == NATFW_ACTION_REJECT;
}

/*
 * A packet a flow stands for. Of the rule only the address is used here, and
 * what the flow has of it: the rule of an exact flow is not in the cache.
 */
static __always_inline unsigned int natfw_follow(struct natfw_pkt *p, struct natfw_half *h)
{
	struct natfw_flow *f = natfw_half_flow(h);

	natfw_flow_touch(p, f, h);
	if (unlikely(f->rule == p->nn->fallback))
		return natfw_end_default(p);
	if (natfw_action_refuses(f->action))
		return natfw_refuse(p, f->rule, f->action);
	return natfw_forward_flow(p, f, h);
}

/* A packet that a rule speaks of, without a flow. */
static unsigned int natfw_obey(struct natfw_pkt *p, struct natfw_rule *r)
{
	enum natfw_reason why = NATFW_R_ALLOW_STACK;
	unsigned int verdict;

	natfw_rule_hit(r, p->cpu, p->len);
	if (natfw_action_refuses(r->action))
		return natfw_refuse(p, r, r->action);
	verdict = natfw_emit(p, NULL, NULL, natfw_emit_mode(p, r->emit),
			     r->has_mark ? &r->mark : NULL, &why);
	return natfw_end(p, verdict, r, why);
}

/*
 * An ICMP error belongs to the flow of the packet it is about, unless a rule
 * that beats the flow's speaks of it.
 */
static bool natfw_icmp_related(struct natfw_pkt *p, struct natfw_half **half,
			       struct natfw_rule **w)
{
	struct natfw_search s;
	struct natfw_half *h;

	do {
		*w = NULL;
		h = natfw_flow_about(p, &p->inner.key);
		if (h)
			*w = natfw_classify(p->nn, p, natfw_half_flow(h)->rule, &s);
	} while (unlikely(natfw_gen_stale(p->nn, &p->gen)));
	*half = h;
	return h && !*w;
}

/* About no flow, yet for an address that only mappings have: noise, or worse. */
static bool natfw_icmp_stray(const struct natfw_pkt *p)
{
	struct natfw_route rt;
	bool local;

	if (!natfw_pool_owns(p->nn, p->key.zone, &p->key.dst))
		return false;
	natfw_route_find(p, &p->key.dst, &rt);
	local = rt.type == NATFW_ROUTE_LOCAL;
	natfw_route_put(&rt);
	return !local;
}

static unsigned int natfw_icmp(struct natfw_pkt *p, struct natfw_half *h)
{
	struct natfw_flow *f = natfw_half_flow(h);
	struct natfw_rule *r = f->rule;
	enum natfw_reason why = NATFW_R_ICMP_ERROR;
	unsigned int verdict;

	if (r->exact)
		natfw_half_count(h, p->len);
	natfw_rule_hit(r, p->cpu, p->len);
	verdict = natfw_icmp_error(p, f, h, natfw_emit_mode(p, natfw_flow_emit(f)),
				   natfw_flow_mark(f), &why);
	return natfw_end(p, verdict, r, why);
}

/* A packet that nothing is known of yet, or that is about another. */
static noinline unsigned int natfw_process_slow(struct natfw_pkt *p)
{
	struct natfw_decision v = {};
	struct natfw_half *h;
	int err;

	/* pairs with natfw_rule_commit() */
	p->gen = smp_load_acquire(&p->nn->gen);
	if (unlikely(p->flags & NATFW_P_ICMPERR)) {
		if (natfw_icmp_related(p, &h, &v.rule))
			return natfw_icmp(p, h);
		if (!h && natfw_icmp_stray(p))
			return natfw_end_here(p, NULL, NATFW_R_ICMP_UNRELATED);
	}
	err = natfw_flow_find(p, &v);
	if (unlikely(err)) {
		if (v.rule)
			natfw_rule_hit(v.rule, p->cpu, p->len);
		return natfw_end_here(p, v.rule, natfw_failed(err));
	}
	if (v.half)
		return natfw_follow(p, v.half);
	if (!v.rule || v.rule == p->nn->fallback)
		return natfw_end_default(p);
	return natfw_obey(p, v.rule);
}

unsigned int natfw_process(struct natfw_pkt *p)
{
	struct natfw_half *h;

	if (likely(!(p->flags & NATFW_P_ICMPERR))) {
		h = natfw_flow_hit(p);
		if (likely(h))
			return natfw_follow(p, h);
	}
	return natfw_process_slow(p);
}

/* Fragments are judged as the datagram they are parts of. */
static int natfw_reassemble(struct natfw_pkt *p)
{
	int err;

	if (!READ_ONCE(p->nn->nrules))
		return 0;
	err = natfw_defrag(p);
	if (err)
		return err;
	p->flags |= NATFW_P_REASM;
	p->len = p->skb->len;
	return natfw_parse(p);
}

unsigned int natfw_parsed(struct natfw_pkt *p, int err)
{
	if (!err && unlikely(p->flags & NATFW_P_FRAG))
		err = natfw_reassemble(p);
	if (unlikely(err == natfw_fail(NATFW_R_FRAG_QUEUED) ||
		     err == natfw_fail(NATFW_R_FRAG_BAD)))
		return natfw_end(p, NF_STOLEN, NULL, natfw_failed(err));
	if (unlikely(err))
		return natfw_end_here(p, NULL, natfw_failed(err));
	return natfw_process(p);
}

static noinline unsigned int natfw_hook_one(struct natfw_dev *nd, struct sk_buff *skb)
{
	struct natfw_pkt natfw_not_cleared p;

	natfw_pkt_begin(&p, nd, skb, skb->len, smp_processor_id());
	return natfw_parsed(&p, natfw_parse(&p));
}

unsigned int natfw_hook(void *priv, struct sk_buff *skb,
			const struct nf_hook_state *state)
{
	struct natfw_batch *b = this_cpu_ptr(natfw_batches);

	/* from within a device's sending: those that wait may want to be sent by the same */
	if (unlikely(skb_is_redirected(skb)))
		return natfw_hook_one(priv, skb);
	if (natfw_batch_wants(b))
		return natfw_batch_take(b, priv, skb);
	if (unlikely(natfw_batch_waits(b)))
		natfw_batch_run(b);
	return natfw_hook_one(priv, skb);
}

/* ---- packets this host makes itself ---- */

/*
 * The reply half a packet of our own would hit had it come in by some device:
 * an answer of a local service that was reached by translation, or an ICMP
 * error or reset made out of a translated packet.
 */
static struct natfw_half *natfw_output_find(struct natfw_pkt *p, struct natfw_net *nn)
{
	struct natfw_key key = p->flags & NATFW_P_ICMPERR ? p->inner.key : p->key;
	struct natfw_half *h;
	struct natfw_dev *nd;

	key.zone = NATFW_ZONE_LOCAL;
	h = natfw_flow_about(p, &key);
	if (h)
		return h;
	list_for_each_entry_rcu(nd, &nn->devs, list) {
		key.zone = READ_ONCE(nd->zone);
		h = natfw_flow_about(p, &key);
		if (h)
			return h;
	}
	return NULL;
}

static bool natfw_output_wanted(const struct natfw_net *nn, const struct natfw_pkt *p)
{
	if (p->flags & NATFW_P_ICMPERR)
		return true;
	if (p->key.proto == IPPROTO_TCP && p->tcp_flags & NATFW_TH_RST)
		return true;
	return atomic_read(&nn->nlocal) || READ_ONCE(nn->ndnat);
}

static unsigned int natfw_output(struct natfw_net *nn, struct sk_buff *skb)
{
	static const struct natfw_dev nowhere;
	struct natfw_pkt p = {
		.skb = skb, .nn = nn, .nd = (struct natfw_dev *)&nowhere,
		.len = skb->len, .cpu = smp_processor_id(),
	};
	struct natfw_flow *f;
	struct natfw_half *h;

	if ((!atomic_read(&nn->nflows) && !READ_ONCE(nn->ndnat)) ||
	    natfw_answer_is_ours())
		return NF_ACCEPT;
	if (natfw_parse(&p) || p.flags & NATFW_P_FRAG || !natfw_output_wanted(nn, &p))
		return NF_ACCEPT;
	/* pairs with natfw_rule_commit() */
	p.gen = smp_load_acquire(&nn->gen);
	do {
		h = natfw_output_find(&p, nn);
	} while (unlikely(natfw_gen_stale(nn, &p.gen)));
	if (!h)
		return NF_ACCEPT;
	f = natfw_half_flow(h);
	if (!(f->flags & NATFW_FLOW_NAT) || !natfw_rule_visible(f->rule, p.gen))
		return NF_ACCEPT;
	if (!(p.flags & NATFW_P_ICMPERR))
		natfw_flow_touch(&p, f, h);
	return natfw_icmp_output(&p, f, h);
}

unsigned int natfw_output_hook(void *priv, struct sk_buff *skb,
			       const struct nf_hook_state *state)
{
	unsigned int verdict;

	local_bh_disable();
	verdict = natfw_output(natfw_net(state->net), skb);
	local_bh_enable();
	return verdict;
}
