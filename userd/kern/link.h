/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The connection to the module: requests in batches, events, and whether it is there at all.
 */
#ifndef _NATFWD_KERN_LINK_H
#define _NATFWD_KERN_LINK_H

#include "batch.h"
#include "events.h"

#define LINK_NEVER	UINT64_MAX

struct link {
	struct natfw_client *client;	/* NULL: no module */
	struct natfw_events *events;
	struct natfw_batch *batch;
	int family;			/* socket that tells when families come and go, -1: none */
	uint64_t retry;			/* when to look again, ms; LINK_NEVER: when told */
	uint32_t wait;			/* how long that was put off, ms */
	bool said;			/* that it is not there */
	int64_t since;			/* when it came or went, seconds since 1970 */
};

/* Once. What comes of it is in @l->family. */
void link_init(struct link *l);
void link_fini(struct link *l);
enum link_change { LINK_SAME, LINK_GONE, LINK_CAME };
/*
 * Whether the module came or went since last asked. To be asked before every request: rule ids
 * begin anew with the module, and what was ours may be somebody else's now.
 */
enum link_change link_changed(struct link *l);
/* Connect. 0, or -errno with @e; -ENOENT: the module is not loaded. */
int link_open(struct link *l, struct natfw_error *e);
/* Forget the connection; also after link_open() failed. */
void link_close(struct link *l);
static inline bool link_up(const struct link *l)
{
	return l->client;
}

#endif /* _NATFWD_KERN_LINK_H */
