// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A receiver behind a NAT or a firewall: listens, asks the path for a public endpoint, prints it,
 * and serves whoever comes.
 *
 *	receiver udp|tcp PORT TOWARD		echoes every datagram, or line
 *	receiver -o FILE udp|tcp PORT TOWARD	writes to FILE what comes
 *
 * TOWARD is an address on the other side, such as that of the expected sender. Needs natfwd on this
 * host, and to be root or a member of its control group. Ends, and closes the hole, at SIGINT.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <natfw_session.h>

static volatile sig_atomic_t stop;
static int out = -1;		/* file to write to; -1: echo */

static void on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

static int die(const char *what, const char *why)
{
	fprintf(stderr, "receiver: %s: %s\n", what, why);
	return 1;
}

/* ------------------------------------------------------------------ the application as it was */

static int listen_at(int type, unsigned int port)
{
	struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };
	int fd = socket(AF_INET6, type | SOCK_CLOEXEC, 0), zero = 0, one = 1;

	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (fd < 0 || bind(fd, (struct sockaddr *)&any, sizeof(any)) ||
	    (type == SOCK_STREAM && listen(fd, 8)))
		return -1;
	return fd;
}

static void print_from(const struct sockaddr_in6 *who, ssize_t n)
{
	char text[INET6_ADDRSTRLEN];

	inet_ntop(AF_INET6, &who->sin6_addr, text, sizeof(text));
	printf("%zd octets from %s port %u\n", n, strncmp(text, "::ffff:", 7) ? text : text + 7,
	       ntohs(who->sin6_port));
	fflush(stdout);
}

static void serve_datagram(int fd)
{
	struct sockaddr_in6 who;
	socklen_t len = sizeof(who);
	char buf[65536];
	ssize_t n = recvfrom(fd, buf, sizeof(buf), 0, (struct sockaddr *)&who, &len);

	if (n < 0)
		return;
	print_from(&who, n);
	if (out >= 0)
		n = write(out, buf, (size_t)n);
	else
		n = sendto(fd, buf, (size_t)n, 0, (struct sockaddr *)&who, len);
}

/* One connection after the other: this is an example. */
static void serve_connection(int fd)
{
	struct sockaddr_in6 who;
	socklen_t len = sizeof(who);
	int c = accept(fd, (struct sockaddr *)&who, &len);
	ssize_t n, all = 0;
	char buf[65536];

	while (c >= 0 && !stop && (n = recv(c, buf, sizeof(buf), 0)) > 0) {
		all += n;
		if (out >= 0)
			n -= write(out, buf, (size_t)n);
		else
			n -= send(c, buf, (size_t)n, MSG_NOSIGNAL);
		if (n)
			break;
	}
	if (c < 0)
		return;
	print_from(&who, all);
	close(c);
}

/* ------------------------------------------------------------------ what libnatfw adds */

static void on_change(struct natfw_session *s, void *arg)
{
	const struct natfw_status *st = natfw_status(s);

	(void)arg;
	if (st->state == NATFW_STATE_ESTABLISHED)
		printf("reach me at %s for %u s\n", st->external_text, st->lifetime);
	else if (st->state != NATFW_STATE_PENDING)
		printf("the session is %s: %s\n", natfw_state_name(st->state), st->why);
	fflush(stdout);
}

static struct natfw_session *ask_for_endpoint(struct natfw_conn *c, int fd, const char *toward)
{
	struct natfw_ask ask = { .kind = NATFW_KIND_EXTERNAL, .toward = toward };
	struct natfw_session *s;
	struct natfw_why why;

	s = natfw_ask_socket(&ask, fd, &why) ? NULL : natfw_open(c, &ask, &why);
	if (!s) {
		die("cannot ask", why.text);
		return NULL;
	}
	natfw_on_change(s, on_change, NULL);
	if (natfw_wait(s, 30000, &why)) {
		die("no public endpoint", why.text);
		return NULL;
	}
	return s;
}

static int serve(struct natfw_conn *c, int fd, int type)
{
	struct natfw_why why;

	while (!stop) {
		struct pollfd p[] = {
			{ .fd = fd, .events = POLLIN },
			{ .fd = natfw_fd(c), .events = natfw_events(c) },
		};

		if (poll(p, 2, -1) < 0)
			continue;
		if (p[1].revents && natfw_dispatch(c, &why))
			return die("natfwd", why.text);
		if (p[0].revents && type == SOCK_DGRAM)
			serve_datagram(fd);
		else if (p[0].revents)
			serve_connection(fd);
	}
	return 0;
}

static int run(int type, unsigned int port, const char *toward)
{
	struct natfw_session *s;
	struct natfw_conn *c;
	struct natfw_why why;
	int fd, status;

	fd = listen_at(type, port);
	if (fd < 0)
		return die("cannot listen", strerror(errno));
	c = natfw_connect(NULL, &why);
	if (!c)
		return die("natfwd", why.text);
	s = ask_for_endpoint(c, fd, toward);
	status = s ? serve(c, fd, type) : 1;
	natfw_disconnect(c);		/* and with it the session, as it was not to be kept */
	return status;
}

int main(int argc, char **argv)
{
	struct sigaction sa = { .sa_handler = on_signal };
	int first = 1;

	if (argc > 2 && !strcmp(argv[1], "-o")) {
		out = open(argv[2], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
		if (out < 0)
			return die(argv[2], strerror(errno));
		first = 3;
	}
	if (argc - first != 3 || (strcmp(argv[first], "udp") && strcmp(argv[first], "tcp"))) {
		fprintf(stderr, "usage: receiver [-o FILE] udp|tcp PORT TOWARD\n");
		return 2;
	}
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	return run(strcmp(argv[first], "udp") ? SOCK_STREAM : SOCK_DGRAM,
		   (unsigned int)atoi(argv[first + 1]), argv[first + 2]);
}
