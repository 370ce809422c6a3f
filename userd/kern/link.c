// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <linux/filter.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <netlink/attr.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "kern/link.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/*
 * Each rule we make or refresh is an event too. Those are of no use here, and there are thousands a
 * second of them: the kernel is told not to hand them out.
 */
static void filter_events(int fd)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, NLMSG_HDRLEN + offsetof(struct genlmsghdr, cmd)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NATFW_CMD_RULE_NEW_NTF, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
	};
	const struct sock_fprog prog = { .len = ARRAY_SIZE(code), .filter = code };

	/* without it the same events are read, and passed over */
	setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog));
}

void link_init(struct link *l)
{
	const struct sockaddr_nl any = { .nl_family = AF_NETLINK };
	const int group = GENL_ID_CTRL;	/* the controller's own group has its number */

	memset(l, 0, sizeof(*l));
	l->since = time(NULL);
	l->family = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_GENERIC);
	if (l->family < 0)
		return;
	if (bind(l->family, (const struct sockaddr *)&any, sizeof(any)) ||
	    setsockopt(l->family, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group))) {
		close(l->family);
		l->family = -1;
	}
}

void link_fini(struct link *l)
{
	link_close(l);
	if (l->family >= 0)
		close(l->family);
	l->family = -1;
}

/* What a message of the controller says about our family. */
static enum link_change read_change(const char *buf, ssize_t len)
{
	const struct nlmsghdr *h = (const struct nlmsghdr *)buf;
	const struct genlmsghdr *g = NLMSG_DATA(h);
	struct nlattr *a;

	if (!NLMSG_OK(h, (size_t)len) || h->nlmsg_len < NLMSG_LENGTH(GENL_HDRLEN) ||
	    (g->cmd != CTRL_CMD_DELFAMILY && g->cmd != CTRL_CMD_NEWFAMILY))
		return LINK_SAME;
	a = nla_find((struct nlattr *)((char *)g + GENL_HDRLEN),
		     (int)(h->nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN)), CTRL_ATTR_FAMILY_NAME);
	if (!a || nla_strcmp(a, NATFW_FAMILY_NAME))
		return LINK_SAME;
	return g->cmd == CTRL_CMD_DELFAMILY ? LINK_GONE : LINK_CAME;
}

enum link_change link_changed(struct link *l)
{
	char buf[8192] __attribute__((aligned(NLMSG_ALIGNTO)));
	enum link_change last = LINK_SAME, one;
	ssize_t n;

	if (l->family < 0)
		return LINK_SAME;
	while ((n = recv(l->family, buf, sizeof(buf), 0)) >= 0 || errno == ENOBUFS ||
	       errno == EINTR) {
		if (n < 0)
			one = errno == ENOBUFS ? LINK_CAME : LINK_SAME;
		else
			one = read_change(buf, n);
		if (one != LINK_SAME)
			last = one;
	}
	return last;
}

int link_open(struct link *l, struct natfw_error *e)
{
	static const char *const groups[] = { NATFW_MCGRP_RULE, NATFW_MCGRP_DEV, NULL };
	int err;

	/* events first, so that nothing that happens from now on is missed */
	err = natfw_events_open(&l->events, NULL, groups, e);
	if (err)
		return err;
	filter_events(natfw_events_fd(l->events));
	/* asking may have had it loaded, which is no news any more */
	link_changed(l);
	err = natfw_client_open(&l->client, NULL, e);
	if (!err)
		err = natfw_batch_new(&l->batch, l->client);
	l->since = time(NULL);
	if (err)
		link_close(l);
	return err;
}

void link_close(struct link *l)
{
	natfw_batch_free(l->batch);
	natfw_client_close(l->client);
	natfw_events_close(l->events);
	l->batch = NULL;
	l->client = NULL;
	l->events = NULL;
	l->since = time(NULL);
}
