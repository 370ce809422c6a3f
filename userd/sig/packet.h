/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whole IP packets with a Q-mode message in them (RFC 5971 5.3.2): taken apart, put together, and
 * changed on their way. Plain octets, no sockets.
 *
 * What is taken apart comes from anybody: every length is checked against what has been received
 * and against the lengths around it.
 */
#ifndef _NATFWD_SIG_PACKET_H
#define _NATFWD_SIG_PACKET_H

#include "base/address.h"
#include "gist/gist.h"

#define PACKET_MAX	65575	/* octets: an IPv6 packet without jumbo payload */

struct packet {
	unsigned int version;	/* 4 or 6 */
	struct gist_view octets;	/* of the packet, and nothing behind it */
	struct address source, destination;
	uint8_t ttl;
	int rao;		/* value of the router alert option, -1: none */
	size_t udp;		/* where the UDP header is; 0: PACKET_OTHER */
	uint16_t sport, dport;
	struct gist_view payload;	/* of UDP */
};

enum packet_kind {
	PACKET_BAD,		/* no IP packet, or not all of it */
	PACKET_OTHER,		/* not for us: only version, addresses, TTL are set */
	PACKET_QMODE,		/* UDP to port 270, router alert, magic number, C=1 (3.6) */
};

/*
 * packet_parse() - take apart a packet (RFC 5971 5.3.2; RFC 2113, RFC 2711)
 * @p: filled in; shows @octets, which have to outlive it
 * @octets: from the IP header on; may have padding behind
 *
 * Fragments, encrypted or tunnelled packets, wrong UDP lengths or checksums are PACKET_OTHER.
 */
enum packet_kind packet_parse(struct packet *p, struct gist_view octets);

/*
 * packet_build() - the packet of a Q-mode message
 * @o: where to; -EMSGSIZE if it gets too long, -EINVAL for what cannot be (addresses of different
 *     versions, TTL 0)
 * @q: headers; router alert as the only option, first (IPv4 94 04 vvvv; IPv6 in a hop-by-hop
 *     header); DF set
 * @payload: of UDP, magic number and all
 */
void packet_build(struct gist_out *o, const struct gist_qmode *q, struct gist_view payload);

/*
 * packet_relay() - a packet as it goes on to where it was going (4.3.4)
 * @o: where to; -EMSGSIZE if it gets too long, -ETIME if the TTL does not allow it
 * @p: as it came; if @payload is given, a PACKET_QMODE
 * @payload: in place of the old one, or NULL: nothing changes
 *
 * TTL is one lower; options and extension headers stay, UDP checksum and lengths are put right.
 */
void packet_relay(struct gist_out *o, const struct packet *p, const struct gist_view *payload);

#endif /* _NATFWD_SIG_PACKET_H */
