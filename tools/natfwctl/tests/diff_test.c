// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diff.h"
#include "ktap.h"
#include "pattern.h"
#include "text.h"

/* A kernel that only knows rules: ids are given in order and never again. */
struct fake {
	struct ruleset rules;
	uint64_t next_id;
};

static void fake_init(struct fake *f)
{
	ruleset_init(&f->rules);
	f->next_id = 1;
}

static void fake_add(struct fake *f, const char *text)
{
	text_add(&f->rules, f->next_id++, text);
}

static void copy_rule(struct ruleset *to, const struct ruleset *from, size_t nr, uint64_t id)
{
	struct natfw_rule r;

	CHECK(!ruleset_get(from, nr, &r) && !ruleset_add(to, &r, id, 0));
	natfw_object_fini(&natfw_rule_set, &r);
}

static bool deleted(const struct diff *d, size_t nr)
{
	size_t i;

	for (i = 0; i < d->ndel; i++)
		if (d->del[i] == nr)
			return true;
	return false;
}

/* Number in "want" rule @nr is changed to, or @nr itself of the fake. */
static const struct diff_pair *changed(const struct diff *d, size_t nr)
{
	size_t i;

	for (i = 0; i < d->nset; i++)
		if (d->set[i].have == nr)
			return &d->set[i];
	return NULL;
}

static void fake_carry_out(struct fake *f, const struct diff *d, const struct ruleset *want)
{
	struct ruleset after;
	size_t i;

	ruleset_init(&after);
	for (i = 0; i < ruleset_count(&f->rules); i++) {
		uint64_t id = ruleset_entry(&f->rules, i)->id;

		if (deleted(d, i))
			continue;
		if (changed(d, i))
			copy_rule(&after, want, changed(d, i)->want, id);
		else
			copy_rule(&after, &f->rules, i, id);
	}
	for (i = 0; i < d->nadd; i++)
		copy_rule(&after, want, d->add[i], f->next_id++);
	ruleset_fini(&f->rules);
	f->rules = after;
}

static void expect(struct fake *f, const struct ruleset *want, size_t nadd, size_t ndel,
		   size_t nset, int line)
{
	struct diff d;

	CHECK(!diff_rules(&d, &f->rules, want));
	CHECK(d.nadd == nadd && d.ndel == ndel && d.nset == nset,
	      "line %d: %zu added %zu removed %zu changed", line, d.nadd, d.ndel, d.nset);
	fake_carry_out(f, &d, want);
	diff_fini(&d);
	CHECK(!diff_rules(&d, &f->rules, want));
	CHECK(!d.nadd && !d.ndel && !d.nset, "line %d: not stable", line);
	diff_fini(&d);
}

static void want_add(struct ruleset *s, const char *text)
{
	text_add(s, 0, text);
}

static void test_simple(void)
{
	struct ruleset want;
	struct fake f;

	fake_init(&f);
	ruleset_init(&want);
	expect(&f, &want, 0, 0, 0, __LINE__);
	want_add(&want, "allow tcp dport 80");
	want_add(&want, "deny udp");
	expect(&f, &want, 2, 0, 0, __LINE__);
	want_add(&want, "allow udp priority 5");
	expect(&f, &want, 1, 0, 0, __LINE__);
	ruleset_fini(&want);
	want_add(&want, "deny udp");
	expect(&f, &want, 0, 2, 0, __LINE__);
	ruleset_fini(&want);
	expect(&f, &want, 0, 1, 0, __LINE__);
	ruleset_fini(&f.rules);
}

static void test_change(void)
{
	struct ruleset want;
	struct fake f;

	fake_init(&f);
	ruleset_init(&want);
	fake_add(&f, "allow tcp name a mark 5 lifetime 7");
	fake_add(&f, "allow udp inactive");
	fake_add(&f, "allow icmp name gone");
	want_add(&want, "allow tcp name b emit direct");
	want_add(&want, "allow udp");
	want_add(&want, "allow icmp");
	/* a name cannot be taken away, so the third is made anew */
	expect(&f, &want, 1, 1, 2, __LINE__);
	CHECK(ruleset_entry(&f.rules, 0)->id == 1);
	ruleset_fini(&want);
	ruleset_fini(&f.rules);
}

static void test_duplicates(void)
{
	struct ruleset want;
	struct fake f;

	fake_init(&f);
	ruleset_init(&want);
	fake_add(&f, "allow tcp");
	fake_add(&f, "allow tcp");
	fake_add(&f, "allow tcp name x");
	want_add(&want, "allow tcp name x");
	want_add(&want, "allow tcp");
	/* the second one of the file comes before in the kernel: made anew */
	expect(&f, &want, 1, 2, 0, __LINE__);
	ruleset_fini(&want);
	ruleset_fini(&f.rules);
}

/* A new rule before kept ones of the same priority. */
static void test_insert(void)
{
	struct ruleset want;
	struct fake f;

	fake_init(&f);
	ruleset_init(&want);
	fake_add(&f, "allow tcp from 10.0.0.0/8");
	fake_add(&f, "allow tcp from 11.0.0.0/8");
	fake_add(&f, "allow tcp from 12.0.0.0/8 priority 7");
	want_add(&want, "deny tcp from 10.1.0.0/16");
	want_add(&want, "allow tcp from 10.0.0.0/8");
	want_add(&want, "allow tcp from 11.0.0.0/8");
	want_add(&want, "allow tcp from 12.0.0.0/8 priority 7");
	/* 10/8 must follow the new rule, 11/8 need not */
	expect(&f, &want, 2, 1, 0, __LINE__);
	ruleset_fini(&want);
	ruleset_fini(&f.rules);
}

static void test_append(void)
{
	struct ruleset want;
	struct fake f;

	fake_init(&f);
	ruleset_init(&want);
	fake_add(&f, "allow tcp from 10.0.0.0/8");
	want_add(&want, "allow tcp from 10.0.0.0/8");
	want_add(&want, "deny tcp from 10.1.0.0/16");
	expect(&f, &want, 1, 0, 0, __LINE__);
	ruleset_fini(&want);
	ruleset_fini(&f.rules);
}

static void test_swap(void)
{
	struct ruleset want;
	struct fake f;

	fake_init(&f);
	ruleset_init(&want);
	fake_add(&f, "allow tcp from 10.0.0.0/8");
	fake_add(&f, "deny tcp from 10.1.0.0/16");
	fake_add(&f, "deny udp");
	want_add(&want, "deny udp");
	want_add(&want, "deny tcp from 10.1.0.0/16");
	want_add(&want, "allow tcp from 10.0.0.0/8");
	expect(&f, &want, 1, 1, 0, __LINE__);
	ruleset_fini(&want);
	ruleset_fini(&f.rules);
}

/* A rule made anew drags along those that must follow it. */
static void test_cascade(void)
{
	struct ruleset want;
	struct fake f;

	fake_init(&f);
	ruleset_init(&want);
	fake_add(&f, "allow from 10.0.0.1 to 20.0.0.0/8");
	fake_add(&f, "deny from 10.0.0.0/8 to 20.0.0.1");
	fake_add(&f, "allow from 11.0.0.1 to 20.0.0.0/8");
	want_add(&want, "deny to 20.0.0.1 from 10.0.0.1");
	want_add(&want, "allow from 10.0.0.1 to 20.0.0.0/8");
	want_add(&want, "deny from 10.0.0.0/8 to 20.0.0.1");
	want_add(&want, "allow from 11.0.0.1 to 20.0.0.0/8");
	expect(&f, &want, 3, 2, 0, __LINE__);
	ruleset_fini(&want);
	ruleset_fini(&f.rules);
}

static unsigned int random_state = 1;

static unsigned int rnd(unsigned int n)
{
	random_state = random_state * 1103515245u + 12345u;
	return (random_state >> 16) % n;
}

static void random_rule(char *buf, size_t size)
{
	static const char *const actions[] = { "allow", "deny", "reject", "snat pool p" };
	unsigned int src = rnd(3), dst = rnd(3);

	snprintf(buf, size, "priority %u %s proto %s from 10.0.%u.%u/%u to 20.%u.0.%u/%u%s%s",
		 rnd(3), actions[rnd(4)], rnd(2) ? "tcp" : "udp", src, rnd(2), rnd(2) ? 32 : 24,
		 dst, rnd(2), rnd(2) ? 32 : 16, rnd(2) ? " dport 80" : "",
		 rnd(4) ? "" : " mark 4");
}

/*
 * The rules in force as the kernel ranks them must be those of the file, and
 * overlapping ones in the file's order.
 */
static int rank_cmp(const void *x, const void *y)
{
	const struct ruleset_entry *a = *(struct ruleset_entry *const *)x;
	const struct ruleset_entry *b = *(struct ruleset_entry *const *)y;

	if (a->priority != b->priority)
		return a->priority < b->priority ? -1 : 1;
	return a->id < b->id ? -1 : a->id > b->id;
}

/* The place of each rule of @want among those in force; false if one is not there. */
static bool places(const struct ruleset *have, const struct ruleset *want, size_t *place)
{
	size_t n = ruleset_count(have), i, k;
	const struct ruleset_entry **rank = malloc((n + 1) * sizeof(*rank));
	bool *used = calloc(n + 1, 1), ok = n == ruleset_count(want);

	for (i = 0; i < n; i++)
		rank[i] = ruleset_entry(have, i);
	qsort(rank, n, sizeof(*rank), rank_cmp);
	for (i = 0; i < ruleset_count(want) && ok; i++) {
		for (k = 0; k < n; k++) {
			size_t nr = (size_t)(rank[k] - ruleset_entry(have, 0));

			if (!used[k] && ruleset_same(have, nr, want, i))
				break;
		}
		ok = k < n;
		if (ok) {
			used[k] = true;
			place[i] = k;
		}
	}
	free(rank);
	free(used);
	return ok;
}

static bool in_order(const struct ruleset *have, const struct ruleset *want)
{
	size_t n = ruleset_count(want), i, k;
	size_t *place = malloc((n + 1) * sizeof(*place));
	struct pattern *p = malloc((n + 1) * sizeof(*p));
	struct natfw_rule r;
	bool ok = places(have, want, place);

	for (i = 0; i < n; i++) {
		CHECK(!ruleset_get(want, i, &r));
		pattern_init(&p[i], &r);
		natfw_object_fini(&natfw_rule_set, &r);
	}
	for (i = 0; i < n && ok; i++)
		for (k = i + 1; k < n && ok; k++)
			if (ruleset_entry(want, i)->priority == ruleset_entry(want, k)->priority &&
			    pattern_overlap(&p[i], &p[k]) && place[i] > place[k] &&
			    !ruleset_same(want, i, want, k))
				ok = false;
	free(place);
	free(p);
	return ok;
}

/* Turn what is wanted into something like it: drop, add, swap. */
static void mutate(char (*text)[160], unsigned int *n)
{
	unsigned int k, a, b;
	char tmp[160];

	for (k = rnd(6); k > 0; k--) {
		if (*n && !rnd(3)) {
			a = rnd(*n);
			memmove(text[a], text[a + 1], (*n - a - 1) * sizeof(*text));
			(*n)--;
		} else if (*n < 30) {
			a = rnd(*n + 1);
			memmove(text[a + 1], text[a], (*n - a) * sizeof(*text));
			random_rule(text[a], sizeof(*text));
			(*n)++;
		}
		if (*n > 1 && !rnd(2)) {
			a = rnd(*n);
			b = rnd(*n);
			memcpy(tmp, text[a], sizeof(tmp));
			memcpy(text[a], text[b], sizeof(tmp));
			memcpy(text[b], tmp, sizeof(tmp));
		}
	}
}

static void test_random(void)
{
	char text[32][160];
	unsigned int n = 0, round, i;
	struct ruleset want;
	struct fake f;
	struct diff d;

	fake_init(&f);
	for (round = 0; round < 3000; round++) {
		mutate(text, &n);
		ruleset_init(&want);
		for (i = 0; i < n; i++)
			want_add(&want, text[i]);
		CHECK(!diff_rules(&d, &f.rules, &want));
		fake_carry_out(&f, &d, &want);
		CHECK(d.nadd + d.kept == n && d.again <= d.nadd);
		CHECK(in_order(&f.rules, &want), "round %u", round);
		diff_fini(&d);
		ruleset_fini(&want);
	}
	ruleset_fini(&f.rules);
}

static void test_many(void)
{
	struct ruleset want;
	char text[128];
	unsigned int i;
	struct fake f;

	fake_init(&f);
	ruleset_init(&want);
	for (i = 0; i < 20000; i++) {
		snprintf(text, sizeof(text), "allow tcp from 10.%u.%u.%u to 192.0.2.1 dport 80",
			 i >> 16, i >> 8 & 255, i & 255);
		if (i % 100)
			fake_add(&f, text);
		want_add(&want, text);
	}
	expect(&f, &want, 200, 0, 0, __LINE__);
	ruleset_fini(&want);
	ruleset_fini(&f.rules);
}

const struct ktap_test diff_tests[] = {
	{ "diff: added and removed", test_simple },
	{ "diff: changed in place", test_change },
	{ "diff: the same rule more than once", test_duplicates },
	{ "diff: a rule put before overlapping ones", test_insert },
	{ "diff: a rule put after overlapping ones", test_append },
	{ "diff: rules change places", test_swap },
	{ "diff: what follows a new rule follows it", test_cascade },
	{ "diff: random changes end in the order of the file", test_random },
	{ "diff: many rules", test_many },
	{ NULL, NULL },
};
