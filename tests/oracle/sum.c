// SPDX-License-Identifier: GPL-2.0-or-later
#include "sum.h"

uint16_t sum_fold(uint32_t acc)
{
	while (acc >> 16)
		acc = (acc & 0xffff) + (acc >> 16);
	return acc;
}

uint32_t sum_add(uint32_t acc, const void *p, size_t n)
{
	const uint8_t *b = p;
	size_t i;

	acc = sum_fold(acc);
	for (i = 0; i + 1 < n; i += 2)
		acc = sum_fold(acc + (b[i] << 8 | b[i + 1]));
	if (n & 1)
		acc = sum_fold(acc + (b[n - 1] << 8));
	return acc;
}

uint16_t sum_field(uint32_t acc)
{
	return ~sum_fold(acc);
}

uint16_t sum_sub(uint16_t a, uint16_t b)
{
	return sum_fold((uint32_t)a + (uint16_t)~b);
}

uint32_t crc32c(const void *p, size_t n)
{
	const uint8_t *b = p;
	uint32_t crc = 0xffffffff;
	int bit;

	while (n--) {
		crc ^= *b++;
		for (bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0x82f63b78 : crc >> 1;
	}
	return ~crc;
}
