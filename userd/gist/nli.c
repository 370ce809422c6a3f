// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "gist/nli.h"

#define FIXED	8	/* octets before the identity */

static bool bad(struct gist_fault *f, enum gist_value_error subcode,
		const struct gist_tlv *tlv, size_t offset, const char *why)
{
	return gist_fault_value(f, subcode, tlv, GIST_TLV_HEAD + offset, why);
}

bool gist_nli_parse(struct gist_nli *nli, const struct gist_tlv *tlv, struct gist_fault *fault)
{
	const uint8_t *p = tlv->value.data;
	size_t identity, size;

	memset(nli, 0, sizeof(*nli));
	if (tlv->value.len < FIXED)
		return bad(fault, GIST_E_OBJECT_LENGTH, tlv, 0, "NLI too short");
	size = gist_address_size(p[2] >> 4);
	if (!size)
		return bad(fault, GIST_E_UNSUPPORTED, tlv, 2, "IP version of NLI not known");
	identity = gist_padded(p[0]);
	if (tlv->value.len != FIXED + identity + size)
		return bad(fault, GIST_E_OBJECT_LENGTH, tlv, 0,
			   "length of NLI does not fit the identity");
	nli->ttl = p[1];
	nli->validity = gist_get32(p + 4);
	if (!nli->validity)
		return bad(fault, GIST_E_UNSUPPORTED, tlv, 4, "validity time of zero");
	nli->identity = gist_view(p + FIXED, p[0]);
	gist_address_parse(&nli->address, p[2] >> 4, p + FIXED + identity);
	if (!gist_address_unicast(&nli->address))
		return bad(fault, GIST_E_UNSUPPORTED, tlv, FIXED + identity,
			   "interface address is not unicast");
	return true;
}

static bool may_be_sent(const struct gist_nli *nli)
{
	return nli->validity && nli->identity.len <= UINT8_MAX &&
		gist_address_size(nli->address.version) && gist_address_unicast(&nli->address);
}

void gist_nli_put(struct gist_out *o, const struct gist_nli *nli)
{
	size_t mark = gist_tlv_open(o, GIST_NLI, GIST_AB_MANDATORY);

	if (!may_be_sent(nli))
		gist_out_fail(o, -EINVAL);
	gist_out_u8(o, (uint8_t)nli->identity.len);
	gist_out_u8(o, nli->ttl);
	gist_out_u16(o, (uint16_t)(nli->address.version << 12));
	gist_out_u32(o, nli->validity);
	gist_out_padded(o, nli->identity);
	gist_address_put(o, &nli->address);
	gist_tlv_close(o, mark);
}
