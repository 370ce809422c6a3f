/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A request from one step to the next, the same for all roles: admitted by the gate, sent on or
 * answered, opened, done; or failed at any of them. Each of these may end the session.
 */
#ifndef _NATFWD_NSLP_EXCHANGE_H
#define _NATFWD_NSLP_EXCHANGE_H

#include "nslp/session.h"

/* It may be, with what the gate has granted and reserved; @a NULL: nobody was asked. */
void nslp_exchange_admitted(struct nslp_session *s, const struct gate_answer *a);
/* Its rule is in force, or kept. */
void nslp_exchange_opened(struct nslp_session *s);
/*
 * nslp_exchange_fail() - answer the request with an error (RFC 5973 3.2.7)
 * @object: type of the object at fault, or 0
 * @why: for the log and for local applications
 *
 * A session that begins with it ends; one that is there stays as it is until its lifetime ends
 * (AMB-21).
 */
void nslp_exchange_fail(struct nslp_session *s, uint16_t code, uint16_t object, const char *why);
/*
 * Whether an error that a refresh or update has met ends what is in force (AMB-21). That nobody was
 * reached says nothing about the rule: an outage is survived until the lifetime ends (3.4).
 */
static inline bool nslp_exchange_final(uint16_t code)
{
	if (code == NSLP_NOT_REACHED || code == NSLP_NO_EDGE)
		return false;
	return NSLP_CLASS(code) == NSLP_CLASS_PERMANENT || code == NSLP_ENDED;
}

/* Forget the request without an answer (RFC 5981 6.4). */
void nslp_exchange_drop(struct nslp_session *s, uint16_t code, const char *why);
/* The time for the first request of a Pending session is over (3.2.8). */
void nslp_exchange_timeout(struct nslp_session *s);

#endif /* _NATFWD_NSLP_EXCHANGE_H */
