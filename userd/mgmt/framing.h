/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where NETCONF messages begin and end: the end-of-message marker of RFC 4742, which hellos always have, and
 * the chunks of RFC 6242, 4.2. Pure, for any stream.
 */
#ifndef _NATFWD_MGMT_FRAMING_H
#define _NATFWD_MGMT_FRAMING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAMING_MARKER	"]]>]]>"

enum framing_result {
	FRAMING_MORE,		/* all is taken, and the message goes on */
	FRAMING_MESSAGE,	/* there is one in text */
	FRAMING_BAD,		/* no framing any more: end the session (RFC 6242, 4.2) */
	FRAMING_TOO_BIG,
};

struct framing {
	bool chunked;		/* may be set between messages */
	size_t max;		/* octets of a message */
	/* a message, or what there is of it; ends in a zero octet that does not count */
	char *text;
	size_t len;
	/* inside */
	size_t room;
	uint8_t state;
	uint64_t left;		/* of a chunk */
	unsigned int digits;
	bool done;		/* text is a whole message, given away already */
};

void framing_init(struct framing *f, size_t max);
void framing_fini(struct framing *f);
/*
 * Take from @data until a message is whole, or all is taken; *@used octets. Memory is taken for what has
 * come, never for what is announced. No memory is FRAMING_TOO_BIG. text is valid until the next call.
 */
enum framing_result framing_take(struct framing *f, const char *data, size_t len, size_t *used);

#endif /* _NATFWD_MGMT_FRAMING_H */
