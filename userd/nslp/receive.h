/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What GIST delivers, up to the point where roles differ (RFC 5973, sections 3.3 to 3.6).
 *
 * Syntax is answered first, then the sequence number is looked at (old ones are dropped without a
 * word), then what the request means here; the gate says who may. A lifetime that is too small is
 * refused only to those who may ask. The sequence number is stored when the gate has agreed.
 */
#ifndef _NATFWD_NSLP_RECEIVE_H
#define _NATFWD_NSLP_RECEIVE_H

#include "nslp/session.h"

/* gist_nslp: a message that is part of an exchange between known peers. */
void nslp_receive(void *engine, const struct gist_rx *rx);
/* gist_nslp: whether to be the next signalling hop of whoever asks (3.2, 3.7.2). */
enum gist_peering nslp_receive_query(void *engine, const struct gist_rx *rx,
				     struct gist_view *answer);
/* Options that messages are read and written with here: NSLP_... of nslp/message.h. */
unsigned int nslp_options(const struct nslp *n);
/* Make a rule's role and far side from what is asked; false, and what to refuse it with. */
bool nslp_plan(struct nslp *n, struct nslp_rule *r, const struct gist_rx *rx,
	       const struct nslp_message *m, struct nslp_fault *fault);
/*
 * nslp_lifetime_accept() - the lifetime this node accepts for @asked seconds (3.4)
 *
 * Never raised; 7/0x10 in @refuse if it is below the minimum.
 */
uint32_t nslp_lifetime_accept(const struct nslp *n, uint32_t asked, uint16_t *refuse);

#endif /* _NATFWD_NSLP_RECEIVE_H */
