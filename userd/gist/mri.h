/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Message routing information: which flow is signalled for (RFC 5971, sections 3.3, 5.8
 * and A.3.1), with the path-coupled and the loose-end method.
 *
 * The parser clears what the flags say is not to be looked at (protocol without P,
 * DS-field without T, the half of the port word without its flag), so that two MRIs that
 * mean the same are equal field by field. A flagged port of 0 is a port not known yet,
 * which is not the same as a port without flag.
 *
 * Where the RFC is open:
 *  - an IP version other than 4 and 6, and a prefix longer than the address, are values
 *    not supported (10/1);
 *  - SPI and ports together (5.8.1.1 has them as alternatives, A.3.1.1 has not) are
 *    accepted, and never written.
 */
#ifndef _NATFWD_GIST_MRI_H
#define _NATFWD_GIST_MRI_H

#include "gist/address.h"
#include "gist/fault.h"

struct gist_mri {
	uint8_t method;		/* enum gist_method */
	bool nat_free;		/* N: NATs have nothing to translate here */
	bool upstream;		/* D: against the flow; loose-end: from the edge */
	bool has_protocol;	/* P */
	bool has_ds;		/* T */
	bool has_label;		/* F, IPv6 only */
	bool has_spi;		/* S */
	bool has_sport;		/* A */
	bool has_dport;		/* B */
	struct address source;
	struct address destination;	/* of the same IP version */
	uint8_t source_prefix;	/* from here on path-coupled only */
	uint8_t destination_prefix;
	uint8_t protocol;
	uint8_t ds;		/* six bits */
	uint32_t label;		/* twenty bits */
	uint32_t spi;
	uint16_t sport;
	uint16_t dport;
};

#define GIST_MRI_SIZE_MAX	52	/* octets of a value */

/*
 * gist_mri_parse() - read an MRI object (RFC 5971 A.3.1)
 * @mri: filled in
 * @tlv: the object
 * @fault: why not
 *
 * Returns: false, and a fault 10/0 (length), 10/1 (unknown method, IP version, prefix)
 * or 10/2 (flags), with the offset of the octet at fault.
 */
bool gist_mri_parse(struct gist_mri *mri, const struct gist_tlv *tlv,
		    struct gist_fault *fault);

/*
 * gist_mri_value_parse() - the same for a value without header, which is at @at octets
 * from the header of the object @tlv it is within (RFC 5971 A.3.9)
 */
bool gist_mri_value_parse(struct gist_mri *mri, struct gist_view value,
			  const struct gist_tlv *tlv, size_t at, struct gist_fault *fault);

/* Write the value, without header; fails with -EINVAL if it must not be sent. */
void gist_mri_value_put(struct gist_out *o, const struct gist_mri *mri);
/* Write the object. */
void gist_mri_put(struct gist_out *o, const struct gist_mri *mri);

/*
 * gist_mri_echo() - write the object with the value of a received one, octet for octet
 * but for the direction (RFC 5971 5.1: a Response echoes the MRI, inverted)
 * @value: as received, well formed
 * @upstream: the direction to write
 */
void gist_mri_echo(struct gist_out *o, struct gist_view value, bool upstream);

/* Whether both describe the same flow in the same direction. */
bool gist_mri_equal(const struct gist_mri *a, const struct gist_mri *b);

#endif /* _NATFWD_GIST_MRI_H */
