/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Taking connections from a listening socket, in a way that survives having no descriptors left: they
 * wait in the kernel until there are some.
 */
#ifndef _NATFWD_LISTEN_H
#define _NATFWD_LISTEN_H

#include <event2/event.h>

#include "base/log.h"

struct listen;

/*
 * @fd is owned from now on. @taken owns what it is given, which does not block. @sub logs when there are no
 * descriptors, once each time. NULL: no memory.
 */
struct listen *listen_create(struct event_base *base, int fd, enum log_subsystem sub,
			     void (*taken)(int fd, void *arg), void *arg);
/* NULL is allowed. */
void listen_destroy(struct listen *l);

#endif /* _NATFWD_LISTEN_H */
