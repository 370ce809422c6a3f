/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests of managers and the answers to them (RFC 6241, 4 and 7).
 */
#ifndef _NATFWD_MGMT_RPC_H
#define _NATFWD_MGMT_RPC_H

struct session;

/* A message of @s, which ends in a zero octet. It is answered, sooner or later, by session_reply(). */
void rpc_take(struct session *s, const char *text);
/* Answer to a message that was too long to be read. */
void rpc_too_big(struct session *s);
/* What was written of an answer has been taken: on with it, if that is not all. */
void rpc_resume(struct session *s);
/* Forget the request of @s that is under way, if there is one: the session is over. */
void rpc_cancel(struct session *s);

#endif /* _NATFWD_MGMT_RPC_H */
