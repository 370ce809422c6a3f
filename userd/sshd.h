/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sshd of OpenSSH, started by the monitor for each connection that mgmt hands over (sshd -i). What it is told
 * is made here, of the configuration in force: keys of this node, keys of managers, and no more than the
 * subsystem netconf, which is the relay.
 *
 * In the directory of the configuration: "keys", an authorized_keys file that the account may read; "relay", the
 * socket of mgmt; and for each connection its sshd_config, for root only.
 */
#ifndef _NATFWD_SSHD_H
#define _NATFWD_SSHD_H

#include <event2/event.h>

#include "proc.h"

/* Tells mgmt. */
typedef void sshd_tell(enum msg_type type, const void *data, size_t len);

/* Whether SSH is in use. */
bool sshd_wanted(const struct conf *c);
/* What is missing for SSH that @c wants: NULL, or its name, errno set. */
const char *sshd_check(const struct conf *c);
void sshd_init(struct event_base *base, sshd_tell *tell);
/* @c is in force. What was left behind by an earlier life is removed. 0 or -errno. */
int sshd_conf(const struct conf *c);
/* The listening socket of mgmt for relays, made if it is not there; owned by the caller. -ENOENT: none is wanted. */
int sshd_relay_socket(const struct conf *c);
/* Start one on @fd, which is closed here. What comes of it is told. */
void sshd_start(const struct conf *c, const struct ssh_start *s, int fd);
void sshd_stop(const struct ssh_stop *s);
/* Mgmt has died, or the daemon ends: kill all, telling nothing any more. */
void sshd_stop_all(void);
/* Look which have ended. */
void sshd_reap(void);
/* Remove what is in the directory. */
void sshd_close(void);

#endif /* _NATFWD_SSHD_H */
