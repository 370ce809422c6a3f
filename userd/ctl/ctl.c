// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The control process: applications on one side, the signalling process on the other, nothing of the
 * network. Its parts: listen, client (connections), asker, request (who asks what), manager (the same from
 * elsewhere), input and encode (to and from JSON), local and journal (their sessions), wait, seek, trace (what
 * becomes of sessions), query, list, stats, metrics (looking at things).
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "ctl/client.h"
#include "ctl/input.h"
#include "ctl/list.h"
#include "ctl/local.h"
#include "ctl/manager.h"
#include "ctl/metrics.h"
#include "ctl/query.h"
#include "ctl/request.h"
#include "ctl/stats.h"
#include "ctl/wait.h"
#include "proc.h"

#define TIDY_SECONDS	10

static struct {
	struct event_base *base;
	struct event *tidy;
	struct conf *conf;
	int state[2];
	bool started;
} ctl = { .state = { -1, -1 } };

/* ------------------------------------------------------------------ clients */

static void on_request(struct client *c, json_t *request)
{
	stats_count(STATS_REQUESTS);
	request_take(c, request);
}

static void on_gone(struct client *c)
{
	list_gone(c);
	local_leave(c->slot);
}

static const struct client_ops client_ops = { on_request, list_drained, on_gone };

/* ------------------------------------------------------------------ sessions nobody knows */

/* A session that an earlier life of this process opened for a connection, which is gone. */
static bool is_orphan(const struct query *q, const void *record)
{
	const struct session_info *i = record;

	(void)q;
	return i->token && !local_find(session_hash(i->sid));
}

static void on_orphans(struct query *q)
{
	const uint8_t all = 0;
	size_t i;

	if (!query_over(q))
		return;
	for (i = 0; i < q->count; i++) {
		const struct session_info *info = query_record(q, i);

		if (!local_find(session_hash(info->sid)))
			proc_send2(PROC_SIG, MSG_SESSION_CLOSE, info->sid, GATE_SID, &all,
				   sizeof(all));
	}
	if (q->count)
		log_info(SUB_CTL, "sessions without an owner are closed sessions=%zu", q->count);
	query_end(q);
}

static void close_orphans(void)
{
	struct query *q = query_start(QUERY_FROM(PROC_SIG), MSG_SESSION_LIST, MSG_SESSION_INFO,
				      sizeof(struct session_info), on_orphans, NULL);

	if (q)
		q->want = is_orphan;
}

/* ------------------------------------------------------------------ events */

static void on_session_event(const struct session_event *e)
{
	struct local *l = local_find(session_hash(e->sid));

	stats_count(STATS_EVENTS);
	if (l)
		local_event(l, e);
	wait_event(e);
	request_tell(e, l);
	if (l && local_over(l))
		local_forget(l);
}

/* ------------------------------------------------------------------ the process */

static void on_tidy(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	local_tidy();
}

static int init(struct event_base *base)
{
	ctl.base = base;
	ctl.tidy = event_new(base, -1, EV_PERSIST, on_tidy, NULL);
	if (!ctl.tidy)
		return -ENOMEM;
	client_init(base, &client_ops);
	query_init(base);
	wait_init(base);
	list_init();
	metrics_init(base);
	return input_init();
}

static bool same_endpoint(const struct endpoint *a, const struct endpoint *b)
{
	return address_equal(&a->address, &b->address) && a->port == b->port;
}

static bool same_control(const struct conf_control *a, const struct conf_control *b)
{
	return !strcmp(a->socket, b->socket) && !strcmp(a->group, b->group);
}

static void conf(struct conf *c)
{
	struct conf *old = ctl.conf;

	ctl.conf = c;
	list_conf(c);
	stats_count(STATS_RELOADS);
	if (!old)
		return;
	if (!same_control(&old->control, &c->control))
		proc_ask_fd(SOCKET_CONTROL, 0);
	if (!same_endpoint(&old->control.metrics, &c->control.metrics))
		proc_ask_fd(SOCKET_METRICS, 0);
	conf_free(old);
}

static void got_socket(enum proc_socket which, uint32_t arg, int fd)
{
	if (which == SOCKET_CONTROL && fd >= 0)
		client_listen(fd);
	else if (which == SOCKET_METRICS)
		metrics_listen(fd);
	else if (which == SOCKET_STATE && arg < 2 && ctl.state[arg] < 0)
		ctl.state[arg] = fd;
	else if (fd >= 0)
		close(fd);
}

static void start(void)
{
	const struct timeval tidy = { TIDY_SECONDS, 0 };

	if (!local_init(proc_secrets()->seed, ctl.state))
		log_error(SUB_CTL, "no state file: sessions of applications end with the daemon");
	ctl.started = true;
	event_add(ctl.tidy, &tidy);
	local_resume();
	close_orphans();
}

/* Told to end, and the process that was to tell of it knows nothing any more. */
static void end_closing(struct local *l, void *arg)
{
	(void)arg;
	if (!l->closing)
		return;
	l->last.state = SESSION_DEAD;
	wait_event(&l->last);
	request_tell(&l->last, l);
	local_forget(l);
}

static void peer(enum proc_id id, bool again)
{
	list_peer(id, again);
	if (again)
		stats_restarted(id);
	query_lost(id);
	if (id != PROC_SIG || !again || !ctl.started)
		return;
	local_each(end_closing, NULL);
	local_resume();
}

static void drained(enum proc_id id)
{
	if (id == PROC_SIG)
		local_drained();
}

static void message(enum proc_id from, enum msg_type type, const void *data, size_t len)
{
	if (type == MSG_SESSION_EVENT && from == PROC_SIG && len == sizeof(struct session_event))
		on_session_event(data);
	else if (type == MSG_MANAGER_ASK && from == PROC_MGMT)
		manager_take(data, len);
	else if (type == MSG_RELOAD && from == PROC_MONITOR && len == sizeof(struct conf_error))
		request_reloaded(data);
	else if (!query_message(from, type, data, len))
		log_error(SUB_CTL, "message %d of %zu octets is not one to get here", type, len);
}

static void down(unsigned int ms)
{
	(void)ms;
	local_tidy();
	client_close_all();
	proc_exit(0);
}

static void dump(void)
{
	log_notice(SUB_CTL, "clients=%u sessions=%u stored=%s", client_count(), local_count(),
		   local_error() ? strerror(local_error()) : "yes");
}

const struct proc_ops ctl_ops = {
	.name = "ctl",
	.init = init,
	.conf = conf,
	.socket = got_socket,
	.start = start,
	.peer = peer,
	.message = message,
	.drained = drained,
	.down = down,
	.dump = dump,
};
