// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <linux/genetlink.h>
#include <netlink/msg.h>
#include <netlink/socket.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "client_private.h"
#include "events.h"

struct natfw_events {
	struct natfw_client *c;
};

/* Room for any object of the family. */
union any_object {
	uint64_t has;
	struct natfw_dev dev;
	struct natfw_rule rule;
	struct natfw_pool pool;
	struct natfw_net net;
	struct natfw_map map;
	struct natfw_overrun overrun;
};

static int join(struct natfw_client *c, const char *const *groups, struct natfw_error *e)
{
	for (; *groups; groups++) {
		uint32_t id = natfw_client_group(c, *groups);
		int nr = (int)id;

		if (!id)
			return natfw_error_set(e, ENOENT, "the module has no events '%s'",
					       *groups);
		if (setsockopt(c->fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &nr, sizeof(nr)))
			return natfw_error_set(e, errno, "cannot subscribe to events '%s'",
					       *groups);
	}
	return 0;
}

int natfw_events_open(struct natfw_events **evp, const char *netns, const char *const *groups,
		      struct natfw_error *e)
{
	struct natfw_events *ev = calloc(1, sizeof(*ev));
	int err;

	*evp = NULL;
	if (!ev)
		return natfw_error_set(e, ENOMEM, "out of memory");
	err = natfw_client_open(&ev->c, netns, e);
	if (!err)
		err = join(ev->c, groups, e);
	if (!err && nl_socket_set_nonblocking(ev->c->sk))
		err = natfw_error_set(e, EIO, "cannot make the socket nonblocking");
	if (err)
		natfw_events_close(ev);
	else
		*evp = ev;
	return err;
}

void natfw_events_close(struct natfw_events *ev)
{
	if (!ev)
		return;
	natfw_client_close(ev->c);
	free(ev);
}

int natfw_events_fd(const struct natfw_events *ev)
{
	return natfw_client_fd(ev->c);
}

static void overrun(natfw_event_cb cb, void *arg)
{
	struct natfw_overrun o = { 0 };
	struct natfw_event event = {
		.ntf = NATFW_CMD_OVERRUN_NTF, .set = &natfw_overrun_set, .obj = &o,
	};

	cb(arg, &event);
}

static void deliver(const struct nlmsghdr *h, natfw_event_cb cb, void *arg)
{
	size_t skip = sizeof(*h) + sizeof(struct genlmsghdr);
	const struct genlmsghdr *g = (const struct genlmsghdr *)(h + 1);
	struct natfw_event event;
	union any_object obj;

	if (h->nlmsg_type < NLMSG_MIN_TYPE || h->nlmsg_len < skip)
		return;
	event.ntf = g->cmd;
	event.set = natfw_event_set(g->cmd);
	event.obj = &obj;
	if (!event.set)
		return;
	if (natfw_object_get(event.set, &obj, (const char *)h + skip, h->nlmsg_len - skip)) {
		overrun(cb, arg);
		return;
	}
	cb(arg, &event);
	natfw_object_fini(event.set, &obj);
}

int natfw_events_read(struct natfw_events *ev, natfw_event_cb cb, void *arg,
		      struct natfw_error *e)
{
	const struct nlmsghdr *h;
	ssize_t n;
	int left;

	for (;;) {
		n = natfw_client_recv(ev->c, MSG_DONTWAIT, e);
		if (n == -ENOBUFS) {
			overrun(cb, arg);
			continue;
		}
		if (n <= 0)
			return (int)n;
		h = (const struct nlmsghdr *)ev->c->rx;
		left = (int)n;
		for (; nlmsg_ok(h, left); h = nlmsg_next((struct nlmsghdr *)h, &left))
			deliver(h, cb, arg);
	}
}
