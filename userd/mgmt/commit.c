// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "conf/schema.h"
#include "mgmt/certname.h"
#include "mgmt/commit.h"
#include "mgmt/confirm.h"
#include "mgmt/events.h"
#include "mgmt/hush.h"
#include "mgmt/lock.h"
#include "mgmt/nacm.h"
#include "mgmt/store.h"

#define PART	32768
#define WAITS	(256u << 10)	/* octets for the monitor that may be on the way already */

struct commit {
	struct event *over;		/* done is to be called */
	commit_done done;		/* NULL: nobody waits */
	void *arg;
	uint32_t number, session;
	char user[64];
	enum change_how how;
	bool has_user, candidate, sent, answered;
	char persist[CONFIRM_TOKEN];	/* on trial; empty: none */
	uint32_t seconds;
	bool failed;
	struct mgmt_error e;		/* if it failed */
	struct lyd_node *diff;
};

struct commit_waiter {
	struct commit_waiter *next;
	void (*run)(void *arg);
	void *arg;
};

static struct {
	struct event_base *base;
	struct event *turn;		/* the next that waits may run */
	struct commit *current;		/* under way */
	struct commit_waiter *waiting;
	uint32_t number;
} co;

/* ------------------------------------------------------------------ secrets */

/* Of any length that a schema may want; what it stands for, only the monitor knows. */
#define HIDDEN	"AAAAAAAAAAAAAAAAAAAAAA=="

static bool is_wanted(const struct lysc_node *s)
{
	return schema_secret(s) && s->flags & LYS_MAND_TRUE;
}

static bool hide_in(struct lyd_node *n)
{
	const struct lysc_node *s = NULL;
	struct lyd_node *there;

	while ((s = lys_getnext(s, n->schema, NULL, 0)))
		if (is_wanted(s) && lyd_find_sibling_val(lyd_child(n), s, NULL, 0, &there) &&
		    lyd_new_term(n, s->module, s->name, HIDDEN, 0, NULL))
			return false;
	return true;
}

/* Give all that has to have a secret one, in running. */
static bool hide_all(struct lyd_node *first)
{
	struct lyd_node *n;

	LY_LIST_FOR(first, n)
		if (n->schema->nodetype & LYD_NODE_INNER &&
		    (!hide_in(n) || !hide_all(lyd_child(n))))
			return false;
	return true;
}

/* The same in @first of another tree where @running has it: what is new has to bring its own. */
static bool hide_known(struct lyd_node *first, const struct lyd_node *running)
{
	struct lyd_node *n, *same;

	LY_LIST_FOR(first, n) {
		if (!(n->schema->nodetype & LYD_NODE_INNER) ||
		    lyd_find_sibling_first(running, n, &same))
			continue;
		if (!hide_in(n) || !hide_known(lyd_child(n), lyd_child(same)))
			return false;
	}
	return true;
}

/* ------------------------------------------------------------------ checks */

bool commit_validate(struct lyd_node **wanted, struct mgmt_error *e)
{
	if (!hide_known(*wanted, datastore_tree(DATASTORE_RUNNING)))
		return error_set(e, "resource-denied", NULL, "out of memory");
	if (lyd_validate_all(wanted, *wanted ? NULL : store_ctx(), LYD_VALIDATE_NO_STATE, NULL) ||
	    !edit_defaults(wanted, store_ctx()))
		return error_libyang(e, store_ctx());
	return true;
}

/* What @c wants to change; NULL without an error: nothing. */
static struct lyd_node *difference(struct lyd_node *wanted, struct mgmt_error *e)
{
	struct lyd_node *running = datastore_copy(DATASTORE_RUNNING), *diff = NULL;

	if (!hide_all(running) || lyd_diff_siblings(running, wanted, 0, &diff))
		error_set(e, "resource-denied", NULL, "out of memory");
	ly_err_clean(store_ctx(), NULL);
	lyd_free_all(running);
	return diff;
}

static bool may_write(const struct commit_wish *w, const struct lyd_node *diff, struct mgmt_error *e)
{
	char path[sizeof(e->path)] = "";

	if (!diff || !w->user || nacm_may_write(w->user, diff, path, sizeof(path)))
		return true;
	error_set(e, "access-denied", NULL, "this user may not change that");
	memcpy(e->path, path, sizeof(path));
	return false;
}

/* ------------------------------------------------------------------ the end */

static void free_commit(struct commit *c)
{
	if (co.current == c)
		co.current = NULL;
	event_free(c->over);
	lyd_free_all(c->diff);
	free(c);
}

static void take_turn(void)
{
	if (co.waiting)
		event_active(co.turn, EV_TIMEOUT, 0);
}

/* What is on trial begins to run out, and what was is confirmed, whether somebody waits for it or not. */
static void follow(const struct commit *c)
{
	const char *user = c->has_user ? c->user : NULL;

	if (c->candidate)
		datastore_set_candidate(NULL);
	if (c->how == CHANGE_TRIAL)
		confirm_begin(user, c->session, *c->persist ? c->persist : NULL, c->seconds);
	else if (c->how == CHANGE_KEEP)
		confirm_end(user, c->session);
}

static void tell(const struct commit *c)
{
	struct events_by by = { .user = c->has_user ? c->user : NULL, .session = c->session };
	char user[LOG_NAME];

	if (!c->sent || !c->diff || c->how == CHANGE_TEST)
		return;
	log_notice(SUB_MGMT, "configuration changed session=%u user=\"%s\"", c->session,
		   log_name(c->user, user, sizeof(user)));
	events_config_change(&by, c->diff);
}

static void on_over(evutil_socket_t fd, short what, void *arg)
{
	struct commit *c = arg;
	commit_done done = c->done;
	void *done_arg = c->arg;
	struct mgmt_error e = c->e;
	bool failed = c->failed, reverts = c->how == CHANGE_REVERT;

	(void)fd;
	(void)what;
	if (!failed) {
		tell(c);
		follow(c);
	}
	free_commit(c);
	if (done)
		done(done_arg, failed ? &e : NULL);
	if (failed && reverts)
		confirm_stuck(e.message);
	take_turn();
}

static void finish(struct commit *c)
{
	event_active(c->over, EV_TIMEOUT, 0);
}

static void fail(struct commit *c, const struct mgmt_error *e)
{
	c->failed = true;
	c->e = *e;
	finish(c);
}

void commit_cancel(struct commit *c)
{
	if (c)
		c->done = NULL;
}

/* ------------------------------------------------------------------ to the monitor and back */

static int send_parts(struct commit *c, enum change_how how, const char *text, size_t len)
{
	struct change_part part = { c->number, how, (uint32_t)len, 0 };
	int err;

	do {
		size_t n = len - part.at < PART ? len - part.at : PART;

		err = proc_send2(PROC_MONITOR, MSG_CHANGE, &part, sizeof(part), text + part.at, n);
		part.at += (uint32_t)n;
	} while (!err && part.at < len);
	return err;
}

static void send_off(struct commit *c, enum change_how how)
{
	struct mgmt_error e;
	char *text = NULL;
	size_t len;

	if (c->diff && lyd_print_mem(&text, c->diff, LYD_XML, LYD_PRINT_SHRINK | LYD_PRINT_WITHSIBLINGS)) {
		error_set(&e, "resource-denied", NULL, "out of memory");
		fail(c, &e);
		return;
	}
	len = text ? strlen(text) : 0;
	c->sent = true;
	if (len > CHANGE_MAX || proc_backlog(PROC_MONITOR) > WAITS || send_parts(c, how, text ? text : "", len)) {
		error_set(&e, "too-big", NULL, "too much has changed for one commit");
		fail(c, &e);
	}
	free(text);
}

bool commit_is_expected(void)
{
	return co.current && co.current->sent && !co.current->answered;
}

bool commit_reverts(void)
{
	return commit_is_expected() && co.current->how == CHANGE_REVERT;
}

void commit_reverted(struct lyd_node *diff)
{
	lyd_free_all(co.current->diff);
	co.current->diff = diff;
}

bool commit_answer(const void *data, size_t len)
{
	struct change_answer a;
	struct mgmt_error e;

	if (len != sizeof(a))
		return false;
	memcpy(&a, data, len);
	if (!commit_is_expected() || a.number != co.current->number)
		return true;
	co.current->answered = true;
	if (a.good) {
		finish(co.current);
		return true;
	}
	error_set(&e, "operation-failed", NULL, "%.250s", a.e.text);
	snprintf(e.path, sizeof(e.path), "%s", a.e.path);
	fail(co.current, &e);
	return true;
}

/* ------------------------------------------------------------------ the beginning */

static struct commit *new_commit(const struct commit_wish *w, commit_done done, void *arg)
{
	struct commit *c = calloc(1, sizeof(*c));

	if (c)
		c->over = evtimer_new(co.base, on_over, c);
	if (!c || !c->over) {
		free(c);
		return NULL;
	}
	c->done = done;
	c->arg = arg;
	c->number = ++co.number;
	c->session = w->session;
	c->candidate = w->candidate;
	c->how = w->how;
	c->seconds = w->seconds;
	snprintf(c->persist, sizeof(c->persist), "%s", w->persist ? w->persist : "");
	c->has_user = w->user;
	snprintf(c->user, sizeof(c->user), "%s", w->user ? w->user : "");
	return c;
}

/*
 * Before it is validated, so that who may not write cannot learn from what is wrong with it (RFC 8341, 5.2); what
 * validation takes away or adds is looked at after it.
 */
static bool may_try(const struct commit_wish *w, struct lyd_node **wanted, struct mgmt_error *e)
{
	struct lyd_node *diff;
	bool may;

	if (!w->user || w->how == CHANGE_TEST)
		return true;
	if (!edit_defaults(wanted, store_ctx()) ||
	    !hide_known(*wanted, datastore_tree(DATASTORE_RUNNING)))
		return error_set(e, "resource-denied", NULL, "out of memory");
	diff = difference(*wanted, e);
	may = diff ? may_write(w, diff, e) : !e->tag;
	lyd_free_all(diff);
	return may;
}

static bool check(struct commit *c, const struct commit_wish *w, struct lyd_node **wanted,
		  struct mgmt_error *e)
{
	bool good = true;

	if (w->how != CHANGE_TEST && w->how != CHANGE_REVERT)
		good = lock_allows(DATASTORE_RUNNING, w->session, e);
	if (!good || !*wanted)
		return good;
	e->tag = NULL;
	if (!may_try(w, wanted, e))
		return false;
	if (!commit_validate(wanted, e)) {
		if (w->user)
			hush_validation(e, w->user, *wanted);
		return false;
	}
	c->diff = difference(*wanted, e);
	if (!c->diff)
		return !e->tag;
	return w->how == CHANGE_TEST || may_write(w, c->diff, e);
}

/* Nothing to do but, maybe, to write what is on trial. */
static bool is_idle(const struct commit *c, enum change_how how)
{
	return !c->diff && (how == CHANGE_TEST || how == CHANGE_TRIAL);
}

struct commit *commit_begin(const struct commit_wish *w, commit_done done, void *arg)
{
	struct commit *c = new_commit(w, done, arg);
	struct lyd_node *wanted = w->wanted;
	struct mgmt_error e;

	if (!c) {
		lyd_free_all(wanted);
		return NULL;
	}
	if (co.current) {
		error_set(&e, "in-use", NULL, "another commit is under way");
		fail(c, &e);
	} else if (!check(c, w, &wanted, &e)) {
		fail(c, &e);
	} else {
		co.current = c;
		if (is_idle(c, w->how))
			finish(c);
		else
			send_off(c, w->how);
	}
	lyd_free_all(wanted);
	return c;
}

struct commit *commit_start(const char *user, uint32_t session, struct lyd_node *wanted, commit_done done,
			    void *arg)
{
	struct commit_wish w = {
		.user = user, .session = session, .wanted = wanted, .how = CHANGE_KEEP,
	};
	struct mgmt_error e;
	struct commit *c;

	if (confirm_allows(session, NULL, &e)) {
		c = commit_begin(&w, done, arg);
		return c;
	}
	lyd_free_all(wanted);
	c = new_commit(&w, done, arg);
	if (c)
		fail(c, &e);
	return c;
}

/* ------------------------------------------------------------------ waiting */

bool commit_is_busy(void)
{
	return co.current;
}

/* One at a time: what runs may begin another commit. */
static void on_turn(evutil_socket_t fd, short what, void *arg)
{
	struct commit_waiter *w = co.waiting;

	(void)fd;
	(void)what;
	(void)arg;
	if (!w || co.current)
		return;
	co.waiting = w->next;
	w->run(w->arg);
	free(w);
	if (!co.current)
		take_turn();
}

struct commit_waiter *commit_wait(void (*run)(void *arg), void *arg)
{
	struct commit_waiter *w = calloc(1, sizeof(*w)), **at = &co.waiting;

	if (!w)
		return NULL;
	w->run = run;
	w->arg = arg;
	while (*at)
		at = &(*at)->next;
	*at = w;
	if (!co.current)
		take_turn();
	return w;
}

void commit_unwait(struct commit_waiter *w)
{
	struct commit_waiter **at = &co.waiting;

	while (*at && *at != w)
		at = &(*at)->next;
	if (!*at)
		return;
	*at = w->next;
	free(w);
}

int commit_init(struct event_base *base)
{
	co.base = base;
	co.turn = evtimer_new(base, on_turn, NULL);
	return co.turn ? 0 : -ENOMEM;
}
