// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "gist/error.h"
#include "gist/header.h"

#define S_FLAG		0x80	/* of octet 4 */
#define M_FLAG		0x40
#define C_FLAG		0x20
#define D_FLAG		0x10
#define Q_FLAG		0x08
#define SID_SIZE	16
#define INFO_HEAD	4

/* Take @n octets off the front of @rest. */
static bool take(struct gist_view *rest, size_t n, struct gist_view *taken)
{
	if (n > rest->len)
		return false;
	*taken = gist_view(rest->data, n);
	*rest = gist_view(rest->data + n, rest->len - n);
	return true;
}

bool gist_info_next(struct gist_view *rest, struct gist_info *info)
{
	struct gist_view field;
	size_t size;

	if (rest->len < INFO_HEAD)
		return false;
	size = INFO_HEAD + (size_t)gist_get16(rest->data + 2) * 4;
	if (!take(rest, size, &field))
		return false;
	info->type = gist_get16(field.data);
	info->value = gist_view(field.data + INFO_HEAD, size - INFO_HEAD);
	return true;
}

static bool parse_infos(struct gist_error *e, struct gist_view *rest)
{
	const uint8_t *start = rest->data;
	struct gist_info info;
	unsigned int i;

	for (i = 0; i < e->info_count; i++)
		if (!gist_info_next(rest, &info))
			return false;
	e->infos = gist_view(start, (size_t)(rest->data - start));
	return true;
}

static bool parse_rest(struct gist_error *e, const uint8_t *p, struct gist_view rest)
{
	struct gist_view part;
	const uint8_t *end;

	if ((p[4] & S_FLAG)) {
		if (!take(&rest, SID_SIZE, &part))
			return false;
		e->sid = part.data;
	}
	if (!take(&rest, (p[4] & M_FLAG) ? p[6] * 4u : 0, &e->mri) || !parse_infos(e, &rest))
		return false;
	if (!(p[4] & C_FLAG))
		return !rest.len;
	end = rest.len ? memchr(rest.data, 0, rest.len) : NULL;
	e->comment = gist_view(rest.data, end ? (size_t)(end - rest.data) : rest.len);
	return true;
}

bool gist_error_parse(struct gist_error *e, const struct gist_tlv *tlv)
{
	struct gist_view rest = tlv->value, fixed;
	const uint8_t *p;

	memset(e, 0, sizeof(*e));
	if (!take(&rest, 8 + GIST_HEADER_SIZE, &fixed))
		return false;
	p = fixed.data;
	e->class = p[0];
	e->code = gist_get16(p + 1);
	e->subcode = p[3];
	e->datagram = p[4] & D_FLAG;
	e->qmode = e->datagram && (p[4] & Q_FLAG);
	e->info_count = p[7];
	e->header = p + 8;
	return parse_rest(e, p, rest);
}

bool gist_error_find(const struct gist_error *e, uint16_t type, struct gist_info *info)
{
	struct gist_view rest = e->infos;

	while (gist_info_next(&rest, info))
		if (info->type == type)
			return true;
	return false;
}

void gist_info_put16(struct gist_out *o, uint16_t type, uint16_t value)
{
	gist_out_u16(o, type);
	gist_out_u16(o, 1);
	gist_out_u16(o, value);
	gist_out_u16(o, 0);
}

void gist_info_put_object(struct gist_out *o, struct gist_view tlv, uint16_t offset,
			  size_t room)
{
	size_t len = tlv.len < room ? tlv.len : room & ~(size_t)3;

	if (len / 4 > GIST_TLV_WORDS_MAX)
		len = GIST_TLV_WORDS_MAX * 4u;
	gist_out_u16(o, GIST_INFO_OBJECT_VALUE);
	gist_out_u16(o, (uint16_t)(1 + len / 4));
	gist_out_u16(o, (uint16_t)(len / 4));
	gist_out_u16(o, offset);
	gist_out_bytes(o, tlv.data, len);
}

/* A comment ends in at least one null, and on a word boundary. */
static void put_comment(struct gist_out *o, struct gist_view comment)
{
	size_t pad = gist_padded(comment.len + 1) - comment.len;

	gist_out_bytes(o, comment.data, comment.len);
	while (pad--)
		gist_out_u8(o, 0);
}

static uint8_t flags_of(const struct gist_error *e)
{
	return (uint8_t)((e->sid ? S_FLAG : 0) | (e->mri.len ? M_FLAG : 0) |
			 (e->comment.len ? C_FLAG : 0) | (e->datagram ? D_FLAG : 0) |
			 (e->datagram && e->qmode ? Q_FLAG : 0));
}

void gist_error_put(struct gist_out *o, const struct gist_error *e)
{
	size_t mark = gist_tlv_open(o, GIST_ERROR_DATA, GIST_AB_MANDATORY);

	if (!e->header || e->mri.len % 4 || e->mri.len / 4 > UINT8_MAX) {
		gist_out_fail(o, -EINVAL);
		return;
	}
	gist_out_u8(o, e->class);
	gist_out_u16(o, e->code);
	gist_out_u8(o, e->subcode);
	gist_out_u8(o, flags_of(e));
	gist_out_u8(o, 0);
	gist_out_u8(o, (uint8_t)(e->mri.len / 4));
	gist_out_u8(o, e->info_count);
	gist_out_bytes(o, e->header, GIST_HEADER_SIZE);
	gist_out_bytes(o, e->sid, e->sid ? SID_SIZE : 0);
	gist_out_bytes(o, e->mri.data, e->mri.len);
	gist_out_bytes(o, e->infos.data, e->infos.len);
	if (e->comment.len)
		put_comment(o, e->comment);
	gist_tlv_close(o, mark);
}
