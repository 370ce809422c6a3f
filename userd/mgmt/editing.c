// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * edit-config, copy-config, delete-config (RFC 6241, 7.2 to 7.4).
 */
#include <stdlib.h>
#include <string.h>

#include "mgmt/commit.h"
#include "mgmt/confirm.h"
#include "mgmt/hush.h"
#include "mgmt/lock.h"
#include "mgmt/nacm.h"
#include "mgmt/payload.h"
#include "mgmt/store.h"
#include "mgmt/target.h"

enum test { TEST_THEN_SET, TEST_SET, TEST_ONLY, TEST_UNSAID };
enum on_error { ERROR_STOP, ERROR_CONTINUE, ERROR_ROLLBACK };

struct edit_wish {
	enum datastore target;
	enum edit_default def;
	enum test test;
	enum on_error on_error;
	const struct lyd_node *config;
};

/* ------------------------------------------------------------------ checks */

/* Whether the user may make of @target what @tree is. */
static bool may_write(struct request *r, enum datastore target, const struct lyd_node *tree,
		      struct mgmt_error *e)
{
	struct lyd_node *diff = NULL;
	bool may;

	if (lyd_diff_siblings(datastore_tree(target), tree, 0, &diff)) {
		ly_err_clean(store_ctx(), NULL);
		return error_set(e, "resource-denied", NULL, "out of memory");
	}
	error_set(e, "access-denied", NULL, "this user may not change that");
	may = !diff || nacm_may_write(r->session->user, diff, e->path, sizeof(e->path));
	lyd_free_all(diff);
	return may;
}

/* Whether @which may be written now. */
static bool is_free(struct request *r, enum datastore which, struct mgmt_error *e)
{
	uint32_t session;

	if (!lock_allows(which, r->session->id, e))
		return false;
	if (which == DATASTORE_CANDIDATE || !confirm_is_pending(&session))
		return true;
	error_set(e, "in-use", NULL, "a commit waits to be confirmed");
	e->session = session;
	return false;
}

/* ------------------------------------------------------------------ a new tree for a datastore */

static void set_candidate(struct request *r, struct lyd_node *tree)
{
	datastore_set_candidate(tree);
	if (r->faults)
		request_fail_all(r);
	else
		request_ok(r);
}

static void on_tested(void *arg, const struct mgmt_error *e)
{
	struct request *r = arg;
	struct lyd_node *tree = r->tree;

	r->commit = NULL;
	r->tree = NULL;
	if (!e) {
		set_candidate(r, tree);
		return;
	}
	lyd_free_all(tree);
	request_fail(r, e);
}

static void begin(struct request *r, struct lyd_node *tree, enum change_how how, commit_done done)
{
	const struct commit_wish w = {
		.user = r->session->user, .session = r->session->id, .wanted = tree, .how = how,
	};

	target_begun(r, commit_begin(&w, done, r));
}

/* The candidate is tested only if somebody says so (RFC 7950, 8.3.3). */
static void put_candidate(struct request *r, struct lyd_node *tree, enum test test)
{
	struct lyd_node *copy = NULL;

	if (test != TEST_THEN_SET) {
		set_candidate(r, tree);
		return;
	}
	if (lyd_dup_siblings(tree, NULL, LYD_DUP_RECURSIVE | LYD_DUP_WITH_FLAGS, &copy)) {
		lyd_free_all(tree);
		request_error(r, "application", "resource-denied", NULL, "out of memory");
		return;
	}
	r->tree = tree;
	begin(r, copy, CHANGE_TEST, on_tested);
}

static void put(struct request *r, enum datastore target, struct lyd_node *tree, enum test test)
{
	struct mgmt_error e;

	/* what goes to running is looked at when it is committed, too, but what is only tested is not */
	if ((target == DATASTORE_CANDIDATE || test == TEST_ONLY) && !may_write(r, target, tree, &e)) {
		lyd_free_all(tree);
		request_fail(r, &e);
	} else if (test == TEST_ONLY) {
		begin(r, tree, CHANGE_TEST, target_done);
	} else if (target == DATASTORE_RUNNING) {
		begin(r, tree, CHANGE_KEEP, target_done);
	} else {
		put_candidate(r, tree, test);
	}
}

/* ------------------------------------------------------------------ edit-config */

static void failed(void *arg, const struct mgmt_error *e)
{
	request_add_fault(arg, e);
}

/* What comes of @w in a copy of its target. NULL and @e. */
static struct lyd_node *edited(struct request *r, const struct edit_wish *w, struct mgmt_error *e)
{
	const char *user = r->session->user;
	struct lyd_node *tree, *edit;
	bool good = true;
	unsigned int i;

	if (!payload_edit(w->config, &edit, e))
		return NULL;
	tree = datastore_copy(w->target);
	if (w->on_error == ERROR_CONTINUE)
		(void)edit_apply_each(&tree, edit, w->def, failed, r);
	else
		good = edit_apply(&tree, edit, w->def, e);
	if (!good)
		hush_edit(e, user, edit);
	for (i = 0; i < r->faults; i++)
		hush_edit(&r->fault[i], user, edit);
	lyd_free_all(edit);
	if (good && tree)
		return tree;
	if (good)
		error_set(e, "resource-denied", NULL, "out of memory");
	lyd_free_all(tree);
	return NULL;
}

static void run_edit(struct request *r, const struct edit_wish *w)
{
	struct lyd_node *tree = NULL;
	struct mgmt_error e;

	if (is_free(r, w->target, &e))
		tree = edited(r, w, &e);
	if (tree)
		put(r, w->target, tree, w->test);
	else
		request_fail(r, &e);
}

/* False, and @r has been answered: something is wrong. */
static bool read_options(struct request *r, struct edit_wish *w)
{
	static const char *const defaults[] = { "merge", "replace", "none", NULL };
	static const char *const tests[] = { "test-then-set", "set", "test-only", NULL };
	static const char *const errors[] = {
		"stop-on-error", "continue-on-error", "rollback-on-error", NULL,
	};
	int n = target_word(r, "default-operation", defaults, EDIT_MERGE);

	if (n < 0)
		return false;
	w->def = (enum edit_default)n;
	n = target_word(r, "test-option", tests, TEST_UNSAID);
	if (n < 0)
		return false;
	w->test = (enum test)n;
	n = target_word(r, "error-option", errors, ERROR_STOP);
	w->on_error = (enum on_error)n;
	return n >= 0;
}

void edit_config(struct request *r)
{
	static const char *const known[] = {
		"target", "default-operation", "test-option", "error-option", "config", "url", NULL,
	};
	struct edit_wish w;

	if (target_waits(r, edit_config) || !target_known(r, known) ||
	    !target_read(r, "target", &w.target) || !read_options(r, &w))
		return;
	w.config = xml_child(r->op, NETCONF_NS, "config");
	if (w.config)
		run_edit(r, &w);
	else if (xml_child(r->op, NETCONF_NS, "url"))
		request_error(r, "protocol", "operation-not-supported", NULL, "no URLs");
	else
		request_error(r, "protocol", "missing-element", "config", "what is to be edited?");
}

/* ------------------------------------------------------------------ copy-config, delete-config */

/* What may not be read is not copied either (RFC 8341, 3.2.6). */
static struct lyd_node *readable(struct request *r, enum datastore source, struct mgmt_error *e)
{
	struct lyd_node *tree = datastore_copy(source);

	nacm_prune_by(r->nacm, r->session->user, &tree);
	if (!edit_defaults(&tree, store_ctx()))
		error_set(e, "resource-denied", NULL, "out of memory");
	return tree;
}

static void run_copy(struct request *r, enum datastore target, enum datastore source,
		     const struct lyd_node *config)
{
	struct lyd_node *tree = NULL;
	struct mgmt_error e;

	error_set(&e, "resource-denied", NULL, "out of memory");
	if (is_free(r, target, &e))
		tree = config ? payload_tree(config, &e) : readable(r, source, &e);
	if (tree)
		put(r, target, tree, TEST_UNSAID);
	else
		request_fail(r, &e);
}

void copy_config(struct request *r)
{
	static const char *const known[] = { "target", "source", NULL };
	enum datastore target, source = DATASTORE_RUNNING;
	const struct lyd_node *config;

	if (target_waits(r, copy_config) || !target_known(r, known) ||
	    !target_read(r, "target", &target) || !target_or_config(r, "source", &source, &config))
		return;
	if (!config && source == target)
		request_error(r, "protocol", "invalid-value", NULL, "source and target are the same");
	else
		run_copy(r, target, source, config);
}

/* There is nothing that can be done without (7.4: not running; and the candidate goes by discard-changes). */
void delete_config(struct request *r)
{
	enum datastore target;

	if (target_read(r, "target", &target))
		request_error(r, "protocol", "operation-not-supported", NULL,
			      "neither running nor candidate can be deleted");
}
