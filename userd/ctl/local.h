/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sessions that applications on this node have opened. They are kept in the journal, unless bound to a
 * connection, and opened again in the signalling process when either was restarted.
 */
#ifndef _NATFWD_CTL_LOCAL_H
#define _NATFWD_CTL_LOCAL_H

#include "base/log.h"
#include "base/session.h"
#include "base/table.h"

#define LOCAL_MAX	4096
#define LOCAL_USER_MAX	256	/* of one user but root, and of one manager */
#define LOCAL_TOKEN	16

/* About 800 octets, 4096 at most. */
struct local {
	struct table_node node;		/* hash: session_hash() of sid, which is the tag */
	struct session_open open;	/* as asked for, sid included */
	uint8_t token[LOCAL_TOKEN];
	uint32_t reserved;		/* MSN: what is used is below, before it is stored anew */
	uint64_t expires;		/* seconds since 1970: not opened again after that */
	uint64_t owners;		/* connections, by slot */
	int bound;			/* slot of the connection it ends with, -1: none */
	bool closing;			/* told to end */
	bool untold;			/* closing, and the signalling process does not know */
	struct session_event last;
	uint64_t probed;		/* refreshed for a trace, ms of boottime; 0: never */
	uint32_t took;			/* ms from then to the answer; LOCAL_UNANSWERED */
};

#define LOCAL_UNANSWERED	UINT32_MAX

/* Whether the connection in @slot opened it, or was given it. */
static inline bool local_is_of(const struct local *l, unsigned int slot)
{
	return l->owners >> slot & 1;
}

bool local_init(const uint8_t seed[32], const int state[2]);
/* Everything again to the signalling process, which knows nothing. */
void local_resume(void);
struct local *local_find(uint64_t tag);
struct local *local_find_token(const uint8_t token[LOCAL_TOKEN]);
unsigned int local_count(void);
/* Of @uid, and with GATE_MANAGER of manager @user. */
unsigned int local_count_of(uint32_t uid, const char *user);
void local_each(void (*fn)(struct local *l, void *arg), void *arg);
/*
 * Open a session as @o says, whose sid is chosen here, for the connection in @slot, -1: for none. NULL and *@why
 * if that is not possible.
 */
struct local *local_open(struct session_open *o, int slot, bool bound, const char **why);
/* Change @l to what @o says; its id stays. NULL or why not. */
const char *local_change(struct local *l, const struct session_open *o);
/* NULL or why not. */
const char *local_refresh(struct local *l);
const char *local_close(struct local *l);
/* What the signalling process says. Frees @l if that is its end: after @l is told to everybody. */
void local_event(struct local *l, const struct session_event *e);
bool local_over(const struct local *l);
void local_forget(struct local *l);
/* The connection in @slot is gone. */
void local_leave(unsigned int slot);
/* The signalling process takes more again: tell it of those that could not be ended. */
void local_drained(void);
/* Write anew what is out of date or could not be written; to be called now and then. */
void local_tidy(void);
/* Positive errno of the last write, 0: all is stored. */
int local_error(void);

#endif /* _NATFWD_CTL_LOCAL_H */
