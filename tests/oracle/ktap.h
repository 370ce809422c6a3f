/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Results in the kernel's test format; the plan comes last. */
#ifndef _ORACLE_KTAP_H
#define _ORACLE_KTAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

static int ktap_count, ktap_failed;

static inline void ktap_start(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("KTAP version 1\n");
}

__attribute__((format(printf, 2, 3)))
static inline bool ktap_is(bool ok, const char *fmt, ...)
{
	va_list ap;

	printf("%sok %d ", ok ? "" : "not ", ++ktap_count);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	ktap_failed += !ok;
	return ok;
}

/* The exit status: 4 is the kernel's own for a run in which all was skipped. */
static inline int ktap_end(void)
{
	printf("1..%d\n", ktap_count);
	return ktap_failed ? 1 : 0;
}

static inline int ktap_skip_all(const char *why)
{
	printf("1..0 # SKIP %s\n", why);
	return 4;
}

#endif
