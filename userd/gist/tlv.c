// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include "gist/tlv.h"

/* Octets of the value that a header announces. */
static size_t announced(const uint8_t *head)
{
	return (size_t)(gist_get16(head + 2) & 0x0fff) * 4;
}

bool gist_walk_next(struct gist_walk *w, struct gist_tlv *tlv)
{
	const uint8_t *p = w->rest.data;
	size_t len;

	if (w->rest.len < GIST_TLV_HEAD)
		return false;
	len = announced(p);
	if (len > w->rest.len - GIST_TLV_HEAD)
		return false;
	tlv->type = gist_get16(p) & 0x0fff;
	tlv->ab = p[0] >> 6;
	tlv->all = gist_view(p, GIST_TLV_HEAD + len);
	tlv->value = gist_view(p + GIST_TLV_HEAD, len);
	w->rest = gist_view(p + GIST_TLV_HEAD + len, w->rest.len - GIST_TLV_HEAD - len);
	return true;
}

uint32_t gist_walk_words(struct gist_view objects)
{
	struct gist_walk w = gist_walk(objects);
	struct gist_tlv tlv;
	uint32_t words = 0;

	while (gist_walk_next(&w, &tlv))
		words += tlv.all.len / 4;
	if (w.rest.len >= GIST_TLV_HEAD)
		words += (GIST_TLV_HEAD + announced(w.rest.data)) / 4;
	return words;
}

size_t gist_tlv_open(struct gist_out *o, uint16_t type, enum gist_ab ab)
{
	size_t mark = o->len;

	gist_out_u16(o, (uint16_t)(ab << 14 | (type & 0x0fff)));
	gist_out_u16(o, 0);
	return mark;
}

void gist_tlv_close(struct gist_out *o, size_t mark)
{
	size_t len;

	if (o->error)
		return;
	len = o->len - mark - GIST_TLV_HEAD;
	if (len % 4 || len / 4 > GIST_TLV_WORDS_MAX)
		gist_out_fail(o, -EINVAL);
	gist_out_patch16(o, mark + 2, (uint16_t)(len / 4));
}

void gist_tlv_put(struct gist_out *o, uint16_t type, struct gist_view value)
{
	size_t mark = gist_tlv_open(o, type, GIST_AB_MANDATORY);

	gist_out_bytes(o, value.data, value.len);
	gist_tlv_close(o, mark);
}
