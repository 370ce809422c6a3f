// SPDX-License-Identifier: GPL-2.0-only
/*
 * Netlink: rules. Match and translation are nl_match.c's. All handlers take
 * nn->lock; dumps take it for as long as it takes to fill a message.
 */
#include <linux/slab.h>

#include "event.h"
#include "flow.h"
#include "net.h"
#include "netlink.h"
#include "owner.h"
#include "pool.h"
#include "rule.h"
#include "txn.h"

#define DEFAULT_PRIORITY	1000

/*
 * Writing
 */

/* What a rule and the notice of its end have in common. */
static int rule_put_head(struct sk_buff *skb, const struct natfw_rule *r)
{
	u64 packets, bytes;

	natfw_rule_count(r, &packets, &bytes);
	if (nla_put_u64_64bit(skb, NATFW_A_RULE_ID, r->id, NATFW_A_RULE_PAD) ||
	    nla_put_u32(skb, NATFW_A_RULE_PRIORITY, r->priority) ||
	    nla_put(skb, NATFW_A_RULE_OWNER, NATFW_OWNER_LEN, r->owner->cookie) ||
	    (r->name && nla_put_string(skb, NATFW_A_RULE_NAME, r->name)) ||
	    nla_put_u32(skb, NATFW_A_RULE_ACTION, r->action) ||
	    nla_put_u64_64bit(skb, NATFW_A_RULE_PACKETS, packets, NATFW_A_RULE_PAD) ||
	    nla_put_u64_64bit(skb, NATFW_A_RULE_BYTES, bytes, NATFW_A_RULE_PAD))
		return -EMSGSIZE;
	return 0;
}

static int rule_put_settings(struct sk_buff *skb, const struct natfw_rule *r)
{
	if (nla_put_u32(skb, NATFW_A_RULE_EMIT, r->emit) ||
	    (r->has_mark && nla_put_u32(skb, NATFW_A_RULE_MARK, r->mark)) ||
	    nla_put_u32(skb, NATFW_A_RULE_FLAGS, r->flags) ||
	    nla_put_u32(skb, NATFW_A_RULE_LIFETIME, r->lifetime))
		return -EMSGSIZE;
	return 0;
}

/* Milliseconds since the last packet of a half, or @best if there was less. */
static s64 half_ago(const struct natfw_half *h, s64 best)
{
	s64 ago;

	if (!natfw_half_packets(h))
		return best;
	ago = jiffies_to_msecs((u32)jiffies - READ_ONCE(h->node.used));
	return best < 0 ? ago : min(ago, best);
}

/* Milliseconds since the last packet, -1: none came. */
static s64 rule_ago(const struct natfw_rule *r)
{
	unsigned long used = READ_ONCE(r->used);
	s64 ago;

	if (!r->exact)
		return used ? (s64)jiffies_to_msecs(jiffies - used) : -1;
	ago = half_ago(natfw_flow_half(r->flow, 0), -1);
	if (r->flow->flags & NATFW_FLOW_TWO)
		ago = half_ago(natfw_flow_half(r->flow, 1), ago);
	return ago;
}

static int rule_put_state(struct sk_buff *skb, const struct natfw_rule *r)
{
	time64_t left = r->expires ? r->expires - natfw_now() : 0;
	s64 ago = rule_ago(r);

	if ((r->expires &&
	     nla_put_u32(skb, NATFW_A_RULE_EXPIRES, max_t(time64_t, left, 0))) ||
	    (ago >= 0 &&
	     nla_put_u64_64bit(skb, NATFW_A_RULE_USED, ago, NATFW_A_RULE_PAD)) ||
	    nla_put_u32(skb, NATFW_A_RULE_FLOWS, atomic_read(&r->nflows)))
		return -EMSGSIZE;
	return 0;
}

static int rule_put_external(struct sk_buff *skb, const struct natfw_rule *r)
{
	const struct natfw_map *m;
	union natfw_addr addr;
	u16 port;

	if (!natfw_rule_translates(r) || !(r->nat.set & NATFW_N_POOL) || !r->map[0])
		return 0;
	m = r->map[0];
	port = ntohs(natfw_map_ext_port(m));
	if (r->map[1])
		port &= ~1;
	natfw_map_ext_addr(m, &addr);
	if (natfw_nl_put_addr(skb, NATFW_A_RULE_EXT_ADDR, &addr) ||
	    nla_put_u32(skb, NATFW_A_RULE_EXT_PORT, port))
		return -EMSGSIZE;
	return 0;
}

int natfw_nl_rule_put(struct sk_buff *skb, const struct natfw_nl_head *head,
		      const struct natfw_rule *r)
{
	void *hdr = natfw_nl_begin(skb, head);

	if (!hdr || rule_put_head(skb, r) || natfw_nl_match_put(skb, r) ||
	    natfw_nl_nat_put(skb, r) ||
	    rule_put_settings(skb, r) || rule_put_state(skb, r) ||
	    rule_put_external(skb, r)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

int natfw_nl_rule_put_gone(struct sk_buff *skb, const struct natfw_nl_head *head,
			   const struct natfw_rule *r)
{
	void *hdr = natfw_nl_begin(skb, head);

	if (!hdr || rule_put_head(skb, r) ||
	    nla_put_u32(skb, NATFW_A_RULE_REASON, r->why)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

/*
 * Reading
 */

static bool action_permits(u8 action)
{
	return action == NATFW_ACTION_ALLOW || action == NATFW_ACTION_NAT;
}

/* Attributes that say something of permitted packets alone. */
static int check_permits(const struct genl_info *info,
			 const struct natfw_rule_spec *spec)
{
	struct nlattr **a = info->attrs;

	if (action_permits(spec->action))
		return 0;
	if (a[NATFW_A_RULE_MARK])
		return natfw_nl_refuse(info->extack, a[NATFW_A_RULE_MARK],
			      "only permitted packets are marked");
	if (spec->emit != NATFW_EMIT_INHERIT)
		return natfw_nl_refuse(info->extack, a[NATFW_A_RULE_EMIT],
			      "only permitted packets leave");
	if (spec->flags & NATFW_RULE_FLAG_STATEFUL)
		return natfw_nl_refuse(info->extack, a[NATFW_A_RULE_FLAGS],
			      "only permitted packets have replies");
	return 0;
}

static int check_flags(const struct genl_info *info,
		       const struct natfw_rule_spec *spec)
{
	u32 pool_flags = NATFW_RULE_FLAG_PARITY | NATFW_RULE_FLAG_PAIR;

	if (spec->flags & pool_flags && !(spec->nat.set & NATFW_N_POOL))
		return natfw_nl_refuse(info->extack, info->attrs[NATFW_A_RULE_FLAGS],
			      "parity and pairs are matters of a pool's ports");
	return 0;
}

static u32 get_u32(const struct nlattr *attr, u32 absent)
{
	return attr ? nla_get_u32(attr) : absent;
}

static void get_scalars(struct nlattr **a, struct natfw_rule_spec *spec)
{
	spec->priority = get_u32(a[NATFW_A_RULE_PRIORITY], DEFAULT_PRIORITY);
	spec->action = nla_get_u32(a[NATFW_A_RULE_ACTION]);
	spec->emit = get_u32(a[NATFW_A_RULE_EMIT], NATFW_EMIT_INHERIT);
	spec->has_mark = a[NATFW_A_RULE_MARK];
	spec->mark = get_u32(a[NATFW_A_RULE_MARK], 0);
	spec->flags = get_u32(a[NATFW_A_RULE_FLAGS], 0);
	spec->lifetime = get_u32(a[NATFW_A_RULE_LIFETIME], 0);
	if (a[NATFW_A_RULE_OWNER])
		memcpy(spec->cookie, nla_data(a[NATFW_A_RULE_OWNER]), NATFW_OWNER_LEN);
	if (a[NATFW_A_RULE_NAME])
		spec->name = nla_data(a[NATFW_A_RULE_NAME]);
	if (spec->action == NATFW_ACTION_NAT)
		spec->flags |= NATFW_RULE_FLAG_STATEFUL;
}

static int get_spec(struct natfw_net *nn, struct genl_info *info,
		    struct natfw_rule_spec *spec)
{
	struct nlattr **a = info->attrs;
	int err = 0;

	memset(spec, 0, sizeof(*spec));
	if (GENL_REQ_ATTR_CHECK(info, NATFW_A_RULE_ACTION)) {
		NL_SET_ERR_MSG(info->extack, "rule without action");
		return -EINVAL;
	}
	get_scalars(a, spec);
	if (a[NATFW_A_RULE_NAME])
		err = natfw_nl_check_name(a[NATFW_A_RULE_NAME], info->extack);
	return err ?:
	       check_permits(info, spec) ?:
	       natfw_nl_get_match(nn, a[NATFW_A_RULE_MATCH], spec, info->extack) ?:
	       natfw_nl_get_nat(nn, a[NATFW_A_RULE_NAT], spec, info->extack) ?:
	       check_flags(info, spec);
}

/*
 * Handlers
 */

static int rule_make(struct natfw_net *nn, struct genl_info *info, struct natfw_txn *txn,
		     struct natfw_rule **made)
{
	struct natfw_rule_spec spec;
	struct natfw_rule *r;
	LIST_HEAD(add);
	int err;

	if (nn->closing) {
		NL_SET_ERR_MSG(info->extack, "the namespace is going away");
		return -ESHUTDOWN;
	}
	err = natfw_txn_check(txn, info->extack) ?: get_spec(nn, info, &spec);
	if (err)
		return err;
	spec.txn = txn;
	if (txn && !list_empty(&txn->add))
		spec.last = list_last_entry(&txn->add, struct natfw_rule, list);
	r = natfw_rule_create(nn, &spec, info->extack);
	if (IS_ERR(r))
		return PTR_ERR(r);
	*made = r;
	if (txn) {
		natfw_txn_add(txn, r);
		return 0;
	}
	list_add(&r->list, &add);
	natfw_rule_commit(nn, &add, NULL, 0, NATFW_DEL_REASON_REQUEST);
	return 0;
}

static int rule_new(struct natfw_net *nn, struct genl_info *info,
		    struct sk_buff *reply, const struct natfw_nl_head *head)
{
	struct natfw_txn *txn = natfw_txn_find(nn, info->snd_portid);
	struct natfw_rule *r;
	int err;

	err = rule_make(nn, info, txn, &r);
	if (!err && reply)
		natfw_nl_rule_put(reply, head, r);
	return err;
}

int natfw_nl_rule_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	return natfw_nl_change(info, NATFW_NL_RULE_SIZE, rule_new);
}

/* The rule in force that the request names, or ERR_PTR with extack set. */
static struct natfw_rule *find_rule(struct natfw_net *nn, struct genl_info *info)
{
	struct nlattr *id = info->attrs[NATFW_A_RULE_ID];
	struct natfw_rule *r;

	if (GENL_REQ_ATTR_CHECK(info, NATFW_A_RULE_ID)) {
		NL_SET_ERR_MSG(info->extack, "which rule? id is missing");
		return ERR_PTR(-EINVAL);
	}
	r = natfw_rule_find(nn, nla_get_u64(id));
	if (r)
		return r;
	NL_SET_ERR_MSG_ATTR(info->extack, id, "no rule of that id is in force");
	return ERR_PTR(-ENOENT);
}

static int check_set(const struct natfw_rule *r, const struct genl_info *info)
{
	struct nlattr **a = info->attrs;
	u32 flags;

	if (a[NATFW_A_RULE_MARK] && a[NATFW_A_RULE_CLEAR_MARK])
		return natfw_nl_refuse(info->extack, a[NATFW_A_RULE_CLEAR_MARK],
			      "mark to be set and cleared");
	if (a[NATFW_A_RULE_MARK] && !action_permits(r->action))
		return natfw_nl_refuse(info->extack, a[NATFW_A_RULE_MARK],
			      "only permitted packets are marked");
	if (a[NATFW_A_RULE_EMIT] && !action_permits(r->action) &&
	    nla_get_u32(a[NATFW_A_RULE_EMIT]) != NATFW_EMIT_INHERIT)
		return natfw_nl_refuse(info->extack, a[NATFW_A_RULE_EMIT],
			      "only permitted packets leave");
	if (a[NATFW_A_RULE_NAME] &&
	    natfw_nl_check_name(a[NATFW_A_RULE_NAME], info->extack))
		return -EINVAL;
	if (!a[NATFW_A_RULE_FLAGS])
		return 0;
	flags = nla_get_u32(a[NATFW_A_RULE_FLAGS]) & ~NATFW_RULE_FLAG_INACTIVE;
	if (flags && flags != (r->flags & ~NATFW_RULE_FLAG_INACTIVE))
		return natfw_nl_refuse(info->extack, a[NATFW_A_RULE_FLAGS],
			      "of a rule's flags only inactive can be changed");
	return 0;
}

static void set_mark(struct natfw_rule *r, struct nlattr **a)
{
	if (a[NATFW_A_RULE_CLEAR_MARK])
		WRITE_ONCE(r->has_mark, false);
	if (!a[NATFW_A_RULE_MARK])
		return;
	WRITE_ONCE(r->mark, nla_get_u32(a[NATFW_A_RULE_MARK]));
	WRITE_ONCE(r->has_mark, true);
}

static int rule_change(struct natfw_rule *r, const struct genl_info *info)
{
	struct nlattr **a = info->attrs;
	u32 inactive;
	int err;

	err = natfw_nl_refuse_txn(r->nn, info) ?: check_set(r, info);
	if (err)
		return err;
	/* the one step that can fail comes first */
	if (a[NATFW_A_RULE_NAME])
		err = natfw_rule_rename(r, nla_data(a[NATFW_A_RULE_NAME]));
	if (err)
		return natfw_nl_explain(info->extack, err);
	set_mark(r, a);
	if (a[NATFW_A_RULE_EMIT])
		WRITE_ONCE(r->emit, nla_get_u32(a[NATFW_A_RULE_EMIT]));
	if (r->exact)
		natfw_flow_follow(r->flow, r);
	if (a[NATFW_A_RULE_LIFETIME])
		natfw_rule_refresh(r, nla_get_u32(a[NATFW_A_RULE_LIFETIME]));
	if (a[NATFW_A_RULE_FLAGS]) {
		inactive = nla_get_u32(a[NATFW_A_RULE_FLAGS]) & NATFW_RULE_FLAG_INACTIVE;
		natfw_rule_set_flags(r, (r->flags & ~NATFW_RULE_FLAG_INACTIVE) | inactive);
	}
	natfw_event_rule(r, false);
	return 0;
}

static int rule_set(struct natfw_net *nn, struct genl_info *info,
		    struct sk_buff *reply, const struct natfw_nl_head *head)
{
	struct natfw_rule *r = find_rule(nn, info);
	int err = IS_ERR(r) ? PTR_ERR(r) : rule_change(r, info);

	if (!err && reply)
		natfw_nl_rule_put(reply, head, r);
	return err;
}

int natfw_nl_rule_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	return natfw_nl_change(info, NATFW_NL_RULE_SIZE, rule_set);
}

static int rule_del(struct natfw_net *nn, struct genl_info *info,
		    struct sk_buff *reply, const struct natfw_nl_head *head)
{
	struct natfw_txn *txn = natfw_txn_find(nn, info->snd_portid);
	struct natfw_rule *r = find_rule(nn, info);

	if (IS_ERR(r))
		return PTR_ERR(r);
	if (txn)
		return natfw_txn_del(txn, r, info->extack);
	natfw_rule_commit(nn, NULL, &r, 1, NATFW_DEL_REASON_REQUEST);
	return 0;
}

int natfw_nl_rule_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	return natfw_nl_change(info, 0, rule_del);
}

static int flush_now(struct natfw_net *nn, const u8 *owner)
{
	struct natfw_doom d;
	int err;

	err = natfw_doom_init(&d, nn, owner ? natfw_owner_rules(nn, owner) : U32_MAX);
	if (err)
		return err;
	natfw_doom_owner(&d, owner);
	if (d.n)
		natfw_rule_commit(nn, NULL, d.rule, d.n, NATFW_DEL_REASON_FLUSH);
	natfw_doom_fini(&d, false);
	return 0;
}

static int rule_flush(struct natfw_net *nn, struct genl_info *info,
		      struct sk_buff *reply, const struct natfw_nl_head *head)
{
	struct natfw_txn *txn = natfw_txn_find(nn, info->snd_portid);
	struct nlattr *owner = info->attrs[NATFW_A_RULE_OWNER];
	const u8 *cookie = owner ? nla_data(owner) : NULL;

	if (txn)
		return natfw_txn_flush(txn, cookie, info->extack);
	return flush_now(nn, cookie);
}

int natfw_nl_rule_flush_doit(struct sk_buff *skb, struct genl_info *info)
{
	return natfw_nl_change(info, 0, rule_flush);
}

static int rule_get(struct natfw_net *nn, struct genl_info *info,
		    struct sk_buff *reply, const struct natfw_nl_head *head)
{
	struct nlattr *owner = info->attrs[NATFW_A_RULE_OWNER];
	struct natfw_rule *r;

	if (owner)
		return natfw_nl_refuse(info->extack, owner, "rules of an owner are for a dump");
	r = find_rule(nn, info);
	return IS_ERR(r) ? PTR_ERR(r) : natfw_nl_rule_put(reply, head, r);
}

int natfw_nl_rule_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	return natfw_nl_read(info, NATFW_NL_RULE_SIZE, rule_get);
}

/* cb->args[0]: id from which to go on. */
static int rule_dump(struct natfw_net *nn, struct sk_buff *skb,
		     struct netlink_callback *cb, const u8 *owner)
{
	unsigned long id = cb->args[0];
	struct natfw_nl_head head;
	struct natfw_rule *r;
	int err = 0;

	natfw_nl_head_dump(&head, cb, NATFW_CMD_RULE_GET);
	cb->seq = (u32)nn->gen ?: 1;
	xa_for_each_start(&nn->rules, id, r, cb->args[0]) {
		if (owner && !natfw_rule_owned(r, owner))
			continue;
		err = natfw_nl_rule_put(skb, &head, r);
		if (err)
			break;
	}
	cb->args[0] = r ? id : ULONG_MAX;
	return err && !skb->len ? err : skb->len;
}

int natfw_nl_rule_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct natfw_net *nn = natfw_net(sock_net(skb->sk));
	struct nlattr **a = natfw_dump_attrs(cb);
	const u8 *owner = NULL;
	int ret;

	if (a && a[NATFW_A_RULE_ID])
		return natfw_nl_refuse(cb->extack, a[NATFW_A_RULE_ID],
				       "a dump is of all rules or an owner's");
	if (a && a[NATFW_A_RULE_OWNER])
		owner = nla_data(a[NATFW_A_RULE_OWNER]);
	mutex_lock(&nn->lock);
	ret = rule_dump(nn, skb, cb, owner);
	mutex_unlock(&nn->lock);
	return ret;
}
