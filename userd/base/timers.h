/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Timers of the protocol engines, and their clock.
 *
 * A heap of timers that live in their owners, sized for several hundred thousand. The clock is what
 * the owner of the heap says it is: the daemon's loop tells CLOCK_BOOTTIME and asks when to be back,
 * a test moves it as it likes. Milliseconds throughout. One thread; not reentrant from another heap.
 *
 * A timer fires once and may be started, moved or stopped from any callback, its own included. The
 * owner stops it before it frees it.
 */
#ifndef _NATFWD_BASE_TIMERS_H
#define _NATFWD_BASE_TIMERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct timer;
typedef void (*timer_fn)(struct timer *t);

struct timer {
	uint64_t at;		/* when, in the heap's clock */
	timer_fn fn;
	uint32_t slot;		/* in the heap, from 1; 0: not running */
};

struct timers {
	uint64_t now;
	struct timer **heap;	/* [size], heap[0] is not used */
	uint32_t count, size;
};

#define TIMERS_NEVER	UINT64_MAX

void timers_init(struct timers *h, uint64_t now);
/* Frees the heap; timers still running are just forgotten. */
void timers_fini(struct timers *h);
static inline void timer_init(struct timer *t, timer_fn fn)
{
	*t = (struct timer){ .fn = fn };
}
static inline bool timer_running(const struct timer *t)
{
	return t->slot;
}
/*
 * Start @t, or move it, to fire @after ms from now. Returns 0, or -ENOMEM if the heap cannot grow
 * (never when @t is running already).
 */
int timer_start(struct timers *h, struct timer *t, uint64_t after);
void timer_stop(struct timers *h, struct timer *t);
/* Ms from now until @t fires; TIMERS_NEVER if it is not running. */
uint64_t timer_left(const struct timers *h, const struct timer *t);
/* When the next one fires, TIMERS_NEVER if there is none. */
uint64_t timers_next(const struct timers *h);
/*
 * Move the clock to @now (never back: then it stays) and fire what is due, in order of time, with the
 * clock at each timer's own time. At most @max are fired (0: all); false if more are due.
 */
bool timers_run(struct timers *h, uint64_t now, unsigned int max);

#endif /* _NATFWD_BASE_TIMERS_H */
