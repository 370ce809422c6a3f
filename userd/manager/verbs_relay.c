// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * natfw-manager relay: a service of a device that called, for a tool here: on standard input and output, on a
 * UNIX socket, or on a port of the loopback interface.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "manager/ask.h"
#include "manager/verbs.h"

#define TOOLS_MAX	32	/* at a time, of one listener */
#define PIECE		16384
#define WAIT_SECONDS	30	/* for the device, if nothing else was said: it may just be calling again */

/* ------------------------------------------------------------------ octets there and back */

/* False: there is nobody any more who takes them. */
static bool put_all(int fd, const char *data, size_t len)
{
	ssize_t n;

	while (len) {
		n = write(fd, data, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		data += n;
		len -= (size_t)n;
	}
	return true;
}

/* 1: some; 0: the end of what comes from there; -1: nobody takes it. */
static int move(int from, int to)
{
	char piece[PIECE];
	ssize_t n = read(from, piece, sizeof(piece));

	if (n <= 0)
		return 0;
	return put_all(to, piece, (size_t)n) ? 1 : -1;
}

/* Until the service has ended; the tool may have said its last before. */
static void carry(int in, int out, int manager)
{
	struct pollfd p[2] = { { in, POLLIN, 0 }, { manager, POLLIN, 0 } };
	int moved;

	for (;;) {
		if (poll(p, 2, -1) < 0 && errno != EINTR)
			err(EXIT_FAILURE, "poll");
		if (p[1].revents && move(manager, out) <= 0)
			return;
		if (!p[0].revents)
			continue;
		moved = move(in, manager);
		if (moved < 0)
			return;
		if (!moved) {
			shutdown(manager, SHUT_WR);
			p[0].fd = -1;
			p[0].revents = 0;
		}
	}
}

/* ------------------------------------------------------------------ asking for it */

struct wish {
	const struct ask *ask;
	const char *service, *device;	/* device: NULL for a plain one */
};

/* The line that tells whether there is one; not an octet more is read, they are the service's. */
static json_t *read_line(int fd)
{
	char line[4096];
	size_t n = 0;

	while (n < sizeof(line) && read(fd, line + n, 1) == 1)
		if (line[n++] == '\n')
			return json_loadb(line, n, 0, NULL);
	return NULL;
}

static int ask_for(const struct wish *w)
{
	json_t *message = json_pack("{s:s, s:s, s:i}", "op", "relay", "service", w->service,
				    "wait", w->ask->wait), *answer;
	struct client_link *c = client_open(w->ask->socket);
	const char *error;
	int fd;

	if (w->device)
		json_object_set_new(message, "device", json_string(w->device));
	client_send(c, message);
	fd = client_descriptor(c);
	answer = read_line(fd);
	error = answer ? json_string_value(json_object_get(answer, "error")) : "the manager has ended";
	if (error)
		errx(EXIT_FAILURE, "%s", error);
	if (!w->ask->quiet)
		fprintf(stderr, "%s of %s\n", w->service,
			json_string_value(json_object_get(answer, w->device ? "device" : "source")));
	json_decref(answer);
	return fd;
}

/* ------------------------------------------------------------------ listening here */

static int listen_unix(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct stat st;

	if (strlen(path) >= sizeof(a.sun_path))
		errx(VERB_USAGE, "%s: the name is too long", path);
	strcpy(a.sun_path, path);
	/* a socket that was left behind, and nothing else */
	if (!lstat(path, &st) && S_ISSOCK(st.st_mode))
		unlink(path);
	umask(0177);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) || listen(fd, 16))
		err(EXIT_FAILURE, "%s", path);
	return fd;
}

/* [ADDRESS:]PORT. Nobody but this node: what is relayed may have no other protection at this end. */
static bool parse_loopback(const char *text, struct sockaddr_storage *a, socklen_t *len)
{
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)a;
	struct sockaddr_in *four = (struct sockaddr_in *)a;
	const char *colon = strrchr(text, ':'), *digits = colon ? colon + 1 : text;
	char *end, address[INET6_ADDRSTRLEN + 2] = "127.0.0.1";
	unsigned long port = strtoul(digits, &end, 10);

	memset(a, 0, sizeof(*a));
	if (*digits < '0' || *digits > '9' || *end || port > 65535 ||
	    (colon && (size_t)(colon - text) >= sizeof(address)))
		return false;
	if (colon)
		snprintf(address, sizeof(address), "%.*s", (int)(colon - text), text);
	if (!strcmp(address, "[::1]")) {
		*six = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port),
					      .sin6_addr = in6addr_loopback };
		*len = sizeof(*six);
		return true;
	}
	four->sin_family = AF_INET;
	four->sin_port = htons((uint16_t)port);
	*len = sizeof(*four);
	return inet_pton(AF_INET, address, &four->sin_addr) == 1 &&
	       ntohl(four->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}

static int listen_loopback(const char *text)
{
	struct sockaddr_storage a;
	const int on = 1;
	socklen_t len;
	int fd;

	if (!parse_loopback(text, &a, &len))
		errx(VERB_USAGE, "-l %s: a port, or one of 127.0.0.0/8 or [::1] with a port, is expected",
		     text);
	fd = socket(a.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, len) || listen(fd, 16))
		err(EXIT_FAILURE, "%s", text);
	return fd;
}

/* A process for each tool, as each of them waits. */
static void serve_tools(const struct wish *w, int listener)
{
	unsigned int tools = 0;
	int fd;

	for (;;) {
		while (tools && waitpid(-1, NULL, tools < TOOLS_MAX ? WNOHANG : 0) > 0)
			tools--;
		fd = accept(listener, NULL, NULL);
		if (fd < 0 && errno != EINTR && errno != ECONNABORTED)
			err(EXIT_FAILURE, "accept");
		if (fd < 0)
			continue;
		switch (fork()) {
		case 0:
			close(listener);
			carry(fd, fd, ask_for(w));
			_exit(EXIT_SUCCESS);
		case -1:
			warn("fork");
			break;
		default:
			tools++;
		}
		close(fd);
	}
}

int verb_relay(int argc, char **argv)
{
	struct wish w = { 0 };
	int opt, listener = -1;
	struct ask a;

	ask_init(&a);
	a.wait = WAIT_SECONDS;
	while ((opt = getopt(argc, argv, ASK_OPTIONS "l:u:")) != -1) {
		if (opt == 'l' && listener < 0)
			listener = listen_loopback(optarg);
		else if (opt == 'u' && listener < 0)
			listener = listen_unix(optarg);
		else if (!ask_option(&a, opt, optarg))
			return VERB_USAGE;
	}
	if (argc - optind < 1 || argc - optind > 2)
		return VERB_USAGE;
	w = (struct wish){ &a, argv[optind], argv[optind + 1] };
	signal(SIGPIPE, SIG_IGN);
	if (listener >= 0)
		serve_tools(&w, listener);
	carry(STDIN_FILENO, STDOUT_FILENO, ask_for(&w));
	return EXIT_SUCCESS;
}
