/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An IPv4 or IPv6 address as MRI and NLI have them. A plain value.
 */
#ifndef _NATFWD_GIST_ADDRESS_H
#define _NATFWD_GIST_ADDRESS_H

#include "gist/wire.h"

struct gist_address {
	uint8_t version;	/* 4 or 6 */
	uint8_t b[16];		/* network order; four are used with version 4 */
};

/* Octets that addresses of IP version @version have; 0 if there is no such version. */
size_t gist_address_size(unsigned int version);
/* Read the address of @version at @p, where gist_address_size() octets are. */
void gist_address_parse(struct gist_address *a, unsigned int version, const uint8_t *p);
void gist_address_put(struct gist_out *o, const struct gist_address *a);
bool gist_address_equal(const struct gist_address *a, const struct gist_address *b);
/* Neither unspecified nor multicast nor, with IPv4, limited broadcast. */
bool gist_address_unicast(const struct gist_address *a);

#endif /* _NATFWD_GIST_ADDRESS_H */
