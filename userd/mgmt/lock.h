/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Locks of datastores (RFC 6241, 7.5). They are sessions', and go with them.
 */
#ifndef _NATFWD_MGMT_LOCK_H
#define _NATFWD_MGMT_LOCK_H

#include <time.h>

#include "mgmt/datastore.h"
#include "proc.h"

/* Session that has locked @which; 0: none. */
uint32_t lock_owner(enum datastore which);
/* When it did. */
time_t lock_since(enum datastore which);
/* Whether @session may write @which: false and in-use if another one has locked it. */
bool lock_allows(enum datastore which, uint32_t session, struct mgmt_error *e);
/* False and lock-denied, with who has it. */
bool lock_take(enum datastore which, uint32_t session, struct mgmt_error *e);
/* With the candidate's go its changes (8.3.5.2). False: @session does not have it. */
bool lock_release(enum datastore which, uint32_t session, struct mgmt_error *e);
void lock_session_over(uint32_t session);
/* Of the monitor: the operator takes a lock away. False: not one of these. */
bool lock_message(enum msg_type type, const void *data, size_t len);

#endif /* _NATFWD_MGMT_LOCK_H */
