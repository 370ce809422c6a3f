/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RESPONSEs that this node makes: as NR, as edge, as proxy-NR, and as NF when it refuses (RFC 5973,
 * sections 3.2.7, 3.7.1 and 3.7.2).
 */
#ifndef _NATFWD_NSLP_RESPOND_H
#define _NATFWD_NSLP_RESPOND_H

#include "nslp/session.h"

struct nslp_answer {
	uint32_t msn;			/* of the request */
	uint16_t code, object;
	uint64_t sii;			/* not 0: explicitly routed to this peer */
	bool has_lifetime;
	uint32_t lifetime;
	bool sign;			/* the request was signed: so is the answer, with a key */
	bool has_external, has_binding;
	struct nslp_external external;
	struct nslp_binding binding;
};

/* Send it toward the NI. @near: the request's MRI, in its direction. */
void nslp_respond(struct nslp *n, const uint8_t *sid, const struct gist_mri *near,
		  const struct nslp_answer *a);
/* Refuse a message that has come to nothing here. */
void nslp_refuse(struct nslp *n, const struct gist_rx *rx, const struct nslp_message *m,
		 uint16_t code, uint16_t object);
/* What this node has to open is open: success (3.7.1), and what follows from it (3.7.6). */
void nslp_respond_opened(struct nslp_session *s);

#endif /* _NATFWD_NSLP_RESPOND_H */
