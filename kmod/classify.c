// SPDX-License-Identifier: GPL-2.0-only
/*
 * The wildcard classifier; classify.h says what it promises.
 *
 * The hash of a masked key is the exclusive or of those of its three fields:
 * source, destination, and the rest. Each has a secret of its own, so that is
 * simple tabulation hashing (Patrascu and Thorup, 2012): no set of rules that
 * was chosen without the secrets makes long chains. Few masks of a field are
 * shared by many shapes, and a search hashes a field once for each mask.
 *
 * What a search reads of a subtable, its probe, is half a cache line; probes
 * stand in the order of search, next to each other. Before the chains comes a
 * filter of NATFW_FILTER_BITS bits for each of them, so that most packets
 * that match nothing in the subtable pass by with one line read.
 *
 * Chains are sorted, so the first rule in a chain that is visible and matches
 * is the chain's winner. A rule has two chain links: while a subtable's array
 * is replaced by a larger one, readers follow the old links undisturbed.
 */
#include <linux/bitops.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/rculist.h>
#include <linux/slab.h>

#include "flow.h"
#include "rule.h"

#define NATFW_SUBTABLE_MIN	16	/* chains */
#define NATFW_FILTER_BITS	16	/* for each chain; a power of two */
#define NATFW_HASHES		64	/* of a packet's fields that a search keeps */

/* Whose packets the rules of a shape match. */
#define NATFW_F_4	BIT(0)
#define NATFW_F_6	BIT(1)

/* Mask shape: what of a key the hash covers. */
struct natfw_shape {
	u8	src_len;
	u8	dst_len;
	u8	sport_bits;	/* leading bits of the port, in steps of four */
	u8	dport_bits;
	u16	set;		/* NATFW_M_PROTO, _SPI, _ZONE */
	u8	families;	/* NATFW_F_* */
	u8	pad;
};

enum natfw_field {
	NATFW_FIELD_SRC,
	NATFW_FIELD_DST,
	NATFW_FIELD_REST,	/* ports, protocol, zone */
	NATFW_FIELDS
};

static_assert(NATFW_FIELDS == ARRAY_SIZE(((struct natfw_classifier *)0)->secret));

/* A mask of one field. */
struct natfw_facet {
	u64	mask[2];
	u8	field;
	bool	is4;	/* only the last 32 bits count */
	u8	pad[6];	/* zero: facets are compared whole */
};

struct natfw_chains {
	u32			mask;
	u8			version;	/* which of natfw_rule.chain */
	struct rcu_head		rcu;
	struct hlist_head	*head;		/* behind the filter */
	unsigned long		filter[];
};

/* One step of a search. */
struct natfw_probe {
	struct natfw_chains	*chains;
	u64			protos;	/* bit by protocol number modulo 64 */
	u32			best;	/* no rule within has a lower priority */
	u16			facet[NATFW_FIELDS];	/* in the list, from 1; 0: none */
	u8			families;
};

static_assert(sizeof(struct natfw_probe) == 32);

struct natfw_subtable {
	/* nn->lock */
	struct natfw_probe		probe;	/* what the next list will have */
	struct natfw_facet		facet[NATFW_FIELDS];
	struct natfw_shape		shape;
	u32				nrules;
	u32				nbest;	/* rules with probe.best; 0: stale */
	u32				at;	/* in the list */
	unsigned long			grown;	/* RCU state when it last was */
};

/*
 * The order of search. Probes are copies: a search must see the figures by
 * which the list was sorted, or it would end too early. Only protos is
 * written later: before the rule that needs it counts.
 */
struct natfw_subtables {
	struct natfw_probe	*probe;		/* behind the facets */
	struct natfw_facet	*facet;		/* behind the subtables */
	u32			n;
	u32			nfacets;
	size_t			size;		/* of all of it, in bytes */
	struct rcu_head		rcu;
	struct natfw_subtable	*t[];		/* nn->lock */
};

static struct natfw_subtables *natfw_tables(const struct natfw_net *nn)
{
	return rcu_dereference_protected(nn->classifier.tables,
					 lockdep_is_held(&nn->lock));
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
	s->families = NATFW_F_4 | NATFW_F_6;
	if (m->set & NATFW_M_FAMILY)
		s->families = m->is4 ? NATFW_F_4 : NATFW_F_6;
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

/* Everything behind the addresses. */
static u64 natfw_key_rest(const struct natfw_key *k)
{
	return ((const u64 *)k)[4];
}

static void natfw_facet_init(struct natfw_facet *f, u8 field, bool is4, u64 first,
			     u64 second)
{
	memset(f, 0, sizeof(*f));
	f->field = field;
	f->is4 = is4;
	f->mask[0] = is4 ? 0 : first;
	f->mask[1] = second;
}

static bool natfw_facet_none(const struct natfw_facet *f)
{
	u64 last = f->mask[1];

	if (f->is4)	/* what comes before is the same in all addresses */
		last = (__force u32)((const union natfw_addr *)f->mask)->a32[3];
	return !f->mask[0] && !last;
}

static void natfw_subtable_facets(struct natfw_subtable *t)
{
	bool is4 = t->shape.families == NATFW_F_4;
	struct natfw_key k;

	natfw_shape_mask(&k, &t->shape);
	natfw_facet_init(&t->facet[NATFW_FIELD_SRC], NATFW_FIELD_SRC, is4,
			 k.src.w[0], k.src.w[1]);
	natfw_facet_init(&t->facet[NATFW_FIELD_DST], NATFW_FIELD_DST, is4,
			 k.dst.w[0], k.dst.w[1]);
	natfw_facet_init(&t->facet[NATFW_FIELD_REST], NATFW_FIELD_REST, false,
			 natfw_key_rest(&k), 0);
}

/* What @f covers of @k, hashed. */
static u32 natfw_facet_hash(const struct natfw_facet *f, const struct natfw_key *k,
			    const hsiphash_key_t *secret)
{
	const union natfw_addr *a = f->field == NATFW_FIELD_SRC ? &k->src : &k->dst;
	const union natfw_addr *mask = (const union natfw_addr *)f->mask;
	u64 x, y;

	secret += f->field;
	if (f->is4)
		return hsiphash_1u32((__force u32)(a->a32[3] & mask->a32[3]), secret);
	if (f->field == NATFW_FIELD_REST) {
		x = natfw_key_rest(k) & f->mask[0];
		return hsiphash_2u32(x, x >> 32, secret);
	}
	x = a->w[0] & f->mask[0];
	y = a->w[1] & f->mask[1];
	if (!f->mask[1])
		return hsiphash_2u32(x, x >> 32, secret);
	return hsiphash_4u32(x, x >> 32, y, y >> 32, secret);
}

static u32 natfw_subtable_hash(const struct natfw_subtable *t, const struct natfw_key *k,
			       const hsiphash_key_t *secret)
{
	u32 i, hash = 0;

	for (i = 0; i < NATFW_FIELDS; i++)
		if (!natfw_facet_none(&t->facet[i]))
			hash ^= natfw_facet_hash(&t->facet[i], k, secret);
	return hash;
}

static u32 natfw_filter_bit(const struct natfw_chains *c, u32 hash)
{
	return hash & (c->mask * NATFW_FILTER_BITS + NATFW_FILTER_BITS - 1);
}

void natfw_match_key(struct natfw_key *k, const struct natfw_match *m)
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
	k->kind = NATFW_KIND_FLOW;
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

/* Best rule in the chain of @hash that beats @than, or NULL. */
static struct natfw_rule *natfw_chain_find(const struct natfw_chains *c, u32 hash,
					   const struct natfw_pkt *p,
					   const struct natfw_rule *than,
					   struct natfw_search *s)
{
	struct hlist_node *node;
	struct natfw_rule *r;

	node = rcu_dereference(hlist_first_rcu(&c->head[hash & c->mask]));
	for (; node; node = rcu_dereference(hlist_next_rcu(node))) {
		r = container_of(node, struct natfw_rule, chain[c->version]);
		s->compared++;
		if (r->chain_hash != hash)
			continue;
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

/* Hashes of a packet's fields, as far as the search has needed them. */
struct natfw_hashes {
	const struct natfw_subtables	*list;
	const struct natfw_key		*key;
	const hsiphash_key_t		*secret;
	u64				known;
	u32				hash[NATFW_HASHES];
};

static u32 natfw_hashes_get(struct natfw_hashes *x, u32 facet)
{
	u32 i = facet - 1;

	if (!facet)
		return 0;
	if (unlikely(i >= NATFW_HASHES))
		return natfw_facet_hash(&x->list->facet[i], x->key, x->secret);
	if (!(x->known & BIT_ULL(i))) {
		x->hash[i] = natfw_facet_hash(&x->list->facet[i], x->key, x->secret);
		x->known |= BIT_ULL(i);
	}
	return x->hash[i];
}

static u32 natfw_probe_hash(const struct natfw_probe *e, struct natfw_hashes *x)
{
	return natfw_hashes_get(x, e->facet[NATFW_FIELD_SRC]) ^
	       natfw_hashes_get(x, e->facet[NATFW_FIELD_DST]) ^
	       natfw_hashes_get(x, e->facet[NATFW_FIELD_REST]);
}

struct natfw_rule *natfw_classify(const struct natfw_net *nn,
				  const struct natfw_pkt *p,
				  const struct natfw_rule *than,
				  struct natfw_search *s)
{
	const struct natfw_subtables *l = rcu_dereference(nn->classifier.tables);
	const u8 family = natfw_pkt_is6(p) ? NATFW_F_6 : NATFW_F_4;
	const u64 proto = BIT_ULL(p->key.proto % 64);
	const struct natfw_probe *e, *end = l->probe + l->n;
	struct natfw_rule *best = NULL, *r;
	struct natfw_hashes x;
	u32 hash;

	x.list = l;
	x.key = &p->key;
	x.secret = nn->classifier.secret;
	x.known = 0;
	memset(s, 0, sizeof(*s));
	for (e = l->probe; e < end; e++) {
		if (than && e->best > than->priority)
			break;
		if (!(e->families & family) || !(READ_ONCE(e->protos) & proto))
			continue;
		s->subtables++;
		hash = natfw_probe_hash(e, &x);
		if (!test_bit(natfw_filter_bit(e->chains, hash), e->chains->filter))
			continue;
		r = natfw_chain_find(e->chains, hash, p, than, s);
		if (r) {
			best = r;
			than = r;
		}
	}
	return best;
}

/* ---- change ---- */

static size_t natfw_filter_words(u32 n)
{
	return (size_t)n * NATFW_FILTER_BITS / BITS_PER_LONG;
}

static size_t natfw_chains_size(u32 n)
{
	return sizeof(struct natfw_chains) +
	       natfw_filter_words(n) * sizeof(unsigned long) +
	       (size_t)n * sizeof(struct hlist_head);
}

static struct natfw_chains *natfw_chains_alloc(struct natfw_net *nn, u32 n, u8 version)
{
	struct natfw_chains *c = kvzalloc(natfw_chains_size(n), GFP_KERNEL);

	if (!c)
		return NULL;
	c->mask = n - 1;
	c->version = version;
	c->head = (struct hlist_head *)&c->filter[natfw_filter_words(n)];
	atomic_long_add(natfw_chains_size(n), &nn->memory);
	return c;
}

static void natfw_chains_free(struct natfw_net *nn, struct natfw_chains *c)
{
	atomic_long_sub(natfw_chains_size(c->mask + 1), &nn->memory);
	kvfree_rcu(c, rcu);
}

static void natfw_chain_insert(struct natfw_chains *c, struct natfw_rule *r)
{
	struct hlist_head *head = &c->head[r->chain_hash & c->mask];
	struct hlist_node *pos, *last = NULL;

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
	/* packets for which the rule counts see both: nn->gen rises later */
	set_bit(natfw_filter_bit(c, r->chain_hash), c->filter);
}

/* Others may need the bit; they are in the same chain. */
static void natfw_chain_remove(struct natfw_chains *c, struct natfw_rule *r)
{
	u32 bit = natfw_filter_bit(c, r->chain_hash);
	struct hlist_node *pos;

	hlist_del_rcu(&r->chain[c->version]);
	hlist_for_each(pos, &c->head[r->chain_hash & c->mask])
		if (natfw_filter_bit(c, container_of(pos, struct natfw_rule,
						     chain[c->version])->chain_hash) == bit)
			return;
	clear_bit(bit, c->filter);
}

/* Link every rule of @from into @to by the other link. */
static void natfw_chains_copy(struct natfw_chains *from, struct natfw_chains *to)
{
	struct hlist_node *pos;
	u32 i;

	for (i = 0; i <= from->mask; i++)
		hlist_for_each(pos, &from->head[i])
			natfw_chain_insert(to, container_of(pos, struct natfw_rule,
							    chain[from->version]));
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
	t->shape = *s;
	natfw_subtable_facets(t);
	t->probe.families = s->families;
	t->probe.chains = c;
	t->probe.best = U32_MAX;
	t->probe.protos = s->set & NATFW_M_PROTO ? 0 : ~0ULL;
	t->grown = get_state_synchronize_rcu();
	return t;
}

static void natfw_subtable_destroy(struct natfw_net *nn, struct natfw_subtable *t)
{
	natfw_chains_free(nn, t->probe.chains);
	kfree(t);
}

static struct natfw_subtables *natfw_tables_alloc(struct natfw_net *nn, u32 n)
{
	size_t facets = sizeof(struct natfw_subtables) +
			(size_t)n * sizeof(struct natfw_subtable *);
	size_t probes = ALIGN(facets + (size_t)n * NATFW_FIELDS * sizeof(struct natfw_facet),
			      sizeof(struct natfw_probe));
	size_t size = probes + (size_t)n * sizeof(struct natfw_probe);
	struct natfw_subtables *l = kvzalloc(size, GFP_KERNEL);

	if (!l)
		return NULL;
	l->facet = (struct natfw_facet *)((char *)l + facets);
	l->probe = (struct natfw_probe *)((char *)l + probes);
	l->size = size;
	atomic_long_add(size, &nn->memory);
	return l;
}

static void natfw_tables_free(struct natfw_net *nn, struct natfw_subtables *l)
{
	atomic_long_sub(l->size, &nn->memory);
	kvfree_rcu(l, rcu);
}

/* The number of @f in the list, from 1, or 0 if it covers nothing. */
static u16 natfw_tables_facet(struct natfw_subtables *l, const struct natfw_facet *f)
{
	u32 i;

	if (natfw_facet_none(f))
		return 0;
	for (i = 0; i < l->nfacets; i++)
		if (!memcmp(&l->facet[i], f, sizeof(*f)))
			return i + 1;
	l->facet[l->nfacets++] = *f;
	return l->nfacets;
}

static void natfw_tables_fill(struct natfw_subtables *l)
{
	u32 i, k;

	for (i = 0; i < l->n; i++) {
		struct natfw_subtable *t = l->t[i];

		for (k = 0; k < NATFW_FIELDS; k++)
			t->probe.facet[k] = natfw_tables_facet(l, &t->facet[k]);
		t->at = i;
		l->probe[i] = t->probe;
	}
}

static void natfw_tables_append(struct natfw_subtables *l, struct natfw_subtable *t)
{
	u32 i = l->n++;

	for (; i && l->t[i - 1]->probe.best > t->probe.best; i--)
		l->t[i] = l->t[i - 1];
	l->t[i] = t;
}

/* Publish the list with @plus added and empty subtables left out. -ENOMEM. */
static int natfw_tables_publish(struct natfw_net *nn, struct natfw_subtable *plus)
{
	struct natfw_subtables *old = natfw_tables(nn), *l;
	u32 i, n = !!plus;

	/* what is kept counts as memory: no room for what goes */
	for (i = 0; i < old->n; i++)
		n += !!old->t[i]->nrules;
	l = natfw_tables_alloc(nn, n);
	if (!l)
		return -ENOMEM;
	for (i = 0; i < old->n; i++)
		if (old->t[i]->nrules)
			natfw_tables_append(l, old->t[i]);
	if (plus)
		natfw_tables_append(l, plus);
	natfw_tables_fill(l);
	rcu_assign_pointer(nn->classifier.tables, l);
	nn->classifier.count = l->n;
	for (i = 0; i < old->n; i++)
		if (!old->t[i]->nrules)
			natfw_subtable_destroy(nn, old->t[i]);
	natfw_tables_free(nn, old);
	return 0;
}

/*
 * Failing to grow costs speed only. The links of the other version may still
 * be walked by readers of the array before this one: wait for them, if they
 * have not gone long since.
 */
static void natfw_subtable_grow(struct natfw_net *nn, struct natfw_subtable *t)
{
	struct natfw_chains *from = t->probe.chains, *to;

	if (t->nrules <= from->mask)
		return;
	to = natfw_chains_alloc(nn, (from->mask + 1) * 4, !from->version);
	if (!to)
		return;
	cond_synchronize_rcu(t->grown);
	natfw_chains_copy(from, to);
	t->probe.chains = to;
	if (natfw_tables_publish(nn, NULL)) {
		t->probe.chains = from;
		swap(from, to);
	}
	t->grown = get_state_synchronize_rcu();
	natfw_chains_free(nn, from);
}

static struct natfw_subtable *natfw_subtable_find_shape(struct natfw_net *nn,
							const struct natfw_shape *s)
{
	struct natfw_subtables *l = natfw_tables(nn);
	u32 i;

	for (i = 0; i < l->n; i++)
		if (!memcmp(&l->t[i]->shape, s, sizeof(*s)))
			return l->t[i];
	return NULL;
}

/* Packets of its protocol are to look here, from this list on as from the next. */
static void natfw_subtable_admit(struct natfw_net *nn, struct natfw_subtable *t, u8 proto)
{
	struct natfw_subtables *l = natfw_tables(nn);

	t->probe.protos |= BIT_ULL(proto % 64);
	if (t->at < l->n && l->t[t->at] == t)
		WRITE_ONCE(l->probe[t->at].protos, t->probe.protos);
}

static void natfw_subtable_link(struct natfw_net *nn, struct natfw_subtable *t,
				struct natfw_rule *r)
{
	struct natfw_key k;

	if (r->priority < t->probe.best || !t->nrules) {
		t->probe.best = r->priority;
		t->nbest = 0;
	}
	t->nbest += r->priority == t->probe.best;
	t->nrules++;
	nn->classifier.nrules++;
	r->subtable = t;
	natfw_match_key(&k, &r->match);
	r->chain_hash = natfw_subtable_hash(t, &k, nn->classifier.secret);
	natfw_subtable_admit(nn, t, r->match.proto);
	natfw_chain_insert(t->probe.chains, r);
}

static void natfw_subtable_unlink(struct natfw_net *nn, struct natfw_rule *r)
{
	struct natfw_subtable *t = r->subtable;

	natfw_chain_remove(t->probe.chains, r);
	r->subtable = NULL;
	nn->classifier.nrules--;
	t->nrules--;
	if (r->priority == t->probe.best && t->nbest)
		t->nbest--;
	if (!t->nbest)
		nn->classifier.untidy = true;
}

/* As if @r, which is the last that came, had not come. */
static void natfw_classifier_undo(struct natfw_net *nn, struct natfw_rule *r, u32 best)
{
	struct natfw_subtable *t = r->subtable;

	natfw_subtable_unlink(nn, r);
	t->probe.best = best;
}

int natfw_classifier_add(struct natfw_net *nn, struct natfw_rule *r)
{
	struct natfw_subtable *t, *plus = NULL;
	struct natfw_shape shape;
	u32 best;

	lockdep_assert_held(&nn->lock);
	natfw_shape_of(&shape, &r->match);
	t = natfw_subtable_find_shape(nn, &shape);
	if (!t) {
		plus = natfw_subtable_create(nn, &shape);
		if (!plus)
			return -ENOMEM;
		t = plus;
	}
	best = t->nrules ? t->probe.best : U32_MAX;
	natfw_subtable_link(nn, t, r);
	if ((plus || r->priority < best) && natfw_tables_publish(nn, plus)) {
		natfw_classifier_undo(nn, r, best);
		if (plus)
			natfw_subtable_destroy(nn, plus);
		return -ENOMEM;
	}
	natfw_subtable_grow(nn, t);
	return 0;
}

void natfw_classifier_del(struct natfw_net *nn, struct natfw_rule *r)
{
	lockdep_assert_held(&nn->lock);
	natfw_subtable_unlink(nn, r);
}

/* The true best priority of @t, which has rules. */
static void natfw_subtable_rate(struct natfw_subtable *t)
{
	struct natfw_chains *c = t->probe.chains;
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
	t->probe.best = best;
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
		if (l->t[i]->nrules && !l->t[i]->nbest)
			natfw_subtable_rate(l->t[i]);
	if (!natfw_tables_publish(nn, NULL))
		nn->classifier.untidy = false;
}

int natfw_classifier_init(struct natfw_net *nn)
{
	struct natfw_subtables *l = natfw_tables_alloc(nn, 0);

	if (!l)
		return -ENOMEM;
	get_random_bytes(nn->classifier.secret, sizeof(nn->classifier.secret));
	RCU_INIT_POINTER(nn->classifier.tables, l);
	return 0;
}

void natfw_classifier_fini(struct natfw_net *nn)
{
	struct natfw_subtables *l = natfw_tables(nn);
	u32 i;

	WARN_ON_ONCE(nn->classifier.nrules);
	for (i = 0; i < l->n; i++)
		natfw_subtable_destroy(nn, l->t[i]);
	natfw_tables_free(nn, l);
}
