// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "mgmt/confirm.h"
#include "mgmt/events.h"
#include "mgmt/session.h"

static struct {
	struct event *timer;
	bool pending;
	uint32_t session;	/* that it ends with; 0: none */
	char persist[CONFIRM_TOKEN];	/* empty: none */
	struct commit_waiter *waiter;	/* to revert */
	enum events_confirm why;
} cf;

bool confirm_is_pending(uint32_t *session)
{
	*session = cf.session;
	return cf.pending;
}

static bool is_token(const char *persist_id)
{
	return persist_id && *cf.persist && !strcmp(persist_id, cf.persist);
}

bool confirm_allows(uint32_t session, const char *persist_id, struct mgmt_error *e)
{
	if (persist_id && !(cf.pending && is_token(persist_id)))
		return error_set(e, "invalid-value", NULL, "nothing with this persist-id is to be confirmed");
	if (!cf.pending || is_token(persist_id) || (cf.session && cf.session == session))
		return true;
	if (*cf.persist)
		return error_set(e, "invalid-value", NULL, "a commit waits to be confirmed by its persist-id");
	error_set(e, "in-use", NULL, "a commit of session %u waits to be confirmed", cf.session);
	e->session = cf.session;
	return false;
}

static void clear(void)
{
	event_del(cf.timer);
	commit_unwait(cf.waiter);
	cf.waiter = NULL;
	cf.pending = false;
	cf.session = 0;
	*cf.persist = 0;
}

static void tell(const char *user, uint32_t session, enum events_confirm what, uint32_t seconds)
{
	struct events_by by = { .user = user, .session = session };

	events_confirmed_commit(&by, what, seconds);
}

void confirm_end(const char *user, uint32_t session)
{
	if (!cf.pending)
		return;
	clear();
	tell(user, session, EVENTS_CONFIRM_COMPLETE, 0);
}

struct commit *confirm_revert(const char *user, uint32_t session, commit_done done, void *arg)
{
	const struct commit_wish w = { .session = session, .how = CHANGE_REVERT };

	struct commit *c = commit_begin(&w, done, arg);

	/* its time goes on if it cannot be reverted now */
	if (!c)
		return NULL;
	clear();
	tell(user, session, cf.why, 0);
	cf.why = EVENTS_CONFIRM_CANCEL;
	return c;
}

void confirm_stuck(const char *why)
{
	log_error(SUB_MGMT, "what was on trial cannot be reverted from here, so the monitor is to do it: %s", why);
	proc_exit(1);
}

/* ------------------------------------------------------------------ by itself */

static void revert_now(void *arg)
{
	(void)arg;
	cf.waiter = NULL;
	if (cf.pending && !confirm_revert(NULL, 0, NULL, NULL))
		confirm_stuck("out of memory");
}

/* When what is under way is done. */
static void revert_soon(enum events_confirm why)
{
	if (cf.waiter)
		return;
	cf.why = why;
	cf.waiter = commit_wait(revert_now, NULL);
	if (!cf.waiter)
		confirm_stuck("out of memory");
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	log_notice(SUB_MGMT, "the commit on trial was not confirmed in time");
	revert_soon(EVENTS_CONFIRM_TIMEOUT);
}

void confirm_session_over(uint32_t session)
{
	if (!cf.pending || cf.session != session)
		return;
	log_notice(SUB_MGMT, "session %u of the commit on trial is over", session);
	revert_soon(EVENTS_CONFIRM_CANCEL);
}

void confirm_begin(const char *user, uint32_t session, const char *persist, uint32_t seconds)
{
	const struct timeval limit = { seconds, 0 };
	bool again = cf.pending;

	/* its time may have run out while what prolongs it was under way, which was asked for in time */
	commit_unwait(cf.waiter);
	cf.waiter = NULL;
	cf.pending = true;
	cf.session = persist ? 0 : session;
	snprintf(cf.persist, sizeof(cf.persist), "%s", persist ? persist : "");
	event_add(cf.timer, &limit);
	log_notice(SUB_MGMT, "configuration on trial for %u s session=%u", seconds, session);
	tell(user, session, again ? EVENTS_CONFIRM_EXTEND : EVENTS_CONFIRM_START, seconds);
	/* who asked for it may be gone by now */
	if (cf.session && !session_find(cf.session))
		confirm_session_over(cf.session);
}

void confirm_overtaken(void)
{
	if (!cf.pending)
		return;
	clear();
	tell(NULL, 0, EVENTS_CONFIRM_CANCEL, 0);
}

int confirm_init(struct event_base *base)
{
	cf.why = EVENTS_CONFIRM_CANCEL;
	cf.timer = evtimer_new(base, on_timer, NULL);
	return cf.timer ? 0 : -ENOMEM;
}
