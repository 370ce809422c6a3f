/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CREATE: what it means at this node (RFC 5973, section 3.7.1).
 */
#ifndef _NATFWD_NSLP_CREATE_H
#define _NATFWD_NSLP_CREATE_H

#include "nslp/rule.h"

/* Role, translation, interfaces and gate of @r; false, and what to refuse it with. */
bool nslp_plan_create(struct nslp *n, struct nslp_rule *r, const struct gist_rx *rx,
		      const struct nslp_message *m, struct nslp_fault *fault);

#endif /* _NATFWD_NSLP_CREATE_H */
