/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Entries of lists in the state that there may be many thousands of: kept as the records that came from other
 * processes, a few hundred octets each, and made into trees in portions, so that neither the trees of all nor the
 * time for them is ever there at once.
 */
#ifndef _NATFWD_MGMT_ENTRIES_H
#define _NATFWD_MGMT_ENTRIES_H

#include <event2/buffer.h>
#include <jansson.h>
#include <libyang/libyang.h>
#include <stdbool.h>
#include <stdint.h>

#define ENTRIES_PORTION	48		/* of which trees are made in one turn of the loop: some milliseconds */
#define ENTRIES_TEXT	512		/* the same of text only */
#define ENTRIES_HELD	(96u << 20)	/* octets of records, of all requests together */
#define ENTRIES_SHARE	(64u << 20)	/* the same of one user's, who may read as slowly as he likes */

/* How a record becomes the tree of one entry. */
struct entries_kind {
	json_t *(*encode)(const void *record);
	/* @list of entries, which is taken, and all around it, as RFC 7951 has it. */
	json_t *(*wrap)(const struct entries_kind *kind, json_t *list);
	const char *part, *entry;
};

struct entries {
	struct entries *next;		/* of another list */
	const struct entries_kind *kind;
	uint8_t *records;
	size_t count, at, size;		/* @at: of the next one */
	struct entries_holder *holder;
	size_t held;			/* octets that count */
};

/* Who holds some: all requests of @user together. Given back by entries_holder_put(). NULL: no memory. */
struct entries_holder *entries_holder(const char *user);
/* When all is released; NULL is allowed. */
void entries_holder_put(struct entries_holder *h);
/* Whether @octets more may be held; if so they are. */
bool entries_hold(struct entries_holder *h, size_t octets);
void entries_release(struct entries_holder *h, size_t octets);

/*
 * @count records of @size octets, which are taken, with @held octets that count for them with @holder. NULL: no memory,
 * and nothing is taken.
 */
struct entries *entries_take(uint8_t *records, size_t count, size_t size, const struct entries_kind *kind,
			     struct entries_holder *holder, size_t held);
/*
 * The text of the next @max of them, as it is between the tags or brackets around all entries: what the printer makes of
 * entries_portion(), if there are no defaults and nothing is left out, in a tenth of the time. False: no memory.
 */
bool entries_text(struct entries *e, size_t max, LYD_FORMAT format, struct evbuffer *out);
/* The next @max of them as a tree from the top. NULL: there are no more, or (they are counted as told) no memory. */
struct lyd_node *entries_portion(struct entries *e, size_t max);
static inline bool entries_over(const struct entries *e)
{
	return e->at == e->count;
}
/* How many there are in all of @e and those after it. */
size_t entries_count(const struct entries *e);
/* @e and those after it; NULL is allowed. */
void entries_free(struct entries *e);

#endif /* _NATFWD_MGMT_ENTRIES_H */
