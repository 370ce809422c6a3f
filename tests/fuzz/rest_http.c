// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzes the server's side of HTTP. The first octet says in pieces of which size the rest comes. Whatever that is: the
 * same in one piece has the same requests in it, each is answered before the next is seen, and after one was
 * refused there is none.
 */
#include <stdlib.h>
#include <string.h>

#include "base/http.h"

#define REQUIRE(condition)	do { if (!(condition)) abort(); } while (0)
#define LIMIT	4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was seen, as a sum: of heads, fields and bodies in their order. */
struct seen {
	uint64_t sum;
	unsigned int requests;
	bool bad;
};

static void add(struct seen *s, const void *data, size_t len)
{
	const uint8_t *octet = data;
	size_t i;

	for (i = 0; i < len; i++)
		s->sum = (s->sum ^ octet[i]) * 0x100000001b3;
}

static bool on_field(void *arg, const char *name, const char *value)
{
	REQUIRE(*name && !strpbrk(name, " \t:\r\n") && !strpbrk(value, "\r\n"));
	add(arg, name, strlen(name));
	add(arg, value, strlen(value) + 1);
	return true;
}

static bool take(struct http *h, struct seen *s, enum http_event e, const uint8_t *piece, size_t len)
{
	switch (e) {
	case HTTP_HEAD:
		REQUIRE(*h->method && h->target && !(h->chunked && h->has_length));
		add(s, h->method, strlen(h->method));
		add(s, h->target, strlen(h->target));
		break;
	case HTTP_DATA:
		add(s, piece, len);
		break;
	case HTTP_END:
		s->requests++;
		if (h->close)
			return false;
		http_listen(h);
		break;
	case HTTP_BAD:
	case HTTP_LONG:
		REQUIRE(h->status >= 400 && h->status < 600);
		s->bad = true;
		return false;
	default:
		break;
	}
	return true;
}

static struct seen run(const uint8_t *data, size_t size, size_t step)
{
	struct seen s = { .sum = 0xcbf29ce484222325 };
	struct http h;
	bool on = true;
	size_t n;

	http_init(&h, LIMIT);
	h.field = on_field;
	h.arg = &s;
	http_listen(&h);
	for (; on && size; data += n, size -= n) {
		enum http_event e = HTTP_HEAD;
		size_t at = 0, used, len = 0;
		const uint8_t *piece = NULL;
		uint8_t *copy;

		n = size < step ? size : step;
		/* exactly so long, for the sanitizer to see what is behind */
		copy = malloc(n);
		memcpy(copy, data, n);
		while (on && e != HTTP_MORE) {
			e = http_next(&h, copy + at, n - at, &used, &piece, &len);
			REQUIRE(used <= n - at && (e != HTTP_MORE || used == n - at));
			on = take(&h, &s, e, piece, len);
			at += used;
			/* the next is not looked for where nothing is */
			if (e == HTTP_END && at == n)
				break;
		}
		free(copy);
	}
	http_fini(&h);
	return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seen whole, pieces;

	if (size < 2)
		return 0;
	whole = run(data + 1, size - 1, size);
	pieces = run(data + 1, size - 1, (size_t)*data + 1);
	REQUIRE(whole.requests == pieces.requests);
	/* what is too long is seen as far as it came */
	REQUIRE(whole.bad || pieces.bad || whole.sum == pieces.sum);
	return 0;
}
