/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where this node stands for a flow: which interfaces it is between, and what they are by
 * configuration (RFC 5973, sections 1.1, 3.7.2 and 3.7.6.4: the edge knows that it is one).
 */
#ifndef _NATFWD_NSLP_PLACE_H
#define _NATFWD_NSLP_PLACE_H

#include "nslp/engine.h"

/* The interface with this index; one that nothing is configured for is inside and plain. */
const struct nslp_interface *nslp_place_interface(const struct nslp *n, unsigned int ifindex);
/* How @to is reached; false: not at all. */
bool nslp_place_route(const struct nslp *n, const struct address *to, struct gist_route *r);
bool nslp_place_local(const struct nslp *n, const struct address *a);
/* Where the outside is when no address says: the first edge, else the first outside; or NULL. */
const struct nslp_interface *nslp_place_outside(const struct nslp *n);
/* Whether any interface translates. */
bool nslp_place_nat(const struct nslp *n);
/* Whether flows of IP version @version that leave by @i are translated. */
static inline bool nslp_place_translates(const struct nslp_interface *i, unsigned int version)
{
	return i->nat && version == 4;
}

#endif /* _NATFWD_NSLP_PLACE_H */
