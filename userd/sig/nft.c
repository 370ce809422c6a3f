// SPDX-License-Identifier: GPL-2.0-or-later
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sig/nft.h"

#define TABLE		"natfwd"
#define CHAIN		"intercept"
#define PRIORITY	(-290)	/* behind "raw", before connections are tracked */
#define ROOM		4096

/* Messages under construction; sized for all that is ever written here. */
struct batch {
	union {
		uint8_t octets[ROOM];
		struct nlmsghdr align;
	};
	size_t len;
	size_t message;		/* where the last one starts */
	uint32_t seq;
};

static void *take(struct batch *b, size_t n)
{
	void *p = b->octets + b->len;

	n = NLMSG_ALIGN(n);
	if (n > ROOM - b->len)
		return NULL;	/* not with what is written here; the kernel refuses the rest */
	memset(p, 0, n);
	b->len += n;
	return p;
}

static void message(struct batch *b, uint16_t type, uint16_t flags, uint8_t family, uint16_t id)
{
	struct nlmsghdr *h = take(b, NLMSG_HDRLEN);
	struct nfgenmsg *g = take(b, sizeof(*g));

	if (!h || !g)
		return;
	b->message = (size_t)((uint8_t *)h - b->octets);
	*h = (struct nlmsghdr){ .nlmsg_type = type, .nlmsg_flags = NLM_F_REQUEST | flags,
				.nlmsg_seq = ++b->seq };
	*g = (struct nfgenmsg){ .nfgen_family = family, .version = NFNETLINK_V0,
				.res_id = htons(id) };
}

static void message_end(struct batch *b)
{
	struct nlmsghdr *h = (struct nlmsghdr *)(b->octets + b->message);

	h->nlmsg_len = (uint32_t)(b->len - b->message);
}

static size_t nest(struct batch *b, uint16_t type)
{
	size_t at = b->len;
	struct nlattr *a = take(b, NLA_HDRLEN);

	if (a)
		a->nla_type = type | NLA_F_NESTED;
	return at;
}

static void nest_end(struct batch *b, size_t at)
{
	((struct nlattr *)(b->octets + at))->nla_len = (uint16_t)(b->len - at);
}

static void put(struct batch *b, uint16_t type, const void *data, size_t n)
{
	struct nlattr *a = take(b, NLA_HDRLEN + n);

	if (!a)
		return;
	a->nla_type = type;
	a->nla_len = (uint16_t)(NLA_HDRLEN + n);
	memcpy((uint8_t *)a + NLA_HDRLEN, data, n);
}

static void put_text(struct batch *b, uint16_t type, const char *text)
{
	put(b, type, text, strlen(text) + 1);
}

static void put_be32(struct batch *b, uint16_t type, uint32_t v)
{
	v = htonl(v);
	put(b, type, &v, sizeof(v));
}

static void put_be16(struct batch *b, uint16_t type, uint16_t v)
{
	v = htons(v);
	put(b, type, &v, sizeof(v));
}

/* ---- expressions ---- */

struct expression {
	size_t element, data;
};

static struct expression expression(struct batch *b, const char *name)
{
	struct expression e;

	e.element = nest(b, NFTA_LIST_ELEM);
	put_text(b, NFTA_EXPR_NAME, name);
	e.data = nest(b, NFTA_EXPR_DATA);
	return e;
}

static void expression_end(struct batch *b, struct expression e)
{
	nest_end(b, e.data);
	nest_end(b, e.element);
}

static void value(struct batch *b, uint16_t type, const void *data, size_t n)
{
	size_t at = nest(b, type);

	put(b, NFTA_DATA_VALUE, data, n);
	nest_end(b, at);
}

static void compare(struct batch *b, enum nft_cmp_ops op, const void *data, size_t n)
{
	struct expression e = expression(b, "cmp");

	put_be32(b, NFTA_CMP_SREG, NFT_REG_1);
	put_be32(b, NFTA_CMP_OP, op);
	value(b, NFTA_CMP_DATA, data, n);
	expression_end(b, e);
}

static void payload(struct batch *b, enum nft_payload_bases base, uint32_t at, uint32_t n)
{
	struct expression e = expression(b, "payload");

	put_be32(b, NFTA_PAYLOAD_DREG, NFT_REG_1);
	put_be32(b, NFTA_PAYLOAD_BASE, base);
	put_be32(b, NFTA_PAYLOAD_OFFSET, at);
	put_be32(b, NFTA_PAYLOAD_LEN, n);
	expression_end(b, e);
}

static void mask(struct batch *b, const void *data, uint32_t n)
{
	static const uint8_t zero[4];
	struct expression e = expression(b, "bitwise");

	put_be32(b, NFTA_BITWISE_SREG, NFT_REG_1);
	put_be32(b, NFTA_BITWISE_DREG, NFT_REG_1);
	put_be32(b, NFTA_BITWISE_LEN, n);
	value(b, NFTA_BITWISE_MASK, data, n);
	value(b, NFTA_BITWISE_XOR, zero, n);
	expression_end(b, e);
}

static void meta(struct batch *b, enum nft_meta_keys key, uint8_t is)
{
	struct expression e = expression(b, "meta");

	put_be32(b, NFTA_META_DREG, NFT_REG_1);
	put_be32(b, NFTA_META_KEY, key);
	expression_end(b, e);
	compare(b, NFT_CMP_EQ, &is, 1);
}

/* The octets at @at are @data. */
static void octets(struct batch *b, enum nft_payload_bases base, uint32_t at, const void *data,
		   uint32_t n)
{
	payload(b, base, at, n);
	compare(b, NFT_CMP_EQ, data, n);
}

/* To somebody else than this node, and not to many. */
static void transit(struct batch *b)
{
	struct expression e = expression(b, "fib");
	uint32_t unicast = RTN_UNICAST;

	put_be32(b, NFTA_FIB_DREG, NFT_REG_1);
	put_be32(b, NFTA_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE);
	put_be32(b, NFTA_FIB_FLAGS, NFTA_FIB_F_DADDR);
	expression_end(b, e);
	compare(b, NFT_CMP_EQ, &unicast, sizeof(unicast));
}

static void drop(struct batch *b)
{
	struct expression e = expression(b, "immediate");
	size_t data, verdict;

	put_be32(b, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
	data = nest(b, NFTA_IMMEDIATE_DATA);
	verdict = nest(b, NFTA_DATA_VERDICT);
	put_be32(b, NFTA_VERDICT_CODE, NF_DROP);
	nest_end(b, verdict);
	nest_end(b, data);
	expression_end(b, e);
}

static void log_to(struct batch *b, unsigned int group)
{
	struct expression e = expression(b, "log");

	put_be16(b, NFTA_LOG_GROUP, (uint16_t)group);
	put_be16(b, NFTA_LOG_QTHRESHOLD, 1);
	expression_end(b, e);
}

static void count(struct batch *b)
{
	expression_end(b, expression(b, "counter"));
}

/* ---- the rule, for each version ---- */

/* With options, no fragment, UDP, router alert as the first option. */
static void match_ipv4(struct batch *b)
{
	static const uint8_t low = 0x0f, plain = 5, zero[2], udp = IPPROTO_UDP;
	static const uint8_t fragment[2] = { 0x3f, 0xff }, alert[2] = { 0x94, 0x04 };

	meta(b, NFT_META_NFPROTO, NFPROTO_IPV4);
	payload(b, NFT_PAYLOAD_NETWORK_HEADER, 0, 1);
	mask(b, &low, 1);
	compare(b, NFT_CMP_NEQ, &plain, 1);
	payload(b, NFT_PAYLOAD_NETWORK_HEADER, 6, 2);
	mask(b, fragment, 2);
	compare(b, NFT_CMP_EQ, zero, 2);
	octets(b, NFT_PAYLOAD_NETWORK_HEADER, 9, &udp, 1);
	octets(b, NFT_PAYLOAD_NETWORK_HEADER, 20, alert, 2);
}

/* UDP behind a hop-by-hop header; what is in there is looked at by who gets it. */
static void match_ipv6(struct batch *b)
{
	static const uint8_t hop = IPPROTO_HOPOPTS;

	meta(b, NFT_META_NFPROTO, NFPROTO_IPV6);
	octets(b, NFT_PAYLOAD_NETWORK_HEADER, 6, &hop, 1);
	meta(b, NFT_META_L4PROTO, IPPROTO_UDP);
}

/* Port 270, magic number, C=1. */
static void match_gist(struct batch *b)
{
	static const uint8_t port[2] = { 0x01, 0x0e }, magic[4] = { 0x4e, 0x04, 0xbd, 0xa5 };
	static const uint8_t c = 0x80;

	octets(b, NFT_PAYLOAD_TRANSPORT_HEADER, 2, port, 2);
	octets(b, NFT_PAYLOAD_TRANSPORT_HEADER, 8, magic, 4);
	payload(b, NFT_PAYLOAD_TRANSPORT_HEADER, 18, 1);
	mask(b, &c, 1);
	compare(b, NFT_CMP_EQ, &c, 1);
}

/* UDP to the port of Queries that came in by @device. */
static void match_device(struct batch *b, const char *device)
{
	static const uint8_t port[2] = { 0x01, 0x0e };
	char name[IFNAMSIZ] = "";
	struct expression e = expression(b, "meta");

	strncpy(name, device, sizeof(name) - 1);
	put_be32(b, NFTA_META_DREG, NFT_REG_1);
	put_be32(b, NFTA_META_KEY, NFT_META_IIFNAME);
	expression_end(b, e);
	compare(b, NFT_CMP_EQ, name, sizeof(name));
	meta(b, NFT_META_L4PROTO, IPPROTO_UDP);
	octets(b, NFT_PAYLOAD_TRANSPORT_HEADER, 2, port, sizeof(port));
}

static size_t rule_begin(struct batch *b)
{
	message(b, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWRULE,
		NLM_F_CREATE | NLM_F_APPEND | NLM_F_ACK, NFPROTO_INET, 0);
	put_text(b, NFTA_RULE_TABLE, TABLE);
	put_text(b, NFTA_RULE_CHAIN, CHAIN);
	return nest(b, NFTA_RULE_EXPRESSIONS);
}

static void rule_end(struct batch *b, size_t list)
{
	drop(b);
	nest_end(b, list);
	message_end(b);
}

static void rule(struct batch *b, void (*match)(struct batch *b), unsigned int group)
{
	size_t list = rule_begin(b);

	match(b);
	match_gist(b);
	transit(b);
	count(b);
	log_to(b, group);
	rule_end(b, list);
}

static void table_and_chain(struct batch *b)
{
	size_t hook;

	message(b, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWTABLE,
		NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK, NFPROTO_INET, 0);
	put_text(b, NFTA_TABLE_NAME, TABLE);
	put_be32(b, NFTA_TABLE_FLAGS, NFT_TABLE_F_OWNER);
	message_end(b);
	message(b, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWCHAIN,
		NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK, NFPROTO_INET, 0);
	put_text(b, NFTA_CHAIN_TABLE, TABLE);
	put_text(b, NFTA_CHAIN_NAME, CHAIN);
	hook = nest(b, NFTA_CHAIN_HOOK);
	put_be32(b, NFTA_HOOK_HOOKNUM, NF_INET_PRE_ROUTING);
	put_be32(b, NFTA_HOOK_PRIORITY, (uint32_t)PRIORITY);
	nest_end(b, hook);
	put_be32(b, NFTA_CHAIN_POLICY, NF_ACCEPT);
	put_text(b, NFTA_CHAIN_TYPE, "filter");
	message_end(b);
}

/* ---- to the kernel ---- */

static int netfilter(void)
{
	struct sockaddr_nl sa = { .nl_family = AF_NETLINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	int err;

	if (fd < 0)
		return -errno;
	if (!bind(fd, (struct sockaddr *)&sa, sizeof(sa)))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

/* The first error among the answers in @buf; @left counts the ones still awaited. */
static int answers(const uint8_t *buf, size_t n, unsigned int *left)
{
	const struct nlmsghdr *h = (const struct nlmsghdr *)buf;
	const struct nlmsgerr *e;

	for (; NLMSG_OK(h, n); h = NLMSG_NEXT(h, n)) {
		if (h->nlmsg_type != NLMSG_ERROR || h->nlmsg_len < NLMSG_LENGTH(sizeof(*e)))
			continue;
		e = NLMSG_DATA(h);
		if (e->error)
			return e->error;
		*left -= *left > 0;
	}
	return 0;
}

/* Netlink answers before sendto() returns: there is nothing to wait for. */
static int talk(int fd, const struct batch *b, unsigned int acks)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct { struct nlmsghdr h; uint8_t more[8192]; } buf;
	ssize_t n;
	int err;

	if (sendto(fd, b->octets, b->len, 0, (struct sockaddr *)&kernel, sizeof(kernel)) < 0)
		return -errno;
	while (acks) {
		n = recv(fd, &buf, sizeof(buf), MSG_DONTWAIT);
		if (n < 0)
			return -errno;
		err = answers((const uint8_t *)&buf, (size_t)n, &acks);
		if (err)
			return err;
	}
	return 0;
}

static int talked(int fd, int err)
{
	if (!err)
		return fd;
	close(fd);
	return err;
}

static void bracket(struct batch *b, uint16_t type)
{
	message(b, type, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
	message_end(b);
}

int nft_trap(unsigned int group)
{
	struct batch b = { .seq = 0 };
	int fd = netfilter();

	if (fd < 0)
		return fd;
	bracket(&b, NFNL_MSG_BATCH_BEGIN);
	table_and_chain(&b);
	rule(&b, match_ipv4, group);
	rule(&b, match_ipv6, group);
	bracket(&b, NFNL_MSG_BATCH_END);
	return talked(fd, talk(fd, &b, 4));
}

int nft_guard(int owner, const char *device)
{
	struct batch b = { .seq = 0 };
	size_t list;

	bracket(&b, NFNL_MSG_BATCH_BEGIN);
	list = rule_begin(&b);
	match_device(&b, device);
	transit(&b);
	count(&b);
	rule_end(&b, list);
	bracket(&b, NFNL_MSG_BATCH_END);
	return talk(owner, &b, 1);
}

static void group_message(struct batch *b, unsigned int group)
{
	message(b, NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_CONFIG, NLM_F_ACK, AF_UNSPEC,
		(uint16_t)group);
}

int nft_group(unsigned int group)
{
	struct nfulnl_msg_config_cmd bind_it = { .command = NFULNL_CFG_CMD_BIND };
	struct nfulnl_msg_config_mode whole = { .copy_range = htonl(0xffff),
						.copy_mode = NFULNL_COPY_PACKET };
	struct batch b = { .seq = 0 };
	int fd = netfilter();

	if (fd < 0)
		return fd;
	group_message(&b, group);
	put(&b, NFULA_CFG_CMD, &bind_it, sizeof(bind_it));
	message_end(&b);
	group_message(&b, group);
	put(&b, NFULA_CFG_MODE, &whole, sizeof(whole));
	put_be32(&b, NFULA_CFG_QTHRESH, 1);
	message_end(&b);
	return talked(fd, talk(fd, &b, 2));
}
