/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages: which objects, in which order (RFC 5971, section 5.1), read and written.
 *
 * One structure for both ways. Parsing fills it with views of the received octets, which
 * have to outlive it; nothing is copied or allocated. For writing, set the header, the
 * objects and their bits in @present; what a peer would refuse is not written.
 *
 * Faults are found in this order: common header (1/0, 1/1, 1/5, 1/2, 1/4), hops (2/0),
 * encapsulation (3/0), lengths (1/3), and then, object by object, AB=11 (9/5), unknown
 * (9/1), duplicate (9/0), not allowed here or out of order (9/3), the contents (10/x),
 * missing ones (9/2), what does not fit together (1/2, 3/0, 10/1, 10/5). Whatever the
 * fault, all objects that could be read are there for the Error (see reply.h).
 *
 * Where the RFC is open:
 *  - objects out of order are 9/3, naming the later one;
 *  - AB of the objects of RFC 5971 is not looked at, unless it is 11, and sent as 00;
 *  - a Response that has a Responder-Cookie but R=0 is 1/2;
 *  - a Confirm in D-mode with a Stack-Proposal belongs on an association: 3/0;
 *  - a loose-end MRI with D=1 in Q-mode is 10/1, unless GIST_ALLOW_LOOSE_UPSTREAM (an
 *    older implementation asks that way);
 *  - cookies have at least one word (else 10/0);
 *  - nothing an Error or its objects may have wrong is answered.
 */
#ifndef _NATFWD_GIST_MESSAGE_H
#define _NATFWD_GIST_MESSAGE_H

#include "gist/error.h"
#include "gist/header.h"
#include "gist/natt.h"
#include "gist/nli.h"
#include "gist/stack.h"

#define GIST_SID_SIZE	16

struct gist_message {
	struct gist_header head;	/* when writing, version and words are put in */
	enum gist_mode mode;
	unsigned int present;		/* GIST_BIT() of each object that is there */
	struct gist_natt natt;
	struct gist_mri mri;
	struct gist_view echo;		/* writing: if set, value to write in place of @mri,
					 * but for its direction */
	const uint8_t *sid;		/* GIST_SID_SIZE octets */
	struct gist_nli nli;
	struct gist_view query_cookie;
	struct gist_view responder_cookie;
	struct gist_proposal proposal;
	struct gist_stackconf stackconf;
	struct gist_view nslp_data;	/* whole words */
	struct gist_error error;
	uint32_t hello;
	/* Received messages only: */
	struct gist_view octets;	/* all of it, without magic number */
	struct gist_tlv tlv[GIST_OBJECTS];	/* of each object in @present */
	unsigned int unknown;		/* objects of unknown type, not refused */
};

enum gist_verdict {
	GIST_ACCEPT,
	GIST_REFUSE,	/* answer with the fault, see reply.h */
	GIST_DROP,	/* not to be answered */
};

/* Deviations to put up with. */
#define GIST_ALLOW_LOOSE_UPSTREAM	0x1

static inline bool gist_message_has(const struct gist_message *m, enum gist_object object)
{
	return m->present & GIST_BIT(object);
}

/* Whether the message is Q-mode encapsulated. */
static inline bool gist_message_qmode(const struct gist_message *m)
{
	return m->mode == GIST_DATAGRAM && m->head.context_free;
}

/*
 * gist_message_parse() - read a message (RFC 5971 5.1, 5.2, A)
 * @m: filled in, as far as possible whatever comes out
 * @octets: the message without magic number; of a stream, one frame
 * @mode: how it arrived
 * @allow: GIST_ALLOW_...
 * @fault: for GIST_REFUSE and GIST_DROP, what is wrong (code 0: no common header)
 *
 * Hops are left as received. A Response that is refused is answered only if it belongs
 * to a handshake of ours, which the caller has to know (5.6).
 */
enum gist_verdict gist_message_parse(struct gist_message *m, struct gist_view octets,
				     enum gist_mode mode, unsigned int allow,
				     struct gist_fault *fault);

/*
 * gist_natt_check() - whether NATs on the way have translated every object with
 * addresses (RFC 5971 7.2.3)
 *
 * Returns: false, and 9/4 with the object's type; true if there is no NAT-Traversal.
 */
bool gist_message_natt_check(const struct gist_message *m, struct gist_fault *fault);

/*
 * gist_message_put() - write a message (RFC 5971 5.1)
 * @o: where; a datagram's magic number is to be there already
 * @m: header, mode and objects
 *
 * @o->error says afterwards whether it fits (-EMSGSIZE) and may be sent (-EINVAL).
 */
void gist_message_put(struct gist_out *o, const struct gist_message *m);

/*
 * gist_message_relay() - write a received message to go on to the next node, for a
 * Query of an NSLP that does not peer (RFC 5971 4.3.2, 4.3.4)
 * @m: as received; its hops must be above 1
 * @nslp_data: takes the place of the one received, if not NULL
 *
 * Everything else stays, unknown objects included, but for one hop less.
 */
void gist_message_relay(struct gist_out *o, const struct gist_message *m,
			const struct gist_view *nslp_data);

#endif /* _NATFWD_GIST_MESSAGE_H */
