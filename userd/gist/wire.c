// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "gist/wire.h"

bool gist_view_equal(struct gist_view a, struct gist_view b)
{
	return a.len == b.len && (!a.len || !memcmp(a.data, b.data, a.len));
}

void gist_out_init(struct gist_out *o, void *buf, size_t size)
{
	o->data = buf;
	o->size = size;
	o->len = 0;
	o->error = 0;
}

void gist_out_fail(struct gist_out *o, int error)
{
	if (!o->error)
		o->error = error;
}

uint8_t *gist_out_take(struct gist_out *o, size_t n)
{
	uint8_t *p;

	if (o->error)
		return NULL;
	if (n > o->size - o->len) {
		gist_out_fail(o, -EMSGSIZE);
		return NULL;
	}
	p = o->data + o->len;
	o->len += n;
	return p;
}

void gist_out_u8(struct gist_out *o, uint8_t v)
{
	uint8_t *p = gist_out_take(o, 1);

	if (p)
		*p = v;
}

void gist_out_u16(struct gist_out *o, uint16_t v)
{
	uint8_t *p = gist_out_take(o, 2);

	if (!p)
		return;
	p[0] = v >> 8;
	p[1] = (uint8_t)v;
}

void gist_out_u32(struct gist_out *o, uint32_t v)
{
	gist_out_u16(o, v >> 16);
	gist_out_u16(o, (uint16_t)v);
}

void gist_out_bytes(struct gist_out *o, const void *data, size_t n)
{
	uint8_t *p = gist_out_take(o, n);

	if (p && n)
		memcpy(p, data, n);
}

void gist_out_padded(struct gist_out *o, struct gist_view v)
{
	size_t pad = gist_padded(v.len) - v.len;
	uint8_t *p;

	gist_out_bytes(o, v.data, v.len);
	p = gist_out_take(o, pad);
	if (p)
		memset(p, 0, pad);
}

void gist_out_patch16(struct gist_out *o, size_t at, uint16_t v)
{
	if (o->error || at + 2 > o->len)
		return;
	o->data[at] = v >> 8;
	o->data[at + 1] = (uint8_t)v;
}

struct gist_view gist_out_view(const struct gist_out *o)
{
	return o->error ? gist_view(NULL, 0) : gist_view(o->data, o->len);
}
