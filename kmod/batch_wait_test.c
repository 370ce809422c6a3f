// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets that wait: which ones may, and who must not leave before they are dealt with.
 * Their device drops by default, and nobody knows of it.
 */
#include <kunit/test.h>
#include <linux/etherdevice.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <linux/udp.h>
#include <net/dst_metadata.h>
#include <net/ip.h>
#include <net/sock.h>

#include "batch.h"
#include "flow.h"
#include "net.h"

struct wait_test {
	struct net_device	*dev;
	struct natfw_dev	*nd;	/* NULL: detached */
	struct natfw_batch	*b;	/* where packets wait */
	struct delayed_work	run;
};

static struct natfw_net *wait_net(void)
{
	return natfw_net(&init_net);
}

static struct natfw_dev *attach(struct net_device *dev)
{
	struct natfw_dev *nd;

	rtnl_lock();
	mutex_lock(&wait_net()->lock);
	nd = natfw_dev_attach(wait_net(), dev, 0, NATFW_VERDICT_DROP, NATFW_EMIT_STACK, NULL);
	mutex_unlock(&wait_net()->lock);
	rtnl_unlock();
	return nd;
}

static void detach(struct wait_test *w)
{
	mutex_lock(&wait_net()->lock);
	natfw_dev_detach(w->nd);
	mutex_unlock(&wait_net()->lock);
	w->nd = NULL;
}

static struct sk_buff *make_skb(struct kunit *test)
{
	struct wait_test *w = test->priv;
	struct sk_buff *skb = alloc_skb(256, GFP_KERNEL);
	struct iphdr *ih;

	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb_reserve(skb, 64);
	skb->dev = w->dev;
	skb->protocol = htons(ETH_P_IP);
	skb_reset_network_header(skb);
	ih = skb_put_zero(skb, sizeof(*ih) + sizeof(struct udphdr));
	*ih = (struct iphdr) {
		.version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP,
		.tot_len = htons(skb->len),
		.saddr = htonl(0x0a010002), .daddr = htonl(0xcb007101),
	};
	ip_send_check(ih);
	((struct udphdr *)(ih + 1))->len = htons(sizeof(struct udphdr));
	return skb;
}

/* @skb comes, and nothing ends its waiting. True if it waits. */
static bool take(struct wait_test *w, struct sk_buff *skb)
{
	local_bh_disable();
	rcu_read_lock();
	/* so that no NAPI is scheduled */
	w->b->due = true;
	w->b->cpu = smp_processor_id();
	natfw_batch_take(w->b, w->nd, skb);
	rcu_read_unlock();
	local_bh_enable();
	return w->b->n;
}

static void run(struct wait_test *w)
{
	local_bh_disable();
	rcu_read_lock();
	natfw_batch_run(w->b);
	w->b->due = false;
	w->b->poor = 0;
	rcu_read_unlock();
	local_bh_enable();
}

/* ---- natfw_batch_may() ---- */

static void own_batch(struct kunit *test)
{
	struct wait_test *w = test->priv;

	w->b = kunit_kzalloc(test, sizeof(*w->b), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, w->b);
}

static void wait_plain(struct kunit *test)
{
	struct wait_test *w = test->priv;

	own_batch(test);
	KUNIT_EXPECT_TRUE(test, take(w, make_skb(test)));
	KUNIT_EXPECT_TRUE(test, take(w, make_skb(test)));
	KUNIT_EXPECT_EQ(test, w->b->n, 2);
	run(w);
	KUNIT_EXPECT_EQ(test, w->b->n, 0);
}

static void check_alone(struct kunit *test, struct sk_buff *skb)
{
	struct wait_test *w = test->priv;

	KUNIT_EXPECT_FALSE(test, take(w, skb));
	run(w);
}

/* Who else has it may look at it any time. */
static void wait_shared(struct kunit *test)
{
	struct sk_buff *skb = make_skb(test);

	own_batch(test);
	check_alone(test, skb_get(skb));
	kfree_skb(skb);
}

/* Its memory is needed where there is none. */
static void wait_pfmemalloc(struct kunit *test)
{
	struct sk_buff *skb = make_skb(test);

	own_batch(test);
	skb->pfmemalloc = 1;
	check_alone(test, skb);
}

/* As a tunnel's packets have; one that is not held is gone after this RCU section. */
static void wait_route(struct kunit *test)
{
	struct metadata_dst *md = metadata_dst_alloc(0, METADATA_IP_TUNNEL, GFP_KERNEL);
	struct sk_buff *skb = make_skb(test);

	KUNIT_ASSERT_NOT_NULL(test, md);
	own_batch(test);
	skb_dst_set(skb, &md->dst);
	check_alone(test, skb);
}

/* As bpf_sk_assign() leaves it; one without a reference is gone after this RCU section. */
static void wait_socket(struct kunit *test)
{
	struct sk_buff *skb = make_skb(test);
	struct socket *sock;

	KUNIT_ASSERT_EQ(test, sock_create_kern(&init_net, AF_INET, SOCK_DGRAM, 0, &sock), 0);
	own_batch(test);
	sock_hold(sock->sk);
	skb->sk = sock->sk;
	skb->destructor = sock_pfree;
	check_alone(test, skb);
	sock_release(sock);
}

/* ---- who has to wait for them ---- */

/* The batch of this processor, which nothing comes to otherwise. */
static void this_batch(struct kunit *test)
{
	struct wait_test *w = test->priv;

	w->b = this_cpu_ptr(natfw_batches);
	KUNIT_EXPECT_EQ(test, w->b->n, 0);
	KUNIT_EXPECT_FALSE(test, w->b->due);
}

static void run_later(struct work_struct *work)
{
	run(container_of(to_delayed_work(work), struct wait_test, run));
}

/* natfw_batch_drain(): a device is not gone before its packets are. */
static void wait_detach(struct kunit *test)
{
	struct sk_buff *skb = make_skb(test);
	struct wait_test *w = test->priv;

	migrate_disable();
	this_batch(test);
	KUNIT_EXPECT_TRUE(test, take(w, skb));
	schedule_delayed_work_on(smp_processor_id(), &w->run, HZ / 5);
	migrate_enable();
	detach(w);
	KUNIT_EXPECT_EQ(test, w->b->n, 0);
	flush_delayed_work(&w->run);
}

/* natfw_batch_offline(): nor is a processor, and it takes none any more. */
static void wait_offline(struct kunit *test)
{
	struct sk_buff *skb = make_skb(test);
	struct wait_test *w = test->priv;

	migrate_disable();
	this_batch(test);
	KUNIT_EXPECT_TRUE(test, take(w, skb));
	w->b->on = true;
	natfw_batch_offline(smp_processor_id());
	KUNIT_EXPECT_EQ(test, w->b->n, 0);
	KUNIT_EXPECT_FALSE(test, w->b->on);
	KUNIT_EXPECT_FALSE(test, w->b->online);
	natfw_batch_online(smp_processor_id());
	KUNIT_EXPECT_TRUE(test, w->b->online);
	run(w);
	migrate_enable();
}

static int wait_init(struct kunit *test)
{
	struct wait_test *w = kunit_kzalloc(test, sizeof(*w), GFP_KERNEL);

	if (!w)
		return -ENOMEM;
	INIT_DELAYED_WORK(&w->run, run_later);
	w->dev = alloc_etherdev(0);
	if (!w->dev)
		return -ENOMEM;
	test->priv = w;
	w->nd = attach(w->dev);
	return PTR_ERR_OR_ZERO(w->nd);
}

static void wait_exit(struct kunit *test)
{
	struct wait_test *w = test->priv;

	if (!w)
		return;
	if (!IS_ERR_OR_NULL(w->nd))
		detach(w);
	mutex_lock(&wait_net()->lock);
	natfw_flow_flush(wait_net(), NULL, NULL);
	mutex_unlock(&wait_net()->lock);
	free_netdev(w->dev);
}

static struct kunit_case wait_cases[] = {
	KUNIT_CASE(wait_plain),
	KUNIT_CASE(wait_shared),
	KUNIT_CASE(wait_pfmemalloc),
	KUNIT_CASE(wait_route),
	KUNIT_CASE(wait_socket),
	KUNIT_CASE(wait_detach),
	KUNIT_CASE(wait_offline),
	{}
};

static struct kunit_suite wait_suite = {
	.name		= "natfw-batch-wait",
	.init		= wait_init,
	.exit		= wait_exit,
	.test_cases	= wait_cases,
};

kunit_test_suite(wait_suite);
