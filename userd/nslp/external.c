// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "nslp/external.h"

void nslp_external_parse(struct nslp_external *e, struct gist_view value)
{
	e->port = gist_get16(value.data);
	e->version = value.data[2] >> 4;
	memcpy(e->address, value.data + 4, sizeof(e->address));
}

static void put_start(struct gist_out *o, uint16_t port, uint8_t version)
{
	gist_out_u16(o, port);
	gist_out_u16(o, (uint16_t)(version << 12));
}

void nslp_external_put(struct gist_out *o, const struct nslp_external *e)
{
	put_start(o, e->port, e->version);
	gist_out_bytes(o, e->address, sizeof(e->address));
}

void nslp_binding_parse(struct nslp_binding *b, struct gist_view value)
{
	b->port = gist_get16(value.data);
	b->version = value.data[2] >> 4;
	b->addresses = gist_view(value.data + 4, value.len - 4);
}

void nslp_binding_put(struct gist_out *o, const struct nslp_binding *b)
{
	put_start(o, b->port, b->version);
	gist_out_bytes(o, b->addresses.data, b->addresses.len);
}
