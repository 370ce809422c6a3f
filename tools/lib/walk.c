// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <linux/genetlink.h>
#include <netlink/msg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "client_private.h"
#include "walk.h"

struct natfw_walk {
	struct natfw_client *c;
	const struct natfw_set *set;
	void *obj;			/* room for one */
	bool done;
};

static int start(struct natfw_walk *w, unsigned int cmd, const void *filter, struct natfw_error *e)
{
	struct natfw_client *c = w->c;

	natfw_msg_reset(&c->tx);
	natfw_msg_begin(&c->tx, c->family, (uint8_t)cmd, NATFW_FAMILY_VERSION,
			NLM_F_REQUEST | NLM_F_ACK | NLM_F_DUMP, ++c->seq);
	if (filter)
		natfw_object_put(&c->tx, w->set, filter);
	natfw_msg_end(&c->tx);
	if (!natfw_msg_ok(&c->tx))
		return natfw_error_set(e, EMSGSIZE, "request too large");
	return natfw_client_send(c, c->tx.buf, c->tx.len, e);
}

int natfw_walk_open(struct natfw_walk **wp, unsigned int cmd, const void *filter, struct natfw_error *e)
{
	struct natfw_walk *w = calloc(1, sizeof(*w));
	int err;

	*wp = NULL;
	if (!w)
		return natfw_error_set(e, ENOMEM, "out of memory");
	w->set = natfw_command_set(cmd);
	w->obj = w->set ? calloc(1, w->set->size) : NULL;
	if (!w->set)
		err = natfw_error_set(e, EINVAL, "no such command");
	else if (!w->obj)
		err = natfw_error_set(e, ENOMEM, "out of memory");
	else
		err = natfw_client_open(&w->c, NULL, e);
	if (!err)
		err = start(w, cmd, filter, e);
	if (err)
		natfw_walk_close(w);
	else
		*wp = w;
	return err;
}

void natfw_walk_close(struct natfw_walk *w)
{
	if (!w)
		return;
	natfw_client_close(w->c);
	free(w->obj);
	free(w);
}

int natfw_walk_fd(const struct natfw_walk *w)
{
	return natfw_client_fd(w->c);
}

static int take_end(struct natfw_walk *w, const struct nlmsghdr *h, struct natfw_error *e)
{
	int err = 0;

	w->done = true;
	if (h->nlmsg_type == NLMSG_ERROR)
		return natfw_error_read(e, h, natfw_msg_head(&w->c->tx), w->set);
	if (h->nlmsg_len >= sizeof(*h) + sizeof(int))
		memcpy(&err, h + 1, sizeof(err));
	return err < 0 ? natfw_error_set(e, -err, "the dump failed") : 0;
}

static int take(struct natfw_walk *w, const struct nlmsghdr *h, void (*fn)(void *arg, const void *obj),
		void *arg, struct natfw_error *e)
{
	const size_t skip = sizeof(*h) + sizeof(struct genlmsghdr);

	if (h->nlmsg_seq != w->c->seq)
		return 0;
	if (h->nlmsg_type == NLMSG_DONE || h->nlmsg_type == NLMSG_ERROR)
		return take_end(w, h, e);
	if (h->nlmsg_type < NLMSG_MIN_TYPE || h->nlmsg_len < skip)
		return 0;
	if (natfw_object_get(w->set, w->obj, (const char *)h + skip, h->nlmsg_len - skip))
		return natfw_error_set(e, ENOMEM, "out of memory");
	fn(arg, w->obj);
	natfw_object_fini(w->set, w->obj);
	return 0;
}

int natfw_walk_read(struct natfw_walk *w, void (*fn)(void *arg, const void *obj), void *arg,
		    struct natfw_error *e)
{
	const struct nlmsghdr *h = (const struct nlmsghdr *)w->c->rx;
	ssize_t n = natfw_client_recv(w->c, MSG_DONTWAIT, e);
	int left = (int)n, err = 0;

	if (n < 0)
		return (int)n;
	for (; !err && !w->done && nlmsg_ok(h, left); h = nlmsg_next((struct nlmsghdr *)h, &left))
		err = take(w, h, fn, arg, e);
	if (err)
		return err;
	return !w->done;
}
