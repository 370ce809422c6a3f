/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether managers' certificates are revoked, as responders say (RFC 6960). What they said is remembered, for
 * so many certificates and no more: that one is revoked for as long as that is said for, that one is not for an hour at
 * most, and if nobody answers then, for as long as that was said for; that somebody did not answer for a moment.
 *
 * Only chains that lead to an authority of the identity are to be asked about: their certificates may name the
 * responder, and nobody else's shall make this node connect to anything.
 */
#ifndef _NATFWD_MGMT_REVOCATION_H
#define _NATFWD_MGMT_REVOCATION_H

#include "conf/conf.h"
#include "ocsp.h"
#include "proc.h"

/* One that is under way. */
struct revocation;

/*
 * Of the whole chain: the worst that is known, and until when; @a->unasked: about one of them nobody could be asked for want
 * of something here. Valid for the call; the check is over and freed.
 */
typedef void (*revocation_fn)(void *arg, const struct ocsp_answer *a);

/*
 * Ask about all of @chain, which was verified, but for its last certificate, the anchor: at the responder of @conf, or, if
 * it permits that, at the one that each names. @anew: also about those that it is known of. NULL: no memory; @fn is not
 * called before this has returned.
 */
struct revocation *revocation_check(struct event_base *base, const struct conf_ocsp *conf,
				    STACK_OF(X509) *chain, bool anew, revocation_fn fn, void *arg);
/* Nothing is told any more. NULL is allowed. */
void revocation_cancel(struct revocation *r);
/* Whether one of @chain is known to be revoked. */
bool revocation_known(STACK_OF(X509) *chain);
/* Numbers for metrics. */
void revocation_stats(void (*fn)(void *arg, const struct stat_value *v), void *arg);

#endif /* _NATFWD_MGMT_REVOCATION_H */
