// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "nslp/closing.h"
#include "nslp/session.h"

#define MOST	65536	/* sessions kept in mind: 1 MiB */
#define FIRST	64
#define STEP	500	/* told at a time */
#define PAUSE	100	/* ms in between */

static bool tell(struct nslp *n, const uint8_t *sid)
{
	struct gate_request r = { .op = GATE_CLOSE };

	if (nslp_session_find(n, sid))
		return true;
	r.id = ++n->gate_id;
	memcpy(r.sid, sid, GATE_SID);
	return !n->io.gate(n->io.arg, &r, NULL);
}

static void fire(struct timer *t)
{
	struct nslp *n = container_of(t, struct nslp, closing.timer);
	struct nslp_closing *c = &n->closing;
	unsigned int i;

	for (i = 0; i < STEP && c->count; i++) {
		if (!tell(n, c->sid[c->count - 1]))
			break;
		c->count--;
	}
	if (c->count)
		timer_start(n->timers, t, PAUSE);
}

void nslp_closing_init(struct nslp *n)
{
	timer_init(&n->closing.timer, fire);
}

void nslp_closing_fini(struct nslp *n)
{
	timer_stop(n->timers, &n->closing.timer);
	free(n->closing.sid);
	n->closing.sid = NULL;
	n->closing.count = 0;
	n->closing.size = 0;
}

static bool grow(struct nslp_closing *c)
{
	uint32_t size = c->size ? c->size * 2 : FIRST;
	void *more;

	if (c->count < c->size)
		return true;
	more = size <= MOST ? realloc(c->sid, (size_t)size * GATE_SID) : NULL;
	if (!more)
		return false;
	c->sid = more;
	c->size = size;
	return true;
}

void nslp_closing_add(struct nslp *n, const uint8_t *sid)
{
	struct nslp_closing *c = &n->closing;

	if (!grow(c)) {
		log_warn(SUB_NSLP, "the gate cannot be reached: a rule stays until it expires");
		return;
	}
	memcpy(c->sid[c->count++], sid, GATE_SID);
	if (!timer_running(&c->timer))
		timer_start(n->timers, &c->timer, PAUSE);
}
