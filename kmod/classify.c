// SPDX-License-Identifier: GPL-2.0-only
/*
 * The wildcard classifier; classify.h says what it promises.
 *
 * Chains are sorted, so the first rule in a chain that is visible and matches
 * is the chain's winner. A rule has two chain links: while a subtable's array
 * is replaced by a larger one, readers follow the old links undisturbed.
 */
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/rculist.h>
#include <linux/slab.h>

#include "flow.h"
#include "rule.h"

#define NATFW_SUBTABLE_MIN	16	/* chains */

/* Mask shape: what of a key the hash covers. */
struct natfw_shape {
	u8	src_len;
	u8	dst_len;
	u8	sport_bits;	/* leading bits of the port, in steps of four */
	u8	dport_bits;
	u16	set;		/* NATFW_M_PROTO, _SPI, _ZONE */
	u16	pad;
};

struct natfw_chains {
	u32			mask;
	u8			version;	/* which of natfw_rule.chain */
	struct rcu_head		rcu;
	struct hlist_head	head[];
};

struct natfw_subtable {
	/* read by packets */
	struct natfw_key		mask;
	struct natfw_chains __rcu	*chains;
	/* nn->lock */
	u32				best;	/* no rule within has a lower priority */
	struct natfw_shape		shape;
	u32				nrules;
	u32				nbest;	/* rules with that priority; 0: stale */
	struct rcu_head			rcu;
};

/*
 * The order of search. @best is a copy: a search must see the figures by which
 * the list was sorted, or it would end too early.
 */
struct natfw_subtables {
	struct rcu_head		rcu;
	u32			n;
	struct {
		struct natfw_subtable	*t;
		u32			best;
	} e[];
};

static struct natfw_subtables *natfw_tables(const struct natfw_net *nn)
{
	return rcu_dereference_protected(nn->classifier.tables,
					 lockdep_is_held(&nn->lock));
}

static struct natfw_chains *natfw_chains(const struct natfw_net *nn,
					 const struct natfw_subtable *t)
{
	return rcu_dereference_protected(t->chains, lockdep_is_held(&nn->lock));
}

/* Leading bits that every port from @min to @max shares, rounded down to four. */
static u8 natfw_port_bits(u16 min, u16 max)
{
	u8 bits = min == max ? 16 : 16 - fls(min ^ max);

	return bits & ~3;
}

static void natfw_shape_of(struct natfw_shape *s, const struct natfw_match *m)
{
	memset(s, 0, sizeof(*s));
	s->src_len = m->set & NATFW_M_SRC ? m->src_len : 0;
	s->dst_len = m->set & NATFW_M_DST ? m->dst_len : 0;
	if (m->set & NATFW_M_SPORT)
		s->sport_bits = natfw_port_bits(m->sport_min, m->sport_max);
	if (m->set & NATFW_M_DPORT)
		s->dport_bits = natfw_port_bits(m->dport_min, m->dport_max);
	s->set = m->set & (NATFW_M_PROTO | NATFW_M_SPI | NATFW_M_ZONE);
}

static void natfw_prefix_mask(union natfw_addr *a, u8 len)
{
	u32 i;

	for (i = 0; i < 16; i++, len -= min_t(u8, len, 8))
		a->b[i] = len >= 8 ? 0xff : (u8)~(0xff >> len);
}

static __be16 natfw_port_mask(u8 bits)
{
	return htons((u16)~(0xffff >> bits));
}

static void natfw_shape_mask(struct natfw_key *k, const struct natfw_shape *s)
{
	memset(k, 0, sizeof(*k));
	natfw_prefix_mask(&k->src, s->src_len);
	natfw_prefix_mask(&k->dst, s->dst_len);
	if (s->set & NATFW_M_SPI) {
		k->ports = htonl(~0U);
	} else {
		k->sport = natfw_port_mask(s->sport_bits);
		k->dport = natfw_port_mask(s->dport_bits);
	}
	k->proto = s->set & NATFW_M_PROTO ? 0xff : 0;
	k->zone = s->set & NATFW_M_ZONE ? 0xffff : 0;
}

static u32 natfw_masked_hash(const struct natfw_key *k, const struct natfw_key *m,
			     const siphash_key_t *secret)
{
	const u64 *x = (const u64 *)k, *y = (const u64 *)m;
	u64 w[5];
	u32 i;

	for (i = 0; i < ARRAY_SIZE(w); i++)
		w[i] = x[i] & y[i];
	return (u32)siphash(w, sizeof(w), secret);
}

/* A key that packets the rule matches have, as far as the shape looks. */
static void natfw_match_key(struct natfw_key *k, const struct natfw_match *m)
{
	memset(k, 0, sizeof(*k));
	k->src = m->src;
	k->dst = m->dst;
	if (m->set & NATFW_M_SPI) {
		k->ports = m->spi;
	} else {
		k->sport = htons(m->sport_min);
		k->dport = htons(m->dport_min);
	}
	k->proto = m->proto;
	k->zone = m->zone;
}

/* ---- search ---- */

static bool natfw_match_prefix(const union natfw_addr *a,
			       const union natfw_addr *prefix, u8 len)
{
	return ipv6_prefix_equal(&a->in6, &prefix->in6, len);
}

static bool natfw_match_ports(const struct natfw_match *m, const struct natfw_pkt *p)
{
	u16 sport = ntohs(p->key.sport), dport = ntohs(p->key.dport);

	if (!(m->set & (NATFW_M_SPORT | NATFW_M_DPORT)))
		return true;
	if (!natfw_proto_has_ports(p->key.proto) || p->flags & NATFW_P_OPAQUE)
		return false;
	if (m->set & NATFW_M_SPORT && (sport < m->sport_min || sport > m->sport_max))
		return false;
	return !(m->set & NATFW_M_DPORT) ||
	       (dport >= m->dport_min && dport <= m->dport_max);
}

static bool natfw_match_spi(const struct natfw_match *m, const struct natfw_pkt *p)
{
	return !(m->set & NATFW_M_SPI) ||
	       (m->spi == p->key.ports && !(p->flags & NATFW_P_OPAQUE));
}

static bool natfw_match_key_fields(const struct natfw_match *m,
				   const struct natfw_pkt *p)
{
	if (m->set & NATFW_M_ZONE && m->zone != p->key.zone)
		return false;
	if (m->set & NATFW_M_PROTO && m->proto != p->key.proto)
		return false;
	if (m->set & NATFW_M_FAMILY && m->is4 == !!natfw_pkt_is6(p))
		return false;
	if (m->set & NATFW_M_SRC &&
	    !natfw_match_prefix(&p->key.src, &m->src, m->src_len))
		return false;
	if (m->set & NATFW_M_DST &&
	    !natfw_match_prefix(&p->key.dst, &m->dst, m->dst_len))
		return false;
	return natfw_match_spi(m, p) && natfw_match_ports(m, p);
}

static bool natfw_match_dev(const struct natfw_match *m, const struct natfw_pkt *p)
{
	return !(m->set & NATFW_M_DEV) ||
	       (p->nd->dev && m->ifindex == p->nd->dev->ifindex);
}

static bool natfw_match_beyond_key(const struct natfw_match *m,
				   const struct natfw_pkt *p)
{
	if (m->set & (NATFW_M_TYPE | NATFW_M_CODE) && p->flags & NATFW_P_OPAQUE)
		return false;
	if (m->set & NATFW_M_TYPE && m->icmp_type != p->icmp_type)
		return false;
	if (m->set & NATFW_M_CODE && m->icmp_code != p->icmp_code)
		return false;
	if (m->set & NATFW_M_DSCP && m->dscp != p->dscp)
		return false;
	return !(m->set & NATFW_M_LABEL) ||
	       (natfw_pkt_is6(p) && m->flow_label == p->flow_label);
}

bool natfw_match_beyond(const struct natfw_match *m, const struct natfw_pkt *p)
{
	return natfw_match_dev(m, p) && natfw_match_spi(m, p) &&
	       natfw_match_beyond_key(m, p);
}

bool natfw_match_pkt(const struct natfw_match *m, const struct natfw_pkt *p)
{
	return natfw_match_key_fields(m, p) && natfw_match_beyond(m, p);
}

/* Best rule of one subtable that beats @than, or NULL. */
static struct natfw_rule *natfw_subtable_find(const struct natfw_net *nn,
					      const struct natfw_subtable *t,
					      const struct natfw_pkt *p,
					      const struct natfw_rule *than,
					      struct natfw_search *s)
{
	const struct natfw_chains *c = rcu_dereference(t->chains);
	struct hlist_node *node;
	struct natfw_rule *r;
	u32 hash;

	hash = natfw_masked_hash(&p->key, &t->mask, &nn->classifier.secret);
	node = rcu_dereference(hlist_first_rcu(&c->head[hash & c->mask]));
	for (; node; node = rcu_dereference(hlist_next_rcu(node))) {
		r = container_of(node, struct natfw_rule, chain[c->version]);
		if (than && !natfw_rule_beats(r, than))
			return NULL;
		if (!natfw_rule_visible(r, p->gen) ||
		    !natfw_match_key_fields(&r->match, p) ||
		    !natfw_match_dev(&r->match, p))
			continue;
		if (!(r->match.set & NATFW_M_BEYOND_KEY))
			return r;
		s->uncacheable = true;
		if (natfw_match_beyond_key(&r->match, p))
			return r;
	}
	return NULL;
}

struct natfw_rule *natfw_classify(const struct natfw_net *nn,
				  const struct natfw_pkt *p,
				  const struct natfw_rule *than,
				  struct natfw_search *s)
{
	const struct natfw_subtables *l = rcu_dereference(nn->classifier.tables);
	struct natfw_rule *best = NULL, *r;
	u32 i;

	s->uncacheable = false;
	s->subtables = 0;
	for (i = 0; i < l->n; i++) {
		if (than && l->e[i].best > than->priority)
			break;
		s->subtables++;
		r = natfw_subtable_find(nn, l->e[i].t, p, than, s);
		if (r) {
			best = r;
			than = r;
		}
	}
	return best;
}

/* ---- change ---- */

static struct natfw_chains *natfw_chains_alloc(struct natfw_net *nn, u32 n, u8 version)
{
	struct natfw_chains *c = kvzalloc(struct_size(c, head, n), GFP_KERNEL);

	if (!c)
		return NULL;
	c->mask = n - 1;
	c->version = version;
	atomic_long_add(struct_size(c, head, n), &nn->memory);
	return c;
}

static void natfw_chains_free(struct natfw_net *nn, struct natfw_chains *c)
{
	atomic_long_sub(struct_size(c, head, c->mask + 1), &nn->memory);
	kvfree_rcu(c, rcu);
}

static void natfw_chain_insert(struct natfw_net *nn, struct natfw_subtable *t,
			       struct natfw_chains *c, struct natfw_rule *r)
{
	struct hlist_node *pos, *last = NULL;
	struct hlist_head *head;
	struct natfw_key k;
	u32 hash;

	natfw_match_key(&k, &r->match);
	hash = natfw_masked_hash(&k, &t->mask, &nn->classifier.secret);
	head = &c->head[hash & c->mask];
	hlist_for_each(pos, head) {
		if (natfw_rule_beats(r, container_of(pos, struct natfw_rule,
						     chain[c->version])))
			break;
		last = pos;
	}
	if (last)
		hlist_add_behind_rcu(&r->chain[c->version], last);
	else
		hlist_add_head_rcu(&r->chain[c->version], head);
}

/* Link every rule of @from into @to by the other link. */
static void natfw_chains_copy(struct natfw_net *nn, struct natfw_subtable *t,
			      struct natfw_chains *from, struct natfw_chains *to)
{
	struct natfw_rule *r;
	u32 i;

	for (i = 0; i <= from->mask; i++) {
		struct hlist_node *pos;

		hlist_for_each(pos, &from->head[i]) {
			r = container_of(pos, struct natfw_rule,
					 chain[from->version]);
			natfw_chain_insert(nn, t, to, r);
		}
	}
}

/*
 * Failing to grow costs speed only. The links of the other version may still
 * be walked by readers of the array before this one: wait for them.
 */
static void natfw_subtable_grow(struct natfw_net *nn, struct natfw_subtable *t)
{
	struct natfw_chains *from = natfw_chains(nn, t), *to;

	if (t->nrules <= from->mask)
		return;
	to = natfw_chains_alloc(nn, (from->mask + 1) * 4, !from->version);
	if (!to)
		return;
	synchronize_rcu();
	natfw_chains_copy(nn, t, from, to);
	rcu_assign_pointer(t->chains, to);
	natfw_chains_free(nn, from);
}

static struct natfw_subtable *natfw_subtable_create(struct natfw_net *nn,
						    const struct natfw_shape *s)
{
	struct natfw_subtable *t = kzalloc(sizeof(*t), GFP_KERNEL);
	struct natfw_chains *c;

	if (!t)
		return NULL;
	c = natfw_chains_alloc(nn, NATFW_SUBTABLE_MIN, 0);
	if (!c) {
		kfree(t);
		return NULL;
	}
	RCU_INIT_POINTER(t->chains, c);
	t->shape = *s;
	natfw_shape_mask(&t->mask, s);
	t->best = U32_MAX;
	return t;
}

static void natfw_subtable_destroy(struct natfw_net *nn, struct natfw_subtable *t)
{
	natfw_chains_free(nn, natfw_chains(nn, t));
	kfree_rcu(t, rcu);
}

static void natfw_tables_append(struct natfw_subtables *l, struct natfw_subtable *t)
{
	u32 i = l->n++;

	for (; i && l->e[i - 1].best > t->best; i--)
		l->e[i] = l->e[i - 1];
	l->e[i].t = t;
	l->e[i].best = t->best;
}

/* Publish the list with @plus added and empty subtables left out. -ENOMEM. */
static int natfw_tables_publish(struct natfw_net *nn, struct natfw_subtable *plus)
{
	struct natfw_subtables *old = natfw_tables(nn), *l;
	u32 i;

	l = kvzalloc(struct_size(l, e, old->n + !!plus), GFP_KERNEL);
	if (!l)
		return -ENOMEM;
	for (i = 0; i < old->n; i++)
		if (old->e[i].t->nrules)
			natfw_tables_append(l, old->e[i].t);
	if (plus)
		natfw_tables_append(l, plus);
	rcu_assign_pointer(nn->classifier.tables, l);
	nn->classifier.count = l->n;
	for (i = 0; i < old->n; i++)
		if (!old->e[i].t->nrules)
			natfw_subtable_destroy(nn, old->e[i].t);
	kvfree_rcu(old, rcu);
	return 0;
}

static struct natfw_subtable *natfw_subtable_find_shape(struct natfw_net *nn,
							const struct natfw_shape *s)
{
	struct natfw_subtables *l = natfw_tables(nn);
	u32 i;

	for (i = 0; i < l->n; i++)
		if (!memcmp(&l->e[i].t->shape, s, sizeof(*s)))
			return l->e[i].t;
	return NULL;
}

static void natfw_subtable_link(struct natfw_net *nn, struct natfw_subtable *t,
				struct natfw_rule *r)
{
	if (r->priority < t->best || !t->nrules) {
		t->best = r->priority;
		t->nbest = 0;
	}
	t->nbest += r->priority == t->best;
	t->nrules++;
	nn->classifier.nrules++;
	r->subtable = t;
	natfw_chain_insert(nn, t, natfw_chains(nn, t), r);
}

static void natfw_subtable_unlink(struct natfw_net *nn, struct natfw_rule *r)
{
	struct natfw_subtable *t = r->subtable;

	hlist_del_rcu(&r->chain[natfw_chains(nn, t)->version]);
	r->subtable = NULL;
	nn->classifier.nrules--;
	t->nrules--;
	if (r->priority == t->best && t->nbest)
		t->nbest--;
	if (!t->nbest)
		nn->classifier.untidy = true;
}

int natfw_classifier_add(struct natfw_net *nn, struct natfw_rule *r)
{
	struct natfw_subtable *t;
	struct natfw_shape shape;
	u32 best;

	lockdep_assert_held(&nn->lock);
	natfw_shape_of(&shape, &r->match);
	t = natfw_subtable_find_shape(nn, &shape);
	if (t && t->nrules && r->priority >= t->best) {
		natfw_subtable_link(nn, t, r);
		natfw_subtable_grow(nn, t);
		return 0;
	}
	if (t) {
		best = t->best;
		natfw_subtable_link(nn, t, r);
		if (!natfw_tables_publish(nn, NULL))
			return 0;
		natfw_subtable_unlink(nn, r);
		t->best = best;
		return -ENOMEM;
	}
	t = natfw_subtable_create(nn, &shape);
	if (!t)
		return -ENOMEM;
	natfw_subtable_link(nn, t, r);
	if (!natfw_tables_publish(nn, t))
		return 0;
	natfw_subtable_unlink(nn, r);
	natfw_subtable_destroy(nn, t);
	return -ENOMEM;
}

void natfw_classifier_del(struct natfw_net *nn, struct natfw_rule *r)
{
	lockdep_assert_held(&nn->lock);
	natfw_subtable_unlink(nn, r);
}

/* The true best priority of @t, which has rules. */
static void natfw_subtable_rate(struct natfw_net *nn, struct natfw_subtable *t)
{
	struct natfw_chains *c = natfw_chains(nn, t);
	u32 i, best = U32_MAX, nbest = 0;
	struct hlist_node *pos;
	struct natfw_rule *r;

	for (i = 0; i <= c->mask; i++) {
		hlist_for_each(pos, &c->head[i]) {
			r = container_of(pos, struct natfw_rule, chain[c->version]);
			if (r->priority < best) {
				best = r->priority;
				nbest = 0;
			}
			nbest += r->priority == best;
		}
	}
	t->best = best;
	t->nbest = nbest;
}

void natfw_classifier_tidy(struct natfw_net *nn)
{
	struct natfw_subtables *l = natfw_tables(nn);
	u32 i;

	lockdep_assert_held(&nn->lock);
	if (!nn->classifier.untidy)
		return;
	for (i = 0; i < l->n; i++)
		if (l->e[i].t->nrules && !l->e[i].t->nbest)
			natfw_subtable_rate(nn, l->e[i].t);
	if (!natfw_tables_publish(nn, NULL))
		nn->classifier.untidy = false;
}

int natfw_classifier_init(struct natfw_classifier *c)
{
	struct natfw_subtables *l = kvzalloc(sizeof(*l), GFP_KERNEL);

	if (!l)
		return -ENOMEM;
	memset(c, 0, sizeof(*c));
	get_random_bytes(&c->secret, sizeof(c->secret));
	RCU_INIT_POINTER(c->tables, l);
	return 0;
}

void natfw_classifier_fini(struct natfw_net *nn)
{
	struct natfw_subtables *l = natfw_tables(nn);
	u32 i;

	WARN_ON_ONCE(nn->classifier.nrules);
	for (i = 0; i < l->n; i++)
		natfw_subtable_destroy(nn, l->e[i].t);
	kvfree_rcu(l, rcu);
}
