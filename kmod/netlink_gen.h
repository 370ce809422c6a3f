/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/natfw.yaml */
/* YNL-GEN kernel header */
/* To regenerate run: tools/ynl-gen LINUX */

#ifndef _LINUX_NATFW_GEN_H
#define _LINUX_NATFW_GEN_H

#include <net/netlink.h>
#include <net/genetlink.h>

#include <uapi/linux/natfw.h>

/* Common nested types */
extern const struct nla_policy natfw_match_nl_policy[NATFW_A_MATCH_ZONE + 1];
extern const struct nla_policy natfw_nat_nl_policy[NATFW_A_NAT_OUT_ZONE + 1];
extern const struct nla_policy natfw_range_nl_policy[NATFW_A_RANGE_LAST + 1];
extern const struct nla_policy natfw_timeout_nl_policy[NATFW_A_TIMEOUT_CACHE + 1];

int natfw_nl_info_get_doit(struct sk_buff *skb, struct genl_info *info);
int natfw_nl_net_get_doit(struct sk_buff *skb, struct genl_info *info);
int natfw_nl_net_set_doit(struct sk_buff *skb, struct genl_info *info);
int natfw_nl_dev_new_doit(struct sk_buff *skb, struct genl_info *info);
int natfw_nl_dev_set_doit(struct sk_buff *skb, struct genl_info *info);
int natfw_nl_dev_del_doit(struct sk_buff *skb, struct genl_info *info);
int natfw_nl_dev_get_doit(struct sk_buff *skb, struct genl_info *info);
int natfw_nl_dev_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int natfw_nl_rule_new_doit(struct sk_buff *skb, struct genl_info *info);
int natfw_nl_rule_set_doit(struct sk_buff *skb, struct genl_info *info);
int natfw_nl_rule_del_doit(struct sk_buff *skb, struct genl_info *info);
int natfw_nl_rule_flush_doit(struct sk_buff *skb, struct genl_info *info);
int natfw_nl_rule_get_doit(struct sk_buff *skb, struct genl_info *info);
int natfw_nl_rule_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int natfw_nl_pool_new_doit(struct sk_buff *skb, struct genl_info *info);
int natfw_nl_pool_set_doit(struct sk_buff *skb, struct genl_info *info);
int natfw_nl_pool_del_doit(struct sk_buff *skb, struct genl_info *info);
int natfw_nl_pool_get_doit(struct sk_buff *skb, struct genl_info *info);
int natfw_nl_pool_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int natfw_nl_flow_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int natfw_nl_flow_del_doit(struct sk_buff *skb, struct genl_info *info);
int natfw_nl_map_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int natfw_nl_stats_get_doit(struct sk_buff *skb, struct genl_info *info);
int natfw_nl_test_doit(struct sk_buff *skb, struct genl_info *info);
int natfw_nl_txn_begin_doit(struct sk_buff *skb, struct genl_info *info);
int natfw_nl_txn_commit_doit(struct sk_buff *skb, struct genl_info *info);
int natfw_nl_txn_abort_doit(struct sk_buff *skb, struct genl_info *info);

enum {
	NATFW_NLGRP_DEV,
	NATFW_NLGRP_RULE,
	NATFW_NLGRP_POOL,
	NATFW_NLGRP_MAP,
};

extern struct genl_family natfw_nl_family;

#endif /* _LINUX_NATFW_GEN_H */
