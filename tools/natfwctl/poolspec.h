/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A pool as text:
 *
 *	NAME ADDR[-ADDR|/LEN]... [ports A-B] [zone N] [mapping M] [filtering F]
 *	[preserve] [parity] [unpaired] [host-quota N] [owner-quota N]
 *	[block-size N] [hold S] [watermark PCT]
 */
#ifndef _NATFWCTL_POOLSPEC_H
#define _NATFWCTL_POOLSPEC_H

#include <stdio.h>

#include "model.h"
#include "words.h"

/*
 * Read the rest of @w into @p; what is not given gets its default. The caller
 * finishes @p on failure as well.
 */
bool poolspec_read(struct words *w, struct natfw_pool *p);
/* Read NAME and what pool-set can change; only what is given is set. */
bool poolspec_read_changes(struct words *w, struct natfw_pool *p);
/* Write @p as poolspec_read() reads it, on one line. */
void poolspec_print(FILE *f, const struct natfw_pool *p);
/* Write the addresses of @p only. */
void poolspec_print_ranges(FILE *f, const struct natfw_pool *p);
/* True if both have the addresses, ports, zone, mapping and block size. */
bool poolspec_same_shape(const struct natfw_pool *a, const struct natfw_pool *b);
/* True if both have the rest in common: what pool-set can change. */
bool poolspec_same_terms(const struct natfw_pool *a, const struct natfw_pool *b);
/* Leave in @p only what pool-set takes. */
void poolspec_keep_terms(struct natfw_pool *p);
/* Leave in @p only what pool-new takes. */
void poolspec_keep_config(struct natfw_pool *p);

#endif /* _NATFWCTL_POOLSPEC_H */
