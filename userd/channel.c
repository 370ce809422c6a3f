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
#define GATHER		16384u	/* octets that go together: the other end begins while more is made */

struct head {
	uint32_t type;
	uint32_t len;		/* of the message; the next head is at a multiple of 8 octets */
};

struct packet {
	struct packet *next;
	size_t len;
	bool gathers;		/* there is room for GATHER */
	int fd;
	uint8_t octets[];	/* heads and messages */
};

struct channel {
	struct event_base *base;
	struct event *in, *out;
	int fd;
	size_t limit, queued;
	unsigned int descriptors;	/* queued */
	struct packet *first, **last;
	struct packet *gathered;	/* posted, to be queued; empty or NULL: nothing */
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
static uint8_t in[sizeof(struct head) + CHANNEL_MESSAGE_MAX] __attribute__((aligned(16)));

static size_t padded(size_t n)
{
	return (n + 7) & ~(size_t)7;
}

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
	ch->descriptors -= p->fd >= 0;
	close_fd(p->fd);
	if (p->gathers && !ch->gathered) {
		p->len = 0;
		ch->gathered = p;
	} else {
		free(p);
	}
}

static void enqueue(struct channel *ch, struct packet *p)
{
	p->next = NULL;
	*ch->last = p;
	ch->last = &p->next;
	ch->queued += p->len;
	ch->descriptors += p->fd >= 0;
}

/* What was posted takes its place behind what is queued. */
static void queue_gathered(struct channel *ch)
{
	if (!ch->gathered || !ch->gathered->len)
		return;
	enqueue(ch, ch->gathered);
	ch->gathered = NULL;
}

/* True if the queue is empty now. An end that is gone shows up in reading. */
static bool put_queued(struct channel *ch)
{
	queue_gathered(ch);
	while (ch->first) {
		struct iovec part = { ch->first->octets, ch->first->len };
		int err = put(ch->fd, &part, 1, ch->first->fd);

		if (full(err))
			return false;
		drop_first(ch);
	}
	return true;
}

static int refuse(struct channel *ch, int fd)
{
	ch->refused = true;
	event_add(ch->out, NULL);
	close_fd(fd);
	return -ENOBUFS;
}

static int put_later(struct channel *ch, const struct iovec part[3], int fd)
{
	size_t len = part[0].iov_len + part[1].iov_len + part[2].iov_len, at = 0;
	struct packet *p = NULL;
	int i;

	if (ch->queued + len <= ch->limit)
		p = malloc(sizeof(*p) + len);
	if (!p)
		return refuse(ch, fd);
	*p = (struct packet){ .len = len, .fd = fd };
	for (i = 0; i < 3; at += part[i++].iov_len)
		if (part[i].iov_len)
			memcpy(p->octets + at, part[i].iov_base, part[i].iov_len);
	enqueue(ch, p);
	event_add(ch->out, NULL);
	return 0;
}

static bool too_long(size_t alen, size_t blen)
{
	return alen > CHANNEL_MESSAGE_MAX || blen > CHANNEL_MESSAGE_MAX - alen;
}

int channel_send(struct channel *ch, unsigned int type, const void *a, size_t alen, const void *b,
		 size_t blen, int fd)
{
	struct head head = { type, (uint32_t)(alen + blen) };
	struct iovec part[3] = {
		{ &head, sizeof(head) }, { (void *)a, alen }, { (void *)b, blen },
	};
	int err = -EAGAIN;

	if (too_long(alen, blen)) {
		close_fd(fd);
		return -EMSGSIZE;
	}
	if (!ch->first && put_queued(ch))
		err = put(ch->fd, part, 3, fd);
	else
		queue_gathered(ch);
	if (full(err))
		return put_later(ch, part, fd);
	close_fd(fd);
	return err ? -EPIPE : 0;
}

/* Where @size octets more go; NULL: nowhere. */
static struct packet *room(struct channel *ch, size_t size)
{
	struct packet *p = ch->gathered;
	size_t n = p ? padded(p->len) : 0;

	if (ch->queued + n + size > ch->limit)
		return NULL;
	if (n + size > GATHER) {
		queue_gathered(ch);
		if (!put_queued(ch))
			event_add(ch->out, NULL);
		p = ch->gathered;
	}
	if (p)
		return p;
	p = malloc(sizeof(*p) + GATHER);
	if (p)
		*p = (struct packet){ .gathers = true, .fd = -1 };
	ch->gathered = p;
	return p;
}

static void append(struct packet *p, const void *data, size_t len)
{
	if (len)
		memcpy(p->octets + p->len, data, len);
	p->len += len;
}

int channel_post(struct channel *ch, unsigned int type, const void *a, size_t alen, const void *b,
		 size_t blen)
{
	struct head head = { type, (uint32_t)(alen + blen) };
	static const uint8_t zero[8];
	struct packet *p;

	if (too_long(alen, blen) || sizeof(head) + alen + blen > GATHER)
		return channel_send(ch, type, a, alen, b, blen, -1);
	p = room(ch, sizeof(head) + alen + blen);
	if (!p)
		return refuse(ch, -1);
	if (!p->len && !ch->first)
		event_active(ch->out, EV_WRITE, 0);
	append(p, zero, padded(p->len) - p->len);
	append(p, &head, sizeof(head));
	append(p, a, alen);
	append(p, b, blen);
	return 0;
}

size_t channel_backlog(const struct channel *ch)
{
	return ch->queued + (ch->gathered ? ch->gathered->len : 0);
}

unsigned int channel_descriptors(const struct channel *ch)
{
	return ch->descriptors;
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

/* Whether the @n octets read are messages, and nothing but messages. */
static bool whole(size_t n)
{
	size_t at = 0, end;
	struct head head;

	do {
		if (n - at < sizeof(head))
			return false;
		memcpy(&head, in + at, sizeof(head));
		if (head.len > n - at - sizeof(head))
			return false;
		end = at + sizeof(head) + head.len;
		at = padded(end);
	} while (at < n);
	return end == n;
}

/* Octets read, 0: end, or -errno. */
static ssize_t take(int sock, int *fd)
{
	union control control;
	struct iovec part = { in, sizeof(in) };
	struct msghdr msg = {
		.msg_iov = &part, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	ssize_t n;

	do {
		n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	*fd = take_fd(&msg);
	return n && (msg.msg_flags & MSG_TRUNC || !whole((size_t)n)) ? -EBADMSG : n;
}

/* The messages of a datagram of @n octets; how many there were. A descriptor goes with the first. */
static int dispatch(struct channel *ch, size_t n, int fd)
{
	struct head head;
	size_t at = 0;
	int count = 0;

	do {
		memcpy(&head, in + at, sizeof(head));
		ch->ops->message(ch->arg, head.type, in + at + sizeof(head), head.len, fd);
		at = padded(at + sizeof(head) + head.len);
		fd = -1;
		count++;
	} while (at < n && !ch->gone);
	return count;
}

static void on_readable(evutil_socket_t sock, short what, void *arg)
{
	struct channel *ch = arg;
	int count = 0, fd = -1;
	ssize_t n = 1;

	(void)what;
	ch->busy = true;
	while (count < BURST && !ch->gone) {
		n = take(sock, &fd);
		if (n == -EBADMSG) {
			log_error(SUB_MAIN, "malformed message from another process");
			close_fd(fd);
			count++;
			continue;
		}
		if (!n)
			close_fd(fd);
		if (n <= 0)
			break;
		count += dispatch(ch, (size_t)n, fd);
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
	struct head head;
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
	memcpy(&head, in, sizeof(head));
	if (head.type != type || head.len != len || (size_t)n != sizeof(head) + len)
		return -EPROTO;
	memcpy(data, in + sizeof(head), len);
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
	if (ch->out)
		(void)put_queued(ch);
	while (ch->first)
		drop_first(ch);
	free(ch->gathered);
	if (ch->in)
		event_free(ch->in);
	if (ch->out)
		event_free(ch->out);
	close(ch->fd);
	free(ch);
}
