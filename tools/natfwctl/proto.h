/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of numbers in packets: protocols, services, ICMP types, DSCPs.
 * The tables are built in, so that the same file means the same everywhere.
 */
#ifndef _NATFWCTL_PROTO_H
#define _NATFWCTL_PROTO_H

#include <stdbool.h>
#include <stdint.h>

/* Number of protocol @name, or -1. */
int proto_find(const char *name);
/* Name of @proto, or NULL. */
const char *proto_name(uint32_t proto);
/* True for protocols with source and destination ports. */
bool proto_has_ports(uint32_t proto);
bool proto_is_icmp(uint32_t proto);
/* Port of the service @name, or -1. */
int service_find(const char *name);
/* ICMP type @name of @proto (icmp or icmpv6), or -1. */
int icmp_type_find(uint32_t proto, const char *name);
const char *icmp_type_name(uint32_t proto, uint32_t type);
/* DSCP called @name (such as "ef" or "af21"), or -1. */
int dscp_find(const char *name);
const char *dscp_name(uint32_t dscp);

#endif /* _NATFWCTL_PROTO_H */
