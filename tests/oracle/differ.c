// SPDX-License-Identifier: GPL-2.0-or-later
/* natfw-test: core quick debug timeout=120 */
/*
 * The module against the oracle: random rules are loaded, random packets sent
 * through a gateway, and what comes out, what is counted and what the module
 * says it would do is compared with what the oracle says.
 *
 * The same options give the same run. The first difference is shown with the
 * rules, the packet and both answers.
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/natfw.h>

#include "gen.h"
#include "ktap.h"
#include "rig.h"
#include "sum.h"

struct options {
	uint64_t	seed;
	int		rules, packets, batches, family, features;
	bool		direct, drop, zones, verbose, no_test;
	int		most;		/* differences before giving up */
	const char	*xdp;		/* mode, or NULL */
};

struct expect {
	const char	*reasons[4];	/* any of these; NULL ends it */
	bool		out;		/* it is forwarded, by: */
	int		dev;
	struct packet	bytes;
	struct blur	blur;
	bool		answered;	/* the sender is told */
	bool		may_answer;	/* or could be, */
	bool		astray;		/* or somebody else */
};

/* One run, from start to plan. */
struct run {
	struct options	opt;
	struct rng	rng;
	struct rig	rig;
	struct oracle	oracle;
	struct rule	**all;		/* every rule ever made, to give back */
	size_t		nall, room;
	struct reasons	before, after;
	uint64_t	sent, refused, asked, replies, errors, forwarded, pieces, offloaded;
	int		differences;
	int		batch, number;
	struct past	*past;		/* every packet so far */
	size_t		npast, past_room;
	char		refusal[256];
};

/* A packet that was sent before, for reports. */
struct past {
	struct key	key;
	struct view	view;
	int		dev, number;
	enum fate	fate;
	uint64_t	rule;
	char		reason[32];
};

static struct run *the_run;

static uint16_t zone_of_route(const struct addr *dst)
{
	int dev = rig_route(dst);

	return dev < 0 ? 0 : the_run->rig.zone[dev];
}

/* reports */

static void show_rules(const struct run *t, const struct view *v, int dev,
		       const struct rule *winner)
{
	size_t i;

	for (i = 0; i < t->oracle.nrules; i++) {
		const struct rule *u = t->oracle.rules[i];
		bool hit = match_packet(u, v, dev, t->rig.zone[dev]);

		if (hit || u == winner || t->oracle.nrules <= 8)
			printf("# %s %s\n", hit ? "*" : u == winner ? "+" : " ", rule_text(u));
	}
}

static const char *const fates[] = {
	"pass", "send", "translate", "error restored", "deny", "reject", "clash",
	"untranslatable",
};

static const char *reason_counted(const struct run *t)
{
	int i;

	for (i = 0; i < t->after.n; i++)
		if (t->after.packets[i] != t->before.packets[i])
			return t->after.name[i];
	return "nothing";
}

static void remember(struct run *t, const struct view *v, int dev, const struct answer *a)
{
	struct past *h;

	if (t->npast == t->past_room) {
		t->past_room = t->past_room ? t->past_room * 2 : 256;
		t->past = realloc(t->past, t->past_room * sizeof(*t->past));
	}
	h = &t->past[t->npast++];
	h->key = key_of(v, t->rig.zone[dev]);
	h->view = *v;
	h->dev = dev;
	h->number = t->number;
	h->fate = a->fate;
	h->rule = a->rule ? a->rule->id : 0;
	snprintf(h->reason, sizeof(h->reason), "%s", reason_counted(t));
}

/* Earlier packets of either direction of @k. */
static void show_past(const struct run *t, const struct key *k)
{
	size_t i;

	for (i = 0; i < t->npast; i++) {
		const struct past *h = &t->past[i];

		if (key_equal(&h->key, k))
			printf("#   before, packet %d in by %d: %s: %s, rule %llu, %s\n", h->number,
			       h->dev, view_text(&h->view), fates[h->fate],
			       (unsigned long long)h->rule, h->reason);
	}
}

static const char *key_text(const struct key *k)
{
	static char ring[4][160];
	static int turn;
	char *s = ring[turn++ % 4];

	snprintf(s, sizeof(ring[0]), "%s.%d > %s.%d proto %d zone %d", addr_text(&k->src),
		 k->sport, addr_text(&k->dst), k->dport, k->proto, k->zone);
	return s;
}

static void show_flows_of(const struct run *t, const struct key *k)
{
	size_t i;

	show_past(t, k);
	for (i = 0; i < t->oracle.nflows; i++) {
		const struct flow *f = &t->oracle.flows[i];

		if (!key_equal(&f->orig, k) && !key_equal(&f->reply, k))
			continue;
		printf("#   flow of rule %llu%s%s: %s / %s\n", (unsigned long long)f->rule->id,
		       f->dead ? " (over)" : "", f->fixed ? " (exact)" : "",
		       key_text(&f->orig), key_text(&f->reply));
		show_past(t, key_equal(&f->orig, k) ? &f->reply : &f->orig);
	}
}

static void show_flows(const struct run *t, const struct packet *p, int dev)
{
	struct key k, back;
	struct view v, in;

	view_parse(&v, p->data, p->len);
	k = key_of(&v, t->rig.zone[dev]);
	show_flows_of(t, &k);
	if (!v.error)
		return;
	view_parse(&in, p->data + v.inner, v.end - v.inner);
	printf("# about %s\n", view_text(&in));
	k = key_of(&in, t->rig.zone[dev]);
	back = key_turn(&k, t->rig.zone[dev]);
	show_flows_of(t, &back);
}

static void show_answer(const struct answer *a)
{
	printf("# oracle: %s%s, rule %llu", fates[a->fate], a->reply ? " (reply)" : "",
	       a->rule ? (unsigned long long)a->rule->id : 0);
	if (a->fate == FATE_XLAT || a->fate == FATE_ERROR)
		printf(", to %s.%d > %s.%d", addr_text(&a->x.src), a->x.sport,
		       addr_text(&a->x.dst), a->x.dport);
	printf("\n");
}

static void show_reasons(const struct run *t)
{
	int i;

	printf("# counted:");
	for (i = 0; i < t->after.n; i++)
		if (t->after.packets[i] != t->before.packets[i])
			printf(" %s+%llu", t->after.name[i],
			       (unsigned long long)(t->after.packets[i] - t->before.packets[i]));
	printf("\n");
}

static void report(struct run *t, const char *what, const struct packet *p, int dev,
		   const struct answer *a)
{
	struct view v;

	t->differences++;
	view_parse(&v, p->data, p->len);
	printf("# DIFFERENCE: %s\n", what);
	printf("# seed %llu rules %d packets %d family %d mode %s%s, batch %d packet %d, in by %d\n",
	       (unsigned long long)t->opt.seed, t->opt.rules, t->opt.packets, t->opt.family,
	       t->opt.direct ? "direct" : "stack", t->opt.zones ? " zones" : "",
	       t->batch, t->number, dev);
	printf("# %s\n", view_text(&v));
	packet_dump("packet", p->data, p->len);
	show_answer(a);
	if (a->fate == FATE_CLASH && a->flow) {
		printf("# in the way: flow of rule %llu: %s / %s\n",
		       (unsigned long long)a->flow->rule->id, key_text(&a->flow->orig),
		       key_text(&a->flow->reply));
		show_past(t, &a->flow->orig);
		show_past(t, &a->flow->reply);
	}
	show_reasons(t);
	show_rules(t, &v, dev, a->rule);
	show_flows(t, p, dev);
}

static void report_bytes(struct run *t, const char *what, const struct packet *p, int dev,
			 const struct answer *a, const struct expect *e,
			 const struct packet *got, int got_dev)
{
	struct view v;

	report(t, what, p, dev, a);
	if (e->out) {
		view_parse(&v, e->bytes.data, e->bytes.len);
		printf("# expected out of %d: %s\n", e->dev, view_text(&v));
		packet_dump("expected", e->bytes.data, e->bytes.len);
	}
	if (got) {
		view_parse(&v, got->data, got->len);
		printf("# got out of %d: %s\n", got_dev, view_text(&v));
		packet_dump("got", got->data, got->len);
	}
}

/* expectations */

static bool sums_right(const struct packet *p)
{
	struct view v;
	struct l4sum s;

	if (!view_parse(&v, p->data, p->len))
		return false;
	if (v.family == 4 && packet_ipsum(p->data) != get16(p->data + 10))
		return false;
	return !packet_l4sum(p->data, &v, &s) || s.have == s.want;
}

static bool goes_direct(const struct run *t, const struct rule *u)
{
	if (u->emit != EMIT_INHERIT)
		return u->emit == EMIT_DIRECT;
	return t->opt.direct;
}

static void want_reasons(struct expect *e, const char *a, const char *b, const char *c)
{
	e->reasons[0] = a;
	e->reasons[1] = b;
	e->reasons[2] = c;
	e->reasons[3] = NULL;
}

/*
 * ICMP errors are never answered, RFC 1122 section 3.2.2, nor what might be one
 * in a future nobody knows. What is broken may be answered, and need not. An
 * error of the gateway's about a packet that looks like one of a translated
 * flow may go astray.
 */
static void want_answer(const struct run *t, struct expect *e, const struct packet *p,
			const struct view *v)
{
	struct key k = key_of(v, 0), back = key_turn(&k, t->rig.zone[rig_route(&v->dst)]);
	bool known = v->family == 6 ? v->type >= 128 : v->type == 0 || v->type == 8 ||
		     (v->type >= 13 && v->type <= 18);
	bool strange = v->inner && !known;

	e->may_answer = !v->error;
	e->astray = oracle_translated_to(&t->oracle, &back);
	e->answered = e->may_answer && sums_right(p) && !strange && !e->astray;
}

static void want_out(struct expect *e, const struct packet *p, const struct answer *a)
{
	struct view v;

	if (a->fate == FATE_ERROR)
		e->out = rewrite_error(&e->bytes, p, &a->x, &a->inner, true);
	else
		e->out = rewrite(&e->bytes, p, a->fate == FATE_XLAT ? &a->x : NULL, true);
	view_parse(&v, e->bytes.data, e->bytes.len);
	e->dev = rig_route(&v.dst);
	if (a->fate == FATE_ERROR && e->bytes.data[v.inner + (v.family == 4 ? 9 : 6)] == P_SCTP) {
		struct view w;

		view_parse(&w, e->bytes.data + v.inner, v.end - v.inner);
		e->blur.at = v.inner + w.l4 + 8;
		e->blur.n = v.end - e->blur.at < 4 ? v.end - e->blur.at : 4;
		if (e->blur.at >= v.end)
			e->blur.n = 0;
	}
}

static void expect_sent(const struct run *t, struct expect *e, const struct packet *p,
			const struct view *v, const struct answer *a)
{
	bool nat = a->fate == FATE_XLAT;

	if (goes_direct(t, a->rule))
		want_reasons(e, nat ? v->options ? "nat-slow" : "nat-direct"
				    : v->options ? "allow-slow" : "allow-direct",
			     v->options ? nat ? "nat-direct" : "allow-direct" : NULL, NULL);
	else
		want_reasons(e, nat ? "nat-stack" : "allow-stack", NULL, NULL);
	if (a->fate == FATE_ERROR)
		want_reasons(e, "icmp-error", NULL, NULL);
	if (v->ttl > 1) {
		want_out(e, p, a);
		return;
	}
	want_answer(t, e, p, v);
	if (nat)
		want_reasons(e, "ttl", NULL, NULL);
	else if (a->fate == FATE_ERROR)
		want_reasons(e, "icmp-error", "ttl", NULL);
	else if (goes_direct(t, a->rule))
		want_reasons(e, "allow-slow", NULL, NULL);
}

static void expect_pass(const struct run *t, struct expect *e, const struct packet *p,
			const struct view *v, const struct answer *a)
{
	if (t->opt.drop) {
		want_reasons(e, "drop-default", NULL, NULL);
		return;
	}
	want_reasons(e, "pass-default", NULL, NULL);
	if (v->ttl > 1)
		want_out(e, p, a);
	else
		want_answer(t, e, p, v);
}

static void expect_make(const struct run *t, struct expect *e, const struct packet *p,
			const struct view *v, const struct answer *a)
{
	memset(e, 0, offsetof(struct expect, bytes));
	memset(&e->blur, 0, sizeof(e->blur));
	e->answered = e->may_answer = e->astray = false;
	switch (a->fate) {
	case FATE_PASS:
		expect_pass(t, e, p, v, a);
		break;
	case FATE_SEND:
	case FATE_XLAT:
	case FATE_ERROR:
		expect_sent(t, e, p, v, a);
		break;
	case FATE_DENY:
		want_reasons(e, "deny", NULL, NULL);
		break;
	case FATE_REJECT:
		want_reasons(e, "reject", NULL, NULL);
		want_answer(t, e, p, v);
		break;
	case FATE_CLASH:
		want_reasons(e, "clash", v->ttl > 1 ? NULL : "ttl", NULL);
		e->may_answer = v->ttl <= 1;
		break;
	case FATE_UNTRANSLATABLE:
		want_reasons(e, "not-translatable", v->ttl > 1 ? NULL : "ttl", NULL);
		e->may_answer = v->ttl <= 1;
		break;
	}
}

/* comparison */

static bool is_answer(const struct packet *got, const struct packet *p)
{
	struct view g, v;

	view_parse(&v, p->data, p->len);
	view_parse(&g, got->data, got->len);
	if (!addr_equal(&g.dst, &v.src))
		return false;
	if (v.proto == P_TCP && g.proto == P_TCP)
		return g.sport == v.dport && g.dport == v.sport &&
		       got->data[g.l4 + 13] & 4 && addr_equal(&g.src, &v.dst);
	/* addresses and first bytes of what it is about, as they were sent */
	return g.error && g.end >= g.inner + v.l4 &&
	       !memcmp(got->data + g.inner + (v.family == 4 ? 12 : 8),
		       p->data + (v.family == 4 ? 12 : 8), v.family == 4 ? 8 : 32);
}

/* True once what should come has come; waits for it a moment. */
static bool take_out(struct run *t, int dev, struct packet *got)
{
	int tries;

	for (tries = 0; tries < 50; tries++) {
		struct pollfd pfd = { .fd = t->rig.sock[dev], .events = POLLIN };

		if (rig_recv(&t->rig, dev, got))
			return true;
		poll(&pfd, 1, 20);
	}
	return false;
}

static bool counted_as(struct run *t, const struct expect *e, size_t len, char *why)
{
	int i, k, hits = 0;
	bool good = false;

	for (i = 0; i < t->after.n; i++) {
		uint64_t n = t->after.packets[i] - t->before.packets[i];
		uint64_t b = t->after.bytes[i] - t->before.bytes[i];

		hits += n;
		if (!n)
			continue;
		for (k = 0; e->reasons[k]; k++)
			if (!strcmp(e->reasons[k], t->after.name[i]))
				good = b == len;
	}
	if (hits == 1 && good)
		return true;
	snprintf(why, 128, "counted %d times, not once as %s with %zu bytes", hits,
		 e->reasons[0], len);
	return false;
}

/* The module has dealt with the packet once it is counted. */
static void settle(struct run *t)
{
	int tries;

	for (tries = 0; tries < 50; tries++) {
		nl_stats(&t->rig.nl, &t->after);
		if (reasons_sum(&t->after) != reasons_sum(&t->before))
			return;
		usleep(2000);
	}
}

static bool compare_out(struct run *t, const struct packet *p, int dev,
			const struct answer *a, const struct expect *e,
			struct packet *got)
{
	if (!take_out(t, e->dev, got)) {
		report_bytes(t, "not forwarded", p, dev, a, e, NULL, 0);
		return false;
	}
	if (!packet_same(got, &e->bytes, &e->blur)) {
		report_bytes(t, "forwarded with other bytes", p, dev, a, e, got, e->dev);
		return false;
	}
	return true;
}

static bool compare_answer(struct run *t, const struct packet *p, int dev,
			   const struct answer *a, const struct expect *e)
{
	struct packet got;

	struct view v;

	view_parse(&v, p->data, p->len);
	if (!take_out(t, rig_route(&v.src), &got)) {
		report(t, "sender was not told", p, dev, a);
		return false;
	}
	if (!is_answer(&got, p) || !sums_right(&got)) {
		report_bytes(t, "not a proper answer", p, dev, a, e, &got, dev);
		return false;
	}
	return true;
}

static bool is_error_packet(const struct packet *p)
{
	struct view v;

	return view_parse(&v, p->data, p->len) && v.error;
}

static bool nothing_else(struct run *t, const struct packet *p, int dev,
			 const struct answer *a, const struct expect *e)
{
	struct packet got;
	int i;

	for (i = 0; i < RIG_DEVS; i++)
		if (rig_recv(&t->rig, i, &got)) {
			if (e->may_answer && is_answer(&got, p))
				continue;
			if (e->astray && is_error_packet(&got))
				continue;
			report_bytes(t, "something came out that should not", p, dev, a, e,
				     &got, i);
			return false;
		}
	return true;
}

static bool compare(struct run *t, const struct packet *p, int dev, const struct answer *a,
		    const struct expect *e, struct packet *got)
{
	char why[128];

	if (e->out && !compare_out(t, p, dev, a, e, got))
		return false;
	if (e->answered && !compare_answer(t, p, dev, a, e))
		return false;
	if (!nothing_else(t, p, dev, a, e))
		return false;
	if (!counted_as(t, e, p->len, why)) {
		report(t, why, p, dev, a);
		return false;
	}
	return true;
}

/* The module's own forecast */

static bool told_right(const struct told *k, const struct answer *a)
{
	if (a->fate == FATE_PASS)
		return k->source == NATFW_TEST_SOURCE_DEFAULT;
	if (!k->has_rule || k->rule != a->rule->id || k->source == NATFW_TEST_SOURCE_DEFAULT)
		return false;
	if (k->has_action && k->action != a->rule->action)
		return false;
	if (a->fate != FATE_XLAT || !k->has_xlat)
		return true;
	return addr_equal(&k->src, &a->x.src) && addr_equal(&k->dst, &a->x.dst);
}

static bool ask(struct run *t, const struct packet *p, int dev)
{
	struct answer a = oracle_ask(&t->oracle, p, dev, t->rig.zone[dev], zone_of_route);
	struct told k;
	struct view v;
	int err;

	view_parse(&v, p->data, p->len);
	if (v.error || a.fate == FATE_CLASH || a.fate == FATE_UNTRANSLATABLE)
		return true;
	t->asked++;
	err = nl_test(&t->rig.nl, &v, t->rig.ifindex[dev], &k);
	if (!err && told_right(&k, &a))
		return true;
	nl_stats(&t->rig.nl, &t->after);
	report(t, "the module's own forecast is another", p, dev, &a);
	printf("# forecast: error %d %s, source %u action %u rule %llu, to %s.%u > %s.%u\n",
	       err, t->rig.nl.error, k.source, k.action, (unsigned long long)k.rule,
	       addr_text(&k.src), k.sport, addr_text(&k.dst), k.dport);
	return false;
}

/* packets */

static void count_rule(const struct answer *a, const struct packet *p)
{
	if (!a->rule)
		return;
	a->rule->packets++;
	a->rule->bytes += p->len;
}

/* One packet through both. @got: what came out. True if it was forwarded as it should. */
static bool one_packet(struct run *t, const struct packet *p, int dev, struct answer *a,
		       struct packet *got, int *out)
{
	static struct expect e;
	struct view v;

	view_parse(&v, p->data, p->len);
	t->number++;
	if (!t->opt.no_test && chance(&t->rng, 30) && !ask(t, p, dev))
		return false;
	*a = oracle_packet(&t->oracle, p, dev, t->rig.zone[dev], zone_of_route);
	expect_make(t, &e, p, &v, a);
	nl_stats(&t->rig.nl, &t->before);
	if (rig_send(&t->rig, dev, p->data, p->len)) {
		report(t, "cannot be sent", p, dev, a);
		return false;
	}
	t->sent++;
	settle(t);
	remember(t, &v, dev, a);
	if (!compare(t, p, dev, a, &e, got)) {
		/* late comers must not spoil what follows */
		usleep(20000);
		rig_drain(&t->rig);
		return false;
	}
	count_rule(a, p);
	t->forwarded += e.out;
	*out = e.dev;
	return e.out;
}

/* A packet that can be routed, there and back. */
static int some_packet(struct run *t, struct packet *p, struct view *v, int how)
{
	do {
		gen_packet(&t->rng, p, t->opt.family, &t->oracle, how);
		view_parse(v, p->data, p->len);
	} while (rig_route(&v->src) < 0 || rig_route(&v->dst) < 0);
	return chance(&t->rng, 80) ? rig_route(&v->src) : (int)rnd(&t->rng, RIG_DEVS);
}

/* With XDP the same again: it has what was decided before. */
static bool one_packet_again(struct run *t, const struct packet *p, int dev, struct answer *a,
			     struct packet *got, int *out)
{
	int before = t->differences, turn;
	bool sent = one_packet(t, p, dev, a, got, out);

	for (turn = 0; t->opt.xdp && turn < 2 && t->differences == before; turn++)
		sent = one_packet(t, p, dev, a, got, out);
	return sent;
}

static void one_exchange(struct run *t)
{
	static struct packet p, got, back, none;
	int dev, out, turn;
	struct answer a;
	struct view v;

	dev = some_packet(t, &p, &v, 0);
	if (!one_packet_again(t, &p, dev, &a, &got, &out))
		return;
	for (turn = 0; turn < 2 && chance(&t->rng, 50); turn++) {
		gen_reply(&t->rng, &back, &got);
		t->replies++;
		one_packet_again(t, &back, out, &a, &none, &dev);
	}
	if (chance(&t->rng, 25) && !v.error) {
		gen_error(&t->rng, &back, &got);
		t->errors++;
		one_packet(t, &back, out, &a, &none, &dev);
	}
}

#include "differ_parts.h"

/* rules */

static struct rule *keep_rule(struct run *t)
{
	if (t->nall == t->room) {
		t->room = t->room ? t->room * 2 : 256;
		t->all = realloc(t->all, t->room * sizeof(*t->all));
	}
	t->all[t->nall] = calloc(1, sizeof(struct rule));
	return t->all[t->nall++];
}

/* Makes a rule in the module; the oracle's copy is not in force yet. NULL if refused. */
static struct rule *make_rule(struct run *t)
{
	struct rule *u = keep_rule(t);
	int err;

	gen_rule(&t->rng, u, t->opt.family, t->opt.features);
	if (t->opt.zones && !(u->flags & RF_ZONE_ANY))
		u->match.zone = u->match.dev < 0 ? rnd(&t->rng, 2) : t->rig.zone[u->match.dev];
	err = nl_rule_new(&t->rig.nl, u, t->rig.ifindex);
	if (!err && u->id)
		return u;
	t->refused++;
	if (t->opt.verbose || err != -EEXIST)
		printf("# refused (%s, %s): %s\n", strerror(-err), t->rig.nl.error,
		       rule_text(u));
	return NULL;
}

static void add_rules(struct run *t, int n)
{
	while (n--) {
		struct rule *u = make_rule(t);

		if (u)
			oracle_add(&t->oracle, u);
	}
}

static struct rule *some_rule(struct run *t)
{
	return t->oracle.rules[rnd(&t->rng, t->oracle.nrules)];
}

static void del_rules(struct run *t, int n)
{
	while (n-- && t->oracle.nrules) {
		struct rule *u = some_rule(t);
		int err = nl_rule_del(&t->rig.nl, u->id);

		if (err) {
			printf("# rule %llu cannot be removed: %s\n",
			       (unsigned long long)u->id, strerror(-err));
			t->differences++;
		}
		oracle_del(&t->oracle, u);
	}
}

static void flip_rules(struct run *t, int n)
{
	while (n-- && t->oracle.nrules) {
		struct rule *u = some_rule(t);
		bool inactive = !(u->flags & RF_INACTIVE);

		if (nl_rule_inactive(&t->rig.nl, u, inactive))
			t->differences++;
		u->flags ^= RF_INACTIVE;
		if (inactive)
			oracle_forget(&t->oracle, u);
	}
}

/* Everything new in one go; old and new rules never mix. */
static void replace_rules(struct run *t)
{
	struct rule **fresh = calloc(t->opt.rules, sizeof(*fresh));
	int i, n = 0;

	if (nl_txn(&t->rig.nl, NATFW_CMD_TXN_BEGIN) || nl_rule_flush(&t->rig.nl))
		t->differences++;
	for (i = 0; i < t->opt.rules; i++) {
		fresh[n] = make_rule(t);
		n += !!fresh[n];
	}
	if (nl_txn(&t->rig.nl, NATFW_CMD_TXN_COMMIT)) {
		printf("# commit refused: %s\n", t->rig.nl.error);
		t->differences++;
	}
	oracle_clear(&t->oracle);
	for (i = 0; i < n; i++)
		oracle_add(&t->oracle, fresh[i]);
	free(fresh);
}

static void change_rules(struct run *t)
{
	int few = 1 + t->opt.rules / 10;

	switch (t->batch ? rnd(&t->rng, 5) : 0) {
	case 0:
		add_rules(t, t->batch ? few : t->opt.rules);
		break;
	case 1:
		del_rules(t, few);
		break;
	case 2:
		flip_rules(t, few);
		break;
	case 3:
		del_rules(t, few);
		add_rules(t, few);
		break;
	case 4:
		replace_rules(t);
	}
}

static void one_count(uint64_t id, uint64_t packets, uint64_t bytes, void *arg)
{
	struct run *t = arg;
	size_t i;

	for (i = 0; i < t->oracle.nrules; i++) {
		struct rule *u = t->oracle.rules[i];

		if (u->id != id)
			continue;
		if (u->packets != packets || u->bytes != bytes) {
			printf("# counters %llu/%llu, expected %llu/%llu: %s\n",
			       (unsigned long long)packets, (unsigned long long)bytes,
			       (unsigned long long)u->packets,
			       (unsigned long long)u->bytes, rule_text(u));
			t->differences++;
		}
		u->packets = packets;
		u->bytes = bytes;
		return;
	}
	printf("# rule %llu is in force, but should not\n", (unsigned long long)id);
	t->differences++;
}

/* After a difference figures are off for reasons already told. */
static void compare_counters(struct run *t, bool clean)
{
	int before = t->differences;

	nl_rules(&t->rig.nl, one_count, t);
	if (!clean)
		t->differences = before;
	if (t->differences != before)
		printf("# seed %llu, end of batch %d\n", (unsigned long long)t->opt.seed,
		       t->batch);
}

static void one_batch(struct run *t)
{
	int i, before = t->differences;

	change_rules(t);
	for (i = 0; i < t->opt.packets && t->differences < t->opt.most; i++) {
		if (chance(&t->rng, 90))
			one_exchange(t);
		else if (chance(&t->rng, 50))
			one_in_pieces(t);
		else
			one_offloaded(t);
	}
	compare_counters(t, t->differences == before);
}

/* options */

static const struct option longopts[] = {
	{ "seed", 1, NULL, 's' },
	{ "rules", 1, NULL, 'r' },
	{ "packets", 1, NULL, 'p' },
	{ "batches", 1, NULL, 'b' },
	{ "family", 1, NULL, 'f' },
	{ "mode", 1, NULL, 'm' },
	{ "features", 1, NULL, 'F' },
	{ "drop", 0, NULL, 'd' },
	{ "zones", 0, NULL, 'z' },
	{ "most", 1, NULL, 'n' },
	{ "no-test", 0, NULL, 'T' },
	{ "xdp", 1, NULL, 'x' },
	{ "no-ipsec", 0, NULL, 'I' },
	{ "verbose", 0, NULL, 'v' },
	{ "help", 0, NULL, 'h' },
	{ }
};

static void usage(void)
{
	printf("usage: differ [--seed N] [--rules N] [--packets N] [--batches N] [--family 4|6]\n"
	       "              [--mode direct|stack] [--features MASK] [--drop] [--zones]\n"
	       "              [--most DIFFERENCES] [--no-test] [--no-ipsec] [--verbose]\n"
	       "              [--xdp native|generic]\n"
	       "Without --seed, a short run of every kind.\n");
}

static void option(struct options *o, int c, const char *arg)
{
	switch (c) {
	case 's':
		o->seed = strtoull(arg, NULL, 0);
		break;
	case 'r':
		o->rules = atoi(arg);
		break;
	case 'p':
		o->packets = atoi(arg);
		break;
	case 'b':
		o->batches = atoi(arg);
		break;
	case 'f':
		o->family = atoi(arg);
		break;
	case 'm':
		o->direct = !strcmp(arg, "direct");
		break;
	case 'F':
		o->features = strtol(arg, NULL, 0);
		break;
	case 'd':
		o->drop = true;
		break;
	case 'z':
		o->zones = true;
		break;
	case 'n':
		o->most = atoi(arg);
		break;
	case 'T':
		o->no_test = true;
		break;
	case 'x':
		o->xdp = arg;
		break;
	case 'I':
		gen_no_ipsec = true;
		break;
	case 'v':
		o->verbose = true;
		break;
	default:
		usage();
		exit(c != 'h');
	}
}

static int attach(struct run *t)
{
	int i, err = 0;

	for (i = 0; i < RIG_DEVS && !err; i++) {
		t->rig.zone[i] = t->opt.zones ? i % 2 : 0;
		err = nl_dev_new(&t->rig.nl, t->rig.ifindex[i], t->rig.zone[i],
				 t->opt.drop, t->opt.direct ? EMIT_DIRECT : EMIT_STACK);
	}
	if (err)
		fprintf(stderr, "attaching: %s, %s\n", strerror(-err), t->rig.nl.error);
	if (!err && t->opt.xdp && !rig_xdp(&t->rig, t->opt.xdp))
		err = -EOPNOTSUPP;
	return err;
}

static void run_free(struct run *t)
{
	while (t->nall)
		free(t->all[--t->nall]);
	free(t->all);
	free(t->past);
	free(t->oracle.rules);
	free(t->oracle.flows);
}

/* 0, or 4 if there is no module. */
static int run_one(const struct options *opt)
{
	static struct run t;
	int err;

	memset(&t, 0, sizeof(t));
	the_run = &t;
	t.opt = *opt;
	t.rng.s = opt->seed * 0x9e3779b97f4a7c15;
	err = rig_start(&t.rig);
	if (err == -ENOENT)
		return 4;
	if (err || attach(&t)) {
		ktap_is(false, "gateway set up");
		return 0;
	}
	for (t.batch = 0; t.batch < opt->batches && t.differences < opt->most; t.batch++)
		one_batch(&t);
	printf("# %llu packets, %llu of them replies, %llu errors, %llu cut, %llu offloaded; %llu forwarded, %llu asked, %llu rules refused\n",
	       (unsigned long long)t.sent, (unsigned long long)t.replies,
	       (unsigned long long)t.errors, (unsigned long long)t.pieces,
	       (unsigned long long)t.offloaded, (unsigned long long)t.forwarded,
	       (unsigned long long)t.asked, (unsigned long long)t.refused);
	if (opt->xdp) {
		uint64_t done = rig_xdp_done(&t.rig);

		printf("# %llu of them by XDP\n", (unsigned long long)done);
		t.differences += !done;
	}
	ktap_is(!t.differences && t.sent,
		"module and oracle agree: IPv%d %s%s%s%s%s, %d rules, seed %llu", opt->family,
		opt->direct ? "direct" : "stack", opt->drop ? " drop" : "",
		opt->zones ? " zones" : "", opt->xdp ? " XDP " : "", opt->xdp ?: "",
		opt->rules, (unsigned long long)opt->seed);
	rig_stop(&t.rig);
	run_free(&t);
	return 0;
}

/* Every mode, family and size, each from a seed of its own. */
static int run_all(const struct options *base)
{
	static const int sizes[] = { 5, 25, 120 };
	struct options o = *base;
	int i, err = 0;

	for (i = 0; i < 24 && !err; i++) {
		o.seed = 1000 + i;
		o.family = i & 1 ? 6 : 4;
		o.direct = i & 2;
		o.rules = sizes[i / 4 % 3];
		o.drop = i / 12;
		o.zones = i % 5 == 4;
		err = run_one(&o);
	}
	return err;
}

int main(int argc, char **argv)
{
	struct options o = {
		.rules = 25, .packets = 60, .batches = 6, .family = 4,
		.features = GEN_ALL, .most = 3,
	};
	int c, err;

	while ((c = getopt_long(argc, argv, "", longopts, NULL)) != -1)
		option(&o, c, optarg);
	ktap_start();
	err = o.seed ? run_one(&o) : run_all(&o);
	if (err == 4 && !ktap_count)
		return ktap_skip_all("no natfw family here; modprobe natfw");
	return ktap_end();
}
