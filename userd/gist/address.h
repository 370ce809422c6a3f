/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses as MRI and NLI have them.
 */
#ifndef _NATFWD_GIST_ADDRESS_H
#define _NATFWD_GIST_ADDRESS_H

#include "base/address.h"
#include "gist/wire.h"

/* Octets that addresses of IP version @version have; 0 if there is no such version. */
size_t gist_address_size(unsigned int version);
/* Read the address of @version at @p, where gist_address_size() octets are. */
void gist_address_parse(struct address *a, unsigned int version, const uint8_t *p);
void gist_address_put(struct gist_out *o, const struct address *a);
/* Neither unspecified nor multicast nor, with IPv4, limited broadcast. */
bool gist_address_unicast(const struct address *a);

#endif /* _NATFWD_GIST_ADDRESS_H */
