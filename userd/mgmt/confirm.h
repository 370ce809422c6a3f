/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The confirmed commit (RFC 6241, 8.4): what is in force goes back to what the file has unless it is confirmed in
 * time.
 */
#ifndef _NATFWD_MGMT_CONFIRM_H
#define _NATFWD_MGMT_CONFIRM_H

#include "mgmt/commit.h"

#define CONFIRM_SECONDS	600	/* if nobody says another time */
#define CONFIRM_TOKEN	128	/* octets of a persist-id, with its end */

int confirm_init(struct event_base *base);
/* *@session: whose it is; 0: of whoever knows its persist-id. */
bool confirm_is_pending(uint32_t *session);
/*
 * Whether a commit by @session with @persist_id (NULL: none) may follow or confirm the pending one, if there is one. False
 * and @e; a persist-id with nothing pending is wrong, too.
 */
bool confirm_allows(uint32_t session, const char *persist_id, struct mgmt_error *e);
/*
 * A commit on trial is in force: it is reverted after @seconds, and when @session ends, unless @persist (NULL: none) names
 * it. A pending one is prolonged.
 */
void confirm_begin(const char *user, uint32_t session, const char *persist, uint32_t seconds);
/* It has been confirmed by @user, or there was none. */
void confirm_end(const char *user, uint32_t session);
/* Revert now; @done as of commit_begin(). NULL: no memory, and it is still pending. Nothing may be under way. */
struct commit *confirm_revert(const char *user, uint32_t session, commit_done done, void *arg);
/* A revert has failed: ends the process, as the monitor reverts what is on trial when that is gone. */
void confirm_stuck(const char *why) __attribute__((noreturn));
void confirm_session_over(uint32_t session);
/* The file's configuration has come in force without us: nothing is pending any more. */
void confirm_overtaken(void);

#endif /* _NATFWD_MGMT_CONFIRM_H */
