// SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause)
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/natfw.yaml */
/* YNL-GEN kernel source */
/* To regenerate run: tools/ynl-gen LINUX */

#include <net/netlink.h>
#include <net/genetlink.h>

#include "netlink_gen.h"

#include <uapi/linux/natfw.h>

/* Integer value ranges */
static struct netlink_range_validation natfw_a_dev_zone_range = {
	.max	= 65534ULL,
};

static struct netlink_range_validation natfw_a_match_sport_range = {
	.max	= 65535ULL,
};

static struct netlink_range_validation natfw_a_match_sport_max_range = {
	.max	= 65535ULL,
};

static struct netlink_range_validation natfw_a_match_dport_range = {
	.max	= 65535ULL,
};

static struct netlink_range_validation natfw_a_match_dport_max_range = {
	.max	= 65535ULL,
};

static struct netlink_range_validation natfw_a_match_flow_label_range = {
	.max	= 1048575ULL,
};

static struct netlink_range_validation natfw_a_match_zone_range = {
	.max	= 65534ULL,
};

static struct netlink_range_validation natfw_a_nat_sport_range = {
	.min	= 1ULL,
	.max	= 65535ULL,
};

static struct netlink_range_validation natfw_a_nat_sport_max_range = {
	.min	= 1ULL,
	.max	= 65535ULL,
};

static struct netlink_range_validation natfw_a_nat_dport_range = {
	.min	= 1ULL,
	.max	= 65535ULL,
};

static struct netlink_range_validation natfw_a_nat_dport_max_range = {
	.min	= 1ULL,
	.max	= 65535ULL,
};

static struct netlink_range_validation natfw_a_nat_out_zone_range = {
	.max	= 65534ULL,
};

static struct netlink_range_validation natfw_a_pool_port_min_range = {
	.min	= 1ULL,
	.max	= 65535ULL,
};

static struct netlink_range_validation natfw_a_pool_port_max_range = {
	.min	= 1ULL,
	.max	= 65535ULL,
};

static struct netlink_range_validation natfw_a_pool_zone_range = {
	.max	= 65534ULL,
};

static struct netlink_range_validation natfw_a_pool_block_size_range = {
	.max	= 32768ULL,
};

static struct netlink_range_validation natfw_a_pool_hold_range = {
	.max	= 86400ULL,
};

static struct netlink_range_validation natfw_a_test_sport_range = {
	.max	= 65535ULL,
};

static struct netlink_range_validation natfw_a_test_dport_range = {
	.max	= 65535ULL,
};

static struct netlink_range_validation natfw_a_test_flow_label_range = {
	.max	= 1048575ULL,
};

/* Common nested types */
const struct nla_policy natfw_match_nl_policy[NATFW_A_MATCH_ZONE + 1] = {
	[NATFW_A_MATCH_FAMILY] = { .type = NLA_U32, },
	[NATFW_A_MATCH_SRC] = { .type = NLA_BINARY, .len = 16, },
	[NATFW_A_MATCH_SRC_LEN] = NLA_POLICY_MAX(NLA_U32, 128),
	[NATFW_A_MATCH_DST] = { .type = NLA_BINARY, .len = 16, },
	[NATFW_A_MATCH_DST_LEN] = NLA_POLICY_MAX(NLA_U32, 128),
	[NATFW_A_MATCH_PROTO] = NLA_POLICY_MAX(NLA_U32, 255),
	[NATFW_A_MATCH_SPORT] = NLA_POLICY_FULL_RANGE(NLA_U32, &natfw_a_match_sport_range),
	[NATFW_A_MATCH_SPORT_MAX] = NLA_POLICY_FULL_RANGE(NLA_U32, &natfw_a_match_sport_max_range),
	[NATFW_A_MATCH_DPORT] = NLA_POLICY_FULL_RANGE(NLA_U32, &natfw_a_match_dport_range),
	[NATFW_A_MATCH_DPORT_MAX] = NLA_POLICY_FULL_RANGE(NLA_U32, &natfw_a_match_dport_max_range),
	[NATFW_A_MATCH_ICMP_TYPE] = NLA_POLICY_MAX(NLA_U32, 255),
	[NATFW_A_MATCH_ICMP_CODE] = NLA_POLICY_MAX(NLA_U32, 255),
	[NATFW_A_MATCH_SPI] = { .type = NLA_U32, },
	[NATFW_A_MATCH_DSCP] = NLA_POLICY_MAX(NLA_U32, 63),
	[NATFW_A_MATCH_FLOW_LABEL] = NLA_POLICY_FULL_RANGE(NLA_U32, &natfw_a_match_flow_label_range),
	[NATFW_A_MATCH_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[NATFW_A_MATCH_IFNAME] = { .type = NLA_NUL_STRING, .len = 15, },
	[NATFW_A_MATCH_ZONE] = NLA_POLICY_FULL_RANGE(NLA_U32, &natfw_a_match_zone_range),
};

const struct nla_policy natfw_nat_nl_policy[NATFW_A_NAT_OUT_ZONE + 1] = {
	[NATFW_A_NAT_SRC] = { .type = NLA_BINARY, .len = 16, },
	[NATFW_A_NAT_SRC_LEN] = NLA_POLICY_MAX(NLA_U32, 128),
	[NATFW_A_NAT_SPORT] = NLA_POLICY_FULL_RANGE(NLA_U32, &natfw_a_nat_sport_range),
	[NATFW_A_NAT_SPORT_MAX] = NLA_POLICY_FULL_RANGE(NLA_U32, &natfw_a_nat_sport_max_range),
	[NATFW_A_NAT_POOL] = { .type = NLA_NUL_STRING, .len = 63, },
	[NATFW_A_NAT_DST] = { .type = NLA_BINARY, .len = 16, },
	[NATFW_A_NAT_DST_LEN] = NLA_POLICY_MAX(NLA_U32, 128),
	[NATFW_A_NAT_DPORT] = NLA_POLICY_FULL_RANGE(NLA_U32, &natfw_a_nat_dport_range),
	[NATFW_A_NAT_DPORT_MAX] = NLA_POLICY_FULL_RANGE(NLA_U32, &natfw_a_nat_dport_max_range),
	[NATFW_A_NAT_OUT_ZONE] = NLA_POLICY_FULL_RANGE(NLA_U32, &natfw_a_nat_out_zone_range),
};

const struct nla_policy natfw_range_nl_policy[NATFW_A_RANGE_LAST + 1] = {
	[NATFW_A_RANGE_FIRST] = { .type = NLA_BINARY, .len = 16, },
	[NATFW_A_RANGE_LAST] = { .type = NLA_BINARY, .len = 16, },
};

const struct nla_policy natfw_timeout_nl_policy[NATFW_A_TIMEOUT_CACHE + 1] = {
	[NATFW_A_TIMEOUT_UDP] = NLA_POLICY_MIN(NLA_U32, 1),
	[NATFW_A_TIMEOUT_TCP_OPENING] = NLA_POLICY_MIN(NLA_U32, 1),
	[NATFW_A_TIMEOUT_TCP_ESTABLISHED] = NLA_POLICY_MIN(NLA_U32, 1),
	[NATFW_A_TIMEOUT_TCP_CLOSING] = NLA_POLICY_MIN(NLA_U32, 1),
	[NATFW_A_TIMEOUT_TCP_RESET] = NLA_POLICY_MIN(NLA_U32, 1),
	[NATFW_A_TIMEOUT_ICMP] = NLA_POLICY_MIN(NLA_U32, 1),
	[NATFW_A_TIMEOUT_SCTP] = NLA_POLICY_MIN(NLA_U32, 1),
	[NATFW_A_TIMEOUT_DCCP] = NLA_POLICY_MIN(NLA_U32, 1),
	[NATFW_A_TIMEOUT_OTHER] = NLA_POLICY_MIN(NLA_U32, 1),
	[NATFW_A_TIMEOUT_CACHE] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* NATFW_CMD_NET_SET - do */
static const struct nla_policy natfw_net_set_nl_policy[NATFW_A_NET_TIMEOUT + 1] = {
	[NATFW_A_NET_EMIT] = NLA_POLICY_MAX(NLA_U32, 2),
	[NATFW_A_NET_FLOW_MAX] = { .type = NLA_U32, },
	[NATFW_A_NET_CACHE_MAX] = { .type = NLA_U32, },
	[NATFW_A_NET_RULE_MAX] = { .type = NLA_U32, },
	[NATFW_A_NET_WATERMARK] = NLA_POLICY_RANGE(NLA_U32, 1, 100),
	[NATFW_A_NET_TIMEOUT] = NLA_POLICY_NESTED(natfw_timeout_nl_policy),
};

/* NATFW_CMD_DEV_NEW - do */
static const struct nla_policy natfw_dev_new_nl_policy[NATFW_A_DEV_EMIT + 1] = {
	[NATFW_A_DEV_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[NATFW_A_DEV_IFNAME] = { .type = NLA_NUL_STRING, .len = 15, },
	[NATFW_A_DEV_ZONE] = NLA_POLICY_FULL_RANGE(NLA_U32, &natfw_a_dev_zone_range),
	[NATFW_A_DEV_DEFAULT] = NLA_POLICY_MAX(NLA_U32, 1),
	[NATFW_A_DEV_EMIT] = NLA_POLICY_MAX(NLA_U32, 2),
};

/* NATFW_CMD_DEV_SET - do */
static const struct nla_policy natfw_dev_set_nl_policy[NATFW_A_DEV_EMIT + 1] = {
	[NATFW_A_DEV_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[NATFW_A_DEV_IFNAME] = { .type = NLA_NUL_STRING, .len = 15, },
	[NATFW_A_DEV_ZONE] = NLA_POLICY_FULL_RANGE(NLA_U32, &natfw_a_dev_zone_range),
	[NATFW_A_DEV_DEFAULT] = NLA_POLICY_MAX(NLA_U32, 1),
	[NATFW_A_DEV_EMIT] = NLA_POLICY_MAX(NLA_U32, 2),
};

/* NATFW_CMD_DEV_DEL - do */
static const struct nla_policy natfw_dev_del_nl_policy[NATFW_A_DEV_IFNAME + 1] = {
	[NATFW_A_DEV_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[NATFW_A_DEV_IFNAME] = { .type = NLA_NUL_STRING, .len = 15, },
};

/* NATFW_CMD_DEV_GET - do */
static const struct nla_policy natfw_dev_get_nl_policy[NATFW_A_DEV_IFNAME + 1] = {
	[NATFW_A_DEV_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[NATFW_A_DEV_IFNAME] = { .type = NLA_NUL_STRING, .len = 15, },
};

/* NATFW_CMD_RULE_NEW - do */
static const struct nla_policy natfw_rule_new_nl_policy[NATFW_A_RULE_LIFETIME + 1] = {
	[NATFW_A_RULE_PRIORITY] = { .type = NLA_U32, },
	[NATFW_A_RULE_OWNER] = NLA_POLICY_EXACT_LEN(16),
	[NATFW_A_RULE_NAME] = { .type = NLA_NUL_STRING, .len = 63, },
	[NATFW_A_RULE_ACTION] = NLA_POLICY_MAX(NLA_U32, 3),
	[NATFW_A_RULE_MATCH] = NLA_POLICY_NESTED(natfw_match_nl_policy),
	[NATFW_A_RULE_NAT] = NLA_POLICY_NESTED(natfw_nat_nl_policy),
	[NATFW_A_RULE_EMIT] = NLA_POLICY_MAX(NLA_U32, 2),
	[NATFW_A_RULE_MARK] = { .type = NLA_U32, },
	[NATFW_A_RULE_FLAGS] = NLA_POLICY_MASK(NLA_U32, 0x1f),
	[NATFW_A_RULE_LIFETIME] = { .type = NLA_U32, },
};

/* NATFW_CMD_RULE_SET - do */
static const struct nla_policy natfw_rule_set_nl_policy[NATFW_A_RULE_CLEAR_MARK + 1] = {
	[NATFW_A_RULE_ID] = { .type = NLA_U64, },
	[NATFW_A_RULE_NAME] = { .type = NLA_NUL_STRING, .len = 63, },
	[NATFW_A_RULE_EMIT] = NLA_POLICY_MAX(NLA_U32, 2),
	[NATFW_A_RULE_MARK] = { .type = NLA_U32, },
	[NATFW_A_RULE_CLEAR_MARK] = { .type = NLA_FLAG, },
	[NATFW_A_RULE_FLAGS] = NLA_POLICY_MASK(NLA_U32, 0x1f),
	[NATFW_A_RULE_LIFETIME] = { .type = NLA_U32, },
};

/* NATFW_CMD_RULE_DEL - do */
static const struct nla_policy natfw_rule_del_nl_policy[NATFW_A_RULE_ID + 1] = {
	[NATFW_A_RULE_ID] = { .type = NLA_U64, },
};

/* NATFW_CMD_RULE_FLUSH - do */
static const struct nla_policy natfw_rule_flush_nl_policy[NATFW_A_RULE_OWNER + 1] = {
	[NATFW_A_RULE_OWNER] = NLA_POLICY_EXACT_LEN(16),
};

/* NATFW_CMD_RULE_GET - do */
static const struct nla_policy natfw_rule_get_nl_policy[NATFW_A_RULE_OWNER + 1] = {
	[NATFW_A_RULE_ID] = { .type = NLA_U64, },
	[NATFW_A_RULE_OWNER] = NLA_POLICY_EXACT_LEN(16),
};

/* NATFW_CMD_POOL_NEW - do */
static const struct nla_policy natfw_pool_new_nl_policy[NATFW_A_POOL_WATERMARK + 1] = {
	[NATFW_A_POOL_NAME] = { .type = NLA_NUL_STRING, .len = 63, },
	[NATFW_A_POOL_RANGE] = NLA_POLICY_NESTED(natfw_range_nl_policy),
	[NATFW_A_POOL_PORT_MIN] = NLA_POLICY_FULL_RANGE(NLA_U32, &natfw_a_pool_port_min_range),
	[NATFW_A_POOL_PORT_MAX] = NLA_POLICY_FULL_RANGE(NLA_U32, &natfw_a_pool_port_max_range),
	[NATFW_A_POOL_ZONE] = NLA_POLICY_FULL_RANGE(NLA_U32, &natfw_a_pool_zone_range),
	[NATFW_A_POOL_MAPPING] = NLA_POLICY_MAX(NLA_U32, 1),
	[NATFW_A_POOL_FILTERING] = NLA_POLICY_MAX(NLA_U32, 2),
	[NATFW_A_POOL_FLAGS] = NLA_POLICY_MASK(NLA_U32, 0x7),
	[NATFW_A_POOL_HOST_QUOTA] = { .type = NLA_U32, },
	[NATFW_A_POOL_OWNER_QUOTA] = { .type = NLA_U32, },
	[NATFW_A_POOL_BLOCK_SIZE] = NLA_POLICY_FULL_RANGE(NLA_U32, &natfw_a_pool_block_size_range),
	[NATFW_A_POOL_HOLD] = NLA_POLICY_FULL_RANGE(NLA_U32, &natfw_a_pool_hold_range),
	[NATFW_A_POOL_WATERMARK] = NLA_POLICY_RANGE(NLA_U32, 1, 100),
};

/* NATFW_CMD_POOL_SET - do */
static const struct nla_policy natfw_pool_set_nl_policy[NATFW_A_POOL_WATERMARK + 1] = {
	[NATFW_A_POOL_NAME] = { .type = NLA_NUL_STRING, .len = 63, },
	[NATFW_A_POOL_FILTERING] = NLA_POLICY_MAX(NLA_U32, 2),
	[NATFW_A_POOL_FLAGS] = NLA_POLICY_MASK(NLA_U32, 0x7),
	[NATFW_A_POOL_HOST_QUOTA] = { .type = NLA_U32, },
	[NATFW_A_POOL_OWNER_QUOTA] = { .type = NLA_U32, },
	[NATFW_A_POOL_HOLD] = NLA_POLICY_FULL_RANGE(NLA_U32, &natfw_a_pool_hold_range),
	[NATFW_A_POOL_WATERMARK] = NLA_POLICY_RANGE(NLA_U32, 1, 100),
};

/* NATFW_CMD_POOL_DEL - do */
static const struct nla_policy natfw_pool_del_nl_policy[NATFW_A_POOL_NAME + 1] = {
	[NATFW_A_POOL_NAME] = { .type = NLA_NUL_STRING, .len = 63, },
};

/* NATFW_CMD_POOL_GET - do */
static const struct nla_policy natfw_pool_get_nl_policy[NATFW_A_POOL_NAME + 1] = {
	[NATFW_A_POOL_NAME] = { .type = NLA_NUL_STRING, .len = 63, },
};

/* NATFW_CMD_FLOW_GET - dump */
static const struct nla_policy natfw_flow_get_nl_policy[NATFW_A_FLOW_OWNER + 1] = {
	[NATFW_A_FLOW_RULE] = { .type = NLA_U64, },
	[NATFW_A_FLOW_OWNER] = NLA_POLICY_EXACT_LEN(16),
};

/* NATFW_CMD_FLOW_DEL - do */
static const struct nla_policy natfw_flow_del_nl_policy[NATFW_A_FLOW_OWNER + 1] = {
	[NATFW_A_FLOW_RULE] = { .type = NLA_U64, },
	[NATFW_A_FLOW_OWNER] = NLA_POLICY_EXACT_LEN(16),
};

/* NATFW_CMD_MAP_GET - dump */
static const struct nla_policy natfw_map_get_nl_policy[NATFW_A_MAP_EXT_PORT + 1] = {
	[NATFW_A_MAP_PROTO] = { .type = NLA_U32, },
	[NATFW_A_MAP_INT_ADDR] = { .type = NLA_BINARY, .len = 16, },
	[NATFW_A_MAP_INT_PORT] = { .type = NLA_U32, },
	[NATFW_A_MAP_EXT_ADDR] = { .type = NLA_BINARY, .len = 16, },
	[NATFW_A_MAP_EXT_PORT] = { .type = NLA_U32, },
};

/* NATFW_CMD_TEST - do */
static const struct nla_policy natfw_test_nl_policy[NATFW_A_TEST_FLOW_LABEL + 1] = {
	[NATFW_A_TEST_IFINDEX] = { .type = NLA_U32, },
	[NATFW_A_TEST_IFNAME] = { .type = NLA_NUL_STRING, .len = 15, },
	[NATFW_A_TEST_SRC] = { .type = NLA_BINARY, .len = 16, },
	[NATFW_A_TEST_DST] = { .type = NLA_BINARY, .len = 16, },
	[NATFW_A_TEST_PROTO] = NLA_POLICY_MAX(NLA_U32, 255),
	[NATFW_A_TEST_SPORT] = NLA_POLICY_FULL_RANGE(NLA_U32, &natfw_a_test_sport_range),
	[NATFW_A_TEST_DPORT] = NLA_POLICY_FULL_RANGE(NLA_U32, &natfw_a_test_dport_range),
	[NATFW_A_TEST_ICMP_TYPE] = NLA_POLICY_MAX(NLA_U32, 255),
	[NATFW_A_TEST_ICMP_CODE] = NLA_POLICY_MAX(NLA_U32, 255),
	[NATFW_A_TEST_SPI] = { .type = NLA_U32, },
	[NATFW_A_TEST_DSCP] = NLA_POLICY_MAX(NLA_U32, 63),
	[NATFW_A_TEST_FLOW_LABEL] = NLA_POLICY_FULL_RANGE(NLA_U32, &natfw_a_test_flow_label_range),
};

/* NATFW_CMD_TXN_BEGIN - do */
static const struct nla_policy natfw_txn_begin_nl_policy[NATFW_A_TXN_GENERATION + 1] = {
	[NATFW_A_TXN_GENERATION] = { .type = NLA_U32, },
	[NATFW_A_TXN_STAGED] = { .type = NLA_U32, },
};

/* NATFW_CMD_TXN_COMMIT - do */
static const struct nla_policy natfw_txn_commit_nl_policy[NATFW_A_TXN_STAGED + 1] = {
	[NATFW_A_TXN_STAGED] = { .type = NLA_U32, },
};

/* Ops table for natfw */
static const struct genl_ops natfw_nl_ops[] = {
	{
		.cmd     = NATFW_CMD_INFO_GET,
		.doit    = natfw_nl_info_get_doit,
	},
	{
		.cmd     = NATFW_CMD_NET_GET,
		.doit    = natfw_nl_net_get_doit,
	},
	{
		.cmd     = NATFW_CMD_NET_SET,
		.doit    = natfw_nl_net_set_doit,
		.policy  = natfw_net_set_nl_policy,
		.maxattr = NATFW_A_NET_TIMEOUT,
		.flags   = GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd     = NATFW_CMD_DEV_NEW,
		.doit    = natfw_nl_dev_new_doit,
		.policy  = natfw_dev_new_nl_policy,
		.maxattr = NATFW_A_DEV_EMIT,
		.flags   = GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd     = NATFW_CMD_DEV_SET,
		.doit    = natfw_nl_dev_set_doit,
		.policy  = natfw_dev_set_nl_policy,
		.maxattr = NATFW_A_DEV_EMIT,
		.flags   = GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd     = NATFW_CMD_DEV_DEL,
		.doit    = natfw_nl_dev_del_doit,
		.policy  = natfw_dev_del_nl_policy,
		.maxattr = NATFW_A_DEV_IFNAME,
		.flags   = GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd     = NATFW_CMD_DEV_GET,
		.doit    = natfw_nl_dev_get_doit,
		.dumpit  = natfw_nl_dev_get_dumpit,
		.policy  = natfw_dev_get_nl_policy,
		.maxattr = NATFW_A_DEV_IFNAME,
	},
	{
		.cmd     = NATFW_CMD_RULE_NEW,
		.doit    = natfw_nl_rule_new_doit,
		.policy  = natfw_rule_new_nl_policy,
		.maxattr = NATFW_A_RULE_LIFETIME,
		.flags   = GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd     = NATFW_CMD_RULE_SET,
		.doit    = natfw_nl_rule_set_doit,
		.policy  = natfw_rule_set_nl_policy,
		.maxattr = NATFW_A_RULE_CLEAR_MARK,
		.flags   = GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd     = NATFW_CMD_RULE_DEL,
		.doit    = natfw_nl_rule_del_doit,
		.policy  = natfw_rule_del_nl_policy,
		.maxattr = NATFW_A_RULE_ID,
		.flags   = GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd     = NATFW_CMD_RULE_FLUSH,
		.doit    = natfw_nl_rule_flush_doit,
		.policy  = natfw_rule_flush_nl_policy,
		.maxattr = NATFW_A_RULE_OWNER,
		.flags   = GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd     = NATFW_CMD_RULE_GET,
		.doit    = natfw_nl_rule_get_doit,
		.dumpit  = natfw_nl_rule_get_dumpit,
		.policy  = natfw_rule_get_nl_policy,
		.maxattr = NATFW_A_RULE_OWNER,
	},
	{
		.cmd     = NATFW_CMD_POOL_NEW,
		.doit    = natfw_nl_pool_new_doit,
		.policy  = natfw_pool_new_nl_policy,
		.maxattr = NATFW_A_POOL_WATERMARK,
		.flags   = GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd     = NATFW_CMD_POOL_SET,
		.doit    = natfw_nl_pool_set_doit,
		.policy  = natfw_pool_set_nl_policy,
		.maxattr = NATFW_A_POOL_WATERMARK,
		.flags   = GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd     = NATFW_CMD_POOL_DEL,
		.doit    = natfw_nl_pool_del_doit,
		.policy  = natfw_pool_del_nl_policy,
		.maxattr = NATFW_A_POOL_NAME,
		.flags   = GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd     = NATFW_CMD_POOL_GET,
		.doit    = natfw_nl_pool_get_doit,
		.dumpit  = natfw_nl_pool_get_dumpit,
		.policy  = natfw_pool_get_nl_policy,
		.maxattr = NATFW_A_POOL_NAME,
	},
	{
		.cmd     = NATFW_CMD_FLOW_GET,
		.dumpit  = natfw_nl_flow_get_dumpit,
		.policy  = natfw_flow_get_nl_policy,
		.maxattr = NATFW_A_FLOW_OWNER,
	},
	{
		.cmd     = NATFW_CMD_FLOW_DEL,
		.doit    = natfw_nl_flow_del_doit,
		.policy  = natfw_flow_del_nl_policy,
		.maxattr = NATFW_A_FLOW_OWNER,
		.flags   = GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd     = NATFW_CMD_MAP_GET,
		.dumpit  = natfw_nl_map_get_dumpit,
		.policy  = natfw_map_get_nl_policy,
		.maxattr = NATFW_A_MAP_EXT_PORT,
	},
	{
		.cmd     = NATFW_CMD_STATS_GET,
		.doit    = natfw_nl_stats_get_doit,
	},
	{
		.cmd     = NATFW_CMD_TEST,
		.doit    = natfw_nl_test_doit,
		.policy  = natfw_test_nl_policy,
		.maxattr = NATFW_A_TEST_FLOW_LABEL,
	},
	{
		.cmd     = NATFW_CMD_TXN_BEGIN,
		.doit    = natfw_nl_txn_begin_doit,
		.policy  = natfw_txn_begin_nl_policy,
		.maxattr = NATFW_A_TXN_GENERATION,
		.flags   = GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd     = NATFW_CMD_TXN_COMMIT,
		.doit    = natfw_nl_txn_commit_doit,
		.policy  = natfw_txn_commit_nl_policy,
		.maxattr = NATFW_A_TXN_STAGED,
		.flags   = GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd     = NATFW_CMD_TXN_ABORT,
		.doit    = natfw_nl_txn_abort_doit,
		.flags   = GENL_UNS_ADMIN_PERM,
	},
};

static const struct genl_multicast_group natfw_nl_mcgrps[] = {
	[NATFW_NLGRP_DEV] = { "dev", },
	[NATFW_NLGRP_RULE] = { "rule", },
	[NATFW_NLGRP_POOL] = { "pool", },
	[NATFW_NLGRP_MAP] = { "map", },
};

struct genl_family natfw_nl_family __ro_after_init = {
	.name		= NATFW_FAMILY_NAME,
	.version	= NATFW_FAMILY_VERSION,
	.netnsok	= true,
	.parallel_ops	= true,
	.module		= THIS_MODULE,
	.ops		= natfw_nl_ops,
	.n_ops		= ARRAY_SIZE(natfw_nl_ops),
	.mcgrps		= natfw_nl_mcgrps,
	.n_mcgrps	= ARRAY_SIZE(natfw_nl_mcgrps),
};
