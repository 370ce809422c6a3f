// SPDX-License-Identifier: GPL-2.0-only
/*
 * The flow of an exact rule: made with the rule, and there as long as it is.
 */
#include "bind.h"
#include "net.h"
#include "plan.h"
#include "pool.h"
#include "rule.h"
#include "txn.h"

void natfw_exact_match(const struct natfw_flow *f, struct natfw_match *m)
{
	struct natfw_key k;

	natfw_node_key(&natfw_flow_half(f, 0)->node, &k);
	memset(m, 0, sizeof(*m));
	m->set = NATFW_M_FAMILY | NATFW_M_SRC | NATFW_M_DST | NATFW_M_PROTO | NATFW_M_ZONE;
	m->is4 = natfw_key_is4(&k);
	m->src = k.src;
	m->dst = k.dst;
	m->src_len = 128;
	m->dst_len = 128;
	m->proto = k.proto;
	m->zone = k.zone;
	if (natfw_proto_has_ports(k.proto)) {
		m->set |= NATFW_M_SPORT | NATFW_M_DPORT;
		m->sport_min = ntohs(k.sport);
		m->sport_max = m->sport_min;
		m->dport_min = ntohs(k.dport);
		m->dport_max = m->dport_min;
	} else if (k.proto == IPPROTO_ESP || k.proto == IPPROTO_AH) {
		m->set |= NATFW_M_SPI;
		m->spi = k.ports;
	}
}

static void natfw_exact_reply(struct natfw_rule *r, const struct natfw_key *orig,
			      struct natfw_key *reply)
{
	u16 zone = orig->zone;
	struct natfw_xlat x;

	natfw_xlat_none(&x, orig);
	if (natfw_rule_translates(r)) {
		natfw_zone_given(r, &zone);
		natfw_xlat_dst(r, orig, &x);
		natfw_xlat_src(r, orig, &x);
	}
	if (natfw_rule_translates(r) && r->nat.set & NATFW_N_POOL) {
		natfw_map_ext_addr(r->map[0], &x.src);
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
					   const struct natfw_match *m,
					   const struct natfw_txn *txn)
{
	struct natfw_net *nn = r->nn;
	struct natfw_exact e = { .txn = txn };
	struct natfw_half *h, *reply;
	struct natfw_key key, rkey;
	struct natfw_flow *f;
	int err;

	lockdep_assert_held(&nn->lock);
	natfw_match_key(&key, m);
	f = natfw_flow_alloc(r, natfw_exact_flags(r), &key, GFP_KERNEL);
	if (IS_ERR(f))
		return f;
	e.ours = f;
	h = natfw_flow_half(f, 0);
	reply = natfw_flow_half(f, 1);
	if (f->flags & NATFW_FLOW_TWO) {
		natfw_exact_reply(r, &key, &rkey);
		natfw_flow_reply(f, &rkey);
		err = natfw_half_insert(nn, reply, natfw_clash_exact, &e);
		if (err)
			goto out;
	}
	err = natfw_half_insert(nn, h, NULL, NULL);
	if (!err)
		return f;
	if (f->flags & NATFW_FLOW_TWO)
		natfw_table_remove(&nn->table, &reply->node);
out:
	natfw_flow_dispose(nn, f);
	return ERR_PTR(err);
}
