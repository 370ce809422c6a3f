// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rules of an earlier life of this process. They are alive, flows stand on them, and whoever asked
 * for them refreshes them as if nothing had happened: then they are ours again. What nobody asks
 * for expires.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kern/gate_private.h"

int adopt_dump(struct gate *g, struct natfw_dump *d, struct natfw_error *e)
{
	struct natfw_rule filter = { 0 };

	memcpy(filter.owner, g->owner, sizeof(filter.owner));
	natfw_want(&filter, NATFW_A_RULE_OWNER);
	return natfw_client_dump(g->link.client, NATFW_CMD_RULE_GET, &filter, d, e);
}

static bool forget_one(struct table_node *n, void *arg)
{
	struct gate *g = arg;

	table_del(&g->orphans, n);
	free(container_of(n, struct orphan, node));
	return true;
}

void adopt_forget(struct gate *g)
{
	table_each(&g->orphans, forget_one, g);
}

static void found(struct gate *g, const struct natfw_rule *r)
{
	uint64_t until = g->now + r->expires * 1000ull, tag;
	struct orphan *o;
	char *end;

	if (!r->name)
		return;
	if (!strcmp(r->name, BASE_NAME)) {
		ids_add(&g->base, r->id);
		return;
	}
	tag = strtoull(r->name, &end, 16);
	o = *end ? NULL : calloc(1, sizeof(*o));
	if (!o)
		return;
	o->id = r->id;
	if (table_add(&g->orphans, &o->node, tag)) {
		free(o);
		return;
	}
	if (until > g->orphans_until)
		g->orphans_until = until;
}

void adopt_look(struct gate *g)
{
	char text[NATFW_ERROR_TEXT];
	struct natfw_error e;
	struct natfw_dump d;
	struct natfw_rule r;
	size_t i;

	if (adopt_dump(g, &d, &e)) {
		log_error(SUB_KERN, "cannot look for rules of an earlier life: %s",
			  natfw_error_text(&e, text, sizeof(text)));
		return;
	}
	for (i = 0; i < d.n; i++) {
		if (natfw_dump_get(&d, i, &r))
			continue;
		found(g, &r);
		natfw_object_fini(d.set, &r);
	}
	natfw_dump_fini(&d);
	if (g->orphans.count)
		log_notice(SUB_KERN, "rules of an earlier life count=%u", g->orphans.count);
}

bool adopt_knows(const struct gate *g, const uint8_t *sid)
{
	return table_first(&g->orphans, session_hash(sid));
}

/* What is looked for, and found so far. */
struct claim {
	struct gate *g;
	struct grant *gr;
	struct plan plan;
	uint32_t left;			/* seconds the first of them to expire has */
};

static void take_external(struct claim *c, const struct natfw_rule *r, unsigned int i)
{
	struct endpoint e = { .port = 0 };

	if (natfw_has(r, NATFW_A_RULE_EXT_ADDR)) {
		plan_address_back(&e.address, &r->ext_addr);
		e.port = (uint16_t)r->ext_port;
	} else if (natfw_has(&r->nat, NATFW_A_NAT_SRC)) {
		plan_address_back(&e.address, &r->nat.src);
		e.port = (uint16_t)(r->nat.sport - i);
	}
	if (address_is_set(&e.address))
		grant_set_external(c->gr, &e);
}

/* An external endpoint that is known already makes another plan of a hold: both forms do. */
static bool take_hold(struct claim *c, const struct natfw_rule *r, unsigned int i)
{
	struct natfw_rule want;

	plan_hold(&want, &c->plan, c->gr, i);
	if (c->gr->id[i] || !plan_same(r, &want))
		return false;
	c->gr->id[i] = r->id;
	if (i == 0)
		take_external(c, r, 0);
	return true;
}

static bool take_rule(struct claim *c, const struct natfw_rule *r, unsigned int i)
{
	struct natfw_rule want;

	plan_rule(&want, &c->plan, c->gr, i);
	if (*grant_rule(c->gr, i) || !plan_same(r, &want))
		return false;
	*grant_rule(c->gr, i) = r->id;
	if (c->gr->translation == GATE_SOURCE || c->gr->translation == GATE_BOTH)
		take_external(c, r, c->gr->has & GRANT_PAIR ? i : 0);
	return true;
}

static bool take(struct claim *c, const struct natfw_rule *r)
{
	unsigned int i;

	for (i = 0; i < c->gr->holds; i++)
		if (take_hold(c, r, i))
			return true;
	for (i = 0; i < c->gr->rules; i++)
		if (take_rule(c, r, i))
			return true;
	return false;
}

/* An orphan, if its rule fits, is one no more. */
static void try_orphan(struct claim *c, struct orphan *o)
{
	struct natfw_rule ask = { .id = o->id }, r;

	natfw_want(&ask, NATFW_A_RULE_ID);
	if (natfw_client_do(c->g->link.client, NATFW_CMD_RULE_GET, 0, &ask, &r, NULL)) {
		forget_one(&o->node, c->g);	/* expired */
		return;
	}
	if (!memcmp(r.owner, c->g->owner, sizeof(r.owner)) && take(c, &r)) {
		if (r.expires < c->left)
			c->left = r.expires;
		forget_one(&o->node, c->g);
	}
	natfw_object_fini(&natfw_rule_set, &r);
}

static bool has_all_rules(struct grant *gr)
{
	unsigned int i;

	for (i = 0; i < gr->rules; i++)
		if (!*grant_rule(gr, i))
			return false;
	return gr->rules || gr->id[0];
}

/* Some rules of several are of no use: their lifetimes differ from those to be made. */
static void let_go(struct gate *g, struct grant *gr)
{
	unsigned int i;

	for (i = 0; i < gr->rules; i++) {
		work_drop(g, *grant_rule(gr, i));
		*grant_rule(gr, i) = 0;
	}
}

bool adopt_row(struct gate *g, struct ledger_row *row)
{
	uint64_t tag = row->node.hash;
	struct claim c = { .g = g, .gr = row->next, .left = UINT32_MAX };
	struct table_node *n, *next;

	if (!link_up(&g->link) || row->now || !(row->next->holds + row->next->rules))
		return false;
	plan_init(&c.plan, &g->places, g->owner, row, row->next, g->now);
	for (n = table_first(&g->orphans, tag); n; n = next) {
		next = table_next(n, tag);
		try_orphan(&c, container_of(n, struct orphan, node));
	}
	if (!has_all_rules(row->next)) {
		let_go(g, row->next);
		return false;
	}
	row->now = row->next;
	row->next = NULL;
	row->open = row->now->kind != GATE_RESERVE;
	row->now_until = gate_seconds(g) + c.left;
	gate_row_timer(g, row);
	if (row->open)
		ledger_list_translated(&g->ledger, row);
	else
		ledger_reserve(&g->ledger, row);
	g->counter[GATE_N_adopted]++;
	return true;
}
