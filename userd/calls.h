/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all filters of system calls have in common (libseccomp). Errors are negative errno. */
#ifndef _NATFWD_CALLS_H
#define _NATFWD_CALLS_H

#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>

/* @action for each of the @n calls, whatever their arguments. */
int calls_rule(scmp_filter_ctx ctx, const int *call, size_t n, uint32_t action);
/* Memory may be mapped and protected, but nothing can be made to be run. */
int calls_no_code(scmp_filter_ctx ctx);
/* Signals to this process, and to nobody else. */
int calls_own_signals(scmp_filter_ctx ctx);
/* Have calls that SCMP_ACT_TRAP meets written to the log before they end the process. */
int calls_watch(void);

#endif /* _NATFWD_CALLS_H */
