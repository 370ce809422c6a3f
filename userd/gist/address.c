// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "gist/address.h"

size_t gist_address_size(unsigned int version)
{
	return version == 4 ? 4 : version == 6 ? 16 : 0;
}

void gist_address_parse(struct address *a, unsigned int version, const uint8_t *p)
{
	memset(a, 0, sizeof(*a));
	a->version = (uint8_t)version;
	memcpy(a->b, p, gist_address_size(version));
}

void gist_address_put(struct gist_out *o, const struct address *a)
{
	gist_out_bytes(o, a->b, gist_address_size(a->version));
}

static bool all(const struct address *a, uint8_t octet)
{
	size_t i;

	for (i = 0; i < gist_address_size(a->version); i++)
		if (a->b[i] != octet)
			return false;
	return true;
}

bool gist_address_unicast(const struct address *a)
{
	if (all(a, 0))
		return false;
	if (a->version == 4)
		return (a->b[0] & 0xf0) != 0xe0 && !all(a, 0xff);
	return a->b[0] != 0xff;
}
