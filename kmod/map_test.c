// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mappings, without packets. Names begin with the requirements they show
 * (conformance reads them).
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/inet.h>
#include <linux/kthread.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "flow.h"
#include "owner.h"
#include "pool_test.h"

static void set_key(struct natfw_key *k, u32 host, u16 port)
{
	*k = (struct natfw_key) { .proto = IPPROTO_UDP, .sport = htons(port) };
	natfw_addr_set4(&k->src, htonl(0x0a000000 + host));
	natfw_addr_set4(&k->dst, htonl(0x08080808));
}

/* The mapping of the external endpoint that is the destination of @k. */
static struct natfw_map *find_dst(struct pool_test *t, const struct natfw_key *k)
{
	struct natfw_map *m;

	rcu_read_lock();
	m = natfw_map_find_ext(t->nn, k->proto, 0, &k->dst, k->dport);
	rcu_read_unlock();
	return m;
}

static struct natfw_map *find_ext(struct pool_test *t, const struct natfw_map *m)
{
	struct natfw_key k;

	natfw_map_external(m, &k);
	return find_dst(t, &k);
}

static void map_independent(struct kunit *test)
{
	struct natfw_map *a, *b, *c;
	struct pool_test *t = test->priv;
	struct natfw_key k;

	make(test);
	set_key(&k, 1, 4000);
	a = natfw_map_get(t->pool, t->rule, &k, 0, NULL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(a));
	natfw_addr_set4(&k.dst, htonl(0x01010101));
	k.dport = htons(53);
	b = natfw_map_get(t->pool, t->rule, &k, 0, NULL);
	KUNIT_EXPECT_PTR_EQ(test, a, b);
	c = find_ext(t, a);
	KUNIT_EXPECT_PTR_EQ(test, a, c);
	natfw_map_put(a);
	natfw_map_put(b);
	expect_gauges(test, 1, 0, 1);
	natfw_map_put(c);
	expect_gauges(test, 0, 0, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&t->nn->nmaps), 0);
	KUNIT_EXPECT_EQ(test, refcount_read(&t->rule->refs), 1);
}

static void map_dependent(struct kunit *test)
{
	struct pool_test *t = test->priv;
	struct natfw_map *a, *b;
	struct natfw_key k;

	t->conf.mapping = NATFW_MAPPING_ADDRESS_AND_PORT_DEPENDENT;
	make(test);
	set_key(&k, 1, 4000);
	a = natfw_map_get(t->pool, t->rule, &k, 0, NULL);
	b = natfw_map_get(t->pool, t->rule, &k, 0, NULL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(a) || IS_ERR(b));
	KUNIT_EXPECT_PTR_NE(test, a, b);
	KUNIT_EXPECT_NE(test, (u16)natfw_map_ext_port(a), (u16)natfw_map_ext_port(b));
	natfw_map_put(a);
	natfw_map_put(b);
}

/* Whichever of the two comes first, they end up side by side. */
static void map_pair(struct kunit *test)
{
	struct natfw_map *a, *b, *pair;
	struct pool_test *t = test->priv;
	struct natfw_key k;
	u32 odd;

	make(test);
	for (odd = 0; odd < 2; odd++) {
		set_key(&k, 1, 4000 + odd);
		a = natfw_map_get(t->pool, t->rule, &k, NATFW_RULE_FLAG_PAIR, &pair);
		KUNIT_ASSERT_FALSE(test, IS_ERR(a));
		KUNIT_EXPECT_EQ(test, ntohs(natfw_map_ext_port(a)) & 1, (int)odd);
		KUNIT_EXPECT_EQ(test, ntohs(natfw_map_ext_port(pair)),
				ntohs(natfw_map_ext_port(a)) ^ 1);
		natfw_map_put(pair);
		set_key(&k, 1, 4001 - odd);
		b = natfw_map_get(t->pool, t->rule, &k, NATFW_RULE_FLAG_PAIR, NULL);
		KUNIT_EXPECT_PTR_EQ(test, b, pair);
		natfw_map_put(a);
		expect_gauges(test, 1, 0, 1);
		/* the one left gets its partner's port back */
		set_key(&k, 1, 4000 + odd);
		a = natfw_map_get(t->pool, t->rule, &k, NATFW_RULE_FLAG_PAIR, NULL);
		KUNIT_ASSERT_FALSE(test, IS_ERR(a));
		KUNIT_EXPECT_EQ(test, ntohs(natfw_map_ext_port(a)),
				ntohs(natfw_map_ext_port(b)) ^ 1);
		natfw_map_put(a);
		natfw_map_put(b);
		expect_gauges(test, 0, 0, 0);
	}
	KUNIT_EXPECT_EQ(test, refcount_read(&t->rule->refs), 1);
}

static void map_pair_alone(struct kunit *test)
{
	struct pool_test *t = test->priv;
	struct natfw_map *a;
	struct natfw_key k;

	make(test);
	set_key(&k, 1, 4000);
	a = natfw_map_get(t->pool, t->rule, &k, NATFW_RULE_FLAG_PAIR, NULL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(a));
	expect_gauges(test, 2, 0, 1);
	natfw_map_put(a);
	expect_gauges(test, 0, 0, 0);
}

/* The partner is refused: the first goes as well, and with it the host. */
static void map_pair_refused(struct kunit *test)
{
	struct natfw_owner owner = {};
	struct pool_test *t = test->priv;
	struct natfw_map *m;
	struct natfw_key k;

	t->conf.owner_quota = 1;
	make(test);
	t->rule->owner = &owner;
	set_key(&k, 1, 4000);
	m = natfw_map_get(t->pool, t->rule, &k, NATFW_RULE_FLAG_PAIR, NULL);
	KUNIT_EXPECT_EQ(test, PTR_ERR(m), (long)-EDQUOT);
	KUNIT_EXPECT_EQ(test, atomic_read(&owner.ports), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&t->nn->nmaps), 0);
	expect_gauges(test, 0, 0, 0);
	t->rule->owner = NULL;
}

static void map_claims(struct kunit *test)
{
	struct natfw_map *a, *b, *c;
	struct pool_test *t = test->priv;
	union natfw_addr ext;
	struct natfw_key k;

	make(test);
	natfw_addr_set4(&ext, in_aton("192.0.2.1"));
	set_key(&k, 1, 80);
	mutex_lock(&t->nn->lock);
	a = natfw_map_claim(t->nn, t->rule, &k, IPPROTO_UDP, 0, &ext, htons(8080));
	b = natfw_map_claim(t->nn, t->rule, &k, IPPROTO_UDP, 0, &ext, htons(8080));
	set_key(&k, 2, 80);
	c = natfw_map_claim(t->nn, t->rule, &k, IPPROTO_UDP, 0, &ext, htons(8080));
	KUNIT_EXPECT_EQ(test, PTR_ERR(c), (long)-EBUSY);
	c = natfw_map_claim(t->nn, t->rule, &k, IPPROTO_UDP, 0, &ext, htons(80));
	KUNIT_EXPECT_NULL(test, c);
	mutex_unlock(&t->nn->lock);
	KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(a));
	KUNIT_EXPECT_PTR_EQ(test, a, b);
	/* the endpoint looks the same from outside, however it goes there */
	set_key(&k, 1, 80);
	c = natfw_map_get(t->pool, t->rule, &k, 0, NULL);
	KUNIT_EXPECT_PTR_EQ(test, a, c);
	natfw_map_put(a);
	natfw_map_put(b);
	natfw_map_put(c);
	expect_gauges(test, 0, 0, 0);
}

static void map_refused(struct kunit *test)
{
	struct natfw_pool_gauges g;
	struct pool_test *t = test->priv;
	struct natfw_map *a, *b;
	struct natfw_key k;

	t->conf.port_max = t->conf.port_min;
	make(test);
	set_key(&k, 1, 4000);
	a = natfw_map_get(t->pool, t->rule, &k, 0, NULL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(a));
	set_key(&k, 2, 4000);
	b = natfw_map_get(t->pool, t->rule, &k, 0, NULL);
	KUNIT_EXPECT_EQ(test, PTR_ERR(b), (long)-ENOSPC);
	k.proto = IPPROTO_GRE;
	b = natfw_map_get(t->pool, t->rule, &k, 0, NULL);
	KUNIT_EXPECT_EQ(test, PTR_ERR(b), (long)-EOPNOTSUPP);
	natfw_pool_gauge(t->pool, &g);
	KUNIT_EXPECT_EQ(test, g.refused, 1ULL);
	/* and the one there was is still there */
	b = find_ext(t, a);
	KUNIT_EXPECT_PTR_EQ(test, a, b);
	natfw_map_put(a);
	natfw_map_put(b);
}

/*
 * Folding
 */

/* What natfw_flow_alloc() makes for a packet of @k that is to leave as @m says. */
static struct natfw_flow *flow_of(struct natfw_rule *rule, const struct natfw_key *k,
				  struct natfw_map *m)
{
	bool v6 = !natfw_key_is4(k);
	struct natfw_flow *f = kzalloc(sizeof(*f) + 2 * natfw_half_size(v6), GFP_KERNEL);
	struct natfw_key ex, reply;

	if (!f)
		return NULL;
	natfw_map_external(m, &ex);
	natfw_key_reverse(&reply, k, 0);
	reply.dst = ex.dst;
	reply.dport = ex.dport;
	f->flags = NATFW_FLOW_TWO | NATFW_FLOW_NAT | (v6 ? NATFW_FLOW_V6 : 0);
	f->rule = rule;
	f->map = m;
	natfw_node_set_key(&natfw_flow_half(f, 0)->node, k);
	natfw_flow_half(f, 1)->node.flags = NATFW_NODE_REPLY;
	natfw_node_set_key(&natfw_flow_half(f, 1)->node, &reply);
	return f;
}

/* A flow of @k, with its mapping folded into it if that can be. */
static struct natfw_flow *folded_key(struct kunit *test, const struct natfw_key *k)
{
	struct pool_test *t = test->priv;
	struct natfw_flow *f;
	struct natfw_map *m;

	m = natfw_map_get(t->pool, t->rule, k, 0, NULL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(m));
	f = flow_of(t->rule, k, m);
	KUNIT_ASSERT_NOT_NULL(test, f);
	natfw_map_fold(f);
	return f;
}

static struct natfw_flow *folded(struct kunit *test, u32 host, u16 port)
{
	struct natfw_key k;

	set_key(&k, host, port);
	return folded_key(test, &k);
}

static void leave(struct natfw_flow *f)
{
	natfw_map_leave(f, false);
	kfree(f);
}

/* The mapping at the external endpoint of @f. */
static struct natfw_map *find_flow(struct pool_test *t, const struct natfw_flow *f)
{
	struct natfw_key reply;

	natfw_node_key(&natfw_flow_half(f, 1)->node, &reply);
	return find_dst(t, &reply);
}

static bool is_of(const struct natfw_map *m, const struct natfw_flow *f)
{
	struct natfw_key in, orig;

	natfw_map_internal(m, &in);
	natfw_node_key(&natfw_flow_half(f, 0)->node, &orig);
	return natfw_addr_equal(&in.src, &orig.src) && in.sport == orig.sport &&
	       in.proto == orig.proto;
}

static int count_map(const struct natfw_map *m, void *arg)
{
	struct natfw_key in;

	natfw_map_internal(m, &in);
	*(u32 *)arg += in.src.a32[3] == htonl(0x0a000001) && refcount_read(&m->refs) == 1;
	return 0;
}

static void expect_nothing(struct kunit *test)
{
	struct pool_test *t = test->priv;

	expect_gauges(test, 0, 0, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&t->nn->nmaps), 0);
	KUNIT_EXPECT_EQ(test, refcount_read(&t->rule->refs), 1);
}

/* It takes no memory, is found, counted and listed all the same, and goes with its flow. */
static void map_folds(struct kunit *test)
{
	struct natfw_map_cursor c = {};
	struct pool_test *t = test->priv;
	struct natfw_flow *f;
	struct natfw_map *m;
	u32 seen = 0;
	long memory;

	make(test);
	memory = atomic_long_read(&t->nn->memory);
	f = folded(test, 1, 4000);
	KUNIT_EXPECT_TRUE(test, natfw_map_is_folded(f->map));
	KUNIT_EXPECT_EQ(test, atomic_long_read(&t->nn->memory), memory);
	KUNIT_EXPECT_EQ(test, atomic_read(&t->nn->nmaps), 1);
	KUNIT_EXPECT_EQ(test, refcount_read(&t->rule->refs), 1);
	expect_gauges(test, 1, 0, 1);
	natfw_map_walk(t->nn, &c, NULL, count_map, &seen);
	KUNIT_EXPECT_EQ(test, seen, 1U);
	KUNIT_EXPECT_TRUE(test, natfw_map_is_folded(f->map));
	m = find_flow(t, f);
	KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(m));
	KUNIT_EXPECT_PTR_EQ(test, f->map, m);
	KUNIT_EXPECT_TRUE(test, is_of(m, f));
	KUNIT_EXPECT_EQ(test, refcount_read(&m->refs), 2);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&t->nn->memory), memory + (long)sizeof(*m));
	natfw_map_put(m);
	expect_gauges(test, 1, 0, 1);
	leave(f);
	expect_nothing(test);
	leave(folded(test, 1, 4001));
	expect_nothing(test);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&t->nn->memory), memory);
}

struct shown {
	struct natfw_key	internal, external;
	u32			times;
};

static void note_shown(const struct natfw_map *m, void *arg)
{
	struct shown *s = arg;

	natfw_map_internal(m, &s->internal);
	natfw_map_external(m, &s->external);
	s->times++;
}

static bool show_flow(struct pool_test *t, const struct natfw_flow *f, u16 zone,
		      struct shown *s)
{
	struct natfw_key reply;
	bool there;

	natfw_node_key(&natfw_flow_half(f, 1)->node, &reply);
	rcu_read_lock();
	there = natfw_map_show_ext(t->nn, reply.proto, zone, &reply.dst, reply.dport,
				   note_shown, s);
	rcu_read_unlock();
	return there;
}

/* Who only looks sees the same of both, and leaves either as it is. */
static void map_fold_show(struct kunit *test)
{
	struct shown folded_as = {}, as = {}, none = {};
	struct pool_test *t = test->priv;
	struct natfw_flow *f;
	struct natfw_map *m;
	long memory;

	make(test);
	f = folded(test, 1, 4000);
	memory = atomic_long_read(&t->nn->memory);
	KUNIT_EXPECT_TRUE(test, show_flow(t, f, 0, &folded_as));
	KUNIT_EXPECT_TRUE(test, natfw_map_is_folded(f->map));
	KUNIT_EXPECT_EQ(test, atomic_long_read(&t->nn->memory), memory);
	m = find_flow(t, f);
	KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(m));
	KUNIT_EXPECT_TRUE(test, show_flow(t, f, 0, &as));
	KUNIT_EXPECT_EQ(test, refcount_read(&m->refs), 2);
	KUNIT_EXPECT_TRUE(test, is_of(m, f));
	KUNIT_EXPECT_MEMEQ(test, &folded_as, &as, sizeof(as));
	KUNIT_EXPECT_FALSE(test, show_flow(t, f, 1, &none));
	natfw_map_put(m);
	natfw_map_leave(f, false);
	KUNIT_EXPECT_FALSE(test, show_flow(t, f, 0, &none));
	kfree(f);
	KUNIT_EXPECT_EQ(test, none.times, 0U);
	expect_nothing(test);
}

/* The rule is going, as it is where there is no memory: nobody gets it, and all is as before. */
static void map_unfold_fails(struct kunit *test)
{
	struct pool_test *t = test->priv;
	struct natfw_flow *f;
	struct natfw_map *m;
	struct natfw_key k;
	int refs;

	make(test);
	f = folded(test, 1, 4000);
	refs = refcount_read(&t->rule->refs);
	refcount_set(&t->rule->refs, 0);
	KUNIT_EXPECT_EQ(test, PTR_ERR(find_flow(t, f)), (long)-ENOMEM);
	set_key(&k, 1, 4000);
	m = natfw_map_get(t->pool, t->rule, &k, 0, NULL);
	KUNIT_EXPECT_EQ(test, PTR_ERR(m), (long)-ENOMEM);
	refcount_set(&t->rule->refs, refs);
	KUNIT_EXPECT_TRUE(test, natfw_map_is_folded(f->map));
	expect_gauges(test, 1, 0, 1);
	m = find_flow(t, f);
	KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(m));
	natfw_map_put(m);
	leave(f);
	expect_nothing(test);
}

/* The second flow of an internal endpoint looks the same from outside; either may go first. */
static void map_unfolds(struct kunit *test)
{
	struct natfw_flow *a, *b;
	u32 i;

	make(test);
	for (i = 0; i < 2; i++) {
		a = folded(test, 1, 4000);
		b = folded(test, 1, 4000);
		KUNIT_EXPECT_FALSE(test, natfw_map_is_folded(b->map));
		KUNIT_EXPECT_PTR_EQ(test, a->map, b->map);
		KUNIT_EXPECT_TRUE(test, natfw_node_same_key(&natfw_flow_half(a, 1)->node,
							    &natfw_flow_half(b, 1)->node));
		leave(i ? a : b);
		expect_gauges(test, 1, 0, 1);
		leave(i ? b : a);
		expect_nothing(test);
	}
}

/* Who says less or other things than the mapping cannot stand for it. */
static void map_stays(struct kunit *test)
{
	struct pool_test *t = test->priv;
	struct natfw_rule other = { .nn = t->nn, .refs = REFCOUNT_INIT(1) };
	struct natfw_map *m, *pair;
	struct natfw_flow *f;
	struct natfw_key k;
	u32 i;

	make(test);
	for (i = 0; i < 6; i++) {
		set_key(&k, 1, 4000);
		m = natfw_map_get(t->pool, t->rule, &k, i == 5 ? NATFW_RULE_FLAG_PAIR : 0, &pair);
		KUNIT_ASSERT_FALSE(test, IS_ERR(m));
		if (i == 5)
			natfw_map_put(pair);
		k.sport ^= htons(i == 0);
		k.src.a32[3] ^= htonl(i == 1);
		f = flow_of(i == 2 ? &other : t->rule, &k, m);
		KUNIT_ASSERT_NOT_NULL(test, f);
		m->known = i == 4;
		if (i == 3)
			natfw_map_hold(m);
		natfw_map_fold(f);
		KUNIT_EXPECT_PTR_EQ_MSG(test, f->map, m, "%u", i);
		if (i == 3)
			natfw_map_put(m);
		leave(f);
		expect_nothing(test);
	}
	KUNIT_EXPECT_EQ(test, refcount_read(&other.refs), 1);
}

/* Ports that were seen outside are kept on hold, those of flows without packets are not. */
static void map_fold_hold(struct kunit *test)
{
	struct pool_test *t = test->priv;
	struct natfw_flow *f;

	t->conf.hold = 100;
	make(test);
	leave(folded(test, 1, 4000));
	expect_gauges(test, 0, 0, 0);
	f = folded(test, 1, 4000);
	f->flags |= NATFW_FLOW_SEEN;
	leave(f);
	expect_gauges(test, 0, 1, 0);
	f = folded(test, 1, 4000);
	f->flags |= NATFW_FLOW_REPLIED;
	natfw_map_put(find_flow(t, f));
	leave(f);
	expect_gauges(test, 0, 2, 0);
	/* was in the table: its first packet may be on its way */
	f = folded(test, 1, 4000);
	natfw_map_leave(f, true);
	kfree(f);
	expect_gauges(test, 0, 3, 0);
	f = folded(test, 1, 4000);
	natfw_map_put(find_flow(t, f));
	natfw_map_leave(f, true);
	kfree(f);
	expect_gauges(test, 0, 4, 0);
	/* unfolded before the first packet went */
	f = folded(test, 1, 4000);
	natfw_map_put(find_flow(t, f));
	f->flags |= NATFW_FLOW_SEEN;
	leave(f);
	expect_gauges(test, 0, 5, 0);
}

static void map_fold_dependent(struct kunit *test)
{
	struct pool_test *t = test->priv;
	struct natfw_flow *a, *b;

	t->conf.mapping = NATFW_MAPPING_ADDRESS_AND_PORT_DEPENDENT;
	make(test);
	a = folded(test, 1, 4000);
	b = folded(test, 1, 4000);
	KUNIT_EXPECT_TRUE(test, natfw_map_is_folded(a->map) && natfw_map_is_folded(b->map));
	KUNIT_EXPECT_FALSE(test, natfw_node_same_key(&natfw_flow_half(a, 1)->node,
						     &natfw_flow_half(b, 1)->node));
	expect_gauges(test, 2, 0, 1);
	leave(a);
	leave(b);
	expect_nothing(test);
}

/* Identifiers of queries are ports, and IPv6 has its own form of keys. */
static void check_fold(struct kunit *test, const struct natfw_key *k)
{
	struct pool_test *t = test->priv;
	struct natfw_flow *f = folded_key(test, k);
	struct natfw_map *m;

	KUNIT_EXPECT_TRUE(test, natfw_map_is_folded(f->map));
	m = find_flow(t, f);
	KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(m));
	KUNIT_EXPECT_PTR_EQ(test, f->map, m);
	KUNIT_EXPECT_TRUE(test, is_of(m, f));
	natfw_map_put(m);
	leave(f);
	leave(folded_key(test, k));
	expect_nothing(test);
}

static void map_fold_query(struct kunit *test)
{
	struct natfw_key k;

	make(test);
	set_key(&k, 1, 0);
	k.proto = IPPROTO_ICMP;
	check_fold(test, &k);
	k.sport = htons(0xffff);
	check_fold(test, &k);
}

static void map_fold_six(struct kunit *test)
{
	struct pool_test *t = test->priv;
	struct natfw_key k = { .proto = IPPROTO_TCP, .sport = htons(4000), .dport = htons(80) };

	t->conf.is4 = false;
	KUNIT_ASSERT_EQ(test, in6_pton("2001:db8::9", -1, t->ranges[0].first.b, -1, NULL), 1);
	t->ranges[0].last = t->ranges[0].first;
	KUNIT_ASSERT_EQ(test, in6_pton("fd00::1:2", -1, k.src.b, -1, NULL), 1);
	KUNIT_ASSERT_EQ(test, in6_pton("2001:db8:1::3", -1, k.dst.b, -1, NULL), 1);
	make(test);
	check_fold(test, &k);
}

/* A rule asks for the external endpoint: it is had by who has it, and nobody else. */
static void map_fold_claim(struct kunit *test)
{
	struct pool_test *t = test->priv;
	struct natfw_key k, reply;
	struct natfw_map *a, *b;
	struct natfw_flow *f;

	make(test);
	f = folded(test, 1, 4000);
	natfw_node_key(&natfw_flow_half(f, 1)->node, &reply);
	mutex_lock(&t->nn->lock);
	set_key(&k, 1, 4001);
	a = natfw_map_claim(t->nn, t->rule, &k, IPPROTO_UDP, 0, &reply.dst, reply.dport);
	KUNIT_EXPECT_TRUE(test, natfw_map_is_folded(f->map));
	set_key(&k, 1, 4000);
	b = natfw_map_claim(t->nn, t->rule, &k, IPPROTO_UDP, 0, &reply.dst, reply.dport);
	mutex_unlock(&t->nn->lock);
	KUNIT_EXPECT_EQ(test, PTR_ERR(a), (long)-EBUSY);
	KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(b));
	KUNIT_EXPECT_PTR_EQ(test, f->map, b);
	leave(f);
	expect_gauges(test, 1, 0, 1);
	natfw_map_put(b);
	expect_nothing(test);
}

/* Nothing but a flow is left of the pool: it goes with that. */
static void map_fold_pool_gone(struct kunit *test)
{
	struct pool_test *t = test->priv;
	struct natfw_flow *f;

	make(test);
	f = folded(test, 1, 4000);
	mutex_lock(&t->nn->lock);
	natfw_pool_flush_all(t->nn);
	mutex_unlock(&t->nn->lock);
	t->pool = NULL;
	KUNIT_EXPECT_NULL(test, find_flow(t, f));
	KUNIT_EXPECT_EQ(test, atomic_read(&t->nn->nmaps), 1);
	leave(f);
	KUNIT_EXPECT_EQ(test, atomic_read(&t->nn->nmaps), 0);
	KUNIT_EXPECT_EQ(test, refcount_read(&t->rule->refs), 1);
}

/* Somebody who finds the mapping of @f while it has no reference, for the moment. */
struct finder {
	struct pool_test	*t;
	struct natfw_flow	*f;
	struct natfw_map	*found;
	bool			began;
	struct completion	done;
};

static int finder_work(void *arg)
{
	struct finder *x = arg;

	WRITE_ONCE(x->began, true);
	x->found = find_flow(x->t, x->f);
	complete(&x->done);
	return 0;
}

/* Who comes in the middle of folding waits for its end, and does not take it for gone. */
static void map_fold_moment(struct kunit *test)
{
	struct pool_test *t = test->priv;
	struct finder x = { .t = t };
	struct task_struct *task;
	struct natfw_map *m;
	u32 i;

	if (num_online_cpus() < 2)
		kunit_skip(test, "one processor");
	make(test);
	x.f = folded(test, 1, 4000);
	m = find_flow(t, x.f);
	KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(m));
	natfw_map_put(m);
	init_completion(&x.done);
	task = kthread_create(finder_work, &x, "finder");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	migrate_disable();
	kthread_bind(task, cpumask_any_but(cpu_online_mask, smp_processor_id()));
	lock(t);
	refcount_set(&m->refs, 0);
	wake_up_process(task);
	for (i = 0; i < 2000 && !READ_ONCE(x.began); i++)
		mdelay(1);
	mdelay(5);
	refcount_set(&m->refs, 1);
	unlock(t);
	migrate_enable();
	wait_for_completion(&x.done);
	KUNIT_EXPECT_LT(test, i, 2000U);
	KUNIT_EXPECT_PTR_EQ(test, x.found, m);
	if (!IS_ERR_OR_NULL(x.found))
		natfw_map_put(x.found);
	leave(x.f);
	expect_nothing(test);
}

#define FOLD_FLOWS	32

/* One who makes flows and lets go of them, while the others do the same. */
struct folder {
	struct pool_test	*t;
	struct task_struct	*task;
	struct natfw_flow	*f[FOLD_FLOWS];
	u32			lost;		/* mappings that were not there, or another's */
	u32			folded, shared;
	u32			scanned;
};

/* As natfw_bind_plan() does. */
static struct natfw_flow *folder_flow(struct folder *w)
{
	struct natfw_flow *f;
	struct natfw_map *m;
	struct natfw_key k;

	set_key(&k, get_random_u32() % 4, 4000 + get_random_u32() % 6);
	m = natfw_map_get(w->t->pool, w->t->rule, &k, 0, NULL);
	if (IS_ERR(m))
		return NULL;
	f = flow_of(w->t->rule, &k, m);
	if (!f) {
		natfw_map_put(m);
		return NULL;
	}
	natfw_map_fold(f);
	if (natfw_map_is_folded(READ_ONCE(f->map)))
		w->folded++;
	else
		w->shared++;
	return f;
}

static void folder_look(struct folder *w, const struct natfw_flow *f)
{
	struct natfw_map *m = find_flow(w->t, f);

	if (IS_ERR_OR_NULL(m) || !is_of(m, f))
		w->lost++;
	if (!IS_ERR_OR_NULL(m))
		natfw_map_put(m);
}

/* What a stranger does who tries all ports. */
static void folder_scan(struct folder *w)
{
	struct natfw_key k = {
		.proto = IPPROTO_UDP, .dport = htons(1024 + get_random_u32() % 64),
	};
	struct natfw_map *m;

	natfw_addr_set4(&k.dst, in_aton("192.0.2.1"));
	m = find_dst(w->t, &k);
	if (IS_ERR_OR_NULL(m))
		return;
	w->scanned++;
	w->lost += natfw_map_ext_port(m) != k.dport;
	natfw_map_put(m);
}

static int folder_work(void *arg)
{
	struct folder *w = arg;
	u32 i;

	while (!kthread_should_stop()) {
		i = get_random_u32() % FOLD_FLOWS;
		if (w->f[i]) {
			leave(w->f[i]);
			w->f[i] = NULL;
		} else {
			w->f[i] = folder_flow(w);
		}
		i = get_random_u32() % FOLD_FLOWS;
		if (w->f[i] && !(get_random_u32() % 4))
			folder_look(w, w->f[i]);
		if (!(get_random_u32() % 8))
			folder_scan(w);
		cond_resched();
	}
	for (i = 0; i < FOLD_FLOWS; i++)
		if (w->f[i])
			leave(w->f[i]);
	return 0;
}

/* A mapping that a flow has is there all the time, whoever folds or unfolds it. */
static void map_fold_race(struct kunit *test)
{
	struct pool_test *t = test->priv;
	struct folder *w;
	u32 i;

	t->conf.port_max = 1024 + 63;
	make(test);
	w = kunit_kcalloc(test, 4, sizeof(*w), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, w);
	for (i = 0; i < 4; i++) {
		w[i].t = t;
		w[i].task = kthread_run(folder_work, &w[i], "folder%u", i);
		KUNIT_ASSERT_FALSE(test, IS_ERR(w[i].task));
	}
	msleep(1000);
	for (i = 0; i < 4; i++)
		kthread_stop(w[i].task);
	for (i = 0; i < 4; i++) {
		KUNIT_EXPECT_EQ(test, w[i].lost, 0U);
		KUNIT_EXPECT_GT(test, w[i].folded, 0U);
		KUNIT_EXPECT_GT(test, w[i].shared, 0U);
		KUNIT_EXPECT_GT(test, w[i].scanned, 0U);
	}
	expect_nothing(test);
}

static struct kunit_case map_cases[] = {
	{ .run_case = map_independent, .name = "4787-1 endpoint-independent mapping" },
	{ .run_case = map_dependent, .name = "4787-11 address and port dependent mapping" },
	{ .run_case = map_pair, .name = "4787-4 RTP and RTCP side by side" },
	{ .run_case = map_pair_alone, .name = "4787-4 a partner nobody asked for goes too" },
	{ .run_case = map_pair_refused, .name = "6888-4 a pair beyond the quota" },
	{ .run_case = map_claims, .name = "6888-9 a static endpoint is nobody else's" },
	{ .run_case = map_refused, .name = "6888-11a,6888-11d no port, no mapping" },
	{ .run_case = map_folds, .name = "4787-1 a mapping folded into its flow" },
	{ .run_case = map_fold_show, .name = "4787-8 who only looks leaves it folded" },
	{ .run_case = map_unfold_fails, .name = "folded, and no memory to unfold" },
	{ .run_case = map_unfolds, .name = "4787-1 unfolded for a second flow" },
	{ .run_case = map_stays, .name = "a mapping no flow can stand for" },
	{ .run_case = map_fold_hold, .name = "6888-8 hold time of folded mappings" },
	{ .run_case = map_fold_dependent, .name = "4787-11 folded, address and port dependent" },
	{ .run_case = map_fold_query, .name = "folded, identifiers of queries" },
	{ .run_case = map_fold_six, .name = "folded, IPv6" },
	{ .run_case = map_fold_claim, .name = "6888-9 folded, and a static endpoint" },
	{ .run_case = map_fold_pool_gone, .name = "folded when its pool goes" },
	{ .run_case = map_fold_moment, .name = "4787-1 found in the middle of folding" },
	{ .run_case = map_fold_race, .name = "4787-1 folded and unfolded by many at once" },
	{}
};

static struct kunit_suite map_suite = {
	.name = "natfw_map",
	.init = pool_test_init,
	.exit = pool_test_exit,
	.test_cases = map_cases,
};

kunit_test_suite(map_suite);
