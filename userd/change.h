/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The monitor's side of a change of the configuration that process mgmt asks for (MSG_CHANGE): a difference from
 * what is in force. It is tried in a child without privileges, so that nothing of it is parsed by root; it
 * gives back a text, and another one reads that, and nothing else, for the values; then the text is written to the file by a third one, so that
 * the loop does not wait for the disk, and then put in force.
 *
 * One at a time. What is on trial (CHANGE_TRIAL) is in force, and not in the file; the configuration before is
 * remembered until it is kept or reverted.
 */
#ifndef _NATFWD_CHANGE_H
#define _NATFWD_CHANGE_H

#include <event2/event.h>
#include <sys/types.h>

#include "proc.h"

struct change_ops {
	/* Files that @c names are there: true. False and @e. */
	bool (*check)(const struct conf *c, struct conf_error *e);
	/* Ask whether @c could be put in force; change_tried() follows. False: the file is being read again. */
	bool (*try)(const struct conf *c);
	/* @c, which is taken, is in force from now on: tell all processes, and change_in_force() when they have it. */
	void (*enforce)(struct conf *c);
	/* To mgmt. */
	void (*answer)(const struct change_answer *a);
	/* The configuration in force, borrowed. */
	const struct conf *(*current)(void);
	/* In a child: forget secrets, and give up all privileges. 0 or -errno. */
	int (*confine)(void);
	/* A reload that was put off may come now. */
	void (*idle)(void);
};

/* @file has to stay. 0 or -errno. */
int change_init(struct event_base *base, const char *file, const struct change_ops *ops);
/* The file was read, and is in force: @source, which is taken, is what is in it. Nothing is on trial any more. */
void change_loaded(struct conf_source *source);
/* MSG_CHANGE of mgmt. False: not as it has to be. */
bool change_part(const void *data, size_t len);
/* What came of change_ops.try(): @e has no text if nothing is wrong. */
void change_tried(const struct conf_error *e);
/* All processes have taken what is in force. */
void change_in_force(void);
/* mgmt is gone: nobody waits for an answer, and what is on trial is reverted. */
void change_orphaned(void);
/*
 * The file is going to be read again. False: not now, it is just being written; change_ops.idle() follows. A change
 * that is not that far is refused.
 */
bool change_give_way(void);
/* Some child has died: look whether it is one of here. */
void change_reap(void);
/* The daemon ends: children are killed. */
void change_end(void);

#endif /* _NATFWD_CHANGE_H */
