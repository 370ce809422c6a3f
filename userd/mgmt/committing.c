// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * commit, cancel-commit, discard-changes, validate, lock and unlock (RFC 6241, 7.5, 7.6, 8.3, 8.4, 8.6).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mgmt/commit.h"
#include "mgmt/confirm.h"
#include "mgmt/lock.h"
#include "mgmt/payload.h"
#include "mgmt/target.h"

/* ------------------------------------------------------------------ commit */

struct commit_options {
	bool confirmed;
	uint32_t seconds;
	char persist[CONFIRM_TOKEN], persist_id[CONFIRM_TOKEN];	/* empty: none */
};

/* Text of a token. False, and @r has been answered: it is too long, or empty. */
static bool read_token(struct request *r, const char *name, char token[CONFIRM_TOKEN])
{
	const struct lyd_node *n = xml_child(r->op, NETCONF_NS, name);

	*token = 0;
	if (!n || *xml_text(n, token, CONFIRM_TOKEN))
		return true;
	request_error(r, "protocol", "invalid-value", NULL, "%s has 1 to %d octets", name,
		      CONFIRM_TOKEN - 1);
	return false;
}

static bool read_seconds(struct request *r, uint32_t *seconds)
{
	const struct lyd_node *n = xml_child(r->op, NETCONF_NS, "confirm-timeout");
	char text[16], *end;
	unsigned long number;

	*seconds = CONFIRM_SECONDS;
	if (!n)
		return true;
	errno = 0;
	number = strtoul(xml_text(n, text, sizeof(text)), &end, 10);
	if (*text >= '0' && *text <= '9' && !*end && !errno && number && number <= UINT32_MAX) {
		*seconds = (uint32_t)number;
		return true;
	}
	request_error(r, "protocol", "invalid-value", NULL, "confirm-timeout is a number of seconds from 1");
	return false;
}

static bool read_options(struct request *r, struct commit_options *o)
{
	o->confirmed = xml_child(r->op, NETCONF_NS, "confirmed");
	if (!read_seconds(r, &o->seconds) || !read_token(r, "persist", o->persist) ||
	    !read_token(r, "persist-id", o->persist_id))
		return false;
	if (o->confirmed || (!*o->persist && !xml_child(r->op, NETCONF_NS, "confirm-timeout")))
		return true;
	request_error(r, "protocol", "missing-element", "confirmed", "persist and confirm-timeout go with it");
	return false;
}

static bool may_commit(const struct request *r, const struct commit_options *o, struct mgmt_error *e)
{
	uint32_t session = r->session->id;

	return lock_allows(DATASTORE_CANDIDATE, session, e) &&
	       lock_allows(DATASTORE_RUNNING, session, e) &&
	       confirm_allows(session, *o->persist_id ? o->persist_id : NULL, e);
}

void commit(struct request *r)
{
	static const char *const known[] = {
		"confirmed", "confirm-timeout", "persist", "persist-id", NULL,
	};
	struct commit_options o;
	struct commit_wish w = {
		.user = r->session->user, .session = r->session->id, .candidate = true,
	};
	struct mgmt_error e;

	if (target_waits(r, commit) || !target_known(r, known) || !read_options(r, &o))
		return;
	if (!may_commit(r, &o, &e)) {
		request_fail(r, &e);
		return;
	}
	w.how = o.confirmed ? CHANGE_TRIAL : CHANGE_KEEP;
	w.persist = *o.persist ? o.persist : NULL;
	w.seconds = o.seconds;
	w.wanted = datastore_changed() ? datastore_copy(DATASTORE_CANDIDATE) : NULL;
	if (datastore_changed() && !w.wanted)
		target_begun(r, NULL);
	else
		target_begun(r, commit_begin(&w, target_done, r));
}

void cancel_commit(struct request *r)
{
	static const char *const known[] = { "persist-id", NULL };
	char id[CONFIRM_TOKEN];
	struct mgmt_error e;
	uint32_t session;

	if (target_waits(r, cancel_commit) || !target_known(r, known) ||
	    !read_token(r, "persist-id", id))
		return;
	if (!confirm_allows(r->session->id, *id ? id : NULL, &e))
		request_fail(r, &e);
	else if (!confirm_is_pending(&session))
		request_error(r, "protocol", "operation-failed", NULL, "no commit waits to be confirmed");
	else
		target_begun(r, confirm_revert(r->session->user, r->session->id, target_done, r));
}

/* ------------------------------------------------------------------ candidate */

void discard_changes(struct request *r)
{
	static const char *const known[] = { NULL };
	struct mgmt_error e;

	if (target_waits(r, discard_changes) || !target_known(r, known))
		return;
	if (!lock_allows(DATASTORE_CANDIDATE, r->session->id, &e)) {
		request_fail(r, &e);
		return;
	}
	datastore_set_candidate(NULL);
	request_ok(r);
}

void validate(struct request *r)
{
	static const char *const known[] = { "source", NULL };
	struct commit_wish w = { .session = r->session->id, .how = CHANGE_TEST };
	enum datastore source = DATASTORE_RUNNING;
	const struct lyd_node *config;
	struct mgmt_error e;

	if (target_waits(r, validate) || !target_known(r, known) ||
	    !target_or_config(r, "source", &source, &config))
		return;
	error_set(&e, "resource-denied", NULL, "out of memory");
	w.wanted = config ? payload_tree(config, &e) : datastore_copy(source);
	if (w.wanted)
		target_begun(r, commit_begin(&w, target_done, r));
	else
		request_fail(r, &e);
}

/* ------------------------------------------------------------------ locks */

static void answer(struct request *r, bool good, const struct mgmt_error *e)
{
	if (good)
		request_ok(r);
	else
		request_fail(r, e);
}

void lock(struct request *r)
{
	static const char *const known[] = { "target", NULL };
	enum datastore target;
	struct mgmt_error e;

	if (!target_waits(r, lock) && target_known(r, known) && target_read(r, "target", &target))
		answer(r, lock_take(target, r->session->id, &e), &e);
}

void unlock(struct request *r)
{
	static const char *const known[] = { "target", NULL };
	enum datastore target;
	struct mgmt_error e;

	if (!target_waits(r, unlock) && target_known(r, known) && target_read(r, "target", &target))
		answer(r, lock_release(target, r->session->id, &e), &e);
}
