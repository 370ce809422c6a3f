// SPDX-License-Identifier: GPL-2.0-only
/*
 * Netlink: which rule a packet would hit. There is no packet: what parsing one
 * would find out is filled in from the request.
 */
#include <linux/icmp.h>
#include <linux/icmpv6.h>

#include "emit.h"
#include "event.h"
#include "flow.h"
#include "net.h"
#include "netlink.h"
#include "rule.h"

/* Name the first attribute that is missing. */
static int require(struct genl_info *info)
{
	if (!info->attrs[NATFW_A_TEST_IFINDEX] && !info->attrs[NATFW_A_TEST_IFNAME]) {
		NL_SET_ERR_MSG(info->extack, "ingress device is missing");
		NL_SET_ERR_ATTR_MISS(info->extack, NULL, NATFW_A_TEST_IFINDEX);
		return -EINVAL;
	}
	if (GENL_REQ_ATTR_CHECK(info, NATFW_A_TEST_SRC) ||
	    GENL_REQ_ATTR_CHECK(info, NATFW_A_TEST_DST) ||
	    GENL_REQ_ATTR_CHECK(info, NATFW_A_TEST_PROTO)) {
		NL_SET_ERR_MSG(info->extack, "packet without source, destination or protocol");
		return -EINVAL;
	}
	return 0;
}

static int get_addrs(const struct genl_info *info, struct natfw_pkt *p)
{
	struct nlattr *dst = info->attrs[NATFW_A_TEST_DST];
	int err;

	err = natfw_nl_get_addr(info->attrs[NATFW_A_TEST_SRC], &p->key.src,
				info->extack) ?:
	      natfw_nl_get_addr(dst, &p->key.dst, info->extack);
	if (err)
		return err;
	if (natfw_addr_is4(&p->key.src) != natfw_addr_is4(&p->key.dst))
		return natfw_nl_refuse(info->extack, dst, "addresses are of different families");
	if (!natfw_key_is4(&p->key))
		p->flags |= NATFW_P_V6;
	return 0;
}

static u32 get_u32(const struct nlattr *attr)
{
	return attr ? nla_get_u32(attr) : 0;
}

static int get_ports(const struct genl_info *info, struct natfw_pkt *p)
{
	struct nlattr *sport = info->attrs[NATFW_A_TEST_SPORT];
	struct nlattr *dport = info->attrs[NATFW_A_TEST_DPORT];

	if (!natfw_proto_has_id(p->key.proto) && (sport || dport))
		return natfw_nl_refuse(info->extack, sport ? sport : dport,
			      "the protocol has no ports");
	p->key.sport = htons(get_u32(sport));
	p->key.dport = htons(get_u32(dport));
	return 0;
}

/* An identifier goes with a query; sport of a request, dport of a reply. */
static bool icmp_has_id(const struct natfw_pkt *p)
{
	if (p->key.proto == IPPROTO_ICMPV6)
		return p->icmp_type == ICMPV6_ECHO_REQUEST ||
		       p->icmp_type == ICMPV6_ECHO_REPLY;
	return p->icmp_type == ICMP_ECHO || p->icmp_type == ICMP_ECHOREPLY ||
	       p->icmp_type == ICMP_TIMESTAMP || p->icmp_type == ICMP_TIMESTAMPREPLY;
}

static int get_icmp(const struct genl_info *info, struct natfw_pkt *p)
{
	struct nlattr *type = info->attrs[NATFW_A_TEST_ICMP_TYPE];
	struct nlattr *code = info->attrs[NATFW_A_TEST_ICMP_CODE];

	if (p->key.proto != IPPROTO_ICMP && p->key.proto != IPPROTO_ICMPV6) {
		if (type || code)
			return natfw_nl_refuse(info->extack, type ? type : code,
				      "ICMP type or code, but another protocol");
		return 0;
	}
	if (p->key.proto != (natfw_pkt_is6(p) ? IPPROTO_ICMPV6 : IPPROTO_ICMP))
		return natfw_nl_refuse(info->extack, info->attrs[NATFW_A_TEST_PROTO],
			      "ICMP of another address family");
	p->icmp_type = type ? nla_get_u32(type) :
		       natfw_pkt_is6(p) ? ICMPV6_ECHO_REQUEST : ICMP_ECHO;
	p->icmp_code = get_u32(code);
	if (icmp_has_id(p))
		p->flags |= NATFW_P_QUERY;
	else
		p->key.ports = 0;
	return 0;
}

static int get_spi(const struct genl_info *info, struct natfw_pkt *p)
{
	struct nlattr *attr = info->attrs[NATFW_A_TEST_SPI];

	if (!attr)
		return 0;
	if (p->key.proto != IPPROTO_ESP && p->key.proto != IPPROTO_AH)
		return natfw_nl_refuse(info->extack, attr, "SPI needs protocol ESP or AH");
	p->key.ports = htonl(nla_get_u32(attr));
	return 0;
}

static int get_label(const struct genl_info *info, struct natfw_pkt *p)
{
	struct nlattr *attr = info->attrs[NATFW_A_TEST_FLOW_LABEL];

	if (attr && !natfw_pkt_is6(p))
		return natfw_nl_refuse(info->extack, attr, "only IPv6 packets have a flow label");
	p->flow_label = get_u32(attr);
	return 0;
}

static int get_packet(struct natfw_net *nn, struct genl_info *info,
		      struct natfw_pkt *p)
{
	struct natfw_dev *nd;
	int err;

	err = require(info);
	if (err)
		return err;
	nd = natfw_nl_get_dev(nn, info->attrs[NATFW_A_TEST_IFINDEX],
			      info->attrs[NATFW_A_TEST_IFNAME], info->extack);
	if (IS_ERR(nd))
		return PTR_ERR(nd);
	p->nn = nn;
	p->nd = nd;
	p->gen = nn->gen;
	p->ttl = 64;
	p->dscp = get_u32(info->attrs[NATFW_A_TEST_DSCP]);
	p->key.kind = NATFW_KIND_FLOW;
	p->key.zone = nd->zone;
	p->key.proto = nla_get_u32(info->attrs[NATFW_A_TEST_PROTO]);
	err = get_addrs(info, p) ?: get_ports(info, p) ?: get_icmp(info, p) ?:
	      get_spi(info, p) ?: get_label(info, p);
	if (!err)
		p->hash = natfw_table_hash(&nn->table, &p->key);
	return err;
}

static int xlat_put(struct sk_buff *skb, const struct natfw_pkt *p,
		    const struct natfw_xlat *x)
{
	struct nlattr *nest = nla_nest_start(skb, NATFW_A_TEST_XLAT);
	struct natfw_key key = p->key;

	key.src = x->src;
	key.dst = x->dst;
	if (natfw_proto_has_id(key.proto)) {
		key.sport = x->sport;
		key.dport = x->dport;
	}
	if (!nest || natfw_nl_put_key(skb, &key))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int rule_put(struct sk_buff *skb, const struct natfw_pkt *p,
		    const struct natfw_test_result *res)
{
	if (nla_put_u32(skb, NATFW_A_TEST_ACTION, res->rule->action) ||
	    nla_put_u64_64bit(skb, NATFW_A_TEST_RULE, res->rule->id, NATFW_A_TEST_PAD) ||
	    nla_put_u32(skb, NATFW_A_TEST_EMIT, natfw_emit_mode(p, res->emit)))
		return -EMSGSIZE;
	return res->has_xlat ? xlat_put(skb, p, &res->xlat) : 0;
}

static int result_put(struct sk_buff *skb, const struct natfw_nl_head *head,
		      const struct natfw_pkt *p, const struct natfw_test_result *res)
{
	void *hdr = natfw_nl_begin(skb, head);
	int err;

	if (!hdr || nla_put_u32(skb, NATFW_A_TEST_SOURCE, res->source) ||
	    nla_put_u32(skb, NATFW_A_TEST_SUBTABLES, res->subtables))
		return -EMSGSIZE;
	if (res->rule)
		err = rule_put(skb, p, res);
	else
		err = nla_put_u32(skb, NATFW_A_TEST_VERDICT, p->nd->default_verdict);
	if (err)
		return err;
	genlmsg_end(skb, hdr);
	return 0;
}

static int test(struct natfw_net *nn, struct genl_info *info,
		struct sk_buff *reply, const struct natfw_nl_head *head)
{
	struct natfw_test_result res;
	struct natfw_pkt p = {};
	int err;

	err = get_packet(nn, info, &p);
	if (err)
		return err;
	rcu_read_lock();
	natfw_test_pkt(&p, &res);
	err = result_put(reply, head, &p, &res);
	rcu_read_unlock();
	return err;
}

int natfw_nl_test_doit(struct sk_buff *skb, struct genl_info *info)
{
	return natfw_nl_read(info, NLMSG_DEFAULT_SIZE, test);
}
