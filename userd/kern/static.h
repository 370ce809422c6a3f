/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Static rules: what access control lists of the configuration say, as rules of the module.
 *
 * They are desired state. What the module has under a cookie of their own is looked at, and the difference
 * goes there in one transaction: all of it is in force then, or nothing has changed. So a daemon that starts
 * finds what an earlier life made and leaves it alone, with its flows and counters, and rules of others are
 * never touched. They have no lifetime: they stay when the daemon ends, until one that starts is told
 * otherwise.
 */
#ifndef _NATFWD_KERN_STATIC_H
#define _NATFWD_KERN_STATIC_H

#include "kern/aces.h"

struct ace_info;
struct gate;
struct conf_error;

/* Behind what is signalled, and what is made by hand without a priority; before the default verdict. */
#define STATIC_FIRST	10000
#define STATIC_LAST	999999

struct static_rule {
	struct ace_key key;
	uint32_t priority;
	uint64_t id;
	char acl[64], ace[64];
	char interface[16];
	unsigned int line;		/* of the entry */
	uint64_t packets, bytes;	/* when they were counted last */
	bool made;			/* is to be made */
};

struct statics {
	uint8_t owner[NATFW_OWNER_LEN];
	struct static_rule *rule;	/* in force */
	size_t n;
	uint64_t *id;			/* of them, in order */
	struct static_rule **named;	/* all, in the order of their names */
	bool dirty;			/* the module has to be looked at */
	bool failed;			/* what is configured is not in force */
	uint64_t retry;			/* ms; when that is tried again */
	const struct conf *said;	/* for which complaints were made */
};

void static_init(struct statics *s, const uint8_t owner[NATFW_OWNER_LEN]);
void static_fini(struct statics *s);
/*
 * Make the module have what the configuration says. False and @e, whose path is that of the entry: the module
 * refused, and has what it had. Without a module, or an interface attached to it, there is nothing to be done
 * until it comes.
 */
bool static_apply(struct gate *g, struct conf_error *e);
/*
 * The same of @c, but all is taken back before it is in force: the module makes what is staged, so that there is
 * nothing left to refuse it for.
 */
bool static_try(struct gate *g, const struct conf *c, struct conf_error *e);
/* Once a second: again, if somebody has changed something. */
void static_look(struct gate *g);
/* Rule @id of @owner has gone, and not by us. */
void static_gone(struct gate *g, const uint8_t *owner, uint64_t id);
/*
 * Entries that are in force, by name, at most @max from *@at on (0 at first, which asks the module for what they
 * have counted), which is moved. False when the end was reached.
 */
bool static_list(struct gate *g, uint32_t *at, unsigned int max,
		 bool (*fn)(void *arg, const struct ace_info *i), void *arg);

#endif /* _NATFWD_KERN_STATIC_H */
