/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * External addresses: the one that was reserved, and those of all NATs on the way
 * (RFC 5973, sections 4.2.2 and 4.2.3). IPv4 only; there is no other form.
 */
#ifndef _NATFWD_NSLP_EXTERNAL_H
#define _NATFWD_NSLP_EXTERNAL_H

#include "gist/tlv.h"
#include "nslp/fault.h"

struct nslp_external {
	uint16_t port;		/* 0: an address only */
	uint8_t version;	/* 4, or as received */
	uint8_t address[4];
};

struct nslp_binding {
	uint16_t port;		/* one for all of them; 0: none */
	uint8_t version;	/* 4, or as received */
	struct gist_view addresses;	/* four octets each, nearest to the asker first */
};

/* Read @value, two words. */
void nslp_external_parse(struct nslp_external *e, struct gist_view value);
/* Write the value. */
void nslp_external_put(struct gist_out *o, const struct nslp_external *e);
/* Read @value, at least one word; shows it. */
void nslp_binding_parse(struct nslp_binding *b, struct gist_view value);
/* Write the value. */
void nslp_binding_put(struct gist_out *o, const struct nslp_binding *b);

#endif /* _NATFWD_NSLP_EXTERNAL_H */
