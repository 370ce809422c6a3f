// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What waits for the kernel, and how it gets there.
 *
 * All that is waiting goes in one batch. First what stands on its own: holds, new lifetimes, rules
 * to go. Then what comes into force, as one transaction however many sessions it is for, so that
 * the rule set changes once and a session's rules come and go together. If the kernel refuses one
 * of them it refuses all; then each session is done by itself and gets the answer that is its own.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kern/gate_private.h"
#include "nslp/code.h"

#define MENDS	1	/* times a rule that somebody took out is put back */

int ids_add(struct ids *ids, uint64_t id)
{
	unsigned int room = ids->room ? ids->room * 2 : 64;
	uint64_t *more;

	if (ids->n == ids->room) {
		more = realloc(ids->id, room * sizeof(*more));
		if (!more)
			return -ENOMEM;
		ids->id = more;
		ids->room = room;
	}
	ids->id[ids->n++] = id;
	return 0;
}

void ids_fini(struct ids *ids)
{
	free(ids->id);
	*ids = (struct ids){ 0 };
}

void work_drop(struct gate *g, uint64_t id)
{
	/* without memory it stays until its lifetime is over */
	if (id && link_up(&g->link))
		ids_add(&g->drop, id);
}

void work_add(struct gate *g, enum work_kind kind, struct ledger_row *row, uint64_t request,
	      uint32_t lifetime)
{
	if (g->works == WORK_MAX)
		work_flush(g);
	row->busy = true;
	g->work[g->works++] = (struct work){
		.kind = (uint8_t)kind, .request = request, .row = row, .lifetime = lifetime,
	};
}

/*
 * The batch
 */

static struct slot *slot_add(struct gate *g, struct work *w, enum slot_what what,
			     unsigned int index)
{
	struct slots *s = &g->slots;
	unsigned int room = s->room ? s->room * 2 : 256;
	struct slot *more;

	if (s->n == s->room) {
		more = realloc(s->slot, room * sizeof(*more));
		s->failed |= !more;
		if (!more)
			return NULL;
		s->slot = more;
		s->room = room;
	}
	s->slot[s->n] = (struct slot){ .work = w, .what = (uint8_t)what, .index = (uint8_t)index };
	return &s->slot[s->n++];
}

static void slots_reset(struct gate *g)
{
	g->slots.n = 0;
	g->slots.failed = false;
}

/* A request of the batch. Without memory for one of them, none is sent. */
static struct slot *ask(struct gate *g, struct work *w, enum slot_what what, unsigned int index,
			unsigned int cmd, unsigned int flags, const void *obj)
{
	struct slot *s = slot_add(g, w, what, index);

	if (s)
		natfw_batch_add(g->link.batch, cmd, flags, obj);
	return s;
}

static void ask_del(struct gate *g, struct work *w, enum slot_what what, unsigned int index,
		    uint64_t id)
{
	struct natfw_rule r = { .id = id };
	struct slot *s;

	natfw_want(&r, NATFW_A_RULE_ID);
	s = ask(g, w, what, index, NATFW_CMD_RULE_DEL, 0, &r);
	if (s)
		s->id = id;
}

static void ask_life(struct gate *g, struct work *w, unsigned int index, uint64_t id)
{
	struct natfw_rule r = { .id = id, .lifetime = w->lifetime };

	natfw_want(&r, NATFW_A_RULE_ID);
	natfw_want(&r, NATFW_A_RULE_LIFETIME);
	ask(g, w, SLOT_LIFE, index, NATFW_CMD_RULE_SET, 0, &r);
}

/* Holds that are missing. One from a pool keeps both ports of a pair. */
static void ask_holds(struct gate *g, struct work *w, struct grant *gr, uint32_t lifetime)
{
	unsigned int n = gr->has & GRANT_EXTERNAL ? gr->holds : gr->holds > 0, i;
	struct natfw_rule r;
	struct plan p;

	plan_init(&p, &g->places, g->owner, w->row, gr, g->now);
	p.lifetime = lifetime;
	for (i = 0; i < n; i++) {
		if (gr->id[i])
			continue;
		plan_hold(&r, &p, gr, i);
		ask(g, w, SLOT_HOLD, i, NATFW_CMD_RULE_NEW, NATFW_ECHO, &r);
	}
}

static void ask_rules(struct gate *g, struct work *w, struct grant *gr)
{
	struct natfw_rule r;
	struct plan p;
	unsigned int i;

	plan_init(&p, &g->places, g->owner, w->row, gr, g->now);
	p.lifetime = w->lifetime;
	for (i = 0; i < gr->rules; i++) {
		if (*grant_rule(gr, i))
			continue;
		plan_rule(&r, &p, gr, i);
		ask(g, w, SLOT_RULE, i, NATFW_CMD_RULE_NEW, NATFW_ECHO, &r);
	}
}

static void ask_lives(struct gate *g, struct work *w, struct grant *gr)
{
	unsigned int i;

	for (i = 0; i < (unsigned int)gr->holds + gr->rules; i++)
		if (gr->id[i])
			ask_life(g, w, i, gr->id[i]);
}

/* Out with what the session had. */
static void ask_old(struct gate *g, struct work *w, struct grant *gr)
{
	unsigned int i;

	for (i = 0; gr && i < (unsigned int)gr->holds + gr->rules; i++)
		if (gr->id[i])
			ask_del(g, w, SLOT_OLD, i, gr->id[i]);
}

static void ask_drops(struct gate *g)
{
	unsigned int i;

	for (i = 0; i < g->drop.n; i++)
		ask_del(g, NULL, SLOT_DROP, 0, g->drop.id[i]);
	g->drop.n = 0;
}

/* Work that belongs into the transaction. */
static bool is_opening(const struct work *w)
{
	return w->kind == WORK_OPEN;
}

static void ask_alone(struct gate *g, struct work *w)
{
	struct ledger_row *row = w->row;

	w->first = g->slots.n;
	switch (w->kind) {
	case WORK_ADMIT:
		ask_holds(g, w, row->next, PENDING_MS / 1000);
		break;
	case WORK_REFRESH:
	case WORK_LIFE:
		ask_lives(g, w, row->now);
		break;
	case WORK_HOLD:
		ask_lives(g, w, row->next ? row->next : row->now);
		break;
	case WORK_MEND:
		if (row->now->kind == GATE_RESERVE || row->now->translation == GATE_BOTH)
			ask_holds(g, w, row->now, w->lifetime);
		ask_rules(g, w, row->now);
		break;
	}
	w->end = g->slots.n;
}

static void ask_open(struct gate *g, struct work *w)
{
	w->first = g->slots.n;
	ask_rules(g, w, w->row->next);
	ask_old(g, w, w->row->now);
	w->end = g->slots.n;
}

static void take_result(void *arg, unsigned int nr, int err, const void *reply,
			const struct natfw_error *e)
{
	struct gate *g = arg;
	const struct natfw_rule *r = reply;
	struct slot *s = &g->slots.slot[nr];
	char text[NATFW_ERROR_TEXT];

	s->err = err;
	if (err == -ENOENT && !e->text[0]) {
		/* not some rule, but whoever was asked */
		s->err = -ENODEV;
		g->slots.lost = true;
		return;
	}
	if (err) {
		if (err != -ENOENT && err != -ECANCELED)
			log_debug(SUB_KERN, "the kernel refused a request: %s",
				  natfw_error_text(e, text, sizeof(text)));
		return;
	}
	if (s->what != SLOT_HOLD && s->what != SLOT_RULE)
		return;
	s->id = r->id;
	if (natfw_has(r, NATFW_A_RULE_EXT_ADDR)) {
		plan_address_back(&s->external.address, &r->ext_addr);
		s->external.port = (uint16_t)r->ext_port;
	}
}

/* Send what was asked for. False: the module is gone, and all is lost. */
static bool run(struct gate *g)
{
	struct natfw_error e;
	int err;

	g->counter[GATE_N_batches]++;
	g->slots.lost = mend_changed(g);
	if (g->slots.lost)
		return false;	/* and the batch with it */
	if (g->slots.failed) {
		natfw_batch_reset(g->link.batch);
		return true;
	}
	err = natfw_batch_run(g->link.batch, take_result, g, &e);
	if (err == -ENOMEM)
		g->slots.failed = true;
	if (!g->slots.lost && (!err || err == -ENOMEM))
		return true;
	mend_lost(g, err ? e.text : "the module was unloaded", !err);
	return false;
}

/*
 * What came of it
 */

/* The first error of @w's requests, 0: none; @missing: some rule was not there any more. */
static int result_of(const struct gate *g, const struct work *w, bool *missing)
{
	unsigned int i;
	int err = 0;

	*missing = false;
	if (g->slots.failed)
		return -ENOMEM;
	for (i = w->first; i < w->end; i++) {
		const struct slot *s = &g->slots.slot[i];

		if (!s->err)
			continue;
		*missing |= s->err == -ENOENT;
		if (!err)
			err = s->err;
	}
	return err;
}

static uint16_t code_of(const struct work *w, int err, const char **why)
{
	switch (-err) {
	case ENOSPC:
	case EDQUOT:
		*why = "no address, port or rule left";
		/* 3.7.1: what a translator cannot reserve at once */
		return w->kind == WORK_ADMIT ? NSLP_CONFLICT : NSLP_NO_RESOURCES;
	case ENOMEM:
		*why = "out of memory";
		return NSLP_NO_RESOURCES;
	case EEXIST:
	case EBUSY:
		*why = "in conflict with another rule";
		return NSLP_CONFLICT;
	case EOPNOTSUPP:
		*why = "cannot be translated";
		return NSLP_PROTOCOL;
	case ENODEV:
	case EPIPE:
		*why = "the kernel module is not loaded";
		return NSLP_NO_RESOURCES;
	default:
		*why = "the kernel refused the rule";
		return NSLP_INTERNAL;
	}
}

/* Ids of the rules that were made for @w go to @gr; with @undo they are to go again. */
static void keep(struct gate *g, const struct work *w, struct grant *gr, bool undo)
{
	unsigned int i;

	for (i = w->first; i < w->end; i++) {
		const struct slot *s = &g->slots.slot[i];

		if (s->err || !s->id || (s->what != SLOT_HOLD && s->what != SLOT_RULE))
			continue;
		if (undo) {
			work_drop(g, s->id);
			continue;
		}
		gr->id[s->what == SLOT_HOLD ? s->index : gr->holds + s->index] = s->id;
		if (s->what == SLOT_HOLD && address_is_set(&s->external.address))
			grant_set_external(gr, &s->external);
	}
}

static void set_life(struct gate *g, struct work *w)
{
	w->row->now_until = gate_seconds(g) + w->lifetime;
	gate_row_timer(g, w->row);
}

static void fail(struct gate *g, struct work *w, int err)
{
	struct ledger_row *row = w->row;
	const char *why;
	uint16_t code = code_of(w, err, &why);

	g->counter[GATE_N_kernel_refused]++;
	gate_answer(g, w, code, why);
	if ((err == -ENOSPC || err == -EDQUOT) && w->kind == WORK_ADMIT && row->next &&
	    row->next->pool_ifindex)
		gate_tell_pool(g, row->next, why);
	if (w->kind == WORK_REFRESH || w->kind == WORK_LIFE)
		return;
	if (w->kind == WORK_MEND) {
		gate_row_end(g, row, NSLP_TERMINATED, why);
		return;
	}
	gate_grant_drop(g, row->next);
	row->next = NULL;
	if (!row->now)
		gate_row_end(g, row, 0, NULL);
}

/* The endpoint is kept by the rules from now on; where it is not, the holds stay. */
static void let_holds_go(struct gate *g, struct grant *gr)
{
	unsigned int i;

	for (i = 0; gr->translation == GATE_SOURCE && i < gr->holds; i++) {
		work_drop(g, gr->id[i]);
		gr->id[i] = 0;
	}
}

static void promote(struct gate *g, struct work *w)
{
	struct ledger_row *row = w->row;

	if (row->next) {
		grant_free(&g->ledger, row->now);
		row->now = row->next;
		row->next = NULL;
	}
	row->now->mends = 0;
	row->open = w->kind == WORK_OPEN;
	set_life(g, w);
}

static void opened(struct gate *g, struct work *w)
{
	struct grant *gr = w->row->next;

	keep(g, w, gr, false);
	promote(g, w);
	ledger_list_translated(&g->ledger, w->row);
	let_holds_go(g, gr);
	g->counter[GATE_N_opened]++;
	gate_answer(g, w, 0, "");
	gate_tell_rule(g, w->row, RULE_OPENED, NULL);
	if (gr->translation == GATE_BOTH && gr->holds)
		work_add(g, WORK_LIFE, w->row, 0, w->lifetime);
}

static void held(struct gate *g, struct work *w)
{
	struct ledger_row *row = w->row;
	bool fresh = row->next;

	if (fresh) {
		gate_grant_drop(g, row->now);
		row->now = NULL;
	}
	promote(g, w);
	if (row->now->kind == GATE_RESERVE && ledger_reserve(&g->ledger, row))
		log_warn(SUB_KERN, "out of memory: a reservation will not be found");
	gate_answer(g, w, 0, "");
	if (fresh)
		gate_tell_rule(g, row, RULE_RESERVED, NULL);
}

/* Rules that are gone without a word are put back; the work comes again. */
static void missing(struct gate *g, struct work *w)
{
	struct grant *gr = w->row->now;
	unsigned int i;

	for (i = w->first; i < w->end; i++) {
		const struct slot *s = &g->slots.slot[i];

		if (s->what == SLOT_LIFE && s->err == -ENOENT)
			gr->id[s->index] = 0;
	}
}

static void refreshed(struct gate *g, struct work *w, int err, bool gone)
{
	if (gone && w->row->now->mends++ >= MENDS) {
		gate_answer(g, w, NSLP_ENDED, "its rules were taken out");
		gate_row_end(g, w->row, NSLP_TERMINATED, "its rules were taken out");
		return;
	}
	if (!gone && err) {
		fail(g, w, err);
		return;
	}
	if (gone) {
		missing(g, w);
		work_add(g, WORK_MEND, w->row, 0, w->lifetime);
		g->counter[GATE_N_mended]++;
	} else {
		w->row->now->mends = 0;
	}
	set_life(g, w);
	g->counter[GATE_N_refreshed]++;
	gate_answer(g, w, 0, "");
}

static void mended(struct gate *g, struct work *w, int err)
{
	keep(g, w, w->row->now, false);
	if (err)
		fail(g, w, err);
}

static void finish(struct gate *g, struct work *w)
{
	bool gone;
	int err = result_of(g, w, &gone);

	switch (w->kind) {
	case WORK_ADMIT:
		keep(g, w, w->row->next, err);
		if (err)
			fail(g, w, err);
		else
			gate_answer(g, w, 0, "");
		break;
	case WORK_REFRESH:
		refreshed(g, w, err, gone);
		break;
	case WORK_HOLD:
		if (!w->row->next && gone)
			refreshed(g, w, err, gone);
		else if (err)
			fail(g, w, err);
		else
			held(g, w);
		break;
	case WORK_MEND:
		mended(g, w, err);
		break;
	}
}

/*
 * Opening: the transaction
 */

static void begin(struct gate *g)
{
	ask(g, NULL, SLOT_BEGIN, 0, NATFW_CMD_TXN_BEGIN, 0, NULL);
}

static void commit(struct gate *g)
{
	ask(g, NULL, SLOT_COMMIT, 0, NATFW_CMD_TXN_COMMIT, 0, NULL);
}

static bool committed(const struct gate *g)
{
	unsigned int i;

	if (g->slots.failed)
		return false;
	for (i = 0; i < g->slots.n; i++)
		if (g->slots.slot[i].what == SLOT_COMMIT)
			return !g->slots.slot[i].err;
	return true;
}

static void abort_transaction(struct gate *g)
{
	natfw_client_do(g->link.client, NATFW_CMD_TXN_ABORT, 0, NULL, NULL, NULL);
}

/* A rule to be replaced that has gone by itself meanwhile is no obstacle. */
static bool forget_old(struct gate *g, const struct work *w)
{
	struct grant *old = w->row->now;
	bool any = false;
	unsigned int i;

	for (i = w->first; i < w->end; i++) {
		const struct slot *s = &g->slots.slot[i];

		if (s->what == SLOT_OLD && s->err == -ENOENT) {
			old->id[s->index] = 0;
			any = true;
		}
	}
	return any;
}

static void lose_all(struct gate *g, struct work *work, unsigned int n);

/*
 * Who has lost its session id, by a crash or a route that changed, asks for the same flow under a new
 * one, which the kernel cannot translate twice. The requester's own old session gives way.
 */
static bool supersede(struct gate *g, const struct work *w)
{
	struct ledger_row *twin = ledger_twin(&g->ledger, w->row->next, w->row);
	unsigned int i;

	if (!twin || twin->requester != w->row->requester || twin->busy)
		return false;
	for (i = 0; i < g->doings; i++)
		if (g->doing[i].row == twin)
			return false;
	gate_row_end(g, twin, NSLP_TERMINATED, "asked for under another session id");
	return true;
}

static void open_one(struct gate *g, struct work *w)
{
	bool gone;
	int err;

	do {
		slots_reset(g);
		ask_drops(g);
		begin(g);
		ask_open(g, w);
		commit(g);
		if (!run(g)) {
			lose_all(g, w, 1);
			return;
		}
		if (committed(g)) {
			opened(g, w);
			return;
		}
		err = result_of(g, w, &gone);
		abort_transaction(g);
	} while ((gone && forget_old(g, w)) || (err == -EEXIST && supersede(g, w)));
	fail(g, w, err ? err : -EPROTO);
}

/*
 * Flushing
 */

static void done(struct work *work, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		work[i].row->busy = false;
}

/* There is no module, or it went as we spoke. */
static void lose_all(struct gate *g, struct work *work, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		if (work[i].kind == WORK_MEND)
			continue;	/* with the others, when the module is back */
		fail(g, &work[i], -ENODEV);
	}
}

/* Nothing for the kernel to do: a host, or a reservation at a firewall. */
static bool is_idle(const struct work *w)
{
	const struct grant *gr = w->row->next ? w->row->next : w->row->now;
	const struct grant *old = w->kind == WORK_OPEN ? w->row->now : NULL;

	if (w->kind == WORK_ADMIT)
		return !gr->holds || gr->id[0];
	if (w->kind == WORK_HOLD && gr->kind == GATE_DENY)
		return w->row->next && !w->row->now;
	return !(gr->holds + gr->rules) && !(old && old->holds + old->rules);
}

static void finish_any(struct gate *g, struct work *w)
{
	if (is_opening(w))
		opened(g, w);
	else
		finish(g, w);
}

/* What needs no kernel is done at once; the rest moves up. Returns how many are left. */
static unsigned int do_idle(struct gate *g, struct work *work, unsigned int n)
{
	unsigned int i, left = 0;

	slots_reset(g);
	for (i = 0; i < n; i++) {
		if (is_idle(&work[i]))
			finish_any(g, &work[i]);
		else
			work[left++] = work[i];
	}
	return left;
}

static void ask_all(struct gate *g, struct work *work, unsigned int n, unsigned int *openings)
{
	unsigned int i;

	*openings = 0;
	slots_reset(g);
	ask_drops(g);
	for (i = 0; i < n; i++) {
		if (is_opening(&work[i]))
			++*openings;
		else
			ask_alone(g, &work[i]);
	}
	if (!*openings)
		return;
	begin(g);
	for (i = 0; i < n; i++)
		if (is_opening(&work[i]))
			ask_open(g, &work[i]);
	commit(g);
}

/* Those that stand alone have their results; openings do if the transaction held. */
static void finish_all(struct gate *g, struct work *work, unsigned int n)
{
	bool held_together = committed(g);
	unsigned int i;

	if (!held_together)
		abort_transaction(g);
	for (i = 0; i < n; i++)
		if (held_together || !is_opening(&work[i]))
			finish_any(g, &work[i]);
	if (held_together)
		return;
	g->counter[GATE_N_retries]++;
	for (i = 0; i < n; i++)
		if (is_opening(&work[i]))
			open_one(g, &work[i]);
}

static void flush_once(struct gate *g)
{
	struct work work[WORK_MAX];
	unsigned int n = g->works, openings;

	memcpy(work, g->work, n * sizeof(*work));
	g->works = 0;
	done(work, n);
	n = do_idle(g, work, n);
	if (!n && !g->drop.n)
		return;
	if (!link_up(&g->link)) {
		g->drop.n = 0;
		lose_all(g, work, n);
		return;
	}
	g->doing = work;
	g->doings = n;
	ask_all(g, work, n, &openings);
	if (!g->slots.n || run(g))
		finish_all(g, work, n);
	else
		lose_all(g, work, n);
	g->doings = 0;
}

void work_flush(struct gate *g)
{
	while (g->works || g->drop.n)
		flush_once(g);
}
