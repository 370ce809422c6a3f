// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events: see event.h. Called by packets, rules, netlink and works, with or
 * without nn->lock; the objects are written by the files of netlink.
 *
 * What cannot be sent is counted in nn->events_lost. The next event to be sent
 * is preceded, in its group, by a marker with that count. A listener whose
 * socket is full is told by the socket (ENOBUFS) and not counted here.
 */
#include "event.h"
#include "net.h"
#include "netlink.h"
#include "pool.h"
#include "rule.h"

static bool heard(const struct natfw_net *nn, u32 group)
{
	return genl_has_listeners(&natfw_nl_family, nn->net, group);
}

static void lose(struct natfw_net *nn)
{
	atomic_inc(&nn->events_lost);
}

/* Takes @skb over. */
static void send(struct natfw_net *nn, struct sk_buff *skb, u32 group, gfp_t gfp)
{
	genlmsg_multicast_netns(&natfw_nl_family, nn->net, skb, 0, group, gfp);
}

static int overrun_put(struct sk_buff *skb, u32 lost, u32 count)
{
	struct natfw_nl_head head = { .cmd = NATFW_CMD_OVERRUN_NTF };
	void *hdr = natfw_nl_begin(skb, &head);

	if (!hdr ||
	    nla_put_u32(skb, NATFW_A_EVENT_LOST, lost) ||
	    (count && nla_put_u32(skb, NATFW_A_EVENT_COUNT, count)))
		return -EMSGSIZE;
	genlmsg_end(skb, hdr);
	return 0;
}

/* False if not even the marker could be sent. */
static bool send_overrun(struct natfw_net *nn, u32 group, u32 count, gfp_t gfp)
{
	u32 lost = atomic_xchg(&nn->events_lost, 0);
	struct sk_buff *skb;

	skb = genlmsg_new(NATFW_NL_SMALL_SIZE, gfp);
	if (skb && !overrun_put(skb, lost, count)) {
		send(nn, skb, group, gfp);
		return true;
	}
	nlmsg_free(skb);
	atomic_add(lost, &nn->events_lost);
	return false;
}

/*
 * A message for @group with room for @size bytes, or NULL if it would go
 * unheard or cannot be had.
 */
static struct sk_buff *event_new(struct natfw_net *nn, u32 group, size_t size,
				 gfp_t gfp)
{
	struct sk_buff *skb;

	if (!heard(nn, group))
		return NULL;
	if (atomic_read(&nn->events_lost) && !send_overrun(nn, group, 0, gfp)) {
		lose(nn);
		return NULL;
	}
	skb = genlmsg_new(size, gfp);
	if (!skb)
		lose(nn);
	return skb;
}

/* Send @skb if it was written without @err. */
static void event_send(struct natfw_net *nn, struct sk_buff *skb, int err,
		       u32 group, gfp_t gfp)
{
	if (!err) {
		send(nn, skb, group, gfp);
		return;
	}
	nlmsg_free(skb);
	lose(nn);
}

static int dev_put_gone(struct sk_buff *skb, const struct natfw_nl_head *head,
			const struct natfw_dev *nd)
{
	void *hdr = natfw_nl_begin(skb, head);

	if (!hdr ||
	    nla_put_u32(skb, NATFW_A_DEV_IFINDEX, nd->dev->ifindex) ||
	    nla_put_string(skb, NATFW_A_DEV_IFNAME, nd->dev->name))
		return -EMSGSIZE;
	genlmsg_end(skb, hdr);
	return 0;
}

void natfw_event_dev(struct natfw_net *nn, struct natfw_dev *nd, bool gone)
{
	struct natfw_nl_head head = {
		.cmd = gone ? NATFW_CMD_DEV_DEL_NTF : NATFW_CMD_DEV_NEW_NTF,
	};
	struct sk_buff *skb;
	int err;

	natfw_nl_list_changed();
	skb = event_new(nn, NATFW_NLGRP_DEV,
			NATFW_NL_SMALL_SIZE + NATFW_NL_COUNTERS_SIZE, GFP_KERNEL);
	if (!skb)
		return;
	err = gone ? dev_put_gone(skb, &head, nd) : natfw_nl_dev_put(skb, &head, nd);
	event_send(nn, skb, err, NATFW_NLGRP_DEV, GFP_KERNEL);
}

void natfw_event_rule(struct natfw_rule *r, bool gone)
{
	struct natfw_nl_head head = {
		.cmd = gone ? NATFW_CMD_RULE_DEL_NTF : NATFW_CMD_RULE_NEW_NTF,
	};
	struct natfw_net *nn = r->nn;
	struct sk_buff *skb;
	int err;

	skb = event_new(nn, NATFW_NLGRP_RULE, NATFW_NL_RULE_SIZE, GFP_KERNEL);
	if (!skb)
		return;
	err = gone ? natfw_nl_rule_put_gone(skb, &head, r) : natfw_nl_rule_put(skb, &head, r);
	event_send(nn, skb, err, NATFW_NLGRP_RULE, GFP_KERNEL);
}

void natfw_event_bulk(struct natfw_net *nn, u32 count)
{
	if (heard(nn, NATFW_NLGRP_RULE) &&
	    !send_overrun(nn, NATFW_NLGRP_RULE, count, GFP_KERNEL))
		lose(nn);
}

void natfw_event_pool(struct natfw_pool *p, bool exhausted)
{
	struct natfw_nl_head head = {
		.cmd = exhausted ? NATFW_CMD_POOL_EXHAUSTED_NTF
				 : NATFW_CMD_POOL_WATERMARK_NTF,
	};
	struct natfw_net *nn = p->nn;
	struct sk_buff *skb;

	skb = event_new(nn, NATFW_NLGRP_POOL, natfw_nl_pool_size(p), GFP_ATOMIC);
	if (skb)
		event_send(nn, skb, natfw_nl_pool_put(skb, &head, p),
			   NATFW_NLGRP_POOL, GFP_ATOMIC);
}

void natfw_event_limit(struct natfw_net *nn)
{
	struct natfw_nl_head head = { .cmd = NATFW_CMD_LIMIT_NTF };
	struct sk_buff *skb;

	skb = event_new(nn, NATFW_NLGRP_POOL, NATFW_NL_NET_SIZE, GFP_ATOMIC);
	if (skb)
		event_send(nn, skb, natfw_nl_net_put(skb, &head, nn),
			   NATFW_NLGRP_POOL, GFP_ATOMIC);
}

void natfw_event_map(struct natfw_map *m, bool gone)
{
	struct natfw_nl_head head = {
		.cmd = gone ? NATFW_CMD_MAP_DEL_NTF : NATFW_CMD_MAP_NEW_NTF,
	};
	struct natfw_net *nn = natfw_map_pool(m)->nn;
	struct sk_buff *skb;

	skb = event_new(nn, NATFW_NLGRP_MAP, NATFW_NL_MAP_SIZE, GFP_ATOMIC);
	if (skb)
		event_send(nn, skb, natfw_nl_map_put(skb, &head, m),
			   NATFW_NLGRP_MAP, GFP_ATOMIC);
}
