// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <linux/genetlink.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/socket.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client_private.h"
#include "netns.h"

#define CLIENT_WAIT	30		/* seconds a reply may take */
#define CLIENT_RCVBUF	(4 << 20)	/* bytes of socket buffer wanted */

int natfw_client_fd(const struct natfw_client *c)
{
	return c->fd;
}

unsigned int natfw_client_version(const struct natfw_client *c)
{
	return c->version;
}

static void sock_option(int fd, int level, int name, int value)
{
	/* Older kernels do not have all of them; nothing depends on one. */
	setsockopt(fd, level, name, &value, sizeof(value));
}

static void sock_setup(int fd)
{
	struct timeval wait = { .tv_sec = CLIENT_WAIT };

	sock_option(fd, SOL_NETLINK, NETLINK_EXT_ACK, 1);
	sock_option(fd, SOL_NETLINK, NETLINK_CAP_ACK, 1);
	sock_option(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, 1);
	sock_option(fd, SOL_SOCKET, SO_RCVBUF, CLIENT_RCVBUF);
	sock_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, CLIENT_RCVBUF);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
}

int natfw_client_send(struct natfw_client *c, const void *buf, size_t len,
		      struct natfw_error *e)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	ssize_t n;

	do {
		n = sendto(c->fd, buf, len, 0, (struct sockaddr *)&kernel, sizeof(kernel));
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return natfw_error_set(e, errno, "cannot send to the kernel");
	return 0;
}

ssize_t natfw_client_recv(struct natfw_client *c, int flags, struct natfw_error *e)
{
	struct sockaddr_nl from = { 0 };
	socklen_t flen = sizeof(from);
	ssize_t n;

	do {
		n = recvfrom(c->fd, c->rx, CLIENT_RX, flags, (struct sockaddr *)&from, &flen);
	} while ((n < 0 && errno == EINTR) || (n >= 0 && from.nl_pid));
	if (n >= 0)
		return n;
	if (errno == EAGAIN && (flags & MSG_DONTWAIT))
		return 0;
	return natfw_error_set(e, errno == EAGAIN ? ETIMEDOUT : errno,
			       errno == ENOBUFS ? "messages were lost" :
			       "no answer from the kernel");
}

static const void *msg_attrs(const struct nlmsghdr *h, size_t *len)
{
	size_t skip = sizeof(*h) + sizeof(struct genlmsghdr);

	*len = h->nlmsg_len > skip ? h->nlmsg_len - skip : 0;
	return (const char *)h + skip;
}

/* What the messages of one request come to. */
struct exchange {
	struct natfw_client *c;
	const struct natfw_set *set;	/* of the request */
	int (*take)(void *arg, const void *attrs, size_t len);
	void *arg;
	struct natfw_error *e;
	bool done, interrupted;
};

static int take_done(struct exchange *x, const struct nlmsghdr *h)
{
	int err = 0;

	x->done = true;
	if (h->nlmsg_len >= sizeof(*h) + sizeof(int))
		memcpy(&err, h + 1, sizeof(err));
	return err < 0 ? natfw_error_set(x->e, -err, "the dump failed") : 0;
}

static int take_message(struct exchange *x, const struct nlmsghdr *h)
{
	const void *attrs;
	size_t len;

	if (h->nlmsg_seq != x->c->seq)
		return 0;
	if (h->nlmsg_flags & NLM_F_DUMP_INTR)
		x->interrupted = true;
	if (h->nlmsg_type == NLMSG_DONE)
		return take_done(x, h);
	if (h->nlmsg_type == NLMSG_ERROR) {
		x->done = true;
		return natfw_error_read(x->e, h, natfw_msg_head(&x->c->tx), x->set);
	}
	attrs = msg_attrs(h, &len);
	if (h->nlmsg_type < NLMSG_MIN_TYPE || !x->take)
		return 0;
	if (x->take(x->arg, attrs, len))
		return natfw_error_set(x->e, ENOMEM, "out of memory");
	return 0;
}

static int exchange_receive(struct exchange *x)
{
	ssize_t n = natfw_client_recv(x->c, 0, x->e);
	const struct nlmsghdr *h = (const struct nlmsghdr *)x->c->rx;
	int err, left = (int)n;

	if (n < 0)
		return (int)n;
	for (; nlmsg_ok(h, left); h = nlmsg_next((struct nlmsghdr *)h, &left)) {
		err = take_message(x, h);
		if (err)
			return err;
	}
	return 0;
}

/* Throw away what an exchange that failed half way left behind. */
static void exchange_drain(struct natfw_client *c)
{
	while (natfw_client_recv(c, MSG_DONTWAIT, NULL) > 0)
		;
}

/* Send the message in c->tx and hand every reply to x->take. */
static int exchange_run(struct exchange *x)
{
	struct natfw_client *c = x->c;
	int err;

	if (!natfw_msg_ok(&c->tx))
		return natfw_error_set(x->e, EMSGSIZE, "request too large");
	err = natfw_client_send(c, c->tx.buf, c->tx.len, x->e);
	while (!err && !x->done)
		err = exchange_receive(x);
	if (err && !x->done)
		exchange_drain(c);
	return err;
}

static void request_begin(struct natfw_client *c, uint16_t family, uint8_t cmd, uint16_t flags)
{
	natfw_msg_reset(&c->tx);
	natfw_msg_begin(&c->tx, family, cmd, NATFW_FAMILY_VERSION,
			(uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags), ++c->seq);
}

struct reply {
	const struct natfw_set *set;
	void *obj;
};

static int take_reply(void *arg, const void *attrs, size_t len)
{
	struct reply *r = arg;

	natfw_object_fini(r->set, r->obj);
	return natfw_object_get(r->set, r->obj, attrs, len);
}

int natfw_client_do(struct natfw_client *c, unsigned int cmd, unsigned int flags,
		    const void *obj, void *reply, struct natfw_error *e)
{
	const struct natfw_set *set = natfw_command_set(cmd);
	struct reply r = { .set = set, .obj = reply };
	struct exchange x = {
		.c = c, .set = set, .e = e, .take = reply ? take_reply : NULL, .arg = &r,
	};
	int err;

	if (!set)
		return natfw_error_set(e, EINVAL, "no such command");
	if (reply)
		memset(reply, 0, set->size);
	request_begin(c, c->family, (uint8_t)cmd, flags & NATFW_ECHO ? NLM_F_ECHO : 0);
	if (obj)
		natfw_object_put(&c->tx, set, obj);
	natfw_msg_end(&c->tx);
	err = exchange_run(&x);
	if (err && reply)
		natfw_object_fini(set, reply);
	return err;
}

static int take_dumped(void *arg, const void *attrs, size_t len)
{
	return natfw_dump_add(arg, attrs, len);
}

static int dump_once(struct natfw_client *c, unsigned int cmd, const void *filter,
		     struct natfw_dump *d, struct natfw_error *e)
{
	struct exchange x = {
		.c = c, .set = d->set, .e = e, .take = take_dumped, .arg = d,
	};
	int err;

	natfw_dump_reset(d);
	request_begin(c, c->family, (uint8_t)cmd, NLM_F_DUMP);
	if (filter)
		natfw_object_put(&c->tx, d->set, filter);
	natfw_msg_end(&c->tx);
	err = exchange_run(&x);
	d->partial = x.interrupted;
	return err;
}

int natfw_client_dump(struct natfw_client *c, unsigned int cmd, const void *filter,
		      struct natfw_dump *d, struct natfw_error *e)
{
	int err, i;

	natfw_dump_init(d, natfw_command_set(cmd));
	if (!d->set)
		return natfw_error_set(e, EINVAL, "no such command");
	for (i = 0; i < NATFW_DUMP_TRIES; i++) {
		err = dump_once(c, cmd, filter, d, e);
		if (err || !d->partial)
			break;
	}
	if (err)
		natfw_dump_fini(d);
	return err;
}

/* The controller's answer about the family. */
static int take_family(void *arg, const void *attrs, size_t len)
{
	struct natfw_client *c = arg;
	struct nlattr *tb[CTRL_ATTR_MAX + 1], *a;
	int left;

	if (nla_parse(tb, CTRL_ATTR_MAX, (struct nlattr *)attrs, (int)len, NULL))
		return -EPROTO;
	if (tb[CTRL_ATTR_FAMILY_ID])
		c->family = nla_get_u16(tb[CTRL_ATTR_FAMILY_ID]);
	if (tb[CTRL_ATTR_VERSION])
		c->version = nla_get_u32(tb[CTRL_ATTR_VERSION]);
	if (!tb[CTRL_ATTR_MCAST_GROUPS])
		return 0;
	nla_for_each_nested(a, tb[CTRL_ATTR_MCAST_GROUPS], left)
		if (natfw_dump_add(&c->groups, nla_data(a), (size_t)nla_len(a)))
			return -ENOMEM;
	return 0;
}

uint32_t natfw_client_group(const struct natfw_client *c, const char *name)
{
	struct nlattr *tb[CTRL_ATTR_MCAST_GRP_MAX + 1];
	size_t i;

	for (i = 0; i < c->groups.n; i++) {
		struct nlattr *a = (struct nlattr *)(c->groups.buf + c->groups.at[i]);
		int len = (int)(c->groups.at[i + 1] - c->groups.at[i]);

		if (nla_parse(tb, CTRL_ATTR_MCAST_GRP_MAX, a, len, NULL))
			continue;
		if (tb[CTRL_ATTR_MCAST_GRP_NAME] && tb[CTRL_ATTR_MCAST_GRP_ID] &&
		    !strcmp(nla_get_string(tb[CTRL_ATTR_MCAST_GRP_NAME]), name))
			return nla_get_u32(tb[CTRL_ATTR_MCAST_GRP_ID]);
	}
	return 0;
}

static int resolve(struct natfw_client *c, struct natfw_error *e)
{
	struct exchange x = { .c = c, .e = e, .take = take_family, .arg = c };
	int err;

	request_begin(c, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0);
	natfw_msg_put(&c->tx, CTRL_ATTR_FAMILY_NAME, NATFW_FAMILY_NAME,
		      sizeof(NATFW_FAMILY_NAME));
	natfw_msg_end(&c->tx);
	err = exchange_run(&x);
	if (err == -ENOENT)
		return natfw_error_set(e, ENOENT, "the natfw module is not loaded");
	if (!err && !c->family)
		return natfw_error_set(e, EPROTO, "the kernel did not name the family");
	return err;
}

static int client_connect(struct natfw_client *c, struct natfw_error *e)
{
	int err;

	c->rx = malloc(CLIENT_RX);
	c->sk = nl_socket_alloc();
	if (!c->rx || !c->sk)
		return natfw_error_set(e, ENOMEM, "out of memory");
	err = genl_connect(c->sk);
	if (err)
		return natfw_error_set(e, EPROTONOSUPPORT, "cannot open a netlink socket: %s",
				       nl_geterror(err));
	c->fd = nl_socket_get_fd(c->sk);
	sock_setup(c->fd);
	return resolve(c, e);
}

int natfw_client_open(struct natfw_client **cp, const char *netns, struct natfw_error *e)
{
	struct natfw_client *c;
	int err, home = -1;

	*cp = NULL;
	if (netns) {
		home = natfw_netns_enter(netns, e);
		if (home < 0)
			return home;
	}
	c = calloc(1, sizeof(*c));
	err = c ? client_connect(c, e) : natfw_error_set(e, ENOMEM, "out of memory");
	if (home >= 0 && natfw_netns_leave(home) && !err)
		err = natfw_error_set(e, EPERM, "cannot return from network namespace '%s'",
				      netns);
	if (err)
		natfw_client_close(c);
	else
		*cp = c;
	return err;
}

void natfw_client_close(struct natfw_client *c)
{
	if (!c)
		return;
	nl_socket_free(c->sk);
	natfw_msg_fini(&c->tx);
	natfw_dump_fini(&c->groups);
	free(c->rx);
	free(c);
}
