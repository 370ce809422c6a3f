// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/http.h"

#define LINE_MAX_OCTETS	8192
#define HEAD_MAX	32768

enum { IDLE, FIRST, FIELDS, BODY, SIZE, CHUNK, CHUNK_END, TRAILER };

void http_init(struct http *h, size_t limit)
{
	*h = (struct http){ .limit = limit };
}

/* What belongs to the message before. */
static void begin(struct http *h, bool requests, bool head_only)
{
	http_fini(h);
	*h = (struct http){
		.field = h->field, .arg = h->arg, .limit = h->limit, .state = FIRST,
		.requests = requests, .head_only = head_only, .status = requests ? 400 : 0,
	};
}

void http_expect(struct http *h, bool head_only)
{
	begin(h, false, head_only);
}

void http_listen(struct http *h)
{
	begin(h, true, false);
}

static void forget_line(struct http *h)
{
	free(h->line);
	h->line = NULL;
	h->len = 0;
}

void http_fini(struct http *h)
{
	forget_line(h);
	free(h->target);
	h->target = NULL;
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

static bool take_version(struct http *h, const char *version)
{
	if (strncmp(version, "HTTP/1.", 7) || (version[7] != '1' && version[7] != '0'))
		return false;
	h->old = version[7] == '0';
	h->close = h->old;
	return true;
}

static bool take_status(struct http *h, const char *line)
{
	if (!take_version(h, line) || line[8] != ' ')
		return false;
	if (line[9] < '1' || line[9] > '5' || line[10] < '0' || line[10] > '9' || line[11] < '0' ||
	    line[11] > '9' || (line[12] && line[12] != ' '))
		return false;
	h->status = (unsigned int)((line[9] - '0') * 100 + (line[10] - '0') * 10 + line[11] - '0');
	/* nobody asked to switch */
	return h->status != 101;
}

static bool take_method(struct http *h, const char *line, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (!token_char(line[i]))
			return false;
	if (len >= sizeof(h->method))
		h->status = 501;
	if (!len || len >= sizeof(h->method))
		return false;
	memcpy(h->method, line, len);
	h->method[len] = '\0';
	return true;
}

static bool take_target(struct http *h, const char *target, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (target[i] <= ' ' || target[i] >= 0x7f || target[i] == '#')
			return false;
	h->status = len > HTTP_TARGET_MAX ? 414 : 500;
	h->target = len && len <= HTTP_TARGET_MAX ? strndup(target, len) : NULL;
	if (!h->target)
		return false;
	h->status = 400;
	return true;
}

static bool take_request(struct http *h, const char *line)
{
	size_t method = strcspn(line, " "), target;
	const char *version;

	if (!line[method] || !take_method(h, line, method))
		return false;
	target = strcspn(line + method + 1, " ");
	version = line + method + 1 + target;
	if (!target || !*version || !take_target(h, line + method + 1, target))
		return false;
	version++;
	if (take_version(h, version))
		return !version[8];
	h->status = strncmp(version, "HTTP/", 5) ? 400 : 505;
	return false;
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

bool http_has(const char *list, const char *word)
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
		if (h->chunked || strcasecmp(value, "chunked")) {
			h->status = h->requests && !h->chunked ? 501 : h->status;
			return false;
		}
		h->chunked = true;
	}
	if (!strcasecmp(line, "connection"))
		h->close |= http_has(value, "close");
	return !h->field || h->field(h->arg, line, value);
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
	if (h->chunked && (h->has_length || h->old))
		return false;
	if (h->requests) {
		h->state = h->chunked ? SIZE : BODY;
		return true;
	}
	if (h->status < 200) {
		h->state = FIRST;
		h->has_length = h->chunked = false;
		return true;
	}
	h->state = h->chunked && !bodiless(h) ? SIZE : BODY;
	if (bodiless(h))
		h->left = 0;
	return bodiless(h) || h->chunked || h->has_length;
}

static enum http_event too_long(struct http *h, unsigned int status)
{
	if (h->requests)
		h->status = status;
	return HTTP_LONG;
}

/* A line is there, without its end. */
static enum http_event take_line(struct http *h, char *line)
{
	bool good = printable(line);

	switch (h->state) {
	case FIRST:
		/* empty lines before a request are put up with (RFC 9112, 2.2) */
		if (h->requests && !*line)
			break;
		good = good && (h->requests ? take_request(h, line) : take_status(h, line));
		h->state = FIELDS;
		break;
	case FIELDS:
		if (*line)
			good = good && take_field(h, line);
		else if (good && (good = take_head(h)) && h->state != FIRST)
			return h->state == BODY && h->requests && h->left > h->limit ?
			       too_long(h, 413) : HTTP_HEAD;
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
		return too_long(h, h->state == FIRST ? 414 : 431);
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
	return h->seen > h->limit ? too_long(h, 413) : HTTP_DATA;
}

static enum http_event finish(struct http *h)
{
	forget_line(h);
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
