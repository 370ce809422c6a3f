// SPDX-License-Identifier: GPL-2.0-or-later
#include <event2/buffer.h>
#include <string.h>

#include "manager/frame.h"

#define MARKER_LEN	(sizeof(FRAME_MARKER) - 1)
#define DIGITS_MAX	10	/* 4294967295 */

/* Where in a chunk header, or in a chunk. */
enum { AT_LF, AT_HASH, AT_FIRST, AT_DIGITS, IN_CHUNK, AT_END };

void frame_init(struct frame *f, size_t limit)
{
	*f = (struct frame){ .limit = limit };
}

void frame_set_chunked(struct frame *f)
{
	f->chunked = true;
	f->state = AT_LF;
}

bool frame_within(const struct frame *f)
{
	return f->seen || f->matched || (f->chunked && f->state != AT_LF);
}

static enum frame_event piece_of(struct frame *f, const uint8_t *at, size_t len,
				 const uint8_t **piece, size_t *size)
{
	*piece = at;
	*size = len;
	f->seen += len;
	return f->seen > f->limit ? FRAME_LONG : FRAME_DATA;
}

static enum frame_event end_of(struct frame *f)
{
	f->seen = 0;
	f->matched = 0;
	f->state = AT_LF;
	return FRAME_END;
}

/* ------------------------------------------------------------------ the marker */

/* What of the marker is still matched when the next octet of it did not come. */
static const uint8_t fallback[MARKER_LEN] = { 0, 0, 1, 0, 1, 2 };

static enum frame_event marker_next(struct frame *f, const uint8_t *data, size_t len,
				    size_t *used, const uint8_t **piece, size_t *size)
{
	static const uint8_t marker[] = FRAME_MARKER;
	const uint8_t *at;
	uint8_t held;

	while (*used < len) {
		if (data[*used] == marker[f->matched]) {
			++*used;
			if (++f->matched == MARKER_LEN)
				return end_of(f);
			continue;
		}
		if (f->matched) {
			/* its beginning was none: it belongs to the message */
			held = f->matched - fallback[f->matched];
			f->matched = fallback[f->matched];
			return piece_of(f, marker, held, piece, size);
		}
		at = memchr(data + *used, marker[0], len - *used);
		data += *used;
		len = at ? (size_t)(at - data) : len - *used;
		*used += len;
		return piece_of(f, data, len, piece, size);
	}
	return FRAME_MORE;
}

/* ------------------------------------------------------------------ chunks */

static bool take_digit(struct frame *f, uint8_t c)
{
	uint64_t n = f->left * 10ull + (c - '0');

	if (c < '0' || c > '9' || ++f->digits > DIGITS_MAX || n > UINT32_MAX)
		return false;
	f->left = (uint32_t)n;
	return true;
}

/* One octet of a header. False: it must not be there. */
static bool header_octet(struct frame *f, uint8_t c)
{
	switch (f->state) {
	case AT_LF:
		f->state = AT_HASH;
		return c == '\n';
	case AT_HASH:
		f->state = AT_FIRST;
		return c == '#';
	case AT_FIRST:
		f->left = 0;
		f->digits = 0;
		f->state = c == '#' ? AT_END : AT_DIGITS;
		/* a message has one chunk at least; sizes begin with 1 to 9 */
		return c == '#' ? f->seen > 0 : c != '0' && take_digit(f, c);
	default:
		if (c != '\n')
			return take_digit(f, c);
		f->state = IN_CHUNK;
		return true;
	}
}

static enum frame_event chunk_next(struct frame *f, const uint8_t *data, size_t len,
				   size_t *used, const uint8_t **piece, size_t *size)
{
	size_t n;

	while (*used < len) {
		if (f->state == IN_CHUNK) {
			n = len - *used < f->left ? len - *used : f->left;
			data += *used;
			*used += n;
			f->left -= (uint32_t)n;
			if (!f->left)
				f->state = AT_LF;
			return piece_of(f, data, n, piece, size);
		}
		if (f->state == AT_END)
			return data[(*used)++] == '\n' ? end_of(f) : FRAME_BAD;
		if (!header_octet(f, data[(*used)++]))
			return FRAME_BAD;
	}
	return FRAME_MORE;
}

enum frame_event frame_next(struct frame *f, const uint8_t *data, size_t len, size_t *used,
			    const uint8_t **piece, size_t *size)
{
	*used = 0;
	if (f->chunked)
		return chunk_next(f, data, len, used, piece, size);
	return marker_next(f, data, len, used, piece, size);
}

/* ------------------------------------------------------------------ writing */

int frame_put(struct evbuffer *out, bool chunked, const void *data, size_t len)
{
	if (chunked && evbuffer_add_printf(out, "\n#%zu\n", len) < 0)
		return -1;
	if (evbuffer_add(out, data, len))
		return -1;
	return chunked ? evbuffer_add(out, "\n##\n", 4) : evbuffer_add(out, FRAME_MARKER, MARKER_LEN);
}
