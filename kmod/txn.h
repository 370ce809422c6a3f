/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Transactions: changes of the rule set a socket stages, to be put in force
 * together. Rules are made at once but stay invisible; deletions are noted.
 *
 * A transaction ends by commit, by abort, or when its socket is closed. If it
 * is not used for a minute what is staged is forgotten, but it stays open, and
 * refuses: or else what its owner sends next would come into force by itself.
 *
 * Rules that are staged count against rule-max, less those the transaction
 * takes out, so that all rules can be replaced. That is kept book of as
 * requests come, and counted exactly at commit.
 *
 * Locking: txn_mutex (begin, end), then nn->lock (everything else).
 */
#ifndef _NATFW_TXN_H
#define _NATFW_TXN_H

#include <linux/list.h>
#include <linux/types.h>
#include <linux/xarray.h>

struct genl_info;
struct natfw_net;
struct natfw_rule;
struct netlink_ext_ack;

#define NATFW_TXN_IDLE	60	/* seconds */
#define NATFW_TXN_WHY	56	/* bytes of a refusal that are remembered */

struct natfw_txn {
	struct list_head	list;	/* nn->txns; nn->lock */
	struct list_head	all;	/* txn_mutex */
	struct natfw_net	*nn;
	u32			portid;
	unsigned long		used;	/* jiffies */
	bool			over;	/* committed: about to go */
	bool			expired; /* emptied, unused for too long */
	bool			checked;	/* commit only at @gen */
	u32			gen;
	u32			count;	/* requests staged */
	u32			nadd;	/* of these, new rules */
	u32			goes;	/* rules they take out, about */
	bool			failed;	/* a request was refused: no commit */
	u32			failed_seq;	/* of the first one refused */
	char			failed_why[NATFW_TXN_WHY];
	u32			room;	/* nodes the table is to have room for, 0: as it is */
	struct list_head	add;	/* struct natfw_rule.list */
	struct xarray		del;	/* ids */
	struct list_head	flush;	/* struct natfw_txn_flush.list */
};

/* The open transaction of a socket, or NULL. nn->lock. */
struct natfw_txn *natfw_txn_find(struct natfw_net *nn, u32 portid);
/*
 * Request @info, made while @txn (NULL: none) was open, is refused; extack says
 * why. All that is left to do is to abort: what is asked for together is done
 * together or not at all, and whoever does not read each acknowledgement is told
 * at commit. nn->lock.
 */
void natfw_txn_refuse(struct natfw_txn *txn, const struct genl_info *info);
/* True if commit would take @r out: what replaces it may have its endpoints. nn->lock. */
bool natfw_txn_dooms(const struct natfw_txn *txn, const struct natfw_rule *r);
/*
 * Rules the namespace will have if every transaction is committed that adds
 * more than it takes out, and @txn (NULL: none). nn->lock.
 */
s64 natfw_txn_outlook(const struct natfw_net *nn, const struct natfw_txn *txn);

/* All need nn->lock. Errors leave the transaction as it was, extack set. */
/* Nothing can be staged in an expired one, -ETIMEDOUT. @txn: NULL is fine. */
int natfw_txn_check(const struct natfw_txn *txn, struct netlink_ext_ack *extack);
void natfw_txn_add(struct natfw_txn *txn, struct natfw_rule *r);	/* cannot fail */
int natfw_txn_del(struct natfw_txn *txn, const struct natfw_rule *r,
		  struct netlink_ext_ack *extack);
int natfw_txn_flush(struct natfw_txn *txn, const u8 *owner,
		    struct netlink_ext_ack *extack);	/* NULL: every rule */

/*
 * Rules in force that are to be taken out together, each once, in order of
 * their ids. All need nn->lock, kept until natfw_doom_fini().
 */
struct natfw_doom {
	struct natfw_net	*nn;
	struct natfw_rule	**rule;
	u32			n, room;
};

/* Room for @max rules. -ENOMEM. */
int natfw_doom_init(struct natfw_doom *d, struct natfw_net *nn, u32 max);
void natfw_doom_add(struct natfw_doom *d, struct natfw_rule *r);
/* All rules of @owner (NULL: of everybody). */
void natfw_doom_owner(struct natfw_doom *d, const u8 *owner);
/* @spared: they stay after all. */
void natfw_doom_fini(struct natfw_doom *d, bool spared);

int natfw_txn_register(void);
void natfw_txn_unregister(void);
/* End every transaction there is; no new one can begin. */
void natfw_txn_drain(void);

#endif /* _NATFW_TXN_H */
