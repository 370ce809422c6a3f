// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/genetlink.h>
#include <stdlib.h>
#include <string.h>

#include "msg.h"

#define MSG_MIN	4096

void natfw_msg_reset(struct natfw_msg *m)
{
	m->len = 0;
	m->head = 0;
	m->failed = false;
}

void natfw_msg_fini(struct natfw_msg *m)
{
	free(m->buf);
	memset(m, 0, sizeof(*m));
}

static bool msg_grow(struct natfw_msg *m, size_t need)
{
	size_t cap = m->cap ? m->cap : MSG_MIN;
	char *buf;

	while (cap < need)
		cap *= 2;
	buf = realloc(m->buf, cap);
	if (!buf) {
		m->failed = true;
		return false;
	}
	m->buf = buf;
	m->cap = cap;
	return true;
}

/* @len more bytes, padded with zeroes; NULL when out of memory. */
static void *msg_room(struct natfw_msg *m, size_t len)
{
	size_t full = NLMSG_ALIGN(len);
	char *at;

	if (m->failed || (m->len + full > m->cap && !msg_grow(m, m->len + full)))
		return NULL;
	at = m->buf + m->len;
	memset(at + len, 0, full - len);
	m->len += full;
	return at;
}

struct nlmsghdr *natfw_msg_head(struct natfw_msg *m)
{
	return (struct nlmsghdr *)(m->buf + m->head);
}

void natfw_msg_begin(struct natfw_msg *m, uint16_t family, uint8_t cmd, uint8_t version,
		     uint16_t flags, uint32_t seq)
{
	struct genlmsghdr g = { .cmd = cmd, .version = version };
	struct nlmsghdr h = {
		.nlmsg_type = family,
		.nlmsg_flags = flags,
		.nlmsg_seq = seq,
	};
	char *at;

	m->head = m->len;
	at = msg_room(m, sizeof(h) + sizeof(g));
	if (!at)
		return;
	memcpy(at, &h, sizeof(h));
	memcpy(at + sizeof(h), &g, sizeof(g));
}

void natfw_msg_end(struct natfw_msg *m)
{
	if (!m->failed)
		natfw_msg_head(m)->nlmsg_len = (uint32_t)(m->len - m->head);
}

void natfw_msg_cancel(struct natfw_msg *m)
{
	m->len = m->head;
}

void natfw_msg_put(struct natfw_msg *m, uint16_t type, const void *data, size_t len)
{
	struct nlattr a = { .nla_type = type, .nla_len = (uint16_t)(sizeof(a) + len) };
	char *at;

	if (len > UINT16_MAX - sizeof(a)) {
		m->failed = true;
		return;
	}
	at = msg_room(m, sizeof(a) + len);
	if (!at)
		return;
	memcpy(at, &a, sizeof(a));
	if (len)
		memcpy(at + sizeof(a), data, len);
}

void natfw_msg_put_raw(struct natfw_msg *m, const void *data, size_t len)
{
	char *at = msg_room(m, len);

	if (at && len)
		memcpy(at, data, len);
}

size_t natfw_msg_nest_begin(struct natfw_msg *m, uint16_t type)
{
	size_t at = m->len;

	natfw_msg_put(m, type | NLA_F_NESTED, NULL, 0);
	return at;
}

void natfw_msg_nest_end(struct natfw_msg *m, size_t at)
{
	struct nlattr *a;

	if (m->failed)
		return;
	if (m->len - at > UINT16_MAX) {
		m->failed = true;
		return;
	}
	a = (struct nlattr *)(m->buf + at);
	a->nla_len = (uint16_t)(m->len - at);
}
