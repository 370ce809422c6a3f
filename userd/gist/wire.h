/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Octets read and written: what all the codecs of userd/gist and userd/nslp stand on.
 *
 * A view is a stretch of somebody else's memory; it is valid as long as that memory is,
 * and nothing here copies or frees it. An output is a buffer of the caller with an end it
 * cannot be written beyond: the first write that does not fit, or that a codec refuses,
 * marks it, and everything after that is ignored, so that a message is put together
 * without a look at each step and asked once, at the end, whether it came out well.
 *
 * All numbers are big endian (RFC 5971, appendix A; RFC 5973, section 4).
 * Plain values, no locks, no memory of their own.
 */
#ifndef _NATFWD_GIST_WIRE_H
#define _NATFWD_GIST_WIRE_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct gist_view {
	const uint8_t *data;
	size_t len;
};

struct gist_out {
	uint8_t *data;
	size_t size;
	size_t len;
	int error;		/* 0, -EMSGSIZE: did not fit, -EINVAL: not to be sent */
};

static inline struct gist_view gist_view(const void *data, size_t len)
{
	return (struct gist_view){ data, len };
}

static inline uint16_t gist_get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t gist_get32(const uint8_t *p)
{
	return (uint32_t)gist_get16(p) << 16 | gist_get16(p + 2);
}

/* Octets up to the next multiple of four. */
static inline size_t gist_padded(size_t n)
{
	return (n + 3) & ~(size_t)3;
}

/* Whether two views show the same octets; any two empty ones do. */
bool gist_view_equal(struct gist_view a, struct gist_view b);

/* Start writing to @size octets at @buf, which the caller keeps. */
void gist_out_init(struct gist_out *o, void *buf, size_t size);
/* Mark @o as failed with the negative @error, unless it failed before. */
void gist_out_fail(struct gist_out *o, int error);
/* The next @n octets to be written, or NULL if @o has no room or has failed. */
static inline uint8_t *gist_out_take(struct gist_out *o, size_t n)
{
	uint8_t *p = o->data + o->len;

	if (o->error)
		return NULL;
	if (n > o->size - o->len) {
		gist_out_fail(o, -EMSGSIZE);
		return NULL;
	}
	o->len += n;
	return p;
}

static inline void gist_out_u8(struct gist_out *o, uint8_t v)
{
	uint8_t *p = gist_out_take(o, 1);

	if (p)
		*p = v;
}

static inline void gist_out_u16(struct gist_out *o, uint16_t v)
{
	uint8_t *p = gist_out_take(o, 2);

	if (!p)
		return;
	p[0] = v >> 8;
	p[1] = (uint8_t)v;
}

static inline void gist_out_u32(struct gist_out *o, uint32_t v)
{
	gist_out_u16(o, v >> 16);
	gist_out_u16(o, (uint16_t)v);
}

/* Write @n octets from @data; @data may be NULL if @n is 0. */
static inline void gist_out_bytes(struct gist_out *o, const void *data, size_t n)
{
	uint8_t *p = gist_out_take(o, n);

	if (p && n)
		memcpy(p, data, n);
}

/* Write what @v shows and zeros up to a multiple of four. */
void gist_out_padded(struct gist_out *o, struct gist_view v);
/* Write @v over the two octets at @at, which have been written before. */
static inline void gist_out_patch16(struct gist_out *o, size_t at, uint16_t v)
{
	if (o->error || at + 2 > o->len)
		return;
	o->data[at] = v >> 8;
	o->data[at + 1] = (uint8_t)v;
}

/* What has been written; nothing if it failed. Shows the caller's buffer. */
struct gist_view gist_out_view(const struct gist_out *o);

#endif /* _NATFWD_GIST_WIRE_H */
