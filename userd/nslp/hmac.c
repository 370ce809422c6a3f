// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

#include "gist/code.h"
#include "nslp/hmac.h"

#define MESSAGE_HEAD	4
#define SID_SIZE	16

static const struct transform {
	uint8_t id;
	uint8_t size;		/* of the MAC */
	uint8_t full;		/* before it is cut */
	const char *digest;
} transforms[] = {
	{ NSLP_HMAC_SHA1_96, 12, 20, "SHA1" },
	{ NSLP_HMAC_SHA2_256_128, 16, 32, "SHA256" },
	{ NSLP_HMAC_SHA2_384_192, 24, 48, "SHA384" },
	{ NSLP_HMAC_SHA2_512_256, 32, 64, "SHA512" },
};

static const struct transform *transform_of(unsigned int id)
{
	size_t i;

	for (i = 0; i < sizeof(transforms) / sizeof(transforms[0]); i++)
		if (transforms[i].id == id)
			return &transforms[i];
	return NULL;
}

size_t nslp_hmac_size(unsigned int transform)
{
	const struct transform *t = transform_of(transform);

	return t ? t->size : 0;
}

static EVP_MAC_CTX *start(const struct nslp_hmac_key *key, const struct transform *t)
{
	char digest[16];
	OSSL_PARAM params[2];
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *ctx = mac ? EVP_MAC_CTX_new(mac) : NULL;

	EVP_MAC_free(mac);
	strcpy(digest, t->digest);
	params[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0);
	params[1] = OSSL_PARAM_construct_end();
	if (ctx && EVP_MAC_init(ctx, key->key.data, key->key.len, params))
		return ctx;
	EVP_MAC_CTX_free(ctx);
	return NULL;
}

static bool add(EVP_MAC_CTX *ctx, struct gist_view v)
{
	return EVP_MAC_update(ctx, v.data, v.len);
}

/* An object of GIST: its header, made anew, and its value. */
static bool add_object(EVP_MAC_CTX *ctx, unsigned int type, struct gist_view value)
{
	const uint8_t head[4] = { 0, (uint8_t)type, (uint8_t)(value.len / 4 >> 8),
				  (uint8_t)(value.len / 4) };

	return add(ctx, gist_view(head, sizeof(head))) && add(ctx, value);
}

static bool add_context(EVP_MAC_CTX *ctx, const struct nslp_hmac_context *c)
{
	const uint8_t nslpid[2] = { c->nslpid >> 8, (uint8_t)c->nslpid };

	return add_object(ctx, GIST_SID, gist_view(c->sid, SID_SIZE)) &&
		add(ctx, gist_view(nslpid, sizeof(nslpid))) &&
		add_object(ctx, GIST_MRI, c->mri);
}

/* Every object of type @type in the message; -ENOENT if there is none. */
static int add_type(EVP_MAC_CTX *ctx, struct gist_view objects, unsigned int type)
{
	struct gist_walk w = gist_walk(objects);
	struct gist_tlv tlv;
	int ret = -ENOENT;

	if (type == NSLP_AUTH)
		return 0;
	while (gist_walk_next(&w, &tlv)) {
		if (tlv.type != type)
			continue;
		if (!add(ctx, tlv.all))
			return -EIO;
		ret = 0;
	}
	return ret;
}

static int add_list(EVP_MAC_CTX *ctx, struct gist_view message, const struct nslp_auth *auth)
{
	struct gist_view objects = gist_view(message.data + MESSAGE_HEAD,
					     message.len - MESSAGE_HEAD);
	unsigned int i;
	int ret;

	for (i = 0; i < auth->object_count; i++) {
		ret = add_type(ctx, objects, gist_get16(auth->objects.data + 2 * i) & 0x0fff);
		if (ret)
			return ret;
	}
	return 0;
}

static int compute(EVP_MAC_CTX *ctx, struct gist_view message, const struct gist_tlv *tlv,
		   const struct nslp_auth *auth, const struct nslp_hmac_context *context,
		   uint8_t *mac)
{
	/* up to the MAC, which comes behind the Key-ID */
	struct gist_view self = gist_view(tlv->all.data,
					  (size_t)(auth->data.data + 4 - tlv->all.data));
	size_t len;
	int ret;

	if (!add_context(ctx, context))
		return -EIO;
	ret = add_list(ctx, message, auth);
	if (ret)
		return ret;
	if (!add(ctx, self) || !EVP_MAC_final(ctx, mac, &len, NSLP_HMAC_MAC_MAX))
		return -EIO;
	return 0;
}

/* The whole MAC of the SESSION_AUTH object @tlv, not cut. */
static int calculate(struct gist_view message, const struct gist_tlv *tlv,
		     const struct nslp_auth *auth, const struct nslp_hmac_context *context,
		     const struct nslp_hmac_key *key, uint8_t *mac)
{
	const struct transform *t = transform_of(key->transform);
	EVP_MAC_CTX *ctx;
	int ret;

	if (!t || key->key.len < NSLP_HMAC_KEY_MIN || message.len < MESSAGE_HEAD)
		return -EINVAL;
	if (nslp_auth_transform(auth) != key->transform || nslp_auth_key_id(auth) != key->id)
		return -EINVAL;
	ctx = start(key, t);
	if (!ctx)
		return -EIO;
	ret = compute(ctx, message, tlv, auth, context, mac);
	EVP_MAC_CTX_free(ctx);
	return ret;
}

static void put_data(struct gist_out *o, const struct nslp_hmac_key *key)
{
	const uint8_t id[4] = { (uint8_t)(key->id >> 24), (uint8_t)(key->id >> 16),
				(uint8_t)(key->id >> 8), (uint8_t)key->id };
	uint8_t data[4 + NSLP_HMAC_MAC_MAX] = { 0 };

	memcpy(data, id, sizeof(id));
	nslp_attr_put(o, NSLP_AUTH_DATA, 0, gist_view(data, 4 + nslp_hmac_size(key->transform)));
}

void nslp_hmac_put(struct gist_out *o, const struct nslp_hmac_key *key,
		   const struct address *source, uint64_t start_time,
		   const uint16_t *types, unsigned int n)
{
	size_t mark = gist_tlv_open(o, NSLP_AUTH, GIST_AB_FORWARD);
	const uint8_t transform[4] = { 0, 0, 0, key->transform };
	uint8_t ntp[8];
	int i;

	if (!nslp_hmac_size(key->transform) || key->key.len < NSLP_HMAC_KEY_MIN)
		gist_out_fail(o, -EINVAL);
	for (i = 0; i < 8; i++)
		ntp[i] = (uint8_t)(start_time >> (56 - 8 * i));
	nslp_attr_put(o, NSLP_AUTH_ENT_ID, NSLP_ENTITY_HMAC, gist_view(transform, 4));
	nslp_attr_put(o, NSLP_AUTH_SOURCE_ADDR,
		      source->version == 4 ? NSLP_ADDRESS_IPV4 : NSLP_ADDRESS_IPV6,
		      gist_view(source->b, gist_address_size(source->version)));
	nslp_attr_put(o, NSLP_AUTH_START_TIME, NSLP_AUTH_NTP, gist_view(ntp, 8));
	nslp_auth_put_objects(o, types, n);
	put_data(o, key);
	gist_tlv_close(o, mark);
}

static bool last_auth(struct gist_view message, struct gist_tlv *found)
{
	struct gist_walk w = gist_walk(gist_view(message.data + MESSAGE_HEAD,
						 message.len - MESSAGE_HEAD));
	struct gist_tlv tlv;
	bool any = false;

	while (gist_walk_next(&w, &tlv)) {
		if (tlv.type != NSLP_AUTH)
			continue;
		*found = tlv;
		any = true;
	}
	return any;
}

int nslp_hmac_sign(uint8_t *message, size_t len, const struct nslp_hmac_context *context,
		   const struct nslp_hmac_key *key)
{
	struct gist_view view = gist_view(message, len);
	uint8_t mac[NSLP_HMAC_MAC_MAX];
	struct nslp_fault fault;
	struct nslp_auth auth;
	struct gist_tlv tlv;
	int ret;

	if (len < MESSAGE_HEAD || !last_auth(view, &tlv))
		return -EINVAL;
	if (!nslp_auth_parse(&auth, &tlv, &fault) || !nslp_auth_hmac(&auth))
		return -EINVAL;
	if (auth.data.len != 4 + nslp_hmac_size(key->transform))
		return -EINVAL;
	ret = calculate(view, &tlv, &auth, context, key, mac);
	if (!ret)
		memcpy(message + (auth.data.data - message) + 4, mac, auth.data.len - 4);
	OPENSSL_cleanse(mac, sizeof(mac));
	return ret;
}

int nslp_hmac_verify(struct gist_view message, const struct gist_tlv *tlv,
		     const struct nslp_hmac_context *context, const struct nslp_hmac_key *key)
{
	const struct transform *t = transform_of(key->transform);
	uint8_t mac[NSLP_HMAC_MAC_MAX];
	struct nslp_fault fault;
	struct nslp_auth auth;
	size_t size;
	int ret;

	if (!t || !nslp_auth_parse(&auth, tlv, &fault) || !nslp_auth_hmac(&auth))
		return -EINVAL;
	size = auth.data.len - 4;
	if (size != t->size && size != t->full)
		return -EINVAL;
	ret = calculate(message, tlv, &auth, context, key, mac);
	if (!ret && CRYPTO_memcmp(mac, auth.data.data + 4, size))
		ret = -EBADMSG;
	OPENSSL_cleanse(mac, sizeof(mac));
	return ret;
}
