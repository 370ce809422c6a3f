/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A process as its parent sees it: started as a program of its own, so that nothing of the monitor's
 * memory is in it and addresses are laid out anew.
 */
#ifndef _NATFWD_CHILD_H
#define _NATFWD_CHILD_H

#include <sys/types.h>

#include "channel.h"
#include "process.h"

#define CHILD_DEATHS	5	/* so many ... */
#define CHILD_PERIOD	60000	/* ... within so many ms end the daemon */

struct child {
	enum proc_id id;
	pid_t pid;			/* 0: not there */
	struct channel *channel;
	struct event *again;		/* when it is to be started again */
	unsigned int lives;
	unsigned int unanswered;	/* pings */
	bool ready;			/* has said so, since it was started or given a configuration */
	uint64_t death[CHILD_DEATHS];	/* ms, the last ones, oldest overwritten */
	unsigned int deaths;
};

/* The argument that makes a program start as process @id is "-P" and its name. */
#define CHILD_OPTION	'P'

/* Remember the program's file, so that processes of one daemon are of one build. 0 or -errno. */
int child_init(void);
/* Start its program: sets pid, and makes *@fd the monitor's end of the channel. 0 or -errno. */
int child_spawn(struct child *c, int *fd);
/* Note that it died at @now ms. Ms until it is to be started again, or -1: too often. */
int child_died(struct child *c, uint64_t now);
/* How a process ended, in words, to @buf. Returns @buf. */
const char *child_end_text(int status, char *buf, size_t len);

#endif /* _NATFWD_CHILD_H */
