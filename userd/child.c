// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"

#define DELAY_MS	100	/* before the second start; doubles with each death */

static int program = -1;

int child_init(void)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	/* out of the way of the channel */
	program = fcntl(fd, F_DUPFD_CLOEXEC, PROCESS_CHANNEL_FD + 1);
	close(fd);
	return program < 0 ? -errno : 0;
}

/* What libraries and the log look for; nothing else is inherited. */
static char **environment(void)
{
	static const char *const names[] = {
		"JOURNAL_STREAM", "TZ", "ASAN_OPTIONS", "UBSAN_OPTIONS", "NATFWD_NO_SECCOMP",
	};
	static char *env[sizeof(names) / sizeof(names[0]) + 1];
	size_t i, n = 0;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = getenv(names[i]);

		if (value && asprintf(&env[n], "%s=%s", names[i], value) >= 0)
			n++;
	}
	env[n] = NULL;
	return env;
}

/* In the new process. */
static void run(const struct child *c, int fd)
{
	char title[32];
	char *argv[] = { title, (char[]){ '-', CHILD_OPTION, 0 }, (char *)process_name(c->id), NULL };

	snprintf(title, sizeof(title), "natfwd: %s", process_name(c->id));
	if (fd == PROCESS_CHANNEL_FD)
		(void)fcntl(fd, F_SETFD, 0);
	else
		(void)dup2(fd, PROCESS_CHANNEL_FD);
	syscall(SYS_execveat, program, "", argv, environment(), AT_EMPTY_PATH);
	_exit(127);
}

int child_spawn(struct child *c, int *fd)
{
	int pair[2], err = channel_pair(pair);

	if (err)
		return err;
	fflush(NULL);
	c->pid = fork();
	if (!c->pid)
		run(c, pair[1]);
	err = c->pid < 0 ? -errno : 0;
	close(pair[1]);
	if (err) {
		close(pair[0]);
		c->pid = 0;
		return err;
	}
	c->lives++;
	c->unanswered = 0;
	c->ready = false;
	*fd = pair[0];
	return 0;
}

int child_died(struct child *c, uint64_t now)
{
	unsigned int i, recent = 0;

	c->pid = 0;
	c->ready = false;
	c->death[c->deaths++ % CHILD_DEATHS] = now;
	for (i = 0; i < CHILD_DEATHS && i < c->deaths; i++)
		recent += now - c->death[i] < CHILD_PERIOD;
	return recent >= CHILD_DEATHS ? -1 : DELAY_MS << (recent - 1);
}

const char *child_end_text(int status, char *buf, size_t len)
{
	if (WIFSIGNALED(status))
		snprintf(buf, len, "killed by signal %d (%s)", WTERMSIG(status),
			 strsignal(WTERMSIG(status)));
	else
		snprintf(buf, len, "ended with status %d", WEXITSTATUS(status));
	return buf;
}
