// SPDX-License-Identifier: GPL-2.0-or-later
#include "gist/rules.h"

#define B(object)	GIST_BIT(GIST_##object)
#define FLOW		(B(MRI) | B(SID))
#define STACK		(B(PROPOSAL) | B(STACKCONF))

static const uint8_t order[GIST_OBJECTS] = {
	GIST_NATT, GIST_MRI, GIST_SID, GIST_NLI, GIST_QUERY_COOKIE, GIST_RESPONDER_COOKIE,
	GIST_PROPOSAL, GIST_STACKCONF, GIST_NSLP_DATA, GIST_ERROR_DATA, GIST_HELLO_ID,
};

/* Mandatory and optional objects by type, in datagrams and on associations. */
static const struct {
	unsigned int must[2], may[2];
} rules[GIST_TYPES] = {
	[GIST_QUERY] = {
		{ FLOW | B(NLI) | B(QUERY_COOKIE), FLOW | B(NLI) | B(QUERY_COOKIE) },
		{ B(NATT) | STACK | B(NSLP_DATA), B(NATT) | STACK | B(NSLP_DATA) },
	},
	[GIST_RESPONSE] = {
		{ FLOW | B(NLI) | B(QUERY_COOKIE), FLOW | B(NLI) | B(QUERY_COOKIE) },
		{ B(NATT) | B(RESPONDER_COOKIE) | STACK | B(NSLP_DATA),
		  B(NATT) | B(RESPONDER_COOKIE) | STACK | B(NSLP_DATA) },
	},
	[GIST_CONFIRM] = {
		{ FLOW | B(NLI), FLOW | B(NLI) },
		{ B(RESPONDER_COOKIE) | STACK | B(NSLP_DATA),
		  B(RESPONDER_COOKIE) | STACK | B(NSLP_DATA) },
	},
	[GIST_DATA] = {
		{ FLOW | B(NLI) | B(NSLP_DATA), FLOW | B(NSLP_DATA) },
		{ B(NATT), B(NATT) },
	},
	[GIST_ERROR] = {
		{ B(NLI) | B(ERROR_DATA), B(ERROR_DATA) },
		{ B(NATT), B(NATT) | B(NLI) },
	},
	[GIST_MA_HELLO] = {
		{ B(HELLO_ID), B(HELLO_ID) },
		{ 0, 0 },
	},
};

unsigned int gist_rules_place(unsigned int object)
{
	unsigned int i = 0;

	while (order[i] != object)
		i++;
	return i;
}

unsigned int gist_rules_at(unsigned int place)
{
	return order[place];
}

bool gist_rules_allow(unsigned int type, enum gist_mode mode, unsigned int object)
{
	return (rules[type].must[mode] | rules[type].may[mode]) & GIST_BIT(object);
}

static bool missing(struct gist_fault *f, unsigned int object, const char *why)
{
	return gist_fault_type(f, GIST_E_MISSING, object, why);
}

/* The stack objects come together, and but for a Query with a cookie. */
static bool stack_complete(const struct gist_message *m, struct gist_fault *fault)
{
	bool proposal = gist_message_has(m, GIST_PROPOSAL);
	bool stackconf = gist_message_has(m, GIST_STACKCONF);

	if (stackconf && !proposal)
		return missing(fault, GIST_PROPOSAL, "configuration data without proposal");
	if (!proposal)
		return true;
	if (!stackconf && m->head.type != GIST_CONFIRM)
		return missing(fault, GIST_STACKCONF, "proposal without configuration data");
	if (m->head.type != GIST_QUERY && !gist_message_has(m, GIST_RESPONDER_COOKIE))
		return missing(fault, GIST_RESPONDER_COOKIE, "proposal without cookie");
	return true;
}

bool gist_rules_complete(const struct gist_message *m, struct gist_fault *fault)
{
	unsigned int lacking = rules[m->head.type].must[m->mode] & ~m->present;
	unsigned int i;

	for (i = 0; i < GIST_OBJECTS; i++)
		if (lacking & GIST_BIT(order[i]))
			return missing(fault, order[i], "mandatory object missing");
	return stack_complete(m, fault);
}

/* Towards the edge is the only way a loose-end message can look for. */
static bool direction_fits(const struct gist_message *m, unsigned int allow,
			   struct gist_fault *fault)
{
	if (!gist_message_has(m, GIST_MRI) || !gist_message_qmode(m) ||
	    (allow & GIST_ALLOW_LOOSE_UPSTREAM))
		return true;
	if (m->mri.method != GIST_MRM_LOOSE || !m->mri.upstream)
		return true;
	return gist_fault_value(fault, GIST_E_UNSUPPORTED, &m->tlv[GIST_MRI],
				GIST_TLV_HEAD + 2, "loose-end Q-mode goes to the edge only");
}

static bool hello_fits(const struct gist_message *m, struct gist_fault *fault)
{
	if (m->head.type != GIST_MA_HELLO || !m->head.reply || m->hello)
		return true;
	return gist_fault_value(fault, GIST_E_UNSUPPORTED, &m->tlv[GIST_HELLO_ID],
				GIST_TLV_HEAD, "reply wanted to Hello-ID 0");
}

bool gist_rules_consistent(const struct gist_message *m, unsigned int allow,
			   struct gist_fault *fault)
{
	if (m->head.type == GIST_RESPONSE && !m->head.reply &&
	    gist_message_has(m, GIST_RESPONDER_COOKIE))
		return gist_fault_plain(fault, GIST_E_HEADER, GIST_E_R_FLAG,
					"Responder-Cookie, but no reply wanted");
	if (m->head.type == GIST_CONFIRM && m->mode == GIST_DATAGRAM &&
	    gist_message_has(m, GIST_PROPOSAL))
		return gist_fault_plain(fault, GIST_E_ENCAPSULATION, 0,
					"Confirm belongs on the association");
	return direction_fits(m, allow, fault) && hello_fits(m, fault);
}
