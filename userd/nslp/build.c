// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "nslp/rules.h"

#define P_FLAG	0x80
#define E_FLAG	0x40

static bool may_be_sent(const struct nslp_message *m, unsigned int options)
{
	struct nslp_fault fault;
	unsigned int type;

	if (m->type < NSLP_CREATE || m->type > NSLP_NOTIFY)
		return false;
	if ((m->proxy && !nslp_type_request(m->type)) || (m->beyond && !m->proxy))
		return false;
	for (type = NSLP_FIRST; type <= NSLP_LAST; type++)
		if ((m->present & NSLP_BIT(type)) && !nslp_rules_allow(m, type))
			return false;
	if (m->type == NSLP_NOTIFY && nslp_message_has(m, NSLP_MSN))
		return false;
	return nslp_rules_complete(m, options & ~NSLP_AT_NAT, &fault) &&
		nslp_rules_values(m, 0, &fault);
}

static void put_header(struct gist_out *o, const struct nslp_message *m)
{
	gist_out_u8(o, m->type);
	gist_out_u8(o, (uint8_t)((m->proxy ? P_FLAG : 0) | (m->beyond ? E_FLAG : 0)));
	gist_out_u16(o, 0);
}

static void put_value(struct gist_out *o, const struct nslp_message *m, unsigned int type)
{
	switch (type) {
	case NSLP_LIFETIME:
		gist_out_u32(o, m->lifetime);
		break;
	case NSLP_EXTERNAL_IP:
		nslp_external_put(o, &m->external);
		break;
	case NSLP_BINDING:
		nslp_binding_put(o, &m->binding);
		break;
	case NSLP_EFI:
		nslp_efi_put(o, &m->efi);
		break;
	case NSLP_INFO:
		nslp_info_put(o, &m->info);
		break;
	case NSLP_NONCE:
		gist_out_u32(o, m->nonce);
		break;
	case NSLP_MSN:
		gist_out_u32(o, m->msn);
		break;
	case NSLP_DTINFO:
		nslp_dtinfo_put(o, &m->dtinfo);
		break;
	default:
		nslp_icmp_put(o, &m->icmp);
		break;
	}
}

/* Always AB=00 (4.3). */
static void put_object(struct gist_out *o, const struct nslp_message *m, unsigned int type,
		       unsigned int options)
{
	size_t mark = gist_tlv_open(o, (uint16_t)nslp_rules_wire(type, options),
				    GIST_AB_MANDATORY);

	put_value(o, m, type);
	gist_tlv_close(o, mark);
}

/* The objects of @types that @m has. */
static void put_objects(struct gist_out *o, const struct nslp_message *m, unsigned int types,
			unsigned int options)
{
	unsigned int type;

	for (type = NSLP_FIRST; type <= NSLP_LAST && !o->error; type++)
		if (m->present & types & NSLP_BIT(type))
			put_object(o, m, type, options);
	gist_out_bytes(o, m->auth.data, m->auth.len);
}

void nslp_message_put(struct gist_out *o, const struct nslp_message *m, unsigned int options)
{
	if (!may_be_sent(m, options))
		gist_out_fail(o, -EINVAL);
	put_header(o, m);
	put_objects(o, m, ~0u, options);
}

/* One received object on its way; returns the bit of what has been written anew. */
static unsigned int pass_on(struct gist_out *o, const struct gist_tlv *tlv,
			    const struct nslp_message *out, unsigned int options)
{
	unsigned int type = nslp_rules_type(tlv->type, options);

	if (type == NSLP_AUTH || (!type && tlv->ab == GIST_AB_FORWARD)) {
		gist_out_bytes(o, tlv->all.data, tlv->all.len);
		return 0;
	}
	if (!type || !(out->present & NSLP_BIT(type)))
		return 0;
	put_object(o, out, type, options);
	return NSLP_BIT(type);
}

void nslp_message_forward(struct gist_out *o, const struct nslp_message *in,
			  const struct nslp_message *out, unsigned int options)
{
	unsigned int done = 0;
	struct gist_walk w;
	struct gist_tlv tlv;

	if (!may_be_sent(out, options) || in->octets.len < NSLP_HEADER_SIZE) {
		gist_out_fail(o, -EINVAL);
		return;
	}
	put_header(o, out);
	w = gist_walk(gist_view(in->octets.data + NSLP_HEADER_SIZE,
				in->octets.len - NSLP_HEADER_SIZE));
	while (gist_walk_next(&w, &tlv))
		done |= pass_on(o, &tlv, out, options);
	put_objects(o, out, ~done, options);
}

void nslp_message_answer(struct nslp_message *r, const struct nslp_message *request,
			 unsigned int code, unsigned int object)
{
	memset(r, 0, sizeof(*r));
	r->type = NSLP_RESPONSE;
	r->present = NSLP_BIT(NSLP_MSN) | NSLP_BIT(NSLP_INFO);
	r->msn = nslp_message_has(request, NSLP_MSN) ? request->msn : 0;
	r->info.code = (uint16_t)code;
	r->info.object = (uint16_t)object;
}

bool nslp_msn_newer(uint32_t a, uint32_t b)
{
	uint32_t d = a - b;

	return d && d < 0x80000000u;
}
