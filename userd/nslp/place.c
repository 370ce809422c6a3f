// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "nslp/place.h"

const struct nslp_interface *nslp_place_interface(const struct nslp *n, unsigned int ifindex)
{
	static const struct nslp_interface plain;
	unsigned int i;

	for (i = 0; ifindex && i < n->c.interfaces; i++)
		if (n->c.interface[i].ifindex == ifindex)
			return &n->c.interface[i];
	return &plain;
}

bool nslp_place_route(const struct nslp *n, const struct address *to, struct gist_route *r)
{
	memset(r, 0, sizeof(*r));
	return n->io.route(n->io.arg, to, r);
}

bool nslp_place_local(const struct nslp *n, const struct address *a)
{
	return n->io.local(n->io.arg, a);
}

const struct nslp_interface *nslp_place_outside(const struct nslp *n)
{
	const struct nslp_interface *found = NULL;
	unsigned int i;

	for (i = 0; i < n->c.interfaces; i++) {
		if (!n->c.interface[i].ifindex)
			continue;	/* not there just now */
		if (n->c.interface[i].edge)
			return &n->c.interface[i];
		if (n->c.interface[i].outside && !found)
			found = &n->c.interface[i];
	}
	return found;
}

bool nslp_place_nat(const struct nslp *n)
{
	unsigned int i;

	for (i = 0; i < n->c.interfaces; i++)
		if (n->c.interface[i].nat)
			return true;
	return false;
}
