/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The edge as NI for a sender without NSIS (RFC 5973, section 3.7.6.1): an accepted EXTERNAL-PROXY
 * has a secondary session, a CREATE toward the receiver, that shares its fate. Refreshed, changed
 * and deleted only when the primary one is; if the CREATE is refused the reservation stays, inactive
 * (AMB-26). The proxy-NR of section 3.7.6.2 is in create.c and forward.c.
 */
#ifndef _NATFWD_NSLP_PROXY_H
#define _NATFWD_NSLP_PROXY_H

#include "nslp/session.h"

/* @request has been accepted for the primary @s: do the same for the secondary. */
void nslp_proxy_follow(struct nslp_session *s, const struct nslp_message *request);
/* The primary ends: so does the secondary, told to the receiver. */
void nslp_proxy_end(struct nslp_session *s);

#endif /* _NATFWD_NSLP_PROXY_H */
