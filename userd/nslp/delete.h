/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Deleting sessions: one by its initiator, or many at once by their neighbour (RFC 5973, section
 * 3.7.4). Never answered, but for an aggregate that is refused.
 */
#ifndef _NATFWD_NSLP_DELETE_H
#define _NATFWD_NSLP_DELETE_H

#include "nslp/session.h"

/* A request with lifetime 0; @s NULL: of a session that is not here. */
void nslp_delete(struct nslp *n, struct nslp_session *s, const struct gist_rx *rx,
		 const struct nslp_message *m);
/* A message with session id 0 that is no NOTIFY. */
void nslp_delete_aggregate(struct nslp *n, const struct gist_rx *rx,
			   const struct nslp_message *m);
/* Whether @s is among those an aggregate about @wide means (3.7.4, 3.7.5). */
bool nslp_delete_within(const struct gist_mri *mri, const struct gist_mri *wide);

#endif /* _NATFWD_NSLP_DELETE_H */
