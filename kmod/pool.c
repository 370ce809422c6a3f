// SPDX-License-Identifier: GPL-2.0-only
/*
 * External address pools: their addresses, making and removing them. The ports
 * are lease.c's.
 *
 * Called by netlink (nn->lock); addresses are looked up by packets under RCU,
 * which is enough as they never change.
 */
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/sort.h>

#include "net.h"
#include "pool.h"
#include "portmap.h"

struct workqueue_struct *natfw_pool_wq;
static atomic_t pool_ids = ATOMIC_INIT(0);

/*
 * Addresses
 */

static u64 addr_low(const union natfw_addr *a)
{
	return be64_to_cpu((__force __be64)a->w[1]);
}

static int addr_cmp(const union natfw_addr *a, const union natfw_addr *b)
{
	return memcmp(a, b, sizeof(*a));
}

int natfw_pool_index(const struct natfw_pool *p, const union natfw_addr *addr)
{
	const struct natfw_range *r;
	u32 lo = 0, hi = p->nranges, mid;

	while (lo < hi) {
		mid = (lo + hi) / 2;
		r = &p->ranges[mid];
		if (addr_cmp(addr, &r->first) < 0)
			hi = mid;
		else if (addr_cmp(addr, &r->last) > 0)
			lo = mid + 1;
		else
			return r->base + (addr_low(addr) - addr_low(&r->first));
	}
	return -ENOENT;
}

void natfw_pool_address(const struct natfw_pool *p, u32 index,
			union natfw_addr *addr)
{
	const struct natfw_range *r = p->ranges;

	while (r < &p->ranges[p->nranges - 1] && index >= r[1].base)
		r++;
	addr->w[0] = r->first.w[0];
	addr->w[1] = (__force u64)cpu_to_be64(addr_low(&r->first) + index - r->base);
}

bool natfw_pool_owns(const struct natfw_net *nn, u16 zone,
		     const union natfw_addr *addr)
{
	const struct natfw_pool *p;

	list_for_each_entry_rcu(p, &nn->pools, list) {
		if (p->conf.zone == zone && natfw_pool_index(p, addr) >= 0)
			return true;
	}
	return false;
}

/*
 * Pools
 */

static int range_cmp(const void *a, const void *b)
{
	return addr_cmp(&((const struct natfw_range *)a)->first,
			&((const struct natfw_range *)b)->first);
}

/* Order ranges and number their addresses. */
static int ranges_arrange(struct natfw_range *r, u32 n, u32 *naddrs,
			  struct netlink_ext_ack *extack)
{
	u64 count = 0, len;
	u32 i;

	sort(r, n, sizeof(*r), range_cmp, NULL);
	for (i = 0; i < n; i++) {
		if (i && addr_cmp(&r[i - 1].last, &r[i].first) >= 0) {
			NL_SET_ERR_MSG(extack, "ranges of the pool overlap");
			return -EINVAL;
		}
		r[i].base = count;
		len = addr_low(&r[i].last) - addr_low(&r[i].first);
		count += len + 1;
		if (r[i].first.w[0] != r[i].last.w[0] || len >= NATFW_POOL_ADDRS ||
		    count > NATFW_POOL_ADDRS) {
			NL_SET_ERR_MSG(extack, "more than 65536 addresses");
			return -EINVAL;
		}
	}
	*naddrs = count;
	return 0;
}

static bool pools_overlap(const struct natfw_pool *p, const struct natfw_range *r,
			  u32 n)
{
	u32 i, j;

	for (i = 0; i < p->nranges; i++) {
		for (j = 0; j < n; j++) {
			if (addr_cmp(&p->ranges[i].first, &r[j].last) <= 0 &&
			    addr_cmp(&r[j].first, &p->ranges[i].last) <= 0)
				return true;
		}
	}
	return false;
}

static int pool_check(struct natfw_net *nn, const struct natfw_pool_conf *conf,
		      const struct natfw_range *ranges, u32 nranges,
		      struct netlink_ext_ack *extack)
{
	u32 size = conf->block_size;
	struct natfw_pool *p;

	if (natfw_pool_find(nn, conf->name)) {
		NL_SET_ERR_MSG(extack, "a pool of that name exists");
		return -EEXIST;
	}
	if (size && DIV_ROUND_UP(conf->port_min, size) >= (conf->port_max + 1) / size) {
		NL_SET_ERR_MSG(extack, "no whole block fits into the port range");
		return -EINVAL;
	}
	list_for_each_entry(p, &nn->pools, list) {
		if (p->conf.zone == conf->zone && pools_overlap(p, ranges, nranges)) {
			NL_SET_ERR_MSG(extack,
				       "another pool of the zone has some of the addresses");
			return -EEXIST;
		}
	}
	return 0;
}

static void pool_free(struct natfw_pool *p)
{
	natfw_lease_fini(p);
	kfree(p->ranges);
	kfree(p);
}

static void pool_free_work(struct work_struct *work)
{
	pool_free(container_of(to_rcu_work(work), struct natfw_pool, free));
}

static struct natfw_pool *pool_alloc(struct natfw_net *nn,
				     const struct natfw_pool_conf *conf,
				     const struct natfw_range *ranges, u32 nranges,
				     u32 naddrs)
{
	size_t size = nranges * sizeof(*ranges);
	struct natfw_pool *p;

	p = kzalloc(sizeof(*p), GFP_KERNEL);
	if (!p)
		return NULL;
	p->conf = *conf;
	p->nn = nn;
	p->nranges = nranges;
	p->naddrs = naddrs;
	p->id = atomic_inc_return(&pool_ids);
	refcount_set(&p->refs, 1);
	INIT_RCU_WORK(&p->free, pool_free_work);
	atomic_long_set(&p->memory, sizeof(*p) + size);
	p->ranges = kmemdup(ranges, size, GFP_KERNEL);
	if (p->ranges && !natfw_lease_init(p))
		return p;
	kfree(p->ranges);
	kfree(p);
	return NULL;
}

struct natfw_pool *natfw_pool_create(struct natfw_net *nn,
				     const struct natfw_pool_conf *conf,
				     struct natfw_range *ranges, u32 nranges,
				     struct netlink_ext_ack *extack)
{
	struct natfw_pool *p;
	u32 naddrs;
	int err;

	lockdep_assert_held(&nn->lock);
	err = ranges_arrange(ranges, nranges, &naddrs, extack);
	if (!err)
		err = pool_check(nn, conf, ranges, nranges, extack);
	if (err)
		return ERR_PTR(err);
	p = pool_alloc(nn, conf, ranges, nranges, naddrs);
	if (!p) {
		NL_SET_ERR_MSG(extack, "out of memory");
		return ERR_PTR(-ENOMEM);
	}
	list_add_tail_rcu(&p->list, &nn->pools);
	return p;
}

void natfw_pool_destroy(struct natfw_pool *p)
{
	lockdep_assert_held(&p->nn->lock);
	list_del_rcu(&p->list);
	natfw_lease_stop(p);
	natfw_pool_unref(p);
}

void natfw_pool_change(struct natfw_pool *p, const struct natfw_pool_conf *conf)
{
	lockdep_assert_held(&p->nn->lock);
	natfw_lease_change(p, conf);
}

void natfw_pool_gauge(struct natfw_pool *p, struct natfw_pool_gauges *g)
{
	int i;

	*g = (struct natfw_pool_gauges) {
		.ports = (u64)p->naddrs * natfw_pool_ports(p),
		.rules = atomic_read(&p->nrules),
	};
	spin_lock_bh(&p->lock);
	for (i = 0; i < NATFW_PORT_GROUPS; i++)
		g->used = max_t(u64, g->used, p->used[i]);
	g->held = p->held;
	g->hosts = p->nhosts;
	g->refused = p->refused;
	spin_unlock_bh(&p->lock);
}

long natfw_pool_memory(const struct natfw_net *nn)
{
	const struct natfw_pool *p;
	long sum = 0;

	list_for_each_entry_rcu(p, &nn->pools, list)
		sum += atomic_long_read(&p->memory);
	return sum;
}

struct natfw_pool *natfw_pool_find(struct natfw_net *nn, const char *name)
{
	struct natfw_pool *p;

	lockdep_assert_held(&nn->lock);
	list_for_each_entry(p, &nn->pools, list) {
		if (!strcmp(p->conf.name, name))
			return p;
	}
	return NULL;
}

bool natfw_pool_ref(struct natfw_pool *p)
{
	return refcount_inc_not_zero(&p->refs);
}

void natfw_pool_unref(struct natfw_pool *p)
{
	if (refcount_dec_and_test(&p->refs))
		queue_rcu_work(natfw_pool_wq, &p->free);
}

void natfw_pool_hold(struct natfw_pool *p)
{
	atomic_inc(&p->nrules);
	refcount_inc(&p->refs);
}

void natfw_pool_put(struct natfw_pool *p)
{
	atomic_dec(&p->nrules);
	natfw_pool_unref(p);
}

u16 natfw_pool_zone(const struct natfw_pool *p)
{
	return p->conf.zone;
}

bool natfw_pool_is4(const struct natfw_pool *p)
{
	return p->conf.is4;
}

void natfw_pool_flush_all(struct natfw_net *nn)
{
	struct natfw_pool *p, *next;

	lockdep_assert_held(&nn->lock);
	list_for_each_entry_safe(p, next, &nn->pools, list)
		natfw_pool_destroy(p);
}

int natfw_pool_module_init(void)
{
	int err;

	natfw_pool_wq = alloc_workqueue("natfw", WQ_UNBOUND, 0);
	if (!natfw_pool_wq)
		return -ENOMEM;
	err = natfw_portmap_module_init() ?: natfw_lease_module_init() ?:
	      natfw_map_module_init();
	if (err)
		natfw_pool_module_exit();
	return err;
}

void natfw_pool_module_exit(void)
{
	rcu_barrier();	/* rules, which let go of pools */
	rcu_barrier();	/* those on their way to the queue */
	destroy_workqueue(natfw_pool_wq);
	natfw_map_module_exit();
	natfw_lease_module_exit();
	natfw_portmap_module_exit();
}
