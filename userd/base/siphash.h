/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SipHash-2-4, for tables whose keys come from the network and for names that must not tell what they
 * stand for. @key is 16 octets, secret and random.
 */
#ifndef _NATFWD_BASE_SIPHASH_H
#define _NATFWD_BASE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t siphash(const void *data, size_t len, const uint8_t key[16]);
/* The variant with an output of 16 octets, for what must not be guessed. */
void siphash128(uint8_t out[16], const void *data, size_t len, const uint8_t key[16]);

#endif /* _NATFWD_BASE_SIPHASH_H */
