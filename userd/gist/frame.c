// SPDX-License-Identifier: GPL-2.0-or-later
#include "gist/frame.h"

bool gist_magic_strip(struct gist_view *datagram)
{
	if (datagram->len < 4 || gist_get32(datagram->data) != GIST_MAGIC)
		return false;
	*datagram = gist_view(datagram->data + 4, datagram->len - 4);
	return true;
}

void gist_magic_put(struct gist_out *o)
{
	gist_out_u32(o, GIST_MAGIC);
}

enum gist_frame gist_frame_next(struct gist_view *stream, struct gist_view *message)
{
	struct gist_header head;
	size_t total;

	if (!gist_header_parse(&head, *stream))
		return GIST_FRAME_MORE;
	if (head.version != GIST_VERSION) {
		*message = *stream;
		return GIST_FRAME_LOST;
	}
	total = gist_header_total(&head);
	if (total > stream->len)
		return GIST_FRAME_MORE;
	*message = gist_view(stream->data, total);
	*stream = gist_view(stream->data + total, stream->len - total);
	return GIST_FRAME_MESSAGE;
}
