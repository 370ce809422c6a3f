// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <netlink/msg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "batch.h"
#include "client_private.h"

#define BATCH_PACKET	(96 * 1024)	/* bytes handed to one sendmsg() */
#define BATCH_REQUESTS	256		/* and requests, so that the replies fit the socket */

/* What is remembered of a request until it is answered. */
struct asked {
	uint8_t cmd;
	bool echo, done;
	size_t at;			/* in the packet being written */
};

struct natfw_batch {
	struct natfw_client *c;
	struct natfw_msg out;
	struct asked *asked;
	unsigned int n, room;
	bool failed;			/* out of memory when adding */
};

/* One run. */
struct run {
	struct natfw_batch *b;
	unsigned int first, last;	/* requests of the packet sent, last one included */
	uint32_t seq;			/* of @first */
	natfw_batch_cb cb;
	void *arg;
	bool acked;
};

int natfw_batch_new(struct natfw_batch **b, struct natfw_client *c)
{
	*b = calloc(1, sizeof(**b));
	if (!*b)
		return -ENOMEM;
	(*b)->c = c;
	return 0;
}

void natfw_batch_free(struct natfw_batch *b)
{
	if (!b)
		return;
	natfw_msg_fini(&b->out);
	free(b->asked);
	free(b);
}

unsigned int natfw_batch_count(const struct natfw_batch *b)
{
	return b->n;
}

static struct asked *asked_new(struct natfw_batch *b)
{
	unsigned int room = b->room ? b->room * 2 : 64;
	struct asked *more;

	if (b->n == b->room) {
		more = realloc(b->asked, room * sizeof(*more));
		if (!more)
			return NULL;
		b->asked = more;
		b->room = room;
	}
	return &b->asked[b->n];
}

int natfw_batch_add(struct natfw_batch *b, unsigned int cmd, unsigned int flags, const void *obj)
{
	const struct natfw_set *set = natfw_command_set(cmd);
	uint16_t nlflags = NLM_F_REQUEST;
	struct asked *a = asked_new(b);

	b->failed |= !a || !set;
	if (b->failed)
		return set ? -ENOMEM : -EINVAL;
	*a = (struct asked){ .cmd = (uint8_t)cmd, .echo = flags & NATFW_ECHO, .at = b->out.len };
	if (a->echo)
		nlflags |= NLM_F_ECHO;
	natfw_msg_begin(&b->out, b->c->family, (uint8_t)cmd, NATFW_FAMILY_VERSION, nlflags,
			++b->c->seq);
	if (obj)
		natfw_object_put(&b->out, set, obj);
	natfw_msg_end(&b->out);
	b->failed |= !natfw_msg_ok(&b->out);
	if (b->failed)
		return -ENOMEM;
	b->n++;
	return 0;
}

static void answer(struct run *r, unsigned int nr, int err, const void *reply,
		   const struct natfw_error *e)
{
	r->b->asked[nr].done = true;
	r->cb(r->arg, nr, err, reply, e);
}

static void take_error(struct run *r, unsigned int nr, const struct nlmsghdr *h)
{
	const struct asked *a = &r->b->asked[nr];
	const struct nlmsghdr *rq = (const struct nlmsghdr *)(r->b->out.buf + a->at);
	struct natfw_error e;
	int err = natfw_error_read(&e, h, rq, natfw_command_set(a->cmd));

	if (nr == r->last)
		r->acked = true;
	if (err && !a->done)
		answer(r, nr, err, NULL, &e);
}

static void take_reply(struct run *r, unsigned int nr, const struct nlmsghdr *h)
{
	const size_t skip = sizeof(*h) + sizeof(struct genlmsghdr);
	const struct natfw_set *set = natfw_command_set(r->b->asked[nr].cmd);
	union {
		uint64_t has;
		struct natfw_rule rule;
		struct natfw_dev dev;
		struct natfw_pool pool;
		struct natfw_net net;
		struct natfw_txn_info txn;
	} obj;

	if (set->size > sizeof(obj) || h->nlmsg_len < skip ||
	    natfw_object_get(set, &obj, (const char *)h + skip, h->nlmsg_len - skip))
		return;
	answer(r, nr, 0, &obj, NULL);
	natfw_object_fini(set, &obj);
}

static void take(struct run *r, const struct nlmsghdr *h)
{
	uint32_t nr = h->nlmsg_seq - r->seq;

	if (nr > r->last - r->first)
		return;
	nr += r->first;
	if (h->nlmsg_type == NLMSG_ERROR)
		take_error(r, nr, h);
	else if (h->nlmsg_type >= NLMSG_MIN_TYPE)
		take_reply(r, nr, h);
}

/* Everything the kernel had to say is there once sendmsg() has returned. */
static int read_answers(struct run *r, struct natfw_error *e)
{
	const struct nlmsghdr *h;
	ssize_t n;
	int left;

	while (!r->acked) {
		n = natfw_client_recv(r->b->c, MSG_DONTWAIT, e);
		if (n == -ENOBUFS)
			continue;
		if (n <= 0)
			return n ? (int)n : natfw_error_set(e, EPROTO,
							    "the kernel did not acknowledge");
		h = (const struct nlmsghdr *)r->b->c->rx;
		left = (int)n;
		for (; nlmsg_ok(h, left); h = nlmsg_next((struct nlmsghdr *)h, &left))
			take(r, h);
	}
	return 0;
}

/* Replies that did not come. */
static void miss(struct run *r)
{
	static const struct natfw_error lost = { .code = EPROTO, .text = "the reply was lost" };
	unsigned int i;

	for (i = r->first; i <= r->last; i++)
		if (r->b->asked[i].echo && !r->b->asked[i].done)
			answer(r, i, -EPROTO, NULL, &lost);
}

static int send_packet(struct run *r, struct natfw_error *e)
{
	const struct asked *a = r->b->asked;
	char *buf = r->b->out.buf + a[r->first].at;
	size_t end = r->last + 1 < r->b->n ? a[r->last + 1].at : r->b->out.len;
	struct nlmsghdr *last = (struct nlmsghdr *)(r->b->out.buf + a[r->last].at);
	int err;

	r->seq = ((struct nlmsghdr *)buf)->nlmsg_seq;
	r->acked = false;
	last->nlmsg_flags |= NLM_F_ACK;
	err = natfw_client_send(r->b->c, buf, end - a[r->first].at, e);
	if (!err)
		err = read_answers(r, e);
	miss(r);
	return err;
}

/* The last request that goes into one packet with @first. */
static unsigned int packet_end(const struct natfw_batch *b, unsigned int first)
{
	unsigned int i = first;

	while (i + 1 < b->n && i + 1 - first < BATCH_REQUESTS) {
		size_t end = i + 2 < b->n ? b->asked[i + 2].at : b->out.len;

		if (end - b->asked[first].at > BATCH_PACKET)
			break;
		i++;
	}
	return i;
}

void natfw_batch_reset(struct natfw_batch *b)
{
	b->n = 0;
	b->failed = false;
	natfw_msg_reset(&b->out);
}

int natfw_batch_run(struct natfw_batch *b, natfw_batch_cb cb, void *arg, struct natfw_error *e)
{
	struct run r = { .b = b, .cb = cb, .arg = arg };
	int err = b->failed ? natfw_error_set(e, ENOMEM, "out of memory") : 0;

	for (; !err && r.first < b->n; r.first = r.last + 1) {
		r.last = packet_end(b, r.first);
		err = send_packet(&r, e);
	}
	natfw_batch_reset(b);
	return err;
}
