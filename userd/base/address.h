/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An IPv4 or IPv6 address. A plain value, used by every part of the daemon.
 */
#ifndef _NATFWD_BASE_ADDRESS_H
#define _NATFWD_BASE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct address {
	uint8_t version;	/* 4 or 6; 0: none */
	uint8_t b[16];		/* network order; four are used with version 4 */
};

struct endpoint {
	struct address address;
	uint16_t port;		/* host order */
};

#define ADDRESS_TEXT	48	/* room for address_text() */
#define ENDPOINT_TEXT	56	/* room for endpoint_text() */

static inline bool address_is_set(const struct address *a)
{
	return a->version;
}

static inline unsigned int address_bits(const struct address *a)
{
	return a->version == 4 ? 32 : a->version == 6 ? 128 : 0;
}

/* Both unset, or the same version and address. */
bool address_equal(const struct address *a, const struct address *b);
/* All zero bits; true also for one that is not set. */
bool address_is_any(const struct address *a);
/* Whether @a is within @prefix/@len; never if versions differ. */
bool address_within(const struct address *a, const struct address *prefix, unsigned int len);
/* Clear the bits of @a behind the first @len. */
void address_mask(struct address *a, unsigned int len);
/* Read @text; false, and @a untouched, if it is no address. */
bool address_read(struct address *a, const char *text);
/* "addr" or "addr/len" (full length where there is none); false as above. */
bool address_read_prefix(struct address *a, unsigned int *len, const char *text);
/* Write to @buf of ADDRESS_TEXT; "-" if not set. Returns @buf. */
const char *address_text(const struct address *a, char *buf);
/* "a.b.c.d:port" or "[v6]:port" to @buf of ENDPOINT_TEXT. Returns @buf. */
const char *endpoint_text(const struct endpoint *e, char *buf);
/* To and from the kernel's. An IPv4-mapped IPv6 address becomes IPv4. */
socklen_t endpoint_to_sockaddr(const struct endpoint *e, struct sockaddr_storage *ss);
bool endpoint_from_sockaddr(struct endpoint *e, const struct sockaddr *sa);

#endif /* _NATFWD_BASE_ADDRESS_H */
