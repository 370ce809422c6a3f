// SPDX-License-Identifier: GPL-2.0-or-later
#include "gist/header.h"

#define C_FLAG	0x80	/* of octet 6, rest: type */
#define S_FLAG	0x80	/* of octet 7, ditto the next two */
#define R_FLAG	0x40
#define E_FLAG	0x20

bool gist_header_parse(struct gist_header *h, struct gist_view bytes)
{
	const uint8_t *p = bytes.data;

	if (bytes.len < GIST_HEADER_SIZE)
		return false;
	h->version = p[0];
	h->hops = p[1];
	h->words = gist_get16(p + 2);
	h->nslpid = gist_get16(p + 4);
	h->type = p[6] & ~C_FLAG;
	h->context_free = p[6] & C_FLAG;
	h->source = p[7] & S_FLAG;
	h->reply = p[7] & R_FLAG;
	h->explicit_route = p[7] & E_FLAG;
	return true;
}

/* C=1 in Query and Q-mode Data, and nowhere else. */
static bool context_fits(const struct gist_header *h, enum gist_mode mode)
{
	if (h->type == GIST_DATA && mode == GIST_DATAGRAM)
		return true;
	return h->context_free == (h->type == GIST_QUERY);
}

static bool reply_fits(const struct gist_header *h)
{
	switch (h->type) {
	case GIST_QUERY:
		return h->reply;
	case GIST_CONFIRM:
	case GIST_DATA:
		return !h->reply;
	default:
		return true;
	}
}

/* 3/0: Query on an association, MA-Hello in a datagram. */
static bool mode_fits(const struct gist_header *h, enum gist_mode mode)
{
	if (h->type == GIST_QUERY)
		return mode == GIST_DATAGRAM;
	if (h->type == GIST_MA_HELLO)
		return mode == GIST_CONNECTION;
	return true;
}

static bool bad(struct gist_fault *f, enum gist_header_error subcode, const char *why)
{
	return gist_fault_plain(f, GIST_E_HEADER, subcode, why);
}

bool gist_header_check(const struct gist_header *h, enum gist_mode mode,
		       struct gist_fault *fault)
{
	if (h->version != GIST_VERSION)
		return bad(fault, GIST_E_VERSION, "version is not 1");
	if (h->type >= GIST_TYPES)
		return bad(fault, GIST_E_TYPE, "message type not known");
	if (!context_fits(h, mode))
		return bad(fault, GIST_E_C_FLAG, "C flag does not fit the type");
	if (!reply_fits(h))
		return bad(fault, GIST_E_R_FLAG, "R flag does not fit the type");
	if (h->explicit_route && h->type != GIST_DATA)
		return bad(fault, GIST_E_E_FLAG, "E flag on other than Data");
	if (!h->hops)
		return gist_fault_plain(fault, GIST_E_HOPS, 0, "no hops left");
	if (!mode_fits(h, mode))
		return gist_fault_plain(fault, GIST_E_ENCAPSULATION, 0,
					"type does not travel this way");
	return true;
}

void gist_header_put(struct gist_out *o, const struct gist_header *h)
{
	gist_out_u8(o, h->version);
	gist_out_u8(o, h->hops);
	gist_out_u16(o, h->words);
	gist_out_u16(o, h->nslpid);
	gist_out_u8(o, (uint8_t)((h->context_free ? C_FLAG : 0) | (h->type & ~C_FLAG)));
	gist_out_u8(o, (uint8_t)((h->source ? S_FLAG : 0) | (h->reply ? R_FLAG : 0) |
				 (h->explicit_route ? E_FLAG : 0)));
}
