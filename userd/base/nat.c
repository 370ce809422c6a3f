// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/nat.h"

static bool endpoint_fits(const struct endpoint *want, unsigned int len, bool has_port,
			  const struct endpoint *e)
{
	return (!address_is_set(&want->address) || address_within(&e->address, &want->address, len)) &&
	       (!has_port || want->port == e->port);
}

bool map_wish_fits(const struct map_wish *w, const struct map_info *i)
{
	return (!w->index || w->index == i->index) &&
	       (!w->has_protocol || w->protocol == i->protocol) &&
	       endpoint_fits(&w->internal, w->internal_len, w->has_internal_port, &i->internal) &&
	       endpoint_fits(&w->external, w->external_len, w->has_external_port, &i->external);
}

bool map_wishes_fit(const struct map_wishes *w, const struct map_info *i)
{
	uint32_t n;

	for (n = 0; n < w->n; n++)
		if (map_wish_fits(&w->wish[n], i))
			return true;
	return !w->n;
}
