// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "gist/reply.h"

/* The fields the catalogue asks for with this code. */
static unsigned int put_infos(struct gist_out *o, const struct gist_fault *f)
{
	unsigned int i;

	if (f->code == GIST_E_HEADER && f->subcode == GIST_E_LENGTH) {
		gist_info_put16(o, GIST_INFO_LENGTH, f->words);
		return 1;
	}
	if (f->code == GIST_E_TOO_LARGE) {
		gist_info_put16(o, GIST_INFO_MTU, f->mtu);
		return 1;
	}
	if (f->code == GIST_E_OBJECT) {
		gist_info_put16(o, GIST_INFO_OBJECT_TYPE, f->type);
		return 1;
	}
	for (i = 0; i < f->objects; i++)
		gist_info_put_object(o, f->object[i].tlv, f->object[i].offset,
				     GIST_REPLY_OBJECT_MAX);
	return i;
}

static void fill_error(struct gist_error *e, const struct gist_message *m,
		       const struct gist_fault *f)
{
	e->class = (uint8_t)gist_error_class(f->code);
	e->code = f->code;
	e->subcode = f->subcode;
	e->datagram = m->mode == GIST_DATAGRAM;
	e->qmode = gist_message_qmode(m);
	e->header = m->octets.data;
	if (f->code == GIST_E_HEADER)
		return;
	if (gist_message_has(m, GIST_SID))
		e->sid = m->sid;
	if (gist_message_has(m, GIST_MRI))
		e->mri = m->tlv[GIST_MRI].value;
}

static void fill_head(struct gist_message *e, const struct gist_message *m,
		      const struct gist_reply *reply)
{
	e->mode = m->mode;
	e->head.type = GIST_ERROR;
	e->head.hops = reply->hops;
	e->head.source = reply->source;
	e->head.nslpid = GIST_NSLPID_NONE;
	e->present = GIST_BIT(GIST_ERROR_DATA);
	if (reply->nli) {
		e->nli = *reply->nli;
		e->present |= GIST_BIT(GIST_NLI);
	}
	if (gist_message_has(m, GIST_NATT)) {
		e->natt = m->natt;
		e->present |= GIST_BIT(GIST_NATT);
	}
}

void gist_reply_put(struct gist_out *o, const struct gist_message *m,
		    const struct gist_fault *fault, const struct gist_reply *reply)
{
	uint8_t buf[2 * (GIST_REPLY_OBJECT_MAX + 8)];
	struct gist_message e;
	struct gist_out infos;

	if (m->head.type == GIST_ERROR || m->octets.len < GIST_HEADER_SIZE) {
		gist_out_fail(o, -EINVAL);
		return;
	}
	memset(&e, 0, sizeof(e));
	fill_head(&e, m, reply);
	fill_error(&e.error, m, fault);
	gist_out_init(&infos, buf, sizeof(buf));
	e.error.info_count = (uint8_t)put_infos(&infos, fault);
	e.error.infos = gist_out_view(&infos);
	if (reply->comment && fault->why)
		e.error.comment = gist_view(fault->why, strlen(fault->why));
	gist_message_put(o, &e);
}

bool gist_reply_address(const struct gist_message *m, const struct address *source,
			struct address *to)
{
	if (gist_message_has(m, GIST_NLI)) {
		*to = m->nli.address;
		return true;
	}
	*to = *source;
	return m->head.source;
}
