// SPDX-License-Identifier: GPL-2.0-only
/*
 * Netlink: flows and mappings, which both stand in the table.
 *
 * They come and go with packets, so a dump of them is never a snapshot: what
 * stays throughout is in it at least once. A dump during which the table was
 * rebuilt is flagged as interrupted.
 */
#include <linux/sched/signal.h>

#include "adj.h"
#include "event.h"
#include "flow.h"
#include "net.h"
#include "netlink.h"
#include "owner.h"
#include "pool.h"
#include "rule.h"

/* State of a dump between calls, in cb->ctx. */
struct flow_cursor {
	struct natfw_table_cursor	table;	/* next bucket */
	u32				skip;	/* nodes of it done with */
	bool				done;
};

/* What the walk hands its callback. */
struct flow_dump {
	struct sk_buff			*skb;
	struct natfw_nl_head		head;
	struct natfw_net		*nn;
	const u8			*owner;	/* or NULL */
	u64				rule;	/* or 0 */
	u32				seen;	/* nodes of the bucket */
	u32				skip;
	bool				full;
	int				(*put)(struct flow_dump *d,
					       struct natfw_node *node);
};

int natfw_nl_put_key(struct sk_buff *skb, const struct natfw_key *k)
{
	int err;

	if (natfw_nl_put_addr(skb, NATFW_A_TUPLE_SRC, &k->src) ||
	    natfw_nl_put_addr(skb, NATFW_A_TUPLE_DST, &k->dst) ||
	    nla_put_u32(skb, NATFW_A_TUPLE_PROTO, k->proto) ||
	    nla_put_u32(skb, NATFW_A_TUPLE_ZONE, k->zone))
		return -EMSGSIZE;
	if (k->proto == IPPROTO_ESP || k->proto == IPPROTO_AH)
		return nla_put_u32(skb, NATFW_A_TUPLE_SPI, ntohl(k->ports));
	if (!natfw_proto_has_id(k->proto))
		return 0;
	err = nla_put_u32(skb, NATFW_A_TUPLE_SPORT, ntohs(k->sport));
	return err ? err : nla_put_u32(skb, NATFW_A_TUPLE_DPORT, ntohs(k->dport));
}

static int half_put(struct sk_buff *skb, int type, const struct natfw_half *h)
{
	struct nlattr *nest = nla_nest_start(skb, type);
	u64 packets = natfw_half_packets(h);
	const struct net_device *dev;
	const struct natfw_adj *a;
	struct natfw_key key;

	natfw_node_key(&h->node, &key);
	if (!nest || natfw_nl_put_key(skb, &key) ||
	    nla_put_u64_64bit(skb, NATFW_A_TUPLE_PACKETS, packets, NATFW_A_TUPLE_PAD) ||
	    nla_put_u64_64bit(skb, NATFW_A_TUPLE_BYTES, natfw_half_bytes(h),
			      NATFW_A_TUPLE_PAD))
		return -EMSGSIZE;
	if (packets &&
	    nla_put_u32(skb, NATFW_A_TUPLE_IDLE,
			((u32)jiffies - READ_ONCE(h->node.used)) / HZ))
		return -EMSGSIZE;
	a = rcu_dereference(h->adj);
	dev = a ? READ_ONCE(a->key.dst->dev) : NULL;
	if (dev && nla_put_u32(skb, NATFW_A_TUPLE_OUT_IFINDEX, dev->ifindex))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static u32 flow_flags(u8 flags)
{
	u32 out = 0;

	if (flags & NATFW_FLOW_NAT)
		out |= NATFW_FLOW_FLAG_NAT;
	if (flags & NATFW_FLOW_TWO)
		out |= NATFW_FLOW_FLAG_STATEFUL;
	if (flags & NATFW_FLOW_RULE)
		out |= NATFW_FLOW_FLAG_RULE;
	if (flags & NATFW_FLOW_DENY)
		out |= NATFW_FLOW_FLAG_DENY;
	if ((flags & NATFW_FLOW_SEEN) && (flags & NATFW_FLOW_REPLIED))
		out |= NATFW_FLOW_FLAG_ASSURED;
	return out;
}

static int flow_put_rest(struct flow_dump *d, const struct natfw_flow *f)
{
	long left = natfw_flow_left(d->nn, f);
	struct sk_buff *skb = d->skb;

	/* "no rule" is kept as a rule that has no id */
	if (f->rule != d->nn->fallback &&
	    nla_put_u64_64bit(skb, NATFW_A_FLOW_RULE, f->rule->id, NATFW_A_FLOW_PAD))
		return -EMSGSIZE;
	if (nla_put_u32(skb, NATFW_A_FLOW_FLAGS, flow_flags(READ_ONCE(f->flags))) ||
	    nla_put_u32(skb, NATFW_A_FLOW_STATE, READ_ONCE(f->state)) ||
	    (left >= 0 && nla_put_u32(skb, NATFW_A_FLOW_EXPIRES, left)))
		return -EMSGSIZE;
	return 0;
}

static bool flow_wanted(const struct flow_dump *d, const struct natfw_flow *f)
{
	if (d->rule && f->rule->id != d->rule)
		return false;
	return !d->owner || natfw_rule_owned(f->rule, d->owner);
}

static int flow_put(struct flow_dump *d, struct natfw_node *node)
{
	struct natfw_half *h = natfw_node_half(node);
	struct natfw_flow *f;
	void *hdr;

	if (natfw_node_tail(node)->kind != NATFW_KIND_FLOW || node->flags & NATFW_NODE_REPLY)
		return 0;
	f = natfw_half_flow(h);
	if (!flow_wanted(d, f))
		return 0;
	hdr = natfw_nl_begin(d->skb, &d->head);
	if (!hdr || half_put(d->skb, NATFW_A_FLOW_ORIG, natfw_flow_half(f, 0)) ||
	    (f->flags & NATFW_FLOW_TWO &&
	     half_put(d->skb, NATFW_A_FLOW_REPLY, natfw_flow_half(f, 1))) ||
	    flow_put_rest(d, f)) {
		genlmsg_cancel(d->skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(d->skb, hdr);
	return 0;
}

/* Flows through a mapping; rules that reserved it and its pair hold it too. */
static u32 map_flows(const struct natfw_map *m)
{
	const struct natfw_rule *r = m->rule;
	int n = refcount_read(&m->refs) - READ_ONCE(m->mated);

	n -= READ_ONCE(r->map[0]) == m;
	n -= READ_ONCE(r->map[1]) == m;
	return max(n, 0);
}

int natfw_nl_map_put(struct sk_buff *skb, const struct natfw_nl_head *head,
		     const struct natfw_map *m)
{
	void *hdr = natfw_nl_begin(skb, head);
	struct natfw_key in, ex;

	natfw_map_internal(m, &in);
	natfw_map_external(m, &ex);
	if (!hdr || nla_put_u32(skb, NATFW_A_MAP_PROTO, in.proto) ||
	    natfw_nl_put_addr(skb, NATFW_A_MAP_INT_ADDR, &in.src) ||
	    nla_put_u32(skb, NATFW_A_MAP_INT_PORT, ntohs(in.sport)) ||
	    nla_put_u32(skb, NATFW_A_MAP_INT_ZONE, in.zone) ||
	    natfw_nl_put_addr(skb, NATFW_A_MAP_EXT_ADDR, &ex.dst) ||
	    nla_put_u32(skb, NATFW_A_MAP_EXT_PORT, ntohs(ex.dport)) ||
	    nla_put_u32(skb, NATFW_A_MAP_EXT_ZONE, ex.zone) ||
	    nla_put_string(skb, NATFW_A_MAP_POOL, natfw_map_pool(m)->conf.name) ||
	    nla_put_u64_64bit(skb, NATFW_A_MAP_RULE, m->rule->id, NATFW_A_MAP_PAD) ||
	    nla_put(skb, NATFW_A_MAP_OWNER, NATFW_OWNER_LEN, m->rule->owner->cookie) ||
	    nla_put_u32(skb, NATFW_A_MAP_FLOWS, map_flows(m))) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

static void walk_node(struct natfw_node *node, void *arg)
{
	struct flow_dump *d = arg;

	if (d->full || d->seen++ < d->skip)
		return;
	if (d->put(d, node)) {
		d->full = true;
		d->skip = d->seen - 1;
	}
}

/* Bucket by bucket, to know where to go on. */
static int walk(struct flow_dump *d, struct netlink_callback *cb)
{
	struct flow_cursor *c = (struct flow_cursor *)cb->ctx;
	struct natfw_table *t = &d->nn->table;
	struct natfw_table_cursor next;

	BUILD_BUG_ON(sizeof(*c) > sizeof(cb->ctx));
	cb->seq = natfw_table_buckets(t) ?: 1;
	while (!c->done) {
		next = c->table;
		d->seen = 0;
		d->skip = c->skip;
		d->full = false;
		c->done = !natfw_table_walk(t, &next, 1, walk_node, d);
		if (d->full) {
			c->done = false;
			c->skip = d->skip;
			return d->skb->len ? d->skb->len : -EMSGSIZE;
		}
		c->table = next;
		c->skip = 0;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return d->skb->len;
}

int natfw_nl_flow_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct nlattr **a = natfw_dump_attrs(cb);
	struct flow_dump d = {
		.skb = skb,
		.nn = natfw_net(sock_net(skb->sk)),
		.put = flow_put,
	};

	natfw_nl_head_dump(&d.head, cb, NATFW_CMD_FLOW_GET);
	if (a && a[NATFW_A_FLOW_OWNER])
		d.owner = nla_data(a[NATFW_A_FLOW_OWNER]);
	if (a && a[NATFW_A_FLOW_RULE])
		d.rule = nla_get_u64(a[NATFW_A_FLOW_RULE]);
	return walk(&d, cb);
}

/* What is asked for is in @a; its addresses are in @in and @ex too. */
struct map_dump {
	struct sk_buff		*skb;
	struct natfw_nl_head	head;
	struct nlattr		**a;		/* may be NULL */
	union natfw_addr	in, ex;
};

static bool map_has(const struct map_dump *d, int attr, u32 value)
{
	return !d->a[attr] || nla_get_u32(d->a[attr]) == value;
}

static bool map_wanted(const struct map_dump *d, const struct natfw_map *m)
{
	struct natfw_key in, ex;

	if (!d->a)
		return true;
	natfw_map_internal(m, &in);
	natfw_map_external(m, &ex);
	return map_has(d, NATFW_A_MAP_PROTO, in.proto) &&
	       map_has(d, NATFW_A_MAP_INT_PORT, ntohs(in.sport)) &&
	       map_has(d, NATFW_A_MAP_EXT_PORT, ntohs(ex.dport)) &&
	       (!d->a[NATFW_A_MAP_INT_ADDR] || natfw_addr_equal(&in.src, &d->in)) &&
	       (!d->a[NATFW_A_MAP_EXT_ADDR] || natfw_addr_equal(&ex.dst, &d->ex));
}

static int map_put(const struct natfw_map *m, void *arg)
{
	struct map_dump *d = arg;

	return map_wanted(d, m) ? natfw_nl_map_put(d->skb, &d->head, m) : 0;
}

static int map_dump_addr(const struct map_dump *d, int attr, union natfw_addr *addr,
			 struct netlink_callback *cb)
{
	if (!d->a || !d->a[attr])
		return 0;
	return natfw_nl_get_addr(d->a[attr], addr, cb->extack);
}

int natfw_nl_map_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct natfw_map_cursor *c = (struct natfw_map_cursor *)cb->ctx;
	struct map_dump d = { .skb = skb, .a = natfw_dump_attrs(cb) };
	bool one = d.a && d.a[NATFW_A_MAP_EXT_ADDR];
	int err;

	BUILD_BUG_ON(sizeof(*c) > sizeof(cb->ctx));
	natfw_nl_head_dump(&d.head, cb, NATFW_CMD_MAP_GET);
	cb->seq = natfw_nl_list_seq();
	err = map_dump_addr(&d, NATFW_A_MAP_INT_ADDR, &d.in, cb) ?:
	      map_dump_addr(&d, NATFW_A_MAP_EXT_ADDR, &d.ex, cb);
	if (err)
		return err;
	err = natfw_map_walk(natfw_net(sock_net(skb->sk)), c, one ? &d.ex : NULL, map_put, &d);
	if (!err)
		c->pool = U32_MAX;
	return err && !skb->len ? err : skb->len;
}

static int count_put(struct sk_buff *skb, const struct natfw_nl_head *head, u32 count)
{
	void *hdr = natfw_nl_begin(skb, head);

	if (!hdr || nla_put_u32(skb, NATFW_A_FLOW_COUNT, count))
		return -EMSGSIZE;
	genlmsg_end(skb, hdr);
	return 0;
}

static int flow_del(struct natfw_net *nn, struct genl_info *info,
		    struct sk_buff *reply, const struct natfw_nl_head *head)
{
	struct nlattr *id = info->attrs[NATFW_A_FLOW_RULE];
	struct nlattr *owner = info->attrs[NATFW_A_FLOW_OWNER];
	struct natfw_rule *r = NULL;
	int err;

	err = natfw_nl_refuse_txn(nn, info);
	if (err)
		return err;
	if (id) {
		r = natfw_rule_find(nn, nla_get_u64(id));
		if (!r) {
			NL_SET_ERR_MSG_ATTR(info->extack, id,
					    "no rule of that id is in force");
			return -ENOENT;
		}
	}
	return count_put(reply, head,
			 natfw_flow_flush(nn, r, owner ? nla_data(owner) : NULL));
}

int natfw_nl_flow_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	return natfw_nl_read(info, NATFW_NL_SMALL_SIZE, flow_del);
}
