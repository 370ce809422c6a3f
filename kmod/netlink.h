/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the netlink files share: one file per object (nl_*.c) with the
 * handlers the operations table in netlink_gen.c names, and functions that
 * write an object into a message, which event.c uses too.
 *
 * Handlers run in process context, in parallel; each takes nn->lock itself
 * (after rtnl, where it needs that). Attributes were checked against the
 * generated policies before; nested ones too.
 */
#ifndef _NATFW_NETLINK_H
#define _NATFW_NETLINK_H

#include <net/genetlink.h>
#include <uapi/linux/natfw.h>

#include "key.h"
#include "netlink_gen.h"
#include "stats.h"

struct natfw_dev;
struct natfw_half;
struct natfw_map;
struct natfw_net;
struct natfw_pool;
struct natfw_rule;
struct natfw_rule_spec;

/* Room for the attributes of one object of the kind. */
#define NATFW_NL_RULE_SIZE	1024
#define NATFW_NL_MAP_SIZE	384
#define NATFW_NL_NET_SIZE	512
#define NATFW_NL_SMALL_SIZE	256
#define NATFW_NL_COUNTERS_SIZE	(NATFW_REASONS * 192)

/* How to head a message: reply, part of a dump, or notification. */
struct natfw_nl_head {
	u32	portid;
	u32	seq;
	int	flags;		/* NLM_F_* */
	u8	cmd;
	struct netlink_callback	*cb;	/* of a dump, or NULL */
};

/*
 * Write one object with its header. 0 or -EMSGSIZE, then nothing is left in
 * @skb. Any context, unless said.
 */
int natfw_nl_rule_put(struct sk_buff *skb, const struct natfw_nl_head *head,
		      const struct natfw_rule *r);	/* nn->lock */
int natfw_nl_rule_put_gone(struct sk_buff *skb, const struct natfw_nl_head *head,
			   const struct natfw_rule *r);	/* nn->lock */
int natfw_nl_dev_put(struct sk_buff *skb, const struct natfw_nl_head *head,
		     const struct natfw_dev *nd);	/* nn->lock */
int natfw_nl_pool_put(struct sk_buff *skb, const struct natfw_nl_head *head,
		      struct natfw_pool *p);
int natfw_nl_map_put(struct sk_buff *skb, const struct natfw_nl_head *head,
		     const struct natfw_map *m);
int natfw_nl_net_put(struct sk_buff *skb, const struct natfw_nl_head *head,
		     struct natfw_net *nn);
size_t natfw_nl_pool_size(const struct natfw_pool *p);

/* nl_match.c, nn->lock. Flags and action of @spec are set when it is read. */
int natfw_nl_match_put(struct sk_buff *skb, const struct natfw_rule *r);
int natfw_nl_nat_put(struct sk_buff *skb, const struct natfw_rule *r);
int natfw_nl_get_match(struct natfw_net *nn, struct nlattr *nest,
		       struct natfw_rule_spec *spec, struct netlink_ext_ack *extack);
int natfw_nl_get_nat(struct natfw_net *nn, struct nlattr *nest,
		     struct natfw_rule_spec *spec, struct netlink_ext_ack *extack);

/* netlink.c */

/* Refuse because of one attribute; -EINVAL. */
#define natfw_nl_refuse(extack, attr, msg) ({			\
	NL_SET_ERR_MSG_ATTR((extack), (attr), (msg));		\
	-EINVAL;						\
})

/* Begin a message; NULL if it does not fit. */
void *natfw_nl_begin(struct sk_buff *skb, const struct natfw_nl_head *head);
void natfw_nl_head_reply(struct natfw_nl_head *head, const struct genl_info *info);
void natfw_nl_head_dump(struct natfw_nl_head *head, struct netlink_callback *cb,
			u8 cmd);
/* Room for a reply with @size bytes of attributes; ERR_PTR with extack set. */
struct sk_buff *natfw_nl_reply_new(const struct genl_info *info, size_t size);

/*
 * What a request reads of a namespace, or does to it; nn->lock is held. Writes
 * its answer into @reply, headed by @head; NULL: nobody wants one. 0, or an
 * error, and then nothing was done.
 */
typedef int natfw_nl_op(struct natfw_net *nn, struct genl_info *info,
			struct sk_buff *reply, const struct natfw_nl_head *head);
/* Carry out @op and send its reply, of up to @size bytes. */
int natfw_nl_read(struct genl_info *info, size_t size, natfw_nl_op *op);
/*
 * The same where a reply is sent only if it was asked for (NLM_F_ECHO). If it is
 * refused, so is the commit of a transaction the socket has open.
 */
int natfw_nl_change(struct genl_info *info, size_t size, natfw_nl_op *op);

/*
 * Attributes of a nest that was validated with the message. @tb has @max + 1
 * elements, all NULL if there is no nest.
 */
int natfw_nl_nest(struct nlattr **tb, int max, const struct nlattr *nest);
/* An address; -EINVAL with extack set. */
int natfw_nl_get_addr(const struct nlattr *attr, union natfw_addr *addr,
		      struct netlink_ext_ack *extack);
int natfw_nl_put_addr(struct sk_buff *skb, int type, const union natfw_addr *addr);
/* A name that is not empty; -EINVAL with extack set. */
int natfw_nl_check_name(const struct nlattr *attr, struct netlink_ext_ack *extack);
/* Whoever refused with @err and without a word: say something. Returns @err. */
int natfw_nl_explain(struct netlink_ext_ack *extack, int err);
/*
 * The attached device that @index and @name (attributes, either may be NULL)
 * speak of, or ERR_PTR with extack set. nn->lock.
 */
struct natfw_dev *natfw_nl_get_dev(struct natfw_net *nn, struct nlattr *index,
				   struct nlattr *name,
				   struct netlink_ext_ack *extack);
/* -EBUSY with extack set if a transaction of the socket is open. nn->lock. */
int natfw_nl_refuse_txn(struct natfw_net *nn, const struct genl_info *info);

/* Lists that have no generation of their own count changes together. */
void natfw_nl_list_changed(void);
u32 natfw_nl_list_seq(void);

/* One counter as a nest; @doc: with the explaining text. */
int natfw_nl_put_counter(struct sk_buff *skb, int type, u32 reason,
			 const struct natfw_stats_sum *sum, bool doc);
/* nl_flow.c: both directions' addresses, ports and so on. */
int natfw_nl_put_key(struct sk_buff *skb, const struct natfw_key *k);

#endif /* _NATFW_NETLINK_H */
