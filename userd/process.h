/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the monitor and the framework inside a process (proc.c) agree on; nobody else includes it.
 */
#ifndef _NATFWD_PROCESS_H
#define _NATFWD_PROCESS_H

#include "base/log.h"
#include "proc.h"

#define PROCESS_CHANNEL_FD	3	/* where a new process finds its channel to the monitor */

/* First message to a new process (MSG_SETUP): what it needs to give up its privileges. */
struct proc_setup {
	uint32_t uid, gid;
	char chroot[256];
	bool to_syslog;
	uint8_t level[SUB_COUNT];
	struct proc_secrets secrets;
};

/* MSG_CHANNEL; the descriptor comes alongside. */
struct proc_wire {
	uint32_t peer;		/* enum proc_id */
	uint32_t again;		/* proc_ops.peer() */
};

/* MSG_CONF: a part of conf_pack() follows. */
struct proc_part {
	uint32_t total, at;	/* octets */
};

/* MSG_SOCKET and MSG_ASK_FD. */
struct proc_fd {
	uint32_t which, arg;
};

const struct proc_ops *process_ops(enum proc_id id);
const char *process_name(enum proc_id id);
/* Live as process @id until the end. */
void process_main(enum proc_id id) __attribute__((noreturn));

#endif /* _NATFWD_PROCESS_H */
