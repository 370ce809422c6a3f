/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Network layer information: who signals, from where, and how long its state is good for
 * (RFC 5971, section 5.2.2 and A.3.3).
 *
 * Where the RFC is open:
 *  - a validity of zero is a value not supported (10/1);
 *  - so is an interface address that is not unicast: replies would go there;
 *  - an empty peer identity is accepted.
 */
#ifndef _NATFWD_GIST_NLI_H
#define _NATFWD_GIST_NLI_H

#include "gist/address.h"
#include "gist/fault.h"

struct gist_nli {
	uint8_t ttl;		/* IP-TTL; its meaning depends on the direction */
	uint32_t validity;	/* RS-validity-time, milliseconds */
	struct gist_view identity;	/* without padding, at most 255 octets */
	struct address address;
};

/*
 * gist_nli_parse() - read an NLI object (RFC 5971 A.3.3)
 * @nli: filled in; @nli->identity shows the object
 * @tlv: the object
 * @fault: why not
 *
 * Returns: false, and a fault 10/0 or 10/1.
 */
bool gist_nli_parse(struct gist_nli *nli, const struct gist_tlv *tlv, struct gist_fault *fault);
/* Write the object; fails with -EINVAL if it must not be sent. */
void gist_nli_put(struct gist_out *o, const struct gist_nli *nli);

#endif /* _NATFWD_GIST_NLI_H */
