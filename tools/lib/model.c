// SPDX-License-Identifier: GPL-2.0-or-later
#include "model.h"

#define NAMES(noun, isflags, ...)							\
	static const char *const noun##_text[] = { __VA_ARGS__ };			\
	const struct natfw_names natfw_##noun##_names = {				\
		noun##_text, sizeof(noun##_text) / sizeof(noun##_text[0]), isflags	\
	}

NAMES(verdict, false, "pass", "drop");
NAMES(emit, false, "inherit", "stack", "direct");
NAMES(action, false, "allow", "deny", "reject", "nat");
NAMES(rule_flag, true, "stateful", "inactive", "zone-any", "parity", "pair");
NAMES(mapping, false, "endpoint-independent", "address-and-port-dependent");
NAMES(filtering, false, "endpoint-independent", "address-dependent",
      "address-and-port-dependent");
NAMES(pool_flag, true, "preserve", "parity", "unpaired");
NAMES(flow_state, false, "none", "opening", "established", "closing", "reset");
NAMES(flow_flag, true, "nat", "stateful", "rule", "deny", "assured");
NAMES(del_reason, false, "request", "flush", "expiry", "device");
NAMES(test_source, false, "default", "rule", "flow");

#define F(noun, ATTR, text, kind, m)							\
	[NATFW_A_##ATTR] = { .name = text, .type = NATFW_T_##kind,			\
			     .off = offsetof(struct natfw_##noun, m) }
#define FE(noun, ATTR, text, m, vals)							\
	[NATFW_A_##ATTR] = { .name = text, .type = NATFW_T_U32,				\
			     .off = offsetof(struct natfw_##noun, m),			\
			     .names = &natfw_##vals##_names }
#define FN(noun, ATTR, text, kind, m, sub)						\
	[NATFW_A_##ATTR] = { .name = text, .type = NATFW_T_##kind,			\
			     .off = offsetof(struct natfw_##noun, m),			\
			     .set = &natfw_##sub##_set }
#define FLAG(ATTR, text)								\
	[NATFW_A_##ATTR] = { .name = text, .type = NATFW_T_FLAG }
#define SET(noun, NOUN, sname)								\
	_Static_assert(sizeof(noun##_fields) / sizeof(noun##_fields[0]) <=		\
		       NATFW_A_##NOUN##_MAX + 1, "table of " sname " is too long");	\
	_Static_assert(NATFW_A_##NOUN##_MAX < 64, sname " does not fit in has");	\
	const struct natfw_set natfw_##noun##_set = {					\
		sname, noun##_fields,							\
		sizeof(noun##_fields) / sizeof(noun##_fields[0]) - 1,			\
		sizeof(struct natfw_##noun)						\
	}

static const struct natfw_field info_fields[] = {
	F(info, INFO_VERSION, "version", TEXT, version),
	F(info, INFO_KERNEL, "kernel", TEXT, kernel),
	F(info, INFO_FEATURE, "feature", TEXTS, feature),
};
SET(info, INFO, "info");

static const struct natfw_field timeout_fields[] = {
	F(timeout, TIMEOUT_UDP, "udp", U32, udp),
	F(timeout, TIMEOUT_TCP_OPENING, "tcp-opening", U32, tcp_opening),
	F(timeout, TIMEOUT_TCP_ESTABLISHED, "tcp-established", U32, tcp_established),
	F(timeout, TIMEOUT_TCP_CLOSING, "tcp-closing", U32, tcp_closing),
	F(timeout, TIMEOUT_TCP_RESET, "tcp-reset", U32, tcp_reset),
	F(timeout, TIMEOUT_ICMP, "icmp", U32, icmp),
	F(timeout, TIMEOUT_SCTP, "sctp", U32, sctp),
	F(timeout, TIMEOUT_DCCP, "dccp", U32, dccp),
	F(timeout, TIMEOUT_OTHER, "other", U32, other),
	F(timeout, TIMEOUT_CACHE, "cache", U32, cache),
};
SET(timeout, TIMEOUT, "timeout");

static const struct natfw_field net_fields[] = {
	FE(net, NET_EMIT, "emit", emit, emit),
	F(net, NET_FLOW_MAX, "flow-max", U32, flow_max),
	F(net, NET_CACHE_MAX, "cache-max", U32, cache_max),
	F(net, NET_RULE_MAX, "rule-max", U32, rule_max),
	F(net, NET_WATERMARK, "watermark", U32, watermark),
	FN(net, NET_TIMEOUT, "timeout", NEST, timeout, timeout),
	F(net, NET_RULES, "rules", U32, rules),
	F(net, NET_FLOWS, "flows", U32, flows),
	F(net, NET_CACHED, "cached", U32, cached),
	F(net, NET_MAPPINGS, "mappings", U32, mappings),
	F(net, NET_SUBTABLES, "subtables", U32, subtables),
	F(net, NET_GENERATION, "generation", U32, generation),
	F(net, NET_MEMORY, "memory", U64, memory),
};
SET(net, NET, "net");

static const struct natfw_field counter_fields[] = {
	F(counter, COUNTER_NAME, "name", TEXT, name),
	F(counter, COUNTER_PACKETS, "packets", U64, packets),
	F(counter, COUNTER_BYTES, "bytes", U64, bytes),
	F(counter, COUNTER_DOC, "doc", TEXT, doc),
	FLAG(COUNTER_DROP, "drop"),
};
SET(counter, COUNTER, "counter");

static const struct natfw_field dev_fields[] = {
	F(dev, DEV_IFINDEX, "ifindex", U32, ifindex),
	F(dev, DEV_IFNAME, "ifname", IFNAME, ifname),
	F(dev, DEV_ZONE, "zone", U32, zone),
	FE(dev, DEV_DEFAULT, "default", verdict, verdict),
	FE(dev, DEV_EMIT, "emit", emit, emit),
	FN(dev, DEV_COUNTER, "counter", LIST, counter, counter),
};
SET(dev, DEV, "dev");

static const struct natfw_field match_fields[] = {
	F(match, MATCH_FAMILY, "family", U32, family),
	F(match, MATCH_SRC, "src", ADDR, src),
	F(match, MATCH_SRC_LEN, "src-len", U32, src_len),
	F(match, MATCH_DST, "dst", ADDR, dst),
	F(match, MATCH_DST_LEN, "dst-len", U32, dst_len),
	F(match, MATCH_PROTO, "proto", U32, proto),
	F(match, MATCH_SPORT, "sport", U32, sport),
	F(match, MATCH_SPORT_MAX, "sport-max", U32, sport_max),
	F(match, MATCH_DPORT, "dport", U32, dport),
	F(match, MATCH_DPORT_MAX, "dport-max", U32, dport_max),
	F(match, MATCH_ICMP_TYPE, "icmp-type", U32, icmp_type),
	F(match, MATCH_ICMP_CODE, "icmp-code", U32, icmp_code),
	F(match, MATCH_SPI, "spi", U32, spi),
	F(match, MATCH_DSCP, "dscp", U32, dscp),
	F(match, MATCH_FLOW_LABEL, "flow-label", U32, flow_label),
	F(match, MATCH_IFINDEX, "ifindex", U32, ifindex),
	F(match, MATCH_IFNAME, "ifname", IFNAME, ifname),
	F(match, MATCH_ZONE, "zone", U32, zone),
};
SET(match, MATCH, "match");

static const struct natfw_field nat_fields[] = {
	F(nat, NAT_SRC, "src", ADDR, src),
	F(nat, NAT_SRC_LEN, "src-len", U32, src_len),
	F(nat, NAT_SPORT, "sport", U32, sport),
	F(nat, NAT_SPORT_MAX, "sport-max", U32, sport_max),
	F(nat, NAT_POOL, "pool", TEXT, pool),
	F(nat, NAT_DST, "dst", ADDR, dst),
	F(nat, NAT_DST_LEN, "dst-len", U32, dst_len),
	F(nat, NAT_DPORT, "dport", U32, dport),
	F(nat, NAT_DPORT_MAX, "dport-max", U32, dport_max),
	F(nat, NAT_OUT_ZONE, "out-zone", U32, out_zone),
};
SET(nat, NAT, "nat");

static const struct natfw_field rule_fields[] = {
	F(rule, RULE_ID, "id", U64, id),
	F(rule, RULE_PRIORITY, "priority", U32, priority),
	F(rule, RULE_OWNER, "owner", OWNER, owner),
	F(rule, RULE_NAME, "name", TEXT, name),
	FE(rule, RULE_ACTION, "action", action, action),
	FN(rule, RULE_MATCH, "match", NEST, match, match),
	FN(rule, RULE_NAT, "nat", NEST, nat, nat),
	FE(rule, RULE_EMIT, "emit", emit, emit),
	F(rule, RULE_MARK, "mark", U32, mark),
	FE(rule, RULE_FLAGS, "flags", flags, rule_flag),
	F(rule, RULE_LIFETIME, "lifetime", U32, lifetime),
	F(rule, RULE_EXPIRES, "expires", U32, expires),
	F(rule, RULE_PACKETS, "packets", U64, packets),
	F(rule, RULE_BYTES, "bytes", U64, bytes),
	F(rule, RULE_USED, "used", U64, used),
	F(rule, RULE_FLOWS, "flows", U32, flows),
	F(rule, RULE_EXT_ADDR, "ext-addr", ADDR, ext_addr),
	F(rule, RULE_EXT_PORT, "ext-port", U32, ext_port),
	FE(rule, RULE_REASON, "reason", reason, del_reason),
	FLAG(RULE_CLEAR_MARK, "clear-mark"),
};
SET(rule, RULE, "rule");

static const struct natfw_field range_fields[] = {
	F(range, RANGE_FIRST, "first", ADDR, first),
	F(range, RANGE_LAST, "last", ADDR, last),
};
SET(range, RANGE, "range");

static const struct natfw_field pool_fields[] = {
	F(pool, POOL_NAME, "name", TEXT, name),
	FN(pool, POOL_RANGE, "range", LIST, range, range),
	F(pool, POOL_PORT_MIN, "port-min", U32, port_min),
	F(pool, POOL_PORT_MAX, "port-max", U32, port_max),
	F(pool, POOL_ZONE, "zone", U32, zone),
	FE(pool, POOL_MAPPING, "mapping", mapping, mapping),
	FE(pool, POOL_FILTERING, "filtering", filtering, filtering),
	FE(pool, POOL_FLAGS, "flags", flags, pool_flag),
	F(pool, POOL_HOST_QUOTA, "host-quota", U32, host_quota),
	F(pool, POOL_OWNER_QUOTA, "owner-quota", U32, owner_quota),
	F(pool, POOL_BLOCK_SIZE, "block-size", U32, block_size),
	F(pool, POOL_HOLD, "hold", U32, hold),
	F(pool, POOL_WATERMARK, "watermark", U32, watermark),
	F(pool, POOL_PORTS, "ports", U64, ports),
	F(pool, POOL_USED, "used", U64, used),
	F(pool, POOL_HELD, "held", U64, held),
	F(pool, POOL_HOSTS, "hosts", U32, hosts),
	F(pool, POOL_REFUSED, "refused", U64, refused),
	F(pool, POOL_RULES, "rules", U32, rules),
};
SET(pool, POOL, "pool");

static const struct natfw_field tuple_fields[] = {
	F(tuple, TUPLE_SRC, "src", ADDR, src),
	F(tuple, TUPLE_DST, "dst", ADDR, dst),
	F(tuple, TUPLE_PROTO, "proto", U32, proto),
	F(tuple, TUPLE_SPORT, "sport", U32, sport),
	F(tuple, TUPLE_DPORT, "dport", U32, dport),
	F(tuple, TUPLE_SPI, "spi", U32, spi),
	F(tuple, TUPLE_ZONE, "zone", U32, zone),
	F(tuple, TUPLE_PACKETS, "packets", U64, packets),
	F(tuple, TUPLE_BYTES, "bytes", U64, bytes),
	F(tuple, TUPLE_IDLE, "idle", U32, idle),
	F(tuple, TUPLE_OUT_IFINDEX, "out-ifindex", U32, out_ifindex),
};
SET(tuple, TUPLE, "tuple");

static const struct natfw_field flow_fields[] = {
	FN(flow, FLOW_ORIG, "orig", NEST, orig, tuple),
	FN(flow, FLOW_REPLY, "reply", NEST, reply, tuple),
	F(flow, FLOW_RULE, "rule", U64, rule),
	FE(flow, FLOW_FLAGS, "flags", flags, flow_flag),
	FE(flow, FLOW_STATE, "state", state, flow_state),
	F(flow, FLOW_EXPIRES, "expires", U32, expires),
	F(flow, FLOW_OWNER, "owner", OWNER, owner),
	F(flow, FLOW_COUNT, "count", U32, count),
};
SET(flow, FLOW, "flow");

static const struct natfw_field map_fields[] = {
	F(map, MAP_PROTO, "proto", U32, proto),
	F(map, MAP_INT_ADDR, "int-addr", ADDR, int_addr),
	F(map, MAP_INT_PORT, "int-port", U32, int_port),
	F(map, MAP_INT_ZONE, "int-zone", U32, int_zone),
	F(map, MAP_EXT_ADDR, "ext-addr", ADDR, ext_addr),
	F(map, MAP_EXT_PORT, "ext-port", U32, ext_port),
	F(map, MAP_EXT_ZONE, "ext-zone", U32, ext_zone),
	F(map, MAP_POOL, "pool", TEXT, pool),
	F(map, MAP_RULE, "rule", U64, rule),
	F(map, MAP_OWNER, "owner", OWNER, owner),
	F(map, MAP_FLOWS, "flows", U32, flows),
};
SET(map, MAP, "map");

static const struct natfw_field test_fields[] = {
	F(test, TEST_IFINDEX, "ifindex", U32, ifindex),
	F(test, TEST_IFNAME, "ifname", IFNAME, ifname),
	F(test, TEST_SRC, "src", ADDR, src),
	F(test, TEST_DST, "dst", ADDR, dst),
	F(test, TEST_PROTO, "proto", U32, proto),
	F(test, TEST_SPORT, "sport", U32, sport),
	F(test, TEST_DPORT, "dport", U32, dport),
	F(test, TEST_ICMP_TYPE, "icmp-type", U32, icmp_type),
	F(test, TEST_ICMP_CODE, "icmp-code", U32, icmp_code),
	F(test, TEST_SPI, "spi", U32, spi),
	F(test, TEST_DSCP, "dscp", U32, dscp),
	F(test, TEST_FLOW_LABEL, "flow-label", U32, flow_label),
	FE(test, TEST_SOURCE, "source", source, test_source),
	FE(test, TEST_ACTION, "action", action, action),
	FE(test, TEST_VERDICT, "verdict", verdict, verdict),
	F(test, TEST_RULE, "rule", U64, rule),
	FE(test, TEST_EMIT, "emit", emit, emit),
	FN(test, TEST_XLAT, "xlat", NEST, xlat, tuple),
	F(test, TEST_SUBTABLES, "subtables", U32, subtables),
};
SET(test, TEST, "test");

static const struct natfw_field stats_fields[] = {
	FN(stats, STATS_COUNTER, "counter", LIST, counter, counter),
};
SET(stats, STATS, "stats");

static const struct natfw_field txn_info_fields[] = {
	F(txn_info, TXN_STAGED, "staged", U32, staged),
	F(txn_info, TXN_GENERATION, "generation", U32, generation),
};
const struct natfw_set natfw_txn_set = {
	"txn", txn_info_fields, NATFW_A_TXN_MAX, sizeof(struct natfw_txn_info)
};

static const struct natfw_field overrun_fields[] = {
	F(overrun, EVENT_LOST, "lost", U32, lost),
	F(overrun, EVENT_COUNT, "count", U32, count),
};
SET(overrun, EVENT, "event");

static const struct natfw_set *const command_sets[NATFW_CMD_MAX + 1] = {
	[NATFW_CMD_INFO_GET] = &natfw_info_set,
	[NATFW_CMD_NET_GET] = &natfw_net_set,
	[NATFW_CMD_NET_SET] = &natfw_net_set,
	[NATFW_CMD_DEV_NEW] = &natfw_dev_set,
	[NATFW_CMD_DEV_SET] = &natfw_dev_set,
	[NATFW_CMD_DEV_DEL] = &natfw_dev_set,
	[NATFW_CMD_DEV_GET] = &natfw_dev_set,
	[NATFW_CMD_RULE_NEW] = &natfw_rule_set,
	[NATFW_CMD_RULE_SET] = &natfw_rule_set,
	[NATFW_CMD_RULE_DEL] = &natfw_rule_set,
	[NATFW_CMD_RULE_FLUSH] = &natfw_rule_set,
	[NATFW_CMD_RULE_GET] = &natfw_rule_set,
	[NATFW_CMD_POOL_NEW] = &natfw_pool_set,
	[NATFW_CMD_POOL_SET] = &natfw_pool_set,
	[NATFW_CMD_POOL_DEL] = &natfw_pool_set,
	[NATFW_CMD_POOL_GET] = &natfw_pool_set,
	[NATFW_CMD_FLOW_GET] = &natfw_flow_set,
	[NATFW_CMD_FLOW_DEL] = &natfw_flow_set,
	[NATFW_CMD_MAP_GET] = &natfw_map_set,
	[NATFW_CMD_STATS_GET] = &natfw_stats_set,
	[NATFW_CMD_TEST] = &natfw_test_set,
	[NATFW_CMD_TXN_BEGIN] = &natfw_txn_set,
	[NATFW_CMD_TXN_COMMIT] = &natfw_txn_set,
	[NATFW_CMD_TXN_ABORT] = &natfw_txn_set,
};

static const struct {
	const char *name;
	const struct natfw_set *set;
} events[] = {
	[NATFW_CMD_DEV_NEW_NTF] = { "dev-new", &natfw_dev_set },
	[NATFW_CMD_DEV_DEL_NTF] = { "dev-del", &natfw_dev_set },
	[NATFW_CMD_RULE_NEW_NTF] = { "rule-new", &natfw_rule_set },
	[NATFW_CMD_RULE_DEL_NTF] = { "rule-del", &natfw_rule_set },
	[NATFW_CMD_POOL_WATERMARK_NTF] = { "pool-watermark", &natfw_pool_set },
	[NATFW_CMD_POOL_EXHAUSTED_NTF] = { "pool-exhausted", &natfw_pool_set },
	[NATFW_CMD_LIMIT_NTF] = { "limit", &natfw_net_set },
	[NATFW_CMD_MAP_NEW_NTF] = { "map-new", &natfw_map_set },
	[NATFW_CMD_MAP_DEL_NTF] = { "map-del", &natfw_map_set },
	[NATFW_CMD_OVERRUN_NTF] = { "overrun", &natfw_overrun_set },
};

#define NEVENTS	(sizeof(events) / sizeof(events[0]))

const struct natfw_set *natfw_command_set(unsigned int cmd)
{
	return cmd <= NATFW_CMD_MAX ? command_sets[cmd] : NULL;
}

const struct natfw_set *natfw_event_set(unsigned int ntf)
{
	return ntf < NEVENTS ? events[ntf].set : NULL;
}

const char *natfw_event_name(unsigned int ntf)
{
	return ntf < NEVENTS ? events[ntf].name : NULL;
}
