/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was found wrong with a message, and so what an Error in reply has to say
 * (RFC 5971, sections 5.6 and A.4.4).
 *
 * The parsers fill it in; the state machines do for what only they can know (no routing
 * state, hop limit, MTU...). Views in it show the faulty message. The setting functions
 * return false, so that a parser ends with "return gist_fault_...". The text in @why is
 * static, for logs and for the Error's debugging comment.
 */
#ifndef _NATFWD_GIST_FAULT_H
#define _NATFWD_GIST_FAULT_H

#include "gist/code.h"
#include "gist/tlv.h"

struct gist_fault_object {
	struct gist_view tlv;	/* with its header */
	uint16_t offset;	/* from the header's first octet */
};

struct gist_fault {
	uint16_t code;		/* enum gist_error_code */
	uint8_t subcode;
	uint16_t type;		/* code 9: type of the object */
	uint16_t words;		/* 1/3: length by adding up the objects */
	uint16_t mtu;		/* code 8 */
	struct gist_fault_object object[2];	/* codes 10 and 12; two for 10/5 */
	unsigned int objects;
	const char *why;
};

/* A code without anything else: 2 to 7 and 11, and 1 but for 1/3 (A.4.4). */
bool gist_fault_plain(struct gist_fault *f, unsigned int code, unsigned int subcode,
		      const char *why);
/* 1/3: the objects add up to @words (A.4.4.1). */
bool gist_fault_length(struct gist_fault *f, uint32_t words, const char *why);
/* 8/0: the link takes no more than @mtu octets (A.4.4.8). */
bool gist_fault_mtu(struct gist_fault *f, uint16_t mtu);
/* 9/@subcode about objects of type @type (A.4.4.9). */
bool gist_fault_type(struct gist_fault *f, unsigned int subcode, unsigned int type,
		     const char *why);
/* 10/@subcode about @tlv, at @offset from its header (A.4.4.10). */
bool gist_fault_value(struct gist_fault *f, unsigned int subcode, const struct gist_tlv *tlv,
		      size_t offset, const char *why);
/* 10/5: @proposal and @stackconf do not fit each other (A.4.4.10). */
bool gist_fault_stack(struct gist_fault *f, const struct gist_tlv *proposal,
		      const struct gist_tlv *stackconf, size_t offset, const char *why);
/* 12/@subcode about the MRI @tlv (A.4.4.12). */
bool gist_fault_mri(struct gist_fault *f, unsigned int subcode, const struct gist_tlv *tlv,
		    size_t offset, const char *why);

#endif /* _NATFWD_GIST_FAULT_H */
