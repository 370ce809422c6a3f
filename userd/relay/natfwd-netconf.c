// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Between sshd and natfwd: what sshd starts, for a manager whose key it has seen, when the subsystem netconf is
 * asked for. It tells natfwd whose key it was and which connection this is, and then carries octets.
 *
 * "natfwd-netconf SOCKET USER", USER in hexadecimal. It is also the shell of the account that managers log in
 * to, so what it does may come behind -c as well; and there is nothing else that it does.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "relay/relay.h"

#define ROOM	65536

/* One direction. */
struct way {
	int from, to;
	size_t at, len;
	bool over;		/* nothing more comes */
	char octets[ROOM];
};

static void fail(const char *why)
{
	fprintf(stderr, "natfwd-netconf: %s\n", why);
	exit(EXIT_FAILURE);
}

/* As many octets as there are digits for, or -1. */
static int read_hex(const char *text, void *to, size_t room)
{
	unsigned char *p = to;
	size_t n = 0;
	int used;
	unsigned int octet;

	while (n < room && sscanf(text, "%2x%n", &octet, &used) == 1 && used == 2) {
		p[n++] = (unsigned char)octet;
		text += 2;
	}
	return *text ? -1 : (int)n;
}

/* Only the subsystem is asked for by words that the manager does not know. */
static void read_token(struct relay_hello *h)
{
	const char *asked = getenv("SSH_ORIGINAL_COMMAND");
	size_t n = strlen(RELAY_COMMAND);

	if (!asked || strncmp(asked, RELAY_COMMAND, n) != 0 ||
	    read_hex(asked + n, h->token, sizeof(h->token)) != sizeof(h->token))
		fail("there is the subsystem netconf, and nothing else");
}

static int connect_to(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(at.sun_path))
		fail("name of the socket");
	strcpy(at.sun_path, path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof(at)))
		fail("natfwd is not there");
	return fd;
}

/* It needs nothing any more but the descriptors it has. */
static void lock_up(void)
{
	const struct rlimit none = { 0, 0 };

	(void)setrlimit(RLIMIT_CORE, &none);
	(void)setrlimit(RLIMIT_FSIZE, &none);
	(void)setrlimit(RLIMIT_NPROC, &none);
	(void)prctl(PR_SET_DUMPABLE, 0);
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

static void take(struct way *w)
{
	ssize_t n = read(w->from, w->octets, sizeof(w->octets));

	if (n < 0 && errno == EAGAIN)
		return;
	w->at = 0;
	w->len = n > 0 ? (size_t)n : 0;
	w->over = n <= 0;
}

static void give(struct way *w)
{
	ssize_t n = write(w->to, w->octets + w->at, w->len);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0)
		exit(EXIT_FAILURE);
	w->at += (size_t)n;
	w->len -= (size_t)n;
}

/* Neither direction waits for the other. */
static void set_nonblocking(int fd)
{
	(void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

/* Until either end has said its last word, and the other has it. */
static void carry(int fd)
{
	static struct way in = { .from = STDIN_FILENO }, out = { .to = STDOUT_FILENO };

	in.to = out.from = fd;
	set_nonblocking(fd);
	set_nonblocking(STDIN_FILENO);
	set_nonblocking(STDOUT_FILENO);
	while ((!in.over && !out.over) || in.len || out.len) {
		struct pollfd p[] = {
			{ .fd = in.len ? in.to : in.from, .events = in.len ? POLLOUT : POLLIN },
			{ .fd = out.len ? out.to : out.from, .events = out.len ? POLLOUT : POLLIN },
		};

		/* nothing more is wanted of an end whose other end is over */
		p[0].fd = in.len || (!in.over && !out.over) ? p[0].fd : -1;
		p[1].fd = out.len || (!in.over && !out.over) ? p[1].fd : -1;
		if (poll(p, 2, -1) < 0 && errno != EINTR)
			fail("poll");
		if (p[0].fd >= 0 && p[0].revents)
			in.len ? give(&in) : take(&in);
		if (p[1].fd >= 0 && p[1].revents)
			out.len ? give(&out) : take(&out);
	}
}

/* Words are apart by one space, and have none in them. */
static void split(char *command, char *argv[3])
{
	int i;

	for (i = 0; i < 3; i++)
		argv[i] = strsep(&command, " ");
}

int main(int argc, char **argv)
{
	struct relay_hello h = { .magic = RELAY_MAGIC };
	char *word[3] = { argv[0], argv[1], argc == 3 ? argv[2] : NULL };
	int fd;

	if (argc == 3 && !strcmp(argv[1], "-c"))
		split(argv[2], word);
	if (!word[1] || !word[2])
		fail("is for sshd to start");
	read_token(&h);
	if (read_hex(word[2], h.user, sizeof(h.user) - 1) <= 0)
		fail("name of the user");
	fd = connect_to(word[1]);
	lock_up();
	if (write(fd, &h, sizeof(h)) != sizeof(h))
		fail("natfwd does not listen");
	carry(fd);
	return EXIT_SUCCESS;
}
