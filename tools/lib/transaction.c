// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <netlink/msg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "client_private.h"
#include "transaction.h"

#define TXN_PACKET	(128 * 1024)	/* bytes handed to one sendmsg() */

struct natfw_txn {
	struct natfw_client *c;
	struct natfw_msg out;		/* packed requests not sent yet */
	size_t limit;			/* bytes of a packet */
	uint32_t first_seq;		/* of the first request packed */
	long sent, packed;		/* requests */
	long failed;			/* number of the request refused, or -1 */
	struct natfw_error why;
};

/* As much as the socket takes at once, within reason. */
static size_t packet_limit(int fd)
{
	int size = 0;
	socklen_t len = sizeof(size);

	if (getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, &len) || size < 4096)
		return 4096;
	return size - 1024 < TXN_PACKET ? (size_t)size - 1024 : TXN_PACKET;
}

int natfw_txn_begin(struct natfw_txn **tp, struct natfw_client *c, const uint32_t *generation,
		    size_t expected, struct natfw_error *e)
{
	struct natfw_txn_info i = { 0 };
	struct natfw_txn *t;
	int err;

	*tp = NULL;
	t = calloc(1, sizeof(*t));
	if (!t)
		return natfw_error_set(e, ENOMEM, "out of memory");
	t->c = c;
	t->failed = -1;
	t->limit = packet_limit(c->fd);
	if (generation) {
		i.generation = *generation;
		natfw_want(&i, NATFW_A_TXN_GENERATION);
	}
	if (expected) {
		i.staged = expected < UINT32_MAX ? (uint32_t)expected : UINT32_MAX;
		natfw_want(&i, NATFW_A_TXN_STAGED);
	}
	err = natfw_client_do(c, NATFW_CMD_TXN_BEGIN, 0, &i, NULL, e);
	if (err)
		free(t);
	else
		*tp = t;
	return err;
}

/* The packed request with sequence number @seq, or NULL. */
static const struct nlmsghdr *packed_find(const struct natfw_txn *t, uint32_t seq)
{
	const struct nlmsghdr *h = (const struct nlmsghdr *)t->out.buf;
	int left = (int)t->out.len;

	for (; nlmsg_ok(h, left); h = nlmsg_next((struct nlmsghdr *)h, &left))
		if (h->nlmsg_seq == seq)
			return h;
	return NULL;
}

/* Note the refusal @h reports if it is of an earlier request than known so far. */
static void note_ack(struct natfw_txn *t, const struct nlmsghdr *h, bool *acked)
{
	long nr = (long)(h->nlmsg_seq - t->first_seq);
	const struct nlmsghdr *rq;

	if (h->nlmsg_type != NLMSG_ERROR || nr < 0 || nr >= t->packed)
		return;
	if (nr == t->packed - 1)
		*acked = true;
	if (t->failed >= 0 && t->failed <= t->sent + nr)
		return;
	rq = packed_find(t, h->nlmsg_seq);
	if (natfw_error_read(&t->why, h, rq, &natfw_rule_set) < 0)
		t->failed = t->sent + nr;
}

/*
 * Everything the kernel had to say is there by now, and what it says of the
 * last request comes last.
 */
static void read_acks(struct natfw_txn *t, bool *acked)
{
	const struct nlmsghdr *h;
	ssize_t n;
	int left;

	while (!*acked) {
		n = natfw_client_recv(t->c, MSG_DONTWAIT, NULL);
		if (n == -ENOBUFS)
			continue;
		if (n <= 0)
			return;
		h = (const struct nlmsghdr *)t->c->rx;
		left = (int)n;
		for (; nlmsg_ok(h, left); h = nlmsg_next((struct nlmsghdr *)h, &left))
			note_ack(t, h, acked);
	}
}

int natfw_txn_flush(struct natfw_txn *t, struct natfw_error *e)
{
	bool acked = false;
	int err;

	if (!t->packed || t->failed >= 0)
		goto out;
	natfw_msg_head(&t->out)->nlmsg_flags |= NLM_F_ACK;
	err = natfw_client_send(t->c, t->out.buf, t->out.len, e);
	if (err)
		return err;
	read_acks(t, &acked);
	if (!acked && t->failed < 0)
		return natfw_error_set(e, EPROTO, "the kernel did not acknowledge");
	t->sent += t->packed;
	t->packed = 0;
	natfw_msg_reset(&t->out);
out:
	if (t->failed < 0)
		return 0;
	if (e)
		*e = t->why;
	return -t->why.code;
}

/* Room for a request of @len bytes of attributes; sends if need be. */
static int pack_begin(struct natfw_txn *t, unsigned int cmd, size_t len, struct natfw_error *e)
{
	int err = 0;

	if (t->packed && t->out.len + len + NLMSG_HDRLEN + 8 > t->limit)
		err = natfw_txn_flush(t, e);
	if (err)
		return err;
	if (!t->packed)
		t->first_seq = t->c->seq + 1;
	natfw_msg_begin(&t->out, t->c->family, (uint8_t)cmd, NATFW_FAMILY_VERSION,
			NLM_F_REQUEST, ++t->c->seq);
	return 0;
}

static int pack_end(struct natfw_txn *t, struct natfw_error *e)
{
	natfw_msg_end(&t->out);
	if (!natfw_msg_ok(&t->out))
		return natfw_error_set(e, ENOMEM, "out of memory");
	t->packed++;
	return 0;
}

int natfw_txn_add_raw(struct natfw_txn *t, unsigned int cmd, const void *attrs, size_t len,
		      struct natfw_error *e)
{
	int err = pack_begin(t, cmd, len, e);

	if (err)
		return err;
	natfw_msg_put_raw(&t->out, attrs, len);
	return pack_end(t, e);
}

#define RULE_ROOM	1024	/* bytes; more than any rule needs */

int natfw_txn_add(struct natfw_txn *t, unsigned int cmd, const struct natfw_rule *obj,
		  struct natfw_error *e)
{
	int err = pack_begin(t, cmd, RULE_ROOM, e);

	if (err)
		return err;
	natfw_object_put(&t->out, &natfw_rule_set, obj);
	return pack_end(t, e);
}

long natfw_txn_failed(const struct natfw_txn *t)
{
	return t->failed;
}

static void txn_free(struct natfw_txn *t)
{
	natfw_msg_fini(&t->out);
	free(t);
}

void natfw_txn_abort(struct natfw_txn *t)
{
	if (!t)
		return;
	natfw_client_do(t->c, NATFW_CMD_TXN_ABORT, 0, NULL, NULL, NULL);
	txn_free(t);
}

int natfw_txn_commit(struct natfw_txn *t, struct natfw_txn_info *done, long *failed,
		     struct natfw_error *e)
{
	struct natfw_txn_info all = { 0 }, reply;
	int err = natfw_txn_flush(t, e);

	if (failed)
		*failed = t->failed;
	/* what the kernel did not count must not be missing unnoticed */
	all.staged = (uint32_t)t->sent;
	natfw_want(&all, NATFW_A_TXN_STAGED);
	if (!err)
		err = natfw_client_do(t->c, NATFW_CMD_TXN_COMMIT, 0, &all, &reply, e);
	if (err) {
		natfw_txn_abort(t);
		return err;
	}
	if (done)
		*done = reply;
	txn_free(t);
	return 0;
}
