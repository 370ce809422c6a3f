// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * When the kernel is not as we left it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kern/gate_private.h"
#include "nslp/code.h"

#define WAIT_MIN	1000	/* ms between looks for the module */
#define WAIT_MAX	30000
#define POOLS_MS	30000	/* that pools may take to come after the module */
#define STEP		WORK_MAX	/* rows put back at a time */

/*
 * One rule
 */

static unsigned int ids_of(const struct grant *gr)
{
	return gr ? (unsigned int)gr->holds + gr->rules : 0;
}

/* Where @id is kept, or NULL. */
static uint64_t *find_id(struct grant *gr, uint64_t id)
{
	unsigned int i;

	for (i = 0; i < ids_of(gr); i++)
		if (gr->id[i] == id)
			return &gr->id[i];
	return NULL;
}

static bool read_tag(const char *name, uint64_t *tag)
{
	char *end;

	if (!name || strlen(name) != SESSION_TAG - 1)
		return false;
	*tag = strtoull(name, &end, 16);
	return !*end;
}

static void put_back(struct gate *g, struct ledger_row *row)
{
	uint32_t left = gate_left(g, row->now_until);

	if (!left || row->busy)
		return;	/* ends anyway; or is looked after already, and finds out */
	g->counter[GATE_N_mended]++;
	work_add(g, WORK_MEND, row, 0, left);
}

/* A rule of what is in force went. */
static void lost_one(struct gate *g, struct ledger_row *row, uint32_t reason)
{
	char tag[SESSION_TAG];

	switch (reason) {
	case NATFW_DEL_REASON_EXPIRY:
		gate_row_end(g, row, NSLP_EXPIRED, "expired");
		return;
	case NATFW_DEL_REASON_FLUSH:
		gate_row_end(g, row, NSLP_TERMINATED, "its rules were flushed");
		return;
	}
	if (row->now->mends++) {
		gate_row_end(g, row, NSLP_TERMINATED, "its rules were taken out");
		return;
	}
	log_notice(SUB_KERN, "rule taken out by somebody, is put back: sid=%s",
		   session_tag(row->sid, tag));
	put_back(g, row);
}

static void rule_gone(struct gate *g, const struct natfw_rule *r)
{
	struct ledger_row *row = NULL;
	uint64_t tag, *at;

	static_gone(g, r->owner, r->id);
	if (memcmp(r->owner, g->owner, sizeof(g->owner)))
		return;
	if (r->name && !strcmp(r->name, BASE_NAME))
		g->base_next = 0;	/* refreshing finds out whether it is one that has to be there */
	if (!read_tag(r->name, &tag))
		return;
	while ((row = ledger_tagged(&g->ledger, tag, row))) {
		at = row->next ? find_id(row->next, r->id) : NULL;
		if (at)
			*at = 0;	/* opening it will tell */
		at = row->now ? find_id(row->now, r->id) : NULL;
		if (!at)
			continue;
		*at = 0;
		if (row->busy)
			continue;
		lost_one(g, row, r->reason);
		return;
	}
}

static void take_event(void *arg, const struct natfw_event *ev)
{
	struct gate *g = arg;

	switch (ev->ntf) {
	case NATFW_CMD_RULE_DEL_NTF:
		rule_gone(g, ev->obj);
		break;
	case NATFW_CMD_OVERRUN_NTF:
		g->resync = true;
		g->base_next = 0;
		g->statics.dirty = true;
		g->flushed |= natfw_has((const struct natfw_overrun *)ev->obj, NATFW_A_EVENT_COUNT);
		break;
	case NATFW_CMD_DEV_NEW_NTF:
		g->statics.dirty = true;
		break;
	case NATFW_CMD_DEV_DEL_NTF:
		g->statics.dirty = true;
		g->look_next = 0;
		break;
	}
}

void gate_events(struct gate *g)
{
	struct natfw_error e;

	work_flush(g);	/* so that no row is half done */
	if (mend_changed(g))
		mend_probe(g);
	if (link_up(&g->link) && natfw_events_read(g->link.events, take_event, g, &e))
		mend_lost(g, e.text, false);
	if (g->resync && link_up(&g->link))
		mend_resync(g);
	work_flush(g);
}

/*
 * All rules
 */

struct seen {
	struct gate *g;
	uint64_t *id;			/* in order */
	size_t n;
	bool partial;
};

static int compare_ids(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* A dump that others disturbed may lack some that are there. */
static bool is_there(const struct seen *s, uint64_t id)
{
	struct natfw_rule r = { .id = id };

	if (bsearch(&id, s->id, s->n, sizeof(id), compare_ids))
		return true;
	natfw_want(&r, NATFW_A_RULE_ID);
	return s->partial && !natfw_client_do(s->g->link.client, NATFW_CMD_RULE_GET, 0, &r, NULL,
					      NULL);
}

static bool miss_any(const struct seen *s, struct grant *gr)
{
	bool any = false;
	unsigned int i;

	for (i = 0; i < ids_of(gr); i++) {
		if (!gr->id[i] || is_there(s, gr->id[i]))
			continue;
		gr->id[i] = 0;
		any = true;
	}
	return any;
}

static bool resync_row(struct table_node *n, void *arg)
{
	struct ledger_row *row = container_of(n, struct ledger_row, node);
	struct seen *s = arg;

	if (row->busy)
		return true;
	miss_any(s, row->next);
	if (!miss_any(s, row->now))
		return true;
	if (s->g->flushed)
		gate_row_end(s->g, row, NSLP_TERMINATED, "its rules were flushed");
	else
		ids_add(&s->g->mend, row->node.hash);
	return true;
}

static int see(struct gate *g, struct seen *s)
{
	struct natfw_dump d;
	struct natfw_error e;
	struct natfw_rule r;
	size_t i;
	int err = adopt_dump(g, &d, &e);

	if (err)
		return err;
	*s = (struct seen){ .g = g, .partial = d.partial };
	s->id = calloc(d.n ? d.n : 1, sizeof(*s->id));
	for (i = 0; s->id && i < d.n; i++) {
		if (natfw_dump_get(&d, i, &r))
			continue;
		s->id[s->n++] = r.id;
		natfw_object_fini(d.set, &r);
	}
	natfw_dump_fini(&d);
	if (!s->id)
		return -ENOMEM;
	qsort(s->id, s->n, sizeof(*s->id), compare_ids);
	return 0;
}

void mend_resync(struct gate *g)
{
	struct seen s;

	work_flush(g);	/* what is on its way has no ids yet */
	g->resync = false;
	g->counter[GATE_N_resyncs]++;
	if (see(g, &s)) {
		g->resync = true;	/* with the next second */
		return;
	}
	table_each(&g->ledger.rows, resync_row, &s);
	free(s.id);
	g->flushed = false;
}

/* Whether something of what is in force is missing in the kernel. */
static bool is_broken(const struct ledger_row *row)
{
	struct grant *gr = row->now;
	bool holds = gr->kind == GATE_RESERVE || gr->translation == GATE_BOTH;
	unsigned int i;

	if (gr->kind == GATE_DENY && !row->open)
		return false;	/* only remembered */
	for (i = holds ? 0 : gr->holds; i < ids_of(gr); i++)
		if (!gr->id[i] && (i >= gr->holds || i == 0 || !gr->id[0]))
			return true;
	return false;
}

/*
 * An endpoint must not be claimed before the pool is there that has it: the pool would not know.
 * Who loads the module makes the pools, in a moment.
 */
static bool must_wait(const struct gate *g, const struct grant *gr)
{
	return gr->translation != GATE_PLAIN && !g->pools_ready && g->now < g->pools_until;
}

static void mend_tag(struct gate *g, uint64_t tag)
{
	struct ledger_row *row = NULL;

	while ((row = ledger_tagged(&g->ledger, tag, row))) {
		if (!row->now || !is_broken(row))
			continue;
		if (must_wait(g, row->now))
			ids_add(&g->mend_nat, tag);
		else
			put_back(g, row);
	}
}

void mend_step(struct gate *g)
{
	unsigned int n;

	for (n = 0; n < STEP && g->mended < g->mend.n && link_up(&g->link); n++)
		mend_tag(g, g->mend.id[g->mended++]);
	if (g->mended < g->mend.n)
		return;
	g->mended = 0;
	ids_fini(&g->mend);
}

/* Once a second, while some wait. */
static void look_for_pools(struct gate *g)
{
	if (!g->mend_nat.n || g->mend.n)
		return;
	g->pools_ready = base_pools(g);
	if (!g->pools_ready && g->now < g->pools_until)
		return;
	g->mend = g->mend_nat;
	g->mend_nat = (struct ids){ 0 };
	g->mended = 0;
}

/*
 * The module
 */

/*
 * Asking for the module would have the kernel load it again, against the will of whoever has just
 * unloaded it: wait to be told instead.
 */
static void wait_for_module(struct gate *g)
{
	g->link.retry = g->link.family >= 0 ? LINK_NEVER : g->now + WAIT_MAX;
}

void mend_lost(struct gate *g, const char *why, bool unloaded)
{
	if (!link_up(&g->link))
		return;
	link_close(&g->link);
	g->drop.n = 0;
	g->base.n = 0;
	g->base_hash = 0;
	g->flushed = false;
	g->counter[GATE_N_module_lost]++;
	g->link.wait = WAIT_MIN;
	g->link.retry = g->now + WAIT_MIN;
	if (unloaded)
		wait_for_module(g);
	log_error(SUB_KERN, "lost the kernel module: %s; sessions=%u", why, g->ledger.rows.count);
}

bool mend_changed(struct gate *g)
{
	enum link_change change = link_changed(&g->link);

	if (change == LINK_SAME)
		return false;
	mend_lost(g, "the module was unloaded", true);
	if (change == LINK_CAME)
		g->link.retry = g->now;
	return true;
}

static void say_absent(struct gate *g, const struct natfw_error *e)
{
	char text[NATFW_ERROR_TEXT];

	if (g->link.said)
		return;
	g->link.said = true;
	if (gate_needs_rules(g))
		log_error(SUB_KERN,
			  "NO KERNEL MODULE: nothing is opened or translated, and requests are "
			  "refused, until it is there: %s",
			  natfw_error_text(e, text, sizeof(text)));
	else
		log_info(SUB_KERN, "no kernel module; this node forwards nothing and needs none");
}

static void look_for_module(struct gate *g)
{
	struct natfw_error e = { 0 };
	int err = link_open(&g->link, &e);

	if (err) {
		say_absent(g, &e);
		g->link.wait = g->link.wait ? g->link.wait * 2 : WAIT_MIN;
		if (g->link.wait > WAIT_MAX)
			g->link.wait = WAIT_MAX;
		g->link.retry = g->now + g->link.wait;
		if (err == -ENOENT)
			wait_for_module(g);
		return;
	}
	g->link.said = false;
	g->link.wait = 0;
	gate_pools(g);
	g->pools_ready = base_pools(g);
	g->pools_until = g->now + POOLS_MS;
	log_notice(SUB_KERN, "connected to the kernel module");
	if (g->ledger.rows.count)
		mend_resync(g);
	else
		adopt_look(g);
	base_devices(g);
	base_install(g);
	g->statics.dirty = true;
	static_look(g);
	pools_drop(g, g->conf, &g->pools);
}

void gate_start(struct gate *g)
{
	if (gate_needs_rules(g) && !link_up(&g->link))
		look_for_module(g);
}

void mend_probe(struct gate *g)
{
	if (!gate_needs_rules(g))
		return;
	mend_changed(g);
	if (!link_up(&g->link)) {
		if (g->now >= g->link.retry)
			look_for_module(g);
		return;
	}
	if (g->resync)
		mend_resync(g);
	look_for_pools(g);
	if (!base_refresh(g))
		mend_lost(g, "it does not answer", true);
}
