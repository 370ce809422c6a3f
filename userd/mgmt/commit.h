/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Putting a configuration in force: locks, access control, validation, then the difference goes to the monitor, which
 * tries it, writes the file, and tells all processes. One at a time.
 */
#ifndef _NATFWD_MGMT_COMMIT_H
#define _NATFWD_MGMT_COMMIT_H

#include <event2/event.h>

#include "mgmt/datastore.h"
#include "proc.h"

struct commit;

struct commit_wish {
	const char *user;		/* NULL: needs no rights */
	uint32_t session;		/* locks of others hold; 0: none of its own */
	struct lyd_node *wanted;	/* taken, also if it fails; NULL: what is running */
	enum change_how how;
	bool candidate;			/* @wanted is the candidate, which has no changes any more when it is done */
	const char *persist;		/* CHANGE_TRIAL: confirm_begin() */
	uint32_t seconds;
};

typedef void (*commit_done)(void *arg, const struct mgmt_error *e);

int commit_init(struct event_base *base);
/*
 * @done is called once, not before this returns: @e NULL: in force in all processes and, unless it is on trial, on
 * the disk. NULL: no memory, and @done is not called. A second one while one is under way is in-use: see
 * commit_wait().
 */
struct commit *commit_begin(const struct commit_wish *w, commit_done done, void *arg);
/* The same for good (CHANGE_KEEP), confirming what is on trial, if anything is and it may. */
struct commit *commit_start(const char *user, uint32_t session, struct lyd_node *wanted, commit_done done,
			    void *arg);
/* Nobody waits any more; the commit itself goes on. NULL is allowed. */
void commit_cancel(struct commit *c);

/*
 * Whether @wanted, with defaults, keeps to the modules. Secrets that are not in it for nobody sees them are
 * added as something that stands for them. False and @e. Whether it can be put in force is another question
 * (CHANGE_TEST).
 */
bool commit_validate(struct lyd_node **wanted, struct mgmt_error *e);

/* @run is called when no commit is under way any more, and not before this returns. NULL: no memory. */
struct commit_waiter *commit_wait(void (*run)(void *arg), void *arg);
/* NULL is allowed. */
void commit_unwait(struct commit_waiter *w);
bool commit_is_busy(void);

/* MSG_CHANGE_DONE. False: not as it has to be. */
bool commit_answer(const void *data, size_t len);
/* A configuration has come from the monitor, which is running now: whether it is of a commit. */
bool commit_is_expected(void);
/* Whether that is one that takes back another, and knows not what that comes to: commit_reverted() has to follow. */
bool commit_reverts(void);
/* @diff, which is taken: what has changed by that. */
void commit_reverted(struct lyd_node *diff);

#endif /* _NATFWD_MGMT_COMMIT_H */
