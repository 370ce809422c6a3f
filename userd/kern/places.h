/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interfaces as the configuration has them, by index: side, zone, pool. Interfaces may come, go and
 * come again; their indices are looked up when somebody asks and at most once a second each.
 */
#ifndef _NATFWD_KERN_PLACES_H
#define _NATFWD_KERN_PLACES_H

#include "conf/conf.h"
#include "policy/policy.h"

struct place {
	const struct conf_interface *conf;
	uint32_t ifindex;		/* 0: not there */
};

struct places {
	struct place *place;
	unsigned int n;
	int fd;				/* to ask for indices */
	uint64_t looked;		/* when, ms */
};

/* -errno: no socket. */
int places_init(struct places *p);
void places_fini(struct places *p);
/* -ENOMEM. @c is borrowed until the next call. */
int places_configure(struct places *p, const struct conf *c, uint64_t now);
/* Look up all indices again, unless that was done within the last second. */
void places_look(struct places *p, uint64_t now);
/* The interface with @ifindex, NULL: none that is configured. */
const struct conf_interface *places_find(struct places *p, uint32_t ifindex, uint64_t now);
/* For policy. An interface that is not configured is outside and has no name. */
void places_side(struct places *p, uint32_t ifindex, uint64_t now, struct policy_side *side);
/*
 * The zone packets are in that come in by @ifindex; 0: by any interface. False: they may be in
 * several.
 */
bool places_zone(struct places *p, uint32_t ifindex, uint64_t now, uint32_t *zone);
/*
 * The interface whose pool external endpoints come from for flows that leave by (or, from outside,
 * come in by) @ifindex; 0: the only one there is. NULL: none translates.
 */
const struct place *places_pool(struct places *p, uint32_t ifindex, uint64_t now);

#endif /* _NATFWD_KERN_PLACES_H */
