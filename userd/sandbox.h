/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Giving up what a process does not need: user, root directory, capabilities, system calls.
 */
#ifndef _NATFWD_SANDBOX_H
#define _NATFWD_SANDBOX_H

#include <sys/types.h>

#include "proc.h"

struct sandbox {
	enum proc_id id;	/* PROC_MONITOR: a child of it that only computes */
	uid_t uid;
	gid_t gid;
	const char *chroot;
};

/*
 * All of it, for good. 0 or -errno, and then the process has to end. What breaks the rules afterwards is
 * named on standard error and killed (SIGSYS). Builds with AddressSanitizer leave the system calls
 * alone if NATFWD_NO_SECCOMP is in the environment.
 */
int sandbox_enter(const struct sandbox *s);
/* Only the last step, for tests. */
int sandbox_filter(enum proc_id id);

#endif /* _NATFWD_SANDBOX_H */
