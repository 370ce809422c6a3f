/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Raw IPv4 and IPv6 packets: taking them apart and putting checksums in. */
#ifndef _ORACLE_PACKET_H
#define _ORACLE_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PACKET_MAX	9216

enum {
	P_ICMP = 1, P_TCP = 6, P_UDP = 17, P_DCCP = 33, P_GRE = 47, P_ESP = 50,
	P_AH = 51, P_ICMP6 = 58, P_SCTP = 132, P_UDPLITE = 136,
	P_HOPOPTS = 0, P_ROUTING = 43, P_FRAGMENT = 44, P_NONE = 59, P_DSTOPTS = 60,
};

struct addr {
	uint8_t	len;	/* 4 or 16; 0: none */
	uint8_t	b[16];
};

struct packet {
	size_t	len;
	uint8_t	data[PACKET_MAX];
};

/* What a packet is, field by field. Offsets are from its first byte. */
struct view {
	int		family;		/* 4 or 6; 0: none of them, or broken */
	struct addr	src, dst;
	uint8_t		proto;		/* of the upper layer */
	uint8_t		ttl, dscp;
	uint32_t	label;
	size_t		l4;		/* where the upper layer starts */
	size_t		end;		/* where the packet ends, by its length field */
	size_t		proto_at;	/* offset of the byte that names the upper layer */
	bool		options;	/* IPv4 options, or IPv6 extension headers */
	bool		frag;		/* a fragment; no ports if not the first */
	bool		more;
	size_t		frag_off;
	uint32_t	frag_id;
	size_t		frag_hdr;	/* IPv6 fragment header, or 0 */
	bool		ports;		/* source and destination port are there */
	uint16_t	sport, dport;
	bool		query, answer;	/* ICMP with an identifier, and which way */
	uint16_t	id;
	bool		error;		/* ICMP error */
	size_t		inner;		/* the packet it is about */
	uint8_t		type, code;	/* ICMP */
	bool		spi_there;
	uint32_t	spi;
};

uint16_t get16(const uint8_t *p);
uint32_t get32(const uint8_t *p);
void put16(uint8_t *p, uint16_t v);
void put32(uint8_t *p, uint32_t v);

bool addr_equal(const struct addr *a, const struct addr *b);
/* First @bits bits alike, and of one family. */
bool addr_within(const struct addr *a, const struct addr *net, unsigned int bits);
/* @net in the first @bits bits, @host in those after. */
struct addr addr_join(const struct addr *net, unsigned int bits, const struct addr *host);
const char *addr_text(const struct addr *a);

bool proto_has_ports(uint8_t proto);
bool is_query(int family, uint8_t type, bool *answer);
bool is_error(int family, uint8_t type);

/* False if the bytes do not hold together. */
bool view_parse(struct view *v, const uint8_t *data, size_t len);

/*
 * Where the upper layer's checksum stands and what it should be. False if
 * there is none (no checksum in this protocol, UDP without, a fragment).
 */
struct l4sum {
	size_t		at;
	bool		crc;	/* four bytes, CRC32c, little end first */
	uint32_t	want;
	uint32_t	have;
};

bool packet_l4sum(const uint8_t *data, const struct view *v, struct l4sum *s);
void packet_l4sum_put(uint8_t *data, const struct l4sum *s, uint32_t value);
uint16_t packet_ipsum(const uint8_t *data);
/* Make every checksum right. UDP of IPv4 with zero stays without. */
void packet_fill_sums(struct packet *p);
/* The same for the packet at @data, @len bytes of which are there. */
void data_fill_sums(uint8_t *data, size_t len);

void packet_dump(const char *what, const uint8_t *data, size_t len);
const char *view_text(const struct view *v);

#endif
