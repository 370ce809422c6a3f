// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzes the codec of NATFW messages and of SESSION_AUTH: whatever is accepted is written
 * again and means the same, and can be forwarded and verified. The first octet says with
 * which options.
 */
#include <stdlib.h>
#include <string.h>

#include "nslp/hmac.h"
#include "nslp/message.h"

#define REQUIRE(condition)	do { if (!(condition)) abort(); } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t buf[1 << 18];

static void same(const struct nslp_message *m, const struct gist_out *out,
		 unsigned int options)
{
	struct nslp_message back;
	struct nslp_fault fault;

	REQUIRE(out->error == 0);
	REQUIRE(nslp_message_parse(&back, gist_out_view(out), options, &fault) == NSLP_ACCEPT);
	REQUIRE(back.present == m->present && back.type == m->type);
	REQUIRE(back.proxy == m->proxy && back.beyond == m->beyond);
	REQUIRE(back.lifetime == m->lifetime && back.info.code == m->info.code);
	REQUIRE(!memcmp(&back.dtinfo, &m->dtinfo, sizeof(back.dtinfo)));
}

static void verify(const struct nslp_message *m, const struct gist_tlv *tlv)
{
	static const uint8_t zeros[16];
	const struct nslp_hmac_context context = { zeros, 33, { zeros, 16 } };
	struct nslp_hmac_key key = { .key = { zeros, 16 } };
	const struct address any = { 4, { 0 } };
	struct nslp_fault fault;
	struct nslp_auth auth;

	if (!nslp_auth_parse(&auth, tlv, &fault))
		return;
	key.id = nslp_auth_key_id(&auth);
	key.transform = nslp_auth_transform(&auth);
	nslp_hmac_verify(m->octets, tlv, &context, &key);
	nslp_auth_covers(&auth, NSLP_AUTH_SOURCE_ADDR, &any, 17, 53);
	nslp_auth_covers(&auth, NSLP_AUTH_DEST_ADDR, &any, 6, 53);
}

static void answer(const struct nslp_message *m, const struct nslp_fault *fault)
{
	struct nslp_message r;
	struct gist_out out;

	REQUIRE(fault->code);
	nslp_message_answer(&r, m, fault->code, fault->object);
	gist_out_init(&out, buf, sizeof(buf));
	nslp_message_put(&out, &r, 0);
	REQUIRE(out.error == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nslp_message m;
	struct nslp_fault fault;
	struct gist_out out;
	struct gist_tlv tlv;
	unsigned int options, i;

	if (!size)
		return 0;
	options = data[0] & 7;
	switch (nslp_message_parse(&m, gist_view(data + 1, size - 1), options, &fault)) {
	case NSLP_REFUSE:
		answer(&m, &fault);
		return 0;
	case NSLP_DROP:
		REQUIRE(fault.code);
		return 0;
	default:
		break;
	}
	gist_out_init(&out, buf, sizeof(buf));
	nslp_message_put(&out, &m, options);
	if (!(options & NSLP_OLD_NUMBERS) || !nslp_message_has(&m, NSLP_BINDING))
		same(&m, &out, options);
	gist_out_init(&out, buf, sizeof(buf));
	nslp_message_forward(&out, &m, &m, options);
	if (!(options & NSLP_OLD_NUMBERS) || !nslp_message_has(&m, NSLP_BINDING))
		same(&m, &out, options);
	for (i = 0; i < 8 && nslp_message_auth(&m, i, &tlv); i++)
		verify(&m, &tlv);
	return 0;
}
