// SPDX-License-Identifier: GPL-2.0-or-later
#include <endian.h>
#include <string.h>

#include "base/siphash.h"

struct state {
	uint64_t a, b, c, d;
};

static inline uint64_t rotate(uint64_t x, unsigned int n)
{
	return x << n | x >> (64 - n);
}

static inline uint64_t little64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return le64toh(v);
}

/* The last, less than eight of them. */
static inline uint64_t rest(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	while (n--)
		v = v << 8 | p[n];
	return v;
}

static inline void mix(struct state *s)
{
	s->a += s->b;
	s->c += s->d;
	s->b = rotate(s->b, 13) ^ s->a;
	s->d = rotate(s->d, 16) ^ s->c;
	s->a = rotate(s->a, 32) + s->d;
	s->c += s->b;
	s->d = rotate(s->d, 21) ^ s->a;
	s->b = rotate(s->b, 17) ^ s->c;
	s->c = rotate(s->c, 32);
}

static inline void absorb(struct state *s, uint64_t word)
{
	s->d ^= word;
	mix(s);
	mix(s);
	s->a ^= word;
}

static inline void start(struct state *s, const uint8_t key[16])
{
	uint64_t k0 = little64(key), k1 = little64(key + 8);

	s->a = k0 ^ 0x736f6d6570736575u;
	s->b = k1 ^ 0x646f72616e646f6du;
	s->c = k0 ^ 0x6c7967656e657261u;
	s->d = k1 ^ 0x7465646279746573u;
}

static inline void absorb_all(struct state *s, const uint8_t *p, size_t len)
{
	size_t n;

	for (n = len; n >= 8; n -= 8, p += 8)
		absorb(s, little64(p));
	absorb(s, rest(p, n) | (uint64_t)len << 56);
}

static inline uint64_t finish(struct state *s)
{
	mix(s);
	mix(s);
	mix(s);
	mix(s);
	return s->a ^ s->b ^ s->c ^ s->d;
}

uint64_t siphash(const void *data, size_t len, const uint8_t key[16])
{
	struct state s;

	start(&s, key);
	absorb_all(&s, data, len);
	s.c ^= 0xff;
	return finish(&s);
}

void siphash128(uint8_t out[16], const void *data, size_t len, const uint8_t key[16])
{
	struct state s;
	uint64_t half[2];

	start(&s, key);
	s.b ^= 0xee;
	absorb_all(&s, data, len);
	s.c ^= 0xee;
	half[0] = htole64(finish(&s));
	s.b ^= 0xdd;
	half[1] = htole64(finish(&s));
	memcpy(out, half, sizeof(half));
}
