/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Following a session along its path, as far as there is a way: a refresh that goes to the other end and back, what
 * the answer says, and what this node knows.
 *
 * RFC 5973 has no message of which nodes on the path make a list (drafts before it had TRACE). What its messages do
 * tell are the translators that the initiator asked for (NATFW_EXTERNAL_BINDING), and the neighbours.
 */
#ifndef _NATFWD_CTL_TRACE_H
#define _NATFWD_CTL_TRACE_H

#include "ctl/asker.h"
#include "ctl/local.h"

/*
 * Trace session @tag, which is @l, or NULL: none that was opened here; and wait @seconds for an answer of the
 * path. @a is taken, and answered.
 */
void trace_start(struct asker *a, struct local *l, uint64_t tag, unsigned int seconds);

#endif /* _NATFWD_CTL_TRACE_H */
