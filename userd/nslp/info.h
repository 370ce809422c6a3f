/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The information object: how a request went, or what has happened (RFC 5973, section
 * 4.2.5). A code that is not known counts as any of its class.
 */
#ifndef _NATFWD_NSLP_INFO_H
#define _NATFWD_NSLP_INFO_H

#include "gist/tlv.h"
#include "nslp/fault.h"

struct nslp_info {
	uint16_t code;		/* enum nslp_code: class (four bits) and code */
	uint16_t object;	/* type of the object at fault, or 0 */
};

/* Read @value, one word. */
void nslp_info_parse(struct nslp_info *info, struct gist_view value);
/*
 * nslp_info_check() - whether a message of type @type may say this (RFC 5973 4.2.5):
 * NOTIFY is class 1, RESPONSE is neither 0 nor 1
 *
 * Returns: false, and 3/0x08.
 */
bool nslp_info_check(const struct nslp_info *info, unsigned int type,
		     struct nslp_fault *fault);
/* Write the value. */
void nslp_info_put(struct gist_out *o, const struct nslp_info *info);

#endif /* _NATFWD_NSLP_INFO_H */
