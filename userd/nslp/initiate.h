/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The initiator: as NI and NI+ for applications on this node, as proxy-NI for the sender that an
 * EXTERNAL-PROXY named (RFC 5973, sections 3.4, 3.5, 3.7.1 to 3.7.4 and 3.7.6.1).
 *
 * Each request has an MSN one higher than the last. The refresh period R is 1/5.25 of the lifetime
 * granted, each time between half and one and a half of it at random (3.4; AMB-22). A RESPONSE that
 * stays out for 10 s is asked for again, then after twice as long; a transient failure likewise.
 */
#ifndef _NATFWD_NSLP_INITIATE_H
#define _NATFWD_NSLP_INITIATE_H

#include "nslp/session.h"

/* Begin a request for @lifetime seconds; @next: an update to this rule, taken over, or NULL. */
int nslp_initiate(struct nslp_session *s, uint32_t lifetime, struct nslp_rule *next);
/* Ask for the same again, now: a refresh, or what got lost. */
void nslp_initiate_again(struct nslp_session *s);
/* The same in a while: GIST has lost something, and may again. */
void nslp_initiate_later(struct nslp_session *s);
/* The request may be: send it. */
void nslp_initiate_send(struct nslp_session *s);
void nslp_initiate_answered(struct nslp_session *s, const struct nslp_message *m);
void nslp_initiate_opened(struct nslp_session *s);
/* It came to nothing: refused, here or on the path. */
void nslp_initiate_failed(struct nslp_session *s, uint16_t code, uint16_t object,
			  const char *why);
/* GIST could not send it. */
void nslp_initiate_unsent(struct nslp_session *s, enum gist_failure failure);
/* No RESPONSE within the lifetime asked for. */
void nslp_initiate_timeout(struct nslp_session *s);
/* A NOTIFY has reached this node, its NI. */
void nslp_initiate_notified(struct nslp_session *s, uint16_t code);
/* Send LT=0. The session stays for the caller to end. */
void nslp_initiate_delete(struct nslp_session *s);
/* Whether @nonce is of an EXTERNAL-PROXY of this node (3.7.6.1); whether there is any. */
bool nslp_initiate_nonce(const struct nslp *n, uint32_t nonce);
bool nslp_initiate_any(const struct nslp *n);

#endif /* _NATFWD_NSLP_INITIATE_H */
