/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Objects: a header of four octets and a value of whole words (RFC 5971, appendix A.2).
 * NSLPs have the same header (RFC 5973, section 4.2), so userd/nslp walks with this too.
 *
 * A walk hands out objects that lie completely within its stretch, one after the other,
 * and stops at the first that does not; what is then left over tells whether all was well.
 */
#ifndef _NATFWD_GIST_TLV_H
#define _NATFWD_GIST_TLV_H

#include "gist/wire.h"

#define GIST_TLV_HEAD		4
#define GIST_TLV_WORDS_MAX	4095	/* of a value */

/* The extensibility flags, RFC 5971 A.2.1. */
enum gist_ab {
	GIST_AB_MANDATORY = 0,	/* unknown: the message is refused */
	GIST_AB_IGNORE = 1,	/* unknown: the object is left out */
	GIST_AB_FORWARD = 2,	/* unknown: the object goes where the message goes */
	GIST_AB_RESERVED = 3,
};

struct gist_tlv {
	uint16_t type;
	enum gist_ab ab;
	struct gist_view all;	/* with its header */
	struct gist_view value;
};

struct gist_walk {
	struct gist_view rest;
};

static inline struct gist_walk gist_walk(struct gist_view objects)
{
	return (struct gist_walk){ objects };
}

/*
 * gist_walk_next() - the next object (RFC 5971 A.2)
 * @w: the walk; moves behind the object
 * @tlv: filled in, showing the walked memory
 *
 * Returns: false if nothing is left, or if what is left is no complete object; the
 * latter if @w->rest is not empty.
 */
bool gist_walk_next(struct gist_walk *w, struct gist_tlv *tlv);

/*
 * gist_walk_words() - words that all objects claim to have together, headers included
 * (RFC 5971 A.4.2, Message Length Info). One that goes beyond the end counts in full.
 */
uint32_t gist_walk_words(struct gist_view objects);

/*
 * gist_tlv_open() - write an object's header, AB as given (RFC 5971 A.2)
 *
 * Returns: what gist_tlv_close() wants to be told.
 */
size_t gist_tlv_open(struct gist_out *o, uint16_t type, enum gist_ab ab);
/* Put in the length. An object that is too long or no whole words fails with -EINVAL. */
void gist_tlv_close(struct gist_out *o, size_t mark);
/* A complete object of type @type, AB=00, with @value as it is. */
void gist_tlv_put(struct gist_out *o, uint16_t type, struct gist_view value);

#endif /* _NATFWD_GIST_TLV_H */
