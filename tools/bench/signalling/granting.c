// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A kern process that grants everything at once and has no kernel below it: signalling can be
 * measured by itself, on a machine that cannot load the module. Never part of natfwd.
 */
#include <errno.h>
#include <string.h>

#include "base/gate.h"
#include "proc.h"

static int on_init(struct event_base *base)
{
	(void)base;
	return 0;
}

static void on_conf(struct conf *c)
{
	conf_free(c);
}

static void on_socket(enum proc_socket which, uint32_t arg, int fd)
{
	(void)which;
	(void)arg;
	(void)fd;
}

static void on_start(void)
{
}

static void on_peer(enum proc_id peer, bool again)
{
	(void)peer;
	(void)again;
}

/* Lists are empty, which is said by the number of the question. */
static bool list_nothing(enum proc_id from, enum msg_type type, const void *data, size_t len)
{
	static const struct {
		enum msg_type ask, answer;
	} lists[] = {
		{ MSG_RULE_LIST, MSG_RULE_INFO }, { MSG_ACE_LIST, MSG_ACE_INFO },
		{ MSG_POOL_LIST, MSG_POOL_INFO }, { MSG_NAT_LIST, MSG_NAT_INFO },
		{ MSG_MAP_LIST, MSG_MAP_INFO }, { MSG_STATS, MSG_STATS_VALUE },
	};
	size_t i;

	for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		if (lists[i].ask != type || len < sizeof(uint64_t))
			continue;
		proc_send(from, lists[i].answer, data, sizeof(uint64_t));
		return true;
	}
	return false;
}

/* No packet needs to be let in, so calls may be made at once. */
static void open_call(const struct call_flow *c)
{
	if (c->open)
		proc_send(PROC_MGMT, MSG_CALL_FLOW_OPEN, &c->id, sizeof(c->id));
}

static void on_message(enum proc_id from, enum msg_type type, const void *data, size_t len)
{
	const struct gate_request *r = data;
	struct gate_answer a = { 0 };

	if (list_nothing(from, type, data, len))
		return;
	if (from == PROC_MGMT && type == MSG_CALL_FLOW && len == sizeof(struct call_flow)) {
		open_call(data);
		return;
	}

	if (from != PROC_SIG || type != MSG_GATE || len < sizeof(*r) || r->op == GATE_CLOSE)
		return;
	a.id = r->id;
	a.op = r->op;
	a.lifetime = r->lifetime;
	memcpy(a.sid, r->sid, sizeof(a.sid));
	proc_send(PROC_SIG, MSG_GATE_ANSWER, &a, sizeof(a));
}

static void on_down(unsigned int ms)
{
	(void)ms;
	proc_exit(0);
}

const struct proc_ops kern_ops = {
	.name = "kern", .init = on_init, .conf = on_conf, .socket = on_socket, .start = on_start,
	.peer = on_peer, .message = on_message, .down = on_down,
};
