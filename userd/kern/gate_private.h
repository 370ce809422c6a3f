/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the gate share: gate.c (requests), work.c (to the kernel), mend.c (from the
 * kernel), adopt.c (rules of an earlier life), list.c (for operators).
 */
#ifndef _NATFWD_KERN_GATE_PRIVATE_H
#define _NATFWD_KERN_GATE_PRIVATE_H

#include "kern/gate.h"
#include "kern/link.h"
#include "kern/plan.h"
#include "kern/poolids.h"
#include "kern/pools.h"
#include "kern/static.h"
#include "policy/proof.h"

enum gate_counter {
#define GATE_COUNTER(name, text) GATE_N_##name,
#include "kern/counter.def"
#undef GATE_COUNTER
	GATE_COUNTERS
};

/* What a row waits for the kernel to do. */
enum work_kind {
	WORK_ADMIT,	/* holds of @next */
	WORK_OPEN,	/* @next in force, @now out */
	WORK_REFRESH,	/* a new lifetime for all of @now */
	WORK_HOLD,	/* the same for a reservation, which @next becomes */
	WORK_MEND,	/* put back what is missing of @now, unasked */
	WORK_LIFE,	/* as REFRESH, unasked: holds that stay live as long as the rules */
};

struct work {
	uint8_t kind;			/* enum work_kind */
	uint64_t request;		/* to be answered, if there is one */
	struct ledger_row *row;
	uint32_t lifetime;		/* seconds */
	unsigned int first, end;	/* its slots */
};

#define WORK_MAX	256		/* that wait before they are done without being asked */

/* A request of a batch and what came of it. */
struct slot {
	struct work *work;		/* NULL: a rule to go, or of the transaction itself */
	uint8_t what;			/* enum slot_what */
	uint8_t index;			/* of the hold or rule */
	int err;
	uint64_t id;			/* of the rule made */
	struct endpoint external;
};

enum slot_what { SLOT_HOLD, SLOT_RULE, SLOT_OLD, SLOT_LIFE, SLOT_DROP, SLOT_BEGIN, SLOT_COMMIT };

struct slots {
	struct slot *slot;
	unsigned int n, room;
	bool failed;			/* no memory for all of them: none was sent */
	bool lost;			/* there is no module any more */
};

struct ids {
	uint64_t *id;
	unsigned int n, room;
};

/* A rule of an earlier life that nobody has asked for yet. */
struct orphan {
	struct table_node node;		/* hash: its tag */
	uint64_t id;
};

#define CALLS_MAX	128		/* twice as many as there may be managers */

struct gate {
	struct gate_io io;
	const struct conf *conf;
	uint8_t owner[NATFW_OWNER_LEN];
	uint64_t now;			/* ms */
	struct ledger ledger;
	struct requesters requesters;
	struct proofs proofs;
	struct places places;
	struct link link;

	struct work work[WORK_MAX];
	unsigned int works;
	struct work *doing;		/* what the batch on its way is for */
	unsigned int doings;
	struct ids drop;		/* rules to go */
	struct slots slots;		/* of the batch on its way */

	struct statics statics;
	struct pools pools;		/* of the configuration in force */
	struct poolids poolids;		/* of all pools of the module, when last looked */
	struct table orphans;
	uint64_t orphans_until;		/* ms; all have expired by then */
	struct ids base;		/* rules that let signalling itself pass */
	uint64_t base_hash;		/* of what they say */
	struct call_flow call[CALLS_MAX];	/* let in; those that are not open are free */
	uint64_t base_next;		/* when they are refreshed, ms */
	uint64_t look_next;		/* when devices and addresses are looked at, ms */
	struct ids mend;		/* tags of rows to be put back */
	unsigned int mended;		/* of them, so far */
	struct ids mend_nat;		/* the same, when there are the pools again */
	uint64_t pools_until;		/* ms that these are waited for */
	bool pools_ready;
	uint64_t second_next;
	uint64_t calm_until;		/* ms; until then nobody is too fast */
	bool resync;			/* events were lost */
	bool flushed;			/* or too many rules went at once to be told */
	const struct conf *devices_said;	/* for which complaints were made */
	uint64_t counter[GATE_COUNTERS];
	uint64_t refusals_logged;	/* second, and how many in it */
	unsigned int refusals, refusals_dropped;
	uint64_t pool_next;		/* ms; before that nobody is told that a pool is exhausted */
	uint32_t pool_refused;		/* meanwhile */
};

/*
 * After a start all sessions there are come again, as fast as the signalling process can tell: for
 * so long the rate of requesters is not looked at.
 */
#define CALM_MS		30000
#define PENDING_MS	120000		/* what is admitted waits for so long to be opened */

/* gate.c */
bool gate_needs_rules(const struct gate *g);
/* Make the module have the pools of the configuration. */
void gate_pools(struct gate *g);
void gate_answer(struct gate *g, const struct work *w, uint16_t code, const char *why);
/* Take the row out, its rules too, and tell why unless @code is 0. */
void gate_row_end(struct gate *g, struct ledger_row *row, uint16_t code, const char *why);
/* Let go of a grant and its rules. May be NULL. */
void gate_grant_drop(struct gate *g, struct grant *gr);
/* (Re)start the row's timer by what it waits for. */
void gate_row_timer(struct gate *g, struct ledger_row *row);
uint32_t gate_seconds(const struct gate *g);
uint32_t gate_left(const struct gate *g, uint32_t until);

/* work.c */
/* -ENOMEM is never: a full queue is done first. */
void work_add(struct gate *g, enum work_kind kind, struct ledger_row *row, uint64_t request,
	      uint32_t lifetime);
void work_drop(struct gate *g, uint64_t id);
void work_flush(struct gate *g);
int ids_add(struct ids *ids, uint64_t id);
void ids_fini(struct ids *ids);

/* mend.c */
/* There is no connection any more; @unloaded: because there is no module. */
void mend_lost(struct gate *g, const char *why, bool unloaded);
/* Whether the module came or went since last asked; the connection is gone then. */
bool mend_changed(struct gate *g);
/* Some of the rows to be put back. */
void mend_step(struct gate *g);
/* Once a second: look for the module, or whether it is still there. */
void mend_probe(struct gate *g);
/* Look at all our rules in the kernel; rows that miss one are put back. */
void mend_resync(struct gate *g);

/* adopt.c */
/* Look for rules of an earlier life. */
void adopt_look(struct gate *g);
/* Whether there are some for @sid. */
bool adopt_knows(const struct gate *g, const uint8_t *sid);
/*
 * If there are rules of an earlier life for all of @next of @row, it is in force, as @now. What
 * there is only in part is used as far as it is of use.
 */
bool adopt_row(struct gate *g, struct ledger_row *row);
void adopt_forget(struct gate *g);
/* Our rules, dumped. */
int adopt_dump(struct gate *g, struct natfw_dump *d, struct natfw_error *e);

/* review.c */
/* Say which sessions policy would not grant any more. */
void review_sessions(struct gate *g);

/* base.c: what the node needs for itself */
#define BASE_NAME	"natfwd-base"
/* Make sure that the rules for signalling are there. */
void base_install(struct gate *g);
/* Once a second: keep them alive. False: they have gone. */
bool base_refresh(struct gate *g);
/* Attach devices and look at pools, as configured. */
void base_devices(struct gate *g);
/* Whether all pools of the configuration are there. */
bool base_pools(struct gate *g);
void base_fini(struct gate *g);

/* list.c: events. @row is as it was before. */
void gate_tell_rule(struct gate *g, const struct ledger_row *row, enum rule_change what,
		    const char *why);
/* The kernel has no address or port for @gr. */
void gate_tell_pool(struct gate *g, const struct grant *gr, const char *why);

#endif /* _NATFWD_KERN_GATE_PRIVATE_H */
