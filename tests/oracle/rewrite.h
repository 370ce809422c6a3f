/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The reference rewriter: what a translated packet looks like, byte by byte. */
#ifndef _ORACLE_REWRITE_H
#define _ORACLE_REWRITE_H

#include "packet.h"

/* What a packet's ends become. For ICMP queries the identifier is @sport in requests, @dport in answers. */
struct xlat {
	struct addr	src, dst;
	uint16_t	sport, dport;
};

struct xlat xlat_none(const struct view *v);

/*
 * @in as it leaves: translated by @x (NULL: as it is), TTL one less if
 * @forward. A checksum that was right is right again; one that was wrong is
 * off by as much as before. False if this packet cannot be translated.
 */
bool rewrite(struct packet *out, const struct packet *in, const struct xlat *x,
	     bool forward);

/*
 * An ICMP error about a translated packet. @outer: what the error's own
 * addresses become; @inner: what the embedded packet's ends become.
 */
bool rewrite_error(struct packet *out, const struct packet *in,
		   const struct xlat *outer, const struct xlat *inner,
		   bool forward);

/* Ends exchanged, as an answer to @v would carry them. */
struct xlat xlat_turn(const struct xlat *x);

/* Offsets that hold what nobody can restore (checksum of cut off SCTP). */
struct blur {
	size_t at, n;
};

/* True if the packets are alike, bytes within @b aside. */
bool packet_same(const struct packet *a, const struct packet *b, const struct blur *blur);

#endif
