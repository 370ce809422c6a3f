// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "order.h"

#define NONE		SIZE_MAX
#define ORDER_BUDGET	100000000	/* comparisons; some seconds */

int order_init(struct order *o, const struct ruleset *set, size_t n)
{
	size_t size = 16;

	memset(o, 0, sizeof(*o));
	while (size < n)
		size *= 2;
	o->set = set;
	o->mask = size - 1;
	o->wild = NONE;
	o->budget = ORDER_BUDGET;
	o->pattern = malloc((n + 1) * sizeof(*o->pattern));
	o->kept = malloc((n + 1) * sizeof(*o->kept));
	o->next = malloc((n + 1) * sizeof(*o->next));
	o->fresh = malloc((n + 1) * sizeof(*o->fresh));
	o->head = malloc(size * sizeof(*o->head));
	if (!o->pattern || !o->kept || !o->next || !o->fresh || !o->head)
		return -ENOMEM;
	memset(o->head, 0xff, size * sizeof(*o->head));
	return 0;
}

void order_fini(struct order *o)
{
	free(o->pattern);
	free(o->kept);
	free(o->next);
	free(o->fresh);
	free(o->head);
	memset(o, 0, sizeof(*o));
}

static bool get_pattern(const struct order *o, size_t nr, struct pattern *p)
{
	struct natfw_rule r;

	if (ruleset_get(o->set, nr, &r))
		return false;
	pattern_init(p, &r);
	natfw_object_fini(&natfw_rule_set, &r);
	return true;
}

/* The whole destination address of @p, or else the whole source, or NULL. */
static const struct natfw_addr *whole_addr(const struct pattern *p)
{
	if (p->dst_len && p->dst_len == natfw_addr_bits(&p->m.dst))
		return &p->m.dst;
	if (p->src_len && p->src_len == natfw_addr_bits(&p->m.src))
		return &p->m.src;
	return NULL;
}

static size_t *bucket(struct order *o, const struct natfw_addr *a)
{
	uint64_t h = 0x9e3779b97f4a7c15ull;
	unsigned int i;

	for (i = 0; i < a->len; i++)
		h = (h ^ a->b[i]) * 0x100000001b3ull;
	return &o->head[(h ^ h >> 32) & o->mask];
}

static bool overlaps(struct order *o, const struct pattern *p, size_t place)
{
	if (!o->budget)
		return true;
	o->budget--;
	return pattern_overlap(p, &o->pattern[place]);
}

static bool chain_overlaps(struct order *o, const struct pattern *p, size_t at)
{
	for (; at != NONE; at = o->next[at])
		if (overlaps(o, p, at))
			return true;
	return false;
}

/*
 * Some new rule overlaps @p. If both addresses of @p are whole, only those
 * under one of them, and those without a whole address, can.
 */
static bool new_overlaps(struct order *o, const struct pattern *p)
{
	bool whole_dst = p->dst_len && p->dst_len == natfw_addr_bits(&p->m.dst);
	bool whole_src = p->src_len && p->src_len == natfw_addr_bits(&p->m.src);
	size_t i;

	if (whole_dst && whole_src)
		return chain_overlaps(o, p, o->wild) ||
		       chain_overlaps(o, p, *bucket(o, &p->m.dst)) ||
		       chain_overlaps(o, p, *bucket(o, &p->m.src));
	for (i = 0; i < o->nnew; i++)
		if (overlaps(o, p, o->fresh[i]))
			return true;
	return false;
}

bool order_may_stay(struct order *o, size_t nr, uint64_t id)
{
	struct pattern p;
	size_t i = o->nkept;

	if (!o->nnew && (!i || o->kept[i - 1].id < id))
		return true;
	if (!get_pattern(o, nr, &p))
		return false;
	for (; i-- > 0 && o->kept[i].id > id;)
		if (overlaps(o, &p, o->kept[i].nr))
			return false;
	return !new_overlaps(o, &p);
}

static void add_new(struct order *o, size_t place)
{
	const struct natfw_addr *a = whole_addr(&o->pattern[place]);
	size_t *head = a ? bucket(o, a) : &o->wild;

	o->next[place] = *head;
	*head = place;
	o->fresh[o->nnew++] = place;
}

static void add_kept(struct order *o, size_t place, uint64_t id)
{
	size_t i = o->nkept++;

	for (; i > 0 && o->kept[i - 1].id > id; i--)
		o->kept[i] = o->kept[i - 1];
	o->kept[i] = (struct order_rule){ id, place };
}

int order_add(struct order *o, size_t nr, uint64_t id)
{
	size_t place = o->n++;

	if (!get_pattern(o, nr, &o->pattern[place]))
		return -ENOMEM;
	if (id == ORDER_NEW)
		add_new(o, place);
	else
		add_kept(o, place, id);
	return 0;
}
