// SPDX-License-Identifier: GPL-2.0-only
/*
 * Netlink: external address pools, and the mappings made from them.
 */
#include <linux/log2.h>
#include <linux/slab.h>

#include "event.h"
#include "net.h"
#include "netlink.h"
#include "pool.h"
#include "rule.h"
#include "txn.h"

static const struct natfw_pool_conf pool_defaults = {
	.port_min = 1024,
	.port_max = 65535,
	.hold = 120,
	.watermark = 80,
	.mapping = NATFW_MAPPING_ENDPOINT_INDEPENDENT,
	.filtering = NATFW_FILTERING_ENDPOINT_INDEPENDENT,
};

/*
 * Writing
 */

size_t natfw_nl_pool_size(const struct natfw_pool *p)
{
	return 512 + p->nranges * nla_total_size(2 * nla_total_size(16));
}

static int ranges_put(struct sk_buff *skb, const struct natfw_pool *p)
{
	struct nlattr *nest;
	u32 i;

	for (i = 0; i < p->nranges; i++) {
		nest = nla_nest_start(skb, NATFW_A_POOL_RANGE);
		if (!nest ||
		    natfw_nl_put_addr(skb, NATFW_A_RANGE_FIRST, &p->ranges[i].first) ||
		    natfw_nl_put_addr(skb, NATFW_A_RANGE_LAST, &p->ranges[i].last))
			return -EMSGSIZE;
		nla_nest_end(skb, nest);
	}
	return 0;
}

static int conf_put(struct sk_buff *skb, const struct natfw_pool_conf *c)
{
	if (nla_put_u32(skb, NATFW_A_POOL_PORT_MIN, c->port_min) ||
	    nla_put_u32(skb, NATFW_A_POOL_PORT_MAX, c->port_max) ||
	    nla_put_u32(skb, NATFW_A_POOL_ZONE, c->zone) ||
	    nla_put_u32(skb, NATFW_A_POOL_MAPPING, c->mapping) ||
	    nla_put_u32(skb, NATFW_A_POOL_FILTERING, READ_ONCE(c->filtering)) ||
	    nla_put_u32(skb, NATFW_A_POOL_FLAGS, READ_ONCE(c->flags)) ||
	    nla_put_u32(skb, NATFW_A_POOL_HOST_QUOTA, READ_ONCE(c->host_quota)) ||
	    nla_put_u32(skb, NATFW_A_POOL_OWNER_QUOTA, READ_ONCE(c->owner_quota)) ||
	    nla_put_u32(skb, NATFW_A_POOL_BLOCK_SIZE, c->block_size) ||
	    nla_put_u32(skb, NATFW_A_POOL_HOLD, READ_ONCE(c->hold)) ||
	    nla_put_u32(skb, NATFW_A_POOL_WATERMARK, READ_ONCE(c->watermark)))
		return -EMSGSIZE;
	return 0;
}

static int pool_gauges_put(struct sk_buff *skb, struct natfw_pool *p)
{
	struct natfw_pool_gauges g;

	natfw_pool_gauge(p, &g);
	if (nla_put_u64_64bit(skb, NATFW_A_POOL_PORTS, g.ports, NATFW_A_POOL_PAD) ||
	    nla_put_u64_64bit(skb, NATFW_A_POOL_USED, g.used, NATFW_A_POOL_PAD) ||
	    nla_put_u64_64bit(skb, NATFW_A_POOL_HELD, g.held, NATFW_A_POOL_PAD) ||
	    nla_put_u32(skb, NATFW_A_POOL_HOSTS, g.hosts) ||
	    nla_put_u64_64bit(skb, NATFW_A_POOL_REFUSED, g.refused, NATFW_A_POOL_PAD) ||
	    nla_put_u32(skb, NATFW_A_POOL_RULES, g.rules))
		return -EMSGSIZE;
	return 0;
}

int natfw_nl_pool_put(struct sk_buff *skb, const struct natfw_nl_head *head,
		      struct natfw_pool *p)
{
	void *hdr = natfw_nl_begin(skb, head);

	if (!hdr || nla_put_string(skb, NATFW_A_POOL_NAME, p->conf.name) ||
	    ranges_put(skb, p) || conf_put(skb, &p->conf) ||
	    pool_gauges_put(skb, p)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

/*
 * Reading
 */

static int get_range(const struct nlattr *nest, struct natfw_range *r,
		     struct netlink_ext_ack *extack)
{
	struct nlattr *tb[NATFW_A_RANGE_MAX + 1];
	struct nlattr *last;
	int err;

	err = natfw_nl_nest(tb, NATFW_A_RANGE_MAX, nest);
	if (err)
		return natfw_nl_explain(extack, err);
	if (!tb[NATFW_A_RANGE_FIRST]) {
		NL_SET_ERR_MSG(extack, "range without first address");
		NL_SET_ERR_ATTR_MISS(extack, nest, NATFW_A_RANGE_FIRST);
		return -EINVAL;
	}
	last = tb[NATFW_A_RANGE_LAST] ? tb[NATFW_A_RANGE_LAST] : tb[NATFW_A_RANGE_FIRST];
	err = natfw_nl_get_addr(tb[NATFW_A_RANGE_FIRST], &r->first, extack) ?:
	      natfw_nl_get_addr(last, &r->last, extack);
	if (err)
		return err;
	if (natfw_addr_is4(&r->first) != natfw_addr_is4(&r->last))
		return natfw_nl_refuse(extack, last, "addresses of a range are of one family");
	if (memcmp(&r->first, &r->last, sizeof(r->first)) > 0)
		return natfw_nl_refuse(extack, last, "range ends before it begins");
	return 0;
}

/* Addresses hosts can have. */
static int check_range(const struct nlattr *nest, const struct natfw_range *r,
		       struct netlink_ext_ack *extack)
{
	bool bad;

	if (natfw_addr_is4(&r->first))
		bad = ipv4_is_zeronet(r->first.a32[3]) ||
		      ipv4_is_loopback(r->first.a32[3]) ||
		      ntohl(r->last.a32[3]) >= 0xe0000000;
	else
		bad = ipv6_addr_any(&r->first.in6) ||
		      ipv6_addr_loopback(&r->first.in6) ||
		      ipv6_addr_is_multicast(&r->last.in6);
	return bad ? natfw_nl_refuse(extack, nest, "not addresses of hosts") : 0;
}

/* All ranges, in an array to be freed by the caller. */
static int get_ranges(const struct genl_info *info, struct natfw_range *ranges,
		      u32 *nranges)
{
	const struct nlattr *attr;
	u32 n = 0;
	int rem, err;

	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		if (nla_type(attr) != NATFW_A_POOL_RANGE)
			continue;
		if (n == NATFW_POOL_RANGES)
			return natfw_nl_refuse(info->extack, attr, "more than 64 ranges");
		err = get_range(attr, &ranges[n], info->extack) ?:
		      check_range(attr, &ranges[n], info->extack);
		if (err)
			return err;
		if (natfw_addr_is4(&ranges[n].first) != natfw_addr_is4(&ranges[0].first))
			return natfw_nl_refuse(info->extack, attr,
					       "addresses of a pool are of one family");
		n++;
	}
	*nranges = n;
	if (n)
		return 0;
	NL_SET_ERR_MSG(info->extack, "pool without addresses");
	NL_SET_ERR_ATTR_MISS(info->extack, NULL, NATFW_A_POOL_RANGE);
	return -EINVAL;
}

static void set_u16(u16 *value, const struct nlattr *attr)
{
	if (attr)
		*value = nla_get_u32(attr);
}

static void set_u32(u32 *value, const struct nlattr *attr)
{
	if (attr)
		*value = nla_get_u32(attr);
}

/* What can be changed later. */
static void get_settings(struct nlattr **a, struct natfw_pool_conf *c)
{
	if (a[NATFW_A_POOL_FILTERING])
		c->filtering = nla_get_u32(a[NATFW_A_POOL_FILTERING]);
	set_u32(&c->flags, a[NATFW_A_POOL_FLAGS]);
	set_u32(&c->host_quota, a[NATFW_A_POOL_HOST_QUOTA]);
	set_u32(&c->owner_quota, a[NATFW_A_POOL_OWNER_QUOTA]);
	set_u32(&c->hold, a[NATFW_A_POOL_HOLD]);
	set_u32(&c->watermark, a[NATFW_A_POOL_WATERMARK]);
}

static int check_filtering(const struct genl_info *info,
			   const struct natfw_pool_conf *c)
{
	struct nlattr *attr = info->attrs[NATFW_A_POOL_FILTERING];

	if (c->mapping == NATFW_MAPPING_ENDPOINT_INDEPENDENT ||
	    c->filtering == NATFW_FILTERING_ADDRESS_AND_PORT_DEPENDENT)
		return 0;
	return natfw_nl_refuse(info->extack, attr ? attr : info->attrs[NATFW_A_POOL_MAPPING],
		      "a mapping for each destination admits nobody else: filtering is address-and-port-dependent");
}

static int check_block(const struct nlattr *attr, const struct natfw_pool_conf *c,
		       struct netlink_ext_ack *extack)
{
	if (!c->block_size)
		return 0;
	if (!is_power_of_2(c->block_size) || c->block_size < NATFW_POOL_BLOCK_MIN)
		return natfw_nl_refuse(extack, attr, "block size is not a power of two from 16 on");
	if (DIV_ROUND_UP(c->port_min, c->block_size) >=
	    (c->port_max + 1) / c->block_size)
		return natfw_nl_refuse(extack, attr, "no whole block fits into the port range");
	return 0;
}

static int get_conf(struct genl_info *info, struct natfw_pool_conf *c)
{
	struct nlattr **a = info->attrs;

	if (GENL_REQ_ATTR_CHECK(info, NATFW_A_POOL_NAME)) {
		NL_SET_ERR_MSG(info->extack, "pool without name");
		return -EINVAL;
	}
	if (natfw_nl_check_name(a[NATFW_A_POOL_NAME], info->extack))
		return -EINVAL;
	*c = pool_defaults;
	nla_strscpy(c->name, a[NATFW_A_POOL_NAME], sizeof(c->name));
	set_u16(&c->port_min, a[NATFW_A_POOL_PORT_MIN]);
	set_u16(&c->port_max, a[NATFW_A_POOL_PORT_MAX]);
	set_u16(&c->zone, a[NATFW_A_POOL_ZONE]);
	if (a[NATFW_A_POOL_MAPPING])
		c->mapping = nla_get_u32(a[NATFW_A_POOL_MAPPING]);
	if (c->mapping != NATFW_MAPPING_ENDPOINT_INDEPENDENT)
		c->filtering = NATFW_FILTERING_ADDRESS_AND_PORT_DEPENDENT;
	set_u32(&c->block_size, a[NATFW_A_POOL_BLOCK_SIZE]);
	get_settings(a, c);
	if (c->port_max < c->port_min)
		return natfw_nl_refuse(info->extack, a[NATFW_A_POOL_PORT_MAX] ?
			      a[NATFW_A_POOL_PORT_MAX] : a[NATFW_A_POOL_PORT_MIN],
			      "port range ends before it begins");
	return check_block(a[NATFW_A_POOL_BLOCK_SIZE], c, info->extack) ?:
	       check_filtering(info, c);
}

/*
 * Handlers
 */

/* The pool that the request names, or ERR_PTR with extack set. */
static struct natfw_pool *find_pool(struct natfw_net *nn, struct genl_info *info)
{
	struct nlattr *name = info->attrs[NATFW_A_POOL_NAME];
	struct natfw_pool *p;

	if (GENL_REQ_ATTR_CHECK(info, NATFW_A_POOL_NAME)) {
		NL_SET_ERR_MSG(info->extack, "which pool? name is missing");
		return ERR_PTR(-EINVAL);
	}
	p = natfw_pool_find(nn, nla_data(name));
	if (p)
		return p;
	NL_SET_ERR_MSG_ATTR(info->extack, name, "no such pool");
	return ERR_PTR(-ENOENT);
}

static struct natfw_pool *pool_make(struct natfw_net *nn, struct genl_info *info,
				    struct natfw_range *ranges)
{
	struct natfw_pool_conf conf;
	struct natfw_pool *p;
	u32 nranges;
	int err;

	err = natfw_nl_refuse_txn(nn, info) ?: get_conf(info, &conf) ?:
	      get_ranges(info, ranges, &nranges);
	if (err)
		return ERR_PTR(err);
	if (nn->closing) {
		NL_SET_ERR_MSG(info->extack, "the namespace is going away");
		return ERR_PTR(-ESHUTDOWN);
	}
	conf.is4 = natfw_addr_is4(&ranges[0].first);
	p = natfw_pool_create(nn, &conf, ranges, nranges, info->extack);
	if (!IS_ERR(p))
		natfw_nl_list_changed();
	else if (p == ERR_PTR(-EEXIST) && info->extack && !info->extack->bad_attr)
		NL_SET_BAD_ATTR(info->extack, info->attrs[NATFW_A_POOL_NAME]);
	return p;
}

static int pool_new(struct natfw_net *nn, struct genl_info *info,
		    struct sk_buff *reply, const struct natfw_nl_head *head)
{
	struct natfw_range *ranges;
	struct natfw_pool *p;

	ranges = kcalloc(NATFW_POOL_RANGES, sizeof(*ranges), GFP_KERNEL);
	if (!ranges)
		return -ENOMEM;
	p = pool_make(nn, info, ranges);
	kfree(ranges);
	if (!IS_ERR(p) && reply)
		natfw_nl_pool_put(reply, head, p);
	return PTR_ERR_OR_ZERO(p);
}

int natfw_nl_pool_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	return natfw_nl_change(info, NLMSG_DEFAULT_SIZE * 2, pool_new);
}

static int pool_set(struct natfw_net *nn, struct genl_info *info,
		    struct sk_buff *reply, const struct natfw_nl_head *head)
{
	struct natfw_pool *p = find_pool(nn, info);
	struct natfw_pool_conf conf;
	int err;

	if (IS_ERR(p))
		return PTR_ERR(p);
	conf = p->conf;
	get_settings(info->attrs, &conf);
	err = natfw_nl_refuse_txn(nn, info) ?: check_filtering(info, &conf);
	if (!err)
		natfw_pool_change(p, &conf);
	return err;
}

int natfw_nl_pool_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	return natfw_nl_change(info, 0, pool_set);
}

/*
 * Whether a rule in force, or staged, names @p. The pool's own count has dead
 * rules in it that flows still stand on.
 */
static bool pool_in_use(struct natfw_net *nn, const struct natfw_pool *p)
{
	struct natfw_txn *txn;
	struct natfw_rule *r;
	unsigned long id;

	if (!atomic_read(&p->nrules))
		return false;
	xa_for_each(&nn->rules, id, r) {
		if (r->has_pool && r->nat.pool == p)
			return true;
	}
	list_for_each_entry(txn, &nn->txns, list) {
		list_for_each_entry(r, &txn->add, list) {
			if (r->has_pool && r->nat.pool == p)
				return true;
		}
	}
	return false;
}

static int pool_del(struct natfw_net *nn, struct genl_info *info,
		    struct sk_buff *reply, const struct natfw_nl_head *head)
{
	struct natfw_pool *p = find_pool(nn, info);
	int err;

	if (IS_ERR(p))
		return PTR_ERR(p);
	err = natfw_nl_refuse_txn(nn, info);
	if (err)
		return err;
	if (pool_in_use(nn, p)) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[NATFW_A_POOL_NAME],
				    "rules name the pool");
		return -EBUSY;
	}
	natfw_pool_destroy(p);
	natfw_nl_list_changed();
	return 0;
}

int natfw_nl_pool_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	return natfw_nl_change(info, 0, pool_del);
}

static int pool_get(struct natfw_net *nn, struct genl_info *info,
		    struct sk_buff *reply, const struct natfw_nl_head *head)
{
	struct natfw_pool *p = find_pool(nn, info);

	return IS_ERR(p) ? PTR_ERR(p) : natfw_nl_pool_put(reply, head, p);
}

int natfw_nl_pool_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	return natfw_nl_read(info, NLMSG_DEFAULT_SIZE * 2, pool_get);
}

/* cb->args[0]: pools done with. */
int natfw_nl_pool_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct natfw_net *nn = natfw_net(sock_net(skb->sk));
	struct nlattr **a = natfw_dump_attrs(cb);
	struct natfw_nl_head head;
	struct natfw_pool *p;
	int err = 0, n = 0;

	if (a && a[NATFW_A_POOL_NAME])
		return natfw_nl_refuse(cb->extack, a[NATFW_A_POOL_NAME], "a dump is of all pools");
	natfw_nl_head_dump(&head, cb, NATFW_CMD_POOL_GET);
	mutex_lock(&nn->lock);
	cb->seq = natfw_nl_list_seq();
	list_for_each_entry(p, &nn->pools, list) {
		if (n++ < cb->args[0])
			continue;
		err = natfw_nl_pool_put(skb, &head, p);
		if (err)
			break;
		cb->args[0] = n;
	}
	mutex_unlock(&nn->lock);
	return err && !skb->len ? err : skb->len;
}
