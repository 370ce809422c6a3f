// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Cookies (RFC 5971 8.5).
 *
 * The Query-Cookie is different in each transmission and none can be told from another: a keyed
 * hash of a random number of the handshake and the number of the transmission, so that a Response
 * to any of those sent is known again without any of them being kept.
 *
 * The Responder-Cookie has in clear what the responder has to know when the Confirm comes, and the
 * generation of the secret, which nobody can guess who has not seen one; then a keyed hash of that,
 * of the querying node's NLI, and of MRI, SID and NSLPID.
 */
#include <string.h>

#include "base/siphash.h"
#include "gist/engine.h"

static bool same16(const uint8_t *a, const uint8_t *b)
{
	uint8_t differ = 0;
	unsigned int i;

	for (i = 0; i < 16; i++)
		differ |= a[i] ^ b[i];
	return !differ;
}

void gist_query_cookie(const struct gist *g, const struct state *st, unsigned int transmission,
		       uint8_t cookie[COOKIE_SIZE])
{
	uint64_t in[2] = { st->nonce, transmission };

	siphash128(cookie, in, sizeof(in), g->cookie_key);
}

bool gist_query_cookie_check(const struct gist *g, const struct state *st, struct gist_view cookie)
{
	uint8_t sent[COOKIE_SIZE];
	unsigned int i;

	if (cookie.len != COOKIE_SIZE)
		return false;
	for (i = st->transmissions; i; i--) {
		gist_query_cookie(g, st, i, sent);
		if (same16(sent, cookie.data))
			return true;
	}
	return false;
}

static void put_grant(struct gist_out *o, uint32_t generation, const struct grant *grant)
{
	gist_out_u32(o, generation);
	gist_out_u32(o, grant->ifindex);
	gist_out_u16(o, grant->port);
	gist_out_u8(o, grant->flags);
	gist_out_u8(o, grant->distance);
	gist_out_u32(o, grant->validity);
	if (!(grant->flags & GRANT_NAT))
		return;
	gist_out_u8(o, grant->address.version);
	gist_out_u8(o, grant->mri_len);
	gist_out_u16(o, 0);
	gist_address_put(o, &grant->address);
	gist_out_bytes(o, grant->mri, grant->mri_len);
}

static void sign(uint8_t mac[16], const struct secret *secret, struct gist_view clear,
		 const struct grant_bind *b, bool nat)
{
	uint8_t in[GRANT_MAX + GIST_SID_SIZE + 4 + GIST_MRI_SIZE_MAX + 17 + UINT8_MAX];
	struct gist_out o;

	gist_out_init(&o, in, sizeof(in));
	gist_out_bytes(&o, clear.data, clear.len);
	gist_out_bytes(&o, b->key->sid, GIST_SID_SIZE);
	gist_out_u16(&o, b->key->nslpid);
	gist_out_u8(&o, b->key->mri_len);
	gist_out_bytes(&o, b->key->mri, b->key->mri_len);
	gist_out_u8(&o, nat ? 0 : b->address->version);
	if (!nat)
		gist_address_put(&o, b->address);
	gist_out_bytes(&o, b->identity.data, b->identity.len);
	siphash128(mac, o.data, o.len, secret->key);
}

size_t gist_grant_write(struct gist *g, const struct grant *grant, const struct grant_bind *b,
			uint8_t cookie[GRANT_MAX])
{
	const struct secret *secret = gist_secret_now(g);
	struct gist_out o;

	gist_out_init(&o, cookie, GRANT_MAX - 16);
	put_grant(&o, secret->generation, grant);
	if (o.error)
		return 0;
	sign(cookie + o.len, secret, gist_out_view(&o), b, grant->flags & GRANT_NAT);
	return o.len + 16;
}

#define FIXED 16 /* octets of put_grant() without NAT */

static bool read_nat(struct grant *grant, const uint8_t *p, size_t len)
{
	size_t size;

	if (len < 4)
		return false;
	size = gist_address_size(p[0]);
	grant->mri_len = p[1];
	if (!size || grant->mri_len > sizeof(grant->mri) || len != 4 + size + grant->mri_len)
		return false;
	gist_address_parse(&grant->address, p[0], p + 4);
	memcpy(grant->mri, p + 4 + size, grant->mri_len);
	return true;
}

bool gist_grant_read(struct gist *g, struct gist_view cookie, const struct grant_bind *b,
		     struct grant *grant)
{
	const uint8_t *p = cookie.data;
	const struct secret *secret;
	uint8_t mac[16];
	size_t clear;

	if (cookie.len < FIXED + 16 || cookie.len > GRANT_MAX)
		return false;
	clear = cookie.len - 16;
	secret = gist_secret_find(g, gist_get32(p));
	if (!secret)
		return false;
	sign(mac, secret, gist_view(p, clear), b, p[10] & GRANT_NAT);
	if (!same16(mac, p + clear))
		return false;
	*grant = (struct grant){
		.ifindex = gist_get32(p + 4),
		.port = gist_get16(p + 8),
		.flags = p[10],
		.distance = p[11],
		.validity = gist_get32(p + 12),
	};
	if (grant->flags & GRANT_NAT)
		return read_nat(grant, p + FIXED, clear - FIXED);
	return clear == FIXED;
}
