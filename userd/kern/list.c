// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What operators may know: the ledger, row by row, and numbers.
 */
#include <stdio.h>
#include <string.h>

#include "kern/gate_private.h"
#include "kern/nat.h"
#include "policy/flow.h"

static const char *const kind_names[] = { "allow", "deny", "reserve" };

static size_t put_endpoint(char *buf, size_t size, const char *word, const struct endpoint *e)
{
	char text[ENDPOINT_TEXT];
	int n;

	if (!address_is_set(&e->address))
		return 0;
	n = snprintf(buf, size, " %s %s", word, endpoint_text(e, text));
	return (size_t)n < size ? (size_t)n : size - 1;
}

static void put_text(struct rule_info *i, const struct grant *gr)
{
	char flow[FLOW_TEXT];
	struct gate_flow f;
	struct endpoint e;
	size_t n;

	grant_flow(gr, &f);
	n = (size_t)snprintf(i->text, sizeof(i->text), "%s %s", kind_names[gr->kind],
			     flow_text(&f, flow));
	if (n >= sizeof(i->text))
		return;
	if (gr->translation != GATE_DESTINATION) {
		grant_external(gr, &e);
		n += put_endpoint(i->text + n, sizeof(i->text) - n,
				  gr->translation == GATE_BIND ? "at" : "snat", &e);
	}
	grant_internal(gr, &e);
	if (gr->translation != GATE_BIND && n < sizeof(i->text))
		put_endpoint(i->text + n, sizeof(i->text) - n, "dnat", &e);
}

static uint64_t first_id(const struct grant *gr)
{
	unsigned int i;

	for (i = 0; i < (unsigned int)gr->holds + gr->rules; i++)
		if (gr->id[i])
			return gr->id[i];
	return 0;
}

static void describe(const struct gate *g, const struct ledger_row *row, struct rule_info *i)
{
	const struct grant *gr = row->now ? row->now : row->next;

	memset(i, 0, sizeof(*i));
	session_tag(row->sid, (char *)i->sid_tag);
	i->open = row->now && row->open;
	i->left = gate_left(g, row->now ? row->now_until : row->next_until);
	if (gr) {
		i->rule = first_id(gr);
		put_text(i, gr);
	}
	requester_text(&row->requester->id, i->requester);
}

/* Rows are counted by their timers, of which each has one, in the order of the heap. */
bool gate_list(struct gate *g, uint32_t *at, unsigned int max,
	       bool (*fn)(void *arg, const struct rule_info *i), void *arg)
{
	const struct timers *t = &g->ledger.timers;
	struct rule_info i;

	for (; max && *at < t->count; max--, ++*at) {
		describe(g, container_of(t->heap[*at + 1], struct ledger_row, timer), &i);
		if (!fn(arg, &i))
			break;
	}
	return *at < t->count;
}

bool gate_aces(struct gate *g, uint32_t *at, unsigned int max,
	       bool (*fn)(void *arg, const struct ace_info *i), void *arg)
{
	return static_list(g, at, max, fn, arg);
}

/*
 * Events
 */

#define POOL_MS		60000	/* between events about pools */

void gate_tell_rule(struct gate *g, const struct ledger_row *row, enum rule_change what,
		    const char *why)
{
	struct rule_event e = { .what = what };

	if (!g->io.may_tell || !row->requester || !g->io.may_tell(g->io.policy.arg))
		return;
	describe(g, row, &e.info);
	snprintf(e.why, sizeof(e.why), "%s", why ? why : "");
	g->io.tell(g->io.policy.arg, MSG_RULE_EVENT, &e, sizeof(e));
}

void gate_tell_pool(struct gate *g, const struct grant *gr, const char *why)
{
	const struct conf_interface *i = places_find(&g->places, gr->pool_ifindex, g->now);
	struct pool_event e = { .refused = ++g->pool_refused };

	if (!g->io.tell || !i || g->now < g->pool_next)
		return;
	g->pool_next = g->now + POOL_MS;
	g->pool_refused = 0;
	snprintf(e.interface, sizeof(e.interface), "%s", i->name);
	snprintf(e.pool, sizeof(e.pool), "%s", i->pool);
	snprintf(e.why, sizeof(e.why), "%s", why);
	g->io.tell(g->io.policy.arg, MSG_POOL_EVENT, &e, sizeof(e));
}

static void put(void (*fn)(void *arg, const struct stat_value *v), void *arg, const char *name,
		const char *help, bool gauge, uint64_t number)
{
	struct stat_value v = { .gauge = gauge, .number = number };

	snprintf(v.name, sizeof(v.name), "gate_%s%s", name, gauge ? "" : "_total");
	snprintf(v.help, sizeof(v.help), "%s", help);
	fn(arg, &v);
}

static const struct {
	const char *name, *help;
} counters[] = {
#define GATE_COUNTER(name, text) { #name, text },
#include "kern/counter.def"
#undef GATE_COUNTER
};

void gate_stats(struct gate *g, void (*fn)(void *arg, const struct stat_value *v), void *arg)
{
	unsigned int i;

	for (i = 0; i < GATE_COUNTERS; i++)
		put(fn, arg, counters[i].name, counters[i].help, false, g->counter[i]);
	put(fn, arg, "sessions", "Rows of the ledger.", true, g->ledger.rows.count);
	put(fn, arg, "reservations", "Reservations that a CREATE may rest on.", true,
	    g->ledger.reservations.count);
	put(fn, arg, "requesters", "Requesters known.", true, g->requesters.table.count);
	put(fn, arg, "orphans", "Rules of an earlier life that nobody has asked for yet.", true,
	    g->orphans.count);
	put(fn, arg, "static_rules", "Static rules in force.", true, g->statics.n);
	put(fn, arg, "static_failed", "Whether static rules are not in force as configured.", true,
	    g->statics.failed);
	put(fn, arg, "memory_bytes", "Memory of the ledger's rows.", true, g->ledger.memory);
	put(fn, arg, "module", "Whether the kernel module is there.", true, link_up(&g->link));
	nat_stats(g, fn, arg);
}
