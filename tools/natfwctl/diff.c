// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "diff.h"
#include "order.h"

#define NONE	SIZE_MAX

/* One comparison under way. */
struct work {
	const struct ruleset *have, *want;
	size_t *have_order, *want_order;	/* by priority, then id or place */
	size_t *head, *next;	/* rules in force by hash, in order; NONE ends */
	size_t mask;
	size_t *match;		/* [want] the rule in force it is, or NONE */
	bool *used;		/* [have] */
};

static const struct ruleset *sort_set;

/* By priority, then id, then place. */
static int by_rank(const void *x, const void *y)
{
	size_t i = *(const size_t *)x, k = *(const size_t *)y;
	const struct ruleset_entry *a = ruleset_entry(sort_set, i);
	const struct ruleset_entry *b = ruleset_entry(sort_set, k);

	if (a->priority != b->priority)
		return a->priority < b->priority ? -1 : 1;
	if (a->id != b->id)
		return a->id < b->id ? -1 : 1;
	return i < k ? -1 : i > k;
}

static size_t *sorted(const struct ruleset *s)
{
	size_t n = ruleset_count(s), i;
	size_t *order = malloc((n + 1) * sizeof(*order));
	bool in_order = true;

	if (!order)
		return NULL;
	sort_set = s;
	for (i = 0; i < n; i++) {
		order[i] = i;
		in_order = in_order && (!i || by_rank(&order[i - 1], &order[i]) < 0);
	}
	if (!in_order)
		qsort(order, n, sizeof(*order), by_rank);
	return order;
}

static int work_init(struct work *w, const struct ruleset *have, const struct ruleset *want)
{
	size_t nh = ruleset_count(have), nw = ruleset_count(want), size = 16;

	memset(w, 0, sizeof(*w));
	while (size < nh)
		size *= 2;
	w->have = have;
	w->want = want;
	w->mask = size - 1;
	w->have_order = sorted(have);
	w->want_order = sorted(want);
	w->head = malloc(size * sizeof(*w->head));
	w->next = malloc((nh + 1) * sizeof(*w->next));
	w->match = malloc((nw + 1) * sizeof(*w->match));
	w->used = calloc(nh + 1, sizeof(*w->used));
	if (!w->have_order || !w->want_order || !w->head || !w->next || !w->match || !w->used)
		return -ENOMEM;
	memset(w->head, 0xff, size * sizeof(*w->head));
	memset(w->match, 0xff, (nw + 1) * sizeof(*w->match));
	return 0;
}

static void work_fini(struct work *w)
{
	free(w->have_order);
	free(w->want_order);
	free(w->head);
	free(w->next);
	free(w->match);
	free(w->used);
}

static void index_have(struct work *w)
{
	size_t n = ruleset_count(w->have), i;

	/* The last one first, so that chains end up in order. */
	for (i = n; i-- > 0;) {
		size_t nr = w->have_order[i];
		size_t *head = &w->head[ruleset_entry(w->have, nr)->hash & w->mask];

		w->next[nr] = *head;
		*head = nr;
	}
}

/* A name can be changed but not taken away. */
static bool loses_name(const struct work *w, size_t have, size_t want)
{
	struct natfw_rule a, b;
	bool loses = false;

	if (ruleset_same(w->have, have, w->want, want))
		return false;
	if (!ruleset_get(w->have, have, &a)) {
		if (!ruleset_get(w->want, want, &b)) {
			loses = natfw_has(&a, NATFW_A_RULE_NAME) &&
				!natfw_has(&b, NATFW_A_RULE_NAME);
			natfw_object_fini(&natfw_rule_set, &b);
		}
		natfw_object_fini(&natfw_rule_set, &a);
	}
	return loses;
}

/* A rule in force that wanted rule @nr is; one that is so in everything first. */
static size_t find_match(const struct work *w, size_t nr)
{
	const struct ruleset_entry *e = ruleset_entry(w->want, nr);
	size_t i, fit = NONE;

	for (i = w->head[e->hash & w->mask]; i != NONE; i = w->next[i]) {
		if (w->used[i] || !ruleset_same_key(w->have, i, w->want, nr))
			continue;
		if (ruleset_same(w->have, i, w->want, nr))
			return i;
		if (fit == NONE && !loses_name(w, i, nr))
			fit = i;
	}
	return fit;
}

static void match_all(struct work *w)
{
	size_t n = ruleset_count(w->want), i, at;

	for (i = 0; i < n; i++) {
		at = find_match(w, w->want_order[i]);
		w->match[w->want_order[i]] = at;
		if (at != NONE)
			w->used[at] = true;
	}
}

/*
 * Within one priority, [@from, @to) of want_order: give up matches that would
 * leave rules in the wrong order. Returns how many, or -ENOMEM.
 */
static long settle_priority(struct work *w, size_t from, size_t to)
{
	struct order o;
	long again = 0;
	size_t i;
	int err;

	err = order_init(&o, w->want, to - from);
	for (i = from; i < to && !err; i++) {
		size_t nr = w->want_order[i], at = w->match[nr];
		uint64_t id = at == NONE ? ORDER_NEW : ruleset_entry(w->have, at)->id;

		if (id != ORDER_NEW && !order_may_stay(&o, nr, id)) {
			w->used[at] = false;
			w->match[nr] = NONE;
			id = ORDER_NEW;
			again++;
		}
		err = order_add(&o, nr, id);
	}
	order_fini(&o);
	return err ? err : again;
}

static int settle_all(struct work *w, size_t *again)
{
	size_t n = ruleset_count(w->want), from, to;
	long r;

	for (from = 0; from < n; from = to) {
		uint32_t prio = ruleset_entry(w->want, w->want_order[from])->priority;

		for (to = from; to < n; to++)
			if (ruleset_entry(w->want, w->want_order[to])->priority != prio)
				break;
		r = settle_priority(w, from, to);
		if (r < 0)
			return (int)r;
		*again += (size_t)r;
	}
	return 0;
}

static int diff_init(struct diff *d, size_t have, size_t want)
{
	memset(d, 0, sizeof(*d));
	d->del = malloc((have + 1) * sizeof(*d->del));
	d->add = malloc((want + 1) * sizeof(*d->add));
	d->set = malloc((want + 1) * sizeof(*d->set));
	return d->del && d->add && d->set ? 0 : -ENOMEM;
}

void diff_fini(struct diff *d)
{
	free(d->del);
	free(d->add);
	free(d->set);
	memset(d, 0, sizeof(*d));
}

static void collect(struct diff *d, const struct work *w)
{
	size_t nh = ruleset_count(w->have), nw = ruleset_count(w->want), i;

	for (i = 0; i < nh; i++)
		if (!w->used[w->have_order[i]])
			d->del[d->ndel++] = w->have_order[i];
	for (i = 0; i < nw; i++) {
		size_t nr = w->want_order[i], at = w->match[nr];

		if (at == NONE) {
			d->add[d->nadd++] = nr;
			continue;
		}
		d->kept++;
		if (!ruleset_same(w->have, at, w->want, nr))
			d->set[d->nset++] = (struct diff_pair){ at, nr };
	}
}

int diff_rules(struct diff *d, const struct ruleset *have, const struct ruleset *want)
{
	struct work w;
	int err = diff_init(d, ruleset_count(have), ruleset_count(want));

	if (err)
		return err;
	err = work_init(&w, have, want);
	if (!err) {
		index_have(&w);
		match_all(&w);
		err = settle_all(&w, &d->again);
	}
	if (!err)
		collect(d, &w);
	work_fini(&w);
	return err;
}

int diff_replace(struct diff *d, const struct ruleset *have, const struct ruleset *want)
{
	size_t *order = sorted(want);
	int err = diff_init(d, ruleset_count(have), ruleset_count(want));

	if (!order || err) {
		free(order);
		return -ENOMEM;
	}
	for (; d->ndel < ruleset_count(have); d->ndel++)
		d->del[d->ndel] = d->ndel;
	d->nadd = ruleset_count(want);
	free(d->add);
	d->add = order;
	return 0;
}
