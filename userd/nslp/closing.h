/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules whose end the gate does not know yet, because it was away or busy when their session ended:
 * told again until it does (RFC 5973, section 3.7.4: at once). A session that has come back under the
 * same id keeps its rules.
 */
#ifndef _NATFWD_NSLP_CLOSING_H
#define _NATFWD_NSLP_CLOSING_H

#include "nslp/engine.h"

void nslp_closing_init(struct nslp *n);
void nslp_closing_fini(struct nslp *n);
/* Tell the gate about @sid later. When there is no room the kernel ends it with its lifetime. */
void nslp_closing_add(struct nslp *n, const uint8_t *sid);

#endif /* _NATFWD_NSLP_CLOSING_H */
