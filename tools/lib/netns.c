// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "netns.h"

static bool all_digits(const char *s)
{
	for (; *s; s++)
		if (!isdigit((unsigned char)*s))
			return false;
	return true;
}

static int netns_open(const char *name)
{
	char path[PATH_MAX];
	int fd;

	if (strchr(name, '/'))
		return open(name, O_RDONLY | O_CLOEXEC);
	snprintf(path, sizeof(path), "/run/netns/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && all_digits(name)) {
		snprintf(path, sizeof(path), "/proc/%s/ns/net", name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	return fd;
}

int natfw_netns_enter(const char *name, struct natfw_error *e)
{
	int old, fd, err = 0;

	old = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (old < 0)
		return natfw_error_set(e, errno, "cannot open this thread's network namespace");
	fd = netns_open(name);
	if (fd < 0)
		err = natfw_error_set(e, errno, "network namespace '%s'", name);
	else if (setns(fd, CLONE_NEWNET))
		err = natfw_error_set(e, errno, "cannot enter network namespace '%s'", name);
	if (fd >= 0)
		close(fd);
	if (!err)
		return old;
	close(old);
	return err;
}

int natfw_netns_leave(int fd)
{
	int err = setns(fd, CLONE_NEWNET) ? -errno : 0;

	close(fd);
	return err;
}
