// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "nslp/exchange.h"
#include "nslp/gateway.h"
#include "nslp/restore.h"

#define STEP	500	/* sessions at a time */
#define PAUSE	20	/* ms in between, and when the gate has no room */

static void stop(struct nslp *n)
{
	timer_stop(n->timers, &n->restore.timer);
	free(n->restore.sid);
	n->restore.sid = NULL;
	n->restore.count = 0;
	n->restore.next = 0;
	n->restore.reservations = 0;
	n->restore.answered = 0;
}

/*
 * A first request under way is refused, to be made again; of others the neighbours are not told:
 * the next refresh does it.
 */
static int restore(struct nslp *n, const uint8_t *sid)
{
	struct nslp_session *s = nslp_session_find(n, sid);

	if (!s)
		return 0;
	if (s->state != SESSION_PENDING)
		return nslp_gate_restore(s);
	if (!s->exchange || !nslp_session_rule(s)->gated)
		return 0;
	nslp_exchange_fail(s, NSLP_NO_RESOURCES, 0, "the gate was restarted");
	return 0;
}

/* CREATEs refer to reservations: not before the gate has answered for all of these. */
static bool wait_for_reservations(struct nslp *n)
{
	struct nslp_restore *r = &n->restore;
	struct nslp_session *s;

	if (n->timers->now - r->since > NSLP_GATE_WAIT)
		r->answered = r->reservations;
	for (; r->answered < r->reservations; r->answered++) {
		s = nslp_session_find(n, r->sid[r->answered]);
		if (s && s->exchange && s->exchange->stage == NSLP_STAGE_RESTORE)
			return true;
	}
	return false;
}

static void fire(struct timer *t)
{
	struct nslp *n = container_of(t, struct nslp, restore.timer);
	struct nslp_restore *r = &n->restore;
	unsigned int i;

	for (i = 0; i < STEP && r->next < r->count; i++) {
		if (r->next == r->reservations && wait_for_reservations(n))
			break;
		if (restore(n, r->sid[r->next]))
			break;
		r->next++;
	}
	if (r->next < r->count)
		timer_start(n->timers, t, PAUSE);
	else
		stop(n);
}

void nslp_restore_init(struct nslp *n)
{
	timer_init(&n->restore.timer, fire);
}

void nslp_restore_fini(struct nslp *n)
{
	stop(n);
}

static bool is_reservation(const struct nslp_session *s, const void *arg)
{
	(void)arg;
	return s->rule.type == NSLP_EXTERNAL && (s->granted || s->exchange);
}

static bool is_other(const struct nslp_session *s, const void *arg)
{
	(void)arg;
	return s->rule.type != NSLP_EXTERNAL && (s->granted || s->exchange);
}

/* Both kinds in one array; false: nothing to do, or out of memory. */
static bool collect(struct nslp *n)
{
	struct nslp_restore *r = &n->restore;
	uint8_t (*first)[GATE_SID], (*then)[GATE_SID];
	uint32_t others;

	first = nslp_session_collect(n, is_reservation, NULL, &r->reservations);
	then = nslp_session_collect(n, is_other, NULL, &others);
	r->count = r->reservations + others;
	r->sid = r->count ? calloc(r->count, GATE_SID) : NULL;
	if (r->sid && r->reservations)
		memcpy(r->sid, first, (size_t)r->reservations * GATE_SID);
	if (r->sid && others)
		memcpy(r->sid + r->reservations, then, (size_t)others * GATE_SID);
	free(first);
	free(then);
	return r->sid;
}

void nslp_gate_restarted(struct nslp *n)
{
	stop(n);
	if (!collect(n)) {
		stop(n);
		return;
	}
	n->restore.since = n->timers->now;
	log_notice(SUB_NSLP, "gate restarted, restoring sessions=%u", n->restore.count);
	if (timer_start(n->timers, &n->restore.timer, 0))
		stop(n);
}
