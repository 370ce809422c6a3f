/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where messages begin and end: the magic number of datagrams and the stream of a
 * messaging association (RFC 5971, sections 5.2.1 and 5.3.1).
 */
#ifndef _NATFWD_GIST_FRAME_H
#define _NATFWD_GIST_FRAME_H

#include "gist/header.h"

/*
 * gist_magic_strip() - take the magic number off a datagram (RFC 5971 5.2.1)
 *
 * Returns: false, and @datagram untouched, if it is not one of GIST: not to be answered;
 * in transit, to be forwarded as any other packet.
 */
bool gist_magic_strip(struct gist_view *datagram);
/* Write the magic number. */
void gist_magic_put(struct gist_out *o);

enum gist_frame {
	GIST_FRAME_MORE,	/* the stream has no complete message yet */
	GIST_FRAME_MESSAGE,
	GIST_FRAME_LOST,	/* nobody knows where the next message begins: close it */
};

/*
 * gist_frame_next() - the next message of a messaging association (RFC 5971 5.2.1)
 * @stream: octets received so far; moves behind the message
 * @message: the message, or, if framing is lost, the rest of the stream
 *
 * A version that is not known makes the length meaningless: gist_message_parse() of
 * @message then gives the Error to send before closing.
 */
enum gist_frame gist_frame_next(struct gist_view *stream, struct gist_view *message);

#endif /* _NATFWD_GIST_FRAME_H */
