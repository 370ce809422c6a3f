/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pools and mappings of the kernel module as operators and managers see them: messages of the process kern (plain
 * structs, one binary).
 */
#ifndef _NATFWD_BASE_NAT_H
#define _NATFWD_BASE_NAT_H

#include "base/address.h"

#define NAT_RANGES	64		/* most of a pool, as in the module */
#define NAT_MAPS_MAX	10000		/* mappings told in one answer */
#define NAT_WISHES_MAX	16

/* Timers of the namespace, seconds. */
struct nat_timers {
	uint32_t udp, tcp_established, tcp_opening, tcp_closing, icmp;
};

/* What ends in counters of the module: packets and octets. */
struct nat_count {
	uint64_t packets, bytes;
};

/* The module in this network namespace. */
struct nat_info {
	bool there;			/* else nothing is known but since when */
	int64_t since;			/* that it is so, seconds since 1970 */
	uint32_t mappings, hosts;
	struct nat_timers timers;
	struct nat_count sent, dropped, no_port, quota;
};

struct nat_range {
	struct address first, last;
};

struct pool_info {
	char name[64];
	uint32_t id;			/* from 1 on, the same for as long as the pool is there */
	uint8_t filtering;		/* enum natfw_filtering */
	bool configured;		/* by /natfw/pool, and not with natfwctl */
	bool independent;		/* endpoint-independent mapping; else of each flow */
	bool paired, preserve, parity;
	uint16_t port_min, port_max;
	uint32_t zone, host_quota, block_size, hold;
	uint64_t ports;			/* of each protocol */
	uint64_t used, held;		/* by the protocol that uses most */
	uint64_t refused;
	uint32_t hosts, rules;
	uint32_t ranges;
	struct nat_range range[NAT_RANGES];
};

enum map_type { MAP_STATIC, MAP_IMPLICIT, MAP_EXPLICIT };

enum map_fault {
	MAP_GOOD,
	MAP_TOO_MANY,			/* more than NAT_MAPS_MAX */
	MAP_BUSY,			/* too many ask at once */
	MAP_BROKEN,			/* the module did not tell all */
};

struct map_info {
	uint32_t index;
	uint8_t fault;			/* enum map_fault: no mapping, and nothing comes behind it */
	uint8_t type;			/* enum map_type */
	uint8_t protocol;
	bool has_left;
	uint32_t left;			/* seconds, if the rule that made it ends */
	struct endpoint internal, external;
	uint32_t internal_zone, external_zone;
	uint64_t rule;
	uint32_t flows;
	char pool[64];
};

/* One that is wanted has all that is given here: nothing but zeroes is every one. */
struct map_wish {
	uint32_t index;
	bool has_protocol, has_internal_port, has_external_port;
	uint8_t protocol;
	struct endpoint internal, external;
	uint8_t internal_len, external_len;	/* prefix lengths; addresses that are not set are any */
};

/* Behind the number of a request: one of these at least, those that fit any are told; none: all. */
struct map_wishes {
	uint32_t n;
	struct map_wish wish[NAT_WISHES_MAX];
};

bool map_wish_fits(const struct map_wish *w, const struct map_info *i);
bool map_wishes_fit(const struct map_wishes *w, const struct map_info *i);

#endif /* _NATFWD_BASE_NAT_H */
