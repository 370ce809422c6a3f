/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * After the gate was restarted: all sessions admitted and opened again, some at a time (nslp.h,
 * nslp_gate_restarted()).
 */
#ifndef _NATFWD_NSLP_RESTORE_H
#define _NATFWD_NSLP_RESTORE_H

#include "nslp/engine.h"

void nslp_restore_init(struct nslp *n);
void nslp_restore_fini(struct nslp *n);

#endif /* _NATFWD_NSLP_RESTORE_H */
