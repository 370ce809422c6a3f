/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The object of an Error message (RFC 5971, sections A.4.1 and A.4.2).
 *
 * SID comes before MRI (A.4.1; the grammar of 5.2.2 has them the other way round).
 * Whatever is wrong with a received one, no Error is sent back (5.6).
 */
#ifndef _NATFWD_GIST_ERROR_H
#define _NATFWD_GIST_ERROR_H

#include "gist/code.h"
#include "gist/tlv.h"

struct gist_error {
	uint8_t class;		/* enum gist_error_class; react to code and subcode */
	uint16_t code;
	uint8_t subcode;
	bool datagram;		/* D: the original came in D-mode */
	bool qmode;		/* Q: Q-mode encapsulated */
	const uint8_t *header;	/* of the original, eight octets */
	const uint8_t *sid;	/* 16 octets, or NULL */
	struct gist_view mri;	/* value, or empty */
	uint8_t info_count;
	struct gist_view infos;	/* encoded */
	struct gist_view comment;	/* without its end, or empty; not for the terminal as it is */
};

struct gist_info {
	uint16_t type;		/* enum gist_info_type */
	struct gist_view value;
};

/*
 * gist_error_parse() - read an Error object (RFC 5971 A.4.1)
 *
 * Returns: false if it is malformed. @e shows the object. Neither the MRI nor the
 * additional information is looked into.
 */
bool gist_error_parse(struct gist_error *e, const struct gist_tlv *tlv);
/* The next field of @rest, which begins as @e->infos (A.4.2). */
bool gist_info_next(struct gist_view *rest, struct gist_info *info);
/* The first field of type @type. */
bool gist_error_find(const struct gist_error *e, uint16_t type, struct gist_info *info);
/* Write a field of one half word: Message Length, MTU or Object Type Info. */
void gist_info_put16(struct gist_out *o, uint16_t type, uint16_t value);
/*
 * gist_info_put_object() - write Object Value Info (RFC 5971 A.4.2)
 * @tlv: the object with its header
 * @offset: of the octet at fault
 * @room: octets that the copy may take at most; a longer object is cut
 */
void gist_info_put_object(struct gist_out *o, struct gist_view tlv, uint16_t offset,
			  size_t room);
/* Write the object. */
void gist_error_put(struct gist_out *o, const struct gist_error *e);

#endif /* _NATFWD_GIST_ERROR_H */
