// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "gist/stack.h"

#define OPTION_HEAD	4
#define UNUSABLE	0x80	/* of octet 3 of an option field */

static bool bad(struct gist_fault *f, enum gist_value_error subcode,
		const struct gist_tlv *tlv, const uint8_t *where, const char *why)
{
	return gist_fault_value(f, subcode, tlv, (size_t)(where - tlv->all.data), why);
}

static void advance(struct gist_view *rest, size_t n)
{
	*rest = gist_view(rest->data + n, rest->len - n);
}

bool gist_profile_next(struct gist_view *rest, struct gist_profile *profile)
{
	size_t size;

	if (!rest->len)
		return false;
	size = gist_padded(1u + rest->data[0]);
	if (size > rest->len)
		return false;
	profile->count = rest->data[0];
	profile->layer = rest->data + 1;
	advance(rest, size);
	return true;
}

bool gist_profile_has(const struct gist_profile *profile, uint8_t protocol)
{
	return memchr(profile->layer, protocol, profile->count);
}

bool gist_proposal_get(const struct gist_proposal *p, unsigned int number,
		       struct gist_profile *profile)
{
	struct gist_view rest = p->profiles;

	if (!number || number > p->count)
		return false;
	while (number--)
		if (!gist_profile_next(&rest, profile))
			return false;
	return true;
}

/* Each profile is there, has a layer, and nothing comes behind the last. */
static bool check_profiles(const struct gist_proposal *p, const struct gist_tlv *tlv,
			   struct gist_fault *fault)
{
	struct gist_view rest = p->profiles;
	struct gist_profile profile;
	unsigned int i;

	for (i = 0; i < p->count; i++) {
		const uint8_t *at = rest.data;

		if (!gist_profile_next(&rest, &profile))
			return bad(fault, GIST_E_OBJECT_LENGTH, tlv, at, "profiles end early");
		if (!profile.count)
			return bad(fault, GIST_E_EMPTY_LIST, tlv, at, "profile without layers");
	}
	if (rest.len)
		return bad(fault, GIST_E_OBJECT_LENGTH, tlv, rest.data,
			   "more than the announced profiles");
	return true;
}

bool gist_proposal_parse(struct gist_proposal *p, const struct gist_tlv *tlv,
			 struct gist_fault *fault)
{
	const uint8_t *v = tlv->value.data;

	if (tlv->value.len < 4)
		return bad(fault, GIST_E_OBJECT_LENGTH, tlv, v, "Stack-Proposal too short");
	p->count = v[0];
	p->reserved = gist_get32(v) & 0xffffff;
	p->profiles = gist_view(v + 4, tlv->value.len - 4);
	if (!p->count)
		return bad(fault, GIST_E_UNSUPPORTED, tlv, v, "Stack-Proposal without profiles");
	return check_profiles(p, tlv, fault);
}

void gist_profile_put(struct gist_out *o, const uint8_t *layers, unsigned int count)
{
	size_t pad = gist_padded(count + 1) - count - 1;

	if (!count || count > UINT8_MAX)
		gist_out_fail(o, -EINVAL);
	gist_out_u8(o, (uint8_t)count);
	gist_out_bytes(o, layers, count);
	while (pad--)
		gist_out_u8(o, 0);
}

void gist_proposal_put(struct gist_out *o, const struct gist_proposal *p)
{
	size_t mark = gist_tlv_open(o, GIST_PROPOSAL, GIST_AB_MANDATORY);

	if (!p->count)
		gist_out_fail(o, -EINVAL);
	gist_out_u32(o, (uint32_t)p->count << 24 | (p->reserved & 0xffffff));
	gist_out_bytes(o, p->profiles.data, p->profiles.len);
	gist_tlv_close(o, mark);
}

bool gist_option_next(struct gist_view *rest, struct gist_option *option)
{
	const uint8_t *p = rest->data;
	size_t size;

	if (rest->len < OPTION_HEAD)
		return false;
	size = OPTION_HEAD + gist_padded(p[2]);
	if (size > rest->len)
		return false;
	option->protocol = p[0];
	option->profile = p[1];
	option->unusable = p[3] & UNUSABLE;
	option->data = gist_view(p + OPTION_HEAD, p[2]);
	advance(rest, size);
	return true;
}

static bool check_options(const struct gist_stackconf *s, const struct gist_tlv *tlv,
			  struct gist_fault *fault)
{
	struct gist_view rest = s->options;
	struct gist_option option;
	unsigned int i;

	for (i = 0; i < s->count; i++)
		if (!gist_option_next(&rest, &option))
			return bad(fault, GIST_E_OBJECT_LENGTH, tlv, rest.data,
				   "option fields end early");
	if (rest.len)
		return bad(fault, GIST_E_OBJECT_LENGTH, tlv, rest.data,
			   "more than the announced option fields");
	return true;
}

bool gist_stackconf_parse(struct gist_stackconf *s, const struct gist_tlv *tlv,
			  struct gist_fault *fault)
{
	const uint8_t *v = tlv->value.data;

	if (tlv->value.len < 8)
		return bad(fault, GIST_E_OBJECT_LENGTH, tlv, v,
			   "Stack-Configuration-Data too short");
	s->count = v[0];
	s->hold = gist_get32(v + 4);
	s->options = gist_view(v + 8, tlv->value.len - 8);
	if (!s->hold)
		return bad(fault, GIST_E_UNSUPPORTED, tlv, v + 4, "hold time of zero");
	return check_options(s, tlv, fault);
}

void gist_option_put(struct gist_out *o, const struct gist_option *option)
{
	if (option->data.len > UINT8_MAX)
		gist_out_fail(o, -EINVAL);
	gist_out_u8(o, option->protocol);
	gist_out_u8(o, option->profile);
	gist_out_u8(o, (uint8_t)option->data.len);
	gist_out_u8(o, option->unusable ? UNUSABLE : 0);
	gist_out_padded(o, option->data);
}

void gist_option_put_tcp(struct gist_out *o, unsigned int profile, uint16_t port)
{
	uint8_t data[2] = { port >> 8, (uint8_t)port };
	struct gist_option option = {
		.protocol = GIST_MA_TCP,
		.profile = (uint8_t)profile,
		.data = gist_view(data, port ? 2 : 0),
	};

	gist_option_put(o, &option);
}

void gist_stackconf_put(struct gist_out *o, const struct gist_stackconf *s)
{
	size_t mark = gist_tlv_open(o, GIST_STACKCONF, GIST_AB_MANDATORY);

	if (!s->hold)
		gist_out_fail(o, -EINVAL);
	gist_out_u32(o, (uint32_t)s->count << 24);
	gist_out_u32(o, s->hold);
	gist_out_bytes(o, s->options.data, s->options.len);
	gist_tlv_close(o, mark);
}

bool gist_stackconf_find(const struct gist_stackconf *s, uint8_t protocol,
			 unsigned int profile, struct gist_option *option)
{
	struct gist_view rest = s->options;
	struct gist_option seen;
	bool found = false;

	while (gist_option_next(&rest, &seen)) {
		if (seen.protocol != protocol)
			continue;
		if (seen.profile == profile) {
			*option = seen;
			return true;
		}
		if (!seen.profile && !found) {
			*option = seen;
			found = true;
		}
	}
	return found;
}

uint16_t gist_option_tcp_port(const struct gist_option *option)
{
	return option->data.len >= 2 ? gist_get16(option->data.data) : 0;
}

/* What is checked against what. */
struct pair {
	const struct gist_proposal *p;
	const struct gist_stackconf *s;
	const struct gist_tlv *ptlv, *stlv;
	struct gist_fault *fault;
};

static bool mismatch(const struct pair *c, const uint8_t *where, const char *why)
{
	return gist_fault_stack(c->fault, c->ptlv, c->stlv, (size_t)(where - c->stlv->all.data),
				why);
}

/* Whether a profile that the option field is for has its protocol. */
static bool proposed(const struct gist_proposal *p, const struct gist_option *option)
{
	struct gist_view rest = p->profiles;
	struct gist_profile profile;

	if (option->profile)
		return gist_proposal_get(p, option->profile, &profile) &&
			gist_profile_has(&profile, option->protocol);
	while (gist_profile_next(&rest, &profile))
		if (gist_profile_has(&profile, option->protocol))
			return true;
	return false;
}

/* Options of Forwards-TCP in a Response: a port, perhaps with two octets of padding. */
static bool check_tcp(const struct pair *c, const struct gist_option *option)
{
	const uint8_t *field = option->data.data - OPTION_HEAD;

	if (option->protocol != GIST_MA_TCP || option->unusable)
		return true;
	if (option->data.len != 2 && option->data.len != 4)
		return bad(c->fault, GIST_E_OBJECT_LENGTH, c->stlv, field + 2,
			   "Forwards-TCP options are not a port");
	if (!gist_option_tcp_port(option))
		return bad(c->fault, GIST_E_UNSUPPORTED, c->stlv, option->data.data,
			   "Forwards-TCP port of zero");
	return true;
}

static bool check_fields(const struct pair *c, bool answer)
{
	struct gist_view rest = c->s->options;
	struct gist_option option;

	while (gist_option_next(&rest, &option)) {
		if (!proposed(c->p, &option))
			return mismatch(c, option.data.data - OPTION_HEAD,
					"option field for what is not proposed");
		if (answer && !check_tcp(c, &option))
			return false;
	}
	return true;
}

bool gist_stack_check(const struct gist_proposal *p, const struct gist_stackconf *s,
		      const struct gist_tlv *ptlv, const struct gist_tlv *stlv, bool answer,
		      struct gist_fault *fault)
{
	const struct pair c = { p, s, ptlv, stlv, fault };
	struct gist_view rest = p->profiles;
	struct gist_profile profile;
	struct gist_option option;
	unsigned int number = 0;

	if (!check_fields(&c, answer))
		return false;
	while (gist_profile_next(&rest, &profile)) {
		number++;
		if (gist_profile_has(&profile, GIST_MA_TCP) &&
		    !gist_stackconf_find(s, GIST_MA_TCP, number, &option))
			return mismatch(&c, stlv->value.data, "no option field for Forwards-TCP");
	}
	return true;
}
