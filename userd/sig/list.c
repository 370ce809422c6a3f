// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sig/list.h"
#include "sig/net.h"
#include "sig/stats.h"

#define JOBS_EACH	8	/* at a time, of one asker; more are answered with nothing */
#define PORTION		128	/* items a turn of the loop */
#define QUEUE_MAX	(256 << 10)	/* octets: who asked is waited for */
#define WAIT_MS		5

/* Sessions are remembered by id only: 16 octets each. */
struct job {
	struct job *next;
	enum proc_id to;	/* who asked */
	enum msg_type answer;
	uint64_t number;
	size_t count, room, at;
	size_t size;		/* of an item */
	uint8_t *items;
	struct nslp *nslp;	/* sessions */
	bool failed;		/* no memory: ends early */
};

static struct job *jobs;
static struct event *turn;

static void *add(struct job *j)
{
	size_t room = j->room ? j->room * 2 : 64;
	void *p;

	if (j->count == j->room) {
		p = j->failed ? NULL : realloc(j->items, room * j->size);
		if (!p) {
			j->failed = true;
			return NULL;
		}
		j->items = p;
		j->room = room;
	}
	return memset(j->items + j->size * j->count++, 0, j->size);
}

static void add_session(void *arg, const struct session_info *i)
{
	void *to = add(arg);

	if (to)
		memcpy(to, i->sid, sizeof(i->sid));
}

static void add_peer(void *arg, const struct gist_ma_info *i)
{
	struct peer_info *to = add(arg);

	if (!to)
		return;
	to->peer = i->peer;
	to->tls = i->tls;
	to->outgoing = i->outgoing;
	to->sessions = i->sessions;
	to->idle_ms = i->idle_ms;
	snprintf(to->state, sizeof(to->state), "%s", i->state);
	snprintf(to->name, sizeof(to->name), "%s", i->name ? i->name : "");
}

static void add_value(void *arg, const struct stat_value *v)
{
	struct stat_value *to = add(arg);

	if (to)
		*to = *v;
}

static void gather(struct job *j, enum msg_type what)
{
	switch (what) {
	case MSG_SESSION_LIST:
		j->answer = MSG_SESSION_INFO;
		j->size = GATE_SID;
		nslp_each(j->nslp, add_session, j);
		break;
	case MSG_PEER_LIST:
		j->answer = MSG_PEER_INFO;
		j->size = sizeof(struct peer_info);
		gist_each_ma(net.gist, add_peer, j);
		break;
	default:
		j->answer = MSG_STATS_VALUE;
		j->size = sizeof(struct stat_value);
		stats_each(j->nslp, add_value, j);
	}
}

void list_hide(struct session_info *i)
{
	uint64_t hash = session_hash(i->sid);

	memset(i->sid, 0, sizeof(i->sid));
	memcpy(i->sid, &hash, sizeof(hash));
	i->token = i->token != 0;
}

/* 0, also for what is no more; -ENOBUFS: later. */
static int send_item(const struct job *j, const uint8_t *item)
{
	struct session_info i;

	if (j->answer != MSG_SESSION_INFO)
		return proc_send2(j->to, j->answer, &j->number, sizeof(j->number), item,
				  j->size);
	if (!nslp_find(j->nslp, item, &i))
		return 0;
	if (j->to == PROC_MGMT)
		list_hide(&i);
	return proc_send2(j->to, j->answer, &j->number, sizeof(j->number), &i, sizeof(i));
}

static bool send_portion(struct job *j)
{
	unsigned int n;

	for (n = 0; n < PORTION && j->at < j->count; n++, j->at++)
		if (proc_backlog(j->to) > QUEUE_MAX ||
		    send_item(j, j->items + j->size * j->at))
			return false;
	return true;
}

static void release(struct job *j)
{
	free(j->items);
	free(j);
}

static void done(struct job *j)
{
	jobs = j->next;
	release(j);
}

static void again(unsigned int ms)
{
	struct timeval tv = { .tv_usec = ms * 1000 };

	if (jobs)
		event_add(turn, &tv);
}

/* A portion of the first. False: it cannot be sent now. */
static bool serve(struct job *j)
{
	if (!send_portion(j))
		return false;
	if (j->at < j->count)
		return true;
	if (proc_send(j->to, j->answer, &j->number, sizeof(j->number)))
		return false;
	done(j);
	return true;
}

/* The first behind all others. */
static void put_off(void)
{
	struct job *j = jobs, **at;

	jobs = j->next;
	j->next = NULL;
	for (at = &jobs; *at; at = &(*at)->next)
		;
	*at = j;
}

static unsigned int count_jobs(void)
{
	const struct job *j;
	unsigned int n = 0;

	for (j = jobs; j; j = j->next)
		n++;
	return n;
}

/* Who takes nothing now, or asks for much, stands in nobody else's way. */
static void take_turn(evutil_socket_t fd, short what, void *arg)
{
	unsigned int n = count_jobs();
	const struct job *j;
	bool sent = false;

	(void)fd;
	(void)what;
	(void)arg;
	for (; n && !sent; n--) {
		j = jobs;
		sent = serve(jobs);
		if (jobs == j)
			put_off();
	}
	again(sent ? 0 : WAIT_MS);
}

static bool append(struct job *j)
{
	struct job **at = &jobs;
	unsigned int n = 0;

	for (; *at; at = &(*at)->next)
		n += (*at)->to == j->to;
	if (n >= JOBS_EACH)
		return false;
	*at = j;
	return true;
}

void list_start(enum proc_id to, enum msg_type what, uint64_t number, struct nslp *nslp)
{
	struct job *j = calloc(1, sizeof(*j));

	if (!turn)
		turn = evtimer_new(net.base, take_turn, NULL);
	if (j)
		j->to = to;
	if (!j || !turn || !append(j)) {
		log_error(SUB_NET, "a list was asked for that cannot be given");
		free(j);
		return;
	}
	j->number = number;
	j->nslp = nslp;
	gather(j, what);
	again(0);
}

void list_stop(enum proc_id to)
{
	struct job **at = &jobs, *j;

	while ((j = *at)) {
		if (j->to != to) {
			at = &j->next;
			continue;
		}
		*at = j->next;
		release(j);
	}
	if (turn && !jobs)
		event_del(turn);
}
