/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ICMP types that a rule is for (RFC 5973, section 4.2.9).
 */
#ifndef _NATFWD_NSLP_ICMP_H
#define _NATFWD_NSLP_ICMP_H

#include "gist/tlv.h"
#include "nslp/fault.h"

struct nslp_icmp {
	struct gist_view types;	/* one octet each, at most 255 */
};

/* Read @value, at least one word; shows it. False, and 3/0x07, if the count does not fit. */
bool nslp_icmp_parse(struct nslp_icmp *icmp, struct gist_view value, struct nslp_fault *fault);
/* The types make sense for IP protocol @protocol: else false, and 3/0x09. */
bool nslp_icmp_check_protocol(uint8_t protocol, struct nslp_fault *fault);
/* Write the value, padded. Fails with -EINVAL if there are too many. */
void nslp_icmp_put(struct gist_out *o, const struct nslp_icmp *icmp);

#endif /* _NATFWD_NSLP_ICMP_H */
