/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel has in force in this namespace.
 */
#ifndef _NATFWCTL_STATE_H
#define _NATFWCTL_STATE_H

#include "dump.h"
#include "model.h"

struct state {
	struct natfw_net net;
	struct natfw_list devs;		/* struct natfw_dev */
	struct natfw_list pools;	/* struct natfw_pool */
	struct natfw_dump rules;	/* of one owner, or all */
};

/* Read it, with the rules of @owner only (NULL: of everyone). Tells of errors and returns false. */
bool state_load(struct state *s, const uint8_t *owner);
void state_fini(struct state *s);
/* The pool or device of that name, or NULL. */
const struct natfw_pool *state_pool(const struct state *s, const char *name);
const struct natfw_dev *state_dev(const struct state *s, const char *ifname);

#endif /* _NATFWCTL_STATE_H */
