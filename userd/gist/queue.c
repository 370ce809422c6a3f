// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gist/engine.h"

int gist_queue_add(struct state *st, const struct gist_tx *tx, bool association)
{
	struct handshake *hs = st->hs;
	struct gist *g = st->g;
	struct pending *p;

	if (hs->queued >= QUEUE_MAX || g->queued_octets + tx->data.len > QUEUE_OCTETS_MAX)
		return -ENOBUFS;
	p = malloc(sizeof(*p) + tx->data.len);
	if (!p)
		return -ENOBUFS;
	*p = (struct pending){
		.handle = tx->handle,
		.len = (uint16_t)tx->data.len,
		.association = association,
		.hops = tx->hops,
		.ttl = tx->ttl,
	};
	memcpy(p->data, tx->data.data, tx->data.len);
	*hs->end = p;
	hs->end = &p->next;
	hs->queued++;
	g->queued++;
	g->queued_octets += p->len;
	g->memory += sizeof(*p) + p->len;
	return 0;
}

struct pending *gist_queue_take(struct state *st)
{
	struct handshake *hs = st->hs;
	struct pending *p = hs ? hs->first : NULL;

	if (!p)
		return NULL;
	hs->first = p->next;
	if (!hs->first)
		hs->end = &hs->first;
	hs->queued--;
	return p;
}

void gist_queue_free(struct gist *g, struct pending *p)
{
	g->queued--;
	g->queued_octets -= p->len;
	g->memory -= sizeof(*p) + p->len;
	free(p);
}

void gist_queue_fail(struct state *st, enum gist_failure failure, uint16_t error)
{
	struct pending *p;

	while ((p = gist_queue_take(st))) {
		gist_notify_status(st, p->handle, false, failure, error);
		gist_queue_free(st->g, p);
	}
}
