/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Giving up what a running manager does not need: root, files other than its own, system calls. It cannot
 * make a connection afterwards, nor start a program.
 */
#ifndef _MANAGER_GUARD_H
#define _MANAGER_GUARD_H

#include "manager/settings.h"

/*
 * Become s->user, for good, or natfw-manager if none is configured and we are root; nothing if it is who we
 * are. Root stays root only if it is told to: an account that is not there is an error. No core dumps, as
 * many descriptors as there may be, 65536 at most. 0, or -1 and @why.
 */
int guard_become(const struct settings *s, char *why, size_t size);
/*
 * Builds with AddressSanitizer leave both if NATFW_MANAGER_NO_GUARD is in the environment.
 *
 * Files: the state directory, and reading where issuers' files are (Landlock, if the kernel has it). Of this
 * thread and those it makes from now on: call it before there is another. 0, or -1 and @why.
 */
int guard_files(const struct settings *s, char *why, size_t size);
/* System calls: those of the loop, the database and the libraries, in every thread. 0, or -1 and @why. */
int guard_calls(char *why, size_t size);

#endif /* _MANAGER_GUARD_H */
