// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/natfw.h>

#include "nlc.h"

#define ALIGN4(n)	(((n) + 3) & ~(size_t)3)
#define HEAD		(NLMSG_HDRLEN + GENL_HDRLEN)

/* messages */

static void msg_room(struct msg *m, size_t n)
{
	if (m->len + n <= m->room)
		return;
	m->room = (m->len + n) * 2;
	m->data = realloc(m->data, m->room);
	if (!m->data)
		abort();
}

void msg_start(struct msg *m, uint8_t cmd, uint16_t flags)
{
	struct nlmsghdr *h;
	struct genlmsghdr *g;

	memset(m, 0, sizeof(*m));
	msg_room(m, 512);
	memset(m->data, 0, HEAD);
	h = (struct nlmsghdr *)m->data;
	h->nlmsg_flags = NLM_F_REQUEST | flags;
	g = (struct genlmsghdr *)(m->data + NLMSG_HDRLEN);
	g->cmd = cmd;
	g->version = NATFW_FAMILY_VERSION;
	m->len = HEAD;
}

void msg_free(struct msg *m)
{
	free(m->data);
	m->data = NULL;
}

void msg_put(struct msg *m, uint16_t type, const void *data, size_t len)
{
	uint16_t head[2] = { 4 + len, type };

	msg_room(m, 4 + ALIGN4(len));
	memcpy(m->data + m->len, head, 4);
	memset(m->data + m->len + 4, 0, ALIGN4(len));
	if (len)
		memcpy(m->data + m->len + 4, data, len);
	m->len += 4 + ALIGN4(len);
}

void msg_u32(struct msg *m, uint16_t type, uint32_t v)
{
	msg_put(m, type, &v, sizeof(v));
}

void msg_u64(struct msg *m, uint16_t type, uint64_t v)
{
	msg_put(m, type, &v, sizeof(v));
}

size_t msg_nest(struct msg *m, uint16_t type)
{
	size_t at = m->len;

	msg_put(m, type | NLA_F_NESTED, NULL, 0);
	return at;
}

void msg_nest_end(struct msg *m, size_t at)
{
	uint16_t len = m->len - at;

	memcpy(m->data + at, &len, 2);
}

bool attr_next(const uint8_t **p, size_t *left, struct attr *a)
{
	uint16_t head[2];
	size_t step;

	if (*left < 4)
		return false;
	memcpy(head, *p, 4);
	if (head[0] < 4 || head[0] > *left)
		return false;
	a->len = head[0] - 4;
	a->type = head[1] & NLA_TYPE_MASK;
	a->data = *p + 4;
	step = ALIGN4(head[0]);
	if (step > *left)
		step = *left;
	*p += step;
	*left -= step;
	return true;
}

uint32_t attr_u32(const struct attr *a)
{
	uint32_t v = 0;

	memcpy(&v, a->data, a->len < 4 ? a->len : 4);
	return v;
}

/* Integers that are unsigned at will may come in four bytes. */
uint64_t attr_u64(const struct attr *a)
{
	uint64_t v = 0;

	if (a->len < 8)
		return attr_u32(a);
	memcpy(&v, a->data, 8);
	return v;
}

/* calls */

static void keep_error(struct nl *nl, const struct nlmsghdr *h)
{
	const struct nlmsgerr *e = NLMSG_DATA(h);
	const uint8_t *p = (const uint8_t *)(e + 1);
	size_t left, skip = 0;
	struct attr a;

	nl->error[0] = 0;
	if (!(h->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (!(h->nlmsg_flags & NLM_F_CAPPED))
		skip = ALIGN4(e->msg.nlmsg_len) - sizeof(e->msg);
	if (h->nlmsg_len < NLMSG_HDRLEN + sizeof(*e) + skip)
		return;
	left = h->nlmsg_len - NLMSG_HDRLEN - sizeof(*e) - skip;
	p += skip;
	while (attr_next(&p, &left, &a))
		if (a.type == NLMSGERR_ATTR_MSG)
			snprintf(nl->error, sizeof(nl->error), "%.*s", a.len, a.data);
}

/* 1: go on, 0 or -errno: the end. */
static int one_message(struct nl *nl, const struct nlmsghdr *h,
		       void (*fn)(const uint8_t *, size_t, void *), void *arg)
{
	const struct nlmsgerr *e = NLMSG_DATA(h);

	if (h->nlmsg_seq != nl->seq)
		return 1;
	if (h->nlmsg_type == NLMSG_ERROR) {
		keep_error(nl, h);
		return e->error;
	}
	if (h->nlmsg_type == NLMSG_DONE)
		return *(int *)NLMSG_DATA(h);
	if (fn)
		fn((const uint8_t *)h + HEAD, h->nlmsg_len - HEAD, arg);
	return 1;
}

static int receive(struct nl *nl, void (*fn)(const uint8_t *, size_t, void *), void *arg)
{
	static uint8_t buf[1 << 18];
	const struct nlmsghdr *h;
	ssize_t n;
	int ret;

	for (;;) {
		n = recv(nl->fd, buf, sizeof(buf), 0);
		if (n < 0)
			return -errno;
		for (h = (void *)buf; NLMSG_OK(h, (uint32_t)n); h = NLMSG_NEXT(h, n)) {
			ret = one_message(nl, h, fn, arg);
			if (ret <= 0)
				return ret;
		}
	}
}

int nl_call(struct nl *nl, struct msg *m,
	    void (*fn)(const uint8_t *, size_t, void *), void *arg)
{
	struct nlmsghdr *h = (struct nlmsghdr *)m->data;
	ssize_t n;

	h->nlmsg_len = m->len;
	if (!h->nlmsg_type)
		h->nlmsg_type = nl->family;
	h->nlmsg_seq = ++nl->seq;
	h->nlmsg_flags |= NLM_F_ACK;
	n = send(nl->fd, m->data, m->len, 0);
	msg_free(m);
	if (n < 0)
		return -errno;
	return receive(nl, fn, arg);
}

static void family_found(const uint8_t *p, size_t left, void *arg)
{
	struct nl *nl = arg;
	struct attr a;

	while (attr_next(&p, &left, &a))
		if (a.type == CTRL_ATTR_FAMILY_ID)
			memcpy(&nl->family, a.data, 2);
}

int nl_open(struct nl *nl)
{
	struct sockaddr_nl sa = { .nl_family = AF_NETLINK };
	struct nlmsghdr *h;
	struct msg m;
	int one = 1;

	memset(nl, 0, sizeof(*nl));
	nl->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (nl->fd < 0 || bind(nl->fd, (void *)&sa, sizeof(sa)))
		return -errno;
	setsockopt(nl->fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	setsockopt(nl->fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &one, sizeof(one));
	msg_start(&m, CTRL_CMD_GETFAMILY, 0);
	h = (struct nlmsghdr *)m.data;
	h->nlmsg_type = GENL_ID_CTRL;
	msg_put(&m, CTRL_ATTR_FAMILY_NAME, NATFW_FAMILY_NAME, sizeof(NATFW_FAMILY_NAME));
	return nl_call(nl, &m, family_found, nl);
}

void nl_close(struct nl *nl)
{
	close(nl->fd);
}

int nl_simple(struct nl *nl, uint8_t cmd)
{
	struct msg m;

	msg_start(&m, cmd, 0);
	return nl_call(nl, &m, NULL, NULL);
}

int nl_txn(struct nl *nl, uint8_t cmd)
{
	return nl_simple(nl, cmd);
}

static int dev_call(struct nl *nl, uint8_t cmd, int ifindex, uint16_t zone, int verdict,
		    int emit)
{
	struct msg m;

	msg_start(&m, cmd, 0);
	msg_u32(&m, NATFW_A_DEV_IFINDEX, ifindex);
	msg_u32(&m, NATFW_A_DEV_ZONE, zone);
	msg_u32(&m, NATFW_A_DEV_DEFAULT, verdict);
	msg_u32(&m, NATFW_A_DEV_EMIT, emit);
	return nl_call(nl, &m, NULL, NULL);
}

int nl_dev_new(struct nl *nl, int ifindex, uint16_t zone, int verdict, int emit)
{
	return dev_call(nl, NATFW_CMD_DEV_NEW, ifindex, zone, verdict, emit);
}

int nl_dev_set(struct nl *nl, int ifindex, uint16_t zone, int verdict, int emit)
{
	return dev_call(nl, NATFW_CMD_DEV_SET, ifindex, zone, verdict, emit);
}

/* rules */

static void put_field(struct msg *m, uint16_t type, const struct field *f)
{
	if (f->on)
		msg_u32(m, type, f->v);
}

static void put_prefix(struct msg *m, uint16_t type, const struct prefix *p)
{
	if (!p->on)
		return;
	msg_put(m, type, p->a.b, p->a.len);
	msg_u32(m, type + 1, p->bits);
}

static void put_range(struct msg *m, uint16_t type, const struct range *r)
{
	if (!r->on)
		return;
	msg_u32(m, type, r->lo);
	if (r->hi != r->lo)
		msg_u32(m, type + 1, r->hi);
}

static void put_match(struct msg *m, const struct rule *u, const int *ifindexes)
{
	const struct match *a = &u->match;
	size_t nest = msg_nest(m, NATFW_A_RULE_MATCH);

	put_field(m, NATFW_A_MATCH_FAMILY, &a->family);
	put_prefix(m, NATFW_A_MATCH_SRC, &a->src);
	put_prefix(m, NATFW_A_MATCH_DST, &a->dst);
	put_field(m, NATFW_A_MATCH_PROTO, &a->proto);
	put_range(m, NATFW_A_MATCH_SPORT, &a->sport);
	put_range(m, NATFW_A_MATCH_DPORT, &a->dport);
	put_field(m, NATFW_A_MATCH_ICMP_TYPE, &a->type);
	put_field(m, NATFW_A_MATCH_ICMP_CODE, &a->code);
	put_field(m, NATFW_A_MATCH_SPI, &a->spi);
	put_field(m, NATFW_A_MATCH_DSCP, &a->dscp);
	put_field(m, NATFW_A_MATCH_FLOW_LABEL, &a->label);
	if (a->dev >= 0)
		msg_u32(m, NATFW_A_MATCH_IFINDEX, ifindexes[a->dev]);
	if (!(u->flags & RF_ZONE_ANY) && a->zone)
		msg_u32(m, NATFW_A_MATCH_ZONE, a->zone);
	msg_nest_end(m, nest);
}

static void put_nat(struct msg *m, const struct translation *n)
{
	size_t nest = msg_nest(m, NATFW_A_RULE_NAT);

	put_prefix(m, NATFW_A_NAT_SRC, &n->src);
	put_range(m, NATFW_A_NAT_SPORT, &n->sport);
	put_prefix(m, NATFW_A_NAT_DST, &n->dst);
	put_range(m, NATFW_A_NAT_DPORT, &n->dport);
	put_field(m, NATFW_A_NAT_OUT_ZONE, &n->out_zone);
	if (n->pool)
		msg_put(m, NATFW_A_NAT_POOL, n->pool, strlen(n->pool) + 1);
	msg_nest_end(m, nest);
}

static void rule_made(const uint8_t *p, size_t left, void *arg)
{
	struct rule *u = arg;
	struct attr a;

	while (attr_next(&p, &left, &a))
		if (a.type == NATFW_A_RULE_ID)
			u->id = attr_u64(&a);
}

int nl_rule_new(struct nl *nl, struct rule *u, const int *ifindexes)
{
	struct msg m;

	msg_start(&m, NATFW_CMD_RULE_NEW, NLM_F_ECHO);
	msg_u32(&m, NATFW_A_RULE_PRIORITY, u->priority);
	msg_put(&m, NATFW_A_RULE_OWNER, u->owner, 16);
	msg_u32(&m, NATFW_A_RULE_ACTION, u->action);
	put_match(&m, u, ifindexes);
	if (u->action == ACT_NAT)
		put_nat(&m, &u->nat);
	if (u->emit)
		msg_u32(&m, NATFW_A_RULE_EMIT, u->emit);
	put_field(&m, NATFW_A_RULE_MARK, &u->mark);
	msg_u32(&m, NATFW_A_RULE_FLAGS, u->flags);
	u->id = 0;
	return nl_call(nl, &m, rule_made, u);
}

int nl_rule_del(struct nl *nl, uint64_t id)
{
	struct msg m;

	msg_start(&m, NATFW_CMD_RULE_DEL, 0);
	msg_u64(&m, NATFW_A_RULE_ID, id);
	return nl_call(nl, &m, NULL, NULL);
}

int nl_rule_flush(struct nl *nl)
{
	return nl_simple(nl, NATFW_CMD_RULE_FLUSH);
}

int nl_rule_inactive(struct nl *nl, struct rule *u, bool inactive)
{
	uint32_t flags = inactive ? u->flags | RF_INACTIVE : u->flags & ~RF_INACTIVE;
	struct msg m;

	msg_start(&m, NATFW_CMD_RULE_SET, 0);
	msg_u64(&m, NATFW_A_RULE_ID, u->id);
	msg_u32(&m, NATFW_A_RULE_FLAGS, flags);
	return nl_call(nl, &m, NULL, NULL);
}

/* statistics */

static void one_reason(struct reasons *r, const uint8_t *p, size_t left)
{
	struct attr a;
	int i = r->n;

	if (i == NL_REASONS)
		return;
	r->drop[i] = false;
	while (attr_next(&p, &left, &a)) {
		if (a.type == NATFW_A_COUNTER_NAME)
			snprintf(r->name[i], sizeof(r->name[i]), "%.*s", a.len, a.data);
		else if (a.type == NATFW_A_COUNTER_PACKETS)
			r->packets[i] = attr_u64(&a);
		else if (a.type == NATFW_A_COUNTER_BYTES)
			r->bytes[i] = attr_u64(&a);
		else if (a.type == NATFW_A_COUNTER_DROP)
			r->drop[i] = true;
	}
	r->n++;
}

static void all_reasons(const uint8_t *p, size_t left, void *arg)
{
	struct attr a;

	while (attr_next(&p, &left, &a))
		if (a.type == NATFW_A_STATS_COUNTER)
			one_reason(arg, a.data, a.len);
}

int nl_stats(struct nl *nl, struct reasons *r)
{
	struct msg m;

	r->n = 0;
	msg_start(&m, NATFW_CMD_STATS_GET, 0);
	return nl_call(nl, &m, all_reasons, r);
}

uint64_t reasons_sum(const struct reasons *r)
{
	uint64_t sum = 0;
	int i;

	for (i = 0; i < r->n; i++)
		sum += r->packets[i];
	return sum;
}

/* test */

static void told_xlat(struct told *t, const uint8_t *p, size_t left)
{
	struct attr a;

	t->has_xlat = true;
	while (attr_next(&p, &left, &a)) {
		if (a.type == NATFW_A_TUPLE_SRC || a.type == NATFW_A_TUPLE_DST) {
			struct addr *d = a.type == NATFW_A_TUPLE_SRC ? &t->src : &t->dst;

			d->len = a.len;
			memcpy(d->b, a.data, a.len < 16 ? a.len : 16);
		} else if (a.type == NATFW_A_TUPLE_SPORT) {
			t->sport = attr_u32(&a);
		} else if (a.type == NATFW_A_TUPLE_DPORT) {
			t->dport = attr_u32(&a);
		}
	}
}

static void told_all(const uint8_t *p, size_t left, void *arg)
{
	struct told *t = arg;
	struct attr a;

	while (attr_next(&p, &left, &a)) {
		if (a.type == NATFW_A_TEST_SOURCE)
			t->source = attr_u32(&a);
		else if (a.type == NATFW_A_TEST_VERDICT)
			t->verdict = attr_u32(&a);
		else if (a.type == NATFW_A_TEST_EMIT)
			t->emit = attr_u32(&a);
		else if (a.type == NATFW_A_TEST_XLAT)
			told_xlat(t, a.data, a.len);
		if (a.type == NATFW_A_TEST_ACTION) {
			t->action = attr_u32(&a);
			t->has_action = true;
		}
		if (a.type == NATFW_A_TEST_RULE) {
			t->rule = attr_u64(&a);
			t->has_rule = true;
		}
	}
}

static void put_question(struct msg *m, const struct view *v)
{
	msg_put(m, NATFW_A_TEST_SRC, v->src.b, v->src.len);
	msg_put(m, NATFW_A_TEST_DST, v->dst.b, v->dst.len);
	msg_u32(m, NATFW_A_TEST_PROTO, v->proto);
	if (v->ports) {
		msg_u32(m, NATFW_A_TEST_SPORT, v->sport);
		msg_u32(m, NATFW_A_TEST_DPORT, v->dport);
	} else if (v->inner) {
		msg_u32(m, NATFW_A_TEST_ICMP_TYPE, v->type);
		msg_u32(m, NATFW_A_TEST_ICMP_CODE, v->code);
		if (v->query)
			msg_u32(m, v->answer ? NATFW_A_TEST_DPORT : NATFW_A_TEST_SPORT, v->id);
	} else if (v->spi_there) {
		msg_u32(m, NATFW_A_TEST_SPI, v->spi);
	}
	if (v->dscp)
		msg_u32(m, NATFW_A_TEST_DSCP, v->dscp);
	if (v->label)
		msg_u32(m, NATFW_A_TEST_FLOW_LABEL, v->label);
}

int nl_test(struct nl *nl, const struct view *v, int ifindex, struct told *t)
{
	struct msg m;

	memset(t, 0, sizeof(*t));
	msg_start(&m, NATFW_CMD_TEST, 0);
	msg_u32(&m, NATFW_A_TEST_IFINDEX, ifindex);
	put_question(&m, v);
	return nl_call(nl, &m, told_all, t);
}

/* dumps */

struct rules_arg {
	void (*fn)(uint64_t id, uint64_t packets, uint64_t bytes, void *arg);
	void *arg;
};

static void one_rule(const uint8_t *p, size_t left, void *arg)
{
	uint64_t id = 0, packets = 0, bytes = 0;
	struct rules_arg *r = arg;
	struct attr a;

	while (attr_next(&p, &left, &a)) {
		if (a.type == NATFW_A_RULE_ID)
			id = attr_u64(&a);
		else if (a.type == NATFW_A_RULE_PACKETS)
			packets = attr_u64(&a);
		else if (a.type == NATFW_A_RULE_BYTES)
			bytes = attr_u64(&a);
	}
	r->fn(id, packets, bytes, r->arg);
}

int nl_rules(struct nl *nl, void (*fn)(uint64_t, uint64_t, uint64_t, void *), void *arg)
{
	struct rules_arg r = { fn, arg };
	struct msg m;

	msg_start(&m, NATFW_CMD_RULE_GET, NLM_F_DUMP);
	return nl_call(nl, &m, one_rule, &r);
}

struct gauge {
	uint16_t attr;
	uint64_t v;
};

static void one_gauge(const uint8_t *p, size_t left, void *arg)
{
	struct gauge *g = arg;
	struct attr a;

	while (attr_next(&p, &left, &a))
		if (a.type == g->attr)
			g->v = attr_u64(&a);
}

uint64_t nl_gauge(struct nl *nl, uint16_t attr)
{
	struct gauge g = { attr, UINT64_MAX };
	struct msg m;

	msg_start(&m, NATFW_CMD_NET_GET, 0);
	nl_call(nl, &m, one_gauge, &g);
	return g.v;
}
