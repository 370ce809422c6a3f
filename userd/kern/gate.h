/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The gate's far side: requests of the signalling process in, policy asked, kernel rules kept as
 * the ledger says (base/gate.h has the contract).
 *
 * No loop of its own. Whoever owns it hands in messages and calls gate_flush() when there are no
 * more for the moment: what was opened, extended and closed meanwhile goes to the kernel in one go.
 * The kernel answers at once, so nothing here waits. One thread; one gate in a process.
 *
 * The kernel's state wins over ours where they differ and somebody meant it:
 *	a rule expired			the session is told (GATE_GONE)
 *	one rule was taken out		put back once; the second time the session is told
 *	rules were flushed		the sessions are told
 *	events were lost		all our rules are looked at
 *	the module went			the ledger stays, and is put back when the module is
 */
#ifndef _NATFWD_KERN_GATE_H
#define _NATFWD_KERN_GATE_H

#include "policy/check.h"
#include "policy/policy.h"
#include "proc.h"

struct gate;

struct gate_io {
	struct policy_io policy;	/* its arg is passed to all */
	void (*answer)(void *arg, const struct gate_answer *a);
	/* NTP timestamp of now. */
	uint64_t (*ntp)(void *arg);
	void (*random)(void *arg, void *buf, size_t n);
	/* Both may be NULL: events, for whoever wants to know. @may: whether one may be told now. */
	bool (*may_tell)(void *arg);
	void (*tell)(void *arg, enum msg_type type, const void *event, size_t len);
};

/*
 * @owner: cookie of our rules, the same in all lives of this daemon; @now: ms. NULL: no memory or
 * socket.
 */
struct gate *gate_create(const struct gate_io *io, const uint8_t owner[16], uint64_t now);
/* Rules stay: the kernel ends them. */
void gate_destroy(struct gate *g);
/* @c is borrowed until the next call. Sessions stay; what is new is decided by @c. -ENOMEM. */
int gate_configure(struct gate *g, const struct conf *c);
/*
 * Bring the module's static rules to what the configuration says. False and @e: the module refused, and
 * they are as before. What has to wait, for the module or an interface, is done when it comes.
 */
bool gate_apply(struct gate *g, struct conf_error *e);
/* Whether gate_apply() would succeed with @c. Nothing is changed. */
bool gate_try(struct gate *g, const struct conf *c, struct conf_error *e);
/*
 * Connect to the module, attach devices, look what rules are there from an earlier life. Once,
 * after gate_configure(); if there is no module, gate_tick() goes on looking for it.
 */
void gate_start(struct gate *g);
bool gate_has_module(const struct gate *g);
/* It is @now, ms; before each round of messages. Never goes back. */
void gate_clock(struct gate *g, uint64_t now);
/*
 * Let answers of a manager that is called come in, whatever rules there are, for as long as @f is open. Only such as the
 * configuration knows of.
 */
void gate_call(struct gate *g, const struct call_flow *f);
/* No calls are open any more. */
void gate_no_calls(struct gate *g);
/* A message of the signalling process; answered now or by gate_flush(). */
void gate_request(struct gate *g, const void *data, size_t len);
void gate_flush(struct gate *g);
/* Whether gate_flush() has something to do. */
bool gate_waiting(const struct gate *g);
/*
 * To be polled: @events while there is the module, else -1; it changes when the module comes and
 * goes. @family always, or -1.
 */
void gate_fds(const struct gate *g, int *events, int *family);
/* One of them is readable. */
void gate_events(struct gate *g);
/* The clock is at @now, ms. Returns when to call again at the latest, in ms from now. */
uint64_t gate_tick(struct gate *g, uint64_t now);

/*
 * Rows of the ledger, at most @max from *@at on (0 at first), which is moved; false when the end
 * was reached. Rows that come or go meanwhile may be missed or told twice.
 */
bool gate_list(struct gate *g, uint32_t *at, unsigned int max,
	       bool (*fn)(void *arg, const struct rule_info *i), void *arg);
/* Entries of access lists in the same way, but in the order of their names. */
bool gate_aces(struct gate *g, uint32_t *at, unsigned int max,
	       bool (*fn)(void *arg, const struct ace_info *i), void *arg);
/* All metrics. */
void gate_stats(struct gate *g, void (*fn)(void *arg, const struct stat_value *v), void *arg);

#endif /* _NATFWD_KERN_GATE_H */
