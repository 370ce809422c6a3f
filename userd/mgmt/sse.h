/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Event streams of RESTCONF: notifications as server-sent events (RFC 8040, 6).
 */
#ifndef _NATFWD_MGMT_SSE_H
#define _NATFWD_MGMT_SSE_H

struct sse;

/* The peer has taken all that was written. NULL is allowed. */
void sse_resume(struct sse *s);
/* Nobody listens any more. NULL is allowed. */
void sse_end(struct sse *s);

#endif /* _NATFWD_MGMT_SSE_H */
