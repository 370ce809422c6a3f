// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "mgmt/framing.h"

#define MARKER_LEN	(sizeof(FRAMING_MARKER) - 1)
#define CHUNK_MAX	4294967295ull	/* RFC 6242, 4.2 */
#define DIGITS_MAX	10

/* What comes next in chunked framing. */
enum { LINE, HASH, FIRST, SIZE, DATA, END };

void framing_init(struct framing *f, size_t max)
{
	*f = (struct framing){ .max = max };
}

void framing_fini(struct framing *f)
{
	free(f->text);
	*f = (struct framing){ 0 };
}

/* ------------------------------------------------------------------ the text */

static bool add(struct framing *f, const char *data, size_t len)
{
	size_t room = f->room ? f->room : 1024;
	char *p;

	if (len > f->max - f->len)
		return false;
	while (room < f->len + len + 1)
		room *= 2;
	if (room != f->room) {
		p = realloc(f->text, room);
		if (!p)
			return false;
		f->text = p;
		f->room = room;
	}
	if (len)
		memcpy(f->text + f->len, data, len);
	f->len += len;
	f->text[f->len] = 0;
	return true;
}

static enum framing_result whole(struct framing *f)
{
	/* also an empty one has a text */
	if (!add(f, "", 0))
		return FRAMING_TOO_BIG;
	f->done = true;
	return FRAMING_MESSAGE;
}

/* What was taken for a long message is not kept for short ones. */
static void restart(struct framing *f)
{
	if (f->room > 65536) {
		free(f->text);
		f->text = NULL;
		f->room = 0;
	}
	f->len = 0;
	f->done = false;
	f->state = LINE;
}

/* ------------------------------------------------------------------ with a marker */

static bool ends(const struct framing *f)
{
	return f->len >= MARKER_LEN &&
	       !memcmp(f->text + f->len - MARKER_LEN, FRAMING_MARKER, MARKER_LEN);
}

/* Up to the next octet that a marker can end with, so however it is cut it is found. */
static enum framing_result take_marked(struct framing *f, const char *data, size_t len,
				       size_t *used)
{
	while (*used < len) {
		const char *from = data + *used, *end = memchr(from, '>', len - *used);
		size_t n = end ? (size_t)(end - from) + 1 : len - *used;

		if (!add(f, from, n))
			return FRAMING_TOO_BIG;
		*used += n;
		if (!ends(f))
			continue;
		f->len -= MARKER_LEN;
		f->text[f->len] = 0;
		return whole(f);
	}
	return FRAMING_MORE;
}

/* ------------------------------------------------------------------ in chunks */

/* An octet of what is between chunks. */
static enum framing_result take_head(struct framing *f, char c)
{
	if (f->state == LINE && c == '\n') {
		f->state = HASH;
	} else if (f->state == HASH && c == '#') {
		f->state = FIRST;
	} else if (f->state == FIRST && c == '#' && f->len) {
		f->state = END;
	} else if (f->state == END && c == '\n') {
		return whole(f);
	} else if (f->state == FIRST && c >= '1' && c <= '9') {
		f->state = SIZE;
		f->left = (uint64_t)(c - '0');
		f->digits = 1;
	} else if (f->state == SIZE && c >= '0' && c <= '9' && f->digits < DIGITS_MAX) {
		f->left = f->left * 10 + (uint64_t)(c - '0');
		f->digits++;
	} else if (f->state == SIZE && c == '\n' && f->left <= CHUNK_MAX) {
		f->state = DATA;
	} else {
		return FRAMING_BAD;
	}
	return FRAMING_MORE;
}

static bool take_data(struct framing *f, const char *data, size_t len, size_t *used)
{
	size_t n = len - *used < f->left ? len - *used : (size_t)f->left;

	if (!add(f, data + *used, n))
		return false;
	*used += n;
	f->left -= n;
	if (!f->left)
		f->state = LINE;
	return true;
}

static enum framing_result take_chunked(struct framing *f, const char *data, size_t len,
					size_t *used)
{
	enum framing_result r = FRAMING_MORE;

	while (r == FRAMING_MORE && *used < len) {
		if (f->state != DATA)
			r = take_head(f, data[(*used)++]);
		else if (!take_data(f, data, len, used))
			r = FRAMING_TOO_BIG;
	}
	return r;
}

enum framing_result framing_take(struct framing *f, const char *data, size_t len, size_t *used)
{
	*used = 0;
	if (f->done)
		restart(f);
	return f->chunked ? take_chunked(f, data, len, used) : take_marked(f, data, len, used);
}
