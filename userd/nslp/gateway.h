/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine's side of the gate (base/gate.h): what is asked for a session, and what the answers
 * mean for it. RFC 5973, sections 3.6 (authorization) and 3.7.1 (rules are remembered, and
 * installed on success).
 */
#ifndef _NATFWD_NSLP_GATEWAY_H
#define _NATFWD_NSLP_GATEWAY_H

#include "nslp/session.h"

/*
 * nslp_gate_admit() - ask whether the session's request may be
 * @rx: what came in, for the proof; NULL: nothing did
 * @m: the same, read
 *
 * Goes on in nslp_exchange_admitted(), at once if the rule is none of the gate's business.
 */
void nslp_gate_admit(struct nslp_session *s, const struct gist_rx *rx,
		     const struct nslp_message *m);
/* Bring the rule into force, or keep the reservation, for the exchange's lifetime. */
void nslp_gate_open(struct nslp_session *s);
/* Take back all the gate holds for the session. */
void nslp_gate_close(struct nslp_session *s);
/* An update has failed: make the gate drop what it prepared beside the rule in force. */
void nslp_gate_revert(struct nslp_session *s);
/* Admit and open again what is in force, after the gate was restarted. -ENOBUFS: later. */
int nslp_gate_restore(struct nslp_session *s);

#endif /* _NATFWD_NSLP_GATEWAY_H */
