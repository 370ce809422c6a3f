// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "calls.h"
#include "sandbox.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED	1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED	1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED	0
#endif

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* ------------------------------------------------------------------ system calls */

/* What loops, memory, clocks and the log take, in every process. */
static const int all_calls[] = {
	SCMP_SYS(brk), SCMP_SYS(clock_getres), SCMP_SYS(clock_gettime), SCMP_SYS(close),
	SCMP_SYS(connect), SCMP_SYS(dup), SCMP_SYS(epoll_create1), SCMP_SYS(epoll_ctl),
	SCMP_SYS(epoll_pwait), SCMP_SYS(epoll_pwait2), SCMP_SYS(epoll_wait), SCMP_SYS(eventfd2),
	SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(fstat), SCMP_SYS(futex),
	SCMP_SYS(getegid), SCMP_SYS(geteuid), SCMP_SYS(getgid), SCMP_SYS(getpid),
	SCMP_SYS(getrandom), SCMP_SYS(getsockname), SCMP_SYS(getsockopt), SCMP_SYS(gettid),
	SCMP_SYS(gettimeofday), SCMP_SYS(getuid), SCMP_SYS(lseek), SCMP_SYS(madvise),
	SCMP_SYS(membarrier), SCMP_SYS(mremap), SCMP_SYS(munmap), SCMP_SYS(newfstatat),
	SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(pselect6), SCMP_SYS(read), SCMP_SYS(readv),
	SCMP_SYS(recv), SCMP_SYS(recvfrom), SCMP_SYS(recvmmsg), SCMP_SYS(recvmsg),
	SCMP_SYS(restart_syscall), SCMP_SYS(rseq), SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(sched_getaffinity),
	SCMP_SYS(sched_yield), SCMP_SYS(select), SCMP_SYS(send), SCMP_SYS(sendmmsg),
	SCMP_SYS(sendmsg), SCMP_SYS(sendto), SCMP_SYS(setsockopt), SCMP_SYS(shutdown),
	SCMP_SYS(sigaltstack), SCMP_SYS(sysinfo), SCMP_SYS(time),
	SCMP_SYS(timerfd_create), SCMP_SYS(timerfd_settime), SCMP_SYS(uname), SCMP_SYS(write),
	SCMP_SYS(writev),
};

/* Files are out of reach; libraries that look for one are told so, and go on. */
static const int refused_calls[] = {
	SCMP_SYS(access), SCMP_SYS(faccessat), SCMP_SYS(faccessat2), SCMP_SYS(getcwd),
	SCMP_SYS(lstat), SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(readlink),
	SCMP_SYS(readlinkat), SCMP_SYS(stat), SCMP_SYS(statx),
};

static const int sig_calls[] = {
	SCMP_SYS(accept), SCMP_SYS(accept4), SCMP_SYS(bind), SCMP_SYS(getpeername),
	SCMP_SYS(listen),
};

/* Its state file besides. */
static const int kern_calls[] = {
	SCMP_SYS(bind), SCMP_SYS(fdatasync), SCMP_SYS(fsync), SCMP_SYS(ftruncate),
	SCMP_SYS(pread64), SCMP_SYS(pwrite64),
};

static const int mgmt_calls[] = {
	SCMP_SYS(accept), SCMP_SYS(accept4), SCMP_SYS(bind), SCMP_SYS(getpeername),
};

static const int ctl_calls[] = {
	SCMP_SYS(accept), SCMP_SYS(accept4), SCMP_SYS(fdatasync), SCMP_SYS(fsync),
	SCMP_SYS(ftruncate), SCMP_SYS(getpeername), SCMP_SYS(pread64), SCMP_SYS(pwrite64),
};

#if SANITIZED
static const int sanitizer_calls[] = {
	SCMP_SYS(clock_nanosleep), SCMP_SYS(getppid), SCMP_SYS(getrlimit), SCMP_SYS(kill),
	SCMP_SYS(mprotect), SCMP_SYS(nanosleep), SCMP_SYS(personality), SCMP_SYS(prctl),
	SCMP_SYS(prlimit64), SCMP_SYS(mmap),
};
#endif

static const unsigned long ioctls[] = {
	FIONBIO, FIONREAD, SIOCGIFINDEX, SIOCGIFNAME, SIOCGIFFLAGS, SIOCGIFMTU,
};

/* Not who is told when something comes: others are of this user, and could be sent any signal. */
static const int fcntls[] = {
	F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_GETFL, F_SETFD, F_SETFL,
};

struct calls {
	const int *call;
	size_t count;
	int family[3];	/* of sockets it may make */
};

static const struct calls calls_of[PROC_COUNT] = {
	/* not the monitor itself, but its child that tries configurations: memory and a pipe */
	[PROC_MONITOR] = { NULL, 0, { 0 } },
	[PROC_SIG] = { sig_calls, ARRAY_SIZE(sig_calls), { AF_INET, AF_INET6 } },
	[PROC_KERN] = { kern_calls, ARRAY_SIZE(kern_calls), { AF_NETLINK, AF_INET, AF_UNIX } },
	[PROC_CTL] = { ctl_calls, ARRAY_SIZE(ctl_calls), { 0 } },
	[PROC_MGMT] = { mgmt_calls, ARRAY_SIZE(mgmt_calls), { AF_INET, AF_INET6 } },
};

static int allow_socket(scmp_filter_ctx ctx, int family, uint32_t action)
{
	return seccomp_rule_add(ctx, action, SCMP_SYS(socket), 1,
				SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)family));
}

/*
 * Names of AF_UNIX need no file, so the root directory is no wall; who has no use for it is refused,
 * as the log asks for one when the system's log was started again.
 */
static int allow_sockets(scmp_filter_ctx ctx, const struct calls *c)
{
	bool local = false;
	int err = 0;
	size_t i;

	for (i = 0; !err && i < ARRAY_SIZE(c->family) && c->family[i]; i++) {
		err = allow_socket(ctx, c->family[i], SCMP_ACT_ALLOW);
		local |= c->family[i] == AF_UNIX;
	}
	return err || local ? err : allow_socket(ctx, AF_UNIX, SCMP_ACT_ERRNO(EACCES));
}

/* Calls whose arguments matter: no new code, few ioctls, sockets by family, signals to oneself. */
static int allow_some(scmp_filter_ctx ctx, const struct calls *c)
{
	int err = allow_sockets(ctx, c);
	size_t i;

	if (!err)
		err = calls_own_signals(ctx);
	for (i = 0; !err && i < ARRAY_SIZE(fcntls); i++)
		err = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 1,
				       SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffff,
					       (scmp_datum_t)fcntls[i]));
	for (i = 0; !err && i < ARRAY_SIZE(ioctls); i++)
		err = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
				       SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffff, ioctls[i]));
#if SANITIZED
	return err;
#else
	return err ? err : calls_no_code(ctx);
#endif
}

static int fill(scmp_filter_ctx ctx, const struct calls *c)
{
	int err = calls_rule(ctx, all_calls, ARRAY_SIZE(all_calls), SCMP_ACT_ALLOW);

	if (!err)
		err = calls_rule(ctx, c->call, c->count, SCMP_ACT_ALLOW);
	if (!err)
		err = calls_rule(ctx, refused_calls, ARRAY_SIZE(refused_calls), SCMP_ACT_ERRNO(EACCES));
	if (!err)
		err = allow_some(ctx, c);
#if SANITIZED
	if (!err)
		err = calls_rule(ctx, sanitizer_calls, ARRAY_SIZE(sanitizer_calls), SCMP_ACT_ALLOW);
#endif
	return err;
}

int sandbox_filter(enum proc_id id)
{
	scmp_filter_ctx ctx;
	int err;

	if (SANITIZED && getenv("NATFWD_NO_SECCOMP"))
		return 0;
	err = calls_watch();
	if (err)
		return err;
	ctx = seccomp_init(SCMP_ACT_TRAP);
	if (!ctx)
		return -ENOMEM;
	/* the common calls are many: a tree finds them in few steps */
	(void)seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	err = fill(ctx, &calls_of[id]);
	if (!err)
		err = seccomp_load(ctx);
	seccomp_release(ctx);
	return err;
}

/* ------------------------------------------------------------------ user and capabilities */

static int set_capabilities(uint32_t mask)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { .effective = mask, .permitted = mask } };

	return syscall(SYS_capset, &head, data) ? -errno : 0;
}

static int drop_bounding(int keep)
{
	int cap;

	for (cap = 0; prctl(PR_CAPBSET_READ, cap) >= 0; cap++)
		if (cap != keep && prctl(PR_CAPBSET_READ, cap) == 1 && prctl(PR_CAPBSET_DROP, cap))
			return -errno;
	return 0;
}

static int become(const struct sandbox *s)
{
	int keep = s->id == PROC_KERN ? CAP_NET_ADMIN : -1, err = drop_bounding(keep);

	if (err)
		return err;
	if (prctl(PR_SET_KEEPCAPS, keep >= 0) || setgroups(0, NULL) ||
	    setresgid(s->gid, s->gid, s->gid) || setresuid(s->uid, s->uid, s->uid) ||
	    prctl(PR_SET_KEEPCAPS, 0))
		return -errno;
	return set_capabilities(keep >= 0 ? 1u << keep : 0);
}

/* No core with secrets in it, no further processes, as many descriptors as there may be. */
static int set_limits(void)
{
	const struct rlimit none = { 0, 0 };
	struct rlimit files;

	if (setrlimit(RLIMIT_CORE, &none) || setrlimit(RLIMIT_NPROC, &none) ||
	    getrlimit(RLIMIT_NOFILE, &files))
		return -errno;
	files.rlim_cur = files.rlim_max;
	return setrlimit(RLIMIT_NOFILE, &files) ? -errno : 0;
}

int sandbox_enter(const struct sandbox *s)
{
	int err;

	if (chroot(s->chroot) || chdir("/"))
		return -errno;
	err = become(s);
	if (!err)
		err = set_limits();
	if (err)
		return err;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_DUMPABLE, 0) ||
	    prctl(PR_SET_PDEATHSIG, SIGKILL))
		return -errno;
	return sandbox_filter(s->id);
}
