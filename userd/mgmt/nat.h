/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Translation as ietf-nat has it (RFC 8512), as JSON (RFC 7951): one instance, the kernel module, with a policy for each
 * of its pools. What is made is the caller's; NULL: no memory.
 */
#ifndef _NATFWD_MGMT_NAT_H
#define _NATFWD_MGMT_NAT_H

#include <jansson.h>

#include "base/nat.h"

/* The tree but for mappings; pools are @n of @pool. */
json_t *nat_tree(const struct nat_info *info, const struct pool_info *pool, size_t n);
/* An entry of mapping-table. */
json_t *nat_mapping(const struct map_info *i);
/* @list of those, which is taken, and all that is around it. */
json_t *nat_table(json_t *list);

#endif /* _NATFWD_MGMT_NAT_H */
