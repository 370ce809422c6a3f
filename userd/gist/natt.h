/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NAT-Traversal: what GIST-aware NATs on the way have translated (RFC 5971, sections 7.2
 * and A.3.9).
 *
 * Everything but the counts is kept as it came, padding and reserved octet included, so
 * that an echo is the same octets.
 */
#ifndef _NATFWD_GIST_NATT_H
#define _NATFWD_GIST_NATT_H

#include "gist/mri.h"

struct gist_natt {
	uint8_t type_count;
	uint8_t nat_count;
	uint8_t reserved;
	struct gist_view inner;	/* value of the MRI as first sent */
	struct gist_mri mri;	/* the same, parsed; not looked at for sending */
	struct gist_view types;	/* encoded list, padded */
	struct gist_view nats;	/* encoded opaque fields, padded */
};

/*
 * gist_natt_parse() - read a NAT-Traversal object (RFC 5971 A.3.9)
 *
 * Returns: false, and a fault 10/0, or what gist_mri_parse() says of the inner MRI.
 * @n shows the object.
 */
bool gist_natt_parse(struct gist_natt *n, const struct gist_tlv *tlv, struct gist_fault *fault);
/* Whether the list has objects of type @type, whatever their AB (A.3.9). */
bool gist_natt_lists(const struct gist_natt *n, uint16_t type);
/* The next opaque field of @rest, which begins as @n->nats; @data is without padding. */
bool gist_natt_next(struct gist_view *rest, struct gist_view *data);
/* Write one element of the list of types, AB=00; the list is padded when it is sent. */
void gist_natt_put_type(struct gist_out *o, uint16_t type);
/* Write one opaque field. */
void gist_natt_put_nat(struct gist_out *o, struct gist_view data);
/*
 * Write the object. @n->inner may be left empty: then @n->mri is written. @n->types need
 * not be padded.
 */
void gist_natt_put(struct gist_out *o, const struct gist_natt *n);

#endif /* _NATFWD_GIST_NATT_H */
