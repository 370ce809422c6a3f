/* SPDX-License-Identifier: GPL-2.0-only */
/* A pool to test, of a namespace and a rule that are good for nothing else. */
#ifndef _NATFW_POOL_TEST_H
#define _NATFW_POOL_TEST_H

#include <kunit/test.h>
#include <linux/inet.h>
#include <linux/rhashtable.h>

#include "net.h"
#include "pool.h"
#include "rule.h"

struct pool_test {
	struct natfw_net	*nn;
	struct natfw_pool	*pool;
	struct natfw_rule	*rule;
	struct natfw_pool_conf	conf;
	struct natfw_range	ranges[3];
	u32			nranges;
};

static inline void set_range(struct natfw_range *r, const char *first, const char *last)
{
	natfw_addr_set4(&r->first, in_aton(first));
	natfw_addr_set4(&r->last, in_aton(last));
}

static inline int pool_test_init(struct kunit *test)
{
	struct pool_test *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	if (!t)
		return -ENOMEM;
	test->priv = t;
	t->nn = kunit_kzalloc(test, sizeof(*t->nn), GFP_KERNEL);
	t->rule = kunit_kzalloc(test, sizeof(*t->rule), GFP_KERNEL);
	if (!t->nn || !t->rule)
		return -ENOMEM;
	t->nn->net = &init_net;
	mutex_init(&t->nn->lock);
	INIT_LIST_HEAD(&t->nn->pools);
	refcount_set(&t->rule->refs, 1);
	t->rule->nn = t->nn;
	t->conf = (struct natfw_pool_conf) {
		.name = "test", .port_min = 1024, .port_max = 65535, .is4 = true,
		.watermark = 80,
	};
	set_range(&t->ranges[0], "192.0.2.1", "192.0.2.1");
	t->nranges = 1;
	return natfw_table_init(&t->nn->table, 1024, &t->nn->memory);
}

/* A host of @p that keeps it, or NULL. */
static inline struct natfw_host *keeper(struct natfw_pool *p)
{
	struct rhashtable_iter iter;
	struct natfw_host *host;

	rhashtable_walk_enter(&p->hosts, &iter);
	rhashtable_walk_start(&iter);
	do {
		host = rhashtable_walk_next(&iter);
	} while (host && (IS_ERR(host) || !host->anchored));
	rhashtable_walk_stop(&iter);
	rhashtable_walk_exit(&iter);
	return host;
}

/* Ports a test took and has not given back keep their host, and that the pool. */
static inline void abandon(struct natfw_pool *p)
{
	struct natfw_host *host;

	while ((host = keeper(p))) {
		natfw_pool_lock(p);
		host->ports = 0;
		host->claims = 0;
		natfw_host_tidy(p, host);
		natfw_pool_unlock(p);
	}
}

static inline void pool_test_exit(struct kunit *test)
{
	struct pool_test *t = test->priv;

	if (!t || !t->nn)
		return;
	if (!IS_ERR_OR_NULL(t->pool))
		abandon(t->pool);
	mutex_lock(&t->nn->lock);
	natfw_pool_flush_all(t->nn);
	mutex_unlock(&t->nn->lock);
	rcu_barrier();
	natfw_table_fini(&t->nn->table);
}

static inline void make(struct kunit *test)
{
	struct pool_test *t = test->priv;

	mutex_lock(&t->nn->lock);
	t->pool = natfw_pool_create(t->nn, &t->conf, t->ranges, t->nranges, NULL);
	mutex_unlock(&t->nn->lock);
	KUNIT_ASSERT_FALSE(test, IS_ERR(t->pool));
}

static inline void lock(struct pool_test *t)
{
	rcu_read_lock();
	natfw_pool_lock(t->pool);
}

static inline void unlock(struct pool_test *t)
{
	natfw_pool_unlock(t->pool);
	rcu_read_unlock();
}

static inline void expect_gauges(struct kunit *test, u64 used, u64 held, u32 hosts)
{
	struct pool_test *t = test->priv;
	struct natfw_pool_gauges g;

	natfw_pool_gauge(t->pool, &g);
	KUNIT_EXPECT_EQ(test, g.used, used);
	KUNIT_EXPECT_EQ(test, g.held, held);
	KUNIT_EXPECT_EQ(test, g.hosts, hosts);
}

#endif /* _NATFW_POOL_TEST_H */
