// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A sender behind a firewall or a NAT: asks the path to let it through, sends lines from standard
 * input, and prints what is echoed.
 *
 *	sender udp|tcp ADDRESS PORT
 */
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include <natfw_session.h>

static int die(const char *what, const char *why)
{
	fprintf(stderr, "sender: %s: %s\n", what, why);
	return 1;
}

/*
 * A datagram socket is connected at once: that sends nothing, and gives it a port. A stream would
 * send its first packet: it is bound only, and connected when the path is open.
 */
static int make_socket(int type, const struct addrinfo *to)
{
	struct sockaddr_storage any = { .ss_family = (sa_family_t)to->ai_family };
	int fd = socket(to->ai_family, type | SOCK_CLOEXEC, 0);

	if (fd >= 0 && type == SOCK_DGRAM && connect(fd, to->ai_addr, to->ai_addrlen))
		return -1;
	if (fd >= 0 && type == SOCK_STREAM && bind(fd, (struct sockaddr *)&any, to->ai_addrlen))
		return -1;
	return fd;
}

static uint16_t port_of(int fd)
{
	struct sockaddr_storage ss = { 0 };
	socklen_t len = sizeof(ss);

	getsockname(fd, (struct sockaddr *)&ss, &len);
	if (ss.ss_family == AF_INET6)
		return ntohs(((struct sockaddr_in6 *)&ss)->sin6_port);
	return ntohs(((struct sockaddr_in *)&ss)->sin_port);
}

static int ask_for_path(struct natfw_conn *c, int fd, int type, const char *to, unsigned int port)
{
	struct natfw_ask ask = {
		.kind = NATFW_KIND_CREATE,
		.protocol = type == SOCK_DGRAM ? IPPROTO_UDP : IPPROTO_TCP,
		.destination = to,
		.source_port = port_of(fd),
		.destination_port = (uint16_t)port,
	};
	struct natfw_session *s;
	struct natfw_why why;

	s = natfw_ask_here(&ask, &why) ? NULL : natfw_open(c, &ask, &why);
	if (!s)
		return die("cannot ask", why.text);
	if (natfw_wait(s, 30000, &why))
		return die("the path stays closed", why.text);
	fprintf(stderr, "the path is open for %u s\n", natfw_status(s)->lifetime);
	return 0;
}

static int talk(int fd)
{
	struct timeval patience = { .tv_sec = 3 };
	char line[4096];
	ssize_t n;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	while (fgets(line, sizeof(line), stdin)) {
		if (send(fd, line, strlen(line), 0) < 0)
			return die("send", strerror(errno));
		n = recv(fd, line, sizeof(line) - 1, 0);
		if (n <= 0)
			return die("no echo", n ? strerror(errno) : "closed");
		fwrite(line, 1, (size_t)n, stdout);
		fflush(stdout);
	}
	return 0;
}

static int run(int type, const char *to, const char *port)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
				  .ai_socktype = type };
	struct addrinfo *a;
	struct natfw_conn *c;
	struct natfw_why why;
	int fd, status, err = getaddrinfo(to, port, &hints, &a);

	if (err)
		return die(to, gai_strerror(err));
	fd = make_socket(type, a);
	if (fd < 0)
		return die(to, strerror(errno));
	c = natfw_connect(NULL, &why);
	if (!c)
		return die("natfwd", why.text);
	status = ask_for_path(c, fd, type, to, ntohs(((struct sockaddr_in *)a->ai_addr)->sin_port));
	if (!status && type == SOCK_STREAM && connect(fd, a->ai_addr, a->ai_addrlen))
		status = die(to, strerror(errno));
	if (!status)
		status = talk(fd);
	freeaddrinfo(a);
	natfw_disconnect(c);
	return status;
}

int main(int argc, char **argv)
{
	if (argc != 4 || (strcmp(argv[1], "udp") && strcmp(argv[1], "tcp"))) {
		fprintf(stderr, "usage: sender udp|tcp ADDRESS PORT\n");
		return 2;
	}
	return run(strcmp(argv[1], "udp") ? SOCK_STREAM : SOCK_DGRAM, argv[2], argv[3]);
}
