/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SESSION_AUTH: who has authorized a session, and proof of it (RFC 5981, section 3).
 *
 * Only the form is looked at here; proof of shared keys is hmac.h's. A node without use
 * for authorization skips the object and does not call this (3.1). Whatever is wrong with
 * it is response code 5/0x02 (6.3.4), but for HMAC_SIGNED, which is dropped silently
 * (6.4).
 *
 * Where the RFC is open:
 *  - attributes that are not known are skipped; of those that may come once, a second is
 *    refused;
 *  - a port list is for its own protocol; if there is a list for the other protocol only,
 *    nothing of this one is authorized (3.2.3);
 *  - SPIs are not compared.
 */
#ifndef _NATFWD_NSLP_AUTH_H
#define _NATFWD_NSLP_AUTH_H

#include "gist/address.h"
#include "gist/tlv.h"
#include "nslp/fault.h"

enum nslp_auth_xtype {
	NSLP_AUTH_ENT_ID = 1,
	NSLP_AUTH_SESSION_ID = 2,
	NSLP_AUTH_SOURCE_ADDR = 3,
	NSLP_AUTH_DEST_ADDR = 4,
	NSLP_AUTH_START_TIME = 5,
	NSLP_AUTH_END_TIME = 6,
	NSLP_AUTH_OBJECT_LIST = 7,
	NSLP_AUTH_DATA = 8,
	NSLP_AUTH_XTYPES,
};

/* SubTypes of AUTH_ENT_ID. */
enum nslp_auth_entity {
	NSLP_ENTITY_IPV4 = 1,
	NSLP_ENTITY_IPV6 = 2,
	NSLP_ENTITY_FQDN = 3,
	NSLP_ENTITY_ASCII_DN = 4,
	NSLP_ENTITY_UNICODE_DN = 5,
	NSLP_ENTITY_URI = 6,
	NSLP_ENTITY_KRB = 7,
	NSLP_ENTITY_X509 = 8,
	NSLP_ENTITY_PGP = 9,
	NSLP_ENTITY_HMAC = 10,
};

/* SubTypes of SOURCE_ADDR and DEST_ADDR. */
enum nslp_auth_address {
	NSLP_ADDRESS_IPV4 = 1,
	NSLP_ADDRESS_IPV6 = 2,
	NSLP_ADDRESS_UDP_PORTS = 3,
	NSLP_ADDRESS_TCP_PORTS = 4,
	NSLP_ADDRESS_SPI = 5,
};

#define NSLP_AUTH_BIT(xtype)	(1u << (xtype))
#define NSLP_AUTH_NTP		1	/* SubType of both times */

struct nslp_attr {
	uint8_t xtype;
	uint8_t subtype;
	struct gist_view all;	/* with header, without padding */
	struct gist_view value;
};

struct nslp_auth {
	unsigned int present;	/* NSLP_AUTH_BIT() of each kind of attribute */
	struct gist_view attributes;	/* all of them */
	struct nslp_attr entity;
	struct gist_view session_id;
	uint64_t start;		/* NTP timestamps */
	uint64_t end;
	unsigned int object_count;
	struct gist_view objects;	/* list of types, two octets each */
	struct gist_view data;	/* AUTHENTICATION_DATA */
};

/* The next attribute of @rest, which begins as @auth->attributes. */
bool nslp_attr_next(struct gist_view *rest, struct nslp_attr *attr);
/* Write an attribute, padded; -EINVAL if @value is empty or too long (3.2). */
void nslp_attr_put(struct gist_out *o, unsigned int xtype, unsigned int subtype,
		   struct gist_view value);

/*
 * nslp_auth_parse() - read a SESSION_AUTH object (RFC 5981 3)
 * @auth: filled in, showing the object
 * @tlv: the object
 * @fault: why not
 *
 * Checks what is common to all its uses, and what HMAC_SIGNED needs (4.4).
 *
 * Returns: false, and 5/0x02.
 */
bool nslp_auth_parse(struct nslp_auth *auth, const struct gist_tlv *tlv,
		     struct nslp_fault *fault);

static inline bool nslp_auth_has(const struct nslp_auth *auth, enum nslp_auth_xtype xtype)
{
	return auth->present & NSLP_AUTH_BIT(xtype);
}

/* Whether the object signs the message with a shared key (4.4). */
static inline bool nslp_auth_hmac(const struct nslp_auth *auth)
{
	return nslp_auth_has(auth, NSLP_AUTH_ENT_ID) &&
		auth->entity.subtype == NSLP_ENTITY_HMAC;
}

/* With a shared key: which (4.1), and how it is used (4.4). 0 if there is none. */
uint32_t nslp_auth_key_id(const struct nslp_auth *auth);
uint8_t nslp_auth_transform(const struct nslp_auth *auth);

/*
 * nslp_auth_covers() - whether an end of the flow is one of those authorized
 * (RFC 5981 3.2.3, 3.2.4)
 * @xtype: NSLP_AUTH_SOURCE_ADDR or NSLP_AUTH_DEST_ADDR
 * @address: of that end
 * @protocol: IP protocol of the flow
 * @port: of that end, host order
 *
 * What is not said is not restricted.
 */
bool nslp_auth_covers(const struct nslp_auth *auth, enum nslp_auth_xtype xtype,
		      const struct address *address, uint8_t protocol, uint16_t port);

/* Write the attribute that lists @n object types (3.2.7). */
void nslp_auth_put_objects(struct gist_out *o, const uint16_t *types, unsigned int n);

#endif /* _NATFWD_NSLP_AUTH_H */
