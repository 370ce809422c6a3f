/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The forwarder: requests toward the NR, RESPONSEs toward the NI (RFC 5973, sections 3.2.1, 3.4 and
 * 3.7.1). Rules come into force on success only.
 */
#ifndef _NATFWD_NSLP_FORWARD_H
#define _NATFWD_NSLP_FORWARD_H

#include "nslp/session.h"

/* Send the session's request on; its exchange then awaits the RESPONSE. */
void nslp_forward(struct nslp_session *s);
/* Send @m (LT=0) on, as the session's last word; @m NULL: make it, MSN one higher (AMB-45). */
void nslp_forward_delete(struct nslp_session *s, const struct nslp_message *m);
/* E: also send the request on that was answered here; whether it gets there does not matter. */
void nslp_forward_beyond(struct nslp_session *s, const struct nslp_message *m);
/* The RESPONSE to the request under way. */
void nslp_forward_answered(struct nslp_session *s, const struct gist_rx *rx,
			   const struct nslp_message *m);
/* A RESPONSE to nothing under way: of somebody beyond (3.7.6.3), or too late. */
void nslp_forward_late(struct nslp_session *s, const struct gist_rx *rx,
		       const struct nslp_message *m);
/* The gate has done its part: pass the success on. */
void nslp_forward_opened(struct nslp_session *s);
/* There is no next hop for the request under way. */
void nslp_forward_failed(struct nslp_session *s, enum gist_failure failure);

#endif /* _NATFWD_NSLP_FORWARD_H */
