/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Answers to other processes that are lists: sent a portion a turn of the loop, so that one of
 * 200,000 sessions holds up nothing else. What comes or goes meanwhile may be in it or not.
 */
#ifndef _NATFWD_SIG_LIST_H
#define _NATFWD_SIG_LIST_H

#include "nslp/nslp.h"
#include "proc.h"

/* Start to answer @to its question @number of type @what: MSG_SESSION_LIST, MSG_PEER_LIST or MSG_STATS. */
void list_start(enum proc_id to, enum msg_type what, uint64_t number, struct nslp *nslp);
/* Forget what is under way for @to: it is gone. */
void list_stop(enum proc_id to);
/*
 * The management process shows sessions by their tags, and has no business with what opens them: it gets what
 * tags are made of in place of the id, and of the token only whether there is one.
 */
void list_hide(struct session_info *i);

#endif /* _NATFWD_SIG_LIST_H */
