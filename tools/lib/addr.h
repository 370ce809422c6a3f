/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Internet addresses of either family, and their text.
 *
 * A plain value: copy it freely. Nothing here allocates or locks.
 */
#ifndef _NATFW_LIB_ADDR_H
#define _NATFW_LIB_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct natfw_addr {
	uint8_t len;		/* 4 or 16 bytes in use; 0: no address */
	uint8_t b[16];		/* network order */
};

#define NATFW_ADDR_TEXT	48	/* room for any address, NUL included */

/* Bits an address of that family has: 32, 128, or 0 for none. */
static inline unsigned int natfw_addr_bits(const struct natfw_addr *a)
{
	return a->len * 8u;
}

/* Read @text into @a; false (and @a untouched) if it is no address. */
bool natfw_addr_parse(struct natfw_addr *a, const char *text);
/* Write @a to @buf, at least NATFW_ADDR_TEXT bytes; returns @buf. */
const char *natfw_addr_text(const struct natfw_addr *a, char *buf);
/* As memcmp(); IPv4 sorts before IPv6. */
int natfw_addr_cmp(const struct natfw_addr *a, const struct natfw_addr *b);
/* True if the first @bits bits of both, of one family, are the same. */
bool natfw_addr_prefix_equal(const struct natfw_addr *a, const struct natfw_addr *b,
			     unsigned int bits);
/* Clear (@ones false) or set every bit after the first @bits. */
void natfw_addr_fill(struct natfw_addr *a, unsigned int bits, bool ones);

#endif /* _NATFW_LIB_ADDR_H */
