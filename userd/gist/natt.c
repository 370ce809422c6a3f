// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "gist/natt.h"

bool gist_natt_next(struct gist_view *rest, struct gist_view *data)
{
	size_t len, size;

	if (rest->len < 2)
		return false;
	len = gist_get16(rest->data);
	size = gist_padded(2 + len);
	if (size > rest->len)
		return false;
	*data = gist_view(rest->data + 2, len);
	*rest = gist_view(rest->data + size, rest->len - size);
	return true;
}

static bool too_short(struct gist_fault *f, const struct gist_tlv *tlv, size_t offset)
{
	return gist_fault_value(f, GIST_E_OBJECT_LENGTH, tlv, GIST_TLV_HEAD + offset,
				"length of NAT-Traversal does not fit its counts");
}

static bool check_nats(const struct gist_natt *n, const struct gist_tlv *tlv,
		       struct gist_fault *fault)
{
	struct gist_view rest = n->nats, data;
	unsigned int i;

	for (i = 0; i < n->nat_count; i++)
		if (!gist_natt_next(&rest, &data))
			return too_short(fault, tlv, 2);
	return !rest.len || too_short(fault, tlv, 2);
}

bool gist_natt_parse(struct gist_natt *n, const struct gist_tlv *tlv, struct gist_fault *fault)
{
	struct gist_view v = tlv->value;
	size_t inner, types;

	memset(n, 0, sizeof(*n));
	if (v.len < 4)
		return too_short(fault, tlv, 0);
	inner = v.data[0] * 4u;
	types = gist_padded(v.data[1] * 2u);
	if (v.len < 4 + inner + types)
		return too_short(fault, tlv, 0);
	n->type_count = v.data[1];
	n->nat_count = v.data[2];
	n->reserved = v.data[3];
	n->inner = gist_view(v.data + 4, inner);
	n->types = gist_view(v.data + 4 + inner, types);
	n->nats = gist_view(v.data + 4 + inner + types, v.len - 4 - inner - types);
	if (!gist_mri_value_parse(&n->mri, n->inner, tlv, GIST_TLV_HEAD + 4, fault))
		return false;
	return check_nats(n, tlv, fault);
}

bool gist_natt_lists(const struct gist_natt *n, uint16_t type)
{
	unsigned int i;

	for (i = 0; i < n->type_count && i * 2u + 2 <= n->types.len; i++)
		if ((gist_get16(n->types.data + i * 2u) & 0x0fff) == type)
			return true;
	return false;
}

void gist_natt_put_type(struct gist_out *o, uint16_t type)
{
	gist_out_u16(o, type & 0x0fff);
}

void gist_natt_put_nat(struct gist_out *o, struct gist_view data)
{
	size_t pad = gist_padded(2 + data.len) - 2 - data.len;

	if (data.len > UINT16_MAX)
		gist_out_fail(o, -EINVAL);
	gist_out_u16(o, (uint16_t)data.len);
	gist_out_bytes(o, data.data, data.len);
	while (pad--)
		gist_out_u8(o, 0);
}

void gist_natt_put(struct gist_out *o, const struct gist_natt *n)
{
	size_t mark = gist_tlv_open(o, GIST_NATT, GIST_AB_MANDATORY), start = o->len;
	size_t inner;

	if (gist_padded(n->type_count * 2u) != gist_padded(n->types.len))
		gist_out_fail(o, -EINVAL);
	gist_out_u16(o, n->type_count);
	gist_out_u8(o, n->nat_count);
	gist_out_u8(o, n->reserved);
	if (n->inner.len)
		gist_out_bytes(o, n->inner.data, n->inner.len);
	else
		gist_mri_value_put(o, &n->mri);
	inner = o->len - start - 4;
	if (inner % 4 || inner / 4 > UINT8_MAX)
		gist_out_fail(o, -EINVAL);
	gist_out_patch16(o, start, (uint16_t)(inner / 4 << 8 | n->type_count));
	gist_out_padded(o, n->types);
	gist_out_bytes(o, n->nats.data, n->nats.len);
	gist_tlv_close(o, mark);
}
