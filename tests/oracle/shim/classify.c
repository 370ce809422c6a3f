// SPDX-License-Identifier: GPL-2.0-or-later
/* natfw-test: quick host timeout=120 */
/*
 * kmod/classify.c against the oracle that looks at every rule: 1 to 2000 random
 * rules, coming, going and staged, and packets of all sorts.
 */
#include "shim.h"

#include "../../../kmod/classify.c"

#include "../gen.h"
#include "../ktap.h"

#define GEN	10

static struct natfw_net *nn;
static struct oracle oracle;

struct pair {
	struct rule		o;
	struct natfw_rule	k;
	bool			in;	/* in the classifier */
	bool			force;	/* and in force */
};

static void addr_fill(union natfw_addr *to, const struct addr *a)
{
	__be32 v4;

	if (a->len == 16) {
		memcpy(to->b, a->b, 16);
		return;
	}
	memcpy(&v4, a->b, 4);
	natfw_addr_set4(to, v4);
}

static u8 prefix_fill(union natfw_addr *to, const struct prefix *p)
{
	addr_fill(to, &p->a);
	return p->a.len == 4 ? p->bits + 96 : p->bits;
}

static void match_addrs(struct natfw_match *m, const struct match *o)
{
	if (o->src.on) {
		m->set |= NATFW_M_SRC | NATFW_M_FAMILY;
		m->src_len = prefix_fill(&m->src, &o->src);
		m->is4 = o->src.a.len == 4;
	}
	if (o->dst.on) {
		m->set |= NATFW_M_DST | NATFW_M_FAMILY;
		m->dst_len = prefix_fill(&m->dst, &o->dst);
		m->is4 = o->dst.a.len == 4;
	}
	if (o->family.on) {
		m->set |= NATFW_M_FAMILY;
		m->is4 = o->family.v == 4;
	}
}

#define COPY(flag, field, from) do {		\
	if (o->from.on) {			\
		m->set |= flag;			\
		m->field = o->from.v;		\
	}					\
} while (0)

static void match_fill(struct natfw_match *m, const struct rule *u)
{
	const struct match *o = &u->match;

	match_addrs(m, o);
	COPY(NATFW_M_PROTO, proto, proto);
	COPY(NATFW_M_TYPE, icmp_type, type);
	COPY(NATFW_M_CODE, icmp_code, code);
	COPY(NATFW_M_DSCP, dscp, dscp);
	COPY(NATFW_M_LABEL, flow_label, label);
	COPY(NATFW_M_SPI, spi, spi);
	m->spi = htonl(m->spi);
	if (o->sport.on)
		m->set |= NATFW_M_SPORT;
	if (o->dport.on)
		m->set |= NATFW_M_DPORT;
	m->sport_min = o->sport.lo;
	m->sport_max = o->sport.hi;
	m->dport_min = o->dport.lo;
	m->dport_max = o->dport.hi;
	if (o->dev >= 0) {
		m->set |= NATFW_M_DEV;
		m->ifindex = o->dev + 1;
	}
	if (!(u->flags & RF_ZONE_ANY)) {
		m->set |= NATFW_M_ZONE;
		m->zone = o->zone;
	}
}

static void rule_fill(struct natfw_rule *k, const struct rule *u)
{
	memset(k, 0, sizeof(*k));
	k->id = u->id;
	k->priority = u->priority;
	k->nn = nn;
	match_fill(&k->match, u);
}

static void pkt_fill(struct natfw_pkt *p, const struct view *v, struct natfw_dev *nd,
		     u16 zone)
{
	memset(p, 0, sizeof(*p));
	p->nn = nn;
	p->nd = nd;
	p->gen = GEN;
	p->flags = v->family == 6 ? NATFW_P_V6 : 0;
	addr_fill(&p->key.src, &v->src);
	addr_fill(&p->key.dst, &v->dst);
	p->key.proto = v->proto;
	p->key.zone = zone;
	if (v->spi_there) {
		p->key.ports = htonl(v->spi);
	} else if (v->query) {
		p->key.sport = v->answer ? 0 : htons(v->id);
		p->key.dport = v->answer ? htons(v->id) : 0;
	} else if (v->ports) {
		p->key.sport = htons(v->sport);
		p->key.dport = htons(v->dport);
	}
	p->dscp = v->dscp;
	p->flow_label = v->label;
	p->icmp_type = v->type;
	p->icmp_code = v->code;
}

/* The oracle's answer among those that beat @than. */
static const struct rule *best_over(const struct view *v, int dev, u16 zone,
				    const struct rule *than)
{
	const struct rule *u = oracle_match(&oracle, v, dev, zone);

	return u && (!than || rule_beats(u, than)) ? u : NULL;
}

struct score {
	u32 wrong, hits, cacheable, stale;
};

static void complain(const struct view *v, const struct rule *want,
		     const struct natfw_rule *got)
{
	printf("# %s\n# oracle: %s\n# classifier: rule %lld\n", view_text(v),
	       want ? rule_text(want) : "none", got ? (long long)got->id : -1);
}

/* Where the classifier says a verdict may be kept, nothing but key and device counts. */
static void check_cacheable(struct score *s, struct natfw_pkt *p, const struct natfw_rule *got,
			    struct rng *r)
{
	struct natfw_search search;
	int i;

	s->cacheable++;
	for (i = 0; i < 4; i++) {
		p->dscp = rnd(r, 3) * 10;
		p->flow_label = rnd(r, 3);
		p->icmp_type = rnd(r, 2) * 128 + rnd(r, 16);
		p->icmp_code = rnd(r, 3);
		s->stale += natfw_classify(nn, p, NULL, &search) != got;
	}
}

static void one_packet(struct score *s, struct rng *r, const struct pair *all, u32 n)
{
	struct natfw_dev nd = { 0 };
	struct net_device dev;
	const struct rule *want, *than = NULL;
	struct natfw_search search;
	struct natfw_rule *got;
	struct natfw_pkt p;
	struct packet raw;
	struct view v;
	u32 i = rnd(r, n);
	u16 zone = rnd(r, 10) ? 0 : 1;

	gen_packet(r, &raw, rnd(r, 2) ? 4 : 6, &oracle, GENP_NOERR);
	view_parse(&v, raw.data, raw.len);
	dev.ifindex = 1 + rnd(r, 3);
	nd.dev = &dev;
	if (rnd(r, 4) == 0)
		than = &all[i].o;
	want = best_over(&v, dev.ifindex - 1, zone, than);
	pkt_fill(&p, &v, &nd, zone);
	got = natfw_classify(nn, &p, than ? &all[i].k : NULL, &search);
	s->hits += !!got;
	if (want ? !got || got->id != want->id : !!got) {
		if (s->wrong++ < 3)
			complain(&v, want, got);
	} else if (!search.uncacheable && !than) {
		check_cacheable(s, &p, got, r);
	}
}

/* A rule comes, staged or at once, or goes, at once or to be removed later. */
static void change(struct rng *r, struct pair *a)
{
	if (!a->in) {
		a->k.from = rnd(r, 4) ? GEN : NATFW_NEVER;
		a->k.to = NATFW_NEVER;
		a->in = !natfw_classifier_add(nn, &a->k);
		a->force = a->in && a->k.from == GEN;
	} else if (a->force && rnd(r, 3) == 0) {
		a->k.to = GEN;
		a->force = false;
		oracle_del(&oracle, &a->o);
		return;
	} else {
		if (a->force)
			oracle_del(&oracle, &a->o);
		natfw_classifier_del(nn, &a->k);
		/* readers may still be on it: the link must stay as it is */
		a->in = a->force = false;
		return;
	}
	if (a->force)
		oracle_add(&oracle, &a->o);
}

static void make(struct rng *r, struct pair *all, u32 n)
{
	u32 i;

	for (i = 0; i < n; i++) {
		gen_rule(r, &all[i].o, rnd(r, 2) ? 4 : 6, GEN_ALL & ~GEN_NAT);
		all[i].o.action = ACT_DENY;
		all[i].o.match.zone = rnd(r, 10) == 0;
		all[i].o.id = 1 + (rnd64(r) & 0xffffff) * 4096 + i;
		rule_fill(&all[i].k, &all[i].o);
		change(r, &all[i]);
	}
}

static void test_rules(u32 n, u32 rounds, u32 packets, int fail)
{
	struct pair *all = shim_alloc(n * sizeof(*all), __GFP_NOFAIL);
	struct rng r = { n + fail };
	struct score s = { 0 };
	u32 i, k;

	nn = shim_alloc(sizeof(*nn), __GFP_NOFAIL);
	nn->gen = GEN;
	natfw_classifier_init(nn);
	shim_fail_every = fail;
	make(&r, all, n);
	for (i = 0; i < rounds; i++) {
		for (k = 0; k < packets; k++)
			one_packet(&s, &r, all, n);
		for (k = 0; k < 1 + n / 8; k++)
			change(&r, &all[rnd(&r, n)]);
		if (i % 3 == 0)
			natfw_classifier_tidy(nn);
		shim_sweep();
	}
	shim_fail_every = 0;
	ktap_is(!s.wrong, "classifier, %u rules%s: %u of %u packets hit, %u wrong", n,
		fail ? " and little memory" : "", s.hits, rounds * packets, s.wrong);
	ktap_is(!s.stale, "classifier, %u rules%s: %u verdicts may be kept, %u wrongly", n,
		fail ? " and little memory" : "", s.cacheable, s.stale);
	oracle_clear(&oracle);
	for (i = 0; i < n; i++)
		if (all[i].in)
			natfw_classifier_del(nn, &all[i].k);
	natfw_classifier_tidy(nn);
	ktap_is(!nn->classifier.count && !nn->classifier.nrules,
		"classifier, %u rules: no subtable is left", n);
	natfw_classifier_fini(nn);
	shim_sweep();
	ktap_is(!atomic_read(&nn->memory), "classifier, %u rules: memory gauge returns to zero", n);
	free(nn);
	free(all);
}

/* ---- what a search costs, in counts ---- */

/* An IPv4 rule of one shape, the @i'th of its shape. */
static void cost_rule(struct natfw_rule *k, u32 i, u8 src_len, u8 dst_len, u32 priority)
{
	memset(k, 0, sizeof(*k));
	k->id = i + 1;
	k->priority = priority;
	k->nn = nn;
	k->from = GEN;
	k->to = NATFW_NEVER;
	k->match.set = NATFW_M_FAMILY | NATFW_M_SRC | NATFW_M_DST | NATFW_M_PROTO;
	k->match.is4 = true;
	k->match.proto = IPPROTO_UDP;
	k->match.src_len = 96 + src_len;
	k->match.dst_len = 96 + dst_len;
	natfw_addr_set4(&k->match.src, htonl(0x40000000 | i << (32 - src_len)));
	natfw_addr_set4(&k->match.dst, htonl(0x50000000));
	assert(!natfw_classifier_add(nn, k));
}

static void cost_packet(struct natfw_pkt *p, struct natfw_dev *nd, u32 src, u8 proto)
{
	memset(p, 0, sizeof(*p));
	p->nn = nn;
	p->nd = nd;
	p->gen = GEN;
	natfw_addr_set4(&p->key.src, htonl(src));
	natfw_addr_set4(&p->key.dst, htonl(0x50000001));
	p->key.proto = proto;
}

static void cost_begin(void)
{
	nn = shim_alloc(sizeof(*nn), __GFP_NOFAIL);
	nn->gen = GEN;
	natfw_classifier_init(nn);
}

static void cost_end(struct natfw_rule *all, u32 n)
{
	u32 i;

	for (i = 0; i < n; i++)
		natfw_classifier_del(nn, &all[i]);
	natfw_classifier_tidy(nn);
	natfw_classifier_fini(nn);
	shim_sweep();
	ktap_is(!atomic_read(&nn->memory), "cost, %u rules: memory gauge returns to zero", n);
	free(nn);
	free(all);
}

/* However many rules a shape has, whoever misses meets next to none of them. */
static void test_cost_rules(u32 n)
{
	struct natfw_rule *all = shim_alloc(n * sizeof(*all), __GFP_NOFAIL);
	u32 i, wrong = 0, most = 0, misses = 0, visited = 0;
	struct natfw_dev nd = { 0 };
	struct natfw_search s;
	struct natfw_pkt p;

	cost_begin();
	/* priorities that fall, so that each rule is the best of its subtable */
	for (i = 0; i < n; i++)
		cost_rule(&all[i], i, 24, 8, 100000 - i);
	for (i = 0; i < n; i++) {
		cost_packet(&p, &nd, 0x40000005 | i << 8, IPPROTO_UDP);
		wrong += natfw_classify(nn, &p, NULL, &s) != &all[i];
		most = max(most, s.compared);
		cost_packet(&p, &nd, 0x90000005 | i << 8, IPPROTO_UDP);
		wrong += !!natfw_classify(nn, &p, NULL, &s);
		misses += s.compared;
		visited += s.subtables;
	}
	ktap_is(!wrong, "cost, %u rules: %u wrong", n, wrong);
	ktap_is(most <= 12, "cost, %u rules of a shape: a hit meets %u at most", n, most);
	ktap_is(misses <= n / 4, "cost, %u rules of a shape: %u misses meet %u", n, n, misses);
	ktap_is(visited == n, "cost, %u rules: one subtable is visited", n);
	cost_end(all, n);
}

static void cost_is(const struct natfw_pkt *p, const struct natfw_rule *than,
		    const struct natfw_rule *want, u32 subtables, const char *what)
{
	struct natfw_search s;
	const struct natfw_rule *got = natfw_classify(nn, p, than, &s);

	ktap_is(got == want && s.subtables == subtables, "cost, 24 shapes: %s, %u visited",
		what, s.subtables);
}

/* Shapes that cannot win, or cannot match, cost nothing. */
static void test_cost_shapes(void)
{
	struct natfw_rule *all = shim_alloc(24 * sizeof(*all), __GFP_NOFAIL);
	struct natfw_dev nd = { 0 };
	struct natfw_pkt p;
	u32 i;

	cost_begin();
	for (i = 0; i < 24; i++)
		cost_rule(&all[i], 0, 8 + i, 8, 10 + i);
	cost_packet(&p, &nd, 0x40000001, IPPROTO_UDP);
	cost_is(&p, NULL, &all[0], 1, "the first to match ends the search");
	cost_packet(&p, &nd, 0x90000001, IPPROTO_UDP);
	cost_is(&p, NULL, NULL, 24, "a miss visits each");
	cost_is(&p, &all[3], NULL, 4, "those that cannot beat a rule are left");
	cost_packet(&p, &nd, 0x40000001, IPPROTO_TCP);
	cost_is(&p, NULL, NULL, 0, "none of another protocol");
	cost_packet(&p, &nd, 0x40000001, IPPROTO_UDP);
	p.flags = NATFW_P_V6;
	cost_is(&p, NULL, NULL, 0, "none of another family");
	cost_end(all, 24);
}

int main(void)
{
	u32 i;

	ktap_start();
	for (i = 1; i <= 5; i++)
		test_rules(i, 60, 100, 0);
	test_rules(20, 60, 200, 0);
	test_rules(100, 40, 300, 0);
	test_rules(500, 20, 300, 0);
	test_rules(2000, 8, 400, 0);
	test_rules(100, 40, 200, 11);
	test_cost_rules(20000);
	test_cost_shapes();
	shim_hash_mask = 3;
	test_rules(200, 20, 300, 0);
	free(oracle.rules);
	free(oracle.flows);
	ktap_is(!shim_warnings, "no warnings");
	return ktap_end();
}
