/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Data terminal information: the flow that an EXTERNAL reserves an address for, as far
 * as it is known (RFC 5973, section 4.2.8). "dst" there is the receiver, "src" the sender.
 */
#ifndef _NATFWD_NSLP_DTINFO_H
#define _NATFWD_NSLP_DTINFO_H

#include "gist/tlv.h"
#include "nslp/fault.h"

struct nslp_dtinfo {
	bool has_protocol;	/* I */
	bool has_ports;		/* P, needs I */
	bool has_spi;		/* S, needs I, excludes P */
	uint8_t prefix;		/* of the sender's address; 0: any */
	uint8_t protocol;	/* 0 without I */
	uint16_t receiver_port;	/* 0: any */
	uint16_t sender_port;	/* 0: any */
	uint32_t spi;
	uint8_t sender[4];
};

/*
 * nslp_dtinfo_parse() - read @value (RFC 5973 4.2.8)
 *
 * Returns: false, and 3/0x09 (flags), 3/0x07 (length that does not fit them) or 3/0x08
 * (prefix above 32).
 */
bool nslp_dtinfo_parse(struct nslp_dtinfo *d, struct gist_view value, struct nslp_fault *fault);
/* Flags and prefix are as they must be: else as above. */
bool nslp_dtinfo_check(const struct nslp_dtinfo *d, struct nslp_fault *fault);
/* Write the value. */
void nslp_dtinfo_put(struct gist_out *o, const struct nslp_dtinfo *d);

#endif /* _NATFWD_NSLP_DTINFO_H */
