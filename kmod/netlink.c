// SPDX-License-Identifier: GPL-2.0-only
/*
 * The netlink family: registration and what the files for single objects
 * share. See netlink.h.
 */
#include <linux/module.h>

#include "event.h"
#include "net.h"
#include "netlink.h"
#include "txn.h"

static atomic_t list_seq = ATOMIC_INIT(1);

void natfw_nl_list_changed(void)
{
	atomic_inc(&list_seq);
}

u32 natfw_nl_list_seq(void)
{
	return (u32)atomic_read(&list_seq) ?: 1;
}

void *natfw_nl_begin(struct sk_buff *skb, const struct natfw_nl_head *head)
{
	void *hdr = genlmsg_put(skb, head->portid, head->seq, &natfw_nl_family,
				head->flags, head->cmd);

	if (hdr && head->cb)
		genl_dump_check_consistent(head->cb, hdr);
	return hdr;
}

void natfw_nl_head_reply(struct natfw_nl_head *head, const struct genl_info *info)
{
	*head = (struct natfw_nl_head) {
		.portid = info->snd_portid,
		.seq = info->snd_seq,
		.cmd = info->genlhdr->cmd,
	};
}

void natfw_nl_head_dump(struct natfw_nl_head *head, struct netlink_callback *cb,
			u8 cmd)
{
	*head = (struct natfw_nl_head) {
		.portid = NETLINK_CB(cb->skb).portid,
		.seq = cb->nlh->nlmsg_seq,
		.flags = NLM_F_MULTI,
		.cmd = cmd,
		.cb = cb,
	};
}

struct sk_buff *natfw_nl_reply_new(const struct genl_info *info, size_t size)
{
	struct sk_buff *skb = genlmsg_new(size, GFP_KERNEL);

	if (skb)
		return skb;
	NL_SET_ERR_MSG(info->extack, "out of memory");
	return ERR_PTR(-ENOMEM);
}

static int nl_carry_out(struct genl_info *info, struct sk_buff *reply, natfw_nl_op *op,
			bool change)
{
	struct natfw_net *nn = natfw_net(genl_info_net(info));
	struct natfw_nl_head head;
	int err;

	natfw_nl_head_reply(&head, info);
	mutex_lock(&nn->lock);
	err = natfw_nl_explain(info->extack, op(nn, info, reply, &head));
	if (err && change)
		natfw_txn_refuse(natfw_txn_find(nn, info->snd_portid), info);
	mutex_unlock(&nn->lock);
	if (err)
		nlmsg_free(reply);
	return err;
}

int natfw_nl_read(struct genl_info *info, size_t size, natfw_nl_op *op)
{
	struct sk_buff *reply = natfw_nl_reply_new(info, size);
	int err;

	if (IS_ERR(reply))
		return PTR_ERR(reply);
	err = nl_carry_out(info, reply, op, false);
	return err ? err : genlmsg_reply(reply, info);
}

int natfw_nl_change(struct genl_info *info, size_t size, natfw_nl_op *op)
{
	struct sk_buff *reply = NULL;
	int err;

	if (info->nlhdr->nlmsg_flags & NLM_F_ECHO && size)
		reply = natfw_nl_reply_new(info, size);
	if (IS_ERR(reply))
		return PTR_ERR(reply);
	err = nl_carry_out(info, reply, op, true);
	/* it is done, whether or not there is room to say so */
	if (!err && reply)
		genlmsg_reply(reply, info);
	return err;
}

int natfw_nl_nest(struct nlattr **tb, int max, const struct nlattr *nest)
{
	if (!nest) {
		memset(tb, 0, (max + 1) * sizeof(*tb));
		return 0;
	}
	return __nla_parse(tb, max, nla_data(nest), nla_len(nest), NULL,
			   NL_VALIDATE_LIBERAL, NULL);
}

int natfw_nl_get_addr(const struct nlattr *attr, union natfw_addr *addr,
		      struct netlink_ext_ack *extack)
{
	struct in6_addr in6;

	if (nla_len(attr) == sizeof(__be32)) {
		natfw_addr_set4(addr, nla_get_in_addr(attr));
		return 0;
	}
	if (nla_len(attr) != sizeof(in6)) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "address is neither 4 nor 16 bytes long");
		return -EINVAL;
	}
	in6 = nla_get_in6_addr(attr);
	if (ipv6_addr_v4mapped(&in6)) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "IPv4-mapped address; give the IPv4 address");
		return -EINVAL;
	}
	natfw_addr_set6(addr, &in6);
	return 0;
}

int natfw_nl_put_addr(struct sk_buff *skb, int type, const union natfw_addr *addr)
{
	if (natfw_addr_is4(addr))
		return nla_put_in_addr(skb, type, addr->a32[3]);
	return nla_put_in6_addr(skb, type, &addr->in6);
}

int natfw_nl_check_name(const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	if (*(const char *)nla_data(attr))
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, attr, "name is empty");
	return -EINVAL;
}

static const char *explanation(int err)
{
	switch (err) {
	case -ENOMEM:
		return "out of memory";
	case -EEXIST:
		return "it exists already";
	case -ENOSPC:
		return "no room left";
	case -EDQUOT:
		return "quota used up";
	case -EBUSY:
		return "in use";
	case -EOPNOTSUPP:
		return "not supported";
	}
	return "request refused";
}

int natfw_nl_explain(struct netlink_ext_ack *extack, int err)
{
	if (err && extack && !extack->_msg)
		extack->_msg = explanation(err);
	return err;
}

struct natfw_dev *natfw_nl_get_dev(struct natfw_net *nn, struct nlattr *index,
				   struct nlattr *name,
				   struct netlink_ext_ack *extack)
{
	struct natfw_dev *nd;

	list_for_each_entry(nd, &nn->devs, list) {
		if (index && nd->dev->ifindex != nla_get_u32(index))
			continue;
		if (name && nla_strcmp(name, nd->dev->name))
			continue;
		return nd;
	}
	NL_SET_ERR_MSG_ATTR(extack, index ? index : name, "no such device is attached");
	return ERR_PTR(-ENODEV);
}

int natfw_nl_refuse_txn(struct natfw_net *nn, const struct genl_info *info)
{
	if (!natfw_txn_find(nn, info->snd_portid))
		return 0;
	NL_SET_ERR_MSG(info->extack,
		       "cannot be staged; commit or abort the transaction first");
	return -EBUSY;
}

int natfw_netlink_register(void)
{
	int err = natfw_txn_register();

	if (err)
		return err;
	err = genl_register_family(&natfw_nl_family);
	if (err)
		natfw_txn_unregister();
	return err;
}

void natfw_netlink_unregister(void)
{
	genl_unregister_family(&natfw_nl_family);
	natfw_txn_drain();
	natfw_txn_unregister();
}
