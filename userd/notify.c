// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "notify.h"

static int sock = -1;
static uint64_t watchdog;

static void read_watchdog(void)
{
	const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");

	if (usec && (!pid || strtol(pid, NULL, 10) == getpid()))
		watchdog = strtoull(usec, NULL, 10) / 1000;
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

void notify_init(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	const char *path = getenv("NOTIFY_SOCKET");
	size_t len = path ? strlen(path) : 0;

	read_watchdog();
	if (len > 1 && len < sizeof(to.sun_path)) {
		memcpy(to.sun_path, path, len);
		if (*path == '@')
			to.sun_path[0] = 0;
		sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (sock >= 0 && connect(sock, (struct sockaddr *)&to,
					 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len))) {
			close(sock);
			sock = -1;
		}
	}
	unsetenv("NOTIFY_SOCKET");
}

void notify(const char *fmt, ...)
{
	char text[512];
	va_list ap;
	int n;

	if (sock < 0)
		return;
	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n > 0)
		(void)send(sock, text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1,
			   MSG_NOSIGNAL);
}

void notify_reloading(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	notify("RELOADING=1\nMONOTONIC_USEC=%llu\nSTATUS=Reading the configuration",
	       (unsigned long long)now.tv_sec * 1000000 + (unsigned long long)now.tv_nsec / 1000);
}

uint64_t notify_watchdog(void)
{
	return watchdog;
}
