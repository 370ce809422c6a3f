// SPDX-License-Identifier: GPL-2.0-or-later
#include <arpa/inet.h>
#include <string.h>

#include "addr.h"

bool natfw_addr_parse(struct natfw_addr *a, const char *text)
{
	struct natfw_addr n = { 0 };

	if (inet_pton(AF_INET, text, n.b) == 1)
		n.len = 4;
	else if (inet_pton(AF_INET6, text, n.b) == 1)
		n.len = 16;
	else
		return false;
	*a = n;
	return true;
}

const char *natfw_addr_text(const struct natfw_addr *a, char *buf)
{
	if (!a->len || !inet_ntop(a->len == 4 ? AF_INET : AF_INET6, a->b, buf, NATFW_ADDR_TEXT))
		strcpy(buf, "any");
	return buf;
}

int natfw_addr_cmp(const struct natfw_addr *a, const struct natfw_addr *b)
{
	if (a->len != b->len)
		return a->len - b->len;
	return memcmp(a->b, b->b, a->len);
}

bool natfw_addr_prefix_equal(const struct natfw_addr *a, const struct natfw_addr *b,
			     unsigned int bits)
{
	unsigned int bytes = bits / 8;
	uint8_t mask = (uint8_t)(0xff00 >> bits % 8);

	if (a->len != b->len || bits > natfw_addr_bits(a))
		return false;
	if (memcmp(a->b, b->b, bytes))
		return false;
	return !(bits % 8) || !((a->b[bytes] ^ b->b[bytes]) & mask);
}

void natfw_addr_fill(struct natfw_addr *a, unsigned int bits, bool ones)
{
	unsigned int i;

	for (i = bits; i < natfw_addr_bits(a); i++) {
		uint8_t bit = (uint8_t)(0x80 >> i % 8);

		if (ones)
			a->b[i / 8] |= bit;
		else
			a->b[i / 8] &= (uint8_t)~bit;
	}
}
