/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the monitor sends a process to work with: who it is to be, its configuration with no more
 * keys than are its business, its sockets and files, channels to the others. It has a channel to the
 * monitor. 0 or -errno.
 */
#ifndef _NATFWD_OUTFIT_H
#define _NATFWD_OUTFIT_H

#include "child.h"
#include "proc.h"
#include "secret.h"

/* Its user, root directory, levels of its log, and what of @secret it is to have. */
int outfit_give_setup(struct child *c, const struct conf *conf, const uint8_t secret[SECRET_SIZE], uid_t uid,
		      gid_t gid);
/* @whole, as a message of @type; a process gets the keys that are its business. */
int outfit_give_conf(struct child *c, enum msg_type type, const struct conf *whole);
/* All sockets and files @conf has for it. The first start fails where one is missing, later ones go on. */
int outfit_give_sockets(struct child *c, const struct conf *conf);
/* The one it asks for, or that there is none. Not if it has asked for more than @conf has and does not take them. */
void outfit_give_asked(struct child *c, const struct conf *conf, const struct proc_fd *ask);
/* A channel between @c, which is being started, and @peer. */
int outfit_connect(struct child *c, struct child *peer);

#endif /* _NATFWD_OUTFIT_H */
