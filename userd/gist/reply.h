/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Errors in reply to faulty messages (RFC 5971, sections 5.6, 7.2.3 and A.4).
 */
#ifndef _NATFWD_GIST_REPLY_H
#define _NATFWD_GIST_REPLY_H

#include "gist/message.h"

/* Octets of each object that an Error copies at most; longer ones are cut. */
#define GIST_REPLY_OBJECT_MAX	1024

struct gist_reply {
	uint8_t hops;
	bool source;		/* S: sent from the address that @nli has */
	const struct gist_nli *nli;	/* own; NULL only on associations */
	bool comment;		/* with the fault's text, for debugging */
};

/*
 * gist_reply_put() - write the Error that answers a message (RFC 5971 A.4.1)
 * @o: where; a datagram's magic number is to be there already
 * @m: the faulty message, as gist_message_parse() left it
 * @fault: what is wrong, as found by the parser or by the caller
 * @reply: the rest
 *
 * Has NAT-Traversal first if the message had it, SID and MRI as far as they could be
 * read and the code is not 1, and all the additional information the catalogue asks for.
 * An Error is never answered: -EINVAL.
 */
void gist_reply_put(struct gist_out *o, const struct gist_message *m,
		    const struct gist_fault *fault, const struct gist_reply *reply);

/*
 * gist_reply_address() - where an Error goes (RFC 5971 5.6)
 * @m: the faulty message
 * @source: IP source it came from
 * @to: filled in
 *
 * The address of its NLI; if that could not be read, the IP source if S=1. For 9/4 of a
 * Query whose source does not fit its NLI the caller takes the IP source (7.2.1).
 *
 * Returns: false if nobody can be told.
 */
bool gist_reply_address(const struct gist_message *m, const struct address *source,
			struct address *to);

#endif /* _NATFWD_GIST_REPLY_H */
