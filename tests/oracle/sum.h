/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checksums computed the long way, from every byte they cover. */
#ifndef _ORACLE_SUM_H
#define _ORACLE_SUM_H

#include <stddef.h>
#include <stdint.h>

/* One's complement sum of the big-endian words at @p on top of @acc. */
uint32_t sum_add(uint32_t acc, const void *p, size_t n);
/* @acc carried into sixteen bits: never 0 unless every word was. */
uint16_t sum_fold(uint32_t acc);
/* What a checksum field holds when the rest sums to @acc. */
uint16_t sum_field(uint32_t acc);
/* One's complement a - b. */
uint16_t sum_sub(uint16_t a, uint16_t b);
uint32_t crc32c(const void *p, size_t n);

#endif
