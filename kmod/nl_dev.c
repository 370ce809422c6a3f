// SPDX-License-Identifier: GPL-2.0-only
/*
 * Netlink: attached devices. rtnl is taken before nn->lock where a device is
 * looked up by index or name, and where hooks come and go.
 */
#include <linux/rtnetlink.h>

#include "event.h"
#include "net.h"
#include "netlink.h"

static int counters_put(struct sk_buff *skb, const struct natfw_dev *nd)
{
	struct natfw_stats_sum *sum = kzalloc(sizeof(*sum), GFP_KERNEL);
	int err = 0;
	u32 i;

	if (!sum)
		return 0;	/* they are an extra */
	natfw_stats_add(sum, nd->stats);
	for (i = 0; i < NATFW_REASONS && !err; i++) {
		if (sum->packets[i])
			err = natfw_nl_put_counter(skb, NATFW_A_DEV_COUNTER, i, sum,
						   false);
	}
	kfree(sum);
	return err;
}

int natfw_nl_dev_put(struct sk_buff *skb, const struct natfw_nl_head *head,
		     const struct natfw_dev *nd)
{
	void *hdr = natfw_nl_begin(skb, head);

	if (!hdr ||
	    nla_put_u32(skb, NATFW_A_DEV_IFINDEX, nd->dev->ifindex) ||
	    nla_put_string(skb, NATFW_A_DEV_IFNAME, nd->dev->name) ||
	    nla_put_u32(skb, NATFW_A_DEV_ZONE, nd->zone) ||
	    nla_put_u32(skb, NATFW_A_DEV_DEFAULT, nd->default_verdict) ||
	    nla_put_u32(skb, NATFW_A_DEV_EMIT, nd->emit) ||
	    counters_put(skb, nd)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

static int require_name(const struct genl_info *info)
{
	if (info->attrs[NATFW_A_DEV_IFINDEX] || info->attrs[NATFW_A_DEV_IFNAME])
		return 0;
	NL_SET_ERR_MSG(info->extack, "device is named neither by index nor by name");
	NL_SET_ERR_ATTR_MISS(info->extack, NULL, NATFW_A_DEV_IFINDEX);
	return -EINVAL;
}

/* The device of the namespace, attached or not. rtnl. */
static struct net_device *find_netdev(const struct genl_info *info)
{
	struct net *net = genl_info_net((struct genl_info *)info);
	struct nlattr *index = info->attrs[NATFW_A_DEV_IFINDEX];
	struct nlattr *name = info->attrs[NATFW_A_DEV_IFNAME];
	struct net_device *dev;

	ASSERT_RTNL();
	if (index)
		dev = __dev_get_by_index(net, nla_get_u32(index));
	else
		dev = __dev_get_by_name(net, nla_data(name));
	if (dev && index && name && nla_strcmp(name, dev->name)) {
		NL_SET_ERR_MSG_ATTR(info->extack, name,
				    "the device of that index has another name");
		return ERR_PTR(-EINVAL);
	}
	if (dev)
		return dev;
	NL_SET_ERR_MSG_ATTR(info->extack, index ? index : name, "no such device");
	return ERR_PTR(-ENODEV);
}

static struct natfw_dev *find_dev(struct natfw_net *nn, const struct genl_info *info)
{
	int err = require_name(info);

	if (err)
		return ERR_PTR(err);
	return natfw_nl_get_dev(nn, info->attrs[NATFW_A_DEV_IFINDEX],
				info->attrs[NATFW_A_DEV_IFNAME], info->extack);
}

static u32 get_u32(const struct nlattr *attr, u32 absent)
{
	return attr ? nla_get_u32(attr) : absent;
}

static struct natfw_dev *dev_make(struct natfw_net *nn, const struct genl_info *info)
{
	struct net_device *dev = find_netdev(info);
	struct nlattr **a = info->attrs;
	struct natfw_dev *nd;
	int err;

	if (IS_ERR(dev))
		return ERR_CAST(dev);
	err = natfw_nl_refuse_txn(nn, info);
	if (err)
		return ERR_PTR(err);
	if (nn->closing) {
		NL_SET_ERR_MSG(info->extack, "the namespace is going away");
		return ERR_PTR(-ESHUTDOWN);
	}
	nd = natfw_dev_attach(nn, dev, get_u32(a[NATFW_A_DEV_ZONE], 0),
			      get_u32(a[NATFW_A_DEV_DEFAULT], NATFW_VERDICT_PASS),
			      get_u32(a[NATFW_A_DEV_EMIT], NATFW_EMIT_INHERIT),
			      info->extack);
	if (!IS_ERR(nd))
		natfw_event_dev(nn, nd, false);
	return nd;
}

static int dev_new(struct natfw_net *nn, struct genl_info *info,
		   struct sk_buff *reply, const struct natfw_nl_head *head)
{
	struct natfw_dev *nd = dev_make(nn, info);

	if (!IS_ERR(nd) && reply)
		natfw_nl_dev_put(reply, head, nd);
	return PTR_ERR_OR_ZERO(nd);
}

int natfw_nl_dev_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	int err = require_name(info);

	if (err)
		return err;
	rtnl_lock();
	err = natfw_nl_change(info, NATFW_NL_SMALL_SIZE, dev_new);
	rtnl_unlock();
	return err;
}

/* The same, unless the socket has a transaction open: that cannot have changes of devices. */
static struct natfw_dev *find_dev_to_change(struct natfw_net *nn, struct genl_info *info)
{
	struct natfw_dev *nd = find_dev(nn, info);
	int err = IS_ERR(nd) ? 0 : natfw_nl_refuse_txn(nn, info);

	return err ? ERR_PTR(err) : nd;
}

static int dev_set(struct natfw_net *nn, struct genl_info *info,
		   struct sk_buff *reply, const struct natfw_nl_head *head)
{
	struct natfw_dev *nd = find_dev_to_change(nn, info);
	struct nlattr **a = info->attrs;

	if (IS_ERR(nd))
		return PTR_ERR(nd);
	natfw_dev_set(nd, get_u32(a[NATFW_A_DEV_ZONE], nd->zone),
		      get_u32(a[NATFW_A_DEV_DEFAULT], nd->default_verdict),
		      get_u32(a[NATFW_A_DEV_EMIT], nd->emit));
	natfw_event_dev(nn, nd, false);
	return 0;
}

int natfw_nl_dev_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	return natfw_nl_change(info, 0, dev_set);
}

static int dev_del(struct natfw_net *nn, struct genl_info *info,
		   struct sk_buff *reply, const struct natfw_nl_head *head)
{
	struct natfw_dev *nd = find_dev_to_change(nn, info);

	if (IS_ERR(nd))
		return PTR_ERR(nd);
	natfw_event_dev(nn, nd, true);
	natfw_dev_detach(nd);
	return 0;
}

int natfw_nl_dev_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	int err;

	rtnl_lock();
	err = natfw_nl_change(info, 0, dev_del);
	rtnl_unlock();
	return err;
}

static int dev_get(struct natfw_net *nn, struct genl_info *info,
		   struct sk_buff *reply, const struct natfw_nl_head *head)
{
	struct natfw_dev *nd = find_dev(nn, info);

	return IS_ERR(nd) ? PTR_ERR(nd) : natfw_nl_dev_put(reply, head, nd);
}

int natfw_nl_dev_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	return natfw_nl_read(info, NATFW_NL_SMALL_SIZE + NATFW_NL_COUNTERS_SIZE, dev_get);
}

static int refuse_filter(struct netlink_callback *cb)
{
	struct nlattr **a = natfw_dump_attrs(cb);
	int i;

	for (i = NATFW_A_DEV_IFINDEX; i <= NATFW_A_DEV_IFNAME; i++) {
		if (!a || !a[i])
			continue;
		NL_SET_ERR_MSG_ATTR(cb->extack, a[i], "a dump is of all devices");
		return -EINVAL;
	}
	return 0;
}

/* cb->args[0]: devices done with. */
int natfw_nl_dev_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct natfw_net *nn = natfw_net(sock_net(skb->sk));
	struct natfw_nl_head head;
	struct natfw_dev *nd;
	int err, n = 0;

	err = refuse_filter(cb);
	if (err)
		return err;
	natfw_nl_head_dump(&head, cb, NATFW_CMD_DEV_GET);
	mutex_lock(&nn->lock);
	cb->seq = natfw_nl_list_seq();
	list_for_each_entry(nd, &nn->devs, list) {
		if (n++ < cb->args[0])
			continue;
		err = natfw_nl_dev_put(skb, &head, nd);
		if (err)
			break;
		cb->args[0] = n;
	}
	mutex_unlock(&nn->lock);
	return err && !skb->len ? err : skb->len;
}
