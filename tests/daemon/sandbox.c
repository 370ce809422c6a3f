// SPDX-License-Identifier: GPL-2.0-or-later
// natfw-test: quick host timeout=60
/*
 * The system calls of each process: what it needs is let through, what it must not do ends it and is named.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "ktap.h"
#include "sandbox.h"

#define NOT_REFUSED	3

static int told;	/* a pipe */

static void tell(enum log_subsystem sub, enum log_level level, const char *line)
{
	(void)sub;
	(void)level;
	(void)!write(told, line, strlen(line));
}

/* Call @fn behind the filter of @id: its exit status, or minus the signal that ended it; the log to @log. */
static int behind(enum proc_id id, int (*fn)(void), char *log, size_t len)
{
	int fd[2], status;
	pid_t child;
	ssize_t n;

	if (pipe(fd))
		return 1000;
	child = fork();
	if (!child) {
		told = fd[1];
		log_capture(tell);
		_exit(sandbox_filter(id) ? 100 : fn());
	}
	close(fd[1]);
	n = read(fd[0], log, len - 1);
	log[n > 0 ? n : 0] = 0;
	close(fd[0]);
	waitpid(child, &status, 0);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

/* ------------------------------------------------------------------ what nobody may */

static int run_program(void)
{
	execl("/bin/true", "true", NULL);
	return NOT_REFUSED;
}

static int make_process(void)
{
	syscall(SYS_fork);
	return NOT_REFUSED;
}

static int trace(void)
{
	ptrace(PTRACE_TRACEME, 0, 0, 0);
	return NOT_REFUSED;
}

static int become_root(void)
{
	syscall(SYS_setuid, 0);
	return NOT_REFUSED;
}

static int mount_something(void)
{
	syscall(SYS_mount, "none", "/", "tmpfs", 0, 0);
	return NOT_REFUSED;
}

static int signal_others(void)
{
	syscall(SYS_pidfd_send_signal, -1, 0, 0, 0);
	return NOT_REFUSED;
}

static int kill_sibling(void)
{
	syscall(SYS_tgkill, getppid(), getppid(), 0);
	return NOT_REFUSED;
}

static int signal_by_file(void)
{
	fcntl(told, F_SETOWN, getppid());
	return NOT_REFUSED;
}

static int packet_socket(void)
{
	socket(AF_PACKET, SOCK_RAW, 0);
	return NOT_REFUSED;
}

static int own_ioctl(void)
{
	ioctl(0, TIOCSTI, "x");
	return NOT_REFUSED;
}

static int remove_file(void)
{
	unlink("/nonexistent/file");
	return NOT_REFUSED;
}

static const struct {
	int (*call)(void);
	const char *name;
} forbidden[] = {
	{ run_program, "execve" }, { make_process, "fork" }, { trace, "ptrace" },
	{ become_root, "setuid" }, { mount_something, "mount" },
	{ signal_others, "pidfd_send_signal" }, { packet_socket, "socket" }, { own_ioctl, "ioctl" },
	{ remove_file, "unlink" }, { kill_sibling, "tgkill" }, { signal_by_file, "fcntl" },
};

static void nobody_may(void)
{
	enum proc_id id;
	char log[256];
	size_t i;

	for (id = PROC_SIG; id < PROC_COUNT; id++) {
		for (i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++) {
			char name[64];

			snprintf(name, sizeof(name), "not allowed: %s (", forbidden[i].name);
			EXPECT_EQ(behind(id, forbidden[i].call, log, sizeof(log)), -SIGSYS);
			if (!EXPECT(strstr(log, name)))
				printf("# process %d, %s: %s\n", (int)id, forbidden[i].name, log);
		}
	}
}

/* ------------------------------------------------------------------ sockets */

static int family;

static int make_socket(void)
{
	int fd = socket(family, SOCK_DGRAM, 0);

	return fd >= 0 ? 0 : errno;
}

static void sockets(void)
{
	static const struct {
		int family;
		bool sig, kern, ctl;
	} rows[] = {
		{ AF_UNIX, true, true, true },
		{ AF_INET, true, true, false },
		{ AF_INET6, true, false, false },
		{ AF_NETLINK, false, true, false },
		{ AF_ALG, false, false, false },
	};
	char log[256];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		family = rows[i].family;
		EXPECT_EQ(behind(PROC_SIG, make_socket, log, sizeof(log)) == -SIGSYS, !rows[i].sig);
		EXPECT_EQ(behind(PROC_KERN, make_socket, log, sizeof(log)) == -SIGSYS, !rows[i].kern);
		EXPECT_EQ(behind(PROC_CTL, make_socket, log, sizeof(log)) == -SIGSYS, !rows[i].ctl);
	}
}

/* Names that are no files are beyond the root directory. */
static void local_sockets(void)
{
	char log[256];

	family = AF_UNIX;
	EXPECT_EQ(behind(PROC_SIG, make_socket, log, sizeof(log)), EACCES);
	EXPECT_EQ(behind(PROC_KERN, make_socket, log, sizeof(log)), 0);
	EXPECT_EQ(behind(PROC_CTL, make_socket, log, sizeof(log)), EACCES);
}

/* ------------------------------------------------------------------ what all do */

static int ordinary(void)
{
	char *p = malloc(1 << 22);
	int fd, flags;

	if (!p)
		return 1;
	memset(p, 1, 1 << 22);
	p = realloc(p, 1 << 23);
	free(p);
	fd = dup(told);
	flags = fcntl(fd, F_GETFL);
	log_write(SUB_MAIN, LEVEL_INFO, "still here");
	return fd < 0 || flags < 0;
}

/* Libraries that look for files are told there are none, and go on. */
static int look_for_files(void)
{
	int fd = open("/etc/passwd", O_RDONLY);

	return fd < 0 && errno == EACCES && access("/", R_OK) && errno == EACCES ? 0 : 1;
}

static void all_may(void)
{
	enum proc_id id;
	char log[256];

	for (id = PROC_SIG; id < PROC_COUNT; id++) {
		EXPECT_EQ(behind(id, ordinary, log, sizeof(log)), 0);
		EXPECT(!strcmp(log, "still here"));
		EXPECT_EQ(behind(id, look_for_files, log, sizeof(log)), 0);
	}
}

static int write_state(void)
{
	char x = 1;

	return pwrite(-1, &x, 1, 0) == 1;
}

static int accept_one(void)
{
	return accept4(-1, NULL, NULL, 0) >= 0;
}

static void own_calls(void)
{
	char log[256];

	EXPECT_EQ(behind(PROC_SIG, write_state, log, sizeof(log)), -SIGSYS);
	EXPECT_EQ(behind(PROC_KERN, write_state, log, sizeof(log)), 0);
	EXPECT_EQ(behind(PROC_CTL, write_state, log, sizeof(log)), 0);
	EXPECT_EQ(behind(PROC_SIG, accept_one, log, sizeof(log)), 0);
	EXPECT_EQ(behind(PROC_KERN, accept_one, log, sizeof(log)), -SIGSYS);
	EXPECT_EQ(behind(PROC_CTL, accept_one, log, sizeof(log)), 0);
}

int main(void)
{
	static const struct ktap_test tests[] = {
		{ "what no process may ends it, and is named", nobody_may },
		{ "sockets by family", sockets },
		{ "no local sockets but where they are needed", local_sockets },
		{ "memory, descriptors and the log work; files are not there", all_may },
		{ "what is for some processes only", own_calls },
	};

	unsetenv("NATFWD_NO_SECCOMP");
	return ktap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
