// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/table.h"
#include "proc.h"
#include "sig/tell.h"

struct untold {
	struct table_node node;		/* by session */
	struct session_event event;
};

static struct table untold;

static struct untold *find(const struct session_event *e, uint64_t hash)
{
	struct table_node *n;

	for (n = table_first(&untold, hash); n; n = table_next(n, hash)) {
		struct untold *u = container_of(n, struct untold, node);

		if (u->event.token == e->token && !memcmp(u->event.sid, e->sid, GATE_SID))
			return u;
	}
	return NULL;
}

static bool keep(const struct session_event *e)
{
	uint64_t hash = session_hash(e->sid);
	struct untold *u = find(e, hash);

	if (!u && untold.count < TELL_MAX) {
		u = malloc(sizeof(*u));
		if (u && table_add(&untold, &u->node, hash)) {
			free(u);
			u = NULL;
		}
	}
	if (u)
		u->event = *e;
	return u;
}

static void drop(struct untold *u)
{
	table_del(&untold, &u->node);
	free(u);
}

static int pass_on(const struct session_event *e)
{
	return proc_send(PROC_CTL, MSG_SESSION_EVENT, e, sizeof(*e));
}

/* While something is kept all is, or a session's events would come out of order. */
void tell(const struct session_event *e)
{
	int err = untold.count ? -ENOBUFS : pass_on(e);
	char tag[SESSION_TAG];

	if (!err || (err == -ENOBUFS && keep(e)))
		return;
	log_warn(SUB_NSLP, "an application was not told about its session sid=%s state=%u",
		 session_tag(e->sid, tag), e->state);
}

static bool tell_one(struct table_node *n, void *arg)
{
	struct untold *u = container_of(n, struct untold, node);

	(void)arg;
	if (pass_on(&u->event) == -ENOBUFS)
		return false;
	drop(u);
	return true;
}

void tell_drained(void)
{
	table_each(&untold, tell_one, NULL);
}

static bool forget_one(struct table_node *n, void *arg)
{
	(void)arg;
	drop(container_of(n, struct untold, node));
	return true;
}

void tell_forget(void)
{
	table_each(&untold, forget_one, NULL);
	table_fini(&untold);
}
