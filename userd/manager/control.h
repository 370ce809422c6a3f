/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control socket: operators' programs, told apart by nothing but that they may open it. Messages are
 * lines of JSON; one with a member "octets" is followed by so many octets (Documentation/manager.rst).
 */
#ifndef _MANAGER_CONTROL_H
#define _MANAGER_CONTROL_H

#include "manager/manager.h"

/* Make the socket, for its owner and the group. A descriptor, or -1 and @why. */
int control_listen(const struct settings *s, char *why, size_t size);
/* Serve on @fd, which belongs to it. NULL: out of memory. */
struct control *control_start(struct manager *m, int fd);
/* What was handed over as @number is on the disk, or @error. */
void control_stored(struct control *c, uint64_t number, const char *error);
void control_free(struct control *c);

#endif /* _MANAGER_CONTROL_H */
