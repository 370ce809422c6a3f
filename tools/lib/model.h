/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The objects of Documentation/netlink/specs/natfw.yaml.
 *
 * Units are the spec's: seconds unless said otherwise, ports and SPIs in host
 * order, prefix lengths in bits of the address's own family.
 */
#ifndef _NATFW_LIB_MODEL_H
#define _NATFW_LIB_MODEL_H

#include <linux/if.h>
#include <linux/natfw.h>

#include "object.h"

struct natfw_info {
	uint64_t has;			/* NATFW_A_INFO_* */
	char *version;
	char *kernel;
	struct natfw_list feature;	/* char * */
};

struct natfw_timeout {
	uint64_t has;			/* NATFW_A_TIMEOUT_* */
	uint32_t udp, tcp_opening, tcp_established, tcp_closing, tcp_reset;
	uint32_t icmp, sctp, dccp, other, cache;
};

struct natfw_net {
	uint64_t has;			/* NATFW_A_NET_* */
	uint32_t emit, flow_max, cache_max, rule_max, watermark;
	struct natfw_timeout timeout;
	uint32_t rules, flows, cached, mappings, subtables, generation;
	uint64_t memory;		/* bytes */
};

struct natfw_counter {
	uint64_t has;			/* NATFW_A_COUNTER_* */
	char *name;
	uint64_t packets, bytes;
	char *doc;
};

struct natfw_dev {
	uint64_t has;			/* NATFW_A_DEV_* */
	uint32_t ifindex;
	char ifname[IFNAMSIZ];
	uint32_t zone, verdict, emit;
	struct natfw_list counter;	/* struct natfw_counter */
};

struct natfw_match {
	uint64_t has;			/* NATFW_A_MATCH_* */
	uint32_t family;		/* 4 or 6 */
	struct natfw_addr src, dst;
	uint32_t src_len, dst_len, proto;
	uint32_t sport, sport_max, dport, dport_max;
	uint32_t icmp_type, icmp_code, spi, dscp, flow_label;
	uint32_t ifindex;
	char ifname[IFNAMSIZ];
	uint32_t zone;
};

struct natfw_nat {
	uint64_t has;			/* NATFW_A_NAT_* */
	struct natfw_addr src, dst;
	uint32_t src_len, sport, sport_max;
	char *pool;
	uint32_t dst_len, dport, dport_max, out_zone;
};

struct natfw_rule {
	uint64_t has;			/* NATFW_A_RULE_* */
	uint64_t id;
	uint32_t priority;
	uint8_t owner[NATFW_OWNER_LEN];
	char *name;
	uint32_t action;
	struct natfw_match match;
	struct natfw_nat nat;
	uint32_t emit, mark, flags, lifetime, expires;
	uint64_t packets, bytes;
	uint64_t used;			/* milliseconds ago */
	uint32_t flows;
	struct natfw_addr ext_addr;
	uint32_t ext_port, reason;
};

struct natfw_range {
	uint64_t has;			/* NATFW_A_RANGE_* */
	struct natfw_addr first, last;
};

struct natfw_pool {
	uint64_t has;			/* NATFW_A_POOL_* */
	char *name;
	struct natfw_list range;	/* struct natfw_range */
	uint32_t port_min, port_max, zone, mapping, filtering, flags;
	uint32_t host_quota, owner_quota, block_size, hold, watermark;
	uint64_t ports, used, held;
	uint32_t hosts;
	uint64_t refused;
	uint32_t rules;
};

struct natfw_tuple {
	uint64_t has;			/* NATFW_A_TUPLE_* */
	struct natfw_addr src, dst;
	uint32_t proto, sport, dport, spi, zone;
	uint64_t packets, bytes;
	uint32_t idle, out_ifindex;
};

struct natfw_flow {
	uint64_t has;			/* NATFW_A_FLOW_* */
	struct natfw_tuple orig, reply;
	uint64_t rule;
	uint32_t flags, state, expires;
	uint8_t owner[NATFW_OWNER_LEN];
	uint32_t count;
};

struct natfw_map {
	uint64_t has;			/* NATFW_A_MAP_* */
	uint32_t proto;
	struct natfw_addr int_addr, ext_addr;
	uint32_t int_port, int_zone, ext_port, ext_zone;
	char *pool;
	uint64_t rule;
	uint8_t owner[NATFW_OWNER_LEN];
	uint32_t flows;
};

struct natfw_test {
	uint64_t has;			/* NATFW_A_TEST_* */
	uint32_t ifindex;
	char ifname[IFNAMSIZ];
	struct natfw_addr src, dst;
	uint32_t proto, sport, dport, icmp_type, icmp_code, spi, dscp, flow_label;
	uint32_t source, action, verdict;
	uint64_t rule;
	uint32_t emit;
	struct natfw_tuple xlat;
	uint32_t subtables;
};

struct natfw_stats {
	uint64_t has;			/* NATFW_A_STATS_* */
	struct natfw_list counter;	/* struct natfw_counter */
};

struct natfw_txn_info {
	uint64_t has;			/* NATFW_A_TXN_* */
	uint32_t staged, generation;
};

struct natfw_overrun {
	uint64_t has;			/* NATFW_A_EVENT_* */
	uint32_t lost, count;
};

extern const struct natfw_set natfw_info_set, natfw_timeout_set, natfw_net_set;
extern const struct natfw_set natfw_counter_set, natfw_dev_set, natfw_match_set;
extern const struct natfw_set natfw_nat_set, natfw_rule_set, natfw_range_set;
extern const struct natfw_set natfw_pool_set, natfw_tuple_set, natfw_flow_set;
extern const struct natfw_set natfw_map_set, natfw_test_set, natfw_stats_set;
extern const struct natfw_set natfw_txn_set, natfw_overrun_set;

extern const struct natfw_names natfw_verdict_names, natfw_emit_names, natfw_action_names;
extern const struct natfw_names natfw_rule_flag_names, natfw_mapping_names;
extern const struct natfw_names natfw_filtering_names, natfw_pool_flag_names;
extern const struct natfw_names natfw_flow_state_names, natfw_flow_flag_names;
extern const struct natfw_names natfw_del_reason_names, natfw_test_source_names;

/* The set that request, reply and notification @cmd (NATFW_CMD_*) carry, or NULL. */
const struct natfw_set *natfw_command_set(unsigned int cmd);
/* The same for a notification, which is numbered on its own (NATFW_CMD_*_NTF). */
const struct natfw_set *natfw_event_set(unsigned int ntf);
/* What a notification is called on the command line, such as "rule-del". */
const char *natfw_event_name(unsigned int ntf);

#endif /* _NATFW_LIB_MODEL_H */
