// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * After a reload: sessions that policy would not grant any more. They are told to the operator and
 * left alone: their next refresh is refused, and without one the kernel ends them. Who wants them
 * gone at once deletes them.
 */
#include <string.h>

#include "kern/gate_private.h"
#include "policy/flow.h"

#define SAID_MAX	100	/* lines of the log */

struct review {
	struct gate *g;
	unsigned int refused;
};

/*
 * The request as it came, as far as the ledger knows. The neighbour's address is known only of
 * those who are known by nothing better; sessions of others are not looked at.
 */
static bool rebuild(const struct ledger_row *row, struct gate_request *r)
{
	const struct requester_id *id = &row->requester->id;
	const struct grant *gr = row->now;

	memset(r, 0, sizeof(*r));
	r->op = GATE_ADMIT;
	r->kind = gr->kind;
	r->translation = gr->translation;
	r->lifetime = UINT32_MAX;
	r->in_ifindex = gr->in_ifindex;
	r->out_ifindex = gr->out_ifindex;
	r->who.uid = (uint32_t)-1;
	r->who.ifindex = row->ifindex;
	r->who.proxy = row->proxy;
	grant_flow(gr, &r->flow);
	if (id->kind == REQUESTER_ADDRESS)
		r->who.peer = id->address;
	else if (id->kind == REQUESTER_USER)
		r->who.uid = id->number;
	else if (id->kind == REQUESTER_MANAGER)
		r->who.uid = GATE_MANAGER;
	else
		return false;
	return true;
}

static void say(struct review *v, const struct ledger_row *row, const struct gate_request *r,
		const struct policy_verdict *verdict)
{
	char tag[SESSION_TAG], flow[FLOW_TEXT];

	if (v->refused++ >= SAID_MAX)
		return;
	log_notice(SUB_POLICY,
		   "session is not permitted any more sid=%s flow=\"%s\" entry=%s why=%s",
		   session_tag(row->sid, tag), flow_text(&r->flow, flow), verdict->entry,
		   verdict->why);
}

static bool review_row(struct table_node *n, void *arg)
{
	struct ledger_row *row = container_of(n, struct ledger_row, node);
	struct policy_verdict verdict;
	struct review *v = arg;
	struct policy_side side;
	struct gate_request r;
	struct policy_ask ask = { .request = &r, .reservation = RESERVATION_FITS };

	if (!row->now || !rebuild(row, &r))
		return true;
	if (row->ifindex) {
		places_side(&v->g->places, row->ifindex, v->g->now, &side);
		ask.from = &side;
	}
	policy_decide(v->g->conf, &v->g->io.policy, &ask, &verdict);
	if (verdict.code)
		say(v, row, &r, &verdict);
	return true;
}

void review_sessions(struct gate *g)
{
	struct review v = { .g = g };

	table_each(&g->ledger.rows, review_row, &v);
	if (v.refused > SAID_MAX)
		log_notice(SUB_POLICY, "more sessions that are not permitted any more count=%u",
			   v.refused - SAID_MAX);
}
