// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>

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

static void fire(struct timer *t)
{
	struct nslp *n = container_of(t, struct nslp, restore.timer);
	struct nslp_restore *r = &n->restore;
	unsigned int i;

	for (i = 0; i < STEP && r->next < r->count; i++) {
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

static bool any(const struct nslp_session *s, const void *arg)
{
	(void)arg;
	return s->granted || s->exchange;
}

void nslp_gate_restarted(struct nslp *n)
{
	stop(n);
	n->restore.sid = nslp_session_collect(n, any, NULL, &n->restore.count);
	if (!n->restore.count) {
		stop(n);
		return;
	}
	log_notice(SUB_NSLP, "gate restarted, restoring sessions=%u", n->restore.count);
	if (timer_start(n->timers, &n->restore.timer, 0))
		stop(n);
}
