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

void gist_out_padded(struct gist_out *o, struct gist_view v)
{
	size_t pad = gist_padded(v.len) - v.len;
	uint8_t *p;

	gist_out_bytes(o, v.data, v.len);
	p = gist_out_take(o, pad);
	if (p)
		memset(p, 0, pad);
}

struct gist_view gist_out_view(const struct gist_out *o)
{
	return o->error ? gist_view(NULL, 0) : gist_view(o->data, o->len);
}
