/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connections that sshd serves. The monitor starts one for each, with a configuration in which there is a
 * token of that connection; when a manager has shown one of its keys, and asks for the subsystem netconf, sshd
 * starts the relay (userd/relay), which connects to us and shows the token and whose key it was.
 */
#ifndef _NATFWD_MGMT_SSH_H
#define _NATFWD_MGMT_SSH_H

#include <event2/event.h>

#include "proc.h"

struct bufferevent;
struct ssh;

struct ssh_ops {
	/* @user is at the other end of @bev, which is the callee's. Once at most. */
	void (*up)(void *arg, struct bufferevent *bev, const char *user);
	/* sshd has ended; what there was is freed. @why: its last words, valid for the call. */
	void (*ended)(void *arg, enum ssh_how how, const char *why);
};

void ssh_init(struct event_base *base);
/* Where relays connect to, from now on; -1: nowhere. */
void ssh_listen(int fd);
/* sshd on @fd, which is owned, by the configuration of @endpoint of @client. NULL: no memory, or the monitor is not there. */
struct ssh *ssh_open(int fd, const char *client, const char *endpoint, const struct ssh_ops *ops,
		     void *arg);
/* It is to end, by itself within @ms or else by force; that is told. */
void ssh_leave(struct ssh *s, unsigned int ms);
/* The same, and nothing is told any more. NULL is allowed. */
void ssh_close(struct ssh *s, unsigned int ms);
/* A message of the monitor; false: it is not about this. */
bool ssh_message(enum msg_type type, const void *data, size_t len);

#endif /* _NATFWD_MGMT_SSH_H */
