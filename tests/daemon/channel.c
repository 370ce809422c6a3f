// SPDX-License-Identifier: GPL-2.0-or-later
// natfw-test: quick host timeout=60
/*
 * Channels: messages arrive whole and in order, however many; what is too much is refused; ends that go away,
 * and descriptors, are what they should be.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "channel.h"
#include "ktap.h"

struct end {
	struct channel *ch;
	unsigned int got, closed, drained, fds;
	uint32_t last;
	size_t octets;
	bool in_order, destroy;
};

static struct event_base *loop;
static char logged[256];

static void keep_log(enum log_subsystem sub, enum log_level level, const char *line)
{
	(void)sub;
	(void)level;
	snprintf(logged, sizeof(logged), "%s", line);
}

static void on_message(void *arg, unsigned int type, const void *data, size_t len, int fd)
{
	struct end *e = arg;
	uint32_t n = 0;

	EXPECT(!((uintptr_t)data & 7));
	e->got++;
	e->octets += len;
	if (len >= sizeof(n))
		memcpy(&n, data, sizeof(n));
	e->in_order &= type == 7 && (n > e->last || len < sizeof(n));
	e->last = n;
	if (fd >= 0) {
		EXPECT(fcntl(fd, F_GETFD) == FD_CLOEXEC);
		e->fds++;
		close(fd);
	}
	if (e->destroy) {
		channel_destroy(e->ch);
		e->ch = NULL;
	}
}

static void on_closed(void *arg)
{
	struct end *e = arg;

	e->closed++;
	channel_destroy(e->ch);
	e->ch = NULL;
}

static void on_drained(void *arg)
{
	((struct end *)arg)->drained++;
}

static const struct channel_ops ops = { on_message, on_closed, on_drained };

static void make(struct end e[2], size_t limit)
{
	int fd[2], i;

	EXPECT(!channel_pair(fd));
	for (i = 0; i < 2; i++) {
		e[i] = (struct end){ .in_order = true };
		e[i].ch = channel_create(loop, fd[i], limit, &ops, &e[i]);
		EXPECT(e[i].ch);
	}
}

static void unmake(struct end e[2])
{
	channel_destroy(e[0].ch);
	channel_destroy(e[1].ch);
}

static void run(void)
{
	int i;

	for (i = 0; i < 1000; i++)
		if (event_base_loop(loop, EVLOOP_NONBLOCK | EVLOOP_ONCE))
			break;
}

static void in_order(void)
{
	static uint8_t data[300];
	struct end e[2];
	uint32_t i;

	make(e, 1 << 20);
	for (i = 1; i <= 2000; i++) {
		memcpy(data, &i, sizeof(i));
		EXPECT(!channel_send(e[0].ch, 7, data, 4, data + 4, i % 290, -1));
	}
	run();
	EXPECT(e[1].got == 2000 && e[1].in_order && !channel_backlog(e[0].ch));
	unmake(e);
}

static void sizes(void)
{
	static uint8_t data[CHANNEL_MESSAGE_MAX + 1];
	struct end e[2];

	make(e, 1 << 20);
	EXPECT(!channel_send(e[0].ch, 7, NULL, 0, NULL, 0, -1));
	EXPECT(!channel_send(e[0].ch, 7, data, CHANNEL_MESSAGE_MAX, NULL, 0, -1));
	EXPECT(!channel_send(e[0].ch, 7, NULL, 0, data, CHANNEL_MESSAGE_MAX, -1));
	EXPECT(channel_send(e[0].ch, 7, data, CHANNEL_MESSAGE_MAX + 1, NULL, 0, -1) == -EMSGSIZE);
	EXPECT(channel_send(e[0].ch, 7, data, CHANNEL_MESSAGE_MAX, data, 1, -1) == -EMSGSIZE);
	EXPECT(channel_send(e[0].ch, 7, data, SIZE_MAX, data, 2, -1) == -EMSGSIZE);
	run();
	EXPECT(e[1].got == 3 && e[1].octets == 2 * CHANNEL_MESSAGE_MAX);
	unmake(e);
}

/* Nobody reads: up to the limit is queued, then refused; when it was read, that is told. */
static void full(void)
{
	static uint8_t data[50000];
	struct end e[2];
	unsigned int sent = 0;
	uint32_t n = 1;
	int err;

	make(e, 1000000);
	do {
		memcpy(data, &n, sizeof(n));
		err = channel_send(e[0].ch, 7, data, sizeof(data), NULL, 0, -1);
		sent += !err;
		n++;
	} while (!err && n < 10000);
	EXPECT(err == -ENOBUFS && sent > 19 && sent < 100);
	EXPECT(channel_backlog(e[0].ch) <= 1000000 && channel_backlog(e[0].ch) > 900000);
	EXPECT(!e[0].drained);
	run();
	EXPECT(e[1].got == sent && e[1].in_order && e[0].drained == 1);
	EXPECT(!channel_send(e[0].ch, 7, data, 4, NULL, 0, -1));
	run();
	EXPECT(e[0].drained == 1);
	unmake(e);
}

static void gone(void)
{
	struct end e[2];

	make(e, 1 << 20);
	channel_destroy(e[1].ch);
	e[1].ch = NULL;
	EXPECT(channel_send(e[0].ch, 7, "abcd", 4, NULL, 0, -1) == -EPIPE);
	run();
	EXPECT(e[0].closed == 1 && !e[0].ch);
	/* what was sent before the end went is still read */
	make(e, 1 << 20);
	EXPECT(!channel_send(e[0].ch, 7, "abcd", 4, NULL, 0, -1));
	channel_destroy(e[0].ch);
	e[0].ch = NULL;
	run();
	EXPECT(e[1].got == 1 && e[1].closed == 1);
	unmake(e);
}

static void destroyed_by_callback(void)
{
	struct end e[2];

	make(e, 1 << 20);
	e[1].destroy = true;
	EXPECT(!channel_send(e[0].ch, 7, "abcd", 4, NULL, 0, -1));
	EXPECT(!channel_send(e[0].ch, 7, "abcd", 4, NULL, 0, -1));
	run();
	EXPECT(e[1].got == 1 && !e[1].ch && e[0].closed == 1);
	unmake(e);
}

static int a_file(void)
{
	return open("/dev/null", O_RDWR | O_CLOEXEC);
}

static unsigned int open_files(void)
{
	unsigned int n = 0;
	int fd;

	for (fd = 0; fd < 1000; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* Sent, queued, refused, or too late: the descriptor is never left behind. */
static void descriptors(void)
{
	static uint8_t data[50000];
	unsigned int before = open_files(), i;
	struct end e[2];

	make(e, 1000000);
	for (i = 0; i < 50; i++)
		channel_send(e[0].ch, 7, data, sizeof(data), NULL, 0, a_file());
	channel_send(e[0].ch, 7, data, SIZE_MAX, NULL, 0, a_file());
	run();
	EXPECT(e[1].fds == e[1].got && e[1].fds > 19);
	for (i = 0; i < 30; i++)
		channel_send(e[0].ch, 7, data, sizeof(data), NULL, 0, a_file());
	unmake(e);
	make(e, 1000000);
	channel_destroy(e[1].ch);
	e[1].ch = NULL;
	channel_send(e[0].ch, 7, data, 4, NULL, 0, a_file());
	unmake(e);
	EXPECT_EQ(open_files(), before);
}

/* No room for one: the message comes without, and that is said. */
static void no_room_for_one(void)
{
	struct rlimit old, low;
	struct end e[2];

	make(e, 1 << 20);
	EXPECT(!channel_send(e[0].ch, 7, "abcd", 4, NULL, 0, a_file()));
	getrlimit(RLIMIT_NOFILE, &old);
	low = (struct rlimit){ 3, old.rlim_max };
	setrlimit(RLIMIT_NOFILE, &low);
	logged[0] = 0;
	run();
	setrlimit(RLIMIT_NOFILE, &old);
	EXPECT(e[1].got == 1 && !e[1].fds && strstr(logged, "no room for a descriptor"));
	unmake(e);
}

/* What is no message of ours is dropped, and the next one comes. */
static void malformed(void)
{
	static uint8_t big[70000];
	struct end e = { .in_order = true };
	int fd[2];

	EXPECT(!channel_pair(fd));
	e.ch = channel_create(loop, fd[1], 1 << 20, &ops, &e);
	EXPECT_EQ(send(fd[0], "abc", 3, 0), 3);
	EXPECT_EQ(send(fd[0], "\7\0\0\0\5\0\0\0abcd", 12, 0), 12);
	EXPECT_EQ(send(fd[0], "\7\0\0\0\xff\xff\xff\xff""abcd", 12, 0), 12);
	EXPECT_EQ(send(fd[0], big, sizeof(big), 0), sizeof(big));
	EXPECT_EQ(send(fd[0], "\7\0\0\0\4\0\0\0abcd", 12, 0), 12);
	run();
	EXPECT(e.got == 1 && e.in_order && !e.closed && strstr(logged, "malformed"));
	channel_destroy(e.ch);
	close(fd[0]);
}

static void send_with(int to, const void *data, size_t len, unsigned int count)
{
	int fd[4] = { a_file(), a_file(), a_file(), a_file() };
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(fd))];
	} control = { 0 };
	struct iovec part = { (void *)data, len };
	struct msghdr m = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control,
		.msg_controllen = CMSG_SPACE(count * sizeof(int)),
	};
	unsigned int i;

	control.head = (struct cmsghdr){
		.cmsg_len = CMSG_LEN(count * sizeof(int)), .cmsg_level = SOL_SOCKET,
		.cmsg_type = SCM_RIGHTS,
	};
	memcpy(CMSG_DATA(&control.head), fd, count * sizeof(int));
	EXPECT_EQ(sendmsg(to, &m, 0), len);
	for (i = 0; i < 4; i++)
		close(fd[i]);
}

/* A process that was taken over cannot use up the descriptors of others. */
static void too_many_descriptors(void)
{
	unsigned int before = open_files(), i, n;
	struct end e = { .in_order = true };
	int fd[2];

	for (n = 1; n <= 4; n++) {
		e = (struct end){ .in_order = true };
		EXPECT(!channel_pair(fd));
		e.ch = channel_create(loop, fd[1], 1 << 20, &ops, &e);
		for (i = 0; i < 20; i++)
			send_with(fd[0], "\7\0\0\0\4\0\0\0abcd", 12, n);
		send_with(fd[0], "abc", 3, n);
		send_with(fd[0], "", 0, n);
		run();
		EXPECT(e.got == 20 && e.closed == 1);
		EXPECT_EQ(e.fds, n == 1 ? 20 : 0);
		close(fd[0]);
		EXPECT_EQ(open_files(), before);
	}
}

static void flushed(void)
{
	static uint8_t data[50000];
	struct end e[2];
	unsigned int sent = 0;
	pid_t child;
	int fd[2], status;

	/* an end that nobody reads holds nothing up for long */
	make(e, 1000000);
	while (!channel_send(e[0].ch, 7, data, sizeof(data), NULL, 0, -1))
		;
	channel_flush(e[0].ch, 50);
	unmake(e);
	EXPECT(!channel_pair(fd));
	child = fork();
	if (!child) {
		uint8_t one[65536];

		close(fd[0]);
		fcntl(fd[1], F_SETFL, 0);
		while (recv(fd[1], one, sizeof(one), 0) > 0)
			;
		_exit(0);
	}
	close(fd[1]);
	e[0].ch = channel_create(loop, fd[0], 1000000, &ops, &e[0]);
	while (!channel_send(e[0].ch, 7, data, sizeof(data), NULL, 0, -1) && sent < 100)
		sent++;
	channel_flush(e[0].ch, 10000);
	EXPECT(!channel_backlog(e[0].ch));
	channel_destroy(e[0].ch);
	EXPECT(waitpid(child, &status, 0) == child);
}

static void awaited(void)
{
	char text[4] = "";
	struct end e;
	int fd[2];

	EXPECT(!channel_pair(fd));
	e.ch = channel_create(loop, fd[0], 1 << 20, &ops, &e);
	channel_send(e.ch, 7, "abcd", 4, NULL, 0, -1);
	channel_send(e.ch, 8, "abcd", 4, NULL, 0, -1);
	channel_send(e.ch, 7, "abc", 3, NULL, 0, -1);
	EXPECT(!channel_await(fd[1], 7, text, 4) && !memcmp(text, "abcd", 4));
	EXPECT_EQ(channel_await(fd[1], 7, text, 4), -EPROTO);
	EXPECT_EQ(channel_await(fd[1], 7, text, 4), -EPROTO);
	channel_destroy(e.ch);
	EXPECT_EQ(channel_await(fd[1], 7, text, 4), -EPIPE);
	close(fd[1]);
}

/* What is posted goes together, and in order with what is sent at once. */
static void posted(void)
{
	static uint8_t data[300];
	struct end e[2];
	uint32_t i;

	make(e, 1 << 20);
	for (i = 1; i <= 3000; i++) {
		memcpy(data, &i, sizeof(i));
		if (i % 97)
			EXPECT(!channel_post(e[0].ch, 7, data, 4, data + 4, i % 290));
		else
			EXPECT(!channel_send(e[0].ch, 7, data, 4, data + 4, i % 290, -1));
	}
	EXPECT(channel_backlog(e[0].ch));
	run();
	EXPECT(e[1].got == 3000 && e[1].in_order && !channel_backlog(e[0].ch));
	/* too long to go with others, too long at all */
	EXPECT(!channel_post(e[0].ch, 7, NULL, 0, NULL, 0));
	EXPECT(!channel_post(e[0].ch, 7, (uint8_t[CHANNEL_MESSAGE_MAX]){ 0 }, CHANNEL_MESSAGE_MAX,
			     NULL, 0));
	EXPECT(channel_post(e[0].ch, 7, data, SIZE_MAX, data, 2) == -EMSGSIZE);
	run();
	EXPECT(e[1].got == 3002);
	unmake(e);
}

static void posted_together(void)
{
	static const uint8_t want[] = {
		7, 0, 0, 0, 5, 0, 0, 0, 'a', 'b', 'c', 'd', 'e', 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0,
		9, 0, 0, 0, 1, 0, 0, 0, 'f',
	};
	uint8_t octets[100];
	struct end e;
	int fd[2];

	EXPECT(!channel_pair(fd));
	e.ch = channel_create(loop, fd[0], 1 << 20, &ops, &e);
	EXPECT(!channel_post(e.ch, 7, "abc", 3, "de", 2));
	EXPECT(!channel_post(e.ch, 8, NULL, 0, NULL, 0));
	EXPECT(!channel_post(e.ch, 9, "f", 1, NULL, 0));
	EXPECT_EQ(recv(fd[1], octets, sizeof(octets), 0), -1);
	event_base_loop(loop, EVLOOP_NONBLOCK);
	EXPECT_EQ(recv(fd[1], octets, sizeof(octets), 0), sizeof(want));
	EXPECT(!memcmp(octets, want, sizeof(want)));
	EXPECT_EQ(recv(fd[1], octets, sizeof(octets), 0), -1);
	/* the end of a process, and of a channel */
	EXPECT(!channel_post(e.ch, 9, "f", 1, NULL, 0));
	channel_flush(e.ch, 0);
	EXPECT_EQ(recv(fd[1], octets, sizeof(octets), 0), 9);
	EXPECT(!channel_post(e.ch, 9, "f", 1, NULL, 0));
	channel_destroy(e.ch);
	EXPECT_EQ(recv(fd[1], octets, sizeof(octets), 0), 9);
	EXPECT_EQ(recv(fd[1], octets, sizeof(octets), 0), 0);
	close(fd[1]);
}

static void posted_too_much(void)
{
	static uint8_t data[1000];
	unsigned int sent = 0;
	struct end e[2];
	uint32_t n = 1;

	make(e, 1000000);
	for (; n < 10000; n++) {
		memcpy(data, &n, sizeof(n));
		if (channel_post(e[0].ch, 7, data, sizeof(data), NULL, 0))
			break;
		sent++;
	}
	EXPECT(sent > 1000 && sent < 5000 && channel_backlog(e[0].ch) <= 1000000);
	EXPECT(channel_post(e[0].ch, 7, data, sizeof(data), NULL, 0) == -ENOBUFS);
	run();
	EXPECT(e[1].got == sent && e[1].in_order && e[0].drained == 1);
	unmake(e);
}

static void destroyed_midway(void)
{
	struct end e[2];

	make(e, 1 << 20);
	e[1].destroy = true;
	EXPECT(!channel_post(e[0].ch, 7, "abcd", 4, NULL, 0));
	EXPECT(!channel_post(e[0].ch, 7, "abcd", 4, NULL, 0));
	run();
	EXPECT(e[1].got == 1 && !e[1].ch && e[0].closed == 1);
	unmake(e);
}

/* One of several that is malformed: none of them is looked at. */
static void malformed_together(void)
{
	static const char *const bad[] = {
		"\7\0\0\0\4\0\0\0abcd\0\0\0\0\7\0\0\0\5\0\0\0abcd",	/* the second too long */
		"\7\0\0\0\4\0\0\0abcd\0\0\0\0\7\0\0\0\0\0\0",	/* half a head */
		"\7\0\0\0\4\0\0\0abcd\0\0\0",		/* padding behind the last */
	};
	static const size_t len[] = { 28, 23, 15 };
	struct end e = { .in_order = true };
	unsigned int i;
	int fd[2];

	EXPECT(!channel_pair(fd));
	e.ch = channel_create(loop, fd[1], 1 << 20, &ops, &e);
	for (i = 0; i < 3; i++) {
		logged[0] = 0;
		EXPECT_EQ(send(fd[0], bad[i], len[i], 0), len[i]);
		run();
		EXPECT(!e.got && strstr(logged, "malformed"));
	}
	EXPECT_EQ(send(fd[0], "\7\0\0\0\4\0\0\0abcd\0\0\0\0\7\0\0\0\0\0\0\0", 24, 0), 24);
	run();
	EXPECT_EQ(e.got, 2);
	channel_destroy(e.ch);
	close(fd[0]);
}

int main(void)
{
	static const struct ktap_test tests[] = {
		{ "messages arrive whole and in order", in_order },
		{ "all sizes, and none above", sizes },
		{ "what is too much is refused, and told when there is room", full },
		{ "an end that is gone", gone },
		{ "a channel destroyed in its callback", destroyed_by_callback },
		{ "descriptors are never left behind", descriptors },
		{ "a descriptor that there is no room for", no_room_for_one },
		{ "what is malformed is dropped alone", malformed },
		{ "more descriptors than one are none", too_many_descriptors },
		{ "flushing ends", flushed },
		{ "the first message is waited for", awaited },
		{ "what is posted arrives in order with what is sent", posted },
		{ "what is posted in one turn is one datagram", posted_together },
		{ "what is too much to post is refused", posted_too_much },
		{ "a channel destroyed amid one datagram", destroyed_midway },
		{ "several messages in a datagram are all well formed, or none counts", malformed_together },
	};
	int status;

	log_capture(keep_log);
	loop = event_base_new();
	status = ktap_main(tests, sizeof(tests) / sizeof(tests[0]));
	event_base_free(loop);
	return status;
}
