// SPDX-License-Identifier: GPL-2.0-or-later
/* What all filters of system calls have in common: see calls.h. */
#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/log.h"
#include "calls.h"

int calls_rule(scmp_filter_ctx ctx, const int *call, size_t n, uint32_t action)
{
	int err = 0;
	size_t i;

	for (i = 0; i < n && !err; i++)
		err = seccomp_rule_add(ctx, action, call[i], 0);
	return err;
}

int calls_no_code(scmp_filter_ctx ctx)
{
	int err = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
				   SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));

	return err ? err : seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
					    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
}

int calls_own_signals(scmp_filter_ctx ctx)
{
	return seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
				SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
}

/*
 * The kernel raises it in the call itself, so nothing is half done and more may be used here than in other
 * handlers. It ends in the same signal, with its default action.
 */
static void on_forbidden(int sig, siginfo_t *info, void *context)
{
	char *name = seccomp_syscall_resolve_num_arch(info->si_arch, info->si_syscall);

	(void)context;
	log_write(SUB_MAIN, LEVEL_ERROR, "system call not allowed: %s (%d)", name ? name : "unknown",
		  info->si_syscall);
	raise(sig);
}

int calls_watch(void)
{
	struct sigaction sa = {
		.sa_sigaction = on_forbidden, .sa_flags = SA_SIGINFO | SA_RESETHAND | SA_NODEFER,
	};

	return sigaction(SIGSYS, &sa, NULL) ? -errno : 0;
}
