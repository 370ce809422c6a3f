// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dump.h"

void natfw_dump_init(struct natfw_dump *d, const struct natfw_set *set)
{
	memset(d, 0, sizeof(*d));
	d->set = set;
}

void natfw_dump_fini(struct natfw_dump *d)
{
	free(d->buf);
	free(d->at);
	natfw_dump_init(d, d->set);
}

void natfw_dump_reset(struct natfw_dump *d)
{
	d->n = 0;
	d->len = 0;
	d->partial = false;
}

static int room_bytes(struct natfw_dump *d, size_t need)
{
	size_t cap = d->cap ? d->cap : 4096;
	char *buf;

	if (need <= d->cap)
		return 0;
	while (cap < need)
		cap *= 2;
	buf = realloc(d->buf, cap);
	if (!buf)
		return -ENOMEM;
	d->buf = buf;
	d->cap = cap;
	return 0;
}

static int room_index(struct natfw_dump *d)
{
	size_t nat = d->nat ? d->nat * 2 : 64;
	size_t *at;

	if (d->n + 1 < d->nat)
		return 0;
	at = realloc(d->at, nat * sizeof(*at));
	if (!at)
		return -ENOMEM;
	d->at = at;
	d->nat = nat;
	return 0;
}

int natfw_dump_add(struct natfw_dump *d, const void *attrs, size_t len)
{
	size_t full = NLMSG_ALIGN(len);

	if (room_bytes(d, d->len + full) || room_index(d))
		return -ENOMEM;
	if (len)
		memcpy(d->buf + d->len, attrs, len);
	memset(d->buf + d->len + len, 0, full - len);
	d->at[d->n++] = d->len;
	d->len += full;
	d->at[d->n] = d->len;
	return 0;
}

int natfw_dump_get(const struct natfw_dump *d, size_t i, void *obj)
{
	return natfw_object_get(d->set, obj, d->buf + d->at[i], d->at[i + 1] - d->at[i]);
}
