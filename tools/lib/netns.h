/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Network namespaces by name. Concerns the calling thread only.
 */
#ifndef _NATFW_LIB_NETNS_H
#define _NATFW_LIB_NETNS_H

#include "error.h"

/*
 * Enter the namespace @name: a name under /run/netns, a process id, or a path.
 * Returns a descriptor of the namespace left, to be given to
 * natfw_netns_leave(), or a negative errno.
 */
int natfw_netns_enter(const char *name, struct natfw_error *e);
/* Back to the namespace @fd stands for; closes @fd. */
int natfw_netns_leave(int fd);

#endif /* _NATFW_LIB_NETNS_H */
