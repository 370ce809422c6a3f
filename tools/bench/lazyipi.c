// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Loaded into User Mode Linux before it starts, for measurements.
 *
 * With several processors it masks the inter-processor signal each time interrupts are disabled
 * and unmasks it when they are enabled: two system calls of the host, some 100 ns each, where a
 * real processor needs two instructions. Every local_irq_save() of a packet's way is charged for
 * that, and so is every this_cpu_add(). Here nothing is masked; a signal that comes while it
 * should have been masks itself, and comes again once it may. What the kernel sees is the same.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <ucontext.h>

#define IPI SIGRTMIN
#define OWN __thread __attribute__((tls_model("initial-exec")))

typedef void handler(int sig, siginfo_t *info, void *context);

static int (*real_mask)(int how, const sigset_t *set, sigset_t *old);
static int (*real_action)(int sig, const struct sigaction *act, struct sigaction *old);
static handler *handlers[_NSIG];
static sigset_t ipi;

/* Whether the kernel has it masked, and whether it is. */
static OWN volatile int wanted, masked;

static void __attribute__((constructor)) start(void)
{
	real_mask = dlsym(RTLD_NEXT, "sigprocmask");
	real_action = dlsym(RTLD_NEXT, "sigaction");
	sigemptyset(&ipi);
	sigaddset(&ipi, IPI);
}

static int only_ipi(const sigset_t *set)
{
	unsigned long bits = *(const unsigned long *)set;

	return bits == 1UL << (IPI - 1);
}

static void want(int how)
{
	wanted = how == SIG_BLOCK;
	if (wanted || !masked)
		return;
	masked = 0;
	real_mask(SIG_UNBLOCK, &ipi, NULL);
}

int sigprocmask(int how, const sigset_t *set, sigset_t *old)
{
	if (set && !old && how != SIG_SETMASK && only_ipi(set)) {
		want(how);
		return 0;
	}
	/* going to sleep, which looks first whether there is a reason not to */
	if (set && how == SIG_BLOCK && sigismember(set, SIGALRM) && wanted && !masked) {
		real_mask(SIG_BLOCK, &ipi, NULL);
		masked = 1;
	}
	if (set && how == SIG_SETMASK)
		masked = sigismember(set, IPI);
	return real_mask(how, set, old);
}

/* The mask a handler returns to is its context's, whatever was done to it meanwhile. */
static void leave(ucontext_t *context)
{
	if (!wanted)
		sigdelset(&context->uc_sigmask, IPI);
	masked = sigismember(&context->uc_sigmask, IPI);
}

static void postpone(siginfo_t *info, ucontext_t *context)
{
	sigaddset(&context->uc_sigmask, IPI);
	masked = 1;
	pthread_sigqueue(pthread_self(), IPI, info->si_value);
}

static void wrap(int sig, siginfo_t *info, void *context)
{
	if (sig == IPI && wanted) {
		postpone(info, context);
		return;
	}
	if (sig == IPI)
		masked = 1;	/* as all are while this one is handled */
	handlers[sig](sig, info, context);
	if (sig == IPI)
		wanted = 0;	/* it came when it might, and the kernel counts on that */
	leave(context);
}

int sigaction(int sig, const struct sigaction *act, struct sigaction *old)
{
	struct sigaction mine;
	handler *was;
	int err;

	if (sig <= 0 || sig >= _NSIG)
		return real_action(sig, act, old);
	was = handlers[sig];
	if (act && act->sa_flags & SA_SIGINFO) {
		mine = *act;
		handlers[sig] = act->sa_sigaction;
		mine.sa_sigaction = wrap;
		act = &mine;
	}
	err = real_action(sig, act, old);
	if (old && old->sa_sigaction == wrap)
		old->sa_sigaction = was;
	return err;
}
