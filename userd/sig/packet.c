// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "gist/message.h"
#include "sig/packet.h"
#include "sig/sockets.h"

#define IPV4_HEADER	20
#define IPV6_HEADER	40
#define UDP_HEADER	8
#define EXTENSIONS	8	/* IPv6 headers looked at: more make no sense */

#define OPTION_END	0
#define OPTION_NOP	1
#define OPTION_ALERT	0x94	/* RFC 2113 */
#define OPTION6_PAD1	0
#define OPTION6_ALERT	5	/* RFC 2711 */

static const uint8_t magic[4] = { 0x4e, 0x04, 0xbd, 0xa5 };

/* ---- checksums (RFC 1071) ---- */

static uint32_t sum(uint32_t s, const uint8_t *data, size_t n)
{
	size_t i;

	for (i = 0; i + 1 < n; i += 2)
		s += gist_get16(data + i);
	if (n & 1)
		s += (uint32_t)data[n - 1] << 8;
	return s;
}

static uint16_t folded(uint32_t s)
{
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return (uint16_t)s;
}

/* Of pseudo header, UDP header and payload; 0xffff if the checksum within is right. */
static uint16_t udp_sum(const struct address *source, const struct address *destination,
			const uint8_t *udp, size_t n)
{
	size_t len = address_bits(source) / 8;
	uint32_t s = sum(IPPROTO_UDP + (uint32_t)n, source->b, len);

	s = sum(s, destination->b, len);
	return folded(sum(s, udp, n));
}

/* ---- taking apart ---- */

static void read_address(struct address *a, unsigned int version, const uint8_t *from)
{
	*a = (struct address){ .version = (uint8_t)version };
	memcpy(a->b, from, address_bits(a) / 8);
}

/* The options of an IPv4 header; false if they are malformed. */
static bool parse_options(struct packet *p, const uint8_t *o, size_t n)
{
	size_t at = 0;

	while (at < n && o[at] != OPTION_END) {
		if (o[at] == OPTION_NOP) {
			at++;
			continue;
		}
		if (n - at < 2 || o[at + 1] < 2 || o[at + 1] > n - at)
			return false;
		if (o[at] == OPTION_ALERT && o[at + 1] == 4 && p->rao < 0)
			p->rao = gist_get16(o + at + 2);
		at += o[at + 1];
	}
	return true;
}

static enum packet_kind parse_ipv4(struct packet *p, struct gist_view v)
{
	size_t header, total;

	if (v.len < IPV4_HEADER)
		return PACKET_BAD;
	header = (size_t)(v.data[0] & 0x0f) * 4;
	total = gist_get16(v.data + 2);
	if (header < IPV4_HEADER || total < header || total > v.len)
		return PACKET_BAD;
	p->octets.len = total;
	p->ttl = v.data[8];
	read_address(&p->source, 4, v.data + 12);
	read_address(&p->destination, 4, v.data + 16);
	if (!parse_options(p, v.data + IPV4_HEADER, header - IPV4_HEADER))
		return PACKET_OTHER;
	if (v.data[9] != IPPROTO_UDP || gist_get16(v.data + 6) & 0x3fff)
		return PACKET_OTHER;
	p->udp = header;
	return PACKET_QMODE;
}

/* The options of a hop-by-hop header; false if they are malformed. */
static bool parse_hop(struct packet *p, const uint8_t *o, size_t n)
{
	size_t at = 0;

	while (at < n) {
		if (o[at] == OPTION6_PAD1) {
			at++;
			continue;
		}
		if (n - at < 2 || (size_t)o[at + 1] + 2 > n - at)
			return false;
		if (o[at] == OPTION6_ALERT && o[at + 1] == 2 && p->rao < 0)
			p->rao = gist_get16(o + at + 2);
		at += (size_t)o[at + 1] + 2;
	}
	return true;
}

static bool extension(unsigned int next)
{
	return next == IPPROTO_HOPOPTS || next == IPPROTO_ROUTING || next == IPPROTO_DSTOPTS;
}

/* From header to header up to UDP. */
static enum packet_kind walk(struct packet *p)
{
	struct gist_view v = p->octets;
	size_t at = IPV6_HEADER, len;
	unsigned int next = v.data[6], i;

	for (i = 0; i < EXTENSIONS && extension(next); i++) {
		if (v.len - at < 8)
			return PACKET_OTHER;
		len = ((size_t)v.data[at + 1] + 1) * 8;
		if (len > v.len - at || (next == IPPROTO_HOPOPTS && i))
			return PACKET_OTHER;
		if (next == IPPROTO_HOPOPTS && !parse_hop(p, v.data + at + 2, len - 2))
			return PACKET_OTHER;
		next = v.data[at];
		at += len;
	}
	if (next != IPPROTO_UDP)
		return PACKET_OTHER;
	p->udp = at;
	return PACKET_QMODE;
}

static enum packet_kind parse_ipv6(struct packet *p, struct gist_view v)
{
	size_t total;

	if (v.len < IPV6_HEADER)
		return PACKET_BAD;
	total = IPV6_HEADER + (size_t)gist_get16(v.data + 4);
	if (total > v.len)
		return PACKET_BAD;
	p->octets.len = total;
	p->ttl = v.data[7];
	read_address(&p->source, 6, v.data + 8);
	read_address(&p->destination, 6, v.data + 24);
	return walk(p);
}

/* UDP with a right length and checksum. Without checksum only IPv4 allows (RFC 768). */
static bool parse_udp(struct packet *p)
{
	const uint8_t *udp = p->octets.data + p->udp;
	size_t left = p->octets.len - p->udp, len;

	if (left < UDP_HEADER)
		return false;
	len = gist_get16(udp + 4);
	if (len < UDP_HEADER || len != left)
		return false;
	p->sport = gist_get16(udp);
	p->dport = gist_get16(udp + 2);
	p->payload = gist_view(udp + UDP_HEADER, len - UDP_HEADER);
	if (!gist_get16(udp + 6))
		return p->version == 4;
	return udp_sum(&p->source, &p->destination, udp, len) == 0xffff;
}

/* Magic number, and C=1 in the common header: nothing else is intercepted (3.6). */
static bool is_qmode(const struct packet *p)
{
	if (p->rao < 0 || p->dport != SIG_PORT)
		return false;
	if (p->payload.len < sizeof(magic) + GIST_HEADER_SIZE)
		return false;
	return !memcmp(p->payload.data, magic, sizeof(magic)) &&
	       p->payload.data[sizeof(magic) + 6] & 0x80;
}

enum packet_kind packet_parse(struct packet *p, struct gist_view octets)
{
	enum packet_kind kind;

	*p = (struct packet){ .octets = octets, .rao = -1 };
	if (!octets.len)
		return PACKET_BAD;
	p->version = octets.data[0] >> 4;
	if (p->version == 4)
		kind = parse_ipv4(p, octets);
	else
		kind = p->version == 6 ? parse_ipv6(p, octets) : PACKET_BAD;
	if (kind == PACKET_QMODE && (!parse_udp(p) || !is_qmode(p)))
		kind = PACKET_OTHER;
	if (kind != PACKET_QMODE)
		p->udp = 0;
	return kind;
}

/* ---- putting together ---- */

/* From @udp on: the UDP header is at @at in @o, all of the packet behind it is there. */
static void finish_udp(struct gist_out *o, size_t at, const struct address *source,
		       const struct address *destination)
{
	uint16_t s;

	if (o->error)
		return;
	gist_out_patch16(o, at + 4, (uint16_t)(o->len - at));
	gist_out_patch16(o, at + 6, 0);
	s = (uint16_t)~udp_sum(source, destination, o->data + at, o->len - at);
	gist_out_patch16(o, at + 6, s ? s : 0xffff);
}

/* Lengths and checksum of the IP header at the start of @o. */
static void finish_ip(struct gist_out *o, unsigned int version)
{
	size_t header;

	if (o->error)
		return;
	if (o->len - (version == 6 ? IPV6_HEADER : 0) > UINT16_MAX) {
		gist_out_fail(o, -EMSGSIZE);
		return;
	}
	if (version == 6) {
		gist_out_patch16(o, 4, (uint16_t)(o->len - IPV6_HEADER));
		return;
	}
	header = (size_t)(o->data[0] & 0x0f) * 4;
	gist_out_patch16(o, 2, (uint16_t)o->len);
	gist_out_patch16(o, 10, 0);
	gist_out_patch16(o, 10, (uint16_t)~folded(sum(0, o->data, header)));
}

/* The identification of a packet with DF does not matter (RFC 6864); the kernel fills in a 0. */
static void build_ipv4(struct gist_out *o, const struct gist_qmode *q)
{
	bool alert = q->rao >= 0;

	gist_out_u8(o, alert ? 0x46 : 0x45);
	gist_out_u8(o, (uint8_t)(q->ds << 2));
	gist_out_u16(o, 0);
	gist_out_u16(o, 0);
	gist_out_u16(o, 0x4000);
	gist_out_u8(o, q->ttl);
	gist_out_u8(o, IPPROTO_UDP);
	gist_out_u16(o, 0);
	gist_out_bytes(o, q->source.b, 4);
	gist_out_bytes(o, q->destination.b, 4);
	if (!alert)
		return;
	gist_out_u8(o, OPTION_ALERT);
	gist_out_u8(o, 4);
	gist_out_u16(o, (uint16_t)q->rao);
}

static void build_ipv6(struct gist_out *o, const struct gist_qmode *q)
{
	bool alert = q->rao >= 0;

	gist_out_u32(o, 6u << 28 | (uint32_t)q->ds << 22 | (q->label & 0xfffff));
	gist_out_u16(o, 0);
	gist_out_u8(o, alert ? IPPROTO_HOPOPTS : IPPROTO_UDP);
	gist_out_u8(o, q->ttl);
	gist_out_bytes(o, q->source.b, 16);
	gist_out_bytes(o, q->destination.b, 16);
	if (!alert)
		return;
	gist_out_u8(o, IPPROTO_UDP);
	gist_out_u8(o, 0);
	gist_out_u8(o, OPTION6_ALERT);
	gist_out_u8(o, 2);
	gist_out_u16(o, (uint16_t)q->rao);
	gist_out_u16(o, 0x0100);	/* PadN of two octets */
}

void packet_build(struct gist_out *o, const struct gist_qmode *q, struct gist_view payload)
{
	unsigned int version = q->destination.version;
	size_t udp;

	if ((version != 4 && version != 6) || q->source.version != version || !q->ttl ||
	    q->ds > 63 || q->rao > UINT16_MAX) {
		gist_out_fail(o, -EINVAL);
		return;
	}
	if (version == 4)
		build_ipv4(o, q);
	else
		build_ipv6(o, q);
	udp = o->len;
	gist_out_u16(o, q->sport);
	gist_out_u16(o, SIG_PORT);
	gist_out_u32(o, 0);
	gist_out_bytes(o, payload.data, payload.len);
	finish_ip(o, version);
	finish_udp(o, udp, &q->source, &q->destination);
}

void packet_relay(struct gist_out *o, const struct packet *p, const struct gist_view *payload)
{
	size_t ttl = p->version == 4 ? 8 : 7;

	if (p->ttl <= 1 || (payload && !p->udp)) {
		gist_out_fail(o, p->ttl <= 1 ? -ETIME : -EINVAL);
		return;
	}
	if (payload) {
		gist_out_bytes(o, p->octets.data, p->udp + UDP_HEADER);
		gist_out_bytes(o, payload->data, payload->len);
	} else {
		gist_out_bytes(o, p->octets.data, p->octets.len);
	}
	if (o->error)
		return;
	o->data[ttl]--;
	finish_ip(o, p->version);
	if (payload && !gist_view_equal(*payload, p->payload))
		finish_udp(o, p->udp, &p->source, &p->destination);
}
