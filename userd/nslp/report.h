/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asynchronous events: NOTIFY, sent, received and passed on (RFC 5973, sections 3.7.5 and 3.9).
 *
 * Taken in only over an association that is there; never answered, never turned around; an NI sends
 * none. A route change and what else may pass makes a session Transitory, the end of one Dead
 * (AMB-19): after a route change it is held for a while only, for an updating request to come.
 */
#ifndef _NATFWD_NSLP_REPORT_H
#define _NATFWD_NSLP_REPORT_H

#include "nslp/session.h"

/* Toward the NI, toward the NR. Neither ends @s by itself. */
void nslp_report(struct nslp_session *s, uint16_t code);
void nslp_report_far(struct nslp_session *s, uint16_t code);
/* The lifetime is over: 1/0x04, and the session's end. */
void nslp_report_expired(struct nslp_session *s);
/*
 * It was ended here, @why: 1/0x05 both ways, 7/0x01 if a request is waiting for its answer, and the
 * session's end.
 */
void nslp_report_terminated(struct nslp_session *s, const char *why);
/* The path has changed at this node: 1/0x01 both ways, to the @old neighbour too (3.9). */
void nslp_report_route(struct nslp_session *s, const struct gist_peer *old);
/* A NOTIFY. */
void nslp_report_received(struct nslp *n, const struct gist_rx *rx, const struct nslp_message *m);
/* This node goes down: one NOTIFY for all sessions to each neighbour toward NIs. */
void nslp_report_down(struct nslp *n);

#endif /* _NATFWD_NSLP_REPORT_H */
