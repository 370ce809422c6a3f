// SPDX-License-Identifier: GPL-2.0-only
/*
 * Netlink: the module (info-get), the namespace's settings and gauges
 * (net-get, net-set) and its packet counters (stats-get).
 */
#include <generated/utsrelease.h>

#include "event.h"
#include "net.h"
#include "netlink.h"
#include "pool.h"

static const char *const features[] = {
	"nat", "pools", "port-blocks", "pairs", "transactions", "test",
	"stack", "direct", "reject",
#if IS_ENABLED(CONFIG_INET)
	"defrag4",
#endif
#if IS_ENABLED(CONFIG_IPV6)
	"ipv6", "defrag6",
#endif
};

/* In the order of struct natfw_timeouts. */
static const u8 timeout_attrs[] = {
	NATFW_A_TIMEOUT_UDP,
	NATFW_A_TIMEOUT_TCP_OPENING,
	NATFW_A_TIMEOUT_TCP_ESTABLISHED,
	NATFW_A_TIMEOUT_TCP_CLOSING,
	NATFW_A_TIMEOUT_TCP_RESET,
	NATFW_A_TIMEOUT_ICMP,
	NATFW_A_TIMEOUT_SCTP,
	NATFW_A_TIMEOUT_DCCP,
	NATFW_A_TIMEOUT_OTHER,
	NATFW_A_TIMEOUT_CACHE,
};

static_assert(sizeof(struct natfw_timeouts) == sizeof(u32) * ARRAY_SIZE(timeout_attrs));

static int info_put(struct sk_buff *skb, const struct natfw_nl_head *head)
{
	void *hdr = natfw_nl_begin(skb, head);
	int i;

	if (!hdr ||
	    nla_put_string(skb, NATFW_A_INFO_VERSION, NATFW_VERSION) ||
	    nla_put_string(skb, NATFW_A_INFO_KERNEL, UTS_RELEASE))
		return -EMSGSIZE;
	for (i = 0; i < ARRAY_SIZE(features); i++) {
		if (nla_put_string(skb, NATFW_A_INFO_FEATURE, features[i]))
			return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

int natfw_nl_info_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct natfw_nl_head head;
	struct sk_buff *reply;

	reply = natfw_nl_reply_new(info, NLMSG_DEFAULT_SIZE);
	if (IS_ERR(reply))
		return PTR_ERR(reply);
	natfw_nl_head_reply(&head, info);
	if (info_put(reply, &head)) {
		nlmsg_free(reply);
		return natfw_nl_explain(info->extack, -EMSGSIZE);
	}
	return genlmsg_reply(reply, info);
}

static int timeouts_put(struct sk_buff *skb, const struct natfw_timeouts *t)
{
	struct nlattr *nest = nla_nest_start(skb, NATFW_A_NET_TIMEOUT);
	const u32 *value = (const u32 *)t;
	int i;

	if (!nest)
		return -EMSGSIZE;
	for (i = 0; i < ARRAY_SIZE(timeout_attrs); i++) {
		if (nla_put_u32(skb, timeout_attrs[i], READ_ONCE(value[i])))
			return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}

static int settings_put(struct sk_buff *skb, const struct natfw_net *nn)
{
	if (nla_put_u32(skb, NATFW_A_NET_EMIT, READ_ONCE(nn->emit)) ||
	    nla_put_u32(skb, NATFW_A_NET_FLOW_MAX, READ_ONCE(nn->flow_max)) ||
	    nla_put_u32(skb, NATFW_A_NET_CACHE_MAX, READ_ONCE(nn->cache_max)) ||
	    nla_put_u32(skb, NATFW_A_NET_RULE_MAX, READ_ONCE(nn->rule_max)) ||
	    nla_put_u32(skb, NATFW_A_NET_WATERMARK, READ_ONCE(nn->watermark)))
		return -EMSGSIZE;
	return timeouts_put(skb, &nn->timeouts);
}

/* Pools come and go under nn->lock, which events do not have: RCU will do. */
static u64 net_memory(const struct natfw_net *nn)
{
	u64 sum;

	rcu_read_lock();
	sum = atomic_long_read(&nn->memory) + natfw_pool_memory(nn);
	rcu_read_unlock();
	return sum;
}

static int gauges_put(struct sk_buff *skb, struct natfw_net *nn)
{
	if (nla_put_u32(skb, NATFW_A_NET_RULES, READ_ONCE(nn->nrules)) ||
	    nla_put_u32(skb, NATFW_A_NET_FLOWS, atomic_read(&nn->nflows)) ||
	    nla_put_u32(skb, NATFW_A_NET_CACHED, atomic_read(&nn->ncached)) ||
	    nla_put_u32(skb, NATFW_A_NET_MAPPINGS, atomic_read(&nn->nmaps)) ||
	    nla_put_u32(skb, NATFW_A_NET_SUBTABLES, READ_ONCE(nn->classifier.count)) ||
	    nla_put_u32(skb, NATFW_A_NET_GENERATION, READ_ONCE(nn->gen)) ||
	    nla_put_u64_64bit(skb, NATFW_A_NET_MEMORY, net_memory(nn),
			      NATFW_A_NET_PAD))
		return -EMSGSIZE;
	return 0;
}

int natfw_nl_net_put(struct sk_buff *skb, const struct natfw_nl_head *head,
		     struct natfw_net *nn)
{
	void *hdr = natfw_nl_begin(skb, head);

	if (!hdr || settings_put(skb, nn) || gauges_put(skb, nn)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

static int net_get(struct natfw_net *nn, struct genl_info *info,
		   struct sk_buff *reply, const struct natfw_nl_head *head)
{
	return natfw_nl_net_put(reply, head, nn);
}

int natfw_nl_net_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	return natfw_nl_read(info, NATFW_NL_NET_SIZE, net_get);
}

static void set_u32(u32 *value, const struct nlattr *attr)
{
	if (attr)
		WRITE_ONCE(*value, nla_get_u32(attr));
}

static void set_timeouts(struct natfw_timeouts *t, struct nlattr **tb)
{
	u32 *value = (u32 *)t;
	int i;

	for (i = 0; i < ARRAY_SIZE(timeout_attrs); i++)
		set_u32(&value[i], tb[timeout_attrs[i]]);
}

static int net_set(struct natfw_net *nn, struct genl_info *info,
		   struct sk_buff *reply, const struct natfw_nl_head *head)
{
	struct nlattr **a = info->attrs, *tb[NATFW_A_TIMEOUT_MAX + 1];
	int err;

	err = natfw_nl_refuse_txn(nn, info);
	if (err)
		return err;
	if (a[NATFW_A_NET_EMIT] &&
	    nla_get_u32(a[NATFW_A_NET_EMIT]) == NATFW_EMIT_INHERIT) {
		NL_SET_ERR_MSG_ATTR(info->extack, a[NATFW_A_NET_EMIT],
				    "a namespace has nothing to inherit from");
		return -EINVAL;
	}
	err = natfw_nl_nest(tb, NATFW_A_TIMEOUT_MAX, a[NATFW_A_NET_TIMEOUT]);
	if (err)
		return natfw_nl_explain(info->extack, err);
	if (a[NATFW_A_NET_EMIT])
		WRITE_ONCE(nn->emit, nla_get_u32(a[NATFW_A_NET_EMIT]));
	set_u32(&nn->flow_max, a[NATFW_A_NET_FLOW_MAX]);
	set_u32(&nn->cache_max, a[NATFW_A_NET_CACHE_MAX]);
	set_u32(&nn->rule_max, a[NATFW_A_NET_RULE_MAX]);
	set_u32(&nn->watermark, a[NATFW_A_NET_WATERMARK]);
	set_timeouts(&nn->timeouts, tb);
	return 0;
}

int natfw_nl_net_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	return natfw_nl_change(info, 0, net_set);
}

int natfw_nl_put_counter(struct sk_buff *skb, int type, u32 reason,
			 const struct natfw_stats_sum *sum, bool doc)
{
	const struct natfw_reason_info *r = &natfw_reasons[reason];
	struct nlattr *nest = nla_nest_start(skb, type);

	if (!nest ||
	    nla_put_string(skb, NATFW_A_COUNTER_NAME, r->name) ||
	    nla_put_u64_64bit(skb, NATFW_A_COUNTER_PACKETS, sum->packets[reason],
			      NATFW_A_COUNTER_PAD) ||
	    nla_put_u64_64bit(skb, NATFW_A_COUNTER_BYTES, sum->bytes[reason],
			      NATFW_A_COUNTER_PAD) ||
	    (doc && nla_put_string(skb, NATFW_A_COUNTER_DOC, r->doc)) ||
	    (natfw_reason_drops(reason) && nla_put_flag(skb, NATFW_A_COUNTER_DROP)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static struct natfw_stats_sum *stats_sum(struct natfw_net *nn)
{
	struct natfw_stats_sum *sum = kmalloc(sizeof(*sum), GFP_KERNEL);
	struct natfw_dev *nd;

	if (!sum)
		return NULL;
	mutex_lock(&nn->lock);
	*sum = nn->detached;
	list_for_each_entry(nd, &nn->devs, list)
		natfw_stats_add(sum, nd->stats);
	mutex_unlock(&nn->lock);
	return sum;
}

static int stats_put(struct sk_buff *skb, const struct natfw_nl_head *head,
		     const struct natfw_stats_sum *sum)
{
	void *hdr = natfw_nl_begin(skb, head);
	u32 i;

	if (!hdr)
		return -EMSGSIZE;
	for (i = 0; i < NATFW_REASONS; i++) {
		if (natfw_nl_put_counter(skb, NATFW_A_STATS_COUNTER, i, sum, true))
			return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

int natfw_nl_stats_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct natfw_stats_sum *sum;
	struct natfw_nl_head head;
	struct sk_buff *reply;
	int err = -ENOMEM;

	reply = natfw_nl_reply_new(info, NATFW_NL_COUNTERS_SIZE);
	if (IS_ERR(reply))
		return PTR_ERR(reply);
	natfw_nl_head_reply(&head, info);
	sum = stats_sum(natfw_net(genl_info_net(info)));
	if (sum)
		err = stats_put(reply, &head, sum);
	kfree(sum);
	if (err) {
		nlmsg_free(reply);
		return natfw_nl_explain(info->extack, err);
	}
	return genlmsg_reply(reply, info);
}
