// SPDX-License-Identifier: GPL-2.0-or-later
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "policy/flow.h"

#define PROTOCOL_DCCP		33
#define PROTOCOL_UDPLITE	136

bool flow_protocol_ports(uint8_t protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_SCTP ||
	       protocol == PROTOCOL_DCCP || protocol == PROTOCOL_UDPLITE;
}

bool flow_protocol_icmp(uint8_t protocol)
{
	return protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6;
}

bool flow_protocol_spi(uint8_t protocol)
{
	return protocol == IPPROTO_ESP || protocol == IPPROTO_AH;
}

static const char *end_wrong(const struct address *a, uint8_t len, uint8_t version)
{
	if (!a->version)
		return len ? "a prefix without address" : NULL;
	if (a->version != version)
		return "addresses of different versions";
	return len > address_bits(a) ? "a prefix longer than its address" : NULL;
}

static const char *ports_wrong(const struct gate_flow *f)
{
	bool ports = f->has_protocol && flow_protocol_ports(f->protocol);

	if ((f->has_sport || f->has_dport || f->more_ports) && !ports)
		return "ports of a protocol without any";
	if ((f->has_sport && !f->sport) || (f->has_dport && !f->dport))
		return "port 0";
	if (f->more_ports > 1)
		return "more than two ports";
	if (f->more_ports && ((f->has_sport && f->sport == UINT16_MAX) ||
			      (f->has_dport && f->dport == UINT16_MAX)))
		return "two ports from 65535 on";
	return f->has_spi && !(f->has_protocol && flow_protocol_spi(f->protocol)) ?
		"an SPI of a protocol without any" : NULL;
}

static const char *icmp_wrong(const struct gate_flow *f)
{
	if (f->icmp_count > GATE_ICMP_MAX)
		return "too many ICMP types";
	if (f->icmp_count && !(f->has_protocol && flow_protocol_icmp(f->protocol)))
		return "ICMP types of another protocol";
	if (f->has_protocol && flow_protocol_icmp(f->protocol) &&
	    (f->protocol == IPPROTO_ICMP) != (f->version == 4))
		return "ICMP of the other IP version";
	return NULL;
}

const char *flow_wrong(const struct gate_flow *f)
{
	const char *why;

	if (f->version != 4 && f->version != 6)
		return "no IP version";
	why = end_wrong(&f->source, f->source_len, f->version);
	if (!why)
		why = end_wrong(&f->destination, f->destination_len, f->version);
	if (!why)
		why = ports_wrong(f);
	return why ? why : icmp_wrong(f);
}

/* Both ends mean the same addresses; an unset one is a prefix of 0. */
static bool end_equal(const struct address *a, uint8_t alen, const struct address *b, uint8_t blen)
{
	return alen == blen && (!alen || address_within(a, b, blen));
}

bool flow_equal(const struct gate_flow *a, const struct gate_flow *b)
{
	return a->version == b->version && a->has_protocol == b->has_protocol &&
	       end_equal(&a->source, a->source_len, &b->source, b->source_len) &&
	       end_equal(&a->destination, a->destination_len, &b->destination,
			 b->destination_len) &&
	       (!a->has_protocol || a->protocol == b->protocol) &&
	       a->has_sport == b->has_sport && (!a->has_sport || a->sport == b->sport) &&
	       a->has_dport == b->has_dport && (!a->has_dport || a->dport == b->dport) &&
	       a->has_spi == b->has_spi && (!a->has_spi || a->spi == b->spi) &&
	       a->more_ports == b->more_ports && a->icmp_count == b->icmp_count &&
	       !memcmp(a->icmp, b->icmp, a->icmp_count);
}

bool flow_source_host(const struct gate_flow *f)
{
	return f->source.version && f->source_len == address_bits(&f->source);
}

bool flow_destination_host(const struct gate_flow *f)
{
	return f->destination.version && f->destination_len == address_bits(&f->destination);
}

bool flow_exact(const struct gate_flow *f)
{
	if (!flow_source_host(f) || !flow_destination_host(f) || !f->has_protocol)
		return false;
	if (flow_protocol_ports(f->protocol))
		return f->has_sport && f->has_dport;
	if (flow_protocol_spi(f->protocol))
		return f->has_spi;
	return !flow_protocol_icmp(f->protocol);
}

/* RFC 4890 4.3 for IPv6; for IPv4 what corresponds. */
static const uint8_t icmp4[] = { 0, 3, 8, 11, 12, 13, 14 };
static const uint8_t icmp6[] = { 1, 2, 3, 4, 128, 129 };

bool flow_icmp_permitted(uint8_t protocol, uint8_t type)
{
	if (protocol == IPPROTO_ICMP)
		return memchr(icmp4, type, sizeof(icmp4));
	return memchr(icmp6, type, sizeof(icmp6));
}

unsigned int flow_icmp(const struct gate_flow *f, uint8_t types[FLOW_ICMP_MAX])
{
	const uint8_t *from = f->icmp;
	unsigned int n = f->icmp_count;

	if (!f->has_protocol || !flow_protocol_icmp(f->protocol))
		return 0;
	if (!n) {
		from = f->protocol == IPPROTO_ICMP ? icmp4 : icmp6;
		n = f->protocol == IPPROTO_ICMP ? sizeof(icmp4) : sizeof(icmp6);
	}
	memcpy(types, from, n);
	return n;
}

static bool end_within(const struct address *a, uint8_t alen, const struct address *b, uint8_t blen)
{
	return !blen || (alen >= blen && address_within(a, b, blen));
}

/* Ports @a and @amore more within @b and @bmore more. */
static bool port_within(bool ahas, uint16_t a, unsigned int amore, bool bhas, uint16_t b,
			unsigned int bmore)
{
	return !bhas || (ahas && a >= b && a + amore <= b + bmore);
}

bool flow_within(const struct gate_flow *inner, const struct gate_flow *outer)
{
	return inner->version == outer->version &&
	       end_within(&inner->source, inner->source_len, &outer->source, outer->source_len) &&
	       end_within(&inner->destination, inner->destination_len, &outer->destination,
			  outer->destination_len) &&
	       (!outer->has_protocol ||
		(inner->has_protocol && inner->protocol == outer->protocol)) &&
	       port_within(inner->has_sport, inner->sport, inner->more_ports, outer->has_sport,
			   outer->sport, outer->more_ports) &&
	       port_within(inner->has_dport, inner->dport, inner->more_ports, outer->has_dport,
			   outer->dport, outer->more_ports) &&
	       (!outer->has_spi || (inner->has_spi && inner->spi == outer->spi));
}

static const char *protocol_text(const struct gate_flow *f, char buf[8])
{
	if (!f->has_protocol)
		return "ip";
	switch (f->protocol) {
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	case IPPROTO_ICMP:
		return "icmp";
	case IPPROTO_ICMPV6:
		return "icmpv6";
	case IPPROTO_ESP:
		return "esp";
	case IPPROTO_AH:
		return "ah";
	case IPPROTO_SCTP:
		return "sctp";
	}
	snprintf(buf, 8, "%u", f->protocol);
	return buf;
}

/* "any", "192.0.2.0/24", "[2001:db8::1]:80-81": returns octets written. */
static size_t end_text(char *buf, size_t size, const struct address *a, uint8_t len, bool has_port,
		       unsigned int port, unsigned int more)
{
	bool bracket = a->version == 6 && len && has_port;
	char text[ADDRESS_TEXT];
	size_t n = 0;

	n += (size_t)snprintf(buf, size, "%s%s%s", bracket ? "[" : "",
			      len ? address_text(a, text) : "any", bracket ? "]" : "");
	if (len && len < address_bits(a) && n < size)
		n += (size_t)snprintf(buf + n, size - n, "/%u", len);
	if (has_port && n < size)
		n += (size_t)snprintf(buf + n, size - n, ":%u", port);
	if (has_port && more && n < size)
		n += (size_t)snprintf(buf + n, size - n, "-%u", port + more);
	return n < size ? n : size - 1;
}

const char *flow_text(const struct gate_flow *f, char *buf)
{
	char protocol[8];
	size_t n;

	n = (size_t)snprintf(buf, FLOW_TEXT, "%s ", protocol_text(f, protocol));
	n += end_text(buf + n, FLOW_TEXT - n, &f->source, f->source_len, f->has_sport, f->sport,
		      f->more_ports);
	n += (size_t)snprintf(buf + n, FLOW_TEXT - n, " > ");
	if (n >= FLOW_TEXT)
		return buf;
	n += end_text(buf + n, FLOW_TEXT - n, &f->destination, f->destination_len, f->has_dport,
		      f->dport, f->more_ports);
	if (f->has_spi && n < FLOW_TEXT)
		snprintf(buf + n, FLOW_TEXT - n, " spi 0x%08x", f->spi);
	return buf;
}
