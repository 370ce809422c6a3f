// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "nslp/rules.h"

#define P_FLAG	0x80	/* of octet 1 */
#define E_FLAG	0x40

struct parse {
	struct nslp_message *m;
	unsigned int options;
	unsigned int seen;
	struct nslp_fault *fault;
};

static struct gist_view objects(const struct nslp_message *m)
{
	return gist_view(m->octets.data + NSLP_HEADER_SIZE, m->octets.len - NSLP_HEADER_SIZE);
}

static unsigned int type_of(const struct parse *p, const struct gist_tlv *tlv)
{
	return nslp_rules_type(tlv->type, p->options);
}

/* One thing looked at in every object, before the next. */
typedef bool (*check_fn)(struct parse *p, const struct gist_tlv *tlv, unsigned int type);

static bool check_size(struct parse *p, const struct gist_tlv *tlv, unsigned int type)
{
	if (!type || nslp_rules_size(type, tlv->value.len))
		return true;
	return nslp_fault(p->fault, NSLP_OBJECT_LENGTH, tlv->type,
			  "length is not what the object has");
}

static bool check_ab(struct parse *p, const struct gist_tlv *tlv, unsigned int type)
{
	(void)type;
	if (tlv->ab != GIST_AB_RESERVED)
		return true;
	return nslp_fault(p->fault, NSLP_COMBINATION, tlv->type, "AB=11");
}

static bool check_known(struct parse *p, const struct gist_tlv *tlv, unsigned int type)
{
	p->m->auths += type == NSLP_AUTH;
	if (type)
		return true;
	if (tlv->ab == GIST_AB_MANDATORY)
		return nslp_fault(p->fault, NSLP_UNKNOWN_OBJECT, tlv->type, "object not known");
	p->m->unknown++;
	return true;
}

static bool check_twice(struct parse *p, const struct gist_tlv *tlv, unsigned int type)
{
	if (!type || type == NSLP_AUTH)
		return true;
	if (p->seen & NSLP_BIT(type))
		return nslp_fault(p->fault, NSLP_DUPLICATE, tlv->type, "object twice");
	p->seen |= NSLP_BIT(type);
	return true;
}

static bool check_allowed(struct parse *p, const struct gist_tlv *tlv, unsigned int type)
{
	if (!type || nslp_rules_allow(p->m, type))
		return true;
	return nslp_fault(p->fault, NSLP_ILLEGAL_OBJECT, tlv->type,
			  "object not allowed in this message");
}

static bool decode(struct parse *p, const struct gist_tlv *tlv, unsigned int type)
{
	struct nslp_message *m = p->m;

	switch (type) {
	case NSLP_LIFETIME:
		m->lifetime = gist_get32(tlv->value.data);
		break;
	case NSLP_EXTERNAL_IP:
		nslp_external_parse(&m->external, tlv->value);
		break;
	case NSLP_BINDING:
		nslp_binding_parse(&m->binding, tlv->value);
		break;
	case NSLP_EFI:
		nslp_efi_parse(&m->efi, tlv->value);
		break;
	case NSLP_NONCE:
		m->nonce = gist_get32(tlv->value.data);
		break;
	case NSLP_DTINFO:
		if (!nslp_dtinfo_parse(&m->dtinfo, tlv->value, p->fault))
			return false;
		break;
	case NSLP_ICMP:
		if (!nslp_icmp_parse(&m->icmp, tlv->value, p->fault))
			return false;
		break;
	default:
		return true;
	}
	m->present |= NSLP_BIT(type);
	return true;
}

/* MSN and information are wanted even of what is refused. */
static void decode_early(struct parse *p)
{
	struct gist_walk w = gist_walk(objects(p->m));
	struct nslp_message *m = p->m;
	struct gist_tlv tlv;
	unsigned int type;

	while (gist_walk_next(&w, &tlv)) {
		type = type_of(p, &tlv);
		if ((type != NSLP_MSN && type != NSLP_INFO) || tlv.value.len != 4 ||
		    (m->present & NSLP_BIT(type)))
			continue;
		m->present |= NSLP_BIT(type);
		if (type == NSLP_MSN)
			m->msn = gist_get32(tlv.value.data);
		else
			nslp_info_parse(&m->info, tlv.value);
	}
}

/* @check for each object; what is left over is no object. */
static bool each(struct parse *p, check_fn check)
{
	struct gist_walk w = gist_walk(objects(p->m));
	struct gist_tlv tlv;

	while (gist_walk_next(&w, &tlv))
		if (!check(p, &tlv, type_of(p, &tlv)))
			return false;
	if (!w.rest.len)
		return true;
	return nslp_fault(p->fault, NSLP_OBJECT_LENGTH,
			  gist_get16(w.rest.data) & 0x0fff, "object beyond the message");
}

/* What is in it by the mere presence of objects, for what is missing. */
static bool complete(struct parse *p)
{
	struct nslp_message have = *p->m;

	have.present |= p->seen;
	return nslp_rules_complete(&have, p->options, p->fault);
}

/* There is one IP version only; a NOTIFY has no MSN. */
static void settle(struct nslp_message *m)
{
	m->external.version = 4;
	m->binding.version = 4;
	if (m->type == NSLP_NOTIFY)
		m->present &= ~NSLP_BIT(NSLP_MSN);
}

static bool check_all(struct parse *p)
{
	static const check_fn checks[] = {
		check_size, check_ab, check_known, check_twice, check_allowed,
	};
	size_t i;

	for (i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		if (!each(p, checks[i]))
			return false;
	return complete(p) && each(p, decode) && nslp_rules_values(p->m, p->options, p->fault);
}

static bool parse_header(struct parse *p)
{
	struct nslp_message *m = p->m;
	const uint8_t *o = m->octets.data;

	if (m->octets.len)
		m->type = o[0];
	if (m->octets.len && (m->type < NSLP_CREATE || m->type > NSLP_NOTIFY))
		return nslp_fault(p->fault, NSLP_BAD_TYPE, 0, "message type not known");
	if (m->octets.len < NSLP_HEADER_SIZE || m->octets.len % 4)
		return nslp_fault(p->fault, NSLP_BAD_LENGTH, 0, "no header, or no whole words");
	m->proxy = nslp_type_request(m->type) && (o[1] & P_FLAG);
	m->beyond = m->proxy && (o[1] & E_FLAG);
	return true;
}

enum nslp_verdict nslp_message_parse(struct nslp_message *m, struct gist_view octets,
				     unsigned int options, struct nslp_fault *fault)
{
	struct parse p = { .m = m, .options = options, .fault = fault };

	memset(m, 0, sizeof(*m));
	nslp_fault(fault, 0, 0, NULL);
	m->octets = octets;
	if (octets.len >= NSLP_HEADER_SIZE)
		decode_early(&p);
	if (parse_header(&p) && check_all(&p)) {
		settle(m);
		return NSLP_ACCEPT;
	}
	m->present &= NSLP_BIT(NSLP_MSN) | NSLP_BIT(NSLP_INFO);
	if (m->type == NSLP_RESPONSE || m->type == NSLP_NOTIFY)
		return NSLP_DROP;
	return NSLP_REFUSE;
}

bool nslp_message_auth(const struct nslp_message *m, unsigned int number, struct gist_tlv *tlv)
{
	struct gist_walk w = gist_walk(objects(m));

	while (gist_walk_next(&w, tlv))
		if (tlv->type == NSLP_AUTH && !number--)
			return true;
	return false;
}
