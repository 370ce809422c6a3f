// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include "gist/rules.h"

/* What a peer would refuse is not sent; nor is what has no NSLP but names one. */
static bool may_be_sent(const struct gist_message *m)
{
	struct gist_header head = m->head;
	struct gist_fault fault;
	unsigned int i;

	head.version = GIST_VERSION;
	if (!gist_header_check(&head, m->mode, &fault))
		return false;
	if ((head.type == GIST_ERROR || head.type == GIST_MA_HELLO) &&
	    head.nslpid != GIST_NSLPID_NONE)
		return false;
	if (head.type == GIST_ERROR && head.reply)
		return false;
	for (i = 0; i < GIST_OBJECTS; i++)
		if (gist_message_has(m, i) && !gist_rules_allow(head.type, m->mode, i))
			return false;
	return gist_rules_complete(m, &fault) && gist_rules_consistent(m, 0, &fault);
}

static void put_mri(struct gist_out *o, const struct gist_message *m)
{
	if (m->echo.len)
		gist_mri_echo(o, m->echo, m->mri.upstream);
	else
		gist_mri_put(o, &m->mri);
}

static void put_cookie(struct gist_out *o, unsigned int object, struct gist_view cookie)
{
	if (!cookie.len)
		gist_out_fail(o, -EINVAL);
	gist_tlv_put(o, (uint16_t)object, cookie);
}

static void put_hello(struct gist_out *o, uint32_t hello)
{
	size_t mark = gist_tlv_open(o, GIST_HELLO_ID, GIST_AB_MANDATORY);

	gist_out_u32(o, hello);
	gist_tlv_close(o, mark);
}

static void put_object(struct gist_out *o, const struct gist_message *m, unsigned int object)
{
	switch (object) {
	case GIST_MRI:
		put_mri(o, m);
		break;
	case GIST_SID:
		gist_tlv_put(o, GIST_SID, gist_view(m->sid, GIST_SID_SIZE));
		break;
	case GIST_NLI:
		gist_nli_put(o, &m->nli);
		break;
	case GIST_PROPOSAL:
		gist_proposal_put(o, &m->proposal);
		break;
	case GIST_STACKCONF:
		gist_stackconf_put(o, &m->stackconf);
		break;
	case GIST_QUERY_COOKIE:
		put_cookie(o, object, m->query_cookie);
		break;
	case GIST_RESPONDER_COOKIE:
		put_cookie(o, object, m->responder_cookie);
		break;
	case GIST_NATT:
		gist_natt_put(o, &m->natt);
		break;
	case GIST_NSLP_DATA:
		gist_tlv_put(o, GIST_NSLP_DATA, m->nslp_data);
		break;
	case GIST_ERROR_DATA:
		gist_error_put(o, &m->error);
		break;
	default:
		put_hello(o, m->hello);
		break;
	}
}

/* Put in the length of the message that began at @start. */
static void close_message(struct gist_out *o, size_t start)
{
	size_t words;

	if (o->error)
		return;
	words = (o->len - start - GIST_HEADER_SIZE) / 4;
	if (words > UINT16_MAX)
		gist_out_fail(o, -EMSGSIZE);
	gist_out_patch16(o, start + 2, (uint16_t)words);
}

void gist_message_put(struct gist_out *o, const struct gist_message *m)
{
	struct gist_header head = m->head;
	size_t start = o->len;
	unsigned int i;

	if (!may_be_sent(m))
		gist_out_fail(o, -EINVAL);
	head.version = GIST_VERSION;
	gist_header_put(o, &head);
	for (i = 0; i < GIST_OBJECTS && !o->error; i++)
		if (gist_message_has(m, gist_rules_at(i)))
			put_object(o, m, gist_rules_at(i));
	close_message(o, start);
}

void gist_message_relay(struct gist_out *o, const struct gist_message *m,
			const struct gist_view *nslp_data)
{
	size_t start = o->len;
	struct gist_walk w;
	struct gist_tlv tlv;

	if (m->head.hops < 2 || m->octets.len < GIST_HEADER_SIZE) {
		gist_out_fail(o, -EINVAL);
		return;
	}
	gist_out_bytes(o, m->octets.data, GIST_HEADER_SIZE);
	if (!o->error)
		o->data[start + 1]--;
	w = gist_walk(gist_view(m->octets.data + GIST_HEADER_SIZE,
				m->octets.len - GIST_HEADER_SIZE));
	while (gist_walk_next(&w, &tlv))
		if (!nslp_data || tlv.type != GIST_NSLP_DATA)
			gist_out_bytes(o, tlv.all.data, tlv.all.len);
	if (nslp_data)
		gist_tlv_put(o, GIST_NSLP_DATA, *nslp_data);
	close_message(o, start);
}
