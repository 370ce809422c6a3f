/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a grant to kernel rules. Two kinds stand for one:
 *
 *	holds	inactive rules that keep an external endpoint: the source of the internal host,
 *		through the pool, or to an endpoint that is known already. They match nothing.
 *	rules	what packets meet. Their translations name the endpoint that a hold got, which the
 *		module takes as the same mapping and therefore not as a conflict. Their filter is
 *		the rule itself, exact as the flow is, whatever the filtering of the pool.
 *
 * A rule of a session id goes by its tag, so that whoever comes after us finds out whose it is.
 */
#ifndef _NATFWD_KERN_PLAN_H
#define _NATFWD_KERN_PLAN_H

#include "kern/places.h"
#include "model.h"
#include "policy/ledger.h"

/* Priorities, the lowest wins; rules made by hand have 1000 if they do not say. */
#define PLAN_CALLS		1	/* answers of a manager that is being called */
#define PLAN_SIGNALLING		50	/* messages between natfwds */
#define PLAN_MANAGERS		60	/* of managers at addresses that are configured */
#define PLAN_DENY		400
#define PLAN_ALLOW		500
#define PLAN_LAST		1000000	/* against the default verdict alone */

/* What a rule needs besides its grant. */
struct plan {
	uint8_t owner[NATFW_OWNER_LEN];
	char tag[SESSION_TAG];
	uint32_t in_zone, out_zone;
	bool in_known;			/* @in_zone is the only one */
	const char *pool;		/* of holds; NULL: none */
	uint32_t lifetime;		/* seconds */
};

/* How many holds and rules a flow takes. */
void plan_count(const struct gate_flow *f, uint8_t kind, uint8_t translation, unsigned int *holds,
		unsigned int *rules);
/* Zones and tag for @row's grant @g. */
void plan_init(struct plan *p, struct places *places, const uint8_t *owner,
	       const struct ledger_row *row, const struct grant *g, uint64_t now);
/*
 * Hold number @i of @g. Strings are borrowed from @p. With GRANT_EXTERNAL, to that endpoint; else
 * from the pool, and the first then keeps both of a pair.
 */
void plan_hold(struct natfw_rule *r, const struct plan *p, const struct grant *g, unsigned int i);
/* Rule number @i. */
void plan_rule(struct natfw_rule *r, const struct plan *p, const struct grant *g, unsigned int i);
/* A host's address in the module's form, and back. */
void plan_address(struct natfw_addr *to, const struct address *from);
void plan_address_back(struct address *to, const struct natfw_addr *from);
/* Whether rule @r, of the kernel, is the one that @want says. */
bool plan_same(const struct natfw_rule *r, const struct natfw_rule *want);

#endif /* _NATFWD_KERN_PLAN_H */
