// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attached devices: the hook on each, and what to do when one goes away.
 */
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>

#include "adj.h"
#include "batch.h"
#include "emit.h"
#include "event.h"
#include "net.h"
#include "rule.h"

struct natfw_dev *natfw_dev_find(struct natfw_net *nn, int ifindex)
{
	struct natfw_dev *nd;

	lockdep_assert_held(&nn->lock);
	list_for_each_entry(nd, &nn->devs, list)
		if (nd->dev->ifindex == ifindex)
			return nd;
	return NULL;
}

static struct hlist_head *natfw_dev_chain(struct natfw_net *nn, const struct net_device *dev)
{
	return &nn->dev_index[dev->ifindex % NATFW_DEV_INDEX];
}

/* natfw_net() for packets, who are in a read-side section of whatever kind anyway. */
static struct natfw_net *natfw_net_rcu(const struct net *net)
{
	return rcu_dereference_check(net->gen, rcu_read_lock_any_held())->ptr[natfw_net_id];
}

struct natfw_dev *natfw_dev_get_rcu(const struct net_device *dev)
{
	struct natfw_net *nn = natfw_net_rcu(dev_net(dev));
	struct natfw_dev *nd;

	hlist_for_each_entry_rcu(nd, natfw_dev_chain(nn, dev), index)
		if (nd->dev == dev)
			return nd;
	return NULL;
}

/* What this host sends is looked at once there is a device to translate on. */
static const struct nf_hook_ops natfw_output_ops[] = {
	{
		.hook		= natfw_output_hook,
		.pf		= NFPROTO_IPV4,
		.hooknum	= NF_INET_LOCAL_OUT,
		.priority	= NF_IP_PRI_NAT_DST,
	},
	{
		.hook		= natfw_output_hook,
		.pf		= NFPROTO_IPV6,
		.hooknum	= NF_INET_LOCAL_OUT,
		.priority	= NF_IP6_PRI_NAT_DST,
	},
};

static int natfw_output_hook_get(struct natfw_net *nn)
{
	int err;

	if (nn->ndevs++)
		return 0;
	err = nf_register_net_hooks(nn->net, natfw_output_ops,
				    ARRAY_SIZE(natfw_output_ops));
	if (err)
		nn->ndevs--;
	return err;
}

static void natfw_output_hook_put(struct natfw_net *nn)
{
	if (!--nn->ndevs)
		nf_unregister_net_hooks(nn->net, natfw_output_ops,
					ARRAY_SIZE(natfw_output_ops));
}

static u16 natfw_dev_slot(struct natfw_net *nn)
{
	struct natfw_dev *nd;
	u16 slot;

	/* never the same as a device that went has just had: stamps live on */
	do {
		slot = ++nn->next_slot;
		list_for_each_entry(nd, &nn->devs, list)
			if (nd->slot == slot)
				slot = 0;
	} while (!slot);
	return slot;
}

static int natfw_dev_check(struct natfw_net *nn, struct net_device *dev,
			   struct netlink_ext_ack *extack)
{
	if (dev->flags & IFF_LOOPBACK) {
		NL_SET_ERR_MSG(extack, "the loopback device carries no forwarded packets");
		return -EOPNOTSUPP;
	}
	if (natfw_dev_find(nn, dev->ifindex)) {
		NL_SET_ERR_MSG(extack, "device is attached already");
		return -EEXIST;
	}
	if (nn->ndevs >= U16_MAX / 2) {
		NL_SET_ERR_MSG(extack, "too many devices attached");
		return -ENOSPC;
	}
	return 0;
}

static struct natfw_dev *natfw_dev_alloc(struct natfw_net *nn, struct net_device *dev)
{
	struct natfw_dev *nd = kzalloc(sizeof(*nd), GFP_KERNEL_ACCOUNT);

	if (!nd)
		return NULL;
	nd->stats = alloc_percpu_gfp(struct natfw_stats, GFP_KERNEL_ACCOUNT);
	if (!nd->stats) {
		kfree(nd);
		return NULL;
	}
	nd->dev = dev;
	nd->nn = nn;
	nd->slot = natfw_dev_slot(nn);
	nd->ops.hook = natfw_hook;
	nd->ops.priv = nd;
	nd->ops.pf = NFPROTO_NETDEV;
	nd->ops.hooknum = NF_NETDEV_INGRESS;
	nd->ops.priority = NATFW_HOOK_PRIORITY;
	nd->ops.dev = dev;
	netdev_hold(dev, &nd->tracker, GFP_KERNEL);
	return nd;
}

static void natfw_dev_free_rcu(struct rcu_head *rcu)
{
	struct natfw_dev *nd = container_of(rcu, struct natfw_dev, rcu);

	free_percpu(nd->stats);
	kfree(nd);
}

static void natfw_dev_free(struct natfw_dev *nd)
{
	netdev_put(nd->dev, &nd->tracker);
	call_rcu(&nd->rcu, natfw_dev_free_rcu);
}

struct natfw_dev *natfw_dev_attach(struct natfw_net *nn, struct net_device *dev,
				   u16 zone, u8 verdict, u8 emit,
				   struct netlink_ext_ack *extack)
{
	struct natfw_dev *nd;
	int err;

	ASSERT_RTNL();
	lockdep_assert_held(&nn->lock);
	err = natfw_dev_check(nn, dev, extack);
	if (err)
		return ERR_PTR(err);
	nd = natfw_dev_alloc(nn, dev);
	if (!nd)
		return ERR_PTR(-ENOMEM);
	nd->zone = zone;
	nd->default_verdict = verdict;
	nd->emit = emit;
	err = natfw_output_hook_get(nn);
	if (err)
		goto out;
	err = nf_register_net_hook(nn->net, &nd->ops);
	if (err)
		goto out_output;
	list_add_tail_rcu(&nd->list, &nn->devs);
	hlist_add_head_rcu(&nd->index, natfw_dev_chain(nn, dev));
	return nd;
out_output:
	natfw_output_hook_put(nn);
out:
	NL_SET_ERR_MSG(extack, "cannot hook the device's ingress (CONFIG_NETFILTER_INGRESS)");
	natfw_dev_free(nd);
	return ERR_PTR(err);
}

void natfw_dev_set(struct natfw_dev *nd, u16 zone, u8 verdict, u8 emit)
{
	lockdep_assert_held(&nd->nn->lock);
	WRITE_ONCE(nd->zone, zone);
	WRITE_ONCE(nd->default_verdict, verdict);
	WRITE_ONCE(nd->emit, emit);
}

/*
 * The packet counters of the last packets in flight are lost to the sum; they
 * belong to no device any more.
 */
void natfw_dev_detach(struct natfw_dev *nd)
{
	struct natfw_net *nn = nd->nn;

	lockdep_assert_held(&nn->lock);
	list_del_rcu(&nd->list);
	hlist_del_rcu(&nd->index);
	nf_unregister_net_hook(nn->net, &nd->ops);
	natfw_output_hook_put(nn);
	synchronize_net();
	natfw_batch_drain();
	natfw_stats_add(&nn->detached, nd->stats);
	natfw_dev_free(nd);
}

void natfw_dev_detach_all(struct natfw_net *nn)
{
	struct natfw_dev *nd, *tmp;

	lockdep_assert_held(&nn->lock);
	list_for_each_entry_safe(nd, tmp, &nn->devs, list)
		natfw_dev_detach(nd);
}

/* A device that moves to another namespace unregisters from the old one. */
static int natfw_dev_event(struct notifier_block *nb, unsigned long event, void *ptr)
{
	struct net_device *dev = netdev_notifier_info_to_dev(ptr);
	struct natfw_net *nn = natfw_net(dev_net(dev));
	struct natfw_dev *nd;

	if (event == NETDEV_DOWN || event == NETDEV_UNREGISTER) {
		natfw_answer_forget(dev);
		natfw_adj_forget(nn, dev);
	}
	if (event != NETDEV_UNREGISTER)
		return NOTIFY_DONE;
	mutex_lock(&nn->lock);
	nd = natfw_dev_find(nn, dev->ifindex);
	if (nd) {
		natfw_event_dev(nn, nd, true);
		natfw_dev_detach(nd);
	}
	natfw_rule_dev_gone(nn, dev->ifindex);
	mutex_unlock(&nn->lock);
	return NOTIFY_DONE;
}

static struct notifier_block natfw_dev_notifier = {
	.notifier_call = natfw_dev_event,
};

int natfw_dev_register(void)
{
	return register_netdevice_notifier(&natfw_dev_notifier);
}

void natfw_dev_unregister(void)
{
	unregister_netdevice_notifier(&natfw_dev_notifier);
}
