// SPDX-License-Identifier: GPL-2.0-only
/*
 * Netlink: what a rule matches and how it translates, two nests of a rule's
 * attributes. Called by nl_rule.c, with nn->lock.
 *
 * What can be said of a request without knowing other rules is checked here,
 * so that a refusal names the attribute; rule.c has the rest.
 */
#include "net.h"
#include "netlink.h"
#include "pool.h"
#include "rule.h"

/*
 * Writing
 */

static u8 prefix_len(const union natfw_addr *addr, u8 len)
{
	return natfw_addr_is4(addr) && len >= 96 ? len - 96 : len;
}

static int prefix_put(struct sk_buff *skb, int type, int len_type,
		      const union natfw_addr *addr, u8 len)
{
	if (natfw_nl_put_addr(skb, type, addr) ||
	    nla_put_u32(skb, len_type, prefix_len(addr, len)))
		return -EMSGSIZE;
	return 0;
}

static int range_put(struct sk_buff *skb, int type, u16 min, u16 max)
{
	if (nla_put_u32(skb, type, min) ||
	    (max != min && nla_put_u32(skb, type + 1, max)))
		return -EMSGSIZE;
	return 0;
}

static int match_put_addrs(struct sk_buff *skb, const struct natfw_match *m)
{
	if (m->set & NATFW_M_FAMILY &&
	    nla_put_u32(skb, NATFW_A_MATCH_FAMILY, m->is4 ? 4 : 6))
		return -EMSGSIZE;
	if (m->set & NATFW_M_SRC &&
	    prefix_put(skb, NATFW_A_MATCH_SRC, NATFW_A_MATCH_SRC_LEN, &m->src,
		       m->src_len))
		return -EMSGSIZE;
	if (m->set & NATFW_M_DST &&
	    prefix_put(skb, NATFW_A_MATCH_DST, NATFW_A_MATCH_DST_LEN, &m->dst,
		       m->dst_len))
		return -EMSGSIZE;
	return 0;
}

static int match_put_upper(struct sk_buff *skb, const struct natfw_match *m)
{
	if (m->set & NATFW_M_PROTO && nla_put_u32(skb, NATFW_A_MATCH_PROTO, m->proto))
		return -EMSGSIZE;
	if (m->set & NATFW_M_SPORT &&
	    range_put(skb, NATFW_A_MATCH_SPORT, m->sport_min, m->sport_max))
		return -EMSGSIZE;
	if (m->set & NATFW_M_DPORT &&
	    range_put(skb, NATFW_A_MATCH_DPORT, m->dport_min, m->dport_max))
		return -EMSGSIZE;
	if (m->set & NATFW_M_TYPE &&
	    nla_put_u32(skb, NATFW_A_MATCH_ICMP_TYPE, m->icmp_type))
		return -EMSGSIZE;
	if (m->set & NATFW_M_CODE &&
	    nla_put_u32(skb, NATFW_A_MATCH_ICMP_CODE, m->icmp_code))
		return -EMSGSIZE;
	if (m->set & NATFW_M_SPI &&
	    nla_put_u32(skb, NATFW_A_MATCH_SPI, ntohl(m->spi)))
		return -EMSGSIZE;
	return 0;
}

static int match_put_rest(struct sk_buff *skb, const struct natfw_match *m)
{
	if (m->set & NATFW_M_DSCP && nla_put_u32(skb, NATFW_A_MATCH_DSCP, m->dscp))
		return -EMSGSIZE;
	if (m->set & NATFW_M_LABEL &&
	    nla_put_u32(skb, NATFW_A_MATCH_FLOW_LABEL, m->flow_label))
		return -EMSGSIZE;
	if (m->set & NATFW_M_DEV &&
	    nla_put_u32(skb, NATFW_A_MATCH_IFINDEX, m->ifindex))
		return -EMSGSIZE;
	if (m->set & NATFW_M_ZONE && nla_put_u32(skb, NATFW_A_MATCH_ZONE, m->zone))
		return -EMSGSIZE;
	return 0;
}

int natfw_nl_match_put(struct sk_buff *skb, const struct natfw_rule *r)
{
	struct nlattr *nest = nla_nest_start(skb, NATFW_A_RULE_MATCH);
	struct natfw_match m;
	struct net_device *dev;
	int err = 0;

	natfw_rule_match(r, &m);
	if (!nest || match_put_addrs(skb, &m) || match_put_upper(skb, &m) ||
	    match_put_rest(skb, &m))
		return -EMSGSIZE;
	/* attached or not: without it the rule would read as a wider one */
	rcu_read_lock();
	dev = m.set & NATFW_M_DEV ? dev_get_by_index_rcu(r->nn->net, m.ifindex) : NULL;
	if (dev)
		err = nla_put_string(skb, NATFW_A_MATCH_IFNAME, dev->name);
	rcu_read_unlock();
	if (err)
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int nat_put_parts(struct sk_buff *skb, const struct natfw_nat *n)
{
	if (n->set & NATFW_N_SRC &&
	    prefix_put(skb, NATFW_A_NAT_SRC, NATFW_A_NAT_SRC_LEN, &n->src, n->src_len))
		return -EMSGSIZE;
	if (n->set & NATFW_N_SPORT &&
	    range_put(skb, NATFW_A_NAT_SPORT, n->sport_min, n->sport_max))
		return -EMSGSIZE;
	if (n->set & NATFW_N_POOL &&
	    nla_put_string(skb, NATFW_A_NAT_POOL, n->pool->conf.name))
		return -EMSGSIZE;
	if (n->set & NATFW_N_DST &&
	    prefix_put(skb, NATFW_A_NAT_DST, NATFW_A_NAT_DST_LEN, &n->dst, n->dst_len))
		return -EMSGSIZE;
	if (n->set & NATFW_N_DPORT &&
	    range_put(skb, NATFW_A_NAT_DPORT, n->dport_min, n->dport_max))
		return -EMSGSIZE;
	if (n->set & NATFW_N_OUT_ZONE &&
	    nla_put_u32(skb, NATFW_A_NAT_OUT_ZONE, n->out_zone))
		return -EMSGSIZE;
	return 0;
}

int natfw_nl_nat_put(struct sk_buff *skb, const struct natfw_rule *r)
{
	struct nlattr *nest;

	if (r->action != NATFW_ACTION_NAT)
		return 0;
	nest = nla_nest_start(skb, NATFW_A_RULE_NAT);
	if (!nest || nat_put_parts(skb, &r->nat))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/*
 * Reading: match
 */

/* An IPv4 prefix length becomes one of the mapped form. */
static int get_prefix(struct nlattr *attr, struct nlattr *len_attr,
		      union natfw_addr *addr, u8 *len,
		      struct netlink_ext_ack *extack)
{
	u32 bits, top;
	int err, i;

	err = natfw_nl_get_addr(attr, addr, extack);
	if (err)
		return err;
	top = natfw_addr_is4(addr) ? 32 : 128;
	bits = len_attr ? nla_get_u32(len_attr) : top;
	if (bits > top)
		return natfw_nl_refuse(extack, len_attr, "prefix is longer than the address");
	*len = bits + 128 - top;
	for (i = *len; i < 128; i++) {
		if (addr->b[i / 8] & (0x80 >> (i % 8)))
			return natfw_nl_refuse(extack, attr,
					       "address has bits set beyond its prefix");
	}
	return 0;
}

/* One side's address; a prefix of no bits leaves but the family. */
static int get_match_addr(struct nlattr *attr, struct nlattr *len_attr, u16 bit,
			  struct natfw_match *m, union natfw_addr *addr, u8 *len,
			  struct netlink_ext_ack *extack)
{
	bool is4;
	int err;

	if (!attr)
		return len_attr ? natfw_nl_refuse(extack, len_attr, "prefix length without address")
				: 0;
	err = get_prefix(attr, len_attr, addr, len, extack);
	if (err)
		return err;
	is4 = natfw_addr_is4(addr);
	if (m->set & NATFW_M_FAMILY && m->is4 != is4)
		return natfw_nl_refuse(extack, attr, "address is of another family");
	m->set |= NATFW_M_FAMILY;
	m->is4 = is4;
	if (*len > (is4 ? 96 : 0)) {
		m->set |= bit;
		return 0;
	}
	memset(addr, 0, sizeof(*addr));
	*len = 0;
	return 0;
}

static int get_family(struct nlattr *attr, struct natfw_match *m,
		      struct netlink_ext_ack *extack)
{
	u32 family;

	if (!attr)
		return 0;
	family = nla_get_u32(attr);
	if (family != 4 && family != 6)
		return natfw_nl_refuse(extack, attr, "family is neither 4 nor 6");
	m->set |= NATFW_M_FAMILY;
	m->is4 = family == 4;
	return 0;
}

/* The family a field is of must be that of the match. */
static int imply_family(struct natfw_match *m, bool is4, struct nlattr *attr,
			struct netlink_ext_ack *extack)
{
	if (m->set & NATFW_M_FAMILY && m->is4 != is4)
		return natfw_nl_refuse(extack, attr, "not in packets of this address family");
	m->set |= NATFW_M_FAMILY;
	m->is4 = is4;
	return 0;
}

static int get_proto(struct nlattr *attr, struct natfw_match *m,
		     struct netlink_ext_ack *extack)
{
	if (!attr)
		return 0;
	m->set |= NATFW_M_PROTO;
	m->proto = nla_get_u32(attr);
	if (m->proto == IPPROTO_ICMP)
		return imply_family(m, true, attr, extack);
	if (m->proto == IPPROTO_ICMPV6)
		return imply_family(m, false, attr, extack);
	return 0;
}

/* A port or range of ports. @ok: the protocol has them. */
static int get_ports(struct nlattr *first, struct nlattr *last, bool ok,
		     u16 *min, u16 *max, struct netlink_ext_ack *extack)
{
	if (!first)
		return last ? natfw_nl_refuse(extack, last,
					      "upper end of a port range without lower")
			    : 0;
	if (!ok)
		return natfw_nl_refuse(extack, first, "ports need a protocol that has them");
	*min = nla_get_u32(first);
	*max = last ? nla_get_u32(last) : *min;
	if (*max < *min)
		return natfw_nl_refuse(extack, last, "port range ends before it begins");
	return 0;
}

static int get_match_ports(struct nlattr **tb, struct natfw_match *m,
			   struct netlink_ext_ack *extack)
{
	bool ok = m->set & NATFW_M_PROTO && natfw_proto_has_ports(m->proto);
	int err;

	err = get_ports(tb[NATFW_A_MATCH_SPORT], tb[NATFW_A_MATCH_SPORT_MAX], ok,
			&m->sport_min, &m->sport_max, extack);
	if (err)
		return err;
	err = get_ports(tb[NATFW_A_MATCH_DPORT], tb[NATFW_A_MATCH_DPORT_MAX], ok,
			&m->dport_min, &m->dport_max, extack);
	if (err)
		return err;
	if (tb[NATFW_A_MATCH_SPORT])
		m->set |= NATFW_M_SPORT;
	if (tb[NATFW_A_MATCH_DPORT])
		m->set |= NATFW_M_DPORT;
	return 0;
}

static int get_icmp(struct nlattr **tb, struct natfw_match *m,
		    struct netlink_ext_ack *extack)
{
	struct nlattr *type = tb[NATFW_A_MATCH_ICMP_TYPE];
	struct nlattr *code = tb[NATFW_A_MATCH_ICMP_CODE];

	if (code && !type)
		return natfw_nl_refuse(extack, code, "ICMP code without type");
	if (!type)
		return 0;
	if (!(m->set & NATFW_M_PROTO) ||
	    (m->proto != IPPROTO_ICMP && m->proto != IPPROTO_ICMPV6))
		return natfw_nl_refuse(extack, type, "ICMP type needs protocol ICMP or ICMPv6");
	m->set |= NATFW_M_TYPE;
	m->icmp_type = nla_get_u32(type);
	if (!code)
		return 0;
	m->set |= NATFW_M_CODE;
	m->icmp_code = nla_get_u32(code);
	return 0;
}

static int get_spi(struct nlattr *attr, struct natfw_match *m,
		   struct netlink_ext_ack *extack)
{
	if (!attr)
		return 0;
	if (!(m->set & NATFW_M_PROTO) ||
	    (m->proto != IPPROTO_ESP && m->proto != IPPROTO_AH))
		return natfw_nl_refuse(extack, attr, "SPI needs protocol ESP or AH");
	m->set |= NATFW_M_SPI;
	m->spi = htonl(nla_get_u32(attr));
	return 0;
}

static int get_marks(struct nlattr **tb, struct natfw_match *m,
		     struct netlink_ext_ack *extack)
{
	struct nlattr *dscp = tb[NATFW_A_MATCH_DSCP];
	struct nlattr *label = tb[NATFW_A_MATCH_FLOW_LABEL];

	if (dscp) {
		m->set |= NATFW_M_DSCP;
		m->dscp = nla_get_u32(dscp);
	}
	if (!label)
		return 0;
	m->set |= NATFW_M_LABEL;
	m->flow_label = nla_get_u32(label);
	return imply_family(m, false, label, extack);
}

static int get_zone(struct nlattr *attr, bool any, struct natfw_match *m,
		    struct netlink_ext_ack *extack)
{
	if (any)
		return attr ? natfw_nl_refuse(extack, attr,
					      "a zone, and the flag that says any zone")
			    : 0;
	m->set |= NATFW_M_ZONE;
	m->zone = attr ? nla_get_u32(attr) : 0;
	return 0;
}

/* The zone is known by now. */
static int get_ingress(struct natfw_net *nn, struct nlattr **tb,
		       struct natfw_match *m, struct netlink_ext_ack *extack)
{
	struct nlattr *index = tb[NATFW_A_MATCH_IFINDEX];
	struct nlattr *name = tb[NATFW_A_MATCH_IFNAME];
	struct natfw_dev *nd;

	if (!index && !name)
		return 0;
	nd = natfw_nl_get_dev(nn, index, name, extack);
	if (IS_ERR(nd))
		return PTR_ERR(nd);
	if (m->set & NATFW_M_ZONE && m->zone != nd->zone)
		return natfw_nl_refuse(extack, index ? index : name,
			      "the device is in another zone than the match");
	m->set |= NATFW_M_DEV;
	m->ifindex = nd->dev->ifindex;
	return 0;
}

int natfw_nl_get_match(struct natfw_net *nn, struct nlattr *nest,
		       struct natfw_rule_spec *spec, struct netlink_ext_ack *extack)
{
	bool any = spec->flags & NATFW_RULE_FLAG_ZONE_ANY;
	struct natfw_match *m = &spec->match;
	struct nlattr *tb[NATFW_A_MATCH_MAX + 1];
	int err;

	err = natfw_nl_nest(tb, NATFW_A_MATCH_MAX, nest);
	if (err)
		return natfw_nl_explain(extack, err);
	return get_family(tb[NATFW_A_MATCH_FAMILY], m, extack) ?:
	       get_match_addr(tb[NATFW_A_MATCH_SRC], tb[NATFW_A_MATCH_SRC_LEN],
			      NATFW_M_SRC, m, &m->src, &m->src_len, extack) ?:
	       get_match_addr(tb[NATFW_A_MATCH_DST], tb[NATFW_A_MATCH_DST_LEN],
			      NATFW_M_DST, m, &m->dst, &m->dst_len, extack) ?:
	       get_proto(tb[NATFW_A_MATCH_PROTO], m, extack) ?:
	       get_match_ports(tb, m, extack) ?:
	       get_icmp(tb, m, extack) ?:
	       get_spi(tb[NATFW_A_MATCH_SPI], m, extack) ?:
	       get_marks(tb, m, extack) ?:
	       get_zone(tb[NATFW_A_MATCH_ZONE], any, m, extack) ?:
	       get_ingress(nn, tb, m, extack);
}

/*
 * Reading: translation
 */

/* @one: many addresses may become one. */
static int get_nat_addr(struct nlattr *attr, struct nlattr *len_attr, bool one,
			u8 match_len, struct natfw_match *m,
			union natfw_addr *addr, u8 *len,
			struct netlink_ext_ack *extack)
{
	int err;

	if (!attr)
		return len_attr ? natfw_nl_refuse(extack, len_attr, "prefix length without address")
				: 0;
	err = get_prefix(attr, len_attr, addr, len, extack);
	if (err)
		return err;
	err = imply_family(m, natfw_addr_is4(addr), attr, extack);
	if (err)
		return err;
	if (*len == match_len || (one && *len == 128))
		return 0;
	if (*len == 128)
		return natfw_nl_refuse(extack, attr,
				       "many source addresses cannot become one; use a pool");
	return natfw_nl_refuse(extack, len_attr ? len_attr : attr,
		      "prefix is not as long as that of the match");
}

static u8 matched_len(const struct natfw_match *m, u16 bit, u8 len)
{
	return m->set & bit ? len : 0;
}

/* A range of ports, which must be as long as the one matched. */
static int get_nat_ports(struct nlattr *first, struct nlattr *last,
			 const struct natfw_match *m, bool matched,
			 u16 match_min, u16 match_max, u16 *min, u16 *max,
			 struct netlink_ext_ack *extack)
{
	bool ok = m->set & NATFW_M_PROTO && natfw_proto_has_ports(m->proto);
	int err;

	err = get_ports(first, last, ok, min, max, extack);
	if (err || !first || *max == *min)
		return err;
	if (!matched || *max - *min != match_max - match_min)
		return natfw_nl_refuse(extack, last,
				       "port range is not as long as that of the match");
	return 0;
}

static int get_pool(struct natfw_net *nn, struct nlattr **tb, struct natfw_match *m,
		    struct natfw_nat *n, struct netlink_ext_ack *extack)
{
	struct nlattr *attr = tb[NATFW_A_NAT_POOL];

	if (!attr)
		return 0;
	if (tb[NATFW_A_NAT_SRC] || tb[NATFW_A_NAT_SPORT])
		return natfw_nl_refuse(extack, attr, "source from a pool, and given too");
	n->pool = natfw_pool_find(nn, nla_data(attr));
	if (!n->pool) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "no such pool");
		return -ENOENT;
	}
	if (m->set & NATFW_M_PROTO && !natfw_proto_has_id(m->proto)) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "the protocol has nothing a pool could translate");
		return -EOPNOTSUPP;
	}
	n->set |= NATFW_N_POOL;
	return imply_family(m, natfw_pool_is4(n->pool), attr, extack);
}

static void note_nat(struct nlattr **tb, struct natfw_nat *n)
{
	if (tb[NATFW_A_NAT_SRC])
		n->set |= NATFW_N_SRC;
	if (tb[NATFW_A_NAT_SPORT])
		n->set |= NATFW_N_SPORT;
	if (tb[NATFW_A_NAT_DST])
		n->set |= NATFW_N_DST;
	if (tb[NATFW_A_NAT_DPORT])
		n->set |= NATFW_N_DPORT;
	if (!tb[NATFW_A_NAT_OUT_ZONE])
		return;
	n->set |= NATFW_N_OUT_ZONE;
	n->out_zone = nla_get_u32(tb[NATFW_A_NAT_OUT_ZONE]);
}

static int get_nat_parts(struct natfw_net *nn, struct nlattr **tb,
			 struct natfw_match *m, struct natfw_nat *n,
			 struct netlink_ext_ack *extack)
{
	u8 src_len = matched_len(m, NATFW_M_SRC, m->src_len);
	u8 dst_len = matched_len(m, NATFW_M_DST, m->dst_len);

	return get_pool(nn, tb, m, n, extack) ?:
	       get_nat_addr(tb[NATFW_A_NAT_SRC], tb[NATFW_A_NAT_SRC_LEN], false,
			    src_len, m, &n->src, &n->src_len, extack) ?:
	       get_nat_addr(tb[NATFW_A_NAT_DST], tb[NATFW_A_NAT_DST_LEN], true,
			    dst_len, m, &n->dst, &n->dst_len, extack) ?:
	       get_nat_ports(tb[NATFW_A_NAT_SPORT], tb[NATFW_A_NAT_SPORT_MAX], m,
			     m->set & NATFW_M_SPORT, m->sport_min, m->sport_max,
			     &n->sport_min, &n->sport_max, extack) ?:
	       get_nat_ports(tb[NATFW_A_NAT_DPORT], tb[NATFW_A_NAT_DPORT_MAX], m,
			     m->set & NATFW_M_DPORT, m->dport_min, m->dport_max,
			     &n->dport_min, &n->dport_max, extack);
}

int natfw_nl_get_nat(struct natfw_net *nn, struct nlattr *nest,
		     struct natfw_rule_spec *spec, struct netlink_ext_ack *extack)
{
	struct nlattr *tb[NATFW_A_NAT_MAX + 1];
	int err;

	if (spec->action != NATFW_ACTION_NAT)
		return nest ? natfw_nl_refuse(extack, nest,
					      "translation, but the action is another")
			    : 0;
	if (!nest) {
		NL_SET_ERR_MSG(extack, "action nat without translation");
		NL_SET_ERR_ATTR_MISS(extack, NULL, NATFW_A_RULE_NAT);
		return -EINVAL;
	}
	err = natfw_nl_nest(tb, NATFW_A_NAT_MAX, nest);
	if (err)
		return natfw_nl_explain(extack, err);
	note_nat(tb, &spec->nat);
	err = get_nat_parts(nn, tb, &spec->match, &spec->nat, extack);
	if (!err && !(spec->nat.set & ~NATFW_N_OUT_ZONE))
		return natfw_nl_refuse(extack, nest, "translation is empty");
	return err;
}
