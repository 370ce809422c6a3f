// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzes the reader of intercepted IP packets: what is taken for a Q-mode message can go on, as it is
 * and with another payload, and is one again then; what is not, goes on as it is. The first octet
 * says whether lengths and the UDP checksum are put right first, as they are in what arrives.
 */
#include <stdlib.h>
#include <string.h>

#include "sig/packet.h"

#define REQUIRE(condition)	do { if (!(condition)) abort(); } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t buf[PACKET_MAX];

static void put16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static uint32_t sum(const uint8_t *p, size_t n)
{
	uint32_t s = 0;
	size_t i;

	for (i = 0; i < n; i++)
		s += i & 1 ? p[i] : (uint32_t)p[i] << 8;
	return s;
}

/* Where UDP would be; 0: nowhere. */
static size_t udp_at(const uint8_t *p, size_t n)
{
	size_t at = 40;
	unsigned int next;

	if (p[0] >> 4 == 4)
		return (size_t)(p[0] & 15) * 4;
	if (p[0] >> 4 != 6 || n < 40)
		return 0;
	for (next = p[6]; next == 0 || next == 43 || next == 60; next = p[at]) {
		size_t len = n - at < 8 ? n : ((size_t)p[at + 1] + 1) * 8;

		if (len > n - at)
			return 0;
		if (at + len >= n)
			return 0;
		if (p[at] == 17)
			return at + len;
		at += len;
	}
	return next == 17 ? at : 0;
}

static void put_right(uint8_t *p, size_t n)
{
	size_t at = n < 20 ? 0 : udp_at(p, n), addresses = p[0] >> 4 == 4 ? 12 : 8;
	uint32_t s;

	if (!at || at + 8 > n || n > 65535)
		return;
	if (p[0] >> 4 == 4)
		put16(p + 2, n);
	else
		put16(p + 4, n - 40);
	put16(p + at + 4, n - at);
	put16(p + at + 6, 0);
	s = sum(p + at, n - at) + sum(p + addresses, addresses == 12 ? 8 : 32) + 17 +
	    (uint32_t)(n - at);
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	put16(p + at + 6, s == 0xffff ? s : ~s & 0xffff);
}

static void require_within(const struct packet *p)
{
	const uint8_t *end = p->octets.data + p->octets.len;

	REQUIRE(p->udp && p->payload.data >= p->octets.data + p->udp + 8);
	REQUIRE(p->payload.data + p->payload.len == end);
	REQUIRE(p->dport == 270 && p->rao >= 0 && p->rao <= 0xffff);
	REQUIRE(p->source.version == p->version && p->destination.version == p->version);
}

/* Without the hop it has lost it is the same. */
static void again(const struct packet *p, enum packet_kind kind)
{
	struct gist_out out;
	struct packet back;

	gist_out_init(&out, buf, sizeof(buf));
	packet_relay(&out, p, NULL);
	if (p->ttl <= 1) {
		REQUIRE(out.error);
		return;
	}
	REQUIRE(!out.error && out.len == p->octets.len);
	REQUIRE(packet_parse(&back, gist_out_view(&out)) == kind);
	REQUIRE(back.ttl == p->ttl - 1 && back.rao == p->rao);
}

static void with_payload(const struct packet *p)
{
	static uint8_t other[2048];
	struct gist_view v = { other, p->payload.len / 2 + 12 };
	struct gist_out out;
	struct packet back;

	if (v.len > sizeof(other) || p->ttl <= 1)
		return;
	memcpy(other, p->payload.data, 12);
	memset(other + 12, 0xa5, v.len - 12);
	gist_out_init(&out, buf, sizeof(buf));
	packet_relay(&out, p, &v);
	REQUIRE(!out.error);
	REQUIRE(packet_parse(&back, gist_out_view(&out)) == PACKET_QMODE);
	REQUIRE(gist_view_equal(back.payload, v));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct packet p;
	enum packet_kind kind;
	uint8_t *copy;

	if (!size)
		return 0;
	copy = malloc(size > 1 ? size - 1 : 1);	/* of just that size, for reads behind its end to be seen */
	if (!copy)
		return 0;
	memcpy(copy, data + 1, --size);
	if (size && data[0] & 1)
		put_right(copy, size);
	kind = packet_parse(&p, gist_view(copy, size));
	if (kind == PACKET_QMODE) {
		require_within(&p);
		with_payload(&p);
	}
	if (kind != PACKET_BAD)
		again(&p, kind);
	free(copy);
	return 0;
}
