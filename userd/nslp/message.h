/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages of the NATFW NSLP: which objects, read and written (RFC 5973, sections 4.1 to
 * 4.3). What GIST carries as NSLP-Data is one of them.
 *
 * One structure for both ways, as in gist/message.h: parsing fills it with views of the
 * received octets, which have to outlive it.
 *
 * Syntax is checked before anything else (3.3), in this order: message type (3/0x01),
 * message length (3/0x02), object lengths (3/0x07), AB=11 (3/0x09), unknown objects
 * (3/0x06), duplicates (3/0x0a), objects not allowed (3/0x05), missing ones (3/0x04),
 * values (7/0x05, 7/0x08, 3/0x07, 3/0x08, 3/0x09). One fault ends it.
 *
 * Where the RFC is open (AMB-... are entries of the project's reading of it):
 *  - less than a header, or no whole words, is 3/0x02 (AMB-12);
 *  - P and E where they mean nothing are not seen at all, and 3/0x03 is never sent
 *    (AMB-13);
 *  - AB of the objects of RFC 5973 is not looked at unless it is 11 (AMB-14);
 *  - SESSION_AUTH is never a duplicate and never not allowed (AMB-15); what is in it is
 *    looked at by auth.h only;
 *  - RESPONSE and NOTIFY with any fault are dropped (AMB-11); so are NOTIFY of a class
 *    other than 1 and RESPONSE of class 0 or 1;
 *  - an MSN in a NOTIFY is ignored (AMB-10);
 *  - a RESPONSE of class 7 with code 0x11 or 0x12 has a lifetime;
 *  - EXTERNAL without DTINFO is 3/0x04, at a NAT (NSLP_AT_NAT) 7/0x07 (AMB-02);
 *  - ICMP types for another protocol that DTINFO names are 3/0x09 (AMB-31);
 *  - two ports from 65535 on are 7/0x08 (AMB-30).
 */
#ifndef _NATFWD_NSLP_MESSAGE_H
#define _NATFWD_NSLP_MESSAGE_H

#include "nslp/dtinfo.h"
#include "nslp/efi.h"
#include "nslp/external.h"
#include "nslp/icmp.h"
#include "nslp/info.h"

#define NSLP_HEADER_SIZE	4

struct nslp_message {
	uint8_t type;			/* enum nslp_type */
	bool proxy;			/* P */
	bool beyond;			/* E: on beyond the edge, with P only */
	unsigned int present;		/* NSLP_BIT() of each object that is there */
	uint32_t lifetime;		/* seconds; 0: delete */
	struct nslp_external external;
	struct nslp_binding binding;
	struct nslp_efi efi;
	struct nslp_info info;
	uint32_t nonce;			/* opaque, octets in network order */
	uint32_t msn;
	struct nslp_dtinfo dtinfo;
	struct nslp_icmp icmp;
	struct gist_view auth;		/* writing: SESSION_AUTH objects, complete */
	/* Received messages only: */
	struct gist_view octets;
	unsigned int auths;		/* SESSION_AUTH objects */
	unsigned int unknown;		/* objects of unknown type, not refused */
};

enum nslp_verdict {
	NSLP_ACCEPT,
	NSLP_REFUSE,	/* answer with a RESPONSE that has the fault's code */
	NSLP_DROP,	/* not to be answered */
};

/* Where we are, and what is put up with. */
#define NSLP_AT_NAT		0x1	/* EXTERNAL needs DTINFO here */
#define NSLP_ALLOW_NO_DTINFO	0x2	/* the MRI says it all, on a firewall */
#define NSLP_OLD_NUMBERS	0x4	/* objects numbered as before RFC 5973: 0x0f1... */

static inline bool nslp_message_has(const struct nslp_message *m, enum nslp_object object)
{
	return m->present & NSLP_BIT(object);
}

/*
 * nslp_message_parse() - read a message (RFC 5973 4.1 to 4.3)
 * @m: filled in; after a fault with type and, if they could be read, MSN and INFO only
 * @octets: the NSLP-Data
 * @options: NSLP_...
 * @fault: for NSLP_REFUSE and NSLP_DROP, what is wrong
 */
enum nslp_verdict nslp_message_parse(struct nslp_message *m, struct gist_view octets,
				     unsigned int options, struct nslp_fault *fault);

/*
 * nslp_message_auth() - the SESSION_AUTH object number @number, from 0 (RFC 5981 3.1)
 *
 * Returns: false if there is none.
 */
bool nslp_message_auth(const struct nslp_message *m, unsigned int number,
		       struct gist_tlv *tlv);

/*
 * nslp_message_put() - write a message, objects in order of their numbers (4.3: any)
 * @options: NSLP_OLD_NUMBERS or 0
 *
 * @o->error says afterwards whether it fits (-EMSGSIZE) and may be sent (-EINVAL).
 */
void nslp_message_put(struct gist_out *o, const struct nslp_message *m, unsigned int options);

/*
 * nslp_message_forward() - write a received message to go on (RFC 5973 4.2)
 * @in: as received
 * @out: the same with what this node changes; objects that @in does not have are added
 *	 at the end, those that only @in has are left out
 * @options: as when parsing
 *
 * Objects stay in their order. Unknown ones stay with AB=10 and are left out with 01;
 * SESSION_AUTH stays as it is; @out->auth is added.
 */
void nslp_message_forward(struct gist_out *o, const struct nslp_message *in,
			  const struct nslp_message *out, unsigned int options);

/*
 * nslp_message_answer() - make the RESPONSE to a request (RFC 5973 4.3.3)
 * @r: filled in with MSN and information; for success, and for 7/0x11 and 7/0x12, the
 *     caller adds the lifetime
 * @request: as nslp_message_parse() left it; MSN 0 if it could not be read (AMB-32)
 * @code: enum nslp_code
 * @object: type of the object at fault, or 0
 */
void nslp_message_answer(struct nslp_message *r, const struct nslp_message *request,
			 unsigned int code, unsigned int object);

/*
 * nslp_msn_newer() - whether MSN @a comes after @b, in serial number arithmetic
 * (RFC 5973 3.5, RFC 1982); half of the number space away is not (AMB-33)
 */
bool nslp_msn_newer(uint32_t a, uint32_t b);

#endif /* _NATFWD_NSLP_MESSAGE_H */
