// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets taken together; batch.h says what for.
 *
 * Whoever is taken has been stolen from the stack. Most are sent or dropped
 * anyhow; those that the stack is to have go back to it behind taps and
 * ingress hooks, which they went through before. That is possible if natfw's
 * hook is the last one and no generic XDP program sees the packet a second time;
 * other packets are not taken. Three things tell that a packet went
 * back: the kernel counts it as received twice (softnet_stat, the tracepoint
 * netif_receive_skb); the driver hears that it was dropped; and if it came by a
 * VLAN, bridge or the like, sockets for just one protocol that are bound to the
 * device below do not see it.
 */
#include <linux/cpuhotplug.h>
#include <linux/delay.h>
#include <linux/moduleparam.h>
#include <linux/netfilter.h>
#include <linux/netfilter_netdev.h>
#include <net/sock.h>

#include "batch.h"
#include "emit.h"
#include "flow.h"
#include "net.h"
#include "trace.h"

/* Packets a second from which on waiting for others may be worth it. */
#define NATFW_BATCH_RATE	50000
/* So few in a batch do not pay; so many such in a row, and it is left for a while. */
#define NATFW_BATCH_FEW		4
#define NATFW_BATCH_POOR	8
#define NATFW_BATCH_REST	(HZ / 8)

enum natfw_batch_mode {
	NATFW_BATCH_NEVER,
	NATFW_BATCH_AUTO,
	NATFW_BATCH_ALWAYS,	/* for tests: every packet that can be taken is */
};

static unsigned int natfw_batch_mode = NATFW_BATCH_AUTO;
module_param_named(batch, natfw_batch_mode, uint, 0644);
MODULE_PARM_DESC(batch, "Take packets that come in a row together: 0 never, 1 if it pays (default), 2 always");

struct natfw_batch __percpu *natfw_batches;
static struct net_device *natfw_batch_dev;	/* for its NAPIs */
static int natfw_batch_state;			/* of cpuhp */

void natfw_batch_tick(struct natfw_batch *b, unsigned long now)
{
	unsigned int mode = READ_ONCE(natfw_batch_mode);
	bool recent = now - b->tick == 1;

	if (!NATFW_SKIPS_INGRESS || !b->online || mode == NATFW_BATCH_NEVER)
		b->on = false;
	else if (mode == NATFW_BATCH_ALWAYS)
		b->on = true;
	else
		b->on = recent && b->seen >= NATFW_BATCH_RATE / HZ &&
			time_after_eq(now, b->again);
	b->tick = now;
	b->seen = 0;
}

void natfw_batch_learn(struct natfw_batch *b, u32 n, u32 passed)
{
	if (likely(n >= NATFW_BATCH_FEW && passed <= n / 2)) {
		b->poor = 0;
		return;
	}
	if (++b->poor < NATFW_BATCH_POOR || READ_ONCE(natfw_batch_mode) == NATFW_BATCH_ALWAYS)
		return;
	b->poor = 0;
	b->on = false;
	b->again = jiffies + NATFW_BATCH_REST;
}

/* Back to the stack, on this processor, behind what it went through. */
static void natfw_batch_pass(struct sk_buff *skb)
{
	natfw_skip_ingress(skb);
	netif_receive_skb_core(skb);
}

void natfw_batch_run(struct natfw_batch *b)
{
	u32 i, n = b->n, passed = 0;

	if (!n)
		return;
	b->busy = true;
	for (i = 0; i < NATFW_LANES; i++)
		b->lanes[i].adj = NULL;
	for (i = 0; i < n; i++)
		natfw_flow_fetch(&b->pkt[i]);
	for (i = 0; i < n; i++) {
		if (natfw_process(&b->pkt[i]) != NF_ACCEPT)
			continue;
		natfw_batch_pass(b->pkt[i].skb);
		passed++;
	}
	trace_natfw_batch(n, passed);
	natfw_batch_learn(b, n, passed);
	b->busy = false;
	/* pairs with natfw_batch_wait(): the devices of these are not used any more */
	smp_store_release(&b->runs, b->runs + 1);
	/* the same */
	smp_store_release(&b->n, 0);
}

/*
 * True if @skb may go round the stack's entrance, and has nothing that is valid only
 * within this RCU section: a route, or a socket that tc or BPF found for it.
 */
static bool natfw_batch_may(const struct natfw_dev *nd, struct sk_buff *skb)
{
	const struct nf_hook_entries *hooks = rcu_dereference(nd->dev->nf_hooks_ingress);

	return !skb_shared(skb) && !skb->_skb_refdst && !skb_sk_is_prefetched(skb) &&
	       !skb_pfmemalloc(skb) && hooks && hooks->num_hook_entries == 1 &&
	       !rcu_access_pointer(nd->dev->xdp_prog);
}

/* One that cannot wait, after those that do. */
static unsigned int natfw_batch_alone(struct natfw_batch *b, struct natfw_pkt *p, int err)
{
	unsigned int verdict;

	natfw_batch_run(b);
	/* it may be in the batch's own room */
	b->busy = true;
	verdict = natfw_parsed(p, err);
	b->busy = false;
	return verdict;
}

unsigned int natfw_batch_take(struct natfw_batch *b, struct natfw_dev *nd, struct sk_buff *skb)
{
	struct natfw_pkt *p = &b->pkt[b->n];
	int err;

	natfw_pkt_begin(p, nd, skb, skb->len, b->cpu);
	err = natfw_parse(p);
	if (unlikely(err || p->flags & (NATFW_P_FRAG | NATFW_P_ICMPERR) ||
		     !natfw_batch_may(nd, skb)))
		return natfw_batch_alone(b, p, err);
	natfw_flow_prepare(p);
	p->lanes = b->lanes;
	if (!b->due) {
		b->due = true;
		napi_schedule(&b->napi);
	}
	WRITE_ONCE(b->n, b->n + 1);
	if (b->n == NATFW_BATCH)
		natfw_batch_run(b);
	return NF_STOLEN;
}

/* The driver's poll is over. */
static int natfw_batch_poll(struct napi_struct *napi, int budget)
{
	struct natfw_batch *b = container_of(napi, struct natfw_batch, napi);
	int n = b->n;

	if (!budget)
		return 0;
	b->due = false;
	rcu_read_lock();
	natfw_batch_run(b);
	rcu_read_unlock();
	n = min(n, budget - 1);
	napi_complete_done(napi, n);
	return n;
}

static void natfw_batch_wait(const struct natfw_batch *b)
{
	u64 runs = READ_ONCE(b->runs);

	/* Its NAPI is scheduled as long as packets wait. Pairs with natfw_batch_run(). */
	while (smp_load_acquire(&b->n) && smp_load_acquire(&b->runs) == runs)
		usleep_range(50, 500);
}

void natfw_batch_drain(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		natfw_batch_wait(per_cpu_ptr(natfw_batches, cpu));
}

/* ---- processors and the module come and go ---- */

int natfw_batch_online(unsigned int cpu)
{
	struct natfw_batch *b = per_cpu_ptr(natfw_batches, cpu);

	b->cpu = cpu;
	b->online = true;
	return 0;
}

int natfw_batch_offline(unsigned int cpu)
{
	struct natfw_batch *b = per_cpu_ptr(natfw_batches, cpu);

	local_bh_disable();
	rcu_read_lock();
	b->online = false;
	b->on = false;
	natfw_batch_run(b);
	rcu_read_unlock();
	local_bh_enable();
	return 0;
}

static void natfw_batch_start(struct natfw_batch *b)
{
	set_bit(NAPI_STATE_NO_BUSY_POLL, &b->napi.state);
	netif_napi_add(natfw_batch_dev, &b->napi, natfw_batch_poll);
	napi_enable(&b->napi);
}

static void natfw_batch_stop_all(void)
{
	struct natfw_batch *b;
	int cpu;

	for_each_possible_cpu(cpu) {
		b = per_cpu_ptr(natfw_batches, cpu);
		napi_disable(&b->napi);
		__netif_napi_del(&b->napi);
	}
	synchronize_net();
	natfw_dummy_free(natfw_batch_dev);
	free_percpu(natfw_batches);
}

int natfw_batch_init(void)
{
	int cpu;

	natfw_batches = alloc_percpu(struct natfw_batch);
	if (!natfw_batches)
		return -ENOMEM;
	natfw_batch_dev = natfw_dummy_alloc();
	if (!natfw_batch_dev) {
		free_percpu(natfw_batches);
		return -ENOMEM;
	}
	for_each_possible_cpu(cpu)
		natfw_batch_start(per_cpu_ptr(natfw_batches, cpu));
	natfw_batch_state = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "net/natfw:online",
					      natfw_batch_online, natfw_batch_offline);
	if (natfw_batch_state >= 0)
		return 0;
	natfw_batch_stop_all();
	return natfw_batch_state;
}

void natfw_batch_exit(void)
{
	cpuhp_remove_state(natfw_batch_state);
	natfw_batch_stop_all();
}
