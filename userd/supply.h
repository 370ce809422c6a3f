/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the monitor opens for other processes, which may not: sockets and files, each for the process
 * whose business it is. Descriptors returned are the caller's and close on exec.
 */
#ifndef _NATFWD_SUPPLY_H
#define _NATFWD_SUPPLY_H

#include "proc.h"

/* Whether @which is for process @id. */
bool supply_for(enum proc_id id, enum proc_socket which);
/*
 * Open @which, number @arg. -ENOENT: by this configuration there is none, nor one after it. The control
 * and metrics sockets are kept here as well, so that clients wait while ctl is started again.
 */
int supply_open(const struct conf *c, enum proc_id id, enum proc_socket which, uint32_t arg);
const char *supply_name(enum proc_socket which);
/* @c is in force: ports that it has no more are shut, as far as that is up to the monitor. */
void supply_conf(const struct conf *c);
/* Make the state and root directories, if they are not there. 0 or -errno, said already. */
int supply_directories(const struct conf *c);
/* Whether files that @c names can be read: NULL or the name of the one that cannot, errno set. */
const char *supply_check(const struct conf *c);
/* The monitor ends: take the control socket away. */
void supply_close(void);

#endif /* _NATFWD_SUPPLY_H */
