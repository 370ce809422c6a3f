/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CLOCK_BOOTTIME, which goes on while the machine sleeps and never jumps.
 */
#ifndef _NATFWD_BASE_BOOTTIME_H
#define _NATFWD_BASE_BOOTTIME_H

#include <stdint.h>
#include <time.h>

static inline uint64_t boottime_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Whole seconds. */
static inline time_t boottime(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return t.tv_sec;
}

#endif /* _NATFWD_BASE_BOOTTIME_H */
