/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Flows as they are asked for: whether they make sense, whether two are the same, in words.
 * Plain values.
 */
#ifndef _NATFWD_POLICY_FLOW_H
#define _NATFWD_POLICY_FLOW_H

#include "base/gate.h"

#define FLOW_TEXT	160	/* room for flow_text() */
#define FLOW_ICMP_MAX	16

/* Whether IP protocol @protocol has port numbers: TCP, UDP, UDP-Lite, DCCP, SCTP. */
bool flow_protocol_ports(uint8_t protocol);
/* ICMP of either family. */
bool flow_protocol_icmp(uint8_t protocol);
/* ESP and AH. */
bool flow_protocol_spi(uint8_t protocol);

/*
 * Whether a flow from another process makes sense at all: versions agree, prefixes fit, ports and
 * SPI go with the protocol. Not whether it may be opened. NULL, or why not.
 */
const char *flow_wrong(const struct gate_flow *f);

/* Field by field; what is not set does not count. */
bool flow_equal(const struct gate_flow *a, const struct gate_flow *b);

/* Both ends are hosts, protocol and, where there are any, both ports are given. */
bool flow_exact(const struct gate_flow *f);
/* An end of the flow is one host. */
bool flow_source_host(const struct gate_flow *f);
bool flow_destination_host(const struct gate_flow *f);

/*
 * ICMP types that a signalled rule may let through: queries, their answers, and errors. Never
 * redirects, router and neighbour discovery, and what is obsolete.
 */
bool flow_icmp_permitted(uint8_t protocol, uint8_t type);
/*
 * The ICMP types the flow is about: its own, or all that are permitted if it names none. Returns
 * how many of the FLOW_ICMP_MAX in @types; 0 if it is not about ICMP.
 */
unsigned int flow_icmp(const struct gate_flow *f, uint8_t types[FLOW_ICMP_MAX]);

/*
 * Whether a packet flow @inner is part of @outer, as far as both say: what @outer leaves open fits
 * all, what only @inner leaves open does not fit.
 */
bool flow_within(const struct gate_flow *inner, const struct gate_flow *outer);

/* "udp 192.0.2.1:4000 > 198.51.100.0/24:5000-5001" to @buf of FLOW_TEXT. Returns @buf. */
const char *flow_text(const struct gate_flow *f, char *buf);

#endif /* _NATFWD_POLICY_FLOW_H */
