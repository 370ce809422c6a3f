/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A long answer, made and given away in pieces: a tree, and entries of lists that are made into trees, looked
 * through and printed in portions, one in a turn of the loop. The text is the same as if all were one tree.
 */
#ifndef _NATFWD_MGMT_PIECES_H
#define _NATFWD_MGMT_PIECES_H

#include <event2/buffer.h>
#include <event2/event.h>
#include <libyang/libyang.h>
#include <stdbool.h>

#include "mgmt/entries.h"

#define PIECES_WHOLE	65536	/* octets up to which an answer is better given in one */
#define PIECES_SECONDS	900	/* for all of an answer: the longest there are take some minutes at 1 Mbit/s */
#define PIECES_COLLECT	5000	/* entries that are made one tree, if it has to be */

struct pieces;

struct pieces_ops {
	LYD_FORMAT format;
	/*
	 * Take out of *@tree what is not to be told: called for the tree that all begins with, and for each portion of
	 * entries with what is around them. False: there can be no answer.
	 */
	bool (*cut)(void *arg, struct lyd_node **tree);
	/* Whether all there is of @list's entries is told: then cut() need not be asked about each. */
	bool (*all)(void *arg, const struct lysc_node *list);
	/* Print the first tree, in which pieces_mark() stands for entries. */
	bool (*print)(void *arg, struct evbuffer *out, struct lyd_node *tree);
	/* There is text in @out, of which some or all may be taken. False: no more before pieces_resume(). */
	bool (*more)(void *arg, struct evbuffer *out);
	/*
	 * The last text is in @out, the callee's. NULL: cut() or print() failed, there is no memory, or it took more than
	 * PIECES_SECONDS. @p is freed when this returns.
	 */
	void (*done)(void *arg, struct evbuffer *out);
};

void pieces_init(struct event_base *base);
/*
 * @tree and @entries are taken, also if it fails: NULL. Nothing is called before this returns. @print: options of
 * libyang's printer for entries.
 */
struct pieces *pieces_start(struct lyd_node *tree, struct entries *entries, uint32_t print,
			    const struct pieces_ops *ops, void *arg);
void pieces_resume(struct pieces *p);
/* Nobody waits any more. NULL is allowed; not from within its callbacks. */
void pieces_cancel(struct pieces *p);

/* All of @entries as a part of *@tree, and freed. False: they are more than PIECES_COLLECT. */
bool pieces_collect(struct lyd_node **tree, struct entries *entries);

#endif /* _NATFWD_MGMT_PIECES_H */
