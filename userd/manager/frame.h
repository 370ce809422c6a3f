/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NETCONF framing (RFC 6242 section 4): the end-of-message marker of 1.0 and the chunks of 1.1, read
 * piece by piece as they arrive. Nothing is kept, and nothing is reserved for what a header promises.
 */
#ifndef _MANAGER_FRAME_H
#define _MANAGER_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct evbuffer;

#define FRAME_MARKER	"]]>]]>"

struct frame {
	bool chunked;
	uint8_t state, digits, matched;
	uint32_t left;		/* of the chunk, or the size while it is read */
	size_t seen, limit;	/* octets of this message, and how many there may be */
};

enum frame_event {
	FRAME_MORE,		/* all was used, and there is nothing to say */
	FRAME_DATA,		/* a piece of a message */
	FRAME_END,		/* of a message */
	FRAME_BAD,		/* no framing: the session has to end (4.2) */
	FRAME_LONG,		/* the message is longer than the limit */
};

/* @limit: octets a message may have. */
void frame_init(struct frame *f, size_t limit);
/* From the next message on: chunks. Only between messages. */
void frame_set_chunked(struct frame *f);
/* Whether a message has begun and not ended. */
bool frame_within(const struct frame *f);
/*
 * Read on in @data. *@used octets of it are done with; *@piece and *@size is what FRAME_DATA is about,
 * valid until the next call and as long as @data. To be called again with the rest until FRAME_MORE.
 */
enum frame_event frame_next(struct frame *f, const uint8_t *data, size_t len, size_t *used,
			    const uint8_t **piece, size_t *size);
/* Append @len octets as one message. 0 or -1: out of memory. */
int frame_put(struct evbuffer *out, bool chunked, const void *data, size_t len);

#endif /* _MANAGER_FRAME_H */
