/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asking other processes for lists: a numbered question, records that come one by one, an end from each.
 *
 * Records are kept as they come, so that who wants them may take his time; at most QUERY_RECORDS.
 */
#ifndef _NATFWD_CTL_QUERY_H
#define _NATFWD_CTL_QUERY_H

#include "proc.h"

#define QUERY_RECORDS	1000000
#define QUERY_MAX	32		/* under way */

struct query {
	uint64_t number;		/* 0: not in use */
	enum msg_type ask, tell;
	unsigned int from;		/* bits of processes that have not said the end */
	size_t size;			/* octets of a record */
	uint8_t *records;
	size_t count, room;
	const char *broken;		/* why it is not whole, NULL: nothing is wrong */
	struct event *limit;
	unsigned int seconds;		/* without an answer until it is broken off */
	const void *more;		/* behind the number, while it is asked */
	size_t more_len;
	/* There are more records, or it has ended: query_over(). May call query_end(). */
	void (*progress)(struct query *q);
	/* May be NULL: whether @record is to be kept. */
	bool (*want)(const struct query *q, const void *record);
	void *arg;
};

#define QUERY_FROM(id)	(1u << (id))

void query_init(struct event_base *base);
/*
 * Ask processes @from with @ask; they answer with @tell, records of @size octets. NULL: too many
 * questions, or no memory. @progress is not called before this returns, so there is time to set want.
 */
struct query *query_start(unsigned int from, enum msg_type ask, enum msg_type tell, size_t size,
			  void (*progress)(struct query *q), void *arg);
/* The same with @more_len octets of @more behind the number that is asked with. */
struct query *query_start_with(unsigned int from, enum msg_type ask, const void *more, size_t more_len,
			       enum msg_type tell, size_t size, void (*progress)(struct query *q), void *arg);
/* All that comes has come. */
static inline bool query_over(const struct query *q)
{
	return !q->from || q->broken;
}
static inline const void *query_record(const struct query *q, size_t i)
{
	return q->records + i * q->size;
}
/* Wait for the next answer at most @seconds, and not 30. */
void query_limit(struct query *q, unsigned int seconds);
void query_end(struct query *q);
/* A message; false if it is none of a query's. */
bool query_message(enum proc_id from, enum msg_type type, const void *data, size_t len);
/* The process has been restarted, and knows nothing of questions. */
void query_lost(enum proc_id from);

#endif /* _NATFWD_CTL_QUERY_H */
