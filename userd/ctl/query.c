// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/query.h"

#define LIMIT_SECONDS	30	/* without an answer */

static struct event_base *loop;
static struct query queries[QUERY_MAX];
static uint64_t last_number;

void query_init(struct event_base *base)
{
	loop = base;
}

static void rearm(struct query *q)
{
	const struct timeval limit = { (time_t)q->seconds, 0 };

	event_add(q->limit, &limit);
}

static void broken(struct query *q, const char *why)
{
	q->broken = why;
	event_del(q->limit);
	q->progress(q);
}

static void on_limit(evutil_socket_t fd, short what, void *arg)
{
	struct query *q = arg;

	(void)fd;
	(void)what;
	broken(q, q->broken ? q->broken : "no answer in time");
}

/* What cannot be asked breaks the query, from the loop. */
static void ask(struct query *q, enum proc_id from)
{
	const struct timeval now = { 0, 0 };

	if (!proc_send2(from, q->ask, &q->number, sizeof(q->number), q->more, q->more_len))
		return;
	q->broken = "a process is not there just now";
	event_add(q->limit, &now);
}

struct query *query_start(unsigned int from, enum msg_type what, enum msg_type tell, size_t size,
			  void (*progress)(struct query *q), void *arg)
{
	return query_start_with(from, what, NULL, 0, tell, size, progress, arg);
}

struct query *query_start_with(unsigned int from, enum msg_type what, const void *more, size_t more_len,
			       enum msg_type tell, size_t size, void (*progress)(struct query *q), void *arg)
{
	struct query *q = queries;
	enum proc_id id;

	while (q < queries + QUERY_MAX && q->number)
		q++;
	if (q == queries + QUERY_MAX)
		return NULL;
	*q = (struct query){
		.ask = what, .tell = tell, .from = from, .size = size, .progress = progress, .arg = arg,
		.more = more, .more_len = more_len, .seconds = LIMIT_SECONDS, .limit = evtimer_new(loop, on_limit, q),
	};
	if (!q->limit)
		return NULL;
	q->number = ++last_number;
	rearm(q);
	for (id = PROC_SIG; id < PROC_COUNT; id++)
		if (from & QUERY_FROM(id))
			ask(q, id);
	q->more = NULL;
	return q;
}

void query_limit(struct query *q, unsigned int seconds)
{
	q->seconds = seconds;
	if (!q->broken)
		rearm(q);
}

void query_end(struct query *q)
{
	event_free(q->limit);
	free(q->records);
	*q = (struct query){ 0 };
}

static bool add(struct query *q, const void *record)
{
	if (q->count == q->room) {
		size_t room = q->room ? 2 * q->room : 64;
		uint8_t *more = room <= 2 * QUERY_RECORDS ? realloc(q->records, room * q->size) : NULL;

		if (!more)
			return false;
		q->records = more;
		q->room = room;
	}
	memcpy(q->records + q->count++ * q->size, record, q->size);
	return true;
}

static struct query *find(enum msg_type type, uint64_t number)
{
	struct query *q;

	for (q = queries; q < queries + QUERY_MAX; q++)
		if (q->number == number && q->number && q->tell == type)
			return q;
	return NULL;
}

static bool is_tell(enum msg_type type)
{
	return type == MSG_SESSION_INFO || type == MSG_PEER_INFO || type == MSG_STATS_VALUE ||
	       type == MSG_RULE_INFO || type == MSG_ACE_INFO || type == MSG_CALL_INFO ||
	       type == MSG_POOL_INFO || type == MSG_NAT_INFO || type == MSG_MAP_INFO;
}

/* Records are structs, aligned as what comes by a channel is: to 8. */
static bool wanted(const struct query *q, const void *record)
{
	return !q->want || q->want(q, record);
}

bool query_message(enum proc_id from, enum msg_type type, const void *data, size_t len)
{
	const uint8_t *record = (const uint8_t *)data + sizeof(uint64_t);
	struct query *q;
	uint64_t number;

	if (!is_tell(type) || len < sizeof(number))
		return false;
	memcpy(&number, data, sizeof(number));
	q = find(type, number);
	/* of one that has been given up */
	if (!q || q->broken)
		return true;
	if (len == sizeof(number))
		q->from &= ~QUERY_FROM(from);
	else if (len != sizeof(number) + q->size)
		return false;
	else if (wanted(q, record) && !add(q, record))
		q->broken = "too many";
	rearm(q);
	if (query_over(q))
		event_del(q->limit);
	q->progress(q);
	return true;
}

void query_lost(enum proc_id from)
{
	struct query *q;

	for (q = queries; q < queries + QUERY_MAX; q++)
		if (q->number && q->from & QUERY_FROM(from) && !q->broken)
			broken(q, "a process was restarted");
}
