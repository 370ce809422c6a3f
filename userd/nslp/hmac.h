/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages signed with a shared key: SESSION_AUTH of the kind HMAC_SIGNED (RFC 5981,
 * sections 4.4 and 6.4). The only user of OpenSSL here.
 *
 * What is hashed, where the RFC is not exact:
 *  - SID and MRI as complete objects (RFC 5971 A.2), AB=00 and reserved bits zero, with
 *    the two octets of the NSLPID between them;
 *  - then, in the order of the list, each object of a listed type as it is in the
 *    message, header included; one that is not there fails the check;
 *  - then the SESSION_AUTH object from its header up to the MAC, Key-ID included;
 *  - the MAC is as long as the IKEv2 transform has it; one that was not cut is accepted.
 *
 * A NAT changes the MRI: a signature is good up to the first one (AMB-34).
 */
#ifndef _NATFWD_NSLP_HMAC_H
#define _NATFWD_NSLP_HMAC_H

#include "nslp/auth.h"

#define NSLP_HMAC_KEY_MIN	8	/* octets, 4.4 */
#define NSLP_HMAC_MAC_MAX	64

/* IKEv2 transforms of type 3. */
enum nslp_transform {
	NSLP_HMAC_SHA1_96 = 2,		/* only if a peer has nothing better */
	NSLP_HMAC_SHA2_256_128 = 12,	/* mandatory, 4.1 */
	NSLP_HMAC_SHA2_384_192 = 13,
	NSLP_HMAC_SHA2_512_256 = 14,
};

/* What GIST knows of the message. */
struct nslp_hmac_context {
	const uint8_t *sid;	/* 16 octets */
	uint16_t nslpid;
	struct gist_view mri;	/* value of the object, as this node has it on the wire */
};

struct nslp_hmac_key {
	uint32_t id;
	uint8_t transform;	/* enum nslp_transform */
	struct gist_view key;	/* at least NSLP_HMAC_KEY_MIN octets */
};

/* Octets of a MAC with @transform; 0 if it is not known. */
size_t nslp_hmac_size(unsigned int transform);

/*
 * nslp_hmac_put() - write a SESSION_AUTH object that signs, without its MAC yet
 * (RFC 5981 4.4)
 * @source: address of the signer
 * @start: now, NTP timestamp; another one for each message
 * @types: of the objects to be covered
 * @n: of them
 */
void nslp_hmac_put(struct gist_out *o, const struct nslp_hmac_key *key,
		   const struct address *source, uint64_t start, const uint16_t *types,
		   unsigned int n);

/*
 * nslp_hmac_sign() - put the MAC into the last SESSION_AUTH object of a message
 * @message: the NSLP-Data, as written by nslp_message_put(), with that object
 * @len: octets of it
 *
 * Returns: 0, -EINVAL if there is no such object or the key is too short, -ENOENT if a
 * listed object is missing, -EIO if the library fails.
 */
int nslp_hmac_sign(uint8_t *message, size_t len, const struct nslp_hmac_context *context,
		   const struct nslp_hmac_key *key);

/*
 * nslp_hmac_verify() - check a signature (RFC 5981 6.4)
 * @message: the NSLP-Data as received
 * @tlv: the SESSION_AUTH object, within @message
 * @key: found by its Key-ID
 *
 * Time is not looked at. Takes as long for a wrong MAC as for a right one.
 *
 * Returns: 0, -EBADMSG if it is wrong, -EINVAL if it is not HMAC_SIGNED with this key and
 * transform, -ENOENT and -EIO as above.
 */
int nslp_hmac_verify(struct gist_view message, const struct gist_tlv *tlv,
		     const struct nslp_hmac_context *context, const struct nslp_hmac_key *key);

#endif /* _NATFWD_NSLP_HMAC_H */
