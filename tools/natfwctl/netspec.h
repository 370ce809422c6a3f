/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Settings of a namespace as text: [emit E] [flow-max N] [cache-max N]
 * [rule-max N] [watermark PCT] [timeout NAME SECONDS]...
 */
#ifndef _NATFWCTL_NETSPEC_H
#define _NATFWCTL_NETSPEC_H

#include <stdio.h>

#include "model.h"
#include "words.h"

/* Add what the rest of @w says to @n. */
bool netspec_read(struct words *w, struct natfw_net *n);
void netspec_print(FILE *f, const struct natfw_net *n);
/*
 * Leave in @want what differs from @have and put what @have says instead in
 * @undo. False if nothing differs.
 */
bool netspec_difference(struct natfw_net *want, const struct natfw_net *have,
			struct natfw_net *undo);

#endif /* _NATFWCTL_NETSPEC_H */
