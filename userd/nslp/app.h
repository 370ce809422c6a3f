/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Applications on this node: what they are told, and what of theirs hangs on a session
 * (base/session.h; nslp_app_open() and its like are in nslp.h).
 */
#ifndef _NATFWD_NSLP_APP_H
#define _NATFWD_NSLP_APP_H

#include "nslp/session.h"

/*
 * nslp_app_event() - say what has become of a session
 *
 * Returns: false, and nothing in @e, if nobody here is interested.
 */
bool nslp_app_event(const struct nslp_session *s, struct session_event *e,
		    enum session_state state, uint16_t code, const char *why);
/* Tell the application of its session as it is. */
void nslp_app_tell(struct nslp_session *s, uint16_t code, uint16_t object, const char *why);
/* This node has become NR of a session: told without a token. */
void nslp_app_passive(struct nslp_session *s);
/* Free what is the application's of it. */
void nslp_app_forget(struct nslp_session *s);
uint32_t nslp_app_uid(const struct nslp_session *s);
/* The manager who opened it; NULL: it was none. */
const char *nslp_app_user(const struct nslp_session *s);

#endif /* _NATFWD_NSLP_APP_H */
