/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * EXTERNAL: what it means at this node (RFC 5973, section 3.7.2), and what changes in it.
 */
#ifndef _NATFWD_NSLP_RESERVE_H
#define _NATFWD_NSLP_RESERVE_H

#include "nslp/rule.h"

/* Role, translation, interfaces and gate of @r; false, and what to refuse it with. */
bool nslp_plan_external(struct nslp *n, struct nslp_rule *r, const struct gist_rx *rx,
			const struct nslp_message *m, struct nslp_fault *fault);
/*
 * nslp_reserve_rewrite() - what a NAT that is not the edge changes in the message
 * @out: the message as it is to go on, DTINFO and EXTERNAL_BINDING as received
 * @buf: for the addresses of the latter, @size octets
 */
void nslp_reserve_rewrite(const struct nslp_rule *r, struct nslp_message *out, uint8_t *buf,
			  size_t size);
/* What the edge says was reserved: NATFW_EXTERNAL_IP. False: nothing to say. */
bool nslp_reserve_external(const struct nslp_rule *r, struct nslp_external *e);

#endif /* _NATFWD_NSLP_RESERVE_H */
