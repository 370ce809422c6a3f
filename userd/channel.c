// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/log.h"
#include "channel.h"

#define BURST		64	/* messages taken before others get their turn */
#define SOCKET_BUFFER	(1 << 20)

struct head {
	uint32_t type;
	uint32_t len;
};

struct packet {
	struct packet *next;
	size_t len;
	int fd;
	uint8_t octets[];	/* head and message */
};

struct channel {
	struct event_base *base;
	struct event *in, *out;
	int fd;
	size_t limit, queued;
	struct packet *first, **last;
	const struct channel_ops *ops;
	void *arg;
	bool refused;		/* something, since the queue was empty */
	bool busy, gone;	/* in a callback; destroyed meanwhile */
};

union control {
	struct cmsghdr head;
	char room[CMSG_SPACE(sizeof(int))];
};

/* One thread, and never two messages at a time. */
static struct {
	struct head head;
	uint8_t data[CHANNEL_MESSAGE_MAX] __attribute__((aligned(16)));
} in;

int channel_pair(int fd[2])
{
	int size = SOCKET_BUFFER, i;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fd))
		return -errno;
	for (i = 0; i < 2; i++)
		if (setsockopt(fd[i], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)))
			(void)setsockopt(fd[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	return 0;
}

/* ------------------------------------------------------------------ out */

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

static int put(int sock, const struct iovec *part, size_t parts, int fd)
{
	union control control = { 0 };
	struct msghdr msg = { .msg_iov = (struct iovec *)part, .msg_iovlen = parts };
	ssize_t n;

	if (fd >= 0) {
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control);
		control.head.cmsg_len = CMSG_LEN(sizeof(int));
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	}
	do {
		n = sendmsg(sock, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

/* What the kernel says when it takes no more just now. */
static bool full(int err)
{
	return err == -EAGAIN || err == -ENOBUFS || err == -ENOMEM ||
	       err == -ETOOMANYREFS;
}

static void drop_first(struct channel *ch)
{
	struct packet *p = ch->first;

	ch->first = p->next;
	if (!ch->first)
		ch->last = &ch->first;
	ch->queued -= p->len;
	close_fd(p->fd);
	free(p);
}

/* True if the queue is empty now. An end that is gone shows up in reading. */
static bool put_queued(struct channel *ch)
{
	while (ch->first) {
		struct iovec part = { ch->first->octets, ch->first->len };
		int err = put(ch->fd, &part, 1, ch->first->fd);

		if (full(err))
			return false;
		drop_first(ch);
	}
	return true;
}

static int enqueue(struct channel *ch, const struct iovec part[3], int fd)
{
	size_t len = part[0].iov_len + part[1].iov_len + part[2].iov_len, at = 0;
	struct packet *p = NULL;
	int i;

	if (ch->queued + len <= ch->limit)
		p = malloc(sizeof(*p) + len);
	if (!p) {
		ch->refused = true;
		close_fd(fd);
		return -ENOBUFS;
	}
	*p = (struct packet){ .len = len, .fd = fd };
	for (i = 0; i < 3; at += part[i++].iov_len)
		if (part[i].iov_len)
			memcpy(p->octets + at, part[i].iov_base, part[i].iov_len);
	*ch->last = p;
	ch->last = &p->next;
	ch->queued += len;
	event_add(ch->out, NULL);
	return 0;
}

int channel_send(struct channel *ch, unsigned int type, const void *a, size_t alen, const void *b,
		 size_t blen, int fd)
{
	struct head head = { type, (uint32_t)(alen + blen) };
	struct iovec part[3] = {
		{ &head, sizeof(head) }, { (void *)a, alen }, { (void *)b, blen },
	};
	int err = -EAGAIN;

	if (alen > CHANNEL_MESSAGE_MAX || blen > CHANNEL_MESSAGE_MAX - alen) {
		close_fd(fd);
		return -EMSGSIZE;
	}
	if (!ch->first)
		err = put(ch->fd, part, 3, fd);
	if (full(err))
		return enqueue(ch, part, fd);
	close_fd(fd);
	return err ? -EPIPE : 0;
}

size_t channel_backlog(const struct channel *ch)
{
	return ch->queued;
}

void channel_flush(struct channel *ch, int ms)
{
	struct pollfd p = { .fd = ch->fd, .events = POLLOUT };

	while (!put_queued(ch))
		if (poll(&p, 1, ms) <= 0)
			return;
}

/* ------------------------------------------------------------------ in */

/* There is room for two, for alignment's sake: more than one is no message of ours. */
static int take_fd(struct msghdr *msg)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(msg);
	size_t i, n;
	int fd = -1;

	if (msg->msg_flags & MSG_CTRUNC)
		log_error(SUB_MAIN, "no room for a descriptor from another process");
	if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
		return -1;
	n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(fd);
	for (i = 0; i < n; i++) {
		memcpy(&fd, CMSG_DATA(c) + i * sizeof(fd), sizeof(fd));
		if (n > 1)
			close(fd);
	}
	return n == 1 ? fd : -1;
}

/* Octets read, 0: end, or -errno. */
static ssize_t take(int sock, int *fd)
{
	union control control;
	struct iovec part[2] = { { &in.head, sizeof(in.head) }, { in.data, sizeof(in.data) } };
	struct msghdr msg = {
		.msg_iov = part, .msg_iovlen = 2,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	ssize_t n;

	do {
		n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	*fd = take_fd(&msg);
	if (n && (msg.msg_flags & MSG_TRUNC || (size_t)n < sizeof(in.head) ||
		  (size_t)n - sizeof(in.head) != in.head.len))
		return -EBADMSG;
	return n;
}

static void dispatch(struct channel *ch, int fd)
{
	ch->ops->message(ch->arg, in.head.type, in.data, in.head.len, fd);
}

static void on_readable(evutil_socket_t sock, short what, void *arg)
{
	struct channel *ch = arg;
	ssize_t n = 1;
	int i, fd = -1;

	(void)what;
	ch->busy = true;
	for (i = 0; i < BURST && !ch->gone; i++) {
		n = take(sock, &fd);
		if (n == -EBADMSG) {
			log_error(SUB_MAIN, "malformed message from another process");
			close_fd(fd);
			continue;
		}
		if (!n)
			close_fd(fd);
		if (n <= 0)
			break;
		dispatch(ch, fd);
	}
	if (!ch->gone && n <= 0 && n != -EAGAIN && n != -EBADMSG) {
		event_del(ch->in);
		event_del(ch->out);
		ch->ops->closed(ch->arg);
	}
	ch->busy = false;
	if (ch->gone)
		channel_destroy(ch);
}

static void on_writable(evutil_socket_t sock, short what, void *arg)
{
	struct channel *ch = arg;

	(void)sock;
	(void)what;
	if (!put_queued(ch)) {
		event_add(ch->out, NULL);
	} else if (ch->refused) {
		ch->refused = false;
		if (ch->ops->drained)
			ch->ops->drained(ch->arg);
	}
}

int channel_await(int sock, unsigned int type, void *data, size_t len)
{
	struct pollfd p = { .fd = sock, .events = POLLIN };
	int fd = -1;
	ssize_t n;

	do {
		n = take(sock, &fd);
	} while (n == -EAGAIN && (poll(&p, 1, -1) > 0 || errno == EINTR));
	close_fd(fd);
	if (n < 0)
		return (int)n;
	if (!n)
		return -EPIPE;
	if (in.head.type != type || in.head.len != len)
		return -EPROTO;
	memcpy(data, in.data, len);
	return 0;
}

/* ------------------------------------------------------------------ life */

struct channel *channel_create(struct event_base *base, int fd, size_t limit,
			       const struct channel_ops *ops, void *arg)
{
	struct channel *ch = calloc(1, sizeof(*ch));

	if (!ch) {
		close(fd);
		return NULL;
	}
	*ch = (struct channel){
		.base = base, .fd = fd, .limit = limit, .ops = ops, .arg = arg, .last = &ch->first,
		.in = event_new(base, fd, EV_READ | EV_PERSIST, on_readable, ch),
		.out = event_new(base, fd, EV_WRITE, on_writable, ch),
	};
	if (!ch->in || !ch->out || event_add(ch->in, NULL)) {
		channel_destroy(ch);
		return NULL;
	}
	return ch;
}

void channel_destroy(struct channel *ch)
{
	if (!ch)
		return;
	if (ch->busy && !ch->gone) {
		ch->gone = true;
		event_del(ch->in);
		event_del(ch->out);
		return;
	}
	while (ch->first)
		drop_first(ch);
	if (ch->in)
		event_free(ch->in);
	if (ch->out)
		event_free(ch->out);
	close(ch->fd);
	free(ch);
}
