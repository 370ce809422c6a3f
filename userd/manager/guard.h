/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Giving up what a running manager does not need: root, files other than its own, system calls. It cannot
 * make a connection afterwards, nor start a program.
 */
#ifndef _MANAGER_GUARD_H
#define _MANAGER_GUARD_H

#include "manager/settings.h"

/*
 * Become s->user, for good, or natfw-manager if none is configured, there is one, and we are root; nothing
 * if it is who we are. No core dumps, as many
 * descriptors as there may be. 0, or -1 and @why.
 */
int guard_become(const struct settings *s, char *why, size_t size);
/*
 * Files: the state directory, and reading where issuers' files are (Landlock, if the kernel has it). System
 * calls: those of the loop, the database and the libraries, in every thread. 0, or -1 and @why. Builds
 * with AddressSanitizer leave both if NATFW_MANAGER_NO_GUARD is in the environment.
 */
int guard_close(const struct settings *s, char *why, size_t size);

#endif /* _MANAGER_GUARD_H */
