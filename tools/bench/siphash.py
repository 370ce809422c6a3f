# SPDX-License-Identifier: GPL-2.0-or-later
"""SipHash-2-4, to choose keys as an attacker would who knows everything but the seed."""
import struct

MASK = (1 << 64) - 1


def rotate(x, by):
    return (x << by | x >> (64 - by)) & MASK


def sip_round(a, b, c, d):
    a = (a + b) & MASK
    c = (c + d) & MASK
    b, d = rotate(b, 13) ^ a, rotate(d, 16) ^ c
    a = rotate(a, 32)
    a, c = (a + d) & MASK, (c + b) & MASK
    d, b = rotate(d, 21) ^ a, rotate(b, 17) ^ c
    return a, b, rotate(c, 32), d


def siphash(data, k0=0, k1=0):
    a, b = k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d
    c, d = k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573
    tail = len(data) % 8
    last = data[len(data) - tail:] + bytes(7 - tail) + bytes([len(data) & 255])
    for word, in struct.iter_unpack('<Q', data[:len(data) - tail] + last):
        d ^= word
        a, b, c, d = sip_round(*sip_round(a, b, c, d))
        a ^= word
    c ^= 0xff
    for _ in range(4):
        a, b, c, d = sip_round(a, b, c, d)
    return a ^ b ^ c ^ d


def colliding(count, key, candidates, bits):
    """So many of the candidates that share the low bits of the hash of their key, seed zero."""
    found = []
    for c in candidates:
        if siphash(key(c)) & ((1 << bits) - 1) == 0:
            found.append(c)
            if len(found) == count:
                return found
    raise ValueError(f'only {len(found)} of the candidates collide')
