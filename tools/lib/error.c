// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <linux/genetlink.h>
#include <netlink/attr.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "error.h"

/* Since Linux 6.0; older headers lack them. */
#define ATTR_MISS_TYPE	5
#define ATTR_MISS_NEST	6

int natfw_error_set(struct natfw_error *e, int code, const char *fmt, ...)
{
	va_list ap;

	if (!e)
		return -code;
	memset(e, 0, sizeof(*e));
	e->code = code;
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	return -code;
}

const char *natfw_error_text(const struct natfw_error *e, char *buf, size_t size)
{
	const char *text = e->text[0] ? e->text : e->missing ? "is missing" : "";

	if (!text[0])
		snprintf(buf, size, "%s%s%s", e->attr, e->attr[0] ? ": " : "", strerror(e->code));
	else
		snprintf(buf, size, "%s%s%s (%s)", e->attr, e->attr[0] ? ": " : "", text,
			 strerror(e->code));
	return buf;
}

struct ack_info {
	uint32_t offset, miss_type, miss_nest;
	bool has_offset, has_type, has_nest;
	const struct nlattr *text;
};

static uint32_t get_u32(const struct nlattr *a)
{
	uint32_t v = 0;

	if (nla_len(a) >= (int)sizeof(v))
		memcpy(&v, nla_data(a), sizeof(v));
	return v;
}

static void ack_attr(struct ack_info *i, const struct nlattr *a)
{
	switch (nla_type(a)) {
	case NLMSGERR_ATTR_MSG:
		i->text = a;
		break;
	case NLMSGERR_ATTR_OFFS:
		i->offset = get_u32(a);
		i->has_offset = true;
		break;
	case ATTR_MISS_TYPE:
		i->miss_type = get_u32(a);
		i->has_type = true;
		break;
	case ATTR_MISS_NEST:
		i->miss_nest = get_u32(a);
		i->has_nest = true;
		break;
	}
}

/* The attributes behind the error of acknowledgment @h, if any. */
static void ack_parse(struct ack_info *i, const struct nlmsghdr *h)
{
	const struct nlmsgerr *e = (const struct nlmsgerr *)(h + 1);
	size_t skip = sizeof(*h) + sizeof(*e);
	const struct nlattr *a;
	int left;

	if (!(h->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (!(h->nlmsg_flags & NLM_F_CAPPED) && e->msg.nlmsg_len > sizeof(e->msg))
		skip += NLMSG_ALIGN(e->msg.nlmsg_len - sizeof(e->msg));
	if (skip >= h->nlmsg_len)
		return;
	a = (const struct nlattr *)((const char *)h + skip);
	left = (int)(h->nlmsg_len - skip);
	for (; nla_ok(a, left); a = nla_next(a, &left))
		ack_attr(i, a);
}

static void missing_name(struct natfw_error *e, const struct natfw_set *set, uint32_t type)
{
	e->missing = true;
	if (set && type <= set->max && set->field[type].name)
		snprintf(e->attr, sizeof(e->attr), "%s", set->field[type].name);
	else
		snprintf(e->attr, sizeof(e->attr), "attribute %u", type);
}

static void locate(struct natfw_error *e, const struct ack_info *i,
		   const struct nlmsghdr *rq, const struct natfw_set *set)
{
	size_t skip = sizeof(*rq) + sizeof(struct genlmsghdr);
	const char *attrs = (const char *)rq + skip;
	size_t len = rq->nlmsg_len > skip ? rq->nlmsg_len - skip : 0;

	if (i->has_type && !i->has_nest) {
		missing_name(e, set, i->miss_type);
	} else if (i->has_type) {
		e->missing = true;
		natfw_object_path(set, attrs, len, (const char *)rq + i->miss_nest, i->miss_type,
				  e->attr, sizeof(e->attr));
	} else if (i->has_offset) {
		natfw_object_path(set, attrs, len, (const char *)rq + i->offset, 0,
				  e->attr, sizeof(e->attr));
	}
}

int natfw_error_read(struct natfw_error *e, const struct nlmsghdr *ack,
		     const struct nlmsghdr *request, const struct natfw_set *set)
{
	const struct nlmsgerr *err = (const struct nlmsgerr *)(ack + 1);
	struct ack_info i = { 0 };

	if (ack->nlmsg_len < sizeof(*ack) + sizeof(*err))
		return natfw_error_set(e, EPROTO, "acknowledgment cut short");
	if (!err->error)
		return 0;
	if (!e)
		return err->error;
	memset(e, 0, sizeof(*e));
	e->code = -err->error;
	ack_parse(&i, ack);
	if (i.text)
		snprintf(e->text, sizeof(e->text), "%.*s", nla_len(i.text),
			 (const char *)nla_data(i.text));
	if (request)
		locate(e, &i, request, set);
	return err->error;
}
