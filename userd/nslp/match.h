/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which reservation a CREATE comes in by, and which deny it runs into (RFC 5973, sections 3.8 and
 * 4.2.4).
 *
 * Reservations are found by the endpoint that CREATE is sent to: the external one at a NAT, the
 * receiver's own at a firewall. Where the RFC is open:
 *  - several match: the most specific, then the oldest (AMB-43);
 *  - the MRI is wider than the reservation: no match (AMB-46); a flagged port of 0 is a port;
 *  - a deny stops signalling for flows that it covers as a whole (AMB-17).
 */
#ifndef _NATFWD_NSLP_MATCH_H
#define _NATFWD_NSLP_MATCH_H

#include "nslp/session.h"

/* The established EXTERNAL (allow) session that @mri of a CREATE matches, or NULL. */
struct nslp_session *nslp_match(const struct nslp *n, const struct gist_mri *mri);
/* Whether an installed deny, of another session than @sid, covers the flow of a CREATE. */
bool nslp_match_denied(const struct nslp *n, const struct gist_mri *mri, const uint8_t *sid);
/* @s has a new rule in force: index it, if it is one of these. */
void nslp_match_update(struct nslp_session *s);
void nslp_match_remove(struct nslp_session *s);

#endif /* _NATFWD_NSLP_MATCH_H */
