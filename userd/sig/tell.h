/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What applications are told of their sessions, by way of the control process. What its channel has no
 * room for is kept, the latest of each session, and told when there is room: the end of a session that
 * nobody heard of would leave it in the lists of the control process for good.
 */
#ifndef _NATFWD_SIG_TELL_H
#define _NATFWD_SIG_TELL_H

#include "base/session.h"

#define TELL_MAX	8192	/* sessions kept; the control process has fewer */

void tell(const struct session_event *e);
/* The channel has room again. */
void tell_drained(void);
/* The control process is another one, and opens its sessions again: forget what the old one was not told. */
void tell_forget(void);

#endif /* _NATFWD_SIG_TELL_H */
