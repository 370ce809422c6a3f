// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "manager/http.h"

#define LINE_MAX_OCTETS	8192
#define HEAD_MAX	32768

enum { IDLE, STATUS, FIELDS, BODY, SIZE, CHUNK, CHUNK_END, TRAILER };

void http_init(struct http *h, size_t limit)
{
	*h = (struct http){ .limit = limit };
}

void http_fini(struct http *h)
{
	free(h->line);
	h->line = NULL;
	h->len = 0;
}

void http_expect(struct http *h, bool head_only)
{
	size_t limit = h->limit;

	http_fini(h);
	http_init(h, limit);
	h->state = STATUS;
	h->head_only = head_only;
}

/* ------------------------------------------------------------------ lines */

static bool token_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool printable(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < ' ' ? *s != '\t' : *s == 0x7f)
			return false;
	return true;
}

static bool take_status(struct http *h, const char *line)
{
	if (strncmp(line, "HTTP/1.", 7) || (line[7] != '1' && line[7] != '0') || line[8] != ' ')
		return false;
	h->close = line[7] == '0';
	if (line[9] < '1' || line[9] > '5' || line[10] < '0' || line[10] > '9' || line[11] < '0' ||
	    line[11] > '9' || (line[12] && line[12] != ' '))
		return false;
	h->status = (unsigned int)((line[9] - '0') * 100 + (line[10] - '0') * 10 + line[11] - '0');
	/* nobody asked to switch */
	return h->status != 101;
}

static bool take_length(struct http *h, const char *value)
{
	uint64_t n = 0;
	const char *c;

	for (c = value; *c >= '0' && *c <= '9' && n < UINT64_MAX / 16; c++)
		n = n * 10 + (uint64_t)(*c - '0');
	if (*c || c == value || (h->has_length && h->left != n))
		return false;
	h->has_length = true;
	h->left = n;
	return true;
}

static bool has_token(const char *list, const char *word)
{
	size_t len = strlen(word), n;

	for (; *list; list += n) {
		list += strspn(list, ", \t");
		n = strcspn(list, ", \t");
		if (n == len && !strncasecmp(list, word, len))
			return true;
	}
	return false;
}

static bool take_field(struct http *h, char *line)
{
	char *colon = strchr(line, ':'), *value, *end, *c;

	if (!colon || colon == line)
		return false;
	for (c = line; c < colon; c++)
		if (!token_char(*c))
			return false;
	*colon = '\0';
	value = colon + 1 + strspn(colon + 1, " \t");
	end = value + strlen(value);
	while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
		*--end = '\0';
	if (!strcasecmp(line, "content-length"))
		return take_length(h, value);
	if (!strcasecmp(line, "transfer-encoding")) {
		/* no other coding was asked for, and twice is not once */
		if (h->chunked || strcasecmp(value, "chunked"))
			return false;
		h->chunked = true;
	}
	if (!strcasecmp(line, "connection"))
		h->close |= has_token(value, "close");
	if (!strcasecmp(line, "content-type"))
		h->json = !strncasecmp(value, "application/yang-data+json", 26);
	return true;
}

static bool take_size(struct http *h, const char *line)
{
	static const char digits[] = "0123456789abcdef";
	unsigned int n = 0;
	const char *d;

	h->left = 0;
	for (; *line && (d = strchr(digits, *line | 0x20)) && *d && n < 15; line++, n++)
		h->left = h->left * 16 + (uint64_t)(d - digits);
	/* extensions mean nothing to us */
	return n && (!*line || *line == ';' || *line == ' ');
}

static bool bodiless(const struct http *h)
{
	return h->head_only || h->status == 204 || h->status == 304;
}

/* After the empty line. True: it is all right. */
static bool take_head(struct http *h)
{
	if (h->chunked && h->has_length)
		return false;
	if (h->status < 200) {
		h->state = STATUS;
		h->has_length = h->chunked = false;
		return true;
	}
	h->state = h->chunked && !bodiless(h) ? SIZE : BODY;
	if (bodiless(h))
		h->left = 0;
	return bodiless(h) || h->chunked || h->has_length;
}

/* A line is there, without its end. */
static enum http_event take_line(struct http *h, char *line)
{
	bool good = printable(line);

	switch (h->state) {
	case STATUS:
		good = good && take_status(h, line);
		h->state = FIELDS;
		break;
	case FIELDS:
		if (*line)
			good = good && take_field(h, line);
		else if (good && (good = take_head(h)) && h->state != STATUS)
			return HTTP_HEAD;
		break;
	case SIZE:
		good = good && take_size(h, line);
		h->state = h->left ? CHUNK : TRAILER;
		break;
	case CHUNK_END:
		good = !*line;
		h->state = SIZE;
		break;
	case TRAILER:
		if (!*line) {
			h->state = IDLE;
			return HTTP_END;
		}
	}
	return good ? HTTP_MORE : HTTP_BAD;
}

/* Up to and with CR LF into h->line. HTTP_DATA: it is whole. */
static enum http_event collect(struct http *h, const uint8_t *data, size_t len, size_t *used)
{
	const uint8_t *lf = memchr(data + *used, '\n', len - *used);
	size_t n = lf ? (size_t)(lf - data) + 1 - *used : len - *used;

	h->head += n;
	if (h->len + n > LINE_MAX_OCTETS || h->head > HEAD_MAX)
		return HTTP_LONG;
	if (!h->line)
		h->line = malloc(LINE_MAX_OCTETS + 1);
	if (!h->line)
		return HTTP_LONG;
	memcpy(h->line + h->len, data + *used, n);
	h->len += n;
	*used += n;
	if (!lf)
		return HTTP_MORE;
	if (h->len < 2 || h->line[h->len - 2] != '\r' || memchr(h->line, 0, h->len))
		return HTTP_BAD;
	h->line[h->len - 2] = '\0';
	h->len = 0;
	return HTTP_DATA;
}

/* ------------------------------------------------------------------ bodies */

static enum http_event body_piece(struct http *h, const uint8_t *data, size_t len, size_t *used,
				  const uint8_t **piece, size_t *size)
{
	size_t n = len - *used;

	if (n > h->left)
		n = (size_t)h->left;
	*piece = data + *used;
	*size = n;
	*used += n;
	h->seen += n;
	h->left -= n;
	if (h->state == CHUNK && !h->left)
		h->state = CHUNK_END;
	/* lines between chunks are bounded each, and together by what is in the chunks */
	h->head = 0;
	return h->seen > h->limit ? HTTP_LONG : HTTP_DATA;
}

static enum http_event finish(struct http *h)
{
	http_fini(h);
	h->state = IDLE;
	return HTTP_END;
}

enum http_event http_next(struct http *h, const uint8_t *data, size_t len, size_t *used,
			  const uint8_t **piece, size_t *size)
{
	enum http_event e = HTTP_MORE;

	*used = 0;
	while (e == HTTP_MORE) {
		if (h->state == BODY && !h->left)
			return finish(h);
		if (*used == len)
			return HTTP_MORE;
		if (h->state == IDLE)
			return HTTP_BAD;
		if (h->state == BODY || h->state == CHUNK)
			return body_piece(h, data, len, used, piece, size);
		e = collect(h, data, len, used);
		if (e == HTTP_MORE)
			return e;
		if (e == HTTP_DATA)
			e = take_line(h, h->line);
	}
	if (e == HTTP_END)
		return finish(h);
	return e;
}
