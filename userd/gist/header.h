/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The common header, eight octets (RFC 5971, sections 5.2.1 and A.1).
 */
#ifndef _NATFWD_GIST_HEADER_H
#define _NATFWD_GIST_HEADER_H

#include "gist/fault.h"

#define GIST_HEADER_SIZE	8

/* How a message travels. Q-mode is datagram mode with C=1. */
enum gist_mode {
	GIST_DATAGRAM,		/* D-mode, normal or Q-mode */
	GIST_CONNECTION,	/* C-mode */
};

struct gist_header {
	uint8_t version;
	uint8_t hops;		/* as on the wire; who receives lowers it */
	uint16_t words;		/* behind the header */
	uint16_t nslpid;
	uint8_t type;		/* enum gist_type */
	bool context_free;	/* C */
	bool source;		/* S: IP source is the signalling source */
	bool reply;		/* R: reply requested */
	bool explicit_route;	/* E */
};

/* Octets of the whole message, header included (RFC 5971 A.1). */
static inline size_t gist_header_total(const struct gist_header *h)
{
	return GIST_HEADER_SIZE + (size_t)h->words * 4;
}

/*
 * gist_header_parse() - read a common header (RFC 5971 A.1)
 * @h: filled in
 * @bytes: the message without magic number
 *
 * Returns: false if there are fewer than eight octets; nothing else is looked at.
 */
bool gist_header_parse(struct gist_header *h, struct gist_view bytes);

/*
 * gist_header_check() - version, type, flags, hops and encapsulation (RFC 5971 A.4.4.1
 * to A.4.4.3), in this order
 * @h: of the received message
 * @mode: how it arrived
 * @fault: why not
 *
 * Returns: false, and a fault 1/0, 1/1, 1/5, 1/2, 1/4, 2/0 or 3/0.
 */
bool gist_header_check(const struct gist_header *h, enum gist_mode mode,
		       struct gist_fault *fault);

/* Write @h, eight octets; reserved bits are zero. */
void gist_header_put(struct gist_out *o, const struct gist_header *h);

#endif /* _NATFWD_GIST_HEADER_H */
