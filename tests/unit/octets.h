/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages to be spoilt: octets written as text, and objects cut out, doubled, put in.
 * Works on anything that has a head of fixed size and then objects.
 */
#ifndef _NATFW_TESTS_OCTETS_H
#define _NATFW_TESTS_OCTETS_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gist/tlv.h"

struct octets {
	uint8_t b[4096];
	size_t len;
	size_t head;	/* octets before the first object */
};

static inline int octets_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Hex digits, whatever is between them left out. */
static inline void octets_hex(struct octets *o, const char *text, size_t head)
{
	int high = -1, digit;

	o->len = 0;
	o->head = head;
	for (; *text && o->len < sizeof(o->b); text++) {
		digit = octets_digit(*text);
		if (digit < 0)
			continue;
		if (high < 0) {
			high = digit;
			continue;
		}
		o->b[o->len++] = (uint8_t)(high << 4 | digit);
		high = -1;
	}
}

static inline struct gist_view octets_view(const struct octets *o)
{
	return gist_view(o->b, o->len);
}

static inline bool octets_are(const struct octets *o, struct gist_view v)
{
	return gist_view_equal(octets_view(o), v);
}

/* Where the object of @type begins; NULL if there is none. */
static inline uint8_t *octets_find(struct octets *o, unsigned int type, size_t *size)
{
	struct gist_walk w = gist_walk(gist_view(o->b + o->head, o->len - o->head));
	struct gist_tlv tlv;

	while (gist_walk_next(&w, &tlv)) {
		if (tlv.type != type)
			continue;
		if (size)
			*size = tlv.all.len;
		return o->b + (tlv.all.data - o->b);
	}
	return NULL;
}

static inline void octets_insert(struct octets *o, size_t at, const void *data, size_t n)
{
	memmove(o->b + at + n, o->b + at, o->len - at);
	memcpy(o->b + at, data, n);
	o->len += n;
}

static inline void octets_cut(struct octets *o, unsigned int type)
{
	size_t size, at;
	uint8_t *p = octets_find(o, type, &size);

	at = (size_t)(p - o->b);
	memmove(p, p + size, o->len - at - size);
	o->len -= size;
}

static inline void octets_double(struct octets *o, unsigned int type)
{
	uint8_t copy[1024];
	size_t size;
	uint8_t *p = octets_find(o, type, &size);

	memcpy(copy, p, size);
	octets_insert(o, (size_t)(p - o->b), copy, size);
}

/* An object of @words words of zeros at the end. */
static inline void octets_append(struct octets *o, unsigned int ab, unsigned int type,
				 unsigned int words)
{
	uint8_t tlv[256] = { (uint8_t)(ab << 6 | type >> 8), (uint8_t)type,
			     (uint8_t)(words >> 8), (uint8_t)words };

	octets_insert(o, o->len, tlv, 4 + words * 4);
}

/* Make the object of @type have @words words, zeros at its end if it grows. */
static inline void octets_resize(struct octets *o, unsigned int type, unsigned int words)
{
	static const uint8_t zeros[256];
	size_t size, at, want = 4 + words * 4;
	uint8_t *p = octets_find(o, type, &size);

	at = (size_t)(p - o->b);
	p[2] = (uint8_t)(words >> 8);
	p[3] = (uint8_t)words;
	if (want > size) {
		octets_insert(o, at + size, zeros, want - size);
	} else {
		memmove(p + want, p + size, o->len - at - size);
		o->len -= size - want;
	}
}

/* A copy on the heap of just that size, so that reading beyond it is noticed. */
static inline uint8_t *octets_tight(const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	if (!copy)
		abort();
	if (len)
		memcpy(copy, data, len);
	return copy;
}

/* A random number, the same ones in every run. */
static inline uint32_t octets_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

#endif /* _NATFW_TESTS_OCTETS_H */
