/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What GIST tells of the network (RFC 5973, section 3.9; RFC 5971, B.3 and B.4): what became of
 * messages, neighbours that change or are lost.
 */
#ifndef _NATFWD_NSLP_ROUTE_H
#define _NATFWD_NSLP_ROUTE_H

#include "nslp/session.h"

/* gist_nslp: both. */
void nslp_route_status(void *engine, const struct gist_status *st);
void nslp_route_network(void *engine, const struct gist_network *e);

#endif /* _NATFWD_NSLP_ROUTE_H */
