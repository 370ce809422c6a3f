/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * State as clients read it: lists that come from other processes and leave line by line, at the pace of who
 * reads.
 */
#ifndef _NATFWD_CTL_LIST_H
#define _NATFWD_CTL_LIST_H

#include "conf/conf.h"
#include "ctl/client.h"
#include "proc.h"

void list_init(void);
void list_conf(const struct conf *c);
/* Whether there is a manager @name to call. */
bool list_has_call(const char *name);
/* Answer {"get": @what}; NULL: it was no string. */
void list_get(struct client *c, json_t *id, const char *what);
/* @c takes more, or is gone. */
void list_drained(struct client *c);
void list_gone(struct client *c);
/* There is a process; again: it was restarted. */
void list_peer(enum proc_id peer, bool again);

#endif /* _NATFWD_CTL_LIST_H */
