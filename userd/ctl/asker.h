/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who asks for an operation, and is answered once, now or later: a program at the control socket, or a manager, of
 * whom the management process speaks.
 */
#ifndef _NATFWD_CTL_ASKER_H
#define _NATFWD_CTL_ASKER_H

#include <jansson.h>

#include "base/session.h"
#include "ctl/client.h"

struct local;

struct asker {
	uint64_t client;		/* its connection; 0: a manager */
	json_t *id;			/* of the request */
	uint64_t number;		/* of the manager's */
	char user[SESSION_USER];	/* the manager */
	bool operator;			/* may touch all sessions there are */
	bool held;
	char op[32];			/* the operation, for paths; empty: not known yet */
};

/* Of request @id (which stays the caller's) of @c. NULL: no memory. */
struct asker *asker_client(const struct client *c, json_t *id);
/* Of request @number of the management process, in the name of @user. NULL: no memory. */
struct asker *asker_manager(uint64_t number, const char *user, bool operator);
/* The connection; NULL: it is gone, or it is a manager. */
struct client *asker_connection(const struct asker *a);
static inline bool asker_is_manager(const struct asker *a)
{
	return !a->client;
}
/* It is answered later. False, and it was answered, if it has too many requests under way. */
bool asker_hold(struct asker *a);

/* wait_start() in its name; false, too, when its connection is gone. */
bool asker_wait(const struct asker *a, uint64_t tag, unsigned int seconds,
		void (*done)(void *arg, const struct session_event *e), void *arg);

/* Whether it may change @l, and whether it may know its id and token. */
bool asker_may_touch(const struct asker *a, const struct local *l);
bool asker_may_know(const struct asker *a, const struct local *l);

/* Each of these ends it, and frees it. */
/* @output is taken; NULL: {}. */
void asker_output(struct asker *a, json_t *output);
/*
 * @tag as RFC 6241, appendix A, has it; it is for managers. @leaf is the node of the input that is wrong; NULL: none.
 */
void asker_error(struct asker *a, const char *tag, const char *leaf, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* The same with a path. */
void asker_error_at(struct asker *a, const char *tag, const char *path, const char *text);

#endif /* _NATFWD_CTL_ASKER_H */
