// SPDX-License-Identifier: GPL-2.0-only
/*
 * Module and namespace set-up and tear-down.
 *
 * Tear-down of a namespace: no more packets (hooks off), no more work, then
 * rules, flows, pools, tables. Everything that packets may still hold goes by
 * RCU, so a barrier comes before the memory it is accounted in.
 */
#include <linux/module.h>
#include <net/genetlink.h>

#include "adj.h"
#include "batch.h"
#include "emit.h"
#include "event.h"
#include "flow.h"
#include "fragq.h"
#include "net.h"
#include "owner.h"
#include "pool.h"
#include "rule.h"
#include "xdp.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

unsigned int natfw_net_id __read_mostly;
struct workqueue_struct *natfw_wq;

static void natfw_net_defaults(struct natfw_net *nn)
{
	nn->emit = NATFW_EMIT_STACK;
	nn->gen = 1;
	nn->wild_gen = 1;
	nn->flow_max = 1048576;
	nn->cache_max = 262144;
	nn->rule_max = 2097152;
	nn->watermark = 80;
	nn->timeouts = (struct natfw_timeouts) {
		.udp = 300,
		.tcp_opening = 240,
		.tcp_established = 7440,
		.tcp_closing = 240,
		.tcp_reset = 240,
		.icmp = 60,
		.sctp = 7440,
		.dccp = 7440,
		.other = 300,
		.cache = 30,
	};
}

static int natfw_net_tables(struct natfw_net *nn)
{
	int err;

	err = natfw_table_init(&nn->table, 1024, &nn->memory);
	if (err)
		return err;
	err = natfw_classifier_init(nn);
	if (err)
		goto out_table;
	err = natfw_owners_init(nn);
	if (err)
		goto out_classifier;
	err = natfw_fragq_init(nn);
	if (err)
		goto out_owners;
	nn->fallback = natfw_fallback_create(nn);
	if (nn->fallback)
		return 0;
	err = -ENOMEM;
	natfw_fragq_fini(nn);
out_owners:
	natfw_owners_fini(nn);
out_classifier:
	mutex_lock(&nn->lock);
	natfw_classifier_fini(nn);
	mutex_unlock(&nn->lock);
out_table:
	natfw_table_fini(&nn->table);
	return err;
}

static int __net_init natfw_net_init(struct net *net)
{
	struct natfw_net *nn = natfw_net(net);
	int err;

	nn->net = net;
	natfw_net_defaults(nn);
	mutex_init(&nn->lock);
	spin_lock_init(&nn->reset_lock);
	nn->reset_stamp = jiffies - HZ;
	xa_init(&nn->rules);
	INIT_LIST_HEAD(&nn->devs);
	INIT_LIST_HEAD(&nn->pools);
	INIT_LIST_HEAD(&nn->txns);
	nn->wheel_now = natfw_now();
	INIT_DELAYED_WORK(&nn->wheel_work, natfw_rule_wheel);
	INIT_DELAYED_WORK(&nn->gc_work, natfw_flow_gc);
	INIT_WORK(&nn->reap_work, natfw_flow_reap);
	init_llist_head(&nn->dead);
	err = natfw_adj_init(nn);
	if (err)
		return err;
	err = natfw_net_tables(nn);
	if (err) {
		natfw_adj_fini(nn);
		return err;
	}
	queue_delayed_work(natfw_wq, &nn->wheel_work, HZ);
	queue_delayed_work(natfw_wq, &nn->gc_work, HZ);
	return 0;
}

/* Before devices go: nothing reaches us from here on. */
static void __net_exit natfw_net_pre_exit(struct net *net)
{
	struct natfw_net *nn = natfw_net(net);

	mutex_lock(&nn->lock);
	nn->closing = true;
	natfw_txn_abort_all(nn);
	natfw_dev_detach_all(nn);
	mutex_unlock(&nn->lock);
	cancel_delayed_work_sync(&nn->wheel_work);
	cancel_delayed_work_sync(&nn->gc_work);
}

static void __net_exit natfw_net_exit(struct net *net)
{
	struct natfw_net *nn = natfw_net(net);

	mutex_lock(&nn->lock);
	natfw_rule_flush_all(nn);
	natfw_flow_flush_all(nn);
	natfw_rule_put(nn->fallback);
	mutex_unlock(&nn->lock);
	/* flows give back their rules, rules their pools, by RCU */
	flush_work(&nn->reap_work);
	rcu_barrier();
	rcu_barrier();
	mutex_lock(&nn->lock);
	natfw_pool_flush_all(nn);
	natfw_classifier_fini(nn);
	mutex_unlock(&nn->lock);
	rcu_barrier();
	natfw_owners_fini(nn);
	natfw_fragq_fini(nn);
	natfw_table_fini(&nn->table);
	natfw_adj_fini(nn);
	xa_destroy(&nn->rules);
	WARN_ON_ONCE(atomic_long_read(&nn->memory));
}

static struct pernet_operations natfw_net_ops = {
	.init		= natfw_net_init,
	.pre_exit	= natfw_net_pre_exit,
	.exit		= natfw_net_exit,
	.id		= &natfw_net_id,
	.size		= sizeof(struct natfw_net),
};

static int __init natfw_init(void)
{
	int err;

	natfw_wq = alloc_workqueue("natfw", WQ_UNBOUND, 0);
	if (!natfw_wq)
		return -ENOMEM;
	err = natfw_rule_module_init();
	if (err)
		goto out_wq;
	err = natfw_flow_module_init();
	if (err)
		goto out_rule;
	err = natfw_pool_module_init();
	if (err)
		goto out_flow;
	err = natfw_batch_init();
	if (err)
		goto out_pool;
	err = register_pernet_subsys(&natfw_net_ops);
	if (err)
		goto out_batch;
	err = natfw_dev_register();
	if (err)
		goto out_net;
	err = natfw_netlink_register();
	if (!err) {
		natfw_xdp_register();
		return 0;
	}
	natfw_dev_unregister();
out_net:
	unregister_pernet_subsys(&natfw_net_ops);
	natfw_answer_fini();
out_batch:
	natfw_batch_exit();
out_pool:
	natfw_pool_module_exit();
out_flow:
	rcu_barrier();
	natfw_flow_module_exit();
out_rule:
	natfw_rule_module_exit();
out_wq:
	destroy_workqueue(natfw_wq);
	return err;
}

static void __exit natfw_exit(void)
{
	natfw_netlink_unregister();
	natfw_dev_unregister();
	unregister_pernet_subsys(&natfw_net_ops);
	natfw_batch_exit();
	natfw_answer_fini();
	rcu_barrier();
	natfw_pool_module_exit();
	natfw_flow_module_exit();
	natfw_rule_module_exit();
	destroy_workqueue(natfw_wq);
}

module_init(natfw_init);
module_exit(natfw_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Signallable firewall and NAT fast path");
MODULE_VERSION(NATFW_VERSION);
MODULE_ALIAS_GENL_FAMILY(NATFW_FAMILY_NAME);
