/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Descriptors that the configuration may come to need, and the limit of the system on them (RLIMIT_NOFILE).
 */
#ifndef _NATFWD_LIMIT_H
#define _NATFWD_LIMIT_H

#include <sys/types.h>

#include "proc.h"

/* Descriptors of files and ports that process mgmt may ask for at a time. */
unsigned int limit_asked(const struct conf *c);
/* Descriptors that process @id may have open with all that @c permits. */
unsigned long limit_wanted(const struct conf *c, enum proc_id id);
/*
 * See to it that this process, and those it starts from now on, may have as many as @c needs: up to the hard limit, and
 * beyond it where that is allowed. False and @e.
 */
bool limit_raise(const struct conf *c, struct conf_error *e);
/* The same for process @id that runs already as @pid. 0 or -errno. */
int limit_raise_running(const struct conf *c, enum proc_id id, pid_t pid);

#endif /* _NATFWD_LIMIT_H */
