/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A transaction: many changes of rules that come into force together.
 *
 * Requests are packed many to one sendmsg(), and only failures and the last
 * of each packet are acknowledged, so loading costs little more than writing
 * the rules down. The first refusal ends the transaction; which request it
 * was is told by its number. The client must not be used for anything else
 * until commit or abort; both free the transaction.
 */
#ifndef _NATFW_LIB_TRANSACTION_H
#define _NATFW_LIB_TRANSACTION_H

#include "client.h"

struct natfw_txn;

/*
 * Begin. With @generation (not NULL) the commit is refused if the rule set
 * has changed since (struct natfw_net.generation). @expected says how many
 * requests will be added, about, so that the kernel can make room; 0: unknown.
 */
int natfw_txn_begin(struct natfw_txn **t, struct natfw_client *c, const uint32_t *generation,
		    size_t expected, struct natfw_error *e);
/*
 * Stage @cmd (rule-new, rule-del, rule-flush) on @obj. It may only be sent
 * later: an error may be that of an earlier request, see natfw_txn_failed().
 */
int natfw_txn_add(struct natfw_txn *t, unsigned int cmd, const struct natfw_rule *obj,
		  struct natfw_error *e);
/* The same with attributes that are encoded already. */
int natfw_txn_add_raw(struct natfw_txn *t, unsigned int cmd, const void *attrs, size_t len,
		      struct natfw_error *e);
/* Send what is packed so far, so that every request added is judged. */
int natfw_txn_flush(struct natfw_txn *t, struct natfw_error *e);
/* Number of the request that was refused, from 0 in order of adding, or -1. */
long natfw_txn_failed(const struct natfw_txn *t);
/*
 * Put the changes in force and free @t; on failure nothing is changed, @t is
 * freed too and *@failed (if not NULL) is as natfw_txn_failed(). @done may be
 * NULL.
 */
int natfw_txn_commit(struct natfw_txn *t, struct natfw_txn_info *done, long *failed,
		     struct natfw_error *e);
/* Forget the changes and free @t (may be NULL). */
void natfw_txn_abort(struct natfw_txn *t);

#endif /* _NATFW_LIB_TRANSACTION_H */
