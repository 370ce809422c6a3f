// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "ctl/wait.h"
#include "nslp/code.h"

static struct wait {
	uint32_t uid;
	char user[SESSION_USER];
	uint64_t tag;
	struct event *limit;		/* NULL: not in use */
	void (*done)(void *arg, const struct session_event *e);
	void *arg;
} waits[WAITS_MAX];

static struct event_base *loop;

void wait_init(struct event_base *base)
{
	loop = base;
}

static void finish(struct wait *w, const struct session_event *e)
{
	const struct wait was = *w;

	event_free(w->limit);
	w->limit = NULL;
	was.done(was.arg, e);
}

static void on_limit(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	finish(arg, NULL);
}

static bool is_of(const struct wait *w, uint32_t uid, const char *user)
{
	return w->uid == uid && (uid != GATE_MANAGER || !strcmp(w->user, user));
}

/* One that @uid may have; NULL: there is none. */
static struct wait *vacant(uint32_t uid, const char *user)
{
	unsigned int here = 0, users = 0;
	struct wait *w, *free_one = NULL;

	for (w = waits; w < waits + WAITS_MAX; w++) {
		if (!w->limit) {
			free_one = w;
			continue;
		}
		here += w->uid != GATE_MANAGER;
		users += is_of(w, uid, user);
	}
	return users >= WAITS_USER || (uid != GATE_MANAGER && here >= WAITS_HERE) ? NULL : free_one;
}

bool wait_start(uint32_t uid, const char *user, uint64_t tag, unsigned int seconds,
		void (*done)(void *arg, const struct session_event *e), void *arg)
{
	const struct timeval limit = { (time_t)seconds, 0 };
	struct wait *w = vacant(uid, user);

	if (!w)
		return false;
	*w = (struct wait){ .uid = uid, .tag = tag, .limit = evtimer_new(loop, on_limit, w), .done = done, .arg = arg };
	snprintf(w->user, sizeof(w->user), "%s", user);
	if (w->limit && !event_add(w->limit, &limit))
		return true;
	if (w->limit)
		event_free(w->limit);
	w->limit = NULL;
	return false;
}

void wait_event(const struct session_event *e)
{
	uint64_t tag = session_hash(e->sid);
	struct wait *w;

	if (e->state != SESSION_ESTABLISHED && e->state != SESSION_DEAD)
		return;
	for (w = waits; w < waits + WAITS_MAX; w++)
		if (w->limit && w->tag == tag)
			finish(w, e);
}

bool wait_refused(const struct session_event *e)
{
	return e->state == SESSION_DEAD || (e->code && NSLP_CLASS(e->code) != NSLP_CLASS_SUCCESS);
}
