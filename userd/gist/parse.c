// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "gist/rules.h"

/* The first fault is the one that is reported; reading goes on for what can be had. */
struct parse {
	struct gist_message *m;
	unsigned int seen;	/* objects, well formed or not */
	unsigned int place;	/* in the order, of the last one */
	bool failed;
	struct gist_fault *fault;
	struct gist_fault found;	/* by the check at hand */
};

static void note(struct parse *p, bool ok)
{
	if (ok || p->failed)
		return;
	*p->fault = p->found;
	p->failed = true;
}

static struct gist_view body(const struct gist_message *m)
{
	return gist_view(m->octets.data + GIST_HEADER_SIZE, m->octets.len - GIST_HEADER_SIZE);
}

static bool check_length(struct parse *p)
{
	struct gist_view objects = body(p->m);
	uint32_t words = gist_walk_words(objects);

	if (objects.len != (size_t)p->m->head.words * 4)
		return gist_fault_length(&p->found, words, "length is not that of the message");
	if (words != p->m->head.words)
		return gist_fault_length(&p->found, words, "objects do not fill the message");
	return true;
}

static bool check_unknown(struct parse *p, const struct gist_tlv *tlv)
{
	if (tlv->ab == GIST_AB_MANDATORY)
		return gist_fault_type(&p->found, GIST_E_UNRECOGNISED, tlv->type,
				       "object not known");
	p->m->unknown++;
	return true;
}

static bool check_known(struct parse *p, const struct gist_tlv *tlv)
{
	const struct gist_message *m = p->m;

	if (p->seen & GIST_BIT(tlv->type))
		return gist_fault_type(&p->found, GIST_E_DUPLICATE, tlv->type, "object twice");
	if (m->head.type < GIST_TYPES && !gist_rules_allow(m->head.type, m->mode, tlv->type))
		return gist_fault_type(&p->found, GIST_E_INVALID_TYPE, tlv->type,
				       "object not allowed in this message");
	if (gist_rules_place(tlv->type) < p->place)
		return gist_fault_type(&p->found, GIST_E_INVALID_TYPE, tlv->type,
				       "object out of order");
	return true;
}

static void see(struct parse *p, const struct gist_tlv *tlv)
{
	if (tlv->type >= GIST_OBJECTS || (p->seen & GIST_BIT(tlv->type)))
		return;
	p->seen |= GIST_BIT(tlv->type);
	p->place = gist_rules_place(tlv->type);
	p->m->tlv[tlv->type] = *tlv;
}

static bool check_object(struct parse *p, const struct gist_tlv *tlv)
{
	if (tlv->ab == GIST_AB_RESERVED)
		return gist_fault_type(&p->found, GIST_E_AB_FLAGS, tlv->type, "AB=11");
	return tlv->type < GIST_OBJECTS ? check_known(p, tlv) : check_unknown(p, tlv);
}

static void collect(struct parse *p)
{
	struct gist_walk w = gist_walk(body(p->m));
	struct gist_tlv tlv;

	while (gist_walk_next(&w, &tlv)) {
		note(p, check_object(p, &tlv));
		see(p, &tlv);
	}
}

static bool parse_words(struct parse *p, const struct gist_tlv *tlv, size_t min, size_t max)
{
	if (tlv->value.len >= min && tlv->value.len <= max)
		return true;
	return gist_fault_value(&p->found, GIST_E_OBJECT_LENGTH, tlv, 2,
				"length of object is not what its type has");
}

static bool parse_sid(struct parse *p, const struct gist_tlv *tlv)
{
	p->m->sid = tlv->value.data;
	return parse_words(p, tlv, GIST_SID_SIZE, GIST_SID_SIZE);
}

static bool parse_hello(struct parse *p, const struct gist_tlv *tlv)
{
	if (!parse_words(p, tlv, 4, 4))
		return false;
	p->m->hello = gist_get32(tlv->value.data);
	return true;
}

static bool parse_cookie(struct parse *p, const struct gist_tlv *tlv, struct gist_view *cookie)
{
	*cookie = tlv->value;
	return parse_words(p, tlv, 4, SIZE_MAX);
}

static bool parse_error(struct parse *p, const struct gist_tlv *tlv)
{
	if (gist_error_parse(&p->m->error, tlv))
		return true;
	return gist_fault_value(&p->found, GIST_E_OBJECT_LENGTH, tlv, 0, "malformed Error");
}

static bool parse_object(struct parse *p, unsigned int object)
{
	const struct gist_tlv *tlv = &p->m->tlv[object];
	struct gist_message *m = p->m;

	switch (object) {
	case GIST_MRI:
		return gist_mri_parse(&m->mri, tlv, &p->found);
	case GIST_SID:
		return parse_sid(p, tlv);
	case GIST_NLI:
		return gist_nli_parse(&m->nli, tlv, &p->found);
	case GIST_PROPOSAL:
		return gist_proposal_parse(&m->proposal, tlv, &p->found);
	case GIST_STACKCONF:
		return gist_stackconf_parse(&m->stackconf, tlv, &p->found);
	case GIST_QUERY_COOKIE:
		return parse_cookie(p, tlv, &m->query_cookie);
	case GIST_RESPONDER_COOKIE:
		return parse_cookie(p, tlv, &m->responder_cookie);
	case GIST_NATT:
		return gist_natt_parse(&m->natt, tlv, &p->found);
	case GIST_NSLP_DATA:
		m->nslp_data = tlv->value;
		return true;
	case GIST_ERROR_DATA:
		return parse_error(p, tlv);
	default:
		return parse_hello(p, tlv);
	}
}

static void decode(struct parse *p)
{
	unsigned int i, object;
	bool ok;

	for (i = 0; i < GIST_OBJECTS; i++) {
		object = gist_rules_at(i);
		if (!(p->seen & GIST_BIT(object)))
			continue;
		ok = parse_object(p, object);
		note(p, ok);
		if (ok)
			p->m->present |= GIST_BIT(object);
	}
}

/* Proposal and configuration data of a Query or Response agree. */
static bool check_stack(struct parse *p)
{
	const struct gist_message *m = p->m;

	if (m->head.type != GIST_QUERY && m->head.type != GIST_RESPONSE)
		return true;
	if (!gist_message_has(m, GIST_PROPOSAL))
		return true;
	return gist_stack_check(&m->proposal, &m->stackconf, &m->tlv[GIST_PROPOSAL],
				&m->tlv[GIST_STACKCONF], m->head.type == GIST_RESPONSE,
				&p->found);
}

/* What can be said only of a message whose every object is well formed. */
static void check_whole(struct parse *p, unsigned int allow)
{
	if (p->failed)
		return;
	note(p, gist_rules_complete(p->m, &p->found));
	if (!p->failed)
		note(p, gist_rules_consistent(p->m, allow, &p->found));
	if (!p->failed)
		note(p, check_stack(p));
}

enum gist_verdict gist_message_parse(struct gist_message *m, struct gist_view octets,
				     enum gist_mode mode, unsigned int allow,
				     struct gist_fault *fault)
{
	struct parse p = { .m = m, .fault = fault };

	memset(m, 0, sizeof(*m));
	m->octets = octets;
	m->mode = mode;
	gist_fault_plain(fault, 0, 0, NULL);
	if (!gist_header_parse(&m->head, octets)) {
		fault->why = "shorter than a common header";
		return GIST_DROP;
	}
	note(&p, gist_header_check(&m->head, mode, &p.found));
	if (m->head.version == GIST_VERSION) {
		note(&p, check_length(&p));
		collect(&p);
		decode(&p);
		check_whole(&p, allow);
	}
	if (!p.failed)
		return GIST_ACCEPT;
	return m->head.type == GIST_ERROR ? GIST_DROP : GIST_REFUSE;
}

bool gist_message_natt_check(const struct gist_message *m, struct gist_fault *fault)
{
	static const uint16_t addressed[] = { GIST_NLI, GIST_STACKCONF };
	size_t i;

	if (!gist_message_has(m, GIST_NATT))
		return true;
	for (i = 0; i < sizeof(addressed) / sizeof(addressed[0]); i++)
		if (gist_message_has(m, addressed[i]) && !gist_natt_lists(&m->natt, addressed[i]))
			return gist_fault_type(fault, GIST_E_UNTRANSLATED, addressed[i],
					       "a NAT has not translated this");
	return true;
}
