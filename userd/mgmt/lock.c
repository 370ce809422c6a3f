// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "base/log.h"
#include "mgmt/certname.h"
#include "mgmt/confirm.h"
#include "mgmt/lock.h"
#include "mgmt/rpc.h"
#include "mgmt/session.h"
#include "proc.h"

static struct lock {
	uint32_t session;	/* 0: not locked */
	time_t since;
} locks[2];

uint32_t lock_owner(enum datastore which)
{
	return locks[which].session;
}

time_t lock_since(enum datastore which)
{
	return locks[which].since;
}

bool lock_allows(enum datastore which, uint32_t session, struct mgmt_error *e)
{
	uint32_t owner = locks[which].session;

	if (!owner || owner == session)
		return true;
	error_set(e, "in-use", NULL, "locked by session %u", owner);
	e->session = owner;
	return false;
}

/* Whoever reads the file again has to know (7.5: no other entity may change it). */
static void set(enum datastore which, uint32_t session)
{
	struct lock *l = &locks[which == DATASTORE_CANDIDATE];
	struct conf_lock lock = { .session = session };
	const struct session *s = session_find(session);

	l->session = session;
	l->since = time(NULL);
	if (which != DATASTORE_RUNNING)
		return;
	if (s)
		log_name(s->user, lock.user, sizeof(lock.user));
	proc_send(PROC_MONITOR, MSG_CONF_LOCK, &lock, sizeof(lock));
}

static bool deny(struct mgmt_error *e, uint32_t owner, const char *why)
{
	error_set(e, "lock-denied", NULL, "%s", why);
	e->type = "protocol";
	e->session = owner;
	return false;
}

bool lock_take(enum datastore which, uint32_t session, struct mgmt_error *e)
{
	uint32_t owner;

	if (locks[which].session)
		return deny(e, locks[which].session, "it is locked");
	if (which == DATASTORE_CANDIDATE && datastore_changed())
		return deny(e, 0, "there are changes that have not been committed");
	if (which == DATASTORE_RUNNING && confirm_is_pending(&owner) && owner != session)
		return deny(e, owner, "a commit waits to be confirmed");
	set(which, session);
	log_info(SUB_MGMT, "session locked id=%u datastore=%s", session,
		 which == DATASTORE_CANDIDATE ? "candidate" : "running");
	return true;
}

bool lock_release(enum datastore which, uint32_t session, struct mgmt_error *e)
{
	if (locks[which].session != session) {
		error_set(e, "operation-failed", NULL, "this session has not locked it");
		e->type = "protocol";
		return false;
	}
	set(which, 0);
	if (which == DATASTORE_CANDIDATE)
		datastore_set_candidate(NULL);
	return true;
}

void lock_session_over(uint32_t session)
{
	struct mgmt_error e;

	if (locks[DATASTORE_CANDIDATE].session == session)
		lock_release(DATASTORE_CANDIDATE, session, &e);
	if (locks[DATASTORE_RUNNING].session == session)
		lock_release(DATASTORE_RUNNING, session, &e);
}

bool lock_message(enum msg_type type, const void *data, size_t len)
{
	struct session *s;
	uint32_t id;

	if (type != MSG_CONF_UNLOCK || len != sizeof(id))
		return false;
	memcpy(&id, data, sizeof(id));
	s = id && id == locks[DATASTORE_RUNNING].session ? session_find(id) : NULL;
	if (!s)
		return true;
	log_notice(SUB_MGMT, "session killed id=%u by the operator", id);
	rpc_cancel(s);
	session_end(s, SESSION_KILLED, "killed by the operator");
	/* not when all it is to be told has gone out */
	lock_session_over(id);
	return true;
}
