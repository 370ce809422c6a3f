// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libgen.h>
#include <linux/landlock.h>
#include <pwd.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "calls.h"
#include "manager/guard.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED	1
#else
#define SANITIZED	0
#endif

#define USUAL_USER	"natfw-manager"
#define FILES_MOST	65536	/* libssh keeps 16 bits of a descriptor */
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

static int fail(char *why, size_t size, const char *what, int err)
{
	snprintf(why, size, "%s: %s", what, strerror(err));
	return -1;
}

/* ------------------------------------------------------------------ who we are */

static int set_limits(void)
{
	const struct rlimit none = { 0, 0 };
	struct rlimit files;

	if (setrlimit(RLIMIT_CORE, &none) || getrlimit(RLIMIT_NOFILE, &files))
		return -1;
	if (files.rlim_max > FILES_MOST)
		files.rlim_max = FILES_MOST;
	files.rlim_cur = files.rlim_max;
	return setrlimit(RLIMIT_NOFILE, &files);
}

int guard_become(const struct settings *s, char *why, size_t size)
{
	const struct passwd *p;

	if (set_limits() || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return fail(why, size, "limits", errno);
	errno = 0;
	p = getpwnam(s->user ? s->user : USUAL_USER);
	if (!p && s->user)
		return fail(why, size, s->user, errno ? errno : ENOENT);
	if (!s->user && geteuid())
		return 0;
	if (!p) {
		snprintf(why, size, "there is no account " USUAL_USER
			 " to run as: create it, or name one as user: in the configuration");
		return -1;
	}
	if (geteuid() == p->pw_uid)
		return 0;
	if (setgroups(0, NULL) || setresgid(p->pw_gid, p->pw_gid, p->pw_gid) ||
	    setresuid(p->pw_uid, p->pw_uid, p->pw_uid))
		return fail(why, size, p->pw_name, errno);
	/* others of that user must not read our memory: there are keys in it */
	return prctl(PR_SET_DUMPABLE, 0) ? fail(why, size, "prctl", errno) : 0;
}

/* ------------------------------------------------------------------ files */

#define MAY_READ	(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define MAY_WRITE	(MAY_READ | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE | \
			 LANDLOCK_ACCESS_FS_MAKE_REG)
/* of the first version of Landlock, all there is */
#define ALL_ACCESS	((LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1)

static int permit(int rules, const char *dir, uint64_t access)
{
	struct landlock_path_beneath_attr a = {
		.allowed_access = access,
		.parent_fd = open(dir, O_PATH | O_CLOEXEC | O_DIRECTORY),
	};
	int rc;

	if (a.parent_fd < 0)
		return -1;
	rc = (int)syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &a, 0);
	close(a.parent_fd);
	return rc;
}

/* The directory, since files are replaced by renaming. */
static int permit_reading(int rules, const char *file)
{
	char *copy = file ? strdup(file) : NULL;
	int rc;

	if (!file)
		return 0;
	rc = copy ? permit(rules, dirname(copy), MAY_READ) : -1;
	free(copy);
	return rc;
}

static int restrict_files(const struct settings *s)
{
	const struct landlock_ruleset_attr all = { .handled_access_fs = ALL_ACCESS };
	int rules = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof(all), 0), rc;
	unsigned int i;

	if (rules < 0 && (errno == ENOSYS || errno == EOPNOTSUPP)) {
		log_notice(SUB_MAIN, "this kernel has no Landlock: files stay within reach");
		return 0;
	}
	if (rules < 0)
		return -1;
	rc = permit(rules, s->state, MAY_WRITE);
	for (i = 0; !rc && i < s->issuers; i++) {
		rc = permit_reading(rules, s->issuer[i].certificates);
		if (!rc)
			rc = permit_reading(rules, s->issuer[i].crl);
	}
	if (!rc)
		rc = (int)syscall(SYS_landlock_restrict_self, rules, 0);
	close(rules);
	return rc;
}

/* The leak checker reads /proc at the end. */
static bool unguarded(void)
{
	return SANITIZED && getenv("NATFW_MANAGER_NO_GUARD");
}

int guard_files(const struct settings *s, char *why, size_t size)
{
	if (!unguarded() && restrict_files(s))
		return fail(why, size, "Landlock", errno);
	return 0;
}

/* ------------------------------------------------------------------ system calls */

static const int calls[] = {
	/* loop, memory, clocks, log */
	SCMP_SYS(brk), SCMP_SYS(clock_getres), SCMP_SYS(clock_gettime), SCMP_SYS(close),
	SCMP_SYS(dup), SCMP_SYS(epoll_create1), SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_pwait),
	SCMP_SYS(epoll_pwait2), SCMP_SYS(epoll_wait), SCMP_SYS(eventfd2), SCMP_SYS(exit),
	SCMP_SYS(exit_group), SCMP_SYS(fcntl), SCMP_SYS(futex), SCMP_SYS(getegid),
	SCMP_SYS(geteuid), SCMP_SYS(getgid), SCMP_SYS(getpid), SCMP_SYS(getppid),
	SCMP_SYS(getrandom), SCMP_SYS(gettid), SCMP_SYS(gettimeofday), SCMP_SYS(getuid),
	SCMP_SYS(madvise), SCMP_SYS(membarrier), SCMP_SYS(mremap), SCMP_SYS(munmap),
	SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(restart_syscall), SCMP_SYS(rseq),
	SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sched_getaffinity), SCMP_SYS(sched_yield), SCMP_SYS(set_robust_list),
	SCMP_SYS(sigaltstack), SCMP_SYS(sysinfo), SCMP_SYS(time), SCMP_SYS(timerfd_create),
	SCMP_SYS(timerfd_settime), SCMP_SYS(uname), SCMP_SYS(write), SCMP_SYS(writev),
	SCMP_SYS(clock_nanosleep), SCMP_SYS(nanosleep),
	/* sockets that are there, and those that are accepted */
	SCMP_SYS(accept), SCMP_SYS(accept4), SCMP_SYS(getpeername), SCMP_SYS(getsockname),
	SCMP_SYS(getsockopt), SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(recv),
	SCMP_SYS(recvfrom), SCMP_SYS(recvmsg), SCMP_SYS(send), SCMP_SYS(sendmsg),
	SCMP_SYS(sendto), SCMP_SYS(setsockopt), SCMP_SYS(shutdown), SCMP_SYS(ioctl),
	/* files, which Landlock bounds */
	SCMP_SYS(access), SCMP_SYS(faccessat), SCMP_SYS(faccessat2), SCMP_SYS(fallocate),
	SCMP_SYS(fchmod), SCMP_SYS(fchown), SCMP_SYS(fdatasync), SCMP_SYS(fstat), SCMP_SYS(fsync),
	SCMP_SYS(ftruncate), SCMP_SYS(getcwd), SCMP_SYS(getdents64), SCMP_SYS(lseek),
	SCMP_SYS(lstat), SCMP_SYS(newfstatat), SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(pread64),
	SCMP_SYS(pwrite64), SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(stat),
	SCMP_SYS(statx), SCMP_SYS(umask), SCMP_SYS(unlink), SCMP_SYS(unlinkat),
};

/* Libraries that ask for them are told no, and go on. */
static const int refused[] = { SCMP_SYS(socket), SCMP_SYS(connect), SCMP_SYS(bind) };

#if SANITIZED
static const int sanitizer[] = {
	SCMP_SYS(getrlimit), SCMP_SYS(kill), SCMP_SYS(mmap), SCMP_SYS(mprotect),
	SCMP_SYS(personality), SCMP_SYS(prctl), SCMP_SYS(prlimit64), SCMP_SYS(clone),
	SCMP_SYS(clone3), SCMP_SYS(wait4), SCMP_SYS(ptrace), SCMP_SYS(pipe2),
	SCMP_SYS(process_vm_readv), SCMP_SYS(arch_prctl),
};
#endif

/* No new code, and signals to nobody but us. */
static int allow_some(scmp_filter_ctx ctx)
{
#if SANITIZED
	int err = calls_rule(ctx, sanitizer, ARRAY_SIZE(sanitizer), SCMP_ACT_ALLOW);
#else
	int err = calls_no_code(ctx);
#endif

	return err ? err : calls_own_signals(ctx);
}

static int close_calls(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_TRAP);
	int err;

	if (!ctx || calls_watch())
		return -ENOMEM;
	(void)seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	err = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 1);
	if (!err)
		err = calls_rule(ctx, calls, ARRAY_SIZE(calls), SCMP_ACT_ALLOW);
	if (!err)
		err = calls_rule(ctx, refused, ARRAY_SIZE(refused), SCMP_ACT_ERRNO(EACCES));
	if (!err)
		err = allow_some(ctx);
	if (!err)
		err = seccomp_load(ctx);
	seccomp_release(ctx);
	return err;
}

int guard_calls(char *why, size_t size)
{
	int err = unguarded() ? 0 : close_calls();

	return err ? fail(why, size, "seccomp", -err) : 0;
}
